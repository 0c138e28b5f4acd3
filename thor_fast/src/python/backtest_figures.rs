//! Figures: moments, drawdowns and tails of returns, simulated paths, and overfitting.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::backtest::numbers;
use super::kept::{PyColumn, doubles};
use super::without_gil;
use crate::backtest::metrics::{comoment, drawdowns, grown, max_drawdown, moments, simple_returns, tail};
use crate::backtest::overfitting::logits;
use crate::backtest::simulation::bootstrap;

pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(deepest_drawdown, module)?)?;
    module.add_function(wrap_pyfunction!(returns_of, module)?)?;
    module.add_function(wrap_pyfunction!(return_figures, module)?)?;
    module.add_function(wrap_pyfunction!(co_moment, module)?)?;
    module.add_function(wrap_pyfunction!(bootstrap_paths, module)?)?;
    module.add_function(wrap_pyfunction!(overfitting_logits, module)?)?;
    Ok(())
}

/// The greatest loss of a curve from a peak, as a share of it; the first peak is `start`.
#[pyfunction]
#[pyo3(signature = (equity, *, start))]
fn deepest_drawdown(equity: &Bound<'_, PyAny>, start: f64) -> PyResult<f64> {
    let py = equity.py();
    let equity = doubles(equity)?;
    Ok(without_gil(py, || max_drawdown(&equity, start)))
}

/// The simple return of each value against the one before it, the first against `start`.
#[pyfunction]
#[pyo3(signature = (equity, *, start))]
fn returns_of(equity: &Bound<'_, PyAny>, start: f64) -> PyResult<PyColumn> {
    let py = equity.py();
    let equity = doubles(equity)?;
    Ok(PyColumn::of_doubles(without_gil(py, || simple_returns(&equity, start))))
}

/// The sums and order statistics of a series of simple returns from which its figures are made.
#[pyfunction]
#[pyo3(signature = (returns, *, threshold=0.0, tail_share=0.05))]
fn return_figures<'py>(returns: &Bound<'py, PyAny>, threshold: f64, tail_share: f64) -> PyResult<Bound<'py, PyDict>> {
    let py = returns.py();
    let returns = doubles(returns)?;
    if returns.iter().any(|value| !value.is_finite()) {
        return Err(PyValueError::new_err("every return must be a finite number"));
    }
    let (sums, falls, lower) = without_gil(py, || {
        let sums = moments(&returns, threshold);
        (sums, drawdowns(grown(&returns), 1.0), tail(&returns, tail_share, &sums))
    });
    let found = PyDict::new(py);
    found.set_item("count", sums.count)?;
    found.set_item("short", sums.short)?;
    found.set_item("long", sums.long)?;
    for (name, value) in [
        ("mean", sums.mean),
        ("squares", sums.squares),
        ("cubes", sums.cubes),
        ("fourths", sums.fourths),
        ("absolute", sums.absolute),
        ("below", sums.below),
        ("below_squares", sums.below_squares),
        ("below_cubes", sums.below_cubes),
        ("above", sums.above),
        ("above_squares", sums.above_squares),
        ("growth", falls.last),
        ("max_drawdown", falls.deepest),
        ("drawdown_sum", falls.sums.0),
        ("drawdown_squares", falls.sums.1),
    ] {
        found.set_item(name, value)?;
    }
    found.set_item("drawdown_peak", falls.span.0)?;
    found.set_item("drawdown_trough", falls.span.1)?;
    found.set_item("drawdown_recovered", falls.recovered)?;
    found.set_item("longest_drawdown", falls.longest)?;
    found.set_item("tail_linear", lower.map(|it| it.linear))?;
    found.set_item("tail_lower", lower.map(|it| it.lower))?;
    found.set_item("tail_mean", lower.map(|it| it.mean_to))?;
    Ok(found)
}

/// The sum of products of two columns about their means.
#[pyfunction]
fn co_moment(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<f64> {
    let (a, b) = (doubles(a)?, doubles(b)?);
    if a.len() != b.len() {
        return Err(PyValueError::new_err("both columns need as many values"));
    }
    Ok(comoment(&a, &b))
}

/// Terminal values and greatest losses of paths drawn from returns in blocks, path k by the seed and k alone.
#[pyfunction]
#[pyo3(signature = (returns, *, steps, paths, block=1, seed=0, threads=1))]
fn bootstrap_paths<'py>(
    returns: &Bound<'py, PyAny>,
    steps: usize,
    paths: usize,
    block: usize,
    seed: u64,
    threads: usize,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let py = returns.py();
    let returns = doubles(returns)?;
    let found = without_gil(py, || bootstrap(&returns, steps, paths, block, seed, threads));
    let found = found
        .ok_or_else(|| PyValueError::new_err("needs returns that are finite and above -1, and blocks of at least 1"))?;
    Ok((numbers(py, found.terminal.into_iter())?, numbers(py, found.max_drawdown.into_iter())?))
}

/// How the best strategy in one half of the blocks ranks in the other, as a logit for each way to halve them.
#[pyfunction]
#[pyo3(signature = (returns, strategies, *, blocks=16, threads=1))]
fn overfitting_logits<'py>(
    returns: &Bound<'py, PyAny>,
    strategies: usize,
    blocks: usize,
    threads: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let py = returns.py();
    let returns = doubles(returns)?;
    let found = without_gil(py, || logits(&returns, strategies, blocks, threads)).ok_or_else(|| {
        PyValueError::new_err("needs at least two strategies, an even number of at most 20 blocks, two periods a block")
    })?;
    numbers(py, found.into_iter())
}

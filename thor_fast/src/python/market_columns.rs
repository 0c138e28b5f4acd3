//! What the live path says of one event or one moment, for whole columns of a backtest.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::market::PyCompositeBounds;
use super::prices::{column, view};
use super::without_gil;
use crate::classify::{MISSING_CHANGE, MISSING_SIGNAL, Signal};
use crate::market::composite::{class_of, nearest, score_of};
use crate::market::derived::net_change as change;

pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(composite_classes, module)?)?;
    module.add_function(wrap_pyfunction!(score_classes, module)?)?;
    module.add_function(wrap_pyfunction!(net_changes, module)?)
}

fn step(signal: Signal) -> i8 {
    i8::try_from(signal.steps()).unwrap_or(MISSING_SIGNAL)
}

/// The class of each sum of signal weights as a number from 2 to -2, as the live composite has it.
#[pyfunction]
fn composite_classes<'py>(
    sums: &Bound<'py, PyAny>,
    bounds: PyRef<'py, PyCompositeBounds>,
) -> PyResult<Bound<'py, PyAny>> {
    let (py, bounds, sums) = (sums.py(), bounds.0, column::<i64>(sums)?);
    let classes: Vec<i8> = without_gil(py, || sums.iter().map(|sum| step(class_of(*sum, &bounds))).collect());
    view(py, bytemuck::must_cast_slice(&classes), "b")
}

/// The signal nearest to each score as a number from 2 to -2, as the live composite has it, -128 for none.
#[pyfunction]
fn score_classes<'py>(weighted: &Bound<'py, PyAny>, weights: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let (py, weighted, weights) = (weighted.py(), column::<i64>(weighted)?, column::<i64>(weights)?);
    if weighted.len() != weights.len() {
        return Err(PyValueError::new_err(format!("{} sums need as many weights", weighted.len())));
    }
    let class = |(weighted, weights): (&i64, &i64)| {
        score_of((*weighted).into(), (*weights).into()).map_or(MISSING_SIGNAL, |score| step(nearest(score)))
    };
    let classes: Vec<i8> = without_gil(py, || weighted.iter().zip(&weights).map(class).collect());
    view(py, bytemuck::must_cast_slice(&classes), "b")
}

/// The change of each quote against the previous settlement, as a live record has it.
#[pyfunction]
#[pyo3(signature = (last, net_change, close, volume))]
fn net_changes<'py>(
    last: &Bound<'py, PyAny>,
    net_change: &Bound<'py, PyAny>,
    close: &Bound<'py, PyAny>,
    volume: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = last.py();
    let columns = [column::<i64>(last)?, column(net_change)?, column(close)?, column(volume)?];
    let [last, net, close, volume] = &columns;
    if columns.iter().any(|column| column.len() != last.len()) {
        return Err(PyValueError::new_err("the columns must be of one length"));
    }
    let there = |value: &i64| Some(*value).filter(|value| *value != MISSING_CHANGE);
    let changes: Vec<i64> = without_gil(py, || {
        let rows = last.iter().zip(net).zip(close.iter().zip(volume));
        let change = |((last, net), (close, volume)): ((&i64, &i64), (&i64, &i64))| {
            self::change(there(last), there(net), there(close), there(volume)).unwrap_or(MISSING_CHANGE)
        };
        rows.map(change).collect()
    });
    view(py, bytemuck::must_cast_slice(&changes), "q")
}

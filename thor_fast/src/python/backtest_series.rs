//! The fast ways: one series of bars, and the ladder on ticks.

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Int64Type, UInt32Type};
use arrow_array::{Array, RecordBatch};
use arrow_buffer::ScalarBuffer;
use arrow_schema::ArrowError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::backtest::{PyBarColumns, PyContract, PyRules, integers, numbers};
use super::convert::nanos;
use super::history::with_batch;
use super::kept::{self, PyColumn, Spare};
use super::prices::{PyThresholds, column};
use super::without_gil;
use crate::backtest::bars::{Dealing, trade_into};
use crate::backtest::indicators::{self, Steps};
use crate::backtest::market::{Costs, MISSING, points};
use crate::backtest::plain::sweep_plain;
use crate::backtest::sweep::{Series, SweepRow, is_exact, sweep};
use crate::backtest::ticks::{TickColumns, TickRule, play, whole};

pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyColumn>()?;
    module.add_class::<PySeries>()?;
    module.add_function(wrap_pyfunction!(play_ladder, module)?)?;
    module.add_function(wrap_pyfunction!(sweep_bars, module)?)?;
    Ok(())
}

/// Bars of one instrument, prepared for many runs. Prices in nanos.
#[pyclass(frozen, name = "BarSeries", module = "thor_fast")]
struct PySeries {
    open: Vec<f64>,
    close: Vec<f64>,
    highs: Vec<i64>,
    lows: Vec<i64>,
    closes: Vec<i64>,
    steps: Steps,
    spare: Spare,
}

#[pymethods]
impl PySeries {
    #[new]
    #[pyo3(signature = (*, open, high, low, close))]
    fn new(
        open: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        close: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let py = open.py();
        let (opens, highs) = (column::<i64>(open)?, column::<i64>(high)?);
        let (lows, closes) = (column::<i64>(low)?, column::<i64>(close)?);
        if [opens.len(), highs.len(), lows.len()] != [closes.len(); 3] {
            return Err(PyValueError::new_err("open, high, low and close need as many values"));
        }
        let made = without_gil(py, || {
            let floats = |prices: &[i64]| prices.iter().map(|price| points(*price)).collect();
            let steps = Steps::new(&closes)?;
            Some(Self {
                open: floats(&opens),
                close: floats(&closes),
                highs,
                lows,
                closes,
                steps,
                spare: Spare::default(),
            })
        });
        made.ok_or_else(|| PyValueError::new_err("the closes are no multiples of one step within 2^31 of each other"))
    }

    fn __len__(&self) -> usize {
        self.close.len()
    }

    #[pyo3(signature = (fast, slow, *, short=false))]
    fn mean_cross(&self, py: Python<'_>, fast: usize, slow: usize, short: bool) -> PyColumn {
        let directions = without_gil(py, || indicators::mean_cross(&self.steps, fast, slow, short));
        PyColumn::of_directions(directions)
    }

    #[pyo3(signature = (fast, slow, *, short=false))]
    fn exponential_cross(&self, py: Python<'_>, fast: usize, slow: usize, short: bool) -> PyColumn {
        let directions = without_gil(py, || indicators::exponential_cross(&self.steps, fast, slow, short));
        PyColumn::of_directions(directions)
    }

    #[pyo3(signature = (length, *, short=false))]
    fn breakout(&self, py: Python<'_>, length: usize, short: bool) -> PyColumn {
        let directions = without_gil(py, || indicators::breakout(&self.highs, &self.lows, &self.closes, length, short));
        PyColumn::of_directions(directions)
    }

    #[pyo3(signature = (length, *, enter, leave=0.0, short=false))]
    fn mean_reversion(&self, py: Python<'_>, length: usize, enter: f64, leave: f64, short: bool) -> PyColumn {
        let directions = without_gil(py, || indicators::mean_reversion(&self.steps, length, enter, leave, short));
        PyColumn::of_directions(directions)
    }

    #[pyo3(signature = (
        directions, *, cash, quantity=1.0, multiplier=1.0, fee=0.0, fee_rate=0.0, slippage=0.0, slippage_rate=0.0
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
    fn trade<'py>(
        &self,
        py: Python<'py>,
        directions: &Bound<'py, PyAny>,
        cash: f64,
        quantity: f64,
        multiplier: f64,
        fee: f64,
        fee_rate: f64,
        slippage: f64,
        slippage_rate: f64,
    ) -> PyResult<(PyColumn, Bound<'py, PyDict>)> {
        let directions = kept::directions(directions)?;
        let dealing = Dealing { quantity, multiplier, fee_rate, fee, slippage_rate, slippage };
        let length = self.close.len().min(directions.len());
        let (made, equity) = without_gil(py, || {
            let mut equity = self.spare.take(length);
            (trade_into(&self.open, &self.close, &directions, &dealing, cash, &mut equity), equity)
        });
        let fills = PyDict::new(py);
        fills.set_item("position", integers(py, made.iter().map(|fill| fill.position as i64))?)?;
        fills.set_item("quantity", numbers(py, made.iter().map(|fill| fill.quantity))?)?;
        fills.set_item("price", numbers(py, made.iter().map(|fill| fill.price))?)?;
        fills.set_item("fee", numbers(py, made.iter().map(|fill| fill.fee))?)?;
        Ok((self.spare.lend(equity), fills))
    }

    #[pyo3(signature = (
        pairs, *, cash, quantity=1.0, multiplier=1.0, fee=0.0, fee_rate=0.0, slippage=0.0, slippage_rate=0.0,
        period_ends=None, threads=1
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
    fn sweep_mean_cross<'py>(
        &self,
        py: Python<'py>,
        pairs: Vec<(usize, usize)>,
        cash: f64,
        quantity: f64,
        multiplier: f64,
        fee: f64,
        fee_rate: f64,
        slippage: f64,
        slippage_rate: f64,
        period_ends: Option<Vec<usize>>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyDict>> {
        let period_ends = checked(&pairs, period_ends, threads)?;
        if !is_exact(&self.steps, &pairs) {
            return Err(PyValueError::new_err("these windows are too long to be compared exactly"));
        }
        let dealing = Dealing { quantity, multiplier, fee_rate, fee, slippage_rate, slippage };
        let series = Series { open: &self.open, close: &self.close, steps: &self.steps, period_ends: &period_ends };
        let rows = without_gil(py, || sweep(&series, &pairs, &dealing, cash, threads));
        swept(py, &rows)
    }
}

/// A sweep's rows as columns.
fn swept<'py>(py: Python<'py>, rows: &[SweepRow]) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    columns.set_item("equity", numbers(py, rows.iter().map(|row| row.equity))?)?;
    columns.set_item("max_drawdown", numbers(py, rows.iter().map(|row| row.max_drawdown))?)?;
    columns.set_item("fees", numbers(py, rows.iter().map(|row| row.fees))?)?;
    columns.set_item("fills", integers(py, rows.iter().map(|row| row.fills.cast_signed()))?)?;
    columns.set_item("trades", integers(py, rows.iter().map(|row| row.trades.cast_signed()))?)?;
    columns.set_item("wins", integers(py, rows.iter().map(|row| row.wins.cast_signed()))?)?;
    columns.set_item("periods", numbers(py, rows.iter().flat_map(|row| row.periods.iter().copied()))?)?;
    Ok(columns)
}

/// `play_targets` of `mean_cross` for each pair of windows, long or flat, bit for bit, for much less.
#[pyfunction]
#[pyo3(signature = (bars, contract, rules, pairs, *, quantity=1, period_ends=None, threads=1))]
#[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
fn sweep_bars<'py>(
    py: Python<'py>,
    bars: &PyBarColumns,
    contract: &PyContract,
    rules: &PyRules,
    pairs: Vec<(usize, usize)>,
    quantity: i64,
    period_ends: Option<Vec<usize>>,
    threads: usize,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let ends = checked(&pairs, period_ends, threads)?;
    let rows = without_gil(py, || {
        sweep_plain(&bars.bars, &contract.instrument, &rules.rules, &pairs, quantity, rules.cash, &ends, threads)
    });
    rows.map(|rows| swept(py, &rows)).transpose()
}

/// The period ends, where they and the rest of a sweep make sense.
fn checked(pairs: &[(usize, usize)], period_ends: Option<Vec<usize>>, threads: usize) -> PyResult<Vec<usize>> {
    let period_ends = period_ends.unwrap_or_default();
    let rising = period_ends.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    if pairs.iter().any(|(fast, slow)| *fast == 0 || fast >= slow) || threads == 0 || !rising {
        return Err(PyValueError::new_err("windows rise from 1, threads are at least 1, period ends rise"));
    }
    Ok(period_ends)
}

/// Plays the signal ladder on ticks of many instruments: the plain case, without latency, sizes and hours.
#[pyfunction]
#[pyo3(signature = (ticks, *, thresholds, steps, multipliers, fees, slippages, cash, curve=false))]
#[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
fn play_ladder<'py>(
    py: Python<'py>,
    ticks: &Bound<'py, PyAny>,
    thresholds: Vec<Option<PyRef<'py, PyThresholds>>>,
    steps: Vec<i64>,
    multipliers: Vec<Bound<'py, PyAny>>,
    fees: Vec<Bound<'py, PyAny>>,
    slippages: Vec<Bound<'py, PyAny>>,
    cash: &Bound<'py, PyAny>,
    curve: bool,
) -> PyResult<Bound<'py, PyDict>> {
    if [steps.len(), multipliers.len(), fees.len(), slippages.len()] != [thresholds.len(); 4] {
        return Err(PyValueError::new_err(
            "each instrument needs thresholds, a step, a multiplier, a fee and a slippage",
        ));
    }
    let mut rules = Vec::with_capacity(thresholds.len());
    for (at, (ladder, step)) in thresholds.iter().zip(steps).enumerate() {
        let amount = |values: &[Bound<'py, PyAny>]| values.get(at).map_or(Ok(0), |value| nanos(value, None));
        let multiplier =
            whole(amount(&multipliers)?).ok_or_else(|| PyValueError::new_err("a multiplier is a whole number here"))?;
        let costs = Costs { per_contract: amount(&fees)?, slippage: amount(&slippages)?, ..Costs::default() };
        rules.push(TickRule { ladder: ladder.as_ref().map(|it| it.0).into(), step, multiplier, costs });
    }
    let cash = nanos(cash, None)?;
    let run = with_batch(ticks, |batch| {
        let prices = |name| numbers_of::<Int64Type>(batch, name, MISSING);
        let (change, bid, ask, last) = (prices("change")?, prices("bid")?, prices("ask")?, prices("last")?);
        // An event without an instrument is one of an instrument that nobody knows.
        let ids = numbers_of::<UInt32Type>(batch, "id", u32::MAX)?;
        let columns = TickColumns { ids: &ids, change: &change, bid: &bid, ask: &ask, last: &last };
        Ok(play(&columns, &rules, cash, curve))
    })?;
    let found = PyDict::new(py);
    found.set_item("equity", points(run.equity))?;
    found.set_item("fees", points(run.fees))?;
    found.set_item("max_drawdown", points(run.max_drawdown))?;
    found.set_item("fills", run.fills)?;
    found.set_item("contracts", run.contracts)?;
    found.set_item("positions", run.positions)?;
    found.set_item("curve", integers(py, run.curve.into_iter())?)?;
    Ok(found)
}

/// A column of numbers as it lies; one with nulls is copied, with the mark in their places.
fn numbers_of<T: ArrowPrimitiveType>(
    batch: &RecordBatch,
    name: &str,
    missing: T::Native,
) -> Result<ScalarBuffer<T::Native>, ArrowError> {
    let array = batch.column_by_name(name).map(AsArray::as_primitive_opt::<T>);
    let wrong = || ArrowError::SchemaError(format!("the table needs a column {name} of {}", T::DATA_TYPE));
    let array = array.flatten().ok_or_else(wrong)?;
    Ok(if array.null_count() == 0 {
        array.values().clone()
    } else {
        array.iter().map(|value| value.unwrap_or(missing)).collect()
    })
}

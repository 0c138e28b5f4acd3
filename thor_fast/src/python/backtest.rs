//! The event engine: instruments, events as columns, and what a run gave.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::convert::nanos;
use super::prices::{column, view};
use super::without_gil;
use crate::backtest::account::Trade;
use crate::backtest::engine::{Engine, Rules, Targets};
use crate::backtest::market::{Bar, Costs, Instrument, Quote, money, points};
use crate::backtest::open_capture::{Capture, OpenCapture};
use crate::backtest::order::OUTCOMES;

pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let outcomes = PyDict::new(py);
    for (_, code, meaning) in OUTCOMES {
        outcomes.set_item(code, meaning)?;
    }
    module.add("ORDER_OUTCOMES", outcomes)?;
    module.add_class::<PyContract>()?;
    module.add_class::<PyRules>()?;
    module.add_class::<PyQuotes>()?;
    module.add_class::<PyBarColumns>()?;
    module.add_class::<PyRun>()?;
    module.add_function(wrap_pyfunction!(play_targets, module)?)?;
    module.add_function(wrap_pyfunction!(play_open_capture, module)?)?;
    Ok(())
}

/// What a backtest knows of one instrument: its worth, costs, margins and hours. Numbers are exact to nine decimals.
#[pyclass(frozen, name = "BacktestContract", module = "thor_fast")]
pub(super) struct PyContract {
    pub(super) symbol: String,
    pub(super) instrument: Instrument,
}

#[pymethods]
impl PyContract {
    #[new]
    #[pyo3(signature = (
        symbol, *, multiplier, tick=None, fee=None, fee_rate=None, slippage=None, slippage_rate=None,
        initial_margin=None, maintenance_margin=None, sessions=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
    fn new(
        symbol: String,
        multiplier: &Bound<'_, PyAny>,
        tick: Option<&Bound<'_, PyAny>>,
        fee: Option<&Bound<'_, PyAny>>,
        fee_rate: Option<&Bound<'_, PyAny>>,
        slippage: Option<&Bound<'_, PyAny>>,
        slippage_rate: Option<&Bound<'_, PyAny>>,
        initial_margin: Option<&Bound<'_, PyAny>>,
        maintenance_margin: Option<&Bound<'_, PyAny>>,
        sessions: Option<Vec<(i64, i64)>>,
    ) -> PyResult<Self> {
        let amount = |name: &str, value: Option<&Bound<'_, PyAny>>| {
            let amount = value.map_or(Ok(0), |value| nanos(value, None))?;
            if amount < 0 { Err(PyValueError::new_err(format!("{name} must not be below 0"))) } else { Ok(amount) }
        };
        let sessions = sessions.unwrap_or_default();
        if sessions.windows(2).any(|pair| matches!(pair, [a, b] if a.1 > b.0)) || sessions.iter().any(|it| it.0 >= it.1)
        {
            return Err(PyValueError::new_err("sessions are spans in order that do not overlap"));
        }
        let instrument = Instrument {
            tick: amount("tick", tick)?,
            multiplier: amount("multiplier", Some(multiplier))?,
            costs: Costs {
                per_contract: amount("fee", fee)?,
                rate: amount("fee_rate", fee_rate)?,
                slippage: amount("slippage", slippage)?,
                slippage_rate: amount("slippage_rate", slippage_rate)?,
            },
            initial_margin: amount("initial_margin", initial_margin)?,
            maintenance_margin: amount("maintenance_margin", maintenance_margin)?,
            sessions,
        };
        if instrument.multiplier == 0 {
            return Err(PyValueError::new_err("multiplier must be above 0"));
        }
        Ok(Self { symbol, instrument })
    }

    #[getter]
    fn symbol(&self) -> &str {
        &self.symbol
    }
}

/// The rules of venue and broker that a backtest plays by.
#[pyclass(frozen, name = "BacktestRules", module = "thor_fast")]
pub(super) struct PyRules {
    pub(super) rules: Rules,
    pub(super) cash: i128,
}

#[pymethods]
impl PyRules {
    #[new]
    #[pyo3(signature = (
        *, cash, latency_us=0, flat_before_close_us=None, fills_at_touch=false, participation=None, most_orders=1000
    ))]
    fn new(
        cash: &Bound<'_, PyAny>,
        latency_us: i64,
        flat_before_close_us: Option<i64>,
        fills_at_touch: bool,
        participation: Option<&Bound<'_, PyAny>>,
        most_orders: usize,
    ) -> PyResult<Self> {
        let cash = nanos(cash, None)?;
        let participation = participation.map_or(Ok(0), |share| nanos(share, None))?;
        if cash <= 0 || latency_us < 0 || flat_before_close_us.is_some_and(|lead| lead < 0) || participation < 0 {
            return Err(PyValueError::new_err("cash is above 0; latency, lead and participation are not below 0"));
        }
        let rules = Rules { latency_us, flat_before_close_us, fills_at_touch, participation, most_orders };
        Ok(Self { rules, cash: i128::from(cash) })
    }
}

/// Quotes in the order in which they could be known: prices in nanos, -2^63 for none, a size of -1 for unknown.
#[pyclass(frozen, name = "BacktestQuotes", module = "thor_fast")]
pub(super) struct PyQuotes {
    pub(super) quotes: Vec<Quote>,
    pub(super) changes: Option<Vec<i64>>,
    pub(super) signals: Option<Vec<i8>>,
}

#[pymethods]
impl PyQuotes {
    #[new]
    #[pyo3(signature = (
        *, ids, ts_us, bid, ask, last, bid_size, ask_size, contract=None, changes=None, signals=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
    fn new(
        ids: &Bound<'_, PyAny>,
        ts_us: &Bound<'_, PyAny>,
        bid: &Bound<'_, PyAny>,
        ask: &Bound<'_, PyAny>,
        last: &Bound<'_, PyAny>,
        bid_size: &Bound<'_, PyAny>,
        ask_size: &Bound<'_, PyAny>,
        contract: Option<&Bound<'_, PyAny>>,
        changes: Option<&Bound<'_, PyAny>>,
        signals: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let ids = column::<u32>(ids)?;
        let count = ids.len();
        let ts_us = of_length(column::<i64>(ts_us)?, count, "ts_us")?;
        in_order(&ts_us)?;
        let bid = of_length(column::<i64>(bid)?, count, "bid")?;
        let ask = of_length(column::<i64>(ask)?, count, "ask")?;
        let last = of_length(column::<i64>(last)?, count, "last")?;
        let bid_size = of_length(column::<i32>(bid_size)?, count, "bid_size")?;
        let ask_size = of_length(column::<i32>(ask_size)?, count, "ask_size")?;
        let contract = optional::<u32>(contract, count, "contract")?;
        let changes = optional::<i64>(changes, count, "changes")?;
        let signals = optional::<i8>(signals, count, "signals")?;
        let at = |values: &[i64], row: usize| values.get(row).copied().unwrap_or_default();
        let quotes = ids
            .iter()
            .enumerate()
            .map(|(row, id)| Quote {
                instrument: *id,
                ts_us: at(&ts_us, row),
                bid: at(&bid, row),
                ask: at(&ask, row),
                last: at(&last, row),
                bid_size: bid_size.get(row).copied().unwrap_or(-1),
                ask_size: ask_size.get(row).copied().unwrap_or(-1),
                contract: contract.as_ref().and_then(|it| it.get(row)).copied().unwrap_or_default(),
            })
            .collect();
        Ok(Self { quotes, changes, signals })
    }

    fn __len__(&self) -> usize {
        self.quotes.len()
    }
}

/// Bars in the order of their ends, each known at its end: prices in nanos, a volume of -1 for unknown.
#[pyclass(frozen, name = "BacktestBars", module = "thor_fast")]
pub(super) struct PyBarColumns {
    pub(super) bars: Vec<Bar>,
}

#[pymethods]
impl PyBarColumns {
    #[new]
    #[pyo3(signature = (*, ids, start_us, end_us, open, high, low, close, volume, contract=None))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
    fn new(
        ids: &Bound<'_, PyAny>,
        start_us: &Bound<'_, PyAny>,
        end_us: &Bound<'_, PyAny>,
        open: &Bound<'_, PyAny>,
        high: &Bound<'_, PyAny>,
        low: &Bound<'_, PyAny>,
        close: &Bound<'_, PyAny>,
        volume: &Bound<'_, PyAny>,
        contract: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let ids = column::<u32>(ids)?;
        let count = ids.len();
        let named = [("start_us", start_us), ("end_us", end_us), ("open", open), ("high", high), ("low", low)];
        let mut columns = Vec::with_capacity(7);
        for (name, values) in named.into_iter().chain([("close", close), ("volume", volume)]) {
            columns.push(of_length(column::<i64>(values)?, count, name)?);
        }
        let contract = optional::<u32>(contract, count, "contract")?;
        let at = |which: usize, row: usize| columns.get(which).and_then(|it| it.get(row)).copied().unwrap_or_default();
        let bars: Vec<Bar> = ids
            .iter()
            .enumerate()
            .map(|(row, id)| Bar {
                instrument: *id,
                start_us: at(0, row),
                end_us: at(1, row),
                open: at(2, row),
                high: at(3, row),
                low: at(4, row),
                close: at(5, row),
                volume: at(6, row),
                contract: contract.as_ref().and_then(|it| it.get(row)).copied().unwrap_or_default(),
            })
            .collect();
        in_order(&bars.iter().map(|bar| bar.end_us).collect::<Vec<_>>())?;
        if bars.iter().any(|bar| bar.start_us >= bar.end_us) {
            return Err(PyValueError::new_err("a bar begins before it ends"));
        }
        Ok(Self { bars })
    }

    fn __len__(&self) -> usize {
        self.bars.len()
    }
}

fn of_length<T>(values: Vec<T>, count: usize, name: &str) -> PyResult<Vec<T>> {
    if values.len() == count {
        return Ok(values);
    }
    Err(PyValueError::new_err(format!("{name} needs {count} values, had {}", values.len())))
}

fn optional<T: pyo3::buffer::Element + Copy>(
    values: Option<&Bound<'_, PyAny>>,
    count: usize,
    name: &str,
) -> PyResult<Option<Vec<T>>> {
    values.map(|values| of_length(column::<T>(values)?, count, name)).transpose()
}

fn in_order(instants: &[i64]) -> PyResult<()> {
    let wrong = instants.windows(2).position(|pair| matches!(pair, [a, b] if a > b));
    wrong.map_or(Ok(()), |at| Err(PyValueError::new_err(format!("event {} is older than the one before it", at + 1))))
}

/// Events of either kind.
pub(super) enum Events<'py> {
    Quotes(PyRef<'py, PyQuotes>),
    Bars(PyRef<'py, PyBarColumns>),
}

impl<'py> Events<'py> {
    pub(super) fn of(events: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(quotes) = events.extract::<PyRef<'py, PyQuotes>>() {
            return Ok(Self::Quotes(quotes));
        }
        Ok(Self::Bars(events.extract::<PyRef<'py, PyBarColumns>>()?))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Quotes(quotes) => quotes.quotes.len(),
            Self::Bars(bars) => bars.bars.len(),
        }
    }
}

pub(super) fn engine_of(contracts: &[PyRef<'_, PyContract>], rules: &PyRules) -> Engine {
    let instruments = contracts.iter().map(|contract| contract.instrument.clone()).collect();
    Engine::new(instruments, rules.rules, rules.cash)
}

/// What a backtest gave. Columns are memoryviews.
#[pyclass(frozen, name = "BacktestRun", module = "thor_fast")]
pub(super) struct PyRun {
    pub(super) engine: Engine,
    pub(super) equity: Vec<f64>,
}

impl PyRun {
    pub(super) fn new(engine: Engine, equity: &[i128]) -> Self {
        Self { engine, equity: equity.iter().map(|equity| money(*equity)).collect() }
    }
}

#[pymethods]
impl PyRun {
    #[getter]
    fn equity<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        view(py, bytemuck::cast_slice(&self.equity), "d")
    }

    #[getter]
    fn fees(&self) -> f64 {
        money(self.engine.account.fees)
    }

    #[getter]
    fn turnover(&self) -> f64 {
        money(self.engine.account.turnover)
    }

    #[getter]
    fn positions(&self) -> Vec<i64> {
        self.engine.account.positions().iter().map(|position| position.quantity).collect()
    }

    fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let fills = &self.engine.account.fills;
        let columns = PyDict::new(py);
        columns.set_item("order", integers(py, fills.iter().map(|fill| fill.order.cast_signed()))?)?;
        columns.set_item("instrument", integers(py, fills.iter().map(|fill| i64::from(fill.instrument)))?)?;
        columns.set_item("ts_us", integers(py, fills.iter().map(|fill| fill.ts_us))?)?;
        columns.set_item("quantity", integers(py, fills.iter().map(|fill| fill.quantity))?)?;
        columns.set_item("price", numbers(py, fills.iter().map(|fill| points(fill.price)))?)?;
        columns.set_item("fee", numbers(py, fills.iter().map(|fill| money(fill.fee)))?)?;
        Ok(columns)
    }

    fn trades<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        trade_columns(py, &self.engine.account.trades)
    }

    fn open_trades<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        trade_columns(py, &self.engine.account.open_trades().copied().collect::<Vec<_>>())
    }

    fn notes<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyTuple>>> {
        let row = |note: &crate::backtest::engine::Note| {
            (note.ts_us, note.order, note.instrument, note.outcome.as_str()).into_pyobject(py)
        };
        self.engine.notes.iter().map(row).collect()
    }
}

fn trade_columns<'py>(py: Python<'py>, trades: &[Trade]) -> PyResult<Bound<'py, PyDict>> {
    let columns = PyDict::new(py);
    columns.set_item("instrument", integers(py, trades.iter().map(|trade| i64::from(trade.instrument)))?)?;
    columns.set_item("entered_us", integers(py, trades.iter().map(|trade| trade.entered_us))?)?;
    columns.set_item("left_us", integers(py, trades.iter().map(|trade| trade.left_us))?)?;
    columns.set_item("quantity", integers(py, trades.iter().map(|trade| trade.quantity))?)?;
    columns.set_item("entry", numbers(py, trades.iter().map(|trade| Trade::average(trade.entry) / 1e9))?)?;
    columns.set_item("exit", numbers(py, trades.iter().map(|trade| Trade::average(trade.exit) / 1e9))?)?;
    columns.set_item("profit", numbers(py, trades.iter().map(|trade| money(trade.profit)))?)?;
    columns.set_item("fees", numbers(py, trades.iter().map(|trade| money(trade.fees)))?)?;
    columns.set_item("worst", numbers(py, trades.iter().map(|trade| money(trade.worst)))?)?;
    columns.set_item("best", numbers(py, trades.iter().map(|trade| money(trade.best)))?)?;
    Ok(columns)
}

pub(super) fn integers(py: Python<'_>, values: impl Iterator<Item = i64>) -> PyResult<Bound<'_, PyAny>> {
    view(py, bytemuck::cast_slice(&values.collect::<Vec<_>>()), "q")
}

pub(super) fn numbers(py: Python<'_>, values: impl Iterator<Item = f64>) -> PyResult<Bound<'_, PyAny>> {
    view(py, bytemuck::cast_slice(&values.collect::<Vec<_>>()), "d")
}

/// Plays contracts to hold after each event, -2^31 for as before, against the market.
#[pyfunction]
fn play_targets(
    py: Python<'_>,
    events: &Bound<'_, PyAny>,
    contracts: Vec<PyRef<'_, PyContract>>,
    rules: &PyRules,
    targets: &Bound<'_, PyAny>,
) -> PyResult<PyRun> {
    let events = Events::of(events)?;
    let targets = of_length(column::<i32>(targets)?, events.len(), "targets")?;
    let mut engine = engine_of(&contracts, rules);
    let mut strategy = Targets(&targets);
    let equity = match &events {
        Events::Quotes(it) => {
            let quotes = &it.quotes;
            without_gil(py, || engine.play_quotes(quotes, &mut strategy))
        }
        Events::Bars(it) => {
            let bars = &it.bars;
            without_gil(py, || engine.play_bars(bars, &mut strategy))
        }
    };
    Ok(PyRun::new(engine, &equity))
}

/// Plays the capture at the open: some time after each opening trade the signal, with a target either way.
#[pyfunction]
#[pyo3(signature = (quotes, contracts, rules, *, sizes, targets, delay_us))]
fn play_open_capture(
    py: Python<'_>,
    quotes: PyRef<'_, PyQuotes>,
    contracts: Vec<PyRef<'_, PyContract>>,
    rules: &PyRules,
    sizes: Vec<i64>,
    targets: Vec<Bound<'_, PyAny>>,
    delay_us: i64,
) -> PyResult<PyRun> {
    let Some(signals) = quotes.signals.as_ref() else {
        return Err(PyValueError::new_err("the quotes carry no signals"));
    };
    if [sizes.len(), targets.len()] != [contracts.len(); 2] {
        return Err(PyValueError::new_err("each contract needs a size and a target"));
    }
    let mut captures = Vec::with_capacity(contracts.len());
    for (contracts, target) in sizes.into_iter().zip(&targets) {
        captures.push(Capture { contracts, target: nanos(target, None)? });
    }
    let mut engine = engine_of(&contracts, rules);
    let rows = &quotes.quotes;
    let equity = without_gil(py, || {
        let mut strategy = OpenCapture::new(captures, delay_us, signals);
        engine.play_quotes(rows, &mut strategy)
    });
    Ok(PyRun::new(engine, &equity))
}

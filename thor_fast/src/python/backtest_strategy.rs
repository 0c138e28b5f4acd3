//! Strategies written in Python: one call an event, and the broker they speak to.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyString};

use super::backtest::{Events, PyContract, PyRules, PyRun, engine_of};
use super::convert::nanos;
use crate::backtest::engine::Engine;
use crate::backtest::market::{Bar, MISSING, Quote, money, points};
use crate::backtest::order::{Level, Lifetime, Outcome, Request};
use crate::classify::{MISSING_CHANGE, MISSING_SIGNAL};

pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyBroker>()?;
    module.add_class::<PySeenBar>()?;
    module.add_class::<PySeenQuote>()?;
    module.add_function(wrap_pyfunction!(play_strategy, module)?)?;
    Ok(())
}

/// What a strategy may do: ask for trades, take orders back, and look at its own account.
#[pyclass(frozen, name = "Broker", module = "thor_fast")]
pub(super) struct PyBroker {
    engine: Mutex<Engine>,
    numbers: HashMap<String, u32>,
}

impl PyBroker {
    pub(super) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number(&self, symbol: &str) -> PyResult<u32> {
        self.numbers
            .get(symbol)
            .copied()
            .ok_or_else(|| PyKeyError::new_err(format!("{symbol} is not part of this run")))
    }

    #[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
    fn submit(
        &self,
        symbol: &str,
        quantity: i64,
        limit: Option<&Bound<'_, PyAny>>,
        stop: Option<&Bound<'_, PyAny>>,
        trail: Option<&Bound<'_, PyAny>>,
        lifetime: &str,
        group: Option<u32>,
        take_profit: Option<&Bound<'_, PyAny>>,
        stop_loss: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<u64> {
        let price = |value: Option<&Bound<'_, PyAny>>| value.map(|value| nanos(value, None)).transpose();
        let lifetime = match lifetime {
            "until_cancelled" => Lifetime::UntilCancelled,
            "day" => Lifetime::Day,
            "immediate" => Lifetime::Immediate,
            other => {
                let message = format!("a lifetime is until_cancelled, day or immediate, was {other:?}");
                return Err(PyValueError::new_err(message));
            }
        };
        let request = Request {
            limit: price(limit)?,
            stop: price(stop)?,
            trail: price(trail)?,
            lifetime,
            group: group.map(u64::from),
            take_profit: price(take_profit)?.map(Level::Price),
            stop_loss: price(stop_loss)?.map(Level::Price),
            ..Request::market(self.number(symbol)?, quantity)
        };
        Ok(self.engine().submit(request))
    }
}

#[pymethods]
impl PyBroker {
    #[pyo3(signature = (
        symbol, quantity=1, *, limit=None, stop=None, trail=None, lifetime="until_cancelled", group=None,
        take_profit=None, stop_loss=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
    fn buy(
        &self,
        symbol: &str,
        quantity: i64,
        limit: Option<&Bound<'_, PyAny>>,
        stop: Option<&Bound<'_, PyAny>>,
        trail: Option<&Bound<'_, PyAny>>,
        lifetime: &str,
        group: Option<u32>,
        take_profit: Option<&Bound<'_, PyAny>>,
        stop_loss: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<u64> {
        self.submit(symbol, contracts(quantity)?, limit, stop, trail, lifetime, group, take_profit, stop_loss)
    }

    #[pyo3(signature = (
        symbol, quantity=1, *, limit=None, stop=None, trail=None, lifetime="until_cancelled", group=None,
        take_profit=None, stop_loss=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "keyword-only in Python")]
    fn sell(
        &self,
        symbol: &str,
        quantity: i64,
        limit: Option<&Bound<'_, PyAny>>,
        stop: Option<&Bound<'_, PyAny>>,
        trail: Option<&Bound<'_, PyAny>>,
        lifetime: &str,
        group: Option<u32>,
        take_profit: Option<&Bound<'_, PyAny>>,
        stop_loss: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<u64> {
        self.submit(symbol, -contracts(quantity)?, limit, stop, trail, lifetime, group, take_profit, stop_loss)
    }

    fn target(&self, symbol: &str, quantity: i64) -> PyResult<()> {
        let number = self.number(symbol)?;
        self.engine().target(number, quantity);
        Ok(())
    }

    fn cancel(&self, order: u64) {
        self.engine().cancel(order);
    }

    fn cancel_all(&self, symbol: &str) -> PyResult<()> {
        let number = self.number(symbol)?;
        self.engine().cancel_all(number, Outcome::Cancelled);
        Ok(())
    }

    fn position(&self, symbol: &str) -> PyResult<i64> {
        let number = self.number(symbol)?;
        Ok(self.engine().account.quantity(number))
    }

    #[getter]
    fn orders(&self) -> Vec<u64> {
        self.engine().orders().iter().map(|order| order.id).collect()
    }

    #[getter]
    fn equity(&self) -> f64 {
        money(self.engine().account.equity)
    }

    #[getter]
    fn now_us(&self) -> i64 {
        self.engine().now_us()
    }
}

fn contracts(quantity: i64) -> PyResult<i64> {
    if quantity < 0 {
        return Err(PyValueError::new_err("a quantity is not below 0: buy and sell say the side"));
    }
    Ok(quantity)
}

/// A finished bar as a strategy sees it. Prices are floats in points.
#[pyclass(frozen, name = "SeenBar", module = "thor_fast")]
struct PySeenBar {
    symbol: Py<PyString>,
    bar: Bar,
}

#[pymethods]
impl PySeenBar {
    #[getter]
    fn symbol(&self, py: Python<'_>) -> Py<PyString> {
        self.symbol.clone_ref(py)
    }

    #[getter]
    fn start_us(&self) -> i64 {
        self.bar.start_us
    }

    #[getter]
    fn end_us(&self) -> i64 {
        self.bar.end_us
    }

    #[getter]
    fn open(&self) -> f64 {
        points(self.bar.open)
    }

    #[getter]
    fn high(&self) -> f64 {
        points(self.bar.high)
    }

    #[getter]
    fn low(&self) -> f64 {
        points(self.bar.low)
    }

    #[getter]
    fn close(&self) -> f64 {
        points(self.bar.close)
    }

    #[getter]
    fn volume(&self) -> Option<i64> {
        (self.bar.volume >= 0).then_some(self.bar.volume)
    }
}

/// A quote as a strategy sees it. Prices are floats in points, None where there is none.
#[pyclass(frozen, name = "SeenQuote", module = "thor_fast")]
struct PySeenQuote {
    symbol: Py<PyString>,
    quote: Quote,
    change: i64,
    signal: i8,
}

fn present(price: i64) -> Option<f64> {
    (price != MISSING).then(|| points(price))
}

#[pymethods]
impl PySeenQuote {
    #[getter]
    fn symbol(&self, py: Python<'_>) -> Py<PyString> {
        self.symbol.clone_ref(py)
    }

    #[getter]
    fn ts_us(&self) -> i64 {
        self.quote.ts_us
    }

    #[getter]
    fn bid(&self) -> Option<f64> {
        present(self.quote.bid)
    }

    #[getter]
    fn ask(&self) -> Option<f64> {
        present(self.quote.ask)
    }

    #[getter]
    fn last(&self) -> Option<f64> {
        present(self.quote.last)
    }

    #[getter]
    fn bid_size(&self) -> Option<i32> {
        (self.quote.bid_size >= 0).then_some(self.quote.bid_size)
    }

    #[getter]
    fn ask_size(&self) -> Option<i32> {
        (self.quote.ask_size >= 0).then_some(self.quote.ask_size)
    }

    #[getter]
    fn change(&self) -> Option<f64> {
        (self.change != MISSING_CHANGE).then(|| points(self.change))
    }

    #[getter]
    fn signal(&self) -> Option<i8> {
        (self.signal != MISSING_SIGNAL).then_some(self.signal)
    }
}

/// How many events are played between looks at signals and calls of `progress`.
const STRETCH: usize = 65_536;

/// Plays a strategy of Python's: `call(event, broker)` for each event, whose whole number is the position to hold.
#[pyfunction]
#[pyo3(signature = (events, contracts, rules, call, progress=None))]
fn play_strategy(
    py: Python<'_>,
    events: &Bound<'_, PyAny>,
    contracts: Vec<PyRef<'_, PyContract>>,
    rules: &PyRules,
    call: &Bound<'_, PyAny>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<PyRun> {
    let events = Events::of(events)?;
    let (names, broker) = broker_of(py, &contracts, rules)?;
    let play = Play { py, names: &names, broker: broker.bind(py), call };
    let equity = play.all(&events, progress)?;
    let mut engine = broker.get().engine().clone();
    engine.finish();
    Ok(PyRun::new(engine, &equity))
}

/// The names that events are seen under, and the broker of an account before any event.
pub(super) fn broker_of(
    py: Python<'_>,
    contracts: &[PyRef<'_, PyContract>],
    rules: &PyRules,
) -> PyResult<(Vec<Py<PyString>>, Py<PyBroker>)> {
    let names = contracts.iter().map(|contract| PyString::intern(py, &contract.symbol).unbind()).collect();
    let numbers = contracts.iter().zip(0..).map(|(contract, number)| (contract.symbol.clone(), number)).collect();
    let broker = Py::new(py, PyBroker { engine: Mutex::new(engine_of(contracts, rules)), numbers })?;
    Ok((names, broker))
}

/// A strategy of Python's and the account it plays with.
pub(super) struct Play<'a, 'py> {
    pub(super) py: Python<'py>,
    pub(super) names: &'a [Py<PyString>],
    pub(super) broker: &'a Bound<'py, PyBroker>,
    pub(super) call: &'a Bound<'py, PyAny>,
}

impl Play<'_, '_> {
    /// Plays every event and gives the equity after each. What the strategy raises says at which event.
    pub(super) fn all(&self, events: &Events<'_>, progress: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<i128>> {
        let mut equity = Vec::with_capacity(events.len());
        for position in 0..events.len() {
            if position % STRETCH == 0 {
                self.py.check_signals()?;
                if let Some(progress) = progress {
                    progress.call1((position,))?;
                }
            }
            let step = match events {
                Events::Quotes(quotes) => self.quote(quotes, position),
                Events::Bars(bars) => bars.bars.get(position).map_or(Ok(0), |bar| self.bar(bar)),
            };
            match step {
                Ok(worth) => equity.push(worth),
                Err(error) => {
                    // An exception that takes no attributes is still raised; it only cannot say where.
                    error.value(self.py).setattr("backtest_position", position).unwrap_or(());
                    return Err(error);
                }
            }
        }
        Ok(equity)
    }

    fn name(&self, number: u32) -> PyResult<Py<PyString>> {
        let name = self.names.get(number as usize).map(|name| name.clone_ref(self.py));
        name.ok_or_else(|| PyValueError::new_err(format!("an event names instrument {number}, which has no contract")))
    }

    fn bar(&self, bar: &Bar) -> PyResult<i128> {
        let broker = self.broker.get();
        broker.engine().apply_bar(bar);
        let seen = PySeenBar { symbol: self.name(bar.instrument)?, bar: *bar };
        let wanted = self.call.call1((seen, self.broker))?;
        let mut engine = broker.engine();
        follow(&mut engine, bar.instrument, &wanted)?;
        Ok(engine.account.equity)
    }

    fn quote(&self, quotes: &super::backtest::PyQuotes, position: usize) -> PyResult<i128> {
        let Some(quote) = quotes.quotes.get(position) else { return Ok(0) };
        let broker = self.broker.get();
        broker.engine().apply_quote(quote);
        let change = quotes.changes.as_ref().and_then(|it| it.get(position)).copied();
        let signal = quotes.signals.as_ref().and_then(|it| it.get(position)).copied();
        let seen = PySeenQuote {
            symbol: self.name(quote.instrument)?,
            quote: *quote,
            change: change.unwrap_or(MISSING_CHANGE),
            signal: signal.unwrap_or(MISSING_SIGNAL),
        };
        let wanted = self.call.call1((seen, self.broker))?;
        let mut engine = broker.engine();
        follow(&mut engine, quote.instrument, &wanted)?;
        engine.settle();
        Ok(engine.account.equity)
    }
}

fn follow(engine: &mut Engine, instrument: u32, wanted: &Bound<'_, PyAny>) -> PyResult<()> {
    if wanted.is_none() {
        return Ok(());
    }
    let whole = (!wanted.is_instance_of::<PyBool>()).then(|| wanted.extract::<i64>().ok()).flatten();
    let Some(target) = whole.filter(|target| target.unsigned_abs() < 1 << 31) else {
        let shown = wanted.repr()?;
        return Err(PyTypeError::new_err(format!("a strategy answers None or whole contracts, was {shown}")));
    };
    engine.target(instrument, target);
    Ok(())
}

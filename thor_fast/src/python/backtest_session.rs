//! An account that is played on as events come: the same kernel as a backtest, of which the end is not known yet.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::backtest::{Events, PyContract, PyRules, PyRun};
use super::backtest_strategy::{Play, PyBroker, broker_of};
use super::prices::column;
use super::without_gil;
use crate::backtest::engine::Targets;

pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PySession>()
}

/// Plays events part by part. Parts one after the other give what all of them at once give.
#[pyclass(frozen, name = "PaperSession", module = "thor_fast")]
struct PySession {
    names: Vec<Py<PyString>>,
    broker: Py<PyBroker>,
    equity: Mutex<Vec<i128>>,
}

impl PySession {
    fn keep(&self, part: &[i128]) {
        self.equity.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(part);
    }

    /// Events may not be older than what was played: who has seen an instant cannot go back.
    fn follows(&self, events: &Events<'_>) -> PyResult<()> {
        let first = match events {
            Events::Quotes(quotes) => quotes.quotes.first().map(|quote| quote.ts_us),
            Events::Bars(bars) => bars.bars.first().map(|bar| bar.end_us),
        };
        if first.is_some_and(|first| first < self.broker.get().engine().now_us()) {
            return Err(PyValueError::new_err("events are older than those that were played"));
        }
        Ok(())
    }
}

#[pymethods]
impl PySession {
    #[new]
    fn new(py: Python<'_>, contracts: Vec<PyRef<'_, PyContract>>, rules: &PyRules) -> PyResult<Self> {
        let (names, broker) = broker_of(py, &contracts, rules)?;
        Ok(Self { names, broker, equity: Mutex::default() })
    }

    /// Plays a part with a strategy of Python's: `call(event, broker)`.
    fn play_strategy(&self, py: Python<'_>, events: &Bound<'_, PyAny>, call: &Bound<'_, PyAny>) -> PyResult<()> {
        let events = Events::of(events)?;
        self.follows(&events)?;
        let play = Play { py, names: &self.names, broker: self.broker.bind(py), call };
        let part = play.all(&events, None)?;
        self.keep(&part);
        Ok(())
    }

    /// Plays a part with the contracts to hold after each of its events.
    fn play_targets(&self, py: Python<'_>, events: &Bound<'_, PyAny>, targets: &Bound<'_, PyAny>) -> PyResult<()> {
        let events = Events::of(events)?;
        self.follows(&events)?;
        let targets = column::<i32>(targets)?;
        if targets.len() != events.len() {
            let message = format!("{} events need as many targets, were {}", events.len(), targets.len());
            return Err(PyValueError::new_err(message));
        }
        let broker = self.broker.get();
        let part = match &events {
            Events::Quotes(quotes) => {
                let quotes = &quotes.quotes;
                without_gil(py, || broker.engine().go_on_with_quotes(quotes, &mut Targets(&targets)))
            }
            Events::Bars(bars) => {
                let bars = &bars.bars;
                without_gil(py, || broker.engine().go_on_with_bars(bars, &mut Targets(&targets)))
            }
        };
        self.keep(&part);
        Ok(())
    }

    /// The run so far, as if the data ended here. The session goes on as if nobody had asked.
    fn run(&self) -> PyRun {
        let mut engine = self.broker.get().engine().clone();
        engine.finish();
        PyRun::new(engine, &self.equity.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn __len__(&self) -> usize {
        self.equity.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

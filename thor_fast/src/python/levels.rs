//! `LevelWatch`: levels of alert rules against the events of the unified stream.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;

use super::batch::PyQuoteBatch;
use super::convert::{decimal, nanos};
use super::market::position;
use super::without_gil;
use crate::levels::{KINDS, Level, LevelWatch, Measure, Side, Standing};

/// What is known of a rule: by symbol and mark whether it is armed, and when it was crossed last.
type Standings = BTreeMap<String, (Option<bool>, Option<i64>)>;

/// Watches levels, each told at its crossing.
#[pyclass(frozen, name = "LevelWatch", module = "thor_fast")]
pub(super) struct PyLevelWatch(Mutex<LevelWatch>);

impl PyLevelWatch {
    fn watch(&self) -> MutexGuard<'_, LevelWatch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyLevelWatch {
    #[new]
    fn new() -> Self {
        Self(Mutex::new(LevelWatch::default()))
    }

    #[pyo3(signature = (rule, symbol, *, measure, side, limit, rearm, cooldown_ms, since_ms, once, known))]
    #[allow(clippy::too_many_arguments)]
    fn add(
        &self,
        rule: i64,
        symbol: &str,
        measure: &str,
        side: &str,
        limit: &Bound<'_, PyAny>,
        rearm: &Bound<'_, PyAny>,
        cooldown_ms: i64,
        since_ms: i64,
        once: bool,
        known: Standings,
    ) -> PyResult<()> {
        let level = Level {
            rule,
            symbol: super::convert::symbol(symbol)?,
            measure: measure_of(measure)?,
            side: side_of(side)?,
            limit: nanos(limit, None)?,
            rearm: nanos(rearm, None)?,
            cooldown_ms,
            since_ms,
            once,
        };
        let standings = KINDS.map(|kind| {
            let (armed, fired_ms) = known.get(&key(symbol, kind.mark())).copied().unwrap_or_default();
            Standing { armed, fired_ms }
        });
        self.watch().watch(level, standings);
        Ok(())
    }

    fn observe<'py>(
        &self,
        py: Python<'py>,
        batch: PyRef<'py, PyQuoteBatch>,
        ids: Vec<PyBackedStr>,
    ) -> PyResult<Vec<(i64, usize, Bound<'py, PyAny>)>> {
        if ids.len() != batch.batch.len() {
            let message = format!("{} events need as many ids, had {}", batch.batch.len(), ids.len());
            return Err(PyValueError::new_err(message));
        }
        let instants = ids.iter().map(|id| Ok(position(id)?.0)).collect::<PyResult<Vec<_>>>()?;
        let events = &batch.batch;
        let found: Vec<(i64, usize, i64)> = without_gil(py, || {
            let (mut watch, mut found) = (self.watch(), Vec::new());
            for (row, at_ms) in instants.iter().enumerate() {
                if let Some(event) = events.get(row) {
                    watch.observe(&event, *at_ms, |rule, value| found.push((rule, row, value)));
                }
            }
            found
        });
        found.into_iter().map(|(rule, row, value)| Ok((rule, row, decimal(py, value)?))).collect()
    }

    fn standings(&self, rule: i64) -> Standings {
        let found = self.watch().standings(rule);
        found
            .into_iter()
            .map(|(symbol, kind, it)| (key(symbol.as_str(), kind.mark()), (it.armed, it.fired_ms)))
            .collect()
    }

    fn take_changed(&self) -> Vec<i64> {
        self.watch().take_changed()
    }
}

fn key(symbol: &str, mark: &str) -> String {
    if mark.is_empty() { symbol.to_owned() } else { format!("{symbol} {mark}") }
}

fn measure_of(word: &str) -> PyResult<Measure> {
    match word {
        "last" => Ok(Measure::Last),
        "change_percent" => Ok(Measure::ChangePercent),
        _ => Err(PyValueError::new_err(format!("measure must be last or change_percent, was {word:?}"))),
    }
}

fn side_of(word: &str) -> PyResult<Side> {
    match word {
        "above" => Ok(Side::Above),
        "below" => Ok(Side::Below),
        "beyond" => Ok(Side::Beyond),
        _ => Err(PyValueError::new_err(format!("side must be above, below or beyond, was {word:?}"))),
    }
}

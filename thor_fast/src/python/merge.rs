//! `MergePolicy` and `Decision`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping};

use super::batch::PyQuoteBatch;
use super::convert::{each, integers, items, source, symbol};
use super::event::PyQuoteEvent;
use super::without_gil;
use crate::merge::{Decision, MergePolicy, REASONS, Rules, StateFault};

/// The answer to an offer.
#[pyclass(frozen, name = "Decision", module = "thor_fast")]
pub(super) struct PyDecision(Decision);

#[pymethods]
impl PyDecision {
    #[getter]
    fn accepted(&self) -> bool {
        self.0.reason.accepted()
    }

    #[getter]
    fn reason(&self) -> &'static str {
        self.0.reason.as_str()
    }

    #[getter]
    fn active_source(&self) -> &str {
        self.0.active_source.as_str()
    }

    fn __repr__(&self) -> String {
        let Decision { reason, active_source } = self.0;
        format!(
            "Decision(accepted={}, reason={:?}, active_source={active_source:?})",
            reason.accepted(),
            reason.as_str()
        )
    }
}

/// Which source's event stands for a symbol. Pure: time comes in as `received_us`, microseconds UTC.
#[pyclass(frozen, name = "MergePolicy", module = "thor_fast")]
// A lock, so that the class can be frozen and used from any thread.
pub(super) struct PyMergePolicy(Mutex<MergePolicy>);

impl PyMergePolicy {
    fn lock(&self) -> MutexGuard<'_, MergePolicy> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stale_after_us(milliseconds: i64) -> PyResult<i64> {
    let us = milliseconds.checked_mul(1_000).filter(|us| *us >= 0);
    us.ok_or_else(|| PyValueError::new_err(format!("a staleness limit must not be negative, was {milliseconds} ms")))
}

fn domains(value: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<String>>> {
    each::<Bound<'_, PyAny>>(value)?.iter().map(each).collect()
}

/// The rules that these settings make.
pub(super) fn rules(
    preferred: Option<&Bound<'_, PyMapping>>,
    stale_after_ms: i64,
    stale_after_ms_by_symbol: Option<&Bound<'_, PyMapping>>,
    sequence_domains: Vec<Vec<String>>,
) -> PyResult<Rules> {
    let mut rules = Rules { stale_after_us: stale_after_us(stale_after_ms)?, ..Rules::default() };
    for (of, name) in preferred.map(items::<String>).transpose()?.unwrap_or_default() {
        rules.preferred.insert(symbol(&of)?, source(&name)?);
    }
    for (of, limit) in stale_after_ms_by_symbol.map(items::<i64>).transpose()?.unwrap_or_default() {
        rules.stale_after_us_by_symbol.insert(symbol(&of)?, stale_after_us(limit)?);
    }
    for domain in sequence_domains {
        rules.sequence_domains.push(domain.iter().map(|name| source(name)).collect::<PyResult<_>>()?);
    }
    Ok(rules)
}

#[pymethods]
impl PyMergePolicy {
    #[new]
    #[pyo3(
        signature = (
            preferred=None, stale_after_ms=5000, *, stale_after_ms_by_symbol=None, sequence_domains=Vec::new()
        ),
        text_signature =
            "(preferred=None, stale_after_ms=5000, *, stale_after_ms_by_symbol=None, sequence_domains=())"
    )]
    fn new(
        preferred: Option<&Bound<'_, PyMapping>>,
        stale_after_ms: i64,
        stale_after_ms_by_symbol: Option<&Bound<'_, PyMapping>>,
        #[pyo3(from_py_with = domains)] sequence_domains: Vec<Vec<String>>,
    ) -> PyResult<Self> {
        let rules = rules(preferred, stale_after_ms, stale_after_ms_by_symbol, sequence_domains)?;
        Ok(Self(Mutex::new(MergePolicy::new(rules))))
    }

    fn offer(&self, event: &PyQuoteEvent, received_us: i64) -> PyDecision {
        PyDecision(self.lock().offer(&event.0, received_us))
    }

    fn offer_batch<'py>(
        &self,
        py: Python<'py>,
        batch: &PyQuoteBatch,
        received_us: &Bound<'py, PyAny>,
    ) -> PyResult<Vec<Bound<'py, PyDecision>>> {
        let received_us = integers(received_us)?;
        if received_us.len() != batch.batch.len() {
            let message = format!("{} events need as many times, had {}", batch.batch.len(), received_us.len());
            return Err(PyValueError::new_err(message));
        }
        let decisions = without_gil(py, || self.lock().offer_batch(&batch.batch, &received_us));
        // There are few different answers, so equal ones share an object; each reason's last one is looked at first.
        let mut known: Vec<(Decision, Bound<'py, PyDecision>)> = Vec::new();
        let mut latest = [0; REASONS.len()];
        let mut answers = Vec::with_capacity(decisions.len());
        for decision in decisions {
            let Some(latest) = latest.get_mut(decision.reason as usize) else { continue };
            if known.get(*latest).is_none_or(|(other, _)| *other != decision) {
                *latest = match known.iter().position(|(other, _)| *other == decision) {
                    Some(place) => place,
                    None => {
                        known.push((decision, Bound::new(py, PyDecision(decision))?));
                        known.len() - 1
                    }
                };
            }
            answers.extend(known.get(*latest).map(|(_, answer)| answer.clone()));
        }
        Ok(answers)
    }

    fn export_state<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let state = without_gil(py, || self.lock().export_state());
        PyBytes::new(py, &state)
    }

    fn import_state(&self, py: Python<'_>, state: &[u8]) -> PyResult<()> {
        without_gil(py, || self.lock().import_state(state)).map_err(|fault| match fault {
            StateFault::Version => PyValueError::new_err("not a state of a merge policy in version 1"),
            StateFault::Line(line) => PyValueError::new_err(format!("line {line} of the state is not as it must be")),
        })
    }

    fn restore(&self, event: &PyQuoteEvent, received_us: i64) {
        self.lock().restore(&event.0, received_us);
    }

    #[pyo3(name = "active_source")]
    fn py_active_source(&self, symbol: &str) -> Option<String> {
        let symbol = crate::symbol::Symbol::new(symbol)?;
        self.lock().active_source(symbol).map(|source| source.to_string())
    }

    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let policy = self.lock();
        let mut counts: HashMap<&str, u64> =
            REASONS.iter().map(|(reason, text, _, _)| (*text, policy.count(*reason))).collect();
        counts.insert("future_ts", policy.future_ts());
        drop(policy);
        counts.into_pyobject(py)
    }
}

//! `StreamMerge` and `MergeStep`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping};

use super::batch::PyReject;
use super::event::PyQuoteEvent;
use super::latency::PyHistogram;
use super::merge::rules;
use super::replies::{PyReplies, PyStreamEntries};
use super::without_gil;
use crate::merge::{MergePolicy, REASONS, StateFault};
use crate::stream_merge::{Step, StreamMerge};

/// Commands by the key that they are for.
type Keyed<'py> = Vec<(String, Bound<'py, PyBytes>)>;

fn keyed(py: Python<'_>, commands: Vec<(String, Vec<u8>)>) -> Keyed<'_> {
    commands.into_iter().map(|(key, bytes)| (key, PyBytes::new(py, &bytes))).collect()
}

/// `MergePolicy` over streams: entries in, commands out.
#[pyclass(frozen, name = "StreamMerge", module = "thor_fast")]
pub(super) struct PyStreamMerge(Mutex<StreamMerge>);

impl PyStreamMerge {
    fn lock(&self) -> MutexGuard<'_, StreamMerge> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyStreamMerge {
    #[new]
    #[pyo3(signature = (preferred=None, stale_after_ms=5000))]
    fn new(preferred: Option<&Bound<'_, PyMapping>>, stale_after_ms: i64) -> PyResult<Self> {
        let rules = rules(preferred, stale_after_ms, None, Vec::new())?;
        Ok(Self(Mutex::new(StreamMerge::new(MergePolicy::new(rules)))))
    }

    fn restore(&self, event: &PyQuoteEvent, received_us: i64) {
        self.lock().restore(&event.0, received_us);
    }

    fn restore_state(&self, state: &[u8]) -> PyResult<()> {
        let text = std::str::from_utf8(state).unwrap_or_default();
        self.lock().restore_state(text).map_err(|fault| match fault {
            StateFault::Version => PyValueError::new_err("not a state of a symbol in version 1"),
            StateFault::Line(line) => PyValueError::new_err(format!("line {line} of the state is not as it must be")),
        })
    }

    fn held(&self) -> Vec<String> {
        self.lock().held().into_iter().map(str::to_owned).collect()
    }

    fn recover(
        &self,
        py: Python<'_>,
        pending: Vec<PyRef<'_, PyStreamEntries>>,
        unified: Vec<PyRef<'_, PyStreamEntries>>,
    ) -> Option<PyMergeStep> {
        let pending: Vec<_> = pending.iter().map(|entries| entries.0.clone()).collect();
        let unified: Vec<_> = unified.iter().map(|entries| entries.0.clone()).collect();
        without_gil(py, || self.lock().recover(pending, &unified)).map(PyMergeStep)
    }

    fn take(&self, py: Python<'_>, read: Vec<PyRef<'_, PyStreamEntries>>, full: usize) -> Option<PyMergeStep> {
        let read: Vec<_> = read.iter().map(|entries| entries.0.clone()).collect();
        without_gil(py, || self.lock().take(read, full)).map(PyMergeStep)
    }

    fn counts(&self) -> HashMap<&'static str, u64> {
        let merge = self.lock();
        let mut counts: HashMap<_, _> =
            REASONS.iter().map(|(reason, text, ..)| (*text, merge.count(*reason))).collect();
        counts.insert("future_ts", merge.policy().future_ts());
        counts
    }
}

/// What a batch of entries comes to. It must be written before the next one is taken.
#[pyclass(frozen, name = "MergeStep", module = "thor_fast")]
pub(super) struct PyMergeStep(Step);

#[pymethods]
impl PyMergeStep {
    #[getter]
    fn entries(&self) -> usize {
        self.0.entries()
    }

    #[getter]
    fn appended(&self) -> usize {
        self.0.appended()
    }

    #[getter]
    fn rejects(&self) -> Vec<PyReject> {
        self.0.rejects.iter().cloned().map(PyReject).collect()
    }

    #[pyo3(signature = (stream, *, minid_ms=None))]
    fn xadd<'py>(&self, py: Python<'py>, stream: &str, minid_ms: Option<u64>) -> Bound<'py, PyBytes> {
        let commands = without_gil(py, || self.0.xadd(stream, minid_ms));
        PyBytes::new(py, &commands)
    }

    #[pyo3(signature = (replies=None, *, prefix="quotes:latest:"))]
    fn latest<'py>(&self, py: Python<'py>, replies: Option<&PyReplies>, prefix: &str) -> PyResult<Keyed<'py>> {
        let commands = without_gil(py, || {
            let ids = replies.map_or_else(|| Some(Vec::new()), PyReplies::ids)?;
            self.0.latest(prefix, &ids)
        });
        let commands =
            commands.ok_or_else(|| PyValueError::new_err("the replies are not the ids of this step's entries"))?;
        Ok(keyed(py, commands))
    }

    fn xack<'py>(&self, py: Python<'py>, group: &str) -> Keyed<'py> {
        let commands = without_gil(py, || self.0.xack(group));
        keyed(py, commands)
    }

    fn record_latency(&self, histogram: &PyHistogram, now_us: i64) {
        histogram.record_all(self.0.received_at_us().map(|at_us| now_us.saturating_sub(at_us)));
    }
}

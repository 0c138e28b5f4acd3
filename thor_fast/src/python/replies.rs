//! `pack`, `pack_xadd`, `ReplyReader`, `Replies` and `StreamEntries`: the Redis protocol without an object an entry.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyTuple};

use super::batch::{PyQuoteBatch, PyReject};
use super::latency::PyHistogram;
use super::registry::sources;
use super::without_gil;
use crate::entries::{Entries, EntryId, Shape};
use crate::reply::{Malformed, Replies, ReplyReader, Value};
use crate::resp::{Appended, command, write_xadd};

/// The bytes of any command of Redis.
#[pyfunction]
#[pyo3(signature = (*arguments))]
pub(super) fn pack<'py>(arguments: &Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyBytes>> {
    let mut texts: Vec<Vec<u8>> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        texts.push(match argument.cast::<PyBytes>() {
            Ok(bytes) => bytes.as_bytes().to_vec(),
            Err(_) => argument.str()?.extract::<PyBackedStr>()?.as_bytes().to_vec(),
        });
    }
    let texts: Vec<&[u8]> = texts.iter().map(Vec::as_slice).collect();
    let mut out = Vec::new();
    command(&texts, &mut out);
    Ok(PyBytes::new(arguments.py(), &out))
}

/// What `QuoteBatch.to_xadd` gives, of payloads that need be no events.
#[pyfunction]
#[pyo3(signature = (stream, payloads, *, minid_ms=None, at_us=None))]
pub(super) fn pack_xadd<'py>(
    py: Python<'py>,
    stream: &str,
    payloads: Vec<PyBackedBytes>,
    minid_ms: Option<u64>,
    at_us: Option<i64>,
) -> Bound<'py, PyBytes> {
    let mut out = Vec::new();
    for (place, payload) in payloads.iter().enumerate() {
        let minid_ms = minid_ms.filter(|_| place + 1 == payloads.len());
        write_xadd(stream, payload, Appended { minid_ms, at_us, of: None }, &mut out);
    }
    PyBytes::new(py, &out)
}

/// Bytes of a connection to Redis (RESP2) until they make whole replies.
#[pyclass(frozen, name = "ReplyReader", module = "thor_fast")]
pub(super) struct PyReplyReader(Mutex<ReplyReader>);

impl PyReplyReader {
    fn lock(&self) -> MutexGuard<'_, ReplyReader> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PyReplyReader {
    #[new]
    fn new() -> Self {
        Self(Mutex::default())
    }

    fn feed(&self, data: &[u8]) -> PyResult<usize> {
        let fed = self.lock().feed(data);
        fed.map_err(|Malformed| PyValueError::new_err("these bytes are not the protocol of Redis"))
    }

    fn take(&self, count: usize) -> PyReplies {
        PyReplies(self.lock().take(count))
    }
}

/// Whole replies in the order of their commands.
#[pyclass(frozen, name = "Replies", module = "thor_fast")]
pub(super) struct PyReplies(pub(super) Replies);

impl PyReplies {
    fn read(&self, py: Python<'_>, position: usize, shape: Shape<'_>) -> PyResult<PyStreamEntries> {
        let sources = sources();
        let entries = without_gil(py, || Entries::read(&self.0, position, shape, &sources));
        entries.map(PyStreamEntries).ok_or_else(|| PyValueError::new_err("the reply does not hold entries"))
    }
}

#[pymethods]
impl PyReplies {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn errors(&self) -> Vec<(usize, String)> {
        let error = |(position, value)| match value {
            Value::Error(text) => Some((position, String::from_utf8_lossy(text).into_owned())),
            _ => None,
        };
        self.0.heads().enumerate().filter_map(error).collect()
    }

    fn texts<'py>(&self, py: Python<'py>) -> Vec<Option<Bound<'py, PyBytes>>> {
        let text = |value| match value {
            Value::Simple(text) | Value::Bulk(text) | Value::Error(text) => Some(PyBytes::new(py, text)),
            Value::Integer(number) => Some(PyBytes::new(py, number.to_string().as_bytes())),
            Value::Array(_) | Value::Nil => None,
        };
        self.0.heads().map(text).collect()
    }

    fn executed(&self) -> Option<Self> {
        self.0.executed().map(Self)
    }

    #[pyo3(signature = (position=0))]
    fn streams(&self, py: Python<'_>, position: usize) -> PyResult<PyStreamEntries> {
        self.read(py, position, Shape::Streams)
    }

    #[pyo3(signature = (stream, position=0))]
    fn range(&self, py: Python<'_>, stream: &str, position: usize) -> PyResult<PyStreamEntries> {
        self.read(py, position, Shape::Range(stream))
    }

    #[pyo3(signature = (stream, position=0))]
    fn claimed(&self, py: Python<'_>, stream: &str, position: usize) -> PyResult<(String, PyStreamEntries)> {
        let mut walk = self.0.walk(position).ok_or_else(|| PyIndexError::new_err("there is no such reply"))?;
        let cursor = walk.array().and_then(|_| walk.text()).unwrap_or_default();
        Ok((String::from_utf8_lossy(cursor).into_owned(), self.read(py, position, Shape::Claimed(stream))?))
    }
}

impl PyReplies {
    /// Each reply as an entry's id; nothing where one is another thing.
    pub(super) fn ids(&self) -> Option<Vec<EntryId>> {
        let id = |value| match value {
            Value::Bulk(text) => EntryId::parse(text),
            _ => None,
        };
        self.0.heads().map(id).collect()
    }
}

/// Entries of streams in the order of the reply, their events as one batch; no object an entry is made.
#[pyclass(frozen, name = "StreamEntries", module = "thor_fast")]
pub(super) struct PyStreamEntries(pub(super) Entries);

#[pymethods]
impl PyStreamEntries {
    fn __len__(&self) -> usize {
        self.0.rows.len()
    }

    #[getter]
    fn batch(&self) -> PyQuoteBatch {
        PyQuoteBatch::of(self.0.batch.clone())
    }

    #[getter]
    fn rejects(&self) -> Vec<PyReject> {
        self.0.rejects.iter().cloned().map(PyReject).collect()
    }

    fn ids(&self) -> Vec<String> {
        self.0.rows.iter().map(|row| row.id.to_string()).collect()
    }

    fn event_ids(&self) -> Vec<String> {
        self.0.good().map(|row| row.id.to_string()).collect()
    }

    fn at_us(&self) -> Vec<Option<i64>> {
        self.0.good().map(|row| row.at_us).collect()
    }

    fn first_id(&self) -> Option<String> {
        self.0.rows.first().map(|row| row.id.to_string())
    }

    fn last_id(&self) -> Option<String> {
        self.0.rows.last().map(|row| row.id.to_string())
    }

    fn record_latency(&self, histogram: &PyHistogram, now_us: i64) {
        histogram.record_all(self.0.good().filter_map(|row| row.at_us).map(|at_us| now_us.saturating_sub(at_us)));
    }
}

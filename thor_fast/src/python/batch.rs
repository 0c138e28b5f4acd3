//! `QuoteBatch`, `Reject` and `parse_batch`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PySlice};

use super::event::PyQuoteEvent;
use super::registry::sources;
use super::without_gil;
use crate::batch::{last_per_key, newest_per_symbol};
use crate::copy::copy_binary;
use crate::encode::{USUAL_JSON_BYTES, is_sse_id, write_json, write_sse};
use crate::event::QuoteEvent;
use crate::parse::{Reject, parse_each, parse_lines};

/// One refused input of a batch.
#[pyclass(frozen, name = "Reject", module = "thor_fast")]
pub(super) struct PyReject(Reject);

#[pymethods]
impl PyReject {
    #[getter]
    fn position(&self) -> usize {
        self.0.position
    }

    #[getter]
    fn code(&self) -> &str {
        self.0.error.code.as_str()
    }

    #[getter]
    fn field(&self) -> Option<&str> {
        self.0.error.field.as_deref()
    }

    #[getter]
    fn message(&self) -> &str {
        &self.0.error.message
    }

    #[getter]
    fn data(&self) -> &[u8] {
        &self.0.data
    }

    fn __repr__(&self) -> String {
        format!("Reject(position={}, {})", self.0.position, self.0.error)
    }
}

/// Events in the order they came. Events are shared, not copied, between batches.
#[pyclass(frozen, name = "QuoteBatch", module = "thor_fast")]
pub(super) struct PyQuoteBatch {
    pub(super) events: Vec<Arc<QuoteEvent>>,
    unknown_keys: u64,
}

impl PyQuoteBatch {
    fn of(events: Vec<Arc<QuoteEvent>>) -> Self {
        Self { events, unknown_keys: 0 }
    }

    fn at(&self, positions: impl IntoIterator<Item = usize>) -> Self {
        Self::of(positions.into_iter().filter_map(|position| self.events.get(position)).map(Arc::clone).collect())
    }

    /// The position that a Python index means.
    fn position(&self, index: isize) -> PyResult<usize> {
        let length = self.events.len();
        let position = if index < 0 { index.saturating_add_unsigned(length) } else { index };
        usize::try_from(position)
            .ok()
            .filter(|position| *position < length)
            .ok_or_else(|| PyIndexError::new_err("batch index out of range"))
    }

    /// Every event written into one buffer, and where each of them ends.
    fn written(&self, write: impl Fn(usize, &QuoteEvent, &mut Vec<u8>)) -> (Vec<u8>, Vec<usize>) {
        let mut out = Vec::with_capacity(self.events.len() * USUAL_JSON_BYTES);
        let mut ends = Vec::with_capacity(self.events.len());
        for (position, event) in self.events.iter().enumerate() {
            write(position, event, &mut out);
            ends.push(out.len());
        }
        (out, ends)
    }
}

/// The parts of a buffer as bytes objects.
fn parts<'py>(py: Python<'py>, buffer: &[u8], ends: &[usize]) -> Vec<Bound<'py, PyBytes>> {
    let mut start = 0;
    let mut parts = Vec::with_capacity(ends.len());
    for end in ends {
        parts.push(PyBytes::new(py, buffer.get(start..*end).unwrap_or_default()));
        start = *end;
    }
    parts
}

#[pymethods]
impl PyQuoteBatch {
    #[staticmethod]
    fn from_events(events: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut shared = Vec::new();
        for event in events.try_iter()? {
            shared.push(Arc::clone(&event?.cast::<PyQuoteEvent>()?.get().0));
        }
        Ok(Self::of(shared))
    }

    #[getter]
    fn unknown_keys(&self) -> u64 {
        self.unknown_keys
    }

    fn __len__(&self) -> usize {
        self.events.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(slice) = index.cast::<PySlice>() {
            let bounds = slice.indices(isize::try_from(self.events.len())?)?;
            let positions = (0..bounds.slicelength).map_while(|step| {
                let offset = isize::try_from(step).ok()?.checked_mul(bounds.step)?;
                usize::try_from(bounds.start.checked_add(offset)?).ok()
            });
            return Ok(Bound::new(py, self.at(positions))?.into_any());
        }
        let position = self.position(index.extract()?)?;
        let event = self.events.get(position).map(Arc::clone);
        let event = event.ok_or_else(|| PyIndexError::new_err("batch index out of range"))?;
        Ok(Bound::new(py, PyQuoteEvent(event))?.into_any())
    }

    fn __iter__(batch: Py<Self>) -> BatchIterator {
        BatchIterator { batch, next: AtomicUsize::new(0) }
    }

    fn symbols(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.symbol.as_str()).collect()
    }

    fn sources(&self) -> Vec<&str> {
        self.events.iter().map(|event| event.source.as_str()).collect()
    }

    fn ts_us(&self) -> Vec<i64> {
        self.events.iter().map(|event| event.ts_us).collect()
    }

    fn take(&self, indices: Vec<isize>) -> PyResult<Self> {
        let positions = indices.into_iter().map(|index| self.position(index)).collect::<PyResult<Vec<_>>>()?;
        Ok(self.at(positions))
    }

    fn last_per_key(&self, py: Python<'_>) -> Self {
        self.at(without_gil(py, || last_per_key(&self.events)))
    }

    fn newest_per_symbol(&self, py: Python<'_>) -> Vec<usize> {
        without_gil(py, || newest_per_symbol(&self.events))
    }

    fn to_json<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        let (buffer, ends) = without_gil(py, || self.written(|_, event, out| write_json(event, out)));
        parts(py, &buffer, &ends)
    }

    fn to_json_lines<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let (buffer, _) = without_gil(py, || {
            self.written(|_, event, out| {
                write_json(event, out);
                out.push(b'\n');
            })
        });
        PyBytes::new(py, &buffer)
    }

    fn to_sse<'py>(&self, py: Python<'py>, ids: Vec<String>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        if ids.len() != self.events.len() {
            let message = format!("{} events need as many ids, had {}", self.events.len(), ids.len());
            return Err(PyValueError::new_err(message));
        }
        if !ids.iter().all(|id| is_sse_id(id)) {
            return Err(PyValueError::new_err("an id must not hold a line break or U+0000"));
        }
        let (buffer, ends) = without_gil(py, || {
            self.written(|position, event, out| write_sse(event, ids.get(position).map_or("", String::as_str), out))
        });
        Ok(parts(py, &buffer, &ends))
    }

    fn to_copy_binary<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let stream = without_gil(py, || copy_binary(self.events.iter().map(AsRef::as_ref)));
        PyBytes::new(py, &stream)
    }

    fn __repr__(&self) -> String {
        format!("QuoteBatch({} events)", self.events.len())
    }
}

/// Walks a batch from its first event.
#[pyclass(frozen, module = "thor_fast")]
struct BatchIterator {
    batch: Py<PyQuoteBatch>,
    next: AtomicUsize,
}

#[pymethods]
impl BatchIterator {
    fn __iter__(iterator: Py<Self>) -> Py<Self> {
        iterator
    }

    fn __next__(&self) -> Option<PyQuoteEvent> {
        let position = self.next.fetch_add(1, Ordering::Relaxed);
        self.batch.get().events.get(position).map(|event| PyQuoteEvent(Arc::clone(event)))
    }
}

/// Reads newline-delimited events, or one a bytes object. Never raises for what an input holds.
#[pyfunction]
pub(super) fn parse_batch(data: &Bound<'_, PyAny>) -> PyResult<(PyQuoteBatch, Vec<PyReject>)> {
    let py = data.py();
    let sources = sources();
    let parsed = if let Ok(lines) = data.cast::<PyBytes>() {
        let lines = lines.as_bytes();
        without_gil(py, || parse_lines(lines, &sources))
    } else {
        let mut objects = Vec::new();
        for item in data.try_iter()? {
            objects.push(item?.cast_into::<PyBytes>()?);
        }
        let inputs: Vec<&[u8]> = objects.iter().map(|object| object.as_bytes()).collect();
        without_gil(py, || parse_each(&inputs, &sources))
    };
    let rejects = parsed.rejects.into_iter().map(PyReject).collect();
    Ok((PyQuoteBatch { events: parsed.events, unknown_keys: parsed.unknown_keys }, rejects))
}

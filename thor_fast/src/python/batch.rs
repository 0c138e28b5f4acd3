//! `QuoteBatch`, `Reject` and `parse_batch`.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PySlice, PyString};

use super::event::PyQuoteEvent;
use super::registry::sources;
use super::without_gil;
use crate::batch::QuoteBatch;
use crate::columns::Columns;
use crate::copy::copy_binary;
use crate::encode::{USUAL_JSON_BYTES, is_sse_id, write_json, write_sse};
use crate::event::EventRef;
use crate::parse::{Reject, parse_each, parse_lines};
use crate::symbol::Name;

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

/// Events in the order they came, as columns. Parts of a batch share its columns.
#[pyclass(frozen, name = "QuoteBatch", module = "thor_fast")]
pub(super) struct PyQuoteBatch {
    pub(super) batch: QuoteBatch,
    unknown_keys: u64,
}

impl PyQuoteBatch {
    /// Each event's name out of a table, one object a name.
    fn names<'py, const N: usize>(&self, py: Python<'py>, names: &[Name<N>], ids: &[u32]) -> Vec<Bound<'py, PyString>> {
        let names: Vec<_> = names.iter().map(|name| PyString::new(py, name.as_str())).collect();
        let name = |position| names.get(*ids.get(self.batch.row(position)?)? as usize).cloned();
        (0..self.batch.len()).filter_map(name).collect()
    }

    pub(super) fn of(batch: QuoteBatch) -> Self {
        Self { batch, unknown_keys: 0 }
    }

    /// The position that a Python index means.
    fn position(&self, index: isize) -> PyResult<usize> {
        let length = self.batch.len();
        let position = if index < 0 { index.saturating_add_unsigned(length) } else { index };
        usize::try_from(position)
            .ok()
            .filter(|position| *position < length)
            .ok_or_else(|| PyIndexError::new_err("batch index out of range"))
    }

    fn checked_ids(&self, ids: &[PyBackedStr]) -> PyResult<()> {
        if ids.len() != self.batch.len() {
            let message = format!("{} events need as many ids, had {}", self.batch.len(), ids.len());
            return Err(PyValueError::new_err(message));
        }
        if !ids.iter().all(|id| is_sse_id(id)) {
            return Err(PyValueError::new_err("an id must not hold a line break or U+0000"));
        }
        Ok(())
    }

    /// Every event's frame in one buffer, and where each of them ends.
    fn frames(&self, ids: &[PyBackedStr]) -> (Vec<u8>, Vec<usize>) {
        let mut out = Vec::with_capacity(self.batch.len() * (USUAL_JSON_BYTES + 64));
        let mut ends = Vec::with_capacity(self.batch.len());
        for (event, id) in self.batch.iter().zip(ids) {
            write_sse(event, id, &mut out);
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
        let mut columns = Columns::default();
        for event in events.try_iter()? {
            columns.push(&event?.cast::<PyQuoteEvent>()?.get().0.view());
        }
        columns.shrink();
        Ok(Self::of(columns.into()))
    }

    #[staticmethod]
    fn concat(py: Python<'_>, batches: Vec<PyRef<'_, Self>>) -> Self {
        let batches: Vec<QuoteBatch> = batches.iter().map(|batch| batch.batch.clone()).collect();
        Self::of(without_gil(py, || QuoteBatch::concat(&batches)))
    }

    #[getter]
    fn unknown_keys(&self) -> u64 {
        self.unknown_keys
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.batch.columns().bytes()
    }

    fn __len__(&self) -> usize {
        self.batch.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let Ok(slice) = index.cast::<PySlice>() {
            let bounds = slice.indices(isize::try_from(self.batch.len())?)?;
            if bounds.step == 1 {
                let start = usize::try_from(bounds.start)?;
                return Ok(Bound::new(py, Self::of(self.batch.slice(start..start + bounds.slicelength)))?.into_any());
            }
            let positions = (0..bounds.slicelength).map_while(|step| {
                let offset = isize::try_from(step).ok()?.checked_mul(bounds.step)?;
                usize::try_from(bounds.start.checked_add(offset)?).ok()
            });
            return Ok(Bound::new(py, Self::of(self.batch.take(positions)))?.into_any());
        }
        let position = self.position(index.extract()?)?;
        let event = self.batch.get(position).ok_or_else(|| PyIndexError::new_err("batch index out of range"))?;
        Ok(Bound::new(py, PyQuoteEvent(event.to_event()))?.into_any())
    }

    fn __iter__(batch: Py<Self>) -> BatchIterator {
        BatchIterator { batch, next: AtomicUsize::new(0) }
    }

    fn symbols<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyString>> {
        let columns = self.batch.columns();
        self.names(py, columns.symbols(), columns.symbol_ids())
    }

    fn sources<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyString>> {
        let columns = self.batch.columns();
        self.names(py, columns.sources(), columns.source_ids())
    }

    fn ts_us(&self) -> Vec<i64> {
        self.batch.iter().map(|event| event.ts_us).collect()
    }

    fn take(&self, indices: Vec<isize>) -> PyResult<Self> {
        let positions = indices.into_iter().map(|index| self.position(index)).collect::<PyResult<Vec<_>>>()?;
        Ok(Self::of(self.batch.take(positions)))
    }

    fn last_per_key(&self, py: Python<'_>) -> Self {
        Self::of(without_gil(py, || {
            let standing = self.batch.last_per_key();
            if standing.len() == self.batch.len() { self.batch.clone() } else { self.batch.take(standing) }
        }))
    }

    fn newest_per_symbol(&self, py: Python<'_>) -> Vec<usize> {
        without_gil(py, || self.batch.newest_per_symbol())
    }

    fn to_json<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        // Only what is not kept as JSON is written first, without the interpreter.
        let (buffer, ends) = without_gil(py, || {
            let (mut buffer, mut ends) = (Vec::new(), Vec::new());
            for event in self.batch.iter().filter(|event| event.json.is_none()) {
                write_json(event, &mut buffer);
                ends.push(buffer.len());
            }
            (buffer, ends)
        });
        let mut start = 0;
        let mut written = ends.into_iter().map(|end| buffer.get(std::mem::replace(&mut start, end)..end));
        let json = |event: EventRef<'_>| match event.json {
            Some(json) => PyBytes::new(py, json),
            None => PyBytes::new(py, written.next().flatten().unwrap_or_default()),
        };
        self.batch.iter().map(json).collect()
    }

    fn to_json_lines<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let lines = without_gil(py, || {
            let mut lines = Vec::with_capacity(self.batch.len() * USUAL_JSON_BYTES);
            for event in self.batch.iter() {
                write_json(event, &mut lines);
                lines.push(b'\n');
            }
            lines
        });
        PyBytes::new(py, &lines)
    }

    fn to_sse<'py>(&self, py: Python<'py>, ids: Vec<PyBackedStr>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        self.checked_ids(&ids)?;
        let (buffer, ends) = without_gil(py, || self.frames(&ids));
        Ok(parts(py, &buffer, &ends))
    }

    fn to_sse_stream<'py>(&self, py: Python<'py>, ids: Vec<PyBackedStr>) -> PyResult<Bound<'py, PyBytes>> {
        self.checked_ids(&ids)?;
        let (buffer, _) = without_gil(py, || self.frames(&ids));
        Ok(PyBytes::new(py, &buffer))
    }

    fn to_copy_binary<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let stream = without_gil(py, || copy_binary(self.batch.iter()));
        PyBytes::new(py, &stream)
    }

    fn __repr__(&self) -> String {
        format!("QuoteBatch({} events)", self.batch.len())
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
        self.batch.get().batch.get(position).map(|event| PyQuoteEvent(event.to_event()))
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
    Ok((PyQuoteBatch { batch: parsed.batch, unknown_keys: parsed.unknown_keys }, rejects))
}

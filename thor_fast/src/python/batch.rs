//! `QuoteBatch`, `Reject` and `parse_batch`.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::exceptions::{PyIndexError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyCapsule, PyList, PySequence, PySlice, PyString};

use super::arrow::{self, Refused};
use super::bars::PyBars;
use super::convert::{each, integers, raised};
use super::event::PyQuoteEvent;
use super::registry::sources;
use super::without_gil;
use crate::batch::QuoteBatch;
use crate::columns::Columns;
use crate::copy::copy_binary;
use crate::encode::{USUAL_JSON_BYTES, is_sse_id, write_json};
use crate::error::EventError;
use crate::parse::{Json, Reject, parse_each_with, parse_lines_with};
use crate::resp::{Appended, id_ms, write_latest, write_xadd};
use crate::sse::{FrameIds, chunk_length, each_frame, write_chunk};
use crate::symbol::{Name, Source};

const NO_ID: &str = "an id must not hold a line break or U+0000";

/// One refused input of a batch.
#[pyclass(frozen, name = "Reject", module = "thor_fast")]
pub(super) struct PyReject(pub(super) Reject);

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
        self.check_count(ids.len())?;
        if ids.iter().all(|id| is_sse_id(id)) { Ok(()) } else { Err(PyValueError::new_err(NO_ID)) }
    }

    /// The ids of frames, as many as there are events.
    fn frame_ids(&self, ids: &Bound<'_, PyAny>) -> PyResult<FrameIds> {
        let mut found = FrameIds::with_capacity(self.batch.len());
        let mut push = |id: &Bound<'_, PyAny>| {
            let fine = found.push(id.cast::<PyString>()?.to_str()?);
            if fine { Ok(()) } else { Err(PyValueError::new_err(NO_ID)) }
        };
        match ids.cast::<PyList>() {
            Ok(ids) => (0..ids.len()).try_for_each(|at| push(&ids.get_item(at)?))?,
            // A text is a sequence of texts too, but never meant as one.
            Err(_) if ids.is_instance_of::<PyString>() => {
                return Err(PyTypeError::new_err("ids must be a sequence of texts, was one text"));
            }
            Err(_) => ids.cast::<PySequence>()?.try_iter()?.try_for_each(|id| push(&id?))?,
        }
        self.check_count(found.len())?;
        Ok(found)
    }

    fn check_count(&self, ids: usize) -> PyResult<()> {
        if ids == self.batch.len() {
            return Ok(());
        }
        Err(PyValueError::new_err(format!("{} events need as many ids, had {ids}", self.batch.len())))
    }

    /// Each event's source.
    fn event_sources(&self) -> impl Iterator<Item = &Source> {
        let columns = self.batch.columns();
        let source = |row: usize| columns.sources().get(*columns.source_ids().get(row)? as usize);
        (0..self.batch.len()).filter_map(move |position| self.batch.row(position).and_then(source))
    }
}

/// The canonical JSON of those events of a batch that do not have it at hand.
struct Written {
    buffer: Vec<u8>,
    ends: Vec<usize>,
}

impl Written {
    fn of(py: Python<'_>, batch: &QuoteBatch) -> Self {
        without_gil(py, || {
            let mut written = Self { buffer: Vec::new(), ends: Vec::new() };
            for position in 0..batch.len() {
                if batch.json(position).is_none()
                    && let Some(event) = batch.get(position)
                {
                    write_json(event, &mut written.buffer);
                    written.ends.push(written.buffer.len());
                }
            }
            written
        })
    }

    /// The canonical JSON of every event.
    fn iter<'a>(&'a self, batch: &'a QuoteBatch) -> impl Iterator<Item = &'a [u8]> {
        let mut start = 0;
        let mut written = self.ends.iter().map(move |end| {
            let from = std::mem::replace(&mut start, *end);
            self.buffer.get(from..*end).unwrap_or_default()
        });
        (0..batch.len()).map(move |position| batch.json(position).or_else(|| written.next()).unwrap_or_default())
    }
}

/// A bytes object of the frames of these events, given as their JSON and source, with these ids.
fn chunk<'a, 'py, I: Iterator<Item = (&'a [u8], &'a Source)>>(
    py: Python<'py>,
    events: impl Fn() -> I + Sync,
    ids: &FrameIds,
) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = without_gil(py, || chunk_length(events(), ids));
    PyBytes::new_with(py, bytes, |place| {
        without_gil(py, || write_chunk(events(), ids, place));
        Ok(())
    })
}

/// A bytes object of all parts, which are asked for twice: for their length and for themselves.
fn filled<'a, 'py, I: Iterator<Item = &'a [u8]>>(
    py: Python<'py>,
    parts: impl Fn() -> I + Sync,
) -> PyResult<Bound<'py, PyBytes>> {
    let bytes = without_gil(py, || parts().map(<[u8]>::len).sum());
    PyBytes::new_with(py, bytes, |place| {
        without_gil(py, || {
            let mut left = place;
            for part in parts() {
                let Some((head, rest)) = std::mem::take(&mut left).split_at_mut_checked(part.len()) else { break };
                head.copy_from_slice(part);
                left = rest;
            }
        });
        Ok(())
    })
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
    fn concat(py: Python<'_>, #[pyo3(from_py_with = each)] batches: Vec<PyRef<'_, Self>>) -> Self {
        let batches: Vec<QuoteBatch> = batches.iter().map(|batch| batch.batch.clone()).collect();
        Self::of(without_gil(py, || QuoteBatch::concat(&batches)))
    }

    #[staticmethod]
    fn from_arrow(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = data.py();
        let capsule = data.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
        let stream = arrow::take_over(&capsule)?;
        let sources = sources();
        // A foreign library's mistake must not go further than an exception.
        let read = without_gil(py, || {
            std::panic::catch_unwind(AssertUnwindSafe(|| arrow::read(stream?, &sources)))
                .unwrap_or_else(|_| Err(Refused::Shape("the stream is not as Arrow defines it".to_owned())))
        });
        match read {
            Ok(batch) => Ok(Self::of(batch)),
            Err(Refused::Shape(message)) => Err(PyValueError::new_err(message)),
            Err(Refused::Row(row, error)) => {
                Err(raised(py, &EventError { message: format!("row {row}: {}", error.message), ..error }))
            }
        }
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A consumer may ask for other types but must take what it gets.
        let _asked = requested_schema;
        let batch = without_gil(py, || arrow::record_batch(&self.batch));
        let stream = arrow::stream(batch.map_err(|error| PyValueError::new_err(error.to_string()))?);
        PyCapsule::new_with_value(py, stream, arrow::STREAM_NAME)
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

    fn newest_ts_us(&self) -> Option<i64> {
        self.batch.iter().map(|event| event.ts_us).max()
    }

    fn by_source(&self) -> Vec<(String, Self)> {
        let columns = self.batch.columns();
        let mut positions: Vec<(u32, Vec<usize>)> = Vec::new();
        for position in 0..self.batch.len() {
            let Some(id) = self.batch.row(position).and_then(|row| columns.source_ids().get(row)) else { continue };
            match positions.iter_mut().find(|(known, _)| known == id) {
                Some((_, places)) => places.push(position),
                None => positions.push((*id, vec![position])),
            }
        }
        let alone = positions.len() == 1;
        let part = |(id, places): (u32, Vec<usize>)| {
            let name = columns.sources().get(id as usize)?.to_string();
            Some((name, Self::of(if alone { self.batch.clone() } else { self.batch.take(places) })))
        };
        positions.into_iter().filter_map(part).collect()
    }

    fn ts_us(&self) -> Vec<i64> {
        self.batch.iter().map(|event| event.ts_us).collect()
    }

    fn take(&self, #[pyo3(from_py_with = each)] indices: Vec<isize>) -> PyResult<Self> {
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
        let written = Written::of(py, &self.batch);
        written.iter(&self.batch).map(|json| PyBytes::new(py, json)).collect()
    }

    fn to_json_lines<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let written = Written::of(py, &self.batch);
        filled(py, || written.iter(&self.batch).flat_map(|json| [json, b"\n"]))
    }

    fn to_sse<'py>(&self, ids: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let py = ids.py();
        let ids = self.frame_ids(ids)?;
        let written = Written::of(py, &self.batch);
        let mut frames = Vec::with_capacity(self.batch.len());
        let events = written.iter(&self.batch).zip(self.event_sources());
        each_frame(events, &ids, |frame| frames.push(PyBytes::new(py, frame)));
        Ok(frames)
    }

    fn to_sse_stream<'py>(&self, ids: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
        let py = ids.py();
        let ids = self.frame_ids(ids)?;
        if self.batch.columns().all_have_json() {
            return chunk(py, || self.batch.kept_json(), &ids);
        }
        let written = Written::of(py, &self.batch);
        chunk(py, || written.iter(&self.batch).zip(self.event_sources()), &ids)
    }

    #[pyo3(signature = (stream, *, minid_ms=None, at_us=None))]
    fn to_xadd<'py>(
        &self,
        py: Python<'py>,
        stream: &str,
        minid_ms: Option<u64>,
        at_us: Option<i64>,
    ) -> Bound<'py, PyBytes> {
        let written = Written::of(py, &self.batch);
        let commands = without_gil(py, || {
            let mut out = Vec::with_capacity(self.batch.len() * (USUAL_JSON_BYTES + 128));
            let last = self.batch.len().saturating_sub(1);
            for (position, json) in written.iter(&self.batch).enumerate() {
                let minid_ms = minid_ms.filter(|_| position == last);
                write_xadd(stream, json, Appended { minid_ms, at_us, of: None }, &mut out);
            }
            out
        });
        PyBytes::new(py, &commands)
    }

    #[pyo3(signature = (ids, received_us, *, prefix="quotes:latest:"))]
    fn to_latest<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = each)] ids: Vec<PyBackedStr>,
        received_us: &Bound<'py, PyAny>,
        prefix: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        self.checked_ids(&ids)?;
        let received_us = integers(received_us)?;
        if received_us.len() != self.batch.len() {
            let message = format!("{} events need as many times, had {}", self.batch.len(), received_us.len());
            return Err(PyValueError::new_err(message));
        }
        if !ids.iter().all(|id| id_ms(id).is_some()) {
            return Err(PyValueError::new_err("an id must be that of a stream's entry, such as 1763836800123-0"));
        }
        let commands = without_gil(py, || {
            let mut out = Vec::new();
            for position in self.batch.newest_per_symbol() {
                let event = self.batch.get(position).zip(ids.get(position)).zip(received_us.get(position));
                if let Some(((event, id), received_us)) = event {
                    write_latest(&event, prefix, id, *received_us, &[], &mut out);
                }
            }
            out
        });
        Ok(PyBytes::new(py, &commands))
    }

    fn bars(&self, py: Python<'_>, interval_us: i64) -> PyResult<PyBars> {
        let bars = without_gil(py, || crate::bars::bars(&self.batch, interval_us));
        bars.map(PyBars).ok_or_else(|| PyValueError::new_err("an interval must be above 0"))
    }

    fn to_copy_binary<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let stream = without_gil(py, || copy_binary(&self.batch));
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
#[pyo3(signature = (data, *, keep_json=true))]
pub(super) fn parse_batch(data: &Bound<'_, PyAny>, keep_json: bool) -> PyResult<(PyQuoteBatch, Vec<PyReject>)> {
    let py = data.py();
    let json = if keep_json { Json::Kept } else { Json::Dropped };
    let sources = sources();
    let parsed = if let Ok(lines) = data.cast::<PyBytes>() {
        let lines = lines.as_bytes();
        without_gil(py, || parse_lines_with(lines, &sources, json))
    } else {
        let mut objects = Vec::new();
        for item in data.try_iter()? {
            objects.push(item?.cast_into::<PyBytes>()?);
        }
        let inputs: Vec<&[u8]> = objects.iter().map(|object| object.as_bytes()).collect();
        without_gil(py, || parse_each_with(&inputs, &sources, json))
    };
    let rejects = parsed.rejects.into_iter().map(PyReject).collect();
    Ok((PyQuoteBatch { batch: parsed.batch, unknown_keys: parsed.unknown_keys }, rejects))
}

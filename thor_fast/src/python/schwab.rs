//! Frames of Schwab's streamer.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use super::convert::{nanos, source, symbol};
use crate::schwab::fields::Service;
use crate::schwab::frame::Streamer;
use crate::schwab::quote::Subject;

/// An answer of the server: service, command, request id, code, message.
type Answer = (String, String, String, i64, String);

/// Reads the frames of one connection to Schwab's streamer and merges their deltas per symbol.
#[pyclass(name = "SchwabFrames", module = "thor_fast")]
pub(super) struct PySchwabFrames {
    streamer: Streamer,
}

/// What one frame held.
#[pyclass(frozen, get_all, name = "SchwabFrame", module = "thor_fast")]
pub(super) struct PySchwabFrame {
    symbols: Py<PyList>,
    candidates: Py<PyList>,
    responses: Vec<Answer>,
    heartbeat_ms: Option<i64>,
    unknown: Vec<String>,
    faults: Vec<String>,
}

#[pymethods]
impl PySchwabFrames {
    #[new]
    #[pyo3(signature = (source="SCHWAB"))]
    fn new(source: &str) -> PyResult<Self> {
        Ok(Self { streamer: Streamer::new(self::source(source)?) })
    }

    /// The numbers of the fields to ask a service for, as the request has them.
    #[staticmethod]
    fn fields(service: &str) -> PyResult<String> {
        let numbers = self::service(service)?.numbers();
        Ok(numbers.iter().map(u16::to_string).collect::<Vec<_>>().join(","))
    }

    /// A key of a service stands for this symbol from now on.
    #[pyo3(signature = (service, key, symbol, *, tick, precision=None, contract=None))]
    fn subscribe(
        &mut self,
        service: &str,
        key: &str,
        symbol: &str,
        tick: &Bound<'_, PyAny>,
        precision: Option<u8>,
        contract: Option<String>,
    ) -> PyResult<()> {
        let subject = Subject { symbol: self::symbol(symbol)?, precision, tick: nanos(tick, None)?, contract };
        self.streamer.subscribe(self::service(service)?, key, subject);
        Ok(())
    }

    /// The connection is gone, and with it what its deltas were merged to.
    fn forget(&mut self) {
        self.streamer.forget();
    }

    /// Reads one frame, received at that time in microseconds UTC.
    fn read(&mut self, py: Python<'_>, frame: &[u8], received_us: i64) -> PyResult<PySchwabFrame> {
        let text = std::str::from_utf8(frame).map_err(|_| {
            self.streamer.forget();
            PyValueError::new_err("the frame is no UTF-8")
        })?;
        let read = self.streamer.read(text, received_us).map_err(PyValueError::new_err)?;
        let symbols = PyList::empty(py);
        let candidates = PyList::empty(py);
        for (place, candidate) in &read.candidates {
            symbols.append(self.streamer.quote(*place).map(|quote| quote.symbol().as_str()))?;
            candidates.append(PyBytes::new(py, candidate))?;
        }
        let responses = read.responses.into_iter();
        Ok(PySchwabFrame {
            symbols: symbols.unbind(),
            candidates: candidates.unbind(),
            responses: responses
                .map(|answer| (answer.service, answer.command, answer.request_id, answer.code, answer.message))
                .collect(),
            heartbeat_ms: read.heartbeat_ms,
            unknown: read.unknown,
            faults: read.faults,
        })
    }
}

fn service(name: &str) -> PyResult<Service> {
    Service::from_name(name).ok_or_else(|| PyValueError::new_err(format!("not a service that is read: {name:?}")))
}

//! `QuoteEvent` and `parse_event`.

use std::cell::RefCell;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMapping};

use super::convert::{decimal, integer, nanos, raised};
use super::registry::{SeenSources, sources};
use crate::encode::{USUAL_JSON_BYTES, write_json};
use crate::error::ErrorCode;
use crate::event::{
    EventRef, FIELDS, Field, QuoteEvent, check_seq, check_size, check_source, check_symbol, check_text, check_ts,
};
use crate::latest::{each_field, event_from_fields};
use crate::meta::Meta;
use crate::parse::Reader;

/// Canonical quote event v1, frozen, hashable and equal by content.
#[pyclass(frozen, eq, hash, name = "QuoteEvent", module = "thor_fast")]
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct PyQuoteEvent(pub(super) QuoteEvent);

#[pymethods]
impl PyQuoteEvent {
    #[new]
    #[pyo3(signature = (
        *, symbol, ts_us, source, last=None, bid=None, ask=None, last_size=None, bid_size=None, ask_size=None,
        seq=None, condition=None, venue=None, meta=None
    ))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        symbol: &str,
        ts_us: &Bound<'_, PyAny>,
        source: &str,
        last: Option<&Bound<'_, PyAny>>,
        bid: Option<&Bound<'_, PyAny>>,
        ask: Option<&Bound<'_, PyAny>>,
        last_size: Option<&Bound<'_, PyAny>>,
        bid_size: Option<&Bound<'_, PyAny>>,
        ask_size: Option<&Bound<'_, PyAny>>,
        seq: Option<&Bound<'_, PyAny>>,
        condition: Option<&str>,
        venue: Option<&str>,
        meta: Option<&str>,
    ) -> PyResult<Self> {
        let price = |field, value: Option<&Bound<'_, PyAny>>| value.map(|value| nanos(value, Some(field))).transpose();
        let (last, bid, ask) = (price(Field::Last, last)?, price(Field::Bid, bid)?, price(Field::Ask, ask)?);
        let whole = |field, value: Option<&Bound<'_, PyAny>>| {
            value.map(|value| integer(value, field, ErrorCode::OutOfRange)).transpose()
        };
        let last_size = whole(Field::LastSize, last_size)?;
        let bid_size = whole(Field::BidSize, bid_size)?;
        let ask_size = whole(Field::AskSize, ask_size)?;
        let seq = whole(Field::Seq, seq)?;
        let ts_us = integer(ts_us, Field::Ts, ErrorCode::BadTimestamp)?;
        let build = || {
            let size = |field, value: Option<i64>| value.map(|value| check_size(field, value)).transpose();
            let text = |field, value: Option<&str>| {
                value.map(|value| check_text(field, value).map(|()| Arc::from(value))).transpose()
            };
            Ok(QuoteEvent {
                symbol: check_symbol(symbol)?,
                ts_us: check_ts(ts_us)?,
                source: check_source(source, &sources())?,
                last,
                bid,
                ask,
                last_size: size(Field::LastSize, last_size)?,
                bid_size: size(Field::BidSize, bid_size)?,
                ask_size: size(Field::AskSize, ask_size)?,
                seq: seq.map(check_seq).transpose()?,
                condition: text(Field::Condition, condition)?,
                venue: text(Field::Venue, venue)?,
                meta: meta.map(Meta::parse).transpose()?,
            })
        };
        build().map(Self).map_err(|error| raised(py, &error))
    }

    #[staticmethod]
    fn from_latest_fields(fields: &Bound<'_, PyMapping>) -> PyResult<Self> {
        let py = fields.py();
        let mut values: Vec<(&str, Bound<'_, PyBytes>)> = Vec::with_capacity(FIELDS.len());
        for spec in FIELDS {
            let name = PyBytes::new(py, spec.name.as_bytes());
            if fields.contains(&name)? {
                values.push((spec.name, fields.get_item(&name)?.cast_into::<PyBytes>()?));
            }
        }
        let get = |name: &str| values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_bytes());
        let event = event_from_fields(get, &sources()).map_err(|error| raised(py, &error))?;
        Ok(Self(event))
    }

    #[getter]
    fn symbol(&self) -> &str {
        self.0.symbol.as_str()
    }

    #[getter]
    fn ts_us(&self) -> i64 {
        self.0.ts_us
    }

    #[getter]
    fn source(&self) -> &str {
        self.0.source.as_str()
    }

    #[getter]
    fn last<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.last.map(|price| decimal(py, price)).transpose()
    }

    #[getter]
    fn bid<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.bid.map(|price| decimal(py, price)).transpose()
    }

    #[getter]
    fn ask<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.ask.map(|price| decimal(py, price)).transpose()
    }

    #[getter]
    fn last_size(&self) -> Option<i32> {
        self.0.last_size
    }

    #[getter]
    fn bid_size(&self) -> Option<i32> {
        self.0.bid_size
    }

    #[getter]
    fn ask_size(&self) -> Option<i32> {
        self.0.ask_size
    }

    #[getter]
    fn seq(&self) -> Option<i64> {
        self.0.seq
    }

    #[getter]
    fn condition(&self) -> Option<&str> {
        self.0.condition.as_deref()
    }

    #[getter]
    fn venue(&self) -> Option<&str> {
        self.0.venue.as_deref()
    }

    #[getter]
    fn meta(&self) -> Option<&str> {
        self.0.meta.as_ref().map(Meta::text)
    }

    fn to_json<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.json())
    }

    fn to_latest_fields<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        latest_fields(py, (&self.0).into())
    }

    fn __repr__(&self) -> String {
        format!("QuoteEvent({})", String::from_utf8_lossy(&self.json()))
    }
}

impl PyQuoteEvent {
    fn json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(USUAL_JSON_BYTES);
        write_json(&self.0, &mut out);
        out
    }
}

/// Name, value, name, value … of every field.
pub(super) fn latest_fields<'py>(py: Python<'py>, event: EventRef<'_>) -> Vec<Bound<'py, PyBytes>> {
    let mut flat = Vec::with_capacity(2 * FIELDS.len());
    each_field(event, |name, value| {
        flat.push(PyBytes::new(py, name.as_bytes()));
        flat.push(PyBytes::new(py, value));
    });
    flat
}

/// Reads one event, as strictly as the contract says. Raises `EventError`.
#[pyfunction]
pub(super) fn parse_event<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyQuoteEvent>> {
    thread_local! {
        /// What the thread's last events had in common, and the sources; a matter of speed alone.
        static READER: RefCell<(Reader, SeenSources)> = RefCell::default();
    }
    let made = |event| Bound::new(py, PyQuoteEvent(event));
    let parsed = READER.with(|reader| match reader.try_borrow_mut() {
        Ok(mut reader) => {
            let (reader, sources) = &mut *reader;
            reader.parse_to(data, sources.now(), made)
        }
        Err(_) => crate::parse::parse_event(data, &sources()).map(made),
    });
    parsed.unwrap_or_else(|error| Err(raised(py, &error)))
}

//! Compiled hours of a market and their readings, as Python sees them.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::convert;
use crate::timeline::{
    Bounds, Changes, FOREVER, GAP, GapNote, PHASES, Phase, Reading, SEVERAL, SLOT_S, Timeline, UNSURE,
};

/// Each phase's name with whether a market is open in it.
pub(super) fn market_phases(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let phases = PyDict::new(py);
    for (name, is_open) in PHASES {
        phases.set_item(name, is_open)?;
    }
    Ok(phases)
}

/// The hours of one market over some years, compiled: what it does at an instant takes no microsecond to tell.
#[pyclass(frozen, name = "MarketTimeline", module = "thor_fast")]
pub(super) struct PyMarketTimeline {
    timeline: Timeline,
    exceptions: Vec<Py<PyAny>>,
}

type Columns<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

#[pymethods]
impl PyMarketTimeline {
    #[classattr]
    const FOREVER: i64 = FOREVER;
    #[classattr]
    const GAP: u8 = GAP;
    #[classattr]
    const UNSURE: u8 = UNSURE;
    #[classattr]
    const SEVERAL: u16 = SEVERAL;
    #[classattr]
    const SLOT_S: i64 = SLOT_S;

    #[new]
    #[pyo3(signature = (changes, exceptions, gap_exceptions, *, day_base, span, verified))]
    fn new(
        changes: Columns<'_>,
        exceptions: &Bound<'_, PyAny>,
        gap_exceptions: &Bound<'_, PyAny>,
        day_base: i64,
        span: (i64, i64),
        verified: (i64, i64),
    ) -> PyResult<Self> {
        let (starts, codes, days, notes) = changes;
        let changes =
            Changes { starts: column(&starts)?, codes: column(&codes)?, days: column(&days)?, notes: column(&notes)? };
        let exceptions: Vec<Py<PyAny>> = convert::each(exceptions)?;
        let vouched =
            exceptions.iter().map(|exception| is_verified(exception.bind(starts.py()))).collect::<PyResult<_>>()?;
        let gap_notes = convert::each::<(u32, i64, i64, u16)>(gap_exceptions)?;
        let gap_notes =
            gap_notes.into_iter().map(|(change, start, end, note)| GapNote { change, start, end, note }).collect();
        let timeline = Timeline::new(changes, gap_notes, vouched, Bounds { span, verified, day_base })
            .map_err(PyValueError::new_err)?;
        Ok(Self { timeline, exceptions })
    }

    fn __len__(&self) -> usize {
        self.timeline.changes_held()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.timeline.nbytes()
    }

    #[getter]
    fn first(&self) -> i64 {
        self.timeline.span().0
    }

    #[getter]
    fn last(&self) -> i64 {
        self.timeline.span().1
    }

    #[getter]
    fn never_closes(&self) -> bool {
        self.timeline.never_closes()
    }

    #[pyo3(signature = (at, /))]
    fn reading(&self, py: Python<'_>, at: i64) -> PyResult<PyMarketReading> {
        let Some(reading) = self.timeline.reading(at) else {
            let (first, last) = self.timeline.span();
            return Err(PyValueError::new_err(format!("{at} lies outside of {first} to {last}")));
        };
        let exception = reading.note.and_then(|note| self.exceptions.get(usize::from(note)));
        Ok(PyMarketReading { reading, exception: exception.map(|exception| exception.clone_ref(py)) })
    }

    #[pyo3(signature = (start, end, /))]
    fn changes(&self, start: i64, end: i64) -> Vec<(i64, &'static str)> {
        self.timeline.changes(start, end).into_iter().map(|(at, phase)| (at, phase.name())).collect()
    }

    #[pyo3(signature = (day, /))]
    fn session(&self, day: i64) -> Option<(i64, i64, i64, i64)> {
        let session = self.timeline.session(day)?;
        Some((session.begins, session.ends, session.opens, session.closes))
    }

    #[pyo3(signature = (day, /))]
    fn ends_before(&self, day: i64) -> i64 {
        self.timeline.ends_before(day)
    }
}

/// What a market does over a span of instants, from `since` to before `valid_until`. Times are UTC seconds.
#[pyclass(frozen, name = "MarketReading", module = "thor_fast")]
pub(super) struct PyMarketReading {
    reading: Reading,
    #[pyo3(get)]
    exception: Option<Py<PyAny>>,
}

#[pymethods]
impl PyMarketReading {
    #[getter]
    fn phase(&self) -> &'static str {
        self.reading.phase.name()
    }

    #[getter]
    fn is_open(&self) -> bool {
        self.reading.phase.is_open()
    }

    #[getter]
    fn since(&self) -> i64 {
        self.reading.since
    }

    #[getter]
    fn valid_until(&self) -> i64 {
        self.reading.valid_until
    }

    #[getter]
    fn next_transition(&self) -> Option<i64> {
        self.reading.next_transition
    }

    #[getter]
    fn next_phase_at(&self) -> Option<i64> {
        self.reading.next_phase.map(|(at, _)| at)
    }

    #[getter]
    fn next_phase(&self) -> Option<&'static str> {
        self.reading.next_phase.map(|(_, phase)| phase.name())
    }

    #[getter]
    fn trade_day(&self) -> i64 {
        self.reading.day
    }

    #[getter]
    fn verified(&self) -> bool {
        self.reading.verified
    }

    #[pyo3(signature = (phase, *, valid_until, next_transition, next_phase))]
    fn overlaid(
        &self,
        py: Python<'_>,
        phase: &str,
        valid_until: i64,
        next_transition: Option<i64>,
        next_phase: Option<(i64, String)>,
    ) -> PyResult<Self> {
        let next_phase = next_phase.map(|(at, name)| named(&name).map(|phase| (at, phase))).transpose()?;
        let reading = Reading { phase: named(phase)?, valid_until, next_transition, next_phase, ..self.reading };
        Ok(Self { reading, exception: self.exception.as_ref().map(|exception| exception.clone_ref(py)) })
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| {
            let other = other.get();
            let same = match (&self.exception, &other.exception) {
                (Some(one), Some(other)) => one.is(other),
                (one, other) => one.is_none() && other.is_none(),
            };
            same && self.reading.note.is_some() == other.reading.note.is_some()
                && Reading { note: None, ..self.reading } == Reading { note: None, ..other.reading }
        })
    }

    fn __repr__(&self) -> String {
        let Reading { phase, since, valid_until, .. } = self.reading;
        format!("MarketReading({}, since={since}, valid_until={valid_until})", phase.name())
    }
}

fn named(name: &str) -> PyResult<Phase> {
    Phase::named(name).ok_or_else(|| PyValueError::new_err(format!("there is no phase {name:?}")))
}

fn is_verified(exception: &Bound<'_, PyAny>) -> PyResult<bool> {
    exception.getattr("verified")?.extract()
}

/// A copy of a buffer's values.
fn column<T: Element>(values: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    PyBuffer::<T>::get(values)?.to_vec(values.py())
}

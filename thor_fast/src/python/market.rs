//! `Enricher` and the rules it is configured with.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyDict};

use super::batch::PyQuoteBatch;
use super::convert::{decimal, nanos, symbol};
use super::event::PyQuoteEvent;
use super::registry::display;
use super::snapshot::PyRecords;
use super::without_gil;
use crate::batch::QuoteBatch;
use crate::classify::{Signal, Thresholds};
use crate::event::EventRef;
use crate::market::candles::{Candle, INTERVALS};
use crate::market::composite::Bounds;
use crate::market::grading::{Grade, MEASURES};
use crate::market::recording::{Recording, SessionRow, Transition};
use crate::market::rules::{Ladder, Rules};
use crate::market::session::Span;
use crate::market::{History, Market, Position};
use crate::snapshot::Records;

/// Bytes of a usual record, to reserve room by.
const USUAL_RECORD_BYTES: usize = 2_048;
const USUAL_BAR_BYTES: usize = 192;

/// Two numbers of 64 bits and what stands between them.
const MOST_ID_BYTES: usize = 41;

/// One instrument as the enricher needs it. Without a ladder it has no signal. Raises `ValueError`.
#[pyclass(frozen, name = "InstrumentRules", module = "thor_fast")]
pub(super) struct PyInstrumentRules(Rules);

/// What the five signals of an instrument stand for, in `unit` (in points), and its part in the composite.
#[pyclass(frozen, name = "SignalLadder", module = "thor_fast")]
pub(super) struct PySignalLadder(Ladder);

#[pymethods]
impl PySignalLadder {
    #[new]
    #[pyo3(signature = (*, strong_buy, buy, hold, sell, strong_sell, unit, weight, inverse))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        strong_buy: &Bound<'_, PyAny>,
        buy: &Bound<'_, PyAny>,
        hold: &Bound<'_, PyAny>,
        sell: &Bound<'_, PyAny>,
        strong_sell: &Bound<'_, PyAny>,
        unit: &Bound<'_, PyAny>,
        weight: &Bound<'_, PyAny>,
        inverse: bool,
    ) -> PyResult<Self> {
        let values = [
            nanos(strong_buy, None)?,
            nanos(buy, None)?,
            nanos(hold, None)?,
            nanos(sell, None)?,
            nanos(strong_sell, None)?,
        ];
        let (unit, weight) = (nanos(unit, None)?, nanos(weight, None)?);
        let [strong_buy, buy, hold, sell, strong_sell] = values;
        if !(strong_buy > buy && buy >= hold && hold >= sell && sell > strong_sell && buy > sell) {
            return Err(PyValueError::new_err("stat values must fall from strong_buy to strong_sell"));
        }
        if unit <= 0 {
            return Err(PyValueError::new_err("unit must be above 0"));
        }
        if weight < 0 && !inverse {
            return Err(PyValueError::new_err("weight must not be below 0 unless the instrument is inverse"));
        }
        let points = |value: i64| crate::market::derived::product(value, unit);
        let thresholds = points(strong_buy)
            .zip(points(buy))
            .zip(points(sell).zip(points(strong_sell)))
            .and_then(|((strong_buy, buy), (sell, strong_sell))| Thresholds::new(strong_buy, buy, sell, strong_sell))
            .ok_or_else(|| PyValueError::new_err("stat values in points must be below 9.2 billion"))?;
        Ok(Self(Ladder { thresholds, values, weight: weight.saturating_abs(), inverse }))
    }

    fn classify<'py>(
        &self,
        py: Python<'py>,
        change: &Bound<'py, PyAny>,
    ) -> PyResult<(&'static str, Bound<'py, PyAny>, Bound<'py, PyAny>, i64)> {
        let it = self.0.classify(nanos(change, None)?);
        Ok((it.signal.as_str(), decimal(py, it.stat_value)?, decimal(py, it.weight)?, it.signal_weight))
    }
}

#[pymethods]
impl PyInstrumentRules {
    #[new]
    #[pyo3(signature = (symbol, *, market, display, tick, tick_value, multiplier, target=None, ladder=None))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        symbol: &str,
        market: &str,
        display: &Bound<'_, PyAny>,
        tick: &Bound<'_, PyAny>,
        tick_value: &Bound<'_, PyAny>,
        multiplier: &Bound<'_, PyAny>,
        target: Option<&Bound<'_, PyAny>>,
        ladder: Option<PyRef<'_, PySignalLadder>>,
    ) -> PyResult<Self> {
        let tick = nanos(tick, None)?;
        if tick <= 0 {
            return Err(PyValueError::new_err("tick must be above 0"));
        }
        Ok(Self(Rules {
            symbol: super::convert::symbol(symbol)?,
            market: market.into(),
            display: self::display(display)?,
            tick,
            tick_value: nanos(tick_value, None)?,
            multiplier: nanos(multiplier, None)?,
            target: target.map(|target| nanos(target, None)).transpose()?.filter(|target| *target > 0),
            ladder: ladder.map(|ladder| ladder.0),
        }))
    }
}

/// The boundaries of the composite's class, falling, and the share of live symbols that a strong class needs.
#[pyclass(frozen, name = "CompositeBounds", module = "thor_fast")]
pub(super) struct PyCompositeBounds(pub(super) Bounds);

#[pymethods]
impl PyCompositeBounds {
    #[new]
    #[pyo3(signature = (*, strong_buy, buy, sell, strong_sell, min_live_share))]
    fn new(
        strong_buy: &Bound<'_, PyAny>,
        buy: &Bound<'_, PyAny>,
        sell: &Bound<'_, PyAny>,
        strong_sell: &Bound<'_, PyAny>,
        min_live_share: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let bounds = Bounds {
            strong_buy: nanos(strong_buy, None)?,
            buy: nanos(buy, None)?,
            sell: nanos(sell, None)?,
            strong_sell: nanos(strong_sell, None)?,
            min_live_share: nanos(min_live_share, None)?,
        };
        let falls = bounds.strong_buy > bounds.buy && bounds.buy >= bounds.sell && bounds.sell > bounds.strong_sell;
        if !falls {
            return Err(PyValueError::new_err("bounds must fall from strong_buy to strong_sell"));
        }
        if !(0..=crate::price::ONE).contains(&bounds.min_live_share) {
            return Err(PyValueError::new_err("min_live_share must be between 0 and 1"));
        }
        Ok(Self(bounds))
    }
}

/// Turns merged events into records, and keeps what the records say of the session and the composite.
#[pyclass(frozen, name = "Enricher", module = "thor_fast")]
pub(super) struct PyEnricher {
    market: Mutex<Market>,
    sessions: Py<PyAny>,
}

/// A stream id's numbers.
pub(super) fn position(id: &str) -> PyResult<Position> {
    let read = || {
        let (ms, number) = id.split_once('-').filter(|_| id.len() <= MOST_ID_BYTES)?;
        Some((whole(ms).filter(|ms| *ms < i64::MAX)?, whole(number)?))
    };
    read().ok_or_else(|| PyValueError::new_err(format!("an id must be that of a stream's entry, was {id:?}")))
}

/// The number that these digits are, or the greatest there is; None where they are none.
fn whole(digits: &str) -> Option<i64> {
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0_i64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| number.saturating_mul(10).saturating_add(i64::from(digit)))
    })
}

impl PyEnricher {
    fn market(&self) -> MutexGuard<'_, Market> {
        self.market.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for the trade date of an instant; the lock must not be held, for Python is called.
    fn learn(&self, py: Python<'_>, market: &str, at_us: i64) -> PyResult<()> {
        let answer = self.sessions.bind(py).call1((market, at_us))?;
        let (day, start_us, opens_us, end_us): (i64, i64, i64, i64) = answer.extract()?;
        let span = Span { day, start_us, opens_us, end_us };
        if !span.holds(at_us) {
            return Err(PyValueError::new_err(format!("the trade date of {market} at {at_us} must hold that instant")));
        }
        self.market().add_span(market, span);
        Ok(())
    }

    fn cover(&self, py: Python<'_>, event: &EventRef<'_>, position: Position) -> PyResult<()> {
        let asked = self.market().uncovered(event, position).map(|(market, at_us)| (market.to_owned(), at_us));
        asked.map_or(Ok(()), |(market, at_us)| self.learn(py, &market, at_us))
    }

    /// Has the market take these events in; before one whose trade date is not known yet it is asked for.
    fn take(
        &self,
        py: Python<'_>,
        incoming: &Incoming<'_>,
        mut take: impl FnMut(&mut Market, &EventRef<'_>, &str, Position) + Send,
    ) -> PyResult<()> {
        let (mut next, mut covered) = (0, 0);
        loop {
            let asked = without_gil(py, || {
                let mut market = self.market();
                while let Some((event, id, position)) = incoming.get(next) {
                    if next >= covered
                        && let Some((name, at_us)) = market.uncovered(&event, position)
                    {
                        return Some((name.to_owned(), at_us));
                    }
                    take(&mut market, &event, id, position);
                    next += 1;
                }
                None
            });
            let Some((market, at_us)) = asked else { return Ok(()) };
            self.learn(py, &market, at_us)?;
            covered = next + 1;
        }
    }
}

/// Events with the ids of their entries.
struct Incoming<'a> {
    batch: &'a QuoteBatch,
    ids: &'a [PyBackedStr],
    positions: Vec<Position>,
}

impl<'a> Incoming<'a> {
    fn of(batch: &'a QuoteBatch, ids: &'a [PyBackedStr]) -> PyResult<Self> {
        if ids.len() != batch.len() {
            return Err(PyValueError::new_err(format!("{} events need as many ids, had {}", batch.len(), ids.len())));
        }
        let positions = ids.iter().map(|id| position(id)).collect::<PyResult<Vec<_>>>()?;
        Ok(Self { batch, ids, positions })
    }

    fn get(&self, row: usize) -> Option<(EventRef<'a>, &'a str, Position)> {
        Some((self.batch.get(row)?, self.ids.get(row)?, *self.positions.get(row)?))
    }
}

#[pymethods]
impl PyEnricher {
    #[new]
    #[pyo3(signature = (sessions, *, stale_after_ms=5_000, recording=false))]
    fn new(sessions: Py<PyAny>, stale_after_ms: i64, recording: bool) -> Self {
        Self { market: Mutex::new(Market::new(stale_after_ms, recording)), sessions }
    }

    fn configure(
        &self,
        version: i64,
        instruments: Vec<PyRef<'_, PyInstrumentRules>>,
        bounds: PyRef<'_, PyCompositeBounds>,
    ) {
        let rules = instruments.iter().map(|rules| rules.0.clone()).collect();
        self.market().configure(version, rules, bounds.0);
    }

    #[getter]
    fn version(&self) -> i64 {
        self.market().version()
    }

    #[getter]
    fn position(&self) -> String {
        let (ms, number) = self.market().position();
        format!("{ms}-{number}")
    }

    fn forget_sessions(&self) {
        self.market().forget_spans();
    }

    #[pyo3(signature = (symbol, *, high, high_day, low, low_day))]
    fn set_history(
        &self,
        symbol: &str,
        high: &Bound<'_, PyAny>,
        high_day: i64,
        low: &Bound<'_, PyAny>,
        low_day: i64,
    ) -> PyResult<()> {
        let history = History { high: (nanos(high, None)?, high_day), low: (nanos(low, None)?, low_day) };
        self.market().set_history(super::convert::symbol(symbol)?, Some(history));
        Ok(())
    }

    fn record<'py>(
        &self,
        py: Python<'py>,
        event: PyRef<'py, PyQuoteEvent>,
        entry_id: &str,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let (position, event) = (position(entry_id)?, event.0.view());
        self.cover(py, &event, position)?;
        let mut out = Vec::with_capacity(USUAL_RECORD_BYTES);
        self.market().record(&event, entry_id, position, &mut out);
        Ok(PyBytes::new(py, &out))
    }

    fn records(&self, py: Python<'_>, batch: PyRef<'_, PyQuoteBatch>, ids: Vec<PyBackedStr>) -> PyResult<PyRecords> {
        let incoming = Incoming::of(&batch.batch, &ids)?;
        let mut records = Records::with_capacity(ids.len(), USUAL_RECORD_BYTES);
        self.take(py, &incoming, |market, event, id, position| {
            records.push(|out| market.record(event, id, position, out));
        })?;
        Ok(PyRecords(records))
    }

    fn observe(&self, py: Python<'_>, batch: PyRef<'_, PyQuoteBatch>, ids: Vec<PyBackedStr>) -> PyResult<()> {
        let incoming = Incoming::of(&batch.batch, &ids)?;
        self.take(py, &incoming, |market, event, _, position| market.observe(event, position))
    }

    fn observe_bars<'py>(
        &self,
        py: Python<'py>,
        batch: PyRef<'py, PyQuoteBatch>,
        ids: Vec<PyBackedStr>,
    ) -> PyResult<Vec<Vec<Bound<'py, PyBytes>>>> {
        let incoming = Incoming::of(&batch.batch, &ids)?;
        let mut bars = Records::with_capacity(ids.len() * INTERVALS.len(), USUAL_BAR_BYTES);
        self.take(py, &incoming, |market, event, _, position| {
            market.observe(event, position);
            for interval in 0..INTERVALS.len() {
                bars.push(|out| market.write_live_bar(event.symbol, interval, out));
            }
        })?;
        let bytes: Vec<_> = bars.iter().map(|bar| PyBytes::new(py, bar)).collect();
        Ok(bytes.chunks(INTERVALS.len()).map(<[_]>::to_vec).collect())
    }

    fn total<'py>(&self, py: Python<'py>, now_ms: i64) -> Bound<'py, PyBytes> {
        let mut out = Vec::with_capacity(USUAL_RECORD_BYTES);
        self.market().write_total(now_ms, &mut out);
        PyBytes::new(py, &out)
    }

    fn bars<'py>(&self, py: Python<'py>, symbol: &str) -> PyResult<Vec<(&'static str, BarRow<'py>)>> {
        let bars = self.market().bars(&self::symbol(symbol)?).map(|tracker| tracker.bars).unwrap_or_default();
        let named = INTERVALS.iter().zip(bars).filter_map(|((name, _), bar)| Some((*name, bar?)));
        named.map(|(name, bar)| Ok((name, bar_row(py, &bar)?))).collect()
    }

    fn drain<'py>(&self, py: Python<'py>) -> PyResult<PyRecording<'py>> {
        let (recording, open) = {
            let mut market = self.market();
            let recording = market.drain();
            let open = recording.touched.iter().filter_map(|symbol| {
                let tracker = market.bars(symbol)?;
                let (mock, contract, session) = (tracker.mock, tracker.contract, tracker.session);
                Some(SessionRow { symbol: *symbol, mock, contract, session })
            });
            let open: Vec<SessionRow> = open.collect();
            (recording, open)
        };
        PyRecording::of(py, &recording, &open)
    }

    fn export_state<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.market().export())
    }

    fn import_state(&self, state: &[u8]) -> PyResult<()> {
        if self.market().import(state) {
            return Ok(());
        }
        Err(PyValueError::new_err("not a state that export_state wrote"))
    }
}

/// start_us, open, high, low, close, volume, events, opened (ts and seq), closed (ts and seq).
type BarRow<'py> =
    (i64, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, i64, i64, (i64, i64), (i64, i64));

fn bar_row<'py>(py: Python<'py>, bar: &Candle) -> PyResult<BarRow<'py>> {
    Ok((
        bar.start_us,
        decimal(py, bar.open)?,
        decimal(py, bar.high)?,
        decimal(py, bar.low)?,
        decimal(py, bar.close)?,
        bar.volume,
        bar.events,
        bar.opened,
        bar.closed,
    ))
}

/// What an enricher that records has to tell since the last time: a dict of lists.
#[derive(IntoPyObject)]
pub(super) struct PyRecording<'py> {
    bars: Vec<(String, bool, &'static str, BarRow<'py>)>,
    transitions: Vec<Bound<'py, PyAny>>,
    sessions: Vec<Bound<'py, PyAny>>,
    rolls: Vec<(String, String, String, i64)>,
    grades: Vec<Bound<'py, PyAny>>,
}

impl<'py> PyRecording<'py> {
    fn of(py: Python<'py>, recording: &Recording, open: &[SessionRow]) -> PyResult<Self> {
        let bars = recording.bars.iter().map(|((symbol, mock, interval, _), bar)| {
            let name = INTERVALS.get(*interval).map_or("", |(name, _)| name);
            Ok((symbol.to_string(), *mock, name, bar_row(py, bar)?))
        });
        let rolls = recording.rolls.iter();
        let sessions = recording.ended.iter().chain(open);
        Ok(Self {
            bars: bars.collect::<PyResult<_>>()?,
            transitions: recording.transitions.iter().map(|it| transition(py, it)).collect::<PyResult<_>>()?,
            sessions: sessions.map(|it| session(py, it)).collect::<PyResult<_>>()?,
            rolls: rolls
                .map(|(symbol, roll)| (symbol.to_string(), roll.from.to_string(), roll.to.to_string(), roll.at_us))
                .collect(),
            grades: recording.grades.iter().map(|it| grade(py, it)).collect::<PyResult<_>>()?,
        })
    }
}

fn optional<'py>(py: Python<'py>, price: Option<i64>) -> PyResult<Option<Bound<'py, PyAny>>> {
    price.map(|price| decimal(py, price)).transpose()
}

fn transition<'py>(py: Python<'py>, it: &Transition) -> PyResult<Bound<'py, PyAny>> {
    let moment = &it.moment;
    let [last, bid, ask] = moment.prices;
    let fields = PyDict::new(py);
    fields.set_item("symbol", it.symbol.as_str())?;
    fields.set_item("ts_us", moment.ts_us)?;
    fields.set_item("position", moment.position)?;
    fields.set_item("signal", it.signal.as_str())?;
    fields.set_item("previous", it.previous.map(Signal::as_str))?;
    fields.set_item("change", optional(py, it.change)?)?;
    fields.set_item("last", optional(py, last)?)?;
    fields.set_item("bid", optional(py, bid)?)?;
    fields.set_item("ask", optional(py, ask)?)?;
    fields.set_item("stat_value", decimal(py, it.stat_value)?)?;
    fields.set_item("weight", decimal(py, it.weight)?)?;
    fields.set_item("signal_weight", it.signal_weight)?;
    fields.set_item("source", moment.source.as_str())?;
    fields.set_item("contract", moment.contract.map(|contract| contract.to_string()))?;
    fields.set_item("day", moment.day)?;
    fields.set_item("version", moment.version)?;
    Ok(fields.into_any())
}

fn grade<'py>(py: Python<'py>, it: &Grade) -> PyResult<Bound<'py, PyAny>> {
    let fields = PyDict::new(py);
    fields.set_item("symbol", it.symbol.as_str())?;
    fields.set_item("position", it.position)?;
    fields.set_item("measure", MEASURES.get(it.measure).map_or("", |(name, _)| name))?;
    fields.set_item("traded", it.traded.as_str())?;
    fields.set_item("entered_us", it.entered_us)?;
    fields.set_item("entry", decimal(py, it.entry)?)?;
    fields.set_item("graded_us", it.graded_us)?;
    fields.set_item("exit", decimal(py, it.exit)?)?;
    fields.set_item("gain", decimal(py, it.gain)?)?;
    fields.set_item("outcome", it.outcome.as_str())?;
    Ok(fields.into_any())
}

fn session<'py>(py: Python<'py>, row: &SessionRow) -> PyResult<Bound<'py, PyAny>> {
    let it = &row.session;
    let fields = PyDict::new(py);
    fields.set_item("symbol", row.symbol.as_str())?;
    fields.set_item("mock", row.mock)?;
    fields.set_item("contract", row.contract.map(|contract| contract.to_string()))?;
    fields.set_item("day", it.span.day)?;
    fields.set_item("since_us", it.since_us)?;
    fields.set_item("open", optional(py, it.open)?)?;
    fields.set_item("high", optional(py, it.high)?)?;
    fields.set_item("low", optional(py, it.low)?)?;
    fields.set_item("close", optional(py, it.close)?)?;
    fields.set_item("volume", it.volume)?;
    fields.set_item("vwap", optional(py, it.vwap)?)?;
    Ok(fields.into_any())
}

//! The market as a trader sees it: signals, the composite, what follows from each quote, sessions and bars.
//!
//! [`Market`] takes every merged event in once, in the order of the stream, and answers with the record of an event.
//! What a record says of the quote itself depends on the event and the configuration alone; what it says of the
//! session is as of the newest event. Time, calendars and configuration are arguments.

pub mod candles;
pub mod codec;
pub mod composite;
pub mod derived;
pub mod figures;
pub mod grading;
pub mod record;
pub mod recording;
pub mod rules;
pub mod session;
mod short;
mod slate;
pub mod windows;

use crate::classify::Signal;
use crate::columns::Interner;
use crate::event::EventRef;
use crate::market::codec::{Codec, Reader, Writer};
use crate::market::composite::{Bounds, Composite, Part};
use crate::market::derived::Derived;
use crate::market::figures::Figures;
use crate::market::grading::Grader;
use crate::market::record::{Kept, Settings};
use crate::market::recording::{Moment, Recording};
use crate::market::rules::{Classified, Rules};
use crate::market::session::{Span, Tracker};
use crate::market::slate::Slate;
use crate::symbol::Symbol;

/// The name under which the composite's own signal is recorded.
pub const TOTAL: &str = "TOTAL";
/// What the composite's signal is graded by.
pub const TOTAL_TRADES: &str = "YM";
/// Mark of the exported form, and its version.
const FORM: i64 = 0x7468_6f72_0001;
/// An event that is this much older than its arrival was recorded: it is a replay, not the market.
pub const RECORDED_AFTER_MS: i64 = 60_000;

/// A stream id: milliseconds and the number within them.
pub type Position = (i64, i64);

/// The greatest and the least price of 52 weeks by our own trade dates, with their days since 1970-01-01.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// The greatest price and its day.
    pub high: (i64, i64),
    /// The least price and its day.
    pub low: (i64, i64),
}

/// One symbol.
#[derive(Clone, Debug)]
struct Entry {
    symbol: Symbol,
    rules: Option<Rules>,
    calendar: Option<usize>,
    position: Position,
    live: bool,
    classified: Option<Classified>,
    /// Steps of the last signal that was recorded.
    recorded: Option<i64>,
    tracker: Tracker,
    history: Option<History>,
    kept: Kept,
}

impl Entry {
    fn new(symbol: Symbol) -> Self {
        Self {
            symbol,
            rules: None,
            calendar: None,
            position: (0, 0),
            live: false,
            classified: None,
            recorded: None,
            tracker: Tracker::default(),
            history: None,
            kept: Kept::default(),
        }
    }
}

/// The trade dates of one market, by start.
#[derive(Clone, Debug)]
struct Calendar {
    market: Box<str>,
    spans: Vec<Span>,
}

impl Calendar {
    fn find(&self, at_us: i64) -> Option<Span> {
        let after = self.spans.partition_point(|span| span.start_us <= at_us);
        self.spans.get(after.checked_sub(1)?).copied().filter(|span| span.holds(at_us))
    }
}

/// A market and what has been seen of it.
#[derive(Clone, Debug)]
pub struct Market {
    version: i64,
    stale_after_ms: i64,
    bounds: Bounds,
    entries: Vec<Entry>,
    /// Symbols by the place of their entry.
    index: Interner<32>,
    /// The entries of the composite in display order.
    expected: Vec<usize>,
    calendars: Vec<Calendar>,
    position: Position,
    recorded_total: Option<i64>,
    grader: Grader,
    recording: Option<Recording>,
    slate: Slate,
}

/// All that follows from an event, as the record tells it.
pub(crate) struct Seen<'a> {
    figures: Figures,
    derived: Derived,
    classified: Option<Classified>,
    rules: Option<&'a Rules>,
    /// The symbol's state as it is now: after the event, and after those that have followed it.
    tracker: Option<&'a Tracker>,
    history: Option<&'a History>,
    /// The tracker's, which takes a division.
    half_hour_average: Option<i64>,
}

impl Market {
    /// A market of which nothing is known. A quote older than `stale_after_ms` is not live.
    #[must_use]
    pub fn new(stale_after_ms: i64, recording: bool) -> Self {
        let bounds = Bounds { strong_buy: 0, buy: 0, sell: 0, strong_sell: 0, min_live_share: 0 };
        Self {
            version: 0,
            stale_after_ms,
            bounds,
            entries: Vec::new(),
            index: Interner::default(),
            expected: Vec::new(),
            calendars: Vec::new(),
            position: (0, 0),
            recorded_total: None,
            grader: Grader::default(),
            recording: recording.then(Recording::default),
            slate: Slate::default(),
        }
    }

    /// Takes a configuration over in place of the one before; what was seen stays.
    ///
    /// The signals of quotes that are there already are those of the old one until their next event.
    pub fn configure(&mut self, version: i64, instruments: Vec<Rules>, bounds: Bounds) {
        (self.version, self.bounds) = (version, bounds);
        for entry in &mut self.entries {
            (entry.rules, entry.kept) = (None, Kept::default());
        }
        self.expected.clear();
        for rules in instruments {
            let calendar = self.calendar_of(&rules.market);
            let place = self.entry_of(rules.symbol);
            if rules.ladder.is_some() {
                self.expected.push(place);
            }
            if let Some(entry) = self.entries.get_mut(place) {
                (entry.calendar, entry.rules) = (Some(calendar), Some(rules));
            }
        }
    }

    /// The version of the configuration.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// Tells of a trade date of a market.
    pub fn add_span(&mut self, market: &str, span: Span) {
        let place = self.calendar_of(market);
        if let Some(calendar) = self.calendars.get_mut(place) {
            let at = calendar.spans.partition_point(|known| known.start_us < span.start_us);
            match calendar.spans.get_mut(at) {
                Some(known) if known.start_us == span.start_us => *known = span,
                _ => calendar.spans.insert(at, span),
            }
        }
    }

    /// Forgets every trade date, for a calendar that has changed; the sessions that have begun go on.
    pub fn forget_spans(&mut self) {
        self.calendars.iter_mut().for_each(|calendar| calendar.spans.clear());
    }

    /// The market and the instant whose trade date must be told before this event can be taken in.
    #[must_use]
    pub fn uncovered(&mut self, event: &EventRef<'_>, position: Position) -> Option<(&str, i64)> {
        // The place is remembered for when the event is taken in.
        let entry = self.entries.get(self.index.find(event.symbol.as_bytes())? as usize)?;
        let at_us = happened(event, position);
        if entry.tracker.session.span.holds(at_us) {
            return None;
        }
        let calendar = self.calendars.get(entry.calendar?)?;
        calendar.find(at_us).is_none().then_some((&*calendar.market, at_us))
    }

    /// Sets the 52 weeks of a symbol by our own trade dates.
    pub fn set_history(&mut self, symbol: Symbol, history: Option<History>) {
        let place = self.entry_of(symbol);
        if let Some(entry) = self.entries.get_mut(place) {
            entry.history = history;
        }
    }

    /// Takes an event in and writes its record; one that is older than the newest of its symbol only has its record.
    /// The newest one may come again after a new configuration, whose signal it then has.
    pub fn record(&mut self, event: &EventRef<'_>, id: &str, position: Position, out: &mut Vec<u8>) {
        let (place, sight) = self.see(event, position);
        let Some(Entry { rules, tracker, history, kept, .. }) = self.entries.get_mut(place) else { return };
        let seen = Seen {
            rules: rules.as_ref(),
            half_hour_average: tracker.half_hour_average(),
            tracker: Some(tracker),
            history: history.as_ref(),
            figures: sight.figures,
            derived: sight.derived,
            classified: sight.classified,
        };
        let settings = Settings { version: self.version, stale_after_ms: self.stale_after_ms };
        record::write(event, id, position, &seen, settings, (kept, &mut self.slate, out));
    }

    /// Takes an event in.
    pub fn observe(&mut self, event: &EventRef<'_>, position: Position) {
        self.see(event, position);
    }

    fn see(&mut self, event: &EventRef<'_>, position: Position) -> (usize, Sight) {
        let place = self.entry_of(*event.symbol);
        let figures = Figures::read(event.meta.map(|meta| meta.text));
        let derived = Derived::of(event, &figures);
        let mut sight = Sight { figures, derived, classified: None };
        let Some(entry) = self.entries.get_mut(place) else { return (place, sight) };
        let ladder = entry.rules.as_ref().and_then(|rules| rules.ladder);
        sight.classified = ladder.zip(derived.change).map(|(ladder, change)| ladder.classify(change));
        if position <= entry.position {
            if position == entry.position {
                sight.classified = sight.classified.filter(|_| !entry.tracker.is_rolling());
                entry.classified = sight.classified;
            }
            return (place, sight);
        }
        entry.position = position;
        let at_us = happened(event, position);
        let calendar = entry.calendar.and_then(|calendar| self.calendars.get(calendar));
        let known = entry.tracker.session.span;
        let span = match calendar {
            _ if known.holds(at_us) => Some(known),
            Some(calendar) => calendar.find(at_us),
            None => Some(Span::of_utc_day(at_us)),
        };
        if let Some(span) = span {
            let mock = event.source.as_bytes() == b"MOCK";
            let step = entry.tracker.observe(event, &figures, at_us, span, mock);
            if let Some(recording) = &mut self.recording {
                recording.note_step(entry.symbol, &step, &entry.tracker);
            }
        }
        if entry.tracker.is_rolling() {
            sight.classified = None;
        }
        entry.classified = sight.classified;
        entry.live = !figures.delayed && !figures.stale;
        self.position = self.position.max(position);
        if let Some(recording) = &mut self.recording {
            self.grader.quote(event, at_us, &mut recording.grades);
            self.note_signals(place, event, position, &sight);
        }
        (place, sight)
    }

    /// Records the signal of an event where it is another than the last one, and the composite's likewise.
    fn note_signals(&mut self, place: usize, event: &EventRef<'_>, position: Position, sight: &Sight) {
        let total = self.total(position.0);
        let version = self.version;
        let (Some(entry), Some(recording)) = (self.entries.get_mut(place), &mut self.recording) else { return };
        if entry.tracker.is_rolling() {
            entry.recorded = None;
        }
        let moment = Moment::of(event, position, &entry.tracker, version);
        let ends_us = entry.tracker.session.span.end_us;
        let mut made = Vec::new();
        if let Some(it) = sight.classified
            && entry.recorded != Some(it.signal.steps())
        {
            recording.transitions.push(moment.transition(entry.symbol, &it, entry.recorded, sight.derived.change));
            entry.recorded = Some(it.signal.steps());
            made.push((entry.symbol, entry.symbol, it.signal));
        }
        if let Some(signal) = total.signal
            && self.recorded_total != Some(signal.steps())
            && let Some(symbol) = Symbol::new(TOTAL)
        {
            recording.transitions.push(moment.total(symbol, signal, &total, self.recorded_total));
            self.recorded_total = Some(signal.steps());
            made.extend(Symbol::new(TOTAL_TRADES).map(|traded| (symbol, traded, signal)));
        }
        for (symbol, traded, signal) in made.into_iter().filter(|(.., signal)| *signal != Signal::Hold) {
            let target = self.target_of(&traded);
            self.grader.enter((symbol, position), traded, signal.steps() > 0, target, ends_us);
        }
    }

    fn target_of(&self, symbol: &Symbol) -> Option<i64> {
        self.entry(symbol)?.rules.as_ref()?.target
    }

    /// The composite at an instant.
    #[must_use]
    pub fn total(&self, now_ms: i64) -> Composite {
        Composite::of(&self.parts(now_ms), &self.bounds)
    }

    /// Writes the composite's row at an instant.
    pub fn write_total(&mut self, now_ms: i64, out: &mut Vec<u8>) {
        let parts = self.parts(now_ms);
        let composite = Composite::of(&parts, &self.bounds);
        record::write_total(&composite, &parts, (now_ms, self.version), (&mut self.slate, out));
    }

    fn parts(&self, now_ms: i64) -> Vec<Part> {
        let fresh = |entry: &Entry| entry.live && now_ms.saturating_sub(entry.position.0) <= self.stale_after_ms;
        let part = |entry: &Entry| Part { symbol: entry.symbol, classified: entry.classified, live: fresh(entry) };
        self.expected.iter().filter_map(|place| self.entries.get(*place)).map(part).collect()
    }

    /// The newest bars of a symbol by interval, the trade date last.
    #[must_use]
    pub fn bars(&self, symbol: &Symbol) -> Option<&Tracker> {
        self.entry(symbol).map(|entry| &entry.tracker)
    }

    /// Writes the newest bar of a symbol and an interval, by its number, as a JSON object; nothing where there is none.
    pub fn write_live_bar(&mut self, symbol: &Symbol, interval: usize, out: &mut Vec<u8>) {
        let place = self.index.find(symbol.as_bytes()).map(|place| place as usize);
        if let Some(entry) = place.and_then(|place| self.entries.get(place)) {
            record::write_live_bar(symbol, &entry.tracker, interval, (&mut self.slate, out));
        }
    }

    /// What has been recorded since the last call.
    pub fn drain(&mut self) -> Recording {
        self.recording.as_mut().map(Recording::drain).unwrap_or_default()
    }

    /// The newest event that has been taken in.
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }

    /// What has been seen, for [`Market::import`]; not the configuration, the calendar or what waits to be drained.
    #[must_use]
    pub fn export(&mut self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.pass(&mut writer);
        writer.0
    }

    /// Takes over what [`Market::export`] wrote in place of what was seen. False for anything else; then nothing changes.
    pub fn import(&mut self, bytes: &[u8]) -> bool {
        let mut next = Self::new(self.stale_after_ms, false);
        let mut reader = Reader::new(bytes);
        next.pass(&mut reader);
        if !reader.is_done() {
            return false;
        }
        for entry in &mut self.entries {
            *entry = Entry { rules: entry.rules.take(), calendar: entry.calendar, ..Entry::new(entry.symbol) };
        }
        for seen in next.entries {
            let place = self.entry_of(seen.symbol);
            if let Some(entry) = self.entries.get_mut(place) {
                *entry = Entry { rules: entry.rules.take(), calendar: entry.calendar, ..seen };
            }
        }
        (self.position, self.recorded_total) = (next.position, next.recorded_total);
        self.grader = next.grader;
        true
    }

    fn pass(&mut self, codec: &mut impl Codec) {
        let mut form = FORM;
        codec.int(&mut form);
        let count = if form == FORM { codec.length(self.entries.len()) } else { 0 };
        for place in 0..count {
            let mut symbol = self.entries.get(place).map(|entry| entry.symbol);
            session::pass_symbol(codec, &mut symbol);
            let Some(symbol) = symbol.filter(|_| !codec.failed()) else { break };
            let place = self.entry_of(symbol);
            let Some(entry) = self.entries.get_mut(place) else { break };
            codec.int(&mut entry.position.0);
            codec.int(&mut entry.position.1);
            codec.flag(&mut entry.live);
            pass_classified(codec, &mut entry.classified);
            codec.option(&mut entry.recorded);
            pass_history(codec, &mut entry.history);
            entry.tracker.pass(codec);
        }
        codec.int(&mut self.position.0);
        codec.int(&mut self.position.1);
        codec.option(&mut self.recorded_total);
        self.grader.pass(codec);
    }

    fn entry(&self, symbol: &Symbol) -> Option<&Entry> {
        self.entries.get(self.index.peek(symbol.as_bytes())? as usize)
    }

    fn entry_of(&mut self, symbol: Symbol) -> usize {
        let place = self.index.number(&symbol) as usize;
        if place == self.entries.len() {
            self.entries.push(Entry::new(symbol));
        }
        place
    }

    fn calendar_of(&mut self, market: &str) -> usize {
        if let Some(place) = self.calendars.iter().position(|calendar| &*calendar.market == market) {
            return place;
        }
        self.calendars.push(Calendar { market: market.into(), spans: Vec::new() });
        self.calendars.len() - 1
    }
}

/// What was found out of an event.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// What the source says of the day.
    pub figures: Figures,
    /// What follows from the quote alone.
    pub derived: Derived,
    /// Its signal; missing without a change, without a ladder, and in the jump of a roll.
    pub classified: Option<Classified>,
}

fn pass_history(codec: &mut impl Codec, history: &mut Option<History>) {
    let mut there = history.is_some();
    codec.flag(&mut there);
    let History { mut high, mut low } = history.unwrap_or_default();
    for value in [&mut high.0, &mut high.1, &mut low.0, &mut low.1] {
        codec.int(value);
    }
    *history = there.then_some(History { high, low });
}

fn pass_classified(codec: &mut impl Codec, classified: &mut Option<Classified>) {
    let mut steps = classified.map(|it| it.signal.steps());
    codec.option(&mut steps);
    let nothing = Classified { signal: Signal::Hold, stat_value: 0, weight: 0, signal_weight: 0 };
    let mut value = classified.unwrap_or(nothing);
    for number in [&mut value.stat_value, &mut value.weight, &mut value.signal_weight] {
        codec.int(number);
    }
    *classified = steps.map(|steps| Classified { signal: Signal::of_steps(steps), ..value });
}

/// When an event happened: its ts, but not after it arrived, for no clock that runs ahead may move a session on.
fn happened(event: &EventRef<'_>, position: Position) -> i64 {
    event.ts_us.min(position.0.saturating_mul(1_000).saturating_add(999))
}

#[cfg(test)]
mod tests;

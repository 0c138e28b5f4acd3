//! The enriched record of an event and the composite's row, written as JSON.
//!
//! The event's own JSON stays byte for byte as it is, so numbers keep their digits; what is derived stands behind it.
//! Texts under `display` are in the symbol's own precision, so that nobody else has to know it.

use crate::classify::Signal;
use crate::display::{Display, write_price};
use crate::encode::write_open;
use crate::event::EventRef;
use crate::market::candles::INTERVALS;
use crate::market::composite::{Composite, Part};
use crate::market::derived::{percent, product, range_position, ratio};
use crate::market::rules::Rules;
use crate::market::session::{Roll, Tracker};
use crate::market::{History, Position, RECORDED_AFTER_MS, Seen, TOTAL};
use crate::price::{write_integer, write_nanos, write_signed};
use crate::time::write_iso;

const DAY_US: i64 = 86_400_000_000;
/// Bars that a record carries: those of a minute.
const CARRIED_BAR: usize = 1;

/// A member's name as it is written, with the comma before it.
macro_rules! member {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}

/// Writes the record of an event. `settings` are the configuration's version and the age at which a quote is stale.
pub(crate) fn write(
    event: &EventRef<'_>,
    id: &str,
    position: Position,
    seen: &Seen<'_>,
    settings: (i64, i64),
    out: &mut Vec<u8>,
) {
    write_open(event, out);
    let mut out = Members(out);
    out.text(member!("active_source"), event.source.as_bytes());
    out.key(member!("updated_at"));
    out.instant_ms(position.0);
    out.text(member!("id"), id.as_bytes());
    out.int(member!("stale_after_ms"), settings.1);
    write_marks(event, position, seen, &mut out);
    let week52 = Week52::of(seen);
    write_display(event, seen, &week52, &mut out);
    write_signal(seen, &mut out);
    write_derived(event, seen, &mut out);
    out.int(member!("config_version"), settings.0);
    write_session(seen, &mut out);
    week52.write(&mut out);
    out.0.push(b'}');
}

fn write_marks(event: &EventRef<'_>, position: Position, seen: &Seen<'_>, out: &mut Members<'_>) {
    let (delayed, stale) = (seen.figures.delayed, seen.figures.stale);
    let recorded = position.0.saturating_sub(event.ts_us / 1_000) > RECORDED_AFTER_MS;
    let marks = [
        (&b"\"MOCK\""[..], event.source.as_bytes() == b"MOCK"),
        (b"\"REPLAY\"", recorded && !delayed && !stale),
        (b"\"DELAYED\"", delayed),
        (b"\"STALE\"", stale),
    ];
    out.0.extend_from_slice(b",\"marks\":[");
    let mut first = true;
    for (mark, _) in marks.iter().filter(|(_, holds)| *holds) {
        if !std::mem::take(&mut first) {
            out.0.push(b',');
        }
        out.0.extend_from_slice(mark);
    }
    out.0.push(b']');
}

fn write_display(event: &EventRef<'_>, seen: &Seen<'_>, week52: &Week52, out: &mut Members<'_>) {
    let display = seen.rules.map_or(Display::Exact, |rules| rules.display);
    let percents = Display::Decimals(2);
    let (figures, derived) = (&seen.figures, &seen.derived);
    let session = seen.tracker.map(|tracker| &tracker.session);
    let (high_24h, low_24h) = seen.tracker.map_or((None, None), Tracker::day_extremes);
    let range = |high: Option<i64>, low: Option<i64>| high?.checked_sub(low?);
    out.0.extend_from_slice(b",\"display\":{\"last\":");
    write_text(event.last, display, false, out);
    let mut show = |member: &'static str, value: Option<i64>, display: Display, signed: bool| {
        out.key(member);
        write_text(value, display, signed, out);
    };
    show(member!("bid"), event.bid, display, false);
    show(member!("ask"), event.ask, display, false);
    show(member!("change"), derived.change, display, true);
    show(member!("change_percent"), derived.change_percent, percents, true);
    show(member!("spread"), derived.spread, display, false);
    show(member!("open"), figures.open, display, false);
    show(member!("high"), figures.high, display, false);
    show(member!("low"), figures.low, display, false);
    show(member!("close"), derived.close, display, false);
    show(member!("mark"), derived.mark, display, false);
    show(member!("open_change"), derived.open_change, display, true);
    show(member!("open_change_percent"), derived.open_change_percent, percents, true);
    show(member!("vwap"), session.and_then(|it| it.vwap), display, false);
    show(member!("vwap_30m"), seen.tracker.and_then(Tracker::half_hour_average), display, false);
    show(member!("session_high"), session.and_then(|it| it.high), display, false);
    show(member!("session_low"), session.and_then(|it| it.low), display, false);
    show(member!("session_range"), session.and_then(|it| range(it.high, it.low)), display, false);
    show(member!("high_24h"), high_24h, display, false);
    show(member!("low_24h"), low_24h, display, false);
    show(member!("range_24h"), range(high_24h, low_24h), display, false);
    show(member!("high_52w"), week52.high, display, false);
    show(member!("low_52w"), week52.low, display, false);
    out.0.push(b'}');
}

/// A price as a JSON text, or null.
#[inline(always)]
fn write_text(value: Option<i64>, display: Display, signed: bool, out: &mut Members<'_>) {
    match value {
        Some(value) => {
            out.0.push(b'"');
            write_price(value, display, signed, out.0);
            out.0.push(b'"');
        }
        None => out.null(),
    }
}

fn write_signal(seen: &Seen<'_>, out: &mut Members<'_>) {
    out.nanos(member!("change"), seen.derived.change);
    match &seen.classified {
        Some(it) => {
            out.text(member!("signal"), it.signal.as_str().as_bytes());
            out.nanos(member!("stat_value"), Some(it.stat_value));
            out.nanos(member!("contract_weight"), Some(it.weight));
            out.int(member!("signal_weight"), it.signal_weight);
        }
        None => out
            .0
            .extend_from_slice(b",\"signal\":null,\"stat_value\":null,\"contract_weight\":null,\"signal_weight\":null"),
    }
}

fn write_derived(event: &EventRef<'_>, seen: &Seen<'_>, out: &mut Members<'_>) {
    let (figures, derived) = (&seen.figures, &seen.derived);
    let session = seen.tracker.map(|tracker| &tracker.session);
    let high = figures.high.or_else(|| session.and_then(|it| it.high));
    let low = figures.low.or_else(|| session.and_then(|it| it.low));
    let tick = seen.rules.map(|rules| rules.tick);
    let value = |rules: &Rules| product(derived.mark?, rules.multiplier);
    out.nanos(member!("change_percent"), derived.change_percent);
    out.nanos(member!("open_change"), derived.open_change);
    out.nanos(member!("open_change_percent"), derived.open_change_percent);
    out.nanos(member!("range_position"), range_position(event.last, high, low));
    out.nanos(member!("spread"), derived.spread);
    out.nanos(member!("spread_ticks"), derived.spread.zip(tick).and_then(|(spread, tick)| ratio(spread, 1, tick)));
    out.nanos(member!("spread_percent"), derived.spread_percent);
    out.nanos(member!("mark"), derived.mark);
    out.nanos(member!("tick_value"), seen.rules.map(|rules| rules.tick_value));
    out.nanos(member!("contract_value"), seen.rules.and_then(value));
    match seen.tracker.and_then(|tracker| tracker.contract).or(figures.contract) {
        Some(contract) => out.text(member!("contract"), contract.as_bytes()),
        None => out.nothing(member!("contract")),
    }
}

fn write_session(seen: &Seen<'_>, out: &mut Members<'_>) {
    let Some(tracker) = seen.tracker.filter(|tracker| tracker.session.since_us != 0) else {
        out.nothing(member!("session"));
        return;
    };
    let session = &tracker.session;
    let (high_24h, low_24h) = tracker.day_extremes();
    out.0.extend_from_slice(b",\"session\":{\"trade_date\":");
    out.day(session.span.day);
    out.key(member!("since"));
    out.instant_ms(session.since_us.div_euclid(1_000));
    out.key(member!("as_of"));
    out.instant_ms(session.as_of_us.div_euclid(1_000));
    out.nanos(member!("open"), session.open);
    out.nanos(member!("high"), session.high);
    out.nanos(member!("low"), session.low);
    out.int(member!("volume"), session.volume);
    out.nanos(member!("vwap"), session.vwap);
    out.nanos(member!("vwap_30m"), tracker.half_hour_average());
    out.nanos(member!("high_24h"), high_24h);
    out.nanos(member!("low_24h"), low_24h);
    match &tracker.roll {
        Some(roll) => write_roll(roll, out),
        None => out.nothing(member!("roll")),
    }
    write_bar(tracker, out);
    out.0.push(b'}');
}

fn write_roll(roll: &Roll, out: &mut Members<'_>) {
    out.0.extend_from_slice(b",\"roll\":{\"from_contract\":\"");
    out.0.extend_from_slice(roll.from.as_bytes());
    out.0.extend_from_slice(b"\",\"to_contract\":\"");
    out.0.extend_from_slice(roll.to.as_bytes());
    out.0.extend_from_slice(b"\",\"at\":");
    out.instant_ms(roll.at_us.div_euclid(1_000));
    out.0.push(b'}');
}

/// Writes the bar of the minute that is still growing.
fn write_bar(tracker: &Tracker, out: &mut Members<'_>) {
    let (Some(Some(bar)), Some((interval, _))) = (tracker.bars.get(CARRIED_BAR), INTERVALS.get(CARRIED_BAR)) else {
        out.nothing(member!("bar"));
        return;
    };
    out.0.extend_from_slice(b",\"bar\":{\"interval\":\"");
    out.0.extend_from_slice(interval.as_bytes());
    out.0.extend_from_slice(b"\",\"start\":");
    out.instant_ms(bar.start_us.div_euclid(1_000));
    out.nanos(member!("open"), Some(bar.open));
    out.nanos(member!("high"), Some(bar.high));
    out.nanos(member!("low"), Some(bar.low));
    out.nanos(member!("close"), Some(bar.close));
    out.int(member!("volume"), bar.volume);
    out.int(member!("events"), bar.events);
    out.0.push(b'}');
}

/// The greatest and the least price of 52 weeks: the source's, else those of our own trade dates and today.
struct Week52 {
    high: Option<i64>,
    low: Option<i64>,
    origin: Option<&'static str>,
    above_low: Option<i64>,
    below_high: Option<i64>,
    above_low_percent: Option<i64>,
    below_high_percent: Option<i64>,
    high_age_days: Option<i64>,
    low_age_days: Option<i64>,
}

impl Week52 {
    fn of(seen: &Seen<'_>) -> Self {
        let figures = &seen.figures;
        let session = seen.tracker.map(|tracker| &tracker.session);
        let today = session.map(|it| it.span.day);
        let (mut high, mut low, mut origin) = (figures.high52, figures.low52, Some("source"));
        let (mut high_day, mut low_day) = (None, None);
        if high.is_none() && low.is_none() {
            origin = seen.history.map(|_| "history");
            let better = |own: Option<i64>, kept: (i64, i64), wins: fn(i64, i64) -> bool| match own {
                Some(own) if wins(own, kept.0) => (Some(own), today),
                _ => (Some(kept.0), Some(kept.1)),
            };
            if let Some(History { high: kept_high, low: kept_low }) = seen.history {
                (high, high_day) = better(session.and_then(|it| it.high), *kept_high, |own, kept| own >= kept);
                (low, low_day) = better(session.and_then(|it| it.low), *kept_low, |own, kept| own <= kept);
            }
        }
        let last = seen.derived.mark;
        let above_low = last.zip(low).and_then(|(last, low)| last.checked_sub(low));
        let below_high = high.zip(last).and_then(|(high, last)| high.checked_sub(last));
        let age = |day: Option<i64>| today.zip(day).map(|(today, day)| today - day);
        Self {
            high,
            low,
            origin,
            above_low,
            below_high,
            above_low_percent: percent(above_low, low),
            below_high_percent: percent(below_high, high),
            high_age_days: age(high_day),
            low_age_days: age(low_day),
        }
    }

    fn write(&self, out: &mut Members<'_>) {
        if self.high.is_none() && self.low.is_none() {
            out.nothing(member!("week52"));
            return;
        }
        out.0.extend_from_slice(b",\"week52\":{\"origin\":\"");
        out.0.extend_from_slice(self.origin.unwrap_or_default().as_bytes());
        out.0.push(b'"');
        out.nanos(member!("high"), self.high);
        out.nanos(member!("low"), self.low);
        out.nanos(member!("above_low"), self.above_low);
        out.nanos(member!("below_high"), self.below_high);
        out.nanos(member!("above_low_percent"), self.above_low_percent);
        out.nanos(member!("below_high_percent"), self.below_high_percent);
        out.whole(member!("high_age_days"), self.high_age_days);
        out.whole(member!("low_age_days"), self.low_age_days);
        out.0.push(b'}');
    }
}

/// Writes the composite's row.
pub(crate) fn write_total(total: &Composite, parts: &[Part], now_ms: i64, version: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"symbol\":\"");
    out.extend_from_slice(TOTAL.as_bytes());
    out.push(b'"');
    let mut out = Members(out);
    out.signal(member!("signal"), total.signal);
    out.int(member!("signal_weight"), total.signal.map_or(0, Signal::steps));
    out.int(member!("signal_weight_sum"), total.sum);
    out.flag(member!("suppressed"), total.suppressed);
    out.nanos(member!("score"), total.score);
    out.signal(member!("score_signal"), total.score_signal);
    out.nanos(member!("sum_weighted"), Some(total.sum_weighted));
    out.nanos(member!("avg_weighted"), total.average_weighted);
    out.nanos(member!("denominator"), Some(total.denominator));
    out.count(member!("count"), total.used);
    out.count(member!("n_used"), total.used);
    out.count(member!("n_live"), total.live);
    out.count(member!("n_expected"), total.expected);
    out.symbols(member!("missing"), parts.iter().filter(|part| part.classified.is_none()));
    out.symbols(member!("stale"), parts.iter().filter(|part| part.classified.is_some() && !part.live));
    out.0.extend_from_slice(b",\"contributions\":{");
    for (number, part) in parts.iter().filter(|part| part.classified.is_some()).enumerate() {
        if number > 0 {
            out.0.push(b',');
        }
        out.name(part.symbol.as_str());
        write_nanos(part.contribution(), out.0);
    }
    out.0.push(b'}');
    out.key(member!("as_of"));
    out.instant_ms(now_ms);
    out.int(member!("config_version"), version);
    out.0.push(b'}');
}

/// Members of a JSON object, each with a comma before it. Names come as `member!` makes them.
struct Members<'a>(&'a mut Vec<u8>);

impl Members<'_> {
    #[inline(always)]
    fn name(&mut self, name: &str) {
        self.0.push(b'"');
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    #[inline(always)]
    fn key(&mut self, member: &'static str) {
        self.0.extend_from_slice(member.as_bytes());
    }

    fn null(&mut self) {
        self.0.extend_from_slice(b"null");
    }

    fn nothing(&mut self, name: &'static str) {
        self.key(name);
        self.null();
    }

    /// A text that needs no escape.
    fn text(&mut self, name: &'static str, value: &[u8]) {
        self.key(name);
        self.0.push(b'"');
        self.0.extend_from_slice(value);
        self.0.push(b'"');
    }

    fn signal(&mut self, name: &'static str, signal: Option<Signal>) {
        match signal {
            Some(signal) => self.text(name, signal.as_str().as_bytes()),
            None => self.nothing(name),
        }
    }

    fn int(&mut self, name: &'static str, value: i64) {
        self.key(name);
        write_signed(value, self.0);
    }

    fn whole(&mut self, name: &'static str, value: Option<i64>) {
        match value {
            Some(value) => self.int(name, value),
            None => self.nothing(name),
        }
    }

    fn count(&mut self, name: &'static str, value: usize) {
        self.key(name);
        write_integer(u64::try_from(value).unwrap_or(0), self.0);
    }

    fn flag(&mut self, name: &'static str, value: bool) {
        self.key(name);
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
    }

    #[inline(always)]
    fn nanos(&mut self, name: &'static str, value: Option<i64>) {
        self.key(name);
        match value {
            Some(value) => write_nanos(value, self.0),
            None => self.null(),
        }
    }

    /// An instant with milliseconds, as a JSON text.
    fn instant_ms(&mut self, ms: i64) {
        self.0.push(b'"');
        write_iso(ms.saturating_mul(1_000), self.0);
        // The instant ends with three zeros and a Z.
        self.0.truncate(self.0.len() - 4);
        self.0.extend_from_slice(b"Z\"");
    }

    /// A day, as a JSON text.
    fn day(&mut self, day: i64) {
        self.0.push(b'"');
        let start = self.0.len();
        write_iso(day.saturating_mul(DAY_US), self.0);
        self.0.truncate(start + "2025-01-31".len());
        self.0.push(b'"');
    }

    fn symbols<'p>(&mut self, name: &'static str, parts: impl Iterator<Item = &'p Part>) {
        self.key(name);
        self.0.push(b'[');
        for (number, part) in parts.enumerate() {
            if number > 0 {
                self.0.push(b',');
            }
            self.0.push(b'"');
            self.0.extend_from_slice(part.symbol.as_bytes());
            self.0.push(b'"');
        }
        self.0.push(b']');
    }
}

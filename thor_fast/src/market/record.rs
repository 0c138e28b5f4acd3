//! The enriched record of an event and the composite's row, written as JSON.
//!
//! The event's own JSON stays byte for byte as it is, so numbers keep their digits; what is derived stands behind it.
//! Texts under `display` are in the symbol's own precision, so that nobody else has to know it.

use crate::classify::Signal;
use crate::display::Display;
use crate::encode::write_open;
use crate::event::EventRef;
use crate::market::candles::{Candle, INTERVALS};
use crate::market::composite::{Composite, Part};
use crate::market::derived::{percent, product, range_position, ratio};
use crate::market::rules::Rules;
use crate::market::session::{Roll, Tracker};
use crate::market::slate::{Fragment, Members, Slate, member};
use crate::market::{History, Position, RECORDED_AFTER_MS, Seen, TOTAL};
use crate::symbol::Symbol;

/// Bars that a record carries: those of a minute.
const CARRIED_BAR: usize = 1;
/// More than the derived part of a record ever takes: each name is short, each value at most a symbol or a number.
const MOST_DERIVED: usize = 8_192;
/// More than the composite takes without its symbols, and what each of them adds.
const MOST_TOTAL: usize = 1_024;
const MOST_A_PART: usize = 160;
/// More than a bar of its own takes.
const MOST_A_BAR: usize = 512;

/// The parts of a symbol's record that stay the same from most events to the next, under one configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    day: Fragment<4>,
    extremes: Fragment<6>,
    signal: Fragment<1>,
    settings: Fragment<0>,
    session: Fragment<7>,
    bar: Fragment<4>,
}

/// The configuration's version, and the age in milliseconds at which a quote is stale.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) version: i64,
    pub(crate) stale_after_ms: i64,
}

/// Writes the record of an event.
pub(crate) fn write(
    event: &EventRef<'_>,
    id: &str,
    position: Position,
    seen: &Seen<'_>,
    settings: Settings,
    (kept, slate, out): (&mut Kept, &mut Slate, &mut Vec<u8>),
) {
    write_open(event, out);
    let derived = slate.written(MOST_DERIVED, |out| {
        out.text(member!("active_source"), event.source.as_bytes());
        out.instant_ms(member!("updated_at"), position.0);
        out.text(member!("id"), id.as_bytes());
        write_marks(event, position, seen, out);
        let week52 = Week52::of(seen);
        write_display(event, seen, &week52, kept, out);
        write_signal(seen, kept, out);
        write_derived(event, seen, out);
        kept.settings.write([], out, |out| {
            out.nanos(member!("tick_value"), seen.rules.map(|rules| rules.tick_value));
            out.int(member!("config_version"), settings.version);
            out.int(member!("stale_after_ms"), settings.stale_after_ms);
        });
        write_session(seen, kept, out);
        week52.write(out);
        out.raw(b"}");
    });
    out.extend_from_slice(derived);
}

fn write_marks(event: &EventRef<'_>, position: Position, seen: &Seen<'_>, out: &mut Members<'_>) {
    let (delayed, stale) = (seen.figures.delayed, seen.figures.stale);
    let recorded = position.0.saturating_sub(event.ts_us / 1_000) > RECORDED_AFTER_MS;
    let mock = event.source.as_bytes() == b"MOCK";
    if !(mock || recorded || delayed || stale) {
        out.raw(b",\"marks\":[]");
        return;
    }
    let marks = [
        (&b"\"MOCK\""[..], mock),
        (b"\"REPLAY\"", recorded && !delayed && !stale),
        (b"\"DELAYED\"", delayed),
        (b"\"STALE\"", stale),
    ];
    out.raw(b",\"marks\":[");
    let mut first = true;
    for (mark, _) in marks.iter().filter(|(_, holds)| *holds) {
        if !std::mem::take(&mut first) {
            out.raw(b",");
        }
        out.raw(mark);
    }
    out.raw(b"]");
}

fn write_display(event: &EventRef<'_>, seen: &Seen<'_>, week52: &Week52, kept: &mut Kept, out: &mut Members<'_>) {
    let display = seen.rules.map_or(Display::Exact, |rules| rules.display);
    let percents = Display::Decimals(2);
    let (figures, derived) = (&seen.figures, &seen.derived);
    out.raw(b",\"display\":{");
    out.price("\"last\":", event.last, display, false);
    out.price(member!("bid"), event.bid, display, false);
    out.price(member!("ask"), event.ask, display, false);
    out.price(member!("change"), derived.change, display, true);
    out.price(member!("change_percent"), derived.change_percent, percents, true);
    out.price(member!("spread"), derived.spread, display, false);
    kept.day.write([figures.open, figures.high, figures.low, derived.close], out, |out| {
        out.price(member!("open"), figures.open, display, false);
        out.price(member!("high"), figures.high, display, false);
        out.price(member!("low"), figures.low, display, false);
        out.price(member!("close"), derived.close, display, false);
    });
    out.price(member!("mark"), derived.mark, display, false);
    out.price(member!("open_change"), derived.open_change, display, true);
    out.price(member!("open_change_percent"), derived.open_change_percent, percents, true);
    out.price(member!("vwap"), seen.tracker.and_then(|tracker| tracker.session.vwap), display, false);
    out.price(member!("vwap_30m"), seen.half_hour_average, display, false);
    write_extremes(seen, week52, display, (&mut kept.extremes, out));
    out.raw(b"}");
}

fn write_extremes(
    seen: &Seen<'_>,
    week52: &Week52,
    display: Display,
    (kept, out): (&mut Fragment<6>, &mut Members<'_>),
) {
    let session = seen.tracker.map(|tracker| &tracker.session);
    let (high, low) = (session.and_then(|it| it.high), session.and_then(|it| it.low));
    let (high_24h, low_24h) = seen.tracker.map_or((None, None), Tracker::day_extremes);
    let range = |high: Option<i64>, low: Option<i64>| high?.checked_sub(low?);
    kept.write([high, low, high_24h, low_24h, week52.high, week52.low], out, |out| {
        out.price(member!("session_high"), high, display, false);
        out.price(member!("session_low"), low, display, false);
        out.price(member!("session_range"), range(high, low), display, false);
        out.price(member!("high_24h"), high_24h, display, false);
        out.price(member!("low_24h"), low_24h, display, false);
        out.price(member!("range_24h"), range(high_24h, low_24h), display, false);
        out.price(member!("high_52w"), week52.high, display, false);
        out.price(member!("low_52w"), week52.low, display, false);
    });
}

fn write_signal(seen: &Seen<'_>, kept: &mut Kept, out: &mut Members<'_>) {
    out.nanos(member!("change"), seen.derived.change);
    // Under one configuration the signal names all that stands beside it.
    kept.signal.write([seen.classified.map(|it| it.signal.steps())], out, |out| match &seen.classified {
        Some(it) => {
            out.text(member!("signal"), it.signal.as_str().as_bytes());
            out.nanos(member!("stat_value"), Some(it.stat_value));
            out.nanos(member!("contract_weight"), Some(it.weight));
            out.int(member!("signal_weight"), it.signal_weight);
        }
        None => out.raw(b",\"signal\":null,\"stat_value\":null,\"contract_weight\":null,\"signal_weight\":null"),
    });
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
    out.nanos(member!("contract_value"), seen.rules.and_then(value));
    match seen.tracker.and_then(|tracker| tracker.contract).or(figures.contract) {
        Some(contract) => out.text(member!("contract"), contract.as_bytes()),
        None => out.nothing(member!("contract")),
    }
}

fn write_session(seen: &Seen<'_>, kept: &mut Kept, out: &mut Members<'_>) {
    let Some(tracker) = seen.tracker.filter(|tracker| tracker.session.since_us != 0) else {
        out.nothing(member!("session"));
        return;
    };
    let session = &tracker.session;
    let (high_24h, low_24h) = tracker.day_extremes();
    let (day, since_us) = (session.span.day, session.since_us);
    let says = [Some(day), Some(since_us), session.open, session.high, session.low, high_24h, low_24h];
    kept.session.write(says, out, |out| {
        out.raw(b",\"session\":{");
        out.day("\"trade_date\":", day);
        out.instant_ms(member!("since"), since_us.div_euclid(1_000));
        out.nanos(member!("open"), session.open);
        out.nanos(member!("high"), session.high);
        out.nanos(member!("low"), session.low);
        out.nanos(member!("high_24h"), high_24h);
        out.nanos(member!("low_24h"), low_24h);
    });
    out.instant_ms(member!("as_of"), session.as_of_us.div_euclid(1_000));
    out.int(member!("volume"), session.volume);
    out.nanos(member!("vwap"), session.vwap);
    out.nanos(member!("vwap_30m"), seen.half_hour_average);
    match &tracker.roll {
        Some(roll) => write_roll(roll, out),
        None => out.nothing(member!("roll")),
    }
    write_bar(tracker, &mut kept.bar, out);
    out.raw(b"}");
}

fn write_roll(roll: &Roll, out: &mut Members<'_>) {
    out.raw(b",\"roll\":{");
    out.text("\"from_contract\":", roll.from.as_bytes());
    out.text(member!("to_contract"), roll.to.as_bytes());
    out.instant_ms(member!("at"), roll.at_us.div_euclid(1_000));
    out.raw(b"}");
}

/// Writes the bar of the minute that is still growing.
fn write_bar(tracker: &Tracker, kept: &mut Fragment<4>, out: &mut Members<'_>) {
    let (Some(Some(bar)), Some((interval, _))) = (tracker.bars.get(CARRIED_BAR), INTERVALS.get(CARRIED_BAR)) else {
        out.nothing(member!("bar"));
        return;
    };
    out.raw(b",\"bar\":{");
    kept.write([bar.start_us, bar.open, bar.high, bar.low].map(Some), out, |out| write_begun(bar, interval, out));
    write_newest(bar, out);
    out.raw(b"}");
}

/// Writes what stays of a bar from most events to the next.
fn write_begun(bar: &Candle, interval: &str, out: &mut Members<'_>) {
    out.text("\"interval\":", interval.as_bytes());
    out.instant_ms(member!("start"), bar.start_us.div_euclid(1_000));
    out.nanos(member!("open"), Some(bar.open));
    out.nanos(member!("high"), Some(bar.high));
    out.nanos(member!("low"), Some(bar.low));
}

/// Writes what each event changes.
fn write_newest(bar: &Candle, out: &mut Members<'_>) {
    out.nanos(member!("close"), Some(bar.close));
    out.int(member!("volume"), bar.volume);
    out.int(member!("events"), bar.events);
}

/// Writes the newest bar of an interval as an object of its own, nothing where there is none.
pub(crate) fn write_live_bar(
    symbol: &Symbol,
    tracker: &Tracker,
    interval: usize,
    (slate, out): (&mut Slate, &mut Vec<u8>),
) {
    let (Some(Some(bar)), Some((name, _))) = (tracker.bars.get(interval), INTERVALS.get(interval)) else { return };
    out.extend_from_slice(slate.written(MOST_A_BAR, |out| {
        out.text("{\"symbol\":", symbol.as_bytes());
        out.flag(member!("mock"), tracker.mock);
        out.raw(b",");
        write_begun(bar, name, out);
        write_newest(bar, out);
        out.raw(b"}");
    }));
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
        out.raw(b",\"week52\":{");
        out.text("\"origin\":", self.origin.unwrap_or_default().as_bytes());
        out.nanos(member!("high"), self.high);
        out.nanos(member!("low"), self.low);
        out.nanos(member!("above_low"), self.above_low);
        out.nanos(member!("below_high"), self.below_high);
        out.nanos(member!("above_low_percent"), self.above_low_percent);
        out.nanos(member!("below_high_percent"), self.below_high_percent);
        out.int_or_null(member!("high_age_days"), self.high_age_days);
        out.int_or_null(member!("low_age_days"), self.low_age_days);
        out.raw(b"}");
    }
}

/// Writes the composite's row.
pub(crate) fn write_total(
    total: &Composite,
    parts: &[Part],
    (now_ms, version): (i64, i64),
    (slate, out): (&mut Slate, &mut Vec<u8>),
) {
    out.extend_from_slice(slate.written(MOST_TOTAL + parts.len() * MOST_A_PART, |out| {
        out.text("{\"symbol\":", TOTAL.as_bytes());
        write_composite(total, out);
        let names = |wanted: fn(&Part) -> bool| {
            parts.iter().filter(move |part| wanted(part)).map(|part| part.symbol.as_bytes())
        };
        out.names(member!("missing"), names(|part| part.classified.is_none()));
        out.names(member!("stale"), names(|part| part.classified.is_some() && !part.live));
        write_contributions(parts, out);
        out.instant_ms(member!("as_of"), now_ms);
        out.int(member!("config_version"), version);
        out.raw(b"}");
    }));
}

fn write_composite(total: &Composite, out: &mut Members<'_>) {
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
}

fn write_contributions(parts: &[Part], out: &mut Members<'_>) {
    out.raw(b",\"contributions\":{");
    for (number, part) in parts.iter().filter(|part| part.classified.is_some()).enumerate() {
        out.raw(if number > 0 { b",\"" } else { b"\"" });
        out.raw(part.symbol.as_bytes());
        out.raw(b"\":");
        out.number(Some(part.contribution()));
    }
    out.raw(b"}");
}

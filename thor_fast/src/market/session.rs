//! What has happened to one symbol since its trade date began, and shortly before: the state behind the record's
//! session fields.
//!
//! A trade date belongs to the instrument's market and is not the UTC day. Everything starts over with a new trade
//! date, with another contract month, and where a made-up market gives way to a real one or the other way round.

use std::collections::VecDeque;

use crate::event::EventRef;
use crate::market::candles::{Candle, INTERVALS, Place, start_of};
use crate::market::codec::Codec;
use crate::market::figures::Figures;
use crate::market::windows::{Extremes, Turnover, average};
use crate::symbol::{Source, Symbol};

/// Minutes of the rolling average price.
pub const AVERAGE_MINUTES: i64 = 30;
/// Minutes of the rolling high and low.
pub const DAY_MINUTES: i64 = 1_440;
/// An event older than its session by up to this much comes late; one older than that belongs to another recording.
const LATE_US: i64 = 3_600_000_000;
const UTC_DAY_US: i64 = 86_400_000_000;
/// Events remembered to know a repeat that comes late.
const REMEMBERED: usize = 64;
/// Rises of the volume after which a fall is believed.
const RISES_TO_BELIEVE: i64 = 3;

/// One trade date of a market. Instants in microseconds UTC, the span half-open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The trade date in days since 1970-01-01.
    pub day: i64,
    /// When it begins: the close of the trade date before it.
    pub start_us: i64,
    /// When trading begins.
    pub opens_us: i64,
    /// When it ends: its own close.
    pub end_us: i64,
}

impl Span {
    /// The UTC day of an instant, for what trades on no market that is known.
    #[must_use]
    pub fn of_utc_day(at_us: i64) -> Self {
        let day = at_us.div_euclid(UTC_DAY_US);
        let start_us = day * UTC_DAY_US;
        Self { day, start_us, opens_us: start_us, end_us: start_us + UTC_DAY_US }
    }

    /// Whether an instant belongs to it.
    #[must_use]
    pub fn holds(&self, at_us: i64) -> bool {
        self.start_us <= at_us && at_us < self.end_us
    }
}

/// The figures of a trade date so far, from what was seen. Prices in units of 1e-9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Which trade date.
    pub span: Span,
    /// When the first event of it was seen.
    pub since_us: i64,
    /// When the newest event of it was.
    pub as_of_us: i64,
    /// The first price.
    pub open: Option<i64>,
    /// The greatest price.
    pub high: Option<i64>,
    /// The least price.
    pub low: Option<i64>,
    /// The newest price.
    pub close: Option<i64>,
    /// What was traded since then, by the rises of the day's volume.
    pub volume: i64,
    /// Sum of price times volume.
    pub turnover: i128,
    /// The volume-weighted average price: `sum(price * rise) / sum(rise)` over the rises of the day's volume.
    pub vwap: Option<i64>,
}

/// A change of the contract month behind a continuous symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roll {
    /// The month before.
    pub from: Symbol,
    /// The month after.
    pub to: Symbol,
    /// The first event of the month after, microseconds UTC.
    pub at_us: i64,
}

/// The day's cumulative volume as one source tells it.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    source: Option<Source>,
    last: Option<i64>,
    before_fall: Option<i64>,
    rises: i64,
}

impl Counter {
    /// How much was traded since the last call. The first figure of a source is where counting begins.
    ///
    /// A figure that falls is a reset, and counting begins anew; if it soon stands above where it fell from, it was a
    /// slip, and only what it has risen beyond that counts.
    fn rise(&mut self, source: Source, cumulative: i64) -> i64 {
        if self.source != Some(source) {
            *self = Self { source: Some(source), last: Some(cumulative), ..Self::default() };
            return 0;
        }
        let Some(last) = self.last.replace(cumulative) else { return 0 };
        if cumulative < last {
            self.before_fall = Some(self.before_fall.unwrap_or(last));
            self.rises = 0;
            return 0;
        }
        let mut from = last;
        if let Some(before) = self.before_fall {
            self.rises += i64::from(cumulative > last);
            if cumulative >= before {
                from = before.max(last);
                self.before_fall = None;
            } else if self.rises >= RISES_TO_BELIEVE {
                self.before_fall = None;
            }
        }
        cumulative - from
    }
}

/// What an event did to its symbol's state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Step {
    /// The trade date that ended with it, whether its market was made up, and its contract month.
    pub ended: Option<(Session, bool, Option<Symbol>)>,
    /// The roll that it is.
    pub roll: Option<Roll>,
    /// What it adds to each interval's bar; nothing for a repeat or without a price.
    pub trade: Option<Trade>,
}

/// One event's part in the bars of its symbol.
#[derive(Clone, Copy, Debug)]
pub struct Trade {
    place: Place,
    at_us: i64,
    price: i64,
    volume: i64,
    opens_us: i64,
}

impl Trade {
    /// Its part in the bar of the interval of that number.
    #[must_use]
    pub fn candle(&self, interval: usize) -> Candle {
        self.candle_from(start_of(interval, self.at_us, self.opens_us))
    }

    #[inline]
    fn candle_from(&self, start_us: i64) -> Candle {
        Candle::of(start_us, self.place, self.price, self.volume)
    }
}

/// The state of one symbol.
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    /// The trade date.
    pub session: Session,
    /// The newest bar of each interval.
    pub bars: [Option<Candle>; INTERVALS.len()],
    /// The last roll of this trade date.
    pub roll: Option<Roll>,
    /// The contract month, where the source tells it.
    pub contract: Option<Symbol>,
    /// Whether the market is made up.
    pub mock: bool,
    extremes: Extremes,
    half_hour: Turnover,
    counter: Counter,
    newest: Place,
    recent: VecDeque<(Place, Source)>,
    close_before_roll: Option<i64>,
    rolling: bool,
}

impl Tracker {
    /// Takes an event in. `at_us` is when it happened, `span` the trade date of that.
    pub fn observe(&mut self, event: &EventRef<'_>, figures: &Figures, at_us: i64, span: Span, mock: bool) -> Step {
        let mut step = Step::default();
        let begun = self.session.span != Span::default();
        let behind_us = self.session.span.start_us.saturating_sub(at_us);
        let late = begun && mock == self.mock && (1..=LATE_US).contains(&behind_us);
        let changes = begun && mock != self.mock;
        let next = changes || (!late && self.session.span != span);
        if next && begun {
            step.ended = Some((self.session, self.mock, self.contract));
        }
        if changes {
            *self = Self::default();
        }
        self.mock = mock;
        if next {
            if span.start_us < self.session.span.start_us {
                // An older recording: nothing of the newer one belongs to it.
                *self = Self { mock, ..Self::default() };
            }
            self.begin(span, at_us);
        }
        self.session.as_of_us = self.session.as_of_us.max(at_us);
        step.roll = self.note_contract(figures, at_us);
        let place = (event.ts_us, event.seq.unwrap_or(-1));
        let repeat = self.is_repeat(place, *event.source);
        if let Some(price) = event.last.filter(|_| !repeat) {
            let volume = figures.volume.map_or(0, |volume| self.counter.rise(*event.source, volume));
            if !late {
                self.trade(at_us, price, volume);
            }
            let trade = Trade { place, at_us, price, volume, opens_us: span.opens_us };
            self.draw(&trade);
            step.trade = Some(trade);
        }
        self.half_hour.expire_by(at_us, AVERAGE_MINUTES);
        step
    }

    /// The greatest and the least price of 24 hours, by what was seen.
    #[must_use]
    pub fn day_extremes(&self) -> (Option<i64>, Option<i64>) {
        (self.extremes.high(), self.extremes.low())
    }

    /// The volume-weighted average price of 30 minutes.
    #[must_use]
    pub fn half_hour_average(&self) -> Option<i64> {
        self.half_hour.average()
    }

    /// Whether the change of an event is still the jump from one contract month to the next.
    #[must_use]
    pub fn is_rolling(&self) -> bool {
        self.rolling
    }

    fn begin(&mut self, span: Span, at_us: i64) {
        self.session = Session { span, since_us: at_us, as_of_us: at_us, ..Session::default() };
        self.roll = None;
    }

    /// Notes the contract month; from one to another everything of before is of another thing.
    ///
    /// The jump lasts for the first event of the new month, and on while the previous settlement is the old month's and
    /// the source does not reckon the change itself.
    fn note_contract(&mut self, figures: &Figures, at_us: i64) -> Option<Roll> {
        let (Some(contract), before) = (figures.contract, self.contract) else {
            self.rolling &= self.still_jumps(figures);
            return None;
        };
        self.contract = Some(contract);
        if before.is_none_or(|before| before == contract) {
            self.rolling &= self.still_jumps(figures);
            if !self.rolling {
                self.close_before_roll = figures.close.or(self.close_before_roll);
            }
            return None;
        }
        let roll = before.map(|from| Roll { from, to: contract, at_us });
        self.begin(self.session.span, at_us);
        (self.extremes, self.half_hour) = (Extremes::default(), Turnover::default());
        self.counter = Counter::default();
        self.bars = [None; INTERVALS.len()];
        (self.roll, self.rolling) = (roll, true);
        roll
    }

    fn still_jumps(&self, figures: &Figures) -> bool {
        figures.net_change.is_none() && figures.close.is_some() && figures.close == self.close_before_roll
    }

    fn is_repeat(&mut self, place: Place, source: Source) -> bool {
        if place > self.newest || self.recent.is_empty() {
            self.newest = place;
        } else if self.recent.contains(&(place, source)) {
            return true;
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back((place, source));
        false
    }

    fn trade(&mut self, at_us: i64, price: i64, volume: i64) {
        let session = &mut self.session;
        session.open = session.open.or(Some(price));
        session.high = Some(session.high.map_or(price, |high| high.max(price)));
        session.low = Some(session.low.map_or(price, |low| low.min(price)));
        session.close = Some(price);
        self.extremes.add(at_us, price, DAY_MINUTES);
        if volume > 0 {
            session.volume = session.volume.saturating_add(volume);
            session.turnover += i128::from(price) * i128::from(volume);
            session.vwap = average(session.turnover, session.volume);
            self.half_hour.add(at_us, price, volume, AVERAGE_MINUTES);
        }
    }

    fn draw(&mut self, trade: &Trade) {
        for (interval, bar) in self.bars.iter_mut().enumerate() {
            // Nearly every event lies in the bar that is there, and telling so needs no division.
            if let Some(bar) = bar
                && holds(interval, bar.start_us, trade)
            {
                bar.join(&trade.candle_from(bar.start_us));
                continue;
            }
            let part = trade.candle(interval);
            match bar {
                Some(bar) if bar.start_us == part.start_us => bar.join(&part),
                Some(bar) if bar.start_us > part.start_us && bar.start_us - part.start_us <= LATE_US => {}
                _ => *bar = Some(part),
            }
        }
    }

    pub(super) fn pass(&mut self, codec: &mut impl Codec) {
        let session = &mut self.session;
        for value in [
            &mut session.span.day,
            &mut session.span.start_us,
            &mut session.span.opens_us,
            &mut session.span.end_us,
            &mut session.since_us,
            &mut session.as_of_us,
            &mut session.volume,
            &mut self.newest.0,
            &mut self.newest.1,
            &mut self.counter.rises,
        ] {
            codec.int(value);
        }
        codec.wide(&mut session.turnover);
        for value in [
            &mut session.open,
            &mut session.high,
            &mut session.low,
            &mut session.close,
            &mut session.vwap,
            &mut self.close_before_roll,
            &mut self.counter.last,
            &mut self.counter.before_fall,
        ] {
            codec.option(value);
        }
        for flag in [&mut self.mock, &mut self.rolling] {
            codec.flag(flag);
        }
        pass_symbol(codec, &mut self.contract);
        pass_source(codec, &mut self.counter.source);
        pass_roll(codec, &mut self.roll);
        self.extremes.pass(codec);
        self.half_hour.pass(codec);
        for bar in &mut self.bars {
            let mut there = bar.is_some();
            codec.flag(&mut there);
            let mut value = bar.unwrap_or_default();
            if there {
                value.pass(codec);
            }
            *bar = there.then_some(value);
        }
        let length = codec.length(self.recent.len()).min(REMEMBERED);
        let mut recent: Vec<_> = self.recent.iter().map(|(place, source)| (*place, Some(*source))).collect();
        recent.resize(length, (Place::default(), None));
        for (place, source) in &mut recent {
            codec.int(&mut place.0);
            codec.int(&mut place.1);
            pass_source(codec, source);
        }
        self.recent = recent.into_iter().filter_map(|(place, source)| Some((place, source?))).collect();
    }
}

/// Whether a bar that begins there is the one of a trade; false is no answer for the trade date's.
#[inline]
fn holds(interval: usize, start_us: i64, trade: &Trade) -> bool {
    match INTERVALS.get(interval) {
        Some((_, length)) if interval + 1 < INTERVALS.len() => {
            (0..*length).contains(&trade.at_us.saturating_sub(start_us))
        }
        _ => start_us == trade.opens_us,
    }
}

pub(super) fn pass_symbol(codec: &mut impl Codec, symbol: &mut Option<Symbol>) {
    let mut text = symbol.map(|symbol| symbol.to_string()).unwrap_or_default();
    codec.text(&mut text);
    *symbol = Symbol::new(&text);
}

fn pass_source(codec: &mut impl Codec, source: &mut Option<Source>) {
    let mut text = source.map(|source| source.to_string()).unwrap_or_default();
    codec.text(&mut text);
    *source = Source::new(&text);
}

fn pass_roll(codec: &mut impl Codec, roll: &mut Option<Roll>) {
    let (mut from, mut to) = (roll.map(|roll| roll.from), roll.map(|roll| roll.to));
    let mut at_us = roll.map_or(0, |roll| roll.at_us);
    pass_symbol(codec, &mut from);
    pass_symbol(codec, &mut to);
    codec.int(&mut at_us);
    *roll = from.zip(to).map(|(from, to)| Roll { from, to, at_us });
}

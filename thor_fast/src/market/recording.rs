//! What the market has to be told about afterwards: changed signals, parts of bars, trade dates and rolls.
//!
//! Collected only where somebody drains it. Bars are parts: what happened since the last time.

use std::collections::{BTreeMap, BTreeSet};

use crate::classify::Signal;
use crate::event::EventRef;
use crate::market::Position;
use crate::market::candles::{Candle, INTERVALS};
use crate::market::composite::Composite;
use crate::market::grading::Grade;
use crate::market::rules::Classified;
use crate::market::session::{Roll, Session, Step, Tracker};
use crate::symbol::{Source, Symbol};

/// A bar's name: symbol, whether the market is made up, number of the interval, start.
pub type CandleKey = (Symbol, bool, usize, i64);

/// A signal that differs from the one before it. Prices in units of 1e-9.
#[derive(Clone, Debug)]
pub struct Transition {
    /// Whose signal.
    pub symbol: Symbol,
    /// The event that made it.
    pub moment: Moment,
    /// The signal.
    pub signal: Signal,
    /// The one before it.
    pub previous: Option<Signal>,
    /// The net change that made it; none for the composite.
    pub change: Option<i64>,
    /// The threshold that the signal stands for; the composite's score.
    pub stat_value: i64,
    /// What the symbol counts for; the composite's sum of weights.
    pub weight: i64,
    /// From 2 to -2, turned around for inverse instruments; the composite's sum.
    pub signal_weight: i64,
}

/// An event as a transition tells it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// When it happened, microseconds UTC.
    pub ts_us: i64,
    /// Its place in the unified stream.
    pub position: Position,
    /// Its prices.
    pub prices: [Option<i64>; 3],
    /// Who said so.
    pub source: Source,
    /// The contract month, where it is known.
    pub contract: Option<Symbol>,
    /// The trade date in days since 1970-01-01.
    pub day: i64,
    /// The version of the configuration.
    pub version: i64,
}

impl Moment {
    pub(super) fn of(event: &EventRef<'_>, position: Position, tracker: &Tracker, version: i64) -> Self {
        Self {
            ts_us: event.ts_us,
            position,
            prices: [event.last, event.bid, event.ask],
            source: *event.source,
            contract: tracker.contract,
            day: tracker.session.span.day,
            version,
        }
    }

    pub(super) fn transition(
        &self,
        symbol: Symbol,
        classified: &Classified,
        previous: Option<i64>,
        change: Option<i64>,
    ) -> Transition {
        Transition {
            symbol,
            moment: *self,
            signal: classified.signal,
            previous: previous.map(Signal::of_steps),
            change,
            stat_value: classified.stat_value,
            weight: classified.weight,
            signal_weight: classified.signal_weight,
        }
    }

    pub(super) fn total(&self, symbol: Symbol, signal: Signal, total: &Composite, previous: Option<i64>) -> Transition {
        Transition {
            symbol,
            moment: Self { prices: [None; 3], contract: None, ..*self },
            signal,
            previous: previous.map(Signal::of_steps),
            change: None,
            stat_value: total.score.unwrap_or(0),
            weight: total.denominator,
            signal_weight: total.sum,
        }
    }
}

/// A trade date of a symbol, as far as it has been seen.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Whose.
    pub symbol: Symbol,
    /// Whether the market is made up.
    pub mock: bool,
    /// The contract month, where it is known.
    pub contract: Option<Symbol>,
    /// Its figures.
    pub session: Session,
}

/// Everything since the last time it was drained.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// Parts of bars.
    pub bars: BTreeMap<CandleKey, Candle>,
    /// Changed signals, in the order of their events.
    pub transitions: Vec<Transition>,
    /// Trade dates that have ended.
    pub ended: Vec<SessionRow>,
    /// Rolls with their symbol.
    pub rolls: Vec<(Symbol, Roll)>,
    /// Grades of signals.
    pub grades: Vec<Grade>,
    /// Symbols whose trade date has gone on.
    pub touched: BTreeSet<Symbol>,
}

impl Recording {
    pub(super) fn drain(&mut self) -> Self {
        std::mem::take(self)
    }

    pub(super) fn note_step(&mut self, symbol: Symbol, step: &Step, tracker: &Tracker) {
        if let Some((session, mock, contract)) = step.ended {
            self.ended.push(SessionRow { symbol, mock, contract, session });
        }
        self.rolls.extend(step.roll.map(|roll| (symbol, roll)));
        if let Some(trade) = &step.trade {
            for interval in 0..INTERVALS.len() {
                let part = trade.candle(interval);
                let key = (symbol, tracker.mock, interval, part.start_us);
                self.bars.entry(key).and_modify(|bar| bar.join(&part)).or_insert(part);
            }
        }
        if !self.touched.contains(&symbol) {
            self.touched.insert(symbol);
        }
    }
}

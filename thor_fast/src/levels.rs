//! Prices and changes that cross a level, for alerts: told at the crossing, and again only once armed anew.
//!
//! Pure: time is the entry's id, state is exported by whoever keeps it. A market that is made up, one that is recorded
//! and the real one are told apart, so that a change from the one to the other is no crossing; what its source calls
//! stale is no news of the market.

use std::collections::{BTreeSet, HashMap};

use crate::event::EventRef;
use crate::market::RECORDED_AFTER_MS;
use crate::market::derived::Derived;
use crate::market::figures::Figures;
use crate::symbol::Symbol;

/// What is held against a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// The last price.
    Last,
    /// The net change in percent of the previous settlement.
    ChangePercent,
}

/// Where a crossing leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Above the level.
    Above,
    /// Below it.
    Below,
    /// Further from zero than it, either way.
    Beyond,
}

/// Whose prices: those of the market, of a made up one, of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The market as it is.
    Live,
    /// Invented.
    Mock,
    /// Recorded before.
    Replay,
}

/// The kinds in the order of their states.
pub const KINDS: [Kind; 3] = [Kind::Live, Kind::Mock, Kind::Replay];

impl Kind {
    /// The mark of a record; nothing for the market as it is.
    #[must_use]
    pub fn mark(self) -> &'static str {
        match self {
            Self::Live => "",
            Self::Mock => "MOCK",
            Self::Replay => "REPLAY",
        }
    }

    fn of(event: &EventRef<'_>, at_ms: i64) -> Self {
        if event.source.as_bytes() == b"MOCK" {
            Self::Mock
        } else if at_ms.saturating_sub(event.ts_us.div_euclid(1_000)) > RECORDED_AFTER_MS {
            Self::Replay
        } else {
            Self::Live
        }
    }
}

/// A level of one symbol that a rule watches. Values in units of 1e-9.
#[derive(Clone, Copy, Debug)]
pub struct Level {
    /// The rule that it belongs to.
    pub rule: i64,
    /// Whose.
    pub symbol: Symbol,
    /// What is held against it.
    pub measure: Measure,
    /// Where a crossing leads.
    pub side: Side,
    /// The level itself: on it is neither side.
    pub limit: i64,
    /// How far back behind the level it must have been before another crossing counts.
    pub rearm: i64,
    /// How long after a crossing no other is told, ms.
    pub cooldown_ms: i64,
    /// Nothing that entered the stream before is looked at, ms UTC.
    pub since_ms: i64,
    /// The first crossing of any symbol ends the rule.
    pub once: bool,
}

/// What is known of a level: whether the next crossing counts, and when the last one was told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// None before anything was seen: nobody knows where the price came from.
    pub armed: Option<bool>,
    /// When it was crossed last, ms UTC.
    pub fired_ms: Option<i64>,
}

#[derive(Clone, Debug)]
struct Watched {
    level: Level,
    standings: [Standing; 3],
}

/// Levels with what is known of them.
#[derive(Clone, Debug, Default)]
pub struct LevelWatch {
    by_symbol: HashMap<Symbol, Vec<Watched>>,
    spent: BTreeSet<i64>,
    changed: BTreeSet<i64>,
}

impl LevelWatch {
    /// Watches a level from now on, knowing what was known of it.
    pub fn watch(&mut self, level: Level, standings: [Standing; 3]) {
        self.by_symbol.entry(level.symbol).or_default().push(Watched { level, standings });
    }

    /// Whether there is nothing to watch.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_symbol.is_empty()
    }

    /// Takes an event in that entered the stream at an instant; `crossed` is given each rule and value.
    pub fn observe(&mut self, event: &EventRef<'_>, at_ms: i64, mut crossed: impl FnMut(i64, i64)) {
        let Some(watched) = self.by_symbol.get_mut(event.symbol) else { return };
        let figures = Figures::read(event.meta.map(|meta| meta.text));
        if figures.stale {
            return;
        }
        let change = Derived::of(event, &figures).change_percent;
        let kind = Kind::of(event, at_ms);
        for Watched { level, standings } in watched {
            let value = match level.measure {
                Measure::Last => event.last,
                Measure::ChangePercent => change,
            };
            let Some(value) = value else { continue };
            if at_ms < level.since_ms || self.spent.contains(&level.rule) {
                continue;
            }
            let Some(standing) = standings.get_mut(kind as usize) else { continue };
            let before = *standing;
            if level.takes(standing, value, at_ms) {
                crossed(level.rule, value);
                if level.once {
                    self.spent.insert(level.rule);
                }
            }
            if *standing != before {
                self.changed.insert(level.rule);
            }
        }
    }

    /// What is known of a rule's symbols, by kind; what nothing is known of is left out.
    #[must_use]
    pub fn standings(&self, rule: i64) -> Vec<(Symbol, Kind, Standing)> {
        let mut found: Vec<_> = self
            .by_symbol
            .values()
            .flatten()
            .filter(|watched| watched.level.rule == rule)
            .flat_map(|watched| {
                KINDS.into_iter().zip(watched.standings).map(|(kind, it)| (watched.level.symbol, kind, it))
            })
            .filter(|(.., standing)| *standing != Standing::default())
            .collect();
        found.sort_unstable_by_key(|(symbol, kind, _)| (*symbol, *kind));
        found
    }

    /// Rules of which something else is known than at the last call.
    pub fn take_changed(&mut self) -> Vec<i64> {
        std::mem::take(&mut self.changed).into_iter().collect()
    }
}

impl Level {
    /// Moves the standing by a value; whether that is a crossing to be told.
    fn takes(&self, standing: &mut Standing, value: i64, at_ms: i64) -> bool {
        if self.is_beyond(value) {
            let was_armed = standing.armed.replace(false) == Some(true);
            let is_cool = standing.fired_ms.is_none_or(|fired| at_ms.saturating_sub(fired) >= self.cooldown_ms);
            if was_armed && is_cool {
                standing.fired_ms = Some(at_ms);
                return true;
            }
            return false;
        }
        // The first side that is seen arms at any distance; after a crossing it takes the whole way back.
        let distance = if standing.armed.is_none() { 0 } else { self.rearm };
        if self.is_back(value, distance) {
            standing.armed = Some(true);
        }
        false
    }

    fn is_beyond(&self, value: i64) -> bool {
        match self.side {
            Side::Above => value > self.limit,
            Side::Below => value < self.limit,
            Side::Beyond => value.saturating_abs() > self.limit,
        }
    }

    fn is_back(&self, value: i64, distance: i64) -> bool {
        match self.side {
            Side::Above => value < self.limit.saturating_sub(distance),
            Side::Below => value > self.limit.saturating_add(distance),
            Side::Beyond => value.saturating_abs() < self.limit.saturating_sub(distance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(side: Side) -> Level {
        Level {
            rule: 7,
            symbol: Symbol::new("ES").unwrap(),
            measure: Measure::Last,
            side,
            limit: 10,
            rearm: 0,
            cooldown_ms: 0,
            since_ms: 0,
            once: false,
        }
    }

    /// The values at which it is told, an ms apart.
    fn told(level: Level, values: &[i64]) -> Vec<i64> {
        let mut standing = Standing::default();
        let at = |(ms, value): (usize, &i64)| {
            level.takes(&mut standing, *value, i64::try_from(ms).unwrap()).then_some(*value)
        };
        values.iter().enumerate().filter_map(at).collect()
    }

    #[test]
    fn a_crossing_is_told_once_and_on_the_level_is_neither_side() {
        assert_eq!(told(level(Side::Above), &[11, 9, 10, 11, 12, 10, 11, 9, 13]), [11, 13]);
        assert_eq!(told(level(Side::Below), &[9, 11, 10, 9, 8, 11, 7]), [9, 7]);
    }

    #[test]
    fn either_way_counts_the_distance_from_zero() {
        assert_eq!(told(level(Side::Beyond), &[0, 11, -11, 5, -12, 10, -10, 11]), [11, -12]);
    }

    #[test]
    fn armed_anew_only_after_the_whole_way_back() {
        let level = Level { rearm: 3, ..level(Side::Above) };
        assert_eq!(told(level, &[9, 11, 8, 11, 7, 11, 6, 12]), [11, 12]);
    }

    #[test]
    fn a_crossing_while_it_cools_down_is_not_told_later() {
        let level = Level { cooldown_ms: 4, ..level(Side::Above) };
        assert_eq!(told(level, &[9, 11, 9, 12, 13, 14, 15, 9, 16]), [11, 16]);
    }
}

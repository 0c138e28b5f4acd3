//! Bars: open, high, low, close and volume of each symbol by interval, exact on integers.
//!
//! The answer depends on which events there are and not on their order: of repeated events (one symbol, source, ts and
//! seq) the last stands, and what opens and closes a bar goes by ts, then seq, then source. Which events are trades is
//! the caller's business; here every event with a `last` counts.

use std::collections::BTreeMap;

use crate::batch::QuoteBatch;
use crate::symbol::{Source, Symbol};

/// One symbol in one interval. Prices in nanos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The symbol.
    pub symbol: Symbol,
    /// Where the interval begins, microseconds UTC, a whole multiple of the interval.
    pub start_us: i64,
    /// The first price.
    pub open: i64,
    /// The greatest price.
    pub high: i64,
    /// The least price.
    pub low: i64,
    /// The last price.
    pub close: i64,
    /// The sum of the sizes, an absent one being 0.
    pub volume: i64,
    /// How many events the bar is made of.
    pub events: i64,
}

/// An event's place in time.
type Place = (i64, Option<i64>, Source);

/// The bars by symbol, then start; nothing when the interval is not above 0.
#[must_use]
pub fn bars(batch: &QuoteBatch, interval_us: i64) -> Option<Vec<Bar>> {
    if interval_us <= 0 {
        return None;
    }
    let mut bars: BTreeMap<(Symbol, i64), (Bar, Place, Place)> = BTreeMap::new();
    for event in batch.last_per_key().into_iter().filter_map(|position| batch.get(position)) {
        let Some(price) = event.last else { continue };
        let place = (event.ts_us, event.seq, *event.source);
        let start_us = event.ts_us - event.ts_us.rem_euclid(interval_us);
        let size = i64::from(event.last_size.unwrap_or(0));
        let fresh = || {
            let bar = Bar {
                symbol: *event.symbol,
                start_us,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: 0,
                events: 0,
            };
            (bar, place, place)
        };
        let (bar, first, last) = bars.entry((*event.symbol, start_us)).or_insert_with(fresh);
        if place < *first {
            (*first, bar.open) = (place, price);
        }
        if place > *last {
            (*last, bar.close) = (place, price);
        }
        bar.high = bar.high.max(price);
        bar.low = bar.low.min(price);
        bar.volume = bar.volume.saturating_add(size);
        bar.events += 1;
    }
    Some(bars.into_values().map(|(bar, ..)| bar).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::QuoteEvent;

    fn event(symbol: &str, ts_us: i64, seq: Option<i64>, last: Option<i64>, size: i32) -> QuoteEvent {
        QuoteEvent {
            symbol: Symbol::new(symbol).unwrap(),
            ts_us,
            source: Source::new("TOS").unwrap(),
            last,
            bid: None,
            ask: None,
            last_size: Some(size),
            bid_size: None,
            ask_size: None,
            seq,
            condition: None,
            venue: None,
            meta: None,
        }
    }

    #[test]
    fn late_and_repeated_events_change_nothing_but_by_what_they_say() {
        let mut events = vec![
            event("ES", -1, None, Some(7), 1),
            event("ES", 0, Some(1), Some(5), 1),
            event("ES", 0, Some(2), Some(9), 2),
            event("ZB", 5, None, Some(1), 1),
            event("ES", 9, Some(3), Some(4), 3),
            event("ES", 9, Some(4), None, 3),
            event("ES", 10, Some(5), Some(6), 4),
        ];
        let found = bars(&events.iter().collect(), 10).unwrap();
        let plain: Vec<_> = found
            .iter()
            .map(|bar| {
                (bar.symbol.to_string(), bar.start_us, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.events)
            })
            .collect();
        assert_eq!(
            plain,
            [
                ("ES".to_owned(), -10, 7, 7, 7, 7, 1, 1),
                ("ES".to_owned(), 0, 5, 9, 4, 4, 6, 3),
                ("ES".to_owned(), 10, 6, 6, 6, 6, 4, 1),
                ("ZB".to_owned(), 0, 1, 1, 1, 1, 1, 1),
            ]
        );
        events.reverse();
        events.push(events[4].clone());
        assert_eq!(bars(&events.iter().collect(), 10), Some(found));
        assert_eq!(bars(&QuoteBatch::default(), 0), None);
    }
}

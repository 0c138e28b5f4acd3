//! Questions about many events at once: which of them stand.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use crate::event::QuoteEvent;

/// The positions of the events that stand when there is one row a (symbol, source, ts, seq): the last of each key, in
/// the order of these last positions. An absent `seq` is a value of its own.
#[must_use]
pub fn last_per_key(events: &[Arc<QuoteEvent>]) -> Vec<usize> {
    last_of_each(events, |event| (event.symbol, event.source, event.ts_us, event.seq))
}

/// The positions of each symbol's last event, rising.
#[must_use]
pub fn newest_per_symbol(events: &[Arc<QuoteEvent>]) -> Vec<usize> {
    last_of_each(events, |event| event.symbol)
}

fn last_of_each<K: Eq + Hash>(events: &[Arc<QuoteEvent>], key: impl Fn(&QuoteEvent) -> K) -> Vec<usize> {
    let mut last = HashMap::with_capacity(events.len());
    for (position, event) in events.iter().enumerate() {
        last.insert(key(event), position);
    }
    let mut positions: Vec<usize> = last.into_values().collect();
    positions.sort_unstable();
    positions
}

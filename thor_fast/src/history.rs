//! Bars with their volume-weighted average over columns that are in order already, such as a partition of the lake.
//!
//! What opens and closes a bar is what [`crate::bars`] says: the first and last by ts, then seq, then source. That is the
//! order of a partition, whose keys are all different, so a pass without any look-up gives the same bars.

use crate::bars::Bar;
use crate::quality::{MISSING, NO_SIZE};
use crate::symbol::Symbol;

/// A bar and the sum of price times size over it, in nanos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weighted {
    /// The bar.
    pub bar: Bar,
    /// Price times size, summed.
    pub notional: i128,
}

impl Weighted {
    /// The volume-weighted average price in nanos, to the nearest, ties to even; nothing without volume.
    #[must_use]
    pub fn vwap(&self) -> Option<i64> {
        let volume = i128::from(self.bar.volume);
        if volume <= 0 {
            return None;
        }
        let (whole, rest) = (self.notional.div_euclid(volume), self.notional.rem_euclid(volume));
        let up = match (2 * rest).cmp(&volume) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => whole & 1,
            std::cmp::Ordering::Greater => 1,
        };
        i64::try_from(whole + up).ok()
    }
}

/// The bars of one symbol's rows in order; rows without a last (it is [`MISSING`]) make none. Nothing when the interval is
/// not above 0 or the columns are not of one length.
#[must_use]
pub fn bars_in_order(
    symbol: &Symbol,
    ts_us: &[i64],
    last: &[i64],
    last_size: &[i32],
    interval_us: i64,
) -> Option<Vec<Weighted>> {
    if interval_us <= 0 || last.len() != ts_us.len() || last_size.len() != ts_us.len() {
        return None;
    }
    let mut found: Vec<Weighted> = Vec::new();
    let mut end = i64::MIN;
    for ((ts_us, price), size) in ts_us.iter().zip(last).zip(last_size) {
        let (price, size) = (*price, if *size == NO_SIZE { 0 } else { i64::from(*size) });
        if price == MISSING {
            continue;
        }
        let notional = i128::from(price) * i128::from(size);
        match found.last_mut() {
            Some(Weighted { bar, notional: sum }) if *ts_us < end => {
                bar.high = bar.high.max(price);
                bar.low = bar.low.min(price);
                bar.close = price;
                bar.volume += size;
                bar.events += 1;
                *sum += notional;
            }
            _ => {
                let start_us = ts_us - ts_us.rem_euclid(interval_us);
                end = start_us.saturating_add(interval_us);
                let (open, high, low, close) = (price, price, price, price);
                let bar = Bar { symbol: *symbol, start_us, open, high, low, close, volume: size, events: 1 };
                found.push(Weighted { bar, notional });
            }
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bars::bars;
    use crate::batch::QuoteBatch;
    use crate::event::QuoteEvent;
    use crate::symbol::Source;

    fn event(ts_us: i64, last: Option<i64>, last_size: Option<i32>) -> QuoteEvent {
        QuoteEvent {
            symbol: Symbol::new("ES").unwrap(),
            ts_us,
            source: Source::new("TOS").unwrap(),
            last,
            bid: None,
            ask: None,
            last_size,
            bid_size: None,
            ask_size: None,
            seq: Some(ts_us + 100),
            condition: None,
            venue: None,
            meta: None,
        }
    }

    #[test]
    fn bars_are_those_of_any_order() {
        let events: Vec<_> = (-40..400)
            .map(|ts_us| event(ts_us, (ts_us % 7 != 0).then_some(ts_us * 13 % 101), (ts_us % 5 != 0).then_some(3)))
            .collect();
        let columns = |of: fn(&QuoteEvent) -> i64| events.iter().map(of).collect::<Vec<_>>();
        let sizes: Vec<_> = events.iter().map(|event| event.last_size.unwrap_or(NO_SIZE)).collect();
        let (ts_us, last) = (columns(|event| event.ts_us), columns(|event| event.last.unwrap_or(MISSING)));
        let symbol = Symbol::new("ES").unwrap();
        let found = bars_in_order(&symbol, &ts_us, &last, &sizes, 60).unwrap();
        let expected = bars(&events.iter().collect::<QuoteBatch>(), 60).unwrap();
        assert_eq!(found.iter().map(|weighted| weighted.bar).collect::<Vec<_>>(), expected);
        assert_eq!(bars_in_order(&symbol, &ts_us, &last, &sizes, 0), None);
        assert_eq!(bars_in_order(&symbol, &ts_us, &last, &[], 1), None);
    }

    #[test]
    fn an_average_goes_to_the_nearest_and_ties_to_even() {
        let vwap = |rows: &[(i64, i32)]| {
            let (last, sizes): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
            let found = bars_in_order(&Symbol::new("ES").unwrap(), &vec![0; rows.len()], &last, &sizes, 60).unwrap();
            found[0].vwap()
        };
        assert_eq!(vwap(&[(10, 1), (20, 3)]), Some(18));
        assert_eq!(vwap(&[(10, 1), (15, 1)]), Some(12));
        assert_eq!(vwap(&[(-10, 1), (-11, 1)]), Some(-10));
        assert_eq!(vwap(&[(-11, 1), (-12, 1)]), Some(-12));
        assert_eq!(vwap(&[(10, NO_SIZE)]), None);
    }
}

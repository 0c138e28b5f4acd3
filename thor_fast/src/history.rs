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

/// Makes the bars of one symbol out of blocks of rows in order, one after the other.
#[derive(Debug)]
pub struct BarMaker {
    symbol: Symbol,
    interval_us: i64,
    done: Vec<Weighted>,
    /// The bar at work, and where it ends; the first row begins one.
    open: Option<Weighted>,
    end: i64,
}

impl BarMaker {
    /// One that has seen no row. Nothing when the interval is not above 0.
    #[must_use]
    pub fn new(symbol: Symbol, interval_us: i64) -> Option<Self> {
        (interval_us > 0).then_some(Self { symbol, interval_us, done: Vec::new(), open: None, end: i64::MIN })
    }

    /// Looks at the next rows; those without a last (it is [`MISSING`]) make no bar. False, and nothing is looked at, where
    /// the columns are not of one length.
    pub fn look(&mut self, ts_us: &[i64], last: &[i64], last_size: &[i32]) -> bool {
        if last.len() != ts_us.len() || last_size.len() != ts_us.len() {
            return false;
        }
        // Taken out, so that it stays in registers.
        let mut open = self.open.take();
        for ((ts_us, price), size) in ts_us.iter().zip(last).zip(last_size) {
            let (price, size) = (*price, if *size == NO_SIZE { 0 } else { i64::from(*size) });
            if price == MISSING {
                continue;
            }
            let notional = i128::from(price) * i128::from(size);
            match &mut open {
                Some(Weighted { bar, notional: sum }) if *ts_us < self.end => {
                    bar.high = bar.high.max(price);
                    bar.low = bar.low.min(price);
                    bar.close = price;
                    bar.volume += size;
                    bar.events += 1;
                    *sum += notional;
                }
                _ => {
                    let start_us = ts_us - ts_us.rem_euclid(self.interval_us);
                    self.end = start_us.saturating_add(self.interval_us);
                    let (open_at, high, low, close) = (price, price, price, price);
                    let bar =
                        Bar { symbol: self.symbol, start_us, open: open_at, high, low, close, volume: size, events: 1 };
                    self.done.extend(open.replace(Weighted { bar, notional }));
                }
            }
        }
        self.open = open;
        true
    }

    /// The bars, once every row was looked at.
    #[must_use]
    pub fn finish(mut self) -> Vec<Weighted> {
        self.done.extend(self.open);
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bars::bars;

    fn bars_in_order(ts_us: &[i64], last: &[i64], sizes: &[i32], block: usize) -> Vec<Weighted> {
        let mut maker = BarMaker::new(Symbol::new("ES").unwrap(), 60).unwrap();
        for ((ts_us, last), sizes) in ts_us.chunks(block).zip(last.chunks(block)).zip(sizes.chunks(block)) {
            assert!(maker.look(ts_us, last, sizes));
        }
        maker.finish()
    }
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
        let expected = bars(&events.iter().collect::<QuoteBatch>(), 60).unwrap();
        for block in [1, 7, 60, 1_000] {
            let found = bars_in_order(&ts_us, &last, &sizes, block);
            assert_eq!(found.iter().map(|weighted| weighted.bar).collect::<Vec<_>>(), expected);
        }
        let symbol = Symbol::new("ES").unwrap();
        assert!(BarMaker::new(symbol, 0).is_none());
        assert!(!BarMaker::new(symbol, 1).unwrap().look(&ts_us, &last, &[]));
    }

    #[test]
    fn an_average_goes_to_the_nearest_and_ties_to_even() {
        let vwap = |rows: &[(i64, i32)]| {
            let (last, sizes): (Vec<_>, Vec<_>) = rows.iter().copied().unzip();
            let found = bars_in_order(&vec![0; rows.len()], &last, &sizes, 1);
            found[0].vwap()
        };
        assert_eq!(vwap(&[(10, 1), (20, 3)]), Some(18));
        assert_eq!(vwap(&[(10, 1), (15, 1)]), Some(12));
        assert_eq!(vwap(&[(-10, 1), (-11, 1)]), Some(-10));
        assert_eq!(vwap(&[(-11, 1), (-12, 1)]), Some(-12));
        assert_eq!(vwap(&[(10, NO_SIZE)]), None);
    }
}

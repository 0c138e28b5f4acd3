//! Bars that grow with each event: open, high, low, close and volume by symbol and interval.
//!
//! A bar depends on which events there were and not on their order: what opens and closes it goes by ts, then seq. So
//! bars of the same interval may be made in parts and put together. `crate::bars` makes bars of a whole batch instead.

use crate::market::codec::Codec;

/// The lengths of bars, and the trade date as the longest.
pub const INTERVALS: [(&str, i64); 5] =
    [("1s", 1_000_000), ("1m", 60_000_000), ("5m", 300_000_000), ("1h", 3_600_000_000), ("1d", 86_400_000_000)];

/// Where the interval of that number begins that an instant lies in; a day begins with its trade date.
#[must_use]
pub fn start_of(interval: usize, at_us: i64, day_start_us: i64) -> i64 {
    match INTERVALS.get(interval) {
        Some((_, length)) if interval + 1 < INTERVALS.len() => at_us - at_us.rem_euclid(*length),
        _ => day_start_us,
    }
}

/// An event's place in time: its ts and its seq, none being -1.
pub type Place = (i64, i64);

/// One bar, or a part of one. Prices in units of 1e-9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Candle {
    /// Where its interval begins, microseconds UTC.
    pub start_us: i64,
    /// The first price.
    pub open: i64,
    /// The greatest price.
    pub high: i64,
    /// The least price.
    pub low: i64,
    /// The last price.
    pub close: i64,
    /// What was traded, by the rise of the day's volume; 0 where the source tells none.
    pub volume: i64,
    /// How many events it is made of.
    pub events: i64,
    /// When the first price was.
    pub opened: Place,
    /// When the last price was.
    pub closed: Place,
}

impl Candle {
    /// The bar of one event.
    #[must_use]
    pub fn of(start_us: i64, place: Place, price: i64, volume: i64) -> Self {
        Self {
            start_us,
            open: price,
            high: price,
            low: price,
            close: price,
            volume,
            events: 1,
            opened: place,
            closed: place,
        }
    }

    /// Puts another part of the same bar to it; of two events at one place the other's counts.
    pub fn join(&mut self, other: &Self) {
        if other.opened < self.opened {
            (self.opened, self.open) = (other.opened, other.open);
        }
        if other.closed >= self.closed {
            (self.closed, self.close) = (other.closed, other.close);
        }
        self.high = self.high.max(other.high);
        self.low = self.low.min(other.low);
        self.volume = self.volume.saturating_add(other.volume);
        self.events += other.events;
    }

    pub(super) fn pass(&mut self, codec: &mut impl Codec) {
        let Self { start_us, open, high, low, close, volume, events, opened, closed } = self;
        for value in [start_us, open, high, low, close, volume, events] {
            codec.int(value);
        }
        for place in [opened, closed] {
            codec.int(&mut place.0);
            codec.int(&mut place.1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_make_the_same_bar_in_any_order() {
        let parts = [((5, 1), 10, 2), ((5, 2), 14, 0), ((9, -1), 7, 1), ((3, 4), 11, 3)];
        let joined = |order: [usize; 4]| {
            let mut candles = order.map(|i| Candle::of(0, parts[i].0, parts[i].1, parts[i].2)).into_iter();
            let mut bar = candles.next().unwrap();
            candles.for_each(|part| bar.join(&part));
            bar
        };
        let bar = joined([0, 1, 2, 3]);
        assert_eq!((bar.open, bar.high, bar.low, bar.close, bar.volume, bar.events), (11, 14, 7, 7, 6, 4));
        for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
            assert_eq!(joined(order), bar);
        }
    }

    #[test]
    fn intervals_begin_at_whole_multiples_and_days_with_their_trade_date() {
        assert_eq!(start_of(1, 61_000_001, 5), 60_000_000);
        assert_eq!(start_of(0, -1, 5), -1_000_000);
        assert_eq!(start_of(4, 61_000_001, 5), 5);
    }
}

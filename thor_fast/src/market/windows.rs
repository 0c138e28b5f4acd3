//! What happened in the last so many minutes: greatest and least price, and the volume-weighted average.
//!
//! Time moves in whole minutes and never back; an event that comes late counts for the newest minute.

use std::collections::VecDeque;

use crate::market::codec::Codec;

const MINUTE_US: i64 = 60_000_000;

/// Greatest and least price of a window, each kept with the prices that will follow it when it falls out.
#[derive(Clone, Debug, Default)]
pub struct Extremes {
    highs: VecDeque<(i64, i64)>,
    lows: VecDeque<(i64, i64)>,
}

impl Extremes {
    /// Adds a price of that instant to a window of so many minutes.
    pub fn add(&mut self, at_us: i64, price: i64, minutes: i64) {
        push(&mut self.highs, at_us, price, minutes, |old, new| old <= new);
        push(&mut self.lows, at_us, price, minutes, |old, new| old >= new);
    }

    /// The greatest price.
    #[must_use]
    pub fn high(&self) -> Option<i64> {
        self.highs.front().map(|(_, price)| *price)
    }

    /// The least price.
    #[must_use]
    pub fn low(&self) -> Option<i64> {
        self.lows.front().map(|(_, price)| *price)
    }

    pub(super) fn pass(&mut self, codec: &mut impl Codec) {
        for queue in [&mut self.highs, &mut self.lows] {
            let length = codec.length(queue.len());
            queue.resize(length, (0, 0));
            for (minute, price) in queue {
                codec.int(minute);
                codec.int(price);
            }
        }
    }
}

fn push(queue: &mut VecDeque<(i64, i64)>, at_us: i64, price: i64, minutes: i64, yields: fn(i64, i64) -> bool) {
    let minute = at_us.div_euclid(MINUTE_US).max(queue.back().map_or(i64::MIN, |(minute, _)| *minute));
    while queue.back().is_some_and(|(_, old)| yields(*old, price)) {
        queue.pop_back();
    }
    // Another price of this minute that is still the better one will fall out when this one does.
    if queue.back().is_none_or(|(last, _)| *last != minute) {
        queue.push_back((minute, price));
    }
    while queue.front().is_some_and(|(first, _)| *first <= minute - minutes) {
        queue.pop_front();
    }
}

/// Volume and turnover of a window, minute by minute.
#[derive(Clone, Debug, Default)]
pub struct Turnover {
    minutes: VecDeque<(i64, i128, i64)>,
    turnover: i128,
    volume: i64,
}

impl Turnover {
    /// Adds a volume above 0 at a price to a window of so many minutes, the present one included.
    pub fn add(&mut self, at_us: i64, price: i64, volume: i64, minutes: i64) {
        let minute = at_us.div_euclid(MINUTE_US).max(self.minutes.back().map_or(i64::MIN, |(minute, ..)| *minute));
        let turnover = i128::from(price) * i128::from(volume);
        match self.minutes.back_mut() {
            Some((last, total, count)) if *last == minute => {
                *total += turnover;
                *count += volume;
            }
            _ => self.minutes.push_back((minute, turnover, volume)),
        }
        self.turnover += turnover;
        self.volume += volume;
        self.expire(minute, minutes);
    }

    /// Lets go of what has fallen out of the window by that instant.
    pub fn expire_by(&mut self, at_us: i64, minutes: i64) {
        self.expire(at_us.div_euclid(MINUTE_US), minutes);
    }

    fn expire(&mut self, minute: i64, minutes: i64) {
        while let Some((first, turnover, volume)) = self.minutes.front().copied()
            && first <= minute - minutes
        {
            self.turnover -= turnover;
            self.volume -= volume;
            self.minutes.pop_front();
        }
    }

    /// The volume-weighted average price.
    #[must_use]
    pub fn average(&self) -> Option<i64> {
        average(self.turnover, self.volume)
    }

    pub(super) fn pass(&mut self, codec: &mut impl Codec) {
        let length = codec.length(self.minutes.len());
        self.minutes.resize(length, (0, 0, 0));
        for (minute, turnover, volume) in &mut self.minutes {
            codec.int(minute);
            codec.wide(turnover);
            codec.int(volume);
        }
        codec.wide(&mut self.turnover);
        codec.int(&mut self.volume);
    }
}

/// `turnover / volume` to the nearest, ties to even.
#[must_use]
pub fn average(turnover: i128, volume: i64) -> Option<i64> {
    if volume <= 0 {
        return None;
    }
    let (floor, rest) = match i64::try_from(turnover) {
        Ok(turnover) => (turnover.div_euclid(volume), turnover.rem_euclid(volume)),
        Err(_) => {
            let floor = turnover.div_euclid(volume.into());
            let rest = turnover - floor * i128::from(volume);
            (i64::try_from(floor).ok()?, i64::try_from(rest).ok()?)
        }
    };
    let up = rest > volume - rest || (rest == volume - rest && floor % 2 != 0);
    floor.checked_add(i64::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_fall_out_after_their_minutes() {
        let mut window = Extremes::default();
        for (minute, price) in [(0, 10), (1, 12), (2, 8), (3, 9), (3, 11), (3, 10)] {
            window.add(minute * MINUTE_US, price, 3);
            let _ = (window.high(), window.low());
        }
        assert_eq!((window.high(), window.low()), (Some(12), Some(8)));
        window.add(4 * MINUTE_US, 10, 3);
        assert_eq!((window.high(), window.low()), (Some(11), Some(8)));
        window.add(5 * MINUTE_US, 10, 3);
        assert_eq!((window.high(), window.low()), (Some(11), Some(9)));
        window.add(99 * MINUTE_US, 1, 3);
        assert_eq!((window.high(), window.low()), (Some(1), Some(1)));
    }

    #[test]
    fn a_late_price_counts_for_the_newest_minute() {
        let mut window = Extremes::default();
        window.add(10 * MINUTE_US, 5, 3);
        window.add(9 * MINUTE_US, 7, 3);
        window.add(12 * MINUTE_US, 6, 3);
        assert_eq!((window.high(), window.low()), (Some(7), Some(5)));
        window.add(13 * MINUTE_US, 6, 3);
        assert_eq!((window.high(), window.low()), (Some(6), Some(6)));
    }

    #[test]
    fn the_average_is_of_the_window_alone() {
        let mut window = Turnover::default();
        window.add(0, 100, 1, 30);
        window.add(29 * MINUTE_US, 200, 3, 30);
        assert_eq!(window.average(), Some(175));
        window.expire_by(30 * MINUTE_US, 30);
        assert_eq!(window.average(), Some(200));
        window.expire_by(60 * MINUTE_US, 30);
        assert_eq!(window.average(), None);
        assert_eq!(average(5, 2), Some(2));
        assert_eq!(average(7, 2), Some(4));
        assert_eq!(average(-5, 2), Some(-2));
        let wide = i128::from(i64::MAX) * 4;
        assert_eq!((average(wide, 8), average(wide + 8, 8)), (Some(i64::MAX / 2 + 1), Some(i64::MAX / 2 + 1)));
        assert_eq!((average(-wide, 4), average(wide, 2)), (Some(-i64::MAX), None));
    }
}

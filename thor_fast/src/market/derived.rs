//! What follows from one quote alone: changes, spread, mark, place in the day's range. No state, no float.
//!
//! Differences are exact; ratios are rounded to four decimals, ties to even. Whatever lacks a part is missing.

use crate::event::EventRef;
use crate::market::figures::Figures;

/// A ratio's step, 1e-4, in units of 1e-9.
const RATIO_STEP: i64 = 100_000;
const RATIO_STEPS: i64 = 10_000;

/// What follows from a quote. Prices and ratios in units of 1e-9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// Against the previous settlement: the source's NET_CHANGE first, else last - close.
    pub change: Option<i64>,
    /// The previous settlement: the source's, else last - change.
    pub close: Option<i64>,
    /// `change / |close|`, in percent (thinkorswim's % Change).
    pub change_percent: Option<i64>,
    /// last - open.
    pub open_change: Option<i64>,
    /// `(last - open) / |open|`, in percent.
    pub open_change_percent: Option<i64>,
    /// ask - bid; below 0 in a crossed book.
    pub spread: Option<i64>,
    /// `(ask - bid) / |middle of both|`, in percent.
    pub spread_percent: Option<i64>,
    /// What the instrument is worth now (thinkorswim's Mark): last where it lies between bid and ask or the book is empty
    /// or crossed, else the nearer of both; their middle where nothing was traded yet.
    pub mark: Option<i64>,
}

impl Derived {
    /// What follows from an event and its figures.
    #[must_use]
    pub fn of(event: &EventRef<'_>, figures: &Figures) -> Self {
        let last = event.last;
        let change = net_change(last, figures.net_change, figures.close, figures.volume);
        let close = figures.close.or_else(|| last?.checked_sub(change?));
        let open_change = difference(last, figures.open);
        let spread = difference(event.ask, event.bid);
        let middle = middle(event.bid, event.ask);
        Self {
            change,
            close,
            change_percent: percent(change, close),
            open_change,
            open_change_percent: percent(open_change, figures.open),
            spread,
            spread_percent: percent(spread, middle),
            mark: mark(last, event.bid, event.ask),
        }
    }
}

/// Where a price stands between the day's low (0) and high (1); within both.
#[must_use]
pub fn range_position(last: Option<i64>, high: Option<i64>, low: Option<i64>) -> Option<i64> {
    let (last, high, low) = (last?, high?, low?);
    let range = high.checked_sub(low).filter(|range| *range > 0)?;
    ratio(last.clamp(low, high).checked_sub(low)?, 1, range)
}

/// The change of a quote, unknown where a zero stands for "nothing yet".
///
/// A source that has no last price yet, or a zero for one and no volume, sends a change of 0: that is a row still
/// loading, not an unchanged market.
#[must_use]
pub fn net_change(last: Option<i64>, told: Option<i64>, close: Option<i64>, volume: Option<i64>) -> Option<i64> {
    let loading = last.is_none() || (last == Some(0) && volume.unwrap_or(0) == 0);
    match told {
        Some(0) if loading => None,
        Some(change) => Some(change),
        None => difference(last.filter(|_| !loading), close),
    }
}

fn difference(left: Option<i64>, right: Option<i64>) -> Option<i64> {
    left?.checked_sub(right?)
}

fn middle(bid: Option<i64>, ask: Option<i64>) -> Option<i64> {
    let (bid, ask) = (bid?, ask?);
    bid.checked_add(ask.checked_sub(bid)? / 2)
}

fn mark(last: Option<i64>, bid: Option<i64>, ask: Option<i64>) -> Option<i64> {
    match (bid, ask) {
        (Some(bid), Some(ask)) if bid <= ask && (bid != 0 || ask != 0) => match last {
            Some(last) => Some(last.clamp(bid, ask)),
            None => middle(Some(bid), Some(ask)),
        },
        _ => last,
    }
}

/// `part / |whole|` in percent.
#[must_use]
pub fn percent(part: Option<i64>, whole: Option<i64>) -> Option<i64> {
    ratio(part?, 100, whole?.checked_abs().filter(|whole| *whole > 0)?)
}

/// `part * factor / whole`, in units of 1e-9 rounded to four decimals, ties to even. `whole` is above 0.
#[must_use]
pub fn ratio(part: i64, factor: i64, whole: i64) -> Option<i64> {
    let steps = factor.checked_mul(RATIO_STEPS)?;
    let rounded = match part.checked_mul(steps) {
        Some(part) => {
            let (floor, rest) = (part.div_euclid(whole), part.rem_euclid(whole));
            let up = rest > whole - rest || (rest == whole - rest && floor % 2 != 0);
            floor + i64::from(up)
        }
        None => {
            let (part, whole) = (i128::from(part) * i128::from(steps), i128::from(whole));
            let (floor, rest) = (part.div_euclid(whole), part.rem_euclid(whole));
            let up = rest > whole - rest || (rest == whole - rest && floor % 2 != 0);
            i64::try_from(floor + i128::from(up)).ok()?
        }
    };
    rounded.checked_mul(RATIO_STEP)
}

/// `left * right` of two numbers in units of 1e-9, towards zero; nothing beyond the range.
#[must_use]
pub fn product(left: i64, right: i64) -> Option<i64> {
    const ONE: i128 = crate::price::ONE as i128;
    i64::try_from(i128::from(left) * i128::from(right) / ONE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: i64 = 1_000_000_000;

    #[test]
    fn a_zero_beside_nothing_is_no_change() {
        assert_eq!(net_change(None, Some(0), None, None), None);
        assert_eq!(net_change(Some(0), Some(0), Some(P), None), None);
        assert_eq!(net_change(Some(0), None, Some(P), Some(0)), None);
        assert_eq!(net_change(Some(0), Some(0), Some(P), Some(7)), Some(0));
        assert_eq!(net_change(Some(5 * P), Some(0), None, None), Some(0));
        assert_eq!(net_change(Some(5 * P), None, Some(7 * P), None), Some(-2 * P));
        assert_eq!(net_change(None, Some(3), None, None), Some(3));
        assert_eq!(net_change(Some(5 * P), None, None, None), None);
    }

    #[test]
    fn the_mark_is_last_unless_the_book_says_better() {
        for (last, bid, ask, mark_wanted) in [
            (Some(5), Some(4), Some(6), Some(5)),
            (Some(7), Some(4), Some(6), Some(6)),
            (Some(3), Some(4), Some(6), Some(4)),
            (Some(3), Some(6), Some(4), Some(3)),
            (Some(3), None, Some(4), Some(3)),
            (Some(3), Some(0), Some(0), Some(3)),
            (None, Some(4), Some(6), Some(5)),
            (None, None, Some(6), None),
        ] {
            assert_eq!(mark(last, bid, ask), mark_wanted, "{last:?} {bid:?} {ask:?}");
        }
    }

    #[test]
    fn ratios_have_four_decimals_and_ties_go_to_even() {
        assert_eq!(percent(Some(12_750_000_000), Some(6_721_250_000_000)), Some(189_700_000));
        assert_eq!(percent(Some(-1), Some(-3)), Some(-33_333_300_000));
        assert_eq!(percent(Some(1), Some(0)), None);
        assert_eq!(ratio(1, 1, 20_000), Some(0));
        assert_eq!(ratio(3, 1, 20_000), Some(200_000));
        assert_eq!(ratio(i64::MAX, 1, i64::MAX), Some(P));
        assert_eq!(ratio(i64::MAX, 100, 1), None);
        assert_eq!(range_position(Some(15), Some(20), Some(10)), Some(P / 2));
        assert_eq!(range_position(Some(25), Some(20), Some(10)), Some(P));
        assert_eq!(range_position(Some(10), Some(10), Some(10)), None);
    }
}

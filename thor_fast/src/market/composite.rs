//! The composite of all instruments, the row that the dashboard calls TOTAL: their signals as one.
//!
//! The sum of the signal weights decides the class. Beside it stand a score without units and, because people know
//! them, two figures of before, which add thresholds of different instruments and turn nothing around.

use crate::classify::Signal;
use crate::market::rules::Classified;
use crate::symbol::Symbol;

/// The boundaries of the class, falling, and how much must be live for a strong one.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Above it the composite is a strong buy.
    pub strong_buy: i64,
    /// Above it, up to `strong_buy`, a buy.
    pub buy: i64,
    /// Below it, down to `strong_sell`, a sell.
    pub sell: i64,
    /// Below it a strong sell.
    pub strong_sell: i64,
    /// The share of the expected symbols that must be live for a strong class, in units of 1e-9.
    pub min_live_share: i64,
}

/// One expected symbol.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Which.
    pub symbol: Symbol,
    /// Its signal, missing where it has none now.
    pub classified: Option<Classified>,
    /// Whether its quote is fresh enough to be acted on.
    pub live: bool,
}

impl Part {
    /// What the symbol adds to the score before it is divided: weight times signal weight, in units of 1e-9.
    #[must_use]
    pub fn contribution(&self) -> i64 {
        self.classified.map_or(0, |it| it.weight.saturating_mul(it.signal_weight))
    }
}

/// The composite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Composite {
    /// Its class; missing where no symbol has a signal.
    pub signal: Option<Signal>,
    /// The sum of the signal weights of the symbols with a signal.
    pub sum: i64,
    /// A strong class was made a plain one because too few symbols are live.
    pub suppressed: bool,
    /// `sum(weight * signal weight) / sum(weight)`, from -2 to 2, in units of 1e-9 rounded to six decimals.
    pub score: Option<i64>,
    /// The signal whose steps are nearest to the score; a tie goes to the weaker one.
    pub score_signal: Option<Signal>,
    /// `sum(stat value * weight)`, rounded to two decimals. It mixes units.
    pub sum_weighted: i64,
    /// `sum_weighted / sum(weight)`, rounded to three decimals.
    pub average_weighted: Option<i64>,
    /// The sum of the weights of the symbols with a signal.
    pub denominator: i64,
    /// Symbols with a signal.
    pub used: usize,
    /// Those of them that are live.
    pub live: usize,
    /// Symbols that should have one.
    pub expected: usize,
}

impl Composite {
    /// The composite of these symbols.
    #[must_use]
    pub fn of(parts: &[Part], bounds: &Bounds) -> Self {
        let used = || parts.iter().filter_map(|part| part.classified);
        let sum: i64 = used().map(|it| it.signal_weight).sum();
        let denominator: i128 = used().map(|it| i128::from(it.weight)).sum();
        let weighted: i128 = used().map(|it| i128::from(it.weight) * i128::from(it.signal_weight)).sum();
        let legacy: i128 = used().map(|it| i128::from(it.weight) * i128::from(it.stat_value)).sum();
        let live = parts.iter().filter(|part| part.live && part.classified.is_some()).count();
        let count = used().count();
        let class = (count > 0).then(|| class_of(sum, bounds));
        let enough = share(live, parts.len()) >= i128::from(bounds.min_live_share);
        let signal = class.map(|signal| if enough { signal } else { plain(signal) });
        let score = score_of(weighted, denominator);
        Self {
            signal,
            sum,
            suppressed: signal != class,
            score,
            score_signal: score.map(nearest),
            sum_weighted: rounded(legacy, ONE, 2).unwrap_or(0),
            average_weighted: rounded(legacy, denominator, 3),
            denominator: i64::try_from(denominator).unwrap_or(i64::MAX),
            used: count,
            live,
            expected: parts.len(),
        }
    }
}

const ONE: i128 = crate::price::ONE as i128;

/// `weighted / denominator`, both in units of 1e-9, in the same units rounded to six decimals; nothing where nothing counts.
#[must_use]
pub fn score_of(weighted: i128, denominator: i128) -> Option<i64> {
    rounded(weighted * ONE, denominator, 6)
}

/// The class of a sum of signal weights. One equal to a boundary has the class of the inner side.
#[must_use]
pub fn class_of(sum: i64, bounds: &Bounds) -> Signal {
    let sum = sum.saturating_mul(crate::price::ONE);
    if sum > bounds.strong_buy {
        Signal::StrongBuy
    } else if sum > bounds.buy {
        Signal::Buy
    } else if sum < bounds.strong_sell {
        Signal::StrongSell
    } else if sum < bounds.sell {
        Signal::Sell
    } else {
        Signal::Hold
    }
}

fn plain(signal: Signal) -> Signal {
    Signal::of_steps(signal.steps().clamp(-1, 1))
}

fn share(live: usize, expected: usize) -> i128 {
    let count = |number: usize| i128::try_from(number).unwrap_or(0);
    count(live) * ONE / count(expected).max(1)
}

/// The signal whose steps are nearest to a score; a tie goes to the weaker one.
#[must_use]
pub fn nearest(score: i64) -> Signal {
    let one = crate::price::ONE;
    // Half a step away from zero is not yet the next one.
    let steps = (score.unsigned_abs() + one.unsigned_abs() / 2 - 1) / one.unsigned_abs();
    let steps = i64::try_from(steps).unwrap_or(2);
    Signal::of_steps(if score < 0 { -steps } else { steps })
}

/// `dividend / divisor`, a number in units of 1e-9, rounded to so many decimals, ties to even.
fn rounded(dividend: i128, divisor: i128, decimals: u32) -> Option<i64> {
    if divisor <= 0 {
        return None;
    }
    let step = 10_i128.pow(9_u32.saturating_sub(decimals));
    let whole = divisor.checked_mul(step)?;
    let (floor, rest) = (dividend.div_euclid(whole), dividend.rem_euclid(whole));
    let up = rest > whole - rest || (rest == whole - rest && floor % 2 != 0);
    i64::try_from((floor + i128::from(up)) * step).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: i64 = crate::price::ONE;
    const BOUNDS: Bounds =
        Bounds { strong_buy: 9 * P, buy: 3 * P, sell: -3 * P, strong_sell: -9 * P, min_live_share: 750_000_000 };

    fn parts(weights: &[i64]) -> Vec<Part> {
        let part = |signal_weight: &i64| Part {
            symbol: Symbol::new("ES").unwrap(),
            classified: Some(Classified {
                signal: Signal::of_steps(*signal_weight),
                stat_value: 5 * P,
                weight: 1_500_000_000,
                signal_weight: *signal_weight,
            }),
            live: true,
        };
        weights.iter().map(part).collect()
    }

    #[test]
    fn classes_stand_at_their_bounds() {
        for (sum, signal) in [
            (10, Signal::StrongBuy),
            (9, Signal::Buy),
            (4, Signal::Buy),
            (3, Signal::Hold),
            (0, Signal::Hold),
            (-3, Signal::Hold),
            (-4, Signal::Sell),
            (-9, Signal::Sell),
            (-10, Signal::StrongSell),
        ] {
            let composite = Composite::of(&parts(&[sum]), &BOUNDS);
            assert_eq!((composite.sum, composite.signal, composite.suppressed), (sum, Some(signal), false));
        }
    }

    #[test]
    fn a_strong_class_needs_enough_live_symbols() {
        let mut some = parts(&[2, 2, 2, 2, 2, 0, 0, 0]);
        assert_eq!(Composite::of(&some, &BOUNDS).signal, Some(Signal::StrongBuy));
        some[6].live = false;
        some[7].classified = None;
        let enough = Composite::of(&some, &BOUNDS);
        assert_eq!((enough.signal, enough.live, enough.used, enough.expected), (Some(Signal::StrongBuy), 6, 7, 8));
        some[5].live = false;
        let few = Composite::of(&some, &BOUNDS);
        assert_eq!((few.signal, few.suppressed, few.sum), (Some(Signal::Buy), true, 10));
        let none = Composite::of(&[], &BOUNDS);
        assert_eq!((none.signal, none.score, none.average_weighted), (None, None, None));
    }

    #[test]
    fn the_score_is_weighted_and_nearest_the_weaker_signal() {
        let mut some = parts(&[2, -1]);
        some[1].classified.as_mut().unwrap().weight = P;
        let composite = Composite::of(&some, &BOUNDS);
        assert_eq!((composite.score, composite.denominator), (Some(800_000_000), 2_500_000_000));
        assert_eq!(composite.score_signal, Some(Signal::Buy));
        assert_eq!((composite.sum_weighted, composite.average_weighted), (12_500_000_000, Some(5 * P)));
        for (score, signal) in [
            (500_000_000, Signal::Hold),
            (500_000_001, Signal::Buy),
            (-1_500_000_000, Signal::Sell),
            (-1_500_000_001, Signal::StrongSell),
            (0, Signal::Hold),
        ] {
            assert_eq!(nearest(score), signal, "{score}");
        }
    }
}

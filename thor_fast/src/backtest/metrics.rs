//! Figures of a series of returns and of an equity curve, each by one stated convention.
//!
//! Sums run in four fixed lanes and variances in two passes with a correction (Chan, Golub and LeVeque, 1983), so the
//! answer is the same on every processor and good to the limit of doubles.

use super::sweep::loss;
use super::wide::wide;

const LANES: usize = 4;

type Lanes = [f64; LANES];

/// Sums that the figures are made from. `below` and `above` are of what falls short of, or passes, the threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    /// How many returns.
    pub count: usize,
    /// Their mean.
    pub mean: f64,
    /// Sum of squared deviations from the mean.
    pub squares: f64,
    /// Sum of cubed deviations.
    pub cubes: f64,
    /// Sum of deviations to the fourth.
    pub fourths: f64,
    /// Sum of shortfalls below the threshold, as positive numbers.
    pub below: f64,
    /// Sum of squared shortfalls.
    pub below_squares: f64,
    /// Sum of cubed shortfalls.
    pub below_cubes: f64,
    /// Sum of what is above the threshold.
    pub above: f64,
    /// Sum of its squares.
    pub above_squares: f64,
    /// How many fall short.
    pub short: usize,
    /// How many are above.
    pub long: usize,
    /// Sum of absolute deviations from the mean.
    pub absolute: f64,
}

/// The sum in fixed lanes.
#[inline(always)]
#[must_use]
pub fn sum(values: &[f64]) -> f64 {
    let mut sums = [[0.0; LANES]; 4];
    let (blocks, rest) = values.as_chunks::<{ 4 * LANES }>();
    for block in blocks {
        for (sums, values) in sums.iter_mut().zip(block.as_chunks::<LANES>().0) {
            add(sums, values);
        }
    }
    for (sum, value) in sums.iter_mut().flatten().zip(rest) {
        *sum += value;
    }
    sums.iter().flatten().sum()
}

#[inline(always)]
fn add(sums: &mut Lanes, values: &Lanes) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// The sums of one pass, each in its lanes, so that they stay in registers.
#[derive(Default)]
struct Sums {
    plain: Lanes,
    squares: Lanes,
    cubes: Lanes,
    fourths: Lanes,
    absolute: Lanes,
    below: Lanes,
    below_squares: Lanes,
    below_cubes: Lanes,
    above: Lanes,
    above_squares: Lanes,
    short: Lanes,
    long: Lanes,
}

impl Sums {
    #[inline(always)]
    fn take(&mut self, values: &Lanes, mean: f64, threshold: f64) {
        let deviation = values.map(|value| value - mean);
        let square = deviation.map(|it| it * it);
        add(&mut self.plain, &deviation);
        add(&mut self.squares, &square);
        add(&mut self.cubes, &times(&square, &deviation));
        add(&mut self.fourths, &square.map(|it| it * it));
        add(&mut self.absolute, &deviation.map(f64::abs));
        let distance = values.map(|value| value - threshold);
        let below = distance.map(|it| if it < 0.0 { -it } else { 0.0 });
        let above = distance.map(|it| if it > 0.0 { it } else { 0.0 });
        let below_square = below.map(|it| it * it);
        add(&mut self.below, &below);
        add(&mut self.below_squares, &below_square);
        add(&mut self.below_cubes, &times(&below_square, &below));
        add(&mut self.above, &above);
        add(&mut self.above_squares, &above.map(|it| it * it));
        add(&mut self.short, &below.map(|it| if it > 0.0 { 1.0 } else { 0.0 }));
        add(&mut self.long, &above.map(|it| if it > 0.0 { 1.0 } else { 0.0 }));
    }
}

#[inline(always)]
fn times(a: &Lanes, b: &Lanes) -> Lanes {
    let mut products = *a;
    for (product, factor) in products.iter_mut().zip(b) {
        *product *= factor;
    }
    products
}

/// Moments of returns about their mean, and partial moments about a threshold.
#[must_use]
pub fn moments(returns: &[f64], threshold: f64) -> Moments {
    wide(|| moments_here(returns, threshold))
}

#[inline(always)]
fn moments_here(returns: &[f64], threshold: f64) -> Moments {
    let count = returns.len();
    if count == 0 {
        return Moments { mean: f64::NAN, ..Moments::default() };
    }
    let mean = sum(returns) / count as f64;
    let mut sums = Sums::default();
    let (blocks, rest) = returns.as_chunks::<LANES>();
    for block in blocks {
        sums.take(block, mean, threshold);
    }
    // Those that fill no block, one after the other; of each only the first lane is counted.
    let mut last = Sums::default();
    for value in rest {
        last.take(&[*value; LANES], mean, threshold);
    }
    let total = |of: fn(&Sums) -> &Lanes| of(&sums).iter().sum::<f64>() + of(&last)[0];
    let off = total(|sums| &sums.plain);
    Moments {
        count,
        // What the deviations still add up to is what the rounded sum left out.
        mean: mean + off / count as f64,
        squares: total(|sums| &sums.squares) - off * off / count as f64,
        cubes: total(|sums| &sums.cubes),
        fourths: total(|sums| &sums.fourths),
        absolute: total(|sums| &sums.absolute),
        below: total(|sums| &sums.below),
        below_squares: total(|sums| &sums.below_squares),
        below_cubes: total(|sums| &sums.below_cubes),
        above: total(|sums| &sums.above),
        above_squares: total(|sums| &sums.above_squares),
        short: total(|sums| &sums.short) as usize,
        long: total(|sums| &sums.long) as usize,
    }
}

/// What an equity curve lost from its peaks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drawdowns {
    /// The greatest loss, as a share of the peak.
    pub deepest: f64,
    /// Position of its peak and of its trough; the peak is 0 where it is the beginning.
    pub span: (usize, usize),
    /// Position at which its peak was reached again.
    pub recovered: Option<usize>,
    /// Most positions spent under a peak in a row.
    pub longest: usize,
    /// Sum of the loss at each position, and of its square.
    pub sums: (f64, f64),
    /// The last value.
    pub last: f64,
}

/// The greatest loss from a peak, the first of which is `start`.
#[must_use]
pub fn max_drawdown(equity: &[f64], start: f64) -> f64 {
    let (mut peak, mut low, mut worst) = (start, start, 0.0_f64);
    for &now in equity {
        if now > peak {
            worst = worst.max(loss(peak, low));
            (peak, low) = (now, now);
        } else {
            low = low.min(now);
        }
    }
    worst.max(loss(peak, low))
}

/// Every figure of the drawdowns of a curve of values that begins at `start`.
#[must_use]
pub fn drawdowns(equity: impl Iterator<Item = f64>, start: f64) -> Drawdowns {
    let mut found = Drawdowns { last: start, ..Drawdowns::default() };
    let (mut peak, mut peak_at, mut under) = (start, 0, 0);
    let (mut deepest_peak, mut open) = (start, false);
    for (position, now) in equity.enumerate() {
        found.last = now;
        if now >= peak {
            under = 0;
            (peak, peak_at) = (now, position);
            if open && now >= deepest_peak {
                (found.recovered, open) = (Some(position), false);
            }
            continue;
        }
        under += 1;
        found.longest = found.longest.max(under);
        let lost = loss(peak, now);
        found.sums.0 += lost;
        found.sums.1 += lost * lost;
        if lost > found.deepest {
            (found.deepest, found.span) = (lost, (peak_at, position));
            (deepest_peak, open, found.recovered) = (peak, true, None);
        }
    }
    found
}

/// The simple return of each value against the one before it, the first against `start`.
#[must_use]
pub fn simple_returns(values: &[f64], start: f64) -> Vec<f64> {
    wide(|| {
        let mut returns = Vec::with_capacity(values.len());
        returns.extend(values.first().map(|first| first / start - 1.0));
        returns.extend(values.iter().zip(values.iter().skip(1)).map(|(before, now)| now / before - 1.0));
        returns
    })
}

/// Values that grow by returns from 1.
pub fn grown(returns: &[f64]) -> impl Iterator<Item = f64> + '_ {
    returns.iter().scan(1.0, |value, change| {
        *value *= 1.0 + change;
        Some(*value)
    })
}

/// The lower tail of returns at a share: linear quantile, order statistic, and the mean up to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    /// Quantile by linear interpolation between order statistics (Hyndman and Fan's type 7).
    pub linear: f64,
    /// The order statistic at or below it.
    pub lower: f64,
    /// Mean of the returns up to and with that order statistic.
    pub mean_to: f64,
}

/// The lower tail at a share between 0 and 1; nothing for no returns.
#[must_use]
pub fn tail(returns: &[f64], share: f64, moments: &Moments) -> Option<Tail> {
    let count = returns.len();
    if count == 0 || !(0.0..=1.0).contains(&share) {
        return None;
    }
    let place = share * (count - 1) as f64;
    let (rank, part) = (place.floor() as usize, place.fract());
    let mut values = candidates(returns, moments, rank + 2);
    let (below, lower, above) = values.select_nth_unstable_by(rank, f64::total_cmp);
    let lower = *lower;
    let upper = above.iter().copied().fold(f64::INFINITY, f64::min);
    let linear = if part > 0.0 && upper.is_finite() { lower + part * (upper - lower) } else { lower };
    let mean_to = (sum(below) + lower) / (rank + 1) as f64;
    Some(Tail { linear, lower, mean_to })
}

/// Those among which the least `needed` returns are: for a small share of many, far fewer than all.
fn candidates(returns: &[f64], moments: &Moments, needed: usize) -> Vec<f64> {
    let deviation = (moments.squares / moments.count as f64).sqrt();
    for distance in [1.5, 1.0] {
        let bound = moments.mean - distance * deviation;
        let mut some = vec![0.0; returns.len()];
        let mut count = 0;
        for value in returns {
            if let Some(place) = some.get_mut(count) {
                *place = *value;
            }
            count += usize::from(*value < bound);
        }
        if count >= needed {
            some.truncate(count);
            return some;
        }
        if needed * 5 > returns.len() {
            break;
        }
    }
    returns.to_vec()
}

/// Sum of a times b over two columns, about their means.
#[must_use]
pub fn comoment(a: &[f64], b: &[f64]) -> f64 {
    let length = a.len().min(b.len());
    let (Some(a), Some(b)) = (a.get(..length), b.get(..length)) else { return f64::NAN };
    let (mean_a, mean_b) = (sum(a) / length as f64, sum(b) / length as f64);
    a.iter().zip(b).map(|(a, b)| (a - mean_a) * (b - mean_b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(found: f64, wanted: f64) -> f64 {
        -((found - wanted).abs() / wanted.abs()).log10()
    }

    /// NIST's univariate sets NumAcc3 and NumAcc4: a mean beside which the deviation is tiny.
    #[test]
    fn deviations_beside_a_great_mean_keep_their_digits() {
        for (base, wanted) in [(1_000_000.0, 9.4), (10_000_000.0, 8.2)] {
            let mut values = vec![base + 0.2];
            for _ in 0..500 {
                values.extend([base + 0.1, base + 0.3]);
            }
            let found = moments(&values, 0.0);
            let deviation = (found.squares / 1_000.0).sqrt();
            assert!(digits(deviation, 0.1) >= wanted, "{base}: {}", digits(deviation, 0.1));
            assert!(digits(found.mean, base + 0.2) >= 15.0);
        }
    }

    #[test]
    fn wide_registers_change_no_bit() {
        let values: Vec<f64> = (0..1_003).map(|at| f64::from((at * 7_919) % 1_000) / 997.0 - 0.5).collect();
        for length in [1, 3, 4, 5, 64, 1_003] {
            let part = &values[..length];
            assert_eq!(format!("{:?}", moments(part, 0.01)), format!("{:?}", moments_here(part, 0.01)));
            assert_eq!(sum(part).to_bits(), wide(|| sum(part)).to_bits());
        }
    }

    #[test]
    fn a_drawdown_has_a_place_and_an_end() {
        let found = drawdowns([1.0, 2.0, 1.5, 1.0, 1.9, 2.0, 3.0, 2.4].into_iter(), 1.0);
        assert_eq!((found.deepest, found.span, found.recovered, found.longest), (0.5, (1, 3), Some(5), 3));
        assert_eq!(max_drawdown(&[1.0, 2.0, 1.5, 1.0, 1.9, 2.0, 3.0, 2.4], 1.0), 0.5);
        assert_eq!(drawdowns([0.9, 0.8].into_iter(), 1.0).recovered, None);
        assert_eq!(max_drawdown(&[], 1.0), 0.0);
    }

    #[test]
    fn the_tail_is_that_of_a_sorted_list() {
        let values: Vec<f64> = (0..1_000).map(|at| f64::from((at * 7_919) % 1_000) / 1_000.0 - 0.5).collect();
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        for share in [0.0, 0.01, 0.05, 0.5, 0.999, 1.0] {
            let found = tail(&values, share, &moments(&values, 0.0)).unwrap();
            let place = share * 999.0;
            let (rank, part) = (place.floor() as usize, place.fract());
            let upper = sorted[(rank + 1).min(999)];
            assert!((found.linear - (sorted[rank] + part * (upper - sorted[rank]))).abs() < 1e-15, "{share}");
            assert_eq!(found.lower, sorted[rank]);
            let mean = sorted[..=rank].iter().sum::<f64>() / (rank + 1) as f64;
            assert!((found.mean_to - mean).abs() < 1e-12);
        }
        assert_eq!(tail(&[], 0.05, &moments(&[], 0.0)), None);
    }
}

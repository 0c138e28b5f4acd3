//! Directions from prices: what the built-in strategies on bars want to hold after each close.
//!
//! A direction is 1 (long), 0 (flat) or -1 (short). The direction at a bar depends on that bar and those before it only.
//! Prices are whole ticks, so moving sums are exact and two runs cannot differ.

/// Prices of one instrument in whole steps from its first one.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// Steps from the first price.
    pub steps: Vec<i32>,
    /// What one step is, in nanos.
    pub unit: i64,
    /// The first price in nanos.
    pub base: i64,
}

impl Steps {
    /// Prices in the largest step that they are all whole multiples of, or nothing where they are too far apart for it.
    #[must_use]
    pub fn new(prices: &[i64]) -> Option<Self> {
        let Some(&base) = prices.first() else { return Some(Self { unit: 1, ..Self::default() }) };
        let mut unit = 0_u64;
        for &price in prices {
            let distance = price.checked_sub(base)?.unsigned_abs();
            if unit == 0 || !distance.is_multiple_of(unit) {
                unit = greatest_common_divisor(unit, distance);
            }
        }
        let unit = i64::try_from(unit.max(1)).ok()?;
        let steps: Option<Vec<i32>> = prices.iter().map(|price| i32::try_from((price - base) / unit).ok()).collect();
        Some(Self { steps: steps?, unit, base })
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Long while the short mean is above the long one, else flat, or short where that is allowed and it is below.
#[must_use]
pub fn mean_cross(prices: &Steps, fast: usize, slow: usize, short: bool) -> Vec<i8> {
    let steps = &prices.steps;
    let mut directions = vec![0; steps.len()];
    if fast == 0 || slow <= fast || steps.len() < slow {
        return directions;
    }
    // slow x (sum of the last `fast`) - fast x (sum of the last `slow`): the sign of the difference of the means.
    let sum = |range: &[i32]| range.iter().map(|step| i64::from(*step)).sum::<i64>();
    let (Some(long), Some(brief)) = (steps.get(..slow), steps.get(slow - fast..slow)) else { return directions };
    let (fast_weight, slow_weight) = (fast as i64, slow as i64);
    let mut difference = slow_weight * sum(brief) - fast_weight * sum(long);
    let below = -i8::from(short);
    let side = |difference: i64| {
        if difference > 0 {
            1
        } else if difference < 0 {
            below
        } else {
            0
        }
    };
    if let Some(first) = directions.get_mut(slow - 1) {
        *first = side(difference);
    }
    let (Some(entering), Some(leaving_fast), Some(directions_left)) =
        (steps.get(slow..), steps.get(slow - fast..), directions.get_mut(slow..))
    else {
        return directions;
    };
    let rows = directions_left.iter_mut().zip(entering.iter().zip(leaving_fast.iter().zip(steps)));
    for (direction, (entering, (brief, long))) in rows {
        let entering = i64::from(*entering);
        difference += slow_weight * (entering - i64::from(*brief)) - fast_weight * (entering - i64::from(*long));
        *direction = side(difference);
    }
    directions
}

/// The same with exponential means, `alpha = 2 / (n + 1)`, begun at the first price and silent for `slow` bars.
#[must_use]
pub fn exponential_cross(prices: &Steps, fast: usize, slow: usize, short: bool) -> Vec<i8> {
    let mut directions = vec![0; prices.steps.len()];
    let alpha = |length: usize| 2.0 / (length as f64 + 1.0);
    let (alpha_fast, alpha_slow) = (alpha(fast), alpha(slow));
    let (mut brief, mut long) = (0.0, 0.0);
    let below = -i8::from(short);
    for (position, (direction, step)) in directions.iter_mut().zip(&prices.steps).enumerate() {
        let price = f64::from(*step);
        brief += alpha_fast * (price - brief);
        long += alpha_slow * (price - long);
        if position + 1 >= slow {
            *direction = if brief > long {
                1
            } else if brief < long {
                below
            } else {
                0
            };
        }
    }
    directions
}

/// Long after a close above every high of the bars before, out (or short) after one below every low.
#[must_use]
pub fn breakout(high: &[i64], low: &[i64], close: &[i64], length: usize, short: bool) -> Vec<i8> {
    let highest = extremes(high, length, |new, old| new >= old);
    let lowest = extremes(low, length, |new, old| new <= old);
    let mut held = 0;
    let below = -i8::from(short);
    let rows = close.iter().zip(highest.iter().zip(&lowest));
    rows.map(|(close, (highest, lowest))| {
        if highest.is_some_and(|highest| *close > highest) {
            held = 1;
        } else if lowest.is_some_and(|lowest| *close < lowest) {
            held = below;
        }
        held
    })
    .collect()
}

/// The extreme of the `length` values before each position; nothing where there are fewer.
fn extremes(values: &[i64], length: usize, beats: impl Fn(i64, i64) -> bool) -> Vec<Option<i64>> {
    let mut queue: std::collections::VecDeque<(usize, i64)> = std::collections::VecDeque::new();
    let mut found = Vec::with_capacity(values.len());
    for (position, value) in values.iter().enumerate() {
        while queue.front().is_some_and(|(at, _)| at + length < position) {
            queue.pop_front();
        }
        found.push(if position >= length { queue.front().map(|(_, value)| *value) } else { None });
        while queue.back().is_some_and(|(_, old)| beats(*value, *old)) {
            queue.pop_back();
        }
        queue.push_back((position, *value));
    }
    found
}

/// Against a price that stands `enter` standard deviations from its mean, until it is within `leave` of it.
///
/// The deviation is that of the population of the last `length` closes, this one included.
#[must_use]
pub fn mean_reversion(prices: &Steps, length: usize, enter: f64, leave: f64, short: bool) -> Vec<i8> {
    let steps = &prices.steps;
    let mut directions = vec![0; steps.len()];
    let (mut sum, mut squares, mut held) = (0_i128, 0_i128, 0_i8);
    let count = length as i128;
    for (position, step) in steps.iter().enumerate() {
        let value = i128::from(*step);
        sum += value;
        squares += value * value;
        if let Some(old) = position.checked_sub(length).and_then(|at| steps.get(at)) {
            let old = i128::from(*old);
            sum -= old;
            squares -= old * old;
        }
        if position + 1 >= length {
            let spread = ((count * squares - sum * sum) as f64).sqrt();
            let distance = (count * value - sum) as f64;
            held = reverted(held, distance, spread, (enter, leave), short);
        }
        if let Some(direction) = directions.get_mut(position) {
            *direction = held;
        }
    }
    directions
}

fn reverted(held: i8, distance: f64, spread: f64, (enter, leave): (f64, f64), short: bool) -> i8 {
    if spread > 0.0 && distance < -enter * spread {
        1
    } else if spread > 0.0 && short && distance > enter * spread {
        -1
    } else if (held > 0 && distance >= -leave * spread) || (held < 0 && distance <= leave * spread) {
        0
    } else {
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(values: &[i64]) -> Steps {
        Steps::new(values).unwrap()
    }

    #[test]
    fn the_step_is_the_largest_that_fits() {
        let found = steps(&[4_800_000, 4_800_500, 4_799_250]);
        assert_eq!((found.unit, found.steps), (250, vec![0, 2, -3]));
        assert!(Steps::new(&[0, 1, i64::from(i32::MAX) + 1]).is_none());
        assert!(Steps::new(&[]).unwrap().steps.is_empty());
        assert_eq!(steps(&[7, 7]).steps, [0, 0]);
    }

    #[test]
    fn the_moving_sums_are_the_means() {
        let prices: Vec<i64> = (0..400).map(|at: i64| 1_000 + (at * 7919 % 41) - (at * 104_729 % 23)).collect();
        let found = mean_cross(&steps(&prices), 5, 20, true);
        for (at, direction) in found.iter().enumerate() {
            let sum = |length: usize| prices[(at + 1).saturating_sub(length)..=at].iter().sum::<i64>();
            let wanted = if at + 1 < 20 { 0 } else { (sum(5) * 20 - sum(20) * 5).signum() as i8 };
            assert_eq!(*direction, wanted, "{at}");
        }
        assert!(mean_cross(&steps(&prices), 20, 20, true).iter().all(|it| *it == 0));
    }

    #[test]
    fn a_breakout_is_a_close_beyond_the_bars_before() {
        let close = [1, 2, 3, 4, 4, 4, 1, 1, 0, 9];
        let found = breakout(&close, &close, &close, 3, true);
        assert_eq!(found, [0, 0, 0, 1, 1, 1, -1, -1, -1, 1]);
    }

    #[test]
    fn reversion_waits_for_the_mean() {
        let found = mean_reversion(&steps(&[10, 10, 10, 10, 2, 4, 10, 10]), 4, 1.5, 0.0, false);
        assert_eq!(found, [0, 0, 0, 0, 1, 1, 0, 0]);
    }
}

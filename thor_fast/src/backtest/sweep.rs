//! Many combinations of one strategy over one series of bars, with exact drawdowns, at the cost of comparing numbers.
//!
//! The means of every window are made once a block of bars, each combination compares two of them 64 bars at a time and
//! then jumps from change to change. Where neither peak nor trough of 64 closes can matter to a drawdown they are not
//! looked at. Equity, fills and drawdowns are those of a run of its own, bit for bit, for any number of threads.

use std::thread;

use super::indicators::Steps;
use super::money::{Amount, Deals};
use super::wide::wide;

const LANES: usize = 64;
const BLOCK: usize = 32 * LANES;

/// What one combination gave.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRow {
    /// Equity after the last close.
    pub equity: f64,
    /// Executions.
    pub fills: u64,
    /// Finished trades.
    pub trades: u64,
    /// Finished trades with a gain after fees.
    pub wins: u64,
    /// Fees paid.
    pub fees: f64,
    /// Greatest loss from a peak, as a share of it.
    pub max_drawdown: f64,
    /// Equity at the end of each asked period.
    pub periods: Vec<f64>,
}

/// The series that every combination is run on. Prices are in what money is counted in: points, or nanos.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a, A> {
    /// Opens.
    pub open: &'a [A],
    /// Closes.
    pub close: &'a [A],
    /// Closes in whole steps.
    pub steps: &'a Steps,
    /// Positions at which the equity is kept, rising.
    pub period_ends: &'a [usize],
}

/// Runs the cross of two means for each pair of windows, long or flat, on that many threads.
#[must_use]
pub fn sweep<A: Amount>(
    series: &Series<'_, A>,
    pairs: &[(usize, usize)],
    dealing: &impl Deals<A>,
    cash: A,
    threads: usize,
) -> Vec<SweepRow> {
    let sums = prefix_sums(&series.steps.steps);
    let extremes = extremes(series.close);
    let share = pairs.len().div_ceil(threads.max(1)).max(1);
    let work = |pairs| wide(|| run_share(series, &sums, &extremes, pairs, dealing, cash));
    if threads <= 1 {
        return work(pairs);
    }
    thread::scope(|scope| {
        let parts: Vec<_> = pairs.chunks(share).map(|pairs| scope.spawn(move || work(pairs))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    })
}

fn prefix_sums(steps: &[i32]) -> Vec<i64> {
    let mut sum = 0;
    let mut sums = Vec::with_capacity(steps.len() + 1);
    sums.push(0);
    sums.extend(steps.iter().map(|step| {
        sum += i64::from(*step);
        sum
    }));
    sums
}

/// The least and the greatest close of each 64 bars.
fn extremes<A: Amount>(close: &[A]) -> Vec<(A, A)> {
    let of = |part: &[A]| {
        part.iter().fold((A::GREATEST, A::LEAST), |(low, high), close| (lesser(low, *close), greater(high, *close)))
    };
    close.chunks(LANES).map(of).collect()
}

fn lesser<A: Amount>(a: A, b: A) -> A {
    if b < a { b } else { a }
}

fn greater<A: Amount>(a: A, b: A) -> A {
    if b > a { b } else { a }
}

/// One combination on its way through the series.
struct Walk<A> {
    windows: (usize, usize),
    slow: usize,
    cash: A,
    fees: A,
    held: bool,
    wanted: bool,
    entered: A,
    peak: A,
    row: SweepRow,
}

#[inline(always)]
fn run_share<A: Amount>(
    series: &Series<'_, A>,
    sums: &[i64],
    extremes: &[(A, A)],
    pairs: &[(usize, usize)],
    dealing: &impl Deals<A>,
    cash: A,
) -> Vec<SweepRow> {
    let mut windows: Vec<usize> = pairs.iter().flat_map(|(fast, slow)| [*fast, *slow]).collect();
    windows.sort_unstable();
    windows.dedup();
    let number = |window: usize| windows.binary_search(&window).unwrap_or_default();
    let mut walks: Vec<Walk<A>> = pairs
        .iter()
        .map(|(fast, slow)| Walk {
            windows: (number(*fast), number(*slow)),
            slow: *slow,
            cash,
            fees: A::ZERO,
            held: false,
            wanted: false,
            entered: cash,
            peak: cash,
            row: SweepRow {
                equity: cash.money(),
                fills: 0,
                trades: 0,
                wins: 0,
                fees: 0.0,
                max_drawdown: 0.0,
                periods: Vec::with_capacity(series.period_ends.len()),
            },
        })
        .collect();
    let mut means = vec![0.0; windows.len() * BLOCK];
    let mut ranges = vec![(0.0, 0.0); windows.len() * (BLOCK / LANES)];
    let length = series.close.len().min(series.open.len());
    for from in (0..length).step_by(BLOCK) {
        let to = (from + BLOCK).min(length);
        for (at, window) in windows.iter().enumerate() {
            let Some(means) = means.get_mut(at * BLOCK..(at + 1) * BLOCK) else { continue };
            fill_means(means, sums, *window, from, to);
            let Some(ranges) = ranges.get_mut(at * (BLOCK / LANES)..) else { continue };
            for (range, part) in ranges.iter_mut().zip(means.chunks(LANES)) {
                *range = part
                    .iter()
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), it| (low.min(*it), high.max(*it)));
            }
        }
        for walk in &mut walks {
            walk.cross(series, extremes, &means, &ranges, dealing, from, to);
        }
    }
    walks.into_iter().map(|walk| SweepRow { fees: walk.fees.money(), ..walk.row }).collect()
}

/// The mean of each window that ends in the block, in steps; a quotient of exact integers, rounded once.
#[inline(always)]
fn fill_means(means: &mut [f64], sums: &[i64], window: usize, from: usize, to: usize) {
    let first = from.max(window - 1);
    means.fill(0.0);
    if first >= to {
        return;
    }
    let (Some(out), Some(new), Some(old)) =
        (means.get_mut(first - from..to - from), sums.get(first + 1..=to), sums.get(first + 1 - window..))
    else {
        return;
    };
    let count = window as f64;
    for (mean, (new, old)) in out.iter_mut().zip(new.iter().zip(old)) {
        *mean = (new - old) as f64 / count;
    }
}

/// Bit k says whether `fast[k] > slow[k]`.
#[inline(always)]
fn above(fast: &[f64; LANES], slow: &[f64; LANES]) -> u64 {
    let mut bytes = [0_u8; LANES];
    for (byte, (fast, slow)) in bytes.iter_mut().zip(fast.iter().zip(slow)) {
        *byte = u8::from(fast > slow);
    }
    let (eights, _) = bytes.as_chunks::<8>();
    let gather = |mask: u64, (at, eight): (usize, &[u8; 8])| {
        // Eight bytes of 0 or 1 become eight bits: the product moves each of them to its place in the top byte.
        let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        mask | bits << (8 * at)
    };
    eights.iter().enumerate().fold(0, gather)
}

impl<A: Amount> Walk<A> {
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the block's shared tables, each of another shape")]
    fn cross(
        &mut self,
        series: &Series<'_, A>,
        extremes: &[(A, A)],
        means: &[f64],
        ranges: &[(f64, f64)],
        dealing: &impl Deals<A>,
        from: usize,
        to: usize,
    ) {
        for (chunk, at) in (from..to).step_by(LANES).enumerate() {
            let mut wants = self.compare(means, ranges, chunk);
            // No direction before the long window is full.
            let silent = (self.slow - 1).saturating_sub(at).min(LANES);
            wants &= u64::MAX.checked_shl(silent as u32).unwrap_or(0);
            let lanes = (to - at).min(LANES);
            let holds = wants << 1 | u64::from(self.wanted);
            self.wanted = wants >> (lanes - 1) & 1 == 1;
            self.walk(series, extremes, dealing, at, lanes, holds);
        }
    }

    #[inline(always)]
    fn compare(&self, means: &[f64], ranges: &[(f64, f64)], chunk: usize) -> u64 {
        let range = |window: usize| ranges.get(window * (BLOCK / LANES) + chunk).copied().unwrap_or_default();
        let (fast, slow) = (range(self.windows.0), range(self.windows.1));
        if fast.0 > slow.1 {
            return u64::MAX;
        }
        if fast.1 <= slow.0 {
            return 0;
        }
        let lanes = |window: usize| {
            let at = window * BLOCK + chunk * LANES;
            means.get(at..at + LANES).and_then(|part| part.first_chunk::<LANES>())
        };
        lanes(self.windows.0).zip(lanes(self.windows.1)).map_or(0, |(fast, slow)| above(fast, slow))
    }

    /// Goes from change to change. Bit k of `holds` says whether the position is held during bar `at + k`.
    #[inline(always)]
    fn walk(
        &mut self,
        series: &Series<'_, A>,
        extremes: &[(A, A)],
        dealing: &impl Deals<A>,
        at: usize,
        lanes: usize,
        holds: u64,
    ) {
        let mut edges = holds ^ (holds << 1 | u64::from(self.held));
        if lanes < LANES {
            edges &= (1 << lanes) - 1;
        }
        let mut lane = 0;
        while lane < lanes {
            if edges >> lane & 1 == 1 {
                self.deal(series, dealing, at + lane);
                edges &= !(1 << lane);
            }
            let next = if edges == 0 { lanes } else { edges.trailing_zeros() as usize };
            let whole = (lane == 0 && next == lanes).then(|| extremes.get(at / LANES)).flatten();
            self.hold(series, dealing, at + lane, at + next, whole);
            lane = next;
        }
    }

    fn deal(&mut self, series: &Series<'_, A>, dealing: &impl Deals<A>, position: usize) {
        let Some(open) = series.open.get(position) else { return };
        let before = self.cash;
        let (got, fee) = dealing.cost(*open, !self.held);
        self.cash = self.cash + got;
        self.held = !self.held;
        self.row.fills += 1;
        self.fees = self.fees + fee;
        if self.held {
            self.entered = before;
        } else {
            self.row.trades += 1;
            self.row.wins += u64::from(self.cash > self.entered);
        }
    }

    /// Values the bars of a stretch on which nothing is traded.
    #[inline(always)]
    fn hold(
        &mut self,
        series: &Series<'_, A>,
        dealing: &impl Deals<A>,
        from: usize,
        to: usize,
        whole: Option<&(A, A)>,
    ) {
        let worth = if self.held { dealing.worth() } else { A::ZERO };
        let cash = self.cash;
        let equity = |close: A| cash + worth * close;
        let close = series.close.get(from..to).unwrap_or_default();
        while let Some(end) = series.period_ends.get(self.row.periods.len()).filter(|end| **end < to) {
            self.row.periods.push(series.close.get(*end).map_or(cash, |close| equity(*close)).money());
        }
        let Some(last) = close.last() else { return };
        self.row.equity = equity(*last).money();
        let drawdown = self.row.max_drawdown;
        if !self.held {
            self.peak = greater(self.peak, cash);
            self.row.max_drawdown = drawdown.max(fall(self.peak, cash));
            return;
        }
        // Equity rises with the price and the loss from a peak falls with it, rounding included: extremes decide.
        if let Some((low, high)) = whole.map(|(low, high)| (equity(*low), equity(*high))) {
            if high <= self.peak {
                self.row.max_drawdown = drawdown.max(fall(self.peak, low));
                return;
            }
            if fall(high, low) <= drawdown {
                self.peak = high;
                return;
            }
        }
        let (mut peak, mut low, mut worst) = (self.peak, self.peak, drawdown);
        for close in close {
            let equity = equity(*close);
            if equity > peak {
                worst = worst.max(fall(peak, low));
                (peak, low) = (equity, equity);
            } else {
                low = lesser(low, equity);
            }
        }
        self.peak = peak;
        self.row.max_drawdown = worst.max(fall(peak, low));
    }
}

#[inline(always)]
fn fall<A: Amount>(peak: A, now: A) -> f64 {
    loss(peak.money(), now.money())
}

/// The loss from a peak as a share of it; 0 where the peak is no gain to lose.
#[inline]
pub(super) fn loss(peak: f64, now: f64) -> f64 {
    if peak > 0.0 { (peak - now) / peak } else { 0.0 }
}

/// Whether comparing rounded means is exact for these windows: their true distance is above the rounding.
#[must_use]
pub fn is_exact(steps: &Steps, pairs: &[(usize, usize)]) -> bool {
    let widest = steps.steps.iter().map(|step| step.unsigned_abs()).max().unwrap_or(0);
    pairs.iter().all(|(fast, slow)| (u128::from(widest) + 1) * (*fast as u128) * (*slow as u128) < 1 << 51)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::bars::{Dealing, trade};
    use crate::backtest::indicators::mean_cross;
    use crate::backtest::metrics::max_drawdown;

    #[test]
    fn each_row_is_a_run_of_its_own() {
        let mut state = 1_u64;
        let mut price = 19_200_i64;
        let ticks: Vec<i64> = (0..5_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                price += (state >> 62) as i64 - 1;
                price * 250_000_000
            })
            .collect();
        let steps = Steps::new(&ticks).unwrap();
        let close: Vec<f64> = ticks.iter().map(|nanos| *nanos as f64 / 1e9).collect();
        let open: Vec<f64> = close.iter().map(|close| close + 0.25).collect();
        let ends = [0, 1, 63, 64, 2_047, 2_048, 4_998, 4_999];
        let dealing =
            Dealing { quantity: 1.0, multiplier: 50.0, fee_rate: 2e-5, fee: 0.0, slippage_rate: 1e-5, slippage: 0.0 };
        let pairs = [(1, 2), (5, 20), (20, 100), (7, 64), (63, 65), (300, 4_999), (3, 6_000)];
        for length in [1, 64, 65, 2_048, 2_049, 5_000] {
            let part = Steps { steps: steps.steps[..length].to_vec(), ..steps.clone() };
            let ends: Vec<usize> = ends.into_iter().filter(|end| *end < length).collect();
            let series = Series { open: &open[..length], close: &close[..length], steps: &part, period_ends: &ends };
            assert!(is_exact(&part, &pairs));
            let rows = sweep(&series, &pairs, &dealing, 1e6, 1);
            assert_eq!(rows, sweep(&series, &pairs, &dealing, 1e6, 3));
            for (row, (fast, slow)) in rows.iter().zip(pairs) {
                let run = trade(series.open, series.close, &mean_cross(&part, fast, slow, false), &dealing, 1e6);
                assert_eq!(row.equity.to_bits(), run.equity[length - 1].to_bits(), "{length} {fast} {slow}");
                assert_eq!(row.fills, run.fills.len() as u64);
                assert_eq!(
                    row.max_drawdown.to_bits(),
                    max_drawdown(&run.equity, 1e6).to_bits(),
                    "{length} {fast} {slow}"
                );
                assert_eq!(row.periods, ends.iter().map(|end| run.equity[*end]).collect::<Vec<_>>());
            }
        }
    }
}

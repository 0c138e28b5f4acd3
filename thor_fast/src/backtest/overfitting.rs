//! The probability of backtest overfitting: combinatorially symmetric cross-validation
//! (Bailey, Borwein, Lopez de Prado and Zhu, 2015) from the moments of blocks.
//!
//! A block's sum and sum of squares are all a Sharpe ratio needs, so a split costs two additions a strategy.

use std::thread;

/// Returns of many strategies, cut into blocks.
struct Blocks {
    /// Sum and sum of squares of each strategy for each subset of the first, and of the second, half of the blocks.
    subsets: [Vec<(f64, f64)>; 2],
    strategies: usize,
    /// Returns a block.
    rows: usize,
    halves: [usize; 2],
}

/// The logit of each split: how the strategy that was best in one half of the blocks ranks in the other.
///
/// `returns` holds one row a period, `strategies` numbers a row. Nothing for an odd number of blocks, fewer than two
/// strategies, or fewer than two periods a block; what is left over behind the last block is not used.
#[must_use]
pub fn logits(returns: &[f64], strategies: usize, blocks: usize, threads: usize) -> Option<Vec<f64>> {
    let rows = returns.len().checked_div(strategies)?.checked_div(blocks)?;
    if strategies < 2 || blocks % 2 == 1 || blocks > 20 || rows < 2 {
        return None;
    }
    let table = Blocks::new(returns, strategies, blocks, rows);
    let splits: Vec<u32> = (0..1_u32 << blocks).filter(|split| split.count_ones() as usize == blocks / 2).collect();
    let share = splits.len().div_ceil(threads.max(1)).max(1);
    let table = &table;
    Some(thread::scope(|scope| {
        let work = move |part: &[u32]| {
            let (mut inside, mut outside) = (vec![0.0; strategies], vec![0.0; strategies]);
            part.iter().map(|split| table.logit(*split, blocks, &mut inside, &mut outside)).collect::<Vec<_>>()
        };
        let parts: Vec<_> = splits.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect()
    }))
}

impl Blocks {
    fn new(returns: &[f64], strategies: usize, blocks: usize, rows: usize) -> Self {
        let halves = [blocks / 2, blocks - blocks / 2];
        let block = |number: usize| {
            let mut sums = vec![(0.0, 0.0); strategies];
            for row in returns.chunks(strategies).skip(number * rows).take(rows) {
                for (sums, value) in sums.iter_mut().zip(row) {
                    *sums = (sums.0 + value, sums.1 + value * value);
                }
            }
            sums
        };
        let subsets = [0, 1].map(|half| {
            let mut table = vec![(0.0, 0.0); strategies << halves[half]];
            for bit in 0..halves[half] {
                let sums = block(half * halves[0] + bit);
                // Every subset of the blocks before, now with this one too.
                let (known, fresh) = table.split_at_mut(strategies << bit);
                for (known, fresh) in known.chunks(strategies).zip(fresh.chunks_mut(strategies)) {
                    for ((known, fresh), sums) in known.iter().zip(fresh).zip(&sums) {
                        *fresh = (known.0 + sums.0, known.1 + sums.1);
                    }
                }
            }
            table
        });
        Self { subsets, strategies, rows, halves }
    }

    /// Ratios of mean to deviation of every strategy over a subset of blocks.
    fn ratios(&self, subset: u32, out: &mut [f64]) {
        let low = (subset as usize & ((1 << self.halves[0]) - 1)) * self.strategies;
        let high = (subset as usize >> self.halves[0]) * self.strategies;
        let count = (subset.count_ones() as usize * self.rows) as f64;
        let parts = self.subsets[0].iter().skip(low).zip(self.subsets[1].iter().skip(high));
        for (out, (low, high)) in out.iter_mut().zip(parts) {
            let (sum, squares) = (low.0 + high.0, low.1 + high.1);
            let variance = (squares - sum * sum / count).max(0.0);
            // A strategy that does nothing has no risk and no merit.
            *out = if variance > 0.0 { sum / variance.sqrt() } else { 0.0 };
        }
    }

    fn logit(&self, split: u32, blocks: usize, inside: &mut [f64], outside: &mut [f64]) -> f64 {
        self.ratios(split, inside);
        self.ratios(!split & ((1 << blocks) - 1), outside);
        let greatest = inside.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let best = inside.iter().position(|ratio| *ratio == greatest).unwrap_or_default();
        let own = outside.get(best).copied().unwrap_or_default();
        let less = outside.iter().map(|ratio| f64::from(u8::from(*ratio < own))).sum::<f64>();
        let equal = outside.iter().map(|ratio| f64::from(u8::from(*ratio == own))).sum::<f64>();
        let rank = (less + (equal + 1.0) / 2.0) / (self.strategies as f64 + 1.0);
        (rank / (1.0 - rank)).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::random::mixed;

    fn noise(rows: usize, strategies: usize, seed: u64) -> Vec<f64> {
        let uniform = |at: usize| mixed(seed, at as u64) as f64 / u64::MAX as f64 - 0.5;
        (0..rows * strategies).map(uniform).collect()
    }

    fn naive(returns: &[f64], strategies: usize, blocks: usize) -> Vec<f64> {
        let rows = returns.len() / strategies / blocks;
        let ratio = |split: u32, strategy: usize| {
            let values: Vec<f64> = (0..blocks * rows)
                .filter(|row| split >> (row / rows) & 1 == 1)
                .map(|row| returns[row * strategies + strategy])
                .collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            mean / values.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt()
        };
        let splits = (0..1_u32 << blocks).filter(|split| split.count_ones() as usize == blocks / 2);
        splits
            .map(|split| {
                let inside: Vec<f64> = (0..strategies).map(|it| ratio(split, it)).collect();
                let outside: Vec<f64> = (0..strategies).map(|it| ratio(!split & ((1 << blocks) - 1), it)).collect();
                let best = (0..strategies).max_by(|a, b| inside[*a].total_cmp(&inside[*b])).unwrap();
                let rank = outside.iter().filter(|it| **it <= outside[best]).count() as f64;
                let share = rank / (strategies as f64 + 1.0);
                (share / (1.0 - share)).ln()
            })
            .collect()
    }

    #[test]
    fn blocks_give_what_every_split_computed_anew_gives() {
        let returns = noise(120, 9, 5);
        let found = logits(&returns, 9, 6, 1).unwrap();
        assert_eq!(found, logits(&returns, 9, 6, 3).unwrap());
        for (found, wanted) in found.iter().zip(naive(&returns, 9, 6)) {
            assert!((found - wanted).abs() < 1e-12);
        }
        assert_eq!(found.len(), 20);
        assert!(logits(&returns, 9, 5, 1).is_none() && logits(&returns, 1, 6, 1).is_none());
    }

    #[test]
    fn noise_is_overfitted_and_merit_is_not() {
        let share = |logits: &[f64]| logits.iter().filter(|it| **it <= 0.0).count() as f64 / logits.len() as f64;
        let mut returns = noise(800, 40, 11);
        let of_noise = share(&logits(&returns, 40, 10, 2).unwrap());
        assert!((0.2..0.8).contains(&of_noise), "{of_noise}");
        for row in returns.chunks_mut(40) {
            row[7] += 0.2;
        }
        assert!(share(&logits(&returns, 40, 10, 2).unwrap()) < 0.02);
    }
}

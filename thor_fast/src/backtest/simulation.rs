//! Paths that might have been: a circular block bootstrap of returns (Politis and Romano, 1992).
//!
//! Path k is decided by the seed and k alone. Growth is added up in logarithms.

use std::thread;

use super::random::{LANES, Lanes};
use super::wide::wide;

/// What the paths came to, one of each a path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Paths {
    /// Value at the end of a path that begins at 1.
    pub terminal: Vec<f64>,
    /// Greatest loss from a peak, as a share of it.
    pub max_drawdown: Vec<f64>,
}

/// Draws `paths` paths of `steps` returns in blocks of `block`; nothing where a return is -1 or less, or none is given.
#[must_use]
pub fn bootstrap(
    returns: &[f64],
    steps: usize,
    paths: usize,
    block: usize,
    seed: u64,
    threads: usize,
) -> Option<Paths> {
    let count = u32::try_from(returns.len()).ok().filter(|count| *count > 0)?;
    if block == 0 || returns.iter().any(|change| !(change.is_finite() && *change > -1.0)) {
        return None;
    }
    // The beginning once more behind the end: a block may run over it.
    let logs: Vec<f64> = returns.iter().cycle().take(returns.len() + block - 1).map(|it| it.ln_1p()).collect();
    let mut found = Paths { terminal: vec![0.0; paths], max_drawdown: vec![0.0; paths] };
    let share = paths.div_ceil(threads.max(1)).next_multiple_of(LANES);
    thread::scope(|scope| {
        let parts = found.terminal.chunks_mut(share).zip(found.max_drawdown.chunks_mut(share));
        for (part, (terminal, drawdown)) in parts.enumerate() {
            let logs = &logs;
            let mut work = move || wide(|| draw(logs, count, steps, block, seed, part * share, terminal, drawdown));
            if threads > 1 {
                scope.spawn(work);
            } else {
                work();
            }
        }
    });
    Some(found)
}

#[expect(clippy::too_many_arguments, reason = "one share of the work, flat for the inner loop")]
#[inline(always)]
fn draw(
    logs: &[f64],
    count: u32,
    steps: usize,
    block: usize,
    seed: u64,
    first: usize,
    terminal: &mut [f64],
    drawdown: &mut [f64],
) {
    let outs = terminal.chunks_mut(LANES).zip(drawdown.chunks_mut(LANES));
    for (group, (terminal, drawdown)) in outs.enumerate() {
        let mut lanes = Lanes::new(seed, (first + group * LANES) as u64);
        let (sums, worst) = if block == 1 {
            eight_paths(logs, count, steps, &mut lanes)
        } else {
            eight_paths_of_blocks(logs, count, steps, block, &mut lanes)
        };
        for (out, sum) in terminal.iter_mut().zip(sums) {
            *out = sum.exp();
        }
        for (out, worst) in drawdown.iter_mut().zip(worst) {
            *out = -(-worst).exp_m1();
        }
    }
}

struct Eight {
    sums: [f64; LANES],
    peaks: [f64; LANES],
    worst: [f64; LANES],
}

impl Eight {
    const NEW: Self = Self { sums: [0.0; LANES], peaks: [0.0; LANES], worst: [0.0; LANES] };

    #[inline(always)]
    fn step(&mut self, logs: &[f64], indices: &[u32; LANES]) {
        for (sum, index) in self.sums.iter_mut().zip(indices) {
            *sum += logs.get(*index as usize).copied().unwrap_or(0.0);
        }
        for lane in 0..LANES {
            let sum = self.sums[lane];
            let peak = if sum > self.peaks[lane] { sum } else { self.peaks[lane] };
            let fall = peak - sum;
            self.peaks[lane] = peak;
            self.worst[lane] = if fall > self.worst[lane] { fall } else { self.worst[lane] };
        }
    }
}

#[inline(always)]
fn eight_paths(logs: &[f64], count: u32, steps: usize, lanes: &mut Lanes) -> ([f64; LANES], [f64; LANES]) {
    let mut eight = Eight::NEW;
    for _ in 0..steps {
        let indices = lanes.below(count);
        eight.step(logs, &indices);
    }
    (eight.sums, eight.worst)
}

#[inline(always)]
fn eight_paths_of_blocks(
    logs: &[f64],
    count: u32,
    steps: usize,
    block: usize,
    lanes: &mut Lanes,
) -> ([f64; LANES], [f64; LANES]) {
    let mut eight = Eight::NEW;
    let mut left = steps;
    while left > 0 {
        let mut indices = lanes.below(count);
        for _ in 0..block.min(left) {
            eight.step(logs, &indices);
            indices = indices.map(|index| index + 1);
        }
        left -= block.min(left);
    }
    (eight.sums, eight.worst)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_known_and_threads_change_nothing() {
        let returns: Vec<f64> = (0..97).map(|at| f64::from((at * 31) % 97 - 47) / 5_000.0).collect();
        let mean: f64 = returns.iter().sum::<f64>() / 97.0;
        for block in [1, 5] {
            let one = bootstrap(&returns, 50, 20_003, block, 3, 1).unwrap();
            assert_eq!(one, bootstrap(&returns, 50, 20_003, block, 3, 3).unwrap());
            if block == 1 {
                // E[V_T] = (1 + mean)^T for independent draws.
                let found = one.terminal.iter().sum::<f64>() / 20_003.0;
                assert!((found - (1.0 + mean).powi(50)).abs() < 0.002, "{found}");
            }
        }
        assert!(bootstrap(&[], 1, 1, 1, 0, 1).is_none());
        assert!(bootstrap(&[-1.0], 1, 1, 1, 0, 1).is_none());
        assert!(bootstrap(&[0.1], 1, 1, 0, 0, 1).is_none());
    }

    #[test]
    fn one_return_grows_as_it_must() {
        let found = bootstrap(&[-0.1], 3, 8, 2, 0, 1).unwrap();
        for (terminal, drawdown) in found.terminal.iter().zip(&found.max_drawdown) {
            assert!((terminal - 0.729).abs() < 1e-12 && (drawdown - 0.271).abs() < 1e-12);
        }
    }
}

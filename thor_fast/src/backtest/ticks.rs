//! The signal ladder on ticks of many instruments in one account: classify, trade to the target, value, in one pass.
//!
//! The plain case of `engine`: no latency, no sizes, no hours. Money is exact integers, and the answers are equal.

use super::market::{Costs, MISSING, ONE};
use crate::classify::{Ladder, MISSING_SIGNAL};

/// One instrument of the run.
#[derive(Clone, Copy, Debug)]
pub struct TickRule {
    /// Its thresholds.
    pub ladder: Ladder,
    /// Contracts a step of the signal; below 0 against it.
    pub step: i64,
    /// Whole money units a point.
    pub multiplier: i64,
    /// What trading costs; only fees a contract and slippage in points are known here.
    pub costs: Costs,
}

/// Columns of ticks. Prices in nanos, `MISSING` where there is none.
#[derive(Clone, Copy, Debug)]
pub struct TickColumns<'a> {
    /// The instrument's number.
    pub ids: &'a [u32],
    /// Net change against the previous settlement.
    pub change: &'a [i64],
    /// Best bid.
    pub bid: &'a [i64],
    /// Best ask.
    pub ask: &'a [i64],
    /// Last trade.
    pub last: &'a [i64],
}

/// What a run gave, in units of 1e-9 of money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TickRun {
    /// Equity at the end.
    pub equity: i64,
    /// Executions, and contracts traded.
    pub fills: u64,
    /// Contracts traded.
    pub contracts: u64,
    /// Fees paid.
    pub fees: i64,
    /// Greatest loss from a peak of the equity.
    pub max_drawdown: i64,
    /// Contracts held at the end, by instrument.
    pub positions: Vec<i64>,
    /// Equity after each tick, where it was asked for.
    pub curve: Vec<i64>,
}

#[derive(Clone, Copy)]
struct Held {
    quantity: i64,
    /// What is wanted; another number than what is held while the market cannot be traded.
    target: i64,
    mark: i64,
}

/// Plays the ladder over columns of one length.
#[must_use]
pub fn play(columns: &TickColumns, rules: &[TickRule], cash: i64, keep_curve: bool) -> TickRun {
    let rows = columns.ids.len();
    let mut run = TickRun { curve: Vec::with_capacity(if keep_curve { rows } else { 0 }), ..TickRun::default() };
    let mut held = vec![Held { quantity: 0, target: 0, mark: MISSING }; rules.len()];
    let (mut equity, mut peak) = (cash, cash);
    let prices = columns.bid.iter().zip(columns.ask).zip(columns.last);
    for ((id, change), ((bid, ask), last)) in columns.ids.iter().zip(columns.change).zip(prices) {
        let (Some(rule), Some(held)) = (rules.get(*id as usize), held.get_mut(*id as usize)) else { continue };
        if *last != MISSING {
            if held.quantity != 0 && held.mark != MISSING {
                equity += (last - held.mark) * held.quantity * rule.multiplier;
            }
            held.mark = *last;
        }
        if held.target != held.quantity {
            equity += trade(rule, held, *bid, *ask, &mut run);
        }
        let signal = rule.ladder.code(*change);
        let target = i64::from(signal) * rule.step;
        if signal != MISSING_SIGNAL && target != held.target {
            held.target = target;
            equity += trade(rule, held, *bid, *ask, &mut run);
        }
        peak = peak.max(equity);
        run.max_drawdown = run.max_drawdown.max(peak - equity);
        if keep_curve {
            run.curve.push(equity);
        }
    }
    run.equity = equity;
    run.positions = held.iter().map(|held| held.quantity).collect();
    run
}

#[inline(never)]
fn trade(rule: &TickRule, held: &mut Held, bid: i64, ask: i64, run: &mut TickRun) -> i64 {
    let wanted = held.target - held.quantity;
    let price = if wanted > 0 { ask } else { bid };
    if wanted == 0 || price == MISSING || (bid != MISSING && ask != MISSING && bid > ask) {
        return 0;
    }
    let price = price + wanted.signum() * rule.costs.slippage;
    let mark = if held.mark == MISSING { price } else { held.mark };
    let fee = wanted.abs() * rule.costs.per_contract;
    *held = Held { quantity: held.target, mark, ..*held };
    run.fills += 1;
    run.contracts += wanted.unsigned_abs();
    run.fees += fee;
    (mark - price) * wanted * rule.multiplier - fee
}

/// The multiplier in whole money units, where it is one.
#[must_use]
pub fn whole(multiplier: i64) -> Option<i64> {
    (multiplier % ONE == 0).then_some(multiplier / ONE)
}

//! Directions on the bars of one instrument, traded at the next open: fills and the equity after each close.
//!
//! The plain case of `engine`, in one pass. Money is floating here, in the order of operations of common vectorised
//! backtests, so that it can be compared with them to the last digit.

/// What a trade at an open costs, in points, money and shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dealing {
    /// Contracts of one direction.
    pub quantity: f64,
    /// Money a point.
    pub multiplier: f64,
    /// Fee as a share of the value.
    pub fee_rate: f64,
    /// Fee a contract.
    pub fee: f64,
    /// Slippage as a share of the price.
    pub slippage_rate: f64,
    /// Slippage in points.
    pub slippage: f64,
}

/// One execution at an open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarFill {
    /// Which bar.
    pub position: usize,
    /// Contracts, signed.
    pub quantity: f64,
    /// Price in points, slippage included.
    pub price: f64,
    /// Fee.
    pub fee: f64,
}

impl Dealing {
    /// What changing the position costs at an open, and the fill.
    #[inline]
    #[must_use]
    pub fn deal(&self, position: usize, contracts: f64, open: f64) -> (f64, BarFill) {
        let side = if contracts > 0.0 { 1.0 } else { -1.0 };
        let price = open * (1.0 + side * self.slippage_rate) + side * self.slippage;
        let value = contracts * price * self.multiplier;
        let fee = value.abs() * self.fee_rate + contracts.abs() * self.fee;
        (-(value + fee), BarFill { position, quantity: contracts, price, fee })
    }
}

/// What a run gave.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BarRun {
    /// Equity after each close.
    pub equity: Vec<f64>,
    /// Executions in order.
    pub fills: Vec<BarFill>,
}

/// Trades directions: decided at one close, filled at the next open.
#[must_use]
pub fn trade(open: &[f64], close: &[f64], directions: &[i8], dealing: &Dealing, cash: f64) -> BarRun {
    let mut equity = vec![0.0; close.len().min(open.len()).min(directions.len())];
    let fills = trade_into(open, close, directions, dealing, cash, &mut equity);
    BarRun { equity, fills }
}

/// The same with the equity written into a place of the caller's, whose length is that of the run.
#[must_use]
pub fn trade_into(
    open: &[f64],
    close: &[f64],
    directions: &[i8],
    dealing: &Dealing,
    cash: f64,
    equity: &mut [f64],
) -> Vec<BarFill> {
    let length = close.len().min(open.len()).min(directions.len()).min(equity.len());
    let mut fills = Vec::new();
    let (mut cash, mut held, mut from) = (cash, 0_i8, 0);
    while from < length {
        let changed = next_other(directions, from.saturating_sub(1), held);
        // A direction that changes at one bar is held from the next bar on.
        let to = if from == 0 && changed == 0 { 1 } else { changed + 1 }.min(length);
        value(equity, close, from, to, cash, f64::from(held) * dealing.quantity * dealing.multiplier);
        from = to;
        if to < length
            && let Some((open, direction)) = open.get(to).zip(directions.get(to - 1))
            && *direction != held
        {
            let contracts = f64::from(direction - held) * dealing.quantity;
            let (paid, fill) = dealing.deal(to, contracts, *open);
            cash += paid;
            held = *direction;
            fills.push(fill);
        }
    }
    fills
}

/// The first position from `from` on whose direction is another one; the length when there is none.
fn next_other(directions: &[i8], from: usize, held: i8) -> usize {
    const BLOCK: usize = 64;
    let rest = directions.get(from..).unwrap_or_default();
    let mut skipped = 0;
    for block in rest.chunks(BLOCK) {
        // All of a block at once, without an early end: that is what processors have wide registers for.
        if block.iter().fold(0, |seen, direction| seen | (direction ^ held)) != 0 {
            let within = block.iter().position(|direction| *direction != held).unwrap_or(block.len());
            return from + skipped + within;
        }
        skipped += block.len();
    }
    directions.len()
}

fn value(equity: &mut [f64], close: &[f64], from: usize, to: usize, cash: f64, worth: f64) {
    let (Some(equity), Some(close)) = (equity.get_mut(from..to), close.get(from..to)) else { return };
    for (equity, close) in equity.iter_mut().zip(close) {
        *equity = cash + worth * close;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEALING: Dealing =
        Dealing { quantity: 2.0, multiplier: 50.0, fee_rate: 2e-5, fee: 1.5, slippage_rate: 1e-5, slippage: 0.25 };

    /// Bar by bar, as one would write it first.
    fn slow(open: &[f64], close: &[f64], directions: &[i8], dealing: &Dealing, cash: f64) -> BarRun {
        let (mut run, mut cash, mut held) = (BarRun::default(), cash, 0);
        for at in 0..close.len() {
            let wanted = if at == 0 { 0 } else { directions[at - 1] };
            if wanted != held {
                let (paid, fill) = dealing.deal(at, f64::from(wanted - held) * dealing.quantity, open[at]);
                cash += paid;
                held = wanted;
                run.fills.push(fill);
            }
            run.equity.push(cash + f64::from(held) * dealing.quantity * dealing.multiplier * close[at]);
        }
        run
    }

    #[test]
    fn blocks_change_nothing() {
        for length in [0, 1, 2, 3, 63, 64, 65, 130, 500] {
            for period in [1, 2, 5, 64, 90] {
                let close: Vec<f64> = (0..length).map(|at| 4_800.0 + f64::from(at * 37 % 101) / 4.0).collect();
                let open: Vec<f64> = close.iter().map(|close| close - 0.25).collect();
                let directions: Vec<i8> = (0..length).map(|at| ((at / period) % 3 - 1) as i8).collect();
                let found = trade(&open, &close, &directions, &DEALING, 1e6);
                assert_eq!(found, slow(&open, &close, &directions, &DEALING, 1e6), "{length} {period}");
            }
        }
    }
}

//! Bars on which the engine's rules come to the plain case: decided at a close, filled in full at the next open.
//!
//! One instrument that trades at every bar's beginning, one contract month, no margin, no limit of volume, nothing to do
//! before a close. Whatever does not fit is left to `engine`, with the same answers where both can.

use super::engine::Rules;
use super::indicators::Steps;
use super::market::{Bar, Instrument};
use super::money::Exact;
use super::sweep::{Series, SweepRow, is_exact, sweep};

/// Sweeps the cross of two means as the engine would run each pair; nothing where this is not the plain case.
#[must_use]
#[expect(clippy::too_many_arguments, reason = "what a run is made of")]
pub fn sweep_plain(
    bars: &[Bar],
    instrument: &Instrument,
    rules: &Rules,
    pairs: &[(usize, usize)],
    quantity: i64,
    cash: i128,
    period_ends: &[usize],
    threads: usize,
) -> Option<Vec<SweepRow>> {
    let first = bars.first()?;
    let odd = |bar: &Bar| bar.instrument != first.instrument || bar.contract != first.contract;
    let free = instrument.initial_margin == 0 && instrument.maintenance_margin == 0 && rules.participation == 0;
    if !free || rules.latency_us != 0 || rules.flat_before_close_us.is_some() || bars.iter().any(odd) {
        return None;
    }
    if bars.iter().any(|bar| instrument.session(bar.start_us).is_none()) {
        return None;
    }
    let open: Vec<i64> = bars.iter().map(|bar| bar.open).collect();
    let close: Vec<i64> = bars.iter().map(|bar| bar.close).collect();
    let highest = open.iter().chain(&close).map(|price| price.saturating_abs()).max()?;
    let steps = Steps::new(&close).filter(|steps| is_exact(steps, pairs))?;
    let dealing = Exact::new(instrument, quantity, cash, highest, bars.len())?;
    let series = Series { open: &open, close: &close, steps: &steps, period_ends };
    Some(sweep(&series, pairs, &dealing, i64::try_from(cash).ok()?, threads))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::engine::{Engine, Targets};
    use crate::backtest::indicators::mean_cross;
    use crate::backtest::market::{Costs, ONE, money};
    use crate::backtest::metrics::max_drawdown;
    use crate::backtest::random::mixed;

    fn bars(count: usize) -> Vec<Bar> {
        let mut price = 19_200;
        (0..count)
            .map(|at| {
                let open = price + (mixed(1, at as u64) % 3) as i64 - 1;
                price += (mixed(2, at as u64) % 5) as i64 - 2;
                let (start_us, quarter) = (at as i64 * 60, ONE / 4);
                Bar {
                    instrument: 0,
                    start_us,
                    end_us: start_us + 60,
                    open: open * quarter,
                    high: open.max(price) * quarter,
                    low: open.min(price) * quarter,
                    close: price * quarter,
                    volume: -1,
                    contract: 1,
                }
            })
            .collect()
    }

    #[test]
    fn each_row_is_the_engines_run() {
        let costs = Costs { per_contract: 2_250_000_000, rate: 20_000, slippage: ONE / 4, slippage_rate: 10_000 };
        let instrument = Instrument { multiplier: 50 * ONE, costs, ..Instrument::default() };
        let (bars, cash) = (bars(3_000), 1_000_000 * i128::from(ONE));
        let pairs = [(1, 2), (5, 20), (20, 100), (63, 65), (7, 2_999)];
        let ends = [0, 63, 64, 1_000, 2_999];
        let rows = sweep_plain(&bars, &instrument, &Rules::default(), &pairs, 3, cash, &ends, 2).unwrap();
        let closes: Vec<i64> = bars.iter().map(|bar| bar.close).collect();
        for (row, (fast, slow)) in rows.iter().zip(pairs) {
            let directions = mean_cross(&Steps::new(&closes).unwrap(), fast, slow, false);
            let targets: Vec<i32> = directions.iter().map(|direction| i32::from(*direction) * 3).collect();
            let mut engine = Engine::new(vec![instrument.clone()], Rules::default(), cash);
            let equity: Vec<f64> = engine.play_bars(&bars, &mut Targets(&targets)).into_iter().map(money).collect();
            assert_eq!(row.equity.to_bits(), equity[2_999].to_bits());
            assert_eq!(row.periods, ends.iter().map(|end| equity[*end]).collect::<Vec<_>>());
            assert_eq!(row.fees.to_bits(), money(engine.account.fees).to_bits());
            assert_eq!(row.max_drawdown.to_bits(), max_drawdown(&equity, money(cash)).to_bits());
            assert_eq!(row.fills as usize, engine.account.fills.len());
            assert_eq!(row.trades as usize, engine.account.trades.len());
            assert_eq!(row.wins as usize, engine.account.trades.iter().filter(|it| it.profit > 0).count());
        }
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_engine() {
        let plain = Instrument { multiplier: 50 * ONE, ..Instrument::default() };
        let bars = bars(100);
        let swept = |instrument: &Instrument, rules: &Rules, bars: &[Bar], quantity| {
            sweep_plain(bars, instrument, rules, &[(2, 5)], quantity, 1_000 * i128::from(ONE), &[], 1).is_some()
        };
        let rules = Rules::default();
        assert!(swept(&plain, &rules, &bars, 1));
        assert!(!swept(&Instrument { multiplier: ONE / 3, ..plain.clone() }, &rules, &bars, 1));
        assert!(!swept(&Instrument { initial_margin: 1, ..plain.clone() }, &rules, &bars, 1));
        assert!(!swept(&Instrument { sessions: vec![(0, 600)], ..plain.clone() }, &rules, &bars, 1));
        assert!(!swept(&plain, &Rules { flat_before_close_us: Some(1), ..rules }, &bars, 1));
        assert!(!swept(&plain, &Rules { participation: 1, ..rules }, &bars, 1));
        assert!(!swept(&plain, &rules, &bars, 1_000_000_000));
        assert!(!swept(&plain, &rules, &[], 1));
        let mut rolled = bars.clone();
        rolled[50].contract = 2;
        assert!(!swept(&plain, &rules, &rolled, 1));
    }
}

//! What is traded and what is seen of it: instruments with their costs and hours, quotes and bars.

/// Units of 1e-9 in one: of a price point, of a dollar, of a rate.
pub const ONE: i64 = 1_000_000_000;

/// What a column of prices holds where there is none.
pub const MISSING: i64 = i64::MIN;

/// What trading one side costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Commission and exchange fees a contract, in units of 1e-9 of the account's currency.
    pub per_contract: i64,
    /// Fee as a share of the traded value, in units of 1e-9.
    pub rate: i64,
    /// What a market or stop order pays beyond the quoted price, in price nanos.
    pub slippage: i64,
    /// The same as a share of the price, in units of 1e-9.
    pub slippage_rate: i64,
}

/// One tradable thing in one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instrument {
    /// Smallest price step in nanos; 0 lets every price pass.
    pub tick: i64,
    /// What one point of one contract is worth in the account's currency, in units of 1e-9.
    pub multiplier: i64,
    /// What trading costs.
    pub costs: Costs,
    /// Money a contract must have behind it to be opened, in units of 1e-9; 0 asks for none.
    pub initial_margin: i64,
    /// Money a contract must keep behind it, in units of 1e-9.
    pub maintenance_margin: i64,
    /// When it trades: half-open spans of microseconds UTC in order. Without any it always does.
    pub sessions: Vec<(i64, i64)>,
}

impl Instrument {
    /// The value of a price for a signed number of contracts, in units of 1e-9 of the account's currency.
    #[inline]
    #[must_use]
    pub fn value(&self, price: i64, quantity: i64) -> i128 {
        i128::from(price) * i128::from(quantity) * i128::from(self.multiplier) / i128::from(ONE)
    }

    /// The fee of a fill, rounded to the nearest unit.
    #[must_use]
    pub fn fee(&self, price: i64, quantity: i64) -> i128 {
        let contracts = i128::from(quantity.unsigned_abs());
        let share = self.value(price, quantity).abs() * i128::from(self.costs.rate);
        contracts * i128::from(self.costs.per_contract) + (share + i128::from(ONE / 2)) / i128::from(ONE)
    }

    /// The price after slippage: higher for a buyer, lower for a seller.
    #[must_use]
    pub fn slipped(&self, price: i64, buying: bool) -> i64 {
        let share = (i128::from(price.unsigned_abs()) * i128::from(self.costs.slippage_rate) / i128::from(ONE)) as i64;
        let worse = self.costs.slippage.saturating_add(share);
        if buying { price.saturating_add(worse) } else { price.saturating_sub(worse) }
    }

    /// The span of its session that holds an instant; everything when it knows no sessions.
    #[must_use]
    pub fn session(&self, ts_us: i64) -> Option<(i64, i64)> {
        if self.sessions.is_empty() {
            return Some((i64::MIN, i64::MAX));
        }
        let after = self.sessions.partition_point(|(opens, _)| *opens <= ts_us);
        let (opens, closes) = *self.sessions.get(after.checked_sub(1)?)?;
        (ts_us < closes).then_some((opens, closes))
    }
}

/// One event of the market. Prices in nanos, `MISSING` where there is none; a size of -1 is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Which instrument, by its number.
    pub instrument: u32,
    /// When it could be known, microseconds UTC.
    pub ts_us: i64,
    /// Best bid.
    pub bid: i64,
    /// Best ask.
    pub ask: i64,
    /// Last trade.
    pub last: i64,
    /// Contracts at the bid.
    pub bid_size: i32,
    /// Contracts at the ask.
    pub ask_size: i32,
    /// Number of the contract month; another number is a roll.
    pub contract: u32,
}

/// One bar; it is known at its end and not before. Prices in nanos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Which instrument, by its number.
    pub instrument: u32,
    /// Where it begins, microseconds UTC.
    pub start_us: i64,
    /// Where it ends.
    pub end_us: i64,
    /// First price.
    pub open: i64,
    /// Greatest price.
    pub high: i64,
    /// Least price.
    pub low: i64,
    /// Last price.
    pub close: i64,
    /// Contracts traded; -1 is unknown.
    pub volume: i64,
    /// Number of the contract month; another number is a roll.
    pub contract: u32,
}

/// A price as a floating number of points.
#[inline]
#[must_use]
pub fn points(nanos: i64) -> f64 {
    if nanos == MISSING { f64::NAN } else { nanos as f64 / 1e9 }
}

/// Money as a floating number.
#[inline]
#[must_use]
pub fn money(nanos: i128) -> f64 {
    nanos as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_exact() {
        let costs = Costs { per_contract: 2_250_000_000, rate: 20_000, slippage: 250_000_000, slippage_rate: 10_000 };
        let es = Instrument { multiplier: 50 * ONE, costs, ..Instrument::default() };
        assert_eq!(es.value(4_800 * ONE, -2), -480_000 * i128::from(ONE));
        assert_eq!(es.fee(4_800 * ONE, -2), (4_500_000_000 + 9_600_000_000));
        assert_eq!(es.slipped(4_800 * ONE, true), 4_800 * ONE + 250_000_000 + 48_000_000);
        assert_eq!(es.slipped(-40 * ONE, false), -40 * ONE - 250_000_000 - 400_000);
    }

    #[test]
    fn a_session_is_half_open() {
        let it = Instrument { sessions: vec![(10, 20), (20, 25), (30, 40)], ..Instrument::default() };
        let of = |ts| it.session(ts);
        assert_eq!((of(9), of(10), of(19), of(20)), (None, Some((10, 20)), Some((10, 20)), Some((20, 25))));
        assert_eq!((of(25), of(30), of(40)), (None, Some((30, 40)), None));
    }
}

//! What money is counted in along a sweep: doubles, as the plain pass over bars counts, or the engine's exact integers.

use std::ops::{Add, Mul};

use super::bars::Dealing;
use super::market::{Instrument, ONE};

/// An amount of money, or a price times something that makes it one.
pub trait Amount: Copy + PartialOrd + Send + Sync + Add<Output = Self> + Mul<Output = Self> {
    /// Nothing.
    const ZERO: Self;
    /// Below every price.
    const LEAST: Self;
    /// Above every price.
    const GREATEST: Self;

    /// The amount as everybody sees it.
    fn money(self) -> f64;
}

impl Amount for f64 {
    const ZERO: Self = 0.0;
    const LEAST: Self = Self::NEG_INFINITY;
    const GREATEST: Self = Self::INFINITY;

    #[inline(always)]
    fn money(self) -> f64 {
        self
    }
}

/// Units of 1e-9.
impl Amount for i64 {
    const ZERO: Self = 0;
    const LEAST: Self = Self::MIN;
    const GREATEST: Self = Self::MAX;

    #[inline(always)]
    fn money(self) -> f64 {
        self as f64 / 1e9
    }
}

/// What entering and leaving a position of one size costs.
pub trait Deals<A>: Sync {
    /// What entering (else leaving) at an open brings in, fees taken off, and the fee.
    fn cost(&self, open: A, entering: bool) -> (A, A);

    /// What the held position gains with a price.
    fn worth(&self) -> A;
}

impl Deals<f64> for Dealing {
    fn cost(&self, open: f64, entering: bool) -> (f64, f64) {
        let (paid, fill) = self.deal(0, if entering { self.quantity } else { -self.quantity }, open);
        (paid, fill.fee)
    }

    fn worth(&self) -> f64 {
        self.quantity * self.multiplier
    }
}

/// The engine's own costs of so many contracts.
#[derive(Clone, Debug)]
pub struct Exact<'a> {
    instrument: &'a Instrument,
    quantity: i64,
    worth: i64,
}

impl<'a> Exact<'a> {
    /// Contracts of an instrument, where no amount on the way can leave 64 bits: up to that price, with that much cash,
    /// for at most so many trades. Nothing where it could, or where a point is no whole amount of money.
    #[must_use]
    pub fn new(instrument: &'a Instrument, quantity: i64, cash: i128, highest: i64, trades: usize) -> Option<Self> {
        let worth = (instrument.multiplier % ONE == 0).then(|| quantity.checked_mul(instrument.multiplier / ONE))??;
        let price = instrument.slipped(highest, true);
        let value = instrument.value(price, quantity).abs();
        let paid = instrument.fee(price, quantity).abs() * trades as i128 * 2;
        let fits = cash.abs() + 4 * value + 2 * paid < 1 << 62;
        (quantity > 0 && worth > 0 && fits).then_some(Self { instrument, quantity, worth })
    }
}

impl Deals<i64> for Exact<'_> {
    fn cost(&self, open: i64, entering: bool) -> (i64, i64) {
        let quantity = if entering { self.quantity } else { -self.quantity };
        let price = self.instrument.slipped(open, entering);
        let fee = self.instrument.fee(price, quantity) as i64;
        (-(self.instrument.value(price, quantity) as i64) - fee, fee)
    }

    fn worth(&self) -> i64 {
        self.worth
    }
}

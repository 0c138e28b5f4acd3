//! The signal of one net change: where it stands on an instrument's ladder of four thresholds.
//!
//! Change and thresholds are integers in units of 1e-9 of whatever unit the thresholds are given in. The two sides are
//! not alike: a change equal to `strong_sell` is a strong sell, one equal to `strong_buy` is only a buy.

/// What a change says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Above `strong_buy`.
    StrongBuy,
    /// Above `buy`, up to and with `strong_buy`.
    Buy,
    /// From `sell` to `buy`, both included.
    Hold,
    /// Below `sell`, above `strong_sell`.
    Sell,
    /// Down from `strong_sell`, itself included.
    StrongSell,
}

impl Signal {
    /// The signal's stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StrongBuy => "STRONG_BUY",
            Self::Buy => "BUY",
            Self::Hold => "HOLD",
            Self::Sell => "SELL",
            Self::StrongSell => "STRONG_SELL",
        }
    }
}

/// The boundaries of one instrument, falling: `strong_buy >= buy >= sell >= strong_sell`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    strong_buy: i64,
    buy: i64,
    sell: i64,
    strong_sell: i64,
}

impl Thresholds {
    /// The four boundaries, or nothing when they do not fall.
    #[must_use]
    pub fn new(strong_buy: i64, buy: i64, sell: i64, strong_sell: i64) -> Option<Self> {
        let falls = strong_buy >= buy && buy >= sell && sell >= strong_sell;
        falls.then_some(Self { strong_buy, buy, sell, strong_sell })
    }

    /// The signal of a change; the first test that holds decides.
    #[must_use]
    pub const fn classify(&self, change: i64) -> Signal {
        if change > self.strong_buy {
            Signal::StrongBuy
        } else if change > self.buy {
            Signal::Buy
        } else if change >= self.sell {
            Signal::Hold
        } else if change > self.strong_sell {
            Signal::Sell
        } else {
            Signal::StrongSell
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_boundary_stands_on_its_side() {
        let thresholds = Thresholds::new(6, 1, -1, -6).unwrap();
        for (change, signal) in [
            (7, Signal::StrongBuy),
            (6, Signal::Buy),
            (2, Signal::Buy),
            (1, Signal::Hold),
            (0, Signal::Hold),
            (-1, Signal::Hold),
            (-2, Signal::Sell),
            (-5, Signal::Sell),
            (-6, Signal::StrongSell),
            (-7, Signal::StrongSell),
        ] {
            assert_eq!(thresholds.classify(change), signal, "{change}");
        }
        assert_eq!(Thresholds::new(1, 6, -1, -6), None);
    }
}

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

/// What a column of changes holds where there is none.
pub const MISSING_CHANGE: i64 = i64::MIN;

/// What a column of signals holds where there is none.
pub const MISSING_SIGNAL: i8 = i8::MIN;

/// A ladder as the kernel needs it; one that says "missing" to everything where there are no thresholds.
#[derive(Clone, Copy, Debug)]
pub struct Ladder {
    thresholds: Thresholds,
    known: bool,
}

impl From<Option<Thresholds>> for Ladder {
    fn from(thresholds: Option<Thresholds>) -> Self {
        let nothing = Thresholds { strong_buy: 0, buy: 0, sell: 0, strong_sell: 0 };
        Self { thresholds: thresholds.unwrap_or(nothing), known: thresholds.is_some() }
    }
}

impl Ladder {
    /// The signal of a change as a number from 2 (strong buy) to -2 (strong sell), without a branch.
    #[inline(always)]
    #[must_use]
    pub fn code(&self, change: i64) -> i8 {
        let Thresholds { strong_buy, buy, sell, strong_sell } = self.thresholds;
        let up = i8::from(change > strong_buy) + i8::from(change > buy);
        let down = i8::from(change < sell) + i8::from((change < sell) & (change <= strong_sell));
        if self.known & (change != MISSING_CHANGE) { up - down } else { MISSING_SIGNAL }
    }
}

/// Classifies a column of changes by one ladder.
pub fn classify_by_one(changes: &[i64], ladder: &Ladder, out: &mut Vec<i8>) {
    out.extend(changes.iter().map(|change| ladder.code(*change)));
}

/// Classifies a column of changes, each by the ladder that its number names; one that names none has no signal.
pub fn classify_by_id(changes: &[i64], ids: &[u32], ladders: &[Ladder], out: &mut Vec<i8>) {
    let signal = |(change, id): (&i64, &u32)| ladders.get(*id as usize).map_or(MISSING_SIGNAL, |it| it.code(*change));
    out.extend(changes.iter().zip(ids).map(signal));
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
        let code = |signal| match signal {
            Signal::StrongBuy => 2,
            Signal::Buy => 1,
            Signal::Hold => 0,
            Signal::Sell => -1,
            Signal::StrongSell => -2,
        };
        let changes: Vec<i64> = (-8..=8).chain([i64::MIN + 1, i64::MAX]).collect();
        for rungs in
            [[6, 1, -1, -6], [0, 0, 0, 0], [3, 3, 3, -3], [5, 2, 2, 2], [-1, -2, -3, -4], [i64::MAX, 1, 1, -i64::MAX]]
        {
            let ladder = Thresholds::new(rungs[0], rungs[1], rungs[2], rungs[3]).unwrap();
            let wanted: Vec<i8> = changes.iter().map(|change| code(ladder.classify(*change))).collect();
            let (mut one, mut by_id) = (Vec::new(), Vec::new());
            classify_by_one(&changes, &Some(ladder).into(), &mut one);
            classify_by_id(&changes, &vec![1; changes.len()], &[None.into(), Some(ladder).into()], &mut by_id);
            assert_eq!((&one, &by_id), (&wanted, &wanted), "{rungs:?}");
        }
        let mut none = Vec::new();
        classify_by_id(&[1, MISSING_CHANGE, 1], &[0, 1, 2], &[None.into(), Some(thresholds).into()], &mut none);
        assert_eq!(none, [MISSING_SIGNAL; 3]);
        assert_eq!(Thresholds::new(1, 6, -1, -6), None);
    }
}

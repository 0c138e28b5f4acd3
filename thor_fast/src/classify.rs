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

/// A ladder as the kernel needs it: five bounds, and the signal is told by how many of them a change is above.
///
/// Changes and bounds are shifted so that they compare as unsigned numbers, which the processor adds up without a branch.
/// The lowest bound is [`MISSING_CHANGE`] itself, which is above none; where there are no thresholds nothing is above any.
#[derive(Clone, Copy, Debug)]
pub struct Ladder([u64; 5]);

impl From<Option<Thresholds>> for Ladder {
    fn from(thresholds: Option<Thresholds>) -> Self {
        let Some(Thresholds { strong_buy, buy, sell, strong_sell }) = thresholds else {
            return Self([u64::MAX; 5]);
        };
        // A change equal to `sell` is held, so it is already above the bound below that; and where the two lowest
        // thresholds are one, holding comes before selling strongly.
        let below_sell = sell.saturating_sub(1);
        Self([strong_buy, buy, below_sell, strong_sell.min(below_sell), MISSING_CHANGE].map(unsigned))
    }
}

impl Ladder {
    /// The signal of a change as a number from 2 (strong buy) to -2 (strong sell), without a branch.
    #[inline(always)]
    #[must_use]
    pub fn code(&self, change: i64) -> i8 {
        let change = unsigned(change);
        let above: usize = self.0.iter().map(|bound| usize::from(*bound < change)).sum();
        CODES[above & 7]
    }
}

/// The signals by the number of bounds that a change is above, of which there are five.
const CODES: [i8; 8] = [MISSING_SIGNAL, -2, -1, 0, 1, 2, MISSING_SIGNAL, MISSING_SIGNAL];

/// The number in the same order among unsigned numbers.
#[inline(always)]
const fn unsigned(value: i64) -> u64 {
    value.cast_unsigned() ^ 1 << 63
}

/// Classifies a column of changes by one ladder, as many as there is room for. Says so, as [`classify_by_id`] does.
pub fn classify_by_one(changes: &[i64], ladder: &Ladder, out: &mut [i8]) -> bool {
    for (change, place) in changes.iter().zip(out) {
        *place = ladder.code(*change);
    }
    true
}

/// Classifies a column of changes, each by the ladder that its number names; one that names none has no signal.
///
/// Says whether every number named one.
#[inline(never)]
pub fn classify_by_id(changes: &[i64], ids: &[u32], ladders: &[Ladder], out: &mut [i8]) -> bool {
    let mut known = true;
    for ((change, id), place) in changes.iter().zip(ids).zip(out) {
        *place = match ladders.get(*id as usize) {
            Some(ladder) => ladder.code(*change),
            None => {
                known = false;
                MISSING_SIGNAL
            }
        };
    }
    known
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
            let (mut one, mut by_id) = (vec![0; changes.len()], vec![0; changes.len()]);
            assert!(classify_by_one(&changes, &Some(ladder).into(), &mut one));
            let ladders = [None.into(), Some(ladder).into()];
            assert!(classify_by_id(&changes, &vec![1; changes.len()], &ladders, &mut by_id));
            assert_eq!((&one, &by_id), (&wanted, &wanted), "{rungs:?}");
        }
        let mut none = [0; 3];
        let ladders = [None.into(), Some(thresholds).into()];
        assert!(!classify_by_id(&[1, MISSING_CHANGE, 1], &[0, 1, 2], &ladders, &mut none));
        assert_eq!(none, [MISSING_SIGNAL; 3]);
        assert_eq!(Thresholds::new(1, 6, -1, -6), None);
    }
}

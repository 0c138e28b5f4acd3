//! What is known of an instrument beside its quotes: how it counts, how it is shown, and what a change of it says.

use crate::classify::{Signal, Thresholds};
use crate::display::Display;
use crate::symbol::Symbol;

/// One instrument. Money and prices in units of 1e-9.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The canonical symbol.
    pub symbol: Symbol,
    /// The market whose trade dates it follows.
    pub market: Box<str>,
    /// How its prices are shown.
    pub display: Display,
    /// The smallest price step, in points; above 0.
    pub tick: i64,
    /// What a tick is worth.
    pub tick_value: i64,
    /// What a point is worth.
    pub multiplier: i64,
    /// Points that a signal has to earn before it loses as many, to have worked; above 0.
    pub target: Option<i64>,
    /// What a change says; nothing where it says nothing.
    pub ladder: Option<Ladder>,
}

/// The ladder of an instrument's net change and its part in the composite.
#[derive(Clone, Copy, Debug)]
pub struct Ladder {
    /// The boundaries in points.
    pub thresholds: Thresholds,
    /// The stat value that stands for each signal, from strong buy to strong sell, in the ladder's own unit.
    pub values: [i64; 5],
    /// What the instrument counts for, 0 or more.
    pub weight: i64,
    /// True for what rises when stocks fall: its signals count against the market.
    pub inverse: bool,
}

impl Ladder {
    /// The signal of a change in points.
    #[must_use]
    pub fn classify(&self, change: i64) -> Classified {
        let signal = self.thresholds.classify(change);
        let steps = signal.steps();
        let place = usize::try_from(2 - steps).unwrap_or(2);
        Classified {
            signal,
            stat_value: self.values.get(place).copied().unwrap_or(0),
            weight: self.weight,
            signal_weight: if self.inverse { -steps } else { steps },
        }
    }
}

/// A signal with the figures behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classified {
    /// The signal as it is shown, never turned around.
    pub signal: Signal,
    /// The threshold that it stands for, in the ladder's own unit.
    pub stat_value: i64,
    /// What the instrument counts for.
    pub weight: i64,
    /// From 2 to -2, turned around for inverse instruments.
    pub signal_weight: i64,
}

impl Signal {
    /// From 2 for a strong buy to -2 for a strong sell.
    #[must_use]
    pub const fn steps(self) -> i64 {
        match self {
            Self::StrongBuy => 2,
            Self::Buy => 1,
            Self::Hold => 0,
            Self::Sell => -1,
            Self::StrongSell => -2,
        }
    }

    /// The signal of so many steps; those beyond 2 are 2.
    #[must_use]
    pub const fn of_steps(steps: i64) -> Self {
        match steps {
            2.. => Self::StrongBuy,
            1 => Self::Buy,
            0 => Self::Hold,
            -1 => Self::Sell,
            _ => Self::StrongSell,
        }
    }
}

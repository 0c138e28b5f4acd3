//! The numbers of the fields, service by service. Only those that Thor reads are asked for and known.

/// A service of the streamer that Thor reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Stocks and indices.
    Equities,
    /// Futures of CME Group.
    Futures,
    /// One-minute bars of futures.
    FuturesChart,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the event")]
pub enum Slot {
    Bid,
    Ask,
    Last,
    BidSize,
    AskSize,
    LastSize,
    Volume,
    NetChange,
    ChangePercent,
    Open,
    High,
    Low,
    Close,
    High52,
    Low52,
    Mark,
    QuoteTime,
    TradeTime,
    /// The exchange's name.
    Venue,
    /// The contract that a continuous future stands for at present.
    ActiveSymbol,
    BarTime,
    BarOpen,
    BarHigh,
    BarLow,
    BarClose,
    BarVolume,
}

/// How many slots hold numbers that are merged.
pub const MERGED: usize = Slot::TradeTime as usize + 1;

const EQUITIES: [(u16, Slot); 19] = [
    (1, Slot::Bid),
    (2, Slot::Ask),
    (3, Slot::Last),
    (4, Slot::BidSize),
    (5, Slot::AskSize),
    (8, Slot::Volume),
    (9, Slot::LastSize),
    (10, Slot::High),
    (11, Slot::Low),
    (12, Slot::Close),
    (17, Slot::Open),
    (18, Slot::NetChange),
    (19, Slot::High52),
    (20, Slot::Low52),
    (25, Slot::Venue),
    (33, Slot::Mark),
    (34, Slot::QuoteTime),
    (35, Slot::TradeTime),
    (42, Slot::ChangePercent),
];

const FUTURES: [(u16, Slot); 18] = [
    (1, Slot::Bid),
    (2, Slot::Ask),
    (3, Slot::Last),
    (4, Slot::BidSize),
    (5, Slot::AskSize),
    (8, Slot::Volume),
    (9, Slot::LastSize),
    (10, Slot::QuoteTime),
    (11, Slot::TradeTime),
    (12, Slot::High),
    (13, Slot::Low),
    (14, Slot::Close),
    (18, Slot::Open),
    (19, Slot::NetChange),
    (20, Slot::ChangePercent),
    (21, Slot::Venue),
    (24, Slot::Mark),
    (34, Slot::ActiveSymbol),
];

const FUTURES_CHART: [(u16, Slot); 6] = [
    (1, Slot::BarTime),
    (2, Slot::BarOpen),
    (3, Slot::BarHigh),
    (4, Slot::BarLow),
    (5, Slot::BarClose),
    (6, Slot::BarVolume),
];

impl Service {
    /// Every service.
    pub const ALL: [Self; 3] = [Self::Equities, Self::Futures, Self::FuturesChart];

    /// Schwab's name of the service.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equities => "LEVELONE_EQUITIES",
            Self::Futures => "LEVELONE_FUTURES",
            Self::FuturesChart => "CHART_FUTURES",
        }
    }

    /// The service of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    const fn table(self) -> &'static [(u16, Slot)] {
        match self {
            Self::Equities => &EQUITIES,
            Self::Futures => &FUTURES,
            Self::FuturesChart => &FUTURES_CHART,
        }
    }

    /// What the field of that number holds, nothing where Thor has no use for it.
    #[must_use]
    pub fn slot(self, number: u16) -> Option<Slot> {
        self.table().iter().find(|(known, _)| *known == number).map(|(_, slot)| *slot)
    }

    /// The numbers of the fields to ask for, rising. Zero is the symbol in every service.
    #[must_use]
    pub fn numbers(self) -> Vec<u16> {
        let mut numbers: Vec<u16> = self.table().iter().map(|(number, _)| *number).chain([0]).collect();
        numbers.sort_unstable();
        numbers
    }

    /// What one lot at the bid or ask is in shares or contracts.
    #[must_use]
    pub const fn lot(self) -> i64 {
        match self {
            Self::Equities => 100,
            Self::Futures | Self::FuturesChart => 1,
        }
    }

    /// What the change in percent must be multiplied with: futures give a ratio.
    #[must_use]
    pub const fn percent(self) -> i64 {
        match self {
            Self::Equities => 1,
            Self::Futures | Self::FuturesChart => 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_means_another_thing_in_each_service() {
        assert_eq!(Service::Equities.slot(10), Some(Slot::High));
        assert_eq!(Service::Futures.slot(10), Some(Slot::QuoteTime));
        assert_eq!(Service::Equities.slot(12), Some(Slot::Close));
        assert_eq!(Service::Futures.slot(12), Some(Slot::High));
        assert_eq!(Service::FuturesChart.slot(6), Some(Slot::BarVolume));
        assert_eq!(Service::Equities.slot(6), None);
    }

    #[test]
    fn the_symbol_and_rising_numbers_are_asked_for() {
        for service in Service::ALL {
            let numbers = service.numbers();
            assert_eq!(numbers.first(), Some(&0));
            assert!(numbers.is_sorted());
        }
    }
}

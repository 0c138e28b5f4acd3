//! One row of a quote sheet: what its cells mean together, as the members of a candidate event.
//!
//! Which column holds what, and whose row it is, is told by the caller; the time is added by the caller as well, so
//! that two readings of a row that says the same are equal byte for byte. What one cell means is [`crate::cell`]'s.

use crate::cell::{Cell, CellFault};
use crate::json::write_string;
use crate::price::{write_integer, write_nanos};
use crate::rules::{believes_zero, book_flag};
use crate::symbol::Source;

/// The figures a sheet may have of an instrument, by the names they have in events.
pub const FIGURES: [&str; 15] = [
    "last",
    "bid",
    "ask",
    "lastSize",
    "bidSize",
    "askSize",
    "volume",
    "netChange",
    "changePercent",
    "open",
    "high",
    "low",
    "close",
    "high52",
    "low52",
];
const QUOTE: usize = 3;
const SIZES: usize = 6;
const VOLUME: usize = 6;
const NET_CHANGE: usize = 7;
const CHANGE_PERCENT: usize = 8;
const DAY: usize = 9;
/// Of the prices from [`DAY`] on: open, high, low, close.
const CLOSE: usize = 3;

const LARGEST_SIZE: i64 = i32::MAX as i64;
const LARGEST_VOLUME: i64 = 1 << 53;

/// What is known of a row's instrument before its figures are read.
#[derive(Clone, Debug)]
pub struct RowRules {
    /// The source that the event will name.
    pub source: Source,
    /// Decimals that the instrument's prices have.
    pub precision: u8,
    /// The smallest price step in nanos.
    pub tick: i64,
    /// The contract month, where the row names one.
    pub contract: Option<String>,
    /// Whether the sheet is known to be old.
    pub stale: bool,
}

/// Something about a row worth telling its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable code.
    pub code: &'static str,
    /// One sentence.
    pub message: String,
}

/// What a row says: an event's members from `source` to `meta`, in the order Thor writes them, without time and symbol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowReading {
    /// Nothing where the row has no price yet.
    pub members: Option<Vec<u8>>,
    /// What was left out or looked odd.
    pub findings: Vec<Finding>,
}

/// Reads a row's figures, which stand in the order of [`FIGURES`].
///
/// A cell that cannot be read spoils its row if it is a price or a size: it stays in the members as it is, so that the
/// candidate is refused by name. In a cell of the day's figures it is left out and becomes a finding.
#[must_use]
pub fn read_row(rules: &RowRules, cells: &[Cell<'_>; FIGURES.len()]) -> RowReading {
    let mut row = Row { rules, cells, spoilt: [false; SIZES], findings: Vec::new() };
    let volume = row.count(VOLUME, LARGEST_VOLUME);
    let mut prices = [0, 1, 2].map(|at| row.quote(at, |cell| cell.price()));
    let mut day = [0, 1, 2, 3, 4, 5].map(|at| row.figure(DAY + at, |cell| cell.price()));
    if !believes_zero(&prices, volume, rules.tick) {
        for price in prices.iter_mut().chain(day.iter_mut()) {
            *price = price.filter(|price| *price != 0);
        }
    }
    if prices == [None; QUOTE] && row.spoilt == [false; SIZES] {
        row.find("no_values", "neither last nor bid nor ask yet".to_owned());
        return RowReading { members: None, findings: row.findings };
    }
    let sizes = [0, 1, 2].map(|at| {
        let size = row.quote(QUOTE + at, |cell| cell.count(LARGEST_SIZE));
        // A size beside no price is the sheet's zero for "nothing yet".
        size.filter(|_| prices.get(at).copied().flatten().is_some())
    });
    let meta = row.meta(&prices, &day, volume);
    let members = row.members(&prices, &sizes, &meta);
    RowReading { members: Some(members), findings: row.findings }
}

struct Row<'r> {
    rules: &'r RowRules,
    cells: &'r [Cell<'r>; FIGURES.len()],
    /// Which of the prices and sizes cannot be read.
    spoilt: [bool; SIZES],
    findings: Vec<Finding>,
}

impl Row<'_> {
    fn cell(&self, at: usize) -> &Cell<'_> {
        self.cells.get(at).unwrap_or(&Cell::Empty)
    }

    fn find(&mut self, code: &'static str, message: String) {
        self.findings.push(Finding { code, message });
    }

    /// A figure of the day, left out where it cannot be read.
    fn figure(&mut self, at: usize, read: impl Fn(&Cell<'_>) -> Result<Option<i64>, CellFault>) -> Option<i64> {
        let cell = self.cell(at);
        match read(cell) {
            Ok(value) => value,
            Err(fault) => {
                let name = FIGURES.get(at).copied().unwrap_or_default();
                let message = format!("{name}: {:?} {}", cell.shown(), fault.as_str());
                self.find("unreadable", message);
                None
            }
        }
    }

    fn count(&mut self, at: usize, largest: i64) -> Option<i64> {
        self.figure(at, |cell| cell.count(largest))
    }

    /// A price or a size of the quote, which spoils the row where it cannot be read.
    fn quote(&mut self, at: usize, read: impl Fn(&Cell<'_>) -> Result<Option<i64>, CellFault>) -> Option<i64> {
        let found = self.findings.len();
        let value = self.figure(at, read);
        if let Some(spoilt) = self.spoilt.get_mut(at) {
            *spoilt = self.findings.len() > found;
        }
        value
    }

    fn meta(&mut self, prices: &[Option<i64>; QUOTE], day: &[Option<i64>; 6], volume: Option<i64>) -> Vec<u8> {
        let last = prices.first().copied().flatten();
        let mut flags: Vec<&str> = book_flag(prices).into_iter().collect();
        // No change beside no last price is a row still loading, not an unchanged market. The source's own figure
        // need not be last minus close, which are updated at other times.
        let mut change = self.figure(NET_CHANGE, |cell| cell.price()).filter(|change| *change != 0 || last.is_some());
        if change.is_none()
            && let (Some(last), Some(close)) = (last, day.get(CLOSE).copied().flatten())
        {
            change = last.checked_sub(close);
            flags.push("net_change_computed");
        }
        let percent = self.figure(CHANGE_PERCENT, |cell| cell.percent());
        let mut meta = Vec::with_capacity(192);
        meta.extend_from_slice(b"{\"precision\":");
        write_integer(self.rules.precision.into(), &mut meta);
        if let Some(contract) = &self.rules.contract {
            meta.extend_from_slice(b",\"contract\":");
            write_string(contract, &mut meta);
        }
        if self.rules.stale {
            meta.extend_from_slice(b",\"stale\":true");
        }
        if let Some(volume) = volume {
            meta.extend_from_slice(b",\"volume\":");
            write_integer(volume.unsigned_abs(), &mut meta);
        }
        let figures = [(NET_CHANGE, change), (CHANGE_PERCENT, percent)].into_iter();
        for (at, figure) in figures.chain(day.iter().enumerate().map(|(at, price)| (DAY + at, *price))) {
            if let (Some(name), Some(figure)) = (FIGURES.get(at), figure) {
                meta.extend_from_slice(b",\"");
                meta.extend_from_slice(name.as_bytes());
                meta.extend_from_slice(b"\":");
                write_nanos(figure, &mut meta);
            }
        }
        for (at, flag) in flags.iter().enumerate() {
            meta.extend_from_slice(if at == 0 { b",\"flags\":[\"" } else { b"\",\"" });
            meta.extend_from_slice(flag.as_bytes());
        }
        if !flags.is_empty() {
            meta.extend_from_slice(b"\"]");
        }
        meta.push(b'}');
        meta
    }

    fn members(&self, prices: &[Option<i64>; QUOTE], sizes: &[Option<i64>; QUOTE], meta: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(128 + meta.len());
        out.extend_from_slice(b"\"source\":\"");
        out.extend_from_slice(self.rules.source.as_bytes());
        out.push(b'"');
        for (at, value) in prices.iter().chain(sizes).enumerate() {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(FIGURES.get(at).copied().unwrap_or_default().as_bytes());
            out.extend_from_slice(b"\":");
            match value {
                _ if self.spoilt.get(at).copied().unwrap_or(false) => write_string(&self.cell(at).shown(), &mut out),
                Some(price) if at < QUOTE => write_nanos(*price, &mut out),
                Some(size) => write_integer(size.unsigned_abs(), &mut out),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(b",\"seq\":null,\"condition\":null,\"venue\":null,\"meta\":");
        out.extend_from_slice(meta);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> RowRules {
        RowRules { source: Source::new("TOS").unwrap(), precision: 2, tick: 250_000_000, contract: None, stale: false }
    }

    fn cells(figures: &[(&str, Cell<'static>)]) -> [Cell<'static>; FIGURES.len()] {
        FIGURES.map(|name| {
            let found = figures.iter().find(|(figure, _)| *figure == name);
            found.map_or(Cell::Empty, |(_, cell)| cell.clone())
        })
    }

    #[test]
    fn a_row_is_written_in_the_order_of_events() {
        let row =
            cells(&[("last", Cell::Float(6708.5)), ("bid", Cell::Float(6708.25)), ("bidSize", Cell::Float(17.0))]);
        let members = read_row(&rules(), &row).members.unwrap();
        assert_eq!(
            String::from_utf8(members).unwrap(),
            "\"source\":\"TOS\",\"last\":6708.5,\"bid\":6708.25,\"ask\":null,\"lastSize\":null,\"bidSize\":17,\
             \"askSize\":null,\"seq\":null,\"condition\":null,\"venue\":null,\"meta\":{\"precision\":2}"
        );
    }

    #[test]
    fn zeros_after_the_daily_reset_are_nothing_yet() {
        let row = cells(&[
            ("last", Cell::Float(0.0)),
            ("bid", Cell::Float(25_345.0)),
            ("netChange", Cell::Float(0.0)),
            ("open", Cell::Float(0.0)),
            ("volume", Cell::Text("N/A".into())),
        ]);
        let members = String::from_utf8(read_row(&rules(), &row).members.unwrap()).unwrap();
        assert!(members.contains("\"last\":null,\"bid\":25345.0"), "{members}");
        assert!(members.ends_with("\"meta\":{\"precision\":2}"), "{members}");
    }

    #[test]
    fn a_spoilt_price_stays_to_be_refused() {
        let reading = read_row(&rules(), &cells(&[("last", Cell::Text("118'40".into()))]));
        assert!(String::from_utf8(reading.members.unwrap()).unwrap().contains("\"last\":\"118'40\""));
        assert_eq!(reading.findings.first().unwrap().message, "last: \"118'40\" is not a price");
    }
}

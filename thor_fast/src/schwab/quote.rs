//! One symbol's quote as the deltas made it, and the candidate event that it is.

use super::fields::{MERGED, Service, Slot};
use crate::json::write_string;
use crate::price::{write_integer, write_nanos};
use crate::rules::{believes_zero, book_flag};
use crate::symbol::{Source, Symbol};
use crate::time::write_iso;

/// What is known of a subscribed symbol beforehand.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The canonical symbol.
    pub symbol: Symbol,
    /// Decimals that its prices have, where that is known.
    pub precision: Option<u8>,
    /// The smallest price step in nanos.
    pub tick: i64,
    /// The contract month, where the key names one.
    pub contract: Option<String>,
}

/// A minute's bar: prices in nanos, its start in microseconds UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of any bar")]
pub struct Bar {
    pub start_us: i64,
    pub open: i64,
    pub high: i64,
    pub low: i64,
    pub close: i64,
    pub volume: i64,
}

/// The merged state of one symbol.
#[derive(Clone, Debug)]
pub struct Quote {
    subject: Subject,
    service: Option<Service>,
    values: [Option<i64>; MERGED],
    venue: Option<String>,
    /// The contract that the symbol stands for; it outlives a lost connection, so that a roll meanwhile is seen.
    contract: Option<String>,
    delayed: bool,
    rolled: bool,
    bar: Option<Bar>,
    last_bar_us: i64,
    /// The candidate told last.
    told: Vec<u8>,
}

impl Quote {
    /// A quote of which nothing is known yet.
    #[must_use]
    pub fn new(subject: Subject) -> Self {
        Self {
            contract: subject.contract.clone(),
            subject,
            service: None,
            values: [None; MERGED],
            venue: None,
            delayed: false,
            rolled: false,
            bar: None,
            last_bar_us: i64::MIN,
            told: Vec::new(),
        }
    }

    /// The canonical symbol.
    #[must_use]
    pub fn symbol(&self) -> &Symbol {
        &self.subject.symbol
    }

    /// The connection is gone: what was merged is no base for new deltas.
    pub fn forget(&mut self) {
        self.values = [None; MERGED];
        self.delayed = false;
        self.told.clear();
    }

    /// A delta of this service begins.
    pub fn begin(&mut self, service: Service) {
        self.service = Some(service);
    }

    /// A number of the delta: a price in nanos, a count, or a time in milliseconds.
    pub fn set(&mut self, slot: Slot, value: i64) {
        if let Some(place) = self.values.get_mut(slot as usize) {
            *place = Some(value);
        }
    }

    /// Whether the server says that the quote is delayed.
    pub fn set_delayed(&mut self, delayed: bool) {
        self.delayed = delayed;
    }

    /// The exchange's name.
    pub fn set_venue(&mut self, venue: &str) {
        if self.venue.as_deref() != Some(venue) {
            self.venue = Some(venue.chars().take(64).collect());
        }
    }

    /// The contract that a continuous symbol stands for now; to be called before the delta's numbers are set.
    ///
    /// At a roll every figure of the old contract goes: its bid beside the new one's last would be a wrong quote.
    pub fn set_active_contract(&mut self, key: &str) {
        let contract = key.trim_start_matches('/');
        if self.subject.contract.is_some() || contract.is_empty() || self.contract.as_deref() == Some(contract) {
            return;
        }
        if self.contract.is_some() {
            self.values = [None; MERGED];
            self.rolled = true;
        }
        self.contract = Some(contract.to_owned());
    }

    /// A minute's bar, told with the next candidate. A bar of an earlier minute than the last one is old news.
    pub fn set_bar(&mut self, bar: Bar) {
        if bar.start_us >= self.last_bar_us {
            self.last_bar_us = bar.start_us;
            self.bar = Some(bar);
        }
    }

    /// Writes the candidate event, unless it would say what the last one said or there is no price yet.
    ///
    /// Where the server gave no time yet it is the time of receipt.
    pub fn write(&mut self, source: &Source, received_us: i64, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let prices = self.prices();
        if prices.iter().all(Option::is_none) {
            return false;
        }
        out.extend_from_slice(b"{\"v\":1,\"symbol\":\"");
        out.extend_from_slice(self.subject.symbol.as_bytes());
        out.extend_from_slice(b"\",\"ts\":\"");
        let ts_ms = self.value(Slot::QuoteTime).max(self.value(Slot::TradeTime));
        let ts_us = ts_ms.filter(|ms| *ms > 0).and_then(|ms| ms.checked_mul(1_000)).unwrap_or(received_us);
        write_iso(ts_us, out);
        out.extend_from_slice(b"\",\"source\":\"");
        out.extend_from_slice(source.as_bytes());
        out.push(b'"');
        for (name, price) in ["last", "bid", "ask"].iter().zip(&prices) {
            member(name, out);
            or_null(*price, out, write_nanos);
        }
        let sizes = [("lastSize", Slot::LastSize), ("bidSize", Slot::BidSize), ("askSize", Slot::AskSize)];
        for ((name, slot), price) in sizes.into_iter().zip(&prices) {
            member(name, out);
            let size = self.value(slot).filter(|_| price.is_some());
            or_null(size, out, |size, out| write_integer(size.unsigned_abs(), out));
        }
        out.extend_from_slice(b",\"seq\":null,\"condition\":null");
        member("venue", out);
        match &self.venue {
            Some(venue) => write_string(venue, out),
            None => out.extend_from_slice(b"null"),
        }
        self.write_meta(&prices, out);
        out.push(b'}');
        let candidate = out.get(start..).unwrap_or_default();
        if candidate == self.told {
            out.truncate(start);
            return false;
        }
        self.told.clear();
        self.told.extend_from_slice(candidate);
        (self.bar, self.rolled) = (None, false);
        true
    }

    fn value(&self, slot: Slot) -> Option<i64> {
        self.values.get(slot as usize).copied().flatten()
    }

    fn is_future(&self) -> bool {
        self.service == Some(Service::Futures)
    }

    /// An index has no last of its own at times, and a mark.
    fn last_is_mark(&self) -> bool {
        let no_last = self.value(Slot::Last).is_none_or(|last| last == 0);
        no_last
            && self.subject.symbol.as_bytes().starts_with(b"$")
            && self.value(Slot::Mark).is_some_and(|mark| mark != 0)
    }

    /// Last, bid and ask, without zeros that say that there is none.
    fn prices(&self) -> [Option<i64>; 3] {
        let last = if self.last_is_mark() { Slot::Mark } else { Slot::Last };
        let prices = [last, Slot::Bid, Slot::Ask].map(|slot| self.value(slot));
        let believed = self.is_future() && believes_zero(&prices, self.value(Slot::Volume), self.subject.tick);
        if believed { prices } else { prices.map(|price| price.filter(|price| *price != 0)) }
    }

    fn write_meta(&self, prices: &[Option<i64>; 3], out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"meta\":{");
        let start = out.len();
        if let Some(precision) = self.subject.precision {
            member("precision", out);
            write_integer(precision.into(), out);
        }
        if let Some(contract) = &self.contract {
            member("contract", out);
            write_string(contract, out);
        }
        if self.delayed {
            member("delayed", out);
            out.extend_from_slice(b"true");
        }
        if let Some(volume) = self.value(Slot::Volume) {
            member("volume", out);
            write_integer(volume.unsigned_abs(), out);
        }
        // No change beside no last price is a quote still loading, not an unchanged market.
        let change = self.value(Slot::NetChange).filter(|change| *change != 0 || prices[0].is_some());
        let percent = self.value(Slot::ChangePercent).filter(|_| change.is_some());
        let zeros = self.is_future() && believes_zero(prices, self.value(Slot::Volume), self.subject.tick);
        let price = |slot| self.value(slot).filter(|price| *price != 0 || zeros);
        for (name, figure) in [
            ("netChange", change),
            ("changePercent", percent),
            ("open", price(Slot::Open)),
            ("high", price(Slot::High)),
            ("low", price(Slot::Low)),
            ("close", price(Slot::Close)),
            ("high52", price(Slot::High52)),
            ("low52", price(Slot::Low52)),
        ] {
            if let Some(figure) = figure {
                member(name, out);
                write_nanos(figure, out);
            }
        }
        self.write_flags(prices, out);
        if let Some(bar) = &self.bar {
            member("bar", out);
            write_bar(bar, out);
        }
        out.push(b'}');
        if out.get(start) == Some(&b',') {
            out.remove(start);
        }
    }

    fn write_flags(&self, prices: &[Option<i64>; 3], out: &mut Vec<u8>) {
        let flags = [book_flag(prices), self.rolled.then_some("roll"), self.last_is_mark().then_some("last_is_mark")];
        for (at, flag) in flags.into_iter().flatten().enumerate() {
            if at == 0 {
                member("flags", out);
            }
            out.push(if at == 0 { b'[' } else { b',' });
            out.push(b'"');
            out.extend_from_slice(flag.as_bytes());
            out.push(b'"');
        }
        if flags.iter().any(Option::is_some) {
            out.push(b']');
        }
    }
}

fn write_bar(bar: &Bar, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"start\":\"");
    write_iso(bar.start_us, out);
    out.push(b'"');
    for (name, price) in [("open", bar.open), ("high", bar.high), ("low", bar.low), ("close", bar.close)] {
        member(name, out);
        write_nanos(price, out);
    }
    member("volume", out);
    write_integer(bar.volume.unsigned_abs(), out);
    out.push(b'}');
}

fn member(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn or_null(value: Option<i64>, out: &mut Vec<u8>, write: impl FnOnce(i64, &mut Vec<u8>)) {
    match value {
        Some(value) => write(value, out),
        None => out.extend_from_slice(b"null"),
    }
}

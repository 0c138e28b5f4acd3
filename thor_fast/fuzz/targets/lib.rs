//! What the targets share: events made from a fuzzer's bytes, and their canonical form.

use arbitrary::Arbitrary;
use thor_fast::encode::write_json;
use thor_fast::event::{Field, QuoteEvent, check_text};
use thor_fast::meta::Meta;
use thor_fast::symbol::{Source, Symbol};
use thor_fast::time::{MAX_US, MIN_US};

/// The event's canonical JSON.
#[must_use]
pub fn canonical(event: &QuoteEvent) -> Vec<u8> {
    let mut out = Vec::new();
    write_json(event, &mut out);
    out
}

/// The parts of any event; what no event may hold is bent until it may.
#[derive(Arbitrary, Debug)]
pub struct Parts<'a> {
    symbol: u8,
    source: u8,
    ts_us: i64,
    prices: [Option<i64>; 3],
    sizes: [Option<u32>; 3],
    seq: Option<u64>,
    condition: Option<&'a str>,
    venue: Option<&'a str>,
    meta: Option<&'a str>,
}

impl Parts<'_> {
    /// The event, or nothing where no name is that long.
    #[must_use]
    pub fn event(&self) -> Option<QuoteEvent> {
        let [last, bid, ask] = self.prices.map(|price| price.map(|nanos| nanos.max(-i64::MAX)));
        let [last_size, bid_size, ask_size] =
            self.sizes.map(|size| size.and_then(|size| i32::try_from(size & 0x7fff_ffff).ok()));
        let text =
            |field, text: Option<&str>| text.filter(|text| check_text(field, text).is_ok()).map(std::sync::Arc::from);
        Some(QuoteEvent {
            symbol: Symbol::new(["ES", "ZB", "BRK.B", "$SPX", "A/B-C_D", "6E"][usize::from(self.symbol % 6)])?,
            ts_us: self.ts_us.clamp(MIN_US, MAX_US),
            source: source(self.source)?,
            last,
            bid,
            ask,
            last_size,
            bid_size,
            ask_size,
            seq: self.seq.and_then(|seq| i64::try_from(seq >> 1).ok()),
            condition: text(Field::Condition, self.condition),
            venue: text(Field::Venue, self.venue),
            meta: self.meta.and_then(|text| Meta::parse(text).ok()),
        })
    }
}

/// One event of a small world, where everything meets everything: two symbols, three sources, few numbers.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Offered {
    symbol: bool,
    source: u8,
    ts: u8,
    last: u8,
    seq: Option<u8>,
    meta: u8,
    /// Time since the offer before it, in steps of 100 ms.
    pub later: u8,
}

impl Offered {
    /// The event itself.
    #[must_use]
    pub fn event(&self) -> Option<QuoteEvent> {
        let metas = ["{}", r#"{"run":1}"#, r#"{"run":2}"#, r#"{"delayed":true}"#, r#"{"stale":true,"run":1}"#];
        Some(QuoteEvent {
            symbol: Symbol::new(if self.symbol { "ES" } else { "ZB" })?,
            ts_us: i64::from(self.ts) * 250_000,
            source: source(self.source)?,
            last: Some(i64::from(self.last % 3)),
            bid: None,
            ask: None,
            last_size: None,
            bid_size: None,
            ask_size: None,
            seq: self.seq.map(|seq| i64::from(seq % 8)),
            condition: None,
            venue: None,
            meta: Meta::parse(metas[usize::from(self.meta) % metas.len()]).ok(),
        })
    }
}

fn source(number: u8) -> Option<Source> {
    Source::new(["TOS", "SCHWAB", "MOCK"][usize::from(number % 3)])
}

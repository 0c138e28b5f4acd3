//! Many events as columns: one array a field, names as small numbers, texts behind one another in one buffer a field.
//!
//! An event costs no allocation of its own. What is absent is a zero in its column and a missing bit in the row's set
//! of bits. Where an event was read from canonical JSON, its bytes are kept, so that writing it again is a copy.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use crate::event::{EventRef, QuoteEvent, Values};
use crate::meta::MetaRef;
use crate::symbol::{Name, Source, Symbol};

/// The fields of a row that may be absent, each a bit of its set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the fields'")]
pub enum Bit {
    Last,
    Bid,
    Ask,
    LastSize,
    BidSize,
    AskSize,
    Seq,
    Condition,
    Venue,
    Meta,
    /// `meta.run` is an integer.
    Run,
    /// `meta` says that the event is delayed or stale.
    NotLive,
}

impl Bit {
    const fn mask(self) -> u16 {
        1 << self as u16
    }

    const fn of(self, present: bool) -> u16 {
        (present as u16) << self as u16
    }
}

/// Texts behind one another: row `i` is from the end of row `i - 1` to its own end.
#[derive(Clone, Debug)]
pub struct Texts {
    ends: Vec<i64>,
    text: String,
}

impl Default for Texts {
    fn default() -> Self {
        Self { ends: vec![0], text: String::new() }
    }
}

impl Texts {
    /// The offsets, one more than rows, the first 0.
    #[must_use]
    pub fn offsets(&self) -> &[i64] {
        &self.ends
    }

    /// All texts in one.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn range(&self, row: usize) -> std::ops::Range<usize> {
        match self.ends.get(row..row.saturating_add(2)) {
            Some([start, end]) => usize::try_from(*start).unwrap_or(0)..usize::try_from(*end).unwrap_or(0),
            _ => 0..0,
        }
    }

    pub(crate) fn get(&self, row: usize) -> &str {
        self.text.get(self.range(row)).unwrap_or_default()
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(i64::try_from(self.text.len()).unwrap_or(i64::MAX));
    }
}

/// Names by number, each once, found again in about one step.
#[derive(Clone, Debug)]
pub(crate) struct Interner<const N: usize> {
    names: Vec<Name<N>>,
    /// A number plus one in the place that its name's hash asks for or in the next free one; the length is a power of two.
    places: Vec<u32>,
    last: u32,
    seed: u64,
}

impl<const N: usize> Default for Interner<N> {
    fn default() -> Self {
        Self { names: Vec::new(), places: vec![0; 16], last: 0, seed: hash_seed() }
    }
}

impl<const N: usize> Interner<N> {
    pub(crate) fn names(&self) -> &[Name<N>] {
        &self.names
    }

    #[inline]
    fn name(&self, id: u32) -> Option<&Name<N>> {
        self.names.get(id as usize)
    }

    /// The number of a name that is there already.
    #[inline]
    pub(crate) fn find(&mut self, name: &[u8]) -> Option<u32> {
        if self.name(self.last).is_some_and(|last| last.as_bytes() == name) {
            return Some(self.last);
        }
        self.last = self.peek(name)?;
        Some(self.last)
    }

    /// [`Self::find`] without remembering the answer.
    pub(crate) fn peek(&self, name: &[u8]) -> Option<u32> {
        let mask = self.places.len() - 1;
        let mut place = hash(name, self.seed) & mask;
        loop {
            let id = self.places.get(place).copied().unwrap_or(0).checked_sub(1)?;
            if self.name(id).is_some_and(|known| known.as_bytes() == name) {
                return Some(id);
            }
            place = (place + 1) & mask;
        }
    }

    pub(crate) fn number(&mut self, name: &Name<N>) -> u32 {
        if let Some(id) = self.find(name.as_bytes()) {
            return id;
        }
        if self.places.len() < (self.names.len() + 1) * 2 {
            self.places = vec![0; self.places.len() * 2];
            for id in 0..self.names.len() {
                self.put(id);
            }
        }
        self.names.push(*name);
        self.put(self.names.len() - 1);
        self.last = u32::try_from(self.names.len() - 1).unwrap_or(u32::MAX);
        self.last
    }

    fn put(&mut self, id: usize) {
        let mask = self.places.len() - 1;
        let mut place = self.names.get(id).map_or(0, |name| hash(name.as_bytes(), self.seed)) & mask;
        while self.places.get(place).is_some_and(|taken| *taken != 0) {
            place = (place + 1) & mask;
        }
        if let Some(free) = self.places.get_mut(place) {
            *free = u32::try_from(id + 1).unwrap_or(u32::MAX);
        }
    }
}

/// A number that nobody outside this process knows, so that nobody can choose names or keys that all collide.
pub(crate) fn hash_seed() -> u64 {
    static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0_u8));
    *SEED
}

/// A hash for short names.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the upper half of the product is what is wanted")]
fn hash(name: &[u8], seed: u64) -> usize {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let (words, rest) = name.as_chunks::<8>();
    let mut mixed = seed ^ name.len() as u64;
    for word in words {
        mixed = (mixed ^ u64::from_le_bytes(*word)).wrapping_mul(ODD).rotate_left(29);
    }
    let tail = rest.iter().fold(0_u64, |tail, byte| tail << 8 | u64::from(*byte));
    ((mixed ^ tail).wrapping_mul(ODD) >> 32) as usize
}

/// The columns. Rows are only ever added.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    symbols: Interner<32>,
    sources: Interner<16>,
    symbol_ids: Vec<u32>,
    source_ids: Vec<u32>,
    ts_us: Vec<i64>,
    prices: [Vec<i64>; 3],
    sizes: [Vec<i32>; 3],
    seq: Vec<i64>,
    runs: Vec<i64>,
    bits: Vec<u16>,
    condition: Texts,
    venue: Texts,
    meta: Texts,
    /// Where each row's canonical JSON ends; a row without it has none.
    json_ends: Vec<usize>,
    json: Vec<u8>,
    rows_without_json: usize,
}

impl Columns {
    /// Room for so many rows, and so many bytes of canonical JSON.
    #[must_use]
    pub fn with_capacity(rows: usize, json_bytes: usize) -> Self {
        let mut columns = Self::default();
        columns.symbol_ids.reserve_exact(rows);
        columns.source_ids.reserve_exact(rows);
        columns.ts_us.reserve_exact(rows);
        columns.prices.iter_mut().for_each(|prices| prices.reserve_exact(rows));
        columns.sizes.iter_mut().for_each(|sizes| sizes.reserve_exact(rows));
        columns.seq.reserve_exact(rows);
        columns.bits.reserve_exact(rows);
        columns.json_ends.reserve_exact(rows);
        for texts in [&mut columns.condition, &mut columns.venue, &mut columns.meta] {
            texts.ends.reserve_exact(rows);
        }
        columns.json.reserve_exact(json_bytes);
        columns
    }

    /// Rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ts_us.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ts_us.is_empty()
    }

    /// Gives back room that was reserved in vain.
    pub fn shrink(&mut self) {
        fn shrink<T>(column: &mut Vec<T>) {
            if column.capacity() - column.len() > column.len() / 16 {
                column.shrink_to_fit();
            }
        }
        shrink(&mut self.symbol_ids);
        shrink(&mut self.source_ids);
        shrink(&mut self.ts_us);
        self.prices.iter_mut().for_each(shrink);
        self.sizes.iter_mut().for_each(shrink);
        shrink(&mut self.seq);
        shrink(&mut self.runs);
        shrink(&mut self.bits);
        shrink(&mut self.json_ends);
        shrink(&mut self.json);
        for texts in [&mut self.condition, &mut self.venue, &mut self.meta] {
            shrink(&mut texts.ends);
            if texts.text.capacity() - texts.text.len() > texts.text.len() / 16 {
                texts.text.shrink_to_fit();
            }
        }
    }

    /// Bytes that the columns hold, without room that is reserved.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let texts = [&self.condition, &self.venue, &self.meta];
        let texts: usize = texts.iter().map(|texts| texts.text.len() + texts.ends.len() * 8).sum();
        let fixed = self.len() * (4 + 4 + 8 + 3 * 8 + 3 * 4 + 8 + 2 + 8);
        let names = self.symbols.names.len() * size_of::<Symbol>() + self.sources.names.len() * size_of::<Source>();
        fixed + names + self.runs.len() * 8 + texts + self.json.len()
    }

    /// Adds an event.
    pub fn push(&mut self, event: &EventRef<'_>) {
        let symbol = self.symbols.number(event.symbol);
        let source = self.sources.number(event.source);
        self.push_values(symbol, source, &event.values, event.json.unwrap_or_default());
    }

    pub(crate) fn interners(&mut self) -> (&mut Interner<32>, &mut Interner<16>) {
        (&mut self.symbols, &mut self.sources)
    }

    /// Adds a row whose names are numbered already.
    #[inline]
    pub(crate) fn push_values(&mut self, symbol: u32, source: u32, values: &Values<'_>, json: &[u8]) {
        let mut bits = Bit::Last.of(values.last.is_some())
            | Bit::Bid.of(values.bid.is_some())
            | Bit::Ask.of(values.ask.is_some())
            | Bit::LastSize.of(values.last_size.is_some())
            | Bit::BidSize.of(values.bid_size.is_some())
            | Bit::AskSize.of(values.ask_size.is_some())
            | Bit::Seq.of(values.seq.is_some())
            | Bit::Condition.of(values.condition.is_some())
            | Bit::Venue.of(values.venue.is_some())
            | Bit::Meta.of(values.meta.is_some());
        if let Some(meta) = values.meta {
            bits |= Bit::Run.of(meta.run.is_some()) | Bit::NotLive.of(!meta.live);
            if let Some(run) = meta.run {
                // Rows before the first run have none.
                self.runs.resize(self.ts_us.len(), 0);
                self.runs.push(run);
            }
        }
        self.symbol_ids.push(symbol);
        self.source_ids.push(source);
        self.ts_us.push(values.ts_us);
        let [last, bid, ask] = &mut self.prices;
        last.push(values.last.unwrap_or(0));
        bid.push(values.bid.unwrap_or(0));
        ask.push(values.ask.unwrap_or(0));
        let [last_size, bid_size, ask_size] = &mut self.sizes;
        last_size.push(values.last_size.unwrap_or(0));
        bid_size.push(values.bid_size.unwrap_or(0));
        ask_size.push(values.ask_size.unwrap_or(0));
        self.seq.push(values.seq.unwrap_or(0));
        self.bits.push(bits);
        self.condition.push(values.condition.unwrap_or_default());
        self.venue.push(values.venue.unwrap_or_default());
        self.meta.push(values.meta.map_or("", |meta| meta.text));
        self.json.extend_from_slice(json);
        self.json_ends.push(self.json.len());
        self.rows_without_json += usize::from(json.is_empty());
    }

    /// The event of a row.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<EventRef<'_>> {
        self.read(row)
    }

    /// [`Self::get`] for a loop that needs only part of the event: the rest is then never looked at.
    #[must_use]
    #[inline(always)]
    pub(crate) fn read(&self, row: usize) -> Option<EventRef<'_>> {
        let bits = *self.bits.get(row)?;
        let has = |bit: Bit| bits & bit.mask() != 0;
        let [last, bid, ask] = &self.prices;
        let [last_size, bid_size, ask_size] = &self.sizes;
        let price = |bit: Bit, column: &[i64]| if has(bit) { column.get(row).copied() } else { None };
        let size = |bit: Bit, column: &[i32]| if has(bit) { column.get(row).copied() } else { None };
        let text = |bit: Bit, texts| if has(bit) { Some(Texts::get(texts, row)) } else { None };
        Some(EventRef {
            symbol: self.symbols.name(*self.symbol_ids.get(row)?)?,
            source: self.sources.name(*self.source_ids.get(row)?)?,
            values: Values {
                ts_us: *self.ts_us.get(row)?,
                last: price(Bit::Last, last),
                bid: price(Bit::Bid, bid),
                ask: price(Bit::Ask, ask),
                last_size: size(Bit::LastSize, last_size),
                bid_size: size(Bit::BidSize, bid_size),
                ask_size: size(Bit::AskSize, ask_size),
                seq: price(Bit::Seq, &self.seq),
                condition: text(Bit::Condition, &self.condition),
                venue: text(Bit::Venue, &self.venue),
                meta: text(Bit::Meta, &self.meta).map(|text| MetaRef {
                    text,
                    run: price(Bit::Run, &self.runs),
                    live: !has(Bit::NotLive),
                }),
            },
            json: self.json(row),
        })
    }

    /// What orders a row beside its ts: `seq` and `run` where there are any, and whether it is live.
    #[inline]
    pub(crate) fn sequence(&self, row: usize) -> (Option<i64>, Option<i64>, bool) {
        let bits = self.bits.get(row).copied().unwrap_or(0);
        let has = |bit: Bit| bits & bit.mask() != 0;
        let number = |bit: Bit, column: &[i64]| if has(bit) { column.get(row).copied() } else { None };
        (number(Bit::Seq, &self.seq), number(Bit::Run, &self.runs), !has(Bit::NotLive))
    }

    /// The row's canonical JSON, where it was read from that.
    #[must_use]
    #[inline]
    pub fn json(&self, row: usize) -> Option<&[u8]> {
        let start = row.checked_sub(1).map_or(Some(0), |before| self.json_ends.get(before).copied())?;
        self.json.get(start..*self.json_ends.get(row)?).filter(|json| !json.is_empty())
    }

    /// Whether every row was read from canonical JSON.
    #[must_use]
    pub fn all_have_json(&self) -> bool {
        self.rows_without_json == 0
    }

    /// A row's canonical JSON, where it was read from that, and its source.
    #[inline]
    pub(crate) fn json_and_source(&self, row: usize) -> Option<(&[u8], &Source)> {
        Some((self.json(row)?, self.sources.name(*self.source_ids.get(row)?)?))
    }

    /// The names that [`Self::symbol_ids`] number.
    #[must_use]
    pub fn symbols(&self) -> &[Symbol] {
        self.symbols.names()
    }

    /// The names that [`Self::source_ids`] number.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        self.sources.names()
    }

    /// Each row's symbol.
    #[must_use]
    pub fn symbol_ids(&self) -> &[u32] {
        &self.symbol_ids
    }

    /// Each row's source.
    #[must_use]
    pub fn source_ids(&self) -> &[u32] {
        &self.source_ids
    }

    /// Each row's time, microseconds UTC.
    #[must_use]
    pub fn ts_us(&self) -> &[i64] {
        &self.ts_us
    }

    /// Last, bid and ask in nanos, 0 where absent.
    #[must_use]
    pub fn prices(&self) -> &[Vec<i64>; 3] {
        &self.prices
    }

    /// Last, bid and ask size, 0 where absent.
    #[must_use]
    pub fn sizes(&self) -> &[Vec<i32>; 3] {
        &self.sizes
    }

    /// Sequence numbers, 0 where absent.
    #[must_use]
    pub fn seq(&self) -> &[i64] {
        &self.seq
    }

    /// Condition, venue and meta, empty where absent.
    #[must_use]
    pub fn texts(&self) -> [&Texts; 3] {
        [&self.condition, &self.venue, &self.meta]
    }

    /// Whether the row has that field.
    #[must_use]
    pub fn has(&self, row: usize, bit: Bit) -> bool {
        self.bits.get(row).is_some_and(|bits| bits & bit.mask() != 0)
    }

    /// For each row from `start` on whether it has that field, a bit each from the lowest, as Arrow keeps them.
    #[must_use]
    pub fn validity(&self, bit: Bit) -> Vec<u8> {
        let eight =
            |rows: &[u16]| rows.iter().rev().fold(0_u8, |byte, bits| byte << 1 | u8::from(bits & bit.mask() != 0));
        self.bits.chunks(8).map(eight).collect()
    }
}

impl<'a> Extend<&'a QuoteEvent> for Columns {
    fn extend<T: IntoIterator<Item = &'a QuoteEvent>>(&mut self, events: T) {
        for event in events {
            self.push(&event.view());
        }
    }
}

//! Rows of the ticks table as columns: what is read from Postgres and from Parquet, put in order and compared.
//!
//! A tick has the columns of the table, not the fields of an event: `extra` holds venue and meta as jsonb wrote them.
//! Texts are numbered, each kept once, since neighbouring rows mostly have the same.

use std::collections::HashMap;
use std::sync::Arc;

use crate::columns::Columns;
use crate::error::{ErrorCode, EventError};
use crate::event::{EventRef, Field, Values, check_symbol};
use crate::json::{Cursor, Value};
use crate::meta::Meta;
use crate::symbol::Source;

/// Which columns of a row are there, each a bit; symbol, ts and source always are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the columns'")]
pub enum Has {
    Last,
    Bid,
    Ask,
    LastSize,
    BidSize,
    AskSize,
    Seq,
    Cond,
    Extra,
}

impl Has {
    const fn mask(self) -> u16 {
        1 << self as u16
    }
}

/// Texts by number, each once.
#[derive(Clone, Debug)]
pub struct Texts {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    /// The number that was last given for texts of one look, so that what comes again and again is not looked up.
    recent: [u32; RECENT],
}

/// How many looks a text may have.
const RECENT: usize = 64;

impl Default for Texts {
    fn default() -> Self {
        Self { texts: Vec::new(), numbers: HashMap::new(), recent: [0; RECENT] }
    }
}

/// The look of a text: of its length, its beginning and its end.
#[inline]
fn look(text: &str) -> usize {
    let bytes = text.as_bytes();
    let ends = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(head), Some(tail)) => u64::from_le_bytes(*head) ^ u64::from_le_bytes(*tail).rotate_left(29),
        _ => bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)),
    };
    let mixed = (ends ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58;
    usize::try_from(mixed).unwrap_or(0) % RECENT
}

impl Texts {
    /// The texts that the numbers mean.
    #[must_use]
    pub fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }

    /// The text of a number, empty for one that was not given out.
    #[must_use]
    #[inline]
    pub fn get(&self, number: u32) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }

    /// The number of a text; a new one for a new text.
    #[inline]
    pub fn number(&mut self, text: &str) -> u32 {
        let recent = &mut self.recent[look(text)];
        if self.texts.get(*recent as usize).is_some_and(|known| **known == *text) {
            return *recent;
        }
        *recent = match self.numbers.get(text) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
                let text: Arc<str> = text.into();
                self.texts.push(Arc::clone(&text));
                self.numbers.insert(text, number);
                number
            }
        };
        *recent
    }

    /// The numbers here of texts that have others there: each asked for once.
    fn numbers_of<'a>(&'a mut self, theirs: &'a Texts) -> impl FnMut(u32) -> u32 + 'a {
        let mut known: Vec<Option<u32>> = vec![None; theirs.texts.len()];
        move |number| match known.get_mut(number as usize) {
            Some(known) => *known.get_or_insert_with(|| self.number(theirs.get(number))),
            None => 0, // of rows that have no text, where none has one
        }
    }
}

/// One row. Prices in nanos, `ts_us` in microseconds UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the columns'")]
pub struct Tick<'a> {
    pub symbol: &'a str,
    pub ts_us: i64,
    pub prices: [Option<i64>; 3],
    pub sizes: [Option<i32>; 3],
    pub source: &'a str,
    pub cond: Option<&'a str>,
    pub seq: Option<i64>,
    pub extra: Option<&'a str>,
}

/// Many rows.
#[derive(Clone, Debug, Default)]
pub struct Ticks {
    symbols: Texts,
    sources: Texts,
    conds: Texts,
    extras: Texts,
    symbol_ids: Vec<u32>,
    source_ids: Vec<u32>,
    cond_ids: Vec<u32>,
    extra_ids: Vec<u32>,
    ts_us: Vec<i64>,
    prices: [Vec<i64>; 3],
    sizes: [Vec<i32>; 3],
    seq: Vec<i64>,
    bits: Vec<u16>,
}

impl Ticks {
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

    /// Adds a row.
    #[inline]
    pub fn push(&mut self, tick: &Tick<'_>) {
        let bit = |present: bool, of: Has| if present { of.mask() } else { 0 };
        let ([last, bid, ask], [last_size, bid_size, ask_size]) = (tick.prices, tick.sizes);
        self.bits.push(
            bit(last.is_some(), Has::Last)
                | bit(bid.is_some(), Has::Bid)
                | bit(ask.is_some(), Has::Ask)
                | bit(last_size.is_some(), Has::LastSize)
                | bit(bid_size.is_some(), Has::BidSize)
                | bit(ask_size.is_some(), Has::AskSize)
                | bit(tick.seq.is_some(), Has::Seq)
                | bit(tick.cond.is_some(), Has::Cond)
                | bit(tick.extra.is_some(), Has::Extra),
        );
        self.symbol_ids.push(self.symbols.number(tick.symbol));
        self.source_ids.push(self.sources.number(tick.source));
        self.cond_ids.push(tick.cond.map_or(0, |cond| self.conds.number(cond)));
        self.extra_ids.push(tick.extra.map_or(0, |extra| self.extras.number(extra)));
        self.ts_us.push(tick.ts_us);
        self.prices.iter_mut().zip(tick.prices).for_each(|(column, price)| column.push(price.unwrap_or(0)));
        self.sizes.iter_mut().zip(tick.sizes).for_each(|(column, size)| column.push(size.unwrap_or(0)));
        self.seq.push(tick.seq.unwrap_or(0));
    }

    /// The row at a position.
    #[must_use]
    #[inline]
    pub fn get(&self, row: usize) -> Option<Tick<'_>> {
        let bits = *self.bits.get(row)?;
        let has = |of: Has| bits & of.mask() != 0;
        let price = |of: Has, column: &[i64]| if has(of) { column.get(row).copied() } else { None };
        let size = |of: Has, column: &[i32]| if has(of) { column.get(row).copied() } else { None };
        let [last, bid, ask] = &self.prices;
        let [last_size, bid_size, ask_size] = &self.sizes;
        Some(Tick {
            symbol: self.symbols.get(*self.symbol_ids.get(row)?),
            ts_us: *self.ts_us.get(row)?,
            prices: [price(Has::Last, last), price(Has::Bid, bid), price(Has::Ask, ask)],
            sizes: [size(Has::LastSize, last_size), size(Has::BidSize, bid_size), size(Has::AskSize, ask_size)],
            source: self.sources.get(*self.source_ids.get(row)?),
            cond: has(Has::Cond).then(|| self.conds.get(self.cond_ids.get(row).copied().unwrap_or(0))),
            seq: price(Has::Seq, &self.seq),
            extra: has(Has::Extra).then(|| self.extras.get(self.extra_ids.get(row).copied().unwrap_or(0))),
        })
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Tick<'_>> {
        (0..self.len()).filter_map(|row| self.get(row))
    }

    /// Adds some rows of others behind these, in this order, those beyond the end left out.
    pub fn append(&mut self, other: &Self, rows: &[u32]) {
        // Of iterators whose length is known: a column is made without a look at its room for every row.
        fn add<T: Copy + Default>(column: &mut Vec<T>, other: &[T], rows: &[u32]) {
            column.extend(rows.iter().map(|row| other.get(*row as usize).copied().unwrap_or_default()));
        }
        fn add_texts((texts, ids): (&mut Texts, &mut Vec<u32>), (others, other): (&Texts, &[u32]), rows: &[u32]) {
            let mut number = texts.numbers_of(others);
            ids.extend(rows.iter().map(|row| other.get(*row as usize).map_or(0, |id| number(*id))));
        }
        let is_there = |row: &u32| (*row as usize) < other.len();
        let kept: Vec<u32>;
        let rows = if rows.iter().all(is_there) {
            rows
        } else {
            kept = rows.iter().copied().filter(is_there).collect();
            &kept
        };
        let theirs = other.parts();
        add_texts((&mut self.symbols, &mut self.symbol_ids), theirs.symbol, rows);
        add_texts((&mut self.sources, &mut self.source_ids), theirs.source, rows);
        add_texts((&mut self.conds, &mut self.cond_ids), theirs.cond, rows);
        add_texts((&mut self.extras, &mut self.extra_ids), theirs.extra, rows);
        add(&mut self.ts_us, theirs.ts_us, rows);
        add(&mut self.seq, theirs.seq, rows);
        add(&mut self.bits, &other.bits, rows);
        self.prices.iter_mut().zip(theirs.prices).for_each(|(column, prices)| add(column, prices, rows));
        self.sizes.iter_mut().zip(theirs.sizes).for_each(|(column, sizes)| add(column, sizes, rows));
    }

    /// Makes room for so many rows more.
    pub fn reserve(&mut self, rows: usize) {
        for ids in [&mut self.symbol_ids, &mut self.source_ids, &mut self.cond_ids, &mut self.extra_ids] {
            ids.reserve(rows);
        }
        self.prices.iter_mut().for_each(|column| column.reserve(rows));
        self.sizes.iter_mut().for_each(|column| column.reserve(rows));
        self.ts_us.reserve(rows);
        self.seq.reserve(rows);
        self.bits.reserve(rows);
    }

    /// These rows in this order, those beyond the end left out. Texts that they do not use are not in it.
    #[must_use]
    pub fn take(&self, rows: &[u32]) -> Self {
        let mut taken = Self::default();
        taken.append(self, rows);
        taken
    }

    /// Which rows each symbol has, by symbol, in no order of their own yet.
    #[must_use]
    pub fn rows_by_symbol(&self) -> Vec<(Arc<str>, Vec<u32>)> {
        let mut rows: Vec<Vec<u32>> = vec![Vec::new(); self.symbols.texts.len()];
        for (row, symbol) in self.symbol_ids.iter().enumerate() {
            if let (Some(rows), Ok(row)) = (rows.get_mut(*symbol as usize), u32::try_from(row)) {
                rows.push(row);
            }
        }
        let mut symbols: Vec<_> =
            self.symbols.texts.iter().cloned().zip(rows).filter(|(_, rows)| !rows.is_empty()).collect();
        symbols.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        symbols
    }

    /// These rows of one symbol by ts, seq (none first) and source; of rows with one key the last.
    #[must_use]
    pub fn ordered(self) -> Self {
        if (1..self.len()).all(|row| self.key(row - 1) < self.key(row)) {
            return self;
        }
        let mut rows: Vec<u32> = (0..u32::try_from(self.len()).unwrap_or(u32::MAX)).collect();
        // A sort that keeps the order of equal keys and is quick on what is nearly sorted.
        rows.sort_by(|one, other| self.key(*one as usize).cmp(&self.key(*other as usize)));
        let mut standing = rows.iter().peekable();
        let mut kept = Vec::with_capacity(rows.len());
        while let Some(row) = standing.next() {
            if standing.peek().is_none_or(|next| self.key(**next as usize) != self.key(*row as usize)) {
                kept.push(*row);
            }
        }
        self.take(&kept)
    }

    /// What the rows of a symbol go by.
    #[inline]
    fn key(&self, row: usize) -> (i64, Option<i64>, &str) {
        let has_seq = self.bits.get(row).is_some_and(|bits| bits & Has::Seq.mask() != 0);
        let seq = if has_seq { self.seq.get(row).copied() } else { None };
        let source = self.source_ids.get(row).map_or("", |source| self.sources.get(*source));
        (self.ts_us.get(row).copied().unwrap_or(0), seq, source)
    }

    /// A digest of the rows as a set: the same in any order and any form of storage. 128 bits, not cryptographic.
    #[must_use]
    pub fn digest(&self) -> u128 {
        let texts = |texts: &Texts| texts.texts.iter().map(|text| hash_text(text)).collect::<Vec<_>>();
        let (symbols, sources) = (texts(&self.symbols), texts(&self.sources));
        let (conds, extras) = (texts(&self.conds), texts(&self.extras));
        let text = |hashes: &[u64], ids: &[u32], row: usize| {
            ids.get(row).and_then(|id| hashes.get(*id as usize)).copied().unwrap_or(0)
        };
        let mut sum = 0_u128;
        for (row, bits) in self.bits.iter().enumerate() {
            let mut hash = Digest::default();
            hash.add(u64::from(*bits));
            hash.add(text(&symbols, &self.symbol_ids, row));
            hash.add(text(&sources, &self.source_ids, row));
            hash.add(self.ts_us.get(row).copied().unwrap_or(0).cast_unsigned());
            // What is absent is 0 in its column, and its bit tells it from a zero.
            for column in self.prices.iter().chain([&self.seq]) {
                hash.add(column.get(row).copied().unwrap_or(0).cast_unsigned());
            }
            for column in &self.sizes {
                hash.add(i64::from(column.get(row).copied().unwrap_or(0)).cast_unsigned());
            }
            if bits & Has::Cond.mask() != 0 {
                hash.add(text(&conds, &self.cond_ids, row));
            }
            if bits & Has::Extra.mask() != 0 {
                hash.add(text(&extras, &self.extra_ids, row));
            }
            sum = sum.wrapping_add(hash.value());
        }
        sum
    }

    /// The rows as canonical events, in their order.
    ///
    /// # Errors
    /// When a row is no event: its symbol or source is none, or `extra` holds something else than venue and meta.
    pub fn to_events(&self) -> Result<Columns, EventError> {
        let extras = self.extras.texts.iter().map(|text| Extra::parse(text)).collect::<Result<Vec<_>, _>>()?;
        let unknown = |name: &str| {
            EventError::of(ErrorCode::UnknownSource, Field::Source.name(), format!("no source is named {name:?}"))
        };
        let sources = self.sources.texts.iter().map(|name| Source::new(name).ok_or_else(|| unknown(name)));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let symbols = self.symbols.texts.iter().map(|name| check_symbol(name)).collect::<Result<Vec<_>, _>>()?;
        let mut columns = Columns::with_capacity(self.len(), 0);
        for (row, tick) in self.iter().enumerate() {
            let symbol = self.symbol_ids.get(row).and_then(|id| symbols.get(*id as usize));
            let source = self.source_ids.get(row).and_then(|id| sources.get(*id as usize));
            let extra = tick.extra.and(self.extra_ids.get(row)).and_then(|id| extras.get(*id as usize));
            let (Some(symbol), Some(source)) = (symbol, source) else { continue };
            let ([last, bid, ask], [last_size, bid_size, ask_size]) = (tick.prices, tick.sizes);
            let values = Values {
                ts_us: tick.ts_us,
                last,
                bid,
                ask,
                last_size,
                bid_size,
                ask_size,
                seq: tick.seq,
                condition: tick.cond,
                venue: extra.and_then(|extra| extra.venue.as_deref()),
                meta: extra.and_then(|extra| extra.meta.as_ref()).map(Meta::view),
            };
            columns.push(&EventRef { symbol, source, values, json: None });
        }
        columns.shrink();
        Ok(columns)
    }

    /// The columns by name for whoever writes them out: ids with their texts, numbers, and the bits of [`Has`].
    #[must_use]
    pub fn parts(&self) -> Parts<'_> {
        Parts {
            symbol: (&self.symbols, &self.symbol_ids),
            source: (&self.sources, &self.source_ids),
            cond: (&self.conds, &self.cond_ids),
            extra: (&self.extras, &self.extra_ids),
            ts_us: &self.ts_us,
            prices: &self.prices,
            sizes: &self.sizes,
            seq: &self.seq,
        }
    }

    /// For each row whether it has that column, a bit each from the lowest, as Arrow keeps them.
    #[must_use]
    pub fn validity(&self, of: Has) -> Vec<u8> {
        let eight =
            |rows: &[u16]| rows.iter().rev().fold(0_u8, |byte, bits| byte << 1 | u8::from(bits & of.mask() != 0));
        self.bits.chunks(8).map(eight).collect()
    }
}

/// The columns of [`Ticks`].
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are the columns'")]
pub struct Parts<'a> {
    pub symbol: (&'a Texts, &'a [u32]),
    pub source: (&'a Texts, &'a [u32]),
    pub cond: (&'a Texts, &'a [u32]),
    pub extra: (&'a Texts, &'a [u32]),
    pub ts_us: &'a [i64],
    pub prices: &'a [Vec<i64>; 3],
    pub sizes: &'a [Vec<i32>; 3],
    pub seq: &'a [i64],
}

/// `extra` taken apart.
struct Extra {
    venue: Option<String>,
    meta: Option<Meta>,
}

impl Extra {
    /// Reads what the event's encoder wrote and jsonb kept.
    fn parse(text: &str) -> Result<Self, EventError> {
        let wrong = |what: &str| {
            EventError::of(ErrorCode::BadJson, "extra", format!("extra must hold venue and meta only, {what}"))
        };
        let mut extra = Self { venue: None, meta: None };
        let fault = |_| wrong("is not JSON as jsonb writes it");
        let mut cursor = Cursor::new(text);
        if !cursor.take(b'{') {
            return Err(wrong("is no object"));
        }
        cursor.skip_space();
        if cursor.take(b'}') {
            return Ok(extra);
        }
        loop {
            cursor.skip_space();
            let key = cursor.key().map_err(fault)?;
            cursor.skip_space();
            let start = cursor.position();
            let value = cursor.value().map_err(fault)?;
            match (&*key, value) {
                ("venue", Value::Text(venue)) => extra.venue = Some(venue.into_owned()),
                ("meta", _) => {
                    let meta = without_space(cursor.between(start, cursor.position()));
                    extra.meta = Some(Meta::parse(&meta)?);
                }
                (key, _) => return Err(wrong(&format!("was {key:?}"))),
            }
            if !cursor.more(b'}').map_err(fault)? {
                return Ok(extra);
            }
        }
    }
}

/// JSON without the spaces that jsonb writes behind colons and commas.
fn without_space(json: &str) -> String {
    let (mut text, mut quoted, mut escaped) = (String::with_capacity(json.len()), false, false);
    for character in json.chars() {
        if character == ' ' && !quoted {
            continue;
        }
        quoted ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        text.push(character);
    }
    text
}

/// Two hashes of a row side by side.
struct Digest(u64, u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344)
    }
}

impl Digest {
    #[inline]
    fn add(&mut self, value: u64) {
        self.0 = fold(self.0 ^ value, 0x9e37_79b9_7f4a_7c15);
        self.1 = fold(self.1.rotate_left(29) ^ value, 0xc2b2_ae3d_27d4_eb4f);
    }

    fn value(&self) -> u128 {
        u128::from(fold(self.0, 0xff51_afd7_ed55_8ccd)) << 64 | u128::from(fold(self.1, 0xc4ce_b9fe_1a85_ec53))
    }
}

/// Both halves of a product, which no step loses: an odd factor keeps every bit of the value in one of them.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "both halves are used")]
fn fold(value: u64, by: u64) -> u64 {
    let product = u128::from(value) * u128::from(by);
    product as u64 ^ (product >> 64) as u64
}

fn hash_text(text: &str) -> u64 {
    let mut hash = Digest::default();
    hash.add(text.len() as u64);
    for word in text.as_bytes().chunks(8) {
        hash.add(word.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)));
    }
    hash.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::MetaRef;

    fn tick(symbol: &str, ts_us: i64, seq: Option<i64>, last: i64) -> Tick<'_> {
        Tick {
            symbol,
            ts_us,
            prices: [Some(last), None, Some(0)],
            sizes: [None, Some(0), Some(3)],
            source: "TOS",
            cond: None,
            seq,
            extra: Some(r#"{"meta": {"a b": "c, d\"", "run": 5}, "venue": "CME"}"#),
        }
    }

    fn ticks(rows: &[Tick<'_>]) -> Ticks {
        let mut ticks = Ticks::default();
        rows.iter().for_each(|row| ticks.push(row));
        ticks
    }

    #[test]
    fn each_symbol_is_in_order_and_the_last_of_a_key_stands() {
        let all = ticks(&[
            tick("ZB", 2, Some(1), 1),
            tick("ES", 5, Some(2), 2),
            tick("ES", 5, None, 3),
            tick("ES", 4, Some(9), 4),
            tick("ES", 5, Some(2), 5),
        ]);
        let parts: Vec<_> = all
            .rows_by_symbol()
            .into_iter()
            .map(|(symbol, rows)| {
                let part = all.take(&rows).ordered();
                (symbol.to_string(), part.iter().map(|row| row.prices[0]).collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(parts, [("ES".to_owned(), vec![Some(4), Some(3), Some(5)]), ("ZB".to_owned(), vec![Some(1)])]);
        assert_eq!(all.take(&[0]).symbols.texts().len(), 1);
    }

    #[test]
    fn rows_of_others_bring_their_texts_along() {
        let mut first = ticks(&[tick("ES", 1, Some(1), 1)]);
        let mut strange = tick("ZB", 2, None, 2);
        (strange.source, strange.cond, strange.extra) = ("SCHWAB", Some("x"), None);
        let second = ticks(&[tick("NQ", 3, None, 3), strange, tick("ES", 4, None, 4)]);
        first.append(&second, &[2, 1, 99]);
        let rows: Vec<_> = first.iter().collect();
        assert_eq!(rows, [tick("ES", 1, Some(1), 1), tick("ES", 4, None, 4), strange]);
        assert_eq!(first.symbols.texts().iter().map(|text| &**text).collect::<Vec<_>>(), ["ES", "ZB"]);
    }

    #[test]
    fn a_digest_is_of_the_set() {
        let rows = [tick("ES", 1, Some(1), 1), tick("ES", 2, None, 2), tick("ZB", 1, Some(1), 1)];
        let all = ticks(&rows);
        assert_eq!(all.digest(), all.take(&[2, 0, 1]).digest());
        assert_eq!(all.digest(), all.take(&[0]).digest().wrapping_add(all.take(&[1, 2]).digest()));
        for change in [
            |row: &mut Tick<'_>| row.seq = Some(0),
            |row: &mut Tick<'_>| row.prices[1] = Some(0),
            |row: &mut Tick<'_>| row.sizes = [Some(0), None, Some(3)],
            |row: &mut Tick<'_>| row.cond = Some(""),
            |row: &mut Tick<'_>| row.extra = None,
            |row: &mut Tick<'_>| row.source = "T0S",
        ] {
            let mut other = rows;
            change(&mut other[1]);
            assert_ne!(ticks(&other).digest(), all.digest());
        }
        assert_eq!(Ticks::default().digest(), 0);
    }

    #[test]
    fn rows_are_events_again() {
        let columns = ticks(&[tick("ES", 1, Some(1), 1)]).to_events().unwrap();
        let event = columns.get(0).unwrap();
        assert_eq!(event.venue, Some("CME"));
        assert_eq!(
            event.meta.map(|meta: MetaRef<'_>| (meta.text, meta.run)),
            Some((r#"{"a b":"c, d\"","run":5}"#, Some(5)))
        );
        let mut strange = tick("ES", 1, None, 1);
        for extra in ["{}", "[]", "{\"x\": 1}", "{\"venue\": 1}", "{\"meta\": []}", "{"] {
            strange.extra = Some(extra);
            assert_eq!(ticks(&[strange]).to_events().is_ok(), extra == "{}", "{extra}");
        }
    }
}

//! Events as a complete stream of Postgres' binary COPY format, for the columns of [`COLUMNS`].
//!
//! Numerics are exact, with as many decimals as the price needs. Parsing has already refused what a column would
//! refuse, so no event can fail the batch it is in.

use crate::batch::QuoteBatch;
use crate::event::EventRef;
use crate::fill::Filler;
use crate::price::{ONE, significant_decimals};
use crate::symbol::Name;

/// The columns of a row in order, with their types.
pub const COLUMNS: [(&str, &str); 12] = [
    ("symbol", "text"),
    ("ts", "timestamptz"),
    ("last", "numeric"),
    ("bid", "numeric"),
    ("ask", "numeric"),
    ("last_size", "int4"),
    ("bid_size", "int4"),
    ("ask_size", "int4"),
    ("source", "text"),
    ("cond", "text"),
    ("seq", "int8"),
    ("extra", "jsonb"),
];

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const JSONB_VERSION: u8 = 1;

/// Microseconds from 1970 to 2000, where Postgres begins to count.
const EPOCH_2000_US: i64 = 946_684_800_000_000;

/// Bytes of a row that is not long, to reserve room by.
const USUAL_ROW_BYTES: usize = 192;

/// The whole stream: header, a row an event, trailer.
#[must_use]
pub fn copy_binary(batch: &QuoteBatch) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + batch.len() * USUAL_ROW_BYTES);
    out.extend_from_slice(SIGNATURE);
    // No flags, no header extension.
    out.extend_from_slice(&[0; 8]);
    let mut numerics = Numerics::default();
    let mut extras = Extras::default();
    let mut at = out.len();
    for event in batch.iter_read() {
        let extra = extras.of(&event);
        let needed = HEAD_ROOM + event.condition.map_or(0, str::len) + extra.len() + Extra::STEP;
        if out.len() - at < needed {
            // Room for many rows, but not for so many that it leaves the processor's cache before it is filled.
            out.resize(at + needed.max(64 * USUAL_ROW_BYTES), 0);
        }
        let mut place = Filler::new(out.get_mut(at..).unwrap_or_default());
        row(&event, &mut numerics, extra, &mut place);
        at += place.filled();
    }
    out.truncate(at);
    out.extend_from_slice(&(-1_i16).to_be_bytes());
    out
}

const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Bytes of a row but for its condition and its `extra`.
///
/// Fields, symbol, ts, three prices, three sizes, source, no condition, seq; and room for a whole name or numeric.
const HEAD_ROOM: usize = 2 + (4 + 32) + 12 + 3 * Numeric::ROOM + 3 * 8 + (4 + 16) + 4 + 12 + 32;

#[inline(always)]
fn row(event: &EventRef<'_>, numerics: &mut Numerics, extra: &Extra, out: &mut Filler<'_>) {
    out.put(12_i16.to_be_bytes());
    name(event.symbol, out);
    out.put(8_i32.to_be_bytes());
    out.put((event.ts_us - EPOCH_2000_US).to_be_bytes());
    for price in [event.last, event.bid, event.ask] {
        match price {
            Some(nanos) => {
                let numeric = numerics.get(nanos);
                out.put_part(&numeric.bytes, numeric.length);
            }
            None => out.put(NULL),
        }
    }
    for size in [event.last_size, event.bid_size, event.ask_size] {
        match size {
            Some(size) => {
                out.put(4_i32.to_be_bytes());
                out.put(size.to_be_bytes());
            }
            None => out.put(NULL),
        }
    }
    name(event.source, out);
    match event.condition {
        Some(condition) => {
            out.put(length(condition.len()));
            out.copy(condition.as_bytes());
        }
        None => out.put(NULL),
    }
    match event.seq {
        Some(seq) => {
            out.put(8_i32.to_be_bytes());
            out.put(seq.to_be_bytes());
        }
        None => out.put(NULL),
    }
    extra.put(out);
}

/// A name after its length.
#[inline(always)]
fn name<const N: usize>(name: &Name<N>, head: &mut Filler<'_>) {
    let (bytes, length) = name.padded();
    head.put(i32::try_from(length).unwrap_or(0).to_be_bytes());
    head.put_part(bytes, length);
}

/// The last row's `extra`, and what it was made of: neighbouring events mostly have the same.
#[derive(Default)]
struct Extras<'e> {
    venue: Option<&'e str>,
    meta: Option<&'e str>,
    last: Extra,
}

impl<'e> Extras<'e> {
    #[inline(always)]
    fn of(&mut self, event: &EventRef<'e>) -> &Extra {
        let meta = event.meta.map(|meta| meta.text);
        if self.venue != event.venue || self.meta != meta {
            (self.venue, self.meta) = (event.venue, meta);
            self.last.set(event);
        }
        &self.last
    }
}

/// `venue` and `meta` as a jsonb after its length, with zeros behind it up to a whole step.
struct Extra {
    bytes: Vec<u8>,
    length: usize,
}

impl Default for Extra {
    fn default() -> Self {
        let mut extra = Self { bytes: Vec::new(), length: 0 };
        extra.end_with(&NULL);
        extra
    }
}

impl Extra {
    /// Bytes that are written in one step where there are no more.
    const STEP: usize = 64;

    fn len(&self) -> usize {
        self.length
    }

    fn set(&mut self, event: &EventRef<'_>) {
        self.bytes.clear();
        if event.venue.is_none() && event.meta.is_none() {
            return self.end_with(&NULL);
        }
        extra(event, &mut self.bytes);
        self.end_with(b"");
    }

    fn end_with(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.length = self.bytes.len();
        self.bytes.resize(self.length.max(Self::STEP), 0);
    }

    #[inline(always)]
    fn put(&self, out: &mut Filler<'_>) {
        match self.bytes.first_chunk::<{ Self::STEP }>() {
            Some(step) if self.length <= Self::STEP => out.put_part(step, self.length),
            _ => out.copy(self.bytes.get(..self.length).unwrap_or_default()),
        }
    }
}

/// A numeric after its length, as it stands in a row.
#[derive(Clone, Copy)]
struct Numeric {
    nanos: i64,
    length: usize,
    bytes: [u8; Self::ROOM],
}

impl Numeric {
    /// Its length, four short numbers, six digits.
    const ROOM: usize = 4 + 8 + 12;
}

/// Numerics that were made before, each in the one place where it can be: neighbouring events name the same prices.
struct Numerics(Box<[Numeric; PLACES]>);

/// How many numerics are remembered.
const PLACES: usize = 256;

impl Default for Numerics {
    fn default() -> Self {
        Self(Box::new([numeric(0); PLACES]))
    }
}

impl Numerics {
    #[inline(always)]
    fn get(&mut self, nanos: i64) -> &Numeric {
        let place = nanos.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        let known = &mut self.0[usize::try_from(place).unwrap_or(0) % PLACES];
        if known.nanos != nanos {
            *known = numeric(nanos);
        }
        known
    }
}

/// A numeric: the number of base-10000 digits, the first one's weight, the sign, the decimals shown, the digits.
fn numeric(nanos: i64) -> Numeric {
    const NEGATIVE: u16 = 0x4000;
    let magnitude = nanos.unsigned_abs();
    let whole = magnitude / ONE.unsigned_abs();
    // Nine decimals padded to twelve, which are three digits of four decimals.
    let fraction = magnitude % ONE.unsigned_abs() * 1_000;
    let digits = [
        whole / 100_000_000,
        whole / 10_000 % 10_000,
        whole % 10_000,
        fraction / 100_000_000,
        fraction / 10_000 % 10_000,
        fraction % 10_000,
    ]
    .map(|digit| u16::try_from(digit).unwrap_or(0));
    let leading = digits.iter().take_while(|digit| **digit == 0).count();
    let end = digits.iter().rposition(|digit| *digit != 0).map_or(leading, |last| last + 1);
    let kept = digits.get(leading..end).unwrap_or_default();
    // The third digit has weight 0; zero itself has no digit and by custom weight 0.
    let weight = if kept.is_empty() { 0 } else { 2 - short(leading) };
    let mut bytes = [0; Numeric::ROOM];
    let length = 12 + 2 * kept.len();
    let front = [
        short(kept.len()).cast_unsigned(),
        weight.cast_unsigned(),
        if nanos < 0 { NEGATIVE } else { 0 },
        short(significant_decimals(nanos)).cast_unsigned(),
    ];
    let (head, rest) = bytes.split_at_mut(4);
    head.copy_from_slice(&i32::try_from(length - 4).unwrap_or(0).to_be_bytes());
    for (place, short) in rest.chunks_exact_mut(2).zip(front.iter().chain(kept)) {
        place.copy_from_slice(&short.to_be_bytes());
    }
    Numeric { nanos, length, bytes }
}

fn short(count: usize) -> i16 {
    i16::try_from(count).unwrap_or(i16::MAX)
}

/// The length of a value far below 2 GiB: an event has at most 64 KiB.
fn length(bytes: usize) -> [u8; 4] {
    i32::try_from(bytes).unwrap_or(i32::MAX).to_be_bytes()
}

/// `venue` and `meta` as jsonb after its length, only those that are there.
fn extra(event: &EventRef<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0, 0, 0, 0, JSONB_VERSION, b'{']);
    if let Some(venue) = event.venue {
        out.extend_from_slice(b"\"venue\":");
        crate::json::write_string(venue, out);
    }
    if let Some(meta) = event.meta {
        out.extend_from_slice(if event.venue.is_some() { b",\"meta\":".as_slice() } else { b"\"meta\":".as_slice() });
        out.extend_from_slice(meta.text.as_bytes());
    }
    out.push(b'}');
    let bytes = length(out.len() - start - 4);
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::nanos_from_number;

    fn parts(token: &str) -> Vec<u16> {
        let numeric = numeric(nanos_from_number(token).unwrap());
        numeric.bytes[4..numeric.length].chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
    }

    #[test]
    fn numerics_are_in_base_10000() {
        assert_eq!(parts("0"), [0, 0, 0, 0]);
        assert_eq!(parts("4799.5"), [2, 0, 0, 1, 4799, 5000]);
        assert_eq!(parts("118.3125"), [2, 0, 0, 4, 118, 3125]);
        assert_eq!(parts("10000"), [1, 1, 0, 0, 1]);
        assert_eq!(parts("-37.63"), [2, 0, 0x4000, 2, 37, 6300]);
        assert_eq!(parts("0.00001"), [1, 0xfffe, 0, 5, 1000]);
        assert_eq!(parts("0.000000001"), [1, 0xfffd, 0, 9, 1000]);
        assert_eq!(parts("9223372036.854775807"), [6, 2, 0, 9, 92, 2337, 2036, 8547, 7580, 7000]);
    }

    #[test]
    fn an_empty_stream_is_header_and_trailer() {
        assert_eq!(copy_binary(&QuoteBatch::default()), b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\xff\xff");
    }
}

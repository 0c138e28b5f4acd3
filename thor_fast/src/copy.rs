//! Events as a complete stream of Postgres' binary COPY format, for the columns of [`COLUMNS`].
//!
//! Numerics are exact, with as many decimals as the price needs. Parsing has already refused what a column would
//! refuse, so no event can fail the batch it is in.

use crate::event::EventRef;
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
pub fn copy_binary<'e>(events: impl Iterator<Item = EventRef<'e>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + events.size_hint().0 * USUAL_ROW_BYTES);
    out.extend_from_slice(SIGNATURE);
    // No flags, no header extension.
    out.extend_from_slice(&[0; 8]);
    let mut numerics = Numerics::default();
    for event in events {
        row(&event, &mut numerics, &mut out);
    }
    out.extend_from_slice(&(-1_i16).to_be_bytes());
    out
}

const NULL: [u8; 4] = (-1_i32).to_be_bytes();

fn row(event: &EventRef<'_>, numerics: &mut Numerics, out: &mut Vec<u8>) {
    let mut head = Head::default();
    head.put(12_i16.to_be_bytes());
    head.name(event.symbol);
    head.put(8_i32.to_be_bytes());
    head.put((event.ts_us - EPOCH_2000_US).to_be_bytes());
    for price in [event.last, event.bid, event.ask] {
        match price {
            Some(nanos) => {
                let numeric = numerics.get(nanos);
                head.put(numeric.bytes);
                head.at -= numeric.bytes.len() - numeric.length;
            }
            None => head.put(NULL),
        }
    }
    for size in [event.last_size, event.bid_size, event.ask_size] {
        match size {
            Some(size) => {
                head.put(4_i32.to_be_bytes());
                head.put(size.to_be_bytes());
            }
            None => head.put(NULL),
        }
    }
    head.name(event.source);
    out.extend_from_slice(head.bytes.get(..head.at).unwrap_or_default());
    text(event.condition, out);
    match event.seq {
        Some(seq) => {
            out.extend_from_slice(&8_i32.to_be_bytes());
            out.extend_from_slice(&seq.to_be_bytes());
        }
        None => out.extend_from_slice(&NULL),
    }
    if event.venue.is_some() || event.meta.is_some() { extra(event, out) } else { out.extend_from_slice(&NULL) }
}

/// The front of a row, whose greatest length is known: written in place.
struct Head {
    bytes: [u8; Self::ROOM],
    at: usize,
}

impl Default for Head {
    fn default() -> Self {
        Self { bytes: [0; Self::ROOM], at: 0 }
    }
}

impl Head {
    /// Fields, symbol, ts, three prices, three sizes, source; and room for a whole numeric's or name's place.
    const ROOM: usize = 2 + (4 + 32) + 12 + 3 * Numeric::ROOM + 3 * 8 + (4 + 16) + 32;

    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some(place) = self.bytes.get_mut(self.at..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            *place = bytes;
        }
        self.at += N;
    }

    /// A name after its length: all of its room is written, and what follows is written over the rest.
    #[inline(always)]
    fn name<const N: usize>(&mut self, name: &Name<N>) {
        let (bytes, length) = name.padded();
        self.put(i32::try_from(length).unwrap_or(0).to_be_bytes());
        self.put(*bytes);
        self.at -= N - length;
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
struct Numerics(Vec<Numeric>);

impl Default for Numerics {
    fn default() -> Self {
        Self(vec![numeric(0); 256])
    }
}

impl Numerics {
    #[inline(always)]
    fn get(&mut self, nanos: i64) -> Numeric {
        let place = nanos.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        match self.0.get_mut(place as usize) {
            Some(known) if known.nanos == nanos => *known,
            Some(known) => {
                *known = numeric(nanos);
                *known
            }
            None => numeric(nanos),
        }
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

fn text(value: Option<&str>, out: &mut Vec<u8>) {
    match value {
        Some(text) => {
            out.extend_from_slice(&length(text.len()));
            out.extend_from_slice(text.as_bytes());
        }
        None => out.extend_from_slice(&NULL),
    }
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
        assert_eq!(copy_binary(std::iter::empty()), b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0\xff\xff");
    }
}

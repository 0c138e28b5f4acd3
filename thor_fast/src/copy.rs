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
    let mut extras = Extras::default();
    let mut head = Head::default();
    for event in events {
        head.at = 0;
        row(&event, &mut head, &mut numerics, &mut extras, &mut out);
    }
    out.extend_from_slice(&(-1_i16).to_be_bytes());
    out
}

const NULL: [u8; 4] = (-1_i32).to_be_bytes();

#[inline(always)]
fn row<'e>(event: &EventRef<'e>, head: &mut Head, numerics: &mut Numerics, extras: &mut Extras<'e>, out: &mut Vec<u8>) {
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
    if let Some(condition) = event.condition {
        // A text has no such narrow bound, so what follows it is written after it.
        out.extend_from_slice(head.bytes.get(..head.at).unwrap_or_default());
        text(condition, out);
        head.at = 0;
    } else {
        head.put(NULL);
    }
    match event.seq {
        Some(seq) => {
            head.put(8_i32.to_be_bytes());
            head.put(seq.to_be_bytes());
        }
        None => head.put(NULL),
    }
    out.extend_from_slice(head.bytes.get(..head.at).unwrap_or_default());
    extras.write(event, out);
}

/// The last row's `extra`, and what it was made of: neighbouring events mostly have the same.
#[derive(Default)]
struct Extras<'e> {
    venue: Option<&'e str>,
    meta: Option<&'e str>,
    bytes: Vec<u8>,
}

impl<'e> Extras<'e> {
    #[inline]
    fn write(&mut self, event: &EventRef<'e>, out: &mut Vec<u8>) {
        let meta = event.meta.map(|meta| meta.text);
        if event.venue.is_none() && meta.is_none() {
            out.extend_from_slice(&NULL);
            return;
        }
        if self.venue != event.venue || self.meta != meta {
            (self.venue, self.meta) = (event.venue, meta);
            self.bytes.clear();
            extra(event, &mut self.bytes);
        }
        out.extend_from_slice(&self.bytes);
    }
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
    /// Fields, symbol, ts, three prices, three sizes, source, no condition, seq; and room for a whole name's place.
    const ROOM: usize = 2 + (4 + 32) + 12 + 3 * Numeric::ROOM + 3 * 8 + (4 + 16) + 4 + 12 + 32;

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

fn text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(&length(text.len()));
    out.extend_from_slice(text.as_bytes());
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

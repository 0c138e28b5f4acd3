//! Events as a complete stream of Postgres' binary COPY format, for the columns of [`COLUMNS`].
//!
//! Numerics are exact, with as many decimals as the price needs. Parsing has already refused what a column would
//! refuse, so no event can fail the batch it is in.

use crate::event::QuoteEvent;
use crate::price::{ONE, significant_decimals};

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

/// The whole stream: signature, header, one row an event, trailer.
#[must_use]
pub fn copy_binary<'e>(events: impl ExactSizeIterator<Item = &'e QuoteEvent>) -> Vec<u8> {
    let mut out = Vec::with_capacity(32 + events.len() * 224);
    out.extend_from_slice(SIGNATURE);
    // No flags, no header extension.
    out.extend_from_slice(&[0; 8]);
    for event in events {
        row(event, &mut out);
    }
    out.extend_from_slice(&(-1_i16).to_be_bytes());
    out
}

fn row(event: &QuoteEvent, out: &mut Vec<u8>) {
    out.extend_from_slice(&12_i16.to_be_bytes());
    field(out, |out| out.extend_from_slice(event.symbol.as_bytes()));
    field(out, |out| out.extend_from_slice(&(event.ts_us - EPOCH_2000_US).to_be_bytes()));
    for price in [event.last, event.bid, event.ask] {
        or_null(price, out, numeric);
    }
    for size in [event.last_size, event.bid_size, event.ask_size] {
        or_null(size, out, |size, out| out.extend_from_slice(&size.to_be_bytes()));
    }
    field(out, |out| out.extend_from_slice(event.source.as_bytes()));
    or_null(event.condition.as_deref(), out, |text, out| out.extend_from_slice(text.as_bytes()));
    or_null(event.seq, out, |seq, out| out.extend_from_slice(&seq.to_be_bytes()));
    let has_extra = event.venue.is_some() || event.meta.is_some();
    or_null(has_extra.then_some(event), out, extra);
}

/// Writes a value after its length.
fn field(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    // Every value is far below 2 GiB: an event has at most 64 KiB.
    let length = i32::try_from(out.len() - start - 4).unwrap_or(i32::MAX);
    if let Some(place) = out.get_mut(start..start + 4) {
        place.copy_from_slice(&length.to_be_bytes());
    }
}

fn or_null<T>(value: Option<T>, out: &mut Vec<u8>, write: impl FnOnce(T, &mut Vec<u8>)) {
    match value {
        Some(value) => field(out, |out| write(value, out)),
        None => out.extend_from_slice(&(-1_i32).to_be_bytes()),
    }
}

/// A numeric: the number of base-10000 digits, the first one's weight, the sign, the decimals shown, the digits.
fn numeric(nanos: i64, out: &mut Vec<u8>) {
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
    out.extend_from_slice(&short(kept.len()).to_be_bytes());
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&(if nanos < 0 { NEGATIVE } else { 0 }).to_be_bytes());
    out.extend_from_slice(&short(significant_decimals(nanos)).to_be_bytes());
    for digit in kept {
        out.extend_from_slice(&digit.to_be_bytes());
    }
}

fn short(count: usize) -> i16 {
    i16::try_from(count).unwrap_or(i16::MAX)
}

/// `venue` and `meta` as jsonb, only those that are there.
fn extra(event: &QuoteEvent, out: &mut Vec<u8>) {
    out.push(JSONB_VERSION);
    out.push(b'{');
    if let Some(venue) = &event.venue {
        out.extend_from_slice(b"\"venue\":");
        crate::json::write_string(venue, out);
    }
    if let Some(meta) = &event.meta {
        if event.venue.is_some() {
            out.push(b',');
        }
        out.extend_from_slice(b"\"meta\":");
        out.extend_from_slice(meta.text().as_bytes());
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::nanos_from_number;

    fn parts(token: &str) -> Vec<u16> {
        let mut out = Vec::new();
        numeric(nanos_from_number(token).unwrap(), &mut out);
        out.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
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

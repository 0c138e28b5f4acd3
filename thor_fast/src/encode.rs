//! Events as text on the wire: canonical JSON and Server-Sent Event frames.
//!
//! Canonical JSON is one line with every field in the table's order, absent ones as null, prices as the shortest exact
//! decimal with at least one decimal place, times with six digits of fraction and `Z`, `meta` as it came.

use crate::event::{EventRef, Field};
use crate::fill::Filler;
use crate::json::write_string;
use crate::price::{put_integer, put_nanos};
use crate::symbol::Name;
use crate::time::iso;

/// A usual event's length, to reserve room by.
pub const USUAL_JSON_BYTES: usize = 256;

/// Writes the canonical JSON.
pub fn write_json<'e>(event: impl Into<EventRef<'e>>, out: &mut Vec<u8>) {
    write_open(&event.into(), out);
    out.push(b'}');
}

/// The canonical JSON but for its closing brace, copied where it is at hand.
#[inline]
pub(crate) fn write_open(event: &EventRef<'_>, out: &mut Vec<u8>) {
    match event.json {
        Some([json @ .., _]) => out.extend_from_slice(json),
        _ => write_fields(event, out),
    }
}

/// Writes the frame of one `quote` event: its id, and as data the canonical JSON with `active_source` added at the end.
///
/// The id must hold no line break; [`is_sse_id`] says so.
#[inline]
pub fn write_sse<'e>(event: impl Into<EventRef<'e>>, id: &str, out: &mut Vec<u8>) {
    let event = event.into();
    out.extend_from_slice(b"id: ");
    out.extend_from_slice(id.as_bytes());
    out.extend_from_slice(b"\nevent: quote\ndata: ");
    write_open(&event, out);
    out.extend_from_slice(b",\"active_source\":\"");
    out.extend_from_slice(event.source.as_bytes());
    out.extend_from_slice(b"\"}\n\n");
}

/// Whether a text can be a frame's id: a browser drops one with U+0000, and a line break would end it.
#[must_use]
pub fn is_sse_id(id: &str) -> bool {
    !id.bytes().any(|byte| matches!(byte, b'\n' | b'\r' | 0))
}

/// Bytes from the opening brace up to and with the key of `condition`, and room to write them in steps.
const FIXED_ROOM: usize = 512;

/// The whole object but its closing brace.
fn write_fields(event: &EventRef<'_>, out: &mut Vec<u8>) {
    let mut room = [0; FIXED_ROOM];
    let mut fixed = Filler::new(&mut room);
    put_fixed(event, &mut fixed);
    let filled = fixed.filled();
    out.extend_from_slice(room.get(..filled).unwrap_or_default());
    or_null(event.condition, out, write_string);
    key(Field::Venue, out);
    or_null(event.venue, out, write_string);
    key(Field::Meta, out);
    or_null(event.meta, out, |meta, out| out.extend_from_slice(meta.text.as_bytes()));
}

/// All fields whose length is bounded, and the key of the first one after them.
#[inline(always)]
fn put_fixed(event: &EventRef<'_>, out: &mut Filler<'_>) {
    let key = |field: Field, out: &mut Filler<'_>| {
        out.put(*b",");
        out.copy(field.json_key().as_bytes());
    };
    out.put(*b"{");
    out.copy(Field::V.json_key().as_bytes());
    out.put(*b"1");
    key(Field::Symbol, out);
    put_name(event.symbol, out);
    key(Field::Ts, out);
    out.put(*b"\"");
    out.put(iso(event.ts_us));
    out.put(*b"\"");
    key(Field::Source, out);
    put_name(event.source, out);
    for (field, price) in [(Field::Last, event.last), (Field::Bid, event.bid), (Field::Ask, event.ask)] {
        key(field, out);
        match price {
            Some(nanos) => put_nanos(nanos, out),
            None => out.put(NULL),
        }
    }
    let size = |size: Option<i32>| size.map(i64::from);
    let whole = [
        (Field::LastSize, size(event.last_size)),
        (Field::BidSize, size(event.bid_size)),
        (Field::AskSize, size(event.ask_size)),
        (Field::Seq, event.seq),
    ];
    for (field, number) in whole {
        key(field, out);
        match number {
            Some(number) => put_integer(number.unsigned_abs(), out),
            None => out.put(NULL),
        }
    }
    key(Field::Condition, out);
}

#[inline(always)]
fn put_name<const N: usize>(name: &Name<N>, out: &mut Filler<'_>) {
    let (bytes, length) = name.padded();
    out.put(*b"\"");
    out.put_part(bytes, length);
    out.put(*b"\"");
}

const NULL: [u8; 4] = *b"null";

fn key(field: Field, out: &mut Vec<u8>) {
    out.push(b',');
    out.extend_from_slice(field.json_key().as_bytes());
}

fn or_null<T>(value: Option<T>, out: &mut Vec<u8>, write: impl FnOnce(T, &mut Vec<u8>)) {
    match value {
        Some(value) => write(value, out),
        None => out.extend_from_slice(&NULL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse_event;
    use crate::symbol::Sources;

    const CANONICAL: &str = "{\"v\":1,\"symbol\":\"ES\",\"ts\":\"2023-12-25T22:00:00.180087Z\",\"source\":\"TOS\",\"last\":null,\
        \"bid\":4799.0,\"ask\":4799.5,\"lastSize\":null,\"bidSize\":16,\"askSize\":23,\"seq\":4957,\"condition\":null,\
        \"venue\":\"CME\",\"meta\":{\"precision\": 2}}";

    fn event() -> crate::event::QuoteEvent {
        parse_event(CANONICAL.as_bytes(), &Sources::built_in()).unwrap()
    }

    #[test]
    fn canonical_json_comes_back_byte_for_byte() {
        let mut out = Vec::new();
        write_json(&event(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), CANONICAL);
    }

    #[test]
    fn frames_carry_id_and_active_source() {
        let mut out = Vec::new();
        write_sse(&event(), "1-0", &mut out);
        let data = CANONICAL.replace("2}}", "2},\"active_source\":\"TOS\"}");
        assert_eq!(String::from_utf8(out).unwrap(), format!("id: 1-0\nevent: quote\ndata: {data}\n\n"));
        assert!(is_sse_id("1763836800123-0") && !is_sse_id("1\n2") && !is_sse_id("1\0"));
    }
}

//! Events as commands of Redis' protocol (RESP), ready to be written to a socket one behind the other.

use crate::entries::{AT_FIELD, EntryId, OF_FIELD};
use crate::event::EventRef;
use crate::latest::each_field;
use crate::price::{write_integer, write_signed};
use crate::time::write_iso;

/// Writes any command.
pub fn command(arguments: &[&[u8]], out: &mut Vec<u8>) {
    array(arguments.len() as u64, out);
    arguments.iter().for_each(|argument| bulk(argument, out));
}

/// What an `XADD` says beside the event's JSON.
#[derive(Clone, Copy, Debug, Default)]
pub struct Appended {
    /// Lets the server drop entries that are older, milliseconds UTC.
    pub minid_ms: Option<u64>,
    /// When the event's collector received it, microseconds UTC.
    pub at_us: Option<i64>,
    /// The entry that the event was merged from.
    pub of: Option<EntryId>,
}

/// Writes one `XADD key [MINID ~ ms] * data json [at us] [of id]`.
pub fn write_xadd(key: &str, json: &[u8], with: Appended, out: &mut Vec<u8>) {
    let Appended { minid_ms, at_us, of } = with;
    let pairs = 1 + u64::from(at_us.is_some()) + u64::from(of.is_some());
    array(3 + 2 * pairs + if minid_ms.is_some() { 3 } else { 0 }, out);
    bulk(b"XADD", out);
    bulk(key.as_bytes(), out);
    let mut text = Vec::with_capacity(44);
    if let Some(milliseconds) = minid_ms {
        bulk(b"MINID", out);
        bulk(b"~", out);
        write_integer(milliseconds, &mut text);
        bulk(&text, out);
    }
    bulk(b"*", out);
    bulk(b"data", out);
    bulk(json, out);
    if let Some(at_us) = at_us {
        bulk(AT_FIELD.as_bytes(), out);
        text.clear();
        write_signed(at_us, &mut text);
        bulk(&text, out);
    }
    if let Some(of) = of {
        bulk(OF_FIELD.as_bytes(), out);
        text.clear();
        write_id(of, &mut text);
        bulk(&text, out);
    }
}

/// Writes one `XACK key group id ...`.
pub fn write_xack(key: &str, group: &str, ids: &[EntryId], out: &mut Vec<u8>) {
    array(3 + ids.len() as u64, out);
    bulk(b"XACK", out);
    bulk(key.as_bytes(), out);
    bulk(group.as_bytes(), out);
    let mut text = Vec::with_capacity(44);
    for id in ids {
        text.clear();
        write_id(*id, &mut text);
        bulk(&text, out);
    }
}

fn write_id(id: EntryId, out: &mut Vec<u8>) {
    write_integer(id.ms, out);
    out.push(b'-');
    write_integer(id.number, out);
}

/// A stream entry's id, `<milliseconds>-<number>`: its milliseconds.
#[must_use]
pub fn id_ms(id: &str) -> Option<i64> {
    let (milliseconds, number) = id.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(milliseconds) || !digits(number) {
        return None;
    }
    milliseconds.parse::<i64>().ok().filter(|ms| ms.checked_mul(1_000).and_then(crate::time::in_range).is_some())
}

/// Writes one `HSET` of a symbol's latest hash: the event's fields, `updated_at` (the id's time with milliseconds),
/// `active_source`, `stream_id`, `received_us`, and `more` fields.
pub fn write_latest(
    event: &EventRef<'_>,
    prefix: &str,
    id: &str,
    received_us: i64,
    more: &[(&[u8], &[u8])],
    out: &mut Vec<u8>,
) {
    let start = out.len();
    let mut pairs = 0;
    let mut key = prefix.as_bytes().to_vec();
    key.extend_from_slice(event.symbol.as_bytes());
    bulk(b"HSET", out);
    bulk(&key, out);
    let mut pair = |name: &[u8], value: &[u8]| {
        pairs += 1;
        bulk(name, out);
        bulk(value, out);
    };
    each_field(*event, |name, value| pair(name.as_bytes(), value));
    let mut updated_at = Vec::with_capacity(32);
    write_iso(id_ms(id).unwrap_or(0).saturating_mul(1_000), &mut updated_at);
    // Milliseconds are enough: the last three digits before the Z are zeros.
    updated_at.truncate(updated_at.len().saturating_sub(4));
    updated_at.push(b'Z');
    pair(b"updated_at", &updated_at);
    pair(b"active_source", event.source.as_bytes());
    pair(b"stream_id", id.as_bytes());
    let mut received = Vec::with_capacity(20);
    write_signed(received_us, &mut received);
    pair(b"received_us", &received);
    more.iter().for_each(|(name, value)| pair(name, value));
    let mut head = Vec::with_capacity(8);
    array(2 + 2 * pairs, &mut head);
    out.splice(start..start, head);
}

fn array(length: u64, out: &mut Vec<u8>) {
    out.push(b'*');
    write_integer(length, out);
    out.extend_from_slice(b"\r\n");
}

fn bulk(value: &[u8], out: &mut Vec<u8>) {
    out.push(b'$');
    write_integer(value.len() as u64, out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_arrays_of_counted_strings() {
        let written = |with| {
            let mut out = Vec::new();
            write_xadd("s", b"{}", with, &mut out);
            String::from_utf8(out).unwrap()
        };
        let plain = "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$4\r\ndata\r\n$2\r\n{}\r\n";
        assert_eq!(written(Appended::default()), plain);
        let of = Some(EntryId { ms: 5, number: 1 });
        let full = plain.replace("*5", "*12").replace("$1\r\n*", "$5\r\nMINID\r\n$1\r\n~\r\n$2\r\n17\r\n$1\r\n*");
        assert_eq!(
            written(Appended { minid_ms: Some(17), at_us: Some(-3), of }),
            full + "$2\r\nat\r\n$2\r\n-3\r\n$2\r\nof\r\n$3\r\n5-1\r\n"
        );
        let mut out = Vec::new();
        write_xack("s", "g", &[EntryId { ms: 5, number: 1 }, EntryId { ms: 60, number: 0 }], &mut out);
        assert_eq!(out, b"*5\r\n$4\r\nXACK\r\n$1\r\ns\r\n$1\r\ng\r\n$3\r\n5-1\r\n$4\r\n60-0\r\n");
    }

    #[test]
    fn ids_have_two_numbers() {
        assert_eq!(id_ms("1763836800123-7"), Some(1_763_836_800_123));
        for id in ["", "1", "1-", "-1", "+1-0", "1-x", "99999999999999999999-0", "9223372036854775807-0"] {
            assert_eq!(id_ms(id), None, "{id}");
        }
    }
}

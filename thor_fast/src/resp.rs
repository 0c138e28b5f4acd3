//! Events as commands of Redis' protocol (RESP), ready to be written to a socket one behind the other.

use crate::event::EventRef;
use crate::latest::each_field;
use crate::price::{write_integer, write_signed};
use crate::time::write_iso;

/// Writes one `XADD key [MINID ~ ms] * data json`.
pub fn write_xadd(key: &str, minid_ms: Option<u64>, json: &[u8], out: &mut Vec<u8>) {
    array(if minid_ms.is_some() { 8 } else { 5 }, out);
    bulk(b"XADD", out);
    bulk(key.as_bytes(), out);
    if let Some(milliseconds) = minid_ms {
        bulk(b"MINID", out);
        bulk(b"~", out);
        let mut digits = Vec::with_capacity(20);
        write_integer(milliseconds, &mut digits);
        bulk(&digits, out);
    }
    bulk(b"*", out);
    bulk(b"data", out);
    bulk(json, out);
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
/// `active_source`, `stream_id` and `received_us`.
pub fn write_latest(event: &EventRef<'_>, prefix: &str, id: &str, received_us: i64, out: &mut Vec<u8>) {
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
        let mut out = Vec::new();
        write_xadd("s", None, b"{}", &mut out);
        assert_eq!(out, b"*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$4\r\ndata\r\n$2\r\n{}\r\n");
        out.clear();
        write_xadd("s", Some(17), b"{}", &mut out);
        let minid = b"*8\r\n$4\r\nXADD\r\n$1\r\ns\r\n$5\r\nMINID\r\n$1\r\n~\r\n$2\r\n17\r\n$1\r\n*\r\n$4\r\ndata\r\n$2\r\n{}\r\n";
        assert_eq!(out, minid);
    }

    #[test]
    fn ids_have_two_numbers() {
        assert_eq!(id_ms("1763836800123-7"), Some(1_763_836_800_123));
        for id in ["", "1", "1-", "-1", "+1-0", "1-x", "99999999999999999999-0", "9223372036854775807-0"] {
            assert_eq!(id_ms(id), None, "{id}");
        }
    }
}

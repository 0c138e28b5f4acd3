//! Entries of Redis streams, read from replies straight into columns: nothing is made an entry but a row of numbers.
//!
//! An entry that holds an event has the field `data` (canonical JSON) and may have `at` (when its collector received
//! it, microseconds UTC) and `of` (the entry of the source's stream that it was merged from).

use std::fmt;

use crate::batch::QuoteBatch;
use crate::parse::{Reject, parse_each};
use crate::reply::{Replies, Walk};
use crate::symbol::Sources;

/// The name of the field that holds when a collector received an event.
pub const AT_FIELD: &str = "at";

/// The name of the field that holds which entry an event was merged from.
pub const OF_FIELD: &str = "of";

/// An entry's id: milliseconds by the server's clock, and a counter within them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// Milliseconds since 1970 UTC.
    pub ms: u64,
    /// Counter.
    pub number: u64,
}

impl EntryId {
    /// Reads `ms-number`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (ms, number) = std::str::from_utf8(text).ok()?.split_once('-')?;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (digits(ms) && digits(number)).then_some(())?;
        Some(Self { ms: ms.parse().ok()?, number: number.parse().ok()? })
    }

    /// When the server took the entry, microseconds UTC; the counter keeps the order within a millisecond.
    #[must_use]
    pub fn received_us(self) -> i64 {
        let us = self.ms.saturating_mul(1_000).saturating_add(self.number.min(999));
        i64::try_from(us).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}-{}", self.ms, self.number)
    }
}

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The place of its stream among the names.
    pub stream: usize,
    /// Its id.
    pub id: EntryId,
    /// When its collector received it, microseconds UTC.
    pub at_us: Option<i64>,
    /// The entry of the source's stream that it was merged from.
    pub of: Option<EntryId>,
    /// The place of its event in the batch; nothing for one that is refused or was trimmed meanwhile.
    pub event: Option<usize>,
}

/// Entries of any streams in an order, their events as one batch.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    /// Names of streams.
    pub streams: Vec<Box<str>>,
    /// The entries in order.
    pub rows: Vec<Row>,
    /// Their events, in the order in which they were read.
    pub batch: QuoteBatch,
    /// What was no event; positions are those of the rows as they were read.
    pub rejects: Vec<Reject>,
}

/// Where the entries stand in a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape<'n> {
    /// `XREAD`, `XREADGROUP`: streams with their entries.
    Streams,
    /// `XRANGE`: entries of this stream.
    Range(&'n str),
    /// `XAUTOCLAIM`: where to go on, then entries of this stream.
    Claimed(&'n str),
}

/// A row that is being read, with its bytes.
struct Raw<'b> {
    row: Row,
    data: Option<&'b [u8]>,
}

impl Entries {
    /// The entries of the reply at a position; nothing where it is of another shape.
    #[must_use]
    pub fn read(replies: &Replies, position: usize, shape: Shape<'_>, sources: &Sources) -> Option<Self> {
        let mut walk = replies.walk(position)?;
        let mut streams: Vec<Box<str>> = Vec::new();
        let mut raw: Vec<Raw<'_>> = Vec::new();
        match shape {
            Shape::Streams => {
                for _ in 0..walk.array()? {
                    walk.array().filter(|length| *length == 2)?;
                    streams.push(std::str::from_utf8(walk.text()?).ok()?.into());
                    read_stream(&mut walk, streams.len() - 1, &mut raw)?;
                }
            }
            Shape::Range(name) => {
                streams.push(name.into());
                read_stream(&mut walk, 0, &mut raw)?;
            }
            Shape::Claimed(name) => {
                walk.array().filter(|length| *length >= 2)?;
                walk.text()?;
                streams.push(name.into());
                read_stream(&mut walk, 0, &mut raw)?;
            }
        }
        Some(Self::parse(streams, &raw, sources))
    }

    fn parse(streams: Vec<Box<str>>, raw: &[Raw<'_>], sources: &Sources) -> Self {
        let present: Vec<usize> =
            (0..raw.len()).filter(|at| raw.get(*at).is_some_and(|raw| raw.data.is_some())).collect();
        let inputs: Vec<&[u8]> = raw.iter().filter_map(|raw| raw.data).collect();
        let mut parsed = parse_each(&inputs, sources);
        let mut rows: Vec<Row> = raw.iter().map(|raw| raw.row).collect();
        let mut refused = parsed.rejects.iter_mut().peekable();
        let mut event = 0;
        for (input, at) in present.into_iter().enumerate() {
            if let Some(reject) = refused.next_if(|reject| reject.position == input) {
                reject.position = at;
            } else if let Some(row) = rows.get_mut(at) {
                row.event = Some(event);
                event += 1;
            }
        }
        Self { streams, rows, batch: parsed.batch, rejects: parsed.rejects }
    }

    /// All entries of several readings, one reading after the other.
    #[must_use]
    pub fn concat(parts: Vec<Self>) -> Self {
        let mut parts: Vec<Self> = parts.into_iter().filter(|part| !part.rows.is_empty()).collect();
        if parts.len() <= 1 {
            return parts.pop().unwrap_or_default();
        }
        let mut all = Self::default();
        let mut events = 0;
        for part in &mut parts {
            let places: Vec<usize> = part.streams.iter().map(|name| all.place(name)).collect();
            let start = all.rows.len();
            all.rows.extend(part.rows.iter().map(|row| Row {
                stream: places.get(row.stream).copied().unwrap_or_default(),
                event: row.event.map(|event| event + events),
                ..*row
            }));
            all.rejects.extend(part.rejects.drain(..).map(|mut reject| {
                reject.position += start;
                reject
            }));
            events += part.batch.len();
        }
        let batches: Vec<QuoteBatch> = parts.into_iter().map(|part| part.batch).collect();
        all.batch = QuoteBatch::concat(&batches);
        all
    }

    /// The place of a stream's name, which is added where it is new.
    fn place(&mut self, name: &str) -> usize {
        self.streams.iter().position(|known| **known == *name).unwrap_or_else(|| {
            self.streams.push(name.into());
            self.streams.len() - 1
        })
    }

    /// The name of a row's stream.
    #[must_use]
    pub fn stream(&self, row: &Row) -> &str {
        self.streams.get(row.stream).map_or("", |name| name)
    }

    /// Those that hold an event, in order.
    pub fn good(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.event.is_some())
    }
}

fn read_stream<'b>(walk: &mut Walk<'b>, stream: usize, raw: &mut Vec<Raw<'b>>) -> Option<()> {
    let count = walk.array()?;
    raw.reserve(usize::try_from(count).ok()?.min(100_000));
    for _ in 0..count {
        // A claimed entry that was trimmed is nil itself in old servers.
        if walk.array()? != 2 {
            continue;
        }
        let id = EntryId::parse(walk.text()?)?;
        let mut entry = Raw { row: Row { stream, id, at_us: None, of: None, event: None }, data: None };
        match walk.next()? {
            // A pending entry that was trimmed meanwhile: there is nothing left to refuse.
            crate::reply::Value::Nil => {}
            crate::reply::Value::Array(length) => {
                entry.data = Some(b"");
                for _ in 0..length / 2 {
                    let (name, value) = (walk.text()?, walk.text()?);
                    match name {
                        b"data" => entry.data = Some(value),
                        b"at" => entry.row.at_us = std::str::from_utf8(value).ok().and_then(|us| us.parse().ok()),
                        b"of" => entry.row.of = EntryId::parse(value),
                        _ => {}
                    }
                }
            }
            _ => return None,
        }
        raw.push(entry);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::ReplyReader;
    use crate::resp::command;

    fn json(seq: u64) -> String {
        format!(
            r#"{{"symbol":"ES","ts":{seq},"source":"TOS","last":1,"bid":null,"ask":null,"lastSize":null,"bidSize":null,"askSize":null,"seq":{seq}}}"#
        )
    }

    /// A reply is written like a command: an array of strings.
    fn entry(id: &str, fields: &[&str]) -> Vec<u8> {
        let mut out = b"*2\r\n".to_vec();
        out.extend(format!("${}\r\n{id}\r\n", id.len()).bytes());
        let fields: Vec<&[u8]> = fields.iter().map(|text| text.as_bytes()).collect();
        command(&fields, &mut out);
        out
    }

    fn replies(bytes: &[u8]) -> Replies {
        let mut reader = ReplyReader::default();
        reader.feed(bytes).unwrap();
        reader.take(1)
    }

    #[test]
    fn a_reading_of_streams_becomes_rows_and_one_batch() {
        let mut bytes = b"*2\r\n*2\r\n$1\r\na\r\n*3\r\n".to_vec();
        bytes.extend(entry("5-0", &["data", &json(1), "at", "4999"]));
        bytes.extend(entry("5-1", &["data", "junk"]));
        bytes.extend(entry("6-0", &["other", "field"]));
        bytes.extend(b"*2\r\n$1\r\nb\r\n*2\r\n*2\r\n$3\r\n5-9\r\n*-1\r\n");
        bytes.extend(entry("7-0", &["data", &json(2), "of", "3-4"]));
        let entries = Entries::read(&replies(&bytes), 0, Shape::Streams, &Sources::built_in()).unwrap();
        let rows: Vec<_> = entries.rows.iter().map(|row| (row.id.to_string(), row.event)).collect();
        let id = |text: &str| text.to_owned();
        assert_eq!(
            rows,
            [(id("5-0"), Some(0)), (id("5-1"), None), (id("6-0"), None), (id("5-9"), None), (id("7-0"), Some(1))]
        );
        assert_eq!(entries.rows[0].at_us, Some(4999));
        assert_eq!(entries.rows[4].of, Some(EntryId { ms: 3, number: 4 }));
        assert_eq!(entries.stream(&entries.rows[4]), "b");
        assert_eq!(entries.rejects.iter().map(|reject| reject.position).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(entries.batch.iter().filter_map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn ranges_claims_and_nothing_at_all_are_read() {
        let mut range = b"*1\r\n".to_vec();
        range.extend(entry("1-0", &["data", &json(1)]));
        let mut claim = b"*3\r\n$3\r\n0-0\r\n".to_vec();
        claim.extend(&range);
        claim.extend(b"*0\r\n");
        let sources = Sources::built_in();
        for (bytes, shape) in [(&range, Shape::Range("s")), (&claim, Shape::Claimed("s"))] {
            assert_eq!(Entries::read(&replies(bytes), 0, shape, &sources).unwrap().batch.len(), 1);
        }
        assert!(Entries::read(&replies(b"*-1\r\n"), 0, Shape::Streams, &sources).unwrap().rows.is_empty());
        assert!(Entries::read(&replies(b":1\r\n"), 0, Shape::Streams, &sources).is_none());
    }

    #[test]
    fn readings_are_joined_by_the_names_of_their_streams() {
        let sources = Sources::built_in();
        let read = |id: &str, seq| {
            let mut bytes = b"*1\r\n".to_vec();
            bytes.extend(entry(id, &["data", &json(seq)]));
            replies(&bytes)
        };
        let one = |id, seq, name| Entries::read(&read(id, seq), 0, Shape::Range(name), &sources).unwrap();
        let all = Entries::concat(vec![one("1-0", 1, "a"), one("2-0", 2, "b"), Entries::default(), one("3-0", 3, "a")]);
        let rows: Vec<_> = all.rows.iter().map(|row| (all.stream(row), row.id.ms, row.event)).collect();
        assert_eq!(rows, [("a", 1, Some(0)), ("b", 2, Some(1)), ("a", 3, Some(2))]);
        assert_eq!(all.batch.len(), 3);
    }

    #[test]
    fn ids_are_two_numbers() {
        assert_eq!(EntryId::parse(b"12-3").map(EntryId::received_us), Some(12_003));
        for text in ["", "1", "1-", "-1", "+1-0", "1-x", "99999999999999999999-0"] {
            assert_eq!(EntryId::parse(text.as_bytes()), None, "{text}");
        }
    }
}

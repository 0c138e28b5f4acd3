//! Replies of Redis' protocol (RESP2): found whole among the bytes of a socket, then read in place.

use memchr::memchr;

/// Levels that a reply may be nested; a stream reading has five.
const MAX_LEVELS: usize = 16;

/// Bytes that are no reply: the connection cannot be used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// One value of a reply. The elements of an array follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'b> {
    /// A short text such as `OK`.
    Simple(&'b [u8]),
    /// Why a command was refused.
    Error(&'b [u8]),
    /// A number.
    Integer(i64),
    /// A string of bytes.
    Bulk(&'b [u8]),
    /// An array of so many elements.
    Array(u64),
    /// No value.
    Nil,
}

/// Reads one value and where it ends; nothing while bytes of it are missing.
fn value(bytes: &[u8], at: usize) -> Result<Option<(Value<'_>, usize)>, Malformed> {
    let Some(rest) = bytes.get(at..) else { return Ok(None) };
    let Some(line_end) = memchr(b'\n', rest) else { return Ok(None) };
    let Some([kind, line @ .., b'\r']) = rest.get(..line_end) else { return Err(Malformed) };
    let after = at + line_end + 1;
    let length = || parse_integer(line).ok_or(Malformed);
    let found = match kind {
        b'+' => Value::Simple(line),
        b'-' => Value::Error(line),
        b':' => Value::Integer(length()?),
        b'*' => u64::try_from(length()?).map_or(Value::Nil, Value::Array),
        b'$' => {
            let Ok(length) = usize::try_from(length()?) else { return Ok(Some((Value::Nil, after))) };
            let end = after.checked_add(length).ok_or(Malformed)?;
            return match bytes.get(end..end.saturating_add(2)) {
                Some(b"\r\n") => Ok(bytes.get(after..end).map(|text| (Value::Bulk(text), end + 2))),
                Some(_) => Err(Malformed),
                None => Ok(None),
            };
        }
        _ => return Err(Malformed),
    };
    Ok(Some((found, after)))
}

fn parse_integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Bytes of a socket until they make whole replies.
#[derive(Debug, Default)]
pub struct ReplyReader {
    buffer: Vec<u8>,
    /// Up to here the buffer has been looked at.
    at: usize,
    /// How many elements are still to come of each array that is open.
    open: Vec<u64>,
    /// Where each whole reply ends.
    ends: Vec<usize>,
}

impl ReplyReader {
    /// Takes bytes and says how many whole replies there are now.
    ///
    /// # Errors
    /// What came is not this protocol.
    pub fn feed(&mut self, data: &[u8]) -> Result<usize, Malformed> {
        self.buffer.extend_from_slice(data);
        while let Some((found, end)) = value(&self.buffer, self.at)? {
            self.at = end;
            match found {
                Value::Array(length) if length > 0 => {
                    if self.open.len() == MAX_LEVELS {
                        return Err(Malformed);
                    }
                    self.open.push(length);
                }
                _ => self.close_element(),
            }
        }
        Ok(self.ends.len())
    }

    fn close_element(&mut self) {
        while let Some(left) = self.open.last_mut() {
            *left -= 1;
            if *left > 0 {
                return;
            }
            self.open.pop();
        }
        self.ends.push(self.at);
    }

    /// The first `count` replies, or all where there are fewer; they are removed.
    pub fn take(&mut self, count: usize) -> Replies {
        let count = count.min(self.ends.len());
        let left = self.ends.split_off(count);
        let ends = std::mem::replace(&mut self.ends, left);
        let cut = ends.last().copied().unwrap_or(0);
        let rest = self.buffer.split_off(cut);
        let bytes = std::mem::replace(&mut self.buffer, rest);
        self.at -= cut;
        self.ends.iter_mut().for_each(|end| *end -= cut);
        Replies { bytes, ends }
    }
}

/// Whole replies, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Replies {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Replies {
    /// Replies.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The values of the reply at a position.
    #[must_use]
    pub fn walk(&self, position: usize) -> Option<Walk<'_>> {
        let end = *self.ends.get(position)?;
        let start = position.checked_sub(1).and_then(|before| self.ends.get(before).copied()).unwrap_or(0);
        Some(Walk { bytes: self.bytes.get(start..end)?, at: 0 })
    }

    /// The replies of the commands that the last reply, that of an `EXEC`, was for; nothing where it is no array.
    #[must_use]
    pub fn executed(&self) -> Option<Self> {
        let mut walk = self.walk(self.len().checked_sub(1)?)?;
        let count = match walk.next()? {
            Value::Array(count) => usize::try_from(count).ok()?,
            _ => return None,
        };
        let mut reader = ReplyReader::default();
        reader.feed(walk.bytes.get(walk.at..)?).ok()?;
        Some(reader.take(count))
    }

    /// Each reply's first value.
    pub fn heads(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.len()).filter_map(|position| self.walk(position)?.next())
    }
}

/// The values of one reply in order, the elements of an array behind it.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Iterator for Walk<'b> {
    type Item = Value<'b>;

    fn next(&mut self) -> Option<Value<'b>> {
        let (found, end) = value(self.bytes, self.at).ok().flatten()?;
        self.at = end;
        Some(found)
    }
}

impl<'b> Walk<'b> {
    /// The length of the array that comes next, none and nil being empty; nothing where something else comes.
    pub fn array(&mut self) -> Option<u64> {
        match self.next()? {
            Value::Array(length) => Some(length),
            Value::Nil => Some(0),
            _ => None,
        }
    }

    /// The bytes of the string that comes next; nothing where something else comes.
    pub fn text(&mut self) -> Option<&'b [u8]> {
        match self.next()? {
            Value::Bulk(text) | Value::Simple(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &[u8] = b"+OK\r\n:7\r\n-ERR no\r\n*2\r\n$3\r\na\r\n\r\n*1\r\n$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n";

    #[test]
    fn replies_are_found_however_the_bytes_are_cut() {
        for cut in 1..STREAM.len() {
            let mut reader = ReplyReader::default();
            for part in STREAM.chunks(cut) {
                reader.feed(part).unwrap();
            }
            let replies = reader.take(99);
            assert_eq!(replies.len(), 7, "{cut}");
            let all: Vec<Vec<Value<'_>>> = (0..7).map(|at| replies.walk(at).unwrap().collect()).collect();
            assert_eq!(all[2], [Value::Error(b"ERR no")]);
            assert_eq!(all[3], [Value::Array(2), Value::Bulk(b"a\r\n"), Value::Array(1), Value::Nil]);
            assert_eq!(all[4..], [vec![Value::Nil], vec![Value::Array(0)], vec![Value::Bulk(b"")]]);
        }
    }

    #[test]
    fn what_was_taken_is_gone_and_the_rest_stays() {
        let mut reader = ReplyReader::default();
        assert_eq!(reader.feed(b":1\r\n:2\r\n:3\r\n:"), Ok(3));
        assert_eq!(reader.take(2).heads().collect::<Vec<_>>(), [Value::Integer(1), Value::Integer(2)]);
        assert_eq!(reader.feed(b"4\r\n"), Ok(2));
        assert_eq!(reader.take(2).heads().collect::<Vec<_>>(), [Value::Integer(3), Value::Integer(4)]);
    }

    #[test]
    fn what_a_transaction_did_is_in_its_last_reply() {
        let mut reader = ReplyReader::default();
        reader.feed(b"+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n$3\r\n1-0\r\n-ERR no\r\n").unwrap();
        let executed = reader.take(4).executed().unwrap();
        assert_eq!(executed.heads().collect::<Vec<_>>(), [Value::Bulk(b"1-0"), Value::Error(b"ERR no")]);
        for bytes in [&b"$3\r\n1-0\r\n"[..], b"*-1\r\n", b"-EXECABORT\r\n", b""] {
            let mut reader = ReplyReader::default();
            reader.feed(bytes).unwrap();
            assert!(reader.take(1).executed().is_none());
        }
    }

    #[test]
    fn other_protocols_are_refused() {
        for bytes in [&b"HTTP/1.1 400\r\n"[..], b"\n", b":x\r\n", b"$1\r\nabc", &b"*1\r\n".repeat(MAX_LEVELS + 1)] {
            assert_eq!(ReplyReader::default().feed(bytes), Err(Malformed));
        }
    }
}

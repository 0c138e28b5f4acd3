//! How event streams and their numbered events look on the wire.

use std::io;

use memchr::memmem::{Finder, find};

/// What is looked for in messages.
pub(crate) struct Patterns {
    /// Before an event's number.
    pub(crate) number: Finder<'static>,
    /// Before the time when an event was due.
    pub(crate) due: Finder<'static>,
    /// The end of a message.
    pub(crate) end: Finder<'static>,
}

impl Patterns {
    pub(crate) fn new() -> Self {
        Self { number: Finder::new(b"\"seq\":"), due: Finder::new(b"\"at\":"), end: Finder::new(b"\n\n") }
    }

    /// The next event in `data`: its number, when it was due, and what follows.
    pub(crate) fn next_event<'a>(&self, data: &'a [u8]) -> Option<(u64, u64, &'a [u8])> {
        let rest = &data[self.number.find(data)? + 6..];
        let due = self.due.find(rest).map_or(0, |at| digits(&rest[at + 5..]));
        Some((digits(rest), due, rest))
    }
}

/// The number at the beginning, behind spaces.
pub(crate) fn digits(data: &[u8]) -> u64 {
    let digits = data.iter().skip_while(|byte| **byte == b' ').take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0'))
}

/// Where the head of an answer ends, once it is there; an error unless it says 200.
pub(crate) fn head_end(data: &[u8]) -> io::Result<Option<usize>> {
    let Some(end) = find(data, b"\r\n\r\n") else { return Ok(None) };
    if !data.starts_with(b"HTTP/1.1 200") {
        return Err(io::Error::other(String::from_utf8_lossy(data).into_owned()));
    }
    Ok(Some(end + 4))
}

//! The reader for one layout: an event as Thor itself writes it, every key in order, nothing between the tokens.
//!
//! It either reads the event, exactly as [`crate::parse`] would, or says nothing at all; whatever it does not know at
//! once (a key out of place, an escape, an exponent, a long number, any fault) is left to the general reader, which
//! alone decides what is wrong with an input. Eight bytes are looked at in one step, and what neighbouring events
//! have in common (the minute, the `meta`) is remembered and compared instead of read.

use std::borrow::Cow;

use crate::event::Values;
use crate::json::{Cursor, is_number};
use crate::meta::{Meta, MetaRef};
use crate::parse::MAX_INPUT_BYTES;
use crate::price::{ONE, nanos_from_number, write_nanos};
use crate::time::parse_iso;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The nanos of one unit of a fraction's last digit, by the number of its digits.
const UNIT: [i64; 10] = [ONE, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// An event that is right in everything but perhaps the spelling of its symbol and whether its source is registered.
pub(crate) struct Usual<'a> {
    pub(crate) symbol: &'a [u8],
    pub(crate) source: &'a [u8],
    pub(crate) values: Values<'a>,
    /// Whether the input is to the byte what Thor would write for it.
    pub(crate) canonical: bool,
    /// The input without white space at its end.
    pub(crate) json: &'a [u8],
}

/// What the last events had, in case that the next one has it too.
pub(crate) struct Memory {
    /// The text of a minute up to its seconds, and its microseconds.
    minute: [u8; 17],
    minute_us: i64,
    /// Objects that were read before, each in the one place where it can be; none where nothing is to be remembered.
    metas: Vec<Known>,
}

/// A `meta` that was read before.
#[derive(Clone)]
struct Known {
    text: String,
    run: Option<i64>,
    live: bool,
}

impl Memory {
    /// For one event alone.
    pub(crate) fn of_one() -> Self {
        // The minute that is remembered at first must be right too: what is equal to it is taken unread.
        Self { minute: *b"1970-01-01T00:00:", minute_us: 0, metas: Vec::new() }
    }

    /// For many events.
    pub(crate) fn of_many() -> Self {
        Self { metas: vec![Known { text: String::new(), run: None, live: true }; 64], ..Self::of_one() }
    }

    /// The event, when the input has the usual layout and nothing unusual in it.
    #[inline]
    pub(crate) fn read<'a>(&'a mut self, data: &'a [u8]) -> Option<Usual<'a>> {
        let json = match data {
            [.., b'}'] => data,
            _ => data.trim_ascii_end(),
        };
        if data.len() > MAX_INPUT_BYTES {
            return None;
        }
        let mut reader = Reader { rest: json, canonical: true };
        reader.expect(b"{\"v\":1,\"symbol\":\"")?;
        let symbol = reader.name(32)?;
        reader.expect(b"\",\"ts\":\"")?;
        let ts_us = reader.ts(&mut self.minute, &mut self.minute_us)?;
        reader.expect(b"\",\"source\":\"")?;
        let source = reader.name(16)?;
        reader.expect(b"\",\"last\":")?;
        let last = reader.price()?;
        reader.expect(b",\"bid\":")?;
        let bid = reader.price()?;
        reader.expect(b",\"ask\":")?;
        let ask = reader.price()?;
        reader.expect(b",\"lastSize\":")?;
        let last_size = reader.size()?;
        reader.expect(b",\"bidSize\":")?;
        let bid_size = reader.size()?;
        reader.expect(b",\"askSize\":")?;
        let ask_size = reader.size()?;
        reader.expect(b",\"seq\":")?;
        let seq = reader.seq()?;
        reader.expect(b",\"condition\":")?;
        let condition = reader.text()?;
        reader.expect(b",\"venue\":")?;
        let venue = reader.text()?;
        reader.expect(b",\"meta\":")?;
        let meta = reader.rest.strip_suffix(b"}")?;
        let canonical = reader.canonical;
        let meta = if meta == b"null" {
            None
        } else {
            let place = symbol.iter().fold(0_u8, |place, byte| place.wrapping_mul(5).wrapping_add(*byte));
            let place = usize::from(place) % 64;
            Some(match self.metas.get_mut(place) {
                Some(known) => known.read(meta)?,
                None => meta_of(meta)?,
            })
        };
        let values = Values { ts_us, last, bid, ask, last_size, bid_size, ask_size, seq, condition, venue, meta };
        Some(Usual { symbol, source, values, canonical, json })
    }
}

impl Known {
    /// The checked object, which must be the whole text.
    #[inline]
    fn read<'a>(&'a mut self, text: &'a [u8]) -> Option<MetaRef<'a>> {
        // Nothing is what a place holds at first, and no object.
        if self.text.as_bytes() == text && !text.is_empty() {
            return Some(MetaRef { text: &self.text, run: self.run, live: self.live });
        }
        let meta = meta_of(text)?;
        self.text.clear();
        self.text.push_str(meta.text);
        (self.run, self.live) = (meta.run, meta.live);
        Some(meta)
    }
}

/// The checked object, which must be the whole text.
#[inline(never)]
fn meta_of(text: &[u8]) -> Option<MetaRef<'_>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut cursor = Cursor::new(text);
    if cursor.peek() != Some(b'{') {
        return None;
    }
    let scanned = Meta::scan(&mut cursor).ok()?.ok()?;
    // A text with line breaks is written otherwise than it came.
    let as_it_came = matches!(scanned.text, Cow::Borrowed(_)) && cursor.position() == text.len();
    as_it_came.then_some(MetaRef { text, run: scanned.run, live: scanned.live })
}

struct Reader<'a> {
    rest: &'a [u8],
    canonical: bool,
}

impl<'a> Reader<'a> {
    #[inline(always)]
    fn expect<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        (head == text).then_some(())
    }

    #[inline(always)]
    fn word(&self) -> Option<u64> {
        self.rest.first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes))
    }

    #[inline(always)]
    fn skip(&mut self, bytes: usize) -> Option<()> {
        self.rest = self.rest.get(bytes..)?;
        Some(())
    }

    #[inline(always)]
    fn take_null(&mut self, word: u64) -> bool {
        let null = word & 0xffff_ffff == u64::from(u32::from_le_bytes(*b"null"));
        if null {
            self.rest = self.rest.get(4..).unwrap_or_default();
        }
        null
    }

    /// The bytes up to the next double quote.
    #[inline(always)]
    fn name(&mut self, longest: usize) -> Option<&'a [u8]> {
        let quote = zero_bytes(self.word()? ^ (LOW * 0x22));
        let length = if quote == 0 {
            self.rest.get(..=longest)?.iter().position(|byte| *byte == b'"')?
        } else {
            first_byte(quote)
        };
        let (name, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(name)
    }

    /// `2025-01-31T17:00:00.123456Z`.
    #[inline(always)]
    fn ts(&mut self, minute: &mut [u8; 17], minute_us: &mut i64) -> Option<i64> {
        let text = self.rest.first_chunk::<27>()?;
        let head = text.first_chunk::<17>()?;
        if head != minute {
            *minute_us = minute_of(head)?;
            *minute = *head;
        }
        let [tens, ones, b'.', ..] = *text.get(17..)? else { return None };
        let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
        // The last eight bytes before the zone are one of the second's digits, the point and the fraction.
        let fraction = u64::from_le_bytes(*text.get(18..26)?.first_chunk::<8>()?) & !0xffff | 0x3030;
        if tens > 5 || ones > 9 || non_digits(fraction) != 0 || text.get(26) != Some(&b'Z') {
            return None;
        }
        self.skip(27)?;
        let seconds = i64::from(tens * 10 + ones);
        Some(*minute_us + seconds * 1_000_000 + eight_digits(fraction))
    }

    #[inline(always)]
    fn price(&mut self) -> Option<Option<i64>> {
        let mut word = self.word()?;
        if self.take_null(word) {
            return Some(None);
        }
        let start = self.rest;
        let negative = word & 0xff == u64::from(b'-');
        if negative {
            self.skip(1)?;
            word = self.word()?;
        }
        let (whole, digits) = leading_digits(word)?;
        // A leading zero, or so many digits that there may be more.
        if digits == 8 || (digits > 1 && word & 0xff == u64::from(b'0')) {
            return self.long_price(start);
        }
        self.skip(digits)?;
        let [b'.', rest @ ..] = self.rest else {
            self.canonical = false;
            let value = i64::from(whole) * ONE;
            return Some(Some(if negative { -value } else { value }));
        };
        self.rest = rest;
        let (fraction, digits) = leading_digits(self.word()?)?;
        if digits == 8 {
            return self.long_price(start);
        }
        self.skip(digits)?;
        let value = i64::from(whole) * ONE + i64::from(fraction) * UNIT.get(digits)?;
        self.canonical &= (digits == 1 || !fraction.is_multiple_of(10)) && !(negative && value == 0);
        Some(Some(if negative { -value } else { value }))
    }

    /// A price of many digits that begins at `start`.
    #[cold]
    #[inline(never)]
    fn long_price(&mut self, start: &'a [u8]) -> Option<Option<i64>> {
        let length = start.iter().take(40).position(|byte| *byte == b',')?;
        let (token, rest) = start.split_at_checked(length)?;
        let token = std::str::from_utf8(token).ok().filter(|token| is_number(token))?;
        let nanos = nanos_from_number(token).ok()?;
        self.rest = rest;
        let mut written = Vec::with_capacity(24);
        write_nanos(nanos, &mut written);
        self.canonical &= written == token.as_bytes();
        Some(Some(nanos))
    }

    #[inline(always)]
    fn size(&mut self) -> Option<Option<i32>> {
        let word = self.word()?;
        if self.take_null(word) {
            return Some(None);
        }
        let (size, digits) = leading_digits(word)?;
        if digits == 8 || (digits > 1 && word & 0xff == u64::from(b'0')) {
            return None;
        }
        self.skip(digits)?;
        Some(Some(i32::try_from(size).ok()?))
    }

    #[inline(always)]
    fn seq(&mut self) -> Option<Option<i64>> {
        let word = self.word()?;
        if self.take_null(word) {
            return Some(None);
        }
        let (first, mut digits) = leading_digits(word)?;
        if digits > 1 && word & 0xff == u64::from(b'0') {
            return None;
        }
        self.skip(digits)?;
        let mut seq = i64::from(first);
        let mut read = digits;
        while digits == 8 {
            let Some((more, count)) = leading_digits(self.word()?) else { break };
            self.skip(count)?;
            (digits, read) = (count, read + count);
            if read > 18 {
                return None;
            }
            seq = seq * TENS.get(count)? + i64::from(more);
        }
        Some(Some(seq))
    }

    /// A short text of plain ASCII, or null.
    #[inline(always)]
    fn text(&mut self) -> Option<Option<&'a str>> {
        if self.take_null(self.word()?) {
            return Some(None);
        }
        self.expect(b"\"")?;
        let start = self.rest;
        let mut length = 0;
        loop {
            let word = self.word()?;
            let special =
                zero_bytes(word ^ (LOW * 0x22)) | zero_bytes(word ^ (LOW * 0x5c)) | below_space(word) | word & HIGH;
            if special != 0 {
                length += first_byte(special);
                break;
            }
            self.skip(8)?;
            length += 8;
            if length > 64 {
                return None;
            }
        }
        let (text, rest) = start.split_at_checked(length)?;
        self.rest = rest.strip_prefix(b"\"")?;
        if length > 64 {
            return None;
        }
        std::str::from_utf8(text).ok().map(Some)
    }
}

/// The microseconds of `2025-01-31T17:00:`.
#[cold]
#[inline(never)]
fn minute_of(text: &[u8; 17]) -> Option<i64> {
    let mut whole = *b"0000-00-00T00:00:00Z";
    whole.get_mut(..17)?.copy_from_slice(text);
    // Lower case t would be read but is not what Thor writes.
    if text.get(10) != Some(&b'T') {
        return None;
    }
    parse_iso(std::str::from_utf8(&whole).ok()?).ok()
}

const TENS: [i64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The high bit of the first byte that is zero; what follows it in the word may be wrong.
#[inline(always)]
const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(LOW) & !word & HIGH
}

/// The high bit of the first byte that is a control character.
#[inline(always)]
pub(crate) const fn below_space(word: u64) -> u64 {
    word.wrapping_sub(LOW * 0x20) & !word & HIGH
}

/// The high bit of the first byte that is no ASCII digit.
#[inline(always)]
const fn non_digits(word: u64) -> u64 {
    let bytes = word ^ (LOW * 0x30);
    (bytes.wrapping_add(LOW * 0x76) | bytes) & HIGH
}

/// The place of the first byte in a set of high bits.
#[inline(always)]
const fn first_byte(set: u64) -> usize {
    set.trailing_zeros() as usize / 8
}

/// The number that a word of digits begins with, and how many digits that are, at least one.
#[inline(always)]
fn leading_digits(word: u64) -> Option<(u32, usize)> {
    let end = non_digits(word);
    let digits = if end == 0 { 8 } else { first_byte(end) };
    // The digits move to the word's end, zeros take their place.
    let aligned = (word ^ (LOW * 0x30)).checked_shl(64 - 8 * u32::try_from(digits).ok()?)?;
    Some((eight_numbers(aligned), digits))
}

/// The number of eight digits.
#[inline(always)]
fn eight_digits(word: u64) -> i64 {
    i64::from(eight_numbers(word ^ (LOW * 0x30)))
}

/// The number whose eight digits are the values of the bytes, the first the most significant.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "eight digits are below 2^32")]
const fn eight_numbers(bytes: u64) -> u32 {
    let pairs = bytes.wrapping_mul(10).wrapping_add(bytes >> 8);
    let fours = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let others = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    (fours.wrapping_add(others) >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_at_once() {
        let word = |text: &[u8; 8]| u64::from_le_bytes(*text);
        assert_eq!(leading_digits(word(b"12345678")), Some((12_345_678, 8)));
        assert_eq!(leading_digits(word(b"4799.25,")), Some((4_799, 4)));
        assert_eq!(leading_digits(word(b"7,\"bidSi")), Some((7, 1)));
        assert_eq!(leading_digits(word(b"00000019")), Some((19, 8)));
        assert_eq!(leading_digits(word(b".1234567")), None);
        for byte in 0..=u8::MAX {
            let mut text = *b"99999999";
            text[3] = byte;
            let digits = if byte.is_ascii_digit() { 8 } else { 3 };
            assert_eq!(leading_digits(word(&text)).map(|(_, digits)| digits), Some(digits), "{byte}");
            assert_eq!(first_byte(below_space(word(&text)) | HIGH << 56) == 3, byte < 0x20, "{byte}");
        }
    }
}

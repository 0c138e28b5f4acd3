//! The figures of the day that a source sends in `meta`, read without making anything of the rest.
//!
//! The text has been checked when the event was read, so only its outline is looked at here. A figure of another type
//! than it should have is no figure; of a repeated key the last counts.

use crate::json::Cursor;
use crate::price::{ONE, Rounding, nanos_from_number, scale};
use crate::symbol::Symbol;

/// What a source says of the day. Prices in units of 1e-9.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Change against the previous settlement, by the source's own reckoning.
    pub net_change: Option<i64>,
    /// The day's first price.
    pub open: Option<i64>,
    /// The day's greatest price.
    pub high: Option<i64>,
    /// The day's least price.
    pub low: Option<i64>,
    /// The previous settlement.
    pub close: Option<i64>,
    /// The greatest price of 52 weeks.
    pub high52: Option<i64>,
    /// The least price of 52 weeks.
    pub low52: Option<i64>,
    /// What was traded today so far.
    pub volume: Option<i64>,
    /// The contract month behind a continuous symbol.
    pub contract: Option<Symbol>,
    /// The source says that it is behind.
    pub delayed: bool,
    /// The source says that it is not live.
    pub stale: bool,
}

impl Figures {
    /// The figures of an event's meta.
    #[must_use]
    pub fn read(meta: Option<&str>) -> Self {
        let mut figures = Self::default();
        if let Some(text) = meta
            && figures.fill(text).is_none()
        {
            // Something that the quick reading does not know, such as an escape in a key.
            figures = Self::default();
            figures.fill_slowly(text);
        }
        figures
    }

    fn fill(&mut self, text: &str) -> Option<()> {
        let bytes = text.as_bytes();
        let mut at = skip_space(bytes, 1);
        while *bytes.get(at)? != b'}' {
            let (key, after) = Key::read(bytes, at)?;
            at = skip_space(bytes, skip_space(bytes, after) + 1);
            let end = match Plain::read(bytes, at) {
                Some((number, end)) if self.take_plain(key, number) => end,
                _ => {
                    let end = value_end(bytes, at)?;
                    self.take(key, text.get(at..end)?);
                    end
                }
            };
            at = skip_space(bytes, end);
            if *bytes.get(at)? == b',' {
                at = skip_space(bytes, at + 1);
            }
        }
        Some(())
    }

    /// Takes a number; false where only the whole text tells what it is.
    #[inline(always)]
    fn take_plain(&mut self, key: Key, number: Plain) -> bool {
        if key == Key::VOLUME && number.decimals == 0 && number.digits >= 0 {
            self.volume = Some(number.digits);
            return true;
        }
        let (Some(place), Some(nanos)) = (self.price(key), number.nanos()) else { return false };
        *place = Some(nanos);
        true
    }

    /// The place of a figure that is a price.
    #[inline(always)]
    fn price(&mut self, key: Key) -> Option<&mut Option<i64>> {
        match key {
            Key::NET_CHANGE => Some(&mut self.net_change),
            Key::OPEN => Some(&mut self.open),
            Key::HIGH => Some(&mut self.high),
            Key::LOW => Some(&mut self.low),
            Key::CLOSE => Some(&mut self.close),
            Key::HIGH52 => Some(&mut self.high52),
            Key::LOW52 => Some(&mut self.low52),
            _ => None,
        }
    }

    fn fill_slowly(&mut self, text: &str) {
        let mut cursor = Cursor::new(text);
        cursor.skip_space();
        cursor.take(b'{');
        cursor.skip_space();
        let mut more = !cursor.take(b'}');
        while more {
            let Ok(key) = cursor.key() else { return };
            let from = cursor.position();
            let read = match cursor.peek() {
                Some(b'{' | b'[') => cursor.container().map(drop),
                _ => cursor.value().map(drop),
            };
            self.take(Key::of(key.as_bytes()), cursor.between(from, cursor.position()));
            more = read.is_ok() && cursor.more(b'}').unwrap_or(false);
        }
    }

    fn take(&mut self, key: Key, value: &str) {
        if let Some(place) = self.price(key) {
            *place = price(value);
            return;
        }
        match key {
            Key::VOLUME => self.volume = count(value),
            Key::CONTRACT => {
                self.contract = value.strip_prefix('"').and_then(|rest| Symbol::new(rest.strip_suffix('"')?));
            }
            Key::DELAYED => self.delayed = value == "true",
            Key::STALE => self.stale = value == "true",
            _ => {}
        }
    }
}

/// A key of at most eight bytes as one number, so that telling it from others is one comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key(u64);

impl Key {
    /// Longer than a number holds, and so given one that no text has.
    const NET_CHANGE: Self = Self(u64::MAX);
    const OPEN: Self = Self::short(b"open");
    const HIGH: Self = Self::short(b"high");
    const LOW: Self = Self::short(b"low");
    const CLOSE: Self = Self::short(b"close");
    const HIGH52: Self = Self::short(b"high52");
    const LOW52: Self = Self::short(b"low52");
    const VOLUME: Self = Self::short(b"volume");
    const CONTRACT: Self = Self::short(b"contract");
    const DELAYED: Self = Self::short(b"delayed");
    const STALE: Self = Self::short(b"stale");
    const OTHER: Self = Self(0);

    /// Its bytes, the first the lowest.
    const fn short(text: &[u8]) -> Self {
        let (mut number, mut rest) = (0, text);
        while let [head @ .., last] = rest {
            number = (number << 8) | *last as u64;
            rest = head;
        }
        Self(number)
    }

    fn of(text: &[u8]) -> Self {
        match text {
            b"netChange" => Self::NET_CHANGE,
            _ if text.len() <= 8 => Self::short(text),
            _ => Self::OTHER,
        }
    }

    /// The key between the quotes at that place, and where it ends; nothing for one with an escape.
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        if let Some([b'"', rest @ ..]) = bytes.get(at..)
            && let Some(word) = rest.first_chunk()
        {
            let word = u64::from_le_bytes(*word);
            let ends = bytes_that_are(word, b'"');
            if ends != 0 && bytes_that_are(word, b'\\') == 0 {
                // The lowest bit stands for the first quote, at the top of its byte; below that byte lies the key.
                let below = (ends & ends.wrapping_neg()) >> 7;
                return Some((Self(word & below.wrapping_sub(1)), at + 2 + (ends.trailing_zeros() / 8) as usize));
            }
        }
        Self::read_any(bytes, at)
    }

    /// A long one, one near the end of the text, and one before something with an escape.
    #[inline(never)]
    fn read_any(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        let (text, end) = plain_text(bytes, at)?;
        Some((Self::of(text), end))
    }
}

/// The number of eight digits from 0 to 9, the first the lowest byte.
#[inline(always)]
const fn eight_digits(digits: u64) -> i64 {
    const PAIRS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let first = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let second = ((pairs >> 16) & PAIRS).wrapping_mul(1 + (10_000 << 32));
    (first.wrapping_add(second) >> 32).cast_signed()
}

/// The highest bit of the bytes that are this one: exact up to the first of them.
#[inline(always)]
const fn bytes_that_are(word: u64, byte: u8) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let others = word ^ (ONES * byte as u64);
    others.wrapping_sub(ONES) & !others & (ONES << 7)
}

/// A number of few digits without an exponent: its digits as a whole, and how many of them stand behind the point.
#[derive(Clone, Copy)]
struct Plain {
    digits: i64,
    decimals: usize,
}

impl Plain {
    const MOST_DIGITS: usize = 18;

    /// The number at that place, and where it ends; nothing for any other value.
    #[inline(always)]
    fn read(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        let negative = *bytes.get(at)? == b'-';
        let start = at + usize::from(negative);
        let short = bytes.get(start..)?.first_chunk().and_then(|word| Self::short(u64::from_le_bytes(*word)));
        let (Self { digits, decimals }, length) = short.or_else(|| Self::long(bytes.get(start..)?))?;
        Some((Self { digits: if negative { -digits } else { digits }, decimals }, start + length))
    }

    /// The number that eight bytes begin with, if it and what follows it lie in them, and its length.
    #[inline(always)]
    fn short(word: u64) -> Option<(Self, usize)> {
        const ONES: u64 = 0x0101_0101_0101_0101;
        let values = word ^ (ONES * u64::from(b'0'));
        // The highest bit of the bytes that are no digits: exact up to the first one after the point.
        let others = (values.wrapping_add(ONES * 0x76) | values) & (ONES << 7);
        let first = others.trailing_zeros() & 0x78;
        let behind = others & others.wrapping_sub(1);
        let has_point = others != 0 && (word >> first) as u8 == b'.';
        let end = if has_point { behind.trailing_zeros() & 0x78 } else { first };
        if end >= u64::BITS || end == 0 || !matches!((word >> end) as u8, b',' | b'}' | b' ' | b'\t') {
            return None;
        }
        let (before, point) = (values & !(u64::MAX << first), u32::from(has_point) * 8);
        let after = if has_point { (values >> 8 >> first) << first } else { 0 };
        let count = end - point;
        if count == 0 {
            return None;
        }
        // Zeros before the number fill the eight digits.
        let all = (before | after) << (u64::BITS - count);
        let decimals = if has_point { (end - first) / 8 - 1 } else { 0 };
        Some((Self { digits: eight_digits(all), decimals: decimals as usize }, (end / 8) as usize))
    }

    #[inline(never)]
    fn long(bytes: &[u8]) -> Option<(Self, usize)> {
        let (mut digits, mut point, mut length) = (0_i64, None, None);
        for (place, byte) in bytes.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                digits = digits.wrapping_mul(10).wrapping_add(i64::from(digit));
            } else if *byte == b'.' {
                point = Some(place);
            } else {
                length = matches!(byte, b',' | b'}' | b' ' | b'\t').then_some(place);
                break;
            }
        }
        let length = length.filter(|length| (1..=Self::MOST_DIGITS).contains(length))?;
        Some((Self { digits, decimals: point.map_or(0, |point| length - point - 1) }, length))
    }

    fn nanos(self) -> Option<i64> {
        const STEP: [i64; 10] = [ONE, ONE / 10, ONE / 100, ONE / 1_000, 100_000, 10_000, 1_000, 100, 10, 1];
        self.digits.checked_mul(*STEP.get(self.decimals)?)
    }
}

#[inline(always)]
fn skip_space(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// The text between the quotes at that place, and where it ends; nothing for one with an escape.
fn plain_text(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    if *bytes.get(at)? != b'"' {
        return None;
    }
    let rest = bytes.get(at + 1..)?;
    let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    (rest.get(length) == Some(&b'"')).then_some((rest.get(..length)?, at + length + 2))
}

/// Where the value at that place ends; nothing for one that holds others, and for a text with an escape.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    match *bytes.get(at)? {
        b'"' => Some(plain_text(bytes, at)?.1),
        b'{' | b'[' => None,
        _ => Some(at + bytes.get(at..)?.iter().position(|byte| matches!(byte, b',' | b'}' | b' ' | b'\t'))?),
    }
}

fn is_numeric(value: &str) -> bool {
    matches!(value.as_bytes().first(), Some(b'-' | b'0'..=b'9'))
}

fn price(value: &str) -> Option<i64> {
    if is_numeric(value) { nanos_from_number(value).ok() } else { None }
}

fn count(value: &str) -> Option<i64> {
    if is_numeric(value) { scale(value, 0, Rounding::Refuse).ok().filter(|count| *count >= 0) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_whatever_stands_around_them() {
        let wanted = Figures {
            net_change: Some(-12_750_000_000),
            close: Some(0),
            volume: Some(1_200),
            contract: Symbol::new("ESZ25"),
            stale: true,
            ..Figures::default()
        };
        for text in [
            r#"{"netChange":-12.75,"close":0,"volume":1200,"contract":"ESZ25","stale":true}"#,
            r#"{ "netChange" : -12.75 , "close" : 0.0, "volume" :1200.0 ,"contract":"ESZ25" ,"stale": true ,"x":"a,}b" }"#,
            r#"{"x":{"netChange":5,"y":["}",1]},"netChange":-12.75,"close":-0,"volume":12e2,"contract":"ESZ25","stale":true}"#,
            r#"{"netCh\u0061nge":-12.75,"x":"\"","close":0,"volume":1200,"contract":"ESZ25","stale":true}"#,
            r#"{"netChange":7,"netChange":-12.75,"close":0,"volume":1200,"contract":"ESZ25","stale":true}"#,
        ] {
            assert_eq!(Figures::read(Some(text)), wanted, "{text}");
        }
    }

    #[test]
    fn numbers_are_read_whatever_their_length() {
        for (text, nanos) in [
            ("0", 0),
            ("-1", -ONE),
            ("7.5", 7_500_000_000),
            ("-0.25", -250_000_000),
            ("1234567", 1_234_567 * ONE),
            ("12345678", 12_345_678 * ONE),
            ("123.456", 123_456_000_000),
            ("-123.4567", -123_456_700_000),
            ("99999.12", 99_999_120_000_000),
            ("0.123456789", 123_456_789),
            ("1e2", 100 * ONE),
        ] {
            for end in ["}", ",\"x\":1}", " }", "\t,\"open\": 12345678.5}"] {
                let figures = Figures::read(Some(&format!("{{\"close\":{text}{end}")));
                assert_eq!(figures.close, Some(nanos), "{text}{end}");
            }
        }
    }

    #[test]
    fn a_figure_of_another_type_is_none() {
        let text = r#"{"netChange":"5","open":null,"close":true,"volume":1.5,"contract":7,"stale":"true","delayed":1}"#;
        for text in [text, "{}", "{ }", r#"{"volume":-1,"contract":"es"}"#] {
            assert_eq!(Figures::read(Some(text)), Figures::default(), "{text}");
        }
        assert_eq!(Figures::read(None), Figures::default());
    }
}

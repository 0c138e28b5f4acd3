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
            let (key, after) = plain_text(bytes, at)?;
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
    #[inline]
    fn take_plain(&mut self, key: &[u8], number: Plain) -> bool {
        let place = match key {
            b"netChange" => &mut self.net_change,
            b"open" => &mut self.open,
            b"high" => &mut self.high,
            b"low" => &mut self.low,
            b"close" => &mut self.close,
            b"high52" => &mut self.high52,
            b"low52" => &mut self.low52,
            b"volume" if number.decimals == 0 && number.digits >= 0 => {
                self.volume = Some(number.digits);
                return true;
            }
            _ => return false,
        };
        let nanos = number.nanos();
        *place = nanos.or(*place);
        nanos.is_some()
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
            self.take(key.as_bytes(), cursor.between(from, cursor.position()));
            more = read.is_ok() && cursor.more(b'}').unwrap_or(false);
        }
    }

    #[inline]
    fn take(&mut self, key: &[u8], value: &str) {
        match key {
            b"netChange" => self.net_change = price(value),
            b"open" => self.open = price(value),
            b"high" => self.high = price(value),
            b"low" => self.low = price(value),
            b"close" => self.close = price(value),
            b"high52" => self.high52 = price(value),
            b"low52" => self.low52 = price(value),
            b"volume" => self.volume = count(value),
            b"contract" => {
                self.contract = value.strip_prefix('"').and_then(|rest| Symbol::new(rest.strip_suffix('"')?))
            }
            b"delayed" => self.delayed = value == "true",
            b"stale" => self.stale = value == "true",
            _ => {}
        }
    }
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
    #[inline]
    fn read(bytes: &[u8], at: usize) -> Option<(Self, usize)> {
        let negative = *bytes.get(at)? == b'-';
        let start = at + usize::from(negative);
        let (mut digits, mut point, mut end) = (0_i64, None, start);
        loop {
            match *bytes.get(end)? {
                digit @ b'0'..=b'9' => digits = digits.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')),
                b'.' => point = Some(end),
                b',' | b'}' | b' ' | b'\t' => break,
                _ => return None,
            }
            end += 1;
        }
        if end == start || end - start > Self::MOST_DIGITS {
            return None;
        }
        let decimals = point.map_or(0, |point| end - point - 1);
        Some((Self { digits: if negative { -digits } else { digits }, decimals }, end))
    }

    fn nanos(self) -> Option<i64> {
        const STEP: [i64; 10] = [ONE, ONE / 10, ONE / 100, ONE / 1_000, 100_000, 10_000, 1_000, 100, 10, 1];
        self.digits.checked_mul(*STEP.get(self.decimals)?)
    }
}

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
    fn a_figure_of_another_type_is_none() {
        let text = r#"{"netChange":"5","open":null,"close":true,"volume":1.5,"contract":7,"stale":"true","delayed":1}"#;
        for text in [text, "{}", "{ }", r#"{"volume":-1,"contract":"es"}"#] {
            assert_eq!(Figures::read(Some(text)), Figures::default(), "{text}");
        }
        assert_eq!(Figures::read(None), Figures::default());
    }
}

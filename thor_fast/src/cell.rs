//! What one cell of a quote sheet means: a number, nothing yet, or something that cannot be read.
//!
//! A cell may hold a number, a number as text (`118'27`, `+0'14`, `1,234`, `0.42%`), an Excel error as text or as the
//! integer that COM returns, or words for "not yet". None of the latter is ever a price. What a row of cells means
//! together is [`crate::sheet`]'s.

use std::borrow::Cow;

use crate::display::parse_price;
use crate::json::is_number;
use crate::price::{ONE, Rounding, nanos_from_number, scale};

/// A value as a spreadsheet gives it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// No value.
    Empty,
    /// A binary number; its shortest decimal text is the number that was typed.
    Float(f64),
    /// A whole or decimal number by its digits.
    Number(Cow<'a, str>),
    /// A text.
    Text(Cow<'a, str>),
    /// Anything else (a date, true or false), by its text.
    Other(Cow<'a, str>),
}

/// Why a cell is neither a number nor a known way to say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellFault {
    /// No price.
    NotPrice,
    /// No percentage.
    NotPercent,
    /// No whole number from 0 up to the largest allowed.
    NotCount,
    /// Not a number at all.
    NotNumber,
    /// A number beyond every price.
    TooLarge,
}

impl CellFault {
    /// What the cell is not, to stand behind its value in a sentence.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPrice => "is not a price",
            Self::NotPercent => "is not a percentage",
            Self::NotCount => "is not a whole number from 0 up",
            Self::NotNumber => "is not a number",
            Self::TooLarge => "is too large",
        }
    }
}

/// COM gives an error cell as its number among Excel's errors 2000 to 2100: -2146826246 is `#N/A`.
const COM_ERRORS: std::ops::RangeInclusive<i64> = -2_146_826_288..=-2_146_826_188;

/// Words that say that there is nothing, in lower case.
const NOTHING_YET: [&str; 10] = ["", "n/a", "!n/a", "na", "-", "--", "\u{2014}", "null", "none", "nan"];

impl Cell<'_> {
    /// The cell as its owner sees it.
    #[must_use]
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Number(text) | Self::Text(text) | Self::Other(text) => Cow::Borrowed(text),
        }
    }

    /// A price or a price change in points, in nanos. Zero is zero: its row decides about it.
    ///
    /// # Errors
    /// What is no price.
    pub fn price(&self) -> Result<Option<i64>, CellFault> {
        match self {
            Self::Text(text) => match digits(text) {
                Some(text) => parse_price(&text).map(Some).map_err(|_| CellFault::NotPrice),
                None => Ok(None),
            },
            other => other.nanos(),
        }
    }

    /// A percentage in nanos of a percent: `+0.42%` and 0.42 are the same.
    ///
    /// # Errors
    /// What is no percentage.
    pub fn percent(&self) -> Result<Option<i64>, CellFault> {
        match self {
            Self::Text(text) => match digits(&text.replace('%', "")) {
                Some(text) => {
                    let text = text.strip_prefix('+').unwrap_or(&text);
                    if !is_number(text) {
                        return Err(CellFault::NotPercent);
                    }
                    nanos_from_number(text).map(Some).map_err(|_| CellFault::TooLarge)
                }
                None => Ok(None),
            },
            other => other.nanos(),
        }
    }

    /// A size or a volume.
    ///
    /// # Errors
    /// What is no whole number from 0 to `largest`.
    pub fn count(&self, largest: i64) -> Result<Option<i64>, CellFault> {
        let text = match self {
            Self::Empty => return Ok(None),
            Self::Float(number) if !number.is_finite() => return Ok(None),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Number(text) if !is_number(text) => return Ok(None),
            Self::Number(text) => Cow::Borrowed(text.as_ref()),
            Self::Text(text) => match digits(text) {
                Some(text) => Cow::Owned(text.strip_prefix('+').unwrap_or(&text).to_owned()),
                None => return Ok(None),
            },
            Self::Other(_) => return Err(CellFault::NotNumber),
        };
        if !is_number(&text) {
            return Err(CellFault::NotCount);
        }
        match scale(&text, 0, Rounding::Refuse) {
            Ok(count) if !matches!(self, Self::Text(_)) && COM_ERRORS.contains(&count) => Ok(None),
            Ok(count) if (0..=largest).contains(&count) => Ok(Some(count)),
            _ => Err(CellFault::NotCount),
        }
    }

    /// A number that is not text.
    fn nanos(&self) -> Result<Option<i64>, CellFault> {
        let nanos = match self {
            Self::Empty => return Ok(None),
            Self::Float(number) if !number.is_finite() => return Ok(None),
            // Rust writes the shortest text that reads back as the same number: 51.274999999999999 is 51.275.
            Self::Float(number) => nanos_from_number(&number.to_string()),
            Self::Number(text) if !is_number(text) => return Ok(None),
            Self::Number(text) => nanos_from_number(text),
            Self::Text(_) | Self::Other(_) => return Err(CellFault::NotNumber),
        };
        match nanos {
            Ok(nanos) if nanos % ONE == 0 && COM_ERRORS.contains(&(nanos / ONE)) => Ok(None),
            Ok(nanos) => Ok(Some(nanos)),
            Err(_) => Err(CellFault::TooLarge),
        }
    }
}

/// The text that may hold a number, without thousands separators. Nothing for words that mean nothing yet.
fn digits(text: &str) -> Option<String> {
    let text = text.replace('\u{a0}', " ").replace('\u{2019}', "'");
    let text = text.trim();
    let lowered = text.to_lowercase();
    if NOTHING_YET.contains(&lowered.as_str()) || lowered.starts_with('#') || lowered.starts_with("loading") {
        return None;
    }
    Some(if has_thousands(text) { text.replace(',', "") } else { text.to_owned() })
}

/// Whether the text is a number with a comma before every three digits: `1,234,567.5`.
fn has_thousands(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let mut commas = false;
    let rest = groups.all(|group| {
        commas = true;
        group.len() == 3 && all_digits(group)
    });
    rest && commas && first.len() <= 3 && all_digits(first) && all_digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell<'_> {
        Cell::Text(Cow::Borrowed(text))
    }

    #[test]
    fn com_errors_are_never_prices_however_they_come() {
        for error in [-2_146_826_246_i64, -2_146_826_288, -2_146_826_252] {
            let digits = error.to_string();
            assert_eq!(Cell::Number(Cow::Borrowed(&digits)).price(), Ok(None));
            assert_eq!(Cell::Number(Cow::Borrowed(&digits)).count(10), Ok(None));
            assert_eq!(Cell::Float(-2_146_826_246.0).price(), Ok(None));
        }
    }

    #[test]
    fn texts_are_read_as_they_stand() {
        assert_eq!(text("+0'14").price(), Ok(Some(437_500_000)));
        assert_eq!(text("1,234,567").price(), Ok(Some(1_234_567 * ONE)));
        assert_eq!(text("12,34").price(), Err(CellFault::NotPrice));
        assert_eq!(text(" Loading... ").price(), Ok(None));
        assert_eq!(text("-0.30 %").percent(), Ok(Some(-300_000_000)));
        assert_eq!(text("47,202").count(1 << 31), Ok(Some(47_202)));
        assert_eq!(Cell::Float(0.1 + 0.2).price(), Ok(Some(300_000_000)));
    }
}

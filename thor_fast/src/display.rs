//! Prices as people read them: decimal places, and the 32nds of Treasury futures (`118'10`); and such texts read back.
//!
//! A handle'32nds text has the whole points, then the 32nds in two digits, then where there is one a code for the
//! eighths of a 32nd: 1 2 3 5 6 7 8 stand for 1/8 1/4 3/8 1/2 5/8 3/4 7/8; 4 and 9 are never used (CME's convention).

use crate::json::is_number;
use crate::price::{ONE, nanos_from_number, write_integer};

/// Nanos of an eighth of a 32nd, exactly.
const EIGHTH_OF_32ND: i64 = ONE / 256;

/// The third digit for 0 to 7 eighths of a 32nd.
const EIGHTH_CODES: [u8; 8] = [b'0', b'1', b'2', b'3', b'5', b'6', b'7', b'8'];

/// The most decimals that a price can have.
pub const MAX_DECIMALS: u8 = 9;

/// How an instrument's prices are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Display {
    /// That many decimal places, 0 to [`MAX_DECIMALS`].
    Decimals(u8),
    /// Handle'32nds, with a third digit only where it is not 0.
    ThirtySeconds,
    /// As many decimals as the price needs, two at least: nothing is known of the instrument, so nothing is rounded off.
    Exact,
}

/// The price as text; see [`write_price`].
#[must_use]
pub fn format_price(nanos: i64, display: Display, signed: bool) -> String {
    let mut out = Vec::with_capacity(24);
    write_price(nanos, display, signed, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// Writes the price, rounded to the nearest that the display has, ties to even.
///
/// A value that rounds to zero has no sign. With `signed` a value above zero has a plus sign, as changes are shown.
#[inline]
pub fn write_price(nanos: i64, display: Display, signed: bool, out: &mut Vec<u8>) {
    let magnitude = nanos.unsigned_abs();
    let (steps, decimals) = match display {
        Display::Decimals(decimals) => {
            let decimals = usize::from(decimals.min(MAX_DECIMALS));
            (nearest(magnitude, STEP.get(decimals).copied().unwrap_or(1)), decimals)
        }
        Display::ThirtySeconds => (nearest(magnitude, EIGHTH_OF_32ND.unsigned_abs()), 0),
        Display::Exact => {
            let decimals = crate::price::significant_decimals(nanos).max(2);
            (magnitude / STEP.get(decimals).copied().unwrap_or(1), decimals)
        }
    };
    if steps != 0 && (nanos < 0 || signed) {
        out.push(if nanos < 0 { b'-' } else { b'+' });
    }
    match display {
        Display::ThirtySeconds => write_32nds(steps, out),
        Display::Decimals(_) | Display::Exact => write_decimals(steps, decimals, out),
    }
}

/// The nanos of the last of so many decimals.
const STEP: [u64; 10] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

/// The number of steps nearest to the magnitude, ties to even. A step is 1 or even; no magnitude is above 2^63.
#[inline(always)]
pub(crate) fn nearest(magnitude: u64, step: u64) -> u64 {
    if step == 1 {
        return magnitude;
    }
    // Ties go up at first, and those that came to an odd number back again.
    let raised = magnitude + step / 2;
    let steps = raised / step;
    steps - (steps & u64::from(raised == steps * step))
}

fn write_decimals(steps: u64, decimals: usize, out: &mut Vec<u8>) {
    // The step of nine minus so many decimals is ten to the power of so many.
    let power = STEP.get(usize::from(MAX_DECIMALS) - decimals).copied().unwrap_or(1);
    write_integer(steps / power, out);
    if decimals > 0 {
        out.push(b'.');
        crate::price::write_padded(steps % power, decimals, out);
    }
}

fn write_32nds(eighths: u64, out: &mut Vec<u8>) {
    write_integer(eighths / 256, out);
    out.push(b'\'');
    let in_handle = eighths % 256;
    let digit = |value: u64| b'0' + u8::try_from(value).unwrap_or(0);
    out.extend_from_slice(&[digit(in_handle / 8 / 10), digit(in_handle / 8 % 10)]);
    let code = EIGHTH_CODES.into_iter().zip(0..).find(|(_, eighth)| *eighth == in_handle % 8);
    out.extend(code.map(|(code, _)| code).filter(|code| *code != b'0'));
}

/// The price in nanos of a text: `51.275`, `118'10`, `112'155`, `111-16`, `111-16+`, `118 10/32`, each with an optional
/// sign for the whole value and white space around it.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub fn parse_price(text: &str) -> Result<i64, &'static str> {
    let text = text.trim_matches(' ');
    let (negative, rest) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or_default()),
        Some(b'+') => (false, text.get(1..).unwrap_or_default()),
        _ => (false, text),
    };
    let magnitude = match rest.find(|character: char| !character.is_ascii_digit()) {
        Some(at) if at > 0 => {
            let (whole, fraction) = rest.split_at(at);
            match fraction.as_bytes().first() {
                Some(b'\'' | b'-') => in_points(whole, eighths_of_code(fraction.get(1..).unwrap_or_default())?)?,
                Some(b' ') => in_points(whole, eighths_of_fraction(fraction.get(1..).unwrap_or_default())?)?,
                _ => decimal(rest)?,
            }
        }
        _ => decimal(rest)?,
    };
    Ok(if negative { -magnitude } else { magnitude })
}

fn decimal(text: &str) -> Result<i64, &'static str> {
    const SHAPE: &str = "must look like 51.275, 118'10, 112'155, 111-16+ or 118 10/32";
    let whole = text.split('.').next().unwrap_or_default();
    // Leading zeros are no fault here, but an exponent or a second sign is.
    if whole.is_empty() || text.contains(['e', 'E', '-']) || !is_number(&format!("1{text}")) {
        return Err(SHAPE);
    }
    nanos_from_number(text).map_err(|_| TOO_LARGE)
}

const TOO_LARGE: &str = "must be at most 9223372036.854775807";

fn in_points(whole: &str, eighths: i64) -> Result<i64, &'static str> {
    let points = nanos_from_number(whole).map_err(|_| TOO_LARGE)?;
    points.checked_add(eighths * EIGHTH_OF_32ND).ok_or(TOO_LARGE)
}

/// Eighths of a 32nd of `10`, `155` or `16+`.
fn eighths_of_code(text: &str) -> Result<i64, &'static str> {
    const SHAPE: &str = "must have two digits of 32nds, then at most a digit of 1 2 3 5 6 7 8 or a plus for a half";
    let [tens, ones, third @ ..] = text.as_bytes() else {
        return Err(SHAPE);
    };
    let eighths = match third {
        [] => 0,
        [b'+'] => 4,
        [code] => {
            EIGHTH_CODES.into_iter().zip(0..).find(|(known, _)| known == code).map(|(_, eighth)| eighth).ok_or(SHAPE)?
        }
        _ => return Err(SHAPE),
    };
    Ok(thirty_seconds(*tens, *ones, SHAPE)? * 8 + eighths)
}

/// Eighths of a 32nd of `10/32`.
fn eighths_of_fraction(text: &str) -> Result<i64, &'static str> {
    const SHAPE: &str = "must have one or two digits of 32nds before /32";
    match text.strip_suffix("/32").map(str::as_bytes) {
        Some([ones]) => Ok(thirty_seconds(b'0', *ones, SHAPE)? * 8),
        Some([tens, ones]) => Ok(thirty_seconds(*tens, *ones, SHAPE)? * 8),
        _ => Err(SHAPE),
    }
}

fn thirty_seconds(tens: u8, ones: u8, shape: &'static str) -> Result<i64, &'static str> {
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return Err(shape);
    }
    let count = i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    if count < 32 { Ok(count) } else { Err("must have fewer than 32 32nds") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Display::{Decimals, Exact, ThirtySeconds};

    fn nanos(text: &str) -> i64 {
        nanos_from_number(text).unwrap()
    }

    #[test]
    fn halves_round_to_even_and_nothing_goes_through_a_float() {
        for (value, display, text) in [
            ("2.675", Decimals(2), "2.68"),
            ("1.005", Decimals(2), "1.00"),
            ("1.015", Decimals(2), "1.02"),
            ("46669.0", Decimals(0), "46669"),
            ("0.5", Decimals(0), "0"),
            ("1.5", Decimals(0), "2"),
            ("-0.004", Decimals(2), "0.00"),
            ("-0.5", Decimals(2), "-0.50"),
            ("9.999", Decimals(2), "10.00"),
            ("0.000000001", Decimals(9), "0.000000001"),
            ("9223372036.854775807", Decimals(2), "9223372036.85"),
            ("118.3125", Exact, "118.3125"),
            ("118", Exact, "118.00"),
            ("-0.1", Exact, "-0.10"),
            ("0", Exact, "0.00"),
        ] {
            assert_eq!(format_price(nanos(value), display, false), text, "{value}");
        }
    }

    #[test]
    fn thirty_seconds_carry_and_keep_the_sign_of_the_whole() {
        for (value, text) in [
            ("118.3125", "118'10"),
            ("101.8203125", "101'262"),
            ("112.484375", "112'155"),
            ("117.9921875", "117'317"),
            ("117.999", "118'00"),
            ("-0.1875", "-0'06"),
            ("0", "0'00"),
            ("-0.0001", "0'00"),
            ("118.03125", "118'01"),
            ("9223372036.854775807", "9223372036'273"),
        ] {
            assert_eq!(format_price(nanos(value), ThirtySeconds, false), text, "{value}");
        }
        assert_eq!(format_price(nanos("0.4375"), ThirtySeconds, true), "+0'14");
        assert_eq!(format_price(nanos("-0.28125"), ThirtySeconds, true), "-0'09");
        assert_eq!(format_price(0, ThirtySeconds, true), "0'00");
        assert_eq!(format_price(nanos("0.25"), Decimals(2), true), "+0.25");
    }

    #[test]
    fn texts_are_read_exactly() {
        for (text, value) in [
            ("118'10", "118.3125"),
            ("+0'14", "0.4375"),
            ("-0'09", "-0.28125"),
            ("0'00", "0"),
            ("112'155", "112.484375"),
            ("117'317", "117.9921875"),
            ("111-16", "111.5"),
            ("111-16+", "111.515625"),
            ("-111-16", "-111.5"),
            ("118 10/32", "118.3125"),
            ("118 5/32", "118.15625"),
            ("51.275", "51.275"),
            (" -0.5 ", "-0.5"),
            ("+7", "7"),
            ("112'150", "112.46875"),
            ("007", "7"),
        ] {
            assert_eq!(parse_price(text), Ok(nanos(value)), "{text}");
        }
        for text in [
            "",
            "-",
            "abc",
            "118'",
            "118'1",
            "118'32",
            "118'104",
            "118'109",
            "118'1000",
            "118'10++",
            "118 32/32",
            "118 10/64",
            "118 /32",
            "'10",
            "1e3",
            "NaN",
            "1,000",
            "1.",
            ".5",
            "1.2.3",
            "--1",
            "+-1",
            "118'-1",
            "99999999999",
            "9223372036'31",
            "118’10",
            "1 2",
            "118\n",
        ] {
            assert!(parse_price(text).is_err(), "{text}");
        }
    }
}

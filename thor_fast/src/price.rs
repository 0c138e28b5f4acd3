//! Prices as integers in units of 1e-9 ("nanos"): read exactly from a JSON number, written as the shortest decimal.
//!
//! No value passes through a binary float. How a price is shown to people is [`crate::display`]'s.

/// Nanos of one whole unit.
pub const ONE: i64 = 1_000_000_000;

/// The largest magnitude of a price in nanos, about 9.2 billion; the range is symmetric.
pub const MAX_NANOS: i64 = i64::MAX;

/// What to do with digits that the unit cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, ties to the even neighbour.
    HalfEven,
    /// To the next lower value.
    Floor,
    /// Refuse them, unless they are zeros.
    Refuse,
}

/// Why a number has no scaled integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleFault {
    /// It has digits below the unit and [`Rounding::Refuse`] was asked for.
    Fraction,
    /// Its magnitude is over `i64::MAX` units.
    TooLarge,
}

/// The price in nanos that a JSON number names; more than nine decimals are rounded half-even.
///
/// # Errors
/// [`ScaleFault::TooLarge`] beyond [`MAX_NANOS`].
pub fn nanos_from_number(token: &str) -> Result<i64, ScaleFault> {
    scale(token, 9, Rounding::HalfEven)
}

/// The number `token`, which must follow JSON's grammar, in units of `10^-decimals`.
///
/// # Errors
/// A number that does not fit, or has a fraction where none is allowed.
pub fn scale(token: &str, decimals: u32, rounding: Rounding) -> Result<i64, ScaleFault> {
    match scale_short(token.as_bytes(), decimals) {
        Some(value) => Ok(value),
        None => scale_any(token, decimals, rounding),
    }
}

/// The usual number: few digits, no exponent, no more decimals than the unit has. Nothing for any other.
fn scale_short(token: &[u8], decimals: u32) -> Option<i64> {
    let (negative, digits) = match token {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() > 18 {
        return None;
    }
    let mut mantissa: i64 = 0;
    let mut fraction_from = digits.len();
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + i64::from(byte - b'0'),
            b'.' => fraction_from = at + 1,
            _ => return None,
        }
    }
    let missing = decimals.checked_sub(u32::try_from(digits.len() - fraction_from).ok()?)?;
    let value = mantissa.checked_mul(10_i64.checked_pow(missing)?)?;
    Some(if negative { -value } else { value })
}

/// Any number, digit by digit.
fn scale_any(token: &str, decimals: u32, rounding: Rounding) -> Result<i64, ScaleFault> {
    let (negative, digits) = match token.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, token),
    };
    let (mantissa, exponent) = split_exponent(digits);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = || whole.bytes().chain(fraction.bytes());
    let leading_zeros = all().take_while(|byte| *byte == b'0').count();
    let significant = whole.len() + fraction.len() - leading_zeros;
    if significant == 0 {
        return Ok(0);
    }
    // How many of the significant digits stand before the unit's point.
    let kept = signed(whole.len()) - signed(leading_zeros) + exponent.saturating_add(i64::from(decimals));
    if kept > 19 {
        return Err(ScaleFault::TooLarge);
    }
    let mut magnitude: u64 = 0;
    let mut digits = all().skip(leading_zeros);
    for _ in 0..kept.max(0) {
        let digit = digits.next().map_or(0, |byte| u64::from(byte - b'0'));
        magnitude = magnitude.checked_mul(10).and_then(|value| value.checked_add(digit)).ok_or(ScaleFault::TooLarge)?;
    }
    let first_dropped = if kept < 0 { b'0' } else { digits.next().unwrap_or(b'0') };
    let below = Below { first: first_dropped, more: digits.any(|byte| byte != b'0') || kept < 0 };
    let magnitude = below.round(magnitude, negative, rounding)?;
    let value = i64::try_from(magnitude).map_err(|_| ScaleFault::TooLarge)?;
    Ok(if negative { -value } else { value })
}

/// What is left of a number below its unit: the next digit and whether anything but zeros follows it.
struct Below {
    first: u8,
    more: bool,
}

impl Below {
    fn round(&self, magnitude: u64, negative: bool, rounding: Rounding) -> Result<u64, ScaleFault> {
        let inexact = self.first != b'0' || self.more;
        let up = match rounding {
            Rounding::Refuse if inexact => return Err(ScaleFault::Fraction),
            Rounding::Refuse => false,
            Rounding::Floor => negative && inexact,
            Rounding::HalfEven => self.first > b'5' || (self.first == b'5' && (self.more || magnitude % 2 == 1)),
        };
        magnitude.checked_add(u64::from(up)).ok_or(ScaleFault::TooLarge)
    }
}

fn split_exponent(digits: &str) -> (&str, i64) {
    let Some((mantissa, exponent)) = digits.split_once(['e', 'E']) else {
        return (digits, 0);
    };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => (-1, exponent),
        None => (1, exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    // A bound far beyond any input's length stands for every larger exponent.
    let size = exponent.bytes().fold(0_i64, |value, byte| (value * 10 + i64::from(byte - b'0')).min(1_000_000_000));
    (mantissa, sign * size)
}

fn signed(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Writes the price as the shortest exact decimal with at least one decimal place: `4799.0`, `118.3125`, `-0.5`.
pub fn write_nanos(nanos: i64, out: &mut Vec<u8>) {
    if nanos < 0 {
        out.push(b'-');
    }
    let magnitude = nanos.unsigned_abs();
    write_integer(magnitude / ONE.unsigned_abs(), out);
    out.push(b'.');
    let decimals = significant_decimals(nanos).max(1);
    let dropped = 10_u64.pow(u32::try_from(9 - decimals).unwrap_or(0));
    write_padded(magnitude % ONE.unsigned_abs() / dropped, decimals, out);
}

/// The number of decimals that the price needs, 0 to 9.
#[must_use]
pub fn significant_decimals(nanos: i64) -> usize {
    let mut fraction = u32::try_from(nanos.unsigned_abs() % ONE.unsigned_abs()).unwrap_or(0);
    if fraction == 0 {
        return 0;
    }
    // A fraction that is not zero has at most eight zeros at its end.
    let mut decimals = 9;
    for (zeros, power) in [(8, 100_000_000), (4, 10_000), (2, 100), (1, 10)] {
        if fraction.is_multiple_of(power) {
            fraction /= power;
            decimals -= zeros;
        }
    }
    decimals
}

/// The two digits of every number below 100.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number: u8 = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

/// Writes an unsigned integer in decimal.
pub(crate) fn write_integer(mut value: u64, out: &mut Vec<u8>) {
    let mut text = [b'0'; 20];
    let mut left = text.len();
    while value >= 10 {
        left -= 2;
        put_pair(&mut text, left, value % 100);
        value /= 100;
    }
    // One digit is left, or none where a pair was the last.
    if value > 0 || left == text.len() {
        left -= 1;
        text[left] = b'0' + u8::try_from(value).unwrap_or(0);
    }
    out.extend_from_slice(text.get(left..).unwrap_or_default());
}

/// Writes the last `digits` (at most 20) decimal digits of a number, zeros before it.
pub(crate) fn write_padded(mut value: u64, digits: usize, out: &mut Vec<u8>) {
    let mut text = [b'0'; 20];
    let mut left = text.len();
    while value > 0 && left >= 2 {
        left -= 2;
        put_pair(&mut text, left, value % 100);
        value /= 100;
    }
    out.extend_from_slice(text.get(text.len().saturating_sub(digits)..).unwrap_or_default());
}

#[inline(always)]
fn put_pair(text: &mut [u8; 20], at: usize, value: u64) {
    let pair = PAIRS.get(usize::try_from(value).unwrap_or(0)).copied().unwrap_or([b'0'; 2]);
    if let Some(place) = text.get_mut(at..at + 2) {
        place.copy_from_slice(&pair);
    }
}

/// Writes a signed integer in decimal.
pub(crate) fn write_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_integer(value.unsigned_abs(), out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(nanos: i64) -> String {
        let mut out = Vec::new();
        write_nanos(nanos, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_become_exact_nanos() {
        for (token, nanos) in [
            ("0", 0),
            ("-0.0", 0),
            ("1", ONE),
            ("4799.5", 4_799_500_000_000),
            ("-37.63", -37_630_000_000),
            ("118.3125", 118_312_500_000),
            ("1e-9", 1),
            ("1.5e3", 1_500 * ONE),
            ("15E-1", 1_500_000_000),
            ("0.0000000005", 0),
            ("0.0000000015", 2),
            ("0.00000000051", 1),
            ("-0.0000000015", -2),
            ("2.6750000005", 2_675_000_000),
            ("2.6750000015", 2_675_000_002),
            ("51.274999999999999", 51_275_000_000),
            ("0e99999999999999999999", 0),
            ("9223372036.854775807", i64::MAX),
            ("-9223372036.854775807", -i64::MAX),
            ("1e-999999999999999999999", 0),
        ] {
            assert_eq!(nanos_from_number(token), Ok(nanos), "{token}");
        }
        assert_eq!(nanos_from_number(&format!("0.{}1e1000", "0".repeat(999))), Ok(ONE));
        assert_eq!(nanos_from_number(&format!("1{}e-1000", "0".repeat(1000))), Ok(ONE));
        for token in
            ["9223372036.854775808", "1e10", "9223372036.8547758075", "1e999999999999999999999", "99999999999999999999"]
        {
            assert_eq!(nanos_from_number(token), Err(ScaleFault::TooLarge), "{token}");
        }
    }

    #[test]
    fn rounding_is_as_asked() {
        assert_eq!(scale("2.0", 0, Rounding::Refuse), Ok(2));
        assert_eq!(scale("25e-1", 0, Rounding::Refuse), Err(ScaleFault::Fraction));
        assert_eq!(scale("1e-30", 0, Rounding::Refuse), Err(ScaleFault::Fraction));
        assert_eq!(scale("20e-1", 0, Rounding::Refuse), Ok(2));
        assert_eq!(scale("1.9999", 3, Rounding::Floor), Ok(1_999));
        assert_eq!(scale("-1.9991", 3, Rounding::Floor), Ok(-2_000));
        assert_eq!(scale("-1e-20", 3, Rounding::Floor), Ok(-1));
        assert_eq!(scale("9223372036854775807", 0, Rounding::Refuse), Ok(i64::MAX));
        assert_eq!(scale("9223372036854775808", 0, Rounding::Refuse), Err(ScaleFault::TooLarge));
    }

    #[test]
    fn prices_are_written_shortest() {
        for (nanos, text) in [
            (0, "0.0"),
            (ONE, "1.0"),
            (4_799_500_000_000, "4799.5"),
            (118_312_500_000, "118.3125"),
            (-1, "-0.000000001"),
            (i64::MAX, "9223372036.854775807"),
            (-37_630_000_000, "-37.63"),
        ] {
            assert_eq!(written(nanos), text);
            assert_eq!(nanos_from_number(text), Ok(nanos));
        }
    }
}

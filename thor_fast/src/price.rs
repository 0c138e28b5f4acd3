//! Prices as integers in units of 1e-9 ("nanos"): read exactly from a JSON number, written as the shortest decimal.
//!
//! No value passes through a binary float. How a price is shown to people is [`crate::display`]'s.

use crate::fill::Filler;

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

/// Bytes that a number has at most, and room to write it in steps.
pub(crate) const NUMBER_ROOM: usize = 32;

/// Writes the price as the shortest exact decimal with at least one decimal place: `4799.0`, `118.3125`, `-0.5`.
pub fn write_nanos(nanos: i64, out: &mut Vec<u8>) {
    write(out, |room| put_nanos(nanos, room));
}

/// Writes an unsigned integer in decimal.
pub(crate) fn write_integer(value: u64, out: &mut Vec<u8>) {
    write(out, |room| put_integer(value, room));
}

/// Writes a signed integer in decimal.
pub(crate) fn write_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_integer(value.unsigned_abs(), out);
}

fn write(out: &mut Vec<u8>, put: impl FnOnce(&mut Filler<'_>)) {
    let mut room = [0; NUMBER_ROOM];
    let mut filler = Filler::new(&mut room);
    put(&mut filler);
    let filled = filler.filled();
    out.extend_from_slice(room.get(..filled).unwrap_or_default());
}

/// [`write_nanos`] into room that is there.
#[inline(always)]
pub(crate) fn put_nanos(nanos: i64, out: &mut Filler<'_>) {
    if nanos < 0 {
        out.put(*b"-");
    }
    let magnitude = nanos.unsigned_abs();
    put_integer(magnitude / ONE.unsigned_abs(), out);
    let fraction = magnitude % ONE.unsigned_abs();
    let (eight, ninth) = (eight_digits(fraction / 10), (fraction % 10).to_le_bytes());
    // The last digit lies in the highest byte, so zeros at the end are bytes of zero at the top.
    let decimals = if ninth[0] == 0 { 8 - eight.leading_zeros() as usize / 8 } else { 9 };
    out.put(*b".");
    if decimals > 8 {
        out.put((eight | ASCII).to_le_bytes());
        out.put([ninth[0] | b'0']);
    } else {
        out.put_part(&(eight | ASCII).to_le_bytes(), decimals.max(1));
    }
}

/// [`write_integer`] into room that is there.
#[inline(always)]
pub(crate) fn put_integer(value: u64, out: &mut Filler<'_>) {
    const EIGHT: u64 = 100_000_000;
    if value < EIGHT {
        put_leading(value, out);
    } else {
        put_long(value, out);
    }
}

/// An integer of more than eight digits.
#[inline(never)]
fn put_long(value: u64, out: &mut Filler<'_>) {
    const EIGHT: u64 = 100_000_000;
    if value < EIGHT * EIGHT {
        put_leading(value / EIGHT, out);
    } else {
        put_leading(value / (EIGHT * EIGHT), out);
        out.put((eight_digits(value / EIGHT % EIGHT) | ASCII).to_le_bytes());
    }
    out.put((eight_digits(value % EIGHT) | ASCII).to_le_bytes());
}

/// An integer of at most eight digits, without zeros before it.
#[inline(always)]
fn put_leading(value: u64, out: &mut Filler<'_>) {
    let digits = eight_digits(value);
    // The last digit stands even where it is zero.
    let zeros = (digits | 1 << 56).trailing_zeros() / 8;
    out.put_part(&((digits | ASCII) >> (8 * zeros)).to_le_bytes(), 8 - zeros as usize);
}

/// What makes a digit's value its character, for eight at once.
pub(crate) const ASCII: u64 = 0x3030_3030_3030_3030;

/// The digits of a number below 10^8 as eight bytes from 0 to 9, the first the most significant.
#[inline(always)]
pub(crate) const fn eight_digits(number: u64) -> u64 {
    // Each step halves the digits of every part: in 10,000s, hundreds, tens, by a multiplication that divides.
    let fours = (number / 10_000) | ((number % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = hundreds | ((fours - 100 * hundreds) << 16);
    let tens = ((pairs * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((pairs - 10 * tens) << 8)
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

/// Writes the last `digits` (at most 16) decimal digits of a number, zeros before it.
pub(crate) fn write_padded(value: u64, digits: usize, out: &mut Vec<u8>) {
    const EIGHT: u64 = 100_000_000;
    let halves = [value / EIGHT % EIGHT, value % EIGHT].map(|half| (eight_digits(half) | ASCII).to_le_bytes());
    out.extend_from_slice(halves.as_flattened().get(16_usize.saturating_sub(digits)..).unwrap_or_default());
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
    fn all_eight_digits_are_right() {
        for number in (0..100_000_000).step_by(9_973).chain([99_999_999, 10_000, 9_999, 99, 100, 12_345_678]) {
            let digits = format!("{number:08}").bytes().map(|digit| digit - b'0').collect::<Vec<_>>();
            assert_eq!(eight_digits(number).to_le_bytes().to_vec(), digits, "{number}");
        }
    }

    #[test]
    fn integers_are_written_as_they_are() {
        let edges = (0..20).map(|power| 10_u64.pow(power)).flat_map(|power| [power - 1, power, power + 1]);
        for number in edges.chain([u64::MAX, 90_000_000_000, 1_763_836_800_123]) {
            let mut out = Vec::new();
            write_integer(number, &mut out);
            assert_eq!(out, number.to_string().as_bytes());
            out.clear();
            write_padded(number, 6, &mut out);
            assert_eq!(out, format!("{:06}", number % 1_000_000).as_bytes());
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

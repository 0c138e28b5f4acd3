//! Instants as integer microseconds since 1970 in UTC: read from ISO 8601 or epoch milliseconds, written as ISO 8601.
//!
//! Hand-written because two fixed shapes are all there is. The range is the years 1 to 9999, which Python's
//! `datetime` and Postgres' `timestamptz` both hold. Digits past the microsecond are cut off towards the past, so a
//! time is never later than its source said, and both spellings of one instant give the same number.

use crate::price::{ASCII, eight_digits};

const DAY_US: i64 = 86_400_000_000;

/// 0001-01-01T00:00:00Z.
pub const MIN_US: i64 = -62_135_596_800_000_000;
/// 9999-12-31T23:59:59.999999Z.
pub const MAX_US: i64 = 253_402_300_799_999_999;

/// Microseconds UTC of an ISO 8601 text `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh[:mm]|±hhmm)` with one to nine digits of fraction.
///
/// `T` and `Z` may be lower case. Second 60 is a leap second where one can be, at the end of 30 June or 31 December in
/// UTC, and counts as the second after it.
///
/// # Errors
/// What is wrong, as the end of a sentence.
pub fn parse_iso(text: &str) -> Result<i64, &'static str> {
    const SHAPE: &str = "must look like 2025-01-31T17:00:00.123456Z";
    let mut digits = Digits { bytes: text.as_bytes() };
    let year = digits.number(4).ok_or(SHAPE)?;
    let month = digits.after(b'-').and_then(|_| digits.number(2)).ok_or(SHAPE)?;
    let day = digits.after(b'-').and_then(|_| digits.number(2)).ok_or(SHAPE)?;
    digits.after(b'T').or_else(|| digits.after(b't')).ok_or(SHAPE)?;
    let hour = digits.number(2).ok_or(SHAPE)?;
    let minute = digits.after(b':').and_then(|_| digits.number(2)).ok_or(SHAPE)?;
    let second = digits.after(b':').and_then(|_| digits.number(2)).ok_or(SHAPE)?;
    let fraction = match digits.after(b'.') {
        Some(()) => digits.fraction().ok_or("must have one to nine digits of fraction")?,
        None => 0,
    };
    let offset_minutes = digits.zone().ok_or("must end with Z or an offset such as +01:00")?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return Err("names a day that does not exist");
    }
    if hour > 23 || minute > 59 || second > 60 {
        return Err("names a time of day that does not exist");
    }
    let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + (minute - offset_minutes) * 60 + second;
    if second == 60 && !ends_a_half_year(seconds) {
        return Err("has second 60 where no leap second can be");
    }
    in_range(seconds * 1_000_000 + fraction).ok_or("must lie in the years 1 to 9999 in UTC")
}

/// The instant, where it lies in the years 1 to 9999.
#[must_use]
pub fn in_range(us: i64) -> Option<i64> {
    (MIN_US..=MAX_US).contains(&us).then_some(us)
}

/// Writes `YYYY-MM-DDThh:mm:ss.ffffffZ`, always with six digits of fraction.
pub fn write_iso(us: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(&iso(us));
}

/// The text that [`write_iso`] writes.
#[inline]
pub(crate) fn iso(us: i64) -> [u8; 27] {
    let us = us.clamp(MIN_US, MAX_US).abs_diff(MIN_US);
    let (days, in_day) = (us / DAY_US.unsigned_abs(), us % DAY_US.unsigned_abs());
    let (year, month, day) = civil_from_days(days.cast_signed() + MIN_US.div_euclid(DAY_US));
    let second = in_day / 1_000_000;
    let date = digits(year.unsigned_abs() * 10_000 + month.unsigned_abs() * 100 + day.unsigned_abs());
    let time = digits(second / 3_600 * 10_000 + second / 60 % 60 * 100 + second % 60);
    let fraction = digits(in_day % 1_000_000);
    let [_, _, h, i, m, n, s, t] = time;
    let [_, _, a, b, c, d, e, f] = fraction;
    let [y1, y2, y3, y4, m1, m2, d1, d2] = date;
    [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h, i, b':', m, n, b':', s, t, b'.', a, b, c, d, e, f, b'Z']
}

/// The eight digits of a number below 10^8.
fn digits(number: u64) -> [u8; 8] {
    (eight_digits(number) | ASCII).to_le_bytes()
}

/// Reads fixed-width parts from the front of a text.
struct Digits<'a> {
    bytes: &'a [u8],
}

impl Digits<'_> {
    fn after(&mut self, expected: u8) -> Option<()> {
        let (first, rest) = self.bytes.split_first()?;
        (*first == expected).then(|| self.bytes = rest)
    }

    fn number(&mut self, width: usize) -> Option<i64> {
        let (head, rest) = self.bytes.split_at_checked(width)?;
        let value = head.iter().try_fold(0, |value, byte| digit(*byte).map(|digit| value * 10 + digit))?;
        self.bytes = rest;
        Some(value)
    }

    fn fraction(&mut self) -> Option<i64> {
        let count = self.bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&count) {
            return None;
        }
        let kept = self.number(count.min(6))?;
        self.number(count.saturating_sub(6))?;
        Some((count..6).fold(kept, |value, _| value * 10))
    }

    /// The offset in minutes; nothing may follow it.
    fn zone(&mut self) -> Option<i64> {
        if let b"Z" | b"z" = self.bytes {
            return Some(0);
        }
        let sign = match self.bytes.first()? {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.number_after_sign().map(|minutes| sign * minutes)
    }

    fn number_after_sign(&mut self) -> Option<i64> {
        self.bytes = self.bytes.get(1..)?;
        let hours = self.number(2)?;
        let minutes = if self.bytes.is_empty() {
            0
        } else {
            let _optional = self.after(b':');
            self.number(2)?
        };
        (hours <= 23 && minutes <= 59 && self.bytes.is_empty()).then_some(hours * 60 + minutes)
    }
}

fn digit(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

const fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + is_leap(year) as i64,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether these seconds since 1970 are the midnight after 30 June or 31 December.
fn ends_a_half_year(seconds: i64) -> bool {
    let (_, month, day) = civil_from_days(seconds.div_euclid(86_400));
    seconds.rem_euclid(86_400) == 0 && day == 1 && (month == 1 || month == 7)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`]: year, month, day.
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(us: i64) -> String {
        let mut out = Vec::new();
        write_iso(us, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn known_instants() {
        for (text, us) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2023-12-25T22:00:00.180087Z", 1_703_541_600_180_087),
            ("2023-12-25T16:00:00.180087-06:00", 1_703_541_600_180_087),
            ("2023-12-25t22:00:00.1800879z", 1_703_541_600_180_087),
            ("2023-12-26T00:00:00.180087999+0200", 1_703_541_600_180_087),
            ("2023-12-25T23:00:00.18+01", 1_703_541_600_180_000),
            ("1969-12-31T23:59:59.9Z", -100_000),
            ("0001-01-01T00:00:00Z", MIN_US),
            ("9999-12-31T23:59:59.999999999Z", MAX_US),
            ("2016-12-31T23:59:60.5Z", 1_483_228_800_500_000),
            ("2017-01-01T00:59:60+01:00", 1_483_228_800_000_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ] {
            assert_eq!(parse_iso(text), Ok(us), "{text}");
        }
    }

    #[test]
    fn refused_texts() {
        for text in [
            "",
            "2023",
            "2023-12-25",
            "2023-12-25T22:00:00",
            "2023-12-25T22:00Z",
            "2023-12-25 22:00:00Z",
            "2023-12-25T22:00:00.Z",
            "2023-12-25T22:00:00.1234567890Z",
            "2023-12-25T22:00:00,1Z",
            "2023-12-25T24:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-01-00T00:00:00Z",
            "2023-12-25T22:60:00Z",
            "2023-12-25T22:00:61Z",
            "2023-12-25T22:00:60Z",
            "2016-12-31T22:59:60Z",
            "2023-12-25T22:00:00+24:00",
            "2023-12-25T22:00:00+01:60",
            "2023-12-25T22:00:00+1",
            "2023-12-25T22:00:00+01:",
            "2023-12-25T22:00:00ZZ",
            "2023-12-25T22:00:00Z ",
            " 2023-12-25T22:00:00Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "0000-01-01T00:00:00Z",
            "+2023-12-25T22:00:00Z",
            "２023-12-25T22:00:00Z",
        ] {
            assert!(parse_iso(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_day_of_the_range_comes_back() {
        for day in (MIN_US / DAY_US..=MAX_US / DAY_US).step_by(17) {
            let us = day * DAY_US + 12_345_678;
            assert_eq!(parse_iso(&written(us)), Ok(us));
        }
        assert_eq!(written(MIN_US), "0001-01-01T00:00:00.000000Z");
        assert_eq!(written(MAX_US), "9999-12-31T23:59:59.999999Z");
    }
}

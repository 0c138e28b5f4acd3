//! A JSON object's members, written into room that is kept from one object to the next.
//!
//! How much room an object needs at most is the caller's to know. Names come as [`member!`] makes them.

use crate::classify::Signal;
use crate::display::{Display, nearest, write_price};
use crate::fill::Filler;
use crate::price::{ASCII, eight_digits, put_integer, put_nanos};
use crate::time::iso;

const DAY_US: i64 = 86_400_000_000;
const DATE: usize = "2025-01-31".len();

/// A member's name as it is written, with the comma before it.
macro_rules! member {
    ($name:literal) => {
        concat!(",\"", $name, "\":")
    };
}
pub(super) use member;

/// Room, and the date that was written last: nearly all instants of a moment lie on one day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slate {
    room: Vec<u8>,
    spare: Vec<u8>,
    date: Date,
    text: Vec<u8>,
}

/// A part of an object whose text is kept, and written again for as long as it says the same.
#[derive(Clone, Debug)]
pub(super) struct Fragment<const N: usize> {
    says: [i64; N],
    text: Vec<u8>,
}

impl<const N: usize> Default for Fragment<N> {
    fn default() -> Self {
        Self { says: [0; N], text: Vec::new() }
    }
}

impl<const N: usize> Fragment<N> {
    /// Writes what `write` writes, which depends on what it says and on nothing else.
    #[inline(always)]
    pub(super) fn write(
        &mut self,
        says: [Option<i64>; N],
        out: &mut Members<'_>,
        write: impl FnOnce(&mut Members<'_>),
    ) {
        // No price is the least number of all.
        let says = says.map(|value| value.unwrap_or(i64::MIN));
        // One comparison in the end, which is quicker than a call to compare memory.
        let differs = self.says.iter().zip(&says).fold(0, |differs, (was, is)| differs | (was ^ is)) != 0;
        if differs || self.text.is_empty() {
            self.says = says;
            out.fill(&mut self.text, write);
        }
        out.raw(&self.text);
    }
}

#[derive(Clone, Copy, Debug)]
struct Date {
    day: i64,
    text: [u8; DATE],
}

impl Default for Date {
    fn default() -> Self {
        Self { day: 0, text: *b"1970-01-01" }
    }
}

impl Date {
    fn of(&mut self, day: i64) -> [u8; DATE] {
        if self.day != day {
            let mut text = [0; DATE];
            text.iter_mut().zip(iso(day.saturating_mul(DAY_US))).for_each(|(to, from)| *to = from);
            *self = Self { day, text };
        }
        self.text
    }
}

impl Slate {
    /// What `write` writes into at most `most` bytes.
    pub(super) fn written(&mut self, most: usize, write: impl FnOnce(&mut Members<'_>)) -> &[u8] {
        if self.room.len() < most {
            self.room.resize(most, 0);
            self.spare.resize(most, 0);
        }
        let Self { room, spare, date, text } = self;
        let mut members = Members { out: Filler::new(room), spare, date, text };
        write(&mut members);
        let filled = members.out.filled();
        self.room.get(..filled).unwrap_or_default()
    }
}

/// Members of a JSON object, each with a comma before it.
pub(super) struct Members<'p> {
    out: Filler<'p>,
    spare: &'p mut [u8],
    date: &'p mut Date,
    text: &'p mut Vec<u8>,
}

impl Members<'_> {
    /// Puts what `write` writes into `text`, instead of here.
    fn fill(&mut self, text: &mut Vec<u8>, write: impl FnOnce(&mut Members<'_>)) {
        let mut members = Members {
            out: Filler::new(&mut *self.spare),
            spare: &mut [],
            date: &mut *self.date,
            text: &mut *self.text,
        };
        write(&mut members);
        let filled = members.out.filled();
        text.clear();
        text.extend_from_slice(self.spare.get(..filled).unwrap_or_default());
    }

    /// Bytes as they are.
    #[inline(always)]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.out.copy(bytes);
    }

    #[inline(always)]
    pub(super) fn key(&mut self, member: &'static str) {
        self.out.copy(member.as_bytes());
    }

    #[inline(always)]
    pub(super) fn nothing(&mut self, member: &'static str) {
        self.key(member);
        self.null();
    }

    #[inline(always)]
    fn null(&mut self) {
        self.out.put(*b"null");
    }

    /// A text that needs no escape.
    #[inline(always)]
    pub(super) fn text(&mut self, member: &'static str, value: &[u8]) {
        self.key(member);
        self.quoted(value);
    }

    fn quoted(&mut self, value: &[u8]) {
        self.out.put(*b"\"");
        self.out.copy(value);
        self.out.put(*b"\"");
    }

    pub(super) fn signal(&mut self, member: &'static str, signal: Option<Signal>) {
        match signal {
            Some(signal) => self.text(member, signal.as_str().as_bytes()),
            None => self.nothing(member),
        }
    }

    #[inline(always)]
    pub(super) fn int(&mut self, member: &'static str, value: i64) {
        self.key(member);
        self.whole(Some(value));
    }

    #[inline(always)]
    pub(super) fn int_or_null(&mut self, member: &'static str, value: Option<i64>) {
        self.key(member);
        self.whole(value);
    }

    pub(super) fn count(&mut self, member: &'static str, value: usize) {
        self.int(member, i64::try_from(value).unwrap_or(i64::MAX));
    }

    #[inline(never)]
    fn whole(&mut self, value: Option<i64>) {
        let Some(value) = value else { return self.null() };
        if value < 0 {
            self.out.put(*b"-");
        }
        put_integer(value.unsigned_abs(), &mut self.out);
    }

    pub(super) fn flag(&mut self, member: &'static str, value: bool) {
        self.key(member);
        self.raw(if value { b"true" } else { b"false" });
    }

    /// A number in units of 1e-9, or null.
    #[inline(always)]
    pub(super) fn nanos(&mut self, member: &'static str, value: Option<i64>) {
        self.key(member);
        self.number(value);
    }

    /// Such a number; most have four decimals and eight digits at most.
    #[inline(never)]
    pub(super) fn number(&mut self, value: Option<i64>) {
        const STEP: u64 = 100_000;
        let Some(value) = value else { return self.null() };
        let (steps, below) = (value.unsigned_abs() / STEP, value.unsigned_abs() % STEP);
        if below != 0 || steps >= EIGHT_DIGITS {
            return put_nanos(value, &mut self.out);
        }
        if value < 0 {
            self.out.put(*b"-");
        }
        put_pointed::<4, false>(steps, &mut self.out);
    }

    /// A price as a JSON text, or null.
    #[inline(always)]
    pub(super) fn price(&mut self, member: &'static str, value: Option<i64>, display: Display, signed: bool) {
        self.key(member);
        self.price_text(value, display, signed);
    }

    #[inline(never)]
    fn price_text(&mut self, value: Option<i64>, display: Display, signed: bool) {
        let Some(value) = value else { return self.null() };
        self.out.put(*b"\"");
        let out = &mut self.out;
        let done = match display {
            Display::Decimals(1) => put_short::<1>(value, signed, out),
            Display::Decimals(2) => put_short::<2>(value, signed, out),
            Display::Decimals(3) => put_short::<3>(value, signed, out),
            Display::Decimals(4) => put_short::<4>(value, signed, out),
            _ => false,
        };
        if !done {
            self.text.clear();
            write_price(value, display, signed, self.text);
            self.out.copy(self.text);
        }
        self.out.put(*b"\"");
    }

    /// An instant with milliseconds, as a JSON text.
    #[inline(always)]
    pub(super) fn instant_ms(&mut self, member: &'static str, ms: i64) {
        self.key(member);
        self.instant(ms);
    }

    #[inline(never)]
    fn instant(&mut self, ms: i64) {
        let us = ms.saturating_mul(1_000).clamp(crate::time::MIN_US, crate::time::MAX_US);
        let date = self.date.of(us.div_euclid(DAY_US));
        let in_day = us.rem_euclid(DAY_US).unsigned_abs() / 1_000;
        let second = in_day / 1_000;
        let time = second / 3_600 * 10_000 + second / 60 % 60 * 100 + second % 60;
        let [_, _, h, i, m, n, s, t] = (eight_digits(time) | ASCII).to_le_bytes();
        let [.., a, b, c] = (eight_digits(in_day % 1_000) | ASCII).to_le_bytes();
        self.out.put(*b"\"");
        self.out.put(date);
        self.out.put([b'T', h, i, b':', m, n, b':', s, t, b'.', a, b, c, b'Z', b'"']);
    }

    /// A day, as a JSON text.
    pub(super) fn day(&mut self, member: &'static str, day: i64) {
        self.key(member);
        let date = self.date.of(day);
        self.quoted(&date);
    }

    pub(super) fn names<'n>(&mut self, member: &'static str, names: impl Iterator<Item = &'n [u8]>) {
        self.key(member);
        self.raw(b"[");
        for (number, name) in names.enumerate() {
            if number > 0 {
                self.raw(b",");
            }
            self.quoted(name);
        }
        self.raw(b"]");
    }
}

/// Writes a price with so many decimals and at most eight digits, as [`write_price`] does; false for any other.
#[inline(always)]
fn put_short<const DECIMALS: u32>(nanos: i64, signed: bool, out: &mut Filler<'_>) -> bool {
    let steps = nearest(nanos.unsigned_abs(), const { 10_u64.pow(9 - DECIMALS) });
    if steps >= EIGHT_DIGITS {
        return false;
    }
    if steps != 0 && (nanos < 0 || signed) {
        out.put([if nanos < 0 { b'-' } else { b'+' }]);
    }
    put_pointed::<DECIMALS, true>(steps, out);
    true
}

const EIGHT_DIGITS: u64 = 100_000_000;

/// Writes eight digits at most with a point before the last so many; of those, without `ALL`, no more than the number
/// needs and one at least.
#[inline(always)]
fn put_pointed<const DECIMALS: u32, const ALL: bool>(steps: u64, out: &mut Filler<'_>) {
    let decimals = const { DECIMALS as usize };
    let whole = 8 - decimals;
    let digits = eight_digits(steps);
    // The last digit before the point stands even where it is zero.
    let zeros = (digits | 1 << (8 * (whole - 1))).trailing_zeros() as usize / 8;
    // The last digit of all lies in the highest byte.
    let needed = if ALL { decimals } else { decimals - (digits.leading_zeros() as usize / 8).min(decimals - 1) };
    let text = digits | ASCII;
    out.put_part(&(text >> (8 * zeros)).to_le_bytes(), whole - zeros);
    out.put(*b".");
    out.put_part(&(text >> (8 * whole)).to_le_bytes(), needed);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::format_price;
    use crate::time::write_iso;

    fn written(write: impl FnOnce(&mut Members<'_>)) -> String {
        String::from_utf8(Slate::default().written(1_000, write).to_vec()).unwrap()
    }

    #[test]
    fn prices_are_those_of_the_display() {
        let mut values: Vec<i64> = vec![0, 1, i64::MAX, i64::MIN + 1, 99_999_999, 999_999_994_999_999];
        for power in 0..18 {
            let ten = 10_i64.pow(power);
            values.extend([ten - 1, ten, ten + 1, ten / 2, 5 * ten, 15 * ten, 25 * ten]);
        }
        for value in values.into_iter().flat_map(|value| [value, -value]) {
            for display in (0..=9).map(Display::Decimals).chain([Display::ThirtySeconds, Display::Exact]) {
                for signed in [false, true] {
                    let wanted = format!("\"{}\"", format_price(value, display, signed));
                    assert_eq!(
                        written(|out| out.price("", Some(value), display, signed)),
                        wanted,
                        "{value} {display:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn numbers_are_the_shortest_exact_ones() {
        let mut values = vec![0, 1, 99_999, 100_000, 9_999_999_900_000, 10_000_000_000_000, i64::MAX, -i64::MAX];
        for power in 0..18 {
            values.extend([1, 12, 120, 5_005, 9_999].map(|number| number * 10_i64.pow(power).min(i64::MAX / 9_999)));
        }
        for value in values.into_iter().flat_map(|value| [value, -value]) {
            let mut wanted = Vec::new();
            crate::price::write_nanos(value, &mut wanted);
            assert_eq!(written(|out| out.number(Some(value))).as_bytes(), wanted, "{value}");
        }
        assert_eq!(written(|out| out.number(None)), "null");
    }

    #[test]
    fn instants_are_those_of_the_clock_to_the_millisecond() {
        let mut slate = Slate::default();
        for ms in [0, -1, 1, 86_399_999, 86_400_000, 1_767_225_600_123, -62_135_596_800_000, 253_402_300_799_999] {
            let mut wanted = Vec::new();
            write_iso(ms * 1_000, &mut wanted);
            let wanted = format!("\"{}Z\"", std::str::from_utf8(&wanted).unwrap().get(..23).unwrap());
            assert_eq!(slate.written(100, |out| out.instant_ms("", ms)), wanted.as_bytes());
            let day = slate.written(100, |out| out.day("", ms.div_euclid(86_400_000))).to_vec();
            assert_eq!(day, format!("{}\"", &wanted[..11]).as_bytes());
        }
        assert_eq!(written(|out| out.instant_ms("", i64::MAX)), "\"9999-12-31T23:59:59.999Z\"");
    }
}

//! A JSON object's members, written into room that is kept from one object to the next.
//!
//! How much room an object needs at most is the caller's to know. Names come as [`member!`] makes them.

use crate::classify::Signal;
use crate::display::{Display, write_price};
use crate::fill::Filler;
use crate::market::short::{EIGHT_DIGITS, ROOM, put_number, put_price, put_whole};
use crate::price::{ASCII, eight_digits, put_integer, put_nanos};
use crate::time::iso;

const DAY_US: i64 = 86_400_000_000;
/// Room for the longest piece that is written whole and meant in part.
const STEP: usize = ROOM;
const DAY_S: i64 = 86_400;
const DATE: usize = "2025-01-31".len();
const UNTIL_MS: usize = "\"2025-01-31T00:00:00.".len();
const MIN_MS: i64 = crate::time::MIN_US.div_euclid(1_000);
const MAX_MS: i64 = crate::time::MAX_US.div_euclid(1_000);

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

/// The second that an instant was written of last, with the text up to its milliseconds.
#[derive(Clone, Copy, Debug)]
struct Date {
    day: i64,
    text: [u8; DATE],
    second: i64,
    until_ms: [u8; UNTIL_MS],
}

impl Default for Date {
    fn default() -> Self {
        Self { day: 0, text: *b"1970-01-01", second: 0, until_ms: *b"\"1970-01-01T00:00:00." }
    }
}

impl Date {
    fn of(&mut self, day: i64) -> [u8; DATE] {
        if self.day != day {
            let mut text = [0; DATE];
            text.iter_mut().zip(iso(day.saturating_mul(DAY_US))).for_each(|(to, from)| *to = from);
            (self.day, self.text) = (day, text);
        }
        self.text
    }

    /// The opening quote, the date and the time down to the point behind the second.
    #[inline(always)]
    fn until_ms(&mut self, second: i64) -> [u8; UNTIL_MS] {
        if self.second != second {
            self.go_to(second);
        }
        self.until_ms
    }

    fn go_to(&mut self, second: i64) {
        let [y, e, a, r, _, o, n, _, d, g] = self.of(second.div_euclid(DAY_S));
        let in_day = second.rem_euclid(DAY_S).unsigned_abs();
        let time = in_day / 3_600 * 10_000 + in_day / 60 % 60 * 100 + in_day % 60;
        let [_, _, h, i, m, u, s, t] = (eight_digits(time) | ASCII).to_le_bytes();
        self.until_ms = [b'"', y, e, a, r, b'-', o, n, b'-', d, g, b'T', h, i, b':', m, u, b':', s, t, b'.'];
        self.second = second;
    }
}

impl Slate {
    /// What `write` writes into at most `most` bytes.
    pub(super) fn written(&mut self, most: usize, write: impl FnOnce(&mut Members<'_>)) -> &[u8] {
        if self.room.len() < most + STEP {
            self.room.resize(most + STEP, 0);
            self.spare.resize(most + STEP, 0);
        }
        let Self { room, spare, date, text } = self;
        let mut members = Members { room, filled: 0, spare, date, text };
        write(&mut members);
        let filled = members.filled;
        self.room.get(..filled).unwrap_or_default()
    }
}

/// Members of a JSON object, each with a comma before it.
///
/// What does not fit is counted and not written, and then there is no text at all.
pub(super) struct Members<'p> {
    room: &'p mut [u8],
    filled: usize,
    spare: &'p mut [u8],
    date: &'p mut Date,
    text: &'p mut Vec<u8>,
}

impl Members<'_> {
    /// Puts what `write` writes into `text`, instead of here.
    fn fill(&mut self, text: &mut Vec<u8>, write: impl FnOnce(&mut Members<'_>)) {
        let mut members =
            Members { room: &mut *self.spare, filled: 0, spare: &mut [], date: &mut *self.date, text: &mut *self.text };
        write(&mut members);
        let filled = members.filled;
        text.clear();
        text.extend_from_slice(self.spare.get(..filled).unwrap_or_default());
    }

    /// Bytes as they are.
    #[inline(always)]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        let end = self.filled + bytes.len();
        if let Some(place) = self.room.get_mut(self.filled..end) {
            place.copy_from_slice(bytes);
        }
        self.filled = end;
    }

    /// The first `length` of the bytes; all of them are written.
    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: &[u8; N], length: usize) {
        if let Some(place) = self.room.get_mut(self.filled..).and_then(|rest| rest.first_chunk_mut::<N>()) {
            *place = *bytes;
        }
        self.filled += length;
    }

    /// What `put` writes and counts.
    #[inline(always)]
    fn put_short(&mut self, put: impl FnOnce(&mut [u8; ROOM]) -> usize) {
        if let Some(room) = self.room.get_mut(self.filled..).and_then(|rest| rest.first_chunk_mut::<ROOM>()) {
            self.filled += put(room);
        } else {
            self.filled += ROOM;
        }
    }

    /// What the core's own writers write.
    #[inline(never)]
    fn put_by(&mut self, write: impl FnOnce(&mut Filler<'_>)) {
        let mut filler = Filler::new(self.room.get_mut(self.filled..).unwrap_or_default());
        write(&mut filler);
        self.filled += filler.filled();
    }

    #[inline(always)]
    pub(super) fn key(&mut self, member: &'static str) {
        self.raw(member.as_bytes());
    }

    #[inline(always)]
    pub(super) fn nothing(&mut self, member: &'static str) {
        self.key(member);
        self.null();
    }

    #[inline(always)]
    fn null(&mut self) {
        self.put(b"null", 4);
    }

    /// A text that needs no escape.
    #[inline(always)]
    pub(super) fn text(&mut self, member: &'static str, value: &[u8]) {
        self.key(member);
        self.quoted(value);
    }

    fn quoted(&mut self, value: &[u8]) {
        self.raw(b"\"");
        self.raw(value);
        self.raw(b"\"");
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
        let magnitude = value.unsigned_abs();
        if magnitude < EIGHT_DIGITS {
            return self.put_short(|room| put_whole(magnitude, value < 0, room));
        }
        if value < 0 {
            self.raw(b"-");
        }
        self.put_by(|out| put_integer(magnitude, out));
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
            return self.put_by(|out| put_nanos(value, out));
        }
        self.put_short(|room| put_number(steps, value < 0, room));
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
        let mut done = false;
        self.put_short(|room| {
            let length = match display {
                Display::Decimals(1) => put_price::<1>(value, signed, room),
                Display::Decimals(2) => put_price::<2>(value, signed, room),
                Display::Decimals(3) => put_price::<3>(value, signed, room),
                Display::Decimals(4) => put_price::<4>(value, signed, room),
                _ => None,
            };
            done = length.is_some();
            length.unwrap_or(0)
        });
        if !done {
            self.long_price(value, display, signed);
        }
    }

    #[inline(never)]
    fn long_price(&mut self, value: i64, display: Display, signed: bool) {
        let mut text = std::mem::take(self.text);
        text.clear();
        write_price(value, display, signed, &mut text);
        self.quoted(&text);
        *self.text = text;
    }

    /// An instant with milliseconds, as a JSON text.
    #[inline(always)]
    pub(super) fn instant_ms(&mut self, member: &'static str, ms: i64) {
        self.key(member);
        self.instant(ms);
    }

    #[inline(never)]
    fn instant(&mut self, ms: i64) {
        let ms = ms.clamp(MIN_MS, MAX_MS);
        let [.., a, b, c] = (eight_digits(ms.rem_euclid(1_000).unsigned_abs()) | ASCII).to_le_bytes();
        let until_ms = self.date.until_ms(ms.div_euclid(1_000));
        self.put(&until_ms, UNTIL_MS);
        self.raw(&[a, b, c, b'Z', b'"']);
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

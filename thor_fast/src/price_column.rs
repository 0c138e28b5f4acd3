//! Columns of prices as texts behind one another: what [`crate::display`] writes for one price, for many at once.
//!
//! The usual price (at most eight digits, a fixed number of decimals) is made in a register and written in two steps.

use crate::display::{Display, nearest, write_price};
use crate::price::{ASCII, eight_digits};

/// What a column of prices holds where there is none; its text is empty.
pub const MISSING_PRICE: i64 = i64::MIN;

/// The texts behind one another, and where each is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTexts {
    /// ASCII.
    pub text: Vec<u8>,
    /// Where each begins in `text`, and where the last ends; as far as 32 bits go.
    pub offsets: Vec<i32>,
}

/// The text of each price.
#[must_use]
pub fn price_texts(nanos: &[i64], display: Display, signed: bool) -> PriceTexts {
    let mut offsets = Vec::with_capacity(nanos.len() + 1);
    offsets.push(0);
    let text = write(nanos, display, signed, None, |end| offsets.push(i32::try_from(end).unwrap_or(i32::MAX)));
    PriceTexts { text, offsets }
}

/// The texts with a line break after each.
#[must_use]
pub fn price_lines(nanos: &[i64], display: Display, signed: bool) -> Vec<u8> {
    write(nanos, display, signed, Some(b'\n'), |_| ())
}

fn write(nanos: &[i64], display: Display, signed: bool, separator: Option<u8>, end: impl FnMut(usize)) -> Vec<u8> {
    let column = Column { nanos, display, signed, separator };
    match display {
        Display::Decimals(0) => column.write(steps::<1_000_000_000>, 0, end),
        Display::Decimals(1) => column.write(steps::<100_000_000>, 1, end),
        Display::Decimals(2) => column.write(steps::<10_000_000>, 2, end),
        Display::Decimals(3) => column.write(steps::<1_000_000>, 3, end),
        Display::Decimals(4) => column.write(steps::<100_000>, 4, end),
        Display::Decimals(5) => column.write(steps::<10_000>, 5, end),
        Display::Decimals(6) => column.write(steps::<1_000>, 6, end),
        // Nothing is usual about these: each is written by itself.
        Display::Decimals(_) | Display::ThirtySeconds | Display::Exact => column.write(|_| u64::MAX, 0, end),
    }
}

/// Steps of so many nanos, a number known when this is compiled: dividing by it is a multiplication.
#[inline(always)]
fn steps<const STEP: u64>(magnitude: u64) -> u64 {
    nearest(magnitude, STEP)
}

struct Column<'n> {
    nanos: &'n [i64],
    display: Display,
    signed: bool,
    separator: Option<u8>,
}

/// Bytes that a usual text is written into: a sign, eight bytes of whole digits, eight from the point on.
const TILE: usize = 24;

/// Bytes that a usual text has at most: a sign, eight digits, a point, a separator.
const USUAL: usize = 11;

/// Prices for which room is made at a time.
const BLOCK: usize = 1_024;

impl Column<'_> {
    #[inline(always)]
    fn write(&self, steps: impl Fn(u64) -> u64, decimals: u32, mut end: impl FnMut(usize)) -> Vec<u8> {
        let (mut text, mut written) = (Vec::new(), Vec::with_capacity(32));
        let mut at = 0;
        for block in self.nanos.chunks(BLOCK) {
            // What was not needed of the room for the block before is used for this one.
            text.resize(at + block.len() * USUAL + TILE, 0);
            for nanos in block {
                let steps = steps(nanos.unsigned_abs());
                let place = text.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<TILE>);
                match place {
                    Some(place) if steps < 100_000_000 => at += self.usual(*nanos, steps, decimals, place),
                    _ => at = self.any(*nanos, at, &mut text, &mut written),
                }
                end(at);
            }
        }
        text.truncate(at);
        text
    }

    /// Writes a price of at most eight digits, and says how many bytes that took.
    #[inline(always)]
    fn usual(&self, nanos: i64, steps: u64, decimals: u32, place: &mut [u8; TILE]) -> usize {
        let digits = eight_digits(steps);
        // All but one digit before the point may be a leading zero.
        let zeros = (digits | (1 << (8 * (7 - decimals)))).trailing_zeros() / 8;
        let text = digits | ASCII;
        let sign = usize::from(steps != 0 && (nanos < 0 || self.signed));
        place[0] = if nanos < 0 { b'-' } else { b'+' };
        put(place, sign, text >> (8 * zeros));
        let separator = u64::from(self.separator.unwrap_or(0));
        let (end, mut length) = if decimals == 0 {
            (separator, 0)
        } else {
            let fraction = text >> (8 * (8 - decimals));
            (u64::from(b'.') | fraction << 8 | separator << (8 * (1 + decimals)), 1 + decimals as usize)
        };
        let whole = sign + (8 - decimals - zeros) as usize;
        put(place, whole, end);
        length += usize::from(self.separator.is_some());
        whole + length
    }

    /// Writes any price from there on, and says where it ends.
    #[inline(never)]
    fn any(&self, nanos: i64, at: usize, text: &mut Vec<u8>, written: &mut Vec<u8>) -> usize {
        written.clear();
        if nanos != MISSING_PRICE {
            write_price(nanos, self.display, self.signed, written);
        }
        written.extend(self.separator);
        // What it takes may be room that was made for the prices behind it.
        text.resize(text.len() + written.len(), 0);
        let end = at + written.len();
        if let Some(place) = text.get_mut(at..end) {
            place.copy_from_slice(written);
        }
        end
    }
}

/// Writes eight bytes at a place.
#[inline(always)]
fn put(tile: &mut [u8; TILE], at: usize, bytes: u64) {
    if let Some(place) = tile.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = bytes.to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::{MAX_DECIMALS, format_price};

    const EDGES: [i64; 20] = [
        0,
        1,
        -1,
        4_999_999,
        5_000_000,
        5_000_001,
        15_000_000,
        -5_000_001,
        10_000_000,
        999_994_999_999_999,
        999_995_000_000_000,
        999_999_999_999_999,
        -999_999_999_999_999,
        1_000_000_000_000_000,
        4_799_250_000_000,
        -118_312_500_000,
        99_999_999_500_000_000,
        i64::MAX,
        -i64::MAX,
        i64::MIN,
    ];

    #[test]
    fn a_column_is_what_each_price_is_alone() {
        // More than a block, its long texts next to short ones.
        let times = if cfg!(miri) { 1 } else { 150 };
        let nanos: Vec<i64> = (0..times).flat_map(|at| EDGES.map(|edge| edge.saturating_add(at % 7))).collect();
        let displays = (0..=MAX_DECIMALS).map(Display::Decimals).chain([Display::ThirtySeconds, Display::Exact]);
        for (display, signed) in displays.flat_map(|display| [(display, false), (display, true)]) {
            let text = |nanos: &i64| match *nanos {
                MISSING_PRICE => String::new(),
                nanos => format_price(nanos, display, signed),
            };
            let wanted: Vec<String> = nanos.iter().map(text).collect();
            let texts = price_texts(&nanos, display, signed);
            assert_eq!(texts.text, wanted.concat().as_bytes(), "{display:?}");
            let lengths: Vec<_> = texts.offsets.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert_eq!(lengths, wanted.iter().map(|text| text.len() as i32).collect::<Vec<_>>(), "{display:?}");
            assert_eq!(price_lines(&nanos, display, signed), format!("{}\n", wanted.join("\n")).as_bytes());
        }
        assert_eq!(price_texts(&[], Display::Exact, false), PriceTexts { text: vec![], offsets: vec![0] });
    }
}

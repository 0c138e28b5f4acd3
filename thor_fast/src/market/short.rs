//! Numbers of at most eight digits as text, written in few steps.
//!
//! Neither the sign of a change nor how many digits a price has can be foretold, so neither costs a branch here: each
//! piece is stored whole where it belongs, and the next one over what it has too much.

use crate::display::nearest;

/// Room that a number needs, whatever its length.
pub(super) const ROOM: usize = 32;
/// What has more than eight digits.
pub(super) const EIGHT_DIGITS: u64 = 100_000_000;

const FOUR_DIGITS: u64 = 10_000;
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The digits of every number below ten thousand, the first the lowest byte.
static DIGITS: [u32; FOUR_DIGITS as usize] = {
    let mut digits = [0; FOUR_DIGITS as usize];
    let mut number = 0;
    while number < digits.len() {
        let digit = [number / 1_000, number / 100 % 10, number / 10 % 10, number % 10];
        digits[number] =
            ZEROS as u32 | digit[0] as u32 | (digit[1] as u32) << 8 | (digit[2] as u32) << 16 | (digit[3] as u32) << 24;
        number += 1;
    }
    digits
};

/// The eight digits of a number below 10^8, the first the lowest byte.
#[inline(always)]
fn eight_digits(number: u64) -> u64 {
    let four = |number: u64| u64::from(DIGITS.get(number as usize).copied().unwrap_or(0));
    four(number / FOUR_DIGITS) | (four(number % FOUR_DIGITS) << 32)
}

/// Writes eight bytes; every place in use is far from the end of the room.
#[inline(always)]
fn store(room: &mut [u8; ROOM], at: usize, bytes: u64) {
    if let Some(place) = room.get_mut(at & 15..).and_then(|rest| rest.first_chunk_mut()) {
        *place = bytes.to_le_bytes();
    }
}

/// Writes an integer of at most eight digits and answers with its length.
#[inline(always)]
pub(super) fn put_whole(value: u64, negative: bool, room: &mut [u8; ROOM]) -> usize {
    let (digits, sign) = (eight_digits(value), usize::from(negative));
    // The last digit stands even where it is zero.
    let zeros = ((digits ^ ZEROS) | 1 << 56).trailing_zeros() & 0x38;
    room[0] = b'-';
    store(room, sign, digits >> zeros);
    sign + 8 - (zeros / 8) as usize
}

/// Writes a number given in units of its fourth decimal, as JSON has it: no more decimals than it needs and one at least.
#[inline(always)]
pub(super) fn put_number(steps: u64, negative: bool, room: &mut [u8; ROOM]) -> usize {
    let (digits, sign) = (eight_digits(steps), usize::from(negative));
    let values = digits ^ ZEROS;
    let zeros = (values | 1 << 24).trailing_zeros() & 0x38;
    // The last digit of all lies in the highest byte.
    let decimals = 4 - (values.leading_zeros() as usize / 8).min(3);
    let point = sign + 4 - (zeros / 8) as usize;
    room[0] = b'-';
    store(room, sign, digits >> zeros);
    store(room, point, u64::from(b'.') | ((digits >> 32) << 8));
    point + 1 + decimals
}

/// Writes a price in units of 1e-9 as a JSON text with all its decimals; nothing where that takes more than eight digits.
#[inline(always)]
pub(super) fn put_price<const DECIMALS: u32>(nanos: i64, signed: bool, room: &mut [u8; ROOM]) -> Option<usize> {
    let steps = nearest(nanos.unsigned_abs(), const { 10_u64.pow(9 - DECIMALS) });
    if steps >= EIGHT_DIGITS {
        return None;
    }
    let (digits, whole) = (eight_digits(steps), const { 8 - DECIMALS });
    let zeros = ((digits ^ ZEROS) | 1 << (8 * (whole - 1))).trailing_zeros() & 0x38;
    let start = 1 + usize::from((nanos < 0 || signed) && steps != 0);
    let point = start + whole as usize - (zeros / 8) as usize;
    room[0] = b'"';
    room[1] = if nanos < 0 { b'-' } else { b'+' };
    store(room, start, digits >> zeros);
    let behind = (digits >> (8 * whole)) << 8;
    store(room, point, u64::from(b'.') | behind | (u64::from(b'"') << (8 * (1 + DECIMALS))));
    Some(point + DECIMALS as usize + 2)
}

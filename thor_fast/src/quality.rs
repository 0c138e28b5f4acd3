//! What is wrong with a symbol's ticks of a day: ten checks in one pass over columns that are in order of ts.
//!
//! Nothing is altered: each row gets a set of flags, and the day a count of each. What a check compares with the row
//! before, it compares within one source.

/// A price or sequence number that is not there.
pub const MISSING: i64 = i64::MIN;
/// A size that is not there.
pub const NO_SIZE: i32 = i32::MIN;
/// So many changes of price are looked at to say how large one usually is.
const SAMPLES: usize = 4_096;

/// The checks in order, each the bit of a row's flags: name and meaning.
pub const CHECKS: [(&str, &str); 10] = [
    ("gap", "Nothing for longer than allowed while the market was open; the flag is on the row after it"),
    ("duplicate", "Says what its source said before at the same instant"),
    ("out_of_order", "A lower sequence number than its source had before; the start of a new run counts once"),
    ("crossed", "The bid is above the ask"),
    ("locked", "The bid is the ask"),
    ("off_tick", "A price between two ticks of the instrument"),
    ("outlier", "A last price far from the one before and back again, beyond a multiple of the usual change"),
    ("stale_run", "The source has repeated the same for longer than allowed"),
    ("zero_price", "A price is 0"),
    ("session_leak", "An instant at which the market was closed"),
];

const GAP: usize = 0;
const DUPLICATE: usize = 1;
const OUT_OF_ORDER: usize = 2;
const CROSSED: usize = 3;
const LOCKED: usize = 4;
const OFF_TICK: usize = 5;
const OUTLIER: usize = 6;
const STALE_RUN: usize = 7;
const ZERO_PRICE: usize = 8;
const SESSION_LEAK: usize = 9;

/// The columns of one symbol, all of one length, rising by ts. Prices and seq may be [`MISSING`], sizes [`NO_SIZE`].
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are the columns'")]
pub struct Columns<'a> {
    pub ts_us: &'a [i64],
    pub prices: [&'a [i64]; 3],
    pub sizes: [&'a [i32]; 3],
    pub seq: &'a [i64],
    /// A small number a source.
    pub source: &'a [u32],
}

/// What counts as wrong.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The instrument's tick in nanos; 0 where it is not known, and then nothing is off it.
    pub tick: i64,
    /// The half-open spans in which the market is open, rising, microseconds UTC.
    pub open: Vec<(i64, i64)>,
    /// The longest silence, microseconds.
    pub gap_us: i64,
    /// The longest repetition, microseconds.
    pub stale_us: i64,
    /// How many usual changes make an outlier.
    pub outlier_factor: i64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How often each of [`CHECKS`] was found: silences for the first, rows for the others.
    pub counts: [u64; CHECKS.len()],
    /// Each row's flags.
    pub flags: Vec<u16>,
    /// The silences: from, to, microseconds UTC.
    pub gaps: Vec<(i64, i64)>,
}

/// Looks at every row; nothing where the columns are not of one length.
#[must_use]
pub fn check(columns: &Columns<'_>, rules: &Rules) -> Option<Report> {
    let rows = columns.ts_us.len();
    let prices = columns.prices.iter().all(|column| column.len() == rows);
    let sizes = columns.sizes.iter().all(|column| column.len() == rows);
    if !prices || !sizes || columns.seq.len() != rows || columns.source.len() != rows {
        return None;
    }
    let mut report = Report { flags: vec![0; rows], ..Report::default() };
    by_row(columns, rules, &mut report.flags);
    repetitions(columns, rules, &mut report.flags);
    outliers(columns, rules, &mut report.flags);
    silences(columns.ts_us, rules, &mut report);
    for flags in &report.flags {
        // Most rows have none.
        let mut left = *flags;
        while left != 0 {
            if let Some(count) = report.counts.get_mut(left.trailing_zeros() as usize) {
                *count += 1;
            }
            left &= left - 1;
        }
    }
    report.counts[GAP] = report.gaps.len() as u64;
    Some(report)
}

const fn bit(present: bool, check: usize) -> u16 {
    (present as u16) << check
}

/// What a row says by itself: crossed, locked, off its tick, zero, out of session.
fn by_row(columns: &Columns<'_>, rules: &Rules, flags: &mut [u16]) {
    let [last, bid, ask] = columns.prices;
    let tick = Tick::new(rules.tick);
    let rows = columns.ts_us.iter().zip(last).zip(bid).zip(ask).zip(flags);
    let mut open = rules.open.iter().peekable();
    for ((((ts_us, last), bid), ask), flags) in rows {
        while open.next_if(|(_, closes)| ts_us >= closes).is_some() {}
        let closed = open.peek().is_none_or(|(opens, _)| ts_us < opens);
        let both = *bid != MISSING && *ask != MISSING;
        let zero = *last == 0 || *bid == 0 || *ask == 0;
        let off = !(tick.holds(*last) & tick.holds(*bid) & tick.holds(*ask));
        *flags |= bit(both & (bid > ask), CROSSED)
            | bit(both & (bid == ask), LOCKED)
            | bit(zero, ZERO_PRICE)
            | bit(off, OFF_TICK)
            | bit(closed, SESSION_LEAK);
    }
}

/// Divisibility by a tick without a division: by the inverse of its odd part, as Hacker's Delight has it.
#[derive(Clone, Copy)]
struct Tick {
    inverse: u64,
    shift: u32,
    most: u64,
}

impl Tick {
    /// A tick of 0 or less holds everything.
    fn new(tick: i64) -> Self {
        if tick <= 0 {
            return Self { inverse: 0, shift: 0, most: u64::MAX };
        }
        let tick = tick.cast_unsigned();
        let shift = tick.trailing_zeros();
        let odd = tick >> shift;
        // Newton: each step doubles the bits that are right, and an odd number is its own inverse in three of them.
        let mut inverse = odd;
        for _ in 0..5 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
        }
        Self { inverse, shift, most: u64::MAX / tick }
    }

    #[inline]
    fn holds(self, price: i64) -> bool {
        price == MISSING || price.unsigned_abs().wrapping_mul(self.inverse).rotate_right(self.shift) <= self.most
    }
}

/// What a row says compared with the one before it from its source: the same again, or a lower number.
fn repetitions(columns: &Columns<'_>, rules: &Rules, flags: &mut [u16]) {
    let sources = columns.source.iter().max().map_or(0, |most| *most as usize + 1);
    // Each source's row before, and since when it has said the same.
    let mut before: Vec<Option<(usize, i64)>> = vec![None; sources];
    let [last, bid, ask] = columns.prices;
    let [last_size, bid_size, ask_size] = columns.sizes;
    let content = |row: usize| {
        ((last.get(row), bid.get(row), ask.get(row)), (last_size.get(row), bid_size.get(row), ask_size.get(row)))
    };
    for (row, ((ts_us, seq), source)) in columns.ts_us.iter().zip(columns.seq).zip(columns.source).enumerate() {
        let Some(place) = before.get_mut(*source as usize) else { continue };
        let Some((earlier, since)) = *place else {
            *place = Some((row, *ts_us));
            continue;
        };
        let same = content(row) == content(earlier);
        let since = if same { since } else { *ts_us };
        *place = Some((row, since));
        let earlier_seq = columns.seq.get(earlier).copied().unwrap_or(MISSING);
        let at_once = columns.ts_us.get(earlier) == Some(ts_us);
        if let Some(flags) = flags.get_mut(row) {
            *flags |= bit(same & at_once, DUPLICATE)
                | bit(*seq != MISSING && *seq < earlier_seq, OUT_OF_ORDER)
                | bit(same && ts_us - since >= rules.stale_us, STALE_RUN);
        }
    }
}

/// Last prices that jump away and back. A new level, as after a pause, is confirmed by what follows and is none.
fn outliers(columns: &Columns<'_>, rules: &Rules, flags: &mut [u16]) {
    let [last, ..] = columns.prices;
    let usual = usual_change(last).max(rules.tick).max(1);
    let limit = usual.saturating_mul(rules.outlier_factor).cast_unsigned();
    let sources = columns.source.iter().max().map_or(0, |most| *most as usize + 1);
    // Each source's price before, and the one that waits for what follows it, with its first row.
    let mut before: Vec<Option<(i64, i64, usize)>> = vec![None; sources];
    for (row, (price, source)) in last.iter().zip(columns.source).enumerate() {
        if *price == MISSING {
            continue;
        }
        let Some(place) = before.get_mut(*source as usize) else { continue };
        match *place {
            None => *place = Some((*price, *price, row)),
            Some((_, waiting, _)) if waiting == *price => {}
            Some((good, waiting, first)) => {
                let away = waiting.abs_diff(good) > limit;
                let back = waiting.abs_diff(*price) > limit && (*price > waiting) == (good > waiting);
                if away && back {
                    for at in first..row {
                        let theirs = columns.source.get(at) == Some(source) && last.get(at) == Some(&waiting);
                        if let Some(flags) = flags.get_mut(at) {
                            *flags |= bit(theirs, OUTLIER);
                        }
                    }
                    *place = Some((good, *price, row));
                } else {
                    *place = Some((waiting, *price, row));
                }
            }
        }
    }
}

/// The median of the changes of price, of some thousand of them.
fn usual_change(last: &[i64]) -> i64 {
    let step = (last.len() / SAMPLES).max(1);
    // Where most rows repeat the price, a sampled place is followed up to its next change.
    let mut changes: Vec<i64> = (1..last.len())
        .step_by(step)
        .filter_map(|row| {
            let pairs = last.get(row - 1..)?.windows(2).take(step);
            pairs
                .filter_map(|pair| match pair {
                    [one, other] if one != other && *one != MISSING && *other != MISSING => {
                        i64::try_from(one.abs_diff(*other)).ok()
                    }
                    _ => None,
                })
                .next()
        })
        .collect();
    let middle = changes.len().saturating_sub(1) / 2;
    if changes.is_empty() { 0 } else { *changes.select_nth_unstable(middle).1 }
}

/// Silences while the market is open, its first and its last moments included.
fn silences(ts_us: &[i64], rules: &Rules, report: &mut Report) {
    for (opens, closes) in &rules.open {
        let first = ts_us.partition_point(|ts_us| ts_us < opens);
        let end = ts_us.partition_point(|ts_us| ts_us < closes);
        let mut before = *opens;
        for (at, now) in ts_us.iter().enumerate().take(end).skip(first) {
            if now - before > rules.gap_us {
                report.gaps.push((before, *now));
                if let Some(flags) = report.flags.get_mut(at) {
                    *flags |= bit(true, GAP);
                }
            }
            before = *now;
        }
        if closes - before > rules.gap_us {
            report.gaps.push((before, *closes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ts, last, bid, ask, seq and source; sizes are all 1.
    type Row = (i64, i64, i64, i64, i64, u32);

    fn found(rows: &[Row], rules: &Rules) -> Report {
        let column = |of: fn(&Row) -> i64| rows.iter().map(of).collect::<Vec<_>>();
        let sizes = vec![1; rows.len()];
        let columns = Columns {
            ts_us: &column(|row| row.0),
            prices: [&column(|row| row.1), &column(|row| row.2), &column(|row| row.3)],
            sizes: [&sizes, &sizes, &sizes],
            seq: &column(|row| row.4),
            source: &rows.iter().map(|row| row.5).collect::<Vec<_>>(),
        };
        check(&columns, rules).unwrap()
    }

    fn rules() -> Rules {
        Rules { tick: 25, open: vec![(0, 1_000), (2_000, 3_000)], gap_us: 500, stale_us: 300, outlier_factor: 20 }
    }

    fn names(flags: u16) -> Vec<&'static str> {
        CHECKS.iter().enumerate().filter(|(at, _)| flags >> at & 1 == 1).map(|(_, (name, _))| *name).collect()
    }

    #[test]
    fn each_check_finds_its_fault_and_no_other() {
        let good = |ts_us, seq| (ts_us, 100 + 25 * (seq % 2), 75, 125, seq, 0);
        let rows = [
            good(100, 1),
            (200, 150, 125, 75, 2, 0),
            (201, 150, 100, 100, 3, 0),
            (202, 151, 75, 125, 4, 0),
            (203, 150, 75, 125, 3, 0),
            (203, 150, 75, 125, 3, 1),
            (203, 150, 75, 125, 4, 1),
            (204, 0, 75, 125, 5, 0),
            (1_500, 150, MISSING, 125, 6, 0),
            (2_100, 125, MISSING, MISSING, 7, 0),
            (2_400, 125, MISSING, MISSING, 8, 0),
        ];
        let report = found(&rows, &rules());
        let flags: Vec<_> = report.flags.iter().map(|flags| names(*flags)).collect();
        assert_eq!(
            flags,
            [
                vec![],
                vec!["crossed"],
                vec!["locked"],
                vec!["off_tick"],
                vec!["out_of_order"],
                vec![],
                vec!["duplicate"],
                vec!["zero_price"],
                vec!["session_leak"],
                vec![],
                vec!["stale_run"],
            ]
        );
        assert_eq!(report.gaps, [(204, 1_000), (2_400, 3_000)]);
        assert_eq!(report.counts, [2, 1, 1, 1, 1, 1, 0, 1, 1, 1]);
    }

    #[test]
    fn a_silence_counts_while_the_market_is_open() {
        let row = |ts_us| (ts_us, 100, 75, 125, MISSING, 0);
        let report = found(&[row(600), row(990), row(2_499), row(3_000)], &rules());
        assert_eq!(report.gaps, [(0, 600), (2_499, 3_000)]);
        assert_eq!(found(&[], &rules()).gaps, [(0, 1_000), (2_000, 3_000)]);
    }

    #[test]
    fn a_spike_is_an_outlier_and_a_new_level_is_none() {
        let prices = |last: &[i64]| {
            let rows: Vec<_> =
                (0_i64..).zip(last).map(|(ts_us, last)| (ts_us, *last, MISSING, MISSING, MISSING, 0)).collect();
            let report = found(&rows, &rules());
            (0..rows.len()).filter(|row| report.flags[*row] >> OUTLIER & 1 == 1).collect::<Vec<_>>()
        };
        assert_eq!(prices(&[100, 125, 100, 9_000, 9_000, 125, 100, 125]), [3, 4]);
        assert_eq!(prices(&[100, 125, 100, 9_000, 9_025, 9_000]), [0_usize; 0]);
        assert_eq!(prices(&[100, 125, -9_000, MISSING, 100]), [2]);
        assert_eq!(prices(&[100, 125, 600, 100]), [0_usize; 0]);
    }

    #[test]
    fn divisibility_is_that_of_a_division() {
        for tick in [1, 2, 3, 5, 25, 10_000_000, 250_000_000, 31_250_000, 7_812_500, i64::MAX] {
            for price in [0, 1, -1, 24, 25, -25, 26, 249_999_999, 250_000_000, 4_799_250_000_000, i64::MAX, -i64::MAX] {
                assert_eq!(Tick::new(tick).holds(price), price % tick == 0, "{price} of {tick}");
            }
        }
        assert!(Tick::new(0).holds(7) && Tick::new(25).holds(MISSING));
    }

    #[test]
    fn columns_of_different_lengths_are_refused() {
        let columns = Columns { ts_us: &[1], prices: [&[], &[], &[]], sizes: [&[], &[], &[]], seq: &[], source: &[] };
        assert_eq!(check(&columns, &rules()), None);
    }
}

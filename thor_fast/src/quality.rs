//! What is wrong with a symbol's ticks of a day: ten checks in one pass over columns that are in order of ts.
//!
//! Nothing is altered: each row gets a set of flags, and the day a count of each. What a check compares with the row
//! before, it compares within one source. The columns may come in blocks, so that a block stays near the processor.

use std::ops::Range;

/// A price or sequence number that is not there.
pub const MISSING: i64 = i64::MIN;
/// A size that is not there.
pub const NO_SIZE: i32 = i32::MIN;
/// So many changes of price are looked at to say how large one usually is.
const SAMPLES: usize = 4_096;
/// So many rows at once are asked whether there is anything to say of their instants.
const RUN: usize = 256;

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

/// A block of columns of one symbol, all of one length, rising by ts. Prices and seq may be [`MISSING`], sizes
/// [`NO_SIZE`].
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names are the columns'")]
pub struct Block<'a> {
    pub ts_us: &'a [i64],
    pub prices: [&'a [i64]; 3],
    pub sizes: [&'a [i32]; 3],
    pub seq: &'a [i64],
    /// A small number a source; none where all rows are of one.
    pub source: Option<&'a [u32]>,
}

impl Block<'_> {
    fn is_even(&self) -> bool {
        let rows = self.ts_us.len();
        self.prices.iter().all(|column| column.len() == rows)
            && self.sizes.iter().all(|column| column.len() == rows)
            && self.seq.len() == rows
            && self.source.is_none_or(|source| source.len() == rows)
    }

    /// Some of the rows, those beyond the end left out.
    fn part(&self, rows: Range<usize>) -> Self {
        fn of<'a, T>(column: &'a [T], rows: &Range<usize>) -> &'a [T] {
            column.get(rows.start..rows.end.min(column.len())).unwrap_or_default()
        }
        Self {
            ts_us: of(self.ts_us, &rows),
            prices: self.prices.map(|column| of(column, &rows)),
            sizes: self.sizes.map(|column| of(column, &rows)),
            seq: of(self.seq, &rows),
            source: self.source.map(|column| of(column, &rows)),
        }
    }

    /// The source of all rows; nothing where they are of several.
    fn one_source(&self) -> Option<usize> {
        let Some([first, others @ ..]) = self.source else { return Some(0) };
        others.iter().all(|source| source == first).then_some(*first as usize)
    }
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

/// What a source said before.
#[derive(Clone, Debug)]
struct Before {
    ts_us: i64,
    content: ([i64; 3], [i32; 3]),
    seq: i64,
    /// Since when it has said the same.
    since: i64,
    /// The last price before the one that waits for what follows it; [`MISSING`] where none was.
    good: i64,
    waiting: i64,
    /// The rows with the waiting price, where it is far from the good one.
    doubtful: Vec<usize>,
}

/// Looks at blocks of rows, one after the other.
#[derive(Debug)]
pub struct Checker {
    rules: Rules,
    tick: Tick,
    limit: u64,
    report: Report,
    before: Vec<Option<Before>>,
    /// The span of the market's hours that the rows have come to, and the last instant known within it.
    span: usize,
    last_us: i64,
}

impl Checker {
    /// A checker that has seen nothing. `usual` is the instrument's usual change of price, see [`usual_change`].
    #[must_use]
    pub fn new(rules: Rules, usual: i64) -> Self {
        let limit = usual.max(rules.tick).max(1).saturating_mul(rules.outlier_factor).cast_unsigned();
        let last_us = rules.open.first().map_or(i64::MIN, |(opens, _)| *opens);
        let (tick, report) = (Tick::new(rules.tick), Report::default());
        Self { rules, tick, limit, report, before: Vec::new(), span: 0, last_us }
    }

    /// Looks at the next rows. False, and nothing is looked at, where the columns are not of one length.
    pub fn look(&mut self, block: &Block<'_>) -> bool {
        if !block.is_even() {
            return false;
        }
        self.report.flags.reserve(block.ts_us.len());
        for start in (0..block.ts_us.len()).step_by(RUN) {
            self.look_at(&block.part(start..start + RUN));
        }
        true
    }

    fn look_at(&mut self, rows: &Block<'_>) {
        let first_row = self.report.flags.len();
        let [last, bid, ask] = rows.prices;
        let tick = self.tick;
        let prices = last.iter().zip(bid).zip(ask);
        self.report.flags.extend(prices.map(|((last, bid), ask)| by_prices(tick, *last, *bid, *ask)));
        self.one_by_one(&rows.part(0..1), first_row);
        let rest = rows.part(1..RUN);
        match rows.one_source() {
            Some(source) if self.is_quiet(source, &rest) => self.in_one_go(source, &rest, first_row + 1),
            _ => self.one_by_one(&rest, first_row + 1),
        }
        // Outliers are found out later, and counted then.
        let flags = self.report.flags.get(first_row..).unwrap_or_default();
        for (check, count) in self.report.counts.iter_mut().enumerate().filter(|(check, _)| *check != OUTLIER) {
            *count += u64::from(flags.iter().map(|flags| flags >> check & 1).sum::<u16>());
        }
    }

    fn one_by_one(&mut self, rows: &Block<'_>, first_row: usize) {
        let ([last, bid, ask], [last_size, bid_size, ask_size]) = (rows.prices, rows.sizes);
        let prices = last.iter().zip(bid).zip(ask);
        let sizes = last_size.iter().zip(bid_size).zip(ask_size);
        let each = rows.ts_us.iter().zip(prices).zip(sizes).zip(rows.seq).enumerate();
        for (at, (((ts_us, ((last, bid), ask)), ((last_size, bid_size), ask_size)), seq)) in each {
            let content = ([*last, *bid, *ask], [*last_size, *bid_size, *ask_size]);
            let source = rows.source.and_then(|source| source.get(at)).map_or(0, |source| *source as usize);
            let row = first_row + at;
            let flags = self.by_instant(*ts_us) | self.by_source(source, row, *ts_us, content, *seq);
            if let Some(place) = self.report.flags.get_mut(row) {
                *place |= flags;
            }
        }
    }

    /// Whether rows that follow one of their source all lie in open hours, and too close for a silence or a stale run.
    fn is_quiet(&self, source: usize, rows: &Block<'_>) -> bool {
        let (Some(first), Some(last)) = (rows.ts_us.first(), rows.ts_us.last()) else { return false };
        let before = self.before.get(source).and_then(Option::as_ref);
        let hours = self.rules.open.get(self.span);
        before.is_some_and(|before| last - before.since < self.rules.stale_us)
            && hours.is_some_and(|(opens, closes)| opens <= first && last < closes)
            && last - self.last_us <= self.rules.gap_us
    }

    /// `one_by_one` of rows that are quiet and follow `first`, all of one source.
    fn in_one_go(&mut self, source: usize, rows: &Block<'_>, first_row: usize) {
        let Some(Some(before)) = self.before.get_mut(source) else { return };
        let ([last, bid, ask], [last_size, bid_size, ask_size]) = (rows.prices, rows.sizes);
        let prices = last.iter().zip(bid).zip(ask);
        let sizes = last_size.iter().zip(bid_size).zip(ask_size);
        let each = rows.ts_us.iter().zip(prices).zip(sizes).zip(rows.seq);
        let flags = self.report.flags.get_mut(first_row..).unwrap_or_default();
        // Kept apart from what they are copies of, so that they stay in registers.
        let (mut ts_before, mut content_before, mut seq_before) = (before.ts_us, before.content, before.seq);
        let mut since = before.since;
        for (flags, (((ts_us, ((last, bid), ask)), ((last_size, bid_size), ask_size)), seq)) in
            flags.iter_mut().zip(each)
        {
            let content = ([*last, *bid, *ask], [*last_size, *bid_size, *ask_size]);
            let same = is_same(&content, &content_before);
            since = if same { since } else { *ts_us };
            *flags |= bit(same & (*ts_us == ts_before), DUPLICATE)
                | bit((*seq != MISSING) & (*seq < seq_before), OUT_OF_ORDER);
            (ts_before, content_before, seq_before) = (*ts_us, content, *seq);
        }
        (before.ts_us, before.content, before.seq, before.since) = (ts_before, content_before, seq_before, since);
        self.last_us = ts_before;
        self.report.counts[OUTLIER] += before.prices(last, first_row, self.limit, &mut self.report.flags);
    }

    /// What was found, once every row was looked at.
    #[must_use]
    pub fn finish(mut self) -> Report {
        while self.span < self.rules.open.len() {
            self.close_span();
        }
        self.report.counts[GAP] = self.report.gaps.len() as u64;
        self.report
    }

    /// A silence before it, an instant out of hours.
    #[inline(always)]
    fn by_instant(&mut self, ts_us: i64) -> u16 {
        while self.rules.open.get(self.span).is_some_and(|(_, closes)| ts_us >= *closes) {
            self.close_span();
        }
        let closed = self.rules.open.get(self.span).is_none_or(|(opens, _)| ts_us < *opens);
        let silent = !closed && ts_us - self.last_us > self.rules.gap_us;
        if silent {
            self.report.gaps.push((self.last_us, ts_us));
        }
        if !closed {
            self.last_us = ts_us;
        }
        bit(closed, SESSION_LEAK) | bit(silent, GAP)
    }

    /// Leaves a span of hours, silent to its end or not, for the next.
    #[cold]
    fn close_span(&mut self) {
        if let Some((_, closes)) = self.rules.open.get(self.span)
            && closes - self.last_us > self.rules.gap_us
        {
            self.report.gaps.push((self.last_us, *closes));
        }
        self.span += 1;
        self.last_us = self.rules.open.get(self.span).map_or(i64::MIN, |(opens, _)| *opens);
    }

    /// What a row says compared with the one before it from its source: the same again, a lower number, a jump.
    #[inline(always)]
    fn by_source(&mut self, source: usize, row: usize, ts_us: i64, content: ([i64; 3], [i32; 3]), seq: i64) -> u16 {
        let Some(Some(before)) = self.before.get_mut(source) else {
            self.first_of_source(source, ts_us, content, seq);
            return 0;
        };
        let same = is_same(&before.content, &content);
        let at_once = before.ts_us == ts_us;
        let lower = seq != MISSING && seq < before.seq;
        before.since = if same { before.since } else { ts_us };
        let stale = same && ts_us - before.since >= self.rules.stale_us;
        (before.ts_us, before.content, before.seq) = (ts_us, content, seq);
        let [last, ..] = content.0;
        if last != MISSING && (last != before.waiting || !before.doubtful.is_empty()) {
            self.report.counts[OUTLIER] += before.price(last, row, self.limit, &mut self.report.flags);
        }
        bit(same & at_once, DUPLICATE) | bit(lower, OUT_OF_ORDER) | bit(stale, STALE_RUN)
    }

    #[cold]
    fn first_of_source(&mut self, source: usize, ts_us: i64, content: ([i64; 3], [i32; 3]), seq: i64) {
        if self.before.len() <= source {
            self.before.resize(source + 1, None);
        }
        let [last, ..] = content.0;
        if let Some(place) = self.before.get_mut(source) {
            let doubtful = Vec::new();
            *place = Some(Before { ts_us, content, seq, since: ts_us, good: last, waiting: last, doubtful });
        }
    }
}

impl Before {
    /// The last prices of a run of rows, the first of them at `first_row`; how many outliers they showed.
    fn prices(&mut self, last: &[i64], first_row: usize, limit: u64, flags: &mut [u16]) -> u64 {
        let mut found = 0;
        let mut at = 0;
        // Where the price changes is gathered without a branch: it changes too seldom to be foretold, and too often not
        // to matter.
        let (mut places, mut count) = ([0_u8; RUN], 0);
        let mut before = self.waiting;
        for (row, price) in (0..=u8::MAX).zip(last) {
            if let Some(place) = places.get_mut(count) {
                *place = row;
            }
            count += usize::from(*price != before);
            before = *price;
        }
        // One that jumped away before is followed from the first row on.
        let starts = (!self.doubtful.is_empty()).then_some(0);
        for place in starts.into_iter().chain(places.iter().take(count).map(|place| usize::from(*place))) {
            at = at.max(place);
            // A price that jumped away is followed until it is known what it was.
            while let Some(price) = last.get(at).filter(|_| at == place || !self.doubtful.is_empty()) {
                if *price != MISSING && (*price != self.waiting || !self.doubtful.is_empty()) {
                    found += self.price(*price, first_row + at, limit, flags);
                }
                at += 1;
            }
        }
        found
    }

    /// A last price. One that jumped away is an outlier once the next comes back; a new level, as after a pause, is
    /// confirmed by what follows it and is none. How many outliers it showed.
    fn price(&mut self, price: i64, row: usize, limit: u64, flags: &mut [u16]) -> u64 {
        if self.waiting == MISSING {
            (self.good, self.waiting) = (price, price);
            return 0;
        }
        if price == self.waiting {
            self.doubtful.push(row);
            return 0;
        }
        let back = self.waiting.abs_diff(price) > limit && (price > self.waiting) == (self.good > self.waiting);
        let mut found = 0;
        if self.doubtful.is_empty() || !back {
            self.good = self.waiting;
        } else {
            for at in &self.doubtful {
                if let Some(flags) = flags.get_mut(*at) {
                    *flags |= bit(true, OUTLIER);
                    found += 1;
                }
            }
        }
        self.doubtful.clear();
        self.waiting = price;
        if price.abs_diff(self.good) > limit {
            self.doubtful.push(row);
        }
        found
    }
}

/// Crossed, locked, zero, off its tick.
#[inline(always)]
fn by_prices(tick: Tick, last: i64, bid: i64, ask: i64) -> u16 {
    let both = (bid != MISSING) & (ask != MISSING);
    let zero = (last == 0) | (bid == 0) | (ask == 0);
    let off = !(tick.holds(last) & tick.holds(bid) & tick.holds(ask));
    bit(both & (bid > ask), CROSSED) | bit(both & (bid == ask), LOCKED) | bit(zero, ZERO_PRICE) | bit(off, OFF_TICK)
}

/// Whether two rows say the same, without a branch.
#[inline(always)]
fn is_same((prices, sizes): &([i64; 3], [i32; 3]), (others, other_sizes): &([i64; 3], [i32; 3])) -> bool {
    let both = |one: bool, other: bool| one & other;
    prices.iter().zip(others).map(|(one, other)| one == other).fold(true, both)
        & sizes.iter().zip(other_sizes).map(|(one, other)| one == other).fold(true, both)
}

#[inline(always)]
const fn bit(present: bool, check: usize) -> u16 {
    (present as u16) << check
}

/// Divisibility by a tick without a division: by the inverse of its odd part, as Hacker's Delight has it.
#[derive(Clone, Copy, Debug)]
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

    #[inline(always)]
    fn holds(self, price: i64) -> bool {
        (price == MISSING) | (price.unsigned_abs().wrapping_mul(self.inverse).rotate_right(self.shift) <= self.most)
    }
}

/// The median of the changes of a column of `rows` last prices, of some thousand of them; 0 where there is none.
#[must_use]
pub fn usual_change(rows: usize, last: impl Fn(usize) -> Option<i64>) -> i64 {
    let step = (rows / SAMPLES).max(1);
    // Where most rows repeat the price, a sampled place is followed up to its next change.
    let change = |row: usize| {
        let pairs = (row..(row + step).min(rows)).map(|at| (at.checked_sub(1).and_then(&last), last(at)));
        let mut changes = pairs.filter_map(|(one, other)| i64::try_from(one?.abs_diff(other?)).ok());
        changes.find(|change| *change != 0)
    };
    let mut changes: Vec<i64> = (1..rows).step_by(step).filter_map(change).collect();
    let middle = changes.len().saturating_sub(1) / 2;
    if changes.is_empty() { 0 } else { *changes.select_nth_unstable(middle).1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ts, last, bid, ask, seq and source; sizes are all 1.
    type Row = (i64, i64, i64, i64, i64, u32);

    /// The rows in blocks of every size give one answer.
    fn found(rows: &[Row], rules: &Rules) -> Report {
        found_in_blocks(rows, rules, &(1..=rows.len().max(1)).collect::<Vec<_>>())
    }

    fn found_in_blocks(rows: &[Row], rules: &Rules, block_sizes: &[usize]) -> Report {
        let column = |of: fn(&Row) -> i64| rows.iter().map(of).collect::<Vec<_>>();
        let sizes = vec![1; rows.len()];
        let (ts_us, last, bid) = (column(|row| row.0), column(|row| row.1), column(|row| row.2));
        let (ask, seq, source) =
            (column(|row| row.3), column(|row| row.4), rows.iter().map(|row| row.5).collect::<Vec<_>>());
        let usual = usual_change(rows.len(), |row| last.get(row).copied().filter(|last| *last != MISSING));
        let reports: Vec<_> = block_sizes
            .iter()
            .map(|size| {
                let size = *size;
                let mut checker = Checker::new(rules.clone(), usual);
                for start in (0..rows.len()).step_by(size) {
                    let part = start..(start + size).min(rows.len());
                    let sizes = [&sizes[part.clone()]; 3];
                    let prices = [&last[part.clone()], &bid[part.clone()], &ask[part.clone()]];
                    let (ts_us, seq) = (&ts_us[part.clone()], &seq[part.clone()]);
                    assert!(checker.look(&Block { ts_us, prices, sizes, seq, source: Some(&source[part]) }));
                }
                checker.finish()
            })
            .collect();
        assert!(reports.iter().all(|report| *report == reports[0]));
        reports[0].clone()
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
        assert_eq!(names(report.flags[0]), ["gap"]);
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
        assert_eq!(prices(&[MISSING, 100, 125, 100, 125, 9_000, 125]), [5]);
    }

    #[test]
    fn rows_in_one_go_are_as_one_by_one() {
        let mut state = 1_u64;
        let mut chance = |of: i64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33).cast_signed() % of
        };
        // A walk with repetitions, jumps, nothings, lower numbers and a silence now and then, from one source or two.
        for sources in [1, 2] {
            let (mut ts_us, mut seq, mut rows) = (0, 0, Vec::new());
            let mut prices = (5_000, 4_990, 4_992);
            for _ in 0..3_000 {
                ts_us += if chance(500) == 0 { 90 } else { chance(3) };
                seq += if chance(50) == 0 { -3 } else { 1 };
                let last = match chance(40) {
                    0 => MISSING,
                    1 => 1_000_000,
                    2 => 0,
                    other => 5_000 + other / 8,
                };
                if chance(3) == 0 {
                    prices = (last, 4_990 + chance(2), 4_990 + chance(3));
                }
                let source = u32::try_from(chance(sources)).unwrap_or(0);
                rows.push((ts_us, prices.0, prices.1, prices.2, if chance(9) == 0 { MISSING } else { seq }, source));
            }
            let rules =
                Rules { tick: 2, open: vec![(10, 1_500), (2_000, 3_100)], gap_us: 60, stale_us: 4, outlier_factor: 20 };
            let report = found_in_blocks(&rows, &rules, &[1, 2, 255, 256, 257, 1_000, 3_000]);
            assert!(report.counts.iter().all(|count| *count > 0), "{:?}", report.counts);
        }
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
        let block = Block { ts_us: &[1], prices: [&[], &[], &[]], sizes: [&[], &[], &[]], seq: &[], source: None };
        assert!(!Checker::new(rules(), 1).look(&block));
    }
}

//! Batches of events: rows of shared columns. Slicing and selecting copy no event.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

use crate::columns::Columns;
use crate::event::{EventRef, QuoteEvent};
use crate::symbol::Source;

/// Which rows of the columns a batch has.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Rows next to one another.
    Range(Range<usize>),
    /// Any rows in any order.
    Listed(Arc<[usize]>),
}

/// Events in an order, immutable. A part of it shares its columns and keeps them alive.
#[derive(Clone, Debug)]
pub struct QuoteBatch {
    columns: Arc<Columns>,
    rows: Rows,
}

impl Default for QuoteBatch {
    fn default() -> Self {
        Columns::default().into()
    }
}

impl From<Columns> for QuoteBatch {
    fn from(columns: Columns) -> Self {
        let rows = Rows::Range(0..columns.len());
        Self { columns: Arc::new(columns), rows }
    }
}

impl<'a> FromIterator<&'a QuoteEvent> for QuoteBatch {
    fn from_iter<T: IntoIterator<Item = &'a QuoteEvent>>(events: T) -> Self {
        let mut columns = Columns::default();
        columns.extend(events);
        columns.shrink();
        columns.into()
    }
}

impl QuoteBatch {
    /// Events.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Range(range) => range.len(),
            Rows::Listed(rows) => rows.len(),
        }
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns that the batch takes its rows from.
    #[must_use]
    pub fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }

    /// Which of the columns' rows are this batch's.
    #[must_use]
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The columns' row of a position.
    #[must_use]
    #[inline]
    pub fn row(&self, position: usize) -> Option<usize> {
        match &self.rows {
            Rows::Range(range) => range.start.checked_add(position).filter(|row| *row < range.end),
            Rows::Listed(rows) => rows.get(position).copied(),
        }
    }

    /// The event at a position.
    #[must_use]
    #[inline]
    pub fn get(&self, position: usize) -> Option<EventRef<'_>> {
        self.columns.get(self.row(position)?)
    }

    /// [`Self::iter`] for a loop that needs only part of each event.
    pub(crate) fn iter_read(&self) -> impl Iterator<Item = EventRef<'_>> {
        (0..self.len()).filter_map(|position| self.columns.read(self.row(position)?))
    }

    /// The canonical JSON and the source of those events that were read from that.
    pub fn kept_json(&self) -> impl Iterator<Item = (&[u8], &Source)> {
        (0..self.len()).filter_map(|position| self.columns.json_and_source(self.row(position)?))
    }

    /// The canonical JSON of the event at a position, where it was read from that.
    #[must_use]
    #[inline]
    pub fn json(&self, position: usize) -> Option<&[u8]> {
        self.columns.json(self.row(position)?)
    }

    /// The events in order.
    pub fn iter(&self) -> impl Iterator<Item = EventRef<'_>> {
        (0..self.len()).filter_map(|position| self.get(position))
    }

    /// The events of these positions, those beyond the end left out.
    #[must_use]
    pub fn slice(&self, positions: Range<usize>) -> Self {
        let end = positions.end.min(self.len());
        let start = positions.start.min(end);
        let rows = match &self.rows {
            Rows::Range(range) => Rows::Range(range.start + start..range.start + end),
            Rows::Listed(rows) => Rows::Listed(rows.get(start..end).unwrap_or_default().into()),
        };
        Self { columns: Arc::clone(&self.columns), rows }
    }

    /// The events at these positions in this order, those beyond the end left out.
    #[must_use]
    pub fn take(&self, positions: impl IntoIterator<Item = usize>) -> Self {
        let rows = positions.into_iter().filter_map(|position| self.row(position)).collect();
        Self { columns: Arc::clone(&self.columns), rows: Rows::Listed(rows) }
    }

    /// All events of these batches, one batch after the other, in columns of their own.
    #[must_use]
    pub fn concat(batches: &[Self]) -> Self {
        let rows = batches.iter().map(Self::len).sum();
        let mut columns = Columns::with_capacity(rows, 0);
        for event in batches.iter().flat_map(Self::iter) {
            columns.push(&event);
        }
        columns.shrink();
        columns.into()
    }

    /// The same events with columns of exactly these rows, without a copy where they are so already.
    #[must_use]
    pub fn compact(&self) -> Self {
        match &self.rows {
            Rows::Range(range) if *range == (0..self.columns.len()) => self.clone(),
            _ => Self::concat(std::slice::from_ref(self)),
        }
    }

    /// The positions of the events that stand when there is one row a (symbol, source, ts, seq): the last of each key,
    /// in the order of these last positions. An absent `seq` is a value of its own.
    #[must_use]
    pub fn last_per_key(&self) -> Vec<usize> {
        let columns = &*self.columns;
        self.last_of_each(|row| {
            let seq = columns.seq().get(row).copied().filter(|_| columns.has(row, crate::columns::Bit::Seq));
            (columns.symbol_ids().get(row), columns.source_ids().get(row), columns.ts_us().get(row), seq)
        })
    }

    /// The positions of each symbol's last event, rising.
    #[must_use]
    pub fn newest_per_symbol(&self) -> Vec<usize> {
        let mut newest = vec![usize::MAX; self.columns.symbols().len()];
        for position in 0..self.len() {
            let id = self.row(position).and_then(|row| self.columns.symbol_ids().get(row));
            if let Some(place) = id.and_then(|id| newest.get_mut(*id as usize)) {
                *place = position;
            }
        }
        newest.retain(|position| *position != usize::MAX);
        newest.sort_unstable();
        newest
    }

    fn last_of_each<K: Eq + Hash>(&self, key: impl Fn(usize) -> K) -> Vec<usize> {
        let mut last: HashMap<K, usize, BuildHasherDefault<Mixer>> =
            HashMap::with_capacity_and_hasher(self.len(), BuildHasherDefault::default());
        let mut stands = vec![true; self.len()];
        for position in 0..self.len() {
            let Some(row) = self.row(position) else { continue };
            if let Some(place) = last.insert(key(row), position).and_then(|before| stands.get_mut(before)) {
                *place = false;
            }
        }
        stands.iter().enumerate().filter(|(_, stands)| **stands).map(|(position, _)| position).collect()
    }
}

/// A hasher for keys of a few integers: a multiplication each.
struct Mixer(u64);

impl Default for Mixer {
    fn default() -> Self {
        Self(crate::columns::hash_seed())
    }
}

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_i64(&mut self, value: i64) {
        self.write_u64(value.cast_unsigned());
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value.unsigned_abs() as u64);
    }

    fn write_u64(&mut self, value: u64) {
        let product = u128::from(self.0.rotate_left(23) ^ value) * 0x9e37_79b9_7f4a_7c15_u128;
        #[allow(clippy::cast_possible_truncation, reason = "both halves are used")]
        let folded = product as u64 ^ (product >> 64) as u64;
        self.0 = folded;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse_lines;
    use crate::symbol::Sources;

    fn batch() -> QuoteBatch {
        let line = |symbol: &str, seq: i64| {
            format!(
                r#"{{"symbol":"{symbol}","ts":{seq},"source":"TOS","last":{seq},"bid":null,"ask":null,"lastSize":null,"bidSize":null,"askSize":null,"seq":{seq}}}"#
            )
        };
        let lines: Vec<String> =
            (0..20).map(|at| line(&format!("S{}", at % 3).repeat(1 + at % 3), i64::try_from(at).unwrap())).collect();
        parse_lines(lines.join("\n").as_bytes(), &Sources::built_in()).batch
    }

    fn seqs(batch: &QuoteBatch) -> Vec<i64> {
        batch.iter().filter_map(|event| event.seq).collect()
    }

    #[test]
    fn parts_share_columns_and_parts_of_parts_are_right() {
        let batch = batch();
        let part = batch.slice(5..15);
        assert!(Arc::ptr_eq(part.columns(), batch.columns()));
        assert_eq!(seqs(&part.slice(2..4)), [7, 8]);
        assert_eq!(seqs(&part.take([9, 0, 0, 10])), [14, 5, 5]);
        assert_eq!(seqs(&part.take([9, 0, 3]).slice(1..9)), [5, 8]);
        assert_eq!(seqs(&part.slice(8..99)), [13, 14]);
    }

    #[test]
    fn a_concatenation_has_all_events_and_nothing_else() {
        let batch = batch();
        let both = QuoteBatch::concat(&[batch.slice(3..5), batch.take([0, 19])]);
        assert_eq!(seqs(&both), [3, 4, 0, 19]);
        assert_eq!(both.columns().len(), 4);
        let events = |batch: &QuoteBatch| batch.iter().map(|event| event.to_event()).collect::<Vec<_>>();
        assert_eq!(events(&QuoteBatch::concat(&[batch.slice(0..7), batch.slice(7..20)])), events(&batch));
    }

    #[test]
    fn the_last_of_each_stands() {
        let batch = batch().take([0, 1, 2, 0, 3]);
        assert_eq!(batch.last_per_key(), [1, 2, 3, 4]);
        assert_eq!(batch.newest_per_symbol(), [1, 2, 4]);
    }
}

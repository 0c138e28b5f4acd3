//! An event as it is offered to the policy, and as it is kept until the next one of its source.
//!
//! What orders an event is looked at with every offer, the rest only where the order does not tell. So within a batch
//! the rest stays in the batch's columns, and is copied once at its end, however often the event was replaced by then.

use std::cmp::Ordering;

use super::{FUTURE_LIMIT_US, Reason};
use crate::columns::Columns;
use crate::event::{EventRef, Values};
use crate::meta::MetaRef;
use crate::symbol::Source;

/// What orders an event among others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) received_us: i64,
    /// `ts`, or the receipt where `ts` is too far ahead of it.
    pub(super) ts_us: i64,
    seq: Option<i64>,
    run: Option<i64>,
    pub(super) live: bool,
}

impl Order {
    fn new(ts_us: i64, seq: Option<i64>, run: Option<i64>, live: bool, received_us: i64) -> Self {
        let ahead = ts_us.saturating_sub(received_us) > FUTURE_LIMIT_US;
        Self { received_us, ts_us: if ahead { received_us } else { ts_us }, seq, run, live }
    }
}

/// Where the rest of an event is.
#[derive(Clone, Copy)]
enum Content<'e> {
    Values(&'e Values<'e>),
    /// A row of the batch that is being offered.
    Row(&'e Columns, usize),
}

/// An event as it is offered.
#[derive(Clone, Copy)]
pub(super) struct Offer<'e> {
    /// The source's number.
    pub(super) source: u32,
    pub(super) name: &'e Source,
    pub(super) order: Order,
    /// Whether `ts` is too far ahead of the receipt.
    pub(super) is_ahead: bool,
    content: Content<'e>,
}

impl<'e> Offer<'e> {
    pub(super) fn of_event(event: &'e EventRef<'e>, source: u32, received_us: i64) -> Self {
        let meta = event.values.meta;
        let (run, live) = (meta.and_then(|meta| meta.run), meta.is_none_or(|meta| meta.live));
        let order = Order::new(event.ts_us, event.seq, run, live, received_us);
        let is_ahead = order.ts_us != event.ts_us;
        Self { source, name: event.source, order, is_ahead, content: Content::Values(&event.values) }
    }

    /// The event of a row; `numbers` are those of the columns' sources.
    #[inline]
    pub(super) fn of_row(columns: &'e Columns, row: usize, numbers: &[u32], received_us: i64) -> Option<Self> {
        let ts_us = *columns.ts_us().get(row)?;
        let id = *columns.source_ids().get(row)? as usize;
        let (source, name) = (*numbers.get(id)?, columns.sources().get(id)?);
        let (seq, run, live) = columns.sequence(row);
        let order = Order::new(ts_us, seq, run, live, received_us);
        let is_ahead = order.ts_us != ts_us;
        Some(Self { source, name, order, is_ahead, content: Content::Row(columns, row) })
    }

    /// The columns of the batch that is being offered.
    pub(super) fn columns(&self) -> Option<&'e Columns> {
        match self.content {
            Content::Row(columns, _) => Some(columns),
            Content::Values(_) => None,
        }
    }

    pub(super) fn values(&self) -> Values<'e> {
        match self.content {
            Content::Values(values) => *values,
            Content::Row(columns, row) => columns.get(row).map(|event| event.values).unwrap_or_default(),
        }
    }

    /// How this event follows an earlier one of the same source.
    #[inline]
    pub(super) fn follows(&self, earlier: &Kept) -> Reason {
        let (order, before) = (&self.order, &earlier.order);
        match (order.run, before.run) {
            (Some(run), Some(before)) if run > before => return Reason::NewRun,
            (Some(run), Some(before)) if run < before => return Reason::StaleRun,
            _ => {}
        }
        let (found, newer, stale) = match (order.seq, before.seq) {
            (Some(seq), Some(before_seq)) if order.run == before.run => {
                (seq.cmp(&before_seq), Reason::NewerSeq, Reason::StaleSeq)
            }
            _ => (order.ts_us.cmp(&before.ts_us), Reason::NewerTs, Reason::StaleTs),
        };
        match found {
            Ordering::Greater => newer,
            Ordering::Less => stale,
            Ordering::Equal if self.values() == earlier.values(self.columns()) => Reason::Duplicate,
            Ordering::Equal => self.at_the_same_place(before),
        }
    }

    /// The same place in the sequence with other content: one packet can carry several changes. Received before the
    /// last of them it has been here already.
    fn at_the_same_place(&self, before: &Order) -> Reason {
        if self.order.received_us < before.received_us { Reason::Duplicate } else { Reason::SameSeq }
    }

    /// How this event follows one of another source with the same numbering; nothing where a number is absent.
    pub(super) fn follows_in_domain(&self, earlier: &Kept) -> Option<Reason> {
        Some(match self.order.seq?.cmp(&earlier.order.seq?) {
            Ordering::Greater => Reason::NewerSeq,
            Ordering::Less => Reason::StaleSeq,
            Ordering::Equal if self.says_the_same(earlier) => Reason::Duplicate,
            // Another source's event is never the same event, whatever it says.
            Ordering::Equal => self.at_the_same_place(&earlier.order),
        })
    }

    /// The same quote from another source: all but its time stamp and what the source added.
    fn says_the_same(&self, other: &Kept) -> bool {
        let other = other.values(self.columns());
        Values { ts_us: other.ts_us, meta: other.meta, ..self.values() } == other
    }
}

/// An event that was offered, with its texts in one buffer that the next event is written into.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) order: Order,
    /// The row that it is of the batch being offered. What follows is then that of an earlier event.
    row: Option<usize>,
    /// Everything but the texts.
    values: Values<'static>,
    /// Condition, venue and meta behind one another.
    text: String,
    condition_end: Option<usize>,
    venue_end: Option<usize>,
    has_meta: bool,
}

impl Kept {
    pub(super) fn of(offer: &Offer<'_>) -> Self {
        let mut kept = Self {
            order: offer.order,
            row: None,
            values: Values::default(),
            text: String::new(),
            condition_end: None,
            venue_end: None,
            has_meta: false,
        };
        kept.set(offer);
        kept
    }

    /// Whether part of it is still only in the batch.
    pub(super) fn is_unsettled(&self) -> bool {
        self.row.is_some()
    }

    /// Keeps this event instead, and says whether it is still to be settled and was not so before.
    pub(super) fn set(&mut self, offer: &Offer<'_>) -> bool {
        self.order = offer.order;
        match offer.content {
            Content::Row(_, row) => self.row.replace(row).is_none(),
            Content::Values(values) => {
                self.row = None;
                self.copy(values);
                false
            }
        }
    }

    /// Copies what is still only in the batch.
    pub(super) fn settle(&mut self, columns: &Columns) {
        if let Some(event) = self.row.take().and_then(|row| columns.read(row)) {
            self.copy(&event.values);
        }
    }

    #[inline(always)]
    fn copy(&mut self, values: &Values<'_>) {
        self.values = Values { condition: None, venue: None, meta: None, ..*values };
        self.text.clear();
        self.condition_end = values.condition.map(|text| self.add(text));
        self.venue_end = values.venue.map(|text| self.add(text));
        self.has_meta = values.meta.is_some_and(|meta| self.add(meta.text) > 0);
    }

    fn add(&mut self, text: &str) -> usize {
        self.text.push_str(text);
        self.text.len()
    }

    /// The event's values with their texts; `batch` is the one being offered.
    pub(super) fn values<'a>(&'a self, batch: Option<&'a Columns>) -> Values<'a> {
        if let Some(row) = self.row {
            return batch.and_then(|columns| columns.get(row)).map(|event| event.values).unwrap_or_default();
        }
        let condition_end = self.condition_end.unwrap_or(0);
        let venue_end = self.venue_end.unwrap_or(condition_end);
        let meta = self.text.get(venue_end..).filter(|_| self.has_meta);
        Values {
            condition: self.condition_end.and_then(|end| self.text.get(..end)),
            venue: self.venue_end.and_then(|end| self.text.get(condition_end..end)),
            meta: meta.map(|text| MetaRef { text, run: self.order.run, live: self.order.live }),
            ..self.values
        }
    }
}

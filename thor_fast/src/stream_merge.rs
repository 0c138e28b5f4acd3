//! The merge of streams: entries in, and the commands that write what stands out.
//!
//! What stands is [`MergePolicy`]'s to say. Here is what makes the answer the same however the entries are read and
//! whoever dies in between:
//!
//! - Entries are decided in the order in which the server took them, across all streams. Where a reading broke off in the
//!   middle of one stream, later entries of the others are held until that stream has caught up.
//! - With each symbol's latest hash goes what the policy knows of the symbol and how far each stream was decided for
//!   it. The two are one write, so a successor goes on exactly there.
//! - What is merged says which entry it was merged from, so a successor finds what was written before the hash was.

use std::collections::{HashMap, HashSet};

use crate::batch::QuoteBatch;
use crate::entries::{Entries, EntryId, Row};
use crate::event::EventRef;
use crate::merge::{MergePolicy, Reason, StateFault};
use crate::parse::Reject;
use crate::resp::{Appended, command, write_latest, write_xack, write_xadd};
use crate::symbol::{Source, Symbol};

/// The first line of a symbol's state.
const STATE_VERSION: &str = "thor merge symbol 1";

/// The field of the latest hash that holds a symbol's state.
pub const STATE_FIELD: &str = "merge";

/// How far a stream was decided for a symbol.
type Marks = HashMap<Symbol, Vec<(Box<str>, EntryId)>>;

/// The policy over streams.
#[derive(Debug, Default)]
pub struct StreamMerge {
    policy: MergePolicy,
    marks: Marks,
    held: Entries,
}

/// An event that stands and is to be written.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// Its place in the batch.
    event: usize,
    received_us: i64,
    at_us: Option<i64>,
    of: EntryId,
    /// Its entry in the unified stream, where a dead merger wrote it.
    written: Option<EntryId>,
}

/// What one batch of entries comes to. It must be written before the next one is taken.
#[derive(Debug, Default)]
pub struct Step {
    batch: QuoteBatch,
    standing: Vec<Standing>,
    /// Each symbol of which something was decided, with its state after it.
    states: Vec<(Symbol, String)>,
    acknowledged: Vec<(Box<str>, Vec<EntryId>)>,
    /// What was no event.
    pub rejects: Vec<Reject>,
}

impl StreamMerge {
    /// A merge that has seen nothing.
    #[must_use]
    pub fn new(policy: MergePolicy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// The policy, for its counts.
    #[must_use]
    pub fn policy(&self) -> &MergePolicy {
        &self.policy
    }

    /// Sets a symbol's state to the event that stands, where no more is known.
    pub fn restore<'e>(&mut self, event: impl Into<EventRef<'e>>, received_us: i64) {
        self.policy.restore(event, received_us);
    }

    /// Sets a symbol's state to what its latest hash holds.
    ///
    /// # Errors
    /// What is wrong with the text; then nothing is changed.
    pub fn restore_state(&mut self, text: &str) -> Result<(), StateFault> {
        let (version, rest) = text.split_once('\n').ok_or(StateFault::Version)?;
        if version != STATE_VERSION {
            return Err(StateFault::Version);
        }
        let (marks, symbol_lines): (Vec<&str>, Vec<&str>) = rest.lines().partition(|line| line.starts_with("mark "));
        let mark = |line: &&str| {
            let (id, stream) = line.strip_prefix("mark ")?.split_once(' ')?;
            Some((Box::from(stream), EntryId::parse(id.as_bytes())?))
        };
        let marks: Option<Vec<_>> = marks.iter().map(mark).collect();
        let symbol = symbol_lines.first().and_then(|line| Symbol::new(line.split(' ').nth(1)?));
        let (Some(marks), Some(symbol)) = (marks, symbol) else { return Err(StateFault::Line(2)) };
        self.policy.import_symbol(&symbol_lines.join("\n"))?;
        self.marks.insert(symbol, marks);
        Ok(())
    }

    /// The streams of which entries are held. They are not to be read until these are decided.
    #[must_use]
    pub fn held(&self) -> Vec<&str> {
        let streams: HashSet<usize> = self.held.rows.iter().map(|row| row.stream).collect();
        streams.into_iter().filter_map(|place| self.held.streams.get(place)).map(|name| &**name).collect()
    }

    /// Goes on where a dead merger stopped: `pending` are all entries that it did not acknowledge, `unified` the end of
    /// the unified stream since the oldest of them. What must be decided at once comes back.
    pub fn recover(&mut self, pending: Vec<Entries>, unified: &[Entries]) -> Option<Step> {
        let mut written = HashMap::new();
        for (part, row) in unified.iter().flat_map(|part| part.good().map(move |row| (part, row))) {
            if let Some((of, event)) = row.of.zip(row.event.and_then(|event| part.batch.get(event))) {
                written.insert((*event.source, of), row.id);
            }
        }
        let all = sorted(Entries::concat(pending));
        let is_written = |row: &&Row| {
            let event = row.event.and_then(|event| all.batch.get(event));
            event.is_some_and(|event| written.contains_key(&(*event.source, row.id)))
        };
        // Everything up to the last that was written belonged to the batch that was being written.
        let floor = all.rows.iter().filter(is_written).map(|row| row.id).max();
        let known = |row: &Row| floor.is_some_and(|floor| row.id <= floor);
        let (now, held) = split(all, known);
        self.held = held;
        (!now.rows.is_empty()).then(|| self.decide(now, &written))
    }

    /// Takes entries that were read, at most `full` a stream, and decides what can be decided; nothing where there is
    /// nothing.
    pub fn take(&mut self, read: Vec<Entries>, full: usize) -> Option<Step> {
        let waiting: HashSet<Box<str>> = self.held().into_iter().map(Box::from).collect();
        let mut all = vec![std::mem::take(&mut self.held)];
        all.extend(read);
        let all = sorted(Entries::concat(all));
        let mut ends: Vec<(usize, EntryId)> = vec![(0, EntryId::default()); all.streams.len()];
        for row in &all.rows {
            if let Some((count, last)) = ends.get_mut(row.stream) {
                *count += 1;
                *last = (*last).max(row.id);
            }
        }
        // A stream that was not read to its end may still bring entries from here on.
        let open = all.streams.iter().zip(&ends).filter(|(name, (count, _))| *count >= full || waiting.contains(*name));
        let watermark = open.map(|(_, (_, last))| *last).min();
        let (now, held) = split(all, |row| watermark.is_none_or(|watermark| row.id <= watermark));
        self.held = held;
        (!now.rows.is_empty()).then(|| self.decide(now, &HashMap::new()))
    }

    /// Decides entries in their order.
    fn decide(&mut self, entries: Entries, written: &HashMap<(Source, EntryId), EntryId>) -> Step {
        let places = Places::new(&entries, &self.marks);
        let rows: Vec<&Row> = entries.good().filter(|row| places.is_new(row)).collect();
        let batch = entries.batch.take(rows.iter().filter_map(|row| row.event));
        let received: Vec<i64> = rows.iter().map(|row| row.id.received_us()).collect();
        let decisions = self.policy.offer_batch(&batch, &received);
        let mut standing = Vec::with_capacity(rows.len());
        for (event, (row, decision)) in rows.iter().zip(&decisions).enumerate() {
            if decision.reason.accepted() {
                let source = batch.get(event).map(|event| *event.source).filter(|_| !written.is_empty());
                let written = source.and_then(|source| written.get(&(source, row.id)).copied());
                let received_us = row.id.received_us();
                standing.push(Standing { event, received_us, at_us: row.at_us, of: row.id, written });
            }
        }
        let touched = places.advance(&rows, &mut self.marks);
        let states = touched.into_iter().map(|symbol| (symbol, self.state(symbol))).collect();
        let mut acknowledged: Vec<(Box<str>, Vec<EntryId>)> =
            entries.streams.iter().map(|name| (name.clone(), Vec::new())).collect();
        for row in &entries.rows {
            if let Some((_, ids)) = acknowledged.get_mut(row.stream) {
                ids.push(row.id);
            }
        }
        acknowledged.retain(|(_, ids)| !ids.is_empty());
        Step { batch, standing, states, acknowledged, rejects: entries.rejects }
    }

    fn state(&self, symbol: Symbol) -> String {
        let mut text = String::from(STATE_VERSION);
        self.policy.export_symbol(symbol, &mut text);
        for (stream, id) in self.marks.get(&symbol).into_iter().flatten() {
            text.push_str(&format!("\nmark {id} {stream}"));
        }
        text
    }

    /// How often a reason was given.
    #[must_use]
    pub fn count(&self, reason: Reason) -> u64 {
        self.policy.count(reason)
    }
}

/// How far each stream was decided for each symbol of some entries, by their numbers.
struct Places<'e> {
    entries: &'e Entries,
    marks: Vec<Option<EntryId>>,
}

impl<'e> Places<'e> {
    fn new(entries: &'e Entries, known: &Marks) -> Self {
        let symbols = entries.batch.columns().symbols();
        let mark = |symbol: &Symbol, stream: &str| {
            known.get(symbol)?.iter().find(|(name, _)| **name == *stream).map(|(_, id)| *id)
        };
        let marks = symbols.iter().flat_map(|symbol| entries.streams.iter().map(move |stream| mark(symbol, stream)));
        Self { entries, marks: marks.collect() }
    }

    fn place(&self, row: &Row) -> Option<usize> {
        let position = self.entries.batch.row(row.event?)?;
        let symbol = *self.entries.batch.columns().symbol_ids().get(position)? as usize;
        Some(symbol * self.entries.streams.len() + row.stream)
    }

    /// Whether the entry was not yet decided.
    fn is_new(&self, row: &Row) -> bool {
        let mark = self.place(row).and_then(|place| self.marks.get(place).copied().flatten());
        mark.is_none_or(|mark| row.id > mark)
    }

    /// Sets the marks to the last of these entries. The symbols of them come back.
    fn advance(mut self, rows: &[&Row], known: &mut Marks) -> Vec<Symbol> {
        let mut touched = vec![false; self.marks.len()];
        for row in rows {
            if let Some(place) = self.place(row)
                && let (Some(mark), Some(touched)) = (self.marks.get_mut(place), touched.get_mut(place))
            {
                *mark = (*mark).max(Some(row.id));
                *touched = true;
            }
        }
        let streams = &self.entries.streams;
        let mut symbols = Vec::new();
        for (number, symbol) in self.entries.batch.columns().symbols().iter().enumerate() {
            for (stream, name) in streams.iter().enumerate() {
                let place = number * streams.len() + stream;
                let mark = self.marks.get(place).copied().flatten().filter(|_| touched.get(place) == Some(&true));
                let Some(mark) = mark else { continue };
                let marks = known.entry(*symbol).or_default();
                match marks.iter_mut().find(|(known, _)| known == name) {
                    Some((_, place)) => *place = mark,
                    None => marks.push((name.clone(), mark)),
                }
                if symbols.last() != Some(symbol) {
                    symbols.push(*symbol);
                }
            }
        }
        symbols
    }
}

/// The entries in the order in which the server took them; in one instant by the names of their streams.
fn sorted(mut entries: Entries) -> Entries {
    let key = |row: &Row| row.id;
    if !entries.rows.is_sorted_by_key(key) {
        let names = &entries.streams;
        entries.rows.sort_by(|one, other| {
            key(one).cmp(&key(other)).then_with(|| names.get(one.stream).cmp(&names.get(other.stream)))
        });
    }
    entries
}

/// The entries for which `is_first` holds, with all that was refused, and the others.
fn split(entries: Entries, is_first: impl Fn(&Row) -> bool) -> (Entries, Entries) {
    let (first, others): (Vec<Row>, Vec<Row>) = entries.rows.iter().partition(|row| is_first(row));
    let others = if others.is_empty() {
        Entries::default()
    } else {
        // Only what is held, or the next reading would copy all of it again.
        let events: Vec<usize> = others.iter().filter_map(|row| row.event).collect();
        let mut next = 0..events.len();
        let renumbered = |row: Row| Row { event: row.event.and_then(|_| next.next()), ..row };
        Entries {
            streams: entries.streams.clone(),
            batch: entries.batch.take(events).compact(),
            rows: others.into_iter().map(renumbered).collect(),
            rejects: Vec::new(),
        }
    };
    (Entries { rows: first, ..entries }, others)
}

impl Step {
    /// Events that stand and are not written yet.
    #[must_use]
    pub fn appended(&self) -> usize {
        self.standing.iter().filter(|standing| standing.written.is_none()).count()
    }

    /// Entries that were read.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.acknowledged.iter().map(|(_, ids)| ids.len()).sum()
    }

    /// When the collectors received the events that are to be appended, microseconds UTC, where they say so.
    pub fn received_at_us(&self) -> impl Iterator<Item = i64> {
        self.standing.iter().filter(|standing| standing.written.is_none()).filter_map(|standing| standing.at_us)
    }

    /// One `XADD` an event that stands and is not written yet; the last of them trims.
    #[must_use]
    pub fn xadd(&self, key: &str, minid_ms: Option<u64>) -> Vec<u8> {
        let new: Vec<&Standing> = self.standing.iter().filter(|standing| standing.written.is_none()).collect();
        let mut out = Vec::with_capacity(new.len() * 448);
        let mut json = Vec::new();
        for (place, standing) in new.iter().enumerate() {
            let minid_ms = minid_ms.filter(|_| place + 1 == new.len());
            let with = Appended { minid_ms, at_us: standing.at_us, of: Some(standing.of) };
            if let Some(kept) = self.batch.json(standing.event) {
                write_xadd(key, kept, with, &mut out);
            } else if let Some(event) = self.batch.get(standing.event) {
                json.clear();
                crate::encode::write_json(event, &mut json);
                write_xadd(key, &json, with, &mut out);
            }
        }
        out
    }

    /// One `HSET` a symbol of which something was decided: its state, and the newest event that stands, if there is one.
    /// `ids` are the entries that [`Self::xadd`] made, in order. Nothing where they are not as many.
    #[must_use]
    pub fn latest(&self, prefix: &str, ids: &[EntryId]) -> Option<Vec<(String, Vec<u8>)>> {
        if ids.len() != self.appended() {
            return None;
        }
        let mut new = ids.iter();
        let mut newest: HashMap<Symbol, (&Standing, EntryId)> = HashMap::new();
        for standing in &self.standing {
            let id = standing.written.or_else(|| new.next().copied())?;
            newest.insert(*self.batch.get(standing.event)?.symbol, (standing, id));
        }
        let hset = |(symbol, state): &(Symbol, String)| {
            let mut out = Vec::with_capacity(512 + state.len());
            let key = format!("{prefix}{symbol}");
            let more = (STATE_FIELD.as_bytes(), state.as_bytes());
            match newest.get(symbol).and_then(|found| Some((found, self.batch.get(found.0.event)?))) {
                Some(((standing, id), event)) => {
                    write_latest(&event, prefix, &id.to_string(), standing.received_us, &[more], &mut out);
                }
                None => command(&[b"HSET", key.as_bytes(), more.0, more.1], &mut out),
            }
            (key, out)
        };
        Some(self.states.iter().map(hset).collect())
    }

    /// One `XACK` a stream.
    #[must_use]
    pub fn xack(&self, group: &str) -> Vec<(String, Vec<u8>)> {
        let acknowledge = |(stream, ids): &(Box<str>, Vec<EntryId>)| {
            let mut out = Vec::with_capacity(32 * (ids.len() + 2));
            write_xack(stream, group, ids, &mut out);
            (stream.to_string(), out)
        };
        self.acknowledged.iter().map(acknowledge).collect()
    }
}

//! The merge policy: which source's event stands for a symbol.
//!
//! Pure: the time of receipt is an argument, and the same offers always give the same answers. What is kept per symbol
//! is the last event of each source, with those before it under the same sequence number; the last accepted event is
//! always the active source's last. Symbols and sources are numbered once, a kept event is overwritten in place. The
//! rules, in order:
//!
//! 1. Within a source (or a declared sequence domain) the order is that of run, `seq`, then `ts`; what is older than
//!    the source's last event, or was offered before, is kept out. A source that steps back in its sequence tells
//!    again what it told: what it then repeats under its newest number was offered before too.
//! 2. While the symbol's preferred source is live it alone stands. Silent, another live source takes over until it speaks.
//! 3. Otherwise the newer `ts` stands and a tie leaves the active source; a source marked delayed or stale never
//!    displaces a live one.

use std::collections::HashMap;

use crate::batch::QuoteBatch;
use crate::columns::Interner;
use crate::encode::write_json;
use crate::error::EventError;
use crate::event::{EventRef, QuoteEvent, Values, check_source, check_symbol};
use crate::meta::MetaRef;
use crate::parse::parse_event;
use crate::symbol::{Source, Sources, Symbol};

/// How far `ts` may be ahead of the receipt before it is compared as the receipt.
pub const FUTURE_LIMIT_US: i64 = 2_000_000;

/// How long after its last event a source is live, where nothing else is set.
pub const DEFAULT_STALE_AFTER_US: i64 = 5_000_000;

macro_rules! reasons {
    ($($variant:ident $text:literal $accepted:literal $meaning:literal;)+) => {
        /// Why an event was accepted or kept out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Reason { $(#[doc = $meaning] $variant,)+ }

        /// Every reason: its stable text, whether it accepts, its meaning.
        pub const REASONS: &[(Reason, &str, bool, &str)] = &[$((Reason::$variant, $text, $accepted, $meaning),)+];

        impl Reason {
            /// The reason's stable text.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Whether an event with this reason was accepted.
            #[must_use]
            pub const fn accepted(self) -> bool {
                match self { $(Self::$variant => $accepted,)+ }
            }
        }
    };
}

reasons! {
    First         "first"          true  "The symbol's first event.";
    NewRun        "new_run"        true  "The source has begun a new run, and with it a new sequence.";
    NewerSeq      "newer_seq"      true  "A higher sequence number of the active source or of its sequence domain.";
    SameSeq       "same_seq"       true  "Another change under the same sequence number, or the same ts where there is none.";
    NewerTs       "newer_ts"       true  "A newer ts.";
    Preferred     "preferred"      true  "The preferred source takes the symbol back.";
    Failover      "failover"       true  "The active source is not live, and this one is.";
    Duplicate     "duplicate"      false "The event was offered before.";
    StaleRun      "stale_run"      false "An event of an earlier run of its source.";
    StaleSeq      "stale_seq"      false "A lower sequence number than the last comparable event's.";
    StaleTs       "stale_ts"       false "An older ts than the source's last event, without sequence numbers to compare.";
    NotPreferred  "not_preferred"  false "The preferred source is live.";
    NotLive       "not_live"       false "The event is marked delayed or stale, and the active source is live.";
    OlderTs       "older_ts"       false "Not newer than the active source's last event.";
    BeforeRestore "before_restore" false "Received before the event that the state was restored from.";
}

/// The answer to an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Why; it also says whether the event was accepted.
    pub reason: Reason,
    /// The source that stands for the symbol after the offer.
    pub active_source: Source,
}

/// What the policy goes by; none of it changes with events.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The preferred source of a symbol; a symbol without one goes by ts.
    pub preferred: HashMap<Symbol, Source>,
    /// Microseconds after its last event that a source is live.
    pub stale_after_us: i64,
    /// The same for single symbols.
    pub stale_after_us_by_symbol: HashMap<Symbol, i64>,
    /// Groups of sources that number their events alike.
    pub sequence_domains: Vec<Vec<Source>>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            preferred: HashMap::new(),
            stale_after_us: DEFAULT_STALE_AFTER_US,
            stale_after_us_by_symbol: HashMap::new(),
            sequence_domains: Vec::new(),
        }
    }
}

impl Rules {
    fn stale_after(&self, symbol: Symbol) -> i64 {
        self.stale_after_us_by_symbol.get(&symbol).copied().unwrap_or(self.stale_after_us)
    }

    fn share_a_domain(&self, one: Source, other: Source) -> bool {
        self.sequence_domains.iter().any(|domain| domain.contains(&one) && domain.contains(&other))
    }
}

/// An event as it is offered.
#[derive(Clone, Copy)]
struct Offer<'e> {
    values: &'e Values<'e>,
    source: Source,
    received_us: i64,
    /// `ts`, or the receipt where `ts` is too far ahead of it.
    ts_us: i64,
}

/// An event that was offered, with its texts in one buffer that the next event is written into.
#[derive(Clone, Debug, Default)]
struct Kept {
    /// Everything but the texts.
    values: Values<'static>,
    received_us: i64,
    ts_us: i64,
    /// Condition, venue and meta behind one another.
    text: String,
    condition_end: Option<usize>,
    venue_end: Option<usize>,
    meta: Option<(Option<i64>, bool)>,
}

impl Kept {
    fn set(&mut self, offer: &Offer<'_>) {
        let values = offer.values;
        self.values = Values {
            ts_us: values.ts_us,
            last: values.last,
            bid: values.bid,
            ask: values.ask,
            last_size: values.last_size,
            bid_size: values.bid_size,
            ask_size: values.ask_size,
            seq: values.seq,
            condition: None,
            venue: None,
            meta: None,
        };
        (self.received_us, self.ts_us) = (offer.received_us, offer.ts_us);
        self.text.clear();
        self.condition_end = values.condition.map(|text| self.add(text));
        self.venue_end = values.venue.map(|text| self.add(text));
        self.meta = values.meta.map(|meta| {
            self.add(meta.text);
            (meta.run, meta.live)
        });
    }

    fn add(&mut self, text: &str) -> usize {
        self.text.push_str(text);
        self.text.len()
    }

    /// The event's values with their texts.
    fn view(&self) -> Values<'_> {
        let condition_end = self.condition_end.unwrap_or(0);
        let venue_end = self.venue_end.unwrap_or(condition_end);
        Values {
            condition: self.condition_end.and_then(|end| self.text.get(..end)),
            venue: self.venue_end.and_then(|end| self.text.get(condition_end..end)),
            meta: self.meta.map(|(run, live)| MetaRef {
                text: self.text.get(venue_end..).unwrap_or_default(),
                run,
                live,
            }),
            ..self.values
        }
    }

    fn run(&self) -> Option<i64> {
        self.meta.and_then(|(run, _)| run)
    }

    fn is_live(&self) -> bool {
        self.meta.is_none_or(|(_, live)| live)
    }
}

impl<'e> Offer<'e> {
    fn new(event: &'e EventRef<'e>, received_us: i64) -> Self {
        let ahead = event.ts_us.saturating_sub(received_us) > FUTURE_LIMIT_US;
        let ts_us = if ahead { received_us } else { event.ts_us };
        Self { values: &event.values, source: *event.source, received_us, ts_us }
    }

    fn run(&self) -> Option<i64> {
        self.values.meta.and_then(|meta| meta.run)
    }

    fn is_live(&self) -> bool {
        self.values.meta.is_none_or(|meta| meta.live)
    }

    /// How this event follows an earlier one of the same source.
    fn follows(&self, earlier: &Kept) -> Reason {
        match (self.run(), earlier.run()) {
            (Some(run), Some(before)) if run > before => return Reason::NewRun,
            (Some(run), Some(before)) if run < before => return Reason::StaleRun,
            _ => {}
        }
        let same_run = self.run() == earlier.run();
        match (self.values.seq, earlier.values.seq) {
            (Some(seq), Some(before)) if same_run => {
                self.in_order(seq.cmp(&before), earlier, Reason::NewerSeq, Reason::StaleSeq)
            }
            _ => self.in_order(self.ts_us.cmp(&earlier.ts_us), earlier, Reason::NewerTs, Reason::StaleTs),
        }
    }

    fn in_order(&self, order: std::cmp::Ordering, earlier: &Kept, newer: Reason, stale: Reason) -> Reason {
        match order {
            std::cmp::Ordering::Greater => newer,
            std::cmp::Ordering::Less => stale,
            std::cmp::Ordering::Equal if *self.values == earlier.view() => Reason::Duplicate,
            // The same place in the sequence with other content: one packet can carry several changes. Received before
            // the last of them it has been here already.
            std::cmp::Ordering::Equal if self.received_us < earlier.received_us => Reason::Duplicate,
            std::cmp::Ordering::Equal => Reason::SameSeq,
        }
    }

    /// How this event follows one of another source with the same numbering; nothing where a number is absent.
    fn follows_in_domain(&self, earlier: &Kept) -> Option<Reason> {
        let order = self.values.seq?.cmp(&earlier.values.seq?);
        if order.is_eq() && self.says_the_same(earlier) {
            return Some(Reason::Duplicate);
        }
        // Another source's event is never the same event, whatever it says.
        Some(match order {
            std::cmp::Ordering::Greater => Reason::NewerSeq,
            std::cmp::Ordering::Less => Reason::StaleSeq,
            std::cmp::Ordering::Equal if self.received_us < earlier.received_us => Reason::Duplicate,
            std::cmp::Ordering::Equal => Reason::SameSeq,
        })
    }

    /// The same quote from another source: all but its time stamp and what the source added.
    fn says_the_same(&self, other: &Kept) -> bool {
        let other = other.view();
        Values { ts_us: other.ts_us, meta: other.meta, ..*self.values } == other
    }
}

/// How many events under one sequence number are remembered of a source beside the last one.
const EARLIER_KEPT: usize = 64;

/// A source's last event and when it was last heard.
#[derive(Clone, Debug)]
struct Heard {
    source: Source,
    last: Kept,
    heard_us: i64,
    /// The events before the last one at the same place of the sequence, oldest first.
    earlier: Vec<Kept>,
    /// Since the source has stepped back and tells again what it told: how many of `earlier` it has reached.
    told_again: Option<usize>,
}

impl Heard {
    fn new(source: Source, offer: &Offer<'_>) -> Self {
        let mut last = Kept::default();
        last.set(offer);
        Self { source, last, heard_us: offer.received_us, earlier: Vec::new(), told_again: None }
    }

    /// How an event follows the last one, and what that says of the source.
    fn judge(&mut self, offer: &Offer<'_>) -> Reason {
        let reason = offer.follows(&self.last);
        match (reason, self.told_again) {
            (Reason::StaleSeq | Reason::StaleTs, _) => self.told_again = Some(0),
            (Reason::SameSeq | Reason::Duplicate, Some(reached)) => {
                // From its step back a source comes past the same events in the same order.
                let again =
                    self.earlier.iter().enumerate().skip(reached).find(|(_, kept)| *offer.values == kept.view());
                if let Some((place, _)) = again {
                    self.told_again = Some(place + 1);
                    return Reason::Duplicate;
                }
                self.told_again = None;
            }
            _ => {}
        }
        reason
    }

    /// Remembers an event that follows the last one for this reason.
    fn set(&mut self, offer: &Offer<'_>, follows: Reason) {
        if follows == Reason::SameSeq {
            if self.earlier.len() == EARLIER_KEPT {
                self.earlier.remove(0);
            }
            self.earlier.push(self.last.clone());
        } else {
            self.earlier.clear();
        }
        self.told_again = None;
        self.last.set(offer);
        self.heard_us = self.heard_us.max(offer.received_us);
    }
}

/// What is known of one symbol.
#[derive(Clone, Debug)]
struct State {
    preferred: Option<Source>,
    stale_after_us: i64,
    /// The place among `sources` of the one that stands; its last event is the last accepted one.
    active: usize,
    sources: Vec<Heard>,
    restored_us: Option<i64>,
}

impl State {
    fn of(&self, source: Source) -> Option<usize> {
        self.sources.iter().position(|heard| heard.source == source)
    }

    fn active(&self) -> Option<&Heard> {
        self.sources.get(self.active)
    }

    fn is_live(&self, source: Source, now_us: i64) -> bool {
        self.of(source)
            .and_then(|place| self.sources.get(place))
            .is_some_and(|heard| heard.last.is_live() && now_us.saturating_sub(heard.heard_us) <= self.stale_after_us)
    }

    /// Remembers the event, which follows its source's last one for this reason, and says at which place.
    fn hear(&mut self, offer: &Offer<'_>, place: Option<usize>, follows: Reason) -> usize {
        if let Some((place, heard)) = place.and_then(|place| Some((place, self.sources.get_mut(place)?))) {
            heard.set(offer, follows);
            return place;
        }
        self.sources.push(Heard::new(offer.source, offer));
        self.sources.len() - 1
    }

    /// Decides on an event that was offered and remembers it.
    fn decide(&mut self, rules: &Rules, offer: &Offer<'_>) -> Reason {
        let place = self.of(offer.source);
        let own = match place.and_then(|place| self.sources.get_mut(place)) {
            Some(heard) => {
                let own = heard.judge(offer);
                if own == Reason::Duplicate {
                    // A repeated event says nothing new but that its source is there.
                    heard.heard_us = heard.heard_us.max(offer.received_us);
                }
                own
            }
            None if self.restored_us.is_some_and(|restored_us| offer.received_us < restored_us) => {
                Reason::BeforeRestore
            }
            None => Reason::First,
        };
        if !own.accepted() {
            return own;
        }
        let reason = if place == Some(self.active) { own } else { self.between_sources(rules, offer, own) };
        let place = self.hear(offer, place, own);
        if reason.accepted() {
            self.active = place;
        }
        reason
    }

    /// Whether an event of another source than the active one, in order within its own, stands for the symbol.
    fn between_sources(&self, rules: &Rules, offer: &Offer<'_>, own: Reason) -> Reason {
        let Some(active) = self.active() else { return own };
        if own != Reason::NewRun
            && rules.share_a_domain(offer.source, active.source)
            && let Some(reason) = offer.follows_in_domain(&active.last)
        {
            return reason;
        }
        let live = |source| self.is_live(source, offer.received_us);
        if self.preferred == Some(offer.source) && offer.is_live() {
            return Reason::Preferred;
        }
        if self.preferred.is_some_and(|preferred| preferred != offer.source && live(preferred)) {
            return Reason::NotPreferred;
        }
        if !offer.is_live() && live(active.source) {
            return Reason::NotLive;
        }
        let active_is_out = self.preferred == Some(active.source) || !active.last.is_live();
        if offer.is_live() && active_is_out {
            return Reason::Failover;
        }
        if offer.ts_us > active.last.ts_us { Reason::NewerTs } else { Reason::OlderTs }
    }
}

impl State {
    /// Writes the lines that tell of it.
    fn export(&self, symbol: &Symbol, out: &mut String) {
        let restored_us = self.restored_us.map_or_else(|| "-".to_owned(), |restored_us| restored_us.to_string());
        out.push_str(&format!("\nsymbol {symbol} {} {restored_us}", self.active));
        let json = |heard: &Heard, kept: &Kept| {
            let mut json = Vec::new();
            write_json(EventRef { symbol, source: &heard.source, values: kept.view(), json: None }, &mut json);
            String::from_utf8(json).unwrap_or_default()
        };
        for heard in &self.sources {
            let last = json(heard, &heard.last);
            out.push_str(&format!("\nheard {} {} {last}", heard.last.received_us, heard.heard_us));
            for kept in &heard.earlier {
                out.push_str(&format!("\nearlier {} {}", kept.received_us, json(heard, kept)));
            }
            if let Some(reached) = heard.told_again {
                out.push_str(&format!("\nagain {reached}"));
            }
        }
    }
}

/// The policy with its state. See the module for its rules.
#[derive(Clone, Debug, Default)]
pub struct MergePolicy {
    rules: Rules,
    symbols: Interner<32>,
    /// The state of each numbered symbol.
    states: Vec<State>,
    counts: [u64; REASONS.len()],
    future_ts: u64,
}

impl MergePolicy {
    /// A policy that has seen nothing.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Decides on an event that was received at `received_us` and remembers it.
    ///
    /// A repeated offer is known as such by its `received_us`, so a re-read event must carry the one it had before.
    pub fn offer<'e>(&mut self, event: impl Into<EventRef<'e>>, received_us: i64) -> Decision {
        let event = event.into();
        let number = self.symbols.find(event.symbol.as_bytes());
        self.offer_numbered(&event, number.map(|number| number as usize), received_us)
    }

    /// [`Self::offer`] for each event in order; an event without a time of receipt is passed over.
    pub fn offer_batch(&mut self, batch: &QuoteBatch, received_us: &[i64]) -> Vec<Decision> {
        let columns = batch.columns();
        // What each of the batch's symbols is numbered here, once it is known.
        let mut numbers: Vec<Option<usize>> = vec![None; columns.symbols().len()];
        let mut decisions = Vec::with_capacity(batch.len());
        for (position, received_us) in received_us.iter().enumerate() {
            let Some(row) = batch.row(position) else { break };
            let (Some(event), Some(id)) = (columns.get(row), columns.symbol_ids().get(row)) else { break };
            let known = numbers.get(*id as usize).copied().flatten();
            let number = known.or_else(|| self.symbols.find(event.symbol.as_bytes()).map(|number| number as usize));
            decisions.push(self.offer_numbered(&event, number, *received_us));
            if known.is_none()
                && let Some(place) = numbers.get_mut(*id as usize)
            {
                *place = number.or_else(|| self.states.len().checked_sub(1));
            }
        }
        decisions
    }

    fn offer_numbered(&mut self, event: &EventRef<'_>, number: Option<usize>, received_us: i64) -> Decision {
        let offer = Offer::new(event, received_us);
        self.future_ts += u64::from(offer.ts_us != event.ts_us);
        let (reason, active_source) = match number.and_then(|number| self.states.get_mut(number)) {
            None => {
                self.begin(*event.symbol, &offer, None);
                (Reason::First, *event.source)
            }
            Some(state) => {
                let reason = state.decide(&self.rules, &offer);
                (reason, state.active().map_or(*event.source, |active| active.source))
            }
        };
        if let Some(count) = self.counts.get_mut(reason as usize) {
            *count += 1;
        }
        Decision { reason, active_source }
    }

    /// Sets the symbol's state as if this event had just been accepted, and nothing else been seen.
    pub fn restore<'e>(&mut self, event: impl Into<EventRef<'e>>, received_us: i64) {
        let event = event.into();
        self.begin(*event.symbol, &Offer::new(&event, received_us), Some(received_us));
    }

    /// The source that stands for the symbol.
    #[must_use]
    pub fn active_source(&self, symbol: Symbol) -> Option<Source> {
        let number = self.symbols.peek(symbol.as_bytes())?;
        self.states.get(number as usize)?.active().map(|active| active.source)
    }

    /// How often each reason was given.
    #[must_use]
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts.get(reason as usize).copied().unwrap_or(0)
    }

    /// How many offers had a `ts` more than [`FUTURE_LIMIT_US`] ahead of their receipt.
    #[must_use]
    pub fn future_ts(&self) -> u64 {
        self.future_ts
    }

    fn begin(&mut self, symbol: Symbol, offer: &Offer<'_>, restored_us: Option<i64>) {
        let mut state = self.new_state(symbol);
        state.restored_us = restored_us;
        state.hear(offer, None, Reason::First);
        self.set_state(symbol, state);
    }

    fn new_state(&self, symbol: Symbol) -> State {
        State {
            preferred: self.rules.preferred.get(&symbol).copied(),
            stale_after_us: self.rules.stale_after(symbol),
            active: 0,
            sources: Vec::new(),
            restored_us: None,
        }
    }

    fn set_state(&mut self, symbol: Symbol, state: State) {
        let number = self.symbols.number(&symbol) as usize;
        match self.states.get_mut(number) {
            Some(place) => *place = state,
            None => self.states.push(state),
        }
    }

    /// Everything the policy has seen, as text of its own form, version 1. The rules are not part of it.
    #[must_use]
    pub fn export_state(&self) -> Vec<u8> {
        let mut out = String::from(STATE_VERSION);
        let counts = REASONS.iter().map(|(reason, text, ..)| (*text, self.count(*reason)));
        for (name, count) in counts.chain([("future_ts", self.future_ts)]) {
            out.push_str(&format!("\ncount {name} {count}"));
        }
        for (symbol, state) in self.symbols.names().iter().zip(&self.states) {
            state.export(symbol, &mut out);
        }
        out.push('\n');
        out.into_bytes()
    }

    /// What has been seen of one symbol, as the lines of [`Self::export_state`] that tell of it, each behind a line
    /// feed. Nothing for a symbol of which nothing was seen.
    pub fn export_symbol(&self, symbol: Symbol, out: &mut String) {
        let number = self.symbols.peek(symbol.as_bytes());
        if let Some(state) = number.and_then(|number| self.states.get(number as usize)) {
            state.export(&symbol, out);
        }
    }

    /// Sets the state of the symbol that [`Self::export_symbol`] wrote; blank lines are passed over.
    ///
    /// # Errors
    /// What is wrong with the text; then nothing is changed.
    pub fn import_symbol(&mut self, text: &str) -> Result<(), StateFault> {
        let mut open: Option<(Symbol, State)> = None;
        for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.is_empty()) {
            let kinds: &[&str] = if open.is_none() { &["symbol "] } else { &["heard ", "earlier ", "again "] };
            let known = kinds.iter().any(|kind| line.starts_with(kind));
            known.then(|| self.import_line(line, &mut open)).flatten().ok_or(StateFault::Line(number))?;
        }
        let whole = open.is_some().then(|| self.close(open)).flatten();
        whole.ok_or(StateFault::Line(text.lines().count()))
    }

    /// Sets the policy's state to one that [`Self::export_state`] wrote; its rules stay. Sources are known by name.
    ///
    /// # Errors
    /// What is wrong with the text; then nothing is changed.
    pub fn import_state(&mut self, state: &[u8]) -> Result<(), StateFault> {
        let text = std::str::from_utf8(state).map_err(|_| StateFault::Line(1))?;
        let mut lines = text.lines().zip(1..);
        if lines.next().is_none_or(|(line, _)| line != STATE_VERSION) {
            return Err(StateFault::Version);
        }
        let mut fresh = Self::new(self.rules.clone());
        let mut open: Option<(Symbol, State)> = None;
        for (line, number) in lines {
            fresh.import_line(line, &mut open).ok_or(StateFault::Line(number))?;
        }
        fresh.close(open).ok_or(StateFault::Line(text.lines().count()))?;
        *self = fresh;
        Ok(())
    }

    fn import_line(&mut self, line: &str, open: &mut Option<(Symbol, State)>) -> Option<()> {
        let (kind, rest) = line.split_once(' ')?;
        match kind {
            "count" => {
                let (name, count) = rest.split_once(' ')?;
                let count = count.parse().ok()?;
                if name == "future_ts" {
                    self.future_ts = count;
                } else {
                    let (reason, ..) = REASONS.iter().find(|(_, text, ..)| *text == name)?;
                    *self.counts.get_mut(*reason as usize)? = count;
                }
            }
            "symbol" => {
                self.close(open.take())?;
                let mut words = rest.split(' ');
                let symbol = check_symbol(words.next()?).ok()?;
                let mut state = self.new_state(symbol);
                state.active = words.next()?.parse().ok()?;
                state.restored_us = match words.next()? {
                    "-" => None,
                    restored_us => Some(restored_us.parse().ok()?),
                };
                *open = Some((symbol, state));
            }
            "heard" => {
                let mut words = rest.splitn(3, ' ');
                let received_us = words.next()?.parse().ok()?;
                let heard_us = words.next()?.parse().ok()?;
                let (symbol, state) = open.as_mut()?;
                let event = read_heard(words.next()?).ok()?;
                if event.symbol != *symbol || state.of(event.source).is_some() {
                    return None;
                }
                let place = state.hear(&Offer::new(&event.view(), received_us), None, Reason::First);
                state.sources.get_mut(place)?.heard_us = heard_us;
            }
            "earlier" => {
                let (received_us, json) = rest.split_once(' ')?;
                let event = read_heard(json).ok()?;
                let (_, state) = open.as_mut()?;
                let heard = state.sources.last_mut().filter(|heard| heard.source == event.source)?;
                let mut kept = Kept::default();
                kept.set(&Offer::new(&event.view(), received_us.parse().ok()?));
                heard.earlier.push(kept);
            }
            "again" => open.as_mut()?.1.sources.last_mut()?.told_again = Some(rest.parse().ok()?),
            _ => return None,
        }
        Some(())
    }

    fn close(&mut self, open: Option<(Symbol, State)>) -> Option<()> {
        if let Some((symbol, state)) = open {
            state.active()?;
            self.set_state(symbol, state);
        }
        Some(())
    }
}

/// The first line of an exported state.
const STATE_VERSION: &str = "thor merge state 1";

/// Why a text is no state of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateFault {
    /// It does not begin as version 1 does.
    Version,
    /// This line, counted from 1, is not as it must be.
    Line(usize),
}

/// An event of a state, whose source need not be registered any more.
fn read_heard(json: &str) -> Result<QuoteEvent, EventError> {
    let name = json.split_once("\"source\":\"").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(name, _)| name);
    let sources = Sources::built_in();
    let sources = Source::new(name).map_or_else(|| sources.clone(), |source| sources.with(source));
    check_source(name, &sources)?;
    parse_event(json.as_bytes(), &sources)
}

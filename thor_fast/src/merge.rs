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

mod exported;
mod offer;
mod state;

use std::collections::HashMap;

pub use self::exported::StateFault;
use self::offer::Offer;
use self::state::{Place, State};
use crate::batch::QuoteBatch;
use crate::columns::Interner;
use crate::event::EventRef;
use crate::symbol::{Source, Symbol};

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

/// The policy with its state. See the module for its rules.
#[derive(Clone, Debug, Default)]
pub struct MergePolicy {
    rules: Rules,
    symbols: Interner<32>,
    sources: Interner<16>,
    /// The rules' sequence domains, by the sources' numbers.
    domains: Vec<Vec<u32>>,
    /// The state of each numbered symbol.
    states: Vec<State>,
    counts: [u64; REASONS.len()],
    future_ts: u64,
}

impl MergePolicy {
    /// A policy that has seen nothing.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let mut sources = Interner::default();
        let mut numbers = |domain: &Vec<Source>| domain.iter().map(|source| sources.number(source)).collect();
        let domains = rules.sequence_domains.iter().map(&mut numbers).collect();
        Self { rules, sources, domains, ..Self::default() }
    }

    /// Decides on an event that was received at `received_us` and remembers it.
    ///
    /// A repeated offer is known as such by its `received_us`, so a re-read event must carry the one it had before.
    pub fn offer<'e>(&mut self, event: impl Into<EventRef<'e>>, received_us: i64) -> Decision {
        let event = event.into();
        let offer = Offer::of_event(&event, self.sources.number(event.source), received_us);
        let number = self.symbols.find(event.symbol.as_bytes());
        self.decide(&offer, number, event.symbol).0
    }

    /// [`Self::offer`] for each event in order; an event without a time of receipt is passed over.
    pub fn offer_batch(&mut self, batch: &QuoteBatch, received_us: &[i64]) -> Vec<Decision> {
        let columns = batch.columns();
        let sources: Vec<u32> = columns.sources().iter().map(|source| self.sources.number(source)).collect();
        // What each of the batch's symbols is numbered here, once that has been looked for.
        let mut numbers: Vec<Option<u32>> = vec![None; columns.symbols().len()];
        let mut decisions = Vec::with_capacity(batch.len());
        let mut unsettled = Vec::new();
        for (position, received_us) in received_us.iter().enumerate() {
            let Some(row) = batch.row(position) else { break };
            let Some(id) = columns.symbol_ids().get(row).map(|id| *id as usize) else { break };
            let (Some(symbol), Some(number)) = (columns.symbols().get(id), numbers.get_mut(id)) else { break };
            let Some(offer) = Offer::of_row(columns, row, &sources, *received_us) else { break };
            *number = number.or_else(|| self.symbols.find(symbol.as_bytes()));
            let (decision, kept) = self.decide(&offer, *number, symbol);
            decisions.push(decision);
            unsettled.extend(kept);
        }
        for (state, place) in unsettled {
            if let Some(heard) = self.states.get_mut(state).and_then(|state| state.sources.get_mut(place)) {
                heard.last.settle(columns);
            }
        }
        decisions
    }

    /// The decision; and where the event is kept, if it is still to be settled there: the state's number and its place.
    #[inline]
    fn decide(
        &mut self,
        offer: &Offer<'_>,
        number: Option<u32>,
        symbol: &Symbol,
    ) -> (Decision, Option<(usize, usize)>) {
        self.future_ts += u64::from(offer.is_ahead);
        let known = number.and_then(|number| Some((number as usize, self.states.get_mut(number as usize)?)));
        let (reason, active_source, kept) = match known {
            None => {
                let (state, place) = self.begin(symbol, offer, None);
                (Reason::First, *offer.name, Some((state, place)))
            }
            Some((number, state)) => {
                let (reason, place) = state.decide(&self.domains, offer);
                let active = state.active().map_or(*offer.name, |active| active.name);
                (reason, active, place.map(|place| (number, place)))
            }
        };
        if let Some(count) = self.counts.get_mut(reason as usize) {
            *count += 1;
        }
        let kept = kept.and_then(|(state, (place, unsettled))| unsettled.then_some((state, place)));
        (Decision { reason, active_source }, kept)
    }

    /// Sets the symbol's state as if this event had just been accepted, and nothing else been seen.
    pub fn restore<'e>(&mut self, event: impl Into<EventRef<'e>>, received_us: i64) {
        let event = event.into();
        let offer = Offer::of_event(&event, self.sources.number(event.source), received_us);
        self.begin(event.symbol, &offer, Some(received_us));
    }

    /// The source that stands for the symbol.
    #[must_use]
    pub fn active_source(&self, symbol: Symbol) -> Option<Source> {
        let number = self.symbols.peek(symbol.as_bytes())?;
        self.states.get(number as usize)?.active().map(|active| active.name)
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

    fn begin(&mut self, symbol: &Symbol, offer: &Offer<'_>, restored_us: Option<i64>) -> (usize, Place) {
        let mut state = self.new_state(symbol);
        state.restored_us = restored_us;
        let place = state.hear(offer, None, Reason::First);
        (self.set_state(symbol, state), place)
    }

    fn new_state(&mut self, symbol: &Symbol) -> State {
        let preferred = self.rules.preferred.get(symbol);
        let stale_after_us = self.rules.stale_after_us_by_symbol.get(symbol);
        State {
            preferred: preferred.map(|source| self.sources.number(source)),
            stale_after_us: stale_after_us.copied().unwrap_or(self.rules.stale_after_us),
            active: 0,
            sources: Vec::new(),
            restored_us: None,
        }
    }

    fn set_state(&mut self, symbol: &Symbol, state: State) -> usize {
        let number = self.symbols.number(symbol) as usize;
        match self.states.get_mut(number) {
            Some(place) => *place = state,
            None => self.states.push(state),
        }
        number
    }
}

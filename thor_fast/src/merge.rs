//! The merge policy: which source's event stands for a symbol.
//!
//! Pure: the time of receipt is an argument, and the same offers always give the same answers. What is kept per symbol
//! is the last accepted event and the last event of each source, never more. The rules, in order:
//!
//! 1. Within a source (or a declared sequence domain) the order is that of run, `seq`, then `ts`; what is older than
//!    the source's last event, or was offered before, is kept out.
//! 2. While the symbol's preferred source is live it alone stands. Silent, another live source takes over until it speaks.
//! 3. Otherwise the newer `ts` stands and a tie leaves the active source; a source marked delayed or stale never
//!    displaces a live one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::event::QuoteEvent;
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

impl Rules {
    fn stale_after(&self, symbol: Symbol) -> i64 {
        self.stale_after_us_by_symbol.get(&symbol).copied().unwrap_or(self.stale_after_us)
    }

    fn share_a_domain(&self, one: Source, other: Source) -> bool {
        self.sequence_domains.iter().any(|domain| domain.contains(&one) && domain.contains(&other))
    }
}

/// An event as it was offered.
#[derive(Clone, Debug)]
struct Offer {
    event: Arc<QuoteEvent>,
    received_us: i64,
    /// `ts`, or the receipt where `ts` was too far ahead of it.
    ts_us: i64,
}

impl Offer {
    fn new(event: Arc<QuoteEvent>, received_us: i64) -> Self {
        let ahead = event.ts_us.saturating_sub(received_us) > FUTURE_LIMIT_US;
        let ts_us = if ahead { received_us } else { event.ts_us };
        Self { event, received_us, ts_us }
    }

    fn run(&self) -> Option<i64> {
        self.event.meta.as_ref().and_then(crate::meta::Meta::run)
    }

    fn is_live(&self) -> bool {
        self.event.meta.as_ref().is_none_or(crate::meta::Meta::is_live)
    }

    /// How this event follows an earlier one of the same source.
    fn follows(&self, earlier: &Self) -> Reason {
        match (self.run(), earlier.run()) {
            (Some(run), Some(before)) if run > before => return Reason::NewRun,
            (Some(run), Some(before)) if run < before => return Reason::StaleRun,
            _ => {}
        }
        let same_run = self.run() == earlier.run();
        match (self.event.seq, earlier.event.seq) {
            (Some(seq), Some(before)) if same_run => {
                self.in_order(seq.cmp(&before), earlier, Reason::NewerSeq, Reason::StaleSeq)
            }
            _ => self.in_order(self.ts_us.cmp(&earlier.ts_us), earlier, Reason::NewerTs, Reason::StaleTs),
        }
    }

    fn in_order(&self, order: std::cmp::Ordering, earlier: &Self, newer: Reason, stale: Reason) -> Reason {
        match order {
            std::cmp::Ordering::Greater => newer,
            std::cmp::Ordering::Less => stale,
            std::cmp::Ordering::Equal if self.event == earlier.event => Reason::Duplicate,
            // The same place in the sequence with other content: one packet can carry several changes. Received before
            // the last of them it has been here already.
            std::cmp::Ordering::Equal if self.received_us < earlier.received_us => Reason::Duplicate,
            std::cmp::Ordering::Equal => Reason::SameSeq,
        }
    }

    /// How this event follows one of another source with the same numbering; nothing where a number is absent.
    fn follows_in_domain(&self, earlier: &Self) -> Option<Reason> {
        let order = self.event.seq?.cmp(&earlier.event.seq?);
        if order.is_eq() && self.says_the_same(earlier) {
            return Some(Reason::Duplicate);
        }
        Some(self.in_order(order, earlier, Reason::NewerSeq, Reason::StaleSeq))
    }

    /// The same quote from another source: all but the source, its time stamp and what it added.
    fn says_the_same(&self, other: &Self) -> bool {
        let mut event = QuoteEvent::clone(&self.event);
        event.source = other.event.source;
        event.ts_us = other.event.ts_us;
        event.meta.clone_from(&other.event.meta);
        event == *other.event
    }
}

/// A source's last event and when it was last heard.
#[derive(Clone, Debug)]
struct Heard {
    last: Offer,
    heard_us: i64,
}

/// What is known of one symbol.
#[derive(Debug)]
struct State {
    accepted: Offer,
    sources: Vec<Heard>,
    restored_us: Option<i64>,
}

impl State {
    fn of(&self, source: Source) -> Option<&Heard> {
        self.sources.iter().find(|heard| heard.last.event.source == source)
    }

    fn is_live(&self, source: Source, now_us: i64, stale_after_us: i64) -> bool {
        self.of(source)
            .is_some_and(|heard| heard.last.is_live() && now_us.saturating_sub(heard.heard_us) <= stale_after_us)
    }

    fn hear(&mut self, offer: &Offer) {
        let source = offer.event.source;
        match self.sources.iter_mut().find(|heard| heard.last.event.source == source) {
            Some(heard) => {
                heard.last = offer.clone();
                heard.heard_us = heard.heard_us.max(offer.received_us);
            }
            None => self.sources.push(Heard { last: offer.clone(), heard_us: offer.received_us }),
        }
    }

    /// A repeated event says nothing new but that its source is there.
    fn hear_again(&mut self, offer: &Offer) {
        let source = offer.event.source;
        if let Some(heard) = self.sources.iter_mut().find(|heard| heard.last.event.source == source) {
            heard.heard_us = heard.heard_us.max(offer.received_us);
        }
    }
}

/// The policy with its state. See the module for its rules.
#[derive(Debug, Default)]
pub struct MergePolicy {
    rules: Rules,
    states: HashMap<Symbol, State>,
    counts: HashMap<Reason, u64>,
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
    pub fn offer(&mut self, event: &Arc<QuoteEvent>, received_us: i64) -> Decision {
        let offer = Offer::new(Arc::clone(event), received_us);
        self.future_ts += u64::from(offer.ts_us != event.ts_us);
        let reason = match self.states.get_mut(&event.symbol) {
            None => {
                self.begin(offer, None);
                Reason::First
            }
            Some(state) => decide_and_remember(&self.rules, state, offer),
        };
        *self.counts.entry(reason).or_default() += 1;
        Decision { reason, active_source: self.active_source(event.symbol).unwrap_or(event.source) }
    }

    /// Sets the symbol's state as if this event had just been accepted, and nothing else been seen.
    pub fn restore(&mut self, event: &Arc<QuoteEvent>, received_us: i64) {
        self.begin(Offer::new(Arc::clone(event), received_us), Some(received_us));
    }

    /// The source that stands for the symbol.
    #[must_use]
    pub fn active_source(&self, symbol: Symbol) -> Option<Source> {
        self.states.get(&symbol).map(|state| state.accepted.event.source)
    }

    /// How often each reason was given.
    #[must_use]
    pub fn count(&self, reason: Reason) -> u64 {
        self.counts.get(&reason).copied().unwrap_or(0)
    }

    /// How many offers had a `ts` more than [`FUTURE_LIMIT_US`] ahead of their receipt.
    #[must_use]
    pub fn future_ts(&self) -> u64 {
        self.future_ts
    }

    fn begin(&mut self, offer: Offer, restored_us: Option<i64>) {
        let sources = vec![Heard { last: offer.clone(), heard_us: offer.received_us }];
        self.states.insert(offer.event.symbol, State { accepted: offer, sources, restored_us });
    }
}

fn decide_and_remember(rules: &Rules, state: &mut State, offer: Offer) -> Reason {
    let own = match within_source(state, &offer) {
        Ok(own) => own,
        Err(Reason::Duplicate) => {
            state.hear_again(&offer);
            return Reason::Duplicate;
        }
        Err(stale) => return stale,
    };
    let reason = between_sources(rules, state, &offer, own);
    state.hear(&offer);
    if reason.accepted() {
        state.accepted = offer;
    }
    reason
}

/// Rule 1 within the event's own source: how it follows the last one, or why it is kept out.
fn within_source(state: &State, offer: &Offer) -> Result<Reason, Reason> {
    let own = match state.of(offer.event.source) {
        Some(heard) => offer.follows(&heard.last),
        None if state.restored_us.is_some_and(|restored_us| offer.received_us < restored_us) => Reason::BeforeRestore,
        None => Reason::First,
    };
    if own.accepted() { Ok(own) } else { Err(own) }
}

/// Whether an event that is in order within its source also stands for the symbol.
fn between_sources(rules: &Rules, state: &State, offer: &Offer, own: Reason) -> Reason {
    let source = offer.event.source;
    let symbol = offer.event.symbol;
    let active = state.accepted.event.source;
    if active == source {
        return own;
    }
    if own != Reason::NewRun
        && rules.share_a_domain(source, active)
        && let Some(reason) = offer.follows_in_domain(&state.accepted)
    {
        return reason;
    }
    let stale_after_us = rules.stale_after(symbol);
    let live = |source| state.is_live(source, offer.received_us, stale_after_us);
    let preferred = rules.preferred.get(&symbol).copied();
    if preferred == Some(source) && offer.is_live() {
        return Reason::Preferred;
    }
    if preferred.is_some_and(|preferred| preferred != source && live(preferred)) {
        return Reason::NotPreferred;
    }
    if !offer.is_live() && live(active) {
        return Reason::NotLive;
    }
    let active_is_out = preferred == Some(active) || !state.accepted.is_live();
    if offer.is_live() && active_is_out {
        return Reason::Failover;
    }
    if offer.ts_us > state.accepted.ts_us { Reason::NewerTs } else { Reason::OlderTs }
}

//! What is known of one symbol, and the decision between its sources.

use super::Reason;
use super::offer::{Kept, Offer};
use crate::symbol::Source;

/// How many events under one sequence number are remembered of a source beside the last one.
const EARLIER_KEPT: usize = 64;

/// A source's last event and when it was last heard.
#[derive(Clone, Debug)]
pub(super) struct Heard {
    /// The source's number.
    pub(super) source: u32,
    pub(super) name: Source,
    pub(super) heard_us: i64,
    pub(super) last: Kept,
    /// The events before the last one at the same place of the sequence, oldest first.
    pub(super) earlier: Vec<Kept>,
    /// Set while the source, having stepped back, tells again what it told.
    pub(super) told_again: Option<ToldAgain>,
}

/// How far a source has come that tells again what it told.
#[derive(Clone, Copy, Debug)]
pub(super) struct ToldAgain {
    /// How many of its earlier events it has reached.
    pub(super) reached: usize,
    /// When the last of them, or the step back, was received.
    pub(super) received_us: i64,
}

impl Heard {
    fn new(offer: &Offer<'_>) -> Self {
        Self {
            source: offer.source,
            name: *offer.name,
            heard_us: offer.order.received_us,
            last: Kept::of(offer),
            earlier: Vec::new(),
            told_again: None,
        }
    }

    /// How an event follows the last one, and what that says of the source.
    #[inline]
    fn judge(&mut self, offer: &Offer<'_>) -> Reason {
        let reason = offer.follows(&self.last);
        let received_us = offer.order.received_us;
        match (reason, self.told_again) {
            (Reason::StaleSeq | Reason::StaleTs, _) => self.told_again = Some(ToldAgain { reached: 0, received_us }),
            (Reason::SameSeq | Reason::Duplicate, Some(again)) => return self.judge_told_again(offer, again, reason),
            _ => {}
        }
        reason
    }

    /// From its step back a source comes past the same events in the same order.
    fn judge_told_again(&mut self, offer: &Offer<'_>, again: ToldAgain, reason: Reason) -> Reason {
        let (values, batch, received_us) = (offer.values(), offer.columns(), offer.order.received_us);
        let is = |kept: &Kept| values == kept.values(batch);
        let was_reached = again.reached.checked_sub(1).and_then(|place| self.earlier.get(place));
        // The very offer that was told again, offered once more, or one from before it.
        if received_us < again.received_us || (received_us == again.received_us && was_reached.is_some_and(is)) {
            return Reason::Duplicate;
        }
        let found = self.earlier.iter().enumerate().skip(again.reached).find(|(_, kept)| is(kept));
        self.told_again = found.map(|(place, _)| ToldAgain { reached: place + 1, received_us });
        if self.told_again.is_some() {
            return Reason::Duplicate;
        }
        if reason == Reason::Duplicate {
            // All was told again, and what came before the last of it has been here already.
            if received_us > self.last.order.received_us {
                self.last.order = offer.order;
            }
        }
        reason
    }

    /// Remembers an event that follows the last one for this reason; says whether it is still to be settled and was
    /// not so before.
    #[inline]
    fn set(&mut self, offer: &Offer<'_>, follows: Reason) -> bool {
        if follows == Reason::SameSeq {
            self.keep_earlier(offer);
        } else {
            self.earlier.clear();
        }
        self.told_again = None;
        self.heard_us = self.heard_us.max(offer.order.received_us);
        self.last.set(offer)
    }

    /// Keeps the last event beside the one that is to come.
    fn keep_earlier(&mut self, offer: &Offer<'_>) {
        if let Some(batch) = offer.columns() {
            self.last.settle(batch);
        }
        if self.earlier.len() == EARLIER_KEPT {
            self.earlier.remove(0);
        }
        self.earlier.push(self.last.clone());
    }
}

/// What is known of one symbol.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) preferred: Option<u32>,
    pub(super) stale_after_us: i64,
    /// The place among `sources` of the one that stands; its last event is the last accepted one.
    pub(super) active: usize,
    pub(super) sources: Vec<Heard>,
    pub(super) restored_us: Option<i64>,
}

/// Where an event is kept, and whether it is still to be settled there and was not so before.
pub(super) type Place = (usize, bool);

impl State {
    pub(super) fn of(&self, source: u32) -> Option<usize> {
        self.sources.iter().position(|heard| heard.source == source)
    }

    pub(super) fn active(&self) -> Option<&Heard> {
        self.sources.get(self.active)
    }

    fn is_live(&self, source: u32, now_us: i64) -> bool {
        self.sources
            .iter()
            .find(|heard| heard.source == source)
            .is_some_and(|heard| heard.last.order.live && now_us.saturating_sub(heard.heard_us) <= self.stale_after_us)
    }

    /// Remembers the event, which follows its source's last one for this reason.
    pub(super) fn hear(&mut self, offer: &Offer<'_>, place: Option<usize>, follows: Reason) -> Place {
        if let Some((place, heard)) = place.and_then(|place| Some((place, self.sources.get_mut(place)?))) {
            return (place, heard.set(offer, follows));
        }
        let heard = Heard::new(offer);
        let unsettled = heard.last.is_unsettled();
        self.sources.push(heard);
        (self.sources.len() - 1, unsettled)
    }

    /// Decides on an event that was offered and remembers it, where it is not kept out.
    #[inline]
    pub(super) fn decide(&mut self, domains: &[Vec<u32>], offer: &Offer<'_>) -> (Reason, Option<Place>) {
        let place = self.of(offer.source);
        let own = match place.and_then(|place| self.sources.get_mut(place)) {
            Some(heard) => {
                let own = heard.judge(offer);
                if own == Reason::Duplicate {
                    // A repeated event says nothing new but that its source is there.
                    heard.heard_us = heard.heard_us.max(offer.order.received_us);
                }
                own
            }
            None if self.restored_us.is_some_and(|restored_us| offer.order.received_us < restored_us) => {
                Reason::BeforeRestore
            }
            None => Reason::First,
        };
        if !own.accepted() {
            return (own, None);
        }
        let reason = if place == Some(self.active) { own } else { self.between_sources(domains, offer, own) };
        let place = self.hear(offer, place, own);
        if reason.accepted() {
            self.active = place.0;
        }
        (reason, Some(place))
    }

    /// Whether an event of another source than the active one, in order within its own, stands for the symbol.
    fn between_sources(&self, domains: &[Vec<u32>], offer: &Offer<'_>, own: Reason) -> Reason {
        let Some(active) = self.active() else { return own };
        if own != Reason::NewRun
            && domains.iter().any(|domain| domain.contains(&offer.source) && domain.contains(&active.source))
            && let Some(reason) = offer.follows_in_domain(&active.last)
        {
            return reason;
        }
        let live = |source| self.is_live(source, offer.order.received_us);
        let is_live = offer.order.live;
        if self.preferred == Some(offer.source) && is_live {
            return Reason::Preferred;
        }
        if self.preferred.is_some_and(|preferred| preferred != offer.source && live(preferred)) {
            return Reason::NotPreferred;
        }
        if !is_live && live(active.source) {
            return Reason::NotLive;
        }
        let active_is_out = self.preferred == Some(active.source) || !active.last.order.live;
        if is_live && active_is_out {
            return Reason::Failover;
        }
        if offer.order.ts_us > active.last.order.ts_us { Reason::NewerTs } else { Reason::OlderTs }
    }
}

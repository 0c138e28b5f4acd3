//! Events of their own whose texts are shared: neighbouring events mostly have the same venue and `meta`.
//!
//! A matter of speed alone: an event is equal to another whether they share a text or not.

use std::sync::Arc;

use crate::event::{EventRef, QuoteEvent};
use crate::meta::Meta;
use crate::symbol::Symbol;

/// Places for a `meta`: a symbol has one of them, several may have the same.
const PLACES: usize = 64;

/// The texts of the last events.
#[derive(Debug)]
pub(crate) struct Shared {
    condition: Option<Arc<str>>,
    venue: Option<Arc<str>>,
    metas: [Option<Arc<str>>; PLACES],
}

impl Default for Shared {
    fn default() -> Self {
        Self { condition: None, venue: None, metas: [const { None }; PLACES] }
    }
}

impl Shared {
    /// The same event on its own.
    #[inline(always)]
    pub(crate) fn event(&mut self, event: &EventRef<'_>) -> QuoteEvent {
        QuoteEvent {
            symbol: *event.symbol,
            ts_us: event.ts_us,
            source: *event.source,
            last: event.last,
            bid: event.bid,
            ask: event.ask,
            last_size: event.last_size,
            bid_size: event.bid_size,
            ask_size: event.ask_size,
            seq: event.seq,
            condition: event.condition.map(|text| one(text, &mut self.condition)),
            venue: event.venue.map(|text| one(text, &mut self.venue)),
            meta: event.meta.map(|meta| {
                let text = match self.metas.get_mut(place(event.symbol)) {
                    Some(known) => one(meta.text, known),
                    None => meta.text.into(),
                };
                Meta::shared(text, meta.run, meta.live)
            }),
        }
    }
}

#[inline(always)]
fn one(text: &str, known: &mut Option<Arc<str>>) -> Arc<str> {
    if let Some(known) = known.as_ref().filter(|known| ***known == *text) {
        return Arc::clone(known);
    }
    Arc::clone(known.insert(text.into()))
}

#[inline(always)]
fn place(symbol: &Symbol) -> usize {
    let (bytes, _) = symbol.padded();
    let first = bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    usize::try_from(first.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 58).unwrap_or(0) % PLACES
}

//! The capture at the open: a while after each session opens, trade the signal that stands, with a target either way.
//!
//! One entry a session and instrument at market, a take-profit and a stop at the target's distance, the first touch
//! decides. A hold enters nothing.

use super::engine::{Engine, Strategy};
use super::market::{Bar, Quote};
use super::order::{Level, Request};
use crate::classify::MISSING_SIGNAL;

/// What is captured of one instrument.
#[derive(Clone, Copy, Debug)]
pub struct Capture {
    /// Contracts of an entry; below 0 against the signal.
    pub contracts: i64,
    /// Distance of both targets from the fill, in nanos.
    pub target: i64,
}

/// The strategy, with the signal of each event.
#[derive(Clone, Debug)]
pub struct OpenCapture<'a> {
    /// What to capture, by instrument.
    pub captures: Vec<Capture>,
    /// How long after the open, in microseconds.
    pub delay_us: i64,
    /// The live signal of each event, from 2 to -2.
    pub signals: &'a [i8],
    /// The session that was captured last, by instrument.
    done: Vec<Option<i64>>,
}

impl<'a> OpenCapture<'a> {
    /// A strategy before its first event.
    #[must_use]
    pub fn new(captures: Vec<Capture>, delay_us: i64, signals: &'a [i8]) -> Self {
        let done = vec![None; captures.len()];
        Self { captures, delay_us, signals, done }
    }
}

impl Strategy for OpenCapture<'_> {
    fn on_quote(&mut self, position: usize, quote: &Quote, engine: &mut Engine) {
        let number = quote.instrument as usize;
        let (Some(capture), Some(done)) = (self.captures.get(number), self.done.get_mut(number)) else { return };
        let Some((opens, _)) = engine.session_of(quote.instrument) else { return };
        if *done == Some(opens) || quote.ts_us < opens.saturating_add(self.delay_us) {
            return;
        }
        let signal = self.signals.get(position).copied().unwrap_or(MISSING_SIGNAL);
        if signal == MISSING_SIGNAL {
            return;
        }
        *done = Some(opens);
        let side = i64::from(signal).signum() * capture.contracts;
        if side != 0 {
            let ahead = side.signum() * capture.target;
            engine.submit(Request {
                take_profit: Some(Level::Offset(ahead)),
                stop_loss: Some(Level::Offset(-ahead)),
                ..Request::market(quote.instrument, side)
            });
        }
    }

    fn on_bar(&mut self, _: usize, _: &Bar, _: &mut Engine) {}
}

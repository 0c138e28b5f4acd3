//! A policy's state as text, out and in.

use super::offer::{Kept, Offer};
use super::state::{Heard, State, ToldAgain};
use super::{MergePolicy, REASONS, Reason};
use crate::encode::write_json;
use crate::error::EventError;
use crate::event::{EventRef, QuoteEvent, check_source, check_symbol};
use crate::parse::parse_event;
use crate::symbol::{Source, Sources, Symbol};

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

impl MergePolicy {
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
                let mut state = self.new_state(&symbol);
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
                let source = self.sources.number(&event.source);
                if event.symbol != *symbol || state.of(source).is_some() {
                    return None;
                }
                let offer = event.view();
                let (place, _) = state.hear(&Offer::of_event(&offer, source, received_us), None, Reason::First);
                state.sources.get_mut(place)?.heard_us = heard_us;
            }
            "earlier" => {
                let (received_us, json) = rest.split_once(' ')?;
                let event = read_heard(json).ok()?;
                let (_, state) = open.as_mut()?;
                let heard = state.sources.last_mut().filter(|heard| heard.name == event.source)?;
                let offer = event.view();
                heard.earlier.push(Kept::of(&Offer::of_event(&offer, heard.source, received_us.parse().ok()?)));
            }
            "again" => {
                let (reached, received_us) = rest.split_once(' ')?;
                let again = ToldAgain { reached: reached.parse().ok()?, received_us: received_us.parse().ok()? };
                open.as_mut()?.1.sources.last_mut()?.told_again = Some(again);
            }
            _ => return None,
        }
        Some(())
    }

    fn close(&mut self, open: Option<(Symbol, State)>) -> Option<()> {
        if let Some((symbol, state)) = open {
            state.active()?;
            self.set_state(&symbol, state);
        }
        Some(())
    }
}

impl State {
    /// Writes the lines that tell of it.
    fn export(&self, symbol: &Symbol, out: &mut String) {
        let restored_us = self.restored_us.map_or_else(|| "-".to_owned(), |restored_us| restored_us.to_string());
        out.push_str(&format!("\nsymbol {symbol} {} {restored_us}", self.active));
        let json = |heard: &Heard, kept: &Kept| {
            let mut json = Vec::new();
            write_json(EventRef { symbol, source: &heard.name, values: kept.values(None), json: None }, &mut json);
            String::from_utf8(json).unwrap_or_default()
        };
        for heard in &self.sources {
            let last = json(heard, &heard.last);
            out.push_str(&format!("\nheard {} {} {last}", heard.last.order.received_us, heard.heard_us));
            for kept in &heard.earlier {
                out.push_str(&format!("\nearlier {} {}", kept.order.received_us, json(heard, kept)));
            }
            if let Some(ToldAgain { reached, received_us }) = heard.told_again {
                out.push_str(&format!("\nagain {reached} {received_us}"));
            }
        }
    }
}

/// An event of a state, whose source need not be registered any more.
fn read_heard(json: &str) -> Result<QuoteEvent, EventError> {
    let name = json.split_once("\"source\":\"").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(name, _)| name);
    let sources = Sources::built_in();
    let sources = Source::new(name).map_or_else(|| sources.clone(), |source| sources.with(source));
    check_source(name, &sources)?;
    parse_event(json.as_bytes(), &sources)
}

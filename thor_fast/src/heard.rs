//! What the merge last heard of each source, out of the state that it keeps in a symbol's latest hash.
//!
//! The state's form is [`crate::merge`]'s; here only its `heard` lines are read, for those who want to see the quote of
//! a source that does not stand.

/// A source's last event of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard<'a> {
    /// When Redis received the event, microseconds UTC.
    pub received_us: i64,
    /// The event's canonical JSON.
    pub json: &'a str,
}

/// The last event of each source in a state that [`crate::merge::MergePolicy::export_symbol`] wrote. Lines that cannot
/// be read are passed over.
pub fn heard(state: &str) -> impl Iterator<Item = Heard<'_>> {
    state.lines().filter_map(|line| {
        let mut words = line.strip_prefix("heard ")?.splitn(3, ' ');
        let received_us = words.next()?.parse().ok()?;
        let json = words.nth(1)?;
        Some(Heard { received_us, json })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::{MergePolicy, Rules};
    use crate::parse::parse_event;
    use crate::symbol::{Sources, Symbol};

    #[test]
    fn every_source_is_told_of_by_its_last_event() {
        let symbol = Symbol::new("ES").unwrap();
        let mut policy = MergePolicy::new(Rules::default());
        let text = |source: &str, ts: i64, last: i64| {
            format!(
                "{{\"v\":1,\"symbol\":\"ES\",\"ts\":{ts},\"source\":\"{source}\",\"last\":{last},\"bid\":null,\
                 \"ask\":null,\"lastSize\":null,\"bidSize\":null,\"askSize\":null}}"
            )
        };
        for (source, ts, last, received_us) in [("TOS", 5, 1, 10), ("SCHWAB", 4, 2, 11), ("TOS", 6, 3, 12)] {
            let event = parse_event(text(source, ts, last).as_bytes(), &Sources::built_in()).unwrap();
            policy.offer(&event, received_us);
        }
        let mut state = String::new();
        policy.export_symbol(symbol, &mut state);
        let found: Vec<_> = heard(&state).collect();
        let received: Vec<_> = found.iter().map(|heard| heard.received_us).collect();
        assert_eq!(received, [12, 11]);
        for (heard, last) in found.iter().zip(["\"last\":3.0", "\"last\":2.0"]) {
            assert!(heard.json.contains(last) && parse_event(heard.json.as_bytes(), &Sources::built_in()).is_ok());
        }
        assert_eq!(heard("\nheard x y {}\nsymbol ES 0 -").count(), 0);
    }
}

//! Any offers to a policy: decided the same one by one, in a batch and across an exported state, counted, and never
//! accepted a second time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use thor_fast::batch::QuoteBatch;
use thor_fast::event::QuoteEvent;
use thor_fast::merge::{Decision, MergePolicy, REASONS, Rules};
use thor_fast::symbol::{Source, Symbol};
use thor_fast_fuzz::Offered;

fuzz_target!(|input: (u8, Vec<Offered>)| {
    let (kind, offers) = input;
    let mut at = 0;
    let offers: Vec<(QuoteEvent, i64)> = offers
        .iter()
        .filter_map(|offered| {
            at += 1 + i64::from(offered.later) * 100_000;
            Some((offered.event()?, at))
        })
        .collect();
    let Some((last, last_at)) = offers.last() else { return };

    let mut first = policy(kind);
    let decisions = offer_all(&mut first, &offers);
    let batch: QuoteBatch = offers.iter().map(|(event, _)| event).collect();
    let times: Vec<i64> = offers.iter().map(|(_, at)| *at).collect();
    let mut second = policy(kind);
    assert_eq!(second.offer_batch(&batch, &times), decisions);
    assert_eq!(second.export_state(), first.export_state());

    let half = offers.len() / 2;
    let mut third = policy(kind);
    let mut halves = third.offer_batch(&batch.slice(0..half), times.get(..half).unwrap_or_default());
    halves.extend(third.offer_batch(&batch.slice(half..offers.len()), times.get(half..).unwrap_or_default()));
    assert_eq!(halves, decisions);
    assert_eq!(third.export_state(), first.export_state());

    let mut before = policy(kind);
    offer_all(&mut before, offers.get(..half).unwrap_or_default());
    let mut after = policy(kind);
    after.import_state(&before.export_state()).expect("its own state");
    assert_eq!(
        offer_all(&mut after, offers.get(half..).unwrap_or_default()),
        decisions.get(half..).unwrap_or_default()
    );
    assert_eq!(after.export_state(), first.export_state());

    let counted: u64 = REASONS.iter().map(|(reason, ..)| first.count(*reason)).sum();
    assert_eq!(counted, u64::try_from(offers.len()).unwrap_or(u64::MAX));
    for (decision, (event, _)) in decisions.iter().zip(&offers) {
        assert!(!decision.reason.accepted() || decision.active_source == event.source);
    }

    let active = first.active_source(last.symbol);
    assert!(active.is_some());
    assert!(!first.offer(last, *last_at).reason.accepted());
    assert_eq!(first.active_source(last.symbol), active);

    // What stands is kept by a policy that starts anew from it.
    let mut restored = policy(kind);
    restored.restore(last, *last_at);
    assert_eq!(restored.active_source(last.symbol), Some(last.source));
    assert!(!restored.offer(last, *last_at).reason.accepted());
});

fn offer_all(policy: &mut MergePolicy, offers: &[(QuoteEvent, i64)]) -> Vec<Decision> {
    offers.iter().map(|(event, at)| policy.offer(event, *at)).collect()
}

fn policy(kind: u8) -> MergePolicy {
    let mut rules = Rules::default();
    if let (Some(symbol), Some(tos), Some(schwab)) = (Symbol::new("ES"), Source::new("TOS"), Source::new("SCHWAB")) {
        if kind & 1 != 0 {
            rules.preferred.insert(symbol, tos);
        }
        if kind & 2 != 0 {
            rules.sequence_domains.push(vec![tos, schwab]);
        }
        if kind & 4 != 0 {
            rules.stale_after_us_by_symbol.insert(symbol, 300_000);
        }
    }
    MergePolicy::new(rules)
}

//! Any parts of any batches: the events are those of the list they were made from, and so are the keys that stand, the
//! newest of each symbol, the bars and the commands.

#![no_main]

use std::collections::{BTreeMap, HashMap};

use libfuzzer_sys::fuzz_target;
use thor_fast::bars::bars;
use thor_fast::batch::QuoteBatch;
use thor_fast::event::QuoteEvent;
use thor_fast::parse::parse_lines;
use thor_fast::resp::{Appended, write_xadd};
use thor_fast::symbol::Sources;
use thor_fast_fuzz::{Offered, canonical};

fuzz_target!(|input: (Vec<Offered>, Vec<u8>, u16)| {
    let (offers, picks, interval) = input;
    let events: Vec<QuoteEvent> = offers.iter().filter_map(Offered::event).collect();
    let built: QuoteBatch = events.iter().collect();
    let lines: Vec<u8> = events.iter().flat_map(|event| [canonical(event), vec![b'\n']].concat()).collect();
    let parsed = parse_lines(&lines, &Sources::built_in()).batch;
    check(&built, &events, interval);
    check(&parsed, &events, interval);

    let places: Vec<usize> = picks.iter().map(|pick| usize::from(*pick)).filter(|at| *at < events.len()).collect();
    let picked: Vec<QuoteEvent> = places.iter().filter_map(|at| events.get(*at).cloned()).collect();
    let taken = parsed.take(places);
    check(&taken, &picked, interval);
    check(&taken.compact(), &picked, interval);

    let (start, end) = (events.len() / 3, events.len() / 2);
    let between = events.get(start..end).unwrap_or_default();
    check(&built.slice(start..end), between, interval);
    let all = QuoteBatch::concat(&[parsed.slice(start..end), taken, built]);
    check(&all, &[between, &picked, &events].concat(), interval);
});

fn check(batch: &QuoteBatch, events: &[QuoteEvent], interval: u16) {
    assert_eq!(batch.len(), events.len());
    let mut standing = HashMap::new();
    let mut newest = HashMap::new();
    for (position, event) in events.iter().enumerate() {
        let found = batch.get(position).expect("in the batch");
        assert_eq!(&found.to_event(), event);
        let json = canonical(event);
        assert!(batch.json(position).is_none_or(|kept| kept == json));
        let (mut command, mut wanted) = (Vec::new(), Vec::new());
        write_xadd("s", &json, Appended::default(), &mut command);
        wanted.extend_from_slice(
            format!("*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$4\r\ndata\r\n${}\r\n", json.len()).as_bytes(),
        );
        wanted.extend_from_slice(&json);
        wanted.extend_from_slice(b"\r\n");
        assert_eq!(command, wanted);
        standing.insert((event.symbol, event.source, event.ts_us, event.seq), position);
        newest.insert(event.symbol, position);
    }
    assert!(batch.get(events.len()).is_none());
    let mut standing: Vec<usize> = standing.into_values().collect();
    standing.sort_unstable();
    assert_eq!(batch.last_per_key(), standing);
    let mut newest: Vec<usize> = newest.into_values().collect();
    newest.sort_unstable();
    assert_eq!(batch.newest_per_symbol(), newest);

    let interval = i64::from(interval) * 1_000 + 1;
    let mut groups: BTreeMap<_, Vec<&QuoteEvent>> = BTreeMap::new();
    for event in standing.iter().filter_map(|position| events.get(*position)) {
        groups.entry((event.symbol, event.ts_us.div_euclid(interval) * interval)).or_default().push(event);
    }
    let found = bars(batch, interval).expect("an interval above 0");
    assert_eq!(found.len(), groups.len());
    for (bar, ((symbol, start_us), mut group)) in found.iter().zip(groups) {
        group.sort_by_key(|event| (event.ts_us, event.seq, event.source));
        let prices: Vec<i64> = group.iter().filter_map(|event| event.last).collect();
        assert_eq!((bar.symbol, bar.start_us), (symbol, start_us));
        assert_eq!((Some(&bar.open), Some(&bar.close)), (prices.first(), prices.last()));
        assert_eq!((Some(&bar.high), Some(&bar.low)), (prices.iter().max(), prices.iter().min()));
        assert_eq!((bar.volume, bar.events), (0, i64::try_from(group.len()).unwrap_or(-1)));
    }
}

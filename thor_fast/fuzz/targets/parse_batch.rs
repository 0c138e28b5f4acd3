//! Any bytes as lines, as separate inputs and one by one, by the fast reader and by the general one alone: all agree,
//! serde_json agrees on what is JSON, and what is accepted comes back from its canonical form.

#![no_main]

use libfuzzer_sys::fuzz_target;
use thor_fast::encode::write_json;
use thor_fast::error::ErrorCode;
use thor_fast::parse::{
    Json, KEPT_BYTES, Parsed, Reader, parse_each, parse_event, parse_lines, parse_lines_with, parse_strictly,
};
use thor_fast::symbol::Sources;
use thor_fast_fuzz::canonical;

/// serde_json's own name for a number inside a value; a text that holds it is no test of anything.
const SERDE_NUMBER: &[u8] = b"serde_json";

fuzz_target!(|data: &[u8]| {
    let sources = Sources::built_in();
    let lines: Vec<&[u8]> = data.split(|byte| *byte == b'\n').collect();
    same(&parse_each(&lines, &sources), &lines, &sources, false);
    same(&parse_lines(data, &sources), &lines, &sources, true);
    let lean = parse_lines_with(data, &sources, Json::Dropped);
    assert!(lean.batch.iter().all(|event| event.json.is_none()));
    same(&lean, &lines, &sources, true);
    let mut reader = Reader::default();
    for line in &lines {
        assert_eq!(reader.parse(line, &sources), parse_strictly(line, &sources));
    }
    one(data, &sources);
});

/// A batch holds what its inputs give alone.
fn same(batch: &Parsed, inputs: &[&[u8]], sources: &Sources, blanks_are_passed_over: bool) {
    let mut events = batch.batch.iter();
    let mut rejects = batch.rejects.iter();
    for (position, input) in inputs.iter().enumerate() {
        if blanks_are_passed_over && input.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
            continue;
        }
        match parse_strictly(input, sources) {
            Ok(event) => {
                let found = events.next().expect("an event for every good input");
                assert!(found.json.is_none_or(|json| json == canonical(&event)));
                assert_eq!(found.to_event(), event);
            }
            Err(error) => {
                let reject = rejects.next().expect("a reject for every fault");
                assert_eq!((reject.position, &reject.error), (position, &error));
                assert_eq!(reject.data, &input[..input.len().min(KEPT_BYTES)]);
            }
        }
    }
    assert!(events.next().is_none() && rejects.next().is_none());
}

fn one(data: &[u8], sources: &Sources) {
    let answer = parse_event(data, sources);
    assert_eq!(answer, parse_strictly(data, sources));
    if !data.windows(SERDE_NUMBER.len()).any(|window| window == SERDE_NUMBER) {
        let is_json = serde_json::from_slice::<serde_json::Value>(data).is_ok();
        match &answer {
            Err(error) if error.code == ErrorCode::BadJson => assert!(!is_json, "{error}"),
            Err(error) if error.code == ErrorCode::TooLarge => {}
            _ => assert!(is_json, "{answer:?}"),
        }
    }
    match answer {
        Ok(event) => {
            let text = canonical(&event);
            assert!(!text.contains(&b'\n') && !text.contains(&b'\r'));
            let again = parse_event(&text, sources).expect("the canonical form is an event");
            assert_eq!(again, event);
            let mut twice = Vec::new();
            write_json(&again, &mut twice);
            assert_eq!(twice, text);
        }
        Err(error) => assert!(!error.message.is_empty() && !error.message.contains('\n')),
    }
}

//! The core over the golden files, which Python's tests read too.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use thor_fast::display::{Display, format_price, parse_price};
use thor_fast::encode::write_json;
use thor_fast::event::QuoteEvent;
use thor_fast::merge::{MergePolicy, Rules};
use thor_fast::parse::{parse_event, parse_lines};
use thor_fast::price::{nanos_from_number, write_nanos};
use thor_fast::symbol::{Source, Sources, Symbol};

fn golden(name: &str) -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "tests", "golden", name].iter().collect();
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn rows(name: &str) -> Vec<Value> {
    let text = String::from_utf8(golden(name)).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!rows.is_empty());
    rows
}

fn text<'v>(row: &'v Value, key: &str) -> &'v str {
    row[key].as_str().unwrap_or_else(|| panic!("{key} in {row}"))
}

fn json(event: &QuoteEvent) -> String {
    let mut out = Vec::new();
    write_json(event, &mut out);
    String::from_utf8(out).unwrap()
}

fn input(row: &Value) -> Vec<u8> {
    if let Some(text) = row["input"].as_str() {
        return text.as_bytes().to_vec();
    }
    if let Some(hex) = row["input_hex"].as_str() {
        return (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    }
    let repeat = &row["input_repeat"];
    let count = usize::try_from(repeat[1].as_u64().unwrap()).unwrap();
    (repeat[0].as_str().unwrap().to_owned() + &repeat[2].as_str().unwrap().repeat(count)).into_bytes()
}

#[test]
fn accepted_events_have_their_canonical_form() {
    for row in rows("events_accepted.jsonl") {
        let event = parse_event(&input(&row), &Sources::built_in());
        let event = event.unwrap_or_else(|error| panic!("{}: {error}", row["name"]));
        assert_eq!(json(&event), text(&row, "canonical"), "{}", row["name"]);
        assert_eq!(parse_event(json(&event).as_bytes(), &Sources::built_in()), Ok(event), "{}", row["name"]);
    }
}

#[test]
fn rejected_inputs_have_their_code_and_field() {
    for row in rows("events_rejected.jsonl") {
        let error = parse_event(&input(&row), &Sources::built_in()).expect_err(text(&row, "name"));
        let found = (error.code.as_str(), error.field.as_deref());
        assert_eq!(found, (text(&row, "code"), row["field"].as_str()), "{}: {error}", row["name"]);
        assert!(!error.message.is_empty() && !error.message.contains('\n'));
    }
}

#[test]
fn prices_are_shown_and_read() {
    for row in rows("prices.jsonl") {
        if text(&row, "op") == "format" {
            let display = row["display"]
                .as_u64()
                .map_or(Display::ThirtySeconds, |decimals| Display::Decimals(u8::try_from(decimals).unwrap()));
            let nanos = nanos_from_number(text(&row, "value")).unwrap();
            assert_eq!(format_price(nanos, display, row["signed"] == true), text(&row, "text"), "{row}");
        } else {
            let value = parse_price(text(&row, "text")).ok().map(|nanos| {
                let mut out = Vec::new();
                write_nanos(nanos, &mut out);
                String::from_utf8(out).unwrap()
            });
            assert_eq!(value.as_deref(), row["value"].as_str(), "{row}");
        }
    }
}

#[test]
fn merge_sequences_are_decided_as_written() {
    for case in rows("merge.jsonl") {
        let mut policy = MergePolicy::new(rules(&case["policy"]));
        for step in case["steps"].as_array().unwrap() {
            let received_us = step["received_us"].as_i64().unwrap();
            if step["restore"].is_object() {
                policy.restore(&event(&step["restore"]), received_us);
                continue;
            }
            let decision = policy.offer(&event(&step["offer"]), received_us);
            let found = (decision.reason.as_str(), decision.active_source.as_str(), decision.reason.accepted());
            let wanted = (text(step, "reason"), text(step, "active_source"), step["accepted"] == true);
            assert_eq!(found, wanted, "{}: {step}", case["name"]);
        }
    }
}

fn event(value: &Value) -> QuoteEvent {
    parse_event(value.to_string().as_bytes(), &Sources::built_in()).unwrap()
}

fn rules(policy: &Value) -> Rules {
    let mut rules = Rules::default();
    if let Some(milliseconds) = policy["stale_after_ms"].as_i64() {
        rules.stale_after_us = milliseconds * 1_000;
    }
    for (symbol, source) in policy["preferred"].as_object().into_iter().flatten() {
        rules.preferred.insert(Symbol::new(symbol).unwrap(), Source::new(source.as_str().unwrap()).unwrap());
    }
    for (symbol, limit) in policy["stale_after_ms_by_symbol"].as_object().into_iter().flatten() {
        rules.stale_after_us_by_symbol.insert(Symbol::new(symbol).unwrap(), limit.as_i64().unwrap() * 1_000);
    }
    for domain in policy["sequence_domains"].as_array().into_iter().flatten() {
        let names = domain.as_array().unwrap().iter();
        rules.sequence_domains.push(names.map(|name| Source::new(name.as_str().unwrap()).unwrap()).collect());
    }
    rules
}

#[test]
fn a_recorded_open_comes_back_byte_for_byte() {
    let lines = golden("es_open.jsonl");
    let parsed = parse_lines(&lines, &Sources::built_in());
    assert_eq!((parsed.batch.len(), parsed.rejects.len(), parsed.unknown_keys), (300, 0, 0));
    assert!(parsed.batch.iter().all(|event| event.json.is_some()));
    let written: String = parsed.batch.iter().map(|event| json(&event.to_event()) + "\n").collect();
    assert_eq!(written.as_bytes(), lines);
    assert_eq!(parsed.batch.last_per_key().len(), 296);
}

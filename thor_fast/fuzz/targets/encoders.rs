//! Any events in every form they leave in: JSON, SSE frames, latest-hash fields and COPY rows, each read back.

#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use thor_fast::batch::QuoteBatch;
use thor_fast::copy::copy_binary;
use thor_fast::encode::{is_sse_id, write_sse};
use thor_fast::event::QuoteEvent;
use thor_fast::latest::{each_field, event_from_fields};
use thor_fast::parse::{parse_event, parse_lines};
use thor_fast::sse::{FrameIds, chunk_length, each_frame, write_chunk};
use thor_fast::symbol::Sources;
use thor_fast_fuzz::{Parts, canonical};

const EPOCH_2000_US: i64 = 946_684_800_000_000;

fuzz_target!(|input: (Vec<Parts<'_>>, &str)| {
    let (parts, id) = input;
    let events: Vec<QuoteEvent> = parts.iter().filter_map(Parts::event).collect();
    let sources = Sources::built_in();
    for event in &events {
        let text = canonical(event);
        assert_eq!(parse_event(&text, &sources).as_ref(), Ok(event));
        frame(event, &text, id);
        fields(event, &sources);
    }
    let batch: QuoteBatch = events.iter().collect();
    for (found, event) in batch.iter().zip(&events) {
        assert_eq!(&found.to_event(), event);
    }
    let lines: Vec<u8> = events.iter().flat_map(|event| [canonical(event), vec![b'\n']].concat()).collect();
    let parsed = parse_lines(&lines, &sources);
    assert!(parsed.rejects.is_empty());
    chunk(&batch, &events, id);
    chunk(&parsed.batch, &events, id);
    let stream = copy_binary(&batch);
    // The same from events that keep the JSON they came in.
    assert_eq!(copy_binary(&parsed.batch), stream);
    let rows = rows(&stream);
    assert_eq!(rows.len(), events.len());
    for (row, event) in rows.iter().zip(&events) {
        check_row(row, event);
    }
});

/// A batch's frames behind one another.
fn chunk(batch: &QuoteBatch, events: &[QuoteEvent], id: &str) {
    let mut ids = FrameIds::with_capacity(events.len());
    for _ in events {
        assert_eq!(ids.push(id), is_sse_id(id));
    }
    if !is_sse_id(id) {
        return;
    }
    let mut wanted = Vec::new();
    for event in events {
        write_sse(event, id, &mut wanted);
    }
    let jsons: Vec<Vec<u8>> = events.iter().map(canonical).collect();
    if batch.columns().all_have_json() {
        assert!(batch.kept_json().map(|(json, _)| json).eq(jsons.iter().map(Vec::as_slice)));
    }
    let parts = || jsons.iter().map(Vec::as_slice).zip(events.iter().map(|event| &event.source));
    let mut found = vec![0; chunk_length(parts(), &ids)];
    write_chunk(parts(), &ids, &mut found);
    assert_eq!(found, wanted);
    found.clear();
    each_frame(parts(), &ids, |frame| found.extend_from_slice(frame));
    assert_eq!(found, wanted);
}

/// A frame is one event for a reader of event streams, and its data the canonical JSON with the active source.
fn frame(event: &QuoteEvent, canonical: &[u8], id: &str) {
    if !is_sse_id(id) {
        assert!(id.contains(['\n', '\r', '\0']));
        return;
    }
    let mut out = Vec::new();
    write_sse(event, id, &mut out);
    let text = std::str::from_utf8(&out).expect("UTF-8");
    let rest = text.strip_prefix("id: ").and_then(|rest| rest.strip_prefix(id)).expect("the id");
    let data =
        rest.strip_prefix("\nevent: quote\ndata: ").and_then(|rest| rest.strip_suffix("\n\n")).expect("the data");
    assert!(!data.contains(['\n', '\r']));
    let object = data.strip_suffix('}').expect("an object");
    let (before, source) = object.rsplit_once(",\"active_source\":").expect("the active source");
    assert_eq!(source, format!("\"{}\"", event.source));
    assert_eq!(format!("{before}}}").as_bytes(), canonical);
}

fn fields(event: &QuoteEvent, sources: &Sources) {
    let mut found = HashMap::new();
    each_field(event, |name, value| assert!(found.insert(name, value.to_vec()).is_none()));
    assert_eq!(event_from_fields(|name| found.get(name).map(Vec::as_slice), sources).as_ref(), Ok(event));
}

/// The rows of a COPY stream, each with its fields.
fn rows(stream: &[u8]) -> Vec<Vec<Option<&[u8]>>> {
    let mut rest = stream.strip_prefix(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0").expect("the header");
    let mut rows = Vec::new();
    loop {
        let (count, after) = rest.split_first_chunk::<2>().expect("a count");
        rest = after;
        let count = i16::from_be_bytes(*count);
        if count == -1 {
            assert!(rest.is_empty());
            return rows;
        }
        let mut row = Vec::new();
        for _ in 0..count {
            let (length, after) = rest.split_first_chunk::<4>().expect("a length");
            rest = after;
            row.push(usize::try_from(i32::from_be_bytes(*length)).ok().map(|length| {
                let (value, after) = rest.split_at(length);
                rest = after;
                value
            }));
        }
        rows.push(row);
    }
}

fn check_row(row: &[Option<&[u8]>], event: &QuoteEvent) {
    let [symbol, ts, last, bid, ask, last_size, bid_size, ask_size, source, condition, seq, extra] = row else {
        panic!("twelve columns, not {}", row.len());
    };
    assert_eq!(*symbol, Some(event.symbol.as_bytes()));
    assert_eq!(*ts, Some((event.ts_us - EPOCH_2000_US).to_be_bytes().as_slice()));
    for (found, price) in [(last, event.last), (bid, event.bid), (ask, event.ask)] {
        assert_eq!(found.map(numeric), price);
    }
    for (found, size) in [(last_size, event.last_size), (bid_size, event.bid_size), (ask_size, event.ask_size)] {
        assert_eq!(*found, size.map(i32::to_be_bytes).as_ref().map(<[u8; 4]>::as_slice));
    }
    assert_eq!(*source, Some(event.source.as_bytes()));
    assert_eq!(*condition, event.condition.as_deref().map(str::as_bytes));
    assert_eq!(*seq, event.seq.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    assert_eq!(extra.is_some(), event.venue.is_some() || event.meta.is_some());
    if let Some(extra) = extra {
        let (version, json) = extra.split_first().expect("jsonb has a version");
        assert_eq!(*version, 1);
        if json.windows(10).any(|window| window == b"serde_json") {
            return;
        }
        let value: Value = serde_json::from_slice(json).expect("jsonb is JSON");
        assert_eq!(value.get("venue").and_then(Value::as_str), event.venue.as_deref());
        let meta = event.meta.as_ref().map(|meta| serde_json::from_str::<Value>(meta.text()).expect("meta is JSON"));
        assert_eq!(value.get("meta"), meta.as_ref());
    }
}

/// The price that a Postgres numeric is. Panics on one that Postgres would not take as it is.
fn numeric(bytes: &[u8]) -> i64 {
    let shorts: Vec<i16> = bytes.chunks_exact(2).map(|pair| i16::from_be_bytes([pair[0], pair[1]])).collect();
    let [count, weight, sign, scale, digits @ ..] = shorts.as_slice() else { panic!("a numeric has four shorts") };
    assert_eq!(usize::try_from(*count).ok(), Some(digits.len()));
    assert!((0..=9).contains(scale) && [0, 0x4000].contains(sign));
    assert!(digits.first() != Some(&0) && digits.last() != Some(&0));
    let mut picos: i128 = 0;
    for (digit, at) in digits.iter().zip(0_i16..) {
        assert!((0..10_000).contains(digit));
        // Down to the third group of four after the point.
        let power = u32::try_from(weight - at + 3).expect("no finer than 1e-12");
        picos += i128::from(*digit) * 10_000_i128.pow(power);
    }
    assert_eq!(picos % 10_i128.pow(12 - u32::try_from(*scale).unwrap_or(0)), 0, "decimals are hidden");
    let nanos = i64::try_from(picos / 1_000).expect("fits");
    if *sign == 0 { nanos } else { -nanos }
}

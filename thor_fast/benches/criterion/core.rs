//! The core without Python: `cargo bench` in this folder. Each benchmark first holds its answer against another way.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use thor_fast::batch::QuoteBatch;
use thor_fast::copy::copy_binary;
use thor_fast::display::{Display, format_price, parse_price};
use thor_fast::encode::{write_json, write_sse};
use thor_fast::event::QuoteEvent;
use thor_fast::merge::{MergePolicy, Rules};
use thor_fast::parse::{parse_each, parse_event, parse_lines, parse_strictly};
use thor_fast::symbol::Sources;

fn recorded() -> Vec<u8> {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "tests", "golden", "es_open.jsonl"].iter().collect();
    std::fs::read(path).expect("the golden recording")
}

fn parsing(criterion: &mut Criterion) {
    let file = recorded();
    let lines: Vec<&[u8]> = file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let sources = Sources::built_in();
    let wanted: Vec<QuoteEvent> =
        lines.iter().map(|line| parse_strictly(line, &sources).expect("a golden event")).collect();
    let each = parse_each(&lines, &sources);
    assert!(each.rejects.is_empty());
    assert!(each.batch.iter().map(|event| event.to_event()).eq(wanted.iter().cloned()));

    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(u64::try_from(file.len()).unwrap_or(0)));
    group.bench_function("each to columns", |bencher| bencher.iter(|| parse_each(black_box(&lines), &sources)));
    group.bench_function("lines to columns", |bencher| bencher.iter(|| parse_lines(black_box(&file), &sources)));
    group.bench_function("one by one to events", |bencher| {
        bencher.iter(|| lines.iter().filter(|line| parse_event(black_box(line), &sources).is_ok()).count());
    });
    group.bench_function("one by one, general reader", |bencher| {
        bencher.iter(|| lines.iter().filter(|line| parse_strictly(black_box(line), &sources).is_ok()).count());
    });
    group.finish();
}

fn writing(criterion: &mut Criterion) {
    let file = recorded();
    let parsed = parse_lines(&file, &Sources::built_in()).batch;
    let events: Vec<QuoteEvent> = parsed.iter().map(|event| event.to_event()).collect();
    // Nothing of the JSON they came in is left.
    let built: QuoteBatch = events.iter().collect();
    assert_eq!(json_lines(&built), file);
    assert_eq!(json_lines(&parsed), file);
    assert_eq!(copy_binary(&built), copy_binary(&parsed));

    let mut group = criterion.benchmark_group("write");
    group.throughput(Throughput::Elements(u64::try_from(events.len()).unwrap_or(0)));
    group.bench_function("JSON, kept", |bencher| bencher.iter(|| json_lines(black_box(&parsed))));
    group.bench_function("JSON, built", |bencher| bencher.iter(|| json_lines(black_box(&built))));
    group.bench_function("COPY, kept", |bencher| bencher.iter(|| copy_binary(black_box(&parsed))));
    group.bench_function("COPY, built", |bencher| bencher.iter(|| copy_binary(black_box(&built))));
    group.bench_function("frames", |bencher| {
        bencher.iter(|| {
            let mut out = Vec::with_capacity(file.len() * 2);
            parsed.iter().for_each(|event| write_sse(event, "1703541600000-0", &mut out));
            out
        });
    });
    group.finish();
}

fn json_lines(batch: &QuoteBatch) -> Vec<u8> {
    let mut out = Vec::with_capacity(batch.len() * 256);
    for event in batch.iter() {
        write_json(event, &mut out);
        out.push(b'\n');
    }
    out
}

fn merging(criterion: &mut Criterion) {
    let batch = parse_lines(&recorded(), &Sources::built_in()).batch;
    let times: Vec<i64> = batch.iter().map(|event| event.ts_us).collect();
    let one_by_one: Vec<_> = {
        let mut policy = MergePolicy::new(Rules::default());
        batch.iter().zip(&times).map(|(event, at)| policy.offer(event, *at)).collect()
    };
    assert_eq!(MergePolicy::new(Rules::default()).offer_batch(&batch, &times), one_by_one);

    let mut group = criterion.benchmark_group("merge");
    group.throughput(Throughput::Elements(u64::try_from(times.len()).unwrap_or(0)));
    group.bench_function("one symbol", |bencher| {
        bencher.iter(|| MergePolicy::new(Rules::default()).offer_batch(black_box(&batch), &times));
    });
    group.finish();
}

fn prices(criterion: &mut Criterion) {
    let values: Vec<i64> = (0..1_000).map(|step| (step - 500) * 31_250_000 + 118_000_000_000).collect();
    for nanos in &values {
        assert_eq!(parse_price(&format_price(*nanos, Display::ThirtySeconds, false)), Ok(*nanos));
        assert_eq!(parse_price(&format_price(*nanos, Display::Decimals(9), false)), Ok(*nanos));
    }
    let mut group = criterion.benchmark_group("prices");
    group.throughput(Throughput::Elements(1_000));
    for (name, display) in [("two decimals", Display::Decimals(2)), ("32nds", Display::ThirtySeconds)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                black_box(&values).iter().map(|nanos| format_price(*nanos, display, false).len()).sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, parsing, writing, merging, prices);
criterion_main!(benches);

//! What holds for every input.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;
use thor_fast::display::{Display, format_price, parse_price};
use thor_fast::encode::write_json;
use thor_fast::event::{Field, QuoteEvent, check_text};
use thor_fast::latest::{each_field, event_from_fields};
use thor_fast::merge::{MergePolicy, Rules};
use thor_fast::meta::Meta;
use thor_fast::parse::{parse_each, parse_event, parse_lines, parse_strictly};
use thor_fast::price::{nanos_from_number, write_nanos};
use thor_fast::symbol::{Source, Sources, Symbol};
use thor_fast::time::{MAX_US, MIN_US, parse_iso, write_iso};

fn price() -> impl Strategy<Value = Option<i64>> {
    proptest::option::of(-i64::MAX..=i64::MAX)
}

fn size() -> impl Strategy<Value = Option<i32>> {
    proptest::option::of(0..=i32::MAX)
}

fn text() -> impl Strategy<Value = Option<std::sync::Arc<str>>> {
    proptest::option::of(proptest::collection::vec(any::<char>(), 0..=64)).prop_map(|characters| {
        let text: String = characters?.into_iter().filter(|character| *character != '\0').collect();
        check_text(Field::Venue, &text).ok().map(|()| text.into())
    })
}

fn meta() -> impl Strategy<Value = Option<Meta>> {
    let texts = prop::sample::select(vec![
        r#"{}"#,
        r#"{ "run" : 5, "a":[1,{"b":"\u00e9\n"}] }"#,
        r#"{"delayed":true}"#,
        r#"{"precision":2,"flags":["x"]}"#,
    ]);
    proptest::option::of(texts).prop_map(|text| Meta::parse(text?).ok())
}

prop_compose! {
    fn events()(
        names in (prop::sample::select(vec!["ES", "ZB", "BRK.B"]), prop::sample::select(vec!["TOS", "SCHWAB", "MOCK"])),
        ts_us in MIN_US..=MAX_US,
        prices in (price(), price(), price()),
        sizes in (size(), size(), size()),
        seq in proptest::option::of(0..=i64::MAX),
        texts in (text(), text()),
        meta in meta(),
    ) -> QuoteEvent {
        QuoteEvent {
            symbol: Symbol::new(names.0).unwrap(),
            ts_us,
            source: Source::new(names.1).unwrap(),
            last: prices.0, bid: prices.1, ask: prices.2,
            last_size: sizes.0, bid_size: sizes.1, ask_size: sizes.2,
            seq,
            condition: texts.0,
            venue: texts.1,
            meta,
        }
    }
}

const CANONICAL: &str = "{\"v\":1,\"symbol\":\"ES\",\"ts\":\"2023-12-25T22:00:00.180087Z\",\"source\":\"TOS\",\"last\":4799.25,\
    \"bid\":4799.0,\"ask\":4799.5,\"lastSize\":3,\"bidSize\":16,\"askSize\":23,\"seq\":4957,\"condition\":\"@ T\",\
    \"venue\":\"CME\",\"meta\":{\"precision\":2}}";

/// Changes to the canonical event: other spellings of its values, right and wrong ones.
fn near_values() -> impl Strategy<Value = Vec<(&'static str, &'static str)>> {
    let tokens = vec![
        (
            "\"ES\"",
            vec![
                "\"BRK.B\"",
                "\"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345\"",
                "\"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456\"",
                "\"es\"",
                "\"\"",
                "\"E\\u0053\"",
                "\"ES\0\"",
                "\"ABCDEFG\"",
                "\"ABCDEFGH\"",
                "\"ABCDEFGHI\"",
            ],
        ),
        (
            "2023-12-25T22:00:00.180087Z",
            vec![
                "2023-12-25t22:00:00.180087Z",
                "2016-12-31T23:59:60.180087Z",
                "2023-12-25T22:00:59.999999Z",
                "2023-12-25T22:00:61.180087Z",
                "2023-12-25T22:00:0:.180087Z",
                "2023-02-29T22:00:00.180087Z",
                "0000-12-25T22:00:00.180087Z",
                "2023-12-25T22:00:00.18008Z",
                "2023-12-25T22:00:00.1800879Z",
                "2023-12-25T22:00:00.180087z",
                "2023-12-25T22:00:00.18/087Z",
                "2023-12-25T22:00:00.180087+",
            ],
        ),
        ("\"TOS\"", vec!["\"MOCK\"", "\"NOBODY\"", "\"\"", "\"ABCDEFGHIJKLMNOPQ\"", "null"]),
        (
            "4799.25",
            vec![
                "4799",
                "4799.250",
                "-0.0",
                "0.0",
                "-0.5",
                "00.5",
                "04799.25",
                "12345678.5",
                "1234567.123456789",
                "0.123456789",
                "0.12345678",
                "0.1234567",
                "0.1234567891",
                "9223372036.854775807",
                "9223372036.854775808",
                "-9223372036.854775807",
                "1e3",
                "1.5E-2",
                "1.",
                ".5",
                "-",
                "--1.5",
                "4799.25 ",
                "\"1\"",
                "null",
                "nullx",
                "true",
                "99999999.0",
                "100000000.0",
            ],
        ),
        ("4799.0", vec!["null", "-37.63", "4799.00"]),
        (
            ":16,",
            vec![
                ":0,",
                ":00,",
                ":-1,",
                ":-0,",
                ":2.0,",
                ":2147483647,",
                ":2147483648,",
                ":1234567,",
                ":12345678,",
                ":null,",
                ": 5,",
                ":1e2,",
            ],
        ),
        (
            ":4957,",
            vec![
                ":0,",
                ":12345678,",
                ":123456789,",
                ":1234567890123456,",
                ":12345678901234567,",
                ":123456789012345678,",
                ":9223372036854775807,",
                ":9223372036854775808,",
                ":00000000,",
                ":012345678,",
                ":1234567890123456.0,",
                ":null,",
                ":-1,",
            ],
        ),
        (
            "\"@ T\"",
            vec![
                "\"\"",
                "null",
                "\"1234567\"",
                "\"12345678\"",
                "\"123456789\"",
                "\"é\"",
                "\"a\\nb\"",
                "\"a\\/b\"",
                "\"a\nb\"",
                "\"\u{7f}\"",
                "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
                "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"",
                "5",
            ],
        ),
        (
            "{\"precision\":2}",
            vec![
                "null",
                "{}",
                "{ }",
                "{\"a\":[1,{\"b\":\"\\n\"}]}",
                "{\"run\":5,\"stale\":true}",
                "{\n}",
                "{\"a\":\"é\"}",
                "{\"a\":\"\\u0000\"}",
                "{\"a\":1e999}",
                "{\"a\":}",
                "[]",
                "{}}",
                "{},\"x\":{}",
                "{\"a\":1} ",
                "{\"precision\":2},\"v\":1",
                "nul",
            ],
        ),
        ("}}", vec!["}} ", "}}\r\n", "}", "}}}", "}}x"]),
        ("\"v\":1,", vec!["\"v\":1.0,", "\"v\":2,", "", " \"v\":1,", "\"v\":1,\"v\":1,", "\"x\":1,\"v\":1,"]),
        ("\"bidSize\"", vec!["\"bidsize\"", "\"askSize\"", "\"bid\\u0053ize\""]),
    ];
    let choices: Vec<(&'static str, &'static str)> =
        tokens.into_iter().flat_map(|(from, to)| to.into_iter().map(move |to| (from, to))).collect();
    proptest::collection::vec(prop::sample::select(choices), 1..3)
}

/// Text that is nearly an event: pieces of JSON in any order.
fn near_events() -> impl Strategy<Value = String> {
    let pieces = vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u0000",
        "\\ud800",
        "null",
        "true",
        "1",
        "-",
        "0.5",
        "1e",
        "e999",
        " ",
        "\n",
        "\"v\":1",
        "\"symbol\":\"ES\"",
        "\"ts\":0",
        "\"source\":\"TOS\"",
        "\"last\":1.5",
        "\"bid\":null",
        "\"ask\":null",
        "\"lastSize\":1",
        "\"bidSize\":null",
        "\"askSize\":2",
        "\"meta\":{",
        "\"a\":",
        "é",
        "\u{feff}",
    ];
    proptest::collection::vec(prop::sample::select(pieces), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn the_fast_reader_reads_as_the_general_one_does(event in events(), cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0..3_usize, any::<u8>()), 0..3)) {
        let mut data = Vec::new();
        write_json(&event, &mut data);
        for (place, cut, byte) in cuts {
            let at = place.index(data.len());
            data.splice(at..(at + cut).min(data.len()), (cut > 0).then_some(byte));
        }
        let strictly = parse_strictly(&data, &Sources::built_in());
        prop_assert_eq!(parse_event(&data, &Sources::built_in()), strictly.clone());
        // Twice in one batch, so that what is remembered of the first is used for the second.
        let twice: [&[u8]; 2] = [&data, &data];
        let parsed = parse_each(&twice, &Sources::built_in());
        match strictly {
            Ok(event) => {
                prop_assert_eq!(parsed.batch.len(), 2);
                let mut canonical = Vec::new();
                write_json(&event, &mut canonical);
                for read in parsed.batch.iter() {
                    prop_assert_eq!(&read.to_event(), &event);
                    prop_assert!(read.json.is_none_or(|json| json == canonical));
                }
            }
            Err(error) => {
                let found: Vec<_> = parsed.rejects.iter().map(|reject| (reject.position, &reject.error)).collect();
                prop_assert_eq!(found, [(0, &error), (1, &error)]);
            }
        }
    }

    #[test]
    fn nearly_canonical_events_are_read_alike(changes in near_values()) {
        let mut text = CANONICAL.to_owned();
        for (from, to) in changes {
            text = text.replacen(from, to, 1);
        }
        let strictly = parse_strictly(text.as_bytes(), &Sources::built_in());
        prop_assert_eq!(parse_event(text.as_bytes(), &Sources::built_in()), strictly.clone());
        let parsed = parse_each(&[text.as_bytes()], &Sources::built_in());
        for event in parsed.batch.iter() {
            let mut canonical = Vec::new();
            write_json(&event.to_event(), &mut canonical);
            prop_assert_eq!(Ok(event.to_event()), strictly.clone());
            prop_assert!(event.json.is_none_or(|json| json == canonical), "{}", text);
        }
        prop_assert_eq!(parsed.batch.len(), usize::from(strictly.is_ok()));
    }

    #[test]
    fn no_bytes_make_it_panic(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _answer = parse_event(&data, &Sources::built_in());
        let parsed = parse_lines(&data, &Sources::built_in());
        prop_assert!(parsed.batch.len() + parsed.rejects.len() <= data.len() + 1);
    }

    #[test]
    fn what_is_accepted_is_json_and_comes_back(text in near_events()) {
        if let Ok(event) = parse_event(text.as_bytes(), &Sources::built_in()) {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
            let mut out = Vec::new();
            write_json(&event, &mut out);
            prop_assert_eq!(parse_event(&out, &Sources::built_in()), Ok(event));
        }
    }

    #[test]
    fn bad_json_is_just_what_is_not_json(text in near_events()) {
        // Large exponents are made small ones: JSON's grammar allows a number beyond a double, serde_json does not.
        let text = text.replace("1e", "1e-").replace("e999", "e-9");
        let error = parse_event(text.as_bytes(), &Sources::built_in()).err();
        let bad = error.is_some_and(|error| error.code.as_str() == "bad_json");
        prop_assert_eq!(bad, serde_json::from_str::<serde_json::Value>(&text).is_err());
    }

    #[test]
    fn every_event_comes_back_from_json(event in events()) {
        let mut out = Vec::new();
        write_json(&event, &mut out);
        prop_assert!(!out.contains(&b'\n') && !out.contains(&b'\r'));
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&out).is_ok());
        prop_assert_eq!(parse_event(&out, &Sources::built_in()), Ok(event));
    }

    #[test]
    fn every_event_comes_back_from_its_fields(event in events()) {
        let mut fields = std::collections::HashMap::new();
        each_field(&event, |name, value| drop(fields.insert(name, value.to_vec())));
        let back = event_from_fields(|name| fields.get(name).map(Vec::as_slice), &Sources::built_in());
        prop_assert_eq!(back, Ok(event));
    }

    #[test]
    fn every_price_comes_back(nanos in -i64::MAX..=i64::MAX) {
        let mut out = Vec::new();
        write_nanos(nanos, &mut out);
        let text = String::from_utf8(out).unwrap();
        prop_assert_eq!(nanos_from_number(&text), Ok(nanos));
        prop_assert_eq!(parse_price(&text), Ok(nanos));
        prop_assert_eq!(parse_price(&format_price(nanos, Display::Decimals(9), true)), Ok(nanos));
        prop_assert_eq!(parse_price(&format_price(nanos, Display::Exact, false)), Ok(nanos));
    }

    #[test]
    fn every_eighth_of_a_32nd_comes_back(eighths in -2_000_000_000_i64..=2_000_000_000) {
        let nanos = eighths * 3_906_250;
        prop_assert_eq!(parse_price(&format_price(nanos, Display::ThirtySeconds, false)), Ok(nanos));
    }

    #[test]
    fn no_text_makes_prices_or_times_panic(text in "\\PC{0,30}", number in "-?[0-9.e+-]{0,40}") {
        let _price = (parse_price(&text), parse_price(&number));
        let _time = (parse_iso(&text), parse_iso(&number));
        let _meta = (Meta::parse(&text), Meta::parse(&number));
    }

    #[test]
    fn every_time_comes_back(us in MIN_US..=MAX_US) {
        let mut out = Vec::new();
        write_iso(us, &mut out);
        prop_assert_eq!(parse_iso(std::str::from_utf8(&out).unwrap()), Ok(us));
    }
}

prop_compose! {
    /// A small world: two symbols, three sources, few numbers, so that everything meets everything.
    fn offers()(
        symbol in prop::sample::select(vec!["ES", "ZB"]),
        source in prop::sample::select(vec!["TOS", "SCHWAB", "MOCK"]),
        ts_us in 0..20_000_000_i64,
        last in 0..3_i64,
        seq in proptest::option::of(0..5_i64),
        meta in prop::sample::select(vec!["{}", r#"{"run":1}"#, r#"{"run":2}"#, r#"{"delayed":true}"#, r#"{"stale":true,"run":1}"#]),
    ) -> QuoteEvent {
        QuoteEvent {
            symbol: Symbol::new(symbol).unwrap(),
            ts_us,
            source: Source::new(source).unwrap(),
            last: Some(last), bid: None, ask: None, last_size: None, bid_size: None, ask_size: None,
            seq,
            condition: None,
            venue: None,
            meta: Meta::parse(meta).ok(),
        }
    }
}

prop_compose! {
    /// The same world, every event numbered within a run.
    fn numbered_offers()(
        offer in offers(),
        seq in 0..5_i64,
        meta in prop::sample::select(vec![r#"{"run":1}"#, r#"{"run":2}"#, r#"{"run":2,"stale":true}"#]),
    ) -> QuoteEvent {
        QuoteEvent { seq: Some(seq), meta: Meta::parse(meta).ok(), ..offer }
    }
}

fn policy() -> MergePolicy {
    let mut rules = Rules::default();
    rules.preferred.insert(Symbol::new("ES").unwrap(), Source::new("TOS").unwrap());
    MergePolicy::new(rules)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn the_merge_is_the_same_every_time_and_its_counts_add_up(
        offers in proptest::collection::vec(offers(), 1..60),
    ) {
        let run = || {
            let mut policy = policy();
            let decisions: Vec<_> = offers.iter().zip(1_i64..).map(|(event, at)| policy.offer(event, at * 400_000)).collect();
            let total: u64 = thor_fast::merge::REASONS.iter().map(|(reason, ..)| policy.count(*reason)).sum();
            (decisions, total)
        };
        let (decisions, total) = run();
        prop_assert_eq!(total, offers.len() as u64);
        for (decision, event) in decisions.iter().zip(&offers) {
            prop_assert!(!decision.reason.accepted() || decision.active_source == event.source);
        }
        prop_assert_eq!(run().0, decisions);
    }

    #[test]
    fn offering_the_last_event_of_a_source_again_changes_nothing(
        offers in proptest::collection::vec(offers(), 1..60),
    ) {
        let mut policy = policy();
        let mut at = 0;
        for event in &offers {
            at += 400_000;
            policy.offer(event, at);
        }
        let last = offers.last().unwrap();
        let active = policy.active_source(last.symbol);
        let again = policy.offer(last, at);
        prop_assert!(!again.reason.accepted(), "{:?}", again);
        prop_assert_eq!(policy.active_source(last.symbol), active);
    }

    #[test]
    fn offering_all_of_it_again_changes_nothing(
        offers in proptest::collection::vec(numbered_offers(), 1..60),
        later in proptest::collection::vec(numbered_offers(), 1..20),
    ) {
        let received = |at: usize| i64::try_from(at).unwrap() * 400_000;
        let (mut once, mut twice) = (policy(), policy());
        for (at, event) in offers.iter().enumerate() {
            prop_assert_eq!(once.offer(event, received(at)), twice.offer(event, received(at)));
        }
        for (at, event) in offers.iter().enumerate() {
            let again = twice.offer(event, received(at));
            prop_assert!(!again.reason.accepted(), "{:?}", again);
        }
        for (at, event) in later.iter().enumerate() {
            let at = received(offers.len() + at);
            prop_assert_eq!(once.offer(event, at), twice.offer(event, at));
        }
    }
}

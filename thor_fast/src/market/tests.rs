//! What the market says after streams of events.

use super::*;
use crate::classify::Thresholds;
use crate::display::Display;
use crate::event::QuoteEvent;
use crate::market::rules::Ladder;
use crate::parse::parse_event;
use crate::symbol::Sources;

const P: i64 = crate::price::ONE;
const HOUR_US: i64 = 3_600_000_000;
const DAY: Span = Span { day: 1, start_us: 0, opens_us: HOUR_US, end_us: 24 * HOUR_US };
const NEXT: Span = Span { day: 2, start_us: 24 * HOUR_US, opens_us: 25 * HOUR_US, end_us: 48 * HOUR_US };

fn symbol(text: &str) -> Symbol {
    Symbol::new(text).unwrap()
}

fn market() -> Market {
    let rules = |name: &str, inverse: bool| Rules {
        symbol: symbol(name),
        market: "GLOBEX".into(),
        display: Display::Decimals(2),
        tick: P / 4,
        tick_value: 12 * P + P / 2,
        multiplier: 50 * P,
        target: Some(2 * P),
        ladder: Some(Ladder {
            thresholds: Thresholds::new(6 * P, P, -P, -6 * P).unwrap(),
            values: [6 * P, P, 0, -P, -6 * P],
            weight: P,
            inverse,
        }),
    };
    let bounds = Bounds { strong_buy: 9 * P, buy: P, sell: -P, strong_sell: -9 * P, min_live_share: P / 2 };
    let mut market = Market::new(5_000, true);
    market.configure(7, vec![rules("ES", false), rules("GC", true)], bounds);
    market.add_span("GLOBEX", NEXT);
    market.add_span("GLOBEX", DAY);
    market
}

fn event(symbol: &str, at_ms: i64, source: &str, last: &str, meta: &str) -> QuoteEvent {
    let text = format!(
        r#"{{"symbol":"{symbol}","ts":{at_ms},"source":"{source}","last":{last},"bid":null,"ask":null,"lastSize":null,"bidSize":null,"askSize":null,"meta":{{{meta}}}}}"#
    );
    parse_event(text.as_bytes(), &Sources::built_in()).unwrap()
}

fn feed(market: &mut Market, events: &[(i64, &str, &str)]) {
    for (at_ms, last, meta) in events {
        let event = event("ES", *at_ms, "TOS", last, meta);
        market.observe(&event.view(), (*at_ms, 0));
    }
}

fn es(market: &Market) -> &Tracker {
    market.bars(&symbol("ES")).unwrap()
}

#[test]
fn the_average_price_counts_rises_of_the_volume_alone() {
    let mut market = market();
    let hour = 3_600_000;
    feed(
        &mut market,
        &[
            (hour, "100.0", r#""volume":500"#),
            (hour + 1, "100.0", r#""volume":500"#),
            (hour + 2, "110.0", r#""volume":503"#),
            (hour + 3, "120.0", r#""volume":504"#),
            (hour + 4, "900.0", ""),
            (hour + 5, "120.0", r#""volume":12"#),
            (hour + 6, "900.0", r#""volume":504"#),
            (hour + 7, "112.5", r#""volume":508"#),
        ],
    );
    let session = es(&market).session;
    assert_eq!((session.volume, session.vwap), (8, Some(112_500_000_000)));
    assert_eq!((session.open, session.high, session.low), (Some(100 * P), Some(900 * P), Some(100 * P)));
    feed(
        &mut market,
        &[
            (hour + 8, "100.0", r#""volume":0"#),
            (hour + 9, "100.0", r#""volume":1"#),
            (hour + 10, "100.0", r#""volume":2"#),
            (hour + 11, "100.0", r#""volume":8"#),
            (hour + 12, "100.0", r#""volume":600"#),
        ],
    );
    assert_eq!(es(&market).session.volume, 608);
}

#[test]
fn a_session_begins_with_its_trade_date() {
    let mut market = market();
    let day = 24 * 3_600_000;
    feed(&mut market, &[(day - 10, "100.0", r#""volume":5"#), (day, "50.0", r#""volume":9"#)]);
    assert_eq!((es(&market).session.span, es(&market).session.high), (NEXT, Some(50 * P)));
    assert_eq!(es(&market).day_extremes(), (Some(100 * P), Some(50 * P)));
    let late = event("ES", day - 5, "TOS", "70.0", "");
    market.observe(&late.view(), (day + 1, 0));
    assert_eq!((es(&market).session.span, es(&market).session.high), (NEXT, Some(50 * P)));
    let drained = market.drain();
    assert_eq!(drained.ended.len(), 1);
    assert_eq!((drained.ended[0].session.span, drained.ended[0].session.close), (DAY, Some(100 * P)));
    let days: Vec<_> = drained.bars.iter().filter(|((_, _, interval, _), _)| *interval == 4).collect();
    assert_eq!(days.len(), 2);
    assert_eq!((days[0].0.3, days[0].1.close, days[0].1.events), (DAY.opens_us, 70 * P, 2));
    let ahead = event("ES", 9 * day, "TOS", "70.0", "");
    market.observe(&ahead.view(), (day + 2, 0));
    assert_eq!(es(&market).session.span, NEXT);
}

#[test]
fn a_roll_starts_over_and_its_jump_is_no_signal() {
    let mut market = market();
    let meta = |contract: &str, close: &str| format!(r#""contract":"{contract}","close":{close}"#);
    feed(&mut market, &[(1, "100.0", &meta("ESZ25", "90.0")), (2, "101.0", &meta("ESZ25", "90.0"))]);
    assert_eq!(market.total(2).sum, 2);
    feed(&mut market, &[(3, "150.0", &meta("ESH26", "90.0"))]);
    assert_eq!((market.total(3).sum, market.total(3).used), (0, 0));
    assert_eq!(es(&market).session.open, Some(150 * P));
    let roll = es(&market).roll.unwrap();
    assert_eq!((roll.from.as_str(), roll.to.as_str(), roll.at_us), ("ESZ25", "ESH26", 3_000));
    feed(&mut market, &[(4, "151.0", &meta("ESH26", "90.0"))]);
    assert_eq!(market.total(4).used, 0);
    feed(&mut market, &[(5, "151.0", &meta("ESH26", "149.0"))]);
    assert_eq!((market.total(5).used, market.total(5).sum), (1, 1));
    let drained = market.drain();
    let signals: Vec<_> = drained
        .transitions
        .iter()
        .filter(|it| it.symbol == symbol("ES"))
        .map(|it| (it.moment.position.0, it.signal, it.previous))
        .collect();
    assert_eq!(signals, [(1, Signal::StrongBuy, None), (5, Signal::Buy, None)]);
    assert_eq!(drained.rolls.len(), 1);
}

#[test]
fn a_made_up_market_and_a_real_one_share_nothing() {
    let mut market = market();
    let mock = event("ES", 1, "MOCK", "900.0", r#""volume":5,"netChange":7"#);
    market.observe(&mock.view(), (1, 0));
    let real = event("ES", 2, "TOS", "100.0", r#""volume":9"#);
    market.observe(&real.view(), (2, 0));
    assert_eq!((es(&market).session.high, es(&market).session.volume), (Some(100 * P), 0));
    let bars = market.drain().bars;
    assert_eq!(bars.keys().filter(|(_, mock, ..)| *mock).count(), 5);
    assert_eq!(bars.len(), 10);
}

#[test]
fn what_was_seen_comes_back_and_goes_on_alike() {
    let mut market = market();
    let events: Vec<_> = (0..200_i64)
        .map(|i| {
            let meta = format!(r#""volume":{},"netChange":{},"contract":"ESZ25""#, i * i % 97 + i, i % 9 - 4);
            let source = if i % 5 == 0 { "SCHWAB" } else { "TOS" };
            let symbol = if i % 3 == 0 { "GC" } else { "ES" };
            event(symbol, i * 400_000, source, &format!("{}.25", 100 + i * 7 % 31), &meta)
        })
        .collect();
    let record = |market: &mut Market, number: usize| {
        let mut out = Vec::new();
        let at_ms = i64::try_from(number).unwrap() * 400_000;
        market.record(&events[number].view(), &format!("{at_ms}-0"), (at_ms, 0), &mut out);
        market.write_total(at_ms, &mut out);
        String::from_utf8(out).unwrap()
    };
    for number in 0..120 {
        record(&mut market, number);
    }
    let state = market.export();
    let mut other = self::market();
    assert!(other.import(&state));
    assert_eq!(other.export(), state);
    for number in 120..200 {
        assert_eq!(record(&mut other, number), record(&mut market, number), "{number}");
    }
    for broken in [&state[..state.len() - 1], &state[8..], b"", &[0; 64]] {
        assert!(!other.import(broken));
    }
}

#[test]
fn an_older_event_has_a_record_and_changes_nothing() {
    let mut market = market();
    feed(&mut market, &[(10, "100.0", r#""netChange":7"#)]);
    let state = market.export();
    let mut out = Vec::new();
    market.record(&event("ES", 5, "TOS", "90.0", r#""netChange":-7"#).view(), "9-0", (9, 0), &mut out);
    let record = String::from_utf8(out).unwrap();
    assert!(record.contains(r#""signal":"STRONG_SELL""#) && record.contains(r#""high":100.0"#));
    assert_eq!(market.export(), state);
}

#[test]
fn the_newest_event_takes_the_signal_of_a_new_configuration() {
    let mut market = market();
    let quote = event("ES", 10, "TOS", "100.0", r#""netChange":7"#);
    let mut out = Vec::new();
    market.record(&quote.view(), "10-0", (10, 0), &mut out);
    let state = es(&market).session;
    let mut rules: Vec<Rules> = market.entries.iter().filter_map(|entry| entry.rules.clone()).collect();
    rules[0].ladder.as_mut().unwrap().thresholds = Thresholds::new(9 * P, 8 * P, -P, -6 * P).unwrap();
    market.configure(8, rules, market.bounds);
    market.record(&quote.view(), "10-0", (10, 0), &mut out);
    let records = String::from_utf8(out).unwrap();
    assert!(records.contains(r#""signal":"STRONG_BUY""#) && records.contains(r#""signal":"HOLD""#));
    assert_eq!((es(&market).session, market.total(10).sum), (state, 0));
}

#[test]
fn only_fresh_quotes_are_live() {
    let mut market = market();
    feed(&mut market, &[(10, "100.0", r#""netChange":7"#)]);
    assert_eq!((market.total(5_010).live, market.total(5_011).live), (1, 0));
    feed(&mut market, &[(11, "100.0", r#""netChange":7,"stale":true"#)]);
    assert_eq!((market.total(11).live, market.total(11).used, market.total(11).expected), (0, 1, 2));
}

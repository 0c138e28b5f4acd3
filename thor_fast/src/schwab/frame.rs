//! One frame of the streamer: data, answers to requests and heartbeats, read in one pass without a tree.

use std::borrow::Cow;
use std::collections::HashMap;

use super::fields::{Service, Slot};
use super::quote::{Bar, Quote, Subject};
use crate::json::{Cursor, Fault, Value, is_number};
use crate::price::{Rounding, nanos_from_number, scale};
use crate::symbol::Source;

const LARGEST_SIZE: i64 = i32::MAX as i64;
const LARGEST_VOLUME: i64 = 1 << 53;
/// How many keys and faults of a frame are named; the rest is only counted by the caller's own means.
const MOST_NAMED: usize = 20;

/// The server's answer to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are Schwab's own")]
pub struct Response {
    pub service: String,
    pub command: String,
    pub request_id: String,
    pub code: i64,
    pub message: String,
}

/// What a frame held.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Candidate events in order, each with its symbol's place in the list of subjects.
    pub candidates: Vec<(usize, Vec<u8>)>,
    /// Answers to requests.
    pub responses: Vec<Response>,
    /// The server's clock in milliseconds, where the frame is a heartbeat.
    pub heartbeat_ms: Option<i64>,
    /// Keys and services that were not subscribed to.
    pub unknown: Vec<String>,
    /// Fields that could not be read, in words.
    pub faults: Vec<String>,
}

/// Everything that is subscribed to, with its merged state.
#[derive(Clone, Debug)]
pub struct Streamer {
    source: Source,
    quotes: Vec<Quote>,
    by_symbol: HashMap<String, usize>,
    by_key: [HashMap<String, usize>; Service::ALL.len()],
}

/// A field of a delta, by its number.
type Member<'a> = (u16, Value<'a>);

impl Streamer {
    /// Nothing subscribed yet; candidates will name this source.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self { source, quotes: Vec::new(), by_symbol: HashMap::new(), by_key: Default::default() }
    }

    /// A key of a service stands for this symbol from now on.
    pub fn subscribe(&mut self, service: Service, key: &str, subject: Subject) {
        let symbol = subject.symbol.as_str().to_owned();
        let place = *self.by_symbol.entry(symbol).or_insert(self.quotes.len());
        if place == self.quotes.len() {
            self.quotes.push(Quote::new(subject));
        }
        if let Some(keys) = self.by_key.get_mut(service as usize) {
            keys.insert(key.to_owned(), place);
        }
    }

    /// The quote at that place.
    #[must_use]
    pub fn quote(&self, place: usize) -> Option<&Quote> {
        self.quotes.get(place)
    }

    /// The connection is gone; see [`Quote::forget`].
    pub fn forget(&mut self) {
        self.quotes.iter_mut().for_each(Quote::forget);
    }

    /// Reads one frame that was received at that time.
    ///
    /// # Errors
    /// A frame that is not JSON of the known shape, with the position of the fault. What was merged is forgotten then: the
    /// caller must ask for everything anew.
    pub fn read(&mut self, text: &str, received_us: i64) -> Result<Frame, String> {
        let mut frame = Frame::default();
        match self.read_frame(&mut Cursor::new(text), received_us, &mut frame) {
            Ok(()) => Ok(frame),
            Err(fault) => {
                // Half of it may have been merged.
                self.forget();
                Err(match fault {
                    Fault::At(at, expected) => format!("expected {expected} at byte {at}"),
                    Fault::Levels => "nested too deeply".to_owned(),
                })
            }
        }
    }

    fn read_frame<'a>(&mut self, cursor: &mut Cursor<'a>, received_us: i64, frame: &mut Frame) -> Result<(), Fault> {
        cursor.skip_space();
        each_member(cursor, |cursor, key| match key {
            "data" => each_element(cursor, |cursor| self.read_data(cursor, received_us, frame)),
            "response" => each_element(cursor, |cursor| {
                frame.responses.push(read_response(cursor)?);
                Ok(())
            }),
            "notify" => each_element(cursor, |cursor| read_notice(cursor, frame)),
            _ => cursor.value().map(drop),
        })?;
        cursor.end()
    }

    fn read_data(&mut self, cursor: &mut Cursor<'_>, received_us: i64, frame: &mut Frame) -> Result<(), Fault> {
        let mut service: Option<Service> = None;
        let mut unread: Option<&str> = None;
        let mut content_read = false;
        each_member(cursor, |cursor, key| {
            match key {
                "service" => {
                    let value = cursor.value()?;
                    if let Value::Text(name) = &value {
                        service = Service::from_name(name);
                        if service.is_none() {
                            note(&mut frame.unknown, || name.to_string());
                        }
                    }
                }
                "content" => match service {
                    Some(service) => {
                        content_read = true;
                        self.read_content(cursor, service, received_us, frame)?;
                    }
                    None => {
                        let start = cursor.position();
                        cursor.value()?;
                        unread = Some(cursor.between(start, cursor.position()));
                    }
                },
                _ => drop(cursor.value()?),
            }
            Ok(())
        })?;
        // The service may be named behind its content.
        if let (false, Some(service), Some(content)) = (content_read, service, unread) {
            self.read_content(&mut Cursor::new(content), service, received_us, frame)?;
        }
        Ok(())
    }

    fn read_content(
        &mut self,
        cursor: &mut Cursor<'_>,
        service: Service,
        received_us: i64,
        frame: &mut Frame,
    ) -> Result<(), Fault> {
        let mut members: Vec<Member<'_>> = Vec::with_capacity(24);
        each_element(cursor, |cursor| {
            members.clear();
            let mut key: Option<Cow<'_, str>> = None;
            let mut delayed: Option<bool> = None;
            each_member(cursor, |cursor, name| {
                let value = cursor.value()?;
                match (name, value) {
                    ("key", Value::Text(text)) => key = Some(text),
                    ("delayed", Value::Bool(flag)) => delayed = Some(flag),
                    (_, value) => {
                        if let Ok(number) = name.parse::<u16>() {
                            members.push((number, value));
                        }
                    }
                }
                Ok(())
            })?;
            self.apply(service, key.as_deref(), delayed, &members, received_us, frame);
            Ok(())
        })
    }

    fn apply(
        &mut self,
        service: Service,
        key: Option<&str>,
        delayed: Option<bool>,
        members: &[Member<'_>],
        received_us: i64,
        frame: &mut Frame,
    ) {
        let place = key.and_then(|key| self.by_key.get(service as usize)?.get(key).copied());
        let Some((place, quote)) = place.and_then(|place| Some((place, self.quotes.get_mut(place)?))) else {
            note(&mut frame.unknown, || format!("{} {}", service.name(), key.unwrap_or_default()));
            return;
        };
        if service == Service::FuturesChart {
            match read_bar(members) {
                Some(bar) => quote.set_bar(bar),
                None => note(&mut frame.faults, || format!("{}: a bar lacks a figure", quote.symbol().as_str())),
            }
        } else {
            quote.begin(service);
            if let Some(delayed) = delayed {
                quote.set_delayed(delayed);
            }
            merge(quote, service, members, &mut frame.faults);
        }
        let mut candidate = Vec::with_capacity(448);
        if quote.write(&self.source, received_us, &mut candidate) {
            frame.candidates.push((place, candidate));
        }
    }
}

/// Takes a delta's fields over. A field that is absent keeps its value; so does one that cannot be read.
fn merge(quote: &mut Quote, service: Service, members: &[Member<'_>], faults: &mut Vec<String>) {
    let known = || members.iter().filter_map(|(number, value)| Some((*number, service.slot(*number)?, value)));
    // The contract first: what the delta says is of the new one.
    for (_, slot, value) in known() {
        match (slot, value) {
            (Slot::ActiveSymbol, Value::Text(text)) => quote.set_active_contract(text),
            (Slot::Venue, Value::Text(text)) => quote.set_venue(text),
            _ => {}
        }
    }
    for (number, slot, value) in known() {
        if matches!(slot, Slot::ActiveSymbol | Slot::Venue) {
            continue;
        }
        match value {
            Value::Number(token) => match number_of(service, slot, token) {
                Some(value) => quote.set(slot, value),
                None => note(faults, || format!("{}: field {number} is {token}", quote.symbol().as_str())),
            },
            // What is not known is null, or a word for it: no news.
            Value::Null => {}
            Value::Text(text) if matches!(text.as_ref(), "" | "NaN" | "N/A") => {}
            other => note(faults, || format!("{}: field {number} {}", quote.symbol().as_str(), other.describe())),
        }
    }
}

/// The number in the slot's unit: nanos, shares or contracts, milliseconds. Nothing where it cannot be one.
fn number_of(service: Service, slot: Slot, token: &str) -> Option<i64> {
    let count = |largest: i64| scale(token, 0, Rounding::Refuse).ok().filter(|value| (0..=largest).contains(value));
    match slot {
        Slot::BidSize | Slot::AskSize => {
            count(LARGEST_SIZE)?.checked_mul(service.lot()).filter(|size| *size <= LARGEST_SIZE)
        }
        Slot::LastSize => count(LARGEST_SIZE),
        Slot::Volume | Slot::BarVolume => count(LARGEST_VOLUME),
        Slot::QuoteTime | Slot::TradeTime | Slot::BarTime => count(i64::MAX),
        Slot::ChangePercent => nanos_from_number(token).ok()?.checked_mul(service.percent()),
        _ => nanos_from_number(token).ok(),
    }
}

fn read_bar(members: &[Member<'_>]) -> Option<Bar> {
    let of = |wanted: Slot| {
        members.iter().find_map(|(number, value)| match value {
            Value::Number(token) if Service::FuturesChart.slot(*number) == Some(wanted) => {
                number_of(Service::FuturesChart, wanted, token)
            }
            _ => None,
        })
    };
    Some(Bar {
        start_us: of(Slot::BarTime)?.checked_mul(1_000)?,
        open: of(Slot::BarOpen)?,
        high: of(Slot::BarHigh)?,
        low: of(Slot::BarLow)?,
        close: of(Slot::BarClose)?,
        volume: of(Slot::BarVolume)?,
    })
}

fn read_response(cursor: &mut Cursor<'_>) -> Result<Response, Fault> {
    let mut response = Response { code: -1, ..Response::default() };
    each_member(cursor, |cursor, key| {
        if key == "content" && cursor.peek() == Some(b'{') {
            return each_member(cursor, |cursor, key| {
                match (key, cursor.value()?) {
                    ("code", Value::Number(token)) => {
                        response.code = scale(token, 0, Rounding::Refuse).unwrap_or(-1);
                    }
                    ("msg", Value::Text(text)) => response.message = text.into_owned(),
                    _ => {}
                }
                Ok(())
            });
        }
        match (key, cursor.value()?) {
            ("service", Value::Text(text)) => response.service = text.into_owned(),
            ("command", Value::Text(text)) => response.command = text.into_owned(),
            ("requestid", Value::Text(text)) => response.request_id = text.into_owned(),
            ("requestid", Value::Number(token)) => response.request_id = token.to_owned(),
            _ => {}
        }
        Ok(())
    })?;
    Ok(response)
}

/// A heartbeat, or an answer that the server gives unasked (code 30 comes so as well).
fn read_notice(cursor: &mut Cursor<'_>, frame: &mut Frame) -> Result<(), Fault> {
    let start = cursor.position();
    let mut beat = None;
    each_member(cursor, |cursor, key| {
        match (key, cursor.value()?) {
            ("heartbeat", Value::Text(text)) if is_number(&text) => beat = scale(&text, 0, Rounding::Floor).ok(),
            ("heartbeat", Value::Number(token)) => beat = scale(token, 0, Rounding::Floor).ok(),
            _ => {}
        }
        Ok(())
    })?;
    if beat.is_some() {
        frame.heartbeat_ms = beat;
    } else {
        let text = cursor.between(start, cursor.position());
        frame.responses.push(read_response(&mut Cursor::new(text))?);
    }
    Ok(())
}

/// Calls for each member of the object at the position, with the position at its value.
fn each_member<'a>(
    cursor: &mut Cursor<'a>,
    mut read: impl FnMut(&mut Cursor<'a>, &str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if !cursor.take(b'{') {
        return Err(cursor.fault("an object"));
    }
    cursor.skip_space();
    if cursor.take(b'}') {
        return Ok(());
    }
    loop {
        let key = cursor.key()?;
        read(cursor, &key)?;
        if !cursor.more(b'}')? {
            return Ok(());
        }
    }
}

/// Calls for each element of the array at the position, with the position at it.
fn each_element<'a>(
    cursor: &mut Cursor<'a>,
    mut read: impl FnMut(&mut Cursor<'a>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if !cursor.take(b'[') {
        return Err(cursor.fault("an array"));
    }
    cursor.skip_space();
    if cursor.take(b']') {
        return Ok(());
    }
    loop {
        cursor.skip_space();
        read(cursor)?;
        if !cursor.more(b']')? {
            return Ok(());
        }
    }
}

fn note(list: &mut Vec<String>, text: impl FnOnce() -> String) {
    if list.len() < MOST_NAMED {
        list.push(text());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbol::Symbol;

    fn streamer() -> Streamer {
        let mut streamer = Streamer::new(Source::new("SCHWAB").unwrap());
        let subject = |symbol: &str| Subject {
            symbol: Symbol::new(symbol).unwrap(),
            precision: Some(2),
            tick: 250_000_000,
            contract: None,
        };
        streamer.subscribe(Service::Futures, "/ES", subject("ES"));
        streamer.subscribe(Service::FuturesChart, "/ES", subject("ES"));
        streamer.subscribe(Service::Equities, "ES", subject("ES.US"));
        streamer.subscribe(Service::Equities, "$SPX", subject("$SPX"));
        streamer
    }

    fn told(streamer: &mut Streamer, text: &str) -> Vec<String> {
        let frame = streamer.read(text, 1_000_000).unwrap();
        frame.candidates.into_iter().map(|(_, candidate)| String::from_utf8(candidate).unwrap()).collect()
    }

    fn data(service: &str, content: &str) -> String {
        format!(r#"{{"data":[{{"service":"{service}","timestamp":1,"command":"SUBS","content":[{content}]}}]}}"#)
    }

    #[test]
    fn a_delta_changes_what_it_names_and_nothing_else() {
        let mut streamer = streamer();
        let full = r#"{"key":"/ES","delayed":false,"1":6708.25,"2":6708.5,"3":6708.5,"4":17,"5":6,"8":578740,"10":1764194400123,"19":-12.75,"20":-0.0019,"34":"/ESZ25"}"#;
        assert_eq!(
            told(&mut streamer, &data("LEVELONE_FUTURES", full)),
            [
                r#"{"v":1,"symbol":"ES","ts":"2025-11-26T22:00:00.123000Z","source":"SCHWAB","last":6708.5,"bid":6708.25,"ask":6708.5,"lastSize":null,"bidSize":17,"askSize":6,"seq":null,"condition":null,"venue":null,"meta":{"precision":2,"contract":"ESZ25","volume":578740,"netChange":-12.75,"changePercent":-0.19}}"#
            ]
        );
        let told = told(&mut streamer, &data("LEVELONE_FUTURES", r#"{"key":"/ES","3":6708.25,"9":2}"#));
        assert!(told[0].contains(r#""last":6708.25,"bid":6708.25,"ask":6708.5,"lastSize":2,"bidSize":17"#), "{told:?}");
        assert!(told[0].contains(r#""volume":578740"#));
    }

    #[test]
    fn a_delta_that_says_nothing_new_is_not_told() {
        let mut streamer = streamer();
        let quote = data("LEVELONE_FUTURES", r#"{"key":"/ES","3":6708.5,"10":5}"#);
        assert_eq!(told(&mut streamer, &quote).len(), 1);
        assert_eq!(told(&mut streamer, &quote).len(), 0);
        assert_eq!(told(&mut streamer, &data("LEVELONE_FUTURES", r#"{"key":"/ES","23":99}"#)).len(), 0);
    }

    #[test]
    fn numbers_are_read_per_service() {
        let mut streamer = streamer();
        let stock = told(
            &mut streamer,
            &data("LEVELONE_EQUITIES", r#"{"key":"ES","1":61.2,"4":3,"10":62.5,"12":60.9,"42":0.5}"#),
        );
        assert!(stock[0].contains(r#""symbol":"ES.US""#));
        assert!(stock[0].contains(r#""bidSize":300"#));
        assert!(stock[0].contains(r#""high":62.5,"close":60.9"#) || stock[0].contains(r#""high":62.5"#));
    }

    #[test]
    fn an_index_without_a_last_has_its_mark() {
        let mut streamer = streamer();
        let told = told(&mut streamer, &data("LEVELONE_EQUITIES", r#"{"key":"$SPX","3":0,"33":6812.61}"#));
        assert!(told[0].contains(r#""last":6812.61"#) && told[0].contains(r#""flags":["last_is_mark"]"#), "{told:?}");
    }

    #[test]
    fn at_a_roll_the_old_contract_s_figures_go() {
        let mut streamer = streamer();
        told(&mut streamer, &data("LEVELONE_FUTURES", r#"{"key":"/ES","1":6708.25,"3":6708.5,"8":5,"34":"/ESZ25"}"#));
        let rolled = told(&mut streamer, &data("LEVELONE_FUTURES", r#"{"key":"/ES","3":6770.5,"34":"/ESH26"}"#));
        assert!(rolled[0].contains(r#""last":6770.5,"bid":null"#), "{rolled:?}");
        assert!(rolled[0].contains(r#""contract":"ESH26""#) && rolled[0].contains(r#""flags":["roll"]"#));
        let after = told(&mut streamer, &data("LEVELONE_FUTURES", r#"{"key":"/ES","1":6770.25}"#));
        assert!(!after[0].contains("roll"));
    }

    #[test]
    fn a_bar_is_told_once_with_the_quote() {
        let mut streamer = streamer();
        told(&mut streamer, &data("LEVELONE_FUTURES", r#"{"key":"/ES","3":6708.5,"10":5}"#));
        let bar = r#"{"key":"/ES","seq":1,"1":1764194340000,"2":6708.0,"3":6709.0,"4":6707.5,"5":6708.5,"6":1234.0}"#;
        let with_bar = told(&mut streamer, &data("CHART_FUTURES", bar));
        assert!(with_bar[0].contains(r#""bar":{"start":"2025-11-26T21:59:00.000000Z","open":6708.0,"high":6709.0,"low":6707.5,"close":6708.5,"volume":1234}"#));
        let after = told(&mut streamer, &data("LEVELONE_FUTURES", r#"{"key":"/ES","3":6708.75,"10":6}"#));
        assert!(!after[0].contains("bar"));
    }

    #[test]
    fn answers_heartbeats_and_unknown_things_are_told() {
        let mut streamer = streamer();
        let answer = r#"{"response":[{"service":"ADMIN","command":"LOGIN","requestid":"0","timestamp":1,"content":{"code":3,"msg":"denied"}}]}"#;
        let frame = streamer.read(answer, 0).unwrap();
        assert_eq!(frame.responses.first().map(|answer| (answer.code, answer.message.as_str())), Some((3, "denied")));
        let frame = streamer.read(r#"{"notify":[{"heartbeat":"1764194400123"}]}"#, 0).unwrap();
        assert_eq!(frame.heartbeat_ms, Some(1_764_194_400_123));
        let frame =
            streamer.read(r#"{"notify":[{"service":"ADMIN","command":"SUBS","content":{"code":30,"msg":"stop"}}]}"#, 0);
        assert_eq!(frame.unwrap().responses.first().map(|answer| answer.code), Some(30));
        let frame = streamer.read(&data("LEVELONE_FUTURES", r#"{"key":"/XX","3":1}"#), 0).unwrap();
        assert_eq!(frame.unknown, ["LEVELONE_FUTURES /XX"]);
    }

    #[test]
    fn the_service_may_be_named_last_and_bad_fields_are_left_alone() {
        let mut streamer = streamer();
        let late = r#"{"data":[{"content":[{"3":6708.5,"2":"NaN","1":null,"4":2.5,"key":"/ES"}],"service":"LEVELONE_FUTURES"}]}"#;
        let frame = streamer.read(late, 0).unwrap();
        assert_eq!(frame.candidates.len(), 1);
        assert_eq!(frame.faults, ["ES: field 4 is 2.5"]);
    }

    #[test]
    fn a_broken_frame_forgets_what_was_merged() {
        let mut streamer = streamer();
        told(&mut streamer, &data("LEVELONE_FUTURES", r#"{"key":"/ES","1":6708.25,"3":6708.5}"#));
        for broken in [
            "",
            "[]",
            "{",
            r#"{"data":1}"#,
            r#"{"data":[{"service":"LEVELONE_FUTURES","content":[{"key":"/ES","1":NaN}]}]}"#,
        ] {
            assert!(streamer.read(broken, 0).is_err(), "{broken}");
        }
        let after = told(&mut streamer, &data("LEVELONE_FUTURES", r#"{"key":"/ES","3":6709.0}"#));
        assert!(after[0].contains(r#""last":6709.0,"bid":null"#));
    }
}

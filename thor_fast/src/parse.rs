//! From bytes to events: one pass over strict JSON, no tree, errors as data.
//!
//! When an input is wrong in several ways, the error named is the first of: `too_large` or `bad_json` of the whole text,
//! `duplicate_field`, `unsupported_version`, the first wrong value in the order of the text, and last the first
//! missing field in the order of the field table.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::batch::QuoteBatch;
use crate::columns::Columns;
use crate::error::{ErrorCode, EventError, quoted};
use crate::event::{
    EventRef, FIELDS, Field, Need, QuoteEvent, VERSION, Values, check_seq, check_size, check_source, check_symbol,
    check_text,
};
use crate::fast::Memory;
use crate::json::{Cursor, Fault, MAX_LEVELS, Value};
use crate::meta::{Meta, Scanned};
use crate::price::{Rounding, ScaleFault, nanos_from_number, scale};
use crate::shared::Shared;
use crate::symbol::{Source, Sources, Symbol};
use crate::time::{in_range, parse_iso};

/// Bytes that one input may have.
pub const MAX_INPUT_BYTES: usize = 65_536;

/// Bytes of a refused input that are kept.
pub const KEPT_BYTES: usize = 4_096;

/// One input that is no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Where it stood among the inputs, from 0; for lines the number of the line, blank ones counted.
    pub position: usize,
    /// Why it was refused.
    pub error: EventError,
    /// Its first [`KEPT_BYTES`] bytes.
    pub data: Vec<u8>,
}

/// What a batch of inputs gave.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The good events in the order they came.
    pub batch: QuoteBatch,
    /// The others.
    pub rejects: Vec<Reject>,
    /// Unknown top-level keys that were dropped from the good events.
    pub unknown_keys: u64,
}

/// A batch in the making.
struct Batcher<'s> {
    columns: Columns,
    memory: Memory,
    rejects: Vec<Reject>,
    unknown_keys: u64,
    sources: &'s Sources,
    json: Json,
}

/// What becomes of canonical JSON once it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Json {
    /// Its bytes are kept, so that writing it again is a copy.
    Kept,
    /// They are not, which leaves a batch a third of its size: for who only wants the values.
    Dropped,
}

impl<'s> Batcher<'s> {
    fn new(rows: usize, json_bytes: usize, sources: &'s Sources, json: Json) -> Self {
        let json_bytes = if json == Json::Kept { json_bytes } else { 0 };
        Self {
            json,
            columns: Columns::with_capacity(rows, json_bytes),
            memory: Memory::of_many(),
            rejects: Vec::new(),
            unknown_keys: 0,
            sources,
        }
    }

    #[inline]
    fn add(&mut self, position: usize, data: &[u8]) {
        if self.add_usual(data).is_none() {
            self.add_any(position, data);
        }
    }

    /// Adds an event in the layout that Thor itself writes; nothing for any other.
    #[inline]
    fn add_usual(&mut self, data: &[u8]) -> Option<()> {
        let usual = self.memory.read(data)?;
        let (symbols, sources) = self.columns.interners();
        let symbol = match symbols.find(usual.symbol) {
            Some(symbol) => symbol,
            None => symbols.number(&Symbol::from_bytes(usual.symbol)?),
        };
        let source = match sources.find(usual.source) {
            Some(source) => source,
            None => sources.number(&self.sources.from_bytes(usual.source)?),
        };
        let kept = usual.canonical && self.json == Json::Kept;
        self.columns.push_values(symbol, source, &usual.values, if kept { usual.json } else { b"" });
        Some(())
    }

    #[cold]
    #[inline(never)]
    fn add_any(&mut self, position: usize, data: &[u8]) {
        match parse_counting(data, self.sources) {
            Ok((fields, unknown_keys)) => {
                self.columns.push(&fields.view());
                self.unknown_keys += unknown_keys;
            }
            Err(error) => {
                let data = data.get(..KEPT_BYTES).unwrap_or(data).to_vec();
                self.rejects.push(Reject { position, error, data });
            }
        }
    }

    fn finish(mut self) -> Parsed {
        self.columns.shrink();
        Parsed { batch: self.columns.into(), rejects: self.rejects, unknown_keys: self.unknown_keys }
    }
}

/// Reads every line; blank ones are passed over. Canonical JSON is kept.
#[must_use]
pub fn parse_lines(data: &[u8], sources: &Sources) -> Parsed {
    parse_lines_with(data, sources, Json::Kept)
}

/// [`parse_lines`], canonical JSON kept or not.
#[must_use]
pub fn parse_lines_with(data: &[u8], sources: &Sources, json: Json) -> Parsed {
    // Few events are shorter than this; where they are, the columns grow.
    let mut batcher = Batcher::new(data.len() / 200 + 1, data.len(), sources, json);
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', data).chain(std::iter::once(data.len()));
    for (position, end) in ends.enumerate() {
        let line = data.get(start..end).unwrap_or_default();
        start = end + 1;
        if !line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r')) {
            batcher.add(position, line);
        }
    }
    batcher.finish()
}

/// Reads every input; an empty one is refused. Canonical JSON is kept.
#[must_use]
pub fn parse_each(inputs: &[&[u8]], sources: &Sources) -> Parsed {
    parse_each_with(inputs, sources, Json::Kept)
}

/// [`parse_each`], canonical JSON kept or not.
#[must_use]
pub fn parse_each_with(inputs: &[&[u8]], sources: &Sources, json: Json) -> Parsed {
    let json_bytes = inputs.iter().map(|input| input.len()).sum();
    let mut batcher = Batcher::new(inputs.len(), json_bytes, sources, json);
    for (position, data) in inputs.iter().enumerate() {
        batcher.add(position, data);
    }
    batcher.finish()
}

/// Reads one event.
///
/// # Errors
/// Any code of the table in [`crate::error`].
pub fn parse_event(data: &[u8], sources: &Sources) -> Result<QuoteEvent, EventError> {
    Reader { memory: Memory::of_one(), shared: Shared::default() }.parse(data, sources)
}

/// Reads events one by one and remembers what neighbouring ones have in common, which makes it faster and changes
/// nothing else.
pub struct Reader {
    memory: Memory,
    shared: Shared,
}

impl Default for Reader {
    fn default() -> Self {
        Self { memory: Memory::of_many(), shared: Shared::default() }
    }
}

impl Reader {
    /// Reads one event.
    ///
    /// # Errors
    /// Any code of the table in [`crate::error`].
    pub fn parse(&mut self, data: &[u8], sources: &Sources) -> Result<QuoteEvent, EventError> {
        self.parse_to(data, sources, |event| event)
    }

    /// [`Self::parse`] that hands the event on as soon as it is made.
    ///
    /// # Errors
    /// As [`Self::parse`].
    #[inline(always)]
    pub fn parse_to<T>(
        &mut self,
        data: &[u8],
        sources: &Sources,
        to: impl FnOnce(QuoteEvent) -> T,
    ) -> Result<T, EventError> {
        if let Some(usual) = self.memory.read(data)
            && let Some(symbol) = Symbol::from_bytes(usual.symbol)
            && let Some(source) = sources.from_bytes(usual.source)
        {
            let event = EventRef { symbol: &symbol, source: &source, values: usual.values, json: None };
            return Ok(to(self.shared.event(&event)));
        }
        parse_strictly(data, sources).map(to)
    }
}

/// [`parse_event`] by the general reader alone, whatever the input's layout: the slow half that the fast one is held
/// against.
///
/// # Errors
/// As [`parse_event`].
pub fn parse_strictly(data: &[u8], sources: &Sources) -> Result<QuoteEvent, EventError> {
    parse_counting(data, sources).map(|(fields, _)| fields.view().to_event())
}

fn parse_counting<'a>(data: &'a [u8], sources: &Sources) -> Result<(Fields<'a>, u64), EventError> {
    if data.len() > MAX_INPUT_BYTES {
        let message = format!("an event must have at most {MAX_INPUT_BYTES} bytes, had {}", data.len());
        return Err(EventError::whole(ErrorCode::TooLarge, message));
    }
    let text = std::str::from_utf8(data)
        .map_err(|error| EventError::whole(ErrorCode::BadJson, format!("not UTF-8 at byte {}", error.valid_up_to())))?;
    let mut draft = Draft::default();
    draft.read(text, sources).map_err(from_fault)?;
    let unknown_keys = draft.unknown_keys;
    draft.finish().map(|fields| (fields, unknown_keys))
}

fn from_fault(fault: Fault) -> EventError {
    match fault {
        Fault::At(at, expected) => {
            EventError::whole(ErrorCode::BadJson, format!("not JSON: expected {expected} at byte {at}"))
        }
        Fault::Levels => EventError::whole(ErrorCode::TooLarge, format!("nested deeper than {MAX_LEVELS} levels")),
    }
}

/// An event in the making, and what is wrong with it so far.
#[derive(Default)]
struct Draft<'a> {
    seen: u16,
    unknown: BTreeSet<Cow<'a, str>>,
    unknown_keys: u64,
    not_an_object: Option<EventError>,
    duplicate: Option<EventError>,
    version: Option<EventError>,
    wrong: Option<EventError>,
    symbol: Option<Symbol>,
    ts_us: Option<i64>,
    source: Option<Source>,
    last: Option<i64>,
    bid: Option<i64>,
    ask: Option<i64>,
    last_size: Option<i32>,
    bid_size: Option<i32>,
    ask_size: Option<i32>,
    seq: Option<i64>,
    condition: Option<Cow<'a, str>>,
    venue: Option<Cow<'a, str>>,
    meta: Option<Scanned<'a>>,
}

/// An event as the text has it, nothing wrong with it.
struct Fields<'a> {
    symbol: Symbol,
    ts_us: i64,
    source: Source,
    draft: Draft<'a>,
}

impl Fields<'_> {
    fn view(&self) -> EventRef<'_> {
        let draft = &self.draft;
        EventRef {
            symbol: &self.symbol,
            source: &self.source,
            values: Values {
                ts_us: self.ts_us,
                last: draft.last,
                bid: draft.bid,
                ask: draft.ask,
                last_size: draft.last_size,
                bid_size: draft.bid_size,
                ask_size: draft.ask_size,
                seq: draft.seq,
                condition: draft.condition.as_deref(),
                venue: draft.venue.as_deref(),
                meta: draft.meta.as_ref().map(Scanned::view),
            },
            json: None,
        }
    }
}

impl<'a> Draft<'a> {
    /// Reads the whole text. Only a text that is no JSON ends the reading early.
    fn read(&mut self, text: &'a str, sources: &Sources) -> Result<(), Fault> {
        let mut cursor = Cursor::new(text);
        cursor.skip_space();
        if cursor.peek() == Some(b'{') {
            self.members(&mut cursor, sources)?;
        } else {
            let value = cursor.value()?;
            let message = format!("an event must be a JSON object, {}", value.describe());
            self.not_an_object = Some(EventError::whole(ErrorCode::BadType, message));
        }
        cursor.end()
    }

    fn members(&mut self, cursor: &mut Cursor<'a>, sources: &Sources) -> Result<(), Fault> {
        cursor.take(b'{');
        cursor.open += 1;
        cursor.skip_space();
        let mut more = !cursor.take(b'}');
        while more {
            let key = cursor.key()?;
            match Field::from_name(&key) {
                Some(field) => self.member(field, cursor, sources)?,
                None => {
                    self.unknown_member(key);
                    cursor.value()?;
                }
            }
            more = cursor.more(b'}')?;
        }
        Ok(())
    }

    fn unknown_member(&mut self, key: Cow<'a, str>) {
        self.unknown_keys += 1;
        if self.unknown.contains(&key) {
            let name: String = key.chars().take(64).collect();
            self.note_duplicate(Cow::Owned(name));
        } else {
            self.unknown.insert(key);
        }
    }

    fn note_duplicate(&mut self, name: Cow<'static, str>) {
        let message = format!("{} stands twice", quoted(&name));
        self.duplicate.get_or_insert(EventError { code: ErrorCode::DuplicateField, field: Some(name), message });
    }

    fn member(&mut self, field: Field, cursor: &mut Cursor<'a>, sources: &Sources) -> Result<(), Fault> {
        if self.seen & field.bit() != 0 {
            self.note_duplicate(Cow::Borrowed(field.name()));
        }
        self.seen |= field.bit();
        if field == Field::Meta && cursor.peek() == Some(b'{') {
            match Meta::scan(cursor)? {
                Ok(meta) => self.meta = Some(meta),
                Err(error) => self.note_wrong(error),
            }
            return Ok(());
        }
        let value = cursor.value()?;
        if let Err(error) = self.set(field, value, sources) {
            if field == Field::V {
                self.version.get_or_insert(error);
            } else {
                self.note_wrong(error);
            }
        }
        Ok(())
    }

    fn note_wrong(&mut self, error: EventError) {
        self.wrong.get_or_insert(error);
    }

    fn set(&mut self, field: Field, value: Value<'a>, sources: &Sources) -> Result<(), EventError> {
        match field {
            Field::V => version(&value)?,
            Field::Symbol => self.symbol = Some(check_symbol(text_of(field, &value)?)?),
            Field::Ts => self.ts_us = Some(timestamp(&value)?),
            Field::Source => self.source = Some(check_source(text_of(field, &value)?, sources)?),
            Field::Last => self.last = price(field, &value)?,
            Field::Bid => self.bid = price(field, &value)?,
            Field::Ask => self.ask = price(field, &value)?,
            Field::LastSize => self.last_size = size(field, &value)?,
            Field::BidSize => self.bid_size = size(field, &value)?,
            Field::AskSize => self.ask_size = size(field, &value)?,
            Field::Seq => self.seq = integer(field, &value)?.map(check_seq).transpose()?,
            Field::Condition => self.condition = optional_text(field, value)?,
            Field::Venue => self.venue = optional_text(field, value)?,
            Field::Meta => nothing_but_null(field, &value)?,
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Fields<'a>, EventError> {
        let wrong = self.not_an_object.take().or(self.duplicate.take()).or(self.version.take()).or(self.wrong.take());
        if let Some(error) = wrong {
            return Err(error);
        }
        for spec in FIELDS {
            if self.seen & spec.field.bit() == 0 && spec.need != Need::Optional {
                return Err(missing(spec.field));
            }
        }
        Ok(Fields {
            symbol: self.symbol.ok_or_else(|| missing(Field::Symbol))?,
            ts_us: self.ts_us.ok_or_else(|| missing(Field::Ts))?,
            source: self.source.ok_or_else(|| missing(Field::Source))?,
            draft: self,
        })
    }
}

fn missing(field: Field) -> EventError {
    EventError::of(ErrorCode::MissingField, field.name(), format!("{} is required", field.name()))
}

fn bad_type(field: Field, wanted: &str, value: &Value<'_>) -> EventError {
    let message = format!("{} must be {wanted}, {}", field.name(), value.describe());
    EventError::of(ErrorCode::BadType, field.name(), message)
}

fn out_of_range(field: Field, wanted: &str, value: &Value<'_>) -> EventError {
    let message = format!("{} must be {wanted}, {}", field.name(), value.describe());
    EventError::of(ErrorCode::OutOfRange, field.name(), message)
}

fn version(value: &Value<'_>) -> Result<(), EventError> {
    match value {
        Value::Number(token) if scale(token, 0, Rounding::Refuse) == Ok(VERSION) => Ok(()),
        _ => {
            let message = format!("v must be the integer 1, {}", value.describe());
            Err(EventError::of(ErrorCode::UnsupportedVersion, Field::V.name(), message))
        }
    }
}

fn text_of<'v>(field: Field, value: &'v Value<'_>) -> Result<&'v str, EventError> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(bad_type(field, "a string", value)),
    }
}

fn optional_text(field: Field, value: Value<'_>) -> Result<Option<Cow<'_, str>>, EventError> {
    match value {
        Value::Null => Ok(None),
        Value::Text(text) => check_text(field, &text).map(|()| Some(text)),
        _ => Err(bad_type(field, "a string or null", &value)),
    }
}

fn nothing_but_null(field: Field, value: &Value<'_>) -> Result<(), EventError> {
    match value {
        Value::Null => Ok(()),
        _ => Err(bad_type(field, "an object or null", value)),
    }
}

fn timestamp(value: &Value<'_>) -> Result<i64, EventError> {
    let bad = |why: &str| {
        let message = format!("ts {why}, {}", value.describe());
        EventError::of(ErrorCode::BadTimestamp, Field::Ts.name(), message)
    };
    match value {
        Value::Text(text) => parse_iso(text).map_err(bad),
        Value::Number(token) => {
            let us = scale(token, 3, Rounding::Floor).ok();
            us.and_then(in_range).ok_or_else(|| bad("must lie in the years 1 to 9999 in UTC"))
        }
        _ => Err(bad_type(Field::Ts, "ISO 8601 text or epoch milliseconds", value)),
    }
}

fn price(field: Field, value: &Value<'_>) -> Result<Option<i64>, EventError> {
    match value {
        Value::Null => Ok(None),
        Value::Number(token) => match nanos_from_number(token) {
            Ok(nanos) => Ok(Some(nanos)),
            Err(_) => Err(out_of_range(field, "between -9223372036.854775807 and 9223372036.854775807", value)),
        },
        _ => Err(bad_type(field, "a finite number or null", value)),
    }
}

fn size(field: Field, value: &Value<'_>) -> Result<Option<i32>, EventError> {
    integer(field, value)?.map(|size| check_size(field, size)).transpose()
}

fn integer(field: Field, value: &Value<'_>) -> Result<Option<i64>, EventError> {
    match value {
        Value::Null => Ok(None),
        Value::Number(token) => match scale(token, 0, Rounding::Refuse) {
            Ok(integer) => Ok(Some(integer)),
            Err(ScaleFault::Fraction) => Err(bad_type(field, "a whole number or null", value)),
            Err(ScaleFault::TooLarge) => Err(out_of_range(field, "an integer that fits", value)),
        },
        _ => Err(bad_type(field, "a whole number or null", value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"symbol":"ES","ts":0,"source":"TOS","last":1,"bid":null,"ask":-2.5,"lastSize":1,"bidSize":2.0,"askSize":null}"#;

    fn code(text: &str) -> Option<(&'static str, Option<String>)> {
        let error = parse_event(text.as_bytes(), &Sources::built_in()).err()?;
        Some((error.code.as_str(), error.field.map(Cow::into_owned)))
    }

    fn with(key: &str, value: &str) -> String {
        GOOD.replace('}', &format!(",{key}:{value}}}"))
    }

    #[test]
    fn the_worst_fault_is_the_one_named() {
        assert_eq!(code(GOOD), None);
        assert_eq!(code(r#"{"v":2,"symbol":"#), Some(("bad_json", None)));
        assert_eq!(code(r#"{"symbol":"es","v":2,"x":1,"x":2}"#), Some(("duplicate_field", Some("x".into()))));
        assert_eq!(code(r#"{"symbol":"es","v":2}"#), Some(("unsupported_version", Some("v".into()))));
        assert_eq!(code(r#"{"ts":"x","symbol":"es"}"#), Some(("bad_timestamp", Some("ts".into()))));
        assert_eq!(code("{}"), Some(("missing_field", Some("symbol".into()))));
        assert_eq!(code("[1]"), Some(("bad_type", None)));
        assert_eq!(code("[1"), Some(("bad_json", None)));
    }

    #[test]
    fn messages_say_what_was_wanted_and_what_came() {
        let message = |text: &str| parse_event(text.as_bytes(), &Sources::built_in()).map_err(|error| error.message);
        let text = GOOD.replace("\"last\":1", "\"last\":\"abc\"");
        assert_eq!(message(&text), Err("last must be a finite number or null, was \"abc\"".to_owned()));
        assert_eq!(message(&with("\"seq\"", "1.5")), Err("seq must be a whole number or null, was 1.5".to_owned()));
    }

    #[test]
    fn keys_are_compared_after_unescaping() {
        assert_eq!(code(&with(r#""\u0061sk""#, "1")), Some(("duplicate_field", Some("ask".into()))));
        assert_eq!(code(&with(r#""\u0076""#, "1")), None);
    }

    #[test]
    fn a_batch_keeps_the_good_and_counts() {
        let data = format!("{GOOD}\n\n{{}}\r\n{}\n", with("\"extra\"", "[{}]"));
        let parsed = parse_lines(data.as_bytes(), &Sources::built_in());
        assert_eq!((parsed.batch.len(), parsed.unknown_keys), (2, 1));
        assert_eq!(parsed.rejects.iter().map(|reject| reject.position).collect::<Vec<_>>(), [2]);
        let inputs: [&[u8]; 2] = [b"", GOOD.as_bytes()];
        let parsed = parse_each(&inputs, &Sources::built_in());
        assert_eq!((parsed.batch.len(), parsed.rejects.len()), (1, 1));
    }

    #[test]
    fn the_input_limit_is_exact() {
        let padded = |bytes: usize| GOOD.to_owned() + &" ".repeat(bytes - GOOD.len());
        assert_eq!(code(&padded(65_536)), None);
        assert_eq!(code(&padded(65_537)), Some(("too_large", None)));
    }
}

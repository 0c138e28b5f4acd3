//! The event as flat names and values for a Redis hash, and back.
//!
//! Names are the contract's, values are as in canonical JSON without quotes, and null is the empty value. A text that
//! would be taken for null, or begins with a double quote, is written as a JSON string, so that every event comes back.

use std::borrow::Cow;
use std::sync::Arc;

use crate::error::{ErrorCode, EventError};
use crate::event::{
    EventRef, Field, QuoteEvent, VERSION, check_seq, check_size, check_source, check_symbol, check_text,
};
use crate::json::{Cursor, Value, is_number, write_string};
use crate::meta::Meta;
use crate::price::{Rounding, scale, write_integer, write_nanos};
use crate::symbol::Sources;
use crate::time::{parse_iso, write_iso};

/// Calls `add` with each field's name and value, in the order of the field table.
pub fn each_field<'e>(event: impl Into<EventRef<'e>>, mut add: impl FnMut(&'static str, &[u8])) {
    let event = event.into();
    add(Field::V.name(), b"1");
    add(Field::Symbol.name(), event.symbol.as_bytes());
    add(Field::Ts.name(), &written(|out| write_iso(event.ts_us, out)));
    add(Field::Source.name(), event.source.as_bytes());
    for (field, price) in [(Field::Last, event.last), (Field::Bid, event.bid), (Field::Ask, event.ask)] {
        add(field.name(), &price.map(|nanos| written(|out| write_nanos(nanos, out))).unwrap_or_default());
    }
    let sizes =
        [(Field::LastSize, event.last_size), (Field::BidSize, event.bid_size), (Field::AskSize, event.ask_size)];
    for (field, size) in sizes {
        add(field.name(), &integer(size.map(i64::from)));
    }
    add(Field::Seq.name(), &integer(event.seq));
    add(Field::Condition.name(), &text(event.condition));
    add(Field::Venue.name(), &text(event.venue));
    add(Field::Meta.name(), event.meta.map_or("", |meta| meta.text).as_bytes());
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(32);
    write(&mut out);
    out
}

fn integer(value: Option<i64>) -> Vec<u8> {
    value.map(|value| written(|out| write_integer(value.unsigned_abs(), out))).unwrap_or_default()
}

fn text(value: Option<&str>) -> Cow<'_, [u8]> {
    match value {
        None => Cow::Borrowed(b""),
        Some(text) if text.is_empty() || text.starts_with('"') => Cow::Owned(written(|out| write_string(text, out))),
        Some(text) => Cow::Borrowed(text.as_bytes()),
    }
}

/// The event that [`each_field`] wrote. `get` finds a value by its name; other names are never asked for.
///
/// # Errors
/// The code that the value would have in JSON; `missing_field` where a required value is absent or empty.
pub fn event_from_fields<'v>(
    get: impl Fn(&'static str) -> Option<&'v [u8]>,
    sources: &Sources,
) -> Result<QuoteEvent, EventError> {
    let value = |field: Field| match get(field.name()) {
        None => Ok(None),
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok("") => Ok(None),
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(garbage(field, ErrorCode::BadType, "must be UTF-8")),
        },
    };
    let required = |field: Field| value(field)?.ok_or_else(|| garbage(field, ErrorCode::MissingField, "is required"));
    let number = |field: Field, decimals: u32, rounding: Rounding| {
        value(field)?.map(|text| number_of(field, text, decimals, rounding)).transpose()
    };
    let price = |field: Field| number(field, 9, Rounding::HalfEven);
    let size = |field: Field| number(field, 0, Rounding::Refuse)?.map(|size| check_size(field, size)).transpose();
    let text = |field: Field| value(field)?.map(|text| text_of(field, text)).transpose();
    if number(Field::V, 0, Rounding::Refuse)?.unwrap_or(VERSION) != VERSION {
        return Err(garbage(Field::V, ErrorCode::UnsupportedVersion, "must be the integer 1"));
    }
    Ok(QuoteEvent {
        symbol: check_symbol(required(Field::Symbol)?)?,
        ts_us: parse_iso(required(Field::Ts)?).map_err(|why| garbage(Field::Ts, ErrorCode::BadTimestamp, why))?,
        source: check_source(required(Field::Source)?, sources)?,
        last: price(Field::Last)?,
        bid: price(Field::Bid)?,
        ask: price(Field::Ask)?,
        last_size: size(Field::LastSize)?,
        bid_size: size(Field::BidSize)?,
        ask_size: size(Field::AskSize)?,
        seq: number(Field::Seq, 0, Rounding::Refuse)?.map(check_seq).transpose()?,
        condition: text(Field::Condition)?,
        venue: text(Field::Venue)?,
        meta: value(Field::Meta)?.map(Meta::parse).transpose()?,
    })
}

fn garbage(field: Field, code: ErrorCode, why: &str) -> EventError {
    EventError::of(code, field.name(), format!("{} {why}", field.name()))
}

fn number_of(field: Field, text: &str, decimals: u32, rounding: Rounding) -> Result<i64, EventError> {
    if !is_number(text) {
        return Err(garbage(field, ErrorCode::BadType, "must be a number or empty"));
    }
    scale(text, decimals, rounding).map_err(|_| garbage(field, ErrorCode::OutOfRange, "must be a number that fits"))
}

fn text_of(field: Field, text: &str) -> Result<Arc<str>, EventError> {
    if !text.starts_with('"') {
        return check_text(field, text).map(|()| text.into());
    }
    let mut cursor = Cursor::new(text);
    match cursor.value() {
        Ok(Value::Text(inner)) if cursor.end().is_ok() => check_text(field, &inner).map(|()| inner.into()),
        _ => Err(garbage(field, ErrorCode::BadType, "must be a JSON string where it begins with a quote")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse_event;
    use std::collections::HashMap;

    fn fields(event: &QuoteEvent) -> HashMap<&'static str, Vec<u8>> {
        let mut fields = HashMap::new();
        each_field(event, |name, value| assert!(fields.insert(name, value.to_vec()).is_none()));
        fields
    }

    fn back(fields: &HashMap<&'static str, Vec<u8>>) -> Result<QuoteEvent, EventError> {
        event_from_fields(|name| fields.get(name).map(Vec::as_slice), &Sources::built_in())
    }

    fn event(rest: &str) -> QuoteEvent {
        let text = format!(
            r#"{{"symbol":"ES","ts":1,"source":"TOS","last":-0.25,"bid":null,"ask":1e9,"lastSize":0,"bidSize":null,"askSize":7{rest}}}"#
        );
        parse_event(text.as_bytes(), &Sources::built_in()).unwrap()
    }

    #[test]
    fn every_event_comes_back() {
        for rest in [
            "",
            r#","seq":9223372036854775807,"condition":"@ T","venue":"CME","meta":{"run":5}"#,
            r#","condition":"","venue":"\"\"""#,
            r#","condition":"\"x","venue":" é""#,
        ] {
            let event = event(rest);
            assert_eq!(back(&fields(&event)), Ok(event), "{rest}");
        }
    }

    #[test]
    fn garbage_is_refused_with_its_field() {
        for (name, value, code) in [
            ("v", "2", ErrorCode::UnsupportedVersion),
            ("symbol", "", ErrorCode::MissingField),
            ("ts", "yesterday", ErrorCode::BadTimestamp),
            ("source", "NOBODY", ErrorCode::UnknownSource),
            ("last", "abc", ErrorCode::BadType),
            ("lastSize", "-1", ErrorCode::OutOfRange),
            ("venue", "\"open", ErrorCode::BadType),
            ("meta", "[]", ErrorCode::BadType),
        ] {
            let mut fields = fields(&event(""));
            fields.insert(name, value.as_bytes().to_vec());
            let error = back(&fields).map_err(|error| (error.code, error.field.map(Cow::into_owned)));
            assert_eq!(error, Err((code, Some(name.to_owned()))), "{name}");
        }
    }
}

//! The canonical quote event, version 1: its one table of fields and the value itself.
//!
//! Everything that knows the event's shape (JSON, the latest hash, COPY, the documents, the TypeScript type) takes
//! names and order from the table here. Reading one from bytes is [`crate::parse`]'s.

use std::sync::Arc;

use crate::error::{ErrorCode, EventError};
use crate::meta::{Meta, MetaRef};
use crate::symbol::{Source, Sources, Symbol};

/// The only version there is.
pub const VERSION: i64 = 1;

/// Characters that `condition` and `venue` may have.
pub const MAX_TEXT_CHARS: usize = 64;

/// Whether a field's key must be there, and whether its value may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The key must be there with a value.
    Required,
    /// The key must be there, null is allowed.
    RequiredNullable,
    /// The key may be absent; null is allowed except for `v`.
    Optional,
}

impl Need {
    /// The need in a word, for documents.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::RequiredNullable => "nullable",
            Self::Optional => "optional",
        }
    }
}

/// One row of the field table.
#[derive(Clone, Copy, Debug)]
pub struct FieldSpec {
    /// Which field.
    pub field: Field,
    /// The contract's name, the key in JSON.
    pub name: &'static str,
    /// The name of the Python attribute.
    pub attribute: &'static str,
    /// Whether it must be there.
    pub need: Need,
    /// The type it is stored as.
    pub stored: &'static str,
    /// What is accepted.
    pub accepted: &'static str,
}

macro_rules! event_fields {
    ($($variant:ident $name:literal $attribute:literal $need:ident $stored:literal $accepted:literal;)+) => {
        /// A field of the event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Field {
            $(#[doc = $accepted] $variant,)+
        }

        /// Every field, in the order in which Thor writes them.
        pub const FIELDS: &[FieldSpec] = &[
            $(FieldSpec {
                field: Field::$variant, name: $name, attribute: $attribute, need: Need::$need, stored: $stored, accepted: $accepted,
            },)+
        ];

        impl Field {
            /// The field of that name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// The contract's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The name as a JSON key with its colon.
            #[must_use]
            pub const fn json_key(self) -> &'static str {
                match self { $(Self::$variant => concat!("\"", $name, "\":"),)+ }
            }
        }
    };
}

event_fields! {
    V         "v"         "v"         Optional         "-"                       "the integer 1";
    Symbol    "symbol"    "symbol"    Required         "text"                    "canonical symbol, `[A-Z0-9$][A-Z0-9.$_/-]{0,31}`";
    Ts        "ts"        "ts_us"     Required         "i64 microseconds UTC"    "ISO 8601 with a zone, or epoch milliseconds as a number";
    Source    "source"    "source"    Required         "text"                    "registered source name";
    Last      "last"      "last"      RequiredNullable "i64 in units of 1e-9"    "finite number";
    Bid       "bid"       "bid"       RequiredNullable "i64 in units of 1e-9"    "finite number";
    Ask       "ask"       "ask"       RequiredNullable "i64 in units of 1e-9"    "finite number";
    LastSize  "lastSize"  "last_size" RequiredNullable "i32"                     "integer 0 to 2^31-1";
    BidSize   "bidSize"   "bid_size"  RequiredNullable "i32"                     "integer 0 to 2^31-1";
    AskSize   "askSize"   "ask_size"  RequiredNullable "i32"                     "integer 0 to 2^31-1";
    Seq       "seq"       "seq"       Optional         "i64"                     "integer 0 to 2^63-1";
    Condition "condition" "condition" Optional         "text"                    "string up to 64 characters, without U+0000";
    Venue     "venue"     "venue"     Optional         "text"                    "string up to 64 characters, without U+0000";
    Meta      "meta"      "meta"      Optional         "raw JSON"                "object up to 4 KiB and 16 levels, kept as it came";
}

impl Field {
    /// This field's bit in a set of fields.
    pub(crate) const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// One quote. Immutable: another quote is another value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuoteEvent {
    /// The canonical symbol.
    pub symbol: Symbol,
    /// When it happened, microseconds since 1970 UTC, in the years 1 to 9999.
    pub ts_us: i64,
    /// Who says so.
    pub source: Source,
    /// Last price in units of 1e-9.
    pub last: Option<i64>,
    /// Bid price in units of 1e-9.
    pub bid: Option<i64>,
    /// Ask price in units of 1e-9.
    pub ask: Option<i64>,
    /// Size of the last trade, 0 or more.
    pub last_size: Option<i32>,
    /// Size at the bid, 0 or more.
    pub bid_size: Option<i32>,
    /// Size at the ask, 0 or more.
    pub ask_size: Option<i32>,
    /// Sequence number, 0 or more, rising within source, symbol and run.
    pub seq: Option<i64>,
    /// Trade or quote condition in the source's words.
    pub condition: Option<Arc<str>>,
    /// The venue in the source's words.
    pub venue: Option<Arc<str>>,
    /// Whatever else the source said.
    pub meta: Option<Meta>,
}

impl QuoteEvent {
    /// The same event, borrowed.
    #[must_use]
    pub fn view(&self) -> EventRef<'_> {
        EventRef {
            symbol: &self.symbol,
            source: &self.source,
            values: Values {
                ts_us: self.ts_us,
                last: self.last,
                bid: self.bid,
                ask: self.ask,
                last_size: self.last_size,
                bid_size: self.bid_size,
                ask_size: self.ask_size,
                seq: self.seq,
                condition: self.condition.as_deref(),
                venue: self.venue.as_deref(),
                meta: self.meta.as_ref().map(Meta::view),
            },
            json: None,
        }
    }
}

/// What an event says beside its symbol and its source; units and ranges are those of [`QuoteEvent`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of QuoteEvent")]
pub struct Values<'a> {
    pub ts_us: i64,
    pub last: Option<i64>,
    pub bid: Option<i64>,
    pub ask: Option<i64>,
    pub last_size: Option<i32>,
    pub bid_size: Option<i32>,
    pub ask_size: Option<i32>,
    pub seq: Option<i64>,
    pub condition: Option<&'a str>,
    pub venue: Option<&'a str>,
    pub meta: Option<MetaRef<'a>>,
}

/// One event wherever it is kept: in a [`QuoteEvent`], in the columns of a batch, in the text it is read from.
#[derive(Clone, Copy, Debug)]
pub struct EventRef<'a> {
    /// The canonical symbol.
    pub symbol: &'a Symbol,
    /// Who says so.
    pub source: &'a Source,
    /// Everything else.
    pub values: Values<'a>,
    /// Its canonical JSON, where that is at hand.
    pub json: Option<&'a [u8]>,
}

impl EventRef<'_> {
    /// An event of its own.
    #[must_use]
    pub fn to_event(&self) -> QuoteEvent {
        QuoteEvent {
            symbol: *self.symbol,
            ts_us: self.ts_us,
            source: *self.source,
            last: self.last,
            bid: self.bid,
            ask: self.ask,
            last_size: self.last_size,
            bid_size: self.bid_size,
            ask_size: self.ask_size,
            seq: self.seq,
            condition: self.condition.map(Arc::from),
            venue: self.venue.map(Arc::from),
            meta: self.meta.map(Meta::from),
        }
    }
}

impl<'a> std::ops::Deref for EventRef<'a> {
    type Target = Values<'a>;

    fn deref(&self) -> &Values<'a> {
        &self.values
    }
}

impl<'a> From<&'a QuoteEvent> for EventRef<'a> {
    fn from(event: &'a QuoteEvent) -> Self {
        event.view()
    }
}

/// The symbol of that text.
///
/// # Errors
/// `bad_symbol`.
pub fn check_symbol(text: &str) -> Result<Symbol, EventError> {
    Symbol::new(text).ok_or_else(|| {
        let message =
            format!("symbol must be in canonical form such as ES or BRK.B, was {}", crate::error::quoted(text));
        EventError::of(ErrorCode::BadSymbol, Field::Symbol.name(), message)
    })
}

/// The registered source of that name.
///
/// # Errors
/// `unknown_source`.
pub fn check_source(name: &str, sources: &Sources) -> Result<Source, EventError> {
    sources.get(name).ok_or_else(|| {
        let message = format!("source must be a registered source, was {}", crate::error::quoted(name));
        EventError::of(ErrorCode::UnknownSource, Field::Source.name(), message)
    })
}

/// The instant, where Python's `datetime` and Postgres both hold it.
///
/// # Errors
/// `bad_timestamp`.
pub fn check_ts(ts_us: i64) -> Result<i64, EventError> {
    crate::time::in_range(ts_us).ok_or_else(|| {
        EventError::of(ErrorCode::BadTimestamp, Field::Ts.name(), "ts must lie in the years 1 to 9999 in UTC")
    })
}

/// A size.
///
/// # Errors
/// `out_of_range`.
pub fn check_size(field: Field, value: i64) -> Result<i32, EventError> {
    match i32::try_from(value) {
        Ok(size) if size >= 0 => Ok(size),
        _ => Err(EventError::of(
            ErrorCode::OutOfRange,
            field.name(),
            format!("{} must be between 0 and 2147483647, was {value}", field.name()),
        )),
    }
}

/// A sequence number.
///
/// # Errors
/// `out_of_range`.
pub fn check_seq(value: i64) -> Result<i64, EventError> {
    if value >= 0 {
        return Ok(value);
    }
    let message = format!("seq must be between 0 and 9223372036854775807, was {value}");
    Err(EventError::of(ErrorCode::OutOfRange, Field::Seq.name(), message))
}

/// A text that every store can hold. U+0000 is refused because no Postgres text can.
///
/// # Errors
/// `out_of_range`.
pub fn check_text(field: Field, text: &str) -> Result<(), EventError> {
    let fault =
        |what: &str| EventError::of(ErrorCode::OutOfRange, field.name(), format!("{} must {what}", field.name()));
    if text.contains('\0') {
        return Err(fault("not hold the character U+0000"));
    }
    if text.len() > MAX_TEXT_CHARS && text.chars().count() > MAX_TEXT_CHARS {
        return Err(fault("have at most 64 characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_complete() {
        let names: Vec<&str> = FIELDS.iter().map(|spec| spec.name).collect();
        let written = "v symbol ts source last bid ask lastSize bidSize askSize seq condition venue meta";
        assert_eq!(names.join(" "), written);
        for (position, spec) in FIELDS.iter().enumerate() {
            assert_eq!(Field::from_name(spec.name), Some(spec.field));
            assert_eq!(spec.field.bit(), 1 << position);
            assert_eq!(spec.field.json_key(), format!("\"{}\":", spec.name));
        }
        assert_eq!(Field::from_name("last_size"), None);
    }

    #[test]
    fn texts_are_counted_in_characters() {
        assert!(check_text(Field::Venue, &"é".repeat(64)).is_ok());
        assert!(check_text(Field::Venue, &"é".repeat(65)).is_err());
        assert!(check_text(Field::Venue, "a\0").is_err());
    }
}

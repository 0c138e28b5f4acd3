//! What can be wrong with an event: one table of stable codes, and the error that carries one.
//!
//! An error is data. `code` and `field` are for programs and never change their spelling; `message` is for people.

use std::borrow::Cow;
use std::fmt;

macro_rules! error_codes {
    ($($variant:ident = $code:literal, [$($field:literal),+], $meaning:literal;)+) => {
        /// A stable error code of the canonical event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ErrorCode {
            $(#[doc = $meaning] $variant,)+
        }

        /// Every code with its meaning, in the order of the table.
        pub const ERROR_CODES: &[(ErrorCode, &str, &str)] = &[
            $((ErrorCode::$variant, $code, $meaning),)+
        ];

        /// What an error of each code may name as its field: a field of the event, [`WHOLE_INPUT`] or [`ANY_KEY`].
        pub const ERROR_FIELDS: &[(ErrorCode, &str, &[&str])] = &[
            $((ErrorCode::$variant, $code, &[$($field),+]),)+
        ];

        impl ErrorCode {
            /// The code as it is written in rejects, metrics and documents.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}

/// Stands for no field: the fault is the whole input's.
pub const WHOLE_INPUT: &str = "";

/// Stands for whatever key the input has.
pub const ANY_KEY: &str = "*";

error_codes! {
    TooLarge = "too_large", ["", "meta"],
        "The input is over 64 KiB or nested deeper than 64 levels, or meta is over 4 KiB or 16 levels.";
    BadJson = "bad_json", ["", "meta"],
        "The input is not exactly one JSON value as RFC 8259 defines it.";
    DuplicateField = "duplicate_field", ["*"],
        "A key stands twice at the top level of the event.";
    UnsupportedVersion = "unsupported_version", ["v"],
        "The field v is there and is not the integer 1.";
    BadType = "bad_type", ["", "symbol", "ts", "source", "last", "bid", "ask", "lastSize", "bidSize", "askSize", "seq", "condition", "venue", "meta"],
        "The value has another type than the field asks for; a size or seq with a fraction is one of these.";
    OutOfRange = "out_of_range", ["", "last", "bid", "ask", "lastSize", "bidSize", "askSize", "seq", "condition", "venue", "meta"],
        "The value has the right type but does not fit: too large, negative, too long, or text that a database cannot hold.";
    BadSymbol = "bad_symbol", ["symbol"],
        "The symbol is not in canonical form: `[A-Z0-9$][A-Z0-9.$_/-]{0,31}`.";
    BadTimestamp = "bad_timestamp", ["ts"],
        "The timestamp is no ISO 8601 text with seconds and a zone and no epoch milliseconds, or lies outside the years 1 to 9999.";
    UnknownSource = "unknown_source", ["source"],
        "The source is not registered.";
    MissingField = "missing_field", ["symbol", "ts", "source", "last", "bid", "ask", "lastSize", "bidSize", "askSize"],
        "A required key is absent.";
}

/// Why a value is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventError {
    /// The stable code.
    pub code: ErrorCode,
    /// The contract's name of the field, where the fault is one field's.
    pub field: Option<Cow<'static, str>>,
    /// One plain sentence without a full stop.
    pub message: String,
}

impl EventError {
    /// An error of the input as a whole.
    pub fn whole(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, field: None, message: message.into() }
    }

    /// An error of one field.
    pub fn of(code: ErrorCode, field: &'static str, message: impl Into<String>) -> Self {
        Self { code, field: Some(Cow::Borrowed(field)), message: message.into() }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.as_str(), self.message)
    }
}

impl std::error::Error for EventError {}

/// The input's own text for a message: quoted, and cut after 40 characters so that a message stays one line.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    let cut: String = text.chars().take(SHOWN).collect();
    if cut.len() == text.len() { format!("{cut:?}") } else { format!("{cut:?}…") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Field;

    #[test]
    fn codes_are_distinct_and_documented() {
        let mut codes: Vec<&str> = ERROR_CODES.iter().map(|(_, code, _)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ERROR_CODES.len());
        assert!(ERROR_CODES.iter().all(|(code, text, meaning)| code.as_str() == *text && meaning.ends_with('.')));
        let known = |field: &&str| matches!(*field, WHOLE_INPUT | ANY_KEY) || Field::from_name(field).is_some();
        assert!(ERROR_FIELDS.iter().all(|(_, _, fields)| fields.iter().all(known)));
    }

    #[test]
    fn long_text_is_cut_in_messages() {
        assert_eq!(quoted("abc"), "\"abc\"");
        assert_eq!(quoted(&"x".repeat(41)), format!("\"{}\"…", "x".repeat(40)));
        assert_eq!(quoted("a\nb"), "\"a\\nb\"");
    }
}

//! The event's `meta` object: kept as the text that came, looked into once for the keys that the merge policy reads.
//!
//! What a jsonb column would refuse is refused here, so that one event can never fail a batch of others: U+0000 in
//! a string, and a number written with an exponent beyond ±308 or in more than 300 characters.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::error::{ErrorCode, EventError};
use crate::event::Field;
use crate::json::{Cursor, Fault};
use crate::price::{Rounding, scale};

/// Bytes that the object may have as it came.
pub const MAX_META_BYTES: usize = 4_096;
/// Levels of nesting, the object itself being the first.
pub const MAX_META_LEVELS: u32 = 16;

/// A checked `meta` object. Line breaks between its tokens are made spaces, so that an event is always one line;
/// every other byte is as it came. Two are equal when their texts are.
#[derive(Clone, Debug)]
pub struct Meta {
    text: Arc<str>,
    run: Option<i64>,
    live: bool,
}

/// A checked `meta` object in someone else's text.
#[derive(Clone, Copy, Debug)]
pub struct MetaRef<'a> {
    /// The raw JSON text, on one line.
    pub text: &'a str,
    /// `run`, where it is an integer.
    pub run: Option<i64>,
    /// False when `delayed` or `stale` is true.
    pub live: bool,
}

impl PartialEq for MetaRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for MetaRef<'_> {}

impl From<MetaRef<'_>> for Meta {
    fn from(meta: MetaRef<'_>) -> Self {
        Self { text: meta.text.into(), run: meta.run, live: meta.live }
    }
}

/// A checked `meta` object as it stands in an input, line breaks already made spaces.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Scanned<'a> {
    pub(crate) text: Cow<'a, str>,
    pub(crate) run: Option<i64>,
    pub(crate) live: bool,
}

impl Scanned<'_> {
    pub(crate) fn view(&self) -> MetaRef<'_> {
        MetaRef { text: &self.text, run: self.run, live: self.live }
    }
}

impl Meta {
    /// An object that was checked before.
    pub(crate) fn shared(text: Arc<str>, run: Option<i64>, live: bool) -> Self {
        Self { text, run, live }
    }

    /// The same object, borrowed.
    #[must_use]
    pub fn view(&self) -> MetaRef<'_> {
        MetaRef { text: &self.text, run: self.run, live: self.live }
    }

    /// The raw JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// `run`, the start time of the collector's run in milliseconds, where it is an integer.
    #[must_use]
    pub fn run(&self) -> Option<i64> {
        self.run
    }

    /// False when `delayed` or `stale` is true.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Reads one object that is the whole text.
    ///
    /// # Errors
    /// `bad_json`, `bad_type`, `too_large` or `out_of_range`, all of the field `meta`.
    pub fn parse(text: &str) -> Result<Self, EventError> {
        let bad_json = |fault| match fault {
            Fault::At(at, expected) => {
                fault_of(ErrorCode::BadJson, format!("meta is not JSON: expected {expected} at byte {at}"))
            }
            Fault::Levels => too_deep(),
        };
        if text.len() > crate::parse::MAX_INPUT_BYTES {
            return Err(too_long(text.len()));
        }
        let mut cursor = Cursor::new(text);
        cursor.skip_space();
        if cursor.peek() != Some(b'{') {
            let value = cursor.value().map_err(bad_json)?;
            return Err(fault_of(ErrorCode::BadType, format!("meta must be an object or null, {}", value.describe())));
        }
        let meta = Self::scan(&mut cursor).map_err(bad_json)?;
        cursor.end().map_err(bad_json)?;
        meta.map(|meta| Self::from(meta.view()))
    }

    /// Reads the object at the cursor, which stands at its brace. The outer error is bad JSON, the inner one says that
    /// good JSON is no good meta.
    pub(crate) fn scan<'a>(cursor: &mut Cursor<'a>) -> Result<Result<Scanned<'a>, EventError>, Fault> {
        let start = cursor.position();
        cursor.nul = false;
        cursor.wild_number = false;
        cursor.take(b'{');
        cursor.open += 1;
        cursor.skip_space();
        let mut run = None;
        let (mut delayed, mut stale) = (false, false);
        let mut levels = 1;
        let mut more = !cursor.take(b'}');
        while more {
            let key = cursor.key()?;
            let from = cursor.position();
            match cursor.peek() {
                Some(b'{' | b'[') => levels = levels.max(1 + cursor.container()?),
                _ => drop(cursor.value()?),
            }
            let value = cursor.between(from, cursor.position());
            match &*key {
                "run" => run = integer(value),
                "delayed" => delayed = value == "true",
                "stale" => stale = value == "true",
                _ => {}
            }
            more = cursor.more(b'}')?;
        }
        cursor.open -= 1;
        let text = cursor.between(start, cursor.position());
        Ok(check(text, levels, cursor).map(|()| Scanned { text: one_line(text), run, live: !delayed && !stale }))
    }
}

fn check(text: &str, levels: u32, cursor: &Cursor<'_>) -> Result<(), EventError> {
    if text.len() > MAX_META_BYTES {
        return Err(too_long(text.len()));
    }
    if levels > MAX_META_LEVELS {
        return Err(too_deep());
    }
    if cursor.nul {
        return Err(fault_of(ErrorCode::OutOfRange, "meta must not hold the character U+0000".to_owned()));
    }
    if cursor.wild_number {
        let message = "meta must not hold a number with an exponent beyond 308 or over 300 characters".to_owned();
        return Err(fault_of(ErrorCode::OutOfRange, message));
    }
    Ok(())
}

/// The text without line breaks. JSON allows them between tokens only, so a space means the same.
fn one_line(text: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'\n', b'\r', text.as_bytes()).is_some() {
        return Cow::Owned(text.replace(['\n', '\r'], " "));
    }
    Cow::Borrowed(text)
}

fn integer(value: &str) -> Option<i64> {
    if value.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return scale(value, 0, Rounding::Refuse).ok();
    }
    None
}

fn fault_of(code: ErrorCode, message: String) -> EventError {
    EventError::of(code, Field::Meta.name(), message)
}

fn too_long(bytes: usize) -> EventError {
    fault_of(ErrorCode::TooLarge, format!("meta must have at most 4096 bytes, had {bytes}"))
}

fn too_deep() -> EventError {
    fault_of(ErrorCode::TooLarge, "meta must have at most 16 levels".to_owned())
}

impl PartialEq for Meta {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Meta {}

impl Hash for Meta {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_keys_are_read_once() {
        let meta = Meta::parse(r#"{"r\u0075n":1732500000000,"delayed":false,"stale":true,"x":{"run":1}}"#).unwrap();
        assert_eq!((meta.run(), meta.is_live()), (Some(1_732_500_000_000), false));
        let meta = Meta::parse(r#" {"run":"1","delayed":1,"stale":"true"} "#).unwrap();
        assert_eq!((meta.run(), meta.is_live()), (None, true));
        assert_eq!(meta.text(), r#"{"run":"1","delayed":1,"stale":"true"}"#);
        let meta = Meta::parse(r#"{"delayed":true,"delayed":false,"run":5.0}"#).unwrap();
        assert_eq!((meta.run(), meta.is_live()), (Some(5), true));
    }

    #[test]
    fn line_breaks_become_spaces_and_nothing_else_changes() {
        let meta = Meta::parse("{\r\n\t\"a\" :\t\"b\\n\" }").unwrap();
        assert_eq!(meta.text(), "{  \t\"a\" :\t\"b\\n\" }");
    }

    #[test]
    fn limits_hold_at_their_edges() {
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(Meta::parse(&nested(16)).is_ok());
        assert_eq!(Meta::parse(&nested(17)).map_err(|error| error.code), Err(ErrorCode::TooLarge));
        let sized = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
        assert!(Meta::parse(&sized(4_096)).is_ok());
        assert_eq!(Meta::parse(&sized(4_097)).map_err(|error| error.code), Err(ErrorCode::TooLarge));
        for (text, code) in [
            (r#"{"a":"\u0000"}"#, ErrorCode::OutOfRange),
            (r#"{"a":1e309}"#, ErrorCode::OutOfRange),
            (r#"{"a":1}x"#, ErrorCode::BadJson),
            ("[]", ErrorCode::BadType),
            ("", ErrorCode::BadJson),
        ] {
            assert_eq!(Meta::parse(text).map_err(|error| error.code), Err(code), "{text}");
        }
    }
}

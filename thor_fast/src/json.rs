//! A strict RFC 8259 reader over one text, without a tree: the caller asks for the next value and gets it or its kind.
//!
//! It knows nothing of events. Input is UTF-8 already; nesting is followed without recursion.

use std::borrow::Cow;

/// Levels that any value may have; more is refused, as RFC 8259 section 9 allows.
pub(crate) const MAX_LEVELS: u32 = 64;

/// The largest exponent and the most characters that a number in `meta` may be written with; see [`Cursor::wild_number`].
const TAME_EXPONENT: u32 = 308;
const TAME_CHARS: usize = 300;

/// Why the text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// At this byte something else was expected.
    At(usize, &'static str),
    /// Nested deeper than [`MAX_LEVELS`].
    Levels,
}

/// A value as the caller needs it; what a container holds is checked and passed over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    /// The number as it was written.
    Number(&'a str),
    /// The text with its escapes resolved.
    Text(Cow<'a, str>),
    Array,
    Object,
}

impl Value<'_> {
    /// The value for a message, as in "was a boolean".
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Null => "was null".to_owned(),
            Self::Bool(value) => format!("was {value}"),
            Self::Number(token) => format!("was {}", token.chars().take(40).collect::<String>()),
            Self::Text(text) => format!("was {}", crate::error::quoted(text)),
            Self::Array => "was an array".to_owned(),
            Self::Object => "was an object".to_owned(),
        }
    }
}

/// A reading position in a text.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// A string held the character U+0000, which no Postgres text can.
    pub(crate) nul: bool,
    /// A number was written with an exponent beyond ±308 or in more than 300 characters: Postgres may have no numeric
    /// for it, or write one with more digits than Python's json reads.
    pub(crate) wild_number: bool,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, nul: false, wild_number: false }
    }

    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The text between two positions.
    pub(crate) fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(crate) fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes over one byte when it is the expected one.
    pub(crate) fn take(&mut self, expected: u8) -> bool {
        let found = self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn fault(&self, expected: &'static str) -> Fault {
        Fault::At(self.at, expected)
    }

    /// Nothing but white space may follow.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        self.skip_space();
        if self.at == self.text.len() { Ok(()) } else { Err(self.fault("the end of the text")) }
    }

    /// A key and the colon after it, with the position at the value.
    pub(crate) fn key(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.skip_space();
        if self.peek() != Some(b'"') {
            return Err(self.fault("a key in double quotes"));
        }
        let key = self.string()?;
        self.skip_space();
        if !self.take(b':') {
            return Err(self.fault("a colon"));
        }
        self.skip_space();
        Ok(key)
    }

    /// After a member or an element: true when another one follows, false when `close` was taken.
    pub(crate) fn more(&mut self, close: u8) -> Result<bool, Fault> {
        self.skip_space();
        if self.take(b',') {
            return Ok(true);
        }
        if self.take(close) { Ok(false) } else { Err(self.fault("a comma or the end of the object or array")) }
    }

    /// The value at the position, which must not be white space.
    pub(crate) fn value(&mut self) -> Result<Value<'a>, Fault> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(b'n') => self.word("null").map(|()| Value::Null),
            Some(b't') => self.word("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Value::Bool(false)),
            Some(b'{') => self.container().map(|_| Value::Object),
            Some(b'[') => self.container().map(|_| Value::Array),
            _ => Err(self.fault("a value")),
        }
    }

    fn word(&mut self, word: &'static str) -> Result<(), Fault> {
        if !self.text.as_bytes().get(self.at..).is_some_and(|rest| rest.starts_with(word.as_bytes())) {
            return Err(self.fault("a value"));
        }
        self.at += word.len();
        Ok(())
    }

    /// Passes over the object or array at the position and says how many levels it has, itself the first.
    pub(crate) fn container(&mut self) -> Result<u32, Fault> {
        // One bit a level: set for an object.
        let mut kinds: u64 = 0;
        let mut level: u32 = 0;
        let mut deepest: u32 = 0;
        loop {
            // At the start of a value.
            let close = match self.peek() {
                Some(b'{') => b'}',
                Some(b'[') => b']',
                _ => {
                    self.value()?;
                    0
                }
            };
            let mut empty = false;
            if close != 0 {
                if level == MAX_LEVELS {
                    return Err(Fault::Levels);
                }
                self.at += 1;
                level += 1;
                deepest = deepest.max(level);
                kinds = kinds << 1 | u64::from(close == b'}');
                self.skip_space();
                empty = self.take(close);
                if !empty {
                    if close == b'}' {
                        self.key()?;
                    }
                    continue;
                }
            }
            // After a value: close what ends here, up to a comma or the end.
            loop {
                if empty {
                    empty = false;
                } else {
                    let is_object = kinds & 1 == 1;
                    if self.more(if is_object { b'}' } else { b']' })? {
                        if is_object {
                            self.key()?;
                        } else {
                            self.skip_space();
                        }
                        break;
                    }
                }
                level -= 1;
                kinds >>= 1;
                if level == 0 {
                    return Ok(deepest);
                }
            }
        }
    }

    /// The number at the position, as it is written.
    fn number(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits("a digit")?;
        }
        if self.take(b'.') {
            self.digits("a digit after the point")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if !self.take(b'-') {
                self.take(b'+');
            }
            let digits = self.digits("a digit of the exponent")?;
            let exponent = digits
                .bytes()
                .fold(0_u32, |value, byte| value.saturating_mul(10).saturating_add(u32::from(byte - b'0')));
            self.wild_number |= exponent > TAME_EXPONENT;
        }
        self.wild_number |= self.at - start > TAME_CHARS;
        Ok(self.between(start, self.at))
    }

    fn digits(&mut self, expected: &'static str) -> Result<&'a str, Fault> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if self.at == start { Err(self.fault(expected)) } else { Ok(self.between(start, self.at)) }
    }

    /// The string at the position, whose opening quote is there.
    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.at += 1;
        let start = self.at;
        self.skip_plain();
        match self.peek() {
            Some(b'"') => {
                let text = self.between(start, self.at);
                self.at += 1;
                Ok(Cow::Borrowed(text))
            }
            _ => self.string_with_escapes(start).map(Cow::Owned),
        }
    }

    /// Goes on from the first backslash of a string that begins at `start`.
    fn string_with_escapes(&mut self, start: usize) -> Result<String, Fault> {
        let mut text = self.between(start, self.at).to_owned();
        let mut plain = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    text.push_str(self.between(plain, self.at));
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    text.push_str(self.between(plain, self.at));
                    text.push(self.escape()?);
                    plain = self.at;
                    self.skip_plain();
                }
                Some(_) => return Err(self.fault("an escape for the control character in a string")),
                None => return Err(self.fault("the closing quote of a string")),
            }
        }
    }

    /// Goes to the next byte that means something in a string: a quote, a backslash, a control character or the end.
    fn skip_plain(&mut self) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        self.at += plain_bytes(rest);
    }

    fn escape(&mut self) -> Result<char, Fault> {
        self.at += 1;
        let short = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.fault("an escape that JSON knows")),
        };
        self.at += 1;
        Ok(short)
    }

    fn unicode_escape(&mut self) -> Result<char, Fault> {
        let lone = self.fault("a pair of surrogates, not a lone one");
        let first = self.hex_unit()?;
        let scalar = match first {
            0xd800..=0xdbff => {
                if !(self.take(b'\\') && self.peek() == Some(b'u')) {
                    return Err(lone);
                }
                match self.hex_unit()? {
                    second @ 0xdc00..=0xdfff => 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                    _ => return Err(lone),
                }
            }
            _ => first,
        };
        self.nul |= scalar == 0;
        char::from_u32(scalar).ok_or(lone)
    }

    /// Four hexadecimal digits after the `u` at the position.
    fn hex_unit(&mut self) -> Result<u32, Fault> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            unit = unit << 4 | digit.ok_or_else(|| self.fault("four hexadecimal digits"))?;
            self.at += 1;
        }
        Ok(unit)
    }
}

/// How many bytes stand before the first that means something in a string: a quote, a backslash or a control character.
fn plain_bytes(bytes: &[u8]) -> usize {
    const LOW: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The high bit of the first byte that is zero is right, those after it may be wrong.
        let zero = |word: u64| word.wrapping_sub(LOW) & !word;
        let control = word.wrapping_sub(LOW * 0x20) & !word;
        let special = (zero(word ^ (LOW * 0x22)) | zero(word ^ (LOW * 0x5c)) | control) & (LOW * 0x80);
        if special != 0 {
            return number * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
    words.len() * 8 + plain.unwrap_or(rest.len())
}

/// Whether the whole text is one JSON number.
pub(crate) fn is_number(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    matches!(cursor.value(), Ok(Value::Number(_))) && cursor.at == text.len()
}

/// Writes a text as a JSON string: only what must be escaped is.
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let bytes = text.as_bytes();
    if plain_bytes(bytes) == bytes.len() {
        out.extend_from_slice(bytes);
        out.push(b'"');
        return;
    }
    let mut plain = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let short = match byte {
            b'"' | b'\\' => *byte,
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..=0x1f => b'u',
            _ => continue,
        };
        out.extend_from_slice(bytes.get(plain..at).unwrap_or_default());
        plain = at + 1;
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let hex = b"0123456789abcdef";
            out.extend_from_slice(&[b'0', b'0', hex[usize::from(byte >> 4)], hex[usize::from(byte & 15)]]);
        }
    }
    out.extend_from_slice(bytes.get(plain..).unwrap_or_default());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value<'_>, Fault> {
        let mut cursor = Cursor::new(text);
        let value = cursor.value()?;
        cursor.end()?;
        Ok(value)
    }

    #[test]
    fn strings_resolve_their_escapes() {
        assert_eq!(
            read(r#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#),
            Ok(Value::Text("a\"\\/\u{8}\u{c}\n\r\té😀z".into()))
        );
        for text in [
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83dx""#,
            r#""\ud83d\n""#,
            r#""\ud83d\u0041""#,
            r#""\x""#,
            r#""\u12g4""#,
            "\"\n\"",
            "\"a",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_keep_the_grammar() {
        for text in ["0", "-0", "1", "10.50", "1e5", "1E+5", "-1.5e-10"] {
            assert_eq!(read(text), Ok(Value::Number(text)));
        }
        for text in ["01", "+1", ".5", "1.", "1e", "1e+", "-", "NaN", "Infinity", "-Infinity", "0x1", "1_0"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn containers_are_walked_without_recursion() {
        let levels = |text: &str| Cursor::new(text).container();
        assert_eq!(levels("{}"), Ok(1));
        assert_eq!(levels(r#"{"a":[],"b":{"c":[1,{"d":null}]} }"#), Ok(4));
        assert_eq!(levels(&("[".repeat(64) + &"]".repeat(64))), Ok(64));
        assert_eq!(levels(&"[".repeat(65)), Err(Fault::Levels));
        for text in
            ["[1,]", "{,}", r#"{"a":1,}"#, r#"{"a"}"#, r#"{"a":}"#, "[1 2]", "[}", r#"{"a":1]"#, "[", "{1:2}", "[,1]"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_database_cannot_hold_is_noticed() {
        let flags = |text: &str| {
            let mut cursor = Cursor::new(text);
            cursor.container().unwrap();
            (cursor.nul, cursor.wild_number)
        };
        assert_eq!(flags(r#"{"a":"\u0001","b":1e308,"c":"\\u0000"}"#), (false, false));
        assert_eq!(flags(r#"{"a\u0000":1}"#), (true, false));
        assert_eq!(flags(r#"[1e-309]"#), (false, true));
        assert_eq!(flags(r#"[0e99999999999999999999]"#), (false, true));
    }

    #[test]
    fn written_strings_come_back() {
        for text in ["", "plain", "q\"b\\n\n\r\t\u{8}\u{c}\u{0}\u{1f}", "é😀\u{2028}"] {
            let mut out = Vec::new();
            write_string(text, &mut out);
            assert_eq!(read(std::str::from_utf8(&out).unwrap()), Ok(Value::Text(text.into())));
        }
    }
}

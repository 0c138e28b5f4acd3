//! Symbols and source names: short ASCII text held in place, checked once, and the set of known sources.
//!
//! Spelling is checked here and never corrected: what a provider calls an instrument is mapped at the edge.

use std::fmt;

/// Up to `N` bytes of ASCII without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name<const N: usize> {
    bytes: [u8; N],
    length: u8,
}

/// A canonical symbol: `[A-Z0-9$][A-Z0-9.$_/-]{0,31}`.
pub type Symbol = Name<32>;

/// A source name: `[A-Z][A-Z0-9_]{0,15}`.
pub type Source = Name<16>;

impl<const N: usize> Name<N> {
    fn checked(text: &[u8], first: fn(u8) -> bool, rest: fn(u8) -> bool) -> Option<Self> {
        let (head, tail) = text.split_first()?;
        if !first(*head) || !tail.iter().all(|byte| rest(*byte)) {
            return None;
        }
        let mut bytes = [0; N];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Self { bytes, length: u8::try_from(text.len()).ok()? })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The bytes with zeros after them, and how many of them are the text's.
    pub(crate) fn padded(&self) -> (&[u8; N], usize) {
        (&self.bytes, usize::from(self.length))
    }

    /// The text's bytes, all ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.length)).unwrap_or_default()
    }
}

impl Symbol {
    /// The symbol, or nothing when the text is not in canonical form.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        Self::from_bytes(text.as_bytes())
    }

    /// The symbol, or nothing when the bytes are not in canonical form.
    #[must_use]
    pub fn from_bytes(text: &[u8]) -> Option<Self> {
        Self::checked(
            text,
            |byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'$'),
            |byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'$' | b'_' | b'/' | b'-'),
        )
    }
}

impl Source {
    /// The source name, or nothing when the text cannot be one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        Self::checked(
            text.as_bytes(),
            |byte| byte.is_ascii_uppercase(),
            |byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'),
        )
    }
}

impl<const N: usize> fmt::Debug for Name<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl<const N: usize> fmt::Display for Name<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The sources that an event may name.
#[derive(Clone, Debug)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// The sources that every Thor knows.
    #[must_use]
    pub fn built_in() -> Self {
        Self(["TOS", "SCHWAB", "MOCK"].into_iter().filter_map(Source::new).collect())
    }

    /// The registered source of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Source> {
        self.from_bytes(name.as_bytes())
    }

    /// The registered source of that name.
    #[must_use]
    pub fn from_bytes(&self, name: &[u8]) -> Option<Source> {
        self.0.iter().find(|source| source.as_bytes() == name).copied()
    }

    /// The same set with one more source; a source that is there already changes nothing.
    #[must_use]
    pub fn with(&self, source: Source) -> Self {
        let mut sources = self.0.clone();
        if !sources.contains(&source) {
            sources.push(source);
        }
        Self(sources)
    }

    /// The sources in the order they were registered.
    #[must_use]
    pub fn as_slice(&self) -> &[Source] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_keep_the_canonical_form() {
        for text in ["ES", "$SPX", "BRK.B", "ES.US", "6E", "A/B-C_D", &"A".repeat(32)] {
            assert_eq!(Symbol::new(text).map(|symbol| symbol.to_string()).as_deref(), Some(text));
        }
        for text in ["", "es", "/ES", ".A", "E S", "ÄS", "ES\n", &"A".repeat(33)] {
            assert_eq!(Symbol::new(text), None, "{text:?}");
        }
    }

    #[test]
    fn sources_are_known_by_name() {
        let sources = Sources::built_in();
        assert!(sources.get("TOS").is_some());
        assert!(sources.get("REPLAY").is_none());
        let more = Source::new("REPLAY").map(|source| sources.with(source).with(source));
        assert_eq!(more.map(|sources| sources.as_slice().len()), Some(4));
        for text in ["", "tos", "1A", "A-B", &"A".repeat(17)] {
            assert_eq!(Source::new(text), None, "{text:?}");
        }
    }
}

//! `--name value` pairs.

use std::collections::HashMap;
use std::io;
use std::str::FromStr;

/// What the command line says.
pub(crate) struct Options(HashMap<String, String>);

impl Options {
    /// Reads pairs; fails for a word that is not one's first half.
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> io::Result<Self> {
        let mut found = HashMap::new();
        while let Some(word) = words.next() {
            let name = word.strip_prefix("--").ok_or_else(|| io::Error::other(format!("what is {word}?")))?;
            let value = words.next().ok_or_else(|| io::Error::other(format!("--{name} needs a value")))?;
            found.insert(name.to_owned(), value);
        }
        Ok(Self(found))
    }

    /// The text of an option that must be there.
    pub(crate) fn text(&self, name: &str) -> io::Result<&str> {
        self.0.get(name).map(String::as_str).ok_or_else(|| io::Error::other(format!("--{name} is needed")))
    }

    /// The number of an option, or what it is where it is not given.
    pub(crate) fn number<T: FromStr>(&self, name: &str, default: T) -> io::Result<T> {
        match self.0.get(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| io::Error::other(format!("--{name} is a number, was {text}"))),
        }
    }
}

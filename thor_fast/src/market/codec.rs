//! A state's numbers as bytes and back, by one description of the state for both ways.

/// Passes over a state's values, writing or reading each.
pub trait Codec {
    /// A number.
    fn int(&mut self, value: &mut i64);

    /// Whether reading has failed; a writer never fails.
    fn failed(&self) -> bool;

    /// A wide number.
    fn wide(&mut self, value: &mut i128) {
        let mut high = i64::try_from(*value >> 64).unwrap_or(0);
        let mut low = (*value as u64).cast_signed();
        self.int(&mut high);
        self.int(&mut low);
        *value = (i128::from(high) << 64) | i128::from(low.cast_unsigned());
    }

    /// A truth.
    fn flag(&mut self, value: &mut bool) {
        let mut number = i64::from(*value);
        self.int(&mut number);
        *value = number != 0;
    }

    /// A number that may be missing.
    fn option(&mut self, value: &mut Option<i64>) {
        let mut there = value.is_some();
        self.flag(&mut there);
        let mut number = value.unwrap_or(0);
        if there {
            self.int(&mut number);
        }
        *value = there.then_some(number);
    }

    /// A short text.
    fn text(&mut self, value: &mut String) {
        let mut length = i64::try_from(value.len()).unwrap_or(0);
        self.int(&mut length);
        let mut bytes: Vec<u8> = value.bytes().collect();
        bytes.resize(usize::try_from(length).unwrap_or(0).min(64), 0);
        for chunk in bytes.chunks_mut(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk.iter()).for_each(|(to, from)| *to = *from);
            let mut number = i64::from_le_bytes(word);
            self.int(&mut number);
            chunk.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        }
        *value = String::from_utf8(bytes).unwrap_or_default();
    }

    /// How many of something follow; at most a million, so that a broken text asks for no memory.
    fn length(&mut self, present: usize) -> usize {
        let mut length = i64::try_from(present).unwrap_or(0);
        self.int(&mut length);
        usize::try_from(length).unwrap_or(0).min(1_000_000)
    }
}

/// Writes.
#[derive(Debug, Default)]
pub struct Writer(pub Vec<u8>);

impl Codec for Writer {
    fn int(&mut self, value: &mut i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn failed(&self) -> bool {
        false
    }
}

/// Reads; what is not there is 0 and a failure.
#[derive(Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    failed: bool,
}

impl<'a> Reader<'a> {
    /// A reader of those bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, failed: false }
    }

    /// Whether everything was there and nothing is left.
    #[must_use]
    pub fn is_done(&self) -> bool {
        !self.failed && self.rest.is_empty()
    }
}

impl Codec for Reader<'_> {
    fn int(&mut self, value: &mut i64) {
        match self.rest.split_first_chunk::<8>() {
            Some((head, rest)) => (*value, self.rest) = (i64::from_le_bytes(*head), rest),
            None => (*value, self.failed) = (0, true),
        }
    }

    fn failed(&self) -> bool {
        self.failed
    }
}

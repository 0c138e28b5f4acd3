//! The snapshot of many symbols as one JSON array: ready records, each with its age put behind its last field.

use crate::price::write_integer;

const AGE: &[u8] = b",\"age_ms\":";

/// Records behind one another, ready to be sent.
#[derive(Clone, Debug, Default)]
pub struct Records {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Records {
    /// Room for so many, each of about that length.
    #[must_use]
    pub fn with_capacity(count: usize, usual_bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(count * usual_bytes), ends: Vec::with_capacity(count) }
    }

    /// Adds the one that `write` writes.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The one of that number.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.bytes.get(start..end)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|number| self.get(number))
    }
}

/// Writes `[record,record,…]` where each record, a JSON object with at least one field, gets `age_ms`: the time since it
/// arrived, 0 for one that arrives in the future. Records that are no object are left out.
pub fn write_records<'a>(records: impl IntoIterator<Item = (&'a [u8], i64)>, now_ms: i64, out: &mut Vec<u8>) {
    out.push(b'[');
    for (record, arrived_ms) in records {
        let Some((b'}', open)) = record.split_last() else { continue };
        if out.last() == Some(&b'}') {
            out.push(b',');
        }
        out.extend_from_slice(open);
        out.extend_from_slice(AGE);
        write_integer(now_ms.saturating_sub(arrived_ms).max(0).unsigned_abs(), out);
        out.push(b'}');
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(records: &[(&[u8], i64)], now_ms: i64) -> String {
        let mut out = Vec::new();
        write_records(records.iter().copied(), now_ms, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn records_stand_behind_one_another() {
        let mut records = Records::with_capacity(2, 8);
        for text in ["{}", "", "[1]"] {
            records.push(|out| out.extend_from_slice(text.as_bytes()));
        }
        assert_eq!((records.len(), records.is_empty(), records.get(3)), (3, false, None));
        assert_eq!(records.iter().collect::<Vec<_>>(), [&b"{}"[..], b"", b"[1]"]);
    }

    #[test]
    fn each_record_gets_its_age() {
        assert_eq!(written(&[], 5), "[]");
        let records: &[(&[u8], i64)] = &[(b"{\"a\":1}", 5_000), (b"{\"b\":2}", 5_250)];
        assert_eq!(written(records, 5_250), "[{\"a\":1,\"age_ms\":250},{\"b\":2,\"age_ms\":0}]");
    }

    #[test]
    fn a_fast_clock_makes_no_age_negative() {
        assert_eq!(written(&[(b"{\"a\":1}", 5_000)], 4_000), "[{\"a\":1,\"age_ms\":0}]");
        assert_eq!(written(&[(b"{\"a\":1}", i64::MIN)], 0), "[{\"a\":1,\"age_ms\":9223372036854775807}]");
    }

    #[test]
    fn what_is_no_object_is_left_out() {
        assert_eq!(written(&[(b"", 1), (b"{\"a\":1}", 1), (b"null", 1)], 1), "[{\"a\":1,\"age_ms\":0}]");
    }
}

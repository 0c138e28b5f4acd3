//! Server-Sent Event frames of many events in one chunk.
//!
//! One frame is [`crate::encode::write_sse`]'s; here are the same bytes for a batch, written into room of exactly their
//! length.

use crate::fast::below_space;
use crate::fill::Filler;
use crate::symbol::Source;

const BEFORE_ID: [u8; 4] = *b"id: ";
const BEFORE_DATA: [u8; 21] = *b"\nevent: quote\ndata: \x7b";
const BEFORE_SOURCE: [u8; 18] = *b",\"active_source\":\"";
const END: [u8; 4] = *b"\"}\n\n";

/// The ids of frames, one behind the other.
#[derive(Clone, Debug)]
pub struct FrameIds {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// Bytes of an id that are written in one step; a usual one has fewer.
const STEP: usize = 24;

impl FrameIds {
    /// Room for so many ids.
    #[must_use]
    pub fn with_capacity(ids: usize) -> Self {
        Self { text: Vec::with_capacity(ids * STEP), ends: Vec::with_capacity(ids) }
    }

    /// Adds an id, unless it cannot be one: a browser drops one with U+0000, and a line break would end it.
    #[inline]
    pub fn push(&mut self, id: &str) -> bool {
        let fine = is_plain(id.as_bytes()) || crate::encode::is_sse_id(id);
        if fine {
            self.text.extend_from_slice(id.as_bytes());
            self.ends.push(self.text.len());
        }
        fine
    }

    /// Ids.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// Whether there are 8 to 16 bytes without a control character, which is told in two steps.
#[inline(always)]
fn is_plain(text: &[u8]) -> bool {
    let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) else { return false };
    text.len() <= 16 && [first, last].iter().all(|word| below_space(u64::from_le_bytes(**word)) == 0)
}

/// The length of the frames of these events, whose canonical JSON and source are given, with these ids.
#[must_use]
pub fn chunk_length<'a>(events: impl Iterator<Item = (&'a [u8], &'a Source)>, ids: &FrameIds) -> usize {
    let fixed = BEFORE_ID.len() + BEFORE_DATA.len() + BEFORE_SOURCE.len() + END.len();
    // The braces around an event are among what is fixed.
    let of_one = |(json, source): (&[u8], &Source)| json.len().saturating_sub(2) + source.padded().1 + fixed;
    events.map(of_one).sum::<usize>() + ids.text.len()
}

/// Writes the frames into room of [`chunk_length`].
pub fn write_chunk<'a>(events: impl Iterator<Item = (&'a [u8], &'a Source)>, ids: &FrameIds, place: &mut [u8]) {
    let mut out = Filler::new(place);
    let mut start = 0;
    for ((json, source), end) in events.zip(&ids.ends) {
        write_frame(json, source, ids.text.get(start..).unwrap_or_default(), *end - start, &mut out);
        start = *end;
    }
}

/// Calls `each` with every frame.
pub fn each_frame<'a>(
    events: impl Iterator<Item = (&'a [u8], &'a Source)>,
    ids: &FrameIds,
    mut each: impl FnMut(&[u8]),
) {
    let mut room = Vec::new();
    let mut start = 0;
    for ((json, source), end) in events.zip(&ids.ends) {
        // More than a frame needs, for its parts are written in steps.
        let needed = json.len() + (end - start) + 128;
        if room.len() < needed {
            room.resize(needed, 0);
        }
        let mut out = Filler::new(&mut room);
        write_frame(json, source, ids.text.get(start..).unwrap_or_default(), *end - start, &mut out);
        start = *end;
        let length = out.filled();
        each(room.get(..length).unwrap_or_default());
    }
}

/// One frame; its id is the first bytes of `id`.
#[inline(always)]
fn write_frame(json: &[u8], source: &Source, id: &[u8], id_length: usize, out: &mut Filler<'_>) {
    out.put(BEFORE_ID);
    match id.first_chunk::<STEP>() {
        Some(id) if id_length <= STEP => out.put_part(id, id_length),
        _ => out.copy(id.get(..id_length).unwrap_or_default()),
    }
    out.put(BEFORE_DATA);
    if let [_, fields @ .., _] = json {
        out.copy(fields);
    }
    out.put(BEFORE_SOURCE);
    let (name, length) = source.padded();
    out.put_part(name, length);
    out.put(END);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::write_sse;
    use crate::parse::parse_event;
    use crate::symbol::Sources;

    #[test]
    fn a_chunk_is_its_frames_behind_one_another() {
        let event = |source: &str| {
            let text = format!(
                r#"{{"symbol":"ES","ts":1,"source":"{source}","last":1,"bid":null,"ask":2,"lastSize":0,"bidSize":null,"askSize":7}}"#
            );
            parse_event(text.as_bytes(), &Sources::built_in()).unwrap()
        };
        let events = [event("TOS"), event("SCHWAB"), event("MOCK"), event("TOS")];
        let names = ["1763836800123-0", "1", "", "18446744073709551615-18446744073709551615"];
        let (mut ids, mut wanted, mut jsons) = (FrameIds::with_capacity(4), Vec::new(), Vec::new());
        for (event, id) in events.iter().zip(names) {
            assert!(ids.push(id));
            write_sse(event, id, &mut wanted);
            let mut json = Vec::new();
            crate::encode::write_json(event, &mut json);
            jsons.push(json);
        }
        for id in ["1763836800123-0\n", "1234567\r90", "\0", "12345678\0"] {
            assert!(!ids.push(id), "{id:?}");
        }
        assert_eq!((ids.len(), ids.is_empty()), (4, false));
        let parts = || jsons.iter().map(Vec::as_slice).zip(events.iter().map(|event| &event.source));
        let mut chunk = vec![0; chunk_length(parts(), &ids)];
        write_chunk(parts(), &ids, &mut chunk);
        let mut frames = Vec::new();
        each_frame(parts(), &ids, |frame| frames.extend_from_slice(frame));
        assert_eq!(frames, wanted);
        assert_eq!(String::from_utf8(chunk).unwrap(), String::from_utf8(wanted).unwrap());
    }
}

//! Bytes written one behind the other into room that is already there.
//!
//! A piece whose length is known when this is compiled costs one step, and so does a short one that lies in a longer
//! array: all of that is written, and what follows is written over the rest.

/// The room that is left. From the first piece on that does not fit, nothing is written.
pub(crate) struct Filler<'p> {
    rest: &'p mut [u8],
    room: usize,
}

impl<'p> Filler<'p> {
    pub(crate) fn new(place: &'p mut [u8]) -> Self {
        Self { room: place.len(), rest: place }
    }

    /// Bytes that were written.
    pub(crate) fn filled(&self) -> usize {
        self.room - self.rest.len()
    }

    #[inline(always)]
    pub(crate) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        if let Some((place, rest)) = std::mem::take(&mut self.rest).split_first_chunk_mut::<N>() {
            *place = bytes;
            self.rest = rest;
        } else {
            self.room = 0;
        }
    }

    /// The first `length` of the bytes.
    #[inline(always)]
    pub(crate) fn put_part<const N: usize>(&mut self, bytes: &[u8; N], length: usize) {
        match self.rest.first_chunk_mut::<N>() {
            Some(place) => {
                *place = *bytes;
                self.rest = std::mem::take(&mut self.rest).get_mut(length..).unwrap_or_default();
            }
            None => self.copy(bytes.get(..length).unwrap_or_default()),
        }
    }

    #[inline(always)]
    pub(crate) fn copy(&mut self, bytes: &[u8]) {
        if let Some((place, rest)) = std::mem::take(&mut self.rest).split_at_mut_checked(bytes.len()) {
            place.copy_from_slice(bytes);
            self.rest = rest;
        } else {
            self.room = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_stand_behind_one_another_and_the_last_may_fill_the_room() {
        let mut room = [0; 9];
        let mut filler = Filler::new(&mut room);
        filler.put(*b"ab");
        filler.put_part(b"cdef", 2);
        filler.copy(b"xyz");
        filler.put_part(b"12345678", 2);
        assert_eq!(filler.filled(), 9);
        filler.put(*b"!");
        assert_eq!(&room, b"abcdxyz12");
    }
}

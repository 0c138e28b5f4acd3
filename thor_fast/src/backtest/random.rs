//! Reproducible randomness: a number's place decides it, never the thread that asks.
//!
//! `mixed` is the finaliser of splitmix64; `Lanes` is xoshiro128+ in eight independent lanes (Blackman and Vigna, 2018),
//! whose upper bits are what an index is made from.

/// A well mixed number of a seed and a place.
#[must_use]
pub const fn mixed(seed: u64, place: u64) -> u64 {
    let mut z = seed.wrapping_add(place.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// How many lanes run side by side.
pub const LANES: usize = 8;

/// Eight generators of 32 bits, one a lane.
#[derive(Clone, Debug)]
pub struct Lanes {
    state: [[u32; LANES]; 4],
}

impl Lanes {
    /// Generators for eight places in a row.
    #[must_use]
    pub fn new(seed: u64, first_place: u64) -> Self {
        let mut state = [[0; LANES]; 4];
        for lane in 0..LANES {
            let place = (first_place + lane as u64) * 2;
            let (low, high) = (mixed(seed, place), mixed(seed, place + 1));
            for (words, word) in state.iter_mut().zip([low, low >> 32, high, high >> 32]) {
                words[lane] = word as u32 | 1;
            }
        }
        Self { state }
    }

    /// An index below `count` for each lane.
    #[inline(always)]
    pub fn below(&mut self, count: u32) -> [u32; LANES] {
        let [a, b, c, d] = &mut self.state;
        let mut found = [0; LANES];
        for lane in 0..LANES {
            let sum = a[lane].wrapping_add(d[lane]);
            let shifted = b[lane] << 9;
            c[lane] ^= a[lane];
            d[lane] ^= b[lane];
            b[lane] ^= c[lane];
            a[lane] ^= d[lane];
            c[lane] ^= shifted;
            d[lane] = d[lane].rotate_left(11);
            found[lane] = ((u64::from(sum) * u64::from(count)) >> 32) as u32;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_even_and_their_own() {
        let mut lanes = Lanes::new(7, 0);
        let mut counts = [[0_u32; 10]; LANES];
        for _ in 0..20_000 {
            for (counts, index) in counts.iter_mut().zip(lanes.below(10)) {
                counts[index as usize] += 1;
            }
        }
        for counts in counts {
            let squares: f64 = counts.iter().map(|count| (f64::from(*count) - 2_000.0).powi(2) / 2_000.0).sum();
            assert!(squares < 27.9, "chi-square of nine degrees beyond one in a thousand: {squares}");
        }
        assert_ne!(Lanes::new(7, 0).below(u32::MAX), Lanes::new(7, 8).below(u32::MAX));
    }
}

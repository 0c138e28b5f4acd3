//! A histogram of latencies: counts in buckets that are at most 1/16 wide, from a microsecond to two weeks.

/// Buckets a power of two.
const STEPS: u64 = 16;
const STEP_BITS: u32 = 4;
/// Powers of two above the first; what is longer counts as the longest.
const POWERS: u64 = 37;
const BUCKETS: usize = (STEPS * (POWERS + 1)) as usize;

/// How often each latency was seen. Microseconds.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    sum_us: u64,
    max_us: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], count: 0, sum_us: 0, max_us: 0 }
    }
}

fn bucket(us: u64) -> usize {
    let power = us.checked_ilog2().unwrap_or(0).saturating_sub(STEP_BITS);
    let place = u64::from(power) * STEPS + (us >> power);
    usize::try_from(place).unwrap_or(usize::MAX).min(BUCKETS - 1)
}

/// The greatest latency of a bucket.
fn upper_us(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return bucket;
    }
    let power = bucket / STEPS - 1;
    ((bucket - power * STEPS + 1) << power) - 1
}

impl Histogram {
    /// Counts one latency; one below zero, which clocks that differ can give, counts as zero.
    pub fn record(&mut self, us: i64) {
        self.record_times(us, 1);
    }

    /// Counts the same latency so many times.
    pub fn record_times(&mut self, us: i64, times: u64) {
        let us = u64::try_from(us).unwrap_or(0);
        if let Some(count) = self.counts.get_mut(bucket(us)) {
            *count += times;
        }
        self.count += times;
        self.sum_us = self.sum_us.saturating_add(us.saturating_mul(times));
        self.max_us = self.max_us.max(if times > 0 { us } else { 0 });
    }

    /// Latencies counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us
    }

    /// The longest.
    #[must_use]
    pub fn max_us(&self) -> u64 {
        self.max_us
    }

    /// The latency that this share of them does not pass, at most 1/16 too long; nothing where there is none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<u64> {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let rank = ((share.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        found.map(|bucket| upper_us(bucket).min(self.max_us))
    }

    /// How many are not longer than this bound: exactly so where the bound is that of a bucket, else a few less.
    #[must_use]
    pub fn at_most(&self, bound_us: u64) -> u64 {
        let buckets = self.counts.iter().enumerate().take_while(|(bucket, _)| upper_us(*bucket) <= bound_us);
        buckets.map(|(_, count)| count).sum()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_one_another_and_are_narrow() {
        let mut before = None;
        for bucket_number in 0..BUCKETS {
            let lowest = before.map_or(0, |before| upper_us(before) + 1);
            assert_eq!(bucket(lowest), bucket_number);
            assert_eq!(bucket(upper_us(bucket_number)), bucket_number);
            assert!(upper_us(bucket_number) - lowest <= lowest / STEPS, "{bucket_number}");
            before = Some(bucket_number);
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), None);
        (1..=1_000).for_each(|us| histogram.record(us));
        for (share, value) in [(0.0, 1), (0.5, 500), (0.99, 990), (1.0, 1_000)] {
            let found = histogram.quantile(share).unwrap();
            assert!(value <= found && found <= value + value / STEPS, "{share} {found}");
        }
        assert_eq!((histogram.count(), histogram.sum_us(), histogram.max_us()), (1_000, 500_500, 1_000));
        assert_eq!((histogram.at_most(15), histogram.at_most(1_023)), (15, 1_000));
        histogram.record(-5);
        assert_eq!(histogram.at_most(0), 1);
        histogram.clear();
        assert_eq!(histogram.count(), 0);
    }
}

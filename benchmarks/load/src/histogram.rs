//! Counts of durations: exact to 10 us below 100 ms, to 1 ms below 60 s.

const FINE_US: u64 = 10;
const FINE_COUNT: usize = 10_000;
const COARSE_US: u64 = 1_000;
const COARSE_COUNT: usize = 60_000;

/// Durations in microseconds.
pub(crate) struct Histogram {
    fine: Vec<u64>,
    coarse: Vec<u64>,
    count: u64,
    most: u64,
}

impl Histogram {
    /// Without any.
    pub(crate) fn new() -> Self {
        Self { fine: vec![0; FINE_COUNT], coarse: vec![0; COARSE_COUNT], count: 0, most: 0 }
    }

    /// Counts one duration.
    pub(crate) fn add(&mut self, us: u64) {
        self.count += 1;
        self.most = self.most.max(us);
        let fine = usize::try_from(us / FINE_US).unwrap_or(usize::MAX);
        match self.fine.get_mut(fine) {
            Some(slot) => *slot += 1,
            None => {
                let coarse = usize::try_from(us / COARSE_US).unwrap_or(usize::MAX).min(COARSE_COUNT - 1);
                self.coarse[coarse] += 1;
            }
        }
    }

    /// The duration that this share of all does not pass, by the upper end of its slot.
    pub(crate) fn at(&self, share: f64) -> u64 {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let wanted = (self.count as f64 * share).ceil() as u64;
        let slots = self.fine.iter().zip((1..).map(|n| n * FINE_US));
        let slots = slots.chain(self.coarse.iter().zip((1..).map(|n| n * COARSE_US)));
        let mut passed = 0;
        for (count, upper) in slots {
            passed += count;
            if passed >= wanted && wanted > 0 {
                return upper;
            }
        }
        self.most
    }

    /// `"name":{...}` for a JSON object.
    pub(crate) fn json(&self, name: &str) -> String {
        format!(
            "\"{name}\":{{\"count\":{},\"p50\":{},\"p90\":{},\"p99\":{},\"p999\":{},\"max\":{}}}",
            self.count,
            self.at(0.5),
            self.at(0.9),
            self.at(0.99),
            self.at(0.999),
            self.most
        )
    }
}

//! `LatencyHistogram`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use crate::latency::Histogram;

/// How often each latency was seen, in buckets at most 1/16 wide. Microseconds. Safe to share between threads.
#[pyclass(frozen, name = "LatencyHistogram", module = "thor_fast")]
pub(super) struct PyHistogram(Mutex<Histogram>);

impl PyHistogram {
    fn lock(&self) -> MutexGuard<'_, Histogram> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record_all(&self, values: impl Iterator<Item = i64>) {
        let mut histogram = self.lock();
        values.for_each(|us| histogram.record(us));
    }
}

#[pymethods]
impl PyHistogram {
    #[new]
    fn new() -> Self {
        Self(Mutex::default())
    }

    #[pyo3(signature = (us, times=1))]
    fn record(&self, us: i64, times: u64) {
        self.lock().record_times(us, times);
    }

    #[getter]
    fn count(&self) -> u64 {
        self.lock().count()
    }

    #[getter]
    fn sum_us(&self) -> u64 {
        self.lock().sum_us()
    }

    #[getter]
    fn max_us(&self) -> u64 {
        self.lock().max_us()
    }

    fn quantile(&self, share: f64) -> Option<u64> {
        self.lock().quantile(share)
    }

    fn at_most(&self, bounds_us: Vec<u64>) -> Vec<u64> {
        let histogram = self.lock();
        bounds_us.into_iter().map(|bound| histogram.at_most(bound)).collect()
    }

    fn clear(&self) {
        self.lock().clear();
    }
}

//! What the store and the lake need of batches.

use pyo3::prelude::*;

use super::batch::PyQuoteBatch;
use super::without_gil;

/// The start of every interval with an event, rising, microseconds UTC.
#[pyfunction]
pub(super) fn distinct_intervals(py: Python<'_>, batch: &PyQuoteBatch, interval_us: i64) -> Vec<i64> {
    without_gil(py, || crate::intervals::distinct_intervals(&batch.batch, interval_us))
}

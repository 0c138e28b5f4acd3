//! `join_records`.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::snapshot::write_records;

/// Room for what is put around a record.
const AROUND: usize = 32;

/// A JSON array of records, each with `age_ms` behind its last field: `now_ms` less its arrival, at least 0.
#[pyfunction]
pub(super) fn join_records<'py>(
    py: Python<'py>,
    records: &Bound<'py, PyList>,
    arrived_ms: Vec<i64>,
    now_ms: i64,
) -> PyResult<Bound<'py, PyBytes>> {
    if records.len() != arrived_ms.len() {
        let message = format!("{} records and {} times of arrival", records.len(), arrived_ms.len());
        return Err(PyValueError::new_err(message));
    }
    let records = records.iter().map(|record| Ok(record.cast_into::<PyBytes>()?)).collect::<PyResult<Vec<_>>>()?;
    let parts = records.iter().map(|record| record.as_bytes()).zip(arrived_ms);
    let mut out = Vec::with_capacity(records.iter().map(|record| record.as_bytes().len() + AROUND).sum());
    write_records(parts, now_ms, &mut out);
    Ok(PyBytes::new(py, &out))
}

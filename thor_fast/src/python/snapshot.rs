//! `Records` and `join_records`.

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PyList};

use super::without_gil;
use crate::snapshot::{Records, write_records};

/// Room for what is put around a record.
const AROUND: usize = 32;
const USUAL_RECORD_BYTES: usize = 2_048;

/// Records in one piece of memory; each becomes an object of its own only where it is taken out.
#[pyclass(frozen, sequence, name = "Records", module = "thor_fast")]
pub(super) struct PyRecords(pub(super) Records);

#[pymethods]
impl PyRecords {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.0.iter().map(|record| PyBytes::new(py, record)).collect::<Vec<_>>())?.try_iter()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, number: isize) -> PyResult<Bound<'py, PyBytes>> {
        let from_end = usize::try_from(number).ok().or_else(|| self.0.len().checked_sub(number.unsigned_abs()));
        let record = from_end.and_then(|number| self.0.get(number));
        record.map(|record| PyBytes::new(py, record)).ok_or_else(|| PyIndexError::new_err("there is no such record"))
    }
}

/// A JSON array of records, each with `age_ms` behind its last field: `now_ms` less its arrival, at least 0.
#[pyfunction]
pub(super) fn join_records<'py>(
    py: Python<'py>,
    records: &Bound<'py, PyAny>,
    arrived_ms: Vec<i64>,
    now_ms: i64,
) -> PyResult<Bound<'py, PyBytes>> {
    let count = records.len()?;
    if count != arrived_ms.len() {
        return Err(PyValueError::new_err(format!("{count} records and {} times of arrival", arrived_ms.len())));
    }
    if let Ok(records) = records.cast::<PyRecords>() {
        let records = &records.get().0;
        let out = without_gil(py, || {
            let mut out = Vec::with_capacity(count * USUAL_RECORD_BYTES);
            write_records(records.iter().zip(arrived_ms), now_ms, &mut out);
            out
        });
        return Ok(PyBytes::new(py, &out));
    }
    let records = records.cast::<PyList>()?;
    let records = records.iter().map(|record| Ok(record.cast_into::<PyBytes>()?)).collect::<PyResult<Vec<_>>>()?;
    let parts = records.iter().map(|record| record.as_bytes()).zip(arrived_ms);
    let mut out = Vec::with_capacity(records.iter().map(|record| record.as_bytes().len() + AROUND).sum());
    write_records(parts, now_ms, &mut out);
    Ok(PyBytes::new(py, &out))
}

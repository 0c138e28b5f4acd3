//! `heard_events`.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::heard::heard;

pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(heard_events, module)?)
}

/// The last event of each source in what the merge knows of a symbol, the field `merge` of its latest hash.
#[pyfunction]
fn heard_events<'py>(py: Python<'py>, state: &[u8]) -> Vec<(i64, Bound<'py, PyBytes>)> {
    let text = std::str::from_utf8(state).unwrap_or_default();
    heard(text).map(|heard| (heard.received_us, PyBytes::new(py, heard.json.as_bytes()))).collect()
}

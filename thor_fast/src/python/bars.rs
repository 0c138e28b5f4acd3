//! `Bars`.

use pyo3::prelude::*;

use super::prices::view;
use crate::bars::Bar;

/// Bars of many symbols as columns, by symbol, then start. The memoryviews are of 64-bit integers.
#[pyclass(frozen, name = "Bars", module = "thor_fast")]
pub(super) struct PyBars(pub(super) Vec<Bar>);

impl PyBars {
    fn column<'py>(&self, py: Python<'py>, of: impl Fn(&Bar) -> i64) -> PyResult<Bound<'py, PyAny>> {
        let values: Vec<i64> = self.0.iter().map(of).collect();
        view(py, bytemuck::cast_slice(&values), "q")
    }
}

#[pymethods]
impl PyBars {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn symbol(&self) -> Vec<&str> {
        self.0.iter().map(|bar| bar.symbol.as_str()).collect()
    }

    #[getter]
    fn start_us<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |bar| bar.start_us)
    }

    #[getter]
    fn open<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |bar| bar.open)
    }

    #[getter]
    fn high<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |bar| bar.high)
    }

    #[getter]
    fn low<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |bar| bar.low)
    }

    #[getter]
    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |bar| bar.close)
    }

    #[getter]
    fn volume<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |bar| bar.volume)
    }

    #[getter]
    fn events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.column(py, |bar| bar.events)
    }

    fn __repr__(&self) -> String {
        format!("Bars({} bars)", self.0.len())
    }
}

//! Columns that stay in the core: read by Arrow without a copy, indexed like a sequence, given back when nobody reads.
//!
//! Fresh memory for a long column costs more than what is written into it: the system clears every page. So a series
//! keeps one column that nobody reads any more and writes the next one there.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use arrow_array::types::{ArrowPrimitiveType, Float64Type, Int8Type};
use arrow_array::{Array, PrimitiveArray};
use arrow_buffer::{Buffer, ScalarBuffer};
use bytes::Bytes;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::prices::column;

/// A place for one column of doubles that nobody reads any more.
#[derive(Default)]
pub(super) struct Spare(Arc<Mutex<Vec<f64>>>);

impl Spare {
    /// A column of that length to write into. What stands in it is of no meaning.
    pub(super) fn take(&self, length: usize) -> Vec<f64> {
        let mut values = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        values.resize(length, 0.0);
        values
    }

    /// The column that was written, which comes back here when its last reader is gone.
    pub(super) fn lend(&self, values: Vec<f64>) -> PyColumn {
        let length = values.len();
        let lent = Lent { values, home: Arc::downgrade(&self.0) };
        PyColumn(Values::Doubles(array(Buffer::from(Bytes::from_owner(lent)), length)))
    }
}

struct Lent {
    values: Vec<f64>,
    home: Weak<Mutex<Vec<f64>>>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        bytemuck::must_cast_slice(&self.values)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            *home.lock().unwrap_or_else(PoisonError::into_inner) = std::mem::take(&mut self.values);
        }
    }
}

fn array<T: ArrowPrimitiveType>(buffer: Buffer, length: usize) -> PrimitiveArray<T> {
    PrimitiveArray::new(ScalarBuffer::new(buffer, 0, length), None)
}

enum Values {
    Doubles(PrimitiveArray<Float64Type>),
    Directions(PrimitiveArray<Int8Type>),
}

/// A column of the core's, doubles or directions: read by Arrow without a copy. It never changes.
#[pyclass(frozen, name = "Column", module = "thor_fast")]
pub(super) struct PyColumn(Values);

impl PyColumn {
    /// Directions after each bar.
    pub(super) fn of_directions(directions: Vec<i8>) -> Self {
        let length = directions.len();
        Self(Values::Directions(array(Buffer::from_vec(directions), length)))
    }

    /// Doubles that nothing will be written over.
    pub(super) fn of_doubles(values: Vec<f64>) -> Self {
        let length = values.len();
        Self(Values::Doubles(array(Buffer::from_vec(values), length)))
    }

    fn array(&self) -> &dyn Array {
        match &self.0 {
            Values::Doubles(array) => array,
            Values::Directions(array) => array,
        }
    }
}

#[pymethods]
impl PyColumn {
    fn __len__(&self) -> usize {
        self.array().len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: isize) -> PyResult<Bound<'py, PyAny>> {
        let length = self.array().len();
        let at = if index < 0 { index.checked_add_unsigned(length) } else { Some(index) };
        let at = at.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < length);
        let Some(at) = at else { return Err(PyIndexError::new_err("column index out of range")) };
        Ok(match &self.0 {
            Values::Doubles(array) => array.value(at).into_pyobject(py)?.into_any(),
            Values::Directions(array) => array.value(at).into_pyobject(py)?.into_any(),
        })
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.array().get_buffer_memory_size()
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // A consumer may ask for another type but must take what it gets.
        let _asked = requested_schema;
        super::arrow::array(py, self.array())
    }

    fn __repr__(&self) -> String {
        format!("Column({} values)", self.array().len())
    }
}

/// Directions as they are given: a column of the core's as it lies, the bytes of anybody else copied.
pub(super) fn directions(values: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<i8>> {
    match values.cast::<PyColumn>().map(|column| &column.get().0) {
        Ok(Values::Directions(array)) => Ok(array.values().clone()),
        _ => column::<i8>(values).map(ScalarBuffer::from),
    }
}

/// Doubles, alike.
pub(super) fn doubles(values: &Bound<'_, PyAny>) -> PyResult<ScalarBuffer<f64>> {
    match values.cast::<PyColumn>().map(|column| &column.get().0) {
        Ok(Values::Doubles(array)) => Ok(array.values().clone()),
        _ => column::<f64>(values).map(ScalarBuffer::from),
    }
}

//! Rows and cells of quote sheets.

use std::borrow::Cow;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use super::convert::{decimal, decimal_type, nanos, source};
use crate::cell::{Cell, CellFault};
use crate::sheet::{FIGURES, RowRules, read_row};

/// A cell's code of what was found, and its sentence.
type Found = (&'static str, String);

/// Reads the rows of one instrument in a quote sheet.
#[pyclass(frozen, name = "RowReader", module = "thor_fast")]
pub(super) struct PyRowReader {
    rules: RowRules,
    columns: [Option<usize>; FIGURES.len()],
}

#[pymethods]
impl PyRowReader {
    #[new]
    #[pyo3(signature = (columns, *, source, precision, tick, contract=None, stale=false))]
    fn new(
        columns: &Bound<'_, PyDict>,
        source: &str,
        precision: u8,
        tick: &Bound<'_, PyAny>,
        contract: Option<String>,
        stale: bool,
    ) -> PyResult<Self> {
        let mut places = [None; FIGURES.len()];
        for (name, place) in columns.iter() {
            let name = name.extract::<String>()?;
            let figure = FIGURES.iter().position(|figure| *figure == name);
            let slot = figure.and_then(|figure| places.get_mut(figure));
            *slot.ok_or_else(|| PyValueError::new_err(format!("a sheet has no figure {name:?}")))? =
                Some(place.extract::<usize>()?);
        }
        let rules = RowRules { source: self::source(source)?, precision, tick: nanos(tick, None)?, contract, stale };
        Ok(Self { rules, columns: places })
    }

    /// The members of the row's candidate event, None where it has no price yet, and what was found about it.
    fn read<'py>(&self, row: &Bound<'py, PyAny>) -> PyResult<(Option<Bound<'py, PyBytes>>, Vec<Found>)> {
        let py = row.py();
        let mut cells: [Cell<'_>; FIGURES.len()] = [const { Cell::Empty }; FIGURES.len()];
        let held: Vec<Option<Bound<'py, PyAny>>> = self
            .columns
            .iter()
            .map(|place| place.map_or(Ok(None), |place| item(row, place)))
            .collect::<PyResult<_>>()?;
        for (cell, value) in cells.iter_mut().zip(&held) {
            if let Some(value) = value {
                *cell = cell_of(value)?;
            }
        }
        let reading = read_row(&self.rules, &cells);
        let members = reading.members.map(|members| PyBytes::new(py, &members));
        Ok((members, reading.findings.into_iter().map(|finding| (finding.code, finding.message)).collect()))
    }
}

/// What one cell of a quote sheet says, read as a price, a percentage or a count; None for nothing yet.
#[pyfunction]
#[pyo3(signature = (value, kind, *, largest=2_147_483_647))]
pub(super) fn read_cell<'py>(
    value: &Bound<'py, PyAny>,
    kind: &str,
    largest: i64,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = value.py();
    let cell = cell_of(value)?;
    let fault = |fault: CellFault| PyValueError::new_err(format!("{:?} {}", cell.shown(), fault.as_str()));
    match kind {
        "price" => cell.price().map_err(fault)?.map(|nanos| decimal(py, nanos)).transpose(),
        "percent" => cell.percent().map_err(fault)?.map(|nanos| decimal(py, nanos)).transpose(),
        "count" => Ok(cell.count(largest).map_err(fault)?.map(|count| PyInt::new(py, count).into_any())),
        _ => Err(PyValueError::new_err(format!("a cell is a price, a percent or a count, not {kind:?}"))),
    }
}

/// The row's cell in that column, where it goes so far.
fn item<'py>(row: &Bound<'py, PyAny>, place: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Ok(list) = row.cast::<PyList>() {
        return (place < list.len()).then(|| list.get_item(place)).transpose();
    }
    if let Ok(tuple) = row.cast::<PyTuple>() {
        return (place < tuple.len()).then(|| tuple.get_item(place)).transpose();
    }
    (place < row.len()?).then(|| row.get_item(place)).transpose()
}

fn cell_of<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<Cell<'a>> {
    if value.is_none() {
        return Ok(Cell::Empty);
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Ok(Cell::Float(number.extract()?));
    }
    if let Ok(text) = value.cast::<PyString>() {
        // A text with half a surrogate pair has no UTF-8; it is no number either.
        return Ok(Cell::Text(Cow::Owned(text.to_string_lossy().into_owned())));
    }
    let text = || Ok::<_, PyErr>(Cow::Owned(value.str()?.to_string_lossy().into_owned()));
    if value.is_instance_of::<PyBool>() {
        return Ok(Cell::Other(text()?));
    }
    if value.is_instance_of::<PyInt>() || value.is_instance(decimal_type(value.py())?)? {
        return Ok(Cell::Number(text()?));
    }
    Ok(Cell::Other(text()?))
}

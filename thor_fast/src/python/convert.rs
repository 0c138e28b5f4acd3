//! Values across the border: errors, decimals, mappings.

use pyo3::buffer::PyBuffer;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyMapping, PySequence, PyString, PyType};

use crate::error::{ErrorCode, EventError};
use crate::event::Field;
use crate::json::is_number;
use crate::price::{nanos_from_number, write_nanos};
use crate::symbol::{Source, Symbol};

/// The exception class; it is Python's own code because an extension for every Python since 3.11 cannot extend ValueError.
pub(super) fn event_error_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    TYPE.import(py, "thor_fast._error", "EventError")
}

pub(super) fn decimal_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    TYPE.import(py, "decimal", "Decimal")
}

/// The exception that carries this error.
pub(super) fn raised(py: Python<'_>, error: &EventError) -> PyErr {
    let arguments = (error.code.as_str(), error.field.as_deref(), error.message.as_str());
    match event_error_type(py).and_then(|kind| kind.call1(arguments)) {
        Ok(exception) => PyErr::from_value(exception),
        Err(failure) => failure,
    }
}

/// The price as an exact `decimal.Decimal` with at least one decimal place.
pub(super) fn decimal(py: Python<'_>, nanos: i64) -> PyResult<Bound<'_, PyAny>> {
    let mut text = Vec::with_capacity(24);
    write_nanos(nanos, &mut text);
    decimal_type(py)?.call1((std::str::from_utf8(&text).unwrap_or_default(),))
}

/// A Python number's price.
pub(super) enum Number {
    Nanos(i64),
    /// NaN or an infinity.
    NotFinite,
    TooLarge,
}

/// The price of a `Decimal`, a float (by its shortest decimal text) or an int.
pub(super) fn number(value: &Bound<'_, PyAny>) -> PyResult<Number> {
    let text = if let Ok(float) = value.cast::<PyFloat>() {
        format!("{}", float.extract::<f64>()?)
    } else if !value.is_instance_of::<PyBool>()
        && (value.is_instance_of::<PyInt>() || value.is_instance(decimal_type(value.py())?)?)
    {
        value.str()?.extract::<String>()?
    } else {
        let message = format!("a price must be a Decimal, a float or an int, was {}", value.get_type().name()?);
        return Err(PyTypeError::new_err(message));
    };
    if !is_number(&text) {
        return Ok(Number::NotFinite);
    }
    Ok(nanos_from_number(&text).map_or(Number::TooLarge, Number::Nanos))
}

/// The price in nanos, or an `EventError` that names the field.
pub(super) fn nanos(value: &Bound<'_, PyAny>, field: Option<Field>) -> PyResult<i64> {
    let name = field.map_or("price", Field::name);
    let (code, message) = match number(value)? {
        Number::Nanos(nanos) => return Ok(nanos),
        Number::NotFinite => (ErrorCode::BadType, format!("{name} must be a finite number")),
        Number::TooLarge => {
            (ErrorCode::OutOfRange, format!("{name} must be between -9223372036.854775807 and 9223372036.854775807"))
        }
    };
    let error = EventError { code, field: field.map(|field| field.name().into()), message };
    Err(raised(value.py(), &error))
}

/// An int that fits 64 bits, or an `EventError` with this code that names the field.
pub(super) fn integer(value: &Bound<'_, PyAny>, field: Field, code: ErrorCode) -> PyResult<i64> {
    let py = value.py();
    value.extract::<i64>().map_err(|error| {
        if !error.is_instance_of::<PyOverflowError>(py) {
            return error;
        }
        raised(
            py,
            &EventError::of(code, field.name(), format!("{} must be an integer that fits 64 bits", field.name())),
        )
    })
}

/// Integers of 64 bits: a copy of a buffer of them, or each of a sequence.
pub(super) fn integers(values: &Bound<'_, PyAny>) -> PyResult<Vec<i64>> {
    match PyBuffer::<i64>::get(values) {
        Ok(buffer) => buffer.to_vec(values.py()),
        Err(_) => each(values),
    }
}

/// The items of a sequence. Its own word for how many there are is not taken: where that is too many to make room for,
/// the process would end.
pub(super) fn each<'py, T: FromPyObjectOwned<'py>>(sequence: &Bound<'py, PyAny>) -> PyResult<Vec<T>> {
    // A text is a sequence of texts too, but never meant as one.
    if sequence.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("must be a sequence, was one text"));
    }
    let mut items = Vec::new();
    for item in sequence.cast::<PySequence>()?.try_iter()? {
        items.push(item?.extract::<T>().map_err(Into::into)?);
    }
    Ok(items)
}

/// The keys and values of any mapping from text.
pub(super) fn items<'py, V>(mapping: &Bound<'py, PyMapping>) -> PyResult<Vec<(String, V)>>
where
    V: for<'a> FromPyObject<'a, 'py, Error = PyErr>,
{
    mapping.items()?.iter().map(|item| item.extract::<(String, V)>()).collect()
}

/// A symbol that is a setting, not part of an event.
pub(super) fn symbol(text: &str) -> PyResult<Symbol> {
    Symbol::new(text).ok_or_else(|| PyValueError::new_err(format!("not a canonical symbol: {text:?}")))
}

/// A source name that is a setting, not part of an event.
pub(super) fn source(text: &str) -> PyResult<Source> {
    let wanted = "a source name has capital letters, digits and underscores, at most 16";
    Source::new(text).ok_or_else(|| PyValueError::new_err(format!("{wanted}: {text:?}")))
}

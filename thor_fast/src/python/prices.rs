//! Prices as text, and the signals of changes.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyMemoryView, PyString};

use super::convert::{Number, decimal, nanos, number, raised};
use super::registry::display;
use super::without_gil;
use crate::classify::{Ladder, MISSING_CHANGE, Thresholds, classify_by_id, classify_by_one};
use crate::display::write_price;
use crate::error::{ErrorCode, EventError, quoted};

/// The price as text for a registered symbol, for 0 to 9 decimals, or for "32nds"; to the nearest, ties to even.
#[pyfunction]
#[pyo3(signature = (value, symbol_or_precision, *, signed=false))]
pub(super) fn format_price(
    value: &Bound<'_, PyAny>,
    symbol_or_precision: &Bound<'_, PyAny>,
    signed: bool,
) -> PyResult<String> {
    Ok(crate::display::format_price(nanos(value, None)?, display(symbol_or_precision)?, signed))
}

/// The price of a text: `51.275`, `118'10`, `112'155`, `111-16+`, `118 10/32`, signed or not. Raises `EventError`.
#[pyfunction]
pub(super) fn parse_price<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    match crate::display::parse_price(text) {
        Ok(nanos) => decimal(py, nanos),
        Err(why) => {
            let message = format!("price {why}, was {}", quoted(text));
            Err(raised(py, &EventError::whole(ErrorCode::BadType, message)))
        }
    }
}

/// The text of each price of a buffer of nanos, None where it is -2^63.
#[pyfunction]
#[pyo3(signature = (nanos, symbol_or_precision, *, signed=false))]
pub(super) fn format_prices<'py>(
    nanos: &Bound<'py, PyAny>,
    symbol_or_precision: &Bound<'py, PyAny>,
    signed: bool,
) -> PyResult<Vec<Option<Bound<'py, PyString>>>> {
    let py = nanos.py();
    let display = display(symbol_or_precision)?;
    let nanos = column::<i64>(nanos)?;
    // Neighbouring prices are mostly equal or near, so a text is looked for in the one place where it can be.
    let places = nanos.len().next_power_of_two().clamp(16, 2_048);
    let mut known: Vec<Option<(i64, Bound<'py, PyString>)>> = vec![None; places];
    let mut text = Vec::with_capacity(32);
    let mut texts = Vec::with_capacity(nanos.len());
    for nanos in nanos {
        if nanos == MISSING_CHANGE {
            texts.push(None);
            continue;
        }
        let place = nanos.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53;
        let Some(known) = known.get_mut(place as usize & (places - 1)) else { continue };
        let found = match known {
            Some((price, found)) if *price == nanos => found.clone(),
            _ => {
                text.clear();
                write_price(nanos, display, signed, &mut text);
                let made = PyString::new(py, std::str::from_utf8(&text).unwrap_or_default());
                *known = Some((nanos, made.clone()));
                made
            }
        };
        texts.push(Some(found));
    }
    Ok(texts)
}

/// The nanos of each text that `parse_price` reads, as a memoryview of 64-bit integers. Raises `EventError`.
#[pyfunction]
pub(super) fn parse_prices<'py>(py: Python<'py>, texts: Vec<PyBackedStr>) -> PyResult<Bound<'py, PyAny>> {
    let prices: Result<Vec<i64>, (usize, &str)> = without_gil(py, || {
        let price = |(row, text): (usize, &PyBackedStr)| crate::display::parse_price(text).map_err(|why| (row, why));
        texts.iter().enumerate().map(price).collect()
    });
    match prices {
        Ok(prices) => view(py, bytemuck::cast_slice(&prices), "q"),
        Err((row, why)) => {
            let text = texts.get(row).map_or_else(String::new, |text| quoted(text));
            Err(raised(py, &EventError::whole(ErrorCode::BadType, format!("row {row}: price {why}, was {text}"))))
        }
    }
}

/// A memoryview of these bytes as numbers of that format.
pub(super) fn view<'py>(py: Python<'py>, bytes: &[u8], format: &str) -> PyResult<Bound<'py, PyAny>> {
    PyMemoryView::from(&PyBytes::new(py, bytes))?.call_method1("cast", (format,))
}

/// The numbers of a buffer.
pub(super) fn column<T: Element + Copy>(values: &Bound<'_, PyAny>) -> PyResult<Vec<T>> {
    // A buffer of nothing may stand anywhere, which a typed one must not.
    match PyBuffer::<T>::get(values) {
        Ok(buffer) => buffer.to_vec(values.py()),
        Err(_) if values.len().is_ok_and(|length| length == 0) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The signal of each net change as a number from 2 to -2, -128 where change or thresholds are missing.
#[pyfunction]
#[pyo3(signature = (changes, thresholds, ids=None))]
pub(super) fn classify_columns<'py>(
    changes: &Bound<'py, PyAny>,
    thresholds: Vec<Option<PyRef<'py, PyThresholds>>>,
    ids: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = changes.py();
    let ladders: Vec<Ladder> = thresholds.iter().map(|it| it.as_ref().map(|it| it.0).into()).collect();
    let changes = column::<i64>(changes)?;
    let ids = ids.map(column::<u32>).transpose()?;
    if ids.as_ref().is_some_and(|ids| ids.len() != changes.len()) {
        return Err(PyValueError::new_err(format!("{} changes need as many ids", changes.len())));
    }
    let signals = without_gil(py, || {
        let mut signals = Vec::with_capacity(changes.len());
        match (ids, ladders.as_slice()) {
            (Some(ids), ladders) => {
                let known = ids.iter().max().is_none_or(|greatest| (*greatest as usize) < ladders.len());
                classify_by_id(&changes, &ids, ladders, &mut signals);
                if known { Ok(signals) } else { Err("an id names no thresholds") }
            }
            (None, [ladder]) => {
                classify_by_one(&changes, ladder, &mut signals);
                Ok(signals)
            }
            (None, _) => Err("without ids there must be one ladder of thresholds"),
        }
    });
    let signals = signals.map_err(PyValueError::new_err)?;
    view(py, bytemuck::cast_slice(&signals), "b")
}

/// The four boundaries of one instrument's signal, in the unit of the changes that will be classified.
#[pyclass(frozen, name = "Thresholds", module = "thor_fast")]
pub(super) struct PyThresholds(pub(super) Thresholds);

#[pymethods]
impl PyThresholds {
    #[new]
    #[pyo3(signature = (*, strong_buy, buy, sell, strong_sell))]
    fn new(
        strong_buy: &Bound<'_, PyAny>,
        buy: &Bound<'_, PyAny>,
        sell: &Bound<'_, PyAny>,
        strong_sell: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let price = |value| nanos(value, None);
        Thresholds::new(price(strong_buy)?, price(buy)?, price(sell)?, price(strong_sell)?)
            .map(Self)
            .ok_or_else(|| PyValueError::new_err("thresholds must fall: strong_buy >= buy >= sell >= strong_sell"))
    }
}

/// STRONG_BUY, BUY, HOLD, SELL or STRONG_SELL for each net change; None where change or thresholds are missing.
#[pyfunction]
pub(super) fn classify_batch(
    changes: Vec<Option<Bound<'_, PyAny>>>,
    thresholds: Vec<Option<PyRef<'_, PyThresholds>>>,
) -> PyResult<Vec<Option<&'static str>>> {
    if changes.len() != thresholds.len() {
        let message = format!("{} changes need as many thresholds, had {}", changes.len(), thresholds.len());
        return Err(PyValueError::new_err(message));
    }
    let mut signals = Vec::with_capacity(changes.len());
    for (change, ladder) in changes.iter().zip(&thresholds) {
        let change = match change.as_ref().map(number).transpose()? {
            Some(Number::Nanos(nanos)) => Some(nanos),
            _ => None,
        };
        signals.push(change.zip(ladder.as_ref()).map(|(change, ladder)| ladder.0.classify(change).as_str()));
    }
    Ok(signals)
}

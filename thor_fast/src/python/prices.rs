//! Prices as text, and the signals of changes.

use arrow_array::{Array, StringArray};
use arrow_buffer::{NullBuffer, OffsetBuffer};
use arrow_schema::ArrowError;
use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::{PyBufferError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyCapsule, PyList, PyMemoryView, PySlice, PyString};

use super::convert::{Number, decimal, each, nanos, number, raised};
use super::registry::display;
use super::without_gil;
use crate::classify::{Ladder, Thresholds, classify_by_id, classify_by_one};
use crate::display::{Display, write_price};
use crate::error::{ErrorCode, EventError, quoted};
use crate::price_column::{MISSING_PRICE, price_lines, price_texts};

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
) -> PyResult<Bound<'py, PyList>> {
    let py = nanos.py();
    let display = display(symbol_or_precision)?;
    let nanos = column::<i64>(nanos)?;
    if mostly_repeated(&nanos) {
        return PyList::new(py, shared_texts(py, &nanos, display, signed));
    }
    let mut lines = without_gil(py, || price_lines(&nanos, display, signed));
    // The last text has no line break after it, as those between texts are what is split at.
    if lines.pop().is_none() {
        return Ok(PyList::empty(py));
    }
    // One text cut by Python itself: half of what a call for each of them would cost.
    let lines = PyString::from_bytes(py, &lines)?;
    let texts = lines.call_method1(intern!(py, "split"), ("\n",))?.cast_into::<PyList>()?;
    for (position, _) in nanos.iter().enumerate().filter(|(_, nanos)| **nanos == MISSING_PRICE) {
        texts.set_item(position, py.None())?;
    }
    Ok(texts)
}

/// Whether a few samples of neighbouring prices are for the most part prices that stand in the sample before.
fn mostly_repeated(nanos: &[i64]) -> bool {
    const SAMPLES: usize = 4;
    const SIZE: usize = 32;
    let step = nanos.len().div_ceil(SAMPLES).max(SIZE);
    let mut looked_at = 0;
    let mut repeated = 0;
    for sample in nanos.chunks(step).map(|part| part.get(..SIZE).unwrap_or(part)) {
        looked_at += sample.len();
        let mut sorted = sample.to_vec();
        sorted.sort_unstable();
        repeated += sorted.iter().zip(sorted.iter().skip(1)).filter(|(one, other)| one == other).count();
    }
    2 * repeated > looked_at
}

/// The texts, equal ones mostly sharing an object: neighbouring prices are mostly equal or near, so a text is looked
/// for in the one place where it can be.
fn shared_texts<'py>(
    py: Python<'py>,
    nanos: &[i64],
    display: Display,
    signed: bool,
) -> Vec<Option<Bound<'py, PyString>>> {
    let places = nanos.len().next_power_of_two().clamp(16, 2_048);
    let mut known: Vec<Option<(i64, Bound<'py, PyString>)>> = vec![None; places];
    let mut text = Vec::with_capacity(32);
    let mut texts = Vec::with_capacity(nanos.len());
    for nanos in nanos {
        if *nanos == MISSING_PRICE {
            texts.push(None);
            continue;
        }
        let place = nanos.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53;
        let Some(known) = known.get_mut(place as usize & (places - 1)) else { continue };
        let found = match known {
            Some((price, found)) if price == nanos => found.clone(),
            _ => {
                text.clear();
                write_price(*nanos, display, signed, &mut text);
                let made = PyString::new(py, std::str::from_utf8(&text).unwrap_or_default());
                *known = Some((*nanos, made.clone()));
                made
            }
        };
        texts.push(Some(found));
    }
    texts
}

/// The texts of `format_prices` as one Arrow array, without a Python object for each; null where the price is -2^63.
#[pyfunction]
#[pyo3(signature = (nanos, symbol_or_precision, *, signed=false))]
pub(super) fn format_price_column(
    nanos: &Bound<'_, PyAny>,
    symbol_or_precision: &Bound<'_, PyAny>,
    signed: bool,
) -> PyResult<PyPriceTexts> {
    let py = nanos.py();
    let display = display(symbol_or_precision)?;
    let nanos = column::<i64>(nanos)?;
    let texts = without_gil(py, || text_array(&nanos, display, signed));
    texts.map(PyPriceTexts).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn text_array(nanos: &[i64], display: Display, signed: bool) -> Result<StringArray, ArrowError> {
    let texts = price_texts(nanos, display, signed);
    let nulls: NullBuffer = nanos.iter().map(|nanos| *nanos != MISSING_PRICE).collect();
    let nulls = Some(nulls).filter(|nulls| nulls.null_count() > 0);
    StringArray::try_new(OffsetBuffer::new(texts.offsets.into()), texts.text.into(), nulls)
}

/// Texts as an Arrow array.
#[pyclass(frozen, name = "PriceTexts", module = "thor_fast")]
pub(super) struct PyPriceTexts(StringArray);

#[pymethods]
impl PyPriceTexts {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn nbytes(&self) -> usize {
        self.0.get_buffer_memory_size()
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // A consumer may ask for another type but must take what it gets.
        let _asked = requested_schema;
        super::arrow::array(py, &self.0)
    }

    fn __repr__(&self) -> String {
        format!("PriceTexts({} texts)", self.0.len())
    }
}

/// The nanos of each text that `parse_price` reads, as a memoryview of 64-bit integers. Raises `EventError`.
#[pyfunction]
pub(super) fn parse_prices<'py>(
    py: Python<'py>,
    #[pyo3(from_py_with = each)] texts: Vec<PyBackedStr>,
) -> PyResult<Bound<'py, PyAny>> {
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
    match PyBuffer::<T>::get(values) {
        Ok(buffer) => buffer.to_vec(values.py()),
        // A buffer of nothing may stand anywhere, which a typed one must not.
        Err(_) if values.len().is_ok_and(|length| length == 0) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The numbers of a buffer, copied a block at a time, for their owner may change them meanwhile: so few that a block is
/// still in the processor's cache when it is used, and so many that taking the interpreter lock again costs nothing.
struct Blocks<'py, T: Element> {
    view: Bound<'py, PyMemoryView>,
    length: usize,
    block: Vec<T>,
}

const BLOCK: usize = 65_536;

impl<'py, T: Element + Copy + Default> Blocks<'py, T> {
    fn of(values: &Bound<'py, PyAny>) -> PyResult<Self> {
        let length = match PyBuffer::<T>::get(values) {
            Ok(buffer) if buffer.dimensions() == 1 => buffer.item_count(),
            Ok(_) => return Err(PyBufferError::new_err("a column has one dimension")),
            // A buffer of nothing may stand anywhere, which a typed one must not.
            Err(_) if values.len().is_ok_and(|length| length == 0) => 0,
            Err(error) => return Err(error),
        };
        Ok(Self { view: PyMemoryView::from(values)?, length, block: vec![T::default(); length.min(BLOCK)] })
    }

    /// The numbers from there on.
    fn next(&mut self, start: usize) -> PyResult<&[T]> {
        let py = self.view.py();
        let (end, rest) = ((start + BLOCK).min(self.length), self.length.saturating_sub(start));
        self.block.truncate(rest);
        if !self.block.is_empty() {
            let part = self.view.get_item(PySlice::new(py, start.cast_signed(), end.cast_signed(), 1))?;
            PyBuffer::<T>::get(&part)?.copy_to_slice(py, &mut self.block)?;
        }
        Ok(&self.block)
    }
}

/// The signal of each net change as a number from 2 to -2, -128 where change or thresholds are missing.
#[pyfunction]
#[pyo3(signature = (changes, thresholds, ids=None))]
pub(super) fn classify_columns<'py>(
    changes: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = each)] thresholds: Vec<Option<PyRef<'py, PyThresholds>>>,
    ids: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = changes.py();
    let ladders: Vec<Ladder> = thresholds.iter().map(|it| it.as_ref().map(|it| it.0).into()).collect();
    let mut changes = Blocks::<i64>::of(changes)?;
    let mut ids = ids.map(Blocks::<u32>::of).transpose()?;
    if ids.as_ref().is_some_and(|ids| ids.length != changes.length) {
        return Err(PyValueError::new_err(format!("{} changes need as many ids", changes.length)));
    }
    if ids.is_none() && ladders.len() != 1 {
        return Err(PyValueError::new_err("without ids there must be one ladder of thresholds"));
    }
    let signals = PyBytes::new_with(py, changes.length, |signals| {
        for (signals, start) in signals.chunks_mut(BLOCK).zip((0..).step_by(BLOCK)) {
            let signals: &mut [i8] = bytemuck::must_cast_slice_mut(signals);
            let changes = changes.next(start)?;
            let known = match (&mut ids, ladders.as_slice()) {
                (Some(ids), ladders) => {
                    let ids = ids.next(start)?;
                    without_gil(py, || classify_by_id(changes, ids, ladders, signals))
                }
                (None, [ladder, ..]) => without_gil(py, || classify_by_one(changes, ladder, signals)),
                (None, []) => false,
            };
            if !known {
                return Err(PyValueError::new_err("an id names no thresholds"));
            }
        }
        Ok(())
    })?;
    PyMemoryView::from(&signals)?.call_method1("cast", ("b",))
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
    #[pyo3(from_py_with = each)] changes: Vec<Option<Bound<'_, PyAny>>>,
    #[pyo3(from_py_with = each)] thresholds: Vec<Option<PyRef<'_, PyThresholds>>>,
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

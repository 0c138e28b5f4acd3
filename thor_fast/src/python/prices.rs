//! Prices as text, and the signals of changes.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::convert::{Number, decimal, nanos, number, raised};
use super::registry::display;
use crate::classify::Thresholds;
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

/// The four boundaries of one instrument's signal, in the unit of the changes that will be classified.
#[pyclass(frozen, name = "Thresholds", module = "thor_fast")]
pub(super) struct PyThresholds(Thresholds);

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

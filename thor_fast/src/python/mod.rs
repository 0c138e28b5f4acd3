//! The Python module `thor_fast._core`: a thin shell that converts, calls the core and converts back.
//!
//! What a process registers (sources, displays) lives here and is handed to the core as an argument.

mod arrow;
mod backtest;
mod backtest_figures;
mod backtest_series;
mod backtest_strategy;
mod bars;
mod batch;
mod convert;
mod event;
mod heard;
mod history;
mod kept;
mod latency;
mod levels;
mod market;
mod market_columns;
mod merge;
mod prices;
mod registry;
mod replies;
mod schwab;
mod sheet;
mod snapshot;
mod stream_merge;
mod ticks;
mod timeline;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::error::{ERROR_CODES, ERROR_FIELDS};
use crate::event::FIELDS;
use crate::merge::REASONS;

/// The one place where the interpreter lock is released: for work on whole batches, which touches no Python object.
fn without_gil<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    py.detach(work)
}

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add("EventError", convert::event_error_type(py)?)?;
    module.add("ERROR_CODES", error_codes(py)?)?;
    module.add("ERROR_FIELDS", error_fields(py)?)?;
    module.add("EVENT_FIELDS", event_fields(py)?)?;
    module.add("MERGE_REASONS", merge_reasons(py)?)?;
    module.add("QUALITY_CHECKS", history::quality_checks(py)?)?;
    module.add("MARKET_PHASES", timeline::market_phases(py)?)?;
    module.add_class::<event::PyQuoteEvent>()?;
    module.add_class::<batch::PyReject>()?;
    module.add_class::<batch::PyQuoteBatch>()?;
    module.add_class::<bars::PyBars>()?;
    module.add_class::<ticks::PyTicks>()?;
    module.add_class::<ticks::PyNarrowTicks>()?;
    module.add_class::<history::PyQuality>()?;
    module.add_class::<history::PyWeightedBars>()?;
    module.add_class::<ticks::PyCopyReader>()?;
    module.add_class::<merge::PyDecision>()?;
    module.add_class::<merge::PyMergePolicy>()?;
    module.add_class::<prices::PyThresholds>()?;
    module.add_class::<prices::PyPriceTexts>()?;
    module.add_class::<replies::PyReplyReader>()?;
    module.add_class::<replies::PyReplies>()?;
    module.add_class::<replies::PyStreamEntries>()?;
    module.add_class::<stream_merge::PyStreamMerge>()?;
    module.add_class::<stream_merge::PyMergeStep>()?;
    module.add_class::<latency::PyHistogram>()?;
    module.add_class::<levels::PyLevelWatch>()?;
    module.add_class::<timeline::PyMarketTimeline>()?;
    module.add_class::<timeline::PyMarketReading>()?;
    module.add_function(wrap_pyfunction!(replies::pack, module)?)?;
    module.add_function(wrap_pyfunction!(replies::pack_xadd, module)?)?;
    module.add_class::<sheet::PyRowReader>()?;
    module.add_class::<schwab::PySchwabFrames>()?;
    module.add_class::<schwab::PySchwabFrame>()?;
    module.add_function(wrap_pyfunction!(sheet::read_cell, module)?)?;
    module.add_class::<market::PyEnricher>()?;
    module.add_class::<market::PyInstrumentRules>()?;
    module.add_class::<market::PySignalLadder>()?;
    module.add_class::<market::PyCompositeBounds>()?;
    module.add_function(wrap_pyfunction!(event::parse_event, module)?)?;
    module.add_function(wrap_pyfunction!(batch::parse_batch, module)?)?;
    module.add_function(wrap_pyfunction!(registry::register_source, module)?)?;
    module.add_function(wrap_pyfunction!(registry::registered_sources, module)?)?;
    module.add_function(wrap_pyfunction!(registry::register_display, module)?)?;
    module.add_function(wrap_pyfunction!(prices::format_price, module)?)?;
    module.add_function(wrap_pyfunction!(prices::parse_price, module)?)?;
    module.add_function(wrap_pyfunction!(prices::format_prices, module)?)?;
    module.add_function(wrap_pyfunction!(prices::format_price_column, module)?)?;
    module.add_function(wrap_pyfunction!(prices::parse_prices, module)?)?;
    module.add_function(wrap_pyfunction!(prices::classify_batch, module)?)?;
    module.add_function(wrap_pyfunction!(prices::classify_columns, module)?)?;
    backtest::add(module)?;
    backtest_series::add(module)?;
    backtest_strategy::add(module)?;
    backtest_figures::add(module)?;
    market_columns::add(module)?;
    heard::add(module)?;
    module.add_function(wrap_pyfunction!(history::check_quality, module)?)?;
    module.add_function(wrap_pyfunction!(history::bars_in_order, module)?)?;
    module.add_function(wrap_pyfunction!(ticks::distinct_intervals, module)?)?;
    module.add_class::<snapshot::PyRecords>()?;
    module.add_function(wrap_pyfunction!(snapshot::join_records, module)?)?;
    Ok(())
}

fn error_codes(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let codes = PyDict::new(py);
    for (_, code, meaning) in ERROR_CODES {
        codes.set_item(code, meaning)?;
    }
    Ok(codes)
}

fn error_fields(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let table = PyDict::new(py);
    for (_, code, fields) in ERROR_FIELDS {
        table.set_item(code, PyTuple::new(py, *fields)?)?;
    }
    Ok(table)
}

fn event_fields(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    let rows = FIELDS.iter().map(|spec| (spec.name, spec.attribute, spec.need.as_str(), spec.stored, spec.accepted));
    PyTuple::new(py, rows.collect::<Vec<_>>())
}

fn merge_reasons(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let reasons = PyDict::new(py);
    for (_, reason, _, meaning) in REASONS {
        reasons.set_item(reason, meaning)?;
    }
    Ok(reasons)
}

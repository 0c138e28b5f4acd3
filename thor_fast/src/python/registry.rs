//! What a process has registered: the sources an event may name, and how each symbol's prices are shown.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::convert;
use crate::display::{Display, MAX_DECIMALS};
use crate::symbol::{Sources, Symbol};

static SOURCES: LazyLock<RwLock<Arc<Sources>>> = LazyLock::new(|| RwLock::new(Arc::new(Sources::built_in())));
static REGISTRATIONS: AtomicUsize = AtomicUsize::new(0);
static DISPLAYS: LazyLock<RwLock<HashMap<Symbol, Display>>> = LazyLock::new(RwLock::default);

/// The sources as they are now.
pub(super) fn sources() -> Arc<Sources> {
    Arc::clone(&SOURCES.read().unwrap_or_else(PoisonError::into_inner))
}

/// The sources as they were when someone last asked, looked up anew only when one was registered since.
pub(super) struct SeenSources {
    sources: Arc<Sources>,
    registrations: usize,
}

impl Default for SeenSources {
    fn default() -> Self {
        // Counted before it is looked: one that is registered in between is found the next time.
        Self { registrations: REGISTRATIONS.load(Ordering::Acquire), sources: sources() }
    }
}

impl SeenSources {
    /// The sources as they are now.
    #[inline]
    pub(super) fn now(&mut self) -> &Sources {
        if REGISTRATIONS.load(Ordering::Acquire) != self.registrations {
            *self = Self::default();
        }
        &self.sources
    }
}

/// How a symbol or a precision is shown.
pub(super) fn display(symbol_or_precision: &Bound<'_, PyAny>) -> PyResult<Display> {
    let Ok(text) = symbol_or_precision.extract::<&str>() else {
        return decimals(symbol_or_precision);
    };
    if text == "32nds" {
        return Ok(Display::ThirtySeconds);
    }
    let symbol = convert::symbol(text)?;
    let displays = DISPLAYS.read().unwrap_or_else(PoisonError::into_inner);
    Ok(displays.get(&symbol).copied().unwrap_or(Display::Exact))
}

fn decimals(precision: &Bound<'_, PyAny>) -> PyResult<Display> {
    match precision.extract::<i64>().map(u8::try_from)? {
        Ok(decimals) if decimals <= MAX_DECIMALS => Ok(Display::Decimals(decimals)),
        _ => Err(PyValueError::new_err("a precision is a number of decimals from 0 to 9, or \"32nds\"")),
    }
}

/// Lets events of this process name a source `[A-Z][A-Z0-9_]{0,15}`; again is harmless. Raises `ValueError`.
#[pyfunction]
pub(super) fn register_source(name: &str) -> PyResult<()> {
    let source = convert::source(name)?;
    let mut sources = SOURCES.write().unwrap_or_else(PoisonError::into_inner);
    *sources = Arc::new(sources.with(source));
    REGISTRATIONS.fetch_add(1, Ordering::Release);
    Ok(())
}

/// The sources that events may name: TOS, SCHWAB, MOCK, then the registered ones.
#[pyfunction]
pub(super) fn registered_sources() -> Vec<String> {
    sources().as_slice().iter().map(ToString::to_string).collect()
}

/// Sets how a symbol's prices are shown: 0 to 9 decimals, or "32nds". Raises `ValueError`.
#[pyfunction]
pub(super) fn register_display(symbol: &str, display: &Bound<'_, PyAny>) -> PyResult<()> {
    let symbol = convert::symbol(symbol)?;
    let display = match display.extract::<&str>() {
        Ok("32nds") => Display::ThirtySeconds,
        Ok(_) => return Err(PyValueError::new_err("a display is a number of decimals from 0 to 9, or \"32nds\"")),
        Err(_) => decimals(display)?,
    };
    DISPLAYS.write().unwrap_or_else(PoisonError::into_inner).insert(symbol, display);
    Ok(())
}

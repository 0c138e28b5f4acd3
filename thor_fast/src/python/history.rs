//! `check_quality`, `bars_in_order`: kernels over tables whose rows are in order, such as partitions of the lake.

use std::borrow::Cow;
use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, Decimal128Array, Int64Array, PrimitiveArray, RecordBatch, TimestampMicrosecondArray,
};
use arrow_schema::{ArrowError, DataType, Field as Column, Schema};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};

use super::arrow::{self, TextColumn};
use super::convert::symbol as canonical;
use super::prices::view;
use super::without_gil;
use crate::history::{BarMaker, Weighted};
use crate::quality::{Block, CHECKS, Checker, MISSING, NO_SIZE, Report, Rules, usual_change};
use crate::ticks::Texts;

const SCALE: i8 = 9;
const WIDE: u8 = 19;
/// Rows whose columns stay near the processor from one step to the next.
const BLOCK: usize = 8_192;

/// The checks in the order of their bits.
pub(super) fn quality_checks(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let checks = PyDict::new(py);
    for (name, meaning) in CHECKS {
        checks.set_item(name, meaning)?;
    }
    Ok(checks)
}

/// What the checks found in one symbol's ticks of a day.
#[pyclass(frozen, name = "Quality", module = "thor_fast")]
pub(super) struct PyQuality(Report);

#[pymethods]
impl PyQuality {
    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = PyDict::new(py);
        for ((name, _), count) in CHECKS.iter().zip(self.0.counts) {
            counts.set_item(name, count)?;
        }
        Ok(counts)
    }

    #[getter]
    fn flags<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        view(py, bytemuck::cast_slice(&self.0.flags), "H")
    }

    #[getter]
    fn gaps(&self) -> Vec<(i64, i64)> {
        self.0.gaps.clone()
    }

    fn __len__(&self) -> usize {
        self.0.flags.len()
    }

    fn __repr__(&self) -> String {
        format!("Quality({} rows)", self.0.flags.len())
    }
}

/// Ten checks over one symbol's rows of a day, which must be in order of ts.
#[pyfunction]
#[pyo3(signature = (data, open_us, *, tick_nanos, gap_us, stale_us, outlier_factor))]
pub(super) fn check_quality(
    data: &Bound<'_, PyAny>,
    open_us: Vec<(i64, i64)>,
    tick_nanos: i64,
    gap_us: i64,
    stale_us: i64,
    outlier_factor: i64,
) -> PyResult<PyQuality> {
    let rules = Rules { tick: tick_nanos, open: open_us, gap_us, stale_us, outlier_factor };
    with_batch(data, |batch| {
        let prices = [Prices::of(batch, "last")?, Prices::of(batch, "bid")?, Prices::of(batch, "ask")?];
        let sizes = [sizes(batch, "last_size")?, sizes(batch, "bid_size")?, sizes(batch, "ask_size")?];
        let (ts_us, seq, source) = (instants(batch)?, numbers(batch, "seq")?, codes(batch, "source")?);
        let mut checker = Checker::new(rules.clone(), usual_change(ts_us.len(), |row| prices[0].get(row)));
        let mut blocks = [const { Vec::new() }; 3];
        for start in (0..ts_us.len()).step_by(BLOCK) {
            let part = start..(start + BLOCK).min(ts_us.len());
            for (column, block) in prices.iter().zip(&mut blocks) {
                column.fill(part.clone(), block)?;
            }
            let block = Block {
                ts_us: ts_us.get(part.clone()).unwrap_or_default(),
                prices: [&blocks[0], &blocks[1], &blocks[2]],
                sizes: [0, 1, 2].map(|which: usize| sizes[which].get(part.clone()).unwrap_or_default()),
                seq: seq.get(part.clone()).unwrap_or_default(),
                source: source.as_deref().and_then(|source| source.get(part.clone())),
            };
            if !checker.look(&block) {
                return Err(ArrowError::ComputeError("the columns are not of one length".to_owned()));
            }
        }
        Ok(PyQuality(checker.finish()))
    })
}

/// Bars of one symbol's rows, which must be in order, with their volume-weighted average.
#[pyfunction]
pub(super) fn bars_in_order(data: &Bound<'_, PyAny>, symbol: &str, interval_us: i64) -> PyResult<PyWeightedBars> {
    let maker = BarMaker::new(canonical(symbol)?, interval_us);
    let mut maker = maker.ok_or_else(|| PyValueError::new_err("an interval must be above 0"))?;
    with_batch(data, move |batch| {
        let (ts_us, last, size) = (instants(batch)?, Prices::of(batch, "last")?, sizes(batch, "last_size")?);
        let mut block = Vec::with_capacity(BLOCK);
        for start in (0..ts_us.len()).step_by(BLOCK) {
            let part = start..(start + BLOCK).min(ts_us.len());
            last.fill(part.clone(), &mut block)?;
            let (ts_us, size) = (ts_us.get(part.clone()).unwrap_or_default(), size.get(part).unwrap_or_default());
            if !maker.look(ts_us, &block, size) {
                return Err(ArrowError::ComputeError("the columns are not of one length".to_owned()));
            }
        }
        Ok(PyWeightedBars(maker.finish()))
    })
}

/// Bars of one symbol with their volume-weighted average price.
#[pyclass(frozen, name = "WeightedBars", module = "thor_fast")]
pub(super) struct PyWeightedBars(Vec<Weighted>);

#[pymethods]
impl PyWeightedBars {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A consumer may ask for other types but must take what it gets.
        let _asked = requested_schema;
        let stream = arrow::stream(bars_batch(&self.0).map_err(|error| PyValueError::new_err(error.to_string()))?);
        PyCapsule::new_with_value(py, stream, arrow::STREAM_NAME)
    }

    fn __repr__(&self) -> String {
        format!("WeightedBars({} bars)", self.0.len())
    }
}

fn bars_batch(bars: &[Weighted]) -> Result<RecordBatch, ArrowError> {
    let starts: TimestampMicrosecondArray = bars.iter().map(|weighted| Some(weighted.bar.start_us)).collect();
    let price = |of: fn(&Weighted) -> Option<i64>| -> Result<ArrayRef, ArrowError> {
        let nanos: Decimal128Array = bars.iter().map(|weighted| of(weighted).map(i128::from)).collect();
        Ok(Arc::new(nanos.with_precision_and_scale(WIDE, SCALE)?))
    };
    let count = |of: fn(&Weighted) -> i64| -> ArrayRef {
        Arc::new(bars.iter().map(|weighted| Some(of(weighted))).collect::<Int64Array>())
    };
    let columns: [(&str, ArrayRef, bool); 8] = [
        ("start", Arc::new(starts.with_timezone("UTC")), false),
        ("open", price(|weighted| Some(weighted.bar.open))?, false),
        ("high", price(|weighted| Some(weighted.bar.high))?, false),
        ("low", price(|weighted| Some(weighted.bar.low))?, false),
        ("close", price(|weighted| Some(weighted.bar.close))?, false),
        ("volume", count(|weighted| weighted.bar.volume), false),
        ("events", count(|weighted| weighted.bar.events), false),
        ("vwap", price(Weighted::vwap)?, true),
    ];
    let fields: Vec<Column> = columns
        .iter()
        .map(|(name, array, nullable)| Column::new(*name, array.data_type().clone(), *nullable))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array, _)| array).collect())
}

/// Does the work on a table of at most one record batch, with the interpreter's lock released.
pub(super) fn with_batch<T: Send>(
    data: &Bound<'_, PyAny>,
    work: impl FnOnce(&RecordBatch) -> Result<T, ArrowError> + Send,
) -> PyResult<T> {
    let py = data.py();
    let capsule = data.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
    let stream = arrow::take_over(&capsule)?;
    // A foreign library's mistake must not go further than an exception.
    let done = without_gil(py, || {
        std::panic::catch_unwind(AssertUnwindSafe(|| {
            let stream = stream?;
            let empty = RecordBatch::new_empty(arrow_array::RecordBatchReader::schema(&stream));
            let mut batches = stream.collect::<Result<Vec<_>, _>>()?;
            batches.retain(|batch| batch.num_rows() > 0);
            match &batches[..] {
                [] => work(&empty),
                [batch] => work(batch),
                _ => Err(ArrowError::ComputeError(
                    "the table must be one chunk: combine_chunks() makes it so".to_owned(),
                )),
            }
        }))
        .unwrap_or_else(|_| Err(ArrowError::CDataInterface("the stream is not as Arrow defines it".to_owned())))
    });
    done.map_err(|error| PyValueError::new_err(error.to_string()))
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, ArrowError> {
    batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("the column {name} is missing")))
}

fn wrong(name: &str, was: &ArrayRef) -> ArrowError {
    ArrowError::SchemaError(format!("the column {name} has another type than ticks have, {}", was.data_type()))
}

fn instants(batch: &RecordBatch) -> Result<Cow<'_, [i64]>, ArrowError> {
    let array = column(batch, "ts")?;
    let instants = array.as_primitive_opt::<TimestampMicrosecondType>().filter(|instants| instants.null_count() == 0);
    instants.map(|instants| Cow::Borrowed(&instants.values()[..])).ok_or_else(|| wrong("ts", array))
}

fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Result<Cow<'a, [i64]>, ArrowError> {
    let array = column(batch, name)?;
    if *array.data_type() == DataType::Null {
        return Ok(Cow::Owned(vec![MISSING; array.len()]));
    }
    let numbers = array.as_primitive_opt::<Int64Type>().ok_or_else(|| wrong(name, array))?;
    Ok(if numbers.null_count() == 0 {
        Cow::Borrowed(&numbers.values()[..])
    } else {
        Cow::Owned(numbers.iter().map(|number| number.unwrap_or(MISSING)).collect())
    })
}

/// A column of prices, as decimals or in nanos.
enum Prices<'a> {
    Decimals(&'a PrimitiveArray<Decimal128Type>),
    Nanos(Cow<'a, [i64]>),
}

impl<'a> Prices<'a> {
    fn of(batch: &'a RecordBatch, name: &str) -> Result<Self, ArrowError> {
        let array = column(batch, name)?;
        let Some(decimals) = array.as_primitive_opt::<Decimal128Type>() else {
            return numbers(batch, name).map(Self::Nanos);
        };
        match decimals.data_type() {
            DataType::Decimal128(_, SCALE) => Ok(Self::Decimals(decimals)),
            _ => Err(wrong(name, array)),
        }
    }

    fn get(&self, row: usize) -> Option<i64> {
        match self {
            Self::Decimals(decimals) if row < decimals.len() && decimals.is_valid(row) => {
                i64::try_from(decimals.value(row)).ok()
            }
            Self::Decimals(_) => None,
            Self::Nanos(nanos) => nanos.get(row).copied().filter(|nanos| *nanos != MISSING),
        }
    }

    /// Puts the nanos of some rows, [`MISSING`] where there are none, in the place of what is there.
    fn fill(&self, rows: Range<usize>, nanos: &mut Vec<i64>) -> Result<(), ArrowError> {
        nanos.clear();
        let decimals = match self {
            Self::Decimals(decimals) => decimals,
            Self::Nanos(column) => {
                nanos.extend_from_slice(column.get(rows).unwrap_or_default());
                return Ok(());
            }
        };
        let values = decimals.values().get(rows.clone()).unwrap_or_default();
        let mut beyond = false;
        #[allow(clippy::cast_possible_truncation, reason = "what does not fit is noticed")]
        nanos.extend(values.iter().map(|value| {
            let narrow = *value as i64;
            beyond |= i128::from(narrow) != *value;
            narrow
        }));
        if beyond {
            return Err(ArrowError::ComputeError("a price does not fit 64 bits of 1e-9".to_owned()));
        }
        if decimals.null_count() > 0 {
            for (row, value) in rows.zip(nanos.iter_mut()) {
                if decimals.is_null(row) {
                    *value = MISSING;
                }
            }
        }
        Ok(())
    }
}

fn sizes<'a>(batch: &'a RecordBatch, name: &str) -> Result<Cow<'a, [i32]>, ArrowError> {
    let array = column(batch, name)?;
    if *array.data_type() == DataType::Null {
        return Ok(Cow::Owned(vec![NO_SIZE; array.len()]));
    }
    let sizes = array.as_primitive_opt::<Int32Type>().ok_or_else(|| wrong(name, array))?;
    if sizes.null_count() == 0 {
        return Ok(Cow::Borrowed(&sizes.values()[..]));
    }
    let mut known = sizes.values().to_vec();
    missing(sizes, &mut known, NO_SIZE);
    Ok(Cow::Owned(known))
}

/// Puts a value where there is none.
fn missing<T: arrow_array::types::ArrowPrimitiveType, V: Copy>(array: &PrimitiveArray<T>, values: &mut [V], none: V) {
    if let Some(nulls) = array.nulls() {
        for (value, valid) in values.iter_mut().zip(nulls.iter()) {
            if !valid {
                *value = none;
            }
        }
    }
}

/// A small number for each different text; nothing where all are one.
fn codes(batch: &RecordBatch, name: &str) -> Result<Option<Vec<u32>>, ArrowError> {
    let array = column(batch, name)?;
    if array.as_any_dictionary_opt().is_some_and(|coded| coded.values().len() == 1) {
        return Ok(None);
    }
    let texts = TextColumn::of(array.as_ref()).ok_or_else(|| wrong(name, array))?;
    let mut numbers = Texts::default();
    let number = |row| texts.get(row).map_or(0, |text| numbers.number(text));
    Ok(Some((0..array.len()).map(number).collect()))
}

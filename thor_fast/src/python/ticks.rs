//! `Ticks`, `CopyReader`, and what the store needs of batches.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt32Type,
};
use arrow_array::{
    Array, ArrayRef, Decimal64Array, Decimal128Array, DictionaryArray, PrimitiveArray, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow_schema::{ArrowError, DataType, Field as Column, Schema, TimeUnit};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use super::arrow::{self, TextColumn};
use super::batch::PyQuoteBatch;
use super::convert::raised;
use super::without_gil;
use crate::copy_read::{CopyFault, CopyReader};
use crate::ticks::{Has, Texts, Tick, Ticks};

/// Decimals of a price column.
const SCALE: i8 = 9;
/// Digits that fit a 64-bit integer wherever decimals are stored as one, and those that hold every price.
const NARROW: u8 = 18;
const WIDE: u8 = 19;
const NARROW_LIMIT: u64 = 1_000_000_000_000_000_000;

/// The start of every interval with an event, rising, microseconds UTC; none for an interval that is not above 0.
#[pyfunction]
pub(super) fn distinct_intervals(py: Python<'_>, batch: &PyQuoteBatch, interval_us: i64) -> Vec<i64> {
    without_gil(py, || crate::intervals::distinct_intervals(&batch.batch, interval_us))
}

/// Rows of the ticks table as columns.
#[pyclass(frozen, name = "Ticks", module = "thor_fast")]
pub(super) struct PyTicks(pub(super) Ticks);

#[pymethods]
impl PyTicks {
    #[staticmethod]
    fn from_arrow(data: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = data.py();
        let capsule = data.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
        let stream = arrow::take_over(&capsule)?;
        // A foreign library's mistake must not go further than an exception.
        let read = without_gil(py, || {
            std::panic::catch_unwind(AssertUnwindSafe(|| {
                let mut ticks = Ticks::default();
                for batch in stream? {
                    read_batch(&batch?, &mut ticks)?;
                }
                Ok(ticks)
            }))
            .unwrap_or_else(|_| Err(ArrowError::CDataInterface("the stream is not as Arrow defines it".to_owned())))
        });
        read.map(Self).map_err(|error: ArrowError| PyValueError::new_err(error.to_string()))
    }

    #[staticmethod]
    #[pyo3(signature = (parts, threads=1))]
    fn split(py: Python<'_>, parts: Vec<PyRef<'_, Self>>, threads: usize) -> Vec<(String, Self)> {
        let parts: Vec<&Ticks> = parts.iter().map(|part| &part.0).collect();
        let split = without_gil(py, || split(&parts, threads.clamp(1, 64)));
        split.into_iter().map(|(symbol, ticks)| (symbol, Self(ticks))).collect()
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // A consumer may ask for other types but must take what it gets.
        let _asked = requested_schema;
        exported(py, &self.0, false)
    }

    fn narrow(slf: Py<Self>) -> PyNarrowTicks {
        PyNarrowTicks(slf)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn symbols(&self) -> Vec<String> {
        let mut symbols: Vec<String> =
            self.0.parts().symbol.0.texts().iter().map(|symbol| symbol.to_string()).collect();
        symbols.sort_unstable();
        symbols
    }

    #[getter]
    fn wide(&self) -> bool {
        precision(&self.0) == WIDE
    }

    fn digest(&self, py: Python<'_>) -> String {
        format!("{:032x}", without_gil(py, || self.0.digest()))
    }

    #[pyo3(signature = (threads=1))]
    fn by_symbol(&self, py: Python<'_>, threads: usize) -> Vec<(String, Self)> {
        let parts = without_gil(py, || split(&[&self.0], threads.clamp(1, 64)));
        parts.into_iter().map(|(symbol, ticks)| (symbol, Self(ticks))).collect()
    }

    fn to_events(&self, py: Python<'_>) -> PyResult<PyQuoteBatch> {
        let events = without_gil(py, || self.0.to_events());
        events.map(|columns| PyQuoteBatch::of(columns.into())).map_err(|error| raised(py, &error))
    }

    fn __repr__(&self) -> String {
        format!("Ticks({} rows)", self.0.len())
    }
}

/// The same rows with prices of 64 bits, for who writes them out.
#[pyclass(frozen, name = "NarrowTicks", module = "thor_fast")]
pub(super) struct PyNarrowTicks(Py<PyTicks>);

#[pymethods]
impl PyNarrowTicks {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _asked = requested_schema;
        exported(py, &self.0.get().0, true)
    }
}

/// The rows as a capsule with an Arrow stream.
fn exported<'py>(py: Python<'py>, ticks: &Ticks, narrow: bool) -> PyResult<Bound<'py, PyCapsule>> {
    let batch = without_gil(py, || record_batch(ticks, narrow));
    let stream = arrow::stream(batch.map_err(|error| PyValueError::new_err(error.to_string()))?);
    PyCapsule::new_with_value(py, stream, arrow::STREAM_NAME)
}

/// Each symbol's rows of all parts in order, gathered by several threads; of rows with one key the last stands.
fn split(parts: &[&Ticks], threads: usize) -> Vec<(String, Ticks)> {
    let mut rows: BTreeMap<Arc<str>, Vec<(&Ticks, Vec<u32>)>> = BTreeMap::new();
    for part in parts {
        for (symbol, of_symbol) in part.rows_by_symbol() {
            rows.entry(symbol).or_default().push((part, of_symbol));
        }
    }
    let (waiting, done) = (Mutex::new(rows), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_first();
                    let Some((symbol, places)) = next else { break };
                    let mut ticks = Ticks::default();
                    ticks.reserve(places.iter().map(|(_, rows)| rows.len()).sum());
                    places.iter().for_each(|(part, rows)| ticks.append(part, rows));
                    let ordered = ticks.ordered();
                    done.lock().unwrap_or_else(PoisonError::into_inner).insert(symbol.to_string(), ordered);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().collect()
}

/// Reads what a `COPY … TO STDOUT (FORMAT binary)` of the twelve columns of ticks sends.
#[pyclass(frozen, name = "CopyReader", module = "thor_fast")]
pub(super) struct PyCopyReader(Mutex<Option<CopyReader>>);

impl PyCopyReader {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut CopyReader) -> Result<T, CopyFault> + Send,
    ) -> PyResult<T> {
        let done = without_gil(py, || {
            let mut reader = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            reader.as_mut().map(work)
        });
        done.ok_or_else(|| PyRuntimeError::new_err("the reader has finished"))?.map_err(fault)
    }
}

fn fault(fault: CopyFault) -> PyErr {
    PyValueError::new_err(match fault {
        CopyFault::Malformed(what) => what,
        CopyFault::Server(code, message) => format!("Postgres: {message} (SQLSTATE {code})"),
    })
}

#[pymethods]
impl PyCopyReader {
    #[new]
    fn new() -> Self {
        Self(Mutex::new(Some(CopyReader::default())))
    }

    fn feed_wire(&self, py: Python<'_>, data: PyBuffer<u8>) -> PyResult<bool> {
        let bytes = data.to_vec(py)?;
        self.with(py, |reader| reader.feed_wire(&bytes))
    }

    fn feed_rows(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        self.with(py, |reader| reader.feed_rows(data))
    }

    fn finish(&self, py: Python<'_>) -> PyResult<PyTicks> {
        let reader = without_gil(py, || self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
        let reader = reader.ok_or_else(|| PyRuntimeError::new_err("the reader has finished"))?;
        reader.finish().map(PyTicks).map_err(fault)
    }
}

fn precision(ticks: &Ticks) -> u8 {
    let wide = ticks.parts().prices.iter().flatten().any(|price| price.unsigned_abs() >= NARROW_LIMIT);
    if wide { WIDE } else { NARROW }
}

/// The rows as one record batch with the columns of the table; texts are dictionaries. Prices have 128 bits, or where they
/// are to be narrow, and none is wide, 64.
fn record_batch(ticks: &Ticks, narrow: bool) -> Result<RecordBatch, ArrowError> {
    let parts = ticks.parts();
    let nulls = |of: Has| {
        let bits = BooleanBuffer::new(Buffer::from_vec(ticks.validity(of)), 0, ticks.len());
        Some(NullBuffer::new(bits)).filter(|nulls| nulls.null_count() > 0)
    };
    let precision = precision(ticks);
    let price = |which: usize, of: Has| -> Result<ArrayRef, ArrowError> {
        let nanos = parts.prices.get(which).map_or(&[][..], Vec::as_slice);
        if narrow && precision == NARROW {
            let prices = Decimal64Array::try_new(nanos.to_vec().into(), nulls(of))?;
            return Ok(Arc::new(prices.with_precision_and_scale(precision, SCALE)?));
        }
        let prices = Decimal128Array::try_new(nanos.iter().map(|nanos| i128::from(*nanos)).collect(), nulls(of))?;
        Ok(Arc::new(prices.with_precision_and_scale(precision, SCALE)?))
    };
    let size = |which: usize, of: Has| -> Result<ArrayRef, ArrowError> {
        let sizes = parts.sizes.get(which).cloned().unwrap_or_default();
        Ok(Arc::new(PrimitiveArray::<Int32Type>::try_new(sizes.into(), nulls(of))?))
    };
    let text = |(texts, ids): (&Texts, &[u32]), nulls: Option<NullBuffer>| -> Result<ArrayRef, ArrowError> {
        // Where every row is null there is no text for a key to name, but the keys stand there all the same.
        let texts: StringArray = match texts.texts() {
            [] => [Some("")].into_iter().collect(),
            texts => texts.iter().map(|text| Some(&**text)).collect(),
        };
        let keys = UInt32Array::try_new(ids.to_vec().into(), nulls)?;
        Ok(Arc::new(DictionaryArray::<UInt32Type>::try_new(keys, Arc::new(texts))?))
    };
    let ts = TimestampMicrosecondArray::try_new(parts.ts_us.to_vec().into(), None)?.with_timezone("UTC");
    let columns: [(&str, ArrayRef, bool); 12] = [
        ("symbol", text(parts.symbol, None)?, false),
        ("ts", Arc::new(ts), false),
        ("last", price(0, Has::Last)?, true),
        ("bid", price(1, Has::Bid)?, true),
        ("ask", price(2, Has::Ask)?, true),
        ("last_size", size(0, Has::LastSize)?, true),
        ("bid_size", size(1, Has::BidSize)?, true),
        ("ask_size", size(2, Has::AskSize)?, true),
        ("source", text(parts.source, None)?, false),
        ("cond", text(parts.cond, nulls(Has::Cond))?, true),
        ("seq", Arc::new(PrimitiveArray::<Int64Type>::try_new(parts.seq.to_vec().into(), nulls(Has::Seq))?), true),
        ("extra", text(parts.extra, nulls(Has::Extra))?, true),
    ];
    let fields: Vec<Column> = columns
        .iter()
        .map(|(name, array, nullable)| Column::new(*name, array.data_type().clone(), *nullable))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array, _)| array).collect())
}

fn wrong(name: &str, wanted: &str, was: &DataType) -> ArrowError {
    ArrowError::SchemaError(format!("the column {name} must be {wanted}, was {was}"))
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array, ArrowError> {
    let array = batch.column_by_name(name).map(AsRef::as_ref);
    array.ok_or_else(|| ArrowError::SchemaError(format!("the column {name} is missing")))
}

/// A column of numbers; nothing where every row of it is null.
fn numbers<'a, T: ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &str,
) -> Result<Option<&'a PrimitiveArray<T>>, ArrowError> {
    let array = column(batch, name)?;
    if *array.data_type() == DataType::Null {
        return Ok(None);
    }
    let numbers = array.as_primitive_opt::<T>();
    numbers.map(Some).ok_or_else(|| wrong(name, &T::DATA_TYPE.to_string(), array.data_type()))
}

fn prices<'a>(batch: &'a RecordBatch, name: &str) -> Result<Option<&'a PrimitiveArray<Decimal128Type>>, ArrowError> {
    let found = numbers::<Decimal128Type>(batch, name)?;
    match found.map(Array::data_type) {
        Some(other) if !matches!(other, DataType::Decimal128(_, SCALE)) => {
            Err(wrong(name, "a decimal with nine places", other))
        }
        _ => Ok(found),
    }
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Result<Option<TextColumn<'a>>, ArrowError> {
    let array = column(batch, name)?;
    if *array.data_type() == DataType::Null {
        return Ok(None);
    }
    TextColumn::of(array).map(Some).ok_or_else(|| wrong(name, "text", array.data_type()))
}

fn value<T: ArrowPrimitiveType>(array: Option<&PrimitiveArray<T>>, row: usize) -> Option<T::Native> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
}

/// Adds the rows of a record batch with the columns of the table.
fn read_batch(batch: &RecordBatch, ticks: &mut Ticks) -> Result<(), ArrowError> {
    let missing = |name: &str| ArrowError::SchemaError(format!("the column {name} has a null"));
    let (symbol, source) = (texts(batch, "symbol")?, texts(batch, "source")?);
    let (cond, extra) = (texts(batch, "cond")?, texts(batch, "extra")?);
    let ts = numbers::<TimestampMicrosecondType>(batch, "ts")?;
    if ts.is_some_and(|ts| !matches!(ts.data_type(), DataType::Timestamp(TimeUnit::Microsecond, Some(_)))) {
        return Err(ArrowError::SchemaError("the column ts must have a time zone".to_owned()));
    }
    let (last, bid, ask) = (prices(batch, "last")?, prices(batch, "bid")?, prices(batch, "ask")?);
    let size = |name| numbers::<Int32Type>(batch, name);
    let (last_size, bid_size, ask_size) = (size("last_size")?, size("bid_size")?, size("ask_size")?);
    let seq = numbers::<Int64Type>(batch, "seq")?;
    let price = |prices: Option<&PrimitiveArray<Decimal128Type>>, row| {
        let nanos = value(prices, row).map(i64::try_from).transpose();
        nanos.map_err(|_| ArrowError::ComputeError("a price does not fit 64 bits of 1e-9".to_owned()))
    };
    for row in 0..batch.num_rows() {
        ticks.push(&Tick {
            symbol: symbol.as_ref().and_then(|symbol| symbol.get(row)).ok_or_else(|| missing("symbol"))?,
            ts_us: value(ts, row).ok_or_else(|| missing("ts"))?,
            prices: [price(last, row)?, price(bid, row)?, price(ask, row)?],
            sizes: [value(last_size, row), value(bid_size, row), value(ask_size, row)],
            source: source.as_ref().and_then(|source| source.get(row)).ok_or_else(|| missing("source"))?,
            cond: cond.as_ref().and_then(|cond| cond.get(row)),
            seq: value(seq, row),
            extra: extra.as_ref().and_then(|extra| extra.get(row)),
        });
    }
    Ok(())
}

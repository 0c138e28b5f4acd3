//! Batches as Arrow record batches, out and in, over the C stream interface.
//!
//! Out: values, offsets and texts are the batch's own buffers, kept alive by the consumer; only the validity bits are
//! made for it. In: every value is checked as the constructor of an event checks it. The one unsafe expression of the
//! crate is here: the stream inside a capsule has to be taken over by its address.

use std::ffi::CStr;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::ffi::to_ffi;
use arrow_array::ffi_stream::{FFI_ArrowArrayStream, RecordBatchStreamReader};
use arrow_array::types::{ArrowPrimitiveType, Int32Type, Int64Type, TimestampMicrosecondType, UInt32Type};
use arrow_array::{
    Array, ArrayRef, DictionaryArray, Int32Array, Int64Array, LargeStringArray, PrimitiveArray, RecordBatch,
    RecordBatchIterator, StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field as Column, Schema, TimeUnit};
use bytes::Bytes;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

use crate::batch::{QuoteBatch, Rows};
use crate::columns::{Bit, Columns, Texts};
use crate::error::{ErrorCode, EventError};
use crate::event::{EventRef, Field, Values, check_seq, check_size, check_source, check_symbol, check_text, check_ts};
use crate::meta::Meta;
use crate::symbol::Sources;

/// What a capsule with a stream is called.
pub(super) const STREAM_NAME: &CStr = c"arrow_array_stream";

/// The columns of a record batch in order: the name, the event's field, whether it may be null.
const COLUMNS: [(&str, Field, bool); 13] = [
    ("symbol", Field::Symbol, false),
    ("ts", Field::Ts, false),
    ("source", Field::Source, false),
    ("last_nanos", Field::Last, true),
    ("bid_nanos", Field::Bid, true),
    ("ask_nanos", Field::Ask, true),
    ("last_size", Field::LastSize, true),
    ("bid_size", Field::BidSize, true),
    ("ask_size", Field::AskSize, true),
    ("seq", Field::Seq, true),
    ("condition", Field::Condition, true),
    ("venue", Field::Venue, true),
    ("meta", Field::Meta, true),
];

fn data_type(field: Field) -> DataType {
    match field {
        Field::Symbol | Field::Source => DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8)),
        Field::Ts => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Field::LastSize | Field::BidSize | Field::AskSize => DataType::Int32,
        Field::Condition | Field::Venue | Field::Meta => DataType::LargeUtf8,
        Field::V | Field::Last | Field::Bid | Field::Ask | Field::Seq => DataType::Int64,
    }
}

fn schema() -> Schema {
    let column = |(name, field, nullable): &(&str, Field, bool)| {
        let column = Column::new(*name, data_type(*field), *nullable);
        match field {
            Field::Last | Field::Bid | Field::Ask => column.with_metadata([("unit".to_owned(), "1e-9".to_owned())]),
            _ => column,
        }
    };
    Schema::new(COLUMNS.iter().map(column).collect::<Vec<_>>())
}

/// A part of the columns that keeps all of them alive.
struct Part(Arc<Columns>, fn(&Columns) -> &[u8]);

impl AsRef<[u8]> for Part {
    fn as_ref(&self) -> &[u8] {
        (self.1)(&self.0)
    }
}

fn buffer(columns: &Arc<Columns>, part: fn(&Columns) -> &[u8]) -> Buffer {
    Buffer::from(Bytes::from_owner(Part(Arc::clone(columns), part)))
}

fn primitive<T: ArrowPrimitiveType>(
    columns: &Arc<Columns>,
    part: fn(&Columns) -> &[u8],
    bit: Option<Bit>,
) -> Result<PrimitiveArray<T>, ArrowError> {
    let values = ScalarBuffer::new(buffer(columns, part), 0, columns.len());
    PrimitiveArray::try_new(values, bit.and_then(|bit| nulls(columns, bit)))
}

fn nulls(columns: &Columns, bit: Bit) -> Option<NullBuffer> {
    let bits = BooleanBuffer::new(Buffer::from_vec(columns.validity(bit)), 0, columns.len());
    Some(NullBuffer::new(bits)).filter(|nulls| nulls.null_count() > 0)
}

fn names(
    columns: &Arc<Columns>,
    part: fn(&Columns) -> &[u8],
    table: StringArray,
) -> Result<DictionaryArray<UInt32Type>, ArrowError> {
    DictionaryArray::try_new(primitive(columns, part, None)?, Arc::new(table))
}

fn texts(
    columns: &Arc<Columns>,
    offsets: fn(&Columns) -> &[u8],
    text: fn(&Columns) -> &[u8],
    bit: Bit,
) -> Result<LargeStringArray, ArrowError> {
    let offsets = OffsetBuffer::new(ScalarBuffer::new(buffer(columns, offsets), 0, columns.len() + 1));
    LargeStringArray::try_new(offsets, buffer(columns, text), nulls(columns, bit))
}

fn offsets_of(texts: &Texts) -> &[u8] {
    bytemuck::must_cast_slice(texts.offsets())
}

/// The batch as one record batch. Its rows are gathered first when they do not stand next to one another.
pub(super) fn record_batch(batch: &QuoteBatch) -> Result<RecordBatch, ArrowError> {
    let gathered;
    let (columns, rows) = match batch.rows() {
        Rows::Range(range) => (batch.columns(), range.clone()),
        Rows::Listed(_) => {
            gathered = batch.compact();
            (gathered.columns(), 0..gathered.len())
        }
    };
    let symbols = columns.symbols().iter().map(|symbol| Some(symbol.as_str())).collect();
    let sources = columns.sources().iter().map(|source| Some(source.as_str())).collect();
    let ts: TimestampMicrosecondArray = primitive(columns, |columns| bytemuck::must_cast_slice(columns.ts_us()), None)?;
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(names(columns, |columns| bytemuck::must_cast_slice(columns.symbol_ids()), symbols)?),
        Arc::new(ts.with_timezone("UTC")),
        Arc::new(names(columns, |columns| bytemuck::must_cast_slice(columns.source_ids()), sources)?),
        Arc::new(primitive::<Int64Type>(columns, |columns| price(columns, 0), Some(Bit::Last))?),
        Arc::new(primitive::<Int64Type>(columns, |columns| price(columns, 1), Some(Bit::Bid))?),
        Arc::new(primitive::<Int64Type>(columns, |columns| price(columns, 2), Some(Bit::Ask))?),
        Arc::new(primitive::<Int32Type>(columns, |columns| size(columns, 0), Some(Bit::LastSize))?),
        Arc::new(primitive::<Int32Type>(columns, |columns| size(columns, 1), Some(Bit::BidSize))?),
        Arc::new(primitive::<Int32Type>(columns, |columns| size(columns, 2), Some(Bit::AskSize))?),
        Arc::new(primitive::<Int64Type>(columns, |columns| bytemuck::must_cast_slice(columns.seq()), Some(Bit::Seq))?),
        Arc::new(texts(
            columns,
            |columns| offsets_of(columns.texts()[0]),
            |columns| columns.texts()[0].text().as_bytes(),
            Bit::Condition,
        )?),
        Arc::new(texts(
            columns,
            |columns| offsets_of(columns.texts()[1]),
            |columns| columns.texts()[1].text().as_bytes(),
            Bit::Venue,
        )?),
        Arc::new(texts(
            columns,
            |columns| offsets_of(columns.texts()[2]),
            |columns| columns.texts()[2].text().as_bytes(),
            Bit::Meta,
        )?),
    ];
    Ok(RecordBatch::try_new(Arc::new(schema()), arrays)?.slice(rows.start, rows.len()))
}

fn price(columns: &Columns, which: usize) -> &[u8] {
    columns.prices().get(which).map_or(&[], |prices| bytemuck::must_cast_slice(prices))
}

fn size(columns: &Columns, which: usize) -> &[u8] {
    columns.sizes().get(which).map_or(&[], |sizes| bytemuck::must_cast_slice(sizes))
}

/// A stream of that one record batch.
pub(super) fn stream(batch: RecordBatch) -> FFI_ArrowArrayStream {
    let schema = batch.schema();
    FFI_ArrowArrayStream::new(Box::new(RecordBatchIterator::new([Ok(batch)], schema)))
}

/// One array's two capsules of the C data interface: its schema and itself.
pub(super) fn array<'py>(
    py: Python<'py>,
    array: &dyn Array,
) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
    let (array, schema) = to_ffi(&array.to_data()).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
    Ok((schema, PyCapsule::new_with_value(py, array, c"arrow_array")?))
}

/// Takes over the stream in a capsule, which is empty from then on.
#[allow(unsafe_code, reason = "the C stream interface hands over an address")]
pub(super) fn take_over(capsule: &Bound<'_, PyCapsule>) -> PyResult<Result<RecordBatchStreamReader, ArrowError>> {
    let address = capsule.pointer_checked(Some(STREAM_NAME))?.cast::<FFI_ArrowArrayStream>();
    // SAFETY: by the interface a capsule of that name holds a valid stream, made for whoever asked for it. It is moved
    // out here, with the interpreter attached, and marked as released where it was, so that nobody else can use it.
    let stream = unsafe { FFI_ArrowArrayStream::from_raw(address.as_ptr()) };
    Ok(RecordBatchStreamReader::try_new(stream))
}

/// Why record batches are no events.
pub(super) enum Refused {
    /// The columns are not those of a batch, or the stream failed.
    Shape(String),
    /// This row, counted over the whole stream, holds no event.
    Row(usize, EventError),
}

impl From<ArrowError> for Refused {
    fn from(error: ArrowError) -> Self {
        Self::Shape(error.to_string())
    }
}

/// The events of all record batches of a stream.
pub(super) fn read(stream: RecordBatchStreamReader, sources: &Sources) -> Result<QuoteBatch, Refused> {
    let mut columns = Columns::default();
    for batch in stream {
        let batch = batch?;
        let incoming = Incoming::of(&batch)?;
        for row in 0..batch.num_rows() {
            incoming.add(row, sources, &mut columns).map_err(|error| Refused::Row(columns.len(), error))?;
        }
    }
    columns.shrink();
    Ok(columns.into())
}

/// A column of texts of any kind, read by row.
pub(super) enum TextColumn<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a arrow_array::StringViewArray),
    /// Texts by key.
    Coded(Box<TextColumn<'a>>, Vec<usize>, Option<&'a NullBuffer>),
}

impl<'a> TextColumn<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Small(array.as_string_opt()?),
            DataType::LargeUtf8 => Self::Large(array.as_string_opt()?),
            DataType::Utf8View => Self::View(array.as_string_view_opt()?),
            DataType::Dictionary(..) => {
                let coded = array.as_any_dictionary_opt()?;
                // A dictionary without texts has no keys either, and asking for them would be a panic.
                let keys = if coded.values().is_empty() { vec![0; coded.len()] } else { coded.normalized_keys() };
                Self::Coded(Box::new(Self::of(coded.values().as_ref())?), keys, coded.keys().nulls())
            }
            _ => return None,
        })
    }

    pub(super) fn get(&self, row: usize) -> Option<&str> {
        fn at<'t, A: Array>(array: &'t A, row: usize, value: impl Fn(&'t A) -> &'t str) -> Option<&'t str> {
            (row < array.len() && array.is_valid(row)).then(|| value(array))
        }
        match self {
            Self::Small(array) => at(*array, row, |array| array.value(row)),
            Self::Large(array) => at(*array, row, |array| array.value(row)),
            Self::View(array) => at(*array, row, |array| array.value(row)),
            Self::Coded(texts, keys, nulls) => {
                let valid = nulls.is_none_or(|nulls| nulls.is_valid(row));
                if valid { texts.get(*keys.get(row)?) } else { None }
            }
        }
    }
}

/// A column of a record batch by its name; nothing where it is not there and need not be.
fn column(batch: &RecordBatch, field: Field) -> Result<Option<&dyn Array>, Refused> {
    let name = COLUMNS.iter().find(|(_, of, _)| *of == field).map_or("", |(name, ..)| name);
    let optional = matches!(field, Field::Seq | Field::Condition | Field::Venue | Field::Meta);
    match batch.column_by_name(name) {
        Some(array) if *array.data_type() == DataType::Null => Ok(None),
        Some(array) => Ok(Some(array.as_ref())),
        None if optional => Ok(None),
        None => Err(Refused::Shape(format!("the column {name} is missing"))),
    }
}

fn primitives<T: ArrowPrimitiveType>(batch: &RecordBatch, field: Field) -> Result<Option<&PrimitiveArray<T>>, Refused> {
    let wrong = |array: &dyn Array| {
        Refused::Shape(format!("the column of {} must be {}, was {}", field.name(), T::DATA_TYPE, array.data_type()))
    };
    column(batch, field)?.map(|array| array.as_primitive_opt::<T>().ok_or_else(|| wrong(array))).transpose()
}

fn text_column(batch: &RecordBatch, field: Field) -> Result<Option<TextColumn<'_>>, Refused> {
    let wrong = |array: &dyn Array| {
        Refused::Shape(format!("the column of {} must be text, was {}", field.name(), array.data_type()))
    };
    column(batch, field)?.map(|array| TextColumn::of(array).ok_or_else(|| wrong(array))).transpose()
}

fn value<T: ArrowPrimitiveType>(array: Option<&PrimitiveArray<T>>, row: usize) -> Option<T::Native> {
    array.filter(|array| array.is_valid(row)).map(|array| array.value(row))
}

/// The columns of one record batch, each of its right type.
struct Incoming<'a> {
    symbol: Option<TextColumn<'a>>,
    ts: Option<&'a TimestampMicrosecondArray>,
    source: Option<TextColumn<'a>>,
    prices: [Option<&'a Int64Array>; 3],
    sizes: [Option<&'a Int32Array>; 3],
    seq: Option<&'a Int64Array>,
    condition: Option<TextColumn<'a>>,
    venue: Option<TextColumn<'a>>,
    meta: Option<TextColumn<'a>>,
}

impl<'a> Incoming<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, Refused> {
        let ts = primitives::<TimestampMicrosecondType>(batch, Field::Ts)?;
        if ts.is_some_and(|ts| !matches!(ts.data_type(), DataType::Timestamp(_, Some(_)))) {
            return Err(Refused::Shape("the column ts must have a time zone".to_owned()));
        }
        let price = |field| primitives::<Int64Type>(batch, field);
        let size = |field| primitives::<Int32Type>(batch, field);
        Ok(Self {
            symbol: text_column(batch, Field::Symbol)?,
            ts,
            source: text_column(batch, Field::Source)?,
            prices: [price(Field::Last)?, price(Field::Bid)?, price(Field::Ask)?],
            sizes: [size(Field::LastSize)?, size(Field::BidSize)?, size(Field::AskSize)?],
            seq: price(Field::Seq)?,
            condition: text_column(batch, Field::Condition)?,
            venue: text_column(batch, Field::Venue)?,
            meta: text_column(batch, Field::Meta)?,
        })
    }

    /// Adds the event of a row, checked as strictly as any other.
    fn add(&self, row: usize, sources: &Sources, out: &mut Columns) -> Result<(), EventError> {
        let symbol = check_symbol(required(Field::Symbol, get(self.symbol.as_ref(), row))?)?;
        let ts_us = check_ts(required(Field::Ts, value(self.ts, row))?)?;
        let source = check_source(required(Field::Source, get(self.source.as_ref(), row))?, sources)?;
        let [last, bid, ask] = self.prices.map(|prices| value(prices, row));
        for (field, price) in [(Field::Last, last), (Field::Bid, bid), (Field::Ask, ask)] {
            if price == Some(i64::MIN) {
                let message =
                    format!("{} must be between -9223372036.854775807 and 9223372036.854775807", field.name());
                return Err(EventError::of(ErrorCode::OutOfRange, field.name(), message));
            }
        }
        let size = |field, sizes| value(sizes, row).map(|size: i32| check_size(field, size.into())).transpose();
        let [last_size, bid_size, ask_size] = self.sizes;
        let text = |field, column| {
            let text = get(column, row);
            text.map_or(Ok(()), |text| check_text(field, text)).map(|()| text)
        };
        let meta = get(self.meta.as_ref(), row).map(Meta::parse).transpose()?;
        let values = Values {
            ts_us,
            last,
            bid,
            ask,
            last_size: size(Field::LastSize, last_size)?,
            bid_size: size(Field::BidSize, bid_size)?,
            ask_size: size(Field::AskSize, ask_size)?,
            seq: value(self.seq, row).map(check_seq).transpose()?,
            condition: text(Field::Condition, self.condition.as_ref())?,
            venue: text(Field::Venue, self.venue.as_ref())?,
            meta: meta.as_ref().map(Meta::view),
        };
        out.push(&EventRef { symbol: &symbol, source: &source, values, json: None });
        Ok(())
    }
}

fn get<'a>(column: Option<&'a TextColumn<'a>>, row: usize) -> Option<&'a str> {
    column.and_then(|column| column.get(row))
}

fn required<T>(field: Field, value: Option<T>) -> Result<T, EventError> {
    let missing = || EventError::of(ErrorCode::MissingField, field.name(), format!("{} is required", field.name()));
    value.ok_or_else(missing)
}

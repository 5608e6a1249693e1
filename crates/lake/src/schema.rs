//! Which columns a table can hold, and the row number in front of them.
//!
//! The types are those that every reader of Delta tables knows without any table
//! feature, so wider or narrower ones are brought to them at writing:
//!
//! | given | stored |
//! |---|---|
//! | text of any width, dictionaries of text, an all-null column | `Utf8` |
//! | integers up to 64 bits signed, 32 bits unsigned | the next signed integer |
//! | 64 bits unsigned | `Decimal128(20, 0)` |
//! | `Float32`, `Float64` | the same; not-a-number becomes null, `-0.0` becomes `0.0` |
//! | `Decimal128(p, s)` with `0 ≤ s ≤ p` | the same |
//! | dates | `Date32` |
//! | instants with or without zone | microseconds, UTC or without zone |
//! | binary of any width | `Binary` |
//!
//! Lists, structures, times of day and durations are refused. Metadata of fields
//! is not stored: the meaning of a column belongs to the register.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, Int64Array, PrimitiveArray, RecordBatch,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Schema, SchemaRef, TimeUnit};
use vocabulary::Bilingual;

use crate::error::LakeError;

/// The hidden first column: the number of the row at writing, from 0, unique.
pub const ROW_COLUMN: &str = "_row";

/// Most columns of a table.
pub const MOST_COLUMNS: usize = 20_000;

/// The schema under which the lake keeps tables with the given one.
///
/// # Errors
///
/// [`LakeError::Schema`] that names the column: a type that cannot be stored, an
/// empty or repeated name, the name [`ROW_COLUMN`], or too many columns.
pub fn stored_schema(given: &Schema) -> Result<SchemaRef, LakeError> {
    let refuse = |zh: String, en: String| LakeError::Schema { message: Bilingual::new(zh, en) };
    if given.fields().is_empty() || given.fields().len() > MOST_COLUMNS {
        return Err(refuse(
            format!("字段数须为 1 至 {MOST_COLUMNS}"),
            format!("a table has 1 to {MOST_COLUMNS} columns"),
        ));
    }
    let mut seen = HashSet::new();
    let mut fields = Vec::with_capacity(given.fields().len());
    for field in given.fields() {
        let name = field.name();
        if name.is_empty() || name == ROW_COLUMN {
            return Err(refuse(
                format!("字段名“{name}”不可用"),
                format!("`{name}` cannot be the name of a column"),
            ));
        }
        if !seen.insert(name.as_str()) {
            return Err(refuse(
                format!("字段名“{name}”重复"),
                format!("the column name `{name}` is repeated"),
            ));
        }
        let Some(stored) = stored_type(field.data_type()) else {
            return Err(refuse(
                format!("字段“{name}”的类型 {} 不能存储", field.data_type()),
                format!(
                    "column `{name}` has the type {}, which cannot be stored",
                    field.data_type()
                ),
            ));
        };
        fields.push(Field::new(name, stored, true));
    }
    Ok(Arc::new(Schema::new(fields)))
}

/// The type under which a column of type `given` is kept, if it can be.
pub fn stored_type(given: &DataType) -> Option<DataType> {
    match given {
        DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            Some(DataType::Utf8)
        }
        DataType::Dictionary(_, value) => stored_type(value),
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64 => Some(given.clone()),
        DataType::UInt8 => Some(DataType::Int16),
        DataType::UInt16 => Some(DataType::Int32),
        DataType::UInt32 => Some(DataType::Int64),
        DataType::UInt64 => Some(DataType::Decimal128(20, 0)),
        DataType::Decimal128(precision, scale) => {
            let sound = *scale >= 0 && i16::from(*scale) <= i16::from(*precision);
            sound.then(|| given.clone())
        }
        DataType::Date32 | DataType::Date64 => Some(DataType::Date32),
        DataType::Timestamp(_, None) => Some(DataType::Timestamp(TimeUnit::Microsecond, None)),
        DataType::Timestamp(_, Some(_)) => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
        }
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => Some(DataType::Binary),
        _ => None,
    }
}

/// `schema` with [`ROW_COLUMN`] in front.
pub fn with_row_column(schema: &Schema) -> SchemaRef {
    let mut fields = vec![Arc::new(Field::new(ROW_COLUMN, DataType::Int64, false))];
    fields.extend(schema.fields().iter().cloned());
    Arc::new(Schema::new(fields))
}

/// Brings a batch to the stored types and puts row numbers from `first` in front.
///
/// # Errors
///
/// [`LakeError::Schema`] if the columns are not those of `stored`,
/// [`LakeError::Value`] if a value does not fit.
pub fn numbered(
    batch: &RecordBatch,
    stored: &SchemaRef,
    full: &SchemaRef,
    first: i64,
) -> Result<RecordBatch, LakeError> {
    let given = batch.schema();
    let same = given.fields().len() == stored.fields().len()
        && given.fields().iter().zip(stored.fields()).all(|(a, b)| a.name() == b.name());
    if !same {
        return Err(LakeError::Schema {
            message: Bilingual::new(
                "数据的字段与声明的字段不同",
                "the columns of a batch differ from those that were announced",
            ),
        });
    }
    let length = i64::try_from(batch.num_rows()).unwrap_or(i64::MAX);
    let numbers = Int64Array::from_iter_values(first..first.saturating_add(length));
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(stored.fields().len() + 1);
    columns.push(Arc::new(numbers));
    for (column, field) in batch.columns().iter().zip(stored.fields()) {
        columns.push(stored_column(column, field)?);
    }
    RecordBatch::try_new(Arc::clone(full), columns)
        .map_err(|error| LakeError::failed("number the rows of a batch", error))
}

/// Casts one column without losing values.
fn stored_column(column: &ArrayRef, field: &Field) -> Result<ArrayRef, LakeError> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    let cast = if column.data_type() == field.data_type() {
        Arc::clone(column)
    } else {
        cast_with_options(column, field.data_type(), &strict).map_err(|error| LakeError::Value {
            column: field.name().clone(),
            reason: error.to_string(),
        })?
    };
    Ok(match field.data_type() {
        DataType::Float64 => {
            without_nan::<Float64Type>(&cast, |value| (!value.is_nan()).then_some(value + 0.0))
        }
        DataType::Float32 => {
            without_nan::<Float32Type>(&cast, |value| (!value.is_nan()).then_some(value + 0.0))
        }
        _ => cast,
    })
}

/// Statistics of Parquet files do not cover not-a-number, so a pruned file could
/// hide rows; and one zero must equal the other.
fn without_nan<T: ArrowPrimitiveType>(
    column: &ArrayRef,
    sound: impl Fn(T::Native) -> Option<T::Native>,
) -> ArrayRef {
    let numbers = column.as_primitive::<T>();
    let cleaned: PrimitiveArray<T> = numbers.iter().map(|value| value.and_then(&sound)).collect();
    Arc::new(cleaned)
}

//! Where the next page begins (key-set paging).
//!
//! A cursor holds the order values of the last row seen and its row number, so
//! the next page is found by comparing, never by counting. It is bound to the
//! table, the version, the filter and the order by a digest: with another query
//! it is refused instead of giving a wrong page.
//!
//! It is no secret and no permission: whoever holds one can read the values in it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray, new_empty_array,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, Schema, TimestampMicrosecondType,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use vocabulary::Bilingual;

use crate::error::LakeError;
use crate::filter::check::{Comparison, Condition, Value};
use crate::path::TablePath;
use crate::query::{After, RowQuery, SortKey};

/// Longest cursor in characters.
const LONGEST: usize = 16_384;

/// An opaque place in the answer of one query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Place);

/// The content of a cursor, short names because it travels in URLs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// Version of the table.
    t: u64,
    /// Digest of the query.
    q: String,
    /// Order values of the last row; absent where null.
    k: Vec<Option<String>>,
    /// Number of the last row.
    r: i64,
}

impl Cursor {
    /// The place behind row `row` of `batch`, an answer to `query` that has the
    /// order columns and the row number in front.
    ///
    /// # Errors
    ///
    /// [`LakeError::Query`] if an order value is too long for a cursor.
    pub fn after(
        table: &TablePath,
        version: u64,
        query: &RowQuery,
        batch: &RecordBatch,
        row: usize,
    ) -> Result<Self, LakeError> {
        let missing = || LakeError::query("缺少排序字段", "an order column is missing");
        let numbers = batch
            .column(0)
            .as_primitive_opt::<Int64Type>()
            .filter(|numbers| row < numbers.len())
            .ok_or_else(missing)?;
        let mut values = Vec::new();
        for order in &query.order {
            let column = batch.column_by_name(&order.column).ok_or_else(missing)?;
            values.push(to_text(column, row)?);
        }
        let cursor =
            Self(Place { t: version, q: digest(table, query), k: values, r: numbers.value(row) });
        if cursor.to_string().len() > LONGEST {
            return Err(LakeError::query(
                "排序字段的值过长，不能分页",
                "the order values are too long for paging",
            ));
        }
        Ok(cursor)
    }

    /// The version of the table that the pages are of.
    pub fn version(&self) -> u64 {
        self.0.t
    }

    /// "Behind this place" as a condition on the keys of the query.
    pub(crate) fn condition(
        &self,
        table: &TablePath,
        version: u64,
        query: &RowQuery,
        full: &Schema,
        keys: &[SortKey],
    ) -> Result<After, LakeError> {
        if self.0.q != digest(table, query) || self.0.t != version {
            return Err(refused(
                "游标属于另一个查询：表、版本、筛选和排序须与前一页相同",
                "the cursor belongs to another query: table, version, filter and order must stay",
            ));
        }
        if self.0.k.len() < keys.len() - 1 {
            return Err(broken());
        }
        // Rows behind: key 1 is behind, or equal and key 2 is behind, and so on.
        let mut behind = Condition::Any(Vec::new());
        for (place, key) in keys.iter().enumerate().rev() {
            let kind = full.field(key.column).data_type();
            let value = if key.column == 0 {
                Some(Value::new(Arc::new(Int64Array::from(vec![self.0.r]))))
            } else {
                match self.0.k.get(place).ok_or_else(broken)? {
                    Some(text) => Some(from_text(text, kind)?),
                    None => None,
                }
            };
            let (later, equal) = step(*key, value);
            behind = match later {
                Some(later) => Condition::Any(vec![later, Condition::All(vec![equal, behind])]),
                None => Condition::All(vec![equal, behind]),
            };
        }
        Ok(After { row: self.0.r, condition: behind })
    }
}

/// For one key: the condition of being later, and of being equal.
///
/// Nulls come last, so behind a value are the later values and the nulls, and
/// behind a null there is nothing.
fn step(key: SortKey, value: Option<Value>) -> (Option<Condition>, Condition) {
    let column = key.column;
    let Some(value) = value else {
        return (None, Condition::Null { column });
    };
    let op = if key.descending { Comparison::Less } else { Comparison::Greater };
    let later = Condition::Compare { column, op, value: value.clone() };
    let later =
        if column == 0 { later } else { Condition::Any(vec![later, Condition::Null { column }]) };
    (Some(later), Condition::Compare { column, op: Comparison::Equal, value })
}

/// Binds a cursor to its query.
fn digest(table: &TablePath, query: &RowQuery) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(text.len().to_le_bytes());
        hash.update(text.as_bytes());
    };
    part(table.as_str());
    part(&query.filter.as_ref().map(ToString::to_string).unwrap_or_default());
    for order in &query.order {
        part(&order.column);
        part(if order.descending { "desc" } else { "asc" });
    }
    let full = hash.finalize();
    URL_SAFE_NO_PAD.encode(full.get(..9).unwrap_or_default())
}

/// One value as text that reads back to the same value.
fn to_text(column: &ArrayRef, row: usize) -> Result<Option<String>, LakeError> {
    if column.is_null(row) {
        return Ok(None);
    }
    let unfit = || {
        LakeError::query("排序字段的类型不能分页", "the type of an order column cannot be paged")
    };
    let text = match column.data_type() {
        DataType::Utf8 => column.as_string_opt::<i32>().ok_or_else(unfit)?.value(row).to_owned(),
        DataType::Boolean => column.as_boolean_opt().ok_or_else(unfit)?.value(row).to_string(),
        DataType::Decimal128(..) => {
            let decimals = column.as_primitive_opt::<Decimal128Type>().ok_or_else(unfit)?;
            decimals.value(row).to_string()
        }
        DataType::Date32 => {
            column.as_primitive_opt::<Date32Type>().ok_or_else(unfit)?.value(row).to_string()
        }
        DataType::Timestamp(..) => {
            let instants =
                column.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(unfit)?;
            instants.value(row).to_string()
        }
        DataType::Float32 | DataType::Float64 => {
            let wide = wide(&column.slice(row, 1), &DataType::Float64)?;
            let value = wide.as_primitive_opt::<Float64Type>().ok_or_else(unfit)?.value(0);
            // `{:?}` is the shortest text that reads back to the same number.
            format!("{value:?}")
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            let wide = wide(&column.slice(row, 1), &DataType::Int64)?;
            wide.as_primitive_opt::<Int64Type>().ok_or_else(unfit)?.value(0).to_string()
        }
        _ => return Err(unfit()),
    };
    Ok(Some(text))
}

/// The value of a text that [`to_text`] made.
fn from_text(text: &str, kind: &DataType) -> Result<Value, LakeError> {
    fn read<T: FromStr>(text: &str) -> Result<T, LakeError> {
        text.parse().map_err(|_| broken())
    }
    let array: ArrayRef = match kind {
        DataType::Utf8 => Arc::new(StringArray::from(vec![text])),
        DataType::Boolean => Arc::new(BooleanArray::from(vec![read::<bool>(text)?])),
        DataType::Decimal128(precision, scale) => Arc::new(
            Decimal128Array::from(vec![read::<i128>(text)?])
                .with_precision_and_scale(*precision, *scale)
                .map_err(|_| broken())?,
        ),
        DataType::Date32 => Arc::new(Date32Array::from(vec![read::<i32>(text)?])),
        DataType::Timestamp(_, zone) => Arc::new(
            TimestampMicrosecondArray::from(vec![read::<i64>(text)?])
                .with_timezone_opt(zone.clone()),
        ),
        DataType::Float32 | DataType::Float64 => {
            wide(&(Arc::new(Float64Array::from(vec![read::<f64>(text)?])) as ArrayRef), kind)?
        }
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            wide(&(Arc::new(Int64Array::from(vec![read::<i64>(text)?])) as ArrayRef), kind)?
        }
        _ => new_empty_array(kind),
    };
    if array.len() == 1 && array.is_valid(0) { Ok(Value::new(array)) } else { Err(broken()) }
}

/// Casts a number; a value that does not fit is no cursor of ours.
fn wide(column: &ArrayRef, kind: &DataType) -> Result<ArrayRef, LakeError> {
    let strict = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(column, kind, &strict).map_err(|_| broken())
}

fn broken() -> LakeError {
    refused("游标无法识别", "this is no cursor")
}

fn refused(zh: &str, en: &str) -> LakeError {
    LakeError::Cursor { message: Bilingual::new(zh, en) }
}

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&self.0).map_err(|_| fmt::Error)?;
        formatter.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Cursor {
    type Err = LakeError;

    fn from_str(text: &str) -> Result<Self, LakeError> {
        if text.len() > LONGEST {
            return Err(broken());
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| broken())?;
        serde_json::from_slice(&json).map(Self).map_err(|_| broken())
    }
}

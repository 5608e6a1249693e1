//! Cells in a form that can be put in order and computed with.
//!
//! Whole numbers, decimals, dates and times are whole numbers in the unit of their
//! type (a decimal in its last place, a date in days); floating point numbers stay
//! what they are; texts and truth values are texts. What has no order (lists,
//! binary, intervals of the calendar) has no such form.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, LargeStringArray,
    UInt64Array,
};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type, UInt64Type};
use arrow::error::ArrowError;

use crate::cell_text::texts;

/// A floating point number with an order over all numbers, NaN included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Real(pub(crate) f64);

impl PartialEq for Real {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Real {}

impl PartialOrd for Real {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Real {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Hash for Real {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// One value of a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Cell {
    Whole(i128),
    Real(Real),
    Text(String),
}

impl Cell {
    /// The value as a number in the unit of its type; `None` for text and for what
    /// is no finite number.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Whole(number) => Some(*number as f64),
            Self::Real(Real(number)) => number.is_finite().then_some(*number),
            Self::Text(_) => None,
        }
    }
}

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Whole,
    Real,
    Text,
}

/// The type of a column, dictionaries unpacked, and the form of its cells.
#[derive(Debug, Clone)]
pub(crate) struct CellType {
    pub(crate) data_type: DataType,
    pub(crate) form: Form,
}

impl CellType {
    /// `None` if values of this type have no order here.
    pub(crate) fn of(data_type: &DataType) -> Option<Self> {
        let form = match data_type {
            DataType::Dictionary(_, values) => return Self::of(values),
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32
            | DataType::UInt64
            | DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Date32
            | DataType::Date64
            | DataType::Time32(_)
            | DataType::Time64(_)
            | DataType::Timestamp(..)
            | DataType::Duration(_) => Form::Whole,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Form::Real,
            DataType::Boolean | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Form::Text
            }
            _ => return None,
        };
        Some(Self { data_type: data_type.clone(), form })
    }

    /// Whether the values are numbers, not times.
    pub(crate) fn is_number(&self) -> bool {
        self.data_type.is_numeric()
    }

    /// Whether the values cannot be negative.
    pub(crate) fn is_unsigned(&self) -> bool {
        self.data_type.is_unsigned_integer()
    }

    /// Whether the values are days or moments.
    pub(crate) fn is_day_or_moment(&self) -> bool {
        matches!(self.data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
    }

    /// Units of a cell in one unit of the column: 100 for a decimal of two places.
    pub(crate) fn units(&self) -> f64 {
        match self.data_type {
            DataType::Decimal32(_, scale)
            | DataType::Decimal64(_, scale)
            | DataType::Decimal128(_, scale) => 10_f64.powi(scale.into()),
            _ => 1.0,
        }
    }

    /// Least and greatest whole number of the type.
    pub(crate) fn range(&self) -> (i128, i128) {
        let signed = |bits: u32| (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1);
        let unsigned = |bits: u32| (0, (1_i128 << bits) - 1);
        match self.data_type {
            DataType::Int8 => signed(8),
            DataType::Int16 => signed(16),
            DataType::Int32 | DataType::Date32 | DataType::Time32(_) => signed(32),
            DataType::UInt8 => unsigned(8),
            DataType::UInt16 => unsigned(16),
            DataType::UInt32 => unsigned(32),
            DataType::UInt64 => unsigned(64),
            DataType::Decimal32(precision, _)
            | DataType::Decimal64(precision, _)
            | DataType::Decimal128(precision, _) => {
                let end =
                    10_i128.checked_pow(u32::from(precision)).map_or(i128::MAX, |end| end - 1);
                (-end, end)
            }
            _ => signed(64),
        }
    }

    /// The cells of a column of this type.
    pub(crate) fn read(&self, array: &ArrayRef) -> Result<Vec<Option<Cell>>, ArrowError> {
        let plain = cast(array, &self.data_type)?;
        Ok(match (self.form, &self.data_type) {
            (Form::Text, _) => {
                texts(&plain).iter().map(|text| Some(Cell::Text(text?.to_owned()))).collect()
            }
            (Form::Real, _) => {
                let numbers = cast(&plain, &DataType::Float64)?;
                let numbers = numbers.as_primitive::<Float64Type>();
                numbers.iter().map(|number| Some(Cell::Real(Real(number? + 0.0)))).collect()
            }
            (Form::Whole, DataType::UInt64) => {
                let numbers = plain.as_primitive::<UInt64Type>();
                numbers.iter().map(|number| Some(Cell::Whole(number?.into()))).collect()
            }
            (
                Form::Whole,
                DataType::Decimal32(precision, scale)
                | DataType::Decimal64(precision, scale)
                | DataType::Decimal128(precision, scale),
            ) => {
                let wide = cast(&plain, &DataType::Decimal128(*precision, *scale))?;
                let numbers = wide.as_primitive::<Decimal128Type>();
                numbers.iter().map(|number| Some(Cell::Whole(number?))).collect()
            }
            (Form::Whole, _) => {
                let numbers = self.integers(&plain)?;
                let numbers = numbers.as_primitive::<Int64Type>();
                numbers.iter().map(|number| Some(Cell::Whole(number?.into()))).collect()
            }
        })
    }

    fn integers(&self, array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        match self.data_type {
            DataType::Date32 | DataType::Time32(_) => {
                cast(&cast(array, &DataType::Int32)?, &DataType::Int64)
            }
            _ => cast(array, &DataType::Int64),
        }
    }

    /// A column of this type. Cells of another form, and numbers outside the range
    /// of the type, become null.
    pub(crate) fn write(&self, cells: Vec<Option<Cell>>) -> Result<ArrayRef, ArrowError> {
        let whole = |cell: Option<Cell>| match cell {
            Some(Cell::Whole(number)) => Some(number),
            _ => None,
        };
        match (self.form, &self.data_type) {
            (Form::Text, _) => {
                let texts: LargeStringArray = cells
                    .into_iter()
                    .map(|cell| match cell {
                        Some(Cell::Text(text)) => Some(text),
                        _ => None,
                    })
                    .collect();
                cast(&texts, &self.data_type)
            }
            (Form::Real, _) => {
                let numbers: Float64Array = cells
                    .into_iter()
                    .map(|cell| match cell {
                        Some(Cell::Real(Real(number))) => Some(number),
                        _ => None,
                    })
                    .collect();
                cast(&numbers, &self.data_type)
            }
            (Form::Whole, DataType::UInt64) => {
                let number = |cell| whole(cell).and_then(|number| u64::try_from(number).ok());
                let numbers: UInt64Array = cells.into_iter().map(number).collect();
                Ok(Arc::new(numbers))
            }
            (
                Form::Whole,
                DataType::Decimal32(precision, scale)
                | DataType::Decimal64(precision, scale)
                | DataType::Decimal128(precision, scale),
            ) => {
                let numbers: Decimal128Array = cells.into_iter().map(whole).collect();
                cast(&numbers.with_precision_and_scale(*precision, *scale)?, &self.data_type)
            }
            (Form::Whole, _) => {
                let number = |cell| whole(cell).and_then(|number| i64::try_from(number).ok());
                let numbers: Int64Array = cells.into_iter().map(number).collect();
                match self.data_type {
                    DataType::Date32 | DataType::Time32(_) => {
                        cast(&cast(&numbers, &DataType::Int32)?, &self.data_type)
                    }
                    _ => cast(&numbers, &self.data_type),
                }
            }
        }
    }

    /// The value that a text stands for, as a file of the column would write it.
    pub(crate) fn parse(&self, text: &str) -> Option<Cell> {
        let texts: ArrayRef = Arc::new(LargeStringArray::from(vec![text]));
        let strict = CastOptions { safe: true, ..CastOptions::default() };
        let array = cast_with_options(&texts, &self.data_type, &strict).ok()?;
        self.read(&array).ok()?.pop().flatten()
    }

    /// The text of a value, as a file of the column would write it.
    pub(crate) fn text(&self, cell: &Cell) -> Option<String> {
        let array = self.write(vec![Some(cell.clone())]).ok()?;
        let texts = texts(&array);
        texts.is_valid(0).then(|| texts.value(0).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        Date32Array, Date64Array, Decimal64Array, DurationSecondArray, Float32Array, Int8Array,
        StringViewArray, Time32SecondArray, Time64NanosecondArray, TimestampMicrosecondArray,
    };

    use super::*;

    #[test]
    fn cells_are_written_as_they_were_read() {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int8Array::from(vec![Some(-128), None, Some(127)])),
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), None])),
            Arc::new(Float32Array::from(vec![Some(0.1), None, Some(f32::NAN)])),
            Arc::new(
                Decimal128Array::from(vec![Some(1_250), None])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
            Arc::new(
                Decimal64Array::from(vec![Some(1_250), None])
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ),
            Arc::new(Date32Array::from(vec![Some(-1), None, Some(i32::MAX)])),
            Arc::new(Date64Array::from(vec![Some(86_400_000), None])),
            Arc::new(Time32SecondArray::from(vec![Some(61), None])),
            Arc::new(Time64NanosecondArray::from(vec![Some(61), None])),
            Arc::new(
                TimestampMicrosecondArray::from(vec![Some(1), None, Some(i64::MIN)])
                    .with_timezone("+08:00"),
            ),
            Arc::new(DurationSecondArray::from(vec![Some(1), None])),
            Arc::new(arrow::array::BooleanArray::from(vec![Some(true), None])),
            Arc::new(StringViewArray::from(vec![Some("汾"), None, Some("")])),
        ];
        for column in columns {
            let cells = CellType::of(column.data_type()).unwrap();
            let read = cells.read(&column).unwrap();
            assert_eq!(&cells.write(read).unwrap(), &column, "{}", column.data_type());
        }
    }

    #[test]
    fn a_text_stands_for_the_value_that_a_file_would_hold() {
        let day = CellType::of(&DataType::Date32).unwrap();
        assert_eq!(day.parse("1970-01-11"), Some(Cell::Whole(10)));
        assert_eq!(day.text(&Cell::Whole(10)).unwrap(), "1970-01-11");
        assert_eq!(day.parse("soon"), None);
        let price = CellType::of(&DataType::Decimal128(10, 2)).unwrap();
        assert_eq!(price.parse("12.5"), Some(Cell::Whole(1_250)));
        assert_eq!(price.text(&Cell::Whole(1_250)).unwrap(), "12.50");
        let whole = CellType::of(&DataType::Int64).unwrap();
        assert_eq!((whole.parse("7"), whole.parse("7.5")), (Some(Cell::Whole(7)), None));
    }
}

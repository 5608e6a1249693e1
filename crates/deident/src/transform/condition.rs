//! Bounds and conditions that a plan writes down: `top = 90`, `above = 90`,
//! `before = "1940-01-01"`.

use std::cmp::Ordering;
use std::fmt;

use arrow::array::{Array as _, RecordBatch};
use arrow::datatypes::DataType;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::cell::{Cell, CellType, Form};
use super::error::TransformError;
use crate::cell_text::texts;

/// A bound: a number, or a text for what is written as text, a date for example.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Bound {
    /// A whole number.
    Whole(i64),
    /// Another number.
    Real(f64),
    /// A day, a moment or a decimal, as the column writes it.
    Text(String),
}

impl From<i64> for Bound {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Bound {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<&str> for Bound {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Bound;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a date in quotes")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Bound, E> {
                Ok(Bound::Whole(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Bound, E> {
                i64::try_from(number).map(Bound::Whole).map_err(|_| E::custom("a number too large"))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Bound, E> {
                Ok(Bound::Real(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Bound, E> {
                Ok(Bound::Text(text.to_owned()))
            }
        }
        from.deserialize_any(Reader)
    }
}

impl Bound {
    /// The bound as a value of a column.
    ///
    /// # Errors
    ///
    /// [`TransformError::Parameter`] if the column cannot hold it.
    pub(crate) fn cell(
        &self,
        name: &'static str,
        cells: &CellType,
    ) -> Result<Cell, TransformError> {
        let found = match self {
            Self::Real(number) if !number.is_finite() => None,
            Self::Text(text) => cells.parse(text),
            number if cells.form == Form::Text || cells.is_number() => {
                cells.parse(&number.to_string())
            }
            _ => None,
        };
        found.ok_or_else(|| {
            TransformError::parameter(name, self, "write a value that the column could hold")
        })
    }
}

/// A condition on the original value of one column.
///
/// Exactly one of the tests stands in it: `is`, `below`, `above` or `missing`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The column.
    pub column: String,
    /// True of these values, written as texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Vec<String>>,
    /// True of values smaller than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<Bound>,
    /// True of values greater than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<Bound>,
    /// `true`: true of nulls; `false`: true of all that is not null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<bool>,
}

/// A condition made ready for the type of its column.
#[derive(Debug, Clone)]
pub(crate) struct Test {
    column: String,
    kind: TestKind,
}

#[derive(Debug, Clone)]
enum TestKind {
    Among(hashbrown::HashSet<String>),
    Compared { cells: CellType, bound: Cell, wanted: Ordering },
    Missing(bool),
}

impl Condition {
    /// Makes ready; `data_type` is that of the condition's column.
    pub(crate) fn prepare(&self, data_type: &DataType) -> Result<Test, TransformError> {
        let given =
            [self.is.is_some(), self.below.is_some(), self.above.is_some(), self.missing.is_some()];
        let rule = "write exactly one of `is`, `below`, `above`, `missing`";
        if given.iter().filter(|given| **given).count() != 1 {
            return Err(TransformError::parameter("column", &self.column, rule));
        }
        let compared = |name, bound: &Bound, wanted| {
            let cells = CellType::of(data_type).ok_or_else(|| TransformError::Type {
                transform: name,
                treats: "numbers, dates and texts",
                found: data_type.clone(),
            })?;
            let bound = bound.cell(name, &cells)?;
            Ok::<_, TransformError>(TestKind::Compared { cells, bound, wanted })
        };
        let kind = if let Some(values) = &self.is {
            TestKind::Among(values.iter().cloned().collect())
        } else if let Some(bound) = &self.below {
            compared("below", bound, Ordering::Less)?
        } else if let Some(bound) = &self.above {
            compared("above", bound, Ordering::Greater)?
        } else {
            TestKind::Missing(self.missing.unwrap_or(true))
        };
        Ok(Test { column: self.column.clone(), kind })
    }
}

impl Test {
    /// For each row whether the condition is true. NaN is neither below nor above.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<Vec<bool>, TransformError> {
        let array = batch
            .column_by_name(&self.column)
            .ok_or_else(|| TransformError::NoColumn { name: self.column.clone() })?;
        Ok(match &self.kind {
            TestKind::Among(values) => texts(array)
                .iter()
                .map(|text| text.is_some_and(|text| values.contains(text)))
                .collect(),
            TestKind::Compared { cells, bound, wanted } => cells
                .read(array)?
                .iter()
                .map(|cell| {
                    cell.as_ref().is_some_and(|cell| !is_nan(cell) && cell.cmp(bound) == *wanted)
                })
                .collect(),
            TestKind::Missing(wanted) => {
                let nulls = array.logical_nulls();
                (0..array.len())
                    .map(|row| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) == *wanted)
                    .collect()
            }
        })
    }
}

pub(crate) fn is_nan(cell: &Cell) -> bool {
    matches!(cell, Cell::Real(number) if number.0.is_nan())
}

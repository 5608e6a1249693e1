//! Suppression of single cells (单元格抑制).

use arrow::array::{ArrayRef, BooleanArray};
use arrow::compute::nullif;
use arrow::datatypes::Schema;
use hashbrown::HashSet;
use serde::{Deserialize, Serialize};

use super::condition::{Condition, Test};
use super::error::TransformError;
use super::operation::{Rows, Treated};
use crate::cell_text::texts;

/// Which cells of a column become null. A cell goes if one of the three says so.
///
/// Suppressing a cell says that it was rare or sensitive. Where the table also holds
/// a total, or another column tells the same, the cell can be worked out again.
///
/// Source: Hundepool et al., "Statistical Disclosure Control", Wiley 2012, chapter 3.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuppressCells {
    /// These values, written as texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<Vec<String>>,
    /// Values that fewer rows than this have; counted in a first pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rarer_than: Option<u64>,
    /// Cells of rows of which this is true, of this column or of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
}

/// [`SuppressCells`] made ready.
#[derive(Debug, Clone)]
pub(crate) struct CellSuppression {
    values: HashSet<String>,
    /// The values that are common enough; `None` if rarity does not matter.
    pub(crate) common: Option<HashSet<String>>,
    when: Option<Test>,
}

impl CellSuppression {
    /// - `counted`: the values of the column with the rows of each.
    pub(crate) fn new(
        settings: &SuppressCells,
        counted: Option<HashSet<String>>,
        schema: &Schema,
    ) -> Result<Self, TransformError> {
        let SuppressCells { is, rarer_than, when } = settings;
        if is.is_none() && rarer_than.is_none() && when.is_none() {
            let rule = "write at least one of `is`, `rarer_than`, `when`";
            return Err(TransformError::parameter("suppress_cells", "nothing", rule));
        }
        if rarer_than.is_some() && counted.is_none() {
            return Err(TransformError::NotCounted);
        }
        let when = when.as_ref().map(|when| {
            let field = schema
                .field_with_name(&when.column)
                .map_err(|_| TransformError::NoColumn { name: when.column.clone() })?;
            when.prepare(field.data_type())
        });
        Ok(Self {
            values: is.iter().flatten().cloned().collect(),
            common: rarer_than.and(counted),
            when: when.transpose()?,
        })
    }

    pub(crate) fn apply(
        &self,
        rows: &Rows<'_>,
        array: &ArrayRef,
    ) -> Result<Treated, TransformError> {
        let when = self.when.as_ref().map(|test| test.rows(rows.batch)).transpose()?;
        let goes = |(row, text): (usize, Option<&str>)| {
            let named = text.is_some_and(|text| self.values.contains(text));
            let rare = text.is_some_and(|text| {
                self.common.as_ref().is_some_and(|common| !common.contains(text))
            });
            let told = when.as_ref().and_then(|when| when.get(row)).copied().unwrap_or(false);
            text.is_some() && (named || rare || told)
        };
        let mask: BooleanArray =
            texts(array).iter().enumerate().map(|cell| Some(goes(cell))).collect();
        let emptied = mask.true_count() as u64;
        Ok(Treated { array: nullif(array, &mask)?, emptied, limited: 0 })
    }
}

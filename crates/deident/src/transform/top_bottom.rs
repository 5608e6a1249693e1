//! Top and bottom coding (顶端与底端编码).

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use serde::{Deserialize, Serialize};

use super::cell::{Cell, CellType};
use super::condition::{Bound, is_nan};
use super::error::TransformError;
use super::operation::Treated;

/// Values above `top` become `top`, values below `bottom` become `bottom`. Both are
/// in the unit of the column; dates are written in quotes.
///
/// Source: Hundepool et al., "Statistical Disclosure Control", Wiley 2012, chapter 3.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopBottom {
    /// The least value that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bottom: Option<Bound>,
    /// The greatest value that is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<Bound>,
}

/// [`TopBottom`] made ready.
#[derive(Debug, Clone)]
pub(crate) struct Coding {
    cells: CellType,
    bottom: Option<Cell>,
    top: Option<Cell>,
}

impl Coding {
    pub(crate) fn new(settings: &TopBottom, data_type: &DataType) -> Result<Self, TransformError> {
        let cells = CellType::of(data_type)
            .filter(|cells| cells.is_number() || cells.is_day_or_moment())
            .ok_or_else(|| TransformError::Type {
                transform: "top_bottom",
                treats: "numbers, dates and moments",
                found: data_type.clone(),
            })?;
        let bound = |name, bound: &Option<Bound>| {
            bound.as_ref().map(|bound| bound.cell(name, &cells)).transpose()
        };
        let (bottom, top) = (bound("bottom", &settings.bottom)?, bound("top", &settings.top)?);
        let rule = match (&bottom, &top) {
            (None, None) => Some("write `bottom`, `top` or both"),
            (Some(bottom), Some(top)) if bottom >= top => Some("`bottom` must be below `top`"),
            _ => None,
        };
        if let Some(rule) = rule {
            let found =
                settings.top.as_ref().map_or_else(|| "nothing".to_owned(), Bound::to_string);
            return Err(TransformError::parameter("top", &found, rule));
        }
        Ok(Self { cells, bottom, top })
    }

    pub(crate) fn apply(&self, array: &ArrayRef) -> Result<Treated, TransformError> {
        let code = |cell: Cell| {
            if is_nan(&cell) {
                return cell;
            }
            let risen = self.bottom.iter().fold(cell, |cell, bottom| cell.max(bottom.clone()));
            self.top.iter().fold(risen, |cell, top| cell.min(top.clone()))
        };
        let coded = self.cells.read(array)?.into_iter().map(|cell| cell.map(code)).collect();
        Ok(Treated { array: self.cells.write(coded)?, emptied: 0, limited: 0 })
    }
}

//! Date shift (日期平移): all days of one person move by the same number of days.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};

use super::cell::{Cell, CellType};
use super::error::TransformError;
use super::operation::{Rows, Treated};
use crate::cell_text::texts;
use crate::keys::{Keys, Prf, Usage, below};

/// Days and moments move by a keyed number of days, even over `−days..=days`.
///
/// It is the same for all rows and all shifted columns of one person, so that the time
/// between two events of one person stays what it was.
///
/// A date of a row without a person becomes null. Whoever knows one true date of a
/// person knows all.
///
/// Source: Hripcsak et al., "Preserving temporal relations in clinical data while
/// maintaining privacy", JAMIA 23(6), 2016.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DateShift {
    /// Name of the key.
    pub key: String,
    /// The column that says whose row it is.
    pub person: String,
    /// The greatest shift in days, 1 to 36,500.
    pub days: u32,
}

/// [`DateShift`] made ready.
#[derive(Debug, Clone)]
pub(crate) struct Shifting {
    settings: DateShift,
    cells: CellType,
    /// Units of the column in a day.
    units: i128,
    prf: Prf,
}

impl Shifting {
    pub(crate) fn new(
        settings: &DateShift,
        data_type: &DataType,
        keys: &Keys,
    ) -> Result<Self, TransformError> {
        let unfit = || TransformError::Type {
            transform: "date_shift",
            treats: "dates and moments (a column of text must be read as dates first)",
            found: data_type.clone(),
        };
        let cells = CellType::of(data_type).ok_or_else(unfit)?;
        let units = units_in_a_day(&cells.data_type).ok_or_else(unfit)?;
        if !(1..=36_500).contains(&settings.days) {
            let rule = "a shift is 1 to 36,500 days";
            return Err(TransformError::parameter("days", &settings.days, rule));
        }
        // The person's column, not the shifted one: the dates of a person move together.
        let prf = keys.derive(&settings.key, Usage::DateShift, &settings.person)?;
        Ok(Self { settings: settings.clone(), cells, units, prf })
    }

    pub(crate) fn apply(
        &self,
        rows: &Rows<'_>,
        array: &ArrayRef,
    ) -> Result<Treated, TransformError> {
        let name = &self.settings.person;
        let persons = rows
            .batch
            .column_by_name(name)
            .ok_or_else(|| TransformError::NoColumn { name: name.clone() })?;
        let (least, most) = self.cells.range();
        let mut emptied = 0;
        let persons = texts(persons);
        let shifted = self
            .cells
            .read(array)?
            .into_iter()
            .zip(&persons)
            .map(|(cell, person)| {
                let Some(Cell::Whole(day)) = cell else { return None };
                let moved = person.map(|person| day + self.offset(person) * self.units);
                let moved = moved.filter(|day| (least..=most).contains(day));
                emptied += u64::from(moved.is_none());
                moved.map(Cell::Whole)
            })
            .collect();
        let array: ArrayRef = Arc::clone(&self.cells.write(shifted)?);
        Ok(Treated { array, emptied, limited: 0 })
    }

    fn offset(&self, person: &str) -> i128 {
        let [word, ..] = self.prf.words(&[person.as_bytes()]);
        let days = u64::from(self.settings.days);
        i128::from(below(word, 2 * days + 1)) - i128::from(days)
    }
}

fn units_in_a_day(data_type: &DataType) -> Option<i128> {
    Some(match data_type {
        DataType::Date32 => 1,
        DataType::Date64 | DataType::Timestamp(TimeUnit::Millisecond, _) => 86_400_000,
        DataType::Timestamp(TimeUnit::Second, _) => 86_400,
        DataType::Timestamp(TimeUnit::Microsecond, _) => 86_400_000_000,
        DataType::Timestamp(TimeUnit::Nanosecond, _) => 86_400_000_000_000,
        _ => return None,
    })
}

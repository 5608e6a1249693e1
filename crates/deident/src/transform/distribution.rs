//! The distinct values of a column in their order, with the rows of each: what a
//! first pass counts for micro-aggregation and swapping. Memory grows with the
//! distinct values.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use hashbrown::HashMap;

use super::cell::{Cell, CellType};
use super::error::TransformError;

/// Counts the values of one column, batch by batch.
#[derive(Debug, Clone)]
pub(crate) struct DistributionBuilder {
    cells: CellType,
    counts: HashMap<Cell, u64>,
}

impl DistributionBuilder {
    pub(crate) fn new(
        transform: &'static str,
        data_type: &DataType,
    ) -> Result<Self, TransformError> {
        let cells = CellType::of(data_type).ok_or_else(|| TransformError::Type {
            transform,
            treats: "numbers, dates, times and texts",
            found: data_type.clone(),
        })?;
        Ok(Self { cells, counts: HashMap::new() })
    }

    pub(crate) fn update(&mut self, array: &ArrayRef) -> Result<(), TransformError> {
        for cell in self.cells.read(array)?.into_iter().flatten() {
            if is_ordered(&cell) {
                *self.counts.entry(cell).or_default() += 1;
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Distribution {
        let mut values: Vec<(Cell, u64)> = self.counts.into_iter().collect();
        values.sort_unstable();
        Distribution { cells: self.cells, values }
    }
}

/// Distinct values in rising order with the rows of each. Nulls and what is no
/// finite number are not in it.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    pub(crate) cells: CellType,
    pub(crate) values: Vec<(Cell, u64)>,
}

impl Distribution {
    pub(crate) fn rows(&self) -> u64 {
        self.values.iter().map(|(_, rows)| rows).sum()
    }

    /// The place of a value among the distinct ones.
    pub(crate) fn find(&self, cell: &Cell) -> Option<usize> {
        self.values.binary_search_by(|(value, _)| value.cmp(cell)).ok()
    }
}

/// Whether a value takes part: texts, whole numbers and finite numbers do.
pub(crate) fn is_ordered(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(_)) || cell.number().is_some()
}

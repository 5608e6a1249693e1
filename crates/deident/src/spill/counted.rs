//! A counted table, wherever its tuples lie.

use super::SpillError;
use super::table::SpilledTable;
use crate::risk::ClassSizes;
use crate::tuples::TupleTable;

/// What counting within a bound of memory gives.
#[derive(Debug, Clone)]
pub enum Counted {
    /// Everything is in memory.
    Whole(TupleTable),
    /// The tuples lie on disk.
    Spilled(SpilledTable),
}

impl Counted {
    fn head(&self) -> &TupleTable {
        match self {
            Self::Whole(table) => table,
            Self::Spilled(table) => &table.head,
        }
    }

    /// The table in memory, for what must see all tuples at once.
    ///
    /// - `what`: what it is needed for, to say so.
    ///
    /// # Errors
    ///
    /// [`SpillError::InMemoryOnly`] if it lies on disk.
    pub fn whole(&self, what: &'static str) -> Result<&TupleTable, SpillError> {
        match self {
            Self::Whole(table) => Ok(table),
            Self::Spilled(_) => Err(SpillError::InMemoryOnly { what }),
        }
    }

    /// The same, where nothing else needs it.
    ///
    /// # Errors
    ///
    /// As [`Self::whole`].
    pub fn into_whole(self, what: &'static str) -> Result<TupleTable, SpillError> {
        match self {
            Self::Whole(table) => Ok(table),
            Self::Spilled(_) => Err(SpillError::InMemoryOnly { what }),
        }
    }

    /// The counted columns, in the order asked for.
    pub fn columns(&self) -> &[String] {
        self.head().columns()
    }

    /// Number of rows counted.
    pub fn rows(&self) -> u64 {
        self.head().rows()
    }

    /// Number of distinct tuples.
    pub fn tuples(&self) -> u64 {
        match self {
            Self::Whole(table) => table.tuples() as u64,
            Self::Spilled(table) => table.tuples(),
        }
    }

    /// The distinct values of a column, as [`TupleTable::values`].
    pub fn values(&self, column: &str) -> Option<&[Option<String>]> {
        self.head().values(column)
    }

    /// How many rows have each value of a column, as [`TupleTable::value_rows`].
    pub fn value_rows(&self, column: &str) -> Option<Vec<u64>> {
        self.head().value_rows(column)
    }

    /// The sizes of the classes of rows that agree on all counted columns.
    pub fn class_sizes(&self) -> ClassSizes {
        match self {
            Self::Whole(table) => table.class_sizes(),
            Self::Spilled(table) => table.class_sizes().clone(),
        }
    }

    /// As [`TupleTable::with_population`]; the population must be in memory.
    #[must_use]
    pub fn with_population(self, population: &TupleTable) -> Self {
        match self {
            Self::Whole(table) => Self::Whole(table.with_population(population)),
            Self::Spilled(mut table) => {
                table.head = table.head.with_population(population);
                Self::Spilled(table)
            }
        }
    }
}

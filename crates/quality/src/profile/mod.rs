//! The profile of a table, in one pass.
//!
//! ```text
//! column.rs     one column: dispatch by type, merge, finish
//! moments.rs    count, minimum, maximum, mean, standard deviation
//! bins.rs       histogram whose bins double in width when the range grows
//! distinct.rs   counts of values: exact, then HyperLogLog and a sampled sketch
//! text.rs       lengths and extremes of texts
//! ```

mod bins;
mod column;
mod distinct;
mod moments;
mod text;

use std::sync::{Mutex, PoisonError};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use serde::{Deserialize, Serialize};

use column::Column;

pub use bins::Bin;

/// The type of a column, as far as a profile distinguishes types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// True or false.
    Boolean,
    /// Integers.
    Int64,
    /// Doubles.
    Float64,
    /// Calendar dates.
    Date,
    /// Dates with a time of day.
    Timestamp,
    /// Text, and everything that is shown as text.
    Text,
}

impl Kind {
    /// The kind under which an Arrow type is profiled.
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean,
            DataType::Int8
            | DataType::Int16
            | DataType::Int32
            | DataType::Int64
            | DataType::UInt8
            | DataType::UInt16
            | DataType::UInt32 => Self::Int64,
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Self::Float64,
            DataType::Date32 | DataType::Date64 => Self::Date,
            DataType::Timestamp(..) => Self::Timestamp,
            _ => Self::Text,
        }
    }

    /// The stable word that is stored with a profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Int64 => "int64",
            Self::Float64 => "float64",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Text => "text",
        }
    }
}

/// What a table looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableProfile {
    /// Rows of the table.
    pub rows: u64,
    /// Rows in which every column has a value.
    pub complete_rows: u64,
    /// The columns in the order of the table.
    pub columns: Vec<ColumnProfile>,
}

/// What a column looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Name of the column.
    pub name: String,
    /// Its type: `boolean`, `int64`, `float64`, `date`, `timestamp` or `text`.
    pub kind: String,
    /// Rows without a value.
    pub missing: u64,
    /// Different values.
    pub distinct: u64,
    /// Whether `distinct` is exact. If not, its relative standard error is 0.8 %.
    pub distinct_exact: bool,
    /// Smallest value as text.
    pub min: Option<String>,
    /// Largest value as text.
    pub max: Option<String>,
    /// Mean, for numbers.
    pub mean: Option<f64>,
    /// Standard deviation of the population, for numbers.
    pub std_dev: Option<f64>,
    /// At most 20 bins, for numbers, dates and times. Values that are not finite
    /// are in no bin.
    pub histogram: Vec<Bin>,
    /// The most frequent values, at most 20, most frequent first.
    pub top: Vec<TopValue>,
    /// Whether the counts in `top` are exact. If not, they are estimates from
    /// every sixteenth row, and values that are rarer than one row in a thousand
    /// are not shown.
    pub top_exact: bool,
    /// Characters of the shortest text.
    pub shortest_chars: Option<u64>,
    /// Characters of the longest text.
    pub longest_chars: Option<u64>,
}

impl ColumnProfile {
    /// Share of rows without a value, from 0 to 1; 0 for a table without rows.
    pub fn missing_share(&self, rows: u64) -> f64 {
        if rows == 0 {
            return 0.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share for people")]
        let share = self.missing as f64 / rows as f64;
        share
    }
}

/// A frequent value and how often it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopValue {
    /// The value as text, at most 200 characters.
    pub value: String,
    /// Rows that have it.
    pub count: u64,
}

/// Why a profile cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The batch or profiler has other columns than this one.
    #[error("the profiler has {expected} columns and was given {found}, or of other types")]
    OtherColumns {
        /// Columns of the profiler.
        expected: usize,
        /// Columns that it was given.
        found: usize,
    },

    /// A column cannot be brought to a type that is profiled.
    #[error("could not read a column")]
    Arrow(#[from] arrow::error::ArrowError),
}

/// Profiles a table batch by batch.
///
/// Memory depends on the number of columns, not of rows: about 256 MiB at most
/// for all exact counts together, and 16 KiB for each column beyond the limit.
///
/// ```
/// # use std::sync::Arc;
/// # use arrow::array::{Int64Array, RecordBatch};
/// # use arrow::datatypes::{DataType, Field, Schema};
/// # use quality::Profiler;
/// let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
/// let ages = Int64Array::from(vec![Some(30), None, Some(40)]);
/// let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(ages)])?;
/// let mut profiler = Profiler::new(&schema);
/// profiler.update(&batch)?;
/// let profile = profiler.finish();
/// assert_eq!((profile.rows, profile.columns[0].missing), (3, 1));
/// assert_eq!(profile.columns[0].mean, Some(35.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Profiler {
    rows: u64,
    complete_rows: u64,
    columns: Vec<Column>,
}

/// Memory for the exact counts of all columns together.
const EXACT_BYTES: usize = 256 * 1024 * 1024;

impl Profiler {
    /// A profiler of tables with this schema.
    pub fn new(schema: &SchemaRef) -> Self {
        let budget = EXACT_BYTES / schema.fields().len().max(1);
        let columns = schema
            .fields()
            .iter()
            .map(|field| Column::new(field.name(), field.data_type(), budget))
            .collect();
        Self { rows: 0, complete_rows: 0, columns }
    }

    /// Adds the rows of a batch.
    ///
    /// # Errors
    ///
    /// [`ProfileError`] if the batch has other columns; nothing is added then,
    /// except that columns before the wrong one may be.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), ProfileError> {
        if batch.num_columns() != self.columns.len() {
            return Err(ProfileError::OtherColumns {
                expected: self.columns.len(),
                found: batch.num_columns(),
            });
        }
        for (column, array) in self.columns.iter_mut().zip(batch.columns()) {
            column.update(array)?;
        }
        self.rows += batch.num_rows() as u64;
        self.complete_rows += complete_rows(batch);
        Ok(())
    }

    /// Adds what another profiler of the same schema saw.
    ///
    /// # Errors
    ///
    /// [`ProfileError::OtherColumns`].
    pub fn merge(&mut self, other: Self) -> Result<(), ProfileError> {
        let same = self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(|(one, two)| one.is_like(two));
        if !same {
            return Err(ProfileError::OtherColumns {
                expected: self.columns.len(),
                found: other.columns.len(),
            });
        }
        self.rows += other.rows;
        self.complete_rows += other.complete_rows;
        for (column, other) in self.columns.iter_mut().zip(other.columns) {
            column.merge(other);
        }
        Ok(())
    }

    /// The profile of all rows that were added.
    pub fn finish(self) -> TableProfile {
        TableProfile {
            rows: self.rows,
            complete_rows: self.complete_rows,
            columns: self.columns.into_iter().map(Column::finish).collect(),
        }
    }
}

fn complete_rows(batch: &RecordBatch) -> u64 {
    let mut all: Option<arrow::buffer::NullBuffer> = None;
    for array in batch.columns() {
        if array.null_count() > 0 {
            all = arrow::buffer::NullBuffer::union(all.as_ref(), array.nulls());
        }
    }
    let missing = all.map_or(0, |nulls| nulls.null_count());
    (batch.num_rows() - missing) as u64
}

/// A profiler that several threads feed at once.
///
/// Each thread takes a profiler of its own out of a pool, so that none waits.
#[derive(Debug)]
pub struct SharedProfiler {
    pool: Mutex<Vec<Profiler>>,
}

impl Default for SharedProfiler {
    fn default() -> Self {
        Self::new()
    }
}

impl SharedProfiler {
    /// An empty profiler; the schema comes with the first batch.
    pub fn new() -> Self {
        Self { pool: Mutex::new(Vec::new()) }
    }

    /// Adds the rows of a batch, from any thread.
    ///
    /// # Errors
    ///
    /// As [`Profiler::update`].
    pub fn update(&self, batch: &RecordBatch) -> Result<(), ProfileError> {
        let taken = self.pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut profiler = taken.unwrap_or_else(|| Profiler::new(&batch.schema()));
        let result = profiler.update(batch);
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).push(profiler);
        result
    }

    /// Forgets everything.
    pub fn start_over(&self) {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The profile of all rows that were added, of tables with this schema.
    ///
    /// # Errors
    ///
    /// [`ProfileError::OtherColumns`] if batches of different schemas were added.
    pub fn finish(self, schema: &SchemaRef) -> Result<TableProfile, ProfileError> {
        let mut whole = Profiler::new(schema);
        for part in self.pool.into_inner().unwrap_or_else(PoisonError::into_inner) {
            whole.merge(part)?;
        }
        Ok(whole.finish())
    }
}

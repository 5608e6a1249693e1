//! Finds sensitive data in tables: which columns identify persons, which help to,
//! which are sensitive, and what hides in free text.
//!
//! ```text
//! RecordBatch ─▶ text of each cell ─▶ one pass over its runs ─▶ counts by kind
//!                                                              │
//!                    header words, chance of the check digits ─┴▶ ColumnFinding
//! ```
//!
//! Every cell of every row is read; the memory is bounded. A column is decided on
//! as a whole, because a single value is ambiguous by nature: one in 31 citizen
//! ids passes the check of a credit code.
//!
//! Invariants (each is also the name of a test):
//! - `an_identifier_in_the_last_row_is_found`
//! - `reading_in_parts_equals_reading_at_once`
//! - `an_example_never_shows_a_value`
//!
//! Basis: 大数据发展应用促进条例 第八条 — only data that is de-sensitized is opened;
//! GB/T 37964-2019 for the roles, GB/T 43697-2024 for the levels.
//!
//! Start at [`Detector`] for tables and [`spans`] for a single text. What to do
//! about a finding is the crate `deident`; who may decide it is the platform.

mod cell_text;
mod check;
mod column;
mod decide;
mod finding;
mod forms;
mod han;
mod header;
mod kind;
mod label;
mod scan;
mod secret;
mod sketch;
mod span;
mod words;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::Schema;

pub use finding::{ColumnFinding, KindCount, Proposal};
pub use kind::{Attribute, Kind, Role};
pub use span::{Span, spans};

use column::Column;
use scan::Hit;

/// Reads a table batch by batch and says in the end what is in it.
///
/// ```
/// # use std::sync::Arc;
/// # use arrow::array::{ArrayRef, RecordBatch, StringArray};
/// # use detect::{Detector, Kind, Role};
/// let ids: ArrayRef = Arc::new(StringArray::from(vec!["11010519491231002X"]));
/// let batch = RecordBatch::try_from_iter([("证件", ids)]).unwrap();
/// let mut detector = Detector::new(&batch.schema());
/// detector.update(&batch);
/// let findings = detector.finish();
/// assert_eq!((findings[0].kind, findings[0].role), (Some(Kind::CitizenId), Role::Direct));
/// ```
#[derive(Debug, Clone)]
pub struct Detector {
    columns: Vec<Column>,
    hits: Vec<Hit>,
}

impl Detector {
    /// Makes ready to read tables of this schema.
    pub fn new(schema: &Schema) -> Self {
        Self {
            columns: schema.fields().iter().map(|field| Column::new(field.name())).collect(),
            hits: Vec::new(),
        }
    }

    /// Reads every cell of a batch. Columns are taken by position; a batch with
    /// fewer of them leaves the others as they are.
    pub fn update(&mut self, batch: &RecordBatch) {
        for (column, array) in self.columns.iter_mut().zip(batch.columns()) {
            let texts = cell_text::texts(array);
            for row in 0..texts.len() {
                let cell = texts.is_valid(row).then(|| texts.value(row));
                column.read(cell, &mut self.hits);
            }
        }
    }

    /// Adds what another detector read of later rows of the same table.
    pub fn merge(&mut self, later: Self) {
        for (own, later) in self.columns.iter_mut().zip(later.columns) {
            own.merge(later);
        }
    }

    /// Rows read so far.
    pub fn rows(&self) -> u64 {
        self.columns.first().map_or(0, |column| column.rows)
    }

    /// Decides on every column, in the order of the schema.
    pub fn finish(self) -> Vec<ColumnFinding> {
        let decisions: Vec<_> = self.columns.iter().map(decide::decide).collect();
        let persons = decisions
            .iter()
            .zip(&self.columns)
            .any(|(decision, column)| decision.shows_persons(column));
        decisions
            .into_iter()
            .zip(&self.columns)
            .map(|(decision, column)| decision.finding(column, persons))
            .collect()
    }
}

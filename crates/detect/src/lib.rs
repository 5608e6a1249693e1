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

mod address;
mod by_rule;
mod carrier;
mod cell_span;
mod cell_text;
mod chance;
mod chars;
mod check;
mod column;
mod decide;
mod disguise;
mod encoded;
mod finding;
mod forms;
mod header;
mod kind;
mod label;
mod names;
mod network;
mod places;
mod quiet;
mod rules;
mod runs;
mod sample;
mod scan;
mod scatter;
mod secret;
mod sketch;
mod small;
mod span;
mod split;
mod unveil;
mod veil;
mod words;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

pub use cell_span::{CellSpan, SpanLog, What};
pub use disguise::Disguise;
pub use finding::{ColumnFinding, KindCount, Proposal};
pub use kind::{Attribute, Kind, Role};
pub use rules::{Rule, RuleError, RuleFile, Rules, Validator};
pub use span::{Span, spans};

use cell_span::{Cell, Finds};
use column::{Column, Read};
use names::NameLook;
use rules::RuleTally;
use scatter::Scatter;
use span::Finder;
use split::Splits;

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
    finder: Finder,
    splits: Splits,
    scatter: Scatter,
    rules: Rules,
}

impl Detector {
    /// Makes ready to read tables of this schema.
    pub fn new(schema: &Schema) -> Self {
        Self::with_rules(schema, Rules::default())
    }

    /// As [`Detector::new`], and finds what the rules of the user find.
    pub fn with_rules(schema: &Schema, rules: Rules) -> Self {
        Self {
            rules,
            columns: schema.fields().iter().map(|field| Column::new(field.name())).collect(),
            finder: Finder::default(),
            splits: Splits::default(),
            scatter: Scatter::default(),
        }
    }

    /// Reads every cell of a batch. Columns are taken by position; a batch with
    /// fewer of them leaves the others as they are.
    pub fn update(&mut self, batch: &RecordBatch) {
        self.read(batch, None);
    }

    /// As [`Detector::update`], and notes every find in the log.
    pub fn update_with(&mut self, batch: &RecordBatch, log: &mut SpanLog) {
        self.read(batch, Some(log));
    }

    fn read(&mut self, batch: &RecordBatch, mut log: Option<&mut SpanLog>) {
        let from = self.rows();
        let finder = &mut self.finder;
        let rules = &self.rules;
        let mut in_parts = Vec::with_capacity(self.columns.len());
        let (keys, counts) = self.scatter.begin(batch.num_rows());
        for (place, (column, array)) in self.columns.iter_mut().zip(batch.columns()).enumerate() {
            let parts = column.parts();
            let mut finds = log.as_mut().map(|log| log.column(place));
            let mut marks = keys.iter_mut().zip(counts.iter_mut());
            cell_text::each(array, |cell| {
                let raw = cell.unwrap_or_default();
                let (text, lead) = cell_text::trimmed(raw);
                let row = column.rows;
                let Read { name, ascii, hash, part } = column.read(text, finder);
                if let Some((key, count)) = marks.next() {
                    *key = scatter::with(*key, hash);
                    *count = count.saturating_add(u8::from(part));
                }
                if let Some(finds) = &mut finds
                    && (!finder.hits.is_empty() || name != NameLook::No)
                {
                    let cell = Cell { row, raw, lead, length: text.len(), ascii };
                    finds.note(cell, &finder.hits, name);
                }
                if !rules.is_empty() {
                    let cell = Cell { row, raw, lead, length: text.len(), ascii: false };
                    read_rules(rules, column, cell, finds.as_deref_mut());
                }
            });
            in_parts.push(column.parts() > parts);
        }
        self.splits.draw(batch.columns(), &in_parts, from);
        self.scatter.draw(batch.columns(), &in_parts, from);
    }

    /// Adds what another detector read of later rows of the same table.
    pub fn merge(&mut self, later: Self) {
        self.splits.merge(later.splits, self.rows());
        self.scatter.merge(later.scatter, self.rows());
        for (own, later) in self.columns.iter_mut().zip(later.columns) {
            own.merge(later);
        }
    }

    /// Rows read so far.
    pub fn rows(&self) -> u64 {
        self.columns.first().map_or(0, |column| column.rows)
    }

    /// Decides on every column, in the order of the schema.
    pub fn finish(mut self) -> Vec<ColumnFinding> {
        self.columns.iter_mut().for_each(Column::settle);
        let mut decisions: Vec<_> = self.columns.iter().map(decide::decide).collect();
        for (decision, column) in decisions.iter_mut().zip(&self.columns) {
            decision.unveil(column, &mut self.finder);
        }
        let cells: Vec<u64> = self.columns.iter().map(|column| column.cells).collect();
        let direct: Vec<bool> = decisions.iter().map(decide::Decision::is_direct).collect();
        for (columns, proof) in self.splits.find(&cells, &direct) {
            for decision in decisions.get_mut(columns).unwrap_or_default() {
                decision.prove(&proof);
            }
        }
        let free: Vec<usize> =
            (0..).zip(&decisions).filter(|(_, own)| !own.is_direct()).map(|(at, _)| at).collect();
        let name =
            |column: usize| self.columns.get(column).map_or("", |column| column.name.as_str());
        for (columns, proof) in self.scatter.find(&free, name) {
            for column in columns {
                if let Some(decision) = decisions.get_mut(column) {
                    decision.prove(&proof);
                }
            }
        }
        let persons = decisions
            .iter()
            .zip(&self.columns)
            .any(|(decision, column)| decision.shows_persons(column));
        decisions
            .into_iter()
            .zip(&self.columns)
            .map(|(decision, column)| {
                let finding = decision.finding(column, persons);
                by_rule::apply(finding, column, &self.rules)
            })
            .collect()
    }
}

/// Counts and notes what the rules find in a cell.
fn read_rules(rules: &Rules, column: &mut Column, cell: Cell<'_>, mut log: Option<&mut Finds>) {
    rules.find(cell.raw, |rule, start, end| {
        if column.rules.len() <= rule {
            column.rules.resize_with(rule + 1, RuleTally::default);
        }
        if let Some(tally) = column.rules.get_mut(rule) {
            let whole = end - start == cell.length;
            tally.whole += u64::from(whole);
            tally.inner += u64::from(!whole);
            tally.first = tally.first.or(Some(cell.row));
        }
        if let Some(log) = &mut log {
            log.note_rule(cell, rule, start, end);
        }
    });
}

//! Rows of a table as the cells of a page.

use arrow::array::{Array, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use platform::registry::Asset;
use serde::Serialize;
use vocabulary::Bilingual;

use crate::parts::plain;
use crate::problem::Problem;

/// The longest text in a cell; the rest is in the download.
const LONGEST: usize = 200;

/// Some rows with their columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Table {
    /// The columns.
    pub(super) columns: Vec<Column>,
    /// The rows; a missing value is none.
    pub(super) rows: Vec<Vec<Option<String>>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Column {
    /// Its name in the data.
    pub(super) name: String,
    /// Its name for people.
    pub(super) title: Bilingual,
    /// Whether it stands to the right.
    pub(super) numeric: bool,
}

impl Table {
    /// The rows of a batch, under the names that the catalogue gives to columns.
    ///
    /// # Errors
    ///
    /// [`Problem::internal`] if a value cannot be written.
    pub(super) fn of(batch: &RecordBatch, asset: &Asset) -> Result<Self, Problem> {
        Self::with_titles(batch, |name| title_of(asset, name))
    }

    /// The rows of a batch, under names that are given.
    ///
    /// # Errors
    ///
    /// As [`Table::of`].
    pub(super) fn with_titles(
        batch: &RecordBatch,
        title: impl Fn(&str) -> Bilingual,
    ) -> Result<Self, Problem> {
        let schema = batch.schema();
        let columns = schema.fields().iter().map(|field| Column {
            name: field.name().clone(),
            title: title(field.name()),
            numeric: field.data_type().is_numeric(),
        });
        let columns = columns.collect();
        let options = FormatOptions::default();
        let formatters = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        let mut rows = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let mut cells = Vec::with_capacity(formatters.len());
            for (column, formatter) in batch.columns().iter().zip(&formatters) {
                if column.is_null(row) {
                    cells.push(None);
                } else {
                    let text = formatter.value(row).try_to_string().map_err(failed)?;
                    cells.push(Some(shortened(text)));
                }
            }
            rows.push(cells);
        }
        Ok(Self { columns, rows })
    }
}

/// The name of a column for people; its name in the data if the catalogue has no other.
pub(super) fn title_of(asset: &Asset, column: &str) -> Bilingual {
    let item = asset.entry.items.iter().find(|item| item.name == column);
    match item {
        Some(item) if !item.title.zh.is_empty() => item.title.clone(),
        _ => plain(column),
    }
}

fn shortened(text: String) -> String {
    if text.chars().count() <= LONGEST {
        return text;
    }
    let mut cut: String = text.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn failed(error: arrow::error::ArrowError) -> Problem {
    tracing::error!(error = %vocabulary::error_chain(&error), "a value could not be written");
    Problem::internal()
}

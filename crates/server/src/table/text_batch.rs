//! Rows of text that become batches of text columns.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::ReadError;

/// Rows of a batch.
const BATCH_ROWS: usize = 8192;

/// Rows of text that wait to be a batch.
#[derive(Debug)]
pub(crate) struct TextBatch {
    path: PathBuf,
    schema: SchemaRef,
    columns: Vec<StringBuilder>,
    rows: usize,
}

impl TextBatch {
    /// - `path`: the place of the table, as it is shown.
    /// - `names`: the columns.
    pub(crate) fn new(path: &Path, names: &[String]) -> Self {
        let field = |name: &String| Field::new(name, DataType::Utf8, true);
        Self {
            path: path.to_owned(),
            schema: Arc::new(Schema::new(names.iter().map(field).collect::<Vec<_>>())),
            columns: names.iter().map(|_| StringBuilder::new()).collect(),
            rows: 0,
        }
    }

    /// The columns, as texts.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Adds a row: one cell a column, `None` being null.
    pub(crate) fn push<'a>(&mut self, cells: impl IntoIterator<Item = Option<&'a str>>) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.append_option(cell);
        }
        self.rows += 1;
    }

    /// Whether there are as many rows as a batch should have.
    pub(crate) fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS
    }

    /// Forgets the rows.
    pub(crate) fn clear(&mut self) {
        self.columns.iter_mut().for_each(|column| drop(column.finish()));
        self.rows = 0;
    }

    /// The rows as a batch; `None` if there are none.
    pub(crate) fn take(&mut self) -> Result<Option<RecordBatch>, ReadError> {
        let rows = std::mem::take(&mut self.rows);
        if rows == 0 {
            return Ok(None);
        }
        let columns: Vec<ArrayRef> =
            self.columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        // Without columns there are rows all the same.
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map(Some)
            .map_err(|source| ReadError::Arrow { path: self.path.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arrow::array::AsArray as _;

    use super::{BATCH_ROWS, TextBatch};

    #[test]
    fn rows_come_out_once_and_as_they_went_in() {
        let mut waiting = TextBatch::new(Path::new("a.csv"), &["a".to_owned(), "b".to_owned()]);
        assert!(waiting.take().unwrap().is_none());
        waiting.push([Some("left"), Some("behind")]);
        waiting.clear();
        for _ in 0..BATCH_ROWS {
            assert!(!waiting.is_full());
            waiting.push([Some(""), None]);
        }
        assert!(waiting.is_full());
        let batch = waiting.take().unwrap().unwrap();
        assert_eq!((batch.num_rows(), batch.column(1).null_count()), (BATCH_ROWS, BATCH_ROWS));
        assert_eq!(batch.column(0).as_string::<i32>().value(0), "");
        assert!(waiting.take().unwrap().is_none());
    }

    #[test]
    fn rows_of_no_columns_are_counted() {
        let mut waiting = TextBatch::new(Path::new("a.csv"), &[]);
        waiting.push([]);
        waiting.push([]);
        assert_eq!(waiting.take().unwrap().unwrap().num_rows(), 2);
    }
}

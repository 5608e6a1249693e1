//! Files that `ingest` reads, as rows of text.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{ReadError, RowReader};

/// Called where what was shown of the file does not count: begins anew and shows what
/// stands before the file.
pub(super) type StartOver<'a> = dyn Fn(&mut dyn RowReader) -> Result<(), ReadError> + 'a;

/// The names of the columns.
///
/// - `head_only`: stop where the first rows would come.
pub(super) fn names(path: &Path, head_only: bool) -> Result<Vec<String>, ReadError> {
    load(path, None, &|_| Ok(()), head_only)
}

/// Shows each row.
pub(super) fn each_row(
    path: &Path,
    reader: &mut dyn RowReader,
    start_over: &StartOver<'_>,
) -> Result<(), ReadError> {
    load(path, Some(reader), start_over, false).map(|_| ())
}

fn load(
    path: &Path,
    reader: Option<&mut dyn RowReader>,
    start_over: &StartOver<'_>,
    head_only: bool,
) -> Result<Vec<String>, ReadError> {
    let mut cells = Cells {
        reader,
        start_over,
        begun: false,
        head_only,
        names: Vec::new(),
        row: 0,
        failed: None,
        has_enough: false,
    };
    let limits = ingest::Limits::default();
    let read = ingest::load(path, &ingest::Hint::default(), &limits, &mut cells);
    match (read, cells.failed) {
        (_, Some(failed)) => Err(failed),
        (Err(source), None) if !cells.has_enough => {
            Err(ReadError::Ingest { path: path.to_owned(), source })
        }
        _ => Ok(cells.names),
    }
}

/// Receives what `ingest` reads, and shows it as rows of text.
struct Cells<'a, 'b> {
    reader: Option<&'a mut (dyn RowReader + 'b)>,
    start_over: &'a StartOver<'a>,
    begun: bool,
    head_only: bool,
    names: Vec<String>,
    row: usize,
    failed: Option<ReadError>,
    has_enough: bool,
}

impl Cells<'_, '_> {
    /// Keeps the reader's own error: `ingest` knows only its text.
    fn note(&mut self, result: Result<(), ReadError>) -> Result<(), ingest::SinkError> {
        result.map_err(|error| {
            let told = ingest::SinkError::new(error.to_string());
            self.failed = Some(error);
            told
        })
    }

    fn show(&mut self, columns: &[Column]) -> Result<(), ReadError> {
        let Some(reader) = &mut self.reader else { return Ok(()) };
        let rows = columns.first().map_or(0, |column| column.ends.len());
        let mut cells = Vec::with_capacity(columns.len());
        for row in 0..rows {
            cells.clear();
            cells.extend(columns.iter().map(|column| Cow::Borrowed(column.cell(row))));
            self.row += 1;
            reader.row(self.row, &cells)?;
        }
        Ok(())
    }
}

/// A row that does not fit ends the reading: nothing is left out silently.
pub(super) fn does_not_fit(reject: &ingest::Reject) -> ingest::SinkError {
    let message = reject.reason.message();
    ingest::SinkError::new(format!("line {}: {}; correct the row", reject.line, message.en))
}

/// The cells of a column of a batch as text, one after the other.
struct Column {
    text: String,
    /// Where each cell ends.
    ends: Vec<usize>,
}

impl Column {
    fn of(array: &dyn Array) -> Result<Self, ArrowError> {
        let options = FormatOptions::default();
        let format = ArrayFormatter::try_new(array, &options)?;
        let mut column = Self { text: String::new(), ends: Vec::with_capacity(array.len()) };
        for row in 0..array.len() {
            format.value(row).write(&mut column.text)?;
            column.ends.push(column.text.len());
        }
        Ok(column)
    }

    fn cell(&self, row: usize) -> &str {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(row).copied().unwrap_or_default();
        self.text.get(start.unwrap_or_default()..end).unwrap_or_default()
    }
}

impl ingest::Sink for Cells<'_, '_> {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), ingest::SinkError> {
        self.names = schema.fields().iter().map(|field| field.name().clone()).collect();
        self.row = 0;
        let again = std::mem::replace(&mut self.begun, true);
        let begun = match &mut self.reader {
            Some(reader) if again => (self.start_over)(&mut **reader),
            _ => Ok(()),
        };
        self.note(begun)
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), ingest::SinkError> {
        if self.head_only {
            self.has_enough = true;
            return Err(ingest::SinkError::new("the columns are known"));
        }
        let columns: Result<Vec<Column>, _> =
            batch.columns().iter().map(|column| Column::of(column.as_ref())).collect();
        let shown = self.show(&columns.map_err(ingest::SinkError::new)?);
        self.note(shown)
    }

    fn reject(&mut self, reject: ingest::Reject) -> Result<(), ingest::SinkError> {
        Err(does_not_fit(&reject))
    }

    fn progress(&mut self, _: ingest::Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

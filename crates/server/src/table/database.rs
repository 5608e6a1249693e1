//! Rows of a database's table: as text, or as batches for what wants types.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use store::foreign::{ForeignAddress, ForeignError, ForeignKind, ForeignTable};

use super::{ReadError, TextBatch};

/// Sees a row with its number, and says whether it wants more.
type SeeCells<'a> = dyn FnMut(usize, &[Option<&str>]) -> Result<ControlFlow<()>, ReadError> + 'a;

/// A table of a database, in one transaction that can only read.
#[derive(Debug)]
pub(super) struct DatabaseTable {
    path: PathBuf,
    table: RefCell<ForeignTable>,
    /// The columns that are read, in the order of the table.
    places: Vec<usize>,
}

/// Runs what waits for a database to its end.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

impl DatabaseTable {
    /// - `shown`: the address as it may be shown.
    pub(super) fn open(
        shown: &Path,
        address: &Result<ForeignAddress, ForeignError>,
    ) -> Result<Self, ReadError> {
        let failed = |source| ReadError::Database { path: shown.to_owned(), source };
        let address = address.as_ref().map_err(|error| failed(error.clone()))?;
        let table = wait(ForeignTable::open(address)).map_err(failed)?;
        let places = (0..table.columns().len()).collect();
        Ok(Self { path: shown.to_owned(), table: RefCell::new(table), places })
    }

    /// Reads only some columns; those that the table lacks are left out.
    pub(super) fn only(&mut self, names: &[String]) {
        let table = self.table.borrow();
        let is_named = |place: &usize| {
            table.columns().get(*place).is_some_and(|column| names.contains(&column.name))
        };
        self.places.retain(is_named);
    }

    /// The names of all columns.
    pub(super) fn all_columns(&self) -> Vec<String> {
        self.table.borrow().columns().iter().map(|column| column.name.clone()).collect()
    }

    /// The names of the columns that are read.
    pub(super) fn header(&self) -> Vec<String> {
        let table = self.table.borrow();
        let name = |place: &usize| Some(table.columns().get(*place)?.name.clone());
        self.places.iter().filter_map(name).collect()
    }

    /// Shows each row as text, until `see` has enough or fails.
    pub(super) fn each(&self, see: &mut SeeCells<'_>) -> Result<(), ReadError> {
        let mut table = self.table.borrow_mut();
        let (mut row, mut failure) = (0, None);
        let read = wait(table.each(&self.places, &mut |cells| {
            row += 1;
            see(row, cells).unwrap_or_else(|error| {
                failure = Some(error);
                ControlFlow::Break(())
            })
        }));
        match failure {
            Some(failure) => Err(failure),
            None => read.map_err(|source| self.failed(source)),
        }
    }

    fn failed(&self, source: ForeignError) -> ReadError {
        ReadError::Database { path: self.path.clone(), source }
    }

    /// The types of the columns, and whether each cell keeps to them.
    pub(super) fn schema(&self) -> Result<SchemaRef, ReadError> {
        let columns = wait(self.table.borrow_mut().checked_columns());
        let fields = columns.map_err(|source| self.failed(source))?.into_iter().map(|column| {
            let data_type = match column.kind {
                ForeignKind::Whole => DataType::Int64,
                ForeignKind::Real => DataType::Float64,
                ForeignKind::Date => DataType::Date32,
                ForeignKind::Moment => DataType::Timestamp(TimeUnit::Microsecond, None),
                ForeignKind::YesNo => DataType::Boolean,
                ForeignKind::Text => DataType::Utf8,
            };
            Field::new(column.name, data_type, true)
        });
        Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }

    /// Shows the rows as batches of a schema that [`Self::schema`] gave.
    pub(super) fn batches(
        &self,
        schema: &SchemaRef,
        see: &mut dyn FnMut(RecordBatch) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let names = self.header();
        let mut waiting = TextBatch::new(&self.path, &names);
        let mut before = 0;
        let mut hand_over = |waiting: &mut TextBatch| {
            let Some(texts) = waiting.take()? else { return Ok(()) };
            let batch = typed(&self.path, &texts, schema, before)?;
            before += batch.num_rows() as u64;
            see(batch)
        };
        self.each(&mut |_, cells| {
            waiting.push(cells.iter().copied());
            if waiting.is_full() {
                hand_over(&mut waiting)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        hand_over(&mut waiting)
    }
}

/// A batch of text with the types of a schema.
///
/// - `before`: rows of the batches before, to name the row of a cell that does not fit.
fn typed(
    path: &Path,
    texts: &RecordBatch,
    schema: &SchemaRef,
    before: u64,
) -> Result<RecordBatch, ReadError> {
    let failed = |source| ReadError::Arrow { path: path.to_owned(), source };
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(texts.num_columns());
    for (texts, field) in texts.columns().iter().zip(schema.fields()) {
        let options = CastOptions { safe: true, ..CastOptions::default() };
        let typed = cast_with_options(texts, field.data_type(), &options).map_err(failed)?;
        let lost = (0..texts.len()).find(|row| texts.is_valid(*row) && typed.is_null(*row));
        if let Some(row) = lost {
            return Err(ReadError::Cell {
                path: path.to_owned(),
                row: before + row as u64 + 1,
                column: field.name().clone(),
                kind: field.data_type().to_string(),
                value: texts.as_string::<i32>().value(row).to_owned(),
            });
        }
        columns.push(typed);
    }
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(failed)
}

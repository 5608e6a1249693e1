//! Rows of a database's table: as text, or as batches for what wants types.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, RecordBatch, StringBuilder};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use store::foreign::{ForeignAddress, ForeignError, ForeignKind, ForeignTable};

use super::ReadError;

/// Rows of a batch.
const BATCH_ROWS: usize = 8192;

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
    pub(super) fn open(shown: &Path, address: Option<&ForeignAddress>) -> Result<Self, ReadError> {
        let failed = |source| ReadError::Database { path: shown.to_owned(), source };
        let address = address.ok_or_else(|| failed(ForeignError::Address))?;
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
        let mut waiting = Waiting::new(&self.path, schema);
        self.each(&mut |_, cells| {
            waiting.push(cells);
            if waiting.rows < BATCH_ROWS {
                return Ok(ControlFlow::Continue(()));
            }
            see(waiting.take()?)?;
            Ok(ControlFlow::Continue(()))
        })?;
        if waiting.rows > 0 { see(waiting.take()?) } else { Ok(()) }
    }
}

/// Rows that wait to be a batch.
struct Waiting<'a> {
    path: &'a Path,
    schema: &'a SchemaRef,
    columns: Vec<StringBuilder>,
    rows: usize,
    /// Rows of the batches before.
    before: u64,
}

impl<'a> Waiting<'a> {
    fn new(path: &'a Path, schema: &'a SchemaRef) -> Self {
        let columns = schema.fields().iter().map(|_| StringBuilder::new()).collect();
        Self { path, schema, columns, rows: 0, before: 0 }
    }

    fn push(&mut self, cells: &[Option<&str>]) {
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            column.append_option(*cell);
        }
        self.rows += 1;
    }

    fn take(&mut self) -> Result<RecordBatch, ReadError> {
        let path = || self.path.to_owned();
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.columns.len());
        for (builder, field) in self.columns.iter_mut().zip(self.schema.fields()) {
            let texts = builder.finish();
            let options = CastOptions { safe: true, ..CastOptions::default() };
            let typed = cast_with_options(&texts, field.data_type(), &options)
                .map_err(|source| ReadError::Arrow { path: path(), source })?;
            let lost = (0..texts.len()).find(|row| texts.is_valid(*row) && typed.is_null(*row));
            if let Some(row) = lost {
                return Err(ReadError::Cell {
                    path: path(),
                    row: self.before + row as u64 + 1,
                    column: field.name().clone(),
                    kind: field.data_type().to_string(),
                    value: texts.value(row).to_owned(),
                });
            }
            columns.push(typed);
        }
        self.before += self.rows as u64;
        self.rows = 0;
        RecordBatch::try_new(Arc::clone(self.schema), columns)
            .map_err(|source| ReadError::Arrow { path: self.path.to_owned(), source })
    }
}

//! Tables as batches with types, for plans.
//!
//! The types of a file are those that `ingest` finds. The files of a folder are one
//! table: where their types differ, whole numbers become numbers, and anything else
//! becomes text.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use store::foreign::{ForeignAddress, ForeignError};

use super::database::DatabaseTable;
use super::typed::does_not_fit;
use super::{Input, ReadError, Source, files_of};

/// Sees the batches of a table.
pub(crate) trait Batches {
    /// Why it can stop.
    type Error;

    /// The batches come from the first one on; what was seen before does not count.
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Self::Error>;

    /// The next rows.
    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Self::Error>;
}

/// Why a pass ended early.
#[derive(Debug)]
pub(crate) enum PassError<E> {
    /// The table.
    Read(ReadError),
    /// Whoever saw the batches.
    Stopped(E),
}

impl<E> From<ReadError> for PassError<E> {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// A table that is read anew in each pass.
#[derive(Debug)]
pub(crate) enum BatchTable {
    /// One file.
    File(PathBuf),
    /// The files of a folder, with the types of them all.
    Folder(Vec<PathBuf>, SchemaRef),
    /// A table of a database.
    Database(Box<DatabaseBatches>),
}

/// A table of a database with its types.
#[derive(Debug)]
pub(crate) struct DatabaseBatches {
    table: DatabaseTable,
    schema: SchemaRef,
}

impl DatabaseBatches {
    fn open(
        shown: &Path,
        address: &Result<ForeignAddress, ForeignError>,
    ) -> Result<Self, ReadError> {
        let table = DatabaseTable::open(shown, address)?;
        Ok(Self { schema: table.schema()?, table })
    }
}

/// Feeds the table of a database to a sink, as `ingest` does a file.
///
/// - `shown`: the address as it may be shown.
pub(crate) fn feed(
    shown: &Path,
    address: &Result<ForeignAddress, ForeignError>,
    sink: &mut dyn ingest::Sink,
) -> Result<(), ReadError> {
    let DatabaseBatches { table, schema } = DatabaseBatches::open(shown, address)?;
    let failed = |error: ingest::SinkError| ReadError::Io {
        path: shown.to_owned(),
        source: std::io::Error::other(error),
    };
    sink.begin(Arc::clone(&schema)).map_err(failed)?;
    table.batches(&schema, &mut |batch| sink.batch(batch).map_err(failed))
}

impl BatchTable {
    /// Finds out how a table is read. The files of a folder are gone through once, for
    /// their types.
    pub(crate) fn open(input: &Input) -> Result<Self, ReadError> {
        let path = match &input.source {
            Source::Path(path) => path,
            Source::Database(address) => {
                let table = DatabaseBatches::open(input.shown(), address)?;
                return Ok(Self::Database(Box::new(table)));
            }
        };
        let files = files_of(path).map_err(|(path, source)| ReadError::Io { path, source })?;
        match files.as_slice() {
            [] => Err(ReadError::NoFiles { path: path.clone() }),
            [file] => Ok(Self::File(file.clone())),
            [first, ..] => {
                let mut schema = schema_of(first)?;
                for file in files.iter().skip(1) {
                    schema = joined(&schema, &schema_of(file)?, first, file)?;
                }
                let nullable = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
                let fields: Vec<Field> = schema.fields().iter().map(nullable).collect();
                Ok(Self::Folder(files, Arc::new(Schema::new(fields))))
            }
        }
    }

    /// Shows all batches once.
    pub(crate) fn pass<B: Batches>(&self, batches: &mut B) -> Result<(), PassError<B::Error>> {
        match self {
            Self::File(file) => load(file, &mut Pass::new(None, batches, &mut |_| Ok(()))),
            Self::Folder(files, schema) => {
                batches.begin(schema).map_err(PassError::Stopped)?;
                show_files(files, schema, batches)
            }
            Self::Database(table) => {
                let DatabaseBatches { table, schema } = table.as_ref();
                batches.begin(schema).map_err(PassError::Stopped)?;
                let mut stopped = None;
                let read = table.batches(schema, &mut |batch| {
                    batches.batch(&batch).map_err(|error| {
                        stopped = Some(error);
                        ReadError::Ended
                    })
                });
                match stopped {
                    Some(error) => Err(PassError::Stopped(error)),
                    None => Ok(read?),
                }
            }
        }
    }
}

/// Shows the batches of some files with the types of one schema. Where a file begins anew,
/// the files before it are shown again.
fn show_files<B: Batches>(
    files: &[PathBuf],
    schema: &SchemaRef,
    batches: &mut B,
) -> Result<(), PassError<B::Error>> {
    for (number, file) in files.iter().enumerate() {
        let mut again = |batches: &mut B| {
            batches.begin(schema).map_err(PassError::Stopped)?;
            show_files(files.get(..number).unwrap_or_default(), schema, batches)
        };
        load(file, &mut Pass::new(Some(schema), batches, &mut again))?;
    }
    Ok(())
}

fn load<B: Batches>(path: &Path, pass: &mut Pass<'_, B>) -> Result<(), PassError<B::Error>> {
    let limits = ingest::Limits::default();
    let read = ingest::load(path, &ingest::Hint::default(), &limits, pass);
    match (pass.failed.take(), read) {
        (Some(failed), _) => Err(failed),
        (None, Err(source)) => Err(ReadError::Ingest { path: path.to_owned(), source }.into()),
        (None, Ok(_)) => Ok(()),
    }
}

/// Begins anew and shows what stands before the file in hand.
type Again<'a, B> = dyn FnMut(&mut B) -> Result<(), PassError<<B as Batches>::Error>> + 'a;

/// Receives the batches of one file.
struct Pass<'a, B: Batches> {
    /// The schema of the whole table, where it is known; else that of the file.
    schema: Option<&'a SchemaRef>,
    batches: &'a mut B,
    again: &'a mut Again<'a, B>,
    begun: bool,
    failed: Option<PassError<B::Error>>,
}

impl<'a, B: Batches> Pass<'a, B> {
    fn new(schema: Option<&'a SchemaRef>, batches: &'a mut B, again: &'a mut Again<'a, B>) -> Self {
        Self { schema, batches, again, begun: false, failed: None }
    }

    fn note(&mut self, result: Result<(), PassError<B::Error>>) -> Result<(), ingest::SinkError> {
        result.map_err(|failed| {
            self.failed = Some(failed);
            ingest::SinkError::new("the reading ends here")
        })
    }
}

impl<B: Batches> ingest::Sink for Pass<'_, B> {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), ingest::SinkError> {
        let again = std::mem::replace(&mut self.begun, true);
        let begun = match self.schema {
            None => self.batches.begin(&schema).map_err(PassError::Stopped),
            Some(_) if again => (self.again)(self.batches),
            Some(_) => Ok(()),
        };
        self.note(begun)
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), ingest::SinkError> {
        let batch = match self.schema {
            None => batch,
            Some(schema) => recast(&batch, schema).map_err(ingest::SinkError::new)?,
        };
        let seen = self.batches.batch(&batch).map_err(PassError::Stopped);
        self.note(seen)
    }

    fn reject(&mut self, reject: ingest::Reject) -> Result<(), ingest::SinkError> {
        Err(does_not_fit(&reject))
    }

    fn progress(&mut self, _: ingest::Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The columns of a batch in the order and with the types of a schema.
fn recast(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let place = batch.schema().index_of(field.name())?;
        columns.push(cast(batch.column(place), field.data_type())?);
    }
    RecordBatch::try_new(Arc::clone(schema), columns)
}

/// The types of a file, from all of it.
fn schema_of(path: &Path) -> Result<SchemaRef, ReadError> {
    struct Last(Option<SchemaRef>);
    impl Batches for Last {
        type Error = std::convert::Infallible;

        fn begin(&mut self, schema: &SchemaRef) -> Result<(), Self::Error> {
            self.0 = Some(Arc::clone(schema));
            Ok(())
        }

        fn batch(&mut self, _: &RecordBatch) -> Result<(), Self::Error> {
            Ok(())
        }
    }
    let mut last = Last(None);
    match load(path, &mut Pass::new(None, &mut last, &mut |_| Ok(()))) {
        Err(PassError::Read(error)) => return Err(error),
        Err(PassError::Stopped(never)) => match never {},
        Ok(()) => {}
    }
    last.0.ok_or_else(|| ReadError::NoRows { path: path.to_owned() })
}

/// The types that hold the values of both.
fn joined(
    one: &SchemaRef,
    other: &SchemaRef,
    first: &Path,
    file: &Path,
) -> Result<SchemaRef, ReadError> {
    let unlike = |name: &str, what| ReadError::OtherColumns {
        path: file.to_owned(),
        first: first.to_owned(),
        difference: format!("`{name}` is {what}"),
    };
    if let Some(more) = other.fields().iter().find(|field| one.index_of(field.name()).is_err()) {
        return Err(unlike(more.name(), "more"));
    }
    let mut fields = Vec::with_capacity(one.fields().len());
    for field in one.fields() {
        let found = other.field_with_name(field.name());
        let found = found.map_err(|_| unlike(field.name(), "missing"))?;
        let whole = |kind: &DataType| *kind == DataType::Int64;
        let number = |kind: &DataType| whole(kind) || *kind == DataType::Float64;
        let (left, right) = (field.data_type(), found.data_type());
        let data_type = if left == right || *right == DataType::Null {
            left.clone()
        } else if *left == DataType::Null {
            right.clone()
        } else if number(left) && number(right) {
            DataType::Float64
        } else {
            DataType::Utf8
        };
        fields.push(Field::new(field.name(), data_type, true));
    }
    Ok(Arc::new(Schema::new(fields)))
}

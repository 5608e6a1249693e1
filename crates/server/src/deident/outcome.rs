//! What becomes of the rows that a plan releases: themselves, a table of groups (聚合), or
//! rows drawn from a model of them (合成数据).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::deident::Keys;
use ::deident::aggregate::{Aggregation, Aggregator, Suppressed};
use ::deident::synthetic::{SYNTHETIC, Synthesis, SynthesizerBuilder};
use arrow::array::{ArrayRef, AsArray as _, BooleanArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use ingest::write::{CsvOptions, CsvWriter, WriteError};

use super::planned::Stopped;
use crate::whole_file::WholeFile;

/// Rows that are drawn at once.
const DRAWN_ROWS: u64 = 8192;

/// The column by which a synthetic table says what it is, in every row.
pub(super) const LABEL: &str = SYNTHETIC;

/// What is wanted of the rows.
#[derive(Debug)]
pub(super) enum Wanted {
    /// The rows.
    Rows,
    /// One row a group.
    Groups(Aggregation),
    /// Rows that are drawn.
    Drawn(Synthesis),
}

/// What is being made.
pub(super) struct Outcome {
    kind: Kind,
    out: Option<PathBuf>,
}

enum Kind {
    Rows(Option<Box<CsvWriter<WholeFile>>>),
    Groups(Box<Aggregator>, Aggregation),
    Drawn(Box<SynthesizerBuilder>, Synthesis),
}

/// What was made.
#[derive(Debug)]
pub(super) enum Made {
    /// The rows.
    Rows,
    /// One row a group.
    Groups {
        settings: Aggregation,
        groups: u64,
        suppressed: Suppressed,
        /// Cells that are not shown so that others cannot be worked out.
        complementary: u64,
    },
    /// Rows that were drawn.
    Drawn {
        settings: Synthesis,
        rows: u64,
        /// The column that each column depends on.
        dependencies: Vec<(String, Option<String>)>,
    },
}

fn writer(out: &Path, schema: &SchemaRef) -> Result<Box<CsvWriter<WholeFile>>, Stopped> {
    let unwritten = |source| Stopped::Write(out.to_owned(), source);
    let file = WholeFile::create(out).map_err(|error| unwritten(error.into()))?;
    let writer = CsvWriter::new(file, schema, CsvOptions { bom: false });
    writer.map(Box::new).map_err(unwritten)
}

fn close(writer: CsvWriter<WholeFile>, out: &Path) -> Result<(), Stopped> {
    let unwritten = |source| Stopped::Write(out.to_owned(), source);
    let file = writer.finish().map_err(unwritten)?;
    file.finish().map_err(|error| unwritten(WriteError::from(error)))
}

impl Outcome {
    /// Makes ready for rows of a schema.
    pub(super) fn begin(
        wanted: &Wanted,
        keys: &Keys,
        schema: &SchemaRef,
        out: Option<&Path>,
    ) -> Result<Self, Stopped> {
        let kind = match wanted {
            Wanted::Rows => Kind::Rows(out.map(|out| writer(out, schema)).transpose()?),
            Wanted::Groups(settings) => {
                let aggregator = Aggregator::new(settings, schema).map_err(Stopped::Aggregate)?;
                Kind::Groups(Box::new(aggregator), settings.clone())
            }
            Wanted::Drawn(settings) => {
                let builder =
                    SynthesizerBuilder::new(settings, keys, schema).map_err(Stopped::Synthesis)?;
                Kind::Drawn(Box::new(builder), settings.clone())
            }
        };
        Ok(Self { kind, out: out.map(Path::to_owned) })
    }

    /// Takes in the next rows.
    pub(super) fn update(&mut self, rows: &RecordBatch) -> Result<(), Stopped> {
        match (&mut self.kind, &self.out) {
            (Kind::Rows(Some(writer)), Some(out)) => {
                writer.write(rows).map_err(|source| Stopped::Write(out.clone(), source))
            }
            (Kind::Rows(_), _) => Ok(()),
            (Kind::Groups(aggregator, _), _) => aggregator.update(rows).map_err(Stopped::Aggregate),
            (Kind::Drawn(builder, _), _) => builder.update(rows).map_err(Stopped::Synthesis),
        }
    }

    /// Writes what was made.
    ///
    /// - `rows`: rows that were taken in.
    pub(super) fn finish(self, rows: u64) -> Result<Made, Stopped> {
        let out = self.out.as_deref();
        match self.kind {
            Kind::Rows(writer) => {
                if let (Some(writer), Some(out)) = (writer, out) {
                    close(*writer, out)?;
                }
                Ok(Made::Rows)
            }
            Kind::Groups(aggregator, settings) => groups(*aggregator, settings, out),
            Kind::Drawn(builder, settings) => drawn(*builder, settings, rows, out),
        }
    }
}

fn groups(
    aggregator: Aggregator,
    settings: Aggregation,
    out: Option<&Path>,
) -> Result<Made, Stopped> {
    let suppressed = aggregator.suppressed();
    let table = aggregator.finish().map_err(Stopped::Aggregate)?;
    let marks = table.column_by_name("suppressed").and_then(|marks| marks.as_string_opt::<i32>());
    let complementary = marks.map_or(0, |marks| {
        marks.iter().filter(|mark| *mark == Some("complementary")).count() as u64
    });
    if let Some(out) = out {
        let mut writer = writer(out, &table.schema())?;
        writer.write(&table).map_err(|source| Stopped::Write(out.to_owned(), source))?;
        close(*writer, out)?;
    }
    let groups = table.num_rows() as u64;
    Ok(Made::Groups { settings, groups, suppressed, complementary })
}

fn drawn(
    builder: SynthesizerBuilder,
    settings: Synthesis,
    rows: u64,
    out: Option<&Path>,
) -> Result<Made, Stopped> {
    let rows = settings.rows.unwrap_or(rows);
    let mut model = builder.finish().map_err(Stopped::Synthesis)?;
    let own = |name: &str| name.to_owned();
    let dependencies =
        model.dependencies().into_iter().map(|(name, on)| (own(name), on.map(own))).collect();
    let mut written = 0;
    if let Some(out) = out {
        let schema = labelled(&model.schema());
        let mut writer = writer(out, &schema)?;
        while written < rows {
            let next = usize::try_from((rows - written).min(DRAWN_ROWS)).unwrap_or_default();
            let batch = model.draw(next).map_err(Stopped::Synthesis)?;
            if batch.num_rows() == 0 {
                break;
            }
            let unwritten = |source| Stopped::Write(out.to_owned(), source);
            let batch = label(&batch, &schema).map_err(|error| unwritten(error.into()))?;
            writer.write(&batch).map_err(unwritten)?;
            written += batch.num_rows() as u64;
        }
        close(*writer, out)?;
    }
    Ok(Made::Drawn { settings, rows: written, dependencies })
}

/// With a column that says in every row that it is drawn.
fn labelled(schema: &SchemaRef) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(LABEL, DataType::Boolean, false)));
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn label(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, arrow::error::ArrowError> {
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns.push(Arc::new(BooleanArray::from(vec![true; batch.num_rows()])));
    RecordBatch::try_new(Arc::clone(schema), columns)
}

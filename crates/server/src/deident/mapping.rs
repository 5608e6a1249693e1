//! A found mapping as a file: exported from one table and applied to new rows.
//!
//! It holds original values, so only its owner may read it.

use std::borrow::Cow;
use std::io::Write as _;
use std::path::Path;

use ::deident::{Applier, Counted, Keys, Mapping, Plan, Transform};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde::{Deserialize, Serialize};

use super::Deident;
use super::outcome::{Outcome, Wanted};
use super::planned::{self, PlanError, Stopped};
use crate::table::{BatchTable, Batches, ReadError, RowReader, TextBatch, TextTable};
use crate::whole_file::WholeFile;

/// How cells were read when the mapping was found, and must be again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cells {
    /// As the file has them.
    Text,
    /// With the types of their columns.
    Typed,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingFile {
    cells: Cells,
    mapping: Mapping,
}

/// Writes a mapping; its owner alone may read it.
pub(super) fn write(path: &Path, mapping: Mapping, cells: Cells) -> Result<(), PlanError> {
    let written = || -> std::io::Result<()> {
        let mut file = WholeFile::create(path)?;
        file.keep_private()?;
        let text = serde_json::to_string_pretty(&MappingFile { cells, mapping })
            .map_err(std::io::Error::other)?;
        file.write_all(text.as_bytes())?;
        file.write_all(b"\n")?;
        file.finish()
    };
    let unwritten = |source| ReadError::Write { path: path.to_owned(), source };
    Ok(written().map_err(unwritten)?)
}

/// The plan that a search found: other columns of the table are kept as asked, or removed.
pub(super) fn plan_of(arguments: &Deident, found: &Plan, header: &[String]) -> Plan {
    let kept = |name: &String| {
        arguments.keep.contains(name)
            || found.criteria.iter().any(|criterion| criterion.column == *name)
    };
    let mut plan = found.clone();
    for name in header {
        if found.transform(name).is_none() {
            let transform = if kept(name) { Transform::Keep } else { Transform::Remove };
            plan = plan.with(name, transform);
        }
    }
    plan
}

/// Exports what a search found on a table of text.
pub(super) fn export(
    path: &Path,
    arguments: &Deident,
    plan: &Plan,
    tuples: &Counted,
) -> Result<(), PlanError> {
    let failed = |source| PlanError::Apply { path: arguments.file.shown().to_owned(), source };
    let spilled = |source| ReadError::Spill { path: arguments.file.shown().to_owned(), source };
    let tuples = tuples.whole("--mapping-out").map_err(spilled)?;
    let applier = Applier::new(plan, tuples).map_err(failed)?;
    write(path, applier.mapping(), Cells::Text)
}

/// Applies a mapping to new rows.
pub(super) fn run(arguments: &Deident, path: &Path) -> Result<(), PlanError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    let MappingFile { cells, mapping } =
        serde_json::from_str(&text).map_err(|error| PlanError::Mapping {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })?;
    let keys = arguments.keys.as_deref().map(planned::keys_of).transpose()?.unwrap_or_default();
    let out = arguments.out.as_deref();
    let mut applied = Applied { mapping: &mapping, keys: &keys, out, made: None };
    match cells {
        Cells::Typed => {
            planned::pass(arguments, &BatchTable::open(&arguments.file)?, &mut applied)?;
        }
        Cells::Text => {
            let table = TextTable::open(&arguments.file, &[])?;
            let waiting = TextBatch::new(arguments.file.shown(), &table.header);
            let mut texts = Texts { batches: &mut applied, waiting, stopped: None };
            let read = table.read(&mut texts).and_then(|()| texts.hand_over());
            if let Some(stopped) = texts.stopped.take() {
                return Err(stopped.at(arguments.file.shown()));
            }
            read?;
        }
    }
    let no_rows = || ReadError::NoRows { path: arguments.file.shown().to_owned() };
    let (applier, outcome) = applied.made.ok_or_else(no_rows)?;
    planned::finish(arguments, &applier, outcome, None)
}

/// The one pass over new rows.
struct Applied<'a> {
    mapping: &'a Mapping,
    keys: &'a Keys,
    out: Option<&'a Path>,
    made: Option<(Applier, Outcome)>,
}

impl Batches for Applied<'_> {
    type Error = Stopped;

    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Stopped> {
        let mut applier = Applier::of_mapping(self.mapping, self.keys)?;
        let head = applier.apply(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
        let outcome = Outcome::begin(&Wanted::Rows, self.keys, &head.schema(), self.out)?;
        self.made = Some((applier, outcome));
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Stopped> {
        let Some((applier, outcome)) = &mut self.made else { return Ok(()) };
        outcome.update(&applier.apply(batch)?)
    }
}

/// Rows of text as batches of text, in which an empty cell is an empty text.
struct Texts<'a, B: Batches> {
    batches: &'a mut B,
    waiting: TextBatch,
    stopped: Option<B::Error>,
}

impl<B: Batches> Texts<'_, B> {
    fn note(&mut self, result: Result<(), B::Error>) -> Result<(), ReadError> {
        result.map_err(|error| {
            self.stopped = Some(error);
            ReadError::Ended
        })
    }

    fn hand_over(&mut self) -> Result<(), ReadError> {
        let Some(batch) = self.waiting.take()? else { return Ok(()) };
        let seen = self.batches.batch(&batch);
        self.note(seen)
    }
}

impl<B: Batches> RowReader for Texts<'_, B> {
    fn begin(&mut self) -> Result<(), ReadError> {
        self.waiting.clear();
        let begun = self.batches.begin(self.waiting.schema());
        self.note(begun)
    }

    fn row(&mut self, _: usize, cells: &[Cow<'_, str>]) -> Result<(), ReadError> {
        self.waiting.push(cells.iter().map(|cell| Some(cell.as_ref())));
        if self.waiting.is_full() { self.hand_over() } else { Ok(()) }
    }
}

//! `fenhe deident FILE --plan plan.toml`: does to each column what a plan says, and makes
//! a table of groups or a synthetic table of the rows if it asks for one.
//!
//! ```text
//! rows ─▶ Survey (pass 1) ─▶ Applier (pass 2) ─▶ Outcome: rows │ groups │ drawn rows ─▶ FILE
//! ```
//!
//! Keys come from a file of their own, which nobody else may read.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ::deident::aggregate::AggregateError;
use ::deident::synthetic::SynthesisError;
use ::deident::{Applier, ApplyError, KeyError, Keys, Plan, PlanFile, Survey, SurveyBuilder};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use ingest::write::WriteError;

use super::mapping::{self, Cells};
use super::outcome::{Made, Outcome, Wanted};
use super::{Deident, told};
use crate::report::ReportError;
use crate::show::place_in;
use crate::table::{BatchTable, Batches, PassError, ReadError};

/// Why a plan is not carried out: file, place and remedy in one sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("{}, line {line}: {message}; see docs/deident.md", path.display())]
    Plan { path: PathBuf, line: usize, message: String },
    #[error("{}: a plan makes a table of groups or a synthetic one, not both; take one of them out", path.display())]
    Both { path: PathBuf },
    #[error("{}, line {line}: this is no line of the form name = \"hexadecimal\"", path.display())]
    KeyFile { path: PathBuf, line: usize },
    #[error("{}: others may read it; run chmod 600 on it", path.display())]
    OpenKeys { path: PathBuf },
    #[error("{}: the key `{name}` is not hexadecimal; write e.g. the output of openssl rand -hex 32", path.display())]
    KeyText { path: PathBuf, name: String },
    #[error("{}: {source}", path.display())]
    Key { path: PathBuf, source: KeyError },
    #[error("{}: {source}; correct the plan or the file", path.display())]
    Apply { path: PathBuf, source: ApplyError },
    #[error("{}: {source}; correct `aggregate` in the plan", path.display())]
    Aggregate { path: PathBuf, source: AggregateError },
    #[error("{}: {source}; correct `synthetic` in the plan", path.display())]
    Synthesis { path: PathBuf, source: SynthesisError },
    #[error("{}: {source}; check the folder and the space left", path.display())]
    Write { path: PathBuf, source: WriteError },
    #[error("{}, line {line}, column {column}: no mapping of fenhe deident ({message}); export it anew with --mapping-out", path.display())]
    Mapping { path: PathBuf, line: usize, column: usize, message: String },
    #[error(
        "a mapping is exported of a plan or of a full-domain recoding, and {what} is none; leave --mapping-out out"
    )]
    NoMapping { what: &'static str },
}

/// Why the batches of a pass end early.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The plan does not fit the rows.
    Apply(ApplyError),
    /// The groups cannot be made.
    Aggregate(AggregateError),
    /// The rows cannot be drawn.
    Synthesis(SynthesisError),
    /// The result cannot be written.
    Write(PathBuf, WriteError),
}

impl From<ApplyError> for Stopped {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}

impl Stopped {
    /// With the place of the table.
    pub(super) fn at(self, path: &Path) -> PlanError {
        let path = path.to_owned();
        match self {
            Self::Apply(source) => PlanError::Apply { path, source },
            Self::Aggregate(source) => PlanError::Aggregate { path, source },
            Self::Synthesis(source) => PlanError::Synthesis { path, source },
            Self::Write(path, source) => PlanError::Write { path, source },
        }
    }
}

/// Shows all batches of a table once.
pub(super) fn pass<B: Batches<Error = Stopped>>(
    arguments: &Deident,
    table: &BatchTable,
    batches: &mut B,
) -> Result<(), PlanError> {
    table.pass(batches).map_err(|error| match error {
        PassError::Read(error) => error.into(),
        PassError::Stopped(stopped) => stopped.at(arguments.file.shown()),
    })
}

/// Carries out the plan.
pub(super) fn run(arguments: &Deident, plan_file: &Path) -> Result<(), PlanError> {
    let PlanFile { plan, aggregate, synthetic } = parsed(plan_file)?;
    let wanted = match (aggregate, synthetic) {
        (None, None) => Wanted::Rows,
        (Some(settings), None) => Wanted::Groups(settings),
        (None, Some(settings)) => Wanted::Drawn(settings),
        (Some(_), Some(_)) => return Err(PlanError::Both { path: plan_file.to_owned() }),
    };
    let keys = arguments.keys.as_deref().map(keys_of).transpose()?.unwrap_or_default();
    let table = BatchTable::open(&arguments.file)?;
    let no_rows = || ReadError::NoRows { path: arguments.file.shown().to_owned() };
    let mut counter = Counter { plan: &plan, keys: &keys, builder: None };
    pass(arguments, &table, &mut counter)?;
    let survey = counter.builder.ok_or_else(no_rows)?.finish();
    let survey = survey.map_err(|error| Stopped::Apply(error).at(arguments.file.shown()))?;
    let out = arguments.out.as_deref();
    let mut second = Second { plan: &plan, survey: &survey, keys: &keys, wanted, out, made: None };
    pass(arguments, &table, &mut second)?;
    let (applier, outcome) = second.made.ok_or_else(no_rows)?;
    finish(arguments, &applier, outcome, Some(Cells::Typed))
}

/// Writes what was made, the mapping and the report, and says what was done.
///
/// - `cells`: how the rows were read, where a mapping may be exported.
pub(super) fn finish(
    arguments: &Deident,
    applier: &Applier,
    outcome: Outcome,
    cells: Option<Cells>,
) -> Result<(), PlanError> {
    let at = |stopped: Stopped| stopped.at(arguments.file.shown());
    let made = outcome.finish(applier.applied().rows_out).map_err(at)?;
    if let (Some(path), Some(cells)) = (&arguments.mapping_out, cells) {
        mapping::write(path, applier.mapping(), cells)?;
    }
    report(arguments, applier, &made)
}

fn report(arguments: &Deident, applier: &Applier, made: &Made) -> Result<(), PlanError> {
    let plan = applier.plan();
    if let Some(path) = &arguments.report {
        told::report(arguments, plan, applier, made).write(path)?;
    }
    told::tell(arguments, plan, applier, made);
    Ok(())
}

/// A TOML file; what is wrong in it is named with its line.
fn parsed<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, PlanError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|error| {
        let (line, _) = place_in(&text, &error);
        let message = error.message().replace('\n', " ");
        PlanError::Plan { path: path.to_owned(), line, message }
    })
}

/// The keys of a file of lines `name = "hexadecimal"`.
pub(super) fn keys_of(path: &Path) -> Result<Keys, PlanError> {
    let found = std::fs::metadata(path)
        .map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    if found.permissions().mode() & 0o077 != 0 {
        return Err(PlanError::OpenKeys { path: path.to_owned() });
    }
    // What the parser says could show a piece of a key.
    let named: BTreeMap<String, String> = parsed(path).map_err(|error| match error {
        PlanError::Plan { path, line, .. } => PlanError::KeyFile { path, line },
        other => other,
    })?;
    let mut keys = Keys::new();
    for (name, text) in named {
        let wrong = |_| PlanError::KeyText { path: path.to_owned(), name: name.clone() };
        let bytes = hex::decode(text.trim()).map_err(wrong)?;
        let refused = |source| PlanError::Key { path: path.to_owned(), source };
        keys.insert(&name, bytes).map_err(refused)?;
    }
    Ok(keys)
}

/// The first pass.
struct Counter<'a> {
    plan: &'a Plan,
    keys: &'a Keys,
    builder: Option<SurveyBuilder>,
}

impl Batches for Counter<'_> {
    type Error = Stopped;

    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Stopped> {
        self.builder = Some(Survey::builder(self.plan, self.keys, schema)?);
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Stopped> {
        match &mut self.builder {
            Some(builder) => Ok(builder.update(batch)?),
            None => Ok(()),
        }
    }
}

/// The second pass. Where nothing is to be written, what would happen is counted.
struct Second<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    keys: &'a Keys,
    wanted: Wanted,
    out: Option<&'a Path>,
    made: Option<(Applier, Outcome)>,
}

impl Batches for Second<'_> {
    type Error = Stopped;

    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Stopped> {
        let mut applier = Applier::surveyed(self.plan, self.survey, self.keys)?;
        let head = applier.apply(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
        let outcome = Outcome::begin(&self.wanted, self.keys, &head.schema(), self.out)?;
        self.made = Some((applier, outcome));
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Stopped> {
        let Some((applier, outcome)) = &mut self.made else { return Ok(()) };
        outcome.update(&applier.apply(batch)?)
    }
}

//! `fenhe deident FILE --plan plan.toml`: does to each column what a plan says.
//!
//! Two passes over the file: the first counts what the transforms need to know of the
//! whole table, the second writes. Keys come from a file that nobody else may read.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ::deident::{Applied, Applier, ApplyError, KeyError, Keys, Plan, Survey, SurveyBuilder};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use ingest::write::{CsvOptions, CsvWriter, WriteError};
use serde_json::json;

use super::read::does_not_fit;
use super::{Deident, Format, ReadError};
use crate::show::{place_in, say};
use crate::whole_file::WholeFile;

/// Why a plan is not carried out: file, place and remedy in one sentence.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{}, line {line}: {message}; see docs/deident.md", path.display())]
    Plan { path: PathBuf, line: usize, message: String },
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
    #[error("{}: {source}; check the folder and the space left", path.display())]
    Write { path: PathBuf, source: WriteError },
}

/// Carries out the plan.
pub(super) fn run(arguments: &Deident, plan_file: &Path) -> Result<(), PlanError> {
    let plan: Plan = parsed(plan_file)?;
    let keys = arguments.keys.as_deref().map(keys_of).transpose()?.unwrap_or_default();
    let file = &arguments.file;
    let mut counter = Counter { plan: &plan, keys: &keys, builder: None };
    pass(file, &mut counter)?;
    let Some(builder) = counter.builder else {
        return Err(ReadError::NoRows { path: file.clone() }.into());
    };
    let survey = builder.finish();
    let out = arguments.out.as_deref();
    let mut second = Second { plan: &plan, survey: &survey, keys: &keys, out, made: None };
    pass(file, &mut second)?;
    let Some((applier, writer)) = second.made else {
        return Err(ReadError::NoRows { path: file.clone() }.into());
    };
    if let (Some(out), Some(writer)) = (out, writer) {
        let unwritten = |source| PlanError::Write { path: out.to_owned(), source };
        let file = writer.finish().map_err(unwritten)?;
        file.finish().map_err(|error| unwritten(error.into()))?;
    }
    report(arguments.format, &plan, &applier, out);
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
fn keys_of(path: &Path) -> Result<Keys, PlanError> {
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

/// Sees the batches of a file.
trait Batches {
    /// The batches come from the first one on; what was seen before does not count.
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Stopped>;

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Stopped>;
}

/// Why a pass ended early.
enum Stopped {
    Apply(ApplyError),
    Write(PathBuf, WriteError),
}

impl From<ApplyError> for Stopped {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}

/// Reads the file once.
fn pass(path: &Path, batches: &mut dyn Batches) -> Result<(), PlanError> {
    let mut sink = Pass { batches, stopped: None };
    let limits = ingest::Limits::default();
    let read = ingest::load(path, &ingest::Hint::default(), &limits, &mut sink);
    match (sink.stopped, read) {
        (Some(Stopped::Apply(source)), _) => {
            Err(PlanError::Apply { path: path.to_owned(), source })
        }
        (Some(Stopped::Write(path, source)), _) => Err(PlanError::Write { path, source }),
        (None, Err(source)) => Err(ReadError::Ingest { path: path.to_owned(), source }.into()),
        (None, Ok(_)) => Ok(()),
    }
}

struct Pass<'a> {
    batches: &'a mut dyn Batches,
    stopped: Option<Stopped>,
}

impl Pass<'_> {
    fn note(&mut self, result: Result<(), Stopped>) -> Result<(), ingest::SinkError> {
        result.map_err(|stopped| {
            self.stopped = Some(stopped);
            ingest::SinkError::new("the plan cannot be carried out")
        })
    }
}

impl ingest::Sink for Pass<'_> {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), ingest::SinkError> {
        let begun = self.batches.begin(&schema);
        self.note(begun)
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), ingest::SinkError> {
        let seen = self.batches.batch(&batch);
        self.note(seen)
    }

    fn reject(&mut self, reject: ingest::Reject) -> Result<(), ingest::SinkError> {
        Err(does_not_fit(&reject))
    }

    fn progress(&mut self, _: ingest::Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// The first pass.
struct Counter<'a> {
    plan: &'a Plan,
    keys: &'a Keys,
    builder: Option<SurveyBuilder>,
}

impl Batches for Counter<'_> {
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
    out: Option<&'a Path>,
    made: Option<(Applier, Option<CsvWriter<WholeFile>>)>,
}

impl Batches for Second<'_> {
    fn begin(&mut self, schema: &SchemaRef) -> Result<(), Stopped> {
        let mut applier = Applier::surveyed(self.plan, self.survey, self.keys)?;
        let head = applier.apply(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
        let writer = self.out.map(|out| {
            let unwritten = |source| Stopped::Write(out.to_owned(), source);
            let file = WholeFile::create(out).map_err(|error| unwritten(error.into()))?;
            CsvWriter::new(file, &head.schema(), CsvOptions { bom: false }).map_err(unwritten)
        });
        self.made = Some((applier, writer.transpose()?));
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<(), Stopped> {
        let Some((applier, writer)) = &mut self.made else { return Ok(()) };
        let released = applier.apply(batch)?;
        match (writer, self.out) {
            (Some(writer), Some(out)) => {
                writer.write(&released).map_err(|source| Stopped::Write(out.to_owned(), source))
            }
            _ => Ok(()),
        }
    }
}

/// Says what was done.
fn report(format: Format, plan: &Plan, applier: &Applier, out: Option<&Path>) {
    let Applied { rows_in, rows_out, suppressed, not_sampled } = applier.applied();
    if format == Format::Json {
        let columns: Vec<_> = plan
            .columns
            .iter()
            .map(|(name, transform)| {
                json!({ "name": name, "does": transform.words(), "undone": transform.reversibility() })
            })
            .collect();
        let cells: Vec<_> = applier
            .cells()
            .iter()
            .map(|count| json!({ "column": count.column, "emptied": count.emptied, "limited": count.limited }))
            .collect();
        let unseen: Vec<_> = applier
            .unseen()
            .iter()
            .map(|unseen| json!({ "column": unseen.column, "rows": unseen.rows, "values": unseen.values }))
            .collect();
        let report = json!({
            "rows": rows_in, "released": rows_out, "suppressed": suppressed,
            "not_sampled": not_sampled, "columns": columns, "cells": cells, "unseen": unseen,
        });
        say(&report.to_string());
        return;
    }
    for (name, transform) in &plan.columns {
        let words = transform.words();
        say(&format!("  {name}：{} {}", words.zh, words.en));
    }
    say(&format!("放行行数 released     {rows_out} / {rows_in}"));
    say(&format!("抑制行数 suppressed   {suppressed}"));
    say(&format!("未抽中 not sampled    {not_sampled}"));
    for count in applier.cells() {
        say(&format!(
            "  {}：{} 格留空，{} 格截到边界 cells emptied, cut to the range",
            count.column, count.emptied, count.limited
        ));
    }
    for unseen in applier.unseen() {
        say(&format!(
            "  {}：{} 行的值不在层次中，已删除 rows whose value the hierarchy does not know are dropped",
            unseen.column, unseen.rows
        ));
    }
    if out.is_none() {
        say("没有写出；给出 --out nothing was written; give --out");
    }
}

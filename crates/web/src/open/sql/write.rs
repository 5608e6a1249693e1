//! The rows of a statement in a format, with what it cost.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use ingest::write::{CsvOptions, CsvWriter, JsonWriter, NdjsonWriter};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;
use platform::Error;
use platform::open::sql::Answer;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use vocabulary::Bilingual;

use super::format::Format;
use super::tables::type_name;
use crate::open::pieces::{Failure, Pieces};
use crate::problem::Problem;

/// Bytes that are held back until it is known whether the answer ends with them.
pub(super) const HELD: u64 = 1 << 20;

/// What is told of an answer when it is over.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) rows: u64,
    pub(super) is_cut: bool,
    rows_scanned: u64,
    bytes_scanned: u64,
    took_ms: u64,
}

impl Told {
    fn of(answer: &Answer, rows: u64) -> Self {
        let cost = answer.cost();
        Self {
            rows,
            is_cut: answer.is_cut,
            rows_scanned: cost.rows_scanned,
            bytes_scanned: cost.bytes_scanned,
            took_ms: u64::try_from(cost.took.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// The field `Query-Cost`.
    pub(super) fn cost(&self) -> String {
        format!(
            "rows_scanned={}, bytes_scanned={}, ms={}",
            self.rows_scanned, self.bytes_scanned, self.took_ms
        )
    }

    /// The field `Query-Cut`: by which limit, or `none`.
    pub(super) fn cut(&self) -> &'static str {
        if self.is_cut { "rows" } else { "none" }
    }
}

/// Why there is no answer.
pub(super) enum Stopped {
    /// A problem, of which the client can be told.
    Told(Box<Problem>),
    /// The writing failed, or the client went away.
    Broken(Failure),
}

impl<E: Into<Failure>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Broken(error.into())
    }
}

/// Writes all rows. Beyond [`HELD`] bytes JSON says itself where it was stopped.
pub(super) fn write(
    format: Format,
    answer: &mut Answer,
    output: Pieces,
    runtime: &Handle,
) -> Result<Told, Stopped> {
    let handed = Arc::clone(&output.handed);
    let mut rows = Rows { answer, runtime, count: 0 };
    match format {
        Format::Json => {
            let mut output = output;
            write!(output, "{{\"columns\":{},\"rows\":", columns(rows.answer))?;
            let mut writer = JsonWriter::new(output)?;
            let stopped = loop {
                match rows.next() {
                    Ok(Some(batch)) => writer.write(&batch)?,
                    Ok(None) => break None,
                    Err(Stopped::Told(problem)) if handed.load(Ordering::Relaxed) >= HELD => {
                        break Some(problem);
                    }
                    Err(stopped) => return Err(stopped),
                }
            };
            let told = rows.told();
            let mut output = writer.finish()?;
            write!(output, "{}", tail(rows.answer, &told, stopped.as_deref()))?;
            output.end()?;
            Ok(told)
        }
        Format::Ndjson => {
            let mut writer = NdjsonWriter::new(output);
            while let Some(batch) = rows.next()? {
                writer.write(&batch)?;
            }
            writer.finish()?.end()?;
            Ok(rows.told())
        }
        Format::Csv => {
            let schema = Arc::clone(&rows.answer.schema);
            let mut writer = CsvWriter::new(output, &schema, CsvOptions { bom: false })?;
            while let Some(batch) = rows.next()? {
                writer.write(&batch)?;
            }
            writer.finish()?.end()?;
            Ok(rows.told())
        }
        Format::Parquet => {
            let schema = Arc::clone(&rows.answer.schema);
            let mut writer = ArrowWriter::try_new(output, schema, None)?;
            while let Some(batch) = rows.next()? {
                writer.write(&batch)?;
            }
            let told = rows.told();
            for (key, value) in [("query-cost", told.cost()), ("query-cut", told.cut().to_owned())]
            {
                writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
            }
            writer.into_inner()?.end()?;
            Ok(told)
        }
        Format::Arrow => {
            let schema = Arc::clone(&rows.answer.schema);
            let mut writer = StreamWriter::try_new(output, &schema)?;
            while let Some(batch) = rows.next()? {
                writer.write(&batch)?;
            }
            writer.into_inner()?.end()?;
            Ok(rows.told())
        }
    }
}

/// The rows, waited for on a thread that may wait.
struct Rows<'a> {
    answer: &'a mut Answer,
    runtime: &'a Handle,
    count: u64,
}

impl Rows<'_> {
    fn next(&mut self) -> Result<Option<RecordBatch>, Stopped> {
        let next = self.runtime.block_on(self.answer.next());
        let batch = next.map_err(|error| Stopped::Told(Box::new(problem(error))))?;
        let rows = batch.as_ref().map_or(0, RecordBatch::num_rows);
        self.count = self.count.saturating_add(u64::try_from(rows).unwrap_or(u64::MAX));
        Ok(batch)
    }

    fn told(&self) -> Told {
        Told::of(self.answer, self.count)
    }
}

/// A release that was suspended while it was read is gone, as its page is.
fn problem(error: Error) -> Problem {
    error.into()
}

fn columns(answer: &Answer) -> Value {
    let fields = answer.schema.fields().iter();
    fields
        .map(|field| json!({ "name": field.name(), "type": type_name(field.data_type()) }))
        .collect()
}

/// What follows the rows.
fn tail(answer: &Answer, told: &Told, stopped: Option<&Problem>) -> String {
    let cut = match stopped {
        Some(problem) => {
            json!({ "by": problem.kind, "zh": problem.detail.zh, "en": problem.detail.en })
        }
        None if told.is_cut => {
            let words = cut_by_rows(told.rows);
            json!({ "by": "rows", "zh": words.zh, "en": words.en })
        }
        None => Value::Null,
    };
    let sources: Vec<Value> = answer
        .sources
        .iter()
        .map(|source| {
            json!({
                "dataset": source.asset.id.to_string(),
                "release": source.release.id.to_string(),
                "version": source.release.number,
                "title": { "zh": source.asset.entry.title.zh, "en": source.asset.entry.title.en },
                "provider": source.asset.provider,
            })
        })
        .collect();
    let cost = json!({
        "rows_scanned": told.rows_scanned,
        "bytes_scanned": told.bytes_scanned,
        "ms": told.took_ms,
    });
    format!(
        ",\"row_count\":{},\"cut\":{cut},\"cost\":{cost},\"sources\":{}}}",
        told.rows,
        Value::from(sources)
    )
}

/// The words of an answer that ends before its rows do.
pub(crate) fn cut_by_rows(rows: u64) -> Bilingual {
    Bilingual::new(
        format!("只给出前 {rows} 行，后面还有。"),
        format!("Only the first {rows} rows are given; there are more."),
    )
}

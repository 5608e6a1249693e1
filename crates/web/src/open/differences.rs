//! `/api/v1/datasets/{id}/differences`: the rows in which two releases differ.

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use ingest::write::{CsvOptions, CsvWriter, JsonWriter};
use lake::{Comparison, Difference, DifferenceCounts, RowQuery};
use platform::gate::release::Release;
use platform::open::differences::{self, Differences};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::pieces::{self, Broken, Failure, Pieces, QUEUE};
use super::sql::payer;
use super::sql::tables::type_name;
use crate::app::App;
use crate::extract::{ApiQuery, id_of, within};
use crate::limits::Client;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// Differences on a page if no number is asked for.
const DIFFERENCES: u64 = 100;
/// Rows of CSV that are written at once.
const CSV_ROWS: usize = 512;

/// Which releases, and how they are compared.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct DifferenceParams {
    /// Number of the earlier release; left out, the one before `to`.
    pub from: Option<i64>,
    /// Number of the later release; left out, the newest.
    pub to: Option<i64>,
    /// Columns that name a row, separated by commas. Without them whole rows are compared:
    /// what one release has more often than the other was removed or added.
    pub key: Option<String>,
    /// Skip so many differences.
    #[param(minimum = 0)]
    pub offset: Option<u64>,
    /// Differences on a page, 1 to 1,000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u64>,
    /// `json`, or `csv` for all of them as a file.
    pub format: Option<String>,
}

impl DifferenceParams {
    /// The columns of the key.
    ///
    /// # Errors
    ///
    /// A bad request for what is no list of columns.
    pub(crate) fn key(&self) -> Result<Vec<String>, Problem> {
        let Some(text) = self.key.as_deref().filter(|text| !text.trim().is_empty()) else {
            return Ok(Vec::new());
        };
        let columns = RowQuery::parse_select(text).map_err(lake::LakeError::from);
        Ok(columns.map_err(platform::Error::from)?)
    }
}

/// Rows in which two releases of a dataset differ: added, removed, and changed by key.
///
/// JSON has the counts of all differences and one page of them; CSV has all of them, a changed
/// row as two lines (`before`, `after`).
#[utoipa::path(get, path = "/api/v1/datasets/{id}/differences", tag = "open",
    params(("id" = String, Path, description = "Identifier of the dataset"), DifferenceParams),
    responses((status = 200, body = Object, content_type = "application/json",
        description = "A page of differences; also as CSV"), crate::openapi::Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    client: Option<Extension<Client>>,
    Path(id): Path<String>,
    ApiQuery(params): ApiQuery<DifferenceParams>,
) -> Result<Response, Problem> {
    let key = params.key()?;
    let limit = within("limit", params.limit, DIFFERENCES, 1..=1_000)?;
    let is_csv = match params.format.as_deref() {
        None | Some("" | "json") => false,
        Some("csv") => true,
        Some(other) => {
            return Err(Problem::bad_request(
                format!("format 为 `{other}`，应为 json 或 csv。"),
                format!("format is `{other}`; it is json or csv."),
            ));
        }
    };
    let (caller, platform) = (&visitor.caller, &app.platform);
    let pair = differences::pair(caller, platform, id_of(&id)?, params.from, params.to).await?;
    let client = payer(&visitor, client);
    let mut found = differences::compare(platform, &client, pair, &key).await?;
    if is_csv {
        return csv(found).await;
    }
    let offset = params.offset.unwrap_or(0);
    let page = differences::page(&mut found, offset, limit).await?;
    let comparison = found.comparison();
    let rows: Result<Vec<Value>, Failure> =
        page.differences.iter().map(|one| difference(one, comparison)).collect();
    let rows = rows.map_err(|error| failed(error.as_ref()))?;
    let next = offset.saturating_add(limit);
    let pair = found.pair();
    let body = json!({
        "from": release(&pair.before),
        "to": release(&pair.after),
        "key": comparison.key,
        "schema": schema(comparison),
        "counts": counts(&page.counts),
        "total": page.total,
        "differences": rows,
        "next_offset": (next < page.total).then_some(next),
    });
    Ok(Json(body).into_response())
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error = %vocabulary::error_chain(error), "differences could not be written");
    Problem::internal()
}

fn release(release: &Release) -> Value {
    json!({
        "release": release.id.to_string(),
        "number": release.number,
        "rows": release.rows,
        "released_at": release.released_at.to_string(),
    })
}

fn schema(comparison: &Comparison) -> Value {
    let retyped = comparison.retyped.iter().map(|(name, before, after)| {
        json!({ "column": name, "from": type_name(before), "to": type_name(after) })
    });
    json!({
        "compared": comparison.columns,
        "added": comparison.added,
        "removed": comparison.removed,
        "retyped": retyped.collect::<Vec<_>>(),
    })
}

fn counts(counts: &DifferenceCounts) -> Value {
    json!({
        "added": counts.added,
        "removed": counts.removed,
        "changed": counts.changed,
        "same": counts.same,
        "columns": counts.columns,
    })
}

/// One difference: the row before, the row after, and the columns that differ.
fn difference(one: &Difference, comparison: &Comparison) -> Result<Value, Failure> {
    Ok(match one {
        Difference::Added { row, times } => {
            json!({ "kind": "added", "times": times, "after": object(row)? })
        }
        Difference::Removed { row, times } => {
            json!({ "kind": "removed", "times": times, "before": object(row)? })
        }
        Difference::Changed { before, after, columns } => {
            let names: Vec<&String> =
                columns.iter().filter_map(|place| comparison.columns.get(*place)).collect();
            json!({
                "kind": "changed",
                "columns": names,
                "before": object(before)?,
                "after": object(after)?,
            })
        }
    })
}

/// A row as an object, as the row API writes it.
fn object(row: &RecordBatch) -> Result<Value, Failure> {
    let mut writer = JsonWriter::new(Vec::new())?;
    writer.write(row)?;
    let mut rows: Vec<Value> = serde_json::from_slice(&writer.finish()?)?;
    Ok(rows.pop().unwrap_or(Value::Null))
}

/// All differences as CSV, streamed: memory does not grow with them.
async fn csv(mut found: Differences) -> Result<Response, Problem> {
    let (sender, receiver) = tokio::sync::mpsc::channel(QUEUE);
    let runtime = tokio::runtime::Handle::current();
    let (before, after) = (found.pair().before.number, found.pair().after.number);
    // What is wrong with the key shows in the first rows most often: tell it as such.
    let first = found.next().await?;
    let broken = Broken::default();
    let is_broken = broken.clone();
    tokio::task::spawn_blocking(move || {
        let output = Pieces::new(sender.clone(), 0, None);
        if let Err(error) = write_csv(&mut found, first, output, &runtime) {
            tracing::warn!(error = %vocabulary::error_chain(error.as_ref()), "differences were broken off");
            is_broken.set();
        }
        drop(sender);
    });
    let mut response = Body::from_stream(pieces::stream(receiver, broken)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"differences-{before}-{after}.csv\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn write_csv(
    found: &mut Differences,
    first: Option<Difference>,
    output: Pieces,
    runtime: &tokio::runtime::Handle,
) -> Result<(), Failure> {
    let mut next = first;
    let mut lines = Lines::default();
    let mut writer: Option<CsvWriter<Pieces>> = None;
    let mut output = Some(output);
    while let Some(difference) = next {
        match difference {
            Difference::Added { row, times } => lines.push("added", row, times),
            Difference::Removed { row, times } => lines.push("removed", row, times),
            Difference::Changed { before, after, .. } => {
                lines.push("before", before, 1);
                lines.push("after", after, 1);
            }
        }
        if lines.rows.len() >= CSV_ROWS {
            write_lines(&mut writer, &mut output, &mut lines)?;
        }
        next = runtime.block_on(found.next())?;
    }
    if !lines.rows.is_empty() {
        write_lines(&mut writer, &mut output, &mut lines)?;
    }
    match (writer, output) {
        (Some(writer), _) => writer.finish()?.end(),
        (None, Some(output)) => {
            // The same as ever: a head and no line.
            let head = empty_head(found.comparison());
            CsvWriter::new(output, &head, CsvOptions { bom: false })?.finish()?.end()
        }
        (None, None) => Ok(()),
    }
}

/// Rows with what became of them, to be written together.
#[derive(Default)]
struct Lines {
    kinds: Vec<&'static str>,
    times: Vec<u64>,
    rows: Vec<RecordBatch>,
}

impl Lines {
    fn push(&mut self, kind: &'static str, row: RecordBatch, times: u64) {
        self.kinds.push(kind);
        self.times.push(times);
        self.rows.push(row);
    }

    /// The lines as one batch, and none any more.
    fn take(&mut self) -> Result<RecordBatch, Failure> {
        let Self { kinds, times, rows } = std::mem::take(self);
        let first = rows.first().ok_or("no lines")?;
        let joined = concat_batches(&first.schema(), &rows)?;
        let head = with_head(&joined.schema());
        let times: StringArray = times.iter().map(|times| Some(times.to_string())).collect();
        let mut columns: Vec<ArrayRef> = vec![Arc::new(StringArray::from(kinds)), Arc::new(times)];
        columns.extend(joined.columns().iter().map(Arc::clone));
        Ok(RecordBatch::try_new(head, columns)?)
    }
}

fn write_lines(
    writer: &mut Option<CsvWriter<Pieces>>,
    output: &mut Option<Pieces>,
    lines: &mut Lines,
) -> Result<(), Failure> {
    let batch = lines.take()?;
    if let Some(output) = output.take() {
        *writer = Some(CsvWriter::new(output, &batch.schema(), CsvOptions { bom: false })?);
    }
    match writer {
        Some(writer) => Ok(writer.write(&batch)?),
        None => Err("no writer".into()),
    }
}

/// The columns of a table behind what became of the row and how often.
fn with_head(schema: &Schema) -> SchemaRef {
    let mut fields = vec![
        Arc::new(Field::new("_change", DataType::Utf8, true)),
        Arc::new(Field::new("_times", DataType::Utf8, true)),
    ];
    fields.extend(schema.fields().iter().map(Arc::clone));
    Arc::new(Schema::new(fields))
}

fn empty_head(comparison: &Comparison) -> SchemaRef {
    let fields: Vec<Field> =
        comparison.columns.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    with_head(&Schema::new(fields))
}

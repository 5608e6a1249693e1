//! Downloads of an open release, streamed: memory does not grow with the table.
//!
//! The formatting runs on a thread of its own and hands pieces over through a
//! short queue, so a slow reader holds up nobody but its own writer.

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

use std::io::Write;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use ingest::write::{CsvOptions, CsvWriter, JsonWriter, NdjsonWriter, XlsxWriter};
use lake::{BatchStream, RowQuery};
use platform::gate::release::Release;
use platform::open::rows;
use serde::Deserialize;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{ApiQuery, id_of};
use crate::open::rows::RowParams;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// Pieces that wait between the writer and the network.
const QUEUE: usize = 8;
/// Size of a piece.
const PIECE: usize = 128 * 1024;

/// How to write the file.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
pub(crate) struct DownloadParams {
    /// For CSV: put a byte-order mark first, so that Excel reads the Chinese.
    pub bom: bool,
    /// Columns, separated by commas; left out, all.
    pub select: Option<String>,
    /// Condition on the rows, as in the row API.
    #[serde(rename = "where")]
    #[param(rename = "where")]
    pub filter: Option<String>,
    /// Order, as in the row API; left out, the order of the file.
    pub order: Option<String>,
}

/// A whole dataset as a file: `csv`, `xlsx`, `json`, `ndjson` or `parquet`.
#[utoipa::path(get, path = "/api/v1/datasets/{id}/download/{format}", tag = "open",
    params(("id" = String, Path, description = "Identifier of the dataset"),
           ("format" = String, Path, description = "csv, xlsx, json, ndjson or parquet"), DownloadParams),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
              crate::openapi::Problems))]
pub(crate) async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, format)): Path<(String, String)>,
    ApiQuery(params): ApiQuery<DownloadParams>,
) -> Result<Response, Problem> {
    let format = Format::of(&format).ok_or_else(Problem::not_found)?;
    let asked = RowParams {
        select: params.select.clone(),
        filter: params.filter.clone(),
        order: params.order.clone(),
        ..RowParams::default()
    };
    let query = RowQuery { limit: None, ..asked.query().map_err(platform::Error::from)? };
    let is_whole = query == RowQuery::default();
    let (asset, release, batches) =
        rows::download(&visitor.caller, &app.platform, id_of(&id)?, &query).await?;
    if format == Format::Xlsx && is_whole && release.rows > SHEET_ROWS {
        return Err(too_long_for_a_sheet(release.rows));
    }
    let schema = release_schema(&app, &release).await?;
    let schema = query.output_schema(&schema).map_err(platform::Error::from)?;
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(QUEUE);
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let output = Pieces { sender: sender.clone(), waiting: Vec::with_capacity(PIECE) };
        if let Err(error) = write(format, params.bom, &schema, batches, output, &runtime) {
            tracing::warn!(error = %vocabulary::error_chain(error.as_ref()), "a download was broken off");
            // The reader sees a broken transfer, never a file that looks whole.
            let _gone = sender.blocking_send(Err(std::io::Error::other("broken off")));
        }
    });
    let name = file_name(&asset.entry.title.zh, release.number, format);
    let mut response = Body::from_stream(ReceiverStream::new(receiver)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if matches!(format, Format::Csv) && is_whole && !params.bom {
        let digest = &release.outcome.digest;
        if let Ok(value) = HeaderValue::from_str(&format!("\"{}\"", digest.sha256)) {
            headers.insert(header::ETAG, value);
        }
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(digest.bytes));
    }
    Ok(response)
}

/// Rows that a sheet holds below its header. Source: Excel specifications and limits.
const SHEET_ROWS: u64 = 1_048_575;

/// A sheet cannot hold the rows.
fn too_long_for_a_sheet(rows: u64) -> Problem {
    let error = platform::Error::invalid(
        "format",
        format!(
            "共 {rows} 行，超过 XLSX 每表 {SHEET_ROWS} 行的上限。请下载 CSV 或 Parquet，或先筛选。"
        ),
        format!(
            "There are {rows} rows, and a sheet holds {SHEET_ROWS}. Take CSV or Parquet, or filter first."
        ),
    );
    Problem::from(error)
}

/// The formats of downloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Xlsx,
    Json,
    Ndjson,
    Parquet,
}

impl Format {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "csv" => Self::Csv,
            "xlsx" => Self::Xlsx,
            "json" => Self::Json,
            "ndjson" => Self::Ndjson,
            "parquet" => Self::Parquet,
            _ => return None,
        })
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// The columns of a release.
async fn release_schema(
    app: &App,
    release: &Release,
) -> Result<arrow::datatypes::SchemaRef, Problem> {
    let table = release.table.table()?;
    let schema = app.platform.lake.schema(&table, Some(release.table.version)).await;
    Ok(schema.map_err(platform::Error::from)?)
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Writes all batches in a format.
fn write(
    format: Format,
    bom: bool,
    schema: &arrow::datatypes::SchemaRef,
    mut batches: BatchStream,
    output: Pieces,
    runtime: &tokio::runtime::Handle,
) -> Result<(), Failure> {
    let mut next = || runtime.block_on(batches.next()).transpose();
    match format {
        Format::Csv => {
            let mut writer = CsvWriter::new(output, schema, CsvOptions { bom })?;
            while let Some(batch) = next()? {
                writer.write(&batch)?;
            }
            writer.finish()?.end()
        }
        Format::Json => {
            let mut writer = JsonWriter::new(output)?;
            while let Some(batch) = next()? {
                writer.write(&batch)?;
            }
            writer.finish()?.end()
        }
        Format::Ndjson => {
            let mut writer = NdjsonWriter::new(output);
            while let Some(batch) = next()? {
                writer.write(&batch)?;
            }
            writer.finish()?.end()
        }
        Format::Xlsx => {
            let mut writer = XlsxWriter::new(output, schema)?;
            while let Some(batch) = next()? {
                writer.write(&batch)?;
            }
            writer.finish()?.end()
        }
        Format::Parquet => {
            let mut writer = parquet::arrow::ArrowWriter::try_new(output, schema.clone(), None)?;
            while let Some(batch) = next()? {
                writer.write(&batch)?;
            }
            writer.into_inner()?.end()
        }
    }
}

/// Collects bytes into pieces for the network.
struct Pieces {
    sender: tokio::sync::mpsc::Sender<std::io::Result<Bytes>>,
    waiting: Vec<u8>,
}

impl Pieces {
    fn hand_over(&mut self) -> std::io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
        self.sender
            .blocking_send(Ok(piece.into()))
            .map_err(|_| std::io::Error::new(std::io::ErrorKind::BrokenPipe, "the reader is gone"))
    }

    fn end(mut self) -> Result<(), Failure> {
        Ok(self.hand_over()?)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE {
            self.hand_over()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `Content-Disposition` after RFC 6266, with the Chinese name for browsers that
/// read it and a plain one for the others.
fn file_name(title: &str, number: i64, format: Format) -> String {
    let plain: String = title
        .chars()
        .map(|c| if c.is_control() || "\\/:*?\"<>|".contains(c) { '_' } else { c })
        .collect();
    let full = format!("{plain}-{number}.{}", format.extension());
    let encoded: String = full
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    format!(
        "attachment; filename=\"dataset-{number}.{}\"; filename*=UTF-8''{encoded}",
        format.extension()
    )
}

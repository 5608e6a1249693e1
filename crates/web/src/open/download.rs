//! Downloads of an open release, streamed: memory does not grow with the table.
//!
//! The formatting runs on a thread of its own and hands pieces over through a
//! short queue, so a slow reader holds up nobody but its own writer.

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use headers::{AcceptRanges, ContentLength, ContentRange, ETag, HeaderMapExt as _};
use ingest::write::{
    CsvOptions, CsvWriter, GeoJsonWriter, JsonWriter, NdjsonWriter, Place, TriplesWriter,
    XlsxWriter,
};
use lake::{BatchStream, RowQuery};
use platform::gate::release::Release;
use platform::open::{Current, SHEET_ROWS, rows};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;
use vocabulary::Bilingual;

use super::part::{Wanted, wanted};
use super::pieces::{self, Broken, Failure, Pieces, QUEUE};
use super::places;
use crate::app::App;
use crate::extract::{ApiQuery, id_of};
use crate::open::rows::RowParams;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// How to write the file.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
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

/// A whole dataset as a file: `csv`, `xlsx`, `json`, `ndjson`, `parquet`, `geojson` or `nt`
/// (RDF).
///
/// GeoJSON is there for datasets with columns of degrees, or with division codes where the
/// operator has put boundaries.
///
/// The whole CSV has the length and the digest that the certificate names, and can be
/// resumed with `Range`; every format answers `If-None-Match`.
#[utoipa::path(get, path = "/api/v1/datasets/{id}/download/{format}", tag = "open",
    params(("id" = String, Path, description = "Identifier of the dataset"),
           ("format" = String, Path, description = "csv, xlsx, json, ndjson, parquet, geojson or nt"), DownloadParams),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
              (status = 206, description = "The bytes that `Range` asks for"),
              (status = 304, description = "The client has the file"),
              (status = 416, description = "There are no such bytes"),
              crate::openapi::Problems))]
pub(crate) async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, format)): Path<(String, String)>,
    ApiQuery(params): ApiQuery<DownloadParams>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let wish = Wish::of(&format, params, method, asked)?;
    let current = rows::downloadable(&visitor.caller, &app.platform, id_of(&id)?).await?;
    respond(&app, current, wish).await
}

/// What is asked for of a release, and how.
pub(crate) struct Wish {
    format: Format,
    params: DownloadParams,
    query: RowQuery,
    is_whole: bool,
    method: Method,
    asked: HeaderMap,
}

impl Wish {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// [`Problem::not_found`] for an unknown format; [`Problem`] for a query that cannot be
    /// read.
    pub(crate) fn of(
        format: &str,
        params: DownloadParams,
        method: Method,
        asked: HeaderMap,
    ) -> Result<Self, Problem> {
        let format = Format::of(format).ok_or_else(Problem::not_found)?;
        let mut query = params.query()?;
        let is_whole = query == RowQuery::default();
        query.row_key = format == Format::Triples;
        Ok(Self { format, params, query, is_whole, method, asked })
    }

    /// The format in a word, and whether all rows and columns are asked for.
    pub(crate) fn in_words(&self) -> (&'static str, bool) {
        (self.format.extension(), self.is_whole)
    }

    /// Whether bytes would be sent, and not their description alone.
    pub(crate) fn takes(&self) -> bool {
        self.method != Method::HEAD
    }
}

/// Sends what is asked for of a release that the caller may take.
///
/// # Errors
///
/// [`Problem`] if the format does not hold it, a column is not there, or a limit is reached.
pub(crate) async fn respond(
    app: &App,
    current: Arc<Current>,
    wish: Wish,
) -> Result<Response, Problem> {
    let Wish { format, params, query, is_whole, method, asked } = wish;
    let release = &current.release;
    if format == Format::Xlsx && is_whole && release.rows > SHEET_ROWS {
        return Err(too_long_for_a_sheet(release.rows));
    }
    let id = current.asset.id;
    let place = match format {
        Format::GeoJson => {
            let place = places::of(&app.platform, release, params.select.is_some()).await?;
            Some(place.ok_or_else(no_place)?)
        }
        _ => None,
    };
    let is_certified = format == Format::Csv && is_whole && !params.bom;
    let length = is_certified.then_some(release.outcome.digest.bytes);
    let tag = if is_certified {
        format!("\"{}\"", release.outcome.digest.sha256)
    } else {
        params.tag(release, format)
    };
    let mut response = Response::new(Body::empty());
    let tagged: ETag = tag.parse().map_err(|_| Problem::internal())?;
    response.headers_mut().typed_insert(tagged.clone());
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    // Parts are for GET alone (RFC 9110, section 14.2).
    let in_parts = length.filter(|_| method == Method::GET);
    let (skip, bytes) = match wanted(&asked, &tagged, in_parts) {
        Wanted::Nothing => {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return Ok(response);
        }
        Wanted::Beyond => {
            let length = length.unwrap_or_default();
            let mut refused = no_such_bytes(length).into_response();
            refused.headers_mut().typed_insert(ContentRange::unsatisfied_bytes(length));
            return Ok(refused);
        }
        Wanted::Whole => (0, length),
        Wanted::Bytes { first, last } => {
            let range = ContentRange::bytes(first..=last, length);
            response.headers_mut().typed_insert(range.map_err(|_| Problem::internal())?);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            (first, Some(last - first + 1))
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    let name = file_name(&current.asset.entry.title.zh, release.number, format);
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    if is_certified {
        headers.typed_insert(AcceptRanges::bytes());
    }
    if let Some(bytes) = bytes {
        headers.typed_insert(ContentLength(bytes));
    }
    if method == Method::HEAD {
        return Ok(response);
    }
    let batches = rows::download(&app.platform, &current, &query, skip == 0).await?;
    let schema = rows::schema(&app.platform, &current).await?;
    let schema = query.output_schema(&schema).map_err(platform::Error::from)?;
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(QUEUE);
    let runtime = tokio::runtime::Handle::current();
    let base = format!("{}/dataset/{id}", app.site.base_url);
    let how = How { format, bom: params.bom, place, base };
    let broken = Broken::default();
    let is_broken = broken.clone();
    tokio::task::spawn_blocking(move || {
        let output = Pieces::new(sender.clone(), skip, bytes);
        let enough = Arc::clone(&output.enough);
        if let Err(error) = write(how, &schema, batches, output, &runtime)
            && !enough.load(Ordering::Relaxed)
        {
            tracing::warn!(error = %vocabulary::error_chain(error.as_ref()), "a download was broken off");
            is_broken.set();
        }
        drop(sender);
    });
    *response.body_mut() = Body::from_stream(pieces::stream(receiver, broken));
    Ok(response)
}

impl DownloadParams {
    /// The rows that are asked for.
    fn query(&self) -> Result<RowQuery, Problem> {
        let asked = RowParams {
            select: self.select.clone(),
            filter: self.filter.clone(),
            order: self.order.clone(),
            ..RowParams::default()
        };
        Ok(RowQuery { limit: None, ..asked.query()? })
    }

    /// A tag of what is asked for of a release. It is weak: the bytes of a format may
    /// change with the program, the rows do not.
    fn tag(&self, release: &Release, format: Format) -> String {
        let what = format!("{:?} {:?} {:?} {}", self.select, self.filter, self.order, self.bom);
        let digest = hex::encode(Sha256::digest(what.as_bytes()));
        let short = digest.get(..16).unwrap_or_default();
        format!("W/\"{}-{}-{short}\"", release.id, format.extension())
    }
}

/// Bytes behind the end of a file.
fn no_such_bytes(length: u64) -> Problem {
    let title = Bilingual::new("没有这些字节", "There are no such bytes");
    let detail = Bilingual::new(
        format!("文件共 {length} 字节，Range 超出了范围。"),
        format!("The file has {length} bytes; the range lies beyond."),
    );
    Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", title, detail)
}

/// A table whose rows lie nowhere.
fn no_place() -> Problem {
    Problem::from(platform::Error::invalid(
        "format",
        "这个数据集没有经度和纬度列，也没有可对应边界的区划代码，不能写成 GeoJSON。",
        "This dataset has no columns of degrees and no division codes with boundaries, so it \
         cannot be written as GeoJSON.",
    ))
}

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
    GeoJson,
    Triples,
}

impl Format {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "csv" => Self::Csv,
            "xlsx" => Self::Xlsx,
            "json" => Self::Json,
            "ndjson" => Self::Ndjson,
            "parquet" => Self::Parquet,
            "geojson" => Self::GeoJson,
            "nt" => Self::Triples,
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
            Self::GeoJson => "geojson",
            Self::Triples => "nt",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
            Self::Ndjson => "application/x-ndjson",
            Self::Parquet => "application/vnd.apache.parquet",
            Self::GeoJson => "application/geo+json",
            Self::Triples => "application/n-triples; charset=utf-8",
        }
    }
}

/// How to write a file.
struct How {
    format: Format,
    bom: bool,
    /// Where the rows lie, for GeoJSON.
    place: Option<Place>,
    /// The address of the dataset, for RDF.
    base: String,
}

/// Writes all batches in a format.
fn write(
    how: How,
    schema: &arrow::datatypes::SchemaRef,
    mut batches: BatchStream,
    output: Pieces,
    runtime: &tokio::runtime::Handle,
) -> Result<(), Failure> {
    let mut next = || runtime.block_on(batches.next()).transpose();
    match how.format {
        Format::Csv => {
            let mut writer = CsvWriter::new(output, schema, CsvOptions { bom: how.bom })?;
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
        Format::GeoJson => {
            let place = how.place.ok_or("no place")?;
            let mut writer = GeoJsonWriter::new(output, place)?;
            while let Some(batch) = next()? {
                writer.write(&batch)?;
            }
            writer.finish()?.end()
        }
        Format::Triples => {
            let (rows, columns) = (format!("{}#row=", how.base), format!("{}#", how.base));
            let mut writer = TriplesWriter::new(output, schema, &rows, &columns);
            while let Some(batch) = next()? {
                writer.write(&batch)?;
            }
            writer.finish()?.end()
        }
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

//! The API of uploads, versions and jobs: a file in pieces, resumable.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use futures::StreamExt as _;
use platform::registry::upload::{self, FileHint};
use platform::registry::{repair, version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vocabulary::UploadId;

use super::view::VersionView;
use crate::app::App;
use crate::extract::{ApiJson, id_of};
use crate::problem::Problem;
use crate::visitor::Visitor;

/// A piece is stored as soon as this many bytes are here, so that a long request
/// takes little memory.
const PIECE: usize = 4 << 20;

const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// A file that will be sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewUploadBody {
    /// Its name, with the ending.
    pub file_name: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its encoding, if known; left out, it is found from the content.
    pub encoding: Option<String>,
    /// The delimiter of a CSV file: one character.
    pub delimiter: Option<char>,
    /// Whether the first row has the names.
    pub has_header: Option<bool>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
}

/// Where an upload stands.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UploadView {
    /// Identifier.
    pub upload_id: String,
    /// Bytes that are safely stored: send the rest from here.
    pub offset: u64,
    /// Bytes in all.
    pub bytes: u64,
}

/// What came of a completed upload.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct CompletedView {
    /// The job that reads the file: `/api/v1/jobs/{id}`.
    pub job_id: String,
    /// The new version.
    pub version_id: String,
    /// Its number within the asset.
    pub version_number: i64,
}

/// Begins to send a file for an asset.
#[utoipa::path(post, path = "/api/v1/assets/{id}/uploads", tag = "registry", request_body = NewUploadBody,
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 201, body = UploadView), crate::openapi::Problems))]
pub(crate) async fn begin(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    ApiJson(body): ApiJson<NewUploadBody>,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let hint = FileHint {
        encoding: body.encoding.filter(|text| !text.is_empty()),
        delimiter: body.delimiter,
        has_header: body.has_header,
        sheet: body.sheet.filter(|text| !text.is_empty()),
        ..FileHint::default()
    };
    let begun =
        upload::begin(caller, &app.platform, id_of(&id)?, &body.file_name, body.bytes, hint)
            .await?;
    let view = UploadView { upload_id: begun.id.to_string(), offset: 0, bytes: begun.bytes_total };
    let location = format!("/api/v1/uploads/{}", begun.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view)).into_response())
}

/// Where an upload stands, in the header `Upload-Offset`.
#[utoipa::path(head, path = "/api/v1/uploads/{id}", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the upload")),
    responses((status = 200, description = "Upload-Offset and Upload-Length"), crate::openapi::Problems))]
pub(crate) async fn offset(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let found = upload::find(caller, &app.platform, id_of(&id)?).await?;
    Ok((
        [
            (OFFSET, HeaderValue::from(found.bytes_received)),
            (LENGTH, HeaderValue::from(found.bytes_total)),
        ],
        [(header::CACHE_CONTROL, "no-store")],
    )
        .into_response())
}

/// Sends the next piece from `Upload-Offset` on. The answer says how far the file
/// is safely stored; after a broken connection ask with HEAD and go on from there.
#[utoipa::path(patch, path = "/api/v1/uploads/{id}", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the upload"),
           ("Upload-Offset" = u64, Header, description = "Where the piece begins")),
    request_body(content_type = "application/offset+octet-stream", content = Vec<u8>),
    responses((status = 204, description = "Stored; Upload-Offset says how far"), crate::openapi::Problems))]
pub(crate) async fn append(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let id: UploadId = id_of(&id)?;
    let given = headers.get(OFFSET).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    let mut offset = given.ok_or_else(|| {
        Problem::bad_request("缺少 Upload-Offset。", "The header Upload-Offset is missing.")
    })?;
    let mut waiting = BytesMut::new();
    let mut stream = body.into_data_stream();
    while let Some(piece) = stream.next().await {
        // A broken connection ends the request; what was stored before stays.
        let Ok(piece) = piece else { break };
        waiting.extend_from_slice(&piece);
        if waiting.len() >= PIECE {
            let bytes = waiting.split().freeze();
            offset = upload::append(caller, &app.platform, id, offset, bytes).await?;
        }
    }
    if !waiting.is_empty() {
        offset = upload::append(caller, &app.platform, id, offset, waiting.freeze()).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(OFFSET, HeaderValue::from(offset))]).into_response())
}

/// Ends an upload whose bytes are all here; the file is then read by a job.
#[utoipa::path(post, path = "/api/v1/uploads/{id}/completion", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the upload")),
    responses((status = 202, body = CompletedView), crate::openapi::Problems))]
pub(crate) async fn complete(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    Ok(accepted(&upload::complete(caller, &app.platform, id_of(&id)?).await?))
}

/// A version that a job is going to read.
fn accepted(completed: &upload::Completed) -> Response {
    let view = CompletedView {
        job_id: completed.job_id.to_string(),
        version_id: completed.version_id.to_string(),
        version_number: completed.number,
    };
    let location = format!("/api/v1/jobs/{}", completed.job_id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(view)).into_response()
}

/// Gives an upload up.
#[utoipa::path(delete, path = "/api/v1/uploads/{id}", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the upload")),
    responses((status = 204, description = "Given up"), crate::openapi::Problems))]
pub(crate) async fn abort(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let caller = visitor.signed_in()?;
    upload::abort(caller, &app.platform, id_of(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The versions of an asset, newest first.
#[utoipa::path(get, path = "/api/v1/assets/{id}/versions", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = Vec<VersionView>), crate::openapi::Problems))]
pub(crate) async fn versions(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<Vec<VersionView>>, Problem> {
    let found = version::list(&visitor.caller, &app.platform, id_of(&id)?).await?;
    Ok(Json(found.into_iter().map(VersionView::from).collect()))
}

/// One version of an asset, with its profile.
#[utoipa::path(get, path = "/api/v1/assets/{id}/versions/{number}", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the asset"),
           ("number" = i64, Path, description = "Number of the version")),
    responses((status = 200, body = VersionView), crate::openapi::Problems))]
pub(crate) async fn version(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, number)): Path<(String, String)>,
) -> Result<Json<VersionView>, Problem> {
    let (_, found) =
        version::find(&visitor.caller, &app.platform, id_of(&id)?, id_of(&number)?).await?;
    Ok(Json(found.into()))
}

/// Which repairs are agreed to.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct RepairsBody {
    /// `header_rows`, `merged_cells`, `units` or `marks`, of those in `reading.proposals`.
    pub repairs: Vec<String>,
}

/// Reads the file of a version once more and repairs in it what is agreed to: headers over
/// several rows, merged cells, units and footnote marks inside the cells of a workbook. The
/// result is a new version; `reading.proposals` of a version says what can be repaired, with
/// the first cells before and after.
#[utoipa::path(post, path = "/api/v1/assets/{id}/versions/{number}/repairs", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the asset"),
           ("number" = i64, Path, description = "Number of the version")),
    request_body = RepairsBody,
    responses((status = 202, body = CompletedView), crate::openapi::Problems))]
pub(crate) async fn repair(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, number)): Path<(String, String)>,
    ApiJson(body): ApiJson<RepairsBody>,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let repairs = repairs(body.repairs.iter().map(String::as_str))?;
    let (id, number) = (id_of(&id)?, id_of(&number)?);
    Ok(accepted(&repair::repair(caller, &app.platform, id, number, &repairs).await?))
}

/// Repairs by their codes.
///
/// # Errors
///
/// [`platform::Error::Invalid`] for a code that is none.
pub(crate) fn repairs<'a>(
    codes: impl Iterator<Item = &'a str>,
) -> Result<Vec<ingest::Repair>, platform::Error> {
    let of = |code: &str| ingest::Repair::ALL.into_iter().find(|repair| repair.code() == code);
    codes
        .map(|code| {
            of(code).ok_or_else(|| {
                platform::Error::invalid(
                    "repairs",
                    "应为 header_rows、merged_cells、units 或 marks。",
                    "header_rows, merged_cells, units or marks.",
                )
            })
        })
        .collect()
}

/// The quarantined rows of a version, as CSV: line, column, value, reason, row.
#[utoipa::path(get, path = "/api/v1/assets/{id}/versions/{number}/quarantine.csv", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the asset"),
           ("number" = i64, Path, description = "Number of the version")),
    responses((status = 200, body = String, content_type = "text/csv"), crate::openapi::Problems))]
pub(crate) async fn quarantine(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let number = id_of(&number)?;
    let most = usize::try_from(app.platform.limits.ingest.rejects_kept).unwrap_or(usize::MAX);
    let (rows, _) =
        version::quarantine(&visitor.caller, &app.platform, id_of(&id)?, number, most).await?;
    let mut csv = String::from("\u{feff}line,column,value,reason,reason_en,row\r\n");
    for row in rows {
        let line = row.line.to_string();
        let column = row.column.unwrap_or_default();
        let fields = [&line, &column, &row.value, &row.reason.zh, &row.reason.en, &row.raw];
        let cells: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
        csv.push_str(&cells.join(","));
        csv.push_str("\r\n");
    }
    let name = format!("attachment; filename=\"quarantine-{number}.csv\"");
    Ok((
        [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
            (header::CONTENT_DISPOSITION, name.as_str()),
        ],
        csv,
    )
        .into_response())
}

/// A field of a CSV file, quoted, and harmless in a spreadsheet.
fn csv_field(text: &str) -> String {
    let safe = ingest::write::neutralized(text);
    format!("\"{}\"", safe.replace('"', "\"\""))
}

/// How far a job is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct JobView {
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    pub state: String,
    /// How far it is; absent before it begins.
    pub progress: Option<ProgressView>,
    /// Seconds that are likely left; absent while that is unknown.
    pub eta_seconds: Option<i64>,
}

/// Progress in units.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProgressView {
    /// Units done.
    pub done: u64,
    /// Units in all, where known.
    pub total: Option<u64>,
    /// What is being done.
    #[serde(flatten)]
    pub note: NoteView,
}

/// What is being done, in both languages.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NoteView {
    /// Chinese.
    pub note_zh: String,
    /// English.
    pub note_en: String,
}

/// How far a job is.
#[utoipa::path(get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Identifier of the job")),
    responses((status = 200, body = JobView), crate::openapi::Problems))]
pub(crate) async fn job(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<JobView>, Problem> {
    let caller = visitor.signed_in()?;
    let job = platform::jobs::find(caller, &app.platform, id_of(&id)?).await?;
    let now = app.platform.clock.now();
    let eta_seconds = job.progress.as_ref().and_then(|progress| {
        let total = progress.total?;
        let elapsed = now.duration_since(job.run_after).as_secs();
        let left = total.saturating_sub(progress.done);
        (progress.done > 0 && elapsed > 1)
            .then(|| {
                elapsed
                    .saturating_mul(i64::try_from(left).ok()?)
                    .checked_div(i64::try_from(progress.done).ok()?)
            })
            .flatten()
    });
    Ok(Json(JobView {
        state: job.state.to_string(),
        progress: job.progress.map(|progress| ProgressView {
            done: progress.done,
            total: progress.total,
            note: NoteView { note_zh: progress.note.zh, note_en: progress.note.en },
        }),
        eta_seconds,
    }))
}

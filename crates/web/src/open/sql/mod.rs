//! `/api/v1/sql`: read-only SQL over the open datasets.
//!
//! ```text
//! format.rs   which format is asked for
//! write.rs    the rows in it, on a thread of its own
//! answer.rs   the answer: whole where it is short, else as a stream
//! tables.rs   what can be queried
//! ```

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

mod answer;
mod format;
pub(crate) mod tables;
mod write;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use platform::open::sql;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

pub(crate) use tables::{SqlTable, named};
pub(crate) use write::cut_by_rows;

use crate::app::App;
use crate::extract::{ApiJson, ApiQuery, within};
use crate::limits::Client;
use crate::problem::Problem;
use crate::visitor::Visitor;
use format::Format;

/// Rows of an answer if no number is asked for.
const ROWS: u64 = 1_000;

/// What to ask.
#[derive(Clone, Debug, Default, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct SqlParams {
    /// One `SELECT`. Tables are ids of open datasets in double quotes; see `/api/v1/sql/tables`.
    pub sql: String,
    /// Rows of the answer, 1 to 100,000; left out, 1,000. More are cut off, and the answer says so.
    #[param(minimum = 1, maximum = 100_000)]
    #[schema(minimum = 1, maximum = 100_000)]
    pub limit: Option<u64>,
    /// `json`, `ndjson`, `csv`, `parquet` or `arrow`; left out, as the header `Accept` says.
    pub format: Option<String>,
}

/// The answer of one `SELECT` over open datasets.
///
/// JSON is `{"columns": […], "rows": […], "row_count": …, "cut": null, "cost": {…},
/// "sources": […]}`. The other formats say cost and cut in the fields `Query-Cost` and
/// `Query-Cut`: in the head where the answer is short, else in trailers, which are sent to
/// whoever sends `TE: trailers`; Parquet has them in its metadata as well.
#[utoipa::path(get, path = "/api/v1/sql", tag = "open", params(SqlParams),
    responses((status = 200, body = Object, content_type = "application/json",
        description = "The rows; also as NDJSON, CSV, Parquet or an Arrow IPC stream"),
        crate::openapi::Problems))]
pub(crate) async fn get(
    State(app): State<App>,
    visitor: Visitor,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    ApiQuery(params): ApiQuery<SqlParams>,
) -> Result<Response, Problem> {
    respond(&app, &visitor, client, &headers, &params).await
}

/// As by `GET`, for statements that are too long for an address.
#[utoipa::path(post, path = "/api/v1/sql", tag = "open", request_body = SqlParams,
    responses((status = 200, body = Object, content_type = "application/json",
        description = "The rows; also as NDJSON, CSV, Parquet or an Arrow IPC stream"),
        crate::openapi::Problems))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    client: Option<Extension<Client>>,
    headers: HeaderMap,
    ApiJson(params): ApiJson<SqlParams>,
) -> Result<Response, Problem> {
    respond(&app, &visitor, client, &headers, &params).await
}

async fn respond(
    app: &App,
    visitor: &Visitor,
    client: Option<Extension<Client>>,
    headers: &HeaderMap,
    params: &SqlParams,
) -> Result<Response, Problem> {
    let format = Format::asked(params.format.as_deref(), headers)?;
    let most = app.platform.limits.sql.query.rows;
    let rows = within("limit", params.limit, ROWS, 1..=most)?;
    let client = payer(visitor, client);
    let answer = sql::query(&visitor.caller, &app.platform, &client, &params.sql, rows).await?;
    answer::respond(answer, format, rows).await
}

/// Whose share of the places a query takes: an account's, else a network's.
pub(crate) fn payer(visitor: &Visitor, client: Option<Extension<Client>>) -> String {
    match visitor.caller.account_id() {
        Some(account) => account.to_string(),
        None => client.map(|Extension(client)| client.network()).unwrap_or_default(),
    }
}

//! Evidence over HTTP: the transparency log for machines, receipts, keys.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use vocabulary::EntryId;

use crate::app::App;
use crate::extract::id_of;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// How long others may keep what never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The log is read by programs of any site.
const ANY_SITE: (HeaderName, HeaderValue) =
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));

/// `/log/checkpoint`: the newest signed tree head (C2SP tlog-checkpoint).
pub(crate) async fn checkpoint(State(app): State<App>) -> Result<Response, Problem> {
    let note = app.platform.log.checkpoint().await.map_err(failed)?;
    Ok((
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            ANY_SITE,
        ],
        note,
    )
        .into_response())
}

/// `/log/tile/…`: tiles and bundles of entries (C2SP tlog-tiles).
pub(crate) async fn tile(
    State(app): State<App>,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let tile = app.platform.log.tile(&format!("tile/{path}")).await.map_err(failed)?;
    let bytes = tile.ok_or_else(Problem::not_found)?;
    Ok((
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
            (header::CACHE_CONTROL, FOR_EVER),
            ANY_SITE,
        ],
        bytes,
    )
        .into_response())
}

/// `/log/key`: the log's verifier key, as tools of the Go checksum database read it.
pub(crate) async fn key(State(app): State<App>) -> Response {
    let text = format!("{}\n", app.platform.keyring.vkey());
    (
        [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")), ANY_SITE],
        text,
    )
        .into_response()
}

/// The keys that certificates are signed with, as a JWK set (RFC 7517).
#[utoipa::path(get, path = "/api/v1/keys", tag = "evidence",
    responses((status = 200, body = Object, content_type = "application/json")))]
pub(crate) async fn keys(State(app): State<App>) -> Json<serde_json::Value> {
    Json(app.platform.keyring.jwks())
}

/// The receipt of a step: the log's entry, its proof of inclusion, and, for those
/// who may see it, the body that the entry commits to.
#[utoipa::path(get, path = "/api/v1/receipts/{id}", tag = "evidence",
    params(("id" = String, Path, description = "Number of the receipt")),
    responses((status = 200, body = Object, content_type = "application/json"), crate::openapi::Problems))]
pub(crate) async fn receipt(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    let id: EntryId = id_of(&id)?;
    let receipt = platform::evidence::receipt(&visitor.caller, &app.platform, id).await?;
    let value = serde_json::to_value(&receipt).map_err(|error| {
        tracing::error!(error = %vocabulary::error_chain(&error), "a receipt could not be written");
        Problem::internal()
    })?;
    Ok(Json(value))
}

fn failed(error: impl std::error::Error + 'static) -> Problem {
    tracing::error!(error = %vocabulary::error_chain(&error), "the log could not be read");
    Problem::internal()
}

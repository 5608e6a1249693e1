//! A repeated request has one effect: `Idempotency-Key` on requests to the API.
//!
//! The first answer is kept for a day under the key and the account; the same
//! request gets the same answer, another request under the same key is refused.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use store::idempotency::{self, Answer, Begun};
use vocabulary::Bilingual;

use crate::app::App;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// The largest body that is repeated safely; larger ones are pieces of uploads,
/// which are safe to repeat by their offset.
const MOST_BYTES: usize = 2 << 20;

/// How long an unfinished request is waited for before its key may be used again.
const STALE_AFTER: SignedDuration = SignedDuration::from_secs(120);

/// Answers a repeated request from what was kept.
pub(crate) async fn once(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = request.headers().get("idempotency-key").and_then(|key| key.to_str().ok());
    let Some(key) = key.filter(|_| *request.method() == Method::POST).map(str::to_owned) else {
        return next.run(request).await;
    };
    if key.is_empty() || key.len() > 200 {
        return Problem::bad_request(
            "Idempotency-Key 应为 1 至 200 个字符。",
            "Idempotency-Key has 1 to 200 characters.",
        )
        .into_response();
    }
    let visitor = request.extensions().get::<Visitor>();
    let Some(account) = visitor.and_then(|visitor| visitor.caller.account_id()) else {
        return next.run(request).await;
    };
    match answer(&app, request, next, &key, &account.to_string()).await {
        Ok(response) | Err(response) => response,
    }
}

async fn answer(
    app: &App,
    request: Request,
    next: Next,
    key: &str,
    account: &str,
) -> Result<Response, Response> {
    let now = app.platform.clock.now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST_BYTES).await.map_err(|_| {
        Problem::bad_request("请求体过大。", "The body is too large.").into_response()
    })?;
    let mut digest = Sha256::new();
    digest.update(parts.method.as_str());
    digest.update(parts.uri.to_string());
    digest.update(&body);
    let digest = hex::encode(digest.finalize());
    let store = &app.platform.store;
    let mut tx = store.begin().await.map_err(failed)?;
    let begun = idempotency::begin(&mut tx, key, account, &digest, now, STALE_AFTER)
        .await
        .map_err(failed)?;
    tx.commit().await.map_err(failed)?;
    match begun {
        Begun::Fresh => {}
        Begun::Replay(kept) => return Ok(replay(kept)),
        Begun::InProgress => return Err(in_progress().into_response()),
        Begun::Mismatch => return Err(mismatch().into_response()),
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, MOST_BYTES).await.map_err(|_| Problem::internal().into_response())?;
    let mut tx = store.begin().await.map_err(failed)?;
    if parts.status.is_server_error() || parts.status == StatusCode::UNAUTHORIZED {
        idempotency::abandon(&mut tx, key, account).await.map_err(failed)?;
    } else {
        let headers = ["content-type", "etag", "location"].iter().filter_map(|name| {
            let value = parts.headers.get(*name)?.to_str().ok()?;
            Some(((*name).to_owned(), value.to_owned()))
        });
        let kept = Answer {
            status: parts.status.as_u16(),
            headers: headers.collect(),
            body: body.to_vec(),
        };
        idempotency::finish(&mut tx, key, account, &kept).await.map_err(failed)?;
    }
    tx.commit().await.map_err(failed)?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// The kept answer, word for word.
fn replay(kept: Answer) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert("idempotency-replayed", HeaderValue::from_static("true"));
    response
}

fn in_progress() -> Problem {
    let title = Bilingual::new("同一请求仍在处理", "The same request is still running");
    Problem::new(StatusCode::CONFLICT, "in_progress", title, None)
}

fn mismatch() -> Problem {
    let title = Bilingual::new(
        "该 Idempotency-Key 已用于另一请求",
        "This Idempotency-Key belongs to another request",
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", title, None)
}

fn failed(error: store::Error) -> Response {
    tracing::error!(error = %vocabulary::error_chain(&error), "the idempotency table failed");
    Problem::from(platform::Error::from(error)).into_response()
}

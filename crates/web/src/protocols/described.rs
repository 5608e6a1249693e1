//! The way to a description of one dataset that has data: find it, describe it, and answer
//! 304 where the client has the description.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use platform::gate::release::Release;
use platform::open::{self, Dataset};
use serde_json::Value;

use crate::app::{App, Site};
use crate::conditional;
use crate::extract::id_of;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// Answers with the description of a dataset.
///
/// - `kind`: the media type.
///
/// # Errors
///
/// Not found for anything that is not published, and for an entry without data.
pub(super) async fn described(
    app: &App,
    visitor: &Visitor,
    id: &str,
    asked: &HeaderMap,
    kind: &'static str,
    describe: impl FnOnce(&Site, &Dataset, &Release) -> Value,
) -> Result<Response, Problem> {
    let dataset = open::dataset(&visitor.caller, &app.platform, id_of(id)?).await?;
    let release = dataset.current.as_ref().ok_or_else(Problem::not_found)?;
    let mut response = Json(describe(&app.site, &dataset, release)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(conditional::answer(asked, response).await)
}

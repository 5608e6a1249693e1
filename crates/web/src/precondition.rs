//! `ETag` and `If-Match`: who changes something says which revision was read.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::problem::Problem;

/// The tag of a revision, e.g. `"7"`.
pub(crate) fn tag(revision: i64) -> (HeaderName, HeaderValue) {
    let text = format!("\"{revision}\"");
    (header::ETAG, HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("\"0\"")))
}

/// The revision that `If-Match` names; `None` for `*` or without the header.
///
/// # Errors
///
/// A bad request if the header is not a tag of ours.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.trim_start_matches("W/").trim_matches('"').parse().map_err(|_| {
        Problem::bad_request(
            "If-Match 应为先前得到的 ETag。",
            "If-Match is the ETag that you got before.",
        )
    })?;
    Ok(Some(number))
}

/// What is said where a revision must be given, and is not: 428.
pub(crate) fn missing() -> Problem {
    let title = vocabulary::Bilingual::new("缺少 If-Match", "If-Match is missing");
    let detail = vocabulary::Bilingual::new(
        "请附上读取时得到的 ETag，以免覆盖他人的修改。",
        "Send the ETag that you read, so that nobody's change is overwritten.",
    );
    let status = axum::http::StatusCode::PRECONDITION_REQUIRED;
    Problem::new(status, "precondition_required", title, detail)
}

//! Answers only if they changed: `ETag` and `If-None-Match` (RFC 9110, section 13) for
//! descriptions, which are short enough to be made before it is known.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

/// Adds a tag of what is answered, and answers 304 where the client has it.
pub(crate) async fn answer(asked: &HeaderMap, response: Response) -> Response {
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return Problem::internal().into_response();
    };
    let digest = hex::encode(Sha256::digest(&bytes));
    let tag = format!("W/\"{}\"", digest.get(..32).unwrap_or(&digest));
    let known = has(asked, &tag);
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, value);
    }
    if known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Whether a client has the answer with this tag. Tags compare weakly.
pub(crate) fn has(asked: &HeaderMap, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let wanted = bare(tag);
    asked
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|known| known.trim() == "*" || bare(known) == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_client_has_is_not_sent_again() {
        let ask = |tag: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_str(tag).unwrap());
            headers
        };
        let first = answer(&HeaderMap::new(), "text".into_response()).await;
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let again = answer(&ask(&format!("\"x\", {tag}")), "text".into_response()).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = answer(&ask(&tag), "another text".into_response()).await;
        assert_eq!(other.status(), StatusCode::OK);
        let refused = answer(&HeaderMap::new(), StatusCode::NOT_FOUND.into_response()).await;
        assert!(refused.headers().get(header::ETAG).is_none());
    }
}

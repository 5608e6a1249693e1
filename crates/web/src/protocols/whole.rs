//! Documents about the whole catalogue, written piece by piece while they are sent.
//!
//! The catalogue is walked by id, so an entry that is published meanwhile disturbs
//! nothing. The tag changes with every change that harvesters see.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use platform::open::{self, Dataset, record};
use sha2::{Digest as _, Sha256};
use vocabulary::AssetId;

use crate::app::{App, Site};
use crate::conditional;
use crate::problem::Problem;

/// Datasets of a piece.
const PIECE: u64 = 200;

/// Writes the pieces of a document.
pub(crate) trait Writer: Send + 'static {
    /// What stands before the datasets.
    fn head(&mut self, site: &Site) -> Vec<u8>;
    /// Some datasets.
    fn part(&mut self, site: &Site, datasets: &[Dataset]) -> Vec<u8>;
    /// What stands behind them.
    fn tail(&mut self, site: &Site) -> Vec<u8>;
}

/// Where a document stands.
enum Place {
    Head,
    After(Option<AssetId>),
    End,
}

/// The tag of everything that is made from the whole catalogue, and the newest change.
pub(crate) async fn tag(app: &App, what: &str) -> Result<(String, jiff::Timestamp), Problem> {
    let extent = record::extent(&app.platform).await?;
    let last = extent.last.unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    // Another address, or another version of this program, makes another document.
    let made = format!("{what} {} {}", app.site.base_url, env!("CARGO_PKG_VERSION"));
    let made = hex::encode(Sha256::digest(made.as_bytes()));
    let made = made.get(..12).unwrap_or(&made);
    let (records, gone) = (extent.records, extent.gone);
    Ok((format!("W/\"{records}-{gone}-{}-{made}\"", last.as_microsecond()), last))
}

/// An answer that the client has.
pub(crate) fn not_modified(tag: &str) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// Answers with a document about the whole catalogue.
///
/// # Errors
///
/// A [`Problem`] if the catalogue cannot be read. What fails later breaks the transfer
/// off, so that half a document never looks whole.
pub(crate) async fn whole(
    app: &App,
    asked: &HeaderMap,
    kind: &'static str,
    writer: impl Writer,
) -> Result<Response, Problem> {
    let (tag, _) = tag(app, kind).await?;
    if conditional::has(asked, &tag) {
        return Ok(not_modified(&tag));
    }
    let start = (app.clone(), writer, Place::Head);
    let pieces = futures::stream::try_unfold(start, |(app, mut writer, place)| async move {
        let (bytes, next) = match place {
            Place::End => return Ok(None),
            Place::Head => (writer.head(&app.site), Place::After(None)),
            Place::After(after) => {
                let datasets = open::after(&app.platform, after, PIECE).await.map_err(broken)?;
                match datasets.last().map(|dataset| dataset.asset.id) {
                    Some(last) => (writer.part(&app.site, &datasets), Place::After(Some(last))),
                    None => (writer.tail(&app.site), Place::End),
                }
            }
        };
        Ok::<_, std::io::Error>(Some((Bytes::from(bytes), (app, writer, next))))
    });
    Ok(document(Body::from_stream(pieces), kind, &tag))
}

/// The answer with a document and its tag.
pub(crate) fn document(body: impl Into<Body>, kind: &'static str, tag: &str) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Ok(value) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, value);
    }
    response
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn broken(error: platform::Error) -> std::io::Error {
    tracing::error!(error = %vocabulary::error_chain(&error), "a document was broken off");
    std::io::Error::other("broken off")
}

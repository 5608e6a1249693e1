//! The answer: whole where it is short, so that its head has its cost, else as a stream
//! with the cost in trailers.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use http_body::Frame;
use http_body_util::StreamBody;
use platform::open::sql::Answer;
use tokio::sync::{mpsc, oneshot};

use super::format::Format;
use super::write::{HELD, Stopped, Told, write};
use crate::open::pieces::{self, Broken, Pieces, QUEUE};
use crate::problem::Problem;

const COST: HeaderName = HeaderName::from_static("query-cost");
const CUT: HeaderName = HeaderName::from_static("query-cut");
const ROW_COUNT: HeaderName = HeaderName::from_static("query-rows");
const LIMIT: HeaderName = HeaderName::from_static("query-limit");

/// Writes the rows of a statement.
///
/// # Errors
///
/// A problem of the statement or a limit, if it shows before anything was sent.
pub(super) async fn respond(
    mut answer: Answer,
    format: Format,
    rows: u64,
) -> Result<Response, Problem> {
    let (sender, mut pieces) = mpsc::channel(QUEUE);
    let (done, told) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let broken = Broken::default();
    let is_broken = broken.clone();
    tokio::task::spawn_blocking(move || {
        let output = Pieces::new(sender.clone(), 0, None);
        let written = write(format, &mut answer, output, &runtime);
        // Its place is free for others from now on.
        drop(answer);
        if written.is_err() {
            is_broken.set();
        }
        let _gone = done.send(written);
        drop(sender);
    });
    let mut held: Vec<Bytes> = Vec::new();
    let mut size = 0_u64;
    let is_whole = loop {
        match pieces.recv().await {
            Some(Ok(piece)) => {
                size = size.saturating_add(piece.len() as u64);
                held.push(piece);
                if size >= HELD {
                    break false;
                }
            }
            Some(Err(_)) | None => break true,
        }
    };
    let mut response = if is_whole {
        let told = told.await.map_err(|_| Problem::internal())?.map_err(problem)?;
        let mut response = Body::from(held.concat()).into_response();
        tell(response.headers_mut(), &told);
        response
    } else {
        streamed(held, pieces::stream(pieces, broken), told)
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(LIMIT, HeaderValue::from(rows));
    if format != Format::Json {
        let name = format!("attachment; filename=\"query.{}\"", format.name());
        if let Ok(name) = HeaderValue::from_str(&name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
    }
    Ok(response)
}

/// What was held back, what follows, and the cost at the end.
fn streamed(
    held: Vec<Bytes>,
    pieces: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static,
    told: oneshot::Receiver<Result<Told, Stopped>>,
) -> Response {
    let data = stream::iter(held.into_iter().map(Ok)).chain(pieces);
    let data = data.map(|piece| piece.map(Frame::data));
    let trailers = stream::once(async move {
        let mut fields = HeaderMap::new();
        if let Ok(Ok(told)) = told.await {
            tell(&mut fields, &told);
        }
        Ok(Frame::trailers(fields))
    });
    let mut response = Body::new(StreamBody::new(data.chain(trailers))).into_response();
    let names = HeaderValue::from_static("query-cost, query-cut, query-rows");
    response.headers_mut().insert(header::TRAILER, names);
    response
}

fn tell(fields: &mut HeaderMap, told: &Told) {
    if let Ok(cost) = HeaderValue::from_str(&told.cost()) {
        fields.insert(COST, cost);
    }
    fields.insert(CUT, HeaderValue::from_static(told.cut()));
    fields.insert(ROW_COUNT, HeaderValue::from(told.rows));
}

fn problem(stopped: Stopped) -> Problem {
    match stopped {
        Stopped::Told(problem) => *problem,
        Stopped::Broken(error) => {
            let error = vocabulary::error_chain(error.as_ref());
            tracing::error!(error = %error, "an answer could not be written");
            Problem::internal()
        }
    }
}

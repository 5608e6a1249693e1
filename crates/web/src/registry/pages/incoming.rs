//! Forms with a file, for browsers without script: read as they come, so that a
//! file of gigabytes takes little memory.
//!
//! The anti-forgery token is the form's first field and is checked before a byte
//! of the file is stored.

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use platform::Error;
use platform::registry::upload::{self, Completed, FileHint};
use trust::Caller;
use trust::identity::csrf;
use vocabulary::AssetId;

use crate::app::App;
use crate::form::Posted;
use crate::problem::Problem;
use crate::session::forged;
use crate::visitor::Visitor;

/// The most bytes of a field that is no file.
const MOST_TEXT: usize = 64 << 10;
/// The most fields that are no files.
const MOST_FIELDS: usize = 100;
/// A piece is stored as soon as this many bytes are here.
const PIECE: usize = 4 << 20;
/// The longest file that is received.
const MOST_BYTES: u64 = 1 << 40;
/// What is read of a file that is not wanted, so that the browser shows the answer.
const MOST_DRAINED: usize = 64 << 20;

/// A form with a file, while it is being received.
pub(super) struct Incoming {
    multipart: Option<Multipart>,
    fields: Vec<(String, String)>,
    /// The file cannot be longer than the request.
    bound: u64,
}

impl Incoming {
    /// Begins to receive a form. A form without a file may come in the other
    /// encoding, when it is sent again after signing in.
    ///
    /// # Errors
    ///
    /// The sign-in page, with what was typed, if the session has ended; a page
    /// about a request that is no form.
    pub(super) async fn open(
        app: &App,
        visitor: &Visitor,
        request: Request,
    ) -> Result<Self, Response> {
        let length = request.headers().get(header::CONTENT_LENGTH);
        let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
        let bound: u64 = length.unwrap_or(MOST_BYTES).clamp(1, MOST_BYTES);
        let kind = request.headers().get(header::CONTENT_TYPE);
        let is_multipart = kind
            .and_then(|kind| kind.to_str().ok())
            .is_some_and(|kind| kind.starts_with("multipart/form-data"));
        if !is_multipart {
            let posted = Posted::from_request(request, app).await?;
            let fields = posted.with_prefix("").map(|(k, v)| (k.to_owned(), v.to_owned()));
            return Ok(Self { multipart: None, fields: fields.collect(), bound });
        }
        let multipart =
            Multipart::from_request(request, app).await.map_err(IntoResponse::into_response)?;
        let mut incoming = Self { multipart: Some(multipart), fields: Vec::new(), bound };
        if visitor.caller.account().is_none() {
            return Err(incoming.sign_in(app, visitor).await);
        }
        Ok(incoming)
    }

    /// The parts of the form; `None` if it came without a file.
    pub(super) fn parts(&mut self) -> Option<Multipart> {
        self.multipart.take()
    }

    /// Takes a part in; a file with a name is given back.
    ///
    /// # Errors
    ///
    /// A bad request if a field is too long or there are too many.
    pub(super) async fn take<'a>(
        &mut self,
        mut part: Field<'a>,
    ) -> Result<Option<Field<'a>>, Problem> {
        if let Some(file_name) = part.file_name() {
            // A file field in which nothing was chosen has an empty name.
            return Ok((!file_name.is_empty()).then_some(part));
        }
        let name = part.name().unwrap_or_default().to_owned();
        let mut text = BytesMut::new();
        while let Some(piece) = part.chunk().await.map_err(broken)? {
            if text.len() + piece.len() > MOST_TEXT {
                return Err(too_much());
            }
            text.extend_from_slice(&piece);
        }
        if self.fields.len() >= MOST_FIELDS {
            return Err(too_much());
        }
        self.fields.push((name, String::from_utf8_lossy(&text).into_owned()));
        Ok(None)
    }

    /// The fields so far.
    ///
    /// # Errors
    ///
    /// Forbidden unless they prove that our own page sent them.
    pub(super) fn form(&self, visitor: &Visitor) -> Result<Posted, Problem> {
        let posted = self.posted();
        if csrf::matches(&visitor.secret, posted.text("csrf")) { Ok(posted) } else { Err(forged()) }
    }

    /// Stores a file and completes its upload; `hint` is asked for once the whole form
    /// is here, because the fields about the file come after it.
    ///
    /// # Errors
    ///
    /// Whatever stands in the way of the upload; nothing of it is kept then.
    pub(super) async fn store(
        &self,
        app: &App,
        caller: &Caller,
        asset: AssetId,
        mut file: Field<'_>,
    ) -> Result<vocabulary::UploadId, Stopped> {
        let name = file.file_name().unwrap_or_default().to_owned();
        let begun =
            upload::begin(caller, &app.platform, asset, &name, self.bound, FileHint::default())
                .await?;
        let mut waiting = BytesMut::new();
        let mut offset = 0;
        loop {
            let piece = match file.chunk().await {
                Ok(piece) => piece,
                Err(error) => {
                    upload::abort(caller, &app.platform, begun.id).await?;
                    return Err(Stopped::Broken(broken(error)));
                }
            };
            waiting.extend_from_slice(piece.as_deref().unwrap_or_default());
            if waiting.len() >= PIECE || (piece.is_none() && !waiting.is_empty()) {
                let bytes = waiting.split().freeze();
                offset = match upload::append(caller, &app.platform, begun.id, offset, bytes).await
                {
                    Ok(offset) => offset,
                    Err(error) => {
                        upload::abort(caller, &app.platform, begun.id).await?;
                        return Err(error.into());
                    }
                };
            }
            if piece.is_none() {
                return Ok(begun.id);
            }
        }
    }

    fn posted(&self) -> Posted {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        Posted::parse(body.extend_pairs(&self.fields).finish().as_bytes())
    }

    /// The sign-in page with what was typed before the file.
    async fn sign_in(&mut self, app: &App, visitor: &Visitor) -> Response {
        if let Some(mut parts) = self.parts() {
            while let Ok(Some(part)) = parts.next_field().await {
                match self.take(part).await {
                    Ok(None) => {}
                    Ok(Some(_)) | Err(_) => break,
                }
            }
            drain(&mut parts).await;
        }
        let carried = self.posted().carried();
        match crate::trust::sign_in_page(app, visitor, &visitor.path, carried) {
            Ok(page) => page.with_status(StatusCode::UNAUTHORIZED).into_response(),
            Err(problem) => problem.into_response(),
        }
    }
}

/// Why a file was not stored.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The use case refused it.
    Refused(Error),
    /// The request ended before the file did.
    Broken(Problem),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Completes an upload with what the form says of its file; what cannot be completed
/// is given up.
pub(super) async fn complete(
    app: &App,
    caller: &Caller,
    id: vocabulary::UploadId,
    form: &Posted,
) -> Result<Completed, Error> {
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    let hint = FileHint {
        encoding: text("encoding"),
        // A delimiter may be a blank or a tab, which `text` would cut off.
        delimiter: form.raw("delimiter").and_then(|text| text.chars().next()),
        has_header: match form.text("has_header") {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        sheet: None,
        ..FileHint::default()
    };
    let completed = upload::complete_bounded(caller, &app.platform, id, hint).await;
    if completed.is_err() {
        upload::abort(caller, &app.platform, id).await?;
    }
    completed
}

/// Reads on for a while, so that the browser sees the answer and not a broken connection.
pub(super) async fn drain(parts: &mut Multipart) {
    let mut read = 0;
    while let Ok(Some(mut part)) = parts.next_field().await {
        while let Ok(Some(piece)) = part.chunk().await {
            read += piece.len();
            if read > MOST_DRAINED {
                return;
            }
        }
    }
}

/// The request is no form, or ended too early.
#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
pub(super) fn broken(error: MultipartError) -> Problem {
    tracing::info!(error = %vocabulary::error_chain(&error), "a form did not arrive whole");
    Problem::bad_request(
        "表单没有完整到达，请重新提交。",
        "The form did not arrive whole; send it again.",
    )
}

fn too_much() -> Problem {
    Problem::bad_request("表单的字段过长或过多。", "A field is too long, or there are too many.")
}

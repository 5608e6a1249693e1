//! `/evidence`: why should I believe this?
//!
//! Checking a receipt or certificate changes nothing and needs no account, so its
//! form needs no anti-forgery token.

use axum::extract::{FromRequest as _, Multipart, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::Error;
use platform::evidence::{self, Checked};
use serde::Serialize;
use vocabulary::Bilingual;

use super::entry::path;
use crate::app::App;
use crate::form::Posted;
use crate::parts::FormProblem;
use crate::problem::Problem;
use crate::trust::desk::words;
use crate::view::Page;
use crate::visitor::Visitor;

/// Entries that are listed.
const LATEST: u64 = 20;
/// The longest receipt; a real one has a few kilobytes.
const LONGEST_BYTES: usize = 1 << 20;

#[derive(Serialize)]
struct Evidence {
    log: LogView,
    latest: Vec<Latest>,
    pasted: String,
    errors: Vec<FormProblem>,
    result: Option<ResultView>,
}

#[derive(Serialize)]
struct LogView {
    origin: String,
    size: u64,
    root: String,
    sealed_at: Option<String>,
    checkpoint: String,
    checkpoint_url: &'static str,
    key: String,
}

#[derive(Serialize)]
struct Latest {
    index: u64,
    at: String,
    what: Bilingual,
    url: String,
}

#[derive(Serialize)]
struct ResultView {
    ok: bool,
    text: Bilingual,
    checks: Vec<CheckView>,
    entry: Option<EntryLink>,
}

#[derive(Serialize)]
struct CheckView {
    text: Bilingual,
    ok: bool,
}

#[derive(Serialize)]
struct EntryLink {
    url: String,
    index: u64,
}

/// Shows the log in plain words.
pub(crate) async fn evidence(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    page(&app, &visitor, String::new(), Vec::new(), None).await
}

/// Checks a receipt or certificate that was pasted or sent as a file.
pub(crate) async fn check(
    State(app): State<App>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let text = sent(&app, request).await?;
    if text.trim().is_empty() {
        let nothing = Bilingual::new(
            "请粘贴回执或证书的内容，或者选择文件。",
            "Paste a receipt or certificate, or choose its file.",
        );
        return wrong(&app, &visitor, text, nothing).await;
    }
    match evidence::check(&app.platform, text.trim()).await {
        Ok(checked) => {
            let page = page(&app, &visitor, text, Vec::new(), Some(view(checked))).await?;
            Ok(page.into_response())
        }
        Err(Error::Invalid { problems }) => {
            let said = problems.into_iter().next().map(|problem| problem.message);
            wrong(&app, &visitor, text, said.unwrap_or_default()).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn wrong(
    app: &App,
    visitor: &Visitor,
    text: String,
    said: Bilingual,
) -> Result<Response, Problem> {
    let errors = vec![FormProblem::new("receipt", said)];
    let page = page(app, visitor, text, errors, None).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

async fn page(
    app: &App,
    visitor: &Visitor,
    pasted: String,
    errors: Vec<FormProblem>,
    result: Option<ResultView>,
) -> Result<Page, Problem> {
    let platform = &app.platform;
    let log = evidence::state(platform).await?;
    let latest = evidence::latest(platform, LATEST).await?;
    let context = Evidence {
        log: LogView {
            origin: format!("{}/log", app.site.base_url),
            size: log.size,
            root: log.root,
            sealed_at: log.sealed_at.map(|at| at.to_string()),
            checkpoint: log.checkpoint,
            checkpoint_url: "/log/checkpoint",
            key: platform.keyring.vkey().to_owned(),
        },
        latest: latest
            .into_iter()
            .map(|entry| Latest {
                index: entry.index,
                at: entry.at.to_string(),
                what: words::act(&entry.kind),
                url: path(entry.id),
            })
            .collect(),
        pasted,
        errors,
        result,
    };
    app.pages.render(visitor, "portal/evidence.html", context)
}

fn view(checked: Checked) -> ResultView {
    ResultView {
        ok: checked.ok,
        text: checked.text,
        checks: checked
            .checks
            .into_iter()
            .map(|check| CheckView { text: check.text, ok: check.ok })
            .collect(),
        entry: checked.entry.map(|(id, index)| EntryLink { url: path(id), index }),
    }
}

/// The text that was sent: the file if there is one, else what was pasted.
async fn sent(app: &App, request: Request) -> Result<String, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        let body = axum::body::to_bytes(request.into_body(), LONGEST_BYTES).await;
        let posted = Posted::parse(&body.map_err(|_| too_long())?);
        return Ok(posted.raw("receipt").unwrap_or_default().to_owned());
    }
    let unreadable = || Problem::bad_request("表单无法读取。", "The form cannot be read.");
    let mut form = Multipart::from_request(request, app).await.map_err(|_| unreadable())?;
    let (mut pasted, mut file) = (String::new(), String::new());
    while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(|_| too_long())?;
        if bytes.len() > LONGEST_BYTES {
            return Err(too_long());
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match name.as_str() {
            "receipt" => pasted = text,
            "file" => file = text,
            _ => {}
        }
    }
    Ok(if file.trim().is_empty() { pasted } else { file })
}

fn too_long() -> Problem {
    Problem {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        ..Problem::bad_request(
            "内容太长：回执和证书不超过 1 MB。",
            "It is too long: receipts and certificates have at most 1 MB.",
        )
    }
}

//! The data that were granted with a case: at an address for programs, by the API, and as
//! the page of the case offers them.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use platform::open;
use platform::requests::{self, Granted};
use serde::Serialize;
use vocabulary::CaseNumber;

use super::pages::own::private;
use crate::app::App;
use crate::extract::{ApiQuery, id_of};
use crate::open::download::{self, DownloadParams, Wish};
use crate::problem::Problem;
use crate::visitor::Visitor;

/// Sends the data that were granted. The address can be given to any program; it holds the
/// code of the case, so it is as secret as the page.
pub(crate) async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Path((number, code, format)): Path<(String, String, String)>,
    ApiQuery(params): ApiQuery<DownloadParams>,
    method: Method,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let wish = Wish::of(&format, params, method, asked)?;
    send(&app, &visitor, id_of(&number)?, &code, wish).await
}

/// Sends what was granted with a case, and notes it first: without the note nothing is given.
pub(super) async fn send(
    app: &App,
    visitor: &Visitor,
    number: CaseNumber,
    code: &str,
    wish: Wish,
) -> Result<Response, Problem> {
    let (caller, platform) = (&visitor.caller, &app.platform);
    let current = requests::take(caller, platform, number, code).await?;
    if wish.takes() {
        let (format, is_whole) = wish.in_words();
        requests::note_taken(caller, platform, number, &current, format, is_whole).await?;
    }
    Ok(private(download::respond(app, current, wish).await?))
}

/// The data that may be taken, on the page of the case.
#[derive(Serialize)]
pub(super) struct Data {
    files: Vec<File>,
    rows: u64,
    columns: usize,
    number: i64,
    sha256: String,
    sm3: String,
    certificate_url: String,
}

/// A file of them.
#[derive(Serialize)]
struct File {
    label: String,
    file_url: String,
}

impl Data {
    /// What was granted; `None` while there is nothing to take.
    ///
    /// - `url`: the page of the case.
    pub(super) fn of(granted: &Granted, url: &str) -> Option<Self> {
        let release = &granted.current.as_ref()?.release;
        let file = |format: &str| File {
            label: format.to_uppercase(),
            file_url: format!("{url}/data/{}", if format == "rdf" { "nt" } else { format }),
        };
        Some(Self {
            files: open::formats(release).into_iter().map(file).collect(),
            rows: release.rows,
            columns: release.columns.len(),
            number: release.number,
            sha256: release.outcome.digest.sha256.clone(),
            sm3: release.outcome.digest.sm3.clone(),
            certificate_url: format!("/api/v1/releases/{}/certificate", release.id),
        })
    }
}

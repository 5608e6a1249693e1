//! `/desk/assets/{id}/upload`: is it in? With script the page sends the file in
//! pieces to the API; without, the whole form comes here.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::Error;
use platform::registry::upload::{self, Upload};
use platform::registry::{self, Asset, version};
use serde::Serialize;
use trust::{Action as Act, Caller};
use vocabulary::Bilingual;

use super::incoming::{self, Incoming, Stopped};
use crate::app::App;
use crate::desk::{Link, asset_path, done, mistakes, refusal_page, title_of};
use crate::extract::id_of;
use crate::form::Posted;
use crate::parts::{Choice, FormProblem};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

/// Endings of files that can be read.
pub(super) const ACCEPT: &str = ".csv,.tsv,.txt,.xlsx,.xls,.json,.ndjson,.parquet";

#[derive(Serialize)]
struct UploadPage {
    this: This,
    accept: &'static str,
    max_bytes: Option<u64>,
    encodings: Vec<Choice>,
    delimiters: Vec<Choice>,
    values: Values,
    errors: Vec<FormProblem>,
    open: Vec<Open>,
}

#[derive(Serialize)]
struct This {
    id: String,
    url: String,
    title: Bilingual,
    version: Option<i64>,
}

/// What was said of the file.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Values {
    encoding: String,
    delimiter: String,
    has_header: String,
}

impl Values {
    fn of(form: &Posted) -> Self {
        Self {
            encoding: form.text("encoding").to_owned(),
            delimiter: form.raw("delimiter").unwrap_or_default().to_owned(),
            has_header: form.text("has_header").to_owned(),
        }
    }
}

/// An upload that was interrupted.
#[derive(Serialize)]
struct Open {
    id: String,
    file_name: String,
    bytes: u64,
    offset: u64,
    at: String,
}

/// Shows the page.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    let (caller, asset) = uploadable(&app, &visitor, &id).await?;
    page(&app, &visitor, caller, &asset, Values::default(), Vec::new()).await
}

/// Receives a whole form with its file.
pub(crate) async fn receive(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let mut form = match Incoming::open(&app, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return Ok(response),
    };
    let (caller, asset) = uploadable(&app, &visitor, &id).await?;
    let mut stored = None;
    if let Some(mut parts) = form.parts() {
        while let Some(part) = parts.next_field().await.map_err(incoming::broken)? {
            let Some(file) = form.take(part).await? else { continue };
            let posted = form.form(&visitor)?;
            if stored.is_some() {
                continue;
            }
            match form.store(&app, caller, asset.id, file).await {
                Ok(id) => stored = Some(id),
                Err(stopped) => {
                    incoming::drain(&mut parts).await;
                    return again(&app, &visitor, caller, &asset, Values::of(&posted), stopped)
                        .await;
                }
            }
        }
    }
    let posted = form.form(&visitor)?;
    let completed = match stored {
        Some(id) => incoming::complete(&app, caller, id, &posted).await,
        None => Err(Error::invalid("file", "请选择一个文件。", "Choose a file.")),
    };
    match completed {
        Ok(completed) => {
            let path = format!("{}/versions/{}", asset_path(&asset), completed.number);
            Ok(done(
                &visitor,
                &path,
                "文件已收到，正在读取与检查。",
                "The file is here and is being read.",
            ))
        }
        Err(error) => {
            again(&app, &visitor, caller, &asset, Values::of(&posted), error.into()).await
        }
    }
}

/// The asset, if the reader may upload data for it.
async fn uploadable<'a>(
    app: &App,
    visitor: &'a Visitor,
    id: &str,
) -> Result<(&'a Caller, Asset), Problem> {
    let caller = visitor.signed_in()?;
    let asset = registry::find(caller, &app.platform, id_of(id)?).await?;
    caller.require(Act::Upload, &asset.resource()).map_err(Error::from)?;
    Ok((caller, asset))
}

/// The page again, with why the file was not taken.
pub(super) async fn again(
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    asset: &Asset,
    values: Values,
    stopped: Stopped,
) -> Result<Response, Problem> {
    match stopped {
        Stopped::Broken(problem) => Err(problem),
        Stopped::Refused(Error::Invalid { problems }) => {
            // Whatever is wrong is wrong with the file.
            let errors = mistakes(&problems, |_| "file".to_owned());
            let page = page(app, visitor, caller, asset, values, errors).await?;
            Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
        }
        Stopped::Refused(Error::Refused { refusals }) => {
            let text = Bilingual::new("换一个文件上传", "Upload another file");
            let url = Some(format!("{}/upload", asset_path(asset)));
            refusal_page(app, visitor, &refusals, Link { text, url })
        }
        Stopped::Refused(error) => Err(error.into()),
    }
}

async fn page(
    app: &App,
    visitor: &Visitor,
    caller: &Caller,
    asset: &Asset,
    values: Values,
    errors: Vec<FormProblem>,
) -> Result<Page, Problem> {
    let versions = version::list(caller, &app.platform, asset.id).await?;
    let open = upload::open_of(caller, &app.platform, asset.id).await?;
    let context = UploadPage {
        this: This {
            id: asset.id.to_string(),
            url: asset_path(asset),
            title: title_of(asset),
            version: versions.iter().map(|version| version.number).max(),
        },
        accept: ACCEPT,
        max_bytes: None,
        encodings: encodings(),
        delimiters: delimiters(),
        values,
        errors,
        open: open.into_iter().map(Open::from).collect(),
    };
    app.pages.render(visitor, "desk/upload.html", context)
}

impl From<Upload> for Open {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id.to_string(),
            file_name: upload.file_name,
            bytes: upload.bytes_total,
            offset: upload.bytes_received,
            at: upload.created_at.to_string(),
        }
    }
}

fn recognized() -> Choice {
    Choice::new("", Bilingual::new("自动识别", "recognize"))
}

/// Encodings that may be declared. The other way round, what a file is in is found
/// from its content.
fn encodings() -> Vec<Choice> {
    let named = ["UTF-8", "GB18030", "GBK", "UTF-16LE", "UTF-16BE", "Big5"];
    let named =
        named.into_iter().map(|name| Choice::new(name.to_lowercase(), Bilingual::new(name, name)));
    std::iter::once(recognized()).chain(named).collect()
}

fn delimiters() -> Vec<Choice> {
    vec![
        recognized(),
        Choice::new(",", Bilingual::new("逗号", "comma")),
        Choice::new(";", Bilingual::new("分号", "semicolon")),
        Choice::new("\t", Bilingual::new("制表符", "tab")),
        Choice::new("|", Bilingual::new("竖线", "vertical bar")),
    ]
}

//! `/desk/assets/new`: a name and, if there is one, a file make a draft.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::Error;
use platform::registry::{self, Asset, AssetKind, CatalogueEntry, NewAsset};
use serde::Serialize;
use trust::{Action as Act, Caller, Resource};
use vocabulary::{Bilingual, CreditCode};

use super::incoming::{self, Incoming};
use super::upload::{self, ACCEPT};
use crate::app::App;
use crate::desk::{asset_path, done, mistakes};
use crate::form::Posted;
use crate::parts::{Choice, FormProblem};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct Register {
    body: Bilingual,
    values: Values,
    kinds: Vec<Choice>,
    errors: Vec<FormProblem>,
    accept: &'static str,
    max_bytes: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct Values {
    title_zh: String,
    kind: String,
}

impl Default for Values {
    fn default() -> Self {
        Self { title_zh: String::new(), kind: AssetKind::Dataset.code().to_owned() }
    }
}

impl Values {
    fn of(form: &Posted) -> Self {
        Self { title_zh: form.text("title_zh").to_owned(), kind: form.text("kind").to_owned() }
    }

    /// The new asset, or what is wrong with the form.
    fn asset(&self, body: CreditCode) -> Result<NewAsset, Vec<FormProblem>> {
        let mut errors = Vec::new();
        if self.title_zh.is_empty() {
            let text = Bilingual::new("请填写数据目录名称。", "Give it a name.");
            errors.push(FormProblem::new("title_zh", text));
        }
        match self.kind.parse() {
            Ok(kind) if errors.is_empty() => {
                let title = Bilingual::new(self.title_zh.as_str(), "");
                let entry = CatalogueEntry { title, ..CatalogueEntry::default() };
                Ok(NewAsset { body, kind, entry })
            }
            Ok(_) => Err(errors),
            Err(_) => {
                let text = Bilingual::new("请选择资产类型。", "Choose the kind of asset.");
                errors.push(FormProblem::new("kind", text));
                Err(errors)
            }
        }
    }
}

/// Shows the form.
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    let (caller, body) = clerk(&visitor)?;
    let resource = Resource::of_kind("asset").of_body(body);
    caller.require(Act::RegisterAsset, &resource).map_err(Error::from)?;
    page(&app, &visitor, Values::default(), Vec::new())
}

/// Registers a draft, with its file if there is one.
pub(crate) async fn create(
    State(app): State<App>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let mut form = match Incoming::open(&app, &visitor, request).await {
        Ok(form) => form,
        Err(response) => return Ok(response),
    };
    let (caller, body) = clerk(&visitor)?;
    let mut filed: Option<(Asset, vocabulary::UploadId)> = None;
    if let Some(mut parts) = form.parts() {
        while let Some(part) = parts.next_field().await.map_err(incoming::broken)? {
            let Some(file) = form.take(part).await? else { continue };
            if filed.is_some() {
                continue;
            }
            let asset = match draft(&app, caller, body, &form.form(&visitor)?).await? {
                Ok(asset) => asset,
                Err((values, errors)) => {
                    drop(file);
                    incoming::drain(&mut parts).await;
                    return refused(&app, &visitor, values, errors);
                }
            };
            match form.store(&app, caller, asset.id, file).await {
                Ok(upload) => filed = Some((asset, upload)),
                Err(stopped) => {
                    // The draft is there; the file can be sent again from its upload page.
                    incoming::drain(&mut parts).await;
                    let values = upload::Values::default();
                    return upload::again(&app, &visitor, caller, &asset, values, stopped).await;
                }
            }
        }
    }
    let posted = form.form(&visitor)?;
    let Some((asset, upload)) = filed else {
        return match draft(&app, caller, body, &posted).await? {
            Ok(asset) => {
                let path = format!("{}/edit", asset_path(&asset));
                Ok(done(&visitor, &path, "已登记为草稿。", "Registered as a draft."))
            }
            Err((values, errors)) => refused(&app, &visitor, values, errors),
        };
    };
    match incoming::complete(&app, caller, upload, &posted).await {
        Ok(completed) => {
            let path = format!("{}/versions/{}", asset_path(&asset), completed.number);
            let zh = "已登记为草稿，文件正在读取；读完后信息项会自动填好，再编辑目录。";
            let en = "Registered as a draft; the file is being read. Then its items are filled in, and you edit the entry.";
            Ok(done(&visitor, &path, zh, en))
        }
        Err(error) => {
            let values = upload::Values::default();
            upload::again(&app, &visitor, caller, &asset, values, error.into()).await
        }
    }
}

/// What was typed, and what is wrong with it.
type Mistaken = (Values, Vec<FormProblem>);

/// Registers the draft that the form describes.
async fn draft(
    app: &App,
    caller: &Caller,
    body: CreditCode,
    form: &Posted,
) -> Result<Result<Asset, Mistaken>, Problem> {
    let values = Values::of(form);
    let new = match values.asset(body) {
        Ok(new) => new,
        Err(errors) => return Ok(Err((values, errors))),
    };
    match registry::register(caller, &app.platform, new).await {
        Ok(changed) => Ok(Ok(changed.asset)),
        Err(Error::Invalid { problems }) => {
            let errors = mistakes(&problems, |_| "title_zh".to_owned());
            Ok(Err((values, errors)))
        }
        Err(other) => Err(other.into()),
    }
}

/// The caller and the body that the caller works for.
fn clerk(visitor: &Visitor) -> Result<(&Caller, CreditCode), Problem> {
    let caller = visitor.signed_in()?;
    Ok((caller, caller.body().ok_or_else(Problem::not_found)?))
}

fn refused(
    app: &App,
    visitor: &Visitor,
    values: Values,
    errors: Vec<FormProblem>,
) -> Result<Response, Problem> {
    let page = page(app, visitor, values, errors)?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

fn page(
    app: &App,
    visitor: &Visitor,
    values: Values,
    errors: Vec<FormProblem>,
) -> Result<Page, Problem> {
    let kind = |kind: AssetKind, label: (&str, &str), hint: (&str, &str)| Choice {
        hint: Some(Bilingual::new(hint.0, hint.1)),
        ..Choice::new(kind.code(), Bilingual::new(label.0, label.1))
    };
    let context = Register {
        body: visitor.body_name.clone().unwrap_or_default(),
        values,
        kinds: vec![
            kind(AssetKind::Dataset, ("数据集", "data set"), ("表格、文件", "tables, files")),
            kind(
                AssetKind::System,
                ("业务应用系统", "business system"),
                ("产生数据的业务系统", "a system that produces data"),
            ),
        ],
        errors,
        accept: ACCEPT,
        max_bytes: None,
    };
    app.pages.render(visitor, "desk/register.html", context)
}

//! `/desk/assets/{id}`: one asset, and the steps that its reader may take.
//!
//! A step is posted to an address with the revision that the reader saw, so that
//! nobody agrees to a description that was changed in the meantime.

mod steps;
mod view;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::registry::{self, Changed};
use platform::{Error, RefusedBy};
use serde::Deserialize;
use trust::Caller;
use vocabulary::{AssetId, Bilingual};

use crate::app::App;
use crate::desk::done;
use crate::extract::id_of;
use crate::form::Posted;
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

/// Which revision a step is about.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Seen {
    revision: Option<i64>,
}

/// Why a step was not taken, shown on the page that it was asked from.
#[derive(Clone, Debug, Default)]
struct Trouble {
    /// The step.
    key: &'static str,
    /// Grounds on which the law refuses it, all of them.
    refusals: Vec<RefusedBy>,
    /// What is wrong with what was typed.
    error: Option<Bilingual>,
    /// The reason that was typed.
    value: String,
}

/// Shows an asset.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    page(&app, &visitor, id_of(&id)?, Trouble::default()).await
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: AssetId,
    trouble: Trouble,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let context = view::load(app, visitor, caller, id, trouble).await?;
    app.pages.render(visitor, "desk/asset.html", context)
}

/// Submits a draft for the unit head's consent.
pub(crate) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
    form: Posted,
) -> Result<Response, Problem> {
    let (caller, id) = (visitor.signed_in()?, id_of(&id)?);
    let taken = registry::submit(caller, &app.platform, id, seen.revision).await;
    let said = ("已提交，等单位负责人同意。", "Submitted; the head of the unit consents next.");
    answer(&app, &visitor, id, "submit", &form, taken, said).await
}

/// The unit head consents.
pub(crate) async fn consent(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
    form: Posted,
) -> Result<Response, Problem> {
    let (caller, id) = (visitor.signed_in()?, id_of(&id)?);
    let taken = registry::consent(caller, &app.platform, id, seen.revision).await;
    let said = ("已同意，等数据管理员审核。", "Consented; the data administrator reviews next.");
    answer(&app, &visitor, id, "consent", &form, taken, said).await
}

/// The data administrator publishes.
pub(crate) async fn publish(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
    form: Posted,
) -> Result<Response, Problem> {
    let (caller, id) = (visitor.signed_in()?, id_of(&id)?);
    let taken = registry::publish(caller, &app.platform, id, seen.revision).await;
    let said = ("目录已发布。", "The entry is published.");
    answer(&app, &visitor, id, "publish", &form, taken, said).await
}

/// A reviewer returns the entry to its filer, with the reason.
pub(crate) async fn send_back(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
    form: Posted,
) -> Result<Response, Problem> {
    let (caller, id) = (visitor.signed_in()?, id_of(&id)?);
    let reason = form.text("reason");
    let taken = registry::send_back(caller, &app.platform, id, seen.revision, reason).await;
    let said = ("已退回经办人修改。", "Returned to the clerk for correction.");
    answer(&app, &visitor, id, "return", &form, taken, said).await
}

/// Takes a published entry out of the catalogue, once its name has been typed.
pub(crate) async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
    form: Posted,
) -> Result<Response, Problem> {
    let (caller, id): (&Caller, AssetId) = (visitor.signed_in()?, id_of(&id)?);
    let asset = registry::find(caller, &app.platform, id).await?;
    let taken = if form.text("typed") == asset.entry.title.zh.trim() {
        let reason = form.text("reason");
        registry::withdraw(caller, &app.platform, id, seen.revision, reason).await
    } else {
        Err(Error::invalid(
            "typed",
            "输入的名称与数据目录名称不一致，没有撤销。",
            "What you typed is not the name of the asset; nothing was withdrawn.",
        ))
    };
    let said = ("已从目录撤销，日志保留。", "Withdrawn from the catalogue; the log stays.");
    answer(&app, &visitor, id, "withdraw", &form, taken, said).await
}

/// Goes on after a step, or shows the page again with what stood in its way.
async fn answer(
    app: &App,
    visitor: &Visitor,
    id: AssetId,
    key: &'static str,
    form: &Posted,
    taken: Result<Changed, Error>,
    said: (&str, &str),
) -> Result<Response, Problem> {
    let value = form.text("reason").to_owned();
    let trouble = match taken {
        Ok(_) => return Ok(done(visitor, &format!("/desk/assets/{id}"), said.0, said.1)),
        Err(Error::Refused { refusals }) => Trouble { key, refusals, value, error: None },
        Err(Error::Invalid { problems }) => {
            let error = problems.into_iter().next().map(|problem| problem.message);
            Trouble { key, error, value, refusals: Vec::new() }
        }
        Err(other) => return Err(other.into()),
    };
    let page = page(app, visitor, id, trouble).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

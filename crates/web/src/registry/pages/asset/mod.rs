//! `/desk/assets/{id}`: one asset, and the steps that its reader may take.

mod steps;
mod view;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::{Error, registry};
use vocabulary::AssetId;

use crate::app::App;
use crate::desk::done;
use crate::extract::id_of;
use crate::problem::Problem;
use crate::step::{Obstacle, Step};
use crate::view::Page;
use crate::visitor::Visitor;

/// Shows an asset.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    page(&app, &visitor, id_of(&id)?, Obstacle::default()).await
}

async fn page(
    app: &App,
    visitor: &Visitor,
    id: AssetId,
    obstacle: Obstacle,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let context = view::load(app, visitor, caller, id, obstacle).await?;
    app.pages.render(visitor, "desk/asset.html", context)
}

/// Submits a draft for the unit head's consent.
pub(crate) async fn submit(step: Step<AssetId>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = registry::submit(step.caller()?, platform, step.id, step.revision).await;
    let said = ("已提交，等单位负责人同意。", "Submitted; the head of the unit consents next.");
    answer(&step, "submit", taken, said).await
}

/// The unit head consents.
pub(crate) async fn consent(step: Step<AssetId>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = registry::consent(step.caller()?, platform, step.id, step.revision).await;
    let said = ("已同意，等数据管理员审核。", "Consented; the data administrator reviews next.");
    answer(&step, "consent", taken, said).await
}

/// The data administrator publishes.
pub(crate) async fn publish(step: Step<AssetId>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = registry::publish(step.caller()?, platform, step.id, step.revision).await;
    let said = ("目录已发布。", "The entry is published.");
    answer(&step, "publish", taken, said).await
}

/// A reviewer returns the entry to its filer, with the reason.
pub(crate) async fn send_back(step: Step<AssetId>) -> Result<Response, Problem> {
    let reason = step.form.text("reason");
    let platform = &step.app.platform;
    let taken = registry::send_back(step.caller()?, platform, step.id, step.revision, reason).await;
    let said = ("已退回经办人修改。", "Returned to the clerk for correction.");
    answer(&step, "return", taken, said).await
}

/// Takes a published entry out of the catalogue, once its name has been typed.
pub(crate) async fn withdraw(step: Step<AssetId>) -> Result<Response, Problem> {
    let (caller, platform) = (step.caller()?, &step.app.platform);
    let asset = registry::find(caller, platform, step.id).await?;
    let taken = if step.form.text("typed") == asset.entry.title.zh.trim() {
        let reason = step.form.text("reason");
        registry::withdraw(caller, platform, step.id, step.revision, reason).await
    } else {
        Err(Error::invalid(
            "typed",
            "输入的名称与数据目录名称不一致，没有撤销。",
            "What you typed is not the name of the asset; nothing was withdrawn.",
        ))
    };
    let said = ("已从目录撤销，日志保留。", "Withdrawn from the catalogue; the log stays.");
    answer(&step, "withdraw", taken, said).await
}

/// Goes on after a step, or shows the page again with what stood in its way.
async fn answer<R>(
    step: &Step<AssetId>,
    key: &'static str,
    taken: Result<R, Error>,
    said: (&str, &str),
) -> Result<Response, Problem> {
    let Some(obstacle) = step.obstacle(key, taken)? else {
        return Ok(done(&step.visitor, &format!("/desk/assets/{}", step.id), said.0, said.1));
    };
    let page = page(&step.app, &step.visitor, step.id, obstacle).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

//! Submit, approve, reject; measure again, suspend. A step is about the revision that the reader saw.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::{Error, gate};
use vocabulary::{GateRunId, ReleaseId};

use super::run::{self, Trouble};
use crate::desk::done;
use crate::problem::Problem;
use crate::step::Step;

/// Submits a passed run for approval by a second person.
pub(crate) async fn submit(step: Step<GateRunId>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = gate::submit(step.caller()?, platform, step.id, step.revision).await;
    let said = ("已提交，等第二人审批。", "Submitted; a second person decides.");
    answer(&step, "submit", taken, said).await
}

/// A second person approves: the candidate becomes a release with a certificate.
pub(crate) async fn approve(step: Step<GateRunId>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = gate::approve(step.caller()?, platform, step.id, step.revision).await;
    let said = (
        "已同意放行：证书已签发并写入日志，数据已在门户上开放。",
        "Approved: the certificate is signed and logged, and the data are open on the portal.",
    );
    answer(&step, "approve", taken, said).await
}

/// A second person rejects, citing a ground.
pub(crate) async fn reject(step: Step<GateRunId>) -> Result<Response, Problem> {
    let ground = step.form.text("reason");
    let platform = &step.app.platform;
    let taken = gate::reject(step.caller()?, platform, step.id, step.revision, ground).await;
    let said = ("已驳回，经办人会看到理由。", "Rejected; the clerk sees the ground.");
    answer(&step, "reject", taken, said).await
}

/// Has the release of a run measured again by the rules of today.
pub(crate) async fn remeasure(step: Step<GateRunId>) -> Result<Response, Problem> {
    let (caller, platform) = (step.caller()?, &step.app.platform);
    let release = released(&step).await?;
    let taken = gate::remeasure::request(caller, platform, release).await;
    let said = (
        "已安排复测；不再通过的发布会被暂停。",
        "It is being measured again; a release that no longer passes is suspended.",
    );
    answer(&step, "remeasure", taken, said).await
}

/// Suspends the release of a run, with a reason.
pub(crate) async fn suspend(step: Step<GateRunId>) -> Result<Response, Problem> {
    let reason = step.form.text("reason");
    let (caller, platform) = (step.caller()?, &step.app.platform);
    let release = released(&step).await?;
    let taken = gate::release::suspend(caller, platform, release, reason).await;
    let said = (
        "已暂停：数据不再提供，证书和记录保留。",
        "Suspended: the data are no longer offered; the certificate and the record stay.",
    );
    answer(&step, "suspend", taken, said).await
}

/// The release that came of a run.
async fn released(step: &Step<GateRunId>) -> Result<ReleaseId, Problem> {
    let found = gate::release::of_run(step.caller()?, &step.app.platform, step.id).await?;
    Ok(found.ok_or_else(Problem::not_found)?.id)
}

/// Goes on after a step, or shows the page again with what stood in its way.
async fn answer<R>(
    step: &Step<GateRunId>,
    key: &'static str,
    taken: Result<R, Error>,
    said: (&str, &str),
) -> Result<Response, Problem> {
    let Some(obstacle) = step.obstacle(key, taken)? else {
        return Ok(done(&step.visitor, &format!("/desk/gate/{}", step.id), said.0, said.1));
    };
    let trouble = Trouble { obstacle, ..Trouble::default() };
    let page = run::page(&step.app, &step.visitor, step.id, trouble).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

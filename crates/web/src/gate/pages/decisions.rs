//! Submit, approve, reject. A step is about the revision that the reader saw.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::{Error, gate};
use serde::Deserialize;
use vocabulary::GateRunId;

use super::run::{self, Trouble};
use crate::app::App;
use crate::desk::done;
use crate::extract::id_of;
use crate::form::Posted;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// Which revision a step is about.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Seen {
    revision: Option<i64>,
}

/// Submits a passed run for approval by a second person.
pub(crate) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
    form: Posted,
) -> Result<Response, Problem> {
    let (caller, id) = (visitor.signed_in()?, id_of(&id)?);
    let taken = gate::submit(caller, &app.platform, id, seen.revision).await.map(drop);
    let said = ("已提交，等第二人审批。", "Submitted; a second person decides.");
    answer(&app, &visitor, id, "submit", &form, taken, said).await
}

/// A second person approves: the candidate becomes a release with a certificate.
pub(crate) async fn approve(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
    form: Posted,
) -> Result<Response, Problem> {
    let (caller, id) = (visitor.signed_in()?, id_of(&id)?);
    let taken = gate::approve(caller, &app.platform, id, seen.revision).await.map(drop);
    let said = (
        "已同意放行：证书已签发并写入日志，数据已在门户上开放。",
        "Approved: the certificate is signed and logged, and the data are open on the portal.",
    );
    answer(&app, &visitor, id, "approve", &form, taken, said).await
}

/// A second person rejects, citing a ground.
pub(crate) async fn reject(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(seen): Query<Seen>,
    form: Posted,
) -> Result<Response, Problem> {
    let (caller, id) = (visitor.signed_in()?, id_of(&id)?);
    let ground = form.text("reason");
    let taken = gate::reject(caller, &app.platform, id, seen.revision, ground).await.map(drop);
    let said = ("已驳回，经办人会看到理由。", "Rejected; the clerk sees the ground.");
    answer(&app, &visitor, id, "reject", &form, taken, said).await
}

/// Goes on after a step, or shows the page again with what stood in its way.
async fn answer(
    app: &App,
    visitor: &Visitor,
    id: GateRunId,
    key: &'static str,
    form: &Posted,
    taken: Result<(), Error>,
    said: (&str, &str),
) -> Result<Response, Problem> {
    let base = Trouble { key, value: form.text("reason").to_owned(), ..Trouble::default() };
    let trouble = match taken {
        Ok(()) => return Ok(done(visitor, &format!("/desk/gate/{id}"), said.0, said.1)),
        Err(Error::Refused { refusals }) => Trouble { refusals, ..base },
        Err(Error::Invalid { problems }) => {
            let error = problems.into_iter().next().map(|problem| problem.message);
            Trouble { error, ..base }
        }
        Err(other) => return Err(other.into()),
    };
    let page = run::page(app, visitor, id, trouble).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

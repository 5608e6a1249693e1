//! What is done with a summary: questions, approval, withdrawal.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use platform::Error;
use platform::summary::{self, Proposal};
use vocabulary::SummaryId;

use super::one::{Trouble, page};
use crate::desk::{done, mistakes};
use crate::extract::id_of;
use crate::problem::Problem;
use crate::step::Step;
use crate::summary::body::QuestionBody;

/// Adds a question.
pub(crate) async fn add(step: Step<SummaryId>) -> Result<Response, Problem> {
    let typed = QuestionBody::of_form(&step.form);
    let (_, found) = summary::find(step.caller()?, &step.app.platform, step.id).await?;
    let number = found.proposal.questions.len();
    let added = match typed.question(number) {
        Ok(question) => {
            let mut proposal = found.proposal;
            proposal.questions.push(question);
            change(&step, found.revision, proposal).await
        }
        Err(error) => Err(error),
    };
    let prefix = format!("questions.{number}.");
    let problems = match added {
        Ok(()) => {
            let said = ("已加入问题。", "The question is added.");
            return Ok(done(
                &step.visitor,
                &format!("/desk/summaries/{}", step.id),
                said.0,
                said.1,
            ));
        }
        Err(Error::Invalid { problems }) => problems,
        Err(other) => return Err(other.into()),
    };
    let field =
        |field: &str| field.strip_prefix(&prefix).unwrap_or(field).replace("measure", "statistic");
    let trouble = Trouble { errors: mistakes(&problems, field), typed, ..Trouble::default() };
    let page = page(&step.app, &step.visitor, step.id, trouble).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

/// Removes a question by its place.
pub(crate) async fn remove(step: Step<SummaryId>) -> Result<Response, Problem> {
    let (_, found) = summary::find(step.caller()?, &step.app.platform, step.id).await?;
    let place: usize = id_of(step.form.text("number"))?;
    let mut proposal = found.proposal;
    if place >= proposal.questions.len() {
        return Err(Problem::not_found());
    }
    proposal.questions.remove(place);
    change(&step, found.revision, proposal).await?;
    let said = ("已删除问题。", "The question is removed.");
    Ok(done(&step.visitor, &format!("/desk/summaries/{}", step.id), said.0, said.1))
}

async fn change(step: &Step<SummaryId>, revision: i64, proposal: Proposal) -> Result<(), Error> {
    let seen = step.revision.unwrap_or(revision);
    let caller = &step.visitor.caller;
    summary::edit(caller, &step.app.platform, step.id, seen, proposal).await.map(drop)
}

/// Submits a draft.
pub(crate) async fn submit(step: Step<SummaryId>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = summary::submit(step.caller()?, platform, step.id, step.revision).await;
    let said = ("已提交，等审核员审批。", "Submitted; a reviewer decides.");
    answer(&step, "submit", taken, said).await
}

/// A second person approves.
pub(crate) async fn approve(step: Step<SummaryId>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = summary::approve(step.caller()?, platform, step.id, step.revision).await;
    let said = ("已同意，正在计算并公布。", "Approved; it is being computed and published.");
    answer(&step, "approve", taken, said).await
}

/// A second person rejects.
pub(crate) async fn reject(step: Step<SummaryId>) -> Result<Response, Problem> {
    let (platform, reason) = (&step.app.platform, step.form.text("reason"));
    let taken = summary::reject(step.caller()?, platform, step.id, step.revision, reason).await;
    let said = ("已驳回，经办人会看到理由。", "Rejected; the clerk sees the ground.");
    answer(&step, "reject", taken, said).await
}

/// Takes a published summary back.
pub(crate) async fn withdraw(step: Step<SummaryId>) -> Result<Response, Problem> {
    let (platform, reason) = (&step.app.platform, step.form.text("reason"));
    let taken = summary::withdraw(step.caller()?, platform, step.id, step.revision, reason).await;
    let said = ("已撤回，花掉的预算不退。", "Withdrawn; what was spent stays spent.");
    answer(&step, "withdraw", taken, said).await
}

/// Goes on after a step, or shows the page again with what stood in its way.
async fn answer<R>(
    step: &Step<SummaryId>,
    key: &'static str,
    taken: Result<R, Error>,
    said: (&str, &str),
) -> Result<Response, Problem> {
    let Some(obstacle) = step.obstacle(key, taken)? else {
        return Ok(done(&step.visitor, &format!("/desk/summaries/{}", step.id), said.0, said.1));
    };
    let trouble = Trouble { obstacle, ..Trouble::default() };
    let page = page(&step.app, &step.visitor, step.id, trouble).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

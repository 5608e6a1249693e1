//! The steps of the desk. A step is about the revision that the reader saw.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::Error;
use platform::requests::{self, Answer, Changed};
use vocabulary::{Bilingual, CaseNumber};

use super::case::{self, AnswerTyped, QuestionTyped, Trouble};
use crate::desk::{done, mistakes};
use crate::parts::FormProblem;
use crate::problem::Problem;
use crate::requests::view::AnswerView;
use crate::step::Step;

/// A handler takes the case up.
pub(crate) async fn accept(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = requests::accept(step.caller()?, platform, step.id, step.revision).await;
    answer(&step, "accept", taken, ("已受理，请拟写答复。", "Taken up; write the answer next."))
        .await
}

/// The filer is told what is missing.
pub(crate) async fn ask(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let (platform, notice) = (&step.app.platform, step.form.text("reason"));
    let caller = step.caller()?;
    let taken = requests::ask_supplement(caller, platform, step.id, step.revision, notice).await;
    let said =
        ("已告知补正，答复期限暂停。", "The filer was told; the time for the answer stands still.");
    answer(&step, "ask", taken, said).await
}

/// The head of the unit extends the time.
pub(crate) async fn extend(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let (platform, reason) = (&step.app.platform, step.form.text("reason"));
    let taken = requests::extend(step.caller()?, platform, step.id, step.revision, reason).await;
    answer(&step, "extend", taken, ("已延长，理由已公开。", "Extended; the reason is public."))
        .await
}

/// The head of the unit approves the answer.
pub(crate) async fn approve(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    // Nobody approves an answer that they have not read: without a revision it is stale.
    let revision = Some(step.revision.unwrap_or_default());
    let taken = requests::approve(step.caller()?, platform, step.id, revision).await;
    let said = ("已批准，答复已公布。", "Approved; the answer is public.");
    answer(&step, "approve", taken, said).await
}

/// The head of the unit sends the answer back.
pub(crate) async fn send_back(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let (platform, reason) = (&step.app.platform, step.form.text("reason"));
    let taken = requests::send_back(step.caller()?, platform, step.id, step.revision, reason).await;
    answer(&step, "return", taken, ("已退回拟写人。", "Sent back to its writer.")).await
}

/// What was promised is done.
pub(crate) async fn close(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = requests::close(step.caller()?, platform, step.id, step.revision).await;
    answer(&step, "close", taken, ("已办结。", "Closed.")).await
}

/// What was asked for did not come in its time.
pub(crate) async fn lapse(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let platform = &step.app.platform;
    let taken = requests::lapse(step.caller()?, platform, step.id, step.revision).await;
    answer(&step, "lapse", taken, ("已记为放弃申请。", "Noted as given up.")).await
}

/// The body takes the grant of conditional data back.
pub(crate) async fn revoke(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let (platform, reason) = (&step.app.platform, step.form.text("reason"));
    let taken = requests::revoke(step.caller()?, platform, step.id, reason).await;
    let said = (
        "已收回，从下一次请求起不再提供数据。",
        "Taken back; the data stop with the next request.",
    );
    answer(&step, "revoke", taken, said).await
}

/// The data administrator names the body.
pub(crate) async fn assign(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let Ok(body) = step.form.text("body").parse() else {
        let text = Bilingual::new("请选择单位。", "Choose the body.");
        let errors = vec![FormProblem::new("body", text)];
        return again(&step, Trouble { errors, ..Trouble::default() }).await;
    };
    let platform = &step.app.platform;
    let taken = requests::assign(step.caller()?, platform, step.id, step.revision, body).await;
    formed(&step, taken, Trouble::default(), ("已指派。", "Assigned.")).await
}

/// The question is released for everyone.
pub(crate) async fn question(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let typed = QuestionTyped {
        title: step.form.text("title").to_owned(),
        question: step.form.text("question").to_owned(),
    };
    let confirmed = !step.form.text("confirmed").is_empty();
    let taken = requests::publish_question(
        step.caller()?,
        &step.app.platform,
        step.id,
        step.revision,
        &typed.title,
        &typed.question,
        confirmed,
    )
    .await;
    let trouble = Trouble { question: Some(typed), ..Trouble::default() };
    formed(&step, taken, trouble, ("诉求内容已公开。", "The question is public.")).await
}

/// A handler writes the answer.
pub(crate) async fn draft(step: Step<CaseNumber>) -> Result<Response, Problem> {
    let text = |name: &str| step.form.text(name).to_owned();
    let typed = AnswerTyped {
        outcome: text("outcome"),
        text: text("text"),
        ground: text("ground"),
        dataset: text("dataset"),
        holder: text("holder"),
        repeats: text("repeats"),
        version: text("version"),
    };
    let taken = match answer_of(&typed) {
        Ok(drafted) => {
            let platform = &step.app.platform;
            requests::draft(step.caller()?, platform, step.id, step.revision, drafted).await
        }
        Err(problem) => Err(Error::Invalid { problems: problem.problems }),
    };
    let trouble = Trouble { answer: Some(typed), ..Trouble::default() };
    let said = ("已拟写，等单位负责人审批。", "Written; the head of the unit decides.");
    formed(&step, taken, trouble, said).await
}

/// The answer that was typed.
fn answer_of(typed: &AnswerTyped) -> Result<Answer, Problem> {
    let given = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let version = match given(&typed.version) {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            Problem::from(Error::invalid("version", "版本号是一个数。", "A version is a number."))
        })?),
    };
    AnswerView {
        outcome: typed.outcome.clone(),
        text: typed.text.clone(),
        ground: given(&typed.ground),
        dataset: given(&typed.dataset),
        holder: given(&typed.holder),
        repeats: given(&typed.repeats),
        version,
    }
    .try_into()
}

fn path(step: &Step<CaseNumber>) -> String {
    format!("/desk/requests/{}", step.id)
}

/// Goes on after a step with a reason, or shows the page again with what stood in its way.
async fn answer<R>(
    step: &Step<CaseNumber>,
    key: &'static str,
    taken: Result<R, Error>,
    said: (&str, &str),
) -> Result<Response, Problem> {
    match step.obstacle(key, taken)? {
        None => Ok(done(&step.visitor, &path(step), said.0, said.1)),
        Some(obstacle) => again(step, Trouble { obstacle, ..Trouble::default() }).await,
    }
}

/// Goes on after a form, or shows it again with its mistakes.
async fn formed(
    step: &Step<CaseNumber>,
    taken: Result<Changed, Error>,
    trouble: Trouble,
    said: (&str, &str),
) -> Result<Response, Problem> {
    match taken {
        Ok(_) => Ok(done(&step.visitor, &path(step), said.0, said.1)),
        Err(Error::Invalid { problems }) => {
            let errors = mistakes(&problems, str::to_owned);
            again(step, Trouble { errors, ..trouble }).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn again(step: &Step<CaseNumber>, trouble: Trouble) -> Result<Response, Problem> {
    let page = case::page(&step.app, &step.visitor, step.id, trouble).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

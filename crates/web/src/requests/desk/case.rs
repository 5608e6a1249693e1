//! `/desk/requests/{number}`: what was asked in full, and what do I do now?

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use law::Audience;
use platform::requests::{self, Case, CaseState, Dossier, Find, Outcome};
use platform::{gate, open};
use serde::Serialize;
use trust::{Action as Act, Caller};
use vocabulary::{Bilingual, CaseNumber};

use crate::app::App;
use crate::desk::Names;
use crate::extract::id_of;
use crate::parts::{Action, Choice, Clock, FormProblem};
use crate::problem::Problem;
use crate::requests::pages::case::card;
use crate::requests::words::{
    AnswerShown, Bodies, Card, GrantShown, Line, Step, last_day, lines, steps,
};
use crate::step::Obstacle;
use crate::view::Page;
use crate::visitor::Visitor;

/// What stood in the way of a step, with what was typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    /// At a step with a reason.
    pub(super) obstacle: Obstacle,
    /// At a form of its own.
    pub(super) errors: Vec<FormProblem>,
    /// The answer that was typed.
    pub(super) answer: Option<AnswerTyped>,
    /// The question that was typed for everyone.
    pub(super) question: Option<QuestionTyped>,
}

#[derive(Serialize)]
struct CasePage {
    case: Card,
    public_url: String,
    handler: Option<Bilingual>,
    question: String,
    lines: Vec<Line>,
    name: Option<String>,
    contact: Option<String>,
    commitment: Option<String>,
    notice: Option<String>,
    supplement: Option<String>,
    notice_clock: Option<Clock>,
    extension: Option<String>,
    draft: Option<AnswerShown>,
    drafted_by: Option<Bilingual>,
    return_reason: Option<String>,
    answer: Option<AnswerShown>,
    waiting: Option<Bilingual>,
    actions: Vec<Action>,
    grant: Option<GrantShown>,
    supplement_day: Option<String>,
    answer_form: Option<AnswerForm>,
    question_form: Option<QuestionForm>,
    assign_form: Option<AssignForm>,
    errors: Vec<FormProblem>,
    steps: Vec<Step>,
}

/// The form of an answer.
#[derive(Serialize)]
struct AnswerForm {
    url: String,
    outcomes: Vec<Choice>,
    values: AnswerTyped,
    needs: Needs,
}

/// Which fields the outcomes of this kind of case have.
#[derive(Serialize)]
struct Needs {
    ground: bool,
    dataset: bool,
    version: bool,
}

/// What was typed of an answer.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct AnswerTyped {
    pub(super) outcome: String,
    pub(super) text: String,
    pub(super) ground: String,
    pub(super) dataset: String,
    pub(super) holder: String,
    pub(super) repeats: String,
    pub(super) version: String,
}

/// The form that releases the question.
#[derive(Serialize)]
struct QuestionForm {
    url: String,
    finds: Vec<Found>,
    values: QuestionTyped,
    is_public: bool,
}

/// What was typed of the question for everyone.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct QuestionTyped {
    pub(super) title: String,
    pub(super) question: String,
}

/// Something that was found in the question.
#[derive(Serialize)]
struct Found {
    name: Bilingual,
    barred: bool,
}

/// The form that names the body.
#[derive(Serialize)]
struct AssignForm {
    url: String,
    bodies: Vec<Choice>,
    body: String,
}

/// Shows a case.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    Ok(page(&app, &visitor, id_of(&number)?, Trouble::default()).await?.into_response())
}

/// The page of a case, with what stood in the way of a step.
pub(super) async fn page(
    app: &App,
    visitor: &Visitor,
    number: CaseNumber,
    trouble: Trouble,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let (dossier, filer) = requests::read(caller, &app.platform, number).await?;
    let case = &dossier.case;
    let people = [case.handler, case.drafted_by].into_iter().flatten();
    let names = Names::load(app, people).await?;
    let name_of = |id: Option<_>| id.map(|id| names.of(Some(id)));
    let bodies = Bodies::load(app).await?;
    let passed = requests::history(&app.platform, number).await?;
    let papers = dossier.papers.clone();
    let may = |act| caller.can(act, &case.resource());
    let notice_clock = requests::of_notice(case, caller.now()).filter(|_| may(Act::HandleCase));
    let grant = requests::grant_of(caller, &app.platform, number).await?;
    let grant = grant.map(|grant| GrantShown::of(&grant, caller.now()));
    let is_granted = grant.as_ref().is_some_and(GrantShown::is_active);
    let mut actions = actions(case, caller, &trouble.obstacle, is_granted);
    actions.extend(suspension(app, caller, case).await?);
    let context = CasePage {
        case: card(app, case, caller.now()).await?.titled(&papers.title),
        public_url: format!("/requests/{number}"),
        handler: name_of(case.handler),
        question: papers.question.clone(),
        lines: lines(&papers.details),
        name: filer.name,
        contact: filer.contact,
        commitment: case.commitment_sha256.clone(),
        notice: papers.supplement_notice.clone(),
        supplement: papers.supplement.clone(),
        notice_clock: notice_clock.as_ref().and_then(Clock::of),
        extension: case.extension.clone(),
        draft: papers.draft.as_ref().map(AnswerShown::of),
        drafted_by: name_of(case.drafted_by).filter(|_| papers.draft.is_some()),
        return_reason: papers.return_reason.clone(),
        answer: case.answer.as_ref().map(AnswerShown::of),
        waiting: waiting(case, caller),
        actions,
        grant,
        supplement_day: case.supplement_due_at.map(last_day),
        answer_form: may(Act::HandleCase).then(|| answer_form(&dossier, trouble.answer)).flatten(),
        question_form: may(Act::PublishQuestion).then(|| question_form(&dossier, trouble.question)),
        assign_form: may(Act::AssignCase).then(|| assign_form(case, &bodies)).flatten(),
        errors: trouble.errors,
        steps: steps(&passed),
    };
    app.pages.render(visitor, "desk/request.html", context)
}

/// The address of a step, with the revision that the reader saw.
fn at(case: &Case, step: &str) -> String {
    format!("/desk/requests/{}/{step}?revision={}", case.number, case.revision)
}

fn answer_form(dossier: &Dossier, typed: Option<AnswerTyped>) -> Option<AnswerForm> {
    let case = &dossier.case;
    if !matches!(case.state, CaseState::UnderReview | CaseState::ToApprove) {
        return None;
    }
    let outcomes = Outcome::of_kind(case.kind);
    let values = typed.unwrap_or_else(|| {
        let draft = dossier.papers.draft.clone();
        draft.map(AnswerTyped::of).unwrap_or_default()
    });
    Some(AnswerForm {
        url: at(case, "answer"),
        outcomes: outcomes.iter().map(|one| Choice::new(one.code(), one.label())).collect(),
        values,
        needs: Needs {
            ground: outcomes.iter().any(|one| one.refuses()),
            dataset: outcomes.contains(&Outcome::AlreadyOpen),
            version: outcomes.contains(&Outcome::Corrected),
        },
    })
}

impl AnswerTyped {
    fn of(draft: requests::Answer) -> Self {
        Self {
            outcome: draft.outcome.code().to_owned(),
            text: draft.text,
            ground: draft.ground.unwrap_or_default(),
            dataset: draft.dataset.map(|id| id.to_string()).unwrap_or_default(),
            holder: draft.holder.unwrap_or_default(),
            repeats: draft.repeats.map(|number| number.to_string()).unwrap_or_default(),
            version: draft.version.map(|number| number.to_string()).unwrap_or_default(),
        }
    }
}

/// What was filed, masked, ready to be released; or what is released already.
fn question_form(dossier: &Dossier, typed: Option<QuestionTyped>) -> QuestionForm {
    let Dossier { case, papers } = dossier;
    let finds = requests::finds(&format!("{}\n{}", papers.title, papers.question));
    let found = |find: Find| Found { name: find.kind.label(), barred: find.is_barred };
    let text = |public: &Option<String>, filed: &str| {
        public.clone().unwrap_or_else(|| requests::masked(filed))
    };
    QuestionForm {
        url: at(case, "question"),
        finds: finds.into_iter().map(found).collect(),
        values: typed.unwrap_or_else(|| QuestionTyped {
            title: text(&case.title, &papers.title),
            question: text(&case.question, &papers.question),
        }),
        is_public: case.question.is_some(),
    }
}

fn assign_form(case: &Case, bodies: &Bodies) -> Option<AssignForm> {
    let open =
        matches!(case.state, CaseState::Filed | CaseState::Supplemented | CaseState::UnderReview);
    open.then(|| AssignForm {
        url: at(case, "assign"),
        bodies: bodies.choices(),
        body: case.body.map(|code| code.to_string()).unwrap_or_default(),
    })
}

/// The steps that the caller may take now with a button or a reason.
fn actions(case: &Case, caller: &Caller, obstacle: &Obstacle, is_granted: bool) -> Vec<Action> {
    let resource = case.resource();
    let may = |act| caller.can(act, &resource);
    let plain = |key: &str, (zh, en): (&str, &str), kind: &str| Action {
        key: key.to_owned(),
        label: Bilingual::new(zh, en),
        url: at(case, key),
        kind: kind.to_owned(),
        hint: None,
        reason: "none".to_owned(),
        reason_label: None,
        typed: None,
        error: obstacle.error_of(key),
        value: obstacle.value_of(key),
    };
    let reasoned = |action: Action, label: (&str, &str), hint: Option<(&str, &str)>| Action {
        reason: "required".to_owned(),
        reason_label: Some(Bilingual::new(label.0, label.1)),
        hint: hint.map(|(zh, en)| Bilingual::new(zh, en)),
        ..action
    };
    let mut actions = Vec::new();
    let is_new = matches!(case.state, CaseState::Filed | CaseState::Supplemented);
    if is_new && may(Act::HandleCase) {
        actions.push(plain("accept", ("受理", "Take it up"), "primary"));
    }
    if case.state == CaseState::ToApprove && may(Act::ApproveAnswer) {
        actions.push(plain(
            "approve",
            ("批准并公布答复", "Approve and publish the answer"),
            "primary",
        ));
        let back = plain("return", ("退回修改", "Send the answer back"), "secondary");
        actions.push(reasoned(back, ("哪里要改", "What to correct"), None));
    }
    if requests::of_notice(case, caller.now()).is_some() && may(Act::HandleCase) {
        let ask = plain("ask", ("一次性告知补正", "Say what is missing"), "secondary");
        actions.push(reasoned(
            ask,
            ("尚缺什么，请一次写全", "What is missing, all of it"),
            Some((
                "只能告知一次。答复期限暂停，对方补正后重新计算。只有提交人看得到。",
                "It is said once. The time for the answer stands still and starts anew with the supplement. Only the filer sees it.",
            )),
        ));
    }
    if requests::may_be_extended(case, caller.now()) && may(Act::ExtendCase) {
        let extend =
            plain("extend", ("延长答复期限", "Extend the time for the answer"), "secondary");
        actions.push(reasoned(
            extend,
            ("延长的理由", "Why it is extended"),
            Some(("只能延长一次，理由会公开。", "Once only; everyone reads the reason.")),
        ));
    }
    if requests::may_lapse(case, caller.now()) && may(Act::HandleCase) {
        let lapse = plain("lapse", ("逾期未补正，视为放弃", "Note it as given up"), "secondary");
        actions.push(Action {
            hint: Some(Bilingual::new(
                "补正期限已过。知道对方有正当理由的，不要这样办（政府信息公开条例 第三十条）。",
                "The time for the supplement is over. Not where you know of a good reason for the delay (政府信息公开条例 第三十条).",
            )),
            ..lapse
        });
    }
    if is_granted && may(Act::RevokeGrant) {
        let revoke = plain("revoke", ("收回授权", "Take the grant back"), "warning");
        actions.push(reasoned(
            revoke,
            ("收回的理由", "Why it is taken back"),
            Some((
                "从下一次请求起不再提供数据。提交人看得到理由。",
                "The data stop with the next request. The filer reads the reason.",
            )),
        ));
    }
    if case.state == CaseState::Answered && may(Act::HandleCase) {
        actions.push(plain("close", ("办结", "Close: what was promised is done"), "secondary"));
    }
    actions
}

/// The button that suspends the release which is said to expose persons or secrets.
async fn suspension(app: &App, caller: &Caller, case: &Case) -> Result<Option<Action>, Problem> {
    let Some(id) = case.asset_id.filter(|_| case.kind == law::requests::RequestKind::Complaint)
    else {
        return Ok(None);
    };
    let dataset = match open::dataset(caller, &app.platform, id).await {
        Ok(dataset) => dataset,
        Err(platform::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(release) = dataset.current else { return Ok(None) };
    let may = caller.can(Act::SuspendRelease, &release.resource(dataset.asset.body));
    if !may || release.audience != Audience::Open {
        return Ok(None);
    }
    // The page of the run has the step; it must be there for this caller.
    let run = gate::find(caller, &app.platform, release.gate_run_id).await?.1;
    Ok(Some(Action {
        key: "suspend".to_owned(),
        label: Bilingual::new("暂停开放这份数据", "Suspend the release of these data"),
        url: format!("/desk/gate/{}/suspend?revision={}", run.id, run.revision),
        kind: "warning".to_owned(),
        hint: Some(Bilingual::new(
            "下一次请求起不再提供数据；证书和记录保留。",
            "The data stop with the next request; certificate and record stay.",
        )),
        reason: "required".to_owned(),
        reason_label: Some(Bilingual::new("暂停的理由", "Why it is suspended")),
        typed: None,
        error: None,
        value: format!("{} {}", case.kind.label().zh, case.number),
    }))
}

/// Whom the case waits for, where it is not the caller.
fn waiting(case: &Case, caller: &Caller) -> Option<Bilingual> {
    let may = |act| caller.can(act, &case.resource());
    let (zh, en) = match case.state {
        CaseState::Filed if case.body.is_none() && !may(Act::AssignCase) => {
            ("等待数据管理员指派单位。", "Waiting for the data administrator to name a body.")
        }
        CaseState::Filed | CaseState::Supplemented | CaseState::UnderReview
            if !may(Act::HandleCase) && case.body.is_some() =>
        {
            ("等待提供单位的经办人办理。", "Waiting for a clerk of the providing body.")
        }
        CaseState::SupplementAsked => {
            ("等待提交人补正，期间不计时。", "Waiting for the filer; no clock runs.")
        }
        CaseState::ToApprove if !may(Act::ApproveAnswer) => (
            "等待单位负责人审批；拟写人不能审批。",
            "Waiting for the head of the unit; who wrote the answer does not approve it.",
        ),
        _ => return None,
    };
    Some(Bilingual::new(zh, en))
}

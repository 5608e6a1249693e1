//! `/desk/assets/{id}/summaries` and `/desk/summaries/{id}`: the budget of an asset, its
//! summaries, and the steps of one.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use deident::dp::Unit;
use platform::registry::{self, Asset, version};
use platform::summary::{self, Budget, NewBudget, Proposal, Summary, SummaryState};
use platform::{Error, jobs};
use serde::Serialize;
use trust::{Action as Act, Caller, Resource};
use vocabulary::{AssetId, Bilingual, SummaryId};

use super::body::QuestionBody;
use super::told::{Told, told, what};
use crate::app::App;
use crate::desk::{Names, asset_path, done, mistakes, title_of};
use crate::extract::id_of;
use crate::form::Posted;
use crate::parts::{Action, Choice, FormProblem, Refusal, Tag, plain};
use crate::problem::Problem;
use crate::registry::pages::version::{JobRow, newest_stored};
use crate::step::{Obstacle, Step};
use crate::view::Page;
use crate::visitor::Visitor;

/// The state of a summary, coloured.
fn tag(state: SummaryState) -> Tag {
    let kind = match state {
        SummaryState::Draft | SummaryState::Withdrawn => "neutral",
        SummaryState::Submitted => "wait",
        SummaryState::Computing => "info",
        SummaryState::Published => "good",
        SummaryState::Rejected | SummaryState::Failed => "bad",
    };
    Tag { label: state.label(), kind }
}

#[derive(Serialize)]
struct ListPage {
    about: AssetRef,
    budget: Option<BudgetRow>,
    may_set: bool,
    may_propose: bool,
    most: f64,
    columns: Vec<Choice>,
    summaries: Vec<SummaryRow>,
    typed: Typed,
    errors: Vec<FormProblem>,
    refusals: Vec<Refusal>,
}

#[derive(Serialize)]
struct AssetRef {
    title: Bilingual,
    url: String,
}

#[derive(Serialize)]
struct BudgetRow {
    epsilon: String,
    spent: String,
    remaining: String,
    share: f64,
    unit: Bilingual,
    reason: String,
    at: String,
    by: Bilingual,
    revision: i64,
    receipt: String,
}

#[derive(Serialize)]
struct SummaryRow {
    title: Bilingual,
    url: String,
    state: Tag,
    epsilon: String,
    questions: usize,
    at: String,
    by: Bilingual,
}

/// What was typed, when a form comes back.
#[derive(Default, Serialize)]
struct Typed {
    epsilon: String,
    person_column: String,
    most_rows: String,
    reason: String,
    title_zh: String,
    title_en: String,
    purpose: String,
}

impl Typed {
    fn of(form: &Posted) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        Self {
            epsilon: text("epsilon"),
            person_column: text("person_column"),
            most_rows: text("most_rows"),
            reason: text("reason"),
            title_zh: text("title_zh"),
            title_en: text("title_en"),
            purpose: text("purpose"),
        }
    }
}

/// Shows the budget and the summaries of an asset.
pub(crate) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    list_page(&app, &visitor, id_of(&id)?, Typed::default(), Vec::new(), Vec::new()).await
}

async fn list_page(
    app: &App,
    visitor: &Visitor,
    id: AssetId,
    typed: Typed,
    errors: Vec<FormProblem>,
    refusals: Vec<Refusal>,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let asset = registry::find(caller, &app.platform, id).await?;
    let budget = summary::budget(caller, &app.platform, id).await?;
    let summaries = summary::of_asset(caller, &app.platform, id).await?;
    let people = summaries.iter().map(|summary| summary.filed_by);
    let names = Names::load(app, people.chain(budget.iter().map(|budget| budget.set_by))).await?;
    let may = |act| caller.can(act, &asset.resource());
    let page = ListPage {
        about: AssetRef { title: title_of(&asset), url: asset_path(&asset) },
        budget: budget.as_ref().map(|budget| budget_row(budget, &names)),
        may_set: may(Act::SetPrivacyBudget),
        may_propose: may(Act::ProposeSummary),
        most: law::gate::summary().greatest_epsilon.as_f64(),
        columns: columns(app, caller, id).await?,
        summaries: summaries.iter().map(|summary| summary_row(summary, &names)).collect(),
        typed,
        errors,
        refusals,
    };
    app.pages.render(visitor, "desk/summaries.html", page)
}

fn budget_row(budget: &Budget, names: &Names) -> BudgetRow {
    let unit = match &budget.unit {
        Unit::OneRowOnePerson => Bilingual::new("每人至多一行", "each person has one row at most"),
        Unit::Person { column, most_rows } => Bilingual::new(
            format!("按“{column}”识别的人，每人至多计 {most_rows} 行"),
            format!("whoever `{column}` names, with at most {most_rows} rows each"),
        ),
    };
    BudgetRow {
        epsilon: budget.whole().to_string(),
        spent: budget.spent().to_string(),
        remaining: budget.remaining().to_string(),
        share: budget.spent().as_f64() / budget.whole().as_f64().max(f64::MIN_POSITIVE),
        unit,
        reason: budget.reason.clone(),
        at: budget.set_at.to_string(),
        by: names.of(Some(budget.set_by)),
        revision: budget.revision,
        receipt: format!("/evidence/entry/{}", budget.entry_id),
    }
}

fn summary_row(summary: &Summary, names: &Names) -> SummaryRow {
    SummaryRow {
        title: summary.proposal.title.clone(),
        url: format!("/desk/summaries/{}", summary.id),
        state: tag(summary.state),
        epsilon: summary.epsilon().to_string(),
        questions: summary.proposal.questions.len(),
        at: summary.updated_at.to_string(),
        by: names.of(Some(summary.filed_by)),
    }
}

/// The columns of the newest stored version, as far as the reader may know them.
async fn columns(app: &App, caller: &Caller, id: AssetId) -> Result<Vec<Choice>, Problem> {
    let versions = version::list(caller, &app.platform, id).await?;
    let newest = versions.iter().find(|version| version.state == "stored");
    let profile = newest.and_then(|version| version.profile.as_ref());
    let names = profile.into_iter().flat_map(|profile| &profile.columns);
    Ok(names.map(|column| Choice::new(column.name.as_str(), plain(&column.name))).collect())
}

/// Sets the budget.
pub(crate) async fn set_budget(step: Step<AssetId>) -> Result<Response, Problem> {
    let (caller, form) = (step.caller()?, &step.form);
    let set = match new_budget(form) {
        Ok(new) => {
            summary::set_budget(caller, &step.app.platform, step.id, step.revision, new).await
        }
        Err(error) => Err(error),
    };
    let said = ("隐私预算已设定并写入日志。", "The privacy budget is set and logged.");
    after_list(&step, set.map(drop), said).await
}

fn new_budget(form: &Posted) -> Result<NewBudget, Error> {
    let epsilon = form.text("epsilon").parse().map_err(|_| {
        Error::invalid("epsilon", "应为数字，如 1。", "A number is asked for, such as 1.")
    })?;
    let unit = match form.text("person_column") {
        "" => Unit::OneRowOnePerson,
        column => {
            let most_rows = form.text("most_rows");
            let most_rows = if most_rows.is_empty() { Ok(1) } else { most_rows.parse() };
            let most_rows = most_rows.ok().filter(|rows| *rows > 0).ok_or_else(|| {
                Error::invalid("most_rows", "应为 1 或更大的整数。", "A whole number from 1 on.")
            })?;
            Unit::Person { column: column.to_owned(), most_rows }
        }
    };
    Ok(NewBudget { epsilon, unit, reason: form.text("reason").to_owned() })
}

/// Begins a summary of the newest stored version.
pub(crate) async fn propose(step: Step<AssetId>) -> Result<Response, Problem> {
    let caller = step.caller()?;
    let number = newest_stored(&step.app, caller, step.id).await?;
    let form = &step.form;
    let proposal = Proposal {
        title: Bilingual::new(form.text("title_zh"), form.text("title_en")),
        purpose: form.text("purpose").to_owned(),
        questions: Vec::new(),
    };
    match summary::propose(caller, &step.app.platform, step.id, number, proposal).await {
        Ok(changed) => {
            let path = format!("/desk/summaries/{}", changed.summary.id);
            let said = (
                "已建立草稿，请逐个提出问题。",
                "The draft is begun: ask the questions one by one.",
            );
            Ok(done(&step.visitor, &path, said.0, said.1))
        }
        Err(error) => after_list(&step, Err(error), ("", "")).await,
    }
}

/// Goes on after a step of the list, or shows it again with what stood in its way.
async fn after_list(
    step: &Step<AssetId>,
    taken: Result<(), Error>,
    said: (&str, &str),
) -> Result<Response, Problem> {
    let (errors, refusals) = match taken {
        Ok(()) => {
            let path = format!("/desk/assets/{}/summaries", step.id);
            return Ok(done(&step.visitor, &path, said.0, said.1));
        }
        Err(Error::Invalid { problems }) => {
            (mistakes(&problems, |field| field.replace("title.zh", "title_zh")), Vec::new())
        }
        Err(Error::Refused { refusals }) => {
            (Vec::new(), refusals.iter().map(Refusal::of).collect())
        }
        Err(other) => return Err(other.into()),
    };
    let typed = Typed::of(&step.form);
    let page = list_page(&step.app, &step.visitor, step.id, typed, errors, refusals).await?;
    Ok(page.with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response())
}

#[derive(Serialize)]
struct SummaryPage {
    this: This,
    about: AssetRef,
    budget: Option<BudgetRow>,
    questions: Vec<QuestionRow>,
    told: Vec<Told>,
    editable: bool,
    columns: Vec<Choice>,
    statistics: Vec<Choice>,
    typed: TypedQuestion,
    errors: Vec<FormProblem>,
    refusals: Vec<Refusal>,
    actions: Vec<Action>,
    job: Option<JobRow>,
}

#[derive(Serialize)]
struct This {
    title: Bilingual,
    url: String,
    public_url: Option<String>,
    purpose: String,
    state: Tag,
    revision: i64,
    epsilon: String,
    by: Bilingual,
    decided_by: Option<Bilingual>,
    at: String,
    ground: Option<String>,
    problem: Option<Bilingual>,
    receipt: String,
}

#[derive(Serialize)]
struct QuestionRow {
    title: Bilingual,
    what: Bilingual,
    epsilon: String,
}

/// A question as it was typed.
#[derive(Serialize)]
struct TypedQuestion {
    title_zh: String,
    title_en: String,
    statistic: String,
    column: String,
    lower: String,
    upper: String,
    step: String,
    quantile: String,
    categories: String,
    edges: String,
    epsilon: String,
}

impl From<QuestionBody> for TypedQuestion {
    fn from(body: QuestionBody) -> Self {
        Self {
            title_zh: body.title.zh,
            title_en: body.title.en,
            statistic: body.statistic,
            column: body.column,
            lower: body.lower,
            upper: body.upper,
            step: body.step,
            quantile: body.quantile,
            categories: body.categories.join("\n"),
            edges: body.edges.join(", "),
            epsilon: body.epsilon,
        }
    }
}

/// What stood in the way, and what was typed.
#[derive(Default)]
struct Trouble {
    obstacle: Obstacle,
    errors: Vec<FormProblem>,
    typed: QuestionBody,
}

/// Shows one summary with what its reader may do.
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
    id: SummaryId,
    trouble: Trouble,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let (asset, found) = summary::find(caller, &app.platform, id).await?;
    let budget = summary::budget(caller, &app.platform, asset.id).await?;
    let people = [Some(found.filed_by), found.decided_by, budget.as_ref().map(|one| one.set_by)];
    let names = Names::load(app, people.into_iter().flatten()).await?;
    let is_listed = asset.state == registry::AssetState::Published;
    let resource = found.resource(asset.body, is_listed);
    let editable = caller.can(Act::ProposeSummary, &resource)
        && matches!(
            found.state,
            SummaryState::Draft | SummaryState::Rejected | SummaryState::Failed
        );
    let job = match found.state {
        SummaryState::Computing => {
            jobs::progress_of(&app.platform, &format!("summary:{id}")).await?
        }
        _ => None,
    };
    let context = SummaryPage {
        this: this(&found, &names),
        budget: budget.as_ref().map(|budget| budget_row(budget, &names)),
        questions: questions(&found),
        told: told(&found),
        editable,
        columns: if editable { columns(app, caller, asset.id).await? } else { Vec::new() },
        statistics: statistics(),
        typed: trouble.typed.into(),
        errors: trouble.errors,
        refusals: trouble.obstacle.refusals.iter().map(Refusal::of).collect(),
        actions: actions(&asset, &found, caller, &resource, &trouble.obstacle),
        job: job.map(JobRow::of),
        about: AssetRef { title: title_of(&asset), url: asset_path(&asset) },
    };
    app.pages.render(visitor, "desk/summary.html", context)
}

fn this(found: &Summary, names: &Names) -> This {
    let is_public = found.state == SummaryState::Published;
    This {
        title: found.proposal.title.clone(),
        url: format!("/desk/summaries/{}", found.id),
        public_url: is_public.then(|| format!("/summary/{}", found.id)),
        purpose: found.proposal.purpose.clone(),
        state: tag(found.state),
        revision: found.revision,
        epsilon: found.epsilon().to_string(),
        by: names.of(Some(found.filed_by)),
        decided_by: found.decided_by.map(|id| names.of(Some(id))),
        at: found.updated_at.to_string(),
        ground: found.decision_ground.clone(),
        problem: found.problem.clone(),
        receipt: format!("/evidence/entry/{}", found.entry_id),
    }
}

fn questions(found: &Summary) -> Vec<QuestionRow> {
    let row = |question: &summary::Question| QuestionRow {
        title: question.title.clone(),
        what: what(question),
        epsilon: question.epsilon.to_string(),
    };
    found.proposal.questions.iter().map(row).collect()
}

fn statistics() -> Vec<Choice> {
    [
        ("categories", "各类计数（列出类别）", "Counts by category (listed)"),
        ("intervals", "各段计数（给出分界）", "Counts by interval (edges)"),
        ("count", "总数", "How many in all"),
        ("mean", "均值（给出上下界）", "Mean (within bounds)"),
        ("sum", "总和（给出上下界）", "Sum (within bounds)"),
        ("quantile", "分位数（给出上下界）", "Quantile (within bounds)"),
    ]
    .map(|(key, zh, en)| Choice::new(key, Bilingual::new(zh, en)))
    .into()
}

fn actions(
    asset: &Asset,
    found: &Summary,
    caller: &Caller,
    resource: &Resource,
    obstacle: &Obstacle,
) -> Vec<Action> {
    let may = |act| caller.can(act, resource);
    let own = caller.account_id() == Some(found.filed_by);
    let has_questions = !found.proposal.questions.is_empty();
    let action = |key: &str, label: Bilingual, kind: &str, hint: Option<Bilingual>| Action {
        key: key.to_owned(),
        label,
        url: format!("/desk/summaries/{}/{key}?revision={}", found.id, found.revision),
        kind: kind.to_owned(),
        hint,
        reason: "none".to_owned(),
        reason_label: None,
        typed: None,
        error: obstacle.error_of(key),
        value: obstacle.value_of(key),
    };
    let with_reason = |action: Action| Action { reason: "required".to_owned(), ..action };
    let mut actions = Vec::new();
    match found.state {
        SummaryState::Draft if may(Act::ProposeSummary) && has_questions => {
            let hint = Bilingual::new(
                "由审核员审批；批准后才读取数据、计算并公布，同时从预算中扣除。",
                "A reviewer decides; only then are the rows read, and the figures paid and published.",
            );
            actions.push(action(
                "submit",
                Bilingual::new("提交审批", "Submit for approval"),
                "primary",
                Some(hint),
            ));
        }
        SummaryState::Submitted if may(Act::ApproveSummary) && !own => {
            let hint = Bilingual::new(
                format!("将花费 ε = {}，公布后不能收回。", found.epsilon()),
                format!("It costs ε = {}; what was told cannot be taken back.", found.epsilon()),
            );
            actions.push(action(
                "approve",
                Bilingual::new("同意公布", "Approve"),
                "primary",
                Some(hint),
            ));
            actions.push(with_reason(action(
                "reject",
                Bilingual::new("驳回", "Reject"),
                "secondary",
                None,
            )));
        }
        SummaryState::Published if may(Act::WithdrawSummary) => {
            let hint = Bilingual::new(
                "不再公开显示；花掉的预算不退。",
                "It is no longer shown; what was spent stays spent.",
            );
            actions.push(with_reason(action(
                "withdraw",
                Bilingual::new("撤回摘要", "Withdraw the summary"),
                "warning",
                Some(hint),
            )));
        }
        _ => {}
    }
    // A summary of an entry that nobody can find is not approved.
    if asset.state != registry::AssetState::Published {
        actions.retain(|action| action.key != "approve");
    }
    actions
}

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

//! `/desk/summaries/{id}`: what shall be told, at what price, and do I agree?

use axum::extract::{Path, State};
use platform::jobs;
use platform::registry::{self, Asset};
use platform::summary::{self, Summary, SummaryState};
use serde::Serialize;
use trust::{Action as Act, Caller, Resource};
use vocabulary::{Bilingual, SummaryId};

use super::{AboutAsset, BudgetRow, budget_row, columns, tag};
use crate::app::App;
use crate::desk::Names;
use crate::extract::id_of;
use crate::parts::{Action, Choice, FormProblem, Refusal, Tag};
use crate::problem::Problem;
use crate::registry::pages::version::JobRow;
use crate::step::Obstacle;
use crate::summary::body::QuestionBody;
use crate::summary::told::{Told, told, what};
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct SummaryPage {
    this: This,
    about: AboutAsset,
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
pub(super) struct Trouble {
    pub(super) obstacle: Obstacle,
    pub(super) errors: Vec<FormProblem>,
    pub(super) typed: QuestionBody,
}

/// Shows one summary with what its reader may do.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Page, Problem> {
    page(&app, &visitor, id_of(&id)?, Trouble::default()).await
}

/// The page with what stood in the way of a step.
pub(super) async fn page(
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
        about: AboutAsset::of(&asset),
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

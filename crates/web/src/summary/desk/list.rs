//! `/desk/assets/{id}/summaries`: the budget of an asset and its summaries.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use deident::dp::Unit;
use platform::Error;
use platform::registry;
use platform::summary::{self, NewBudget, Proposal, Summary};
use serde::Serialize;
use trust::Action as Act;
use vocabulary::{AssetId, Bilingual};

use super::{AboutAsset, BudgetRow, budget_row, columns, tag};
use crate::app::App;
use crate::desk::{Names, done, mistakes};
use crate::extract::id_of;
use crate::form::Posted;
use crate::parts::{Choice, FormProblem, Refusal, Tag};
use crate::problem::Problem;
use crate::registry::pages::version::newest_stored;
use crate::step::Step;
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct ListPage {
    about: AboutAsset,
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
pub(crate) async fn show(
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
        about: AboutAsset::of(&asset),
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

//! The API of summaries: budget, questions, steps, answers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use deident::dp::Unit;
use jiff::Timestamp;
use platform::summary::{self, Budget, Changed, NewBudget, Proposal, Question, Summary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vocabulary::{AssetId, Bilingual, SummaryId};

use super::body::QuestionBody;
use super::told::{FigureView, told};
use crate::app::App;
use crate::extract::{ApiJson, id_of};
use crate::precondition;
use crate::problem::{Problem, TextView};
use crate::registry::api::ReasonBody;
use crate::registry::pages::version::newest_stored;
use crate::step::ApiStep;
use crate::visitor::Visitor;

/// How much may be told of an asset in all.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct BudgetBody {
    /// The whole ε of all summaries together: a decimal number, e.g. `"1"`.
    pub epsilon: String,
    /// The column that names the person of each row; left out, the caller vouches that each
    /// person has one row at most.
    #[serde(default)]
    pub person_column: Option<String>,
    /// With a person column: most rows of one person that count.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub most_rows: Option<u32>,
    /// Why it is as large as it is.
    pub reason: String,
}

impl TryFrom<BudgetBody> for NewBudget {
    type Error = platform::Error;

    fn try_from(body: BudgetBody) -> Result<Self, platform::Error> {
        let epsilon = body.epsilon.trim().parse().map_err(|_| {
            platform::Error::invalid(
                "epsilon",
                "应为数字，如 1。",
                "A number is asked for, such as 1.",
            )
        })?;
        let column = body.person_column.map(|column| column.trim().to_owned());
        let unit = match column.filter(|column| !column.is_empty()) {
            None => Unit::OneRowOnePerson,
            Some(column) => Unit::Person { column, most_rows: body.most_rows.unwrap_or(1).max(1) },
        };
        Ok(Self { epsilon, unit, reason: body.reason })
    }
}

/// The privacy budget of an asset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BudgetView {
    /// The whole ε.
    pub epsilon: String,
    /// What was spent of it.
    pub spent: String,
    /// What is left of it.
    pub remaining: String,
    /// The column that names the person of each row; absent if each person has one row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_column: Option<String>,
    /// Most rows of one person that count.
    pub most_rows: u32,
    /// Why it is as large as it is.
    pub reason: String,
    /// Grows with every change; also the `ETag`.
    pub revision: i64,
    /// Number of the receipt.
    pub receipt: String,
    /// When it was set.
    #[schema(value_type = String, format = DateTime)]
    pub set_at: Timestamp,
}

impl From<&Budget> for BudgetView {
    fn from(budget: &Budget) -> Self {
        let (person_column, most_rows) = match &budget.unit {
            Unit::OneRowOnePerson => (None, 1),
            Unit::Person { column, most_rows } => (Some(column.clone()), *most_rows),
        };
        Self {
            epsilon: budget.whole().to_string(),
            spent: budget.spent().to_string(),
            remaining: budget.remaining().to_string(),
            person_column,
            most_rows,
            reason: budget.reason.clone(),
            revision: budget.revision,
            receipt: budget.entry_id.to_string(),
            set_at: budget.set_at,
        }
    }
}

/// A summary as a clerk proposes it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct ProposalBody {
    /// Number of the version; left out, the newest that is stored. Only for a new summary.
    #[serde(default)]
    pub version: Option<i64>,
    /// Heading.
    pub title: TextView,
    /// What the public needs it for.
    #[serde(default)]
    pub purpose: String,
    /// The questions with their price.
    #[serde(default)]
    pub questions: Vec<QuestionBody>,
}

impl ProposalBody {
    fn proposal(&self) -> Result<Proposal, Problem> {
        let questions = self.questions.iter().enumerate();
        let questions: Result<Vec<Question>, platform::Error> =
            questions.map(|(number, question)| question.question(number)).collect();
        Ok(Proposal {
            title: Bilingual::new(self.title.zh.trim(), self.title.en.trim()),
            purpose: self.purpose.trim().to_owned(),
            questions: questions?,
        })
    }
}

/// A summary.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SummaryView {
    /// Identifier; the page is `/summary/{id}`.
    pub id: String,
    /// The asset.
    pub asset: String,
    /// `draft`, `submitted`, `computing`, `published`, `rejected`, `withdrawn` or `failed`.
    pub state: String,
    /// Grows with every step; also the `ETag`.
    pub revision: i64,
    /// Heading.
    pub title: TextView,
    /// What the public needs it for.
    pub purpose: String,
    /// What all questions cost together.
    pub epsilon: String,
    /// The questions.
    pub questions: Vec<QuestionBody>,
    /// The answers in the order of the questions; absent before it is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Vec<AnswerView>>,
    /// Why it was rejected or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<TextView>,
    /// The job that goes on from here: `/api/v1/jobs/{id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Number of the receipt of the last step.
    pub receipt: String,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub published_at: Option<Timestamp>,
}

/// The answer to a question.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AnswerView {
    /// The figures.
    pub figures: Vec<FigureView>,
    /// Everything that is needed to judge them: query, mechanisms, sensitivities, cost.
    #[schema(value_type = Object)]
    pub release: deident::dp::Release,
}

impl From<&Summary> for SummaryView {
    fn from(summary: &Summary) -> Self {
        let figures = told(summary);
        let answers = summary.answers.as_ref().map(|answers| {
            let pairs = answers.iter().zip(&figures);
            pairs
                .map(|(release, told)| AnswerView {
                    figures: told.rows.iter().map(FigureView::from).collect(),
                    release: release.clone(),
                })
                .collect()
        });
        Self {
            id: summary.id.to_string(),
            asset: summary.asset_id.to_string(),
            state: summary.state.code().to_owned(),
            revision: summary.revision,
            title: summary.proposal.title.clone().into(),
            purpose: summary.proposal.purpose.clone(),
            epsilon: summary.epsilon().to_string(),
            questions: summary.proposal.questions.iter().map(QuestionBody::from).collect(),
            answers,
            ground: summary.decision_ground.clone(),
            problem: summary.problem.clone().map(TextView::from),
            job: None,
            receipt: summary.entry_id.to_string(),
            published_at: summary.published_at,
        }
    }
}

fn stepped(changed: &Changed, status: StatusCode) -> Response {
    let job = changed.job_id.map(|id| id.to_string());
    let view = SummaryView { job, ..SummaryView::from(&changed.summary) };
    (status, [precondition::tag(changed.summary.revision)], Json(view)).into_response()
}

/// The privacy budget of an asset, with what is left of it.
#[utoipa::path(get, path = "/api/v1/assets/{id}/privacy-budget", tag = "summaries",
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = BudgetView), crate::openapi::Problems))]
pub(crate) async fn budget(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = summary::budget(&visitor.caller, &app.platform, id_of(&id)?).await?;
    let budget = found.ok_or_else(Problem::not_found)?;
    let view = BudgetView::from(&budget);
    Ok(([precondition::tag(budget.revision)], Json(view)).into_response())
}

/// Sets the privacy budget of an asset; another one needs `If-Match`.
#[utoipa::path(put, path = "/api/v1/assets/{id}/privacy-budget", tag = "summaries",
    request_body = BudgetBody,
    params(("id" = String, Path, description = "Identifier of the asset"),
           ("If-Match" = Option<String>, Header, description = "The ETag that was read; none for the first budget")),
    responses((status = 200, body = BudgetView), crate::openapi::Problems))]
pub(crate) async fn set_budget(
    step: ApiStep<AssetId>,
    ApiJson(body): ApiJson<BudgetBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    let new = body.try_into()?;
    let set = summary::set_budget(&caller, &app.platform, id, revision, new).await?;
    Ok(([precondition::tag(set.revision)], Json(BudgetView::from(&set))).into_response())
}

/// The summaries of an asset that the caller may see, newest first.
#[utoipa::path(get, path = "/api/v1/assets/{id}/summaries", tag = "summaries",
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = Vec<SummaryView>), crate::openapi::Problems))]
pub(crate) async fn of_asset(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<Vec<SummaryView>>, Problem> {
    let found = summary::of_asset(&visitor.caller, &app.platform, id_of(&id)?).await?;
    Ok(Json(found.iter().map(SummaryView::from).collect()))
}

/// Begins a summary as a draft.
#[utoipa::path(post, path = "/api/v1/assets/{id}/summaries", tag = "summaries",
    request_body = ProposalBody,
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 201, body = SummaryView), crate::openapi::Problems))]
pub(crate) async fn propose(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    ApiJson(body): ApiJson<ProposalBody>,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let (id, proposal) = (id_of(&id)?, body.proposal()?);
    let number = match body.version {
        Some(number) => number,
        None => newest_stored(&app, caller, id).await?,
    };
    let changed = summary::propose(caller, &app.platform, id, number, proposal).await?;
    let location = format!("/api/v1/summaries/{}", changed.summary.id);
    let mut response = stepped(&changed, StatusCode::CREATED);
    if let Ok(value) = location.parse() {
        response.headers_mut().insert(header::LOCATION, value);
    }
    Ok(response)
}

/// A summary; published ones are for everyone.
#[utoipa::path(get, path = "/api/v1/summaries/{id}", tag = "summaries",
    params(("id" = String, Path, description = "Identifier of the summary")),
    responses((status = 200, body = SummaryView), crate::openapi::Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (_, found) = summary::find(&visitor.caller, &app.platform, id_of(&id)?).await?;
    let view = SummaryView::from(&found);
    Ok(([precondition::tag(found.revision)], Json(view)).into_response())
}

/// Replaces what a summary asks; needs `If-Match`. A rejected or failed one becomes a draft.
#[utoipa::path(put, path = "/api/v1/summaries/{id}", tag = "summaries",
    request_body = ProposalBody,
    params(("id" = String, Path, description = "Identifier of the summary"),
           ("If-Match" = String, Header, description = "The ETag that was read")),
    responses((status = 200, body = SummaryView), crate::openapi::Problems))]
pub(crate) async fn edit(
    step: ApiStep<SummaryId>,
    ApiJson(body): ApiJson<ProposalBody>,
) -> Result<Response, Problem> {
    let revision = step.required()?;
    let ApiStep { app, caller, id, .. } = step;
    let proposal = body.proposal()?;
    let changed = summary::edit(&caller, &app.platform, id, revision, proposal).await?;
    Ok(stepped(&changed, StatusCode::OK))
}

/// Submits a draft for approval by a second person.
#[utoipa::path(post, path = "/api/v1/summaries/{id}/submission", tag = "summaries",
    params(("id" = String, Path, description = "Identifier of the summary")),
    responses((status = 200, body = SummaryView), crate::openapi::Problems))]
pub(crate) async fn submit(step: ApiStep<SummaryId>) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    let changed = summary::submit(&caller, &app.platform, id, revision).await?;
    Ok(stepped(&changed, StatusCode::OK))
}

/// A second person approves: the figures are computed, paid and published.
#[utoipa::path(post, path = "/api/v1/summaries/{id}/approval", tag = "summaries",
    params(("id" = String, Path, description = "Identifier of the summary")),
    responses((status = 202, body = SummaryView), crate::openapi::Problems))]
pub(crate) async fn approve(step: ApiStep<SummaryId>) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    let changed = summary::approve(&caller, &app.platform, id, revision).await?;
    Ok(stepped(&changed, StatusCode::ACCEPTED))
}

/// A second person rejects, citing a ground in `reason`.
#[utoipa::path(post, path = "/api/v1/summaries/{id}/rejection", tag = "summaries",
    request_body = ReasonBody,
    params(("id" = String, Path, description = "Identifier of the summary")),
    responses((status = 200, body = SummaryView), crate::openapi::Problems))]
pub(crate) async fn reject(
    step: ApiStep<SummaryId>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    let platform = &app.platform;
    let changed = summary::reject(&caller, platform, id, revision, &body.reason).await?;
    Ok(stepped(&changed, StatusCode::OK))
}

/// Takes a published summary back, with the reason; what was told stays paid.
#[utoipa::path(post, path = "/api/v1/summaries/{id}/withdrawal", tag = "summaries",
    request_body = ReasonBody,
    params(("id" = String, Path, description = "Identifier of the summary")),
    responses((status = 200, body = SummaryView), crate::openapi::Problems))]
pub(crate) async fn withdraw(
    step: ApiStep<SummaryId>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    let platform = &app.platform;
    let changed = summary::withdraw(&caller, platform, id, revision, &body.reason).await?;
    Ok(stepped(&changed, StatusCode::OK))
}

//! The API of reuses: the gallery, submitting, reviewing.

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use platform::reuses::{self, Changed, NewReuse, Reuse};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vocabulary::{AssetId, ReuseId};

use crate::app::App;
use crate::extract::{ApiJson, ApiQuery, within};
use crate::precondition;
use crate::problem::Problem;
use crate::registry::api::ReasonBody;
use crate::step::ApiStep;
use crate::visitor::Visitor;

/// Which reuses to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Only those that were made of this dataset.
    pub dataset: Option<String>,
    /// Leave out so many, at most 1,000,000.
    #[param(minimum = 0, maximum = 1_000_000)]
    pub offset: Option<u64>,
    /// At most this many, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

/// A reuse to submit. The contact is never public.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewReuseBody {
    /// Its name, 2 to 100 characters.
    pub title: String,
    /// Where it is, a web address of at most 500 characters.
    pub link: String,
    /// What it is and what the data are used for, 10 to 2,000 characters.
    pub description: String,
    /// Who made it, as it is to be shown, 1 to 100 characters.
    pub maker: String,
    /// An e-mail address or telephone number.
    pub contact: String,
    /// The datasets that it was made of, 1 to 20.
    pub datasets: Vec<String>,
}

/// A reuse.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReuseView {
    /// Its identifier.
    pub id: String,
    /// `submitted`, `shown` or `declined`.
    pub state: String,
    /// Its name.
    pub title: String,
    /// Where it is.
    pub link: String,
    /// What it is.
    pub description: String,
    /// Who made it.
    pub maker: String,
    /// When it was submitted.
    pub submitted_at: String,
    /// Why it is not shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl From<Reuse> for ReuseView {
    fn from(reuse: Reuse) -> Self {
        Self {
            id: reuse.id.to_string(),
            state: reuse.state.code().to_owned(),
            title: reuse.title,
            link: reuse.link,
            description: reuse.description,
            maker: reuse.maker,
            submitted_at: reuse.submitted_at.to_string(),
            reason: reuse.reason,
        }
    }
}

/// A page of the gallery.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReusePage {
    /// How many are shown in all.
    pub total: u64,
    /// The reuses, newest first.
    pub reuses: Vec<ReuseView>,
}

/// The reuses that are shown, newest first.
#[utoipa::path(get, path = "/api/v1/reuses", tag = "requests", params(ListParams),
    responses((status = 200, body = ReusePage), crate::openapi::Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    ApiQuery(params): ApiQuery<ListParams>,
) -> Result<Json<ReusePage>, Problem> {
    let limit = within("limit", params.limit, 50, 1..=200)?;
    let offset = within("offset", params.offset, 0, 0..=1_000_000)?;
    let dataset = params.dataset.map(|text| text.parse::<AssetId>()).transpose().map_err(|_| {
        Problem::bad_request("参数 dataset 有误。", "The parameter dataset is not right.")
    })?;
    let (found, total) = reuses::gallery(&app.platform, dataset, offset, limit).await?;
    Ok(Json(ReusePage { total, reuses: found.into_iter().map(ReuseView::from).collect() }))
}

/// Submits a reuse for review; nobody needs to sign in.
#[utoipa::path(post, path = "/api/v1/reuses", tag = "requests", request_body = NewReuseBody,
    responses((status = 201, body = ReuseView), crate::openapi::Problems))]
pub(crate) async fn submit(
    State(app): State<App>,
    visitor: Visitor,
    ApiJson(body): ApiJson<NewReuseBody>,
) -> Result<Response, Problem> {
    let datasets: Result<Vec<AssetId>, _> = body.datasets.iter().map(|id| id.parse()).collect();
    let mut datasets = datasets.map_err(|_| {
        Problem::from(platform::Error::invalid(
            "datasets",
            "应为数据集的标识。",
            "Each is the identifier of a dataset.",
        ))
    })?;
    datasets.sort();
    datasets.dedup();
    let new = NewReuse {
        title: body.title,
        link: body.link,
        description: body.description,
        maker: body.maker,
        contact: body.contact,
        datasets,
        form: None,
    };
    let changed = reuses::submit(&visitor.caller, &app.platform, new).await?;
    Ok((StatusCode::CREATED, Json(ReuseView::from(changed.reuse))).into_response())
}

/// The data administrator shows a reuse to everyone.
#[utoipa::path(post, path = "/api/v1/reuses/{id}/publication", tag = "requests",
    params(("id" = String, Path, description = "Identifier of the reuse")),
    responses((status = 200, body = ReuseView), crate::openapi::Problems))]
pub(crate) async fn show(step: ApiStep<ReuseId>) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    answer(reuses::show(&caller, &app.platform, id, revision).await?)
}

/// The data administrator declines a reuse or takes it down, with a reason.
#[utoipa::path(post, path = "/api/v1/reuses/{id}/refusal", tag = "requests",
    request_body = ReasonBody,
    params(("id" = String, Path, description = "Identifier of the reuse")),
    responses((status = 200, body = ReuseView), crate::openapi::Problems))]
pub(crate) async fn decline(
    step: ApiStep<ReuseId>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    answer(reuses::decline(&caller, &app.platform, id, revision, &body.reason).await?)
}

/// The answer to a step.
fn answer(changed: Changed) -> Result<Response, Problem> {
    let tag = precondition::tag(changed.reuse.revision);
    Ok(([tag], Json(ReuseView::from(changed.reuse))).into_response())
}

//! The API of assets: register, edit, submit, consent, publish, return, withdraw.

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::registry::{self, AssetFilter, AssetKind, Changed, NewAsset};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vocabulary::AssetId;

use super::entry::EntryBody;
use super::view::{AssetPage, AssetView};
use crate::app::App;
use crate::extract::{ApiJson, ApiQuery, id_of, within};
use crate::precondition;
use crate::problem::{Problem, ProblemBody};
use crate::step::ApiStep;
use crate::visitor::Visitor;

/// A new asset.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct NewAssetBody {
    /// Credit code of the body that answers for it.
    pub body: String,
    /// `dataset` or `system`.
    #[serde(default = "dataset")]
    pub kind: String,
    /// The description so far.
    #[serde(default)]
    pub entry: EntryBody,
}

fn dataset() -> String {
    "dataset".to_owned()
}

/// A reason, for returning and withdrawing.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
pub(crate) struct ReasonBody {
    /// The reason, 1 to 1,000 characters.
    pub reason: String,
}

/// Which assets to list.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Only those of this body (credit code).
    pub body: Option<String>,
    /// Only those in this state.
    pub state: Option<String>,
    /// Go on after this cursor.
    pub cursor: Option<String>,
    /// At most this many, 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u64>,
}

/// Lists the assets that the caller may see, newest change first.
#[utoipa::path(get, path = "/api/v1/assets", tag = "registry", params(ListParams),
    responses((status = 200, body = AssetPage),
              (status = 400, body = ProblemBody, content_type = "application/problem+json")))]
pub(crate) async fn list(
    State(app): State<App>,
    visitor: Visitor,
    ApiQuery(params): ApiQuery<ListParams>,
) -> Result<Json<AssetPage>, Problem> {
    let wrong = |field: &str| {
        Problem::bad_request(
            format!("参数 {field} 有误。"),
            format!("The parameter {field} is not right."),
        )
    };
    let limit = within("limit", params.limit, 50, 1..=200)?;
    let after = match &params.cursor {
        Some(cursor) => {
            let (at, id) = cursor.split_once('~').ok_or_else(|| wrong("cursor"))?;
            Some((at.to_owned(), id.parse().map_err(|_| wrong("cursor"))?))
        }
        None => None,
    };
    let filter = AssetFilter {
        body: params.body.map(|text| text.parse()).transpose().map_err(|_| wrong("body"))?,
        state: params.state.map(|text| text.parse()).transpose().map_err(|_| wrong("state"))?,
        after,
        limit,
    };
    let (assets, next) = registry::list(&visitor.caller, &app.platform, &filter).await?;
    let next_cursor = next.map(|(at, id)| format!("{at}~{id}"));
    Ok(Json(AssetPage { assets: assets.into_iter().map(AssetView::from).collect(), next_cursor }))
}

/// Registers an asset as a draft.
#[utoipa::path(post, path = "/api/v1/assets", tag = "registry", request_body = NewAssetBody,
    responses((status = 201, body = AssetView), crate::openapi::Problems))]
pub(crate) async fn create(
    State(app): State<App>,
    visitor: Visitor,
    ApiJson(body): ApiJson<NewAssetBody>,
) -> Result<Response, Problem> {
    let caller = visitor.signed_in()?;
    let invalid = |field: &'static str, zh: &str, en: &str| {
        Problem::from(platform::Error::invalid(field, zh, en))
    };
    let new = NewAsset {
        body: body.body.parse().map_err(|_| {
            invalid(
                "body",
                "请填写有效的统一社会信用代码。",
                "Give a valid unified social credit code.",
            )
        })?,
        kind: body
            .kind
            .parse::<AssetKind>()
            .map_err(|_| invalid("kind", "应为 dataset 或 system。", "dataset or system."))?,
        entry: body.entry.try_into()?,
    };
    let changed = registry::register(caller, &app.platform, new).await?;
    let location = format!("/api/v1/assets/{}", changed.asset.id);
    Ok((
        StatusCode::CREATED,
        [precondition::tag(changed.asset.revision)],
        [(header::LOCATION, location)],
        Json(AssetView::from(changed)),
    )
        .into_response())
}

/// An asset.
#[utoipa::path(get, path = "/api/v1/assets/{id}", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = AssetView), crate::openapi::Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let asset = registry::find(&visitor.caller, &app.platform, id_of(&id)?).await?;
    Ok(([precondition::tag(asset.revision)], Json(AssetView::from(asset))).into_response())
}

/// Replaces the description of a draft; needs `If-Match`.
#[utoipa::path(put, path = "/api/v1/assets/{id}/entry", tag = "registry", request_body = EntryBody,
    params(("id" = String, Path, description = "Identifier of the asset"),
           ("If-Match" = String, Header, description = "The ETag that was read")),
    responses((status = 200, body = AssetView), crate::openapi::Problems))]
pub(crate) async fn edit(
    step: ApiStep<AssetId>,
    ApiJson(body): ApiJson<EntryBody>,
) -> Result<Response, Problem> {
    let revision = step.required()?;
    let ApiStep { app, caller, id, .. } = step;
    let entry = body.try_into()?;
    answer(registry::edit(&caller, &app.platform, id, revision, entry).await?)
}

/// Submits a draft for the unit head's consent.
#[utoipa::path(post, path = "/api/v1/assets/{id}/submission", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = AssetView), crate::openapi::Problems))]
pub(crate) async fn submit(step: ApiStep<AssetId>) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    answer(registry::submit(&caller, &app.platform, id, revision).await?)
}

/// The unit head consents.
#[utoipa::path(post, path = "/api/v1/assets/{id}/consent", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = AssetView), crate::openapi::Problems))]
pub(crate) async fn consent(step: ApiStep<AssetId>) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    answer(registry::consent(&caller, &app.platform, id, revision).await?)
}

/// The data administrator publishes.
#[utoipa::path(post, path = "/api/v1/assets/{id}/publication", tag = "registry",
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = AssetView), crate::openapi::Problems))]
pub(crate) async fn publish(step: ApiStep<AssetId>) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    answer(registry::publish(&caller, &app.platform, id, revision).await?)
}

/// A reviewer returns the entry to its filer, with the reason.
#[utoipa::path(post, path = "/api/v1/assets/{id}/return", tag = "registry", request_body = ReasonBody,
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = AssetView), crate::openapi::Problems))]
pub(crate) async fn send_back(
    step: ApiStep<AssetId>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    answer(registry::send_back(&caller, &app.platform, id, revision, &body.reason).await?)
}

/// Takes a published entry out of the catalogue, with the reason.
#[utoipa::path(post, path = "/api/v1/assets/{id}/withdrawal", tag = "registry", request_body = ReasonBody,
    params(("id" = String, Path, description = "Identifier of the asset")),
    responses((status = 200, body = AssetView), crate::openapi::Problems))]
pub(crate) async fn withdraw(
    step: ApiStep<AssetId>,
    ApiJson(body): ApiJson<ReasonBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    answer(registry::withdraw(&caller, &app.platform, id, revision, &body.reason).await?)
}

/// The answer to a step.
fn answer(changed: Changed) -> Result<Response, Problem> {
    let tag = precondition::tag(changed.asset.revision);
    Ok(([tag], Json(AssetView::from(changed))).into_response())
}

//! The API of ratings.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use platform::open;
use platform::ratings::{self, Ratings};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::voice;
use crate::app::App;
use crate::extract::{ApiJson, id_of};
use crate::limits::Client;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// A rating.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct RatingBody {
    /// One to five stars.
    #[schema(minimum = 1, maximum = 5)]
    pub stars: i64,
}

/// How a dataset was rated.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RatingsView {
    /// How many rated it.
    pub total: u64,
    /// The mean number of stars, 1 to 5; null if nobody rated.
    pub mean: Option<f64>,
    /// How many gave one star, two, … five.
    pub counts: Vec<u64>,
    /// Entry in the transparency log that commits to the rating just given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

impl From<Ratings> for RatingsView {
    fn from(ratings: Ratings) -> Self {
        let (total, mean) = (ratings.total(), ratings.mean());
        Self { total, mean, counts: ratings.counts.to_vec(), entry: None }
    }
}

/// How a dataset was rated by those who used it.
#[utoipa::path(get, path = "/api/v1/datasets/{id}/ratings", tag = "open",
    params(("id" = String, Path, description = "Identifier of the dataset")),
    responses((status = 200, body = RatingsView), crate::openapi::Problems))]
pub(crate) async fn of(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<RatingsView>, Problem> {
    let id = id_of(&id)?;
    open::dataset(&visitor.caller, &app.platform, id).await?;
    Ok(Json(ratings::of(&app.platform, id).await?.into()))
}

/// Rates an open dataset. Of an account, or else of a network, one rating a dataset and day
/// counts; only sums are kept.
#[utoipa::path(post, path = "/api/v1/datasets/{id}/ratings", tag = "open", request_body = RatingBody,
    params(("id" = String, Path, description = "Identifier of the dataset")),
    responses((status = 201, body = RatingsView), crate::openapi::Problems))]
pub(crate) async fn rate(
    State(app): State<App>,
    visitor: Visitor,
    client: Option<Extension<Client>>,
    Path(id): Path<String>,
    ApiJson(body): ApiJson<RatingBody>,
) -> Result<Response, Problem> {
    let voice = voice(&visitor, client);
    let (ratings, entry) =
        ratings::rate(&visitor.caller, &app.platform, id_of(&id)?, body.stars, Some(&voice))
            .await?;
    let view = RatingsView { entry: Some(entry.to_string()), ..ratings.into() };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

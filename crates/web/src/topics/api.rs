//! The API of topics.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use platform::topics::{self, Edit, Topic, TopicState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vocabulary::{AssetId, Bilingual};

use crate::app::App;
use crate::extract::ApiJson;
use crate::precondition;
use crate::problem::{Problem, TextView};
use crate::step::ApiStep;
use crate::visitor::Visitor;

/// A text in Chinese and in English.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(crate) struct WordsBody {
    /// In Chinese.
    pub zh: String,
    /// In English; may be empty.
    #[serde(default)]
    pub en: String,
}

/// A topic as it is to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub(crate) struct TopicBody {
    /// `shown` or `hidden`.
    #[serde(default = "shown")]
    pub state: String,
    /// Its name, 2 to 40 characters in Chinese.
    pub title: WordsBody,
    /// What belongs to it, 10 to 1,000 characters in Chinese.
    pub summary: WordsBody,
    /// Identifiers of its datasets, in order, at most 100.
    pub datasets: Vec<String>,
}

fn shown() -> String {
    "shown".to_owned()
}

/// A topic.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TopicView {
    /// The last part of its address.
    pub slug: String,
    /// Grows with every change.
    pub revision: i64,
    /// `shown` or `hidden`.
    pub state: String,
    /// Its name.
    pub title: TextView,
    /// What belongs to it.
    pub summary: TextView,
    /// How many of its datasets are published.
    pub count: u64,
    /// Their identifiers, in order; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datasets: Option<Vec<String>>,
    /// When it last changed.
    pub updated_at: String,
}

impl TopicView {
    fn of(topic: Topic, count: u64) -> Self {
        Self {
            slug: topic.slug,
            revision: topic.revision,
            state: topic.state.code().to_owned(),
            title: topic.title.into(),
            summary: topic.summary.into(),
            count,
            datasets: None,
            updated_at: topic.updated_at.to_string(),
        }
    }

    fn whole(topic: Topic, datasets: &[AssetId]) -> Self {
        let count = u64::try_from(datasets.len()).unwrap_or(0);
        let ids = datasets.iter().map(ToString::to_string).collect();
        Self { datasets: Some(ids), ..Self::of(topic, count) }
    }
}

/// The topics that are shown, by title.
#[utoipa::path(get, path = "/api/v1/topics", tag = "open",
    responses((status = 200, body = Vec<TopicView>), crate::openapi::Problems))]
pub(crate) async fn list(State(app): State<App>) -> Result<Json<Vec<TopicView>>, Problem> {
    let found = topics::shown(&app.platform).await?;
    Ok(Json(found.into_iter().map(|(topic, count)| TopicView::of(topic, count)).collect()))
}

/// A topic with its datasets.
#[utoipa::path(get, path = "/api/v1/topics/{id}", tag = "open",
    params(("id" = String, Path, description = "The last part of its address")),
    responses((status = 200, body = TopicView), crate::openapi::Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Path(slug): Path<String>,
) -> Result<Response, Problem> {
    let (topic, datasets) = topics::find(&visitor.caller, &app.platform, &slug).await?;
    let tag = precondition::tag(topic.revision);
    Ok(([tag], Json(TopicView::whole(topic, &datasets))).into_response())
}

/// The data administrator makes a topic or changes it; `If-Match` guards a change.
#[utoipa::path(put, path = "/api/v1/topics/{id}", tag = "open", request_body = TopicBody,
    params(("id" = String, Path, description = "The last part of its address")),
    responses((status = 200, body = TopicView), crate::openapi::Problems))]
pub(crate) async fn save(
    step: ApiStep<String>,
    ApiJson(body): ApiJson<TopicBody>,
) -> Result<Response, Problem> {
    let ApiStep { app, caller, id, revision } = step;
    let edit = Edit {
        state: state(&body.state)?,
        title: Bilingual::new(body.title.zh.trim(), body.title.en.trim()),
        summary: Bilingual::new(body.summary.zh.trim(), body.summary.en.trim()),
        datasets: datasets(body.datasets.iter().map(String::as_str))?,
    };
    let named = edit.datasets.clone();
    let changed = topics::save(&caller, &app.platform, &id, revision, edit).await?;
    let tag = precondition::tag(changed.topic.revision);
    Ok(([tag], Json(TopicView::whole(changed.topic, &named))).into_response())
}

/// A state by its code.
///
/// # Errors
///
/// [`platform::Error::Invalid`] for any other text.
pub(super) fn state(code: &str) -> Result<TopicState, platform::Error> {
    code.parse().map_err(|_| {
        platform::Error::invalid("state", "应为 shown 或 hidden。", "shown or hidden.")
    })
}

/// Datasets by their identifiers or the addresses of their pages.
///
/// # Errors
///
/// [`platform::Error::Invalid`] for what is neither.
pub(super) fn datasets<'a>(
    words: impl Iterator<Item = &'a str>,
) -> Result<Vec<AssetId>, platform::Error> {
    let of = |word: &str| {
        let last = word.trim_end_matches('/').rsplit('/').next().unwrap_or(word);
        last.parse::<AssetId>().map_err(|_| {
            platform::Error::invalid(
                "datasets",
                format!("`{word}` 不是数据集的标识或网址。"),
                format!("`{word}` is neither the identifier nor the address of a dataset."),
            )
        })
    };
    words.map(of).collect()
}

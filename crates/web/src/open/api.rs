//! The API of the catalogue: search, and one dataset.

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

use axum::Json;
use axum::extract::{Path, State};
use platform::open::{self, Dataset};
use platform::registry::{Asset, Dated};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vocabulary::time::china_date;

use crate::app::App;
use crate::extract::{ApiQuery, id_of, within};
use crate::problem::{Problem, TextView};
use crate::registry::entry::EntryBody;
use crate::visitor::Visitor;

/// Hits that can be reached: a search that finds more is narrowed, not leafed through.
pub(crate) const MOST_HITS: usize = 10_000;

/// What to search.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct SearchParams {
    /// Words; empty finds everything.
    pub q: String,
    /// Codes of the list `theme`, separated by commas.
    pub theme: String,
    /// Division codes, separated by commas.
    pub division: String,
    /// Names of providers, separated by commas.
    pub body: String,
    /// Formats, separated by commas.
    pub format: String,
    /// Opening attributes, separated by commas.
    pub opening: String,
    /// `dataset` (with data) or `entry`.
    pub kind: String,
    /// `relevance`, `newest`, `title` or `popular`.
    pub sort: String,
    /// Page, from 1. The first 10,000 hits can be reached; narrow the search for others.
    #[param(minimum = 1)]
    pub page: Option<usize>,
    /// Hits on a page, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    pub per_page: Option<usize>,
}

impl SearchParams {
    /// The query of the index.
    ///
    /// # Errors
    ///
    /// A bad request for a parameter that is out of its bounds or not known.
    fn query(&self) -> Result<search::Query, Problem> {
        let size = within("per_page", self.per_page, 20, 1..=100)?;
        let page = within("page", self.page, 1, 1..=MOST_HITS / size)?;
        let facets = [
            (search::Facet::Theme, &self.theme),
            (search::Facet::Division, &self.division),
            (search::Facet::Body, &self.body),
            (search::Facet::Format, &self.format),
            (search::Facet::Opening, &self.opening),
            (search::Facet::Kind, &self.kind),
        ];
        let chosen = |text: &String| -> Vec<String> {
            text.split(',')
                .map(str::trim)
                .filter(|code| !code.is_empty())
                .map(str::to_owned)
                .collect()
        };
        Ok(search::Query {
            text: Some(self.q.trim().to_owned()).filter(|text| !text.is_empty()),
            filters: facets
                .into_iter()
                .map(|(facet, text)| (facet, chosen(text)))
                .filter(|(_, codes)| !codes.is_empty())
                .collect(),
            sort: match self.sort.as_str() {
                "newest" => search::Sort::Newest,
                "title" => search::Sort::Title,
                "popular" => search::Sort::Popular,
                "" | "relevance" => search::Sort::Relevance,
                other => return Err(unknown_sort(other)),
            },
            offset: (page - 1) * size,
            limit: size,
            ..search::Query::default()
        })
    }
}

fn unknown_sort(text: &str) -> Problem {
    Problem::bad_request(
        format!("sort 为 `{text}`，应为 relevance、newest、title 或 popular。"),
        format!("sort is `{text}`; it is relevance, newest, title or popular."),
    )
}

/// A page of search results.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SearchPage {
    /// Hits in all.
    pub total: usize,
    /// Datasets and entries of this page.
    pub datasets: Vec<DatasetSummary>,
    /// Counts by facet: for each facet its codes with the number of hits.
    #[schema(value_type = Object)]
    pub facets: serde_json::Value,
    /// What may have been meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub did_you_mean: Option<String>,
}

/// A dataset in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DatasetSummary {
    /// Identifier; the page is `/dataset/{id}`.
    pub id: String,
    /// Name in Chinese.
    pub title: String,
    /// Name in English.
    pub title_en: String,
    /// Name of the providing body.
    pub provider: String,
    /// Code of the list `theme`.
    pub theme: String,
    /// Division code.
    pub division: Option<String>,
    /// Whether there are data to take.
    pub has_data: bool,
    /// When it was last changed, here or at its source (RFC 3339); absent where the source
    /// gives no date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// When it was taken over from another catalogue (RFC 3339); absent for our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_over_at: Option<String>,
}

/// A published dataset.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DatasetView {
    /// Identifier; the page is `/dataset/{id}`.
    pub id: String,
    /// Name of the providing body.
    pub provider: String,
    /// Its credit code.
    pub body: Option<String>,
    /// The description.
    pub entry: EntryBody,
    /// The catalogue that it was taken over from.
    pub origin: Option<String>,
    /// When it was published here (RFC 3339).
    pub published_at: Option<String>,
    /// When it was last changed, here or at its source (RFC 3339); absent where the source
    /// gives no date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// When it was taken over from another catalogue (RFC 3339); absent for our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_over_at: Option<String>,
    /// The day on which its source first published it (`YYYY-MM-DD`), if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_issued_on: Option<String>,
    /// The current release; absent for an entry without data.
    pub release: Option<ReleaseView>,
    /// All releases, newest first.
    pub releases: Vec<ReleaseView>,
}

/// A release for everyone.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReleaseView {
    /// Identifier; the certificate is `/api/v1/releases/{id}/certificate`.
    pub id: String,
    /// 1, 2, 3 … within the dataset.
    pub number: i64,
    /// `current`, `superseded` or `suspended`.
    pub state: String,
    /// Rows.
    pub rows: u64,
    /// SHA-256 of the CSV download, hex.
    pub csv_sha256: String,
    /// SM3 of the CSV download, hex.
    pub csv_sm3: String,
    /// Length of the CSV download in bytes.
    pub csv_bytes: u64,
    /// Level by GB/T 42460-2023, 1 to 4.
    pub deidentification_level: u8,
    /// Number of its receipt: `/api/v1/receipts/{id}`.
    pub receipt: String,
    /// When it was released (RFC 3339).
    pub released_at: String,
    /// Why it was suspended.
    pub suspended_why: Option<String>,
}

impl From<&platform::gate::release::Release> for ReleaseView {
    fn from(release: &platform::gate::release::Release) -> Self {
        Self {
            id: release.id.to_string(),
            number: release.number,
            state: release.state.clone(),
            rows: release.rows,
            csv_sha256: release.outcome.digest.sha256.clone(),
            csv_sm3: release.outcome.digest.sm3.clone(),
            csv_bytes: release.outcome.digest.bytes,
            deidentification_level: release.outcome.assessment.level,
            receipt: release.entry_id.to_string(),
            released_at: release.released_at.to_string(),
            suspended_why: release.suspended_why.clone(),
        }
    }
}

impl From<Dataset> for DatasetView {
    fn from(dataset: Dataset) -> Self {
        let asset = dataset.asset;
        let issued = asset.origin_issued_at.map(vocabulary::time::china_date);
        Self {
            id: asset.id.to_string(),
            updated_at: changed_at(&asset),
            taken_over_at: taken_over_at(&asset),
            origin_issued_on: issued.map(|day| day.to_string()),
            provider: asset.provider,
            body: asset.body.map(|code| code.to_string()),
            entry: asset.entry.into(),
            origin: asset.origin,
            published_at: asset.published_at.map(|at| at.to_string()),
            release: dataset.current.as_ref().map(ReleaseView::from),
            releases: dataset.releases.iter().map(ReleaseView::from).collect(),
        }
    }
}

/// When an entry was last changed, where that is known.
fn changed_at(asset: &Asset) -> Option<String> {
    match asset.dated() {
        Dated::Changed(at) | Dated::AtSource(at) => Some(at.to_string()),
        Dated::TakenOver(_) => None,
    }
}

/// When an entry of another catalogue came here.
fn taken_over_at(asset: &Asset) -> Option<String> {
    asset.origin.is_some().then(|| asset.created_at.to_string())
}

/// Searches the catalogue.
#[utoipa::path(get, path = "/api/v1/datasets", tag = "open", params(SearchParams),
    responses((status = 200, body = SearchPage), crate::openapi::Problems))]
pub(crate) async fn search(
    State(app): State<App>,
    ApiQuery(params): ApiQuery<SearchParams>,
) -> Result<Json<SearchPage>, Problem> {
    let found = open::find(&app.platform, params.query()?).await?;
    let facets = found.hits.facets.iter().map(|(facet, counts)| {
        let counts = counts.iter().map(|(code, count)| (code.clone(), (*count).into())).collect();
        (facet.as_str().to_owned(), serde_json::Value::Object(counts))
    });
    let summary = |asset: &platform::registry::Asset| DatasetSummary {
        id: asset.id.to_string(),
        title: asset.entry.title.zh.clone(),
        title_en: asset.entry.title.en.clone(),
        provider: asset.provider.clone(),
        theme: asset.entry.theme.clone(),
        division: asset.entry.division.map(|code| code.to_string()),
        has_data: found.has_data.contains(&asset.id),
        updated_at: changed_at(asset),
        taken_over_at: taken_over_at(asset),
    };
    Ok(Json(SearchPage {
        total: found.hits.total,
        datasets: found.assets.iter().map(summary).collect(),
        facets: serde_json::Value::Object(facets.collect()),
        did_you_mean: found.hits.did_you_mean.clone(),
    }))
}

/// A published dataset.
#[utoipa::path(get, path = "/api/v1/datasets/{id}", tag = "open",
    params(("id" = String, Path, description = "Identifier of the dataset")),
    responses((status = 200, body = DatasetView), crate::openapi::Problems))]
pub(crate) async fn dataset(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Result<Json<DatasetView>, Problem> {
    Ok(Json(open::dataset(&visitor.caller, &app.platform, id_of(&id)?).await?.into()))
}

/// An item of the negative list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct WithheldView {
    /// Identifier of the asset; its page is `/entry/{id}`.
    pub id: String,
    /// Title in Chinese and, where there is one, in English.
    pub title: TextView,
    /// Name of the providing body.
    pub provider: String,
    /// Class of the reason, a code of the list `negative_reason`.
    pub reason: String,
    /// The provision that closes it.
    pub basis: String,
    /// When it is looked at again, `YYYY-MM-DD`; empty if nobody said.
    pub review_on: String,
    /// Whether that day has passed.
    pub overdue: bool,
}

/// The negative list: what is registered here and not opened, on what ground.
#[utoipa::path(get, path = "/api/v1/negative-list", tag = "open",
    responses((status = 200, body = Vec<WithheldView>), crate::openapi::Problems))]
pub(crate) async fn negative_list(
    State(app): State<App>,
) -> Result<Json<Vec<WithheldView>>, Problem> {
    let today = china_date(app.platform.clock.now());
    let view = |one: open::Withheld| WithheldView {
        id: one.asset.id.to_string(),
        title: one.asset.entry.title.clone().into(),
        provider: one.asset.provider.clone(),
        reason: one.entry.reason,
        basis: one.entry.basis,
        review_on: one.entry.review_on,
        overdue: one.is_overdue,
    };
    let listed = open::negative_list(&app.platform, today).await?;
    Ok(Json(listed.into_iter().map(view).collect()))
}

//! The row API: pages of rows with `select`, `where`, `order`, `cursor`, `limit`;
//! groups with measures.

#![expect(unused_qualifications, reason = "what utoipa writes for parameters is qualified")]

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use ingest::write::JsonWriter;
use lake::{Cursor, Filter, GroupQuery, LakeError, Measure, Order, RowQuery};
use platform::open::rows;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::extract::{ApiQuery, id_of, within};
use crate::problem::Problem;
use crate::visitor::Visitor;

/// Rows of a page if none is asked for.
const ROWS: u64 = 100;
/// Groups if no number is asked for.
const GROUPS: u64 = 1_000;
/// Most rows of a page; more come by `cursor` or as a download.
pub(crate) const MOST_ROWS: u64 = 10_000;

/// Which rows.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct RowParams {
    /// Columns to show, separated by commas; left out, all.
    pub select: Option<String>,
    /// Condition, e.g. `年龄 >= 18 and 城市 = '太原'`.
    #[serde(rename = "where")]
    #[param(rename = "where")]
    pub filter: Option<String>,
    /// Order, e.g. `年龄 desc, 姓名`.
    pub order: Option<String>,
    /// Go on after this cursor of the same query.
    pub cursor: Option<String>,
    /// Rows on a page, 1 to 10,000.
    #[param(minimum = 1, maximum = 10000)]
    pub limit: Option<u64>,
}

impl RowParams {
    /// The query of the lake.
    ///
    /// # Errors
    ///
    /// A bad request that says what cannot be understood.
    pub(crate) fn query(&self) -> Result<RowQuery, Problem> {
        let limit = within("limit", self.limit, ROWS, 1..=MOST_ROWS)?;
        Ok(RowQuery { limit: Some(limit), ..self.rows().map_err(platform::Error::from)? })
    }

    /// The query without its limit.
    fn rows(&self) -> Result<RowQuery, LakeError> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        Ok(RowQuery {
            select: given(&self.select).map(|text| RowQuery::parse_select(&text)).transpose()?,
            filter: given(&self.filter).map(|text| Filter::parse(&text)).transpose()?,
            order: given(&self.order)
                .map(|text| Order::parse_list(&text))
                .transpose()?
                .unwrap_or_default(),
            after: given(&self.cursor).map(|text| text.parse::<Cursor>()).transpose()?,
            ..RowQuery::default()
        })
    }
}

/// Which groups.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct GroupParams {
    /// Columns that make a group, separated by commas.
    pub by: String,
    /// Measures, separated by commas: `count`, `sum(c)`, `avg(c)`, `min(c)`, `max(c)`;
    /// left out, `count`.
    pub measures: String,
    /// Condition on the rows.
    #[serde(rename = "where")]
    #[param(rename = "where")]
    pub filter: Option<String>,
    /// At most so many groups, 1 to 10,000.
    #[param(minimum = 1, maximum = 10000)]
    pub limit: Option<u64>,
}

impl GroupParams {
    /// The query of the lake.
    ///
    /// # Errors
    ///
    /// A bad request that says what cannot be understood.
    pub(crate) fn query(&self) -> Result<GroupQuery, Problem> {
        let limit = within("limit", self.limit, GROUPS, 1..=MOST_ROWS)?;
        Ok(GroupQuery { limit: Some(limit), ..self.groups().map_err(platform::Error::from)? })
    }

    /// The query without its limit.
    fn groups(&self) -> Result<GroupQuery, LakeError> {
        let by =
            if self.by.trim().is_empty() { Vec::new() } else { RowQuery::parse_select(&self.by)? };
        let filter = self.filter.clone().filter(|text| !text.trim().is_empty());
        Ok(GroupQuery {
            by,
            measures: measures(&self.measures)?,
            filter: filter.map(|text| Filter::parse(&text)).transpose()?,
            limit: None,
        })
    }
}

/// Measures from their text.
fn measures(text: &str) -> Result<Vec<Measure>, LakeError> {
    if text.trim().is_empty() {
        return Ok(vec![Measure::Count]);
    }
    text.split(',').map(|part| measure(part.trim())).collect()
}

fn measure(text: &str) -> Result<Measure, LakeError> {
    if text.eq_ignore_ascii_case("count") {
        return Ok(Measure::Count);
    }
    let wrong = || {
        LakeError::query(
            format!("不认识的度量 `{text}`：应为 count、sum(列)、avg(列)、min(列) 或 max(列)"),
            format!("the measure `{text}` is not count, sum(c), avg(c), min(c) or max(c)"),
        )
    };
    let (name, rest) = text.split_once('(').ok_or_else(wrong)?;
    let inner = rest.strip_suffix(')').ok_or_else(wrong)?;
    let mut columns = RowQuery::parse_select(inner)?;
    let column = match (columns.pop(), columns.is_empty()) {
        (Some(column), true) => column,
        _ => return Err(wrong()),
    };
    match name.trim().to_ascii_lowercase().as_str() {
        "sum" => Ok(Measure::Sum(column)),
        "avg" => Ok(Measure::Avg(column)),
        "min" => Ok(Measure::Min(column)),
        "max" => Ok(Measure::Max(column)),
        _ => Err(wrong()),
    }
}

/// Rows of a dataset: `{"rows": […], "next_cursor": "…", "release": "…"}`.
#[utoipa::path(get, path = "/api/v1/datasets/{id}/rows", tag = "open",
    params(("id" = String, Path, description = "Identifier of the dataset"), RowParams),
    responses((status = 200, body = Object, content_type = "application/json"), crate::openapi::Problems))]
pub(crate) async fn page(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    ApiQuery(params): ApiQuery<RowParams>,
) -> Result<Response, Problem> {
    let query = params.query()?;
    let (current, page) = rows::page(&visitor.caller, &app.platform, id_of(&id)?, &query).await?;
    let mut body = Vec::with_capacity(64 * 1024);
    body.extend_from_slice(b"{\"rows\":");
    body = write_rows(body, &page.rows)?;
    match page.next {
        Some(cursor) => body.extend_from_slice(format!(",\"next_cursor\":\"{cursor}\"").as_bytes()),
        None => body.extend_from_slice(b",\"next_cursor\":null"),
    }
    body.extend_from_slice(format!(",\"release\":\"{}\"}}", current.release.id).as_bytes());
    Ok(json(body))
}

/// Groups of a dataset's rows with measures: `{"groups": […], "release": "…"}`.
#[utoipa::path(get, path = "/api/v1/datasets/{id}/groups", tag = "open",
    params(("id" = String, Path, description = "Identifier of the dataset"), GroupParams),
    responses((status = 200, body = Object, content_type = "application/json"), crate::openapi::Problems))]
pub(crate) async fn groups(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    ApiQuery(params): ApiQuery<GroupParams>,
) -> Result<Response, Problem> {
    let query = params.query()?;
    let (current, groups) =
        rows::groups(&visitor.caller, &app.platform, id_of(&id)?, &query).await?;
    let mut body = write_rows(b"{\"groups\":".to_vec(), &groups)?;
    body.extend_from_slice(format!(",\"release\":\"{}\"}}", current.release.id).as_bytes());
    Ok(json(body))
}

/// Appends a batch as a JSON array of objects.
fn write_rows(body: Vec<u8>, rows: &arrow::array::RecordBatch) -> Result<Vec<u8>, Problem> {
    let failed = |error: ingest::write::WriteError| {
        tracing::error!(error = %vocabulary::error_chain(&error), "rows could not be written");
        Problem::internal()
    };
    let mut writer = JsonWriter::new(body).map_err(failed)?;
    writer.write(rows).map_err(failed)?;
    writer.finish().map_err(failed)
}

fn json(body: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

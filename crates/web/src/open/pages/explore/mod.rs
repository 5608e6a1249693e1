//! `/dataset/{id}/explore`: what does the data say?
//!
//! The whole question stands in the address, so that it can be shared; the same
//! question is offered to the API and as a download.

mod ask;
mod chart;
mod condition;
mod share;
mod svg;

use std::time::Instant;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ingest::write::{CsvOptions, CsvWriter};
use lake::{Filter, LakeError, RowQuery};
use platform::Error;
use platform::gate::release::Release;
use platform::open::{self, rows};
use platform::registry::Asset;
use serde::Serialize;
use url::form_urlencoded;
use vocabulary::{AssetId, Bilingual, ErrorKind};

use super::cells::{Table, title_of};
use crate::app::App;
use crate::extract::{ApiQuery, id_of};
use crate::open::rows::GroupParams;
use crate::parts::{Chart, Choice, FormProblem};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;
use ask::Ask;
use condition::Kinds;
use share::Share;
pub(crate) use share::{framed, picture};

/// Rows on a page.
const SHOWN: u64 = 50;

#[derive(Serialize)]
struct Explore {
    dataset: This,
    columns: Vec<Choice>,
    ops: Vec<Choice>,
    measures: Vec<Choice>,
    ask: Ask,
    dirs: Vec<Choice>,
    kinds: Vec<Choice>,
    sorts: Vec<Choice>,
    errors: Vec<FormProblem>,
    table: Table,
    total: u64,
    took_ms: u64,
    next_url: Option<String>,
    first_url: Option<String>,
    chart: Option<Chart>,
    share: Option<Share>,
    file_url: String,
    api_url: String,
}

#[derive(Serialize)]
struct This {
    title: Bilingual,
    url: String,
}

/// What a question is answered with.
#[derive(Default)]
struct Answer {
    table: Table,
    total: u64,
    next: Option<String>,
    chart: Option<Chart>,
}

/// Shows the rows that a question asks for, and a chart of their groups.
pub(crate) async fn explore(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Page, Problem> {
    let id: AssetId = id_of(&id)?;
    let current = open::current_release(&visitor.caller, &app.platform, id).await?;
    let (asset, release) = (&current.asset, &current.release);
    let kinds = Kinds::of(release);
    let ask = Ask::parse(query.as_deref().unwrap_or_default());
    let begun = Instant::now();
    let (filter, mut errors) = match ask.filter(&kinds) {
        Ok(filter) => (filter, Vec::new()),
        Err(errors) => (None, errors),
    };
    let mut answer = Answer::default();
    if errors.is_empty() {
        match answer_to(&app, &visitor, asset, &ask, filter.as_ref(), &kinds).await {
            Ok(found) => answer = found,
            Err(error) => errors.push(mistake(error)?),
        }
    }
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let page = format!("/dataset/{id}");
    let api = format!("/api/v1/datasets/{id}");
    let question = api_question(&ask, filter.as_ref());
    let context = Explore {
        dataset: This { title: asset.entry.title.clone(), url: page.clone() },
        columns: columns(asset, release),
        ops: condition::ops(),
        measures: ask::measures(asset, &kinds),
        dirs: ask::directions(),
        kinds: ask::kinds(),
        sorts: ask::sorts(),
        table: answer.table,
        total: answer.total,
        took_ms,
        next_url: answer.next.map(|cursor| ask.url(&format!("{page}/explore"), Some(&cursor))),
        first_url: ask.cursor.is_some().then(|| ask.url(&format!("{page}/explore"), None)),
        share: answer
            .chart
            .as_ref()
            .map(|chart| Share::of(&app.site.base_url, visitor.lang, asset.id, &ask, chart)),
        chart: answer.chart,
        file_url: with_question(&format!("{api}/download/csv"), &question),
        api_url: with_question(&format!("{api}/rows"), &question),
        ask,
        errors,
    };
    let is_wrong = !context.errors.is_empty();
    let page = app.pages.render(&visitor, "portal/explore.html", context)?;
    Ok(if is_wrong { page.with_status(StatusCode::UNPROCESSABLE_ENTITY) } else { page })
}

async fn answer_to(
    app: &App,
    visitor: &Visitor,
    asset: &Asset,
    ask: &Ask,
    filter: Option<&Filter>,
    kinds: &Kinds,
) -> Result<Answer, Error> {
    let (caller, platform) = (&visitor.caller, &app.platform);
    let query = RowQuery {
        filter: filter.cloned(),
        order: ask.order(),
        after: ask.cursor.as_deref().map(str::parse).transpose()?,
        limit: Some(SHOWN),
        ..RowQuery::default()
    };
    let (_, page) = rows::page(caller, platform, asset.id, &query).await?;
    let total = rows::count(caller, platform, asset.id, filter).await?;
    let chart = match ask.groups(filter) {
        Some(groups) => {
            let (_, found) = rows::groups(caller, platform, asset.id, &groups).await?;
            chart::of_groups(asset, ask, &found, kinds, filter)
        }
        None => None,
    };
    let table = Table::of(&page.rows, asset).map_err(|_| Error::Interrupted)?;
    Ok(Answer { table, total, next: page.next.map(|cursor| cursor.to_string()), chart })
}

/// A question that cannot be answered, as a mistake in the form; a fault of ours is
/// passed on.
fn mistake(error: Error) -> Result<FormProblem, Problem> {
    match error {
        Error::Lake(problem) if is_mistake(&problem) => {
            Ok(FormProblem::new("column0", problem.text()))
        }
        other => Err(other.into()),
    }
}

fn is_mistake(problem: &LakeError) -> bool {
    matches!(problem.kind(), ErrorKind::Invalid | ErrorKind::Refused | ErrorKind::Unavailable)
}

fn columns(asset: &Asset, release: &Release) -> Vec<Choice> {
    let names = release.columns.iter().map(|column| column.name.as_str());
    names.map(|name| Choice::new(name, title_of(asset, name))).collect()
}

/// The question in the parameters of the API.
fn api_question(ask: &Ask, filter: Option<&Filter>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(filter) = filter {
        query.append_pair("where", &filter.to_string());
    }
    if let Some(order) = ask.order_text() {
        query.append_pair("order", &order);
    }
    query.finish()
}

fn with_question(path: &str, question: &str) -> String {
    if question.is_empty() { path.to_owned() } else { format!("{path}?{question}") }
}

/// `/dataset/{id}/explore/groups.csv`: the numbers of a chart, with the parameters of the API.
pub(crate) async fn groups_csv(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    ApiQuery(params): ApiQuery<GroupParams>,
) -> Result<Response, Problem> {
    let query = params.query()?;
    let (current, groups) =
        rows::groups(&visitor.caller, &app.platform, id_of(&id)?, &query).await?;
    let written = || {
        let mut writer = CsvWriter::new(Vec::new(), &groups.schema(), CsvOptions { bom: true })?;
        writer.write(&groups)?;
        writer.finish()
    };
    let body = written().map_err(|error| {
        tracing::error!(error = %vocabulary::error_chain(&error), "groups could not be written");
        Problem::internal()
    })?;
    let name = format!("attachment; filename=\"groups-{}.csv\"", current.release.number);
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

//! `/dataset/{id}/differences`: what changed from one version to another, row by row.

use arrow::array::RecordBatch;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use lake::{Comparison, Difference, DifferenceCounts};
use platform::Error;
use platform::open::differences::{self, Page as Found, Pair};
use serde::Serialize;
use url::form_urlencoded;
use vocabulary::{AssetId, Bilingual};

use super::cells::{Table, title_of};
use super::dataset::quoted;
use crate::app::App;
use crate::extract::{ApiQuery, id_of};
use crate::limits::Client;
use crate::open::differences::DifferenceParams;
use crate::open::sql::payer;
use crate::open::sql::tables::type_name;
use crate::parts::{Choice, FormProblem, plain};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

/// Differences on a page.
const SHOWN: u64 = 50;
/// The choice of no key.
const WHOLE_ROWS: &str = "-";

#[derive(Serialize)]
struct DifferencesPage {
    dataset: This,
    from: String,
    to: String,
    key: String,
    versions: Vec<Choice>,
    keys: Vec<Choice>,
    errors: Vec<FormProblem>,
    result: Option<Shown>,
}

#[derive(Serialize)]
struct This {
    title: Bilingual,
    url: String,
}

/// What was found.
#[derive(Serialize)]
struct Shown {
    added: u64,
    removed: u64,
    changed: u64,
    same: u64,
    by_key: bool,
    total: u64,
    first: u64,
    last: u64,
    column_counts: Vec<ColumnCount>,
    new_columns: Vec<Bilingual>,
    gone_columns: Vec<String>,
    retyped: Vec<Retyped>,
    columns: Vec<Bilingual>,
    rows: Vec<Line>,
    prev_url: Option<String>,
    next_url: Option<String>,
    file_url: String,
    api_url: String,
}

#[derive(Serialize)]
struct ColumnCount {
    title: Bilingual,
    rows: u64,
}

#[derive(Serialize)]
struct Retyped {
    name: String,
    before: String,
    after: String,
}

#[derive(Serialize)]
struct Line {
    /// `added`, `removed` or `changed`.
    kind: &'static str,
    times: u64,
    cells: Vec<Cell>,
}

/// A value; of a changed one both.
#[derive(Serialize)]
struct Cell {
    before: Option<String>,
    after: Option<String>,
    is_changed: bool,
}

/// Shows the differences of two versions.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    client: Option<Extension<Client>>,
    Path(id): Path<String>,
    ApiQuery(params): ApiQuery<DifferenceParams>,
) -> Result<Page, Problem> {
    let id: AssetId = id_of(&id)?;
    let pair =
        differences::pair(&visitor.caller, &app.platform, id, params.from, params.to).await?;
    let offset = params.offset.unwrap_or(0);
    let (from, to) = (pair.before.number, pair.after.number);
    let candidates = pair.keys();
    let is_chosen = params.key.as_deref().is_some_and(|key| !key.trim().is_empty());
    let wanted = match params.key.as_deref() {
        Some(WHOLE_ROWS) => Vec::new(),
        _ if is_chosen => params.key()?,
        _ => candidates.into_iter().take(1).collect(),
    };
    let client = payer(&visitor, client);
    let asked = Asked { app: &app, client: &client, pair: &pair, offset };
    let (mut errors, mut status) = (Vec::new(), StatusCode::OK);
    let (found, key) = match asked.answer(&wanted).await {
        // A key that was only supposed is given up.
        Err(error) if !is_chosen && differences::is_mistake(&error) => {
            (Some(asked.answer(&[]).await?), Vec::new())
        }
        Err(error) => {
            let problem = Problem::from(error);
            if problem.status.is_server_error() && problem.kind != "limit" {
                return Err(problem);
            }
            status = problem.status;
            errors.push(FormProblem::new("key", problem.detail));
            (None, wanted)
        }
        Ok(found) => (Some(found), wanted),
    };
    let columns = found.as_ref().map(|found| found.1.columns.clone());
    let result = match found {
        Some((page, comparison)) => Some(shown(&pair, &key, &page, &comparison, offset)?),
        None => None,
    };
    let context = DifferencesPage {
        dataset: This { title: pair.asset.entry.title.clone(), url: format!("/dataset/{id}") },
        from: from.to_string(),
        to: to.to_string(),
        key: chosen(&key),
        versions: pair.numbers.iter().map(|number| version(*number)).collect(),
        keys: keys(&pair, columns.as_deref(), &key),
        errors,
        result,
    };
    Ok(app.pages.render(&visitor, "portal/differences.html", context)?.with_status(status))
}

/// What is asked, apart from the key.
struct Asked<'a> {
    app: &'a App,
    client: &'a str,
    pair: &'a Pair,
    offset: u64,
}

impl Asked<'_> {
    async fn answer(&self, key: &[String]) -> Result<(Found, Comparison), Error> {
        let pair = self.pair.clone();
        let mut found = differences::compare(&self.app.platform, self.client, pair, key).await?;
        let page = differences::page(&mut found, self.offset, SHOWN).await?;
        Ok((page, found.comparison().clone()))
    }
}

/// The value of a key in the form and in addresses.
fn chosen(key: &[String]) -> String {
    if key.is_empty() {
        return WHOLE_ROWS.to_owned();
    }
    key.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
}

fn version(number: i64) -> Choice {
    let label = Bilingual::new(format!("第 {number} 版"), format!("Version {number}"));
    Choice::new(number.to_string(), label)
}

/// The keys that can be chosen: none, what may be one, and every other column.
fn keys(pair: &Pair, columns: Option<&[String]>, key: &[String]) -> Vec<Choice> {
    let whole = Bilingual::new("整行比较（不选主键）", "Whole rows (no key)");
    let mut choices = vec![Choice::new(WHOLE_ROWS, whole)];
    let all: Vec<String> = match columns {
        Some(columns) => columns.to_vec(),
        None => pair.after.columns.iter().map(|column| column.name.clone()).collect(),
    };
    for name in &all {
        choices.push(Choice::new(quoted(name), title_of(&pair.asset, name)));
    }
    if key.len() > 1 {
        choices.push(Choice::new(chosen(key), plain(key.join("、"))));
    }
    choices
}

fn shown(
    pair: &Pair,
    key: &[String],
    page: &Found,
    comparison: &Comparison,
    offset: u64,
) -> Result<Shown, Problem> {
    let asset = &pair.asset;
    let page_url = |offset: u64| {
        format!("/dataset/{}/differences?{}", asset.id, question(pair, &chosen(key), offset))
    };
    let count = u64::try_from(page.differences.len()).unwrap_or(u64::MAX);
    let last = offset.saturating_add(count);
    let api_key = if key.is_empty() { String::new() } else { chosen(key) };
    let api = format!("/api/v1/datasets/{}/differences?{}", asset.id, question(pair, &api_key, 0));
    let retyped = comparison.retyped.iter().map(|(name, before, after)| Retyped {
        name: name.clone(),
        before: type_name(before),
        after: type_name(after),
    });
    let counts = &page.counts;
    Ok(Shown {
        added: counts.added,
        removed: counts.removed,
        changed: counts.changed,
        same: counts.same,
        by_key: !key.is_empty(),
        total: page.total,
        first: if count == 0 { 0 } else { offset.saturating_add(1) },
        last,
        column_counts: column_counts(pair, comparison, counts),
        new_columns: comparison.added.iter().map(|name| title_of(asset, name)).collect(),
        gone_columns: comparison.removed.clone(),
        retyped: retyped.collect(),
        columns: comparison.columns.iter().map(|name| title_of(asset, name)).collect(),
        rows: page.differences.iter().map(line).collect::<Result<_, _>>()?,
        prev_url: (offset > 0).then(|| page_url(offset.saturating_sub(SHOWN))),
        next_url: (last < page.total).then(|| page_url(last)),
        file_url: format!("{api}&format=csv"),
        api_url: api,
    })
}

/// The question in the parameters of page and API.
fn question(pair: &Pair, key: &str, offset: u64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("from", &pair.before.number.to_string());
    query.append_pair("to", &pair.after.number.to_string());
    if !key.is_empty() {
        query.append_pair("key", key);
    }
    if offset > 0 {
        query.append_pair("offset", &offset.to_string());
    }
    query.finish()
}

/// In how many rows each column differs, in the order of the columns.
fn column_counts(
    pair: &Pair,
    comparison: &Comparison,
    counts: &DifferenceCounts,
) -> Vec<ColumnCount> {
    let counted = comparison.columns.iter().filter_map(|name| {
        let rows = *counts.columns.get(name)?;
        Some(ColumnCount { title: title_of(&pair.asset, name), rows })
    });
    counted.collect()
}

fn line(difference: &Difference) -> Result<Line, Problem> {
    let alone = |row: &RecordBatch, is_new: bool| -> Result<Vec<Cell>, Problem> {
        let cell = |value: Option<String>| {
            let (before, after) = if is_new { (None, value) } else { (value, None) };
            Cell { before, after, is_changed: false }
        };
        Ok(texts(row)?.into_iter().map(cell).collect())
    };
    Ok(match difference {
        Difference::Added { row, times } => {
            Line { kind: "added", times: *times, cells: alone(row, true)? }
        }
        Difference::Removed { row, times } => {
            Line { kind: "removed", times: *times, cells: alone(row, false)? }
        }
        Difference::Changed { before, after, columns } => {
            let pairs = texts(before)?.into_iter().zip(texts(after)?);
            let cells = pairs.enumerate().map(|(place, (before, after))| Cell {
                is_changed: columns.contains(&place),
                before,
                after,
            });
            Line { kind: "changed", times: 1, cells: cells.collect() }
        }
    })
}

/// The values of one row as people read them.
fn texts(row: &RecordBatch) -> Result<Vec<Option<String>>, Problem> {
    let table = Table::with_titles(row, |name| plain(name))?;
    Ok(table.rows.into_iter().next().unwrap_or_default())
}

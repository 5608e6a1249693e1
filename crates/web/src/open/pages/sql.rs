//! `/sql`: ask the open datasets in SQL, without a program.
//!
//! The whole statement stands in the address, so that an answer can be shared.

use arrow::compute::concat_batches;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use platform::open::sql::{self as queries, Answer};
use platform::{Error, open};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;
use vocabulary::{AssetId, Bilingual};

use super::cells::Table;
use super::dataset::quoted;
use crate::app::App;
use crate::extract::ApiQuery;
use crate::limits::Client;
use crate::open::sql::{SqlTable, cut_by_rows, named, payer};
use crate::parts::{FormProblem, plain};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

/// Rows on the page; the links below give more.
const SHOWN: u64 = 200;
/// Tables on the page.
const TABLES: u64 = 20;

/// What stands in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    sql: String,
    /// The dataset that the visitor comes from.
    table: String,
}

#[derive(Serialize)]
struct SqlPage {
    statement: String,
    table: String,
    is_asked: bool,
    errors: Vec<FormProblem>,
    result: Option<Shown>,
    examples: Vec<Example>,
    tables: Vec<TableView>,
    seconds: u64,
    most_rows: u64,
}

/// The answer of a statement.
#[derive(Serialize)]
struct Shown {
    table: Table,
    rows: usize,
    cut: Option<Bilingual>,
    rows_scanned: u64,
    bytes_scanned: u64,
    took_ms: u64,
    sources: Vec<Source>,
    downloads: Vec<Link>,
}

#[derive(Serialize)]
struct Source {
    title: Bilingual,
    url: String,
    version: i64,
}

#[derive(Serialize)]
struct Link {
    label: &'static str,
    file_url: String,
}

#[derive(Serialize)]
struct Example {
    title: Bilingual,
    code: String,
    url: String,
}

#[derive(Serialize)]
struct TableView {
    title: Bilingual,
    url: String,
    start_url: String,
    table: SqlTable,
}

/// Shows the form, and the answer of what was asked.
pub(crate) async fn sql(
    State(app): State<App>,
    visitor: Visitor,
    client: Option<Extension<Client>>,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Page, Problem> {
    let tables = tables(&app, &visitor, &asked.table).await?;
    let examples = examples(&tables);
    let is_asked = !asked.sql.trim().is_empty();
    let (mut result, mut errors, mut status) = (None, Vec::new(), StatusCode::OK);
    if is_asked {
        let client = payer(&visitor, client);
        match answer(&app, &visitor, &client, &asked.sql).await {
            Ok(shown) => result = Some(shown),
            Err(error) => {
                let problem = Problem::from(error);
                let is_ours = problem.status.is_server_error() && problem.kind != "limit";
                if is_ours {
                    return Err(problem);
                }
                status = problem.status;
                errors.push(FormProblem::new("sql", problem.detail));
            }
        }
    }
    let limits = &app.platform.limits.sql.query;
    let first = examples.first().map(|example| example.code.clone());
    let context = SqlPage {
        statement: if is_asked { asked.sql } else { first.unwrap_or_default() },
        table: asked.table,
        is_asked,
        errors,
        result,
        examples,
        tables: tables.into_iter().map(view).collect(),
        seconds: limits.timeout.as_secs(),
        most_rows: limits.rows,
    };
    Ok(app.pages.render(&visitor, "portal/sql.html", context)?.with_status(status))
}

async fn answer(
    app: &App,
    visitor: &Visitor,
    client: &str,
    statement: &str,
) -> Result<Shown, Error> {
    let mut answer =
        queries::query(&visitor.caller, &app.platform, client, statement, SHOWN).await?;
    let mut batches = Vec::new();
    while let Some(batch) = answer.next().await? {
        batches.push(batch);
    }
    let rows = concat_batches(&answer.schema, &batches)
        .map_err(|error| lake::LakeError::failed("join the batches of an answer", error))?;
    let cost = answer.cost();
    let table = Table::with_titles(&rows, |name| plain(name)).map_err(|_| Error::Interrupted)?;
    Ok(Shown {
        rows: rows.num_rows(),
        cut: answer.is_cut.then(|| cut_by_rows(SHOWN)),
        rows_scanned: cost.rows_scanned,
        bytes_scanned: cost.bytes_scanned,
        took_ms: u64::try_from(cost.took.as_millis()).unwrap_or(u64::MAX),
        sources: sources(&answer),
        downloads: downloads(statement, app.platform.limits.sql.query.rows),
        table,
    })
}

fn sources(answer: &Answer) -> Vec<Source> {
    let source = |current: &std::sync::Arc<open::Current>| Source {
        title: current.asset.entry.title.clone(),
        url: format!("/dataset/{}", current.asset.id),
        version: current.release.number,
    };
    answer.sources.iter().map(source).collect()
}

/// The same statement in other formats, with as many rows as there may be.
fn downloads(statement: &str, rows: u64) -> Vec<Link> {
    let formats = [
        ("CSV", "csv"),
        ("Parquet", "parquet"),
        ("JSON", "json"),
        ("NDJSON", "ndjson"),
        ("Arrow", "arrow"),
    ];
    let link = |(label, format): (&'static str, &str)| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("sql", statement)
            .append_pair("format", format)
            .append_pair("limit", &rows.to_string())
            .finish();
        Link { label, file_url: format!("/api/v1/sql?{query}") }
    };
    formats.into_iter().map(link).collect()
}

/// The table that the visitor comes from, then the newest.
async fn tables(app: &App, visitor: &Visitor, wanted: &str) -> Result<Vec<SqlTable>, Problem> {
    let newest = open::newest(&app.platform, TABLES).await?;
    let mut ids: Vec<AssetId> = wanted.parse().ok().into_iter().collect();
    ids.extend(newest.iter().map(|asset| asset.id).filter(|id| id.to_string() != wanted));
    let datasets = open::datasets(&app.platform, &ids).await?;
    Ok(named(queries::described(&visitor.caller, &app.platform, datasets).await?))
}

fn view(table: SqlTable) -> TableView {
    TableView {
        title: table.title.clone().into(),
        url: format!("/dataset/{}", table.name),
        start_url: address(&first_rows(&table), &table.name),
        table,
    }
}

/// Statements about the tables that are here; each runs as it stands.
fn examples(tables: &[SqlTable]) -> Vec<Example> {
    let Some(first) = tables.first() else { return Vec::new() };
    let from = quoted(&first.name);
    let text = first.columns.iter().find(|column| column.kind == "text");
    let number = first.columns.iter().find(|column| is_number(&column.kind));
    let mut statements = vec![("前 10 行", "The first 10 rows", first_rows(first))];
    if let Some(column) = text {
        let column = quoted(&column.name);
        statements.push((
            "各有多少行",
            "How many of each",
            format!("select {column}, count(*) as n\nfrom {from}\ngroup by {column}\norder by n DESC\nlimit 20"),
        ));
    }
    if let Some(column) = number {
        let column = quoted(&column.name);
        statements.push((
            "最小、平均、最大",
            "Smallest, mean, largest",
            format!("select min({column}) as min, avg({column}) as mean, max({column}) as max\nfrom {from}"),
        ));
    }
    if let Some((other, column)) = joinable(first, tables) {
        let (column, other) = (quoted(&column), quoted(&other.name));
        statements.push((
            "连接两个数据集",
            "Join two datasets",
            format!(
                "select a.{column}, a.n as n, b.n as m\nfrom (select {column}, count(*) as n from {from} group by {column}) a\n\
                 join (select {column}, count(*) as n from {other} group by {column}) b on a.{column} = b.{column}\norder by a.{column}\nlimit 20"
            ),
        ));
    }
    statements
        .into_iter()
        .map(|(zh, en, code)| Example {
            title: Bilingual::new(zh, en),
            url: address(&code, &first.name),
            code,
        })
        .collect()
}

fn first_rows(table: &SqlTable) -> String {
    format!("select *\nfrom {}\nlimit 10", quoted(&table.name))
}

/// Another table with a text column of the same name.
fn joinable<'a>(first: &SqlTable, tables: &'a [SqlTable]) -> Option<(&'a SqlTable, String)> {
    tables.iter().filter(|table| table.name != first.name).find_map(|other| {
        let shared = first.columns.iter().find(|column| {
            column.kind == "text"
                && other.columns.iter().any(|also| also.name == column.name && also.kind == "text")
        })?;
        Some((other, shared.name.clone()))
    })
}

fn is_number(kind: &str) -> bool {
    ["tinyint", "smallint", "integer", "bigint", "real", "double precision"].contains(&kind)
        || kind.starts_with("decimal")
}

/// The address of a statement.
fn address(statement: &str, table: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("sql", statement)
        .append_pair("table", table)
        .finish();
    format!("/sql?{query}#answer")
}

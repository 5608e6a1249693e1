//! `/desk/audit`: who did what? By person, asset, act and time; and the same as CSV.

mod wanted;

use std::collections::HashMap;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use platform::{evidence, registry};
use serde::Serialize;
use trust::audit::Record;
use trust::{Action as Act, Resource};
use vocabulary::{AssetId, Bilingual, CreditCode};

use self::wanted::Params;
use super::words::{ACTS, act, receipt_path, who};
use crate::app::App;
use crate::desk::{Link, Names, failed, title_of};
use crate::parts::{Choice, FormProblem, plain};
use crate::problem::Problem;
use crate::visitor::Visitor;

/// Records on a page.
const SHOWN: u32 = 50;
/// Records in an export.
const EXPORTED: u32 = 100_000;

#[derive(Serialize)]
struct Audit {
    filter: Params,
    whats: Vec<Choice>,
    rows: Vec<Row>,
    older: Option<String>,
    file_url: String,
    errors: Vec<FormProblem>,
}

#[derive(Serialize)]
struct Row {
    at: String,
    who: Bilingual,
    body: Option<Bilingual>,
    what: Bilingual,
    target: Option<Link>,
    ground: Option<Bilingual>,
    receipt: String,
}

/// Whoever may not look learns nothing from mistakes in the form either.
fn may_look(visitor: &Visitor) -> Result<(), Problem> {
    let caller = visitor.signed_in()?;
    let trail = Resource::of_kind("audit");
    Ok(caller.require(Act::ViewAudit, &trail).map_err(platform::Error::from)?)
}

/// Shows the records.
pub(crate) async fn audit(
    State(app): State<App>,
    visitor: Visitor,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    may_look(&visitor)?;
    let (records, errors) = match params.filter(&app).await? {
        Ok(filter) => {
            (evidence::search(&visitor.caller, &app.platform, &filter, SHOWN).await?, Vec::new())
        }
        Err(errors) => (Vec::new(), errors),
    };
    let people = People::load(&app, &records).await?;
    let mut rows = Vec::with_capacity(records.len());
    for record in &records {
        rows.push(row(&app, &visitor, record, &people).await?);
    }
    let status = match errors.as_slice() {
        [] => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let query = params.query();
    let is_full = u32::try_from(records.len()).is_ok_and(|count| count == SHOWN);
    let last = records.last().filter(|_| is_full);
    let context = Audit {
        whats: ACTS
            .iter()
            .map(|(kind, zh, en)| Choice::new(*kind, Bilingual::new(*zh, *en)))
            .collect(),
        rows,
        older: last.map(|record| format!("/desk/audit?{query}&before={}", record.id)),
        file_url: format!("/desk/audit.csv?{query}"),
        errors,
        filter: params,
    };
    let page = app.pages.render(&visitor, "desk/audit.html", context)?;
    Ok(page.with_status(status).into_response())
}

/// Names of the persons and bodies of a list of records.
struct People {
    names: Names,
    bodies: HashMap<CreditCode, Bilingual>,
}

impl People {
    async fn load(app: &App, records: &[Record]) -> Result<Self, Problem> {
        let names = Names::load(app, records.iter().filter_map(|record| record.account)).await?;
        let mut reader = app.platform.store.read().await.map_err(failed)?;
        let mut bodies = HashMap::new();
        for code in records.iter().filter_map(|record| record.body_code) {
            if bodies.contains_key(&code) {
                continue;
            }
            let body = trust::identity::find_body(&mut reader, code).await.map_err(failed)?;
            bodies.insert(code, body.map_or_else(|| plain(code.to_string()), |body| body.name));
        }
        Ok(Self { names, bodies })
    }
}

async fn row(
    app: &App,
    visitor: &Visitor,
    record: &Record,
    people: &People,
) -> Result<Row, Problem> {
    Ok(Row {
        at: record.at.to_string(),
        who: who(record, &people.names),
        body: record.body_code.and_then(|code| people.bodies.get(&code).cloned()),
        what: act(&record.kind),
        target: target(app, visitor, record).await?,
        ground: record.ground.clone().map(plain),
        receipt: receipt_path(record),
    })
}

/// What an act was done to; an asset by its title.
async fn target(app: &App, visitor: &Visitor, record: &Record) -> Result<Option<Link>, Problem> {
    if record.subject.is_empty() {
        return Ok(None);
    }
    let text = plain(&record.subject);
    let Some(Ok(id)) = record.subject.strip_prefix("asset:").map(str::parse::<AssetId>) else {
        return Ok(Some(Link { text, url: None }));
    };
    match registry::find(&visitor.caller, &app.platform, id).await {
        Ok(asset) => {
            Ok(Some(Link { text: title_of(&asset), url: Some(format!("/desk/assets/{id}")) }))
        }
        Err(platform::Error::NotFound { .. }) => Ok(Some(Link { text, url: None })),
        Err(error) => Err(error.into()),
    }
}

/// The newest records as CSV, at most 100,000, with the addresses of their receipts.
pub(crate) async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Query(params): Query<Params>,
) -> Result<Response, Problem> {
    may_look(&visitor)?;
    let Ok(filter) = params.filter(&app).await? else {
        return Err(Problem::bad_request("查询条件有误。", "What is looked for is not right."));
    };
    let records = evidence::search(&visitor.caller, &app.platform, &filter, EXPORTED).await?;
    let people = People::load(&app, &records).await?;
    let mut csv = String::from("\u{feff}at,actor,name,body,act,subject,ground,receipt\r\n");
    for record in &records {
        let fields = [
            record.at.to_string(),
            record.actor.clone(),
            who(record, &people.names).zh,
            record.body_code.map(|code| code.to_string()).unwrap_or_default(),
            record.kind.clone(),
            record.subject.clone(),
            record.ground.clone().unwrap_or_default(),
            format!("{}{}", app.site.base_url, receipt_path(record)),
        ];
        let cells: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        csv.push_str(&cells.join(","));
        csv.push_str("\r\n");
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    Ok((headers, csv).into_response())
}

/// A field of a CSV file, quoted, and harmless in a spreadsheet.
fn quoted(text: &str) -> String {
    format!("\"{}\"", ingest::write::neutralized(text).replace('"', "\"\""))
}

//! OAI-PMH 2.0 at `/oai`: harvesting with tokens, from a time on, with what is gone.
//!
//! ```text
//! verb and arguments ─▶ arguments.rs (all that may be wrong) ─▶ the six verbs here
//!                    ─▶ records.rs (headers, oai_dc, dcat_ap) ─▶ XML
//! ```
//!
//! Records stand in the order of their changes, so that a harvest meets what changes
//! meanwhile at its end. Those of withdrawn entries, and of datasets whose data were
//! suspended, are kept as deleted.
//!
//! # Source
//!
//! <https://www.openarchives.org/OAI/openarchivesprotocol.html>

mod arguments;
mod records;

use std::fmt::Write as _;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use platform::open::record::{self, Record, RecordFilter};
use platform::open::{self, Dataset};
use vocabulary::AssetId;

use self::arguments::{Format, Harvest, OaiError, Verb, day_or_second};
use super::dcat::write::xml;
use super::site_email;
use crate::app::App;
use crate::problem::Problem;

/// Records of an answer.
const PAGE: u64 = 100;

/// `GET /oai`.
#[utoipa::path(get, path = "/oai", tag = "open",
    params(("verb" = String, Query, description = "Identify, ListMetadataFormats, ListSets, ListIdentifiers, ListRecords or GetRecord"),
           ("metadataPrefix" = Option<String>, Query, description = "oai_dc or dcat_ap"),
           ("identifier" = Option<String>, Query, description = "Of a record"),
           ("from" = Option<String>, Query, description = "Changed at this day or second, or later"),
           ("until" = Option<String>, Query, description = "Changed at this day or second, or before"),
           ("set" = Option<String>, Query, description = "theme:CODE"),
           ("resumptionToken" = Option<String>, Query, description = "Where the last answer ended")),
    responses((status = 200, description = "An answer or an error of OAI-PMH", body = String, content_type = "text/xml"),
              crate::openapi::Problems))]
pub(crate) async fn get(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    answer(&app, query.unwrap_or_default().as_bytes()).await
}

/// `POST /oai`: the arguments as a form.
pub(crate) async fn post(
    State(app): State<App>,
    body: axum::body::Bytes,
) -> Result<Response, Problem> {
    answer(&app, &body).await
}

async fn answer(app: &App, query: &[u8]) -> Result<Response, Problem> {
    let base = format!("{}/oai", app.site.base_url);
    let given = arguments::pairs(query);
    let verb = arguments::read(&given);
    let shows_arguments = !matches!(verb, Err(OaiError::BadVerb(_) | OaiError::BadArgument(_)));
    let outcome = match verb {
        Ok(verb) => carry_out(app, verb).await?,
        Err(error) => Err(error),
    };
    let now = app.platform.clock.now();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <OAI-PMH xmlns=\"http://www.openarchives.org/OAI/2.0/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"http://www.openarchives.org/OAI/2.0/ \
         http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd\">\n\
         <responseDate>{}</responseDate>\n<request",
        records::second(now)
    );
    if shows_arguments {
        for (name, value) in &given {
            let _written = write!(text, " {name}=\"{}\"", xml(value));
        }
    }
    let _written = writeln!(text, ">{}</request>", xml(&base));
    match outcome {
        Ok(body) => text.push_str(&body),
        Err(error) => {
            let (code, sentence) = error.parts();
            let _written = writeln!(text, "<error code=\"{code}\">{}</error>", xml(&sentence));
        }
    }
    text.push_str("</OAI-PMH>\n");
    let mut response = text.into_response();
    let kind = HeaderValue::from_static("text/xml; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    let any = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    Ok(response)
}

/// The body of an answer.
async fn carry_out(app: &App, verb: Verb) -> Result<Result<String, OaiError>, Problem> {
    Ok(match verb {
        Verb::Identify => Ok(identify(app).await?),
        Verb::ListMetadataFormats { identifier: None } => Ok(formats()),
        Verb::ListMetadataFormats { identifier: Some(identifier) } => {
            find(app, &identifier).await?.map(|_| formats())
        }
        Verb::ListSets => Ok(sets()),
        Verb::GetRecord { identifier, format } => match find(app, &identifier).await? {
            Ok(record) => {
                let datasets = datasets(app, std::slice::from_ref(&record)).await?;
                let dataset = datasets.first();
                let record = records::record(&app.site, &record, dataset, format);
                Ok(format!("<GetRecord>\n{record}</GetRecord>\n"))
            }
            Err(error) => Err(error),
        },
        Verb::List(harvest) => list(app, &harvest).await?,
    })
}

/// The record with an identifier.
async fn find(app: &App, identifier: &str) -> Result<Result<Record, OaiError>, Problem> {
    let prefix = format!("oai:{}:", records::authority(&app.site));
    let id = identifier.strip_prefix(&prefix).and_then(|id| id.parse::<AssetId>().ok());
    let found = match id {
        Some(id) => record::of(&app.platform, id).await?,
        None => None,
    };
    Ok(found.ok_or_else(|| OaiError::IdDoesNotExist(identifier.chars().take(100).collect())))
}

/// The datasets of records that are not gone.
async fn datasets(app: &App, records: &[Record]) -> Result<Vec<Dataset>, Problem> {
    let ids: Vec<AssetId> =
        records.iter().filter(|record| !record.gone).map(|record| record.id).collect();
    Ok(open::datasets(&app.platform, &ids).await?)
}

/// `ListRecords` and `ListIdentifiers`.
async fn list(app: &App, harvest: &Harvest) -> Result<Result<String, OaiError>, Problem> {
    let filter = RecordFilter {
        from: harvest.from.as_deref().and_then(day_or_second).map(|span| span.0),
        until: harvest.until.as_deref().and_then(day_or_second).map(|span| span.1),
        theme: harvest.theme.clone(),
        after: harvest.after,
    };
    let total = record::count(&app.platform, &filter).await?;
    let mut found = record::records(&app.platform, &filter, PAGE + 1).await?;
    if found.is_empty() {
        return Ok(Err(match harvest.after {
            Some(_) => OaiError::BadResumptionToken,
            None => OaiError::NoRecordsMatch,
        }));
    }
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let has_more = found.len() > page;
    found.truncate(page);
    let verb = if harvest.with_records { "ListRecords" } else { "ListIdentifiers" };
    let mut text = format!("<{verb}>\n");
    if harvest.with_records {
        let datasets = datasets(app, &found).await?;
        for record in &found {
            let dataset = datasets.iter().find(|dataset| dataset.asset.id == record.id);
            text.push_str(&records::record(&app.site, record, dataset, harvest.format));
        }
    } else {
        for record in &found {
            text.push_str(&records::header(&app.site, record, record.gone));
        }
    }
    let seen = u64::try_from(found.len()).unwrap_or(PAGE);
    let token = match found.last().filter(|_| has_more) {
        Some(last) => {
            harvest.token_after(last.changed_at, last.id, harvest.seen.saturating_add(seen))
        }
        None => String::new(),
    };
    // The last page of several has an empty token; a single page has none.
    if has_more || harvest.after.is_some() {
        let _written = writeln!(
            text,
            "<resumptionToken completeListSize=\"{total}\" cursor=\"{}\">{token}</resumptionToken>",
            harvest.seen
        );
    }
    let _written = writeln!(text, "</{verb}>");
    Ok(Ok(text))
}

/// `Identify`.
async fn identify(app: &App) -> Result<String, Problem> {
    let extent = record::extent(&app.platform).await?;
    let earliest = extent.first.unwrap_or_else(|| app.platform.clock.now());
    let authority = records::authority(&app.site);
    let sample = format!("oai:{authority}:{}", uuid::Uuid::nil());
    Ok(format!(
        "<Identify>\n<repositoryName>{name}</repositoryName>\n\
         <baseURL>{base}/oai</baseURL>\n<protocolVersion>2.0</protocolVersion>\n\
         <adminEmail>{email}</adminEmail>\n<earliestDatestamp>{earliest}</earliestDatestamp>\n\
         <deletedRecord>persistent</deletedRecord>\n\
         <granularity>YYYY-MM-DDThh:mm:ssZ</granularity>\n\
         <description><oai-identifier xmlns=\"http://www.openarchives.org/OAI/2.0/oai-identifier\" \
         xsi:schemaLocation=\"http://www.openarchives.org/OAI/2.0/oai-identifier \
         http://www.openarchives.org/OAI/2.0/oai-identifier.xsd\">\
         <scheme>oai</scheme><repositoryIdentifier>{authority}</repositoryIdentifier>\
         <delimiter>:</delimiter><sampleIdentifier>{sample}</sampleIdentifier>\
         </oai-identifier></description>\n</Identify>\n",
        name = xml(&app.site.name.zh),
        base = xml(&app.site.base_url),
        email = xml(&site_email(&app.site)),
        earliest = records::second(earliest),
    ))
}

/// `ListMetadataFormats`.
fn formats() -> String {
    let mut text = String::from("<ListMetadataFormats>\n");
    for format in Format::ALL {
        let _written = writeln!(
            text,
            "<metadataFormat><metadataPrefix>{}</metadataPrefix><schema>{}</schema>\
             <metadataNamespace>{}</metadataNamespace></metadataFormat>",
            format.prefix(),
            format.schema(),
            format.namespace()
        );
    }
    text.push_str("</ListMetadataFormats>\n");
    text
}

/// `ListSets`: the themes.
fn sets() -> String {
    let mut text = String::from("<ListSets>\n");
    for theme in law::list("theme") {
        let _written = writeln!(
            text,
            "<set><setSpec>theme:{}</setSpec><setName>{} / {}</setName></set>",
            theme.code,
            xml(&theme.zh),
            xml(&theme.en)
        );
    }
    text.push_str("</ListSets>\n");
    text
}

//! The context of a data set's page.

use jiff::civil::Date;
use lake::RowQuery;
use platform::gate::release::Release;
use platform::open::{self, Dataset};
use platform::registry::Asset;
use serde::Serialize;
use vocabulary::Bilingual;
use vocabulary::time::china_date;

use super::access::{self, Download, Example};
use super::certificate::{self, CertificateView};
use super::chart;
use super::cite;
use super::history::{self, VersionView};
use crate::app::App;
use crate::desk::kind_label;
use crate::open::pages::cells::{Table, title_of};
use crate::open::pages::places;
use crate::open::pages::search::{self, body_url};
use crate::parts::{Chart, encoded, plain};
use crate::problem::Problem;
use crate::protocols::schema_org;
use crate::ratings;
use crate::reuses::pages::Shown;
use crate::summary::{self, public::SummaryLink};
use crate::visitor::Visitor;

/// Rows of the preview.
const PREVIEW_ROWS: u64 = 10;
/// Reuses that the page shows; the others are in the gallery.
const REUSES: u64 = 6;
/// Below this the bar of an indicator is drawn in the colour of attention. It is a
/// hint for the eye, not a limit of any rule.
const ATTENTION: f64 = 0.9;

/// The page of a data set.
#[derive(Serialize)]
pub(super) struct DatasetPage {
    dataset: This,
    downloads: Vec<Download>,
    items: Vec<Item>,
    preview: Option<Table>,
    chart: Option<Chart>,
    examples: Vec<Example>,
    quality: Quality,
    versions: Vec<VersionView>,
    certificate: Option<CertificateView>,
    verify: String,
    citations: Vec<cite::Citation>,
    metadata: Vec<Metadata>,
    explore_url: Option<String>,
    reuses: Vec<Shown>,
    ratings: ratings::pages::Shown,
    summaries: Vec<SummaryLink>,
    structured: String,
}

#[derive(Serialize)]
struct This {
    id: String,
    url: String,
    title: Bilingual,
    #[serde(rename = "abstract")]
    summary: Bilingual,
    body: Body,
    theme: Option<Bilingual>,
    industry: Option<Bilingual>,
    keywords: Vec<Keyword>,
    division: Option<Bilingual>,
    opening: Opening,
    update_cycle: Bilingual,
    next_update: Option<String>,
    fresh: &'static str,
    issued: String,
    modified: String,
    code: String,
    rows: Option<u64>,
    columns: usize,
    bytes: u64,
    version: i64,
    level: Bilingual,
    licence: Licence,
    contact: Contact,
}

#[derive(Serialize)]
struct Body {
    name: Bilingual,
    code: String,
    url: String,
}

#[derive(Serialize)]
struct Keyword {
    text: String,
    url: String,
}

#[derive(Serialize)]
struct Opening {
    key: String,
    label: Bilingual,
    condition: Option<Bilingual>,
}

#[derive(Serialize)]
struct Licence {
    name: Bilingual,
    url: &'static str,
}

#[derive(Serialize)]
struct Contact {
    name: Option<String>,
    phone: Option<String>,
    email: Option<String>,
}

#[derive(Serialize)]
struct Item {
    name: String,
    title: Bilingual,
    kind: Bilingual,
    unit: Option<String>,
    note: Option<Bilingual>,
    missing: Option<f64>,
}

#[derive(Serialize)]
struct Quality {
    score: Option<f64>,
    measured: Option<String>,
    indicators: Vec<IndicatorView>,
}

#[derive(Serialize)]
struct IndicatorView {
    code: String,
    name: Bilingual,
    value: Option<f64>,
    good: bool,
    met: u64,
    checked: u64,
}

#[derive(Serialize)]
struct Metadata {
    label: &'static str,
    file_url: String,
}

/// Reads everything that the page shows.
pub(super) async fn load(
    app: &App,
    visitor: &Visitor,
    dataset: &Dataset,
    release: &Release,
) -> Result<DatasetPage, Problem> {
    let asset = &dataset.asset;
    let base = app.site.base_url.as_str();
    let page = format!("/dataset/{}", asset.id);
    let metadata = [
        ("DCAT (Turtle)", ".ttl"),
        ("RDF/XML", ".rdf"),
        ("JSON-LD", ".jsonld"),
        ("Data Package", "/datapackage.json"),
        ("Croissant", "/croissant.jsonld"),
    ];
    let (reuses, _) = platform::reuses::gallery(&app.platform, Some(asset.id), 0, REUSES).await?;
    Ok(DatasetPage {
        reuses: reuses.iter().map(Shown::of).collect(),
        ratings: ratings::pages::Shown::of(&platform::ratings::of(&app.platform, asset.id).await?),
        dataset: this(dataset, release, china_date(visitor.caller.now())),
        downloads: access::downloads(asset, release),
        items: items(asset, release),
        preview: preview(app, visitor, asset).await,
        chart: chart::chart(app, visitor, dataset, release).await,
        examples: access::examples(base, asset, release),
        quality: quality(app, dataset, release).await?,
        versions: history::versions(&dataset.releases),
        certificate: Some(certificate::load(app, release).await?),
        verify: history::verify(base, asset, release),
        citations: cite::citations(base, asset, release, china_date(app.platform.clock.now())),
        metadata: metadata
            .into_iter()
            .map(|(label, ending)| Metadata { label, file_url: format!("{page}{ending}") })
            .collect(),
        explore_url: Some(format!("{page}/explore")),
        summaries: summary::public::links(app, asset).await?,
        structured: schema_org::block(&app.site, dataset),
    })
}

fn this(dataset: &Dataset, release: &Release, today: Date) -> This {
    let asset = &dataset.asset;
    let entry = &asset.entry;
    let due = open::next_update(dataset);
    let first = dataset.releases.last().unwrap_or(release);
    let opening = search::Opening::of(entry.opening);
    let condition = entry.conditions.trim();
    let is_conditional = entry.opening == Some(law::OpeningAttribute::Conditional);
    let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    This {
        id: asset.id.to_string(),
        url: format!("/dataset/{}", asset.id),
        title: entry.title.clone(),
        summary: entry.summary.clone(),
        body: Body {
            name: plain(&asset.provider),
            code: asset.body.map(|code| code.to_string()).unwrap_or_default(),
            url: body_url(asset),
        },
        theme: law::entry("theme", &entry.theme).map(law::Entry::label),
        industry: given(&entry.industry).map(plain),
        keywords: entry
            .keywords
            .iter()
            .map(|word| Keyword { text: word.clone(), url: format!("/search?q={}", encoded(word)) })
            .collect(),
        division: entry.division.as_ref().map(places::name_of),
        opening: Opening {
            key: opening.key().to_owned(),
            label: opening.label().clone(),
            condition: given(condition).filter(|_| is_conditional).map(plain),
        },
        update_cycle: entry.update_cycle.map_or_else(
            || Bilingual::new("更新周期未说明", "update cycle not stated"),
            |cycle| cycle.label(),
        ),
        next_update: due.map(|day| day.to_string()),
        fresh: match due {
            Some(day) if day < today => "late",
            Some(_) => "on_time",
            None => "unknown",
        },
        issued: first.released_at.to_string(),
        modified: release.released_at.to_string(),
        code: asset.id.to_string(),
        rows: Some(release.rows),
        columns: release.columns.len(),
        bytes: release.outcome.digest.bytes,
        version: release.number,
        level: entry
            .level
            .map_or_else(|| Bilingual::new("未分级", "not graded"), |level| level.label()),
        licence: Licence {
            name: given(&entry.licence)
                .map_or_else(|| Bilingual::new("开放数据使用许可", "Open data licence"), plain),
            url: "/licence",
        },
        contact: Contact {
            name: given(&entry.contact.office),
            phone: given(&entry.contact.phone),
            email: given(&entry.contact.email),
        },
    }
}

/// The columns that left, with what the catalogue says of them and what was done to them.
fn items(asset: &Asset, release: &Release) -> Vec<Item> {
    let profile = &release.profile;
    release
        .columns
        .iter()
        .map(|column| {
            let item = asset.entry.items.iter().find(|item| item.name == column.name);
            let found = profile.columns.iter().find(|found| found.name == column.name);
            let kind =
                found.map(|found| found.kind.as_str()).or(item.map(|item| item.kind.as_str()));
            let meaning = item.map(|item| item.description.trim()).unwrap_or_default();
            let is_kept = column.transform == deident::Transform::Keep;
            Item {
                name: column.name.clone(),
                title: title_of(asset, &column.name),
                kind: kind_label(kind.unwrap_or("text")),
                unit: None,
                note: note(meaning, (!is_kept).then_some(&column.words)),
                missing: found.map(|found| found.missing_share(profile.rows)),
            }
        })
        .collect()
}

/// What a column means, and how it was made coarser.
fn note(meaning: &str, treated: Option<&Bilingual>) -> Option<Bilingual> {
    match (meaning, treated) {
        ("", None) => None,
        ("", Some(words)) => Some(words.clone()),
        (meaning, None) => Some(plain(meaning)),
        (meaning, Some(words)) => Some(Bilingual::new(
            format!("{meaning}（{}）", words.zh),
            format!("{meaning} ({})", words.en),
        )),
    }
}

/// The first rows. A page without them is better than none, so a failure is only logged.
async fn preview(app: &App, visitor: &Visitor, asset: &Asset) -> Option<Table> {
    let query = RowQuery { limit: Some(PREVIEW_ROWS), ..RowQuery::default() };
    match open::rows::page(&visitor.caller, &app.platform, asset.id, &query).await {
        Ok((_, page)) => Table::of(&page.rows, asset).ok(),
        Err(error) => {
            tracing::warn!(error = %vocabulary::error_chain(&error), "no preview");
            None
        }
    }
}

async fn quality(app: &App, dataset: &Dataset, release: &Release) -> Result<Quality, Problem> {
    let found = open::indicators(&app.platform, dataset).await?;
    let view = |indicator: &quality::Indicator| {
        let value = indicator.value();
        IndicatorView {
            code: indicator.code.clone(),
            name: indicator.name.clone(),
            value,
            good: value.is_none_or(|value| value >= ATTENTION),
            met: indicator.a,
            checked: indicator.b,
        }
    };
    Ok(Quality {
        // How indicators weigh against each other is a local policy, and none is set.
        score: None,
        measured: Some(release.released_at.to_string()),
        indicators: found.iter().map(view).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_says_what_a_column_means_and_what_was_lost() {
        let words = Bilingual::new("按 10 一段", "in bands of 10");
        assert_eq!(note("", None), None);
        assert_eq!(note("年龄", Some(&words)).unwrap().zh, "年龄（按 10 一段）");
        assert_eq!(note("", Some(&words)), Some(words));
    }
}

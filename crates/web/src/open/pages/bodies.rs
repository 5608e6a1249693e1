//! `/bodies` and `/body/{code}`: who holds data, and what does each of them hold?

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use platform::open::{self, BodyCount, Dataset};
use serde::{Deserialize, Serialize};
use trust::identity::{Body, all_bodies, find_body};
use vocabulary::time::china_date;
use vocabulary::{AssetId, Bilingual, CreditCode, DivisionCode};

use super::search::Opening;
use super::{dataset, places};
use crate::app::App;
use crate::extract::id_of;
use crate::parts::{Pages, encoded, plain};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

/// Data sets on a page of a body.
const SHOWN: usize = 20;
/// Entries on the page of a body; the rest is a search.
const ENTRIES: usize = 20;

#[derive(Serialize)]
struct Bodies {
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: Bilingual,
    bodies: Vec<BodyLink>,
}

#[derive(Serialize)]
struct BodyLink {
    name: Bilingual,
    url: String,
    datasets: u64,
    entries: u64,
}

/// Shows all providers: those that are registered here by division, the province
/// first; then those of entries that were taken over.
pub(crate) async fn bodies(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    let counts = open::bodies(&app.platform).await?;
    let mut reader = app.platform.store.read().await.map_err(crate::desk::failed)?;
    let registered = all_bodies(&mut reader).await.map_err(crate::desk::failed)?;
    drop(reader);
    app.pages.render(
        &visitor,
        "portal/bodies.html",
        Bodies { groups: groups(&counts, &registered) },
    )
}

fn groups(counts: &[BodyCount], registered: &[Body]) -> Vec<Group> {
    let mut here: BTreeMap<DivisionCode, Vec<BodyLink>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for count in counts {
        let code = count.code.as_deref();
        let body = code.and_then(|code| registered.iter().find(|body| body.code.as_str() == code));
        match body {
            Some(body) => here.entry(body.division).or_default().push(BodyLink {
                name: body.name.clone(),
                url: format!("/body/{}", body.code),
                datasets: count.datasets,
                entries: count.entries,
            }),
            None => elsewhere.push(BodyLink {
                name: plain(&count.name),
                url: format!("/search?body={}", encoded(&count.name)),
                datasets: count.datasets,
                entries: count.entries,
            }),
        }
    }
    let mut groups: Vec<Group> = here
        .into_iter()
        .map(|(division, bodies)| Group { name: places::name_of(&division), bodies })
        .collect();
    if !elsewhere.is_empty() {
        let name = Bilingual::new("其他目录的提供单位", "Providers in other catalogues");
        groups.push(Group { name, bodies: elsewhere });
    }
    groups
}

/// Which page of the data sets.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Params {
    page: Option<usize>,
}

#[derive(Serialize)]
struct BodyPage {
    body: This,
    counts: Counts,
    datasets: Vec<DatasetLink>,
    entries: Vec<EntryLink>,
    pages: Option<Pages>,
    entries_url: Option<String>,
}

#[derive(Serialize)]
struct This {
    name: Bilingual,
    code: String,
    division: Option<Bilingual>,
    contact: Option<String>,
}

#[derive(Serialize)]
struct Counts {
    datasets: usize,
    entries: usize,
    downloads: u64,
    late: usize,
}

#[derive(Serialize)]
struct DatasetLink {
    url: String,
    title: Bilingual,
    #[serde(rename = "abstract")]
    summary: Bilingual,
    date: Option<String>,
    rows: Option<u64>,
    formats: Vec<&'static str>,
    late: bool,
}

#[derive(Serialize)]
struct EntryLink {
    url: String,
    title: Bilingual,
    opening: Bilingual,
}

/// Shows what a body holds, and which updates it owes.
pub(crate) async fn body(
    State(app): State<App>,
    visitor: Visitor,
    Path(code): Path<String>,
    Query(params): Query<Params>,
) -> Result<Page, Problem> {
    let code: CreditCode = id_of(&code)?;
    let mut reader = app.platform.store.read().await.map_err(crate::desk::failed)?;
    let found = find_body(&mut reader, code).await.map_err(crate::desk::failed)?;
    drop(reader);
    let body = found.ok_or_else(Problem::not_found)?;
    let today = china_date(visitor.caller.now());
    let ids: Vec<AssetId> =
        open::of_body(&app.platform, code).await?.iter().map(|asset| asset.id).collect();
    let datasets = open::datasets(&app.platform, &ids).await?;
    let (total, entries) = entries(&app, &body).await?;
    let is_late = |dataset: &Dataset| open::next_update(dataset).is_some_and(|due| due < today);
    let pages = datasets.len().div_ceil(SHOWN);
    let page = params.page.unwrap_or(1).clamp(1, pages.max(1));
    let shown = datasets.iter().skip((page - 1) * SHOWN).take(SHOWN);
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let downloads = datasets.iter().filter_map(|dataset| dataset.current.as_ref());
    let context = BodyPage {
        counts: Counts {
            datasets: datasets.len(),
            entries: total.saturating_add(datasets.len()),
            downloads: downloads.map(|release| release.downloads).sum(),
            late: datasets.iter().filter(|dataset| is_late(dataset)).count(),
        },
        datasets: shown.map(|dataset| link(dataset, is_late(dataset))).collect(),
        pages: Pages::of(number(page), number(pages), |page| format!("/body/{code}?page={page}")),
        entries_url: (total > entries.len()).then(|| entries_url(&body)),
        entries,
        body: This {
            name: body.name.clone(),
            code: code.to_string(),
            division: Some(places::name_of(&body.division)),
            contact: contact(&datasets),
        },
    };
    app.pages.render(&visitor, "portal/body.html", context)
}

fn link(dataset: &Dataset, late: bool) -> DatasetLink {
    let (asset, release) = (&dataset.asset, dataset.current.as_ref());
    DatasetLink {
        url: format!("/dataset/{}", asset.id),
        title: asset.entry.title.clone(),
        summary: asset.entry.summary.clone(),
        date: release.map(|release| release.released_at.to_string()),
        rows: release.map(|release| release.rows),
        formats: release.map(|release| dataset::formats(release.rows)).unwrap_or_default(),
        late,
    }
}

/// Whom to ask: the office that the newest data set names.
fn contact(datasets: &[Dataset]) -> Option<String> {
    datasets.iter().find_map(|dataset| {
        let contact = &dataset.asset.entry.contact;
        let parts = [&contact.office, &contact.phone, &contact.email];
        let parts: Vec<&str> =
            parts.into_iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    })
}

fn entries_url(body: &Body) -> String {
    format!("/search?kind=entry&body={}", encoded(&body.name.zh))
}

/// Entries of a body without data: how many, and the newest.
async fn entries(app: &App, body: &Body) -> Result<(usize, Vec<EntryLink>), Problem> {
    let query = search::Query {
        filters: [
            (search::Facet::Kind, vec!["entry".to_owned()]),
            (search::Facet::Body, vec![body.name.zh.clone()]),
        ]
        .into(),
        sort: search::Sort::Newest,
        limit: ENTRIES,
        ..search::Query::default()
    };
    let found = open::find(&app.platform, query).await?;
    // Another body may have the same name.
    let own = found.assets.iter().filter(|asset| asset.body == Some(body.code));
    let links = own.map(|asset| EntryLink {
        url: format!("/dataset/{}", asset.id),
        title: asset.entry.title.clone(),
        opening: Opening::of(asset.entry.opening).label().clone(),
    });
    let links: Vec<EntryLink> = links.collect();
    Ok((if links.is_empty() { 0 } else { found.hits.total }, links))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_that_are_not_registered_here_stand_last_and_lead_to_a_search() {
        let count =
            |name: &str| BodyCount { code: None, name: name.to_owned(), entries: 3, datasets: 0 };
        let groups = groups(&[count("上海市公安局"), count("a&b")], &[]);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].name.en, "Providers in other catalogues");
        assert_eq!(groups[0].bodies[1].url, "/search?body=a%26b");
    }
}

//! `/`: what is here, and is it for me?

use std::collections::BTreeMap;

use axum::extract::State;
use platform::open::{self, Dataset};
use platform::{Platform, evidence};
use search::{Facet, Query, Sort};
use serde::Serialize;
use vocabulary::{AssetId, Bilingual};

use super::{dataset, places};
use crate::app::App;
use crate::map::CityShape;
use crate::parts::{encoded, plain};
use crate::problem::Problem;
use crate::topics::{self, pages::TopicCard};
use crate::view::Page;
use crate::visitor::Visitor;

/// Cards in a list.
const CARDS: u64 = 6;
/// Searches to try.
const TRIES: usize = 5;
/// The units that the shapes of the map are drawn in.
const MAP_SIZE: (u32, u32) = (420, 620);

#[derive(Serialize)]
struct Home {
    facts: Facts,
    queries: Vec<Try>,
    themes: Vec<Theme>,
    map: Map,
    topics: Vec<TopicCard>,
    newest: Vec<Card>,
    used: Vec<Card>,
    log: LogFacts,
}

#[derive(Serialize)]
struct Facts {
    datasets: u64,
    entries: u64,
    bodies: u64,
    updated: Option<String>,
}

#[derive(Serialize)]
struct Try {
    text: String,
    url: String,
}

#[derive(Serialize)]
struct Theme {
    name: Bilingual,
    count: u64,
    url: String,
}

/// Shanxi by number of data sets; without shapes it is a table only.
#[derive(Serialize)]
struct Map {
    max: u64,
    width: u32,
    height: u32,
    drawn: bool,
    areas: Vec<Area>,
}

#[derive(Serialize)]
struct Area {
    code: String,
    name: Bilingual,
    count: u64,
    url: String,
    d: String,
    x: f64,
    y: f64,
}

/// A dataset in a list.
#[derive(Debug, Serialize)]
pub(crate) struct Card {
    url: String,
    title: Bilingual,
    body: Bilingual,
    date: String,
    formats: Vec<&'static str>,
    rows: Option<u64>,
    downloads: u64,
}

#[derive(Serialize)]
struct LogFacts {
    size: u64,
    sealed_at: Option<String>,
    origin: String,
}

/// Shows the home page.
pub(crate) async fn home(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    let platform = &app.platform;
    let counts = open::counts(platform).await?;
    let all = open::find(platform, Query::default()).await?.hits;
    let newest: Vec<AssetId> =
        open::newest(platform, CARDS).await?.iter().map(|asset| asset.id).collect();
    let mut used = cards(platform, &most_used(platform).await?).await?;
    used.retain(|card| card.downloads > 0);
    let log = evidence::state(platform).await?;
    let context = Home {
        facts: Facts {
            datasets: counts.datasets,
            entries: counts.entries,
            bodies: counts.providers,
            updated: counts.newest_release,
        },
        queries: tries(&all),
        themes: themes(&all),
        map: map(crate::map::shapes(&app), &open::by_division(platform).await?),
        topics: topics::pages::shown(&app).await?,
        newest: cards(platform, &newest).await?,
        used,
        log: LogFacts {
            size: log.size,
            sealed_at: log.sealed_at.map(|at| at.to_string()),
            origin: format!("{}/log", app.site.base_url),
        },
    };
    app.pages.render(&visitor, "portal/home.html", context)
}

/// The words that most entries have, as searches to try.
fn tries(all: &search::Hits) -> Vec<Try> {
    let keywords = all.facets.get(&Facet::Keyword).map(Vec::as_slice).unwrap_or_default();
    let short = keywords.iter().filter(|(word, _)| word.chars().count() <= 10);
    short
        .take(TRIES)
        .map(|(word, _)| Try { text: word.clone(), url: format!("/search?q={}", encoded(word)) })
        .collect()
}

/// All themes of the law's list, also those without an entry.
fn themes(all: &search::Hits) -> Vec<Theme> {
    let counts = all.facets.get(&Facet::Theme).map(Vec::as_slice).unwrap_or_default();
    let count = |code: &str| counts.iter().find(|(known, _)| known == code).map_or(0, |(_, n)| *n);
    law::list("theme")
        .iter()
        .map(|theme| Theme {
            name: theme.label(),
            count: count(&theme.code),
            url: format!("/search?theme={}", theme.code),
        })
        .collect()
}

/// Data sets by city. A data set of a county counts in its city.
fn map(shapes: Option<Vec<CityShape>>, counts: &[(String, u64)]) -> Map {
    let mut by_city = BTreeMap::<String, u64>::new();
    for (code, count) in counts {
        let division = code.parse::<vocabulary::DivisionCode>().ok();
        if let Some(city) = division.and_then(|division| division.city()) {
            *by_city.entry(city.to_string()).or_default() += count;
        }
    }
    let shapes = shapes.unwrap_or_default();
    let areas: Vec<Area> = places::cities_of_shanxi()
        .map(|(code, name)| {
            let shape = shapes.iter().find(|shape| shape.code == code);
            Area {
                code: code.to_owned(),
                name: name.clone(),
                count: by_city.get(code).copied().unwrap_or(0),
                url: format!("/search?division={code}"),
                d: shape.map(|shape| shape.d.clone()).unwrap_or_default(),
                x: shape.map_or(0.0, |shape| shape.x),
                y: shape.map_or(0.0, |shape| shape.y),
            }
        })
        .collect();
    Map {
        max: areas.iter().map(|area| area.count).max().unwrap_or(0),
        width: MAP_SIZE.0,
        height: MAP_SIZE.1,
        drawn: areas.iter().all(|area| !area.d.is_empty()),
        areas,
    }
}

/// The data sets that were taken most.
async fn most_used(platform: &Platform) -> Result<Vec<AssetId>, Problem> {
    let query = Query {
        filters: BTreeMap::from([(Facet::Kind, vec!["dataset".to_owned()])]),
        sort: Sort::Popular,
        limit: usize::try_from(CARDS).unwrap_or(0),
        ..Query::default()
    };
    let found = open::find(platform, query).await?;
    Ok(found.assets.iter().map(|asset| asset.id).collect())
}

async fn cards(platform: &Platform, ids: &[AssetId]) -> Result<Vec<Card>, Problem> {
    Ok(open::datasets(platform, ids).await?.iter().map(card).collect())
}

/// The card of a dataset.
pub(crate) fn card(dataset: &Dataset) -> Card {
    let asset = &dataset.asset;
    let release = dataset.current.as_ref();
    Card {
        url: format!("/dataset/{}", asset.id),
        title: asset.entry.title.clone(),
        body: plain(&asset.provider),
        date: release.map_or(asset.updated_at, |release| release.released_at).to_string(),
        formats: release.map(|release| dataset::formats(release.rows)).unwrap_or_default(),
        rows: release.map(|release| release.rows),
        downloads: release.map_or(0, |release| release.downloads),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_county_counts_in_its_city_and_a_province_in_none() {
        let counts = [("140105", 2), ("140100", 3), ("140000", 9), ("141102001", 1), ("310000", 4)];
        let counts: Vec<(String, u64)> =
            counts.map(|(code, count)| (code.to_owned(), count)).to_vec();
        let map = map(None, &counts);
        let count = |code: &str| map.areas.iter().find(|area| area.code == code).unwrap().count;
        assert_eq!((count("140100"), count("141100"), count("140200")), (5, 1, 0));
        assert_eq!((map.max, map.drawn), (5, false));
    }
}

//! `/search`: which data set?

mod asked;
mod facets;

use std::time::Instant;

use axum::extract::{RawQuery, State};
use platform::open::{self, Dataset};
use search::{Hit, MatchedField, Piece, Sort};
use serde::Serialize;
use vocabulary::Bilingual;

use super::{dataset, places};
use crate::app::App;
use crate::open::api::MOST_HITS;
use crate::parts::{Dated, Pages, encoded, plain};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;
use asked::Asked;
use facets::{Chosen, FacetView};

/// Hits on a page.
const SHOWN: usize = 20;
/// Pages that can be reached.
const MOST_PAGES: usize = MOST_HITS / SHOWN;

#[derive(Serialize)]
struct Results {
    query: String,
    total: usize,
    reachable: Option<usize>,
    took_ms: u64,
    kept: Vec<Kept>,
    sorts: Vec<SortLink>,
    chosen: Vec<Chosen>,
    clear_url: Option<String>,
    facets: Vec<FacetView>,
    hits: Vec<HitView>,
    suggestion: Option<Suggestion>,
    pages: Option<Pages>,
    feed_url: String,
}

/// What a new search keeps.
#[derive(Serialize)]
struct Kept {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct SortLink {
    label: Bilingual,
    url: String,
    current: bool,
}

#[derive(Serialize)]
struct Suggestion {
    text: String,
    url: String,
}

#[derive(Serialize)]
struct HitView {
    url: String,
    title: Vec<Piece>,
    #[serde(rename = "abstract")]
    summary: Vec<Piece>,
    body: Bilingual,
    body_url: String,
    theme: Option<Bilingual>,
    division: Option<Bilingual>,
    date: Dated,
    formats: Vec<String>,
    rows: Option<u64>,
    kind: &'static str,
    opening: Opening,
    why: Vec<Bilingual>,
}

/// The opening attribute, as the templates colour it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Opening {
    key: &'static str,
    label: Bilingual,
}

impl Opening {
    /// The opening attribute of an entry; without one it is not open.
    pub(super) fn of(opening: Option<law::OpeningAttribute>) -> Self {
        match opening {
            Some(attribute) => Self {
                key: match attribute {
                    law::OpeningAttribute::Unconditional => "unconditional",
                    law::OpeningAttribute::Conditional => "conditional",
                    law::OpeningAttribute::Withheld => "closed",
                },
                label: attribute.label(),
            },
            None => Self {
                key: "closed",
                label: Bilingual::new("未说明开放属性", "opening not stated"),
            },
        }
    }

    /// `unconditional`, `conditional` or `closed`.
    pub(super) fn key(&self) -> &'static str {
        self.key
    }

    /// The name of the attribute.
    pub(super) fn label(&self) -> &Bilingual {
        &self.label
    }
}

/// Shows what a search finds.
pub(crate) async fn search(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Result<Page, Problem> {
    let asked = Asked::parse(query.as_deref().unwrap_or_default());
    let begun = Instant::now();
    let (hits, datasets) = open::find_datasets(&app.platform, asked.query(SHOWN)).await?;
    let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let views = hits.hits.iter().filter_map(|hit| {
        let dataset = datasets.iter().find(|dataset| dataset.asset.id.to_string() == hit.id)?;
        Some(view(hit, dataset, &visitor))
    });
    let total = hits.total;
    let pages = total.div_ceil(SHOWN).min(MOST_PAGES);
    let context = Results {
        query: asked.text.clone(),
        total,
        reachable: (total > MOST_HITS).then_some(MOST_HITS),
        took_ms,
        kept: asked.kept().into_iter().map(|(name, value)| Kept { name, value }).collect(),
        sorts: sorts(&asked),
        chosen: facets::chosen(&asked),
        clear_url: (!asked.filters.is_empty()).then(|| asked.without_filters().url()),
        facets: facets::view(&asked, &hits.facets),
        hits: views.collect(),
        feed_url: Asked { page: 1, all: None, ..asked.clone() }.url().replacen(
            "/search",
            "/feed.atom",
            1,
        ),
        suggestion: hits
            .did_you_mean
            .clone()
            .map(|text| Suggestion { url: asked.with_text(&text).url(), text }),
        pages: Pages::of(number(asked.page), number(pages), |page| {
            asked.at_page(usize::try_from(page).unwrap_or(1)).url()
        }),
    };
    app.pages.render(&visitor, "portal/search.html", context)
}

/// What an address of this page searches, for a feed of the same.
pub(crate) fn query_of(address: &str) -> search::Query {
    let asked = Asked::parse(address);
    Asked { page: 1, ..asked }.query(SHOWN)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn sorts(asked: &Asked) -> Vec<SortLink> {
    let sorts = [
        (Sort::Relevance, "相关", "Relevance"),
        (Sort::Newest, "最新", "Newest"),
        (Sort::Popular, "使用最多", "Most used"),
    ];
    let link = |(sort, zh, en): (Sort, &str, &str)| SortLink {
        label: Bilingual::new(zh, en),
        url: asked.sorted(sort).url(),
        current: asked.sort == sort,
    };
    sorts.map(link).into()
}

fn view(hit: &Hit, dataset: &Dataset, visitor: &Visitor) -> HitView {
    let (asset, release) = (&dataset.asset, dataset.current.as_ref());
    let entry = &asset.entry;
    let english = visitor.lang == crate::view::Lang::En && !hit.title_en.text.is_empty();
    let formats = match release {
        Some(release) => dataset::formats(release.rows).into_iter().map(str::to_owned).collect(),
        None if entry.format.is_empty() => Vec::new(),
        None => {
            let label = law::entry("format", &entry.format).map(law::Entry::label);
            vec![
                label.map_or_else(
                    || entry.format.clone(),
                    |label| visitor.lang.pick(&label).to_owned(),
                ),
            ]
        }
    };
    HitView {
        url: format!("/dataset/{}", asset.id),
        title: if english { hit.title_en.pieces() } else { hit.title_zh.pieces() },
        summary: excerpt(&hit.description),
        body: plain(&asset.provider),
        body_url: body_url(asset),
        theme: law::entry("theme", &entry.theme).map(law::Entry::label),
        division: entry.division.as_ref().map(places::name_of),
        date: Dated::of(asset, release),
        formats,
        rows: release.map(|release| release.rows),
        kind: if release.is_some() { "data" } else { "entry" },
        opening: Opening::of(entry.opening),
        why: hit.matched.iter().filter_map(|field| why(*field)).collect(),
    }
}

/// A piece of a description, with dots where it was cut.
fn excerpt(excerpt: &search::Excerpt) -> Vec<Piece> {
    let dots = || Piece { text: "…".to_owned(), hit: false };
    let mut pieces = excerpt.pieces();
    if excerpt.cut_before {
        pieces.insert(0, dots());
    }
    if excerpt.cut_after {
        pieces.push(dots());
    }
    pieces
}

/// Why an entry was found, where title and abstract do not show it.
fn why(field: MatchedField) -> Option<Bilingual> {
    match field {
        MatchedField::Id => Some(Bilingual::new("编号", "identifier")),
        MatchedField::Keyword => Some(Bilingual::new("关键词", "keywords")),
        MatchedField::Body => Some(Bilingual::new("提供单位", "provider")),
        MatchedField::Item => Some(Bilingual::new("信息项", "items")),
        MatchedField::Title | MatchedField::Description => None,
    }
}

/// The page of a provider; for one that is not registered here, a search.
pub(super) fn body_url(asset: &platform::registry::Asset) -> String {
    match asset.body {
        Some(code) => format!("/body/{code}"),
        None => format!("/search?body={}", encoded(&asset.provider)),
    }
}

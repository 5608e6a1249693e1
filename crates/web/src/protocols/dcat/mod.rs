//! DCAT-AP 3: the catalogue as linked data, for harvesters.
//!
//! ```text
//! platform::open::page ─▶ catalog.rs (triples) ─▶ write.rs (Turtle, RDF/XML, JSON-LD)
//! ```
//!
//! `/catalog/dump.nt` and `/catalog/dump.ttl` have the whole catalogue in one answer
//! (`dump.rs`). `/catalog.ttl`, `.rdf` and `.jsonld` have one page of datasets each, linked by
//! Hydra; `/dataset/{id}.ttl`, `.rdf` and `.jsonld` have one dataset. Every node that is
//! referenced is typed on the page that refers to it.

pub(crate) mod catalog;
mod dump;
pub(crate) mod graph;
pub(crate) mod write;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::conditional;
use crate::extract::{ApiQuery, id_of, within};
use crate::problem::Problem;
use crate::visitor::Visitor;

pub(crate) use dump::{n_triples as dump_n_triples, turtle as dump_turtle};
pub(crate) use write::Syntax;

/// Datasets on a page of the catalogue.
const PAGE: u64 = 100;

/// Which page of the catalogue.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct PageParams {
    page: Option<u64>,
}

/// `/catalog.ttl`.
pub(crate) async fn turtle(
    State(app): State<App>,
    ApiQuery(params): ApiQuery<PageParams>,
) -> Result<Response, Problem> {
    page(&app, params, Syntax::Turtle).await
}

/// `/catalog.rdf`.
pub(crate) async fn rdf_xml(
    State(app): State<App>,
    ApiQuery(params): ApiQuery<PageParams>,
) -> Result<Response, Problem> {
    page(&app, params, Syntax::RdfXml).await
}

/// `/catalog.jsonld`.
pub(crate) async fn json_ld(
    State(app): State<App>,
    ApiQuery(params): ApiQuery<PageParams>,
) -> Result<Response, Problem> {
    page(&app, params, Syntax::JsonLd).await
}

async fn page(app: &App, params: PageParams, syntax: Syntax) -> Result<Response, Problem> {
    let number = within("page", params.page, 1, 1..=1_000_000)?;
    let (datasets, total) = platform::open::page(&app.platform, number, PAGE).await?;
    let pages = total.div_ceil(PAGE).max(1);
    if number > pages {
        return Err(Problem::not_found());
    }
    let place = catalog::Place { number, pages, total, extension: syntax.extension() };
    Ok(answer(&catalog::catalog(&app.site, &datasets, &place), syntax))
}

/// One dataset in a syntax; the file name of the address has been cut off.
pub(crate) async fn dataset(
    app: &App,
    visitor: &Visitor,
    id: &str,
    syntax: Syntax,
) -> Result<Response, Problem> {
    let found = platform::open::dataset(&visitor.caller, &app.platform, id_of(id)?).await?;
    Ok(answer(&catalog::dataset(&app.site, &found), syntax))
}

/// `/dataset/{id}`: the page, or with `.ttl`, `.rdf`, `.jsonld` the description.
pub(crate) async fn dataset_or_page(
    State(app): State<App>,
    visitor: Visitor,
    Path(name): Path<String>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    for syntax in Syntax::ALL {
        if let Some(id) = name.strip_suffix(syntax.extension()).and_then(|id| id.strip_suffix('.'))
        {
            let response = dataset(&app, &visitor, id, syntax).await?;
            return Ok(conditional::answer(&asked, response).await);
        }
    }
    crate::open::pages::dataset(State(app), visitor, Path(name)).await
}

fn answer(graph: &graph::Graph, syntax: Syntax) -> Response {
    let kind = HeaderValue::from_static(syntax.media_type());
    let any = HeaderValue::from_static("*");
    let headers = [(header::CONTENT_TYPE, kind), (header::ACCESS_CONTROL_ALLOW_ORIGIN, any)];
    (headers, write::write(graph, syntax)).into_response()
}

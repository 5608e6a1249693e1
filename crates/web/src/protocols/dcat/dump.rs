//! The whole catalogue as one RDF document, streamed: memory does not grow with it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use platform::open::Dataset;

use super::{catalog, write};
use crate::app::{App, Site};
use crate::problem::Problem;
use crate::protocols::whole::{Writer, whole};

/// `/catalog/dump.nt`.
pub(crate) async fn n_triples(
    State(app): State<App>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let kind = "application/n-triples; charset=utf-8";
    whole(&app, &asked, kind, Dump { syntax: Line::NTriples, blanks: 0 }).await
}

/// `/catalog/dump.ttl`.
pub(crate) async fn turtle(State(app): State<App>, asked: HeaderMap) -> Result<Response, Problem> {
    let kind = "text/turtle; charset=utf-8";
    whole(&app, &asked, kind, Dump { syntax: Line::Turtle, blanks: 0 }).await
}

/// The syntaxes that can be written piece by piece.
#[derive(Clone, Copy, Debug)]
enum Line {
    NTriples,
    Turtle,
}

#[derive(Debug)]
struct Dump {
    syntax: Line,
    /// Blank nodes so far: their labels must differ in the whole document.
    blanks: usize,
}

impl Writer for Dump {
    fn head(&mut self, site: &Site) -> Vec<u8> {
        let graph = catalog::head(site);
        match self.syntax {
            Line::NTriples => write::n_triples(&graph),
            Line::Turtle => write::turtle_prefixes() + &write::turtle_nodes(&graph),
        }
        .into_bytes()
    }

    fn part(&mut self, site: &Site, datasets: &[Dataset]) -> Vec<u8> {
        let graph = catalog::part(site, datasets, self.blanks);
        self.blanks = graph.next_blank();
        match self.syntax {
            Line::NTriples => write::n_triples(&graph),
            Line::Turtle => write::turtle_nodes(&graph),
        }
        .into_bytes()
    }

    fn tail(&mut self, _site: &Site) -> Vec<u8> {
        Vec::new()
    }
}

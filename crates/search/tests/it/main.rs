//! Tests of the catalogue index, as people use it.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops by a panic and says what it leaves out"
)]

mod conditions;
mod facets;
mod finding;
mod folder;
mod ranking;
mod real_titles;

use search::{Catalogue, Document, Hits, Query};

/// A document with a Chinese title.
fn titled(id: &str, title: &str) -> Document {
    Document { id: id.into(), title_zh: title.into(), ..Document::default() }
}

/// An index in memory with some documents.
fn catalogue(documents: &[Document]) -> Catalogue {
    let catalogue = Catalogue::in_memory().unwrap();
    catalogue.replace(documents).unwrap();
    catalogue
}

/// The first fifty hits for a text.
fn find(catalogue: &Catalogue, text: &str) -> Hits {
    let query = Query { text: Some(text.into()), limit: 50, ..Query::default() };
    catalogue.query(&query).unwrap()
}

/// The ids of the hits, in order.
fn ids(hits: &Hits) -> Vec<&str> {
    hits.hits.iter().map(|hit| hit.id.as_str()).collect()
}

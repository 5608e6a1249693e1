//! The catalogue index: finds published data by Chinese and English words.
//!
//! ```text
//! store ──documents──▶ Catalogue::replace ──▶ Tantivy index (a folder, or memory)
//!                                               │
//! text, filters, sort ──▶ Catalogue::query ─────┴──▶ hits with highlights, facet counts
//! ```
//!
//! The index is a copy: the store is the truth, and the callers rebuild the index from
//! it. So a folder that this version cannot read is emptied and not mended; an empty
//! [`Catalogue`] after [`Catalogue::open`] asks for a rebuild.
//!
//! Text is cut into single characters, pairs of characters and dictionary words
//! (jieba) where it is Chinese, and into folded, lower-case words without the plural
//! where it is Latin. Pairs make every piece of a title findable; dictionary words
//! make what is a word in the title rank above what is a word by accident.
//!
//! Invariants (each is also the name of a test):
//! - `any_text_gives_an_answer` (there is no query syntax that could be wrong)
//! - `real_titles_are_found_by_the_words_inside`
//! - `a_facet_does_not_filter_its_own_counts`
//!
//! Start at [`Catalogue`]. This crate knows no database and no web page.

mod analysis;
mod catalogue;
mod condition;
mod document;
mod error;
mod facets;
mod highlight;
mod query;
mod schema;
mod suggest;
mod text_query;

pub use catalogue::Catalogue;
pub use condition::Condition;
pub use document::Document;
pub use error::SearchError;
pub use facets::Facet;
pub use highlight::{Excerpt, Piece};
pub use query::{Hit, Hits, MatchedField, Query, Sort};

//! Questions and answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Condition, Excerpt, Facet};

/// A question to the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// What people typed; any text. The first 200 characters count. Absent or blank: all.
    pub text: Option<String>,
    /// Values by facet. Values of one facet are alternatives, facets add up.
    pub filters: BTreeMap<Facet, Vec<String>>,
    /// A condition in addition; it applies to the counts of all facets.
    pub condition: Option<Condition>,
    /// The order of the hits.
    pub sort: Sort,
    /// How many hits to leave out at the start.
    pub offset: usize,
    /// How many hits to return; at most 1,000. With 0 there are only counts.
    pub limit: usize,
    /// How many values a facet has at most; absent: 100.
    pub values: Option<usize>,
}

/// The order of hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// The best match first; without text, as `Newest`.
    #[default]
    Relevance,
    /// The last change first.
    Newest,
    /// By title, in the order of characters.
    Title,
    /// By title, the last one first.
    TitleDescending,
    /// The most used first.
    Popular,
    /// By id: each document has its place, whatever else changes.
    Id,
    /// By id, the last one first.
    IdDescending,
    /// The last change that harvesters were told of first.
    Changed,
    /// The first change that harvesters were told of first.
    ChangedAscending,
}

/// An answer of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hits {
    /// How many documents match, on all pages.
    pub total: usize,
    /// This page.
    pub hits: Vec<Hit>,
    /// Values with their counts by facet, the most frequent first, at most 100 each unless
    /// more are asked for. A facet's own filter does not apply to its counts.
    pub facets: BTreeMap<Facet, Vec<(String, u64)>>,
    /// Another text that finds something, if this one finds nothing with all its words.
    pub did_you_mean: Option<String>,
    /// True if no document has all the words, and these have some of them.
    pub relaxed: bool,
}

/// One document found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// The id of the document.
    pub id: String,
    /// How well it matches; only comparable inside one answer, 0 if not by relevance.
    pub score: f32,
    /// The Chinese title, with the places that match.
    pub title_zh: Excerpt,
    /// The English title, with the places that match.
    pub title_en: Excerpt,
    /// A piece of the description around the first place that matches.
    pub description: Excerpt,
    /// The fields in which words of the text were found.
    pub matched: Vec<MatchedField>,
}

/// A field in which words were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchedField {
    /// The id, exactly.
    Id,
    /// A title.
    Title,
    /// A keyword.
    Keyword,
    /// The name of the body.
    Body,
    /// The name of an item.
    Item,
    /// The description.
    Description,
}

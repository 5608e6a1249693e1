//! What a reader searches, as it stands in the address.
//!
//! A parameter may be repeated; codes may also be separated by commas, as in the API.

use std::collections::BTreeMap;

use search::{Facet, Query, Sort};
use url::form_urlencoded;

/// The facets of the page, in the order in which they are shown.
pub(super) const FACETS: [Facet; 6] =
    [Facet::Kind, Facet::Theme, Facet::Division, Facet::Opening, Facet::Format, Facet::Body];
/// The most values of one facet.
const MOST_VALUES: usize = 50;

/// What a reader searches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The words.
    pub(super) text: String,
    /// Chosen values by facet.
    pub(super) filters: BTreeMap<Facet, Vec<String>>,
    /// The order.
    pub(super) sort: Sort,
    /// The page, from 1.
    pub(super) page: usize,
    /// The facet that is shown with all its values.
    pub(super) all: Option<Facet>,
}

impl Asked {
    /// What stands in an address; what is not understood is left out.
    pub(super) fn parse(query: &str) -> Self {
        let mut asked = Self { page: 1, ..Self::default() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            match name.as_ref() {
                "q" => value.clone_into(&mut asked.text),
                "sort" => asked.sort = sort_of(value),
                "page" => asked.page = value.parse().unwrap_or(1).clamp(1, super::MOST_PAGES),
                "all" => asked.all = facet_of(value),
                name => {
                    if let Some(facet) = facet_of(name) {
                        asked.add(facet, value);
                    }
                }
            }
        }
        asked
    }

    fn add(&mut self, facet: Facet, value: &str) {
        // The name of a body may hold a comma.
        let parts: Vec<&str> = if facet == Facet::Body {
            vec![value]
        } else {
            value.split(',').map(str::trim).collect()
        };
        let chosen = self.filters.entry(facet).or_default();
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            if chosen.len() < MOST_VALUES && !chosen.iter().any(|known| known == part) {
                chosen.push(part.to_owned());
            }
        }
        self.filters.retain(|_, values| !values.is_empty());
    }

    /// The question to the index.
    pub(super) fn query(&self, size: usize) -> Query {
        Query {
            text: Some(self.text.clone()).filter(|text| !text.is_empty()),
            filters: self.filters.clone(),
            sort: self.sort,
            offset: (self.page.saturating_sub(1)).saturating_mul(size),
            limit: size,
            ..Query::default()
        }
    }

    /// Whether a value is chosen.
    pub(super) fn has(&self, facet: Facet, value: &str) -> bool {
        self.filters.get(&facet).is_some_and(|values| values.iter().any(|known| known == value))
    }

    /// The same search with a value chosen, or not any more; from the first page.
    pub(super) fn toggled(&self, facet: Facet, value: &str) -> Self {
        let mut asked = Self { page: 1, ..self.clone() };
        if asked.has(facet, value) {
            if let Some(values) = asked.filters.get_mut(&facet) {
                values.retain(|known| known != value);
            }
        } else {
            asked.filters.entry(facet).or_default().push(value.to_owned());
        }
        asked.filters.retain(|_, values| !values.is_empty());
        asked
    }

    /// The same search with other words; from the first page.
    pub(super) fn with_text(&self, text: &str) -> Self {
        Self { text: text.to_owned(), page: 1, ..self.clone() }
    }

    /// The same search in another order; from the first page.
    pub(super) fn sorted(&self, sort: Sort) -> Self {
        Self { sort, page: 1, ..self.clone() }
    }

    /// Another page of the same search.
    pub(super) fn at_page(&self, page: usize) -> Self {
        Self { page, ..self.clone() }
    }

    /// The same search with all values of a facet shown.
    pub(super) fn with_all(&self, facet: Facet) -> Self {
        Self { all: Some(facet), ..self.clone() }
    }

    /// The words alone.
    pub(super) fn without_filters(&self) -> Self {
        Self { filters: BTreeMap::new(), page: 1, ..self.clone() }
    }

    /// What a new search from the form keeps: name and value.
    pub(super) fn kept(&self) -> Vec<(&'static str, String)> {
        let mut kept = Vec::new();
        for (facet, values) in &self.filters {
            kept.extend(values.iter().map(|value| (facet.as_str(), value.clone())));
        }
        kept.extend(sort_word(self.sort).map(|word| ("sort", word.to_owned())));
        kept
    }

    /// The address.
    pub(super) fn url(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.text.is_empty() {
            query.append_pair("q", &self.text);
        }
        for (name, value) in self.kept() {
            query.append_pair(name, &value);
        }
        if let Some(facet) = self.all {
            query.append_pair("all", facet.as_str());
        }
        if self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        match query.finish() {
            query if query.is_empty() => "/search".to_owned(),
            query => format!("/search?{query}"),
        }
    }
}

fn facet_of(word: &str) -> Option<Facet> {
    FACETS.into_iter().find(|facet| facet.as_str() == word)
}

fn sort_of(word: &str) -> Sort {
    match word {
        "newest" => Sort::Newest,
        "title" => Sort::Title,
        "popular" => Sort::Popular,
        _ => Sort::Relevance,
    }
}

/// The word of an order in the address; none for the usual one.
fn sort_word(sort: Sort) -> Option<&'static str> {
    match sort {
        // The orders of programs have no link here.
        Sort::Relevance
        | Sort::TitleDescending
        | Sort::Id
        | Sort::IdDescending
        | Sort::Changed
        | Sort::ChangedAscending => None,
        Sort::Newest => Some("newest"),
        Sort::Title => Some("title"),
        Sort::Popular => Some("popular"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_what_it_asks_are_the_same_thing() {
        let address = "q=%E4%B9%A1%E9%95%87&theme=health&theme=credit_system&body=%E6%B0%91%E6%94%BF%E5%8E%85&sort=newest&page=3";
        let asked = Asked::parse(address);
        assert_eq!(asked.text, "乡镇");
        assert_eq!(asked.filters[&Facet::Theme], ["health", "credit_system"]);
        let again = asked.url();
        assert_eq!(Asked::parse(again.strip_prefix("/search?").unwrap()), asked);
        assert_eq!(Asked::parse("").url(), "/search");
    }

    #[test]
    fn commas_part_codes_but_not_names_of_bodies() {
        let asked = Asked::parse("theme=health,credit_system,&body=A,%20B&page=0&sort=x&unknown=1");
        assert_eq!(asked.filters[&Facet::Theme], ["health", "credit_system"]);
        assert_eq!(asked.filters[&Facet::Body], ["A, B"]);
        assert_eq!((asked.page, asked.sort), (1, Sort::Relevance));
    }

    #[test]
    fn choosing_twice_takes_a_value_away_and_goes_back_to_the_first_page() {
        let asked = Asked::parse("q=x&page=4");
        let chosen = asked.toggled(Facet::Kind, "dataset");
        assert_eq!(chosen.url(), "/search?q=x&kind=dataset");
        assert_eq!(chosen.toggled(Facet::Kind, "dataset").url(), "/search?q=x");
    }
}

//! Counts and filters.

use search::{Catalogue, Document, Facet, Hits, Query};

use crate::{catalogue, ids, titled};

fn sample() -> Catalogue {
    let document = |id: &str, theme: &str, division: &str, formats: &[&str]| Document {
        theme: theme.into(),
        division: division.into(),
        body_name: format!("{division} 局"),
        formats: formats.iter().map(|format| (*format).to_owned()).collect(),
        has_data: !formats.is_empty(),
        kind: if formats.is_empty() { "entry" } else { "dataset" }.into(),
        ..titled(id, "目录")
    };
    catalogue(&[
        document("1", "health", "140100", &["csv", "json"]),
        document("2", "health", "140105", &["csv"]),
        document("3", "credit_system", "140200", &["xlsx", "xlsx"]),
        document("4", "credit_system", "140000", &[]),
    ])
}

fn filtered(catalogue: &Catalogue, filters: &[(Facet, &[&str])]) -> Hits {
    let filters = filters
        .iter()
        .map(|(facet, values)| (*facet, values.iter().map(|v| (*v).to_owned()).collect()))
        .collect();
    catalogue.query(&Query { filters, limit: 50, ..Query::default() }).unwrap()
}

fn counts(hits: &Hits, facet: Facet) -> Vec<(&str, u64)> {
    let counted = hits.facets.get(&facet).unwrap();
    counted.iter().map(|(value, count)| (value.as_str(), *count)).collect()
}

#[test]
fn every_value_is_counted_once_a_document() {
    let all = filtered(&sample(), &[]);
    assert_eq!(counts(&all, Facet::Theme), [("credit_system", 2), ("health", 2)]);
    assert_eq!(counts(&all, Facet::Format), [("csv", 2), ("json", 1), ("xlsx", 1)]);
    assert_eq!(counts(&all, Facet::HasData), [("true", 3), ("false", 1)]);
    assert_eq!(counts(&all, Facet::Kind), [("dataset", 3), ("entry", 1)]);
    assert_eq!(counts(&all, Facet::Keyword), []);
}

#[test]
fn a_division_counts_and_finds_all_that_lies_inside() {
    let catalogue = sample();
    let all = filtered(&catalogue, &[]);
    assert_eq!(
        counts(&all, Facet::Division),
        [("140000", 4), ("140100", 2), ("140105", 1), ("140200", 1)],
    );
    let mut inside = filtered(&catalogue, &[(Facet::Division, &["140100"])]);
    inside.hits.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(ids(&inside), ["1", "2"]);
}

#[test]
fn a_facet_does_not_filter_its_own_counts() {
    let hits = filtered(&sample(), &[(Facet::Theme, &["health"]), (Facet::Format, &["csv"])]);
    assert_eq!(hits.total, 2);
    // Themes are counted among documents with CSV, whatever their theme.
    assert_eq!(counts(&hits, Facet::Theme), [("health", 2)]);
    // Formats are counted among health documents, whatever their format.
    assert_eq!(counts(&hits, Facet::Format), [("csv", 2), ("json", 1)]);
    // Everything else is counted among the hits.
    assert_eq!(counts(&hits, Facet::HasData), [("true", 2)]);
    let one = filtered(&sample(), &[(Facet::Theme, &["health"])]);
    assert_eq!(counts(&one, Facet::Theme), [("credit_system", 2), ("health", 2)]);
}

#[test]
fn values_of_one_facet_are_alternatives() {
    let catalogue = sample();
    assert_eq!(filtered(&catalogue, &[(Facet::Format, &["json", "xlsx"])]).total, 2);
    assert_eq!(filtered(&catalogue, &[(Facet::Format, &[])]).total, 4);
    assert_eq!(filtered(&catalogue, &[(Facet::Format, &["no such format"])]).total, 0);
}

#[test]
fn facets_follow_the_text() {
    let catalogue = catalogue(&[
        Document { theme: "health".into(), ..titled("1", "医院床位") },
        Document { theme: "environment".into(), ..titled("2", "空气质量") },
    ]);
    let query = Query { text: Some("医院".into()), limit: 5, ..Query::default() };
    let hits = catalogue.query(&query).unwrap();
    assert_eq!(counts(&hits, Facet::Theme), [("health", 1)]);
}

#[test]
fn facet_words_are_read_back() {
    for facet in Facet::ALL {
        assert_eq!(Facet::from_word(facet.as_str()), Some(*facet));
        assert_eq!(serde_json::to_string(facet).unwrap(), format!("\"{}\"", facet.as_str()));
    }
    assert_eq!(Facet::from_word("color"), None);
}

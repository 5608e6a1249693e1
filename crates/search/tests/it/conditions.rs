//! Conditions that programs combine, and orders that a harvest can rely on.

use std::ops::Bound;

use search::{Catalogue, Condition, Document, Facet, Query, Sort};

use crate::{catalogue, ids, titled};

fn few() -> Catalogue {
    let document = |id: &str, title: &str, body: &str, keyword: &str, changed_at| Document {
        body_key: body.into(),
        keywords: vec![keyword.into()],
        licence: "terms".into(),
        changed_at,
        ..titled(id, title)
    };
    catalogue(&[
        document("c", "医院床位", "health", "医疗", 30),
        document("a", "空气质量", "air", "环境", 10),
        document("b", "水质监测", "water", "环境", 20),
    ])
}

fn found(catalogue: &Catalogue, condition: Condition) -> Vec<String> {
    let query = Query { condition: Some(condition), sort: Sort::Id, limit: 10, ..Query::default() };
    ids(&catalogue.query(&query).unwrap()).into_iter().map(str::to_owned).collect()
}

#[test]
fn conditions_are_combined_as_logic_says() {
    let few = few();
    let value = |facet, text: &str| Condition::Value(facet, text.to_owned());
    let nature = || value(Facet::Keyword, "环境");
    assert_eq!(found(&few, nature()), ["a", "b"]);
    assert_eq!(found(&few, Condition::Not(Box::new(nature()))), ["c"]);
    assert_eq!(found(&few, Condition::All(Vec::new())), ["a", "b", "c"]);
    assert!(found(&few, Condition::Any(Vec::new())).is_empty());
    let either = Condition::Any(vec![Condition::Id("c".into()), value(Facet::Provider, "air")]);
    assert_eq!(found(&few, either), ["a", "c"]);
    let both = Condition::All(vec![nature(), Condition::Text("水质".into())]);
    assert_eq!(found(&few, both), ["b"]);
}

#[test]
fn a_time_of_changes_has_the_ends_that_were_asked_for() {
    let few = few();
    let changed = |from, until| found(&few, Condition::Changed(from, until));
    assert_eq!(changed(Bound::Included(20), Bound::Unbounded), ["b", "c"]);
    assert_eq!(changed(Bound::Excluded(20), Bound::Unbounded), ["c"]);
    assert_eq!(changed(Bound::Unbounded, Bound::Excluded(20)), ["a"]);
    assert_eq!(changed(Bound::Included(10), Bound::Included(20)), ["a", "b"]);
    assert_eq!(changed(Bound::Unbounded, Bound::Unbounded), ["a", "b", "c"]);
}

#[test]
fn pages_by_id_together_are_the_catalogue() {
    let documents: Vec<Document> =
        (0..257).rev().map(|number| titled(&format!("{number:03}"), "数据")).collect();
    let catalogue = Catalogue::in_memory().unwrap();
    // Several segments, as a living index has.
    for part in documents.chunks(50) {
        catalogue.replace(part).unwrap();
    }
    let mut seen = Vec::new();
    for offset in (0..).step_by(100) {
        let query = Query { sort: Sort::Id, limit: 100, offset, ..Query::default() };
        let hits = catalogue.query(&query).unwrap();
        assert_eq!(hits.total, 257);
        if hits.hits.is_empty() {
            break;
        }
        seen.extend(hits.hits.into_iter().map(|hit| hit.id));
    }
    let expected: Vec<String> = (0..257).map(|number| format!("{number:03}")).collect();
    assert_eq!(seen, expected);
}

#[test]
fn a_condition_counts_in_the_facets_and_their_number_can_be_set() {
    let few = few();
    let query = Query {
        condition: Some(Condition::Value(Facet::Keyword, "环境".into())),
        values: Some(1),
        ..Query::default()
    };
    let hits = few.query(&query).unwrap();
    assert_eq!(hits.facets[&Facet::Keyword], [("环境".to_owned(), 2)]);
    assert_eq!(hits.facets[&Facet::Provider].len(), 1);
}

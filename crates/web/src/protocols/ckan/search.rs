//! `package_search`: words, conditions, orders and facets.

use platform::open;
use search::{Condition, Facet, Query, Sort};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::CkanError;
use super::package::package;
use super::solr;
use crate::app::App;
use crate::open::distribution::format_name;
use crate::visitor::Visitor;

/// Most packages of an answer.
pub(super) const MOST_ROWS: u64 = 1_000;
/// Most packages that can be left out at the start.
const FARTHEST: u64 = 10_000_000;

/// The facets by the names that CKAN gives them.
const FACETS: [(&str, Facet); 7] = [
    ("organization", Facet::Provider),
    ("owner_org", Facet::Provider),
    ("groups", Facet::Theme),
    ("tags", Facet::Keyword),
    ("res_format", Facet::Format),
    ("license_id", Facet::Licence),
    ("division", Facet::Division),
];

/// Length of all filters of a call together, in bytes.
const MOST_FILTERS: usize = 4_096;

/// Searches the published entries.
pub(super) async fn package_search(
    app: &App,
    visitor: &Visitor,
    call: &Call,
) -> Result<Value, CkanError> {
    let rows = call.number("rows", 10, MOST_ROWS)?;
    let start = call.number("start", 0, FARTHEST)?;
    let (query, sort) = query(visitor, call)?;
    let mut wanted = call.list("facet.field");
    wanted.sort_unstable();
    wanted.dedup();
    let most = facet_limit(call)?;
    let query = Query { offset: size(start), limit: size(rows), values: Some(most), ..query };
    let (hits, datasets) = open::find_datasets(&app.platform, query).await?;
    let results: Vec<Value> = datasets.iter().map(|dataset| package(&app.site, dataset)).collect();
    let with_facets = call.flag("facet", true);
    let mut facets = Map::new();
    let mut search_facets = Map::new();
    for name in wanted.iter().filter(|_| with_facets) {
        let (counts, view) = facet(app, name, &hits, call).await?;
        facets.insert(name.clone(), counts);
        search_facets.insert(name.clone(), view);
    }
    Ok(json!({
        "count": hits.total,
        "facets": facets,
        "results": results,
        "sort": sort,
        "search_facets": search_facets,
    }))
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The query of the index, and the order in the words of the answer.
fn query(visitor: &Visitor, call: &Call) -> Result<(Query, String), CkanError> {
    let now = visitor.caller.now();
    let mut conditions = Vec::new();
    let mut text = None;
    if let Some(words) = call.text("q") {
        match solr::parse(&words, now) {
            Ok(condition) => split(condition, &mut text, &mut conditions),
            // What people type has no syntax that could be wrong.
            Err(_) => text = Some(words),
        }
    }
    let filters: Vec<String> = call.list("fq").into_iter().chain(call.list("fq_list")).collect();
    if filters.iter().map(String::len).sum::<usize>() > MOST_FILTERS {
        let told = format!("fq: at most {MOST_FILTERS} bytes in all");
        return Err(CkanError::Search(told));
    }
    for filter in filters {
        let condition = solr::parse(&filter, now)
            .map_err(|reason| CkanError::Search(format!("fq: {reason}")))?;
        conditions.push(condition);
    }
    if conditions.iter().map(solr::terms).sum::<usize>() > solr::MOST_TERMS {
        return Err(CkanError::Search(solr::too_many()));
    }
    let sort = call.text("sort");
    let (order, words) = order(sort.as_deref(), text.is_some())?;
    let condition = (!conditions.is_empty()).then_some(Condition::All(conditions));
    Ok((Query { text, condition, sort: order, ..Query::default() }, words))
}

/// Puts words apart, which rank, from conditions, which do not.
fn split(condition: Condition, text: &mut Option<String>, conditions: &mut Vec<Condition>) {
    let parts = match condition {
        Condition::All(parts) => parts,
        other => vec![other],
    };
    let mut words = Vec::new();
    for part in parts {
        match part {
            Condition::Text(word) => words.push(word),
            other => conditions.push(other),
        }
    }
    if !words.is_empty() {
        *text = Some(words.join(" "));
    }
}

/// The order. Without one and without words it is that of the ids: pages then make up
/// the whole catalogue, whatever changes while they are read.
fn order(asked: Option<&str>, has_words: bool) -> Result<(Sort, String), CkanError> {
    let Some(asked) = asked else {
        return Ok(if has_words {
            (Sort::Relevance, "score desc".to_owned())
        } else {
            (Sort::Id, "id asc".to_owned())
        });
    };
    let first = asked.split(',').next().unwrap_or_default();
    let mut words = first.split_whitespace();
    let field = words.next().unwrap_or_default();
    let down = match words.next().map(str::to_lowercase).as_deref() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(other) => {
            return Err(CkanError::Search(format!("sort: `{other}` is neither asc nor desc")));
        }
    };
    let sort = match (field, down) {
        // Ids are made in the order of time.
        ("id" | "name" | "metadata_created", false) => Sort::Id,
        ("id" | "name" | "metadata_created", true) => Sort::IdDescending,
        ("title" | "title_string", false) => Sort::Title,
        ("title" | "title_string", true) => Sort::TitleDescending,
        ("metadata_modified" | "last_modified", false) => Sort::ChangedAscending,
        ("metadata_modified" | "last_modified", true) => Sort::Changed,
        ("views_recent" | "views_total" | "popularity", _) => Sort::Popular,
        ("score" | "relevance" | "rank", _) if has_words => Sort::Relevance,
        ("score" | "relevance" | "rank", _) => match asked.split(',').nth(1) {
            Some(second) => order(Some(second.trim()), true)?.0,
            None => Sort::Id,
        },
        (other, _) => {
            return Err(CkanError::Search(format!(
                "sort: `{other}` is no field; there are id, name, title, metadata_created, \
                 metadata_modified, score and views_recent"
            )));
        }
    };
    Ok((sort, asked.to_owned()))
}

/// How many values a facet has; CKAN's -1 means all.
fn facet_limit(call: &Call) -> Result<usize, CkanError> {
    if call.text("facet.limit").as_deref() == Some("-1") {
        return Ok(usize::MAX);
    }
    Ok(size(call.number("facet.limit", 50, 100_000)?))
}

/// The counts of a facet in both forms that CKAN gives.
async fn facet(
    app: &App,
    name: &str,
    hits: &search::Hits,
    call: &Call,
) -> Result<(Value, Value), CkanError> {
    let least = call.number("facet.mincount", 1, u64::MAX)?;
    let known = FACETS.iter().find(|(known, _)| *known == name);
    let Some((_, facet)) = known else {
        let names: Vec<&str> = FACETS.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        return Err(CkanError::Search(format!("facet.field: `{name}` is none of {names}")));
    };
    let counts = hits.facets.get(facet).map(Vec::as_slice).unwrap_or_default();
    let providers = match facet {
        Facet::Provider => super::organization::titles(app).await?,
        _ => std::collections::HashMap::new(),
    };
    let mut plain = Map::new();
    let mut items = Vec::new();
    for (value, count) in
        counts.iter().filter(|(value, count)| !value.is_empty() && *count >= least)
    {
        let value = if *facet == Facet::Format { format_name(value) } else { value.clone() };
        let label = match facet {
            Facet::Provider => providers.get(&value).cloned(),
            Facet::Theme => law::entry("theme", &value).map(|theme| theme.zh.clone()),
            Facet::Division => Some(crate::open::pages::division_name(&value).zh),
            _ => None,
        };
        items.push(json!({
            "name": value,
            "display_name": label.unwrap_or_else(|| value.clone()),
            "count": count,
        }));
        plain.insert(value, json!(count));
    }
    Ok((Value::Object(plain), json!({ "title": name, "items": items })))
}

/// Words in `q` of the completing actions: titles that begin or hold them.
pub(super) async fn package_autocomplete(app: &App, call: &Call) -> Result<Value, CkanError> {
    let words = call.required("q")?;
    let limit = call.number("limit", 10, 100)?;
    let query = Query { text: Some(words), limit: size(limit), ..Query::default() };
    let (_, datasets) = open::find_datasets(&app.platform, query).await?;
    Ok(datasets
        .iter()
        .map(|dataset| {
            let id = dataset.asset.id.to_string();
            json!({
                "name": dataset.name.clone().unwrap_or(id),
                "title": dataset.asset.entry.title.zh,
                "match_field": "title",
                "match_displayed": dataset.asset.entry.title.zh,
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_order_pages_are_those_of_a_harvest() {
        assert_eq!(order(None, false).unwrap().0, Sort::Id);
        assert_eq!(order(None, true).unwrap().0, Sort::Relevance);
        assert_eq!(order(Some("id asc"), false).unwrap().0, Sort::Id);
        let usual = Some("score desc, metadata_modified desc");
        assert_eq!(order(usual, true).unwrap().0, Sort::Relevance);
        assert_eq!(order(usual, false).unwrap().0, Sort::Changed);
        assert!(order(Some("price asc"), false).is_err());
        assert!(order(Some("id upwards"), false).is_err());
    }

    #[test]
    fn words_rank_and_conditions_only_hold() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let (mut text, mut conditions) = (None, Vec::new());
        split(solr::parse("空气 质量 tags:环境", now).unwrap(), &mut text, &mut conditions);
        assert_eq!(text.as_deref(), Some("空气 质量"));
        assert_eq!(conditions.len(), 1);
    }
}

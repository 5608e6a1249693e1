//! Lists of packages, one package, one resource, and the search of resources.

use platform::open::{self, record};
use search::{Condition, Facet, Query, Sort};
use serde_json::{Value, json};
use vocabulary::AssetId;

use super::call::Call;
use super::datastore;
use super::error::CkanError;
use super::package::{self, package};
use super::search::MOST_ROWS;
use super::write;
use crate::app::App;
use crate::visitor::Visitor;

/// Datasets that are read at once.
const BATCH: usize = 500;

/// `package_list`: the names of all published entries.
pub(super) async fn package_list(app: &App, call: &Call) -> Result<Value, CkanError> {
    let offset = call.number("offset", 0, i64::MAX as u64)?;
    let limit = call.number("limit", i64::MAX as u64, i64::MAX as u64)?;
    let listed = record::listed(&app.platform, offset, limit).await?;
    let name = |listed: record::Listed| listed.name.unwrap_or_else(|| listed.id.to_string());
    Ok(listed.into_iter().map(|listed| json!(name(listed))).collect())
}

/// `current_package_list_with_resources`.
pub(super) async fn current(app: &App, call: &Call) -> Result<Value, CkanError> {
    let limit = call.number("limit", MOST_ROWS, MOST_ROWS)?;
    let offset = match call.text("page") {
        Some(_) => call.number("page", 1, u64::MAX)?.saturating_sub(1).saturating_mul(limit),
        None => call.number("offset", 0, i64::MAX as u64)?,
    };
    let offset = offset.min(i64::MAX as u64);
    let listed = record::listed(&app.platform, offset, limit).await?;
    let ids: Vec<AssetId> = listed.iter().map(|listed| listed.id).collect();
    let datasets = open::datasets(&app.platform, &ids).await?;
    Ok(datasets.iter().map(|dataset| package(&app.site, dataset)).collect())
}

/// `package_show`.
pub(super) async fn package_show(
    app: &App,
    visitor: &Visitor,
    call: &Call,
) -> Result<Value, CkanError> {
    Ok(package(&app.site, &write::find(app, visitor, &call.id()?).await?))
}

/// `resource_show`.
pub(super) async fn resource_show(
    app: &App,
    visitor: &Visitor,
    call: &Call,
) -> Result<Value, CkanError> {
    let text = call.id()?;
    let missing = || CkanError::NotFound("Resource");
    let (id, key) = datastore::place(&text)?;
    let dataset = open::dataset(&visitor.caller, &app.platform, id).await.map_err(|error| {
        match CkanError::from(error) {
            CkanError::NotFound(_) => missing(),
            other => other,
        }
    })?;
    let wanted = format!("{id}-{key}");
    let resources = package::resources(&app.site, &dataset);
    resources.into_iter().find(|resource| resource["id"] == wanted.as_str()).ok_or_else(missing)
}

/// `resource_search`: `query` is `field:term`, or a list of them that must all hold. A
/// resource is found by a part of a field's text; its format by the whole word.
pub(super) async fn resource_search(app: &App, call: &Call) -> Result<Value, CkanError> {
    let mut wanted = Vec::new();
    for part in call.list("query") {
        let pair = part.split_once(':').map(|(field, term)| (field.trim(), term.trim()));
        let Some((field, term)) = pair.filter(|(field, term)| is_field(field) && !term.is_empty())
        else {
            return Err(CkanError::invalid(
                "query",
                "写作 字段:词，字段为 name、description、format、url、mimetype 或 hash。",
                "write field:term; fields are name, description, format, url, mimetype and hash.",
            ));
        };
        wanted.push((field.to_owned(), term.to_lowercase()));
    }
    if wanted.is_empty() {
        return Err(CkanError::missing("query"));
    }
    let offset = usize::try_from(call.number("offset", 0, u64::MAX)?).unwrap_or(usize::MAX);
    let limit = usize::try_from(call.number("limit", MOST_ROWS, MOST_ROWS)?).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for place in (0..).step_by(BATCH) {
        let query = Query {
            condition: Some(Condition::Value(Facet::Kind, "dataset".to_owned())),
            sort: Sort::Id,
            offset: place,
            limit: BATCH,
            ..Query::default()
        };
        let hits = open::find(&app.platform, query).await?;
        if hits.assets.is_empty() {
            break;
        }
        let ids: Vec<AssetId> = hits.assets.iter().map(|asset| asset.id).collect();
        for dataset in open::datasets(&app.platform, &ids).await? {
            let resources = package::resources(&app.site, &dataset).into_iter();
            found.extend(resources.filter(|resource| {
                wanted.iter().all(|(field, term)| holds(resource, field, term))
            }));
        }
    }
    let count = found.len();
    let shown: Vec<Value> = found.into_iter().skip(offset).take(limit).collect();
    Ok(json!({ "count": count, "results": shown }))
}

fn is_field(field: &str) -> bool {
    ["name", "description", "format", "url", "mimetype", "hash"].contains(&field)
}

fn holds(resource: &Value, field: &str, term: &str) -> bool {
    let text = resource[field].as_str().unwrap_or_default().to_lowercase();
    if field == "format" { text == *term } else { text.contains(term) }
}

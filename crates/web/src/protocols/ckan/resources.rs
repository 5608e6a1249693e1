//! Lists of packages, one package, one resource, and the search of resources.

use platform::open::{self, record};
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
const BATCH: u64 = 500;

/// Most datasets whose resources are looked through, one by one, in a call.
const MOST_SEARCHED: u64 = 10_000;

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
///
/// There is no index of resources: those of all datasets are looked at, and of what is
/// found only the part that was asked for is kept.
pub(super) async fn resource_search(app: &App, call: &Call) -> Result<Value, CkanError> {
    let wanted = wanted(call)?;
    let (offset, limit) = call.window(MOST_ROWS, MOST_ROWS)?;
    if open::counts(&app.platform).await?.datasets > MOST_SEARCHED {
        return Err(CkanError::Unavailable(format!(
            "数据集超过 {MOST_SEARCHED} 个，不能逐个查找；请用 package_search 和 fq=res_format:… 。 / \
             more than {MOST_SEARCHED} datasets are not looked through one by one: use \
             package_search with fq=res_format:…"
        )));
    }
    let (mut count, mut shown) = (0_usize, Vec::new());
    let mut after = None;
    loop {
        let datasets = open::open_after(&app.platform, after, BATCH).await?;
        let Some(last) = datasets.last() else { break };
        after = Some(last.asset.id);
        for resource in datasets.iter().flat_map(|dataset| package::resources(&app.site, dataset)) {
            if !wanted.iter().all(|(field, term)| holds(&resource, field, term)) {
                continue;
            }
            if count >= offset && shown.len() < limit {
                shown.push(resource);
            }
            count += 1;
        }
    }
    Ok(json!({ "count": count, "results": shown }))
}

/// The fields of `query` with what they must hold.
fn wanted(call: &Call) -> Result<Vec<(String, String)>, CkanError> {
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
    Ok(wanted)
}

fn is_field(field: &str) -> bool {
    ["name", "description", "format", "url", "mimetype", "hash"].contains(&field)
}

fn holds(resource: &Value, field: &str, term: &str) -> bool {
    let text = resource[field].as_str().unwrap_or_default().to_lowercase();
    if field == "format" { text == *term } else { text.contains(term) }
}

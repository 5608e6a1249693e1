//! `/dataset/{id}/datapackage.json`: a Data Package (Frictionless, profile
//! `tabular-data-package`) with the schema of the table, its digest and its length.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use platform::gate::release::Release;
use platform::open::{Dataset, SITE_TERMS, licence_key};
use serde_json::{Value, json};

use super::described::described;
use super::schema_org::without_nothing;
use crate::app::{App, Site};
use crate::open::distribution::distributions;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// The package of a dataset.
#[utoipa::path(get, path = "/dataset/{id}/datapackage.json", tag = "open",
    params(("id" = String, Path, description = "Identifier of the dataset")),
    responses((status = 200, description = "A Data Package", body = Object), crate::openapi::Problems))]
pub(crate) async fn package(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    described(&app, &visitor, &id, &asked, "application/json", describe).await
}

fn describe(site: &Site, dataset: &Dataset, release: &Release) -> Value {
    let (asset, entry) = (&dataset.asset, &dataset.asset.entry);
    let base = &site.base_url;
    let key = licence_key(&entry.licence);
    let licence = if key == SITE_TERMS {
        json!({ "name": key, "title": "开放数据使用许可 / Open data licence", "path": format!("{base}/licence") })
    } else if url::Url::parse(&key).is_ok_and(|url| url.has_host()) {
        json!({ "path": key })
    } else {
        json!({ "name": slug(&key), "title": key })
    };
    let resources: Vec<Value> = distributions(base, dataset)
        .iter()
        .filter(|file| file.sha256.is_some())
        .map(|file| {
            json!({
                "profile": "tabular-data-resource",
                "name": "data",
                "title": entry.title.zh,
                "path": file.url,
                "scheme": if base.starts_with("https") { "https" } else { "http" },
                "format": file.key,
                "mediatype": file.media_type,
                "encoding": "utf-8",
                "bytes": file.bytes,
                "hash": file.sha256.as_ref().map(|digest| format!("sha256:{digest}")),
                "dialect": {
                    "delimiter": ",",
                    "lineTerminator": "\r\n",
                    "quoteChar": "\"",
                    "doubleQuote": true,
                    "header": true,
                },
                "schema": { "fields": fields(dataset, release), "missingValues": [""] },
            })
        })
        .collect();
    without_nothing(json!({
        "profile": "tabular-data-package",
        "name": asset.id.to_string(),
        "id": format!("{base}/dataset/{}", asset.id),
        "title": entry.title.zh,
        "description": entry.summary.zh,
        "homepage": format!("{base}/dataset/{}", asset.id),
        "version": format!("{}.0.0", release.number),
        "created": release.released_at.to_string(),
        "keywords": entry.keywords,
        "licenses": [licence],
        "contributors": [{ "title": asset.provider, "role": "publisher" }],
        "sources": entry.source_note.zh.trim().is_empty().then(Vec::new)
            .unwrap_or_else(|| vec![json!({ "title": entry.source_note.zh })]),
        "resources": resources,
    }))
}

/// The columns that left, with types and meanings.
fn fields(dataset: &Dataset, release: &Release) -> Vec<Value> {
    release
        .profile
        .columns
        .iter()
        .map(|column| {
            let items = &dataset.asset.entry.items;
            let item = items.iter().find(|item| item.name == column.name);
            let title = item.map(|item| item.title.zh.trim()).filter(|text| !text.is_empty());
            let said = item.map(|item| item.description.trim()).filter(|text| !text.is_empty());
            json!({
                "name": column.name,
                "type": kind(&column.kind),
                "title": title,
                "description": said,
            })
        })
        .collect()
}

/// The type of a column, in the words of Table Schema.
fn kind(kind: &str) -> &'static str {
    match kind {
        "boolean" => "boolean",
        "int64" => "integer",
        "float64" => "number",
        "date" => "date",
        "timestamp" => "datetime",
        _ => "string",
    }
}

/// A name of small letters, digits and `-` for a licence.
fn slug(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    text.chars().map(plain).collect()
}

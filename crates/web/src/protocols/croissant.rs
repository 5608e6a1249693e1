//! `/dataset/{id}/croissant.jsonld`: Croissant 1.0, a description that tools of machine
//! learning load data by. The `@context` is the official one, word for word.
//!
//! # Source
//!
//! Croissant Format Specification 1.0, `http://mlcommons.org/croissant/1.0`.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use platform::gate::release::Release;
use platform::open::Dataset;
use serde_json::{Value, json};
use vocabulary::time::china_date;

use super::described::described;
use super::pod::license;
use super::schema_org::without_nothing;
use crate::app::{App, Site};
use crate::open::distribution::distributions;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// The description of a dataset.
#[utoipa::path(get, path = "/dataset/{id}/croissant.jsonld", tag = "open",
    params(("id" = String, Path, description = "Identifier of the dataset")),
    responses((status = 200, description = "Croissant 1.0", body = Object, content_type = "application/ld+json"),
              crate::openapi::Problems))]
pub(crate) async fn croissant(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    described(&app, &visitor, &id, &asked, "application/ld+json", describe).await
}

/// The official context of version 1.0.
fn context() -> Value {
    json!({
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "data": { "@id": "cr:data", "@type": "@json" },
        "dataType": { "@id": "cr:dataType", "@type": "@vocab" },
        "dct": "http://purl.org/dc/terms/",
        "equivalentProperty": "cr:equivalentProperty",
        "examples": { "@id": "cr:examples", "@type": "@json" },
        "extract": "cr:extract",
        "field": "cr:field",
        "fileProperty": "cr:fileProperty",
        "fileObject": "cr:fileObject",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "parentField": "cr:parentField",
        "path": "cr:path",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "samplingRate": "cr:samplingRate",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform",
    })
}

fn describe(site: &Site, dataset: &Dataset, release: &Release) -> Value {
    let (asset, entry) = (&dataset.asset, &dataset.asset.entry);
    let base = &site.base_url;
    let page = format!("{base}/dataset/{}", asset.id);
    let day = china_date(release.released_at);
    // A file without a digest is none that Croissant names.
    let files: Vec<Value> = distributions(base, dataset)
        .iter()
        .filter(|file| file.sha256.is_some())
        .map(|file| {
            json!({
                "@type": "cr:FileObject",
                "@id": file.key,
                "name": format!("data.{}", file.key),
                "contentUrl": file.url,
                "contentSize": file.bytes.map(|bytes| format!("{bytes} B")),
                "encodingFormat": file.media_type,
                "sha256": file.sha256,
            })
        })
        .collect();
    let summary = if entry.summary.zh.trim().is_empty() { &entry.title } else { &entry.summary };
    let english = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
    without_nothing(json!({
        "@context": context(),
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": entry.title.zh,
        "alternateName": english(&entry.title.en),
        "description": summary.zh,
        "url": page,
        "license": license(site, &entry.licence).unwrap_or_else(|| json!(entry.licence)),
        "creator": { "@type": "sc:Organization", "name": asset.provider, "url": format!("{base}/") },
        "publisher": { "@type": "sc:Organization", "name": asset.provider },
        "datePublished": day.to_string(),
        "dateModified": day.to_string(),
        "version": format!("{}.0.0", release.number),
        "inLanguage": "zh",
        "keywords": entry.keywords,
        "citeAs": format!("{}. {}[DS]. 第{}版. {day}. {page}", asset.provider, entry.title.zh, release.number),
        "distribution": files,
        "recordSet": [{
            "@type": "cr:RecordSet",
            "@id": "rows",
            "name": "rows",
            "description": format!("{} 行 / rows", release.rows),
            "field": fields(dataset, release),
        }],
    }))
}

/// The columns that left.
fn fields(dataset: &Dataset, release: &Release) -> Vec<Value> {
    let columns = release.profile.columns.iter().zip(1_usize..);
    columns
        .map(|(column, number)| {
            let items = &dataset.asset.entry.items;
            let item = items.iter().find(|item| item.name == column.name);
            let said = item.map(|item| item.description.trim()).filter(|text| !text.is_empty());
            json!({
                "@type": "cr:Field",
                "@id": format!("rows/{}", field_id(&column.name, number)),
                "name": column.name,
                "description": said.unwrap_or(&column.name),
                "dataType": kind(&column.kind),
                "source": { "fileObject": { "@id": "csv" }, "extract": { "column": column.name } },
            })
        })
        .collect()
}

/// The name of a column where it can stand in an address as it is, else its number:
/// tools name the values of a record by it.
fn field_id(name: &str, number: usize) -> String {
    let is_plain = !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.chars().all(|c| c.is_ascii_digit());
    if is_plain { name.to_owned() } else { number.to_string() }
}

/// The type of a column, in the words of schema.org.
fn kind(kind: &str) -> &'static str {
    match kind {
        "boolean" => "sc:Boolean",
        "int64" => "sc:Integer",
        "float64" => "sc:Float",
        "date" => "sc:Date",
        "timestamp" => "sc:DateTime",
        _ => "sc:Text",
    }
}

//! schema.org `Dataset` in the pages of datasets, for search engines.
//!
//! It is a data block and no script: browsers neither run it nor does the content
//! security policy forbid it (HTML, section 4.12.1.1). No `<` stands in it, so that no
//! text of an entry can end it.

use platform::open::Dataset;
use serde_json::{Value, json};

use super::pod::license;
use crate::app::Site;
use crate::open::distribution::distributions;
use crate::open::pages::division_name;

/// Most columns that a page tells search engines of.
const MOST_VARIABLES: usize = 200;

/// The data block of a page.
pub(crate) fn block(site: &Site, dataset: &Dataset) -> String {
    dataset_node(site, dataset).to_string().replace('<', "\\u003c").replace('>', "\\u003e")
}

fn dataset_node(site: &Site, dataset: &Dataset) -> Value {
    let (asset, entry) = (&dataset.asset, &dataset.asset.entry);
    let base = &site.base_url;
    let page = format!("{base}/dataset/{}", asset.id);
    let summary = if entry.summary.zh.trim().is_empty() { &entry.title } else { &entry.summary };
    let english = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
    let release = dataset.current.as_ref();
    let provider = json!({
        "@type": "GovernmentOrganization",
        "name": asset.provider,
        "identifier": asset.body.map(|code| code.to_string()),
        "url": asset.body.map(|code| format!("{base}/body/{code}")),
    });
    let files: Vec<Value> = distributions(base, dataset)
        .iter()
        .map(|file| {
            json!({
                "@type": "DataDownload",
                "encodingFormat": file.media_type,
                "contentUrl": file.url,
                "contentSize": file.bytes.map(|bytes| format!("{bytes} B")),
                "sha256": file.sha256,
            })
        })
        .collect();
    let variables: Vec<Value> = entry
        .items
        .iter()
        .take(MOST_VARIABLES)
        .map(|item| {
            let name = if item.title.zh.is_empty() { &item.name } else { &item.title.zh };
            let said = Some(item.description.trim()).filter(|text| !text.is_empty());
            json!({ "@type": "PropertyValue", "name": name, "description": said })
        })
        .collect();
    let node = json!({
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": page,
        "url": page,
        "identifier": asset.id.to_string(),
        "name": entry.title.zh,
        "alternateName": english(&entry.title.en),
        "description": summary.zh,
        "keywords": entry.keywords,
        "creator": provider,
        "publisher": provider,
        "license": license(site, &entry.licence),
        "isAccessibleForFree": true,
        "inLanguage": "zh-CN",
        "datePublished": asset.published_at.map(|at| at.to_string()),
        "dateModified": dataset.changed_at.to_string(),
        "version": release.map(|release| release.number.to_string()),
        "spatialCoverage": entry.division.map(|code| json!({
            "@type": "Place",
            "name": division_name(code.as_str()).zh,
            "identifier": code.to_string(),
        })),
        "variableMeasured": variables,
        "distribution": files,
        "includedInDataCatalog": {
            "@type": "DataCatalog",
            "name": site.name.zh,
            "url": format!("{base}/"),
        },
    });
    without_nothing(node)
}

/// JSON without `null` and empty lists.
pub(super) fn without_nothing(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null() && *value != json!([]))
                .map(|(key, value)| (key, without_nothing(value)))
                .collect(),
        ),
        Value::Array(values) => values.into_iter().map(without_nothing).collect(),
        other => other,
    }
}

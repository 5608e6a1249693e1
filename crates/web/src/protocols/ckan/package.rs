//! Datasets, resources, organizations, groups and tags as CKAN describes them.
//!
//! | ours | CKAN |
//! |---|---|
//! | published entry, or a draft of the caller | package |
//! | file in a format | resource, id `{dataset}-{format}` |
//! | provider | organization, name: credit code in small letters |
//! | theme | group |
//! | keyword | tag |
//! | current open release | `version`, resources; none: a package without resources |

use jiff::Timestamp;
use platform::open::{Dataset, SITE_TERMS, licence_key, provider_key};
use platform::registry::AssetState;
use serde_json::{Value, json};
use vocabulary::time::utc_text;

use crate::app::Site;
use crate::open::distribution::{Distribution, distributions};

/// What CKAN calls a dataset's place in its life.
const ACTIVE: &str = "active";

/// A time as CKAN writes it: UTC with microseconds and without a zone.
pub(super) fn time(at: Timestamp) -> String {
    utc_text(at).trim_end_matches('Z').to_owned()
}

/// A dataset, or an entry without data.
pub(super) fn package(site: &Site, dataset: &Dataset) -> Value {
    let (asset, entry) = (&dataset.asset, &dataset.asset.entry);
    let id = asset.id.to_string();
    let name = dataset.name.clone().unwrap_or_else(|| id.clone());
    let base = &site.base_url;
    let created = asset.published_at.unwrap_or(asset.created_at);
    let licence = licence(site, &entry.licence);
    let resources: Vec<Value> = resources(site, dataset);
    let tags: Vec<Value> = entry.keywords.iter().map(|word| tag(word)).collect();
    let groups: Vec<Value> = law::entry("theme", &entry.theme).map(group).into_iter().collect();
    let state = match asset.state {
        AssetState::Published => ACTIVE,
        AssetState::Withdrawn => "deleted",
        _ => "draft",
    };
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    json!({
        "id": id,
        "name": name,
        "title": entry.title.zh,
        "title_translated": { "zh": entry.title.zh, "en": entry.title.en },
        "notes": entry.summary.zh,
        "notes_translated": { "zh": entry.summary.zh, "en": entry.summary.en },
        "url": format!("{base}/dataset/{}", asset.id),
        "version": dataset.current.as_ref().map(|release| release.number.to_string()),
        "type": "dataset",
        "state": state,
        "private": asset.state != AssetState::Published,
        "isopen": false,
        "license_id": licence.get("id"),
        "license_title": licence.get("title"),
        "license_url": licence.get("url"),
        "author": asset.provider,
        "author_email": null,
        "maintainer": text(&entry.contact.office),
        "maintainer_email": text(&entry.contact.email),
        "metadata_created": time(created),
        "metadata_modified": time(dataset.changed_at),
        "creator_user_id": null,
        "owner_org": provider_key(asset.body, &asset.provider),
        "organization": organization(&provider_key(asset.body, &asset.provider), &asset.provider),
        "groups": groups,
        "num_tags": tags.len(),
        "tags": tags,
        "num_resources": resources.len(),
        "resources": resources,
        "extras": extras(dataset),
        "relationships_as_subject": [],
        "relationships_as_object": [],
    })
}

/// What CKAN has no field for.
fn extras(dataset: &Dataset) -> Vec<Value> {
    let (asset, entry) = (&dataset.asset, &dataset.asset.entry);
    let opening = entry.opening.map(|opening| opening.code().to_owned());
    let cycle = entry.update_cycle.map(|cycle| cycle.code().to_owned());
    let division = entry.division.map(|code| code.to_string());
    let review = (asset.state != AssetState::Published).then(|| asset.state.label());
    let release = dataset.current.as_ref();
    let extras = [
        ("opening", opening),
        ("update_cycle", cycle),
        ("division", division),
        ("level", entry.level.map(|level| level.to_string())),
        ("credit_code", asset.body.map(|code| code.to_string())),
        ("origin", asset.origin.clone()),
        ("origin_id", asset.origin_id.clone()),
        ("rows", release.map(|release| release.rows.to_string())),
        ("release", release.map(|release| release.id.to_string())),
        ("receipt", release.map(|release| release.entry_id.to_string())),
        ("review_state", review.map(|label| format!("{} / {}", label.zh, label.en))),
    ];
    extras
        .into_iter()
        .filter_map(|(key, value)| {
            let value = value.filter(|value| !value.is_empty())?;
            Some(json!({ "key": key, "value": value }))
        })
        .collect()
}

/// The resources of a dataset.
pub(super) fn resources(site: &Site, dataset: &Dataset) -> Vec<Value> {
    let files = distributions(&site.base_url, dataset);
    files.iter().zip(0_u64..).map(|(file, position)| resource(dataset, file, position)).collect()
}

/// A file of a dataset.
fn resource(dataset: &Dataset, file: &Distribution, position: u64) -> Value {
    let released = dataset.current.as_ref().map(|release| time(release.released_at));
    let hash = file.sha256.as_ref().map(|digest| format!("sha256:{digest}"));
    json!({
        "id": format!("{}-{}", dataset.asset.id, file.key),
        "package_id": dataset.asset.id.to_string(),
        "name": format!("{}.{}", dataset.asset.entry.title.zh, file.key),
        "description": match file.sha256 {
            Some(_) => "与放行证书中的摘要一致。 / Has the digest of the release certificate.",
            None => "",
        },
        "format": file.format,
        "mimetype": file.media_type,
        "mimetype_inner": null,
        "url": file.url,
        "url_type": null,
        "resource_type": null,
        "size": file.bytes,
        "hash": hash.unwrap_or_default(),
        "cache_url": null,
        "cache_last_updated": null,
        "datastore_active": file.key == "csv",
        "created": released,
        "last_modified": released,
        "metadata_modified": time(dataset.changed_at),
        "position": position,
        "state": ACTIVE,
    })
}

/// A provider, as far as a package tells it.
pub(super) fn organization(key: &str, name: &str) -> Value {
    json!({
        "id": key,
        "name": key,
        "title": name,
        "display_name": name,
        "description": "",
        "image_url": "",
        "image_display_url": "",
        "type": "organization",
        "is_organization": true,
        "approval_status": "approved",
        "state": ACTIVE,
    })
}

/// A theme.
pub(super) fn group(theme: &law::Entry) -> Value {
    json!({
        "id": theme.code,
        "name": theme.code,
        "title": theme.zh,
        "display_name": theme.zh,
        "description": theme.en,
        "image_display_url": "",
        "type": "group",
        "is_organization": false,
        "approval_status": "approved",
        "state": ACTIVE,
    })
}

/// A keyword.
pub(super) fn tag(word: &str) -> Value {
    json!({
        "id": word,
        "name": word,
        "display_name": word,
        "state": ACTIVE,
        "vocabulary_id": null,
    })
}

/// A licence: the terms of this site, or the one that an entry names.
pub(super) fn licence(site: &Site, licence: &str) -> Value {
    let key = licence_key(licence);
    let is_ours = key == SITE_TERMS;
    let title = if is_ours { "开放数据使用许可 / Open data licence" } else { key.as_str() };
    let url = is_ours.then(|| format!("{}/licence", site.base_url));
    let text = |yes: bool| if yes { "True" } else { "False" };
    json!({
        "id": key,
        "title": title,
        "url": url,
        "status": ACTIVE,
        "maintainer": "",
        "family": "",
        // Nobody at the Open Definition has reviewed the terms.
        "od_conformance": "not reviewed",
        "osd_conformance": "not reviewed",
        "domain_content": text(false),
        "domain_data": text(true),
        "domain_software": text(false),
        "is_generic": text(false),
    })
}

//! What programs may file by this interface: drafts.
//!
//! `package_create` registers an asset for the body of the token's owner. Nothing that
//! is filed here is published: the unit head consents and the data administrator
//! publishes, as for every asset. The answer says so.

use platform::open::{self, Dataset};
use platform::registry::{self, Asset, AssetKind, AssetState, CatalogueEntry, NewAsset};
use serde_json::{Value, json};
use vocabulary::{AssetId, CreditCode};

use super::call::Call;
use super::error::CkanError;
use super::package::package;
use crate::app::App;
use crate::visitor::Visitor;

/// Whoever files must have shown a token.
fn signed_in(visitor: &Visitor) -> Result<(), CkanError> {
    if visitor.caller.account().is_some() {
        return Ok(());
    }
    Err(CkanError::denied(
        "请在请求头 Authorization 或 X-CKAN-API-Key 中附上访问令牌。",
        "send an API token in the header Authorization or X-CKAN-API-Key.",
    ))
}

/// A draft or published asset that the caller may see, by id or name.
pub(super) async fn find(app: &App, visitor: &Visitor, text: &str) -> Result<Dataset, CkanError> {
    let by_id = text.parse::<AssetId>().ok();
    if let Some(id) = by_id {
        match open::dataset(&visitor.caller, &app.platform, id).await {
            Ok(dataset) => return Ok(dataset),
            Err(platform::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let found = match by_id {
        Some(id) => registry::find(&visitor.caller, &app.platform, id).await,
        None => Err(platform::Error::NotFound { what: "asset", id: text.to_owned() }),
    };
    let asset = match found {
        Ok(asset) => asset,
        Err(platform::Error::NotFound { .. }) => {
            registry::find_named(&visitor.caller, &app.platform, text).await?
        }
        Err(error) => return Err(error.into()),
    };
    if asset.state == AssetState::Published {
        return Ok(open::dataset(&visitor.caller, &app.platform, asset.id).await?);
    }
    let name = by_id.is_none().then(|| text.to_owned());
    Ok(unpublished(asset, name))
}

/// An asset that is not in the catalogue, as a dataset without data.
fn unpublished(asset: Asset, name: Option<String>) -> Dataset {
    Dataset { changed_at: asset.updated_at, asset, current: None, releases: Vec::new(), name }
}

/// `package_create`.
pub(super) async fn create(app: &App, visitor: &Visitor, call: &Call) -> Result<Value, CkanError> {
    signed_in(visitor)?;
    let body = owner(app, visitor, call).await?;
    let mut entry = CatalogueEntry::default();
    apply(call, &mut entry, true)?;
    let name = call.text("name");
    if entry.title.zh.is_empty() {
        entry.title.zh = name.clone().ok_or_else(|| CkanError::missing("title"))?;
    }
    let new = NewAsset { body, kind: AssetKind::Dataset, entry };
    let changed =
        registry::register_named(&visitor.caller, &app.platform, new, name.as_deref()).await?;
    Ok(filed(app, changed.asset, name))
}

/// `package_update`, or with `full` false `package_patch`.
pub(super) async fn change(
    app: &App,
    visitor: &Visitor,
    call: &Call,
    full: bool,
) -> Result<Value, CkanError> {
    signed_in(visitor)?;
    let text = match call.text("id") {
        Some(id) => id,
        None => call.text("name").ok_or_else(|| CkanError::missing("id"))?,
    };
    let found = find(app, visitor, &text).await?;
    if found.asset.state != AssetState::Draft {
        let label = found.asset.state.label();
        return Err(CkanError::Denied(format!(
            "该条目状态为“{}”，只有草稿可以修改；请先退回或撤回。 / the entry is not a draft ({}): \
             it is returned or withdrawn before it can be changed.",
            label.zh, label.en
        )));
    }
    let mut entry = found.asset.entry.clone();
    apply(call, &mut entry, full)?;
    let (id, revision) = (found.asset.id, found.asset.revision);
    let changed = registry::edit(&visitor.caller, &app.platform, id, revision, entry).await?;
    Ok(filed(app, changed.asset, found.name))
}

/// `package_delete`: a published entry is withdrawn, with its reason.
pub(super) async fn delete(app: &App, visitor: &Visitor, call: &Call) -> Result<Value, CkanError> {
    signed_in(visitor)?;
    let found = find(app, visitor, &call.id()?).await?;
    let reason = call.required("reason")?;
    registry::withdraw(&visitor.caller, &app.platform, found.asset.id, None, &reason).await?;
    Ok(Value::Null)
}

/// A filed asset, with what happens to it next.
fn filed(app: &App, asset: Asset, name: Option<String>) -> Value {
    let missing: Vec<&str> =
        registry::missing(&asset).iter().map(|missing| missing.field).collect();
    let mut view = package(&app.site, &unpublished(asset, name));
    if let Value::Object(fields) = &mut view {
        let notice = "草稿：补齐内容并提交后，经单位负责人同意、主管部门审核才会发布。 / A draft: it \
            is published after it was completed, submitted, consented to and reviewed.";
        fields.insert("fenhe_notice".to_owned(), json!(notice));
        fields.insert("fenhe_missing".to_owned(), json!(missing));
    }
    view
}

/// The body that the draft is for: `owner_org`, or the body of the caller.
async fn owner(app: &App, visitor: &Visitor, call: &Call) -> Result<CreditCode, CkanError> {
    let Some(text) = call.text("owner_org") else {
        return visitor.caller.body().ok_or_else(|| CkanError::missing("owner_org"));
    };
    let unknown = || {
        CkanError::invalid(
            "owner_org",
            "没有这个已登记的单位；请填统一社会信用代码。",
            "no such registered body; give its credit code.",
        )
    };
    let provider = match super::organization::find(app, &text).await {
        Err(CkanError::NotFound(_)) => return Err(unknown()),
        found => found?,
    };
    provider.code.as_deref().and_then(|code| code.parse().ok()).ok_or_else(unknown)
}

/// Puts what was sent into an entry. What CKAN has no word for stays as it is.
///
/// - `full`: what was not sent is emptied, as far as CKAN has a word for it.
fn apply(call: &Call, entry: &mut CatalogueEntry, full: bool) -> Result<(), CkanError> {
    let text = |key: &str| call.text(key).unwrap_or_default();
    let sets = |key: &str| full || call.has(key);
    if sets("title") {
        entry.title.zh = text("title");
    }
    if sets("notes") {
        entry.summary.zh = text("notes");
    }
    for (key, both) in
        [("title_translated", &mut entry.title), ("notes_translated", &mut entry.summary)]
    {
        let Some(given) = call.json(key) else { continue };
        let part = |language: &str| given.get(language).and_then(Value::as_str).map(str::to_owned);
        both.en = part("en").unwrap_or_default();
        if let Some(zh) = part("zh").filter(|zh| !zh.trim().is_empty()) {
            both.zh = zh;
        }
    }
    if full || call.has("tags") || call.has("tag_string") {
        entry.keywords = keywords(call);
    }
    if sets("groups") {
        entry.theme = theme(call)?;
    }
    if sets("maintainer") {
        entry.contact.office = text("maintainer");
    }
    if sets("maintainer_email") {
        entry.contact.email = text("maintainer_email");
    }
    if sets("license_id") {
        let licence = text("license_id");
        entry.licence = if licence == open::SITE_TERMS { String::new() } else { licence };
    }
    if call.has("resources") {
        let formats = call.json("resources").unwrap_or_default();
        let format = formats.get(0).and_then(|resource| resource.get("format"));
        let code = format.and_then(Value::as_str).unwrap_or_default().to_lowercase();
        if law::entry("format", &code).is_some() {
            entry.format = code;
        }
    }
    extras(call, entry)
}

/// The keywords of `tags` and `tag_string`.
fn keywords(call: &Call) -> Vec<String> {
    let mut words: Vec<String> = match call.json("tags") {
        Some(Value::Array(tags)) => tags
            .iter()
            .filter_map(|tag| tag.get("name").and_then(Value::as_str).or_else(|| tag.as_str()))
            .map(|word| word.trim().to_owned())
            .collect(),
        _ => Vec::new(),
    };
    let listed = call.text("tag_string").unwrap_or_default();
    words.extend(listed.split(',').map(|word| word.trim().to_owned()));
    words.retain(|word| !word.is_empty());
    words
}

/// The theme: the first group that is one.
fn theme(call: &Call) -> Result<String, CkanError> {
    let Some(Value::Array(groups)) = call.json("groups") else { return Ok(String::new()) };
    let names: Vec<&str> = groups
        .iter()
        .filter_map(|group| {
            let field = |key: &str| group.get(key).and_then(Value::as_str);
            field("name").or_else(|| field("id")).or_else(|| group.as_str())
        })
        .collect();
    let known = names.iter().find(|name| law::entry("theme", name).is_some());
    match (known, names.is_empty()) {
        (Some(name), _) => Ok((*name).to_owned()),
        (None, true) => Ok(String::new()),
        (None, false) => Err(CkanError::invalid(
            "groups",
            "没有这个主题；可用的见 group_list。",
            "no such theme; group_list has them.",
        )),
    }
}

/// The extras that name fields of an entry; others are left out.
fn extras(call: &Call, entry: &mut CatalogueEntry) -> Result<(), CkanError> {
    let Some(Value::Array(extras)) = call.json("extras") else { return Ok(()) };
    let mut wrong = Vec::new();
    for extra in &extras {
        let (Some(key), Some(value)) =
            (extra.get("key").and_then(Value::as_str), extra.get("value").and_then(Value::as_str))
        else {
            continue;
        };
        let is_read = match key {
            "opening" => value.parse().map(|code| entry.opening = Some(code)).is_ok(),
            "update_cycle" => value.parse().map(|code| entry.update_cycle = Some(code)).is_ok(),
            "division" => value.parse().map(|code| entry.division = Some(code)).is_ok(),
            "level" => value.parse().map(|code| entry.level = Some(code)).is_ok(),
            "sharing" => value.parse().map(|code| entry.sharing = Some(code)).is_ok(),
            "sharing_mode" => {
                entry.sharing_mode = value.to_owned();
                true
            }
            "conditions" => {
                entry.conditions = value.to_owned();
                true
            }
            "industry" => {
                entry.industry = value.to_owned();
                true
            }
            _ => true,
        };
        if !is_read {
            let text =
                format!("extras `{key}`: `{value}` 不是可用的代码。 / not a code known here.");
            wrong.push(("extras".to_owned(), text));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(CkanError::Validation(wrong)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_leaves_what_it_does_not_name_and_an_update_empties_it() {
        let mut entry = CatalogueEntry {
            conditions: "无条件".to_owned(),
            keywords: vec!["水".to_owned()],
            ..CatalogueEntry::default()
        };
        let patch = Call::of(
            "package_patch",
            json!({ "title": "水质", "extras": [
            { "key": "division", "value": "140100" }, { "key": "colour", "value": "blue" }] }),
        );
        apply(&patch, &mut entry, false).unwrap();
        assert_eq!((entry.title.zh.as_str(), entry.keywords.len()), ("水质", 1));
        assert_eq!(entry.division.unwrap().to_string(), "140100");
        let update = Call::of("package_update", json!({ "title": "水质", "tag_string": "a, b" }));
        apply(&update, &mut entry, true).unwrap();
        assert_eq!(entry.keywords, ["a", "b"]);
        assert_eq!(entry.conditions, "无条件", "CKAN has no word for it");
        let wrong = Call::of("package_patch", json!({ "groups": [{ "name": "no-theme" }] }));
        assert!(apply(&wrong, &mut entry, false).is_err());
        let wrong = json!({ "extras": [{ "key": "division", "value": "太原" }] });
        assert!(apply(&Call::of("package_patch", wrong), &mut entry, false).is_err());
    }
}

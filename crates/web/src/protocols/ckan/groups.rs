//! Themes as groups, keywords as tags, and licences.

use platform::open;
use search::{Condition, Facet, Hits, Query, Sort};
use serde_json::{Value, json};

use super::call::Call;
use super::error::CkanError;
use super::list::{Listed, list};
use super::package::{self, package};
use crate::app::App;

/// Packages that a group, tag or organization shows of itself; more come by
/// `package_search`.
const SHOWN: usize = 1_000;

/// The packages that have a value in a facet.
pub(super) async fn packages_of(
    app: &App,
    facet: Facet,
    value: &str,
) -> Result<Vec<Value>, CkanError> {
    let query = Query {
        condition: Some(Condition::Value(facet, value.to_owned())),
        sort: Sort::Id,
        limit: SHOWN,
        ..Query::default()
    };
    let (_, datasets) = open::find_datasets(&app.platform, query).await?;
    Ok(datasets.iter().map(|dataset| package(&app.site, dataset)).collect())
}

/// Every value of the facets with its count.
async fn counts(app: &App) -> Result<Hits, CkanError> {
    let query = Query { limit: 0, values: Some(usize::MAX), ..Query::default() };
    Ok(open::find(&app.platform, query).await?.hits)
}

fn count_of(hits: &Hits, facet: Facet, value: &str) -> u64 {
    let counts = hits.facets.get(&facet).map(Vec::as_slice).unwrap_or_default();
    counts.iter().find(|(known, _)| known == value).map_or(0, |(_, count)| *count)
}

/// A theme with its count.
fn group_view(hits: &Hits, theme: &law::Entry) -> Value {
    let mut view = package::group(theme);
    if let Value::Object(fields) = &mut view {
        let count = count_of(hits, Facet::Theme, &theme.code);
        fields.insert("package_count".to_owned(), json!(count));
        fields.insert("num_followers".to_owned(), json!(0));
    }
    view
}

/// `group_list`.
pub(super) async fn group_list(app: &App, call: &Call) -> Result<Value, CkanError> {
    let hits = counts(app).await?;
    let wanted = call.list("groups");
    let themes = law::list("theme")
        .iter()
        .filter(|theme| wanted.is_empty() || wanted.contains(&theme.code))
        .map(|theme| Listed {
            name: theme.code.clone(),
            title: theme.zh.clone(),
            packages: count_of(&hits, Facet::Theme, &theme.code),
            view: group_view(&hits, theme),
        });
    list(call, themes.collect())
}

/// The theme that an action is about, by its code or its Chinese name.
fn theme_of(call: &Call) -> Result<&'static law::Entry, CkanError> {
    let id = call.id()?;
    let theme = law::list("theme").iter().find(|theme| theme.code == id || theme.zh == id);
    theme.ok_or(CkanError::NotFound("Group"))
}

/// `group_show`.
pub(super) async fn group_show(app: &App, call: &Call) -> Result<Value, CkanError> {
    let theme = theme_of(call)?;
    let mut view = group_view(&counts(app).await?, theme);
    let packages = if call.flag("include_datasets", false) {
        packages_of(app, Facet::Theme, &theme.code).await?
    } else {
        Vec::new()
    };
    if let Value::Object(fields) = &mut view {
        fields.insert("packages".to_owned(), json!(packages));
        for list in ["users", "tags", "groups", "extras"] {
            fields.insert(list.to_owned(), json!([]));
        }
    }
    Ok(view)
}

/// `group_package_show`.
pub(super) async fn group_package_show(app: &App, call: &Call) -> Result<Value, CkanError> {
    let theme = theme_of(call)?;
    Ok(json!(packages_of(app, Facet::Theme, &theme.code).await?))
}

/// `tag_list`, and `tag_autocomplete` with its own limit.
pub(super) async fn tag_list(app: &App, call: &Call, usual: u64) -> Result<Value, CkanError> {
    let hits = counts(app).await?;
    let words = call.text("query").or_else(|| call.text("q")).unwrap_or_default().to_lowercase();
    let (offset, limit) = call.window(usual, u64::MAX)?;
    if call.value("vocabulary_id").is_some() {
        return Err(CkanError::NotFound("Vocabulary"));
    }
    let keywords = hits.facets.get(&Facet::Keyword).map(Vec::as_slice).unwrap_or_default();
    let mut names: Vec<&str> = keywords
        .iter()
        .map(|(word, _)| word.as_str())
        .filter(|word| !word.is_empty() && word.to_lowercase().contains(&words))
        .collect();
    names.sort_unstable();
    let shown = names.into_iter().skip(offset).take(limit);
    Ok(if call.flag("all_fields", false) {
        shown.map(package::tag).collect()
    } else {
        shown.map(|word| json!(word)).collect()
    })
}

/// `tag_show`.
pub(super) async fn tag_show(app: &App, call: &Call) -> Result<Value, CkanError> {
    let word = call.id()?;
    if count_of(&counts(app).await?, Facet::Keyword, &word) == 0 {
        return Err(CkanError::NotFound("Tag"));
    }
    let mut view = package::tag(&word);
    if let (Value::Object(fields), true) = (&mut view, call.flag("include_datasets", false)) {
        let packages = packages_of(app, Facet::Keyword, &word).await?;
        fields.insert("packages".to_owned(), json!(packages));
    }
    Ok(view)
}

/// `license_list`: the licences that published entries have.
pub(super) async fn license_list(app: &App) -> Result<Value, CkanError> {
    let hits = counts(app).await?;
    let used = hits.facets.get(&Facet::Licence).map(Vec::as_slice).unwrap_or_default();
    let mut names: Vec<&str> = used.iter().map(|(key, _)| key.as_str()).collect();
    if !names.contains(&open::SITE_TERMS) {
        names.insert(0, open::SITE_TERMS);
    }
    Ok(names.into_iter().map(|key| package::licence(&app.site, key)).collect())
}

/// `format_autocomplete`.
pub(super) async fn format_autocomplete(app: &App, call: &Call) -> Result<Value, CkanError> {
    let words = call.text("q").unwrap_or_default().to_lowercase();
    let hits = counts(app).await?;
    let formats = hits.facets.get(&Facet::Format).map(Vec::as_slice).unwrap_or_default();
    let found = formats.iter().filter(|(code, _)| code.contains(&words));
    Ok(found.map(|(code, _)| json!(code)).collect())
}

//! Providers as organizations.

use std::collections::HashMap;

use platform::open::{self, BodyCount};
use serde_json::{Value, json};
use trust::identity::find_body;
use vocabulary::CreditCode;

use super::call::Call;
use super::error::CkanError;
use super::list::Listed;
use super::package;
use crate::app::App;
use crate::visitor::Visitor;

/// The key of a provider.
fn key(provider: &BodyCount) -> String {
    let code = provider.code.as_deref().and_then(|code| code.parse::<CreditCode>().ok());
    open::provider_key(code, &provider.name)
}

/// The names of the providers by their keys.
pub(super) async fn titles(app: &App) -> Result<HashMap<String, String>, CkanError> {
    let providers = open::providers(&app.platform).await?;
    Ok(providers.into_iter().map(|provider| (key(&provider), provider.name)).collect())
}

/// `organization_list`.
pub(super) async fn list(app: &App, call: &Call) -> Result<Value, CkanError> {
    let mut providers = open::providers(&app.platform).await?;
    let wanted = call.list("organizations");
    if !wanted.is_empty() {
        providers.retain(|provider| wanted.contains(&key(provider)));
    }
    let listed = providers.iter().map(|provider| Listed {
        name: key(provider),
        title: provider.name.clone(),
        packages: provider.entries,
        view: view(provider),
    });
    super::list::list(call, listed.collect())
}

/// A provider with its counts.
fn view(provider: &BodyCount) -> Value {
    let mut view = package::organization(&key(provider), &provider.name);
    if let Value::Object(fields) = &mut view {
        fields.insert("package_count".to_owned(), json!(provider.entries));
        fields.insert("num_followers".to_owned(), json!(0));
    }
    view
}

/// A provider by its key, its credit code or its name; also one that has published
/// nothing yet.
pub(super) async fn find(app: &App, text: &str) -> Result<BodyCount, CkanError> {
    let providers = open::providers(&app.platform).await?;
    let lower = text.to_lowercase();
    let found =
        providers.into_iter().find(|provider| key(provider) == lower || provider.name == text);
    if let Some(provider) = found {
        return Ok(provider);
    }
    let missing = || CkanError::NotFound("Organization");
    let code: CreditCode = text.to_uppercase().parse().map_err(|_| missing())?;
    let mut reader = app.platform.store.read().await?;
    let body = find_body(&mut reader, code).await?.ok_or_else(missing)?;
    Ok(BodyCount { code: Some(code.to_string()), name: body.name.zh, entries: 0, datasets: 0 })
}

/// `organization_show`.
pub(super) async fn show(app: &App, call: &Call) -> Result<Value, CkanError> {
    let provider = find(app, &call.id()?).await?;
    let mut view = view(&provider);
    let packages = if call.flag("include_datasets", false) {
        super::groups::packages_of(app, search::Facet::Provider, &key(&provider)).await?
    } else {
        Vec::new()
    };
    if let Value::Object(fields) = &mut view {
        fields.insert("packages".to_owned(), json!(packages));
        for list in ["users", "tags", "groups", "extras"] {
            fields.insert(list.to_owned(), json!([]));
        }
        let code = provider.code.as_deref();
        if let Some(code) = code {
            fields.insert("extras".to_owned(), json!([{ "key": "credit_code", "value": code }]));
        }
    }
    Ok(view)
}

/// `organization_autocomplete`.
pub(super) async fn autocomplete(app: &App, call: &Call) -> Result<Value, CkanError> {
    let words = call.text("q").unwrap_or_default().to_lowercase();
    let limit = usize::try_from(call.number("limit", 20, 1_000)?).unwrap_or(usize::MAX);
    let providers = open::providers(&app.platform).await?;
    let holds = |provider: &&BodyCount| {
        provider.name.to_lowercase().contains(&words) || key(provider).contains(&words)
    };
    let view = |provider: &BodyCount| json!({ "id": key(provider), "name": key(provider), "title": provider.name });
    Ok(providers.iter().filter(holds).take(limit).map(view).collect())
}

/// `organization_list_for_user`: the body that the caller works for; none for nobody.
pub(super) async fn of_caller(app: &App, visitor: &Visitor) -> Result<Value, CkanError> {
    let Some(code) = visitor.caller.body() else { return Ok(json!([])) };
    Ok(json!([view(&find(app, code.as_str()).await?)]))
}

//! The CKAN action API, for clients and harvesters that know CKAN.
//!
//! ```text
//! /api/action/{name}, /api/3/action/{name}
//!   call.rs (parameters) ─▶ action.rs (known? reads or writes?) ─▶ one of
//!   package.rs resources.rs search.rs + solr.rs organization.rs groups.rs (list.rs) datastore.rs write.rs
//!                        ─▶ {"help", "success", "result" | "error"}
//! ```
//!
//! Reading is free and anonymous. What is filed with a token is a draft (`write.rs`).

mod action;
mod call;
mod datastore;
mod error;
mod groups;
mod list;
mod organization;
mod package;
mod resources;
mod search;
mod solr;
mod write;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoResponses;

use self::action::Kind;
use self::call::Call;
use self::error::CkanError;
use crate::app::App;
use crate::conditional;
use crate::extract::ApiQuery;
use crate::problem::Problem;
use crate::visitor::Visitor;

/// The CKAN whose action API this follows.
const CKAN_VERSION: &str = "2.11.0";

/// What an action may answer beside its result.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described; `error.rs` makes the answers")]
enum Refusals {
    /// No such action, or a search that cannot be understood
    #[response(status = 400)]
    Search,
    /// Authorization Error
    #[response(status = 403)]
    Authorization,
    /// Not Found Error
    #[response(status = 404)]
    NotFound,
    /// Validation Error
    #[response(status = 409)]
    Validation,
    /// A limit was reached
    #[response(status = 503)]
    Unavailable,
}

/// What an action gives.
enum Outcome {
    /// JSON as a value.
    Value(Value),
    /// JSON as it is written.
    Written(Vec<u8>),
}

/// An action of the CKAN interface.
///
/// Parameters come in the address, as a JSON object or as a form. `help_show?name=…` has
/// the parameters of each action. The answer has `success` and `result` or `error`.
#[utoipa::path(get, path = "/api/3/action/{name}", tag = "open",
    params(("name" = String, Path, description = "package_search, package_show, datastore_search …")),
    responses((status = 200, description = "`success` and `result`", body = Object), Refusals))]
pub(crate) async fn read(
    State(app): State<App>,
    visitor: Visitor,
    Path(name): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Response {
    conditional::answer(&headers, act(&app, &visitor, name, request).await).await
}

/// An action of the CKAN interface; only by POST can it change something.
#[utoipa::path(post, path = "/api/3/action/{name}", tag = "open",
    params(("name" = String, Path, description = "As with GET; and package_create, package_update, package_patch, package_delete")),
    request_body(content = Object, description = "The parameters", content_type = "application/json"),
    responses((status = 200, description = "`success` and `result`", body = Object), Refusals))]
pub(crate) async fn post(
    State(app): State<App>,
    visitor: Visitor,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    act(&app, &visitor, name, request).await
}

/// `/api/util/status`: the status without its envelope.
pub(crate) async fn status(State(app): State<App>) -> Json<Value> {
    Json(status_show(&app))
}

/// `/api/3`: the version of the interface.
pub(crate) async fn version() -> Json<Value> {
    Json(json!({ "version": 3 }))
}

/// How `/datastore/dump/{id}` writes a file.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct DumpParams {
    format: Option<String>,
    bom: Option<bool>,
}

/// `/datastore/dump/{id}`: the whole resource as a file, at its address here.
pub(crate) async fn dump(
    Path(id): Path<String>,
    ApiQuery(params): ApiQuery<DumpParams>,
) -> Result<Redirect, Problem> {
    let (asset, key) = datastore::place(&id).map_err(|_| Problem::not_found())?;
    let format = params.format.unwrap_or_else(|| key.to_owned());
    if !["csv", "json"].contains(&format.as_str()) {
        return Err(Problem::bad_request("format 应为 csv 或 json。", "format is csv or json."));
    }
    let bom = if params.bom == Some(true) { "?bom=true" } else { "" };
    Ok(Redirect::temporary(&format!("/api/v1/datasets/{asset}/download/{format}{bom}")))
}

/// Whether an address belongs to this interface.
pub(crate) fn is_ours(path: &str) -> bool {
    path.starts_with("/api/action/") || path.starts_with("/api/3/action/")
}

/// Whether the action at an address is known here and changes nothing.
pub(crate) fn changes_nothing(path: &str) -> bool {
    let found = action::find(action_of(path));
    found.is_some_and(|(kind, _)| kind != Kind::Writes)
}

/// The name of the action at an address, as it is written there.
fn action_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// A problem that was met before the action began, such as a token that is not known, in
/// the form of this interface.
pub(crate) fn refused(site: &crate::app::Site, path: &str, problem: &Problem) -> Response {
    let text = format!("{} / {}", problem.detail.zh, problem.detail.en);
    let error = match problem.status.as_u16() {
        401 | 403 => CkanError::Denied(text),
        500 => CkanError::Internal,
        _ => CkanError::Unavailable(text),
    };
    error.response(&help(&site.base_url, action_of(path)))
}

fn help(base: &str, name: &str) -> String {
    let name: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    format!("{base}/api/3/action/help_show?name={name}")
}

/// Carries an action out and puts its answer into the envelope.
async fn act(app: &App, visitor: &Visitor, name: String, request: Request) -> Response {
    let help = help(&app.site.base_url, &name);
    let outcome = match Call::read(name, request).await {
        Ok(call) => Box::pin(outcome(app, visitor, &call)).await,
        Err(error) => Err(error),
    };
    let mut response = match outcome {
        Ok(Outcome::Value(result)) => {
            Json(json!({ "help": help, "success": true, "result": result })).into_response()
        }
        Ok(Outcome::Written(result)) => {
            let mut body = format!("{{\"help\":{},\"success\":true,\"result\":", json!(help));
            body.push_str(&String::from_utf8_lossy(&result));
            body.push('}');
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(error) => error.response(&help),
    };
    let any = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    response
}

/// What an action gives.
async fn outcome(app: &App, visitor: &Visitor, call: &Call) -> Result<Outcome, CkanError> {
    let name = call.name.as_str();
    match action::find(name) {
        None => {
            let shown = name.chars().take(100).collect();
            return Err(CkanError::UnknownAction(shown));
        }
        Some((Kind::Refused, why)) => return Err(CkanError::denied(&why.zh, &why.en)),
        Some((Kind::Writes, _)) if !call.posted => {
            return Err(CkanError::NeedsPost(name.to_owned()));
        }
        Some(_) => {}
    }
    let result = match name {
        "datastore_search" => {
            return datastore::search(app, visitor, call).await.map(Outcome::Written);
        }
        "datastore_info" => datastore::info(app, visitor, call).await?,
        "status_show" => status_show(app),
        "site_read" => json!(true),
        "help_show" => help_show(call)?,
        "package_list" => resources::package_list(app, call).await?,
        "current_package_list_with_resources" => resources::current(app, call).await?,
        "package_search" => search::package_search(app, visitor, call).await?,
        "package_autocomplete" => search::package_autocomplete(app, call).await?,
        "package_show" => resources::package_show(app, visitor, call).await?,
        "resource_show" => resources::resource_show(app, visitor, call).await?,
        "resource_search" => resources::resource_search(app, call).await?,
        "organization_list" => organization::list(app, call).await?,
        "organization_show" => organization::show(app, call).await?,
        "organization_autocomplete" => organization::autocomplete(app, call).await?,
        "organization_list_for_user" => organization::of_caller(app, visitor).await?,
        "group_list" => groups::group_list(app, call).await?,
        "group_show" => groups::group_show(app, call).await?,
        "group_package_show" => groups::group_package_show(app, call).await?,
        "tag_list" => groups::tag_list(app, call, u64::MAX).await?,
        "tag_autocomplete" => groups::tag_list(app, call, 10).await?,
        "tag_show" => groups::tag_show(app, call).await?,
        "format_autocomplete" => groups::format_autocomplete(app, call).await?,
        "license_list" => groups::license_list(app).await?,
        "package_create" => write::create(app, visitor, call).await?,
        "package_update" => write::change(app, visitor, call, true).await?,
        "package_patch" => write::change(app, visitor, call, false).await?,
        "package_delete" => write::delete(app, visitor, call).await?,
        "resource_view_list" | "vocabulary_list" | "package_relationships_list" => json!([]),
        _ => return Err(CkanError::UnknownAction(name.to_owned())),
    };
    Ok(Outcome::Value(result))
}

/// `status_show`.
fn status_show(app: &App) -> Value {
    let site = &app.site;
    json!({
        "site_title": site.name.zh,
        "site_description": site.tagline.zh,
        "site_url": site.base_url,
        "ckan_version": CKAN_VERSION,
        "fenhe_version": env!("CARGO_PKG_VERSION"),
        "error_emails_to": null,
        "locale_default": "zh_Hans_CN",
        "extensions": ["datastore"],
    })
}

/// `help_show`.
fn help_show(call: &Call) -> Result<Value, CkanError> {
    let name = call.required("name")?;
    let (_, help) = action::find(&name).ok_or(CkanError::NotFound("Action name not found"))?;
    Ok(json!(format!("{}\n\n{}", help.zh, help.en)))
}

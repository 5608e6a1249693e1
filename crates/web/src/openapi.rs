//! The description of the API (OpenAPI 3.1), made from the handlers.

use std::collections::BTreeMap;

use axum::Json;
use utoipa::openapi::response::Response as ResponseDoc;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

use crate::{
    gate, inbox, open, problem, protocols, ratings, registry, requests, reuses, summary, topics,
    trust,
};

/// What every operation may answer beside its own answers.
pub(crate) struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<ResponseDoc>> {
        let texts = [
            ("400", "The request cannot be understood"),
            ("401", "Sign in first"),
            ("403", "Not permitted"),
            ("404", "Nothing here, or not for this caller"),
            ("409", "Not possible in this state"),
            ("412", "Changed by someone else since it was read"),
            ("413", "The body is too large"),
            ("415", "Another content type is asked for"),
            ("422", "Fields are missing or wrong, or the law refuses"),
            ("428", "If-Match is missing"),
            ("429", "Too many requests; Retry-After says when to come again"),
            ("503", "Not available just now, or a limit was reached"),
        ];
        texts
            .into_iter()
            .map(|(status, text)| {
                let schema = Ref::from_schema_name("ProblemBody");
                let content = ContentBuilder::new().schema(Some(schema)).build();
                let response = ResponseBuilder::new()
                    .description(text)
                    .content("application/problem+json", content)
                    .build();
                (status.to_owned(), RefOr::T(response))
            })
            .collect()
    }
}

/// Adds how callers identify themselves.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

/// Gives every operation a name of its own, made of its method and path, and every answer
/// a description.
struct Complete;

impl Modify for Complete {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        for (path, item) in &mut document.paths.paths {
            let operations = [
                ("get", &mut item.get),
                ("head", &mut item.head),
                ("put", &mut item.put),
                ("post", &mut item.post),
                ("patch", &mut item.patch),
                ("delete", &mut item.delete),
            ];
            for (method, operation) in operations {
                let Some(operation) = operation else { continue };
                operation.operation_id = Some(operation_id(method, path));
                for (status, answer) in &mut operation.responses.responses {
                    if let RefOr::T(answer) = answer
                        && answer.description.is_empty()
                    {
                        says(status).clone_into(&mut answer.description);
                    }
                }
            }
        }
    }
}

/// `get` and `/api/v1/assets/{id}/versions` are `get_assets_id_versions`.
fn operation_id(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/api/v1/").unwrap_or(path);
    let words = path.split(|char: char| !char.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}

/// What an answer is that says nothing else of itself.
fn says(status: &str) -> &'static str {
    match status {
        "200" => "What was asked for",
        "201" => "It was made; Location says where it is",
        "202" => "Accepted; a job goes on with it",
        "204" => "It was done",
        "206" => "A part of what was asked for",
        _ => "See the status",
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Fenhe 汾河",
        description = "登记、检测、开放政务数据的接口。Register, inspect and open government data.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Security, &Complete),
    servers((url = "/")),
    security((), ("token" = [])),
    components(schemas(problem::ProblemBody)),
    tags(
        (name = "open", description = "开放平台：无需登录。The open portal; no account is needed."),
        (name = "requests", description = "公众诉求与答复、应用成果：提交无需登录。What the public asks, the answers, and what is made of the data; no account is needed to file."),
        (name = "inbox", description = "待办与时限。What waits for you, and how long it may."),
        (name = "registry", description = "资产登记与数据上传。Assets and their data."),
        (name = "gate", description = "出口检测与发布。The gate and releases."),
        (name = "summaries", description = "差分隐私摘要与隐私预算。Summaries with differential privacy, and their budget."),
        (name = "evidence", description = "回执、证书与密钥。Receipts, certificates and keys."),
        (name = "jobs", description = "后台任务。Work that runs later.")
    ),
    paths(
        inbox::api::show,
        registry::api::list, registry::api::create, registry::api::show, registry::api::edit,
        registry::api::submit, registry::api::consent, registry::api::publish,
        registry::api::send_back, registry::api::withdraw,
        registry::upload::begin, registry::upload::offset, registry::upload::append,
        registry::upload::complete, registry::upload::abort, registry::upload::versions,
        registry::upload::version, registry::upload::repair, registry::upload::quarantine,
        registry::upload::job,
        gate::api::start, gate::api::of_asset, gate::api::show, gate::api::report,
        gate::api::confirm,
        gate::api::submit, gate::api::approve, gate::api::reject, gate::api::certificate,
        gate::api::suspend, gate::api::measurements, gate::api::remeasure,
        summary::api::budget, summary::api::set_budget, summary::api::of_asset,
        summary::api::propose, summary::api::show, summary::api::edit, summary::api::submit,
        summary::api::approve, summary::api::reject, summary::api::withdraw,
        open::api::search, open::api::dataset, open::api::negative_list, open::rows::page, open::rows::groups,
        open::differences::show, topics::api::list, topics::api::show, topics::api::save,
        open::download::file, open::sql::get, open::sql::post, open::sql::tables::tables,
        requests::api::list, requests::api::statistics, requests::api::create,
        requests::api::show, requests::api::own, requests::api::supplement,
        requests::api::withdraw, requests::api::papers, requests::api::assign,
        requests::api::accept, requests::api::ask_supplement, requests::api::publish_question,
        requests::api::extend, requests::api::draft, requests::api::approve,
        requests::api::send_back, requests::api::close, requests::api::data,
        requests::api::lapse, requests::api::revoke,
        ratings::api::of, ratings::api::rate,
        reuses::api::list, reuses::api::submit, reuses::api::show, reuses::api::decline,
        protocols::ckan::read, protocols::ckan::post, protocols::oai::get,
        protocols::data_package::package, protocols::croissant::croissant,
        trust::api::keys, trust::api::receipt,
    )
)]
struct Api;

/// The description.
pub fn document() -> utoipa::openapi::OpenApi {
    Api::openapi()
}

/// `/api/v1/openapi.json`.
pub(crate) async fn json() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}

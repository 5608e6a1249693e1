//! Every URL of the site.
//!
//! Pages stand twice: without a prefix in Chinese, under `/en` in English.

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version,
    header,
};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, head, post, put};
use axum::{Json, Router};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, Predicate as _};
use tower_http::request_id::{
    MakeRequestId, PropagateRequestIdLayer, RequestId, SetRequestIdLayer,
};

use vocabulary::Bilingual;

use crate::app::App;
use crate::problem::Problem;
use crate::protocols::{ckan, croissant, data_package, dcat, feed, oai, pod, sitemap};
use crate::{
    gate, headers, idempotency, inbox, limits, map, metrics, open, openapi, people, ratings,
    registry, requests, reuses, session, summary, topics, trust, view,
};

/// Largest body of a request that is no piece of a file.
const BODY_BYTES: usize = 4 << 20;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The whole site.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(pages())
        .nest("/en", pages())
        .route("/en/", get(open::pages::home))
        .merge(api().layer(from_fn_with_state(app.clone(), idempotency::once)))
        .merge(files())
        .merge(log())
        .merge(catalog())
        .merge(operations())
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_by_this_method)
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::new(REQUEST_ID, Uuids))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID))
                .layer(from_fn_with_state(app.clone(), metrics::count))
                .layer(
                    CompressionLayer::new()
                        .compress_when(DefaultPredicate::new().and(is_not_sent_in_parts)),
                )
                .layer(from_fn_with_state(app.clone(), headers::protect))
                .layer(CatchPanicLayer::custom(broke))
                .layer(from_fn(finish_what_was_begun))
                .layer(from_fn_with_state(app.clone(), session::identify))
                .layer(from_fn_with_state(app.clone(), people::pages_for_people))
                .layer(from_fn_with_state(app.clone(), limits::admit))
                .layer(DefaultBodyLimit::max(BODY_BYTES)),
        )
        .with_state(app)
}

/// What an operator's monitoring reads, at an address of its own: `/metrics`.
pub fn monitoring(app: App) -> Router {
    Router::new().route("/metrics", get(metrics::show)).with_state(app)
}

/// What can be asked for in parts is sent as it is: its tag and its parts are those of the
/// bytes that a certificate names.
fn is_not_sent_in_parts(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    !headers.contains_key(header::ACCEPT_RANGES)
}

/// Pages for people.
fn pages() -> Router<App> {
    use registry::pages as assets;
    use trust::desk;
    let portal = Router::new()
        .route("/", get(open::pages::home))
        .route("/search", get(open::pages::search))
        .route("/dataset/{id}", get(dcat::dataset_or_page))
        .route("/dataset/{id}/datapackage.json", get(data_package::package))
        .route("/dataset/{id}/croissant.jsonld", get(croissant::croissant))
        .route("/feed.atom", get(feed::portal))
        .route("/body/{code}/feed.atom", get(feed::body))
        .route("/dataset/{id}/feed.atom", get(feed::dataset))
        .route("/dataset/{id}/explore", get(open::pages::explore))
        .route("/dataset/{id}/explore/groups.csv", get(open::pages::groups_csv))
        .route("/dataset/{id}/chart", get(open::pages::chart))
        .route("/dataset/{id}/chart.svg", get(open::pages::chart_svg))
        .route("/dataset/{id}/differences", get(open::pages::differences))
        .route("/entry/{id}", get(open::pages::entry))
        .route("/summary/{id}", get(summary::public::show))
        .route("/summary/{id}/figures.csv", get(summary::public::csv))
        .route("/negative-list", get(open::pages::negative_list))
        .route("/bodies", get(open::pages::bodies))
        .route("/body/{code}", get(open::pages::body))
        .route("/evidence", get(trust::pages::evidence).post(trust::pages::check))
        .route("/evidence/entry/{id}", get(trust::pages::evidence_entry))
        .route("/sql", get(open::pages::sql))
        .route("/developers", get(open::pages::developers))
        .route("/licence", get(open::pages::licence))
        .route("/accessibility", get(open::pages::accessibility))
        .route("/sign-in", get(trust::pages::sign_in_form).post(trust::pages::sign_in))
        .route("/sign-out", post(trust::pages::sign_out));
    let asked = Router::new()
        .route("/requests", get(requests::pages::list::show))
        .route("/requests/new", get(requests::pages::new::show).post(requests::pages::new::create))
        .route("/requests/{number}", get(requests::pages::case::show))
        .route("/requests/own", get(requests::pages::own::look_up).post(requests::pages::own::go))
        .route("/requests/own/{number}/{code}", get(requests::pages::own::show))
        .route("/requests/own/{number}/{code}/supplement", post(requests::pages::own::supplement))
        .route("/requests/own/{number}/{code}/withdraw", post(requests::pages::own::withdraw))
        .route("/requests/own/{number}/{code}/close", post(requests::pages::own::close))
        .route("/requests/own/{number}/{code}/data/{format}", get(requests::granted::file))
        .route("/topics", get(topics::pages::list))
        .route("/topics/{slug}", get(topics::pages::show))
        .route("/desk/topics", get(topics::desk::list))
        .route("/desk/topics/{slug}", get(topics::desk::form).post(topics::desk::save))
        .route("/dataset/{id}/rating", get(ratings::pages::form).post(ratings::pages::rate))
        .route("/reuses", get(reuses::pages::gallery))
        .route("/reuses/new", get(reuses::pages::form).post(reuses::pages::submit))
        .route("/desk/reuses", get(reuses::desk::list))
        .route("/desk/reuses/{id}/show", post(reuses::desk::show))
        .route("/desk/reuses/{id}/decline", post(reuses::desk::decline))
        .route("/desk/requests", get(requests::desk::list::show))
        .route("/desk/requests/{id}", get(requests::desk::case::show))
        .route("/desk/requests/{id}/accept", post(requests::desk::steps::accept))
        .route("/desk/requests/{id}/ask", post(requests::desk::steps::ask))
        .route("/desk/requests/{id}/assign", post(requests::desk::steps::assign))
        .route("/desk/requests/{id}/question", post(requests::desk::steps::question))
        .route("/desk/requests/{id}/extend", post(requests::desk::steps::extend))
        .route("/desk/requests/{id}/answer", post(requests::desk::steps::draft))
        .route("/desk/requests/{id}/approve", post(requests::desk::steps::approve))
        .route("/desk/requests/{id}/return", post(requests::desk::steps::send_back))
        .route("/desk/requests/{id}/lapse", post(requests::desk::steps::lapse))
        .route("/desk/requests/{id}/revoke", post(requests::desk::steps::revoke))
        .route("/desk/requests/{id}/close", post(requests::desk::steps::close));
    let desk = Router::new()
        .route("/desk", get(inbox::page::show))
        .route("/desk/assets", get(assets::assets::assets))
        .route(
            "/desk/assets/new",
            get(assets::register::show)
                .post(assets::register::create)
                .layer(DefaultBodyLimit::disable()),
        )
        .route("/desk/assets/{id}", get(assets::asset::show))
        .route("/desk/assets/{id}/edit", get(assets::edit::show).post(assets::edit::save))
        .route("/desk/assets/{id}/submit", post(assets::asset::submit))
        .route("/desk/assets/{id}/consent", post(assets::asset::consent))
        .route("/desk/assets/{id}/publish", post(assets::asset::publish))
        .route("/desk/assets/{id}/return", post(assets::asset::send_back))
        .route("/desk/assets/{id}/withdraw", post(assets::asset::withdraw))
        .route(
            "/desk/assets/{id}/upload",
            get(assets::upload::show)
                .post(assets::upload::receive)
                .layer(DefaultBodyLimit::disable()),
        )
        .route("/desk/assets/{id}/versions/{number}", get(assets::version::show))
        .route("/desk/assets/{id}/gate", post(gate::pages::start::newest))
        .route("/desk/assets/{id}/versions/{number}/repairs", post(assets::version::repair))
        .route("/desk/assets/{id}/versions/{number}/gate", post(gate::pages::start::version))
        .route("/desk/gate/{id}", get(gate::pages::run::show))
        .route("/desk/gate/{id}/frontier.csv", get(gate::pages::run::frontier))
        .route("/desk/gate/{id}/report.pdf", get(gate::pages::report::show))
        .route("/desk/gate/{id}/columns", post(gate::pages::columns::confirm))
        .route("/desk/gate/{id}/submit", post(gate::pages::decisions::submit))
        .route("/desk/gate/{id}/approve", post(gate::pages::decisions::approve))
        .route("/desk/gate/{id}/reject", post(gate::pages::decisions::reject))
        .route("/desk/gate/{id}/remeasure", post(gate::pages::decisions::remeasure))
        .route("/desk/gate/{id}/suspend", post(gate::pages::decisions::suspend))
        .route("/desk/assets/{id}/summaries", get(summary::desk::list).post(summary::desk::propose))
        .route("/desk/assets/{id}/privacy-budget", post(summary::desk::set_budget))
        .route("/desk/summaries/{id}", get(summary::desk::show))
        .route("/desk/summaries/{id}/add", post(summary::desk::add))
        .route("/desk/summaries/{id}/remove", post(summary::desk::remove))
        .route("/desk/summaries/{id}/submit", post(summary::desk::submit))
        .route("/desk/summaries/{id}/approve", post(summary::desk::approve))
        .route("/desk/summaries/{id}/reject", post(summary::desk::reject))
        .route("/desk/summaries/{id}/withdraw", post(summary::desk::withdraw))
        .route("/desk/reviews", get(gate::pages::reviews::reviews))
        .route("/desk/audit", get(desk::audit::audit))
        .route("/desk/audit.csv", get(desk::audit::export))
        .route("/desk/account", get(desk::account::show))
        .route("/desk/account/tokens", post(desk::account::create_token))
        .route("/desk/account/tokens/{id}/revoke", post(desk::account::revoke_token))
        .route("/desk/account/password", post(desk::account::password));
    portal.merge(asked).merge(desk)
}

/// The API.
fn api() -> Router<App> {
    let assets = Router::new()
        .route("/api/v1/assets", get(registry::api::list).post(registry::api::create))
        .route("/api/v1/assets/{id}", get(registry::api::show))
        .route("/api/v1/assets/{id}/entry", put(registry::api::edit))
        .route("/api/v1/assets/{id}/submission", post(registry::api::submit))
        .route("/api/v1/assets/{id}/consent", post(registry::api::consent))
        .route("/api/v1/assets/{id}/publication", post(registry::api::publish))
        .route("/api/v1/assets/{id}/return", post(registry::api::send_back))
        .route("/api/v1/assets/{id}/withdrawal", post(registry::api::withdraw))
        .route("/api/v1/assets/{id}/uploads", post(registry::upload::begin))
        .route("/api/v1/assets/{id}/versions", get(registry::upload::versions))
        .route("/api/v1/assets/{id}/versions/{number}", get(registry::upload::version))
        .route("/api/v1/assets/{id}/versions/{number}/repairs", post(registry::upload::repair))
        .route(
            "/api/v1/assets/{id}/versions/{number}/quarantine.csv",
            get(registry::upload::quarantine),
        )
        .route("/api/v1/uploads/{id}/completion", post(registry::upload::complete))
        .route("/api/v1/jobs/{id}", get(registry::upload::job))
        .route("/api/v1/inbox", get(inbox::api::show));
    let uploads = Router::new()
        .route(
            "/api/v1/uploads/{id}",
            head(registry::upload::offset)
                .patch(registry::upload::append)
                .delete(registry::upload::abort),
        )
        .layer(DefaultBodyLimit::disable());
    let gate = Router::new()
        .route("/api/v1/assets/{id}/gate-runs", get(gate::api::of_asset).post(gate::api::start))
        .route("/api/v1/gate-runs/{id}", get(gate::api::show))
        .route("/api/v1/gate-runs/{id}/report.pdf", get(gate::api::report))
        .route("/api/v1/gate-runs/{id}/columns", put(gate::api::confirm))
        .route("/api/v1/gate-runs/{id}/submission", post(gate::api::submit))
        .route("/api/v1/gate-runs/{id}/approval", post(gate::api::approve))
        .route("/api/v1/gate-runs/{id}/rejection", post(gate::api::reject))
        .route("/api/v1/releases/{id}/certificate", get(gate::api::certificate))
        .route(
            "/api/v1/releases/{id}/measurements",
            get(gate::api::measurements).post(gate::api::remeasure),
        )
        .route("/api/v1/releases/{id}/suspension", post(gate::api::suspend));
    let summaries = Router::new()
        .route(
            "/api/v1/assets/{id}/privacy-budget",
            get(summary::api::budget).put(summary::api::set_budget),
        )
        .route(
            "/api/v1/assets/{id}/summaries",
            get(summary::api::of_asset).post(summary::api::propose),
        )
        .route("/api/v1/summaries/{id}", get(summary::api::show).put(summary::api::edit))
        .route("/api/v1/summaries/{id}/submission", post(summary::api::submit))
        .route("/api/v1/summaries/{id}/approval", post(summary::api::approve))
        .route("/api/v1/summaries/{id}/rejection", post(summary::api::reject))
        .route("/api/v1/summaries/{id}/withdrawal", post(summary::api::withdraw));
    let open = Router::new()
        .route("/api/v1/datasets", get(open::api::search))
        .route("/api/v1/datasets/{id}", get(open::api::dataset))
        .route("/api/v1/negative-list", get(open::api::negative_list))
        .route("/api/v1/datasets/{id}/rows", get(open::rows::page))
        .route("/api/v1/datasets/{id}/groups", get(open::rows::groups))
        .route("/api/v1/datasets/{id}/differences", get(open::differences::show))
        .route("/api/v1/datasets/{id}/download/{format}", get(open::download::file))
        .route("/api/v1/sql", get(open::sql::get).post(open::sql::post))
        .route("/api/v1/sql/tables", get(open::sql::tables::tables));
    let asked = Router::new()
        .route("/api/v1/requests", get(requests::api::list).post(requests::api::create))
        .route("/api/v1/request-statistics", get(requests::api::statistics))
        .route("/api/v1/requests/{number}", get(requests::api::show))
        .route("/api/v1/requests/{number}/own", post(requests::api::own))
        .route("/api/v1/requests/{number}/supplement", post(requests::api::supplement))
        .route("/api/v1/requests/{number}/withdrawal", post(requests::api::withdraw))
        .route("/api/v1/requests/{number}/data/{format}", post(requests::api::data))
        .route("/api/v1/requests/{number}/papers", get(requests::api::papers))
        .route("/api/v1/requests/{number}/lapse", post(requests::api::lapse))
        .route("/api/v1/requests/{number}/grant/revocation", post(requests::api::revoke))
        .route("/api/v1/requests/{number}/assignment", post(requests::api::assign))
        .route("/api/v1/requests/{number}/acceptance", post(requests::api::accept))
        .route("/api/v1/requests/{number}/supplement-notice", post(requests::api::ask_supplement))
        .route("/api/v1/requests/{number}/question", post(requests::api::publish_question))
        .route("/api/v1/requests/{number}/extension", post(requests::api::extend))
        .route("/api/v1/requests/{number}/answer", post(requests::api::draft))
        .route("/api/v1/requests/{number}/answer/approval", post(requests::api::approve))
        .route("/api/v1/requests/{number}/answer/return", post(requests::api::send_back))
        .route("/api/v1/requests/{number}/closing", post(requests::api::close))
        .route("/api/v1/topics", get(topics::api::list))
        .route("/api/v1/topics/{id}", get(topics::api::show).put(topics::api::save))
        .route("/api/v1/datasets/{id}/ratings", get(ratings::api::of).post(ratings::api::rate))
        .route("/api/v1/reuses", get(reuses::api::list).post(reuses::api::submit))
        .route("/api/v1/reuses/{id}/publication", post(reuses::api::show))
        .route("/api/v1/reuses/{id}/refusal", post(reuses::api::decline));
    let evidence = Router::new()
        .route("/api/v1/keys", get(trust::api::keys))
        .route("/api/v1/receipts/{id}", get(trust::api::receipt))
        .route("/api/v1/openapi.json", get(openapi::json));
    let data = assets.merge(uploads).merge(gate).merge(summaries);
    data.merge(open).merge(asked).merge(evidence)
}

/// The front-end files and the map's shapes.
fn files() -> Router<App> {
    Router::new().route("/assets/{name}", get(asset)).route("/map/shanxi.json", get(map::json))
}

/// The transparency log.
fn log() -> Router<App> {
    Router::new()
        .route("/log/checkpoint", get(trust::api::checkpoint))
        .route("/log/tile/{*path}", get(trust::api::tile))
        .route("/log/key", get(trust::api::key))
}

/// The catalogue in the protocols of others.
fn catalog() -> Router<App> {
    let action = || get(ckan::read).post(ckan::post);
    Router::new()
        .route("/api/action/{name}", action())
        .route("/api/3/action/{name}", action())
        .route("/api/util/status", get(ckan::status))
        .route("/datastore/dump/{id}", get(ckan::dump))
        .route("/api/3", get(ckan::version))
        .route("/oai", get(oai::get).post(oai::post))
        .route("/data.json", get(pod::data_json))
        .route("/sitemap.xml", get(sitemap::sitemap))
        .route("/robots.txt", get(sitemap::robots))
        .route("/catalog/dump.nt", get(dcat::dump_n_triples))
        .route("/catalog/dump.ttl", get(dcat::dump_turtle))
        .route("/catalog.ttl", get(dcat::turtle))
        .route("/catalog.rdf", get(dcat::rdf_xml))
        .route("/catalog.jsonld", get(dcat::json_ld))
}

/// For operators.
fn operations() -> Router<App> {
    Router::new().route("/healthz", get(health))
}

/// Whether the database answers and everything is loaded.
async fn health(State(app): State<App>) -> Response {
    let not_yet = |status: &str| {
        let body = Json(serde_json::json!({ "status": status }));
        (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
    };
    match app.platform.store.read().await {
        Ok(_) if app.site.loading.step().is_some() => not_yet("loading"),
        Ok(_) => Json(serde_json::json!({ "status": "ok" })).into_response(),
        Err(_) => not_yet("unavailable"),
    }
}

/// A front-end file; its name has a digest, so it never changes.
async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let (bytes, kind) = view::front_end_file(&name).ok_or_else(Problem::not_found)?;
    let forever = "public, max-age=31536000, immutable";
    Ok(([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, forever)], bytes.into_owned())
        .into_response())
}

/// A client that goes away does not break off a transaction in the middle: what was
/// begun is finished, and only the answer has no reader.
async fn finish_what_was_begun(request: axum::extract::Request, next: Next) -> Response {
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(broken) if broken.is_panic() => std::panic::resume_unwind(broken.into_panic()),
        Err(_) => Problem::internal().into_response(),
    }
}

/// `/sitemap-{n}.xml`, which a route cannot say, and nothing else.
async fn nothing_here(
    State(app): State<App>,
    uri: Uri,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if method.is_safe() {
        sitemap::part(&app, uri.path(), &headers).await
    } else {
        Err(Problem::not_found())
    }
}

/// The address is there, and not for this method; `Allow` names those that it is for.
async fn not_by_this_method() -> Problem {
    let title = Bilingual::new("不支持这种方法", "The method is not allowed");
    let detail = Bilingual::new(
        "这个地址不支持这种 HTTP 方法，可用的方法见 Allow。",
        "This address does not answer this HTTP method; Allow names those that it answers.",
    );
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title, detail)
}

/// A panic is a defect: the log has it, the client gets an error.
#[expect(clippy::needless_pass_by_value, reason = "the shape that the layer asks for")]
fn broke(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    tracing::error!(panic = text, "a request broke");
    Problem::internal().into_response()
}

/// A new id for each request; one that a client sends is not believed.
#[derive(Clone, Copy)]
struct Uuids;

impl MakeRequestId for Uuids {
    fn make_request_id<B>(&mut self, _request: &Request<B>) -> Option<RequestId> {
        let id = uuid::Uuid::new_v4().to_string();
        HeaderValue::from_str(&id).ok().map(RequestId::new)
    }
}

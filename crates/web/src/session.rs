//! Finds out who asks: a session's cookie, an API token, or nobody.
//!
//! A request that changes something and comes with a cookie must prove that our
//! own page sent it: programs by the header `X-CSRF-Token`, forms by the field
//! `csrf` (see `form.rs`). A token in `Authorization` needs no such proof,
//! because a browser never adds it by itself.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use trust::Caller;
use trust::identity::{csrf, find_body, session, token};

use crate::app::App;
use crate::form::is_for_anyone;
use crate::limits;
use crate::problem::Problem;
use crate::protocols::ckan;
use crate::view::Lang;
use crate::visitor::{Flash, Visitor};

/// The session's cookie. The prefix binds it to this host and to HTTPS (or to the
/// local machine).
const SESSION: &str = "__Host-fenhe";
/// The cookie of someone who has not signed in, for the sign-in form.
const VISIT: &str = "__Host-fenhe-visit";
/// The cookie of a browser in which someone has signed in; it signs nobody in.
const DEVICE: &str = "__Host-fenhe-device";
/// How long it is kept.
const DEVICE_SECONDS: u32 = 180 * 24 * 3600;
/// The cookie of a message that is shown once.
const FLASH: &str = "__Host-fenhe-flash";

/// Puts the [`Visitor`] into the request.
pub(crate) async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let now = app.platform.clock.now();
    let client = app.limits.client(&request);
    let identified = match identity(&app, request.headers(), now).await {
        Ok(identified) => identified,
        Err(problem) => {
            let refusal = limits::refuse_stranger(&app, &request, client);
            return refusal.unwrap_or_else(|| refused(&app, &request, problem));
        }
    };
    let request_id = header_text(request.headers(), "x-request-id").unwrap_or_default().to_owned();
    let address = client.address.map(|address| address.to_string()).unwrap_or_default();
    let (lang, path) = language(&request);
    let is_page = is_page(&path);
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && identified.by_cookie && !proves_origin(&request, &identified, &path) {
        return refused(&app, &request, forged());
    }
    let mut visit = None;
    let secret = match (&identified.session, cookie(request.headers(), VISIT)) {
        (Some(secret), _) => secret.clone(),
        (None, Some(secret)) => secret,
        (None, None) if is_for_anyone(&path) || changes && is_page => {
            match csrf::anonymous_secret() {
                Ok(secret) => {
                    visit = Some(secret.clone());
                    secret
                }
                Err(_) => return Problem::internal().into_response(),
            }
        }
        (None, None) => String::new(),
    };
    let flash = cookie(request.headers(), FLASH).filter(|_| is_page && !changes);
    let caller = identified.caller.with_request(request_id, address);
    let (is_known, is_api) = (caller.account().is_some(), path.starts_with("/api/"));
    let visitor = Visitor {
        body_name: match caller.body() {
            Some(code) if is_page => body_name(&app, code).await,
            _ => None,
        },
        caller,
        lang,
        path,
        session: identified.session,
        device: cookie(request.headers(), DEVICE).filter(|_| is_page && changes),
        csrf: csrf::token(&secret),
        secret,
        flash: flash.as_deref().and_then(read_flash),
        site: std::sync::Arc::clone(&app.site),
    };
    request.extensions_mut().insert(visitor);
    request.extensions_mut().insert(client);
    let mut response = next.run(request).await;
    if is_known && is_api {
        // It may hold what others may not see, and a cache does not know every header that
        // a token comes in.
        let private = HeaderValue::from_static("private, no-store");
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(private);
    }
    if let Some(secret) = visit {
        set_cookie(&mut response, VISIT, &secret, None);
    }
    if flash.is_some() {
        set_cookie(&mut response, FLASH, "", Some(0));
    }
    response
}

/// A problem of who asks, in the form of the interface that was asked.
fn refused(app: &App, request: &Request, problem: Problem) -> Response {
    let path = request.uri().path();
    if ckan::is_ours(path) {
        return ckan::refused(&app.site, path, &problem);
    }
    problem.into_response()
}

/// Who a request comes from.
struct Identified {
    caller: Caller,
    session: Option<String>,
    by_cookie: bool,
}

/// The caller behind a token or a cookie.
async fn identity(
    app: &App,
    headers: &HeaderMap,
    now: jiff::Timestamp,
) -> Result<Identified, Problem> {
    let bearer = header_text(headers, "authorization")
        .map(|text| text.strip_prefix("Bearer ").unwrap_or(text))
        .or_else(|| header_text(headers, "x-ckan-api-key"));
    if let Some(text) = bearer {
        let caller =
            token::caller_of(&app.platform.store, text.trim(), now).await.map_err(failed)?;
        return match caller {
            Some(caller) => Ok(Identified { caller, session: None, by_cookie: false }),
            None => Err(Problem::sign_in()),
        };
    }
    if let Some(secret) = cookie(headers, SESSION) {
        let limits = session::Limits::default();
        let found = session::caller_of(&app.platform.store, &secret, now, limits).await;
        if let Some(caller) = found.map_err(failed)? {
            return Ok(Identified { caller, session: Some(secret), by_cookie: true });
        }
    }
    Ok(Identified { caller: Caller::anonymous(now), session: None, by_cookie: false })
}

/// The store failed while someone was identified.
fn failed(error: store::Error) -> Problem {
    tracing::error!(error = %vocabulary::error_chain(&error), "could not identify a caller");
    Problem::from(platform::Error::from(error))
}

/// Whether a request with a cookie that changes something was sent by our own page.
/// Forms prove it by a field, which their extractor checks.
fn proves_origin(request: &Request, identified: &Identified, path: &str) -> bool {
    if header_text(request.headers(), "sec-fetch-site") == Some("cross-site") {
        return false;
    }
    let secret = identified.session.as_deref().unwrap_or_default();
    match header_text(request.headers(), "x-csrf-token") {
        Some(presented) => csrf::matches(secret, presented),
        None => !path.starts_with("/api/"),
    }
}

/// The answer to a request that another site made the browser send.
pub(crate) fn forged() -> Problem {
    let title = vocabulary::Bilingual::new("表单已失效", "The form is no longer valid");
    let detail = vocabulary::Bilingual::new(
        "请刷新页面后重新提交；程序请使用访问令牌，或附上 X-CSRF-Token。",
        "Reload the page and send it again; programs use an API token, or send X-CSRF-Token.",
    );
    Problem::new(axum::http::StatusCode::FORBIDDEN, "forged", title, detail)
}

/// Signs someone in on this browser.
pub(crate) fn start_session(response: &mut Response, secret: &str) {
    set_cookie(response, SESSION, secret, None);
}

/// Remembers that someone signed in on this browser.
pub(crate) fn remember_device(response: &mut Response, secret: &str) {
    set_cookie(response, DEVICE, secret, Some(DEVICE_SECONDS));
}

/// Signs someone out on this browser.
pub(crate) fn end_session(response: &mut Response) {
    set_cookie(response, SESSION, "", Some(0));
}

/// Shows a message on the next page.
pub(crate) fn set_flash(response: &mut Response, flash: &Flash) {
    if let Ok(json) = serde_json::to_vec(flash) {
        set_cookie(response, FLASH, &BASE64_URL_SAFE_NO_PAD.encode(json), Some(60));
    }
}

fn read_flash(text: &str) -> Option<Flash> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

fn set_cookie(response: &mut Response, name: &str, value: &str, max_age: Option<u32>) {
    let age = max_age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, text);
    }
}

/// A cookie's value.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    pairs
        .flat_map(|text| text.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The language by the prefix, and the path with its query but without the prefix.
fn language(request: &Request) -> (Lang, String) {
    let full = request.uri().path_and_query().map_or("/", |path| path.as_str());
    match full.strip_prefix("/en") {
        Some("") => (Lang::En, "/".to_owned()),
        Some(rest) if rest.starts_with('/') => (Lang::En, rest.to_owned()),
        Some(rest) if rest.starts_with('?') => (Lang::En, format!("/{rest}")),
        _ => (Lang::Zh, full.to_owned()),
    }
}

/// Whether a path is a page for people.
pub(crate) fn is_page(path: &str) -> bool {
    let machine = [
        "/api/",
        "/log/",
        "/assets/",
        "/healthz",
        "/catalog.",
        "/catalog/",
        "/map/",
        "/oai",
        "/data.json",
        "/sitemap",
        "/robots.txt",
        "/feed.atom",
    ];
    !machine.iter().any(|prefix| path.starts_with(prefix))
}

async fn body_name(app: &App, code: vocabulary::CreditCode) -> Option<vocabulary::Bilingual> {
    let mut reader = app.platform.store.read().await.ok()?;
    find_body(&mut reader, code).await.ok()?.map(|body| body.name)
}

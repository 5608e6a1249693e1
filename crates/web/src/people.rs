//! Errors as pages: where a person's browser asked and a problem came back.

use axum::extract::{Request, State};
use axum::http::{HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::app::App;
use crate::problem::{Problem, RefusalView};
use crate::session::is_page;
use crate::visitor::Visitor;

/// The context of `error.html`.
#[derive(Serialize)]
struct ErrorPage<'a> {
    status: u16,
    title: &'a Bilingual,
    what: &'a Bilingual,
    ground: Option<Bilingual>,
    ground_url: Option<String>,
    code: Option<String>,
    remedy: Bilingual,
    request: Option<String>,
}

/// Turns a problem into a page for people who asked for one.
pub(crate) async fn pages_for_people(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let visitor = request.extensions().get::<Visitor>().cloned();
    let wants_page = request
        .headers()
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let request_id =
        request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let is_read = request.method().is_safe();
    let response = next.run(request).await;
    let Some(visitor) = visitor.filter(|visitor| wants_page && is_page(&visitor.path)) else {
        return response;
    };
    let status = response.status();
    let problem = match response.extensions().get::<Problem>() {
        Some(problem) => problem.clone(),
        None if status.is_client_error() && is_plain(&response) => {
            Problem { status, ..Problem::not_found() }
        }
        None => return response,
    };
    if problem.kind == "unauthenticated" && is_read {
        let next =
            url::form_urlencoded::byte_serialize(visitor.path.as_bytes()).collect::<String>();
        return Redirect::to(&visitor.lang.href(&format!("/sign-in?next={next}"))).into_response();
    }
    let refusal = problem.refusals.first().map(RefusalView::of);
    let remedy = match &refusal {
        Some(refusal) => Bilingual::from(refusal.remedy.clone()),
        None => Bilingual::new(
            "请返回上一页检查，或从首页重新开始。",
            "Go back and check, or start again from the home page.",
        ),
    };
    let page = ErrorPage {
        status: problem.status.as_u16(),
        title: &problem.title,
        what: &problem.detail,
        ground: refusal.as_ref().map(|refusal| refusal.ground.clone().into()),
        ground_url: None,
        code: refusal.map(|refusal| refusal.code),
        remedy,
        request: request_id,
    };
    match app.pages.render(&visitor, "error.html", page) {
        Ok(page) => with_headers_of(&response, page.with_status(problem.status).into_response()),
        Err(_) => response,
    }
}

/// The page with what else the problem said, e.g. when to come again.
fn with_headers_of(problem: &Response, mut page: Response) -> Response {
    let is_about_the_body =
        |name: &HeaderName| [header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name);
    for (name, value) in problem.headers() {
        if !is_about_the_body(name) {
            page.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    page
}

/// Whether a response is one that the router or an extractor made by itself.
fn is_plain(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_none_or(|kind| kind.starts_with("text/plain"))
}

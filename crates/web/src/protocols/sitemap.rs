//! `/sitemap.xml` and `/robots.txt`, for search engines.
//!
//! A sitemap has at most 50,000 addresses, so a large catalogue has an index of parts:
//! `/sitemap.xml` names `/sitemap-1.xml`, `/sitemap-2.xml` …
//!
//! # Source
//!
//! <https://www.sitemaps.org/protocol.html>; RFC 9309 (robots).

use std::fmt::Write as _;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use platform::open::{self, record};

use super::dcat::write::xml;
use super::whole;
use crate::app::App;
use crate::conditional;
use crate::problem::Problem;

/// Datasets of a part; each has a Chinese and an English page.
const PART: u64 = 20_000;

/// Pages that are there whatever the catalogue holds.
const PAGES: [&str; 8] = [
    "/",
    "/search",
    "/topics",
    "/bodies",
    "/evidence",
    "/developers",
    "/licence",
    "/accessibility",
];

const XML: &str = "application/xml; charset=utf-8";
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const URLSET: &str = "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
    xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n";

/// `/sitemap.xml`: the sitemap, or the index of its parts.
pub(crate) async fn sitemap(State(app): State<App>, asked: HeaderMap) -> Result<Response, Problem> {
    let published = open::counts(&app.platform).await?.entries;
    let parts = published.div_ceil(PART);
    if parts <= 1 {
        return answer(&app, &asked, 1).await;
    }
    let (tag, last) = whole::tag(&app, "sitemap").await?;
    if conditional::has(&asked, &tag) {
        return Ok(whole::not_modified(&tag));
    }
    let mut text =
        format!("{HEAD}<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n");
    for part in 1..=parts {
        let address = xml(&format!("{}/sitemap-{part}.xml", app.site.base_url));
        let _written = writeln!(
            text,
            "<sitemap><loc>{address}</loc><lastmod>{}</lastmod></sitemap>",
            day(last)
        );
    }
    text.push_str("</sitemapindex>\n");
    Ok(whole::document(text, XML, &tag))
}

/// `/sitemap-{n}.xml`.
pub(crate) async fn part(app: &App, path: &str, asked: &HeaderMap) -> Result<Response, Problem> {
    let number = path.strip_prefix("/sitemap-").and_then(|name| name.strip_suffix(".xml"));
    let number: u64 = number.and_then(|text| text.parse().ok()).ok_or_else(Problem::not_found)?;
    answer(app, asked, number).await
}

async fn answer(app: &App, asked: &HeaderMap, number: u64) -> Result<Response, Problem> {
    if !(1..=100_000).contains(&number) {
        return Err(Problem::not_found());
    }
    let (tag, last) = whole::tag(app, &format!("sitemap {number}")).await?;
    if conditional::has(asked, &tag) {
        return Ok(whole::not_modified(&tag));
    }
    let listed = record::listed(&app.platform, (number - 1) * PART, PART).await?;
    if listed.is_empty() && number > 1 {
        return Err(Problem::not_found());
    }
    let mut text = format!("{HEAD}{URLSET}");
    let base = app.site.base_url.as_str();
    if number == 1 {
        for page in PAGES {
            push(&mut text, base, page, last);
        }
        for provider in open::providers(&app.platform).await? {
            if let Some(code) = provider.code {
                push(&mut text, base, &format!("/body/{code}"), last);
            }
        }
    }
    for entry in listed {
        push(&mut text, base, &format!("/dataset/{}", entry.id), entry.changed_at);
    }
    text.push_str("</urlset>\n");
    Ok(whole::document(text, XML, &tag))
}

/// A page in both languages.
fn push(text: &mut String, base: &str, path: &str, changed_at: jiff::Timestamp) {
    let base = xml(base);
    let path = xml(path);
    for prefix in ["", "/en"] {
        let _written = writeln!(
            text,
            "<url><loc>{base}{prefix}{path}</loc><lastmod>{}</lastmod>\
             <xhtml:link rel=\"alternate\" hreflang=\"zh-CN\" href=\"{base}{path}\"/>\
             <xhtml:link rel=\"alternate\" hreflang=\"en\" href=\"{base}/en{path}\"/></url>",
            day(changed_at)
        );
    }
}

fn day(at: jiff::Timestamp) -> jiff::civil::Date {
    vocabulary::time::china_date(at)
}

/// `/robots.txt`: everything public may be read; searches and desks are not worth it.
pub(crate) async fn robots(State(app): State<App>) -> Response {
    let text = format!(
        "User-agent: *\nDisallow: /desk\nDisallow: /en/desk\nDisallow: /sign-in\n\
         Disallow: /en/sign-in\nDisallow: /search?\nDisallow: /en/search?\n\
         Disallow: /*/explore?\n\nSitemap: {}/sitemap.xml\n",
        app.site.base_url
    );
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

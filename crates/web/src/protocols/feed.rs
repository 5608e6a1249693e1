//! Atom feeds (RFC 4287): what is new on the whole portal, in a search, of a body.
//!
//! `/feed.atom` takes the parameters of `/search`; `/body/{code}/feed.atom` is that of a
//! body; `/dataset/{id}/feed.atom` tells who took a dataset of its new releases, and of those
//! that were suspended. Under `/en` they speak English.

use std::fmt::Write as _;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use platform::open::history::{self, Change, Event};
use platform::open::{self, Dataset};
use search::{Facet, Query, Sort};
use trust::identity::find_body;
use vocabulary::{Bilingual, CreditCode};

use super::dcat::write::xml;
use super::whole;
use crate::app::App;
use crate::conditional;
use crate::extract::id_of;
use crate::open::distribution::distributions;
use crate::open::pages::search_query;
use crate::problem::Problem;
use crate::view::Lang;
use crate::visitor::Visitor;

/// Entries of a feed, the newest ones.
const SHOWN: usize = 50;

/// What a feed is about.
struct About {
    title: Bilingual,
    /// Path of the feed with its query, without the language prefix.
    own: String,
    /// Path of the page that shows the same.
    page: String,
    query: Query,
}

/// `/feed.atom`: the portal, or what a search finds.
pub(crate) async fn portal(
    State(app): State<App>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let words = query.unwrap_or_default();
    let found = search_query(&words);
    let name = &app.site.name;
    let (title, own, page) = if words.is_empty() {
        let title =
            Bilingual::new(format!("{} – 最新数据", name.zh), format!("{} – new data", name.en));
        (title, "/feed.atom".to_owned(), "/".to_owned())
    } else {
        let text = found.text.clone().unwrap_or_default();
        let title = Bilingual::new(
            format!("{} – 检索 {text}", name.zh),
            format!("{} – search for {text}", name.en),
        );
        (title, format!("/feed.atom?{words}"), format!("/search?{words}"))
    };
    answer(&app, &visitor, &asked, &About { title, own, page, query: found }).await
}

/// `/body/{code}/feed.atom`: what a body offers.
pub(crate) async fn body(
    State(app): State<App>,
    visitor: Visitor,
    Path(code): Path<String>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let code: CreditCode = id_of(&code)?;
    let mut reader = app.platform.store.read().await.map_err(crate::desk::failed)?;
    let found = find_body(&mut reader, code).await.map_err(crate::desk::failed)?;
    drop(reader);
    let body = found.ok_or_else(Problem::not_found)?;
    let key = open::provider_key(Some(code), &body.name.zh);
    let query = Query { filters: [(Facet::Provider, vec![key])].into(), ..Query::default() };
    let name = &app.site.name;
    let title = Bilingual::new(
        format!("{} – {}", body.name.zh, name.zh),
        format!("{} – {}", Lang::En.pick(&body.name), name.en),
    );
    let (own, page) = (format!("/body/{code}/feed.atom"), format!("/body/{code}"));
    answer(&app, &visitor, &asked, &About { title, own, page, query }).await
}

/// `/dataset/{id}/feed.atom`: the releases of a dataset and their suspensions.
pub(crate) async fn dataset(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let found = open::dataset(&visitor.caller, &app.platform, id_of(&id)?).await?;
    let id = found.asset.id;
    let own = format!("/dataset/{id}/feed.atom");
    let (tag, _) = whole::tag(&app, &format!("{} {own}", visitor.lang.code())).await?;
    if conditional::has(&asked, &tag) {
        return Ok(whole::not_modified(&tag));
    }
    let events = history::history(&app.platform, id).await?;
    let name = &found.asset.entry.title;
    let title = Bilingual::new(
        format!("{} – 发布与暂停", name.zh),
        format!("{} – releases and suspensions", Lang::En.pick(name)),
    );
    let page = format!("/dataset/{id}");
    let about = About { title, own, page, query: Query::default() };
    let updated = events.first().map_or(found.changed_at, |event| event.at);
    let mut text = head(&app, visitor.lang, &about, updated);
    for event in &events {
        push_event(&mut text, &app.site.base_url, visitor.lang, &found, event);
    }
    text.push_str("</feed>\n");
    Ok(whole::document(text, "application/atom+xml; charset=utf-8", &tag))
}

fn push_event(text: &mut String, base: &str, lang: Lang, dataset: &Dataset, event: &Event) {
    let (number, release) = (event.number, event.release);
    let (key, title, words) = match &event.change {
        Change::Released => (
            "released",
            Bilingual::new(format!("第 {number} 次发布"), format!("Release {number}")),
            Bilingual::new(format!("{} 行。", event.rows), format!("{} rows.", event.rows)),
        ),
        Change::Suspended(why) => (
            "suspended",
            Bilingual::new(
                format!("第 {number} 次发布已暂停"),
                format!("Release {number} is suspended"),
            ),
            Bilingual::new(
                format!("数据不再提供。已经取用的，请留意理由：{why}"),
                format!(
                    "The data are not offered any more. If you took them, mind the reason: {why}"
                ),
            ),
        ),
    };
    let page = format!("{base}{}", lang.href(&format!("/dataset/{}", dataset.asset.id)));
    let evidence = format!("{base}{}", lang.href(&format!("/evidence/entry/{}", event.entry_id)));
    let _written = write!(
        text,
        "<entry>\n<id>{}</id>\n<title>{}</title>\n<updated>{at}</updated>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n\
         <link rel=\"related\" type=\"text/html\" href=\"{}\"/>\n\
         <author><name>{}</name></author>\n<category term=\"{key}\"/>\n\
         <summary>{}</summary>\n</entry>\n",
        xml(&format!("{base}/api/v1/releases/{release}#{key}")),
        xml(lang.pick(&title)),
        xml(&page),
        xml(&evidence),
        xml(&dataset.asset.provider),
        xml(lang.pick(&words)),
        at = event.at,
    );
}

async fn answer(
    app: &App,
    visitor: &Visitor,
    asked: &HeaderMap,
    about: &About,
) -> Result<Response, Problem> {
    let what = format!("{} {}", visitor.lang.code(), about.own);
    let (tag, last) = whole::tag(app, &what).await?;
    if conditional::has(asked, &tag) {
        return Ok(whole::not_modified(&tag));
    }
    let query = Query { sort: Sort::Changed, offset: 0, limit: SHOWN, ..about.query.clone() };
    let (_, datasets) = open::find_datasets(&app.platform, query).await?;
    let text = feed(app, visitor.lang, about, &datasets, last);
    Ok(whole::document(text, "application/atom+xml; charset=utf-8", &tag))
}

fn feed(
    app: &App,
    lang: Lang,
    about: &About,
    datasets: &[Dataset],
    last: jiff::Timestamp,
) -> String {
    let updated = datasets.iter().map(|dataset| dataset.changed_at).max().unwrap_or(last);
    let mut text = head(app, lang, about, updated);
    for dataset in datasets {
        push(&mut text, app.site.base_url.as_str(), lang, dataset);
    }
    text.push_str("</feed>\n");
    text
}

/// What stands before the entries.
fn head(app: &App, lang: Lang, about: &About, updated: jiff::Timestamp) -> String {
    let base = app.site.base_url.as_str();
    let address = |path: &str| xml(&format!("{base}{}", lang.href(path)));
    let language = if lang == Lang::En { "en" } else { "zh-CN" };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\">\n\
         <id>{own}</id>\n<title>{title}</title>\n<updated>{updated}</updated>\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{own}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{page}\"/>\n\
         <author><name>{name}</name></author>\n",
        own = address(&about.own),
        title = xml(lang.pick(&about.title)),
        page = address(&about.page),
        name = xml(lang.pick(&app.site.name)),
    )
}

fn push(text: &mut String, base: &str, lang: Lang, dataset: &Dataset) {
    let (asset, entry) = (&dataset.asset, &dataset.asset.entry);
    let page = xml(&format!("{base}{}", lang.href(&format!("/dataset/{}", asset.id))));
    let published = asset.published_at.unwrap_or(dataset.changed_at);
    let _written = write!(
        text,
        "<entry>\n<id>{}</id>\n<title>{}</title>\n<updated>{}</updated>\n\
         <published>{published}</published>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{page}\"/>\n",
        xml(&format!("{base}/dataset/{}", asset.id)),
        xml(lang.pick(&entry.title)),
        dataset.changed_at,
    );
    for file in distributions(base, dataset).iter().filter(|file| file.bytes.is_some()) {
        let length = file.bytes.unwrap_or_default();
        let _written = writeln!(
            text,
            "<link rel=\"enclosure\" type=\"{}\" length=\"{length}\" href=\"{}\"/>",
            xml(file.media_type),
            xml(&file.url)
        );
    }
    let _written = writeln!(text, "<author><name>{}</name></author>", xml(&asset.provider));
    let theme = law::entry("theme", &entry.theme);
    if let Some(theme) = theme {
        let label = theme.label();
        let _written = writeln!(
            text,
            "<category term=\"{}\" label=\"{}\"/>",
            xml(&theme.code),
            xml(lang.pick(&label))
        );
    }
    let _written =
        writeln!(text, "<summary>{}</summary>\n</entry>", xml(lang.pick(&entry.summary)));
}

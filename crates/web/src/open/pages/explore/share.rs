//! A chart by its link: as a picture, as a page inside other pages, and how to take it there.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use platform::Error;
use platform::open::{self, Current, rows};
use serde::Serialize;
use vocabulary::{AssetId, Bilingual};

use super::ask::Ask;
use super::condition::Kinds;
use super::{chart, svg};
use crate::app::App;
use crate::conditional;
use crate::extract::id_of;
use crate::parts::Chart;
use crate::problem::Problem;
use crate::view::Lang;
use crate::visitor::Visitor;

/// What the picture may do when it is opened by itself: nothing.
const PICTURE: &str = "default-src 'none'; style-src 'none'; frame-ancestors *";
/// What the page inside other pages may do: show itself in any of them.
const FRAMED: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
    form-action 'none'; frame-ancestors *";

/// How a chart is taken elsewhere.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Share {
    /// The address of the chart's question, whole.
    link: String,
    /// The picture.
    svg_url: String,
    /// What is put into another page.
    embed: String,
}

impl Share {
    /// The ways out for a chart that is shown.
    pub(super) fn of(site: &str, lang: Lang, id: AssetId, ask: &Ask, chart: &Chart) -> Self {
        let address = |end: &str| lang.href(&ask.url(&format!("/dataset/{id}/{end}"), None));
        let title = attribute(lang.pick(&chart.title));
        let framed = attribute(&format!("{site}{}", address("chart")));
        Self {
            link: format!("{site}{}", address("explore")),
            svg_url: address("chart.svg"),
            embed: format!(
                "<iframe src=\"{framed}\" title=\"{title}\" width=\"740\" height=\"520\" loading=\"lazy\"></iframe>"
            ),
        }
    }
}

/// A text inside an attribute of HTML.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[derive(Serialize)]
struct Framed {
    title: Bilingual,
    svg: String,
    chart: Chart,
    source: Bilingual,
    source_url: String,
}

/// A chart that an address asks for.
struct Asked {
    chart: Chart,
    current: Arc<Current>,
    source: Bilingual,
}

/// `/dataset/{id}/chart.svg`: the chart as a picture.
pub(crate) async fn picture(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = asked(&app, &visitor, &id, query.as_deref()).await?;
    let source =
        format!("{} · {}/dataset/{id}", visitor.lang.pick(&asked.source), app.site.base_url);
    let mut response = svg::draw(&asked.chart, visitor.lang, &source).into_response();
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"));
    fields.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PICTURE));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(conditional::answer(&headers, response).await)
}

/// `/dataset/{id}/chart`: the chart with its numbers, for a frame in another page.
pub(crate) async fn framed(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let asked = asked(&app, &visitor, &id, query.as_deref()).await?;
    let context = Framed {
        title: asked.chart.title.clone(),
        svg: svg::draw(&asked.chart, visitor.lang, ""),
        source_url: format!("/dataset/{}", asked.current.asset.id),
        chart: asked.chart,
        source: asked.source,
    };
    let mut response = app.pages.render(&visitor, "portal/chart.html", context)?.into_response();
    let policy = HeaderValue::from_static(FRAMED);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

async fn asked(
    app: &App,
    visitor: &Visitor,
    id: &str,
    query: Option<&str>,
) -> Result<Asked, Problem> {
    let id: AssetId = id_of(id)?;
    let current = open::current_release(&visitor.caller, &app.platform, id).await?;
    let kinds = Kinds::of(&current.release);
    let ask = Ask::parse(query.unwrap_or_default());
    let filter = ask.filter(&kinds).map_err(|errors| {
        let problems = errors
            .into_iter()
            .map(|error| platform::FieldProblem { field: error.field, message: error.text });
        Problem::from(Error::Invalid { problems: problems.collect() })
    })?;
    let Some(groups) = ask.groups(filter.as_ref()) else {
        return Err(Problem::bad_request(
            "请用 group 指定分组的列。",
            "Give a column in group: a chart is of groups.",
        ));
    };
    let (_, found) = rows::groups(&visitor.caller, &app.platform, id, &groups).await?;
    let chart = chart::of_groups(&current.asset, &ask, &found, &kinds, filter.as_ref());
    let chart = chart.ok_or_else(|| {
        Problem::bad_request(
            "没有符合条件的行，画不出图。",
            "No row matches, so there is no chart.",
        )
    })?;
    let (title, number) = (&current.asset.entry.title, current.release.number);
    let english = if title.en.is_empty() { &title.zh } else { &title.en };
    let source = Bilingual::new(
        format!("数据：{}《{}》第 {number} 版", current.asset.provider, title.zh),
        format!("Data: {}, {english}, version {number}", current.asset.provider),
    );
    Ok(Asked { chart, source, current })
}

//! `/desk/assets`: what do I answer for?

use axum::extract::{Query, State};
use platform::registry::{self, AssetState, OwnAsset, OwnFilter};
use serde::{Deserialize, Serialize};
use trust::{Action, Resource};
use vocabulary::Bilingual;
use vocabulary::time::china_date;

use crate::app::App;
use crate::desk::{asset_path, asset_tag, title_of};
use crate::parts::{Choice, Pages, Tag, plain};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

/// Assets on a page.
const SHOWN: u64 = 25;

/// What is listed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    q: String,
    state: String,
    page: Option<u64>,
}

#[derive(Serialize)]
struct Assets {
    query: String,
    state: String,
    states: Vec<Choice>,
    assets: Vec<Row>,
    total: u64,
    pages: Option<Pages>,
    may_register: bool,
}

#[derive(Serialize)]
struct Row {
    id: String,
    url: String,
    title: Bilingual,
    body: Bilingual,
    state: Tag,
    level: Option<Bilingual>,
    modified: String,
    next_update: Option<String>,
    late: bool,
    tasks: usize,
    version: Option<i64>,
    release_url: Option<String>,
}

/// Lists the assets that the reader answers for.
pub(crate) async fn assets(
    State(app): State<App>,
    visitor: Visitor,
    Query(params): Query<Params>,
) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let page = params.page.unwrap_or(1).clamp(1, 100_000);
    let filter = OwnFilter {
        text: params.q.trim().to_owned(),
        // A word that no state has lists everything, as without one.
        state: params.state.parse().ok(),
        offset: (page - 1).saturating_mul(SHOWN),
        limit: SHOWN,
    };
    let (found, total) = registry::own(caller, &app.platform, &filter).await?;
    let today = china_date(caller.now());
    let address = |page: u64| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &params.q).append_pair("state", &params.state);
        format!("/desk/assets?{}", query.append_pair("page", &page.to_string()).finish())
    };
    let may_register = caller.body().is_some_and(|body| {
        caller.can(Action::RegisterAsset, &Resource::of_kind("asset").of_body(body))
    });
    let context = Assets {
        query: params.q.clone(),
        state: params.state.clone(),
        states: AssetState::ALL
            .iter()
            .map(|state| Choice::new(state.code(), state.label()))
            .collect(),
        assets: found.into_iter().map(|own| row(own, today)).collect(),
        total,
        pages: Pages::of(page, total.div_ceil(SHOWN), address),
        may_register,
    };
    app.pages.render(&visitor, "desk/assets.html", context)
}

fn row(own: OwnAsset, today: jiff::civil::Date) -> Row {
    let asset = own.asset;
    let tasks = match asset.state {
        AssetState::Draft => registry::missing(&asset).len(),
        _ => 0,
    };
    Row {
        id: asset.id.to_string(),
        url: asset_path(&asset),
        title: title_of(&asset),
        body: plain(&asset.provider),
        state: asset_tag(asset.state),
        level: asset.entry.level.map(|level| level.label()),
        modified: asset.updated_at.to_string(),
        next_update: own.next_update.map(|day| day.to_string()),
        late: own.next_update.is_some_and(|day| day < today),
        tasks,
        version: own.version,
        release_url: own.is_open.then(|| format!("/dataset/{}", asset.id)),
    }
}

//! `/requests`: what did others ask, and how fast is it answered?

use axum::extract::{Query, State};
use law::requests::RequestKind;
use platform::requests::{self, CaseFilter, CaseState, Statistics, StatisticsFilter};
use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, CreditCode};

use crate::app::App;
use crate::parts::{Choice, Pages, plain_number};
use crate::problem::Problem;
use crate::requests::words::{Bodies, Card, cards};
use crate::view::Page;
use crate::visitor::Visitor;

/// Cases on a page.
const SHOWN: u64 = 20;

/// What the list is narrowed to; what is not understood narrows nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    kind: String,
    state: String,
    body: String,
    dataset: String,
    page: Option<u64>,
}

#[derive(Serialize)]
struct List {
    total: u64,
    cases: Vec<Card>,
    pages: Option<Pages>,
    kinds: Vec<Choice>,
    states: Vec<Choice>,
    bodies: Vec<Choice>,
    asked: Chosen,
    figures: Vec<Figure>,
    statistics_url: &'static str,
}

#[derive(Serialize)]
struct Chosen {
    kind: String,
    state: String,
    body: String,
    dataset: String,
}

/// A number of the statistics with what it means.
#[derive(Serialize)]
struct Figure {
    name: Bilingual,
    value: Bilingual,
}

/// Shows the list.
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Page, Problem> {
    let kind: Option<RequestKind> = asked.kind.parse().ok();
    let state: Option<CaseState> = asked.state.parse().ok();
    let body: Option<CreditCode> = asked.body.parse().ok();
    let page = asked.page.unwrap_or(1).clamp(1, 1_000_000);
    let filter = CaseFilter {
        kind,
        state,
        body,
        asset: asked.dataset.parse().ok(),
        after: None,
        offset: (page - 1) * SHOWN,
        limit: SHOWN,
    };
    let (caller, platform) = (&visitor.caller, &app.platform);
    let total = requests::count(caller, platform, &filter).await?;
    let (cases, _) = requests::list(caller, platform, &filter).await?;
    let counted = StatisticsFilter { kind, body };
    let statistics = requests::statistics(caller, platform, &counted).await?;
    let bodies = Bodies::load(&app).await?;
    let context = List {
        total,
        cases: cards(&app, &cases, &bodies, caller.now()).await?,
        pages: Pages::of(page, total.div_ceil(SHOWN), |page| asked.address(page)),
        kinds: RequestKind::ALL.map(|kind| Choice::new(kind.code(), kind.label())).into(),
        states: CaseState::ALL.iter().map(|s| Choice::new(s.code(), s.label())).collect(),
        bodies: bodies.choices(),
        asked: Chosen {
            kind: kind.map(|kind| kind.code().to_owned()).unwrap_or_default(),
            state: state.map(|state| state.code().to_owned()).unwrap_or_default(),
            body: body.map(|body| body.to_string()).unwrap_or_default(),
            dataset: filter.asset.map(|id| id.to_string()).unwrap_or_default(),
        },
        figures: figures(&statistics),
        statistics_url: "/api/v1/request-statistics",
    };
    app.pages.render(&visitor, "portal/requests.html", context)
}

impl Asked {
    /// The address of a page of the same list.
    fn address(&self, page: u64) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("kind", &self.kind),
            ("state", &self.state),
            ("body", &self.body),
            ("dataset", &self.dataset),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("page", &page.to_string());
        format!("/requests?{}", query.finish())
    }
}

fn figures(found: &Statistics) -> Vec<Figure> {
    let same = |text: String| Bilingual::new(text.clone(), text);
    let dash = || same("—".to_owned());
    let percent = |share: Option<f64>| {
        share.map_or_else(dash, |share| same(format!("{:.1}%", share * 100.0)))
    };
    let days = found.median_working_days.map_or_else(dash, |days| same(plain_number(days)));
    let figure = |zh, en, value| Figure { name: Bilingual::new(zh, en), value };
    vec![
        figure("收到", "filed", same(found.filed.to_string())),
        figure("已答复", "answered", same(found.answered.to_string())),
        figure("采纳率", "acceptance rate", percent(found.acceptance_rate())),
        figure("答复用时中位数（工作日）", "median working days to the answer", days),
        figure("按时答复率", "answered in time", percent(found.in_time_rate())),
        figure("逾期未答复", "overdue", same(found.overdue.to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_yet_is_a_dash_and_not_a_number() {
        let shown = |found: &Statistics| -> Vec<String> {
            figures(found).into_iter().map(|figure| figure.value.zh).collect()
        };
        assert_eq!(shown(&Statistics::default()), ["0", "0", "—", "—", "—", "0"]);
        let some = Statistics {
            filed: 7,
            answered: 5,
            accepted: 1,
            decided: 4,
            timed: 5,
            in_time: 4,
            overdue: 1,
            median_working_days: Some(3.5),
            ..Statistics::default()
        };
        assert_eq!(shown(&some), ["7", "5", "25.0%", "3.5", "80.0%", "1"]);
    }
}

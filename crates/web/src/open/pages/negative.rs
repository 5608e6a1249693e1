//! `/negative-list`: what is registered here and not opened, on what ground, and how much
//! of everything that is.

use std::collections::BTreeMap;

use axum::extract::State;
use platform::open::{self, Withheld};
use serde::Serialize;
use vocabulary::Bilingual;
use vocabulary::time::china_date;

use crate::app::App;
use crate::desk::title_of;
use crate::parts::plain;
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

#[derive(Serialize)]
struct NegativeList {
    total: usize,
    published: u64,
    overdue: usize,
    reasons: Vec<Reason>,
    entries: Vec<Row>,
}

#[derive(Serialize)]
struct Reason {
    name: Bilingual,
    basis: Vec<Bilingual>,
    count: usize,
}

#[derive(Serialize)]
struct Row {
    title: Bilingual,
    url: String,
    provider: Bilingual,
    reason: Bilingual,
    basis: String,
    review_on: String,
    overdue: bool,
}

/// Shows the negative list with its statistics.
pub(crate) async fn negative_list(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Page, Problem> {
    let today = china_date(app.platform.clock.now());
    let listed = open::negative_list(&app.platform, today).await?;
    let published = open::counts(&app.platform).await?.entries;
    let page = NegativeList {
        total: listed.len(),
        published,
        overdue: listed.iter().filter(|one| one.is_overdue).count(),
        reasons: reasons(&listed),
        entries: listed.iter().map(row).collect(),
    };
    app.pages.render(&visitor, "portal/negative.html", page)
}

/// Every class of reasons with its provisions and how often it is used.
fn reasons(listed: &[Withheld]) -> Vec<Reason> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in listed {
        *counts.entry(one.entry.reason.as_str()).or_default() += 1;
    }
    law::gate::negative_reasons()
        .iter()
        .map(|reason| Reason {
            name: reason.name.clone(),
            basis: reason.basis.iter().map(law::Basis::text).collect(),
            count: counts.get(reason.id.as_str()).copied().unwrap_or(0),
        })
        .collect()
}

fn row(one: &Withheld) -> Row {
    let reason = law::gate::negative_reason(&one.entry.reason);
    Row {
        title: title_of(&one.asset),
        url: format!("/entry/{}", one.asset.id),
        provider: plain(&one.asset.provider),
        reason: reason.map_or_else(|| plain(&one.entry.reason), |reason| reason.name.clone()),
        basis: one.entry.basis.clone(),
        review_on: one.entry.review_on.clone(),
        overdue: one.is_overdue,
    }
}

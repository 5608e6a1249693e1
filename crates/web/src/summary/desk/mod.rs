//! The desk of summaries: the budget of an asset, its summaries, and the steps of one.
//!
//! ```text
//! list.rs   /desk/assets/{id}/summaries: the budget, what there is, begin one
//! one.rs    /desk/summaries/{id}: one summary and what its reader may do
//! steps.rs  what is done with it
//! ```

mod list;
mod one;
mod steps;

use platform::registry::{Asset, version};
use platform::summary::{Budget, SummaryState};
use serde::Serialize;
use trust::Caller;
use vocabulary::{AssetId, Bilingual};

use super::told::protects;
use crate::app::App;
use crate::desk::{Names, asset_path, title_of};
use crate::parts::{Choice, Tag, plain};
use crate::problem::Problem;

pub(crate) use list::{propose, set_budget, show as list};
pub(crate) use one::show;
pub(crate) use steps::{add, approve, reject, remove, submit, withdraw};

/// The state of a summary, coloured.
fn tag(state: SummaryState) -> Tag {
    let kind = match state {
        SummaryState::Draft | SummaryState::Withdrawn => "neutral",
        SummaryState::Submitted => "wait",
        SummaryState::Computing => "info",
        SummaryState::Published => "good",
        SummaryState::Rejected | SummaryState::Failed => "bad",
    };
    Tag { label: state.label(), kind }
}

/// The asset that a page is about.
#[derive(Serialize)]
struct AboutAsset {
    title: Bilingual,
    url: String,
}

impl AboutAsset {
    fn of(asset: &Asset) -> Self {
        Self { title: title_of(asset), url: asset_path(asset) }
    }
}

/// A budget with what is left of it.
#[derive(Serialize)]
struct BudgetRow {
    epsilon: String,
    spent: String,
    remaining: String,
    share: f64,
    unit: Bilingual,
    reason: String,
    at: String,
    by: Bilingual,
    revision: i64,
    receipt: String,
}

fn budget_row(budget: &Budget, names: &Names) -> BudgetRow {
    BudgetRow {
        epsilon: budget.whole().to_string(),
        spent: budget.spent().to_string(),
        remaining: budget.remaining().to_string(),
        share: budget.spent().as_f64() / budget.whole().as_f64().max(f64::MIN_POSITIVE),
        unit: protects(&budget.unit),
        reason: budget.reason.clone(),
        at: budget.set_at.to_string(),
        by: names.of(Some(budget.set_by)),
        revision: budget.revision,
        receipt: format!("/evidence/entry/{}", budget.entry_id),
    }
}

/// The columns of the newest stored version, as far as the reader may know them.
async fn columns(app: &App, caller: &Caller, id: AssetId) -> Result<Vec<Choice>, Problem> {
    let versions = version::list(caller, &app.platform, id).await?;
    let newest = versions.iter().find(|version| version.state == "stored");
    let profile = newest.and_then(|version| version.profile.as_ref());
    let names = profile.into_iter().flat_map(|profile| &profile.columns);
    Ok(names.map(|column| Choice::new(column.name.as_str(), plain(&column.name))).collect())
}

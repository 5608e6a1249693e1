//! `/desk/reviews`: do I agree? What waits for the reader's consent, publication or
//! approval.

use axum::extract::State;
use platform::evidence;
use platform::gate::{self, GateRun};
use platform::registry::{self, Asset, AssetState};
use platform::summary::{self, Summary};
use serde::Serialize;
use trust::audit::Record;
use vocabulary::Bilingual;

use super::run::run_path;
use crate::app::App;
use crate::desk::{Names, asset_path, clock_of, title_of};
use crate::parts::{Clock, Waiting, plain, plain_number};
use crate::problem::Problem;
use crate::trust::desk::words::act;
use crate::view::Page;
use crate::visitor::Visitor;

/// Decisions of the reader that are shown.
const SHOWN: usize = 10;
/// Acts of the reader that are looked through for them.
const LOOKED_AT: u32 = 200;
/// What counts as a decision.
const DECISIONS: [&str; 9] = [
    "asset.consented",
    "asset.published",
    "asset.returned",
    "release.issued",
    "gate.rejected",
    "release.suspended",
    "summary.approved",
    "summary.rejected",
    "summary.withdrawn",
];

#[derive(Serialize)]
struct Reviews {
    reviews: Vec<Review>,
    decided: Vec<Decided>,
}

#[derive(Serialize)]
struct Review {
    kind: Bilingual,
    title: Bilingual,
    url: String,
    by: Bilingual,
    body: Bilingual,
    at: String,
    clock: Option<Clock>,
    waiting: Option<Waiting>,
    urgency: &'static str,
    summary: Vec<Bilingual>,
    own: bool,
}

#[derive(Serialize)]
struct Decided {
    title: Bilingual,
    url: String,
    what: Bilingual,
    at: String,
}

/// Shows what waits for the reader's decision, and what the reader decided lately.
pub(crate) async fn reviews(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let assets = registry::inbox(caller, &app.platform).await?;
    let runs = gate::inbox(caller, &app.platform).await?;
    let summaries = summary::inbox(caller, &app.platform).await?;
    let people = assets.iter().filter_map(|asset| asset.filer);
    let people = people.chain(runs.iter().map(|(_, run)| run.filed_by));
    let people = people.chain(summaries.iter().map(|(_, summary)| summary.filed_by));
    let names = Names::load(&app, people).await?;
    let mut reviews: Vec<Review> =
        assets.iter().map(|asset| of_asset(asset, &names, &visitor)).collect();
    reviews.extend(runs.iter().map(|(asset, run)| of_run(asset, run, &names, &visitor)));
    let proposals = summaries.iter();
    reviews.extend(proposals.map(|(asset, summary)| of_summary(asset, summary, &names, &visitor)));
    let acts = evidence::of_caller(caller, &app.platform, LOOKED_AT).await?;
    let acts = acts.iter().filter(|record| DECISIONS.contains(&record.kind.as_str())).take(SHOWN);
    let mut decided = Vec::new();
    for record in acts {
        decided.extend(decision(&app, &visitor, record).await?);
    }
    app.pages.render(&visitor, "desk/review.html", Reviews { reviews, decided })
}

fn of_asset(asset: &Asset, names: &Names, visitor: &Visitor) -> Review {
    let consented = || Bilingual::new("单位负责人已同意", "the head of the unit consented");
    let items = asset.entry.items.len();
    let mut summary = vec![Bilingual::new(format!("{items} 个信息项"), format!("{items} items"))];
    summary.extend(asset.entry.sharing.map(|sharing| sharing.label()));
    summary.extend(asset.entry.opening.map(|opening| opening.label()));
    summary.extend(asset.entry.level.map(|level| level.label()));
    let kind = match asset.state {
        AssetState::UnitReview => Bilingual::new("单位同意", "consent for the unit"),
        _ => {
            summary.push(consented());
            Bilingual::new("发布目录", "publish an entry")
        }
    };
    let clock = clock_of(asset, visitor);
    let limit = clock.as_ref().and_then(Clock::of);
    Review {
        kind,
        title: title_of(asset),
        url: asset_path(asset),
        by: names.of(asset.filer),
        body: plain(&asset.provider),
        at: asset.updated_at.to_string(),
        urgency: limit.as_ref().map_or("later", Clock::urgency),
        clock: limit,
        waiting: clock.as_ref().map(Waiting::of),
        summary,
        own: asset.filer.is_some() && asset.filer == visitor.caller.account_id(),
    }
}

fn of_summary(asset: &Asset, summary: &Summary, names: &Names, visitor: &Visitor) -> Review {
    let (epsilon, questions) = (summary.epsilon(), summary.proposal.questions.len());
    let clock = platform::inbox::summary_clock(asset, summary, visitor.caller.now());
    Review {
        kind: Bilingual::new("公布差分隐私摘要", "publish a summary with differential privacy"),
        title: summary.proposal.title.clone(),
        url: format!("/desk/summaries/{}", summary.id),
        by: names.of(Some(summary.filed_by)),
        body: plain(&asset.provider),
        at: summary.updated_at.to_string(),
        urgency: "later",
        clock: None,
        waiting: Some(Waiting::of(&clock)),
        summary: vec![
            Bilingual::new(format!("{questions} 个问题"), format!("{questions} questions")),
            Bilingual::new(format!("ε = {epsilon}"), format!("ε = {epsilon}")),
        ],
        own: Some(summary.filed_by) == visitor.caller.account_id(),
    }
}

fn of_run(asset: &Asset, run: &GateRun, names: &Names, visitor: &Visitor) -> Review {
    let summary = run.outcome.iter().flat_map(|outcome| {
        let r = plain_number(outcome.assessment.r);
        let risk = format!("R = {r}，k = {}", outcome.k);
        let rows = outcome.rows_released;
        [
            Bilingual::new(risk, format!("R = {r}, k = {}", outcome.k)),
            Bilingual::new(format!("放行 {rows} 行"), format!("{rows} rows would go out")),
        ]
    });
    let clock = platform::inbox::run_clock(asset, run, visitor.caller.now());
    let limit = clock.as_ref().and_then(Clock::of);
    Review {
        kind: Bilingual::new("放行数据", "release data"),
        title: title_of(asset),
        url: run_path(run),
        by: names.of(Some(run.filed_by)),
        body: plain(&asset.provider),
        at: run.updated_at.to_string(),
        urgency: limit.as_ref().map_or("later", Clock::urgency),
        clock: limit,
        waiting: clock.as_ref().map(Waiting::of),
        summary: summary.collect(),
        own: Some(run.filed_by) == visitor.caller.account_id(),
    }
}

/// A decision of the reader; `None` if the asset may no longer be seen.
async fn decision(
    app: &App,
    visitor: &Visitor,
    record: &Record,
) -> Result<Option<Decided>, Problem> {
    let Some(Ok(id)) = record.subject.strip_prefix("asset:").map(str::parse) else {
        return Ok(None);
    };
    let asset = match registry::find(&visitor.caller, &app.platform, id).await {
        Ok(asset) => asset,
        Err(platform::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Decided {
        title: title_of(&asset),
        url: asset_path(&asset),
        what: act(&record.kind),
        at: record.at.to_string(),
    }))
}

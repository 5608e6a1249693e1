//! `/desk`: what must I do now? The most urgent first.

use axum::extract::State;
use platform::gate::{self, GateRun, GateState};
use platform::registry::{self, Asset, AssetState, OwnFilter};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::app::App;
use crate::desk::{asset_path, clock_of, title_of};
use crate::parts::Clock;
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

/// The most drafts that are looked at.
const MOST_DRAFTS: u64 = 200;

#[derive(Serialize)]
struct Inbox {
    tasks: Vec<Task>,
}

/// Something that waits for the reader.
#[derive(Serialize)]
struct Task {
    title: Bilingual,
    what: Bilingual,
    url: String,
    clock: Option<Clock>,
    urgency: &'static str,
}

impl Task {
    fn new(does: (&str, &str), asset: &Asset, what: Bilingual, url: String) -> Self {
        let title = title_of(asset);
        let name = if title.en.is_empty() { &title.zh } else { &title.en };
        Self {
            title: Bilingual::new(
                format!("{}：{}", does.0, title.zh),
                format!("{}: {name}", does.1),
            ),
            what,
            url,
            clock: None,
            urgency: "later",
        }
    }

    fn with_clock(self, clock: Option<Clock>) -> Self {
        let urgency = match &clock {
            Some(clock) if clock.days_left < 0 => "over",
            Some(clock) if clock.days_left <= 2 => "soon",
            _ => "later",
        };
        Self { clock, urgency, ..self }
    }

    /// Tasks with a clock come first, those with the least time left before others.
    fn order(&self) -> (bool, i64) {
        match &self.clock {
            Some(clock) => (false, clock.days_left),
            None => (true, 0),
        }
    }
}

/// Shows the inbox.
pub(crate) async fn inbox(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    let caller = visitor.signed_in()?;
    let reviews = registry::inbox(caller, &app.platform).await?;
    let mut tasks: Vec<Task> = reviews.iter().map(|asset| review(asset, &visitor)).collect();
    let approvals = gate::inbox(caller, &app.platform).await?;
    tasks.extend(approvals.iter().map(|(asset, run)| approval(asset, run)));
    let runs = gate::of_filer(caller, &app.platform).await?;
    tasks.extend(runs.iter().filter_map(|(asset, run)| own_run(asset, run)));
    let drafts =
        OwnFilter { state: Some(AssetState::Draft), limit: MOST_DRAFTS, ..OwnFilter::default() };
    let (drafts, _) = registry::own(caller, &app.platform, &drafts).await?;
    let mine = drafts.iter().filter(|own| own.asset.filer == caller.account_id());
    tasks.extend(mine.map(|own| draft(&own.asset)));
    tasks.sort_by_key(Task::order);
    app.pages.render(&visitor, "desk/inbox.html", Inbox { tasks })
}

/// A description that waits for the reader's consent or publication.
fn review(asset: &Asset, visitor: &Visitor) -> Task {
    let (does, what) = match asset.state {
        AssetState::UnitReview => (
            ("审核并同意", "Consent"),
            Bilingual::new(
                "经办人已提交，等您代表单位同意。",
                "The clerk submitted it; your consent for the unit is next.",
            ),
        ),
        _ => (
            ("审核并发布", "Review and publish"),
            Bilingual::new(
                "单位负责人已同意，等您审核。",
                "The head of the unit consented; your review is next.",
            ),
        ),
    };
    Task::new(does, asset, what, asset_path(asset)).with_clock(clock_of(asset, visitor))
}

/// A measured release that waits for the reader's approval.
fn approval(asset: &Asset, run: &GateRun) -> Task {
    let what = match &run.outcome {
        Some(outcome) => Bilingual::new(
            format!("测量通过，风险 R = {:.4}，等您审批。", outcome.assessment.r),
            format!(
                "It passes with a risk R = {:.4}; your approval is next.",
                outcome.assessment.r
            ),
        ),
        None => Bilingual::new("等您审批。", "Your approval is next."),
    };
    Task::new(("审批放行", "Approve the release"), asset, what, run_path(run))
}

/// A run of the reader's own that cannot go on by itself.
fn own_run(asset: &Asset, run: &GateRun) -> Option<Task> {
    let (does, what) = match run.state {
        GateState::Confirming => (
            ("确认字段", "Confirm the columns"),
            Bilingual::new(
                format!("检测了 {} 个字段，请确认或更正。", run.findings.len()),
                format!("{} columns were inspected; confirm or correct them.", run.findings.len()),
            ),
        ),
        GateState::Refused => (
            ("调整后重新测量", "Change and measure again"),
            Bilingual::new(
                "按现在的方案不能放行，请看依据和办法。",
                "It may not go out like this; see the grounds and what to do.",
            ),
        ),
        GateState::Passed => (
            ("提交审批", "Submit for approval"),
            Bilingual::new(
                "测量通过，请提交第二人审批。",
                "It passes; submit it to a second person.",
            ),
        ),
        GateState::Rejected => (
            ("被驳回", "Rejected"),
            Bilingual::new("审核员驳回了，请看理由。", "The reviewer rejected it; see the ground."),
        ),
        GateState::Failed => (
            ("检测故障", "The gate failed"),
            Bilingual::new(
                "没有作出任何决定，请重新送检。",
                "Nothing was decided; send it to the gate again.",
            ),
        ),
        GateState::Inspecting
        | GateState::Measuring
        | GateState::Submitted
        | GateState::Approved => {
            return None;
        }
    };
    Some(Task::new(does, asset, what, run_path(run)))
}

/// A draft of the reader's own, returned or not yet submitted.
fn draft(asset: &Asset) -> Task {
    let url = format!("{}/edit", asset_path(asset));
    match &asset.return_reason {
        Some(reason) => {
            let what = Bilingual::new(format!("被退回：{reason}"), format!("Returned: {reason}"));
            Task::new(("修改后重新提交", "Correct and submit again"), asset, what, url)
        }
        None => {
            let missing = registry::missing(asset).len();
            let what = match missing {
                0 => Bilingual::new("已填齐，可以提交。", "It is complete and can be submitted."),
                _ => Bilingual::new(
                    format!("还缺 {missing} 项必填内容。"),
                    format!("{missing} mandatory fields are missing."),
                ),
            };
            Task::new(("完成登记", "Finish the registration"), asset, what, url)
        }
    }
}

/// The page of a run.
fn run_path(run: &GateRun) -> String {
    format!("/desk/gate/{}", run.id)
}

//! `/desk`: what must I do now? The most urgent first.

use axum::extract::State;
use platform::gate::GateRun;
use platform::inbox::{self, Subject, TaskKind};
use platform::registry::{self, Asset};
use serde::Serialize;
use vocabulary::Bilingual;

use crate::app::App;
use crate::desk::{asset_path, title_of};
use crate::parts::{Clock, Waiting, plain};
use crate::problem::Problem;
use crate::view::Page;
use crate::visitor::Visitor;

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
    waiting: Waiting,
    urgency: &'static str,
}

/// Shows the inbox.
pub(crate) async fn show(State(app): State<App>, visitor: Visitor) -> Result<Page, Problem> {
    let tasks = inbox::inbox(visitor.signed_in()?, &app.platform).await?;
    let tasks = tasks.iter().map(Task::of).collect();
    app.pages.render(&visitor, "desk/inbox.html", Inbox { tasks })
}

impl Task {
    fn of(task: &inbox::Task) -> Self {
        let title = name(task);
        let name = if title.en.is_empty() { &title.zh } else { &title.en };
        let does = does(task.kind);
        let clock = Clock::of(&task.clock);
        Self {
            title: Bilingual::new(
                format!("{}：{}", does.zh, title.zh),
                format!("{}: {name}", does.en),
            ),
            what: what(task),
            url: path(task),
            urgency: clock.as_ref().map_or("later", Clock::urgency),
            waiting: Waiting::of(&task.clock),
            clock,
        }
    }
}

/// Where a task is done.
pub(super) fn path(task: &inbox::Task) -> String {
    match &task.about {
        Subject::Run(_, run) => format!("/desk/gate/{}", run.id),
        Subject::Summary(_, summary) => format!("/desk/summaries/{}", summary.id),
        Subject::Case(dossier) => format!("/desk/requests/{}", dossier.case.number),
        Subject::Reuse(_) => "/desk/reuses".to_owned(),
        Subject::Asset(asset) if is_draft(task.kind) => format!("{}/edit", asset_path(asset)),
        Subject::Asset(asset) => asset_path(asset),
    }
}

/// Whether a task is done where the description is written.
fn is_draft(kind: TaskKind) -> bool {
    matches!(kind, TaskKind::CorrectDraft | TaskKind::FinishDraft)
}

/// What a task is about: the asset, or what else there is as who filed it called it.
pub(super) fn name(task: &inbox::Task) -> Bilingual {
    match &task.about {
        Subject::Asset(asset) | Subject::Run(asset, _) => title_of(asset),
        Subject::Summary(_, summary) => summary.proposal.title.clone(),
        Subject::Case(dossier) => plain(&dossier.papers.title),
        Subject::Reuse(reuse) => plain(&reuse.title),
    }
}

/// What the reader does.
fn does(kind: TaskKind) -> Bilingual {
    let (zh, en) = match kind {
        TaskKind::Consent => ("审核并同意", "Consent"),
        TaskKind::Publish => ("审核并发布", "Review and publish"),
        TaskKind::ApproveRelease => ("审批放行", "Approve the release"),
        TaskKind::ConfirmColumns => ("确认字段", "Confirm the columns"),
        TaskKind::ChangePlan => ("调整后重新测量", "Change and measure again"),
        TaskKind::SubmitRelease => ("提交审批", "Submit for approval"),
        TaskKind::ReadRejection => ("被驳回", "Rejected"),
        TaskKind::StartAgain => ("检测故障", "The gate failed"),
        TaskKind::CorrectDraft => ("修改后重新提交", "Correct and submit again"),
        TaskKind::FinishDraft => ("完成登记", "Finish the registration"),
        TaskKind::AssignCase => ("指派诉求", "Assign the case"),
        TaskKind::AcceptCase => ("受理诉求", "Take up the case"),
        TaskKind::AnswerCase => ("答复诉求", "Answer the case"),
        TaskKind::ApproveAnswer => ("审批答复", "Approve the answer"),
        TaskKind::ExamineExposure => ("核查暴露", "Examine what is exposed"),
        TaskKind::ReviewReuse => ("审核应用成果", "Review the reuse"),
        TaskKind::ApproveSummary => ("审批摘要", "Approve the summary"),
    };
    Bilingual::new(zh, en)
}

/// Why it waits.
fn what(task: &inbox::Task) -> Bilingual {
    let found = task.run().map_or(0, |run| run.findings.len());
    match task.kind {
        TaskKind::Consent => Bilingual::new(
            "经办人已提交，等您代表单位同意。",
            "The clerk submitted it; your consent for the unit is next.",
        ),
        TaskKind::Publish => Bilingual::new(
            "单位负责人已同意，等您审核。",
            "The head of the unit consented; your review is next.",
        ),
        TaskKind::ApproveRelease => approval(task.run()),
        TaskKind::ConfirmColumns => Bilingual::new(
            format!("检测了 {found} 个字段，请确认或更正。"),
            format!("{found} columns were inspected; confirm or correct them."),
        ),
        TaskKind::ChangePlan => Bilingual::new(
            "按现在的方案不能放行，请看依据和办法。",
            "It may not go out like this; see the grounds and what to do.",
        ),
        TaskKind::SubmitRelease => Bilingual::new(
            "测量通过，请提交第二人审批。",
            "It passes; submit it to a second person.",
        ),
        TaskKind::ReadRejection => {
            Bilingual::new("审核员驳回了，请看理由。", "The reviewer rejected it; see the ground.")
        }
        TaskKind::StartAgain => Bilingual::new(
            "没有作出任何决定，请重新送检。",
            "Nothing was decided; send it to the gate again.",
        ),
        TaskKind::CorrectDraft => {
            let reason = task.asset().and_then(|asset| asset.return_reason.as_deref());
            let reason = reason.unwrap_or_default();
            Bilingual::new(format!("被退回：{reason}"), format!("Returned: {reason}"))
        }
        TaskKind::FinishDraft => task.asset().map(unfinished).unwrap_or_default(),
        TaskKind::AssignCase => Bilingual::new(
            "公众提交，还没有确定由哪个单位答复。",
            "Filed by the public; no body has been named to answer it.",
        ),
        TaskKind::AcceptCase => of_kind(
            task,
            "等您受理，或一次性告知需补正的内容",
            "take it up, or say once what is missing",
        ),
        TaskKind::AnswerCase => match returned(task) {
            Some(reason) => Bilingual::new(
                format!("答复被退回：{reason}"),
                format!("The answer came back: {reason}"),
            ),
            None => of_kind(task, "等您拟写答复", "write the answer"),
        },
        TaskKind::ApproveAnswer => {
            of_kind(task, "答复已拟好，等您审批", "the answer is written; your approval is next")
        }
        TaskKind::ExamineExposure => Bilingual::new(
            "有人反映开放的数据暴露了个人信息或商业秘密；属实的，请先暂停发布。",
            "Open data are said to expose personal information or a trade secret; if so, suspend the release first.",
        ),
        TaskKind::ReviewReuse => Bilingual::new(
            "有人提交了用开放数据做成的成果，等您审核后展示。",
            "Someone submitted what they made of open data; it is shown once you reviewed it.",
        ),
        TaskKind::ApproveSummary => {
            let cost = task.summary().map(|summary| summary.epsilon().to_string());
            let cost = cost.unwrap_or_default();
            Bilingual::new(
                format!("将公布加噪声的统计数字，花费 ε = {cost}，等您审批。"),
                format!("Figures with noise would be told for ε = {cost}; your approval is next."),
            )
        }
    }
}

/// The kind of a case, and what comes next.
fn of_kind(task: &inbox::Task, zh: &str, en: &str) -> Bilingual {
    let kind = task.case().map(|dossier| dossier.case.kind.label()).unwrap_or_default();
    Bilingual::new(format!("{}，{zh}。", kind.zh), format!("{}: {en}.", kind.en))
}

/// Why the answer of a case came back.
fn returned(task: &inbox::Task) -> Option<&str> {
    task.case()?.papers.return_reason.as_deref()
}

fn approval(run: Option<&GateRun>) -> Bilingual {
    match run.and_then(|run| run.outcome.as_ref()) {
        Some(outcome) => {
            let r = outcome.assessment.r;
            Bilingual::new(
                format!("测量通过，风险 R = {r:.4}，等您审批。"),
                format!("It passes with a risk R = {r:.4}; your approval is next."),
            )
        }
        None => Bilingual::new("等您审批。", "Your approval is next."),
    }
}

fn unfinished(asset: &Asset) -> Bilingual {
    match registry::missing(asset).len() {
        0 => Bilingual::new("已填齐，可以提交。", "It is complete and can be submitted."),
        missing => Bilingual::new(
            format!("还缺 {missing} 项必填内容。"),
            format!("{missing} mandatory fields are missing."),
        ),
    }
}

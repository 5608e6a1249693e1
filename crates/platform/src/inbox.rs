//! What waits for a person (待办): reviews, approvals, runs and drafts, each with its clock.
//!
//! | task | waits since | deadline of the law |
//! |---|---|---|
//! | consent for the unit | submission | none |
//! | review and publish | the unit's consent | SH-02, 2 working days |
//! | approve a release | submission to the gate's reviewer | none |
//! | go on with a run of one's own | its last change | none |
//! | correct a returned draft, finish a draft | its return; its registration | none |
//! | assign, take up, answer, approve, examine a case | filing or supplement | by its kind, see `law::requests` |
//! | review a reuse | its submission | none |
//! | approve a summary | its submission | none |
//!
//! SH-01 (update of the catalogue) starts with a change of law or of the body's duties,
//! which nobody reports to the platform, so no task can show it.

use jiff::Timestamp;
use law::RuleId;
use trust::Caller;

use crate::gate::{self, GateRun, GateState};
use crate::registry::{self, Asset, AssetState, OwnFilter};
use crate::requests::{self, CaseTask, Dossier};
use crate::reuses::{self, Reuse};
use crate::summary::{self, Summary};
use crate::{Clock, Error, Platform};

/// The most drafts that are looked at.
const MOST_DRAFTS: u64 = 200;

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskKind {
    /// Consent for the unit, or return the description (单位同意).
    Consent,
    /// Review the description and publish it, or return it (审核发布).
    Publish,
    /// Approve a measured release, or reject it (审批放行).
    ApproveRelease,
    /// Confirm or correct what was found in the columns (确认字段).
    ConfirmColumns,
    /// Change a plan that the law refuses, and measure again (调整方案).
    ChangePlan,
    /// Submit a run that passes to a second person (提交审批).
    SubmitRelease,
    /// Read why the second person rejected the release (被驳回).
    ReadRejection,
    /// Send a version to the gate again after a fault (重新送检).
    StartAgain,
    /// Correct a description that came back, and submit it again (修改重报).
    CorrectDraft,
    /// Finish a registration that was begun (完成登记).
    FinishDraft,
    /// Name the body that answers a case (指派办件).
    AssignCase,
    /// Take a case up, or say once what is missing (受理办件).
    AcceptCase,
    /// Write the answer of a case (拟写答复).
    AnswerCase,
    /// Approve the answer of a case, or send it back (审批答复).
    ApproveAnswer,
    /// Look at what open data are said to expose (核查暴露).
    ExamineExposure,
    /// Show a reuse, or decline it (审核成果).
    ReviewReuse,
    /// Approve a summary with differential privacy, or reject it (审批摘要).
    ApproveSummary,
}

impl TaskKind {
    /// The word in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Consent => "consent",
            Self::Publish => "publish",
            Self::ApproveRelease => "approve_release",
            Self::ConfirmColumns => "confirm_columns",
            Self::ChangePlan => "change_plan",
            Self::SubmitRelease => "submit_release",
            Self::ReadRejection => "read_rejection",
            Self::StartAgain => "start_again",
            Self::CorrectDraft => "correct_draft",
            Self::FinishDraft => "finish_draft",
            Self::AssignCase => "assign_case",
            Self::AcceptCase => "accept_case",
            Self::AnswerCase => "answer_case",
            Self::ApproveAnswer => "approve_answer",
            Self::ExamineExposure => "examine_exposure",
            Self::ReviewReuse => "review_reuse",
            Self::ApproveSummary => "approve_summary",
        }
    }

    /// The deadline that the law sets for it, if it sets one. That of a case depends on
    /// the kind of case, and so is not among them.
    ///
    /// Basis: 政务数据共享条例 第十七条.
    pub fn rule(self) -> Option<RuleId> {
        match self {
            Self::Publish => Some(RuleId::SH_02),
            Self::Consent
            | Self::ApproveRelease
            | Self::ConfirmColumns
            | Self::ChangePlan
            | Self::SubmitRelease
            | Self::ReadRejection
            | Self::StartAgain
            | Self::CorrectDraft
            | Self::FinishDraft
            | Self::AssignCase
            | Self::AcceptCase
            | Self::AnswerCase
            | Self::ApproveAnswer
            | Self::ExamineExposure
            | Self::ReviewReuse
            | Self::ApproveSummary => None,
        }
    }
}

/// What a task is about.
#[derive(Clone, Debug)]
pub enum Subject {
    /// The description of an asset.
    Asset(Box<Asset>),
    /// A run of the gate over an asset.
    Run(Box<Asset>, Box<GateRun>),
    /// A summary of an asset.
    Summary(Box<Asset>, Box<Summary>),
    /// A case of the public.
    Case(Box<Dossier>),
    /// A reuse of open data.
    Reuse(Box<Reuse>),
}

/// Something that waits for the caller.
#[derive(Clone, Debug)]
pub struct Task {
    /// What there is to do.
    pub kind: TaskKind,
    /// What it is about.
    pub about: Subject,
    /// How long it waits and may wait.
    pub clock: Clock,
}

impl Task {
    /// The asset, where it is about one.
    pub fn asset(&self) -> Option<&Asset> {
        match &self.about {
            Subject::Asset(asset) | Subject::Run(asset, _) | Subject::Summary(asset, _) => {
                Some(asset)
            }
            Subject::Case(_) | Subject::Reuse(_) => None,
        }
    }

    /// The run of the gate, where it is about one.
    pub fn run(&self) -> Option<&GateRun> {
        if let Subject::Run(_, run) = &self.about { Some(run) } else { None }
    }

    /// The case, where it is about one.
    pub fn case(&self) -> Option<&Dossier> {
        if let Subject::Case(dossier) = &self.about { Some(dossier) } else { None }
    }

    /// The summary, where it is about one.
    pub fn summary(&self) -> Option<&Summary> {
        if let Subject::Summary(_, summary) = &self.about { Some(summary) } else { None }
    }
}

/// Everything that waits for the caller, the most urgent first.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be read.
pub async fn inbox(caller: &Caller, platform: &Platform) -> Result<Vec<Task>, Error> {
    let now = caller.now();
    let mut tasks = Vec::new();
    for asset in registry::inbox(caller, platform).await? {
        tasks.extend(review(asset, now));
    }
    for (asset, run) in gate::inbox(caller, platform).await? {
        tasks.push(of_run(TaskKind::ApproveRelease, asset, run, now));
    }
    for (asset, run) in gate::of_filer(caller, platform).await? {
        if let Some(kind) = own_run(run.state) {
            tasks.push(of_run(kind, asset, run, now));
        }
    }
    let drafts =
        OwnFilter { state: Some(AssetState::Draft), limit: MOST_DRAFTS, ..OwnFilter::default() };
    let (drafts, _) = registry::own(caller, platform, &drafts).await?;
    let mine = drafts.into_iter().map(|own| own.asset);
    let mine = mine.filter(|asset| asset.filer.is_some() && asset.filer == caller.account_id());
    tasks.extend(mine.map(|asset| draft(asset, now)));
    for (task, dossier) in requests::inbox(caller, platform).await? {
        tasks.extend(of_case(task, dossier, now));
    }
    for reuse in reuses::inbox(caller, platform).await? {
        let clock = Clock::new(reuse.submitted_at, None, None, now);
        let about = Subject::Reuse(Box::new(reuse));
        tasks.push(Task { kind: TaskKind::ReviewReuse, about, clock });
    }
    for (asset, summary) in summary::inbox(caller, platform).await? {
        let clock = summary_clock(&asset, &summary, now);
        let about = Subject::Summary(Box::new(asset), Box::new(summary));
        tasks.push(Task { kind: TaskKind::ApproveSummary, about, clock });
    }
    tasks.sort_by_key(|task| task.clock.urgency());
    Ok(tasks)
}

/// The clock of a description that waits for a reviewer; `None` in other states.
pub fn review_clock(asset: &Asset, now: Timestamp) -> Option<Clock> {
    let (kind, since) = match asset.state {
        AssetState::UnitReview => (TaskKind::Consent, asset.submitted_at?),
        AssetState::DataReview => (TaskKind::Publish, asset.consented_at?),
        AssetState::Draft | AssetState::Published | AssetState::Withdrawn => return None,
    };
    Some(Clock::new(since, kind.rule(), asset.entry.division, now))
}

/// The clock of a run that waits for a person; `None` while the platform works on it,
/// and once it is released.
pub fn run_clock(asset: &Asset, run: &GateRun, now: Timestamp) -> Option<Clock> {
    let kind = match run.state {
        GateState::Submitted => TaskKind::ApproveRelease,
        state => own_run(state)?,
    };
    Some(Clock::new(run.updated_at, kind.rule(), asset.entry.division, now))
}

/// The clock of a summary that waits for a reviewer.
pub fn summary_clock(asset: &Asset, summary: &Summary, now: Timestamp) -> Clock {
    let rule = TaskKind::ApproveSummary.rule();
    Clock::new(summary.updated_at, rule, asset.entry.division, now)
}

fn review(asset: Asset, now: Timestamp) -> Option<Task> {
    let clock = review_clock(&asset, now)?;
    let kind = match asset.state {
        AssetState::UnitReview => TaskKind::Consent,
        _ => TaskKind::Publish,
    };
    Some(Task { kind, about: Subject::Asset(Box::new(asset)), clock })
}

/// Every change of a run is a step, so it waits since its last change.
fn of_run(kind: TaskKind, asset: Asset, run: GateRun, now: Timestamp) -> Task {
    let clock = Clock::new(run.updated_at, kind.rule(), asset.entry.division, now);
    Task { kind, about: Subject::Run(Box::new(asset), Box::new(run)), clock }
}

/// A case waits by the clock of its answer.
fn of_case(task: CaseTask, dossier: Dossier, now: Timestamp) -> Option<Task> {
    let kind = match task {
        CaseTask::Assign => TaskKind::AssignCase,
        CaseTask::Accept => TaskKind::AcceptCase,
        CaseTask::Answer => TaskKind::AnswerCase,
        CaseTask::Approve => TaskKind::ApproveAnswer,
        CaseTask::Examine => TaskKind::ExamineExposure,
    };
    let clock = requests::of_case(&dossier.case, now)?;
    Some(Task { kind, about: Subject::Case(Box::new(dossier)), clock })
}

/// What the filer of a run has to do next, if it does not go on by itself.
fn own_run(state: GateState) -> Option<TaskKind> {
    match state {
        GateState::Confirming => Some(TaskKind::ConfirmColumns),
        GateState::Refused => Some(TaskKind::ChangePlan),
        GateState::Passed => Some(TaskKind::SubmitRelease),
        GateState::Rejected => Some(TaskKind::ReadRejection),
        GateState::Failed => Some(TaskKind::StartAgain),
        GateState::Inspecting
        | GateState::Measuring
        | GateState::Submitted
        | GateState::Approved => None,
    }
}

/// Typing at a draft does not start its clock again.
fn draft(asset: Asset, now: Timestamp) -> Task {
    let (kind, since) = match (&asset.return_reason, asset.returned_at) {
        (Some(_), Some(returned)) => (TaskKind::CorrectDraft, returned),
        (Some(_), None) => (TaskKind::CorrectDraft, asset.updated_at),
        (None, _) => (TaskKind::FinishDraft, asset.created_at),
    };
    let clock = Clock::new(since, kind.rule(), asset.entry.division, now);
    Task { kind, about: Subject::Asset(Box::new(asset)), clock }
}

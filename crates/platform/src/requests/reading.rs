//! Lists, single cases, what waits at the desk, statistics.

use std::collections::HashMap;

use jiff::Timestamp;
use law::requests::RequestKind;
use trust::audit::{self, Filter};
use trust::{Action, Caller, Resource, Role};
use vocabulary::{AssetId, CaseNumber, CreditCode, EntryId};

use super::model::{Case, CaseState, Dossier, Exposed, Filer, Papers};
use super::{load, not_found, reads, table};
use crate::{Error, Platform};

/// Which cases a list for everyone is about.
#[derive(Clone, Debug, Default)]
pub struct CaseFilter {
    /// Only of this kind.
    pub kind: Option<RequestKind>,
    /// Only in this state.
    pub state: Option<CaseState>,
    /// Only those that this body answers.
    pub body: Option<CreditCode>,
    /// Only about this dataset.
    pub asset: Option<AssetId>,
    /// Only those behind this one, in order of newest filing.
    pub after: Option<(String, CaseNumber)>,
    /// Leave out so many.
    pub offset: u64,
    /// At most this many.
    pub limit: u64,
}

/// A page of cases as everyone may see them, newest first, and where the next begins.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn list(
    caller: &Caller,
    platform: &Platform,
    filter: &CaseFilter,
) -> Result<(Vec<Case>, Option<(String, CaseNumber)>), Error> {
    caller.require(Action::ViewCase, &Resource::of_kind("case"))?;
    let mut reader = platform.store.read().await?;
    let cases = table::list(&mut reader, filter).await?;
    let is_full = u64::try_from(cases.len()).is_ok_and(|found| found == filter.limit);
    let next = cases.last().filter(|_| is_full);
    let next = next.map(|case| (store::utc_text(case.filed_at), case.number));
    Ok((cases, next))
}

/// How many cases a list has in all.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be counted.
pub async fn count(
    caller: &Caller,
    platform: &Platform,
    filter: &CaseFilter,
) -> Result<u64, Error> {
    caller.require(Action::ViewCase, &Resource::of_kind("case"))?;
    let mut reader = platform.store.read().await?;
    table::count(&mut reader, filter).await
}

/// A case as everyone may see it.
///
/// # Errors
///
/// [`Error::NotFound`] if there is none.
pub async fn find(caller: &Caller, platform: &Platform, number: CaseNumber) -> Result<Case, Error> {
    let mut reader = platform.store.read().await?;
    let case = table::find(&mut reader, number).await?.ok_or_else(|| not_found(number))?;
    caller.require(Action::ViewCase, &case.resource()).map_err(|_| not_found(number))?;
    Ok(case)
}

/// The titles of the published datasets that some cases are about.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn titles(
    platform: &Platform,
    cases: &[CaseNumber],
) -> Result<Vec<(CaseNumber, String)>, Error> {
    let mut reader = platform.store.read().await?;
    table::datasets(&mut reader, cases).await
}

/// A case in full, with who filed it, for the desk that answers it.
///
/// # Errors
///
/// [`Error::NotFound`] also where the caller may not read it.
pub async fn read(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
) -> Result<(Dossier, Filer), Error> {
    let mut reader = platform.store.read().await?;
    let dossier = load(&mut reader, number).await?;
    if !reads(caller, &dossier.case) {
        return Err(not_found(number));
    }
    let filer = table::filer(&mut reader, number).await?;
    Ok((dossier, filer))
}

/// A step that a case took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// What kind of act, `case.answered`.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Entry in the transparency log that commits to it.
    pub entry_id: EntryId,
}

/// Steps that stay inside: everyone learns of an answer once it is approved.
const INTERNAL: [&str; 2] = ["case.answer_drafted", "case.answer_returned"];
/// The most steps that are read of a case.
const STEPS: u32 = 100;

/// The steps of a case as everyone may see them, oldest first: what and when, not who.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn history(platform: &Platform, number: CaseNumber) -> Result<Vec<Passed>, Error> {
    let filter = Filter { subject: Some(format!("case:{number}")), ..Filter::default() };
    let mut reader = platform.store.read().await?;
    let records = audit::search(&mut reader, &filter, STEPS).await?;
    let shown = records.into_iter().rev().filter(|one| !INTERNAL.contains(&one.kind.as_str()));
    Ok(shown.map(|one| Passed { kind: one.kind, at: one.at, entry_id: one.id }).collect())
}

/// Which cases the desk lists.
#[derive(Clone, Debug)]
pub struct DeskFilter {
    /// Those that wait for an answer; else those that ended.
    pub is_open: bool,
    /// Only those that no body answers yet, and complaints that persons or secrets are
    /// exposed: what waits for the data administrator.
    pub is_for_admin: bool,
    /// Leave out so many.
    pub offset: u64,
    /// At most this many.
    pub limit: u64,
}

/// The cases that the caller's desk answers, with their papers, those that are due first
/// before the others; for the data administrator those of all bodies.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn desk(
    caller: &Caller,
    platform: &Platform,
    filter: &DeskFilter,
) -> Result<Vec<Dossier>, Error> {
    let body = if caller.has_role(Role::DataAdmin) { None } else { caller.body() };
    if body.is_none() && !caller.has_role(Role::DataAdmin) {
        return Ok(Vec::new());
    }
    let mut reader = platform.store.read().await?;
    let mut cases = table::desk(&mut reader, body, filter).await?;
    cases.retain(|case| reads(caller, case));
    let numbers: Vec<CaseNumber> = cases.iter().map(|case| case.number).collect();
    let papers = table::papers_of(&mut reader, &numbers).await?;
    let mut papers: HashMap<CaseNumber, Papers> = papers.into_iter().collect();
    let dossier = |case: Case| {
        let papers = papers.remove(&case.number)?;
        Some(Dossier { case, papers })
    };
    Ok(cases.into_iter().filter_map(dossier).collect())
}

/// What a case waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaseTask {
    /// Name the body that answers (指派).
    Assign,
    /// Take it up, or say what is missing (受理).
    Accept,
    /// Write the answer (拟答复).
    Answer,
    /// Approve the answer, or send it back (审批答复).
    Approve,
    /// Look at what open data are said to expose, and suspend them if so (核查暴露).
    Examine,
}

/// The most cases that are looked through for tasks.
const MOST_TASKS: u64 = 500;

/// The cases that wait for this caller.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn inbox(
    caller: &Caller,
    platform: &Platform,
) -> Result<Vec<(CaseTask, Dossier)>, Error> {
    let is_for_admin = caller.has_role(Role::DataAdmin);
    let filter = DeskFilter { is_open: true, is_for_admin, offset: 0, limit: MOST_TASKS };
    let dossiers = desk(caller, platform, &filter).await?;
    let task = |dossier: Dossier| Some((task_of(caller, &dossier)?, dossier));
    Ok(dossiers.into_iter().filter_map(task).collect())
}

/// What the caller has to do with a case, if anything.
fn task_of(caller: &Caller, dossier: &Dossier) -> Option<CaseTask> {
    let case = &dossier.case;
    let resource = case.resource();
    let may = |action| caller.can(action, &resource);
    let task = match case.state {
        CaseState::Filed | CaseState::Supplemented if may(Action::HandleCase) => CaseTask::Accept,
        CaseState::Filed if case.body.is_none() && may(Action::AssignCase) => CaseTask::Assign,
        CaseState::UnderReview if may(Action::HandleCase) => CaseTask::Answer,
        CaseState::ToApprove if may(Action::ApproveAnswer) => CaseTask::Approve,
        _ if exposes(dossier) && may(Action::AssignCase) => CaseTask::Examine,
        _ => return None,
    };
    Some(task)
}

/// Whether open data are said to expose what must be stopped at once.
fn exposes(dossier: &Dossier) -> bool {
    let exposed = dossier.papers.details.exposed;
    dossier.case.kind == RequestKind::Complaint
        && dossier.case.asset_id.is_some()
        && matches!(exposed, Some(Exposed::PersonalInformation | Exposed::TradeSecret))
}

/// Which cases statistics are about.
#[derive(Clone, Copy, Debug, Default)]
pub struct StatisticsFilter {
    /// Only of this kind.
    pub kind: Option<RequestKind>,
    /// Only those that this body answers.
    pub body: Option<CreditCode>,
}

/// How a portal answers the public.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Cases in all.
    pub filed: u64,
    /// Those that wait for an answer.
    pub waiting: u64,
    /// Those that were taken back.
    pub withdrawn: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Answers that give what was asked, wholly or in part.
    pub accepted: u64,
    /// Answers that decide: those that send elsewhere or to an earlier case do not.
    pub decided: u64,
    /// Answers whose last day is known.
    pub timed: u64,
    /// Those of them that came within their time.
    pub in_time: u64,
    /// Those that wait beyond their time.
    pub overdue: u64,
    /// Half of the answers took at most so many working days; `None` without answers.
    pub median_working_days: Option<f64>,
}

impl Statistics {
    /// Share of decisions that give what was asked; `None` without decisions.
    pub fn acceptance_rate(&self) -> Option<f64> {
        share(self.accepted, self.decided)
    }

    /// Share of answers within their time; `None` without answers.
    pub fn in_time_rate(&self) -> Option<f64> {
        share(self.in_time, self.timed)
    }
}

/// A share; `None` of nothing.
fn share(part: u64, whole: u64) -> Option<f64> {
    let number = |count: u64| u32::try_from(count).ok().map(f64::from);
    Some(number(part)? / number(whole).filter(|whole| *whole > 0.0)?)
}

/// How the portal, a body, or a kind of case is answered.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be counted.
pub async fn statistics(
    caller: &Caller,
    platform: &Platform,
    filter: &StatisticsFilter,
) -> Result<Statistics, Error> {
    caller.require(Action::ViewCase, &Resource::of_kind("case"))?;
    let mut reader = platform.store.read().await?;
    table::statistics(&mut reader, filter, caller.now()).await
}

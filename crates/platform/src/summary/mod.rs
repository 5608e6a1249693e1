//! Summaries with differential privacy (差分隐私摘要): what the public gets of data that
//! are not opened.
//!
//! ```text
//! budget (data administrator or unit head, once an asset)
//! draft ─submit─▶ submitted ─approve─▶ computing ─job summary.answer─▶ published ─withdraw─▶ withdrawn
//!   ▲                 └────reject────▶ rejected         └─▶ failed
//!   └───────────────── edit ───────────────┘
//! ```
//!
//! A clerk asks (counts, sums, means, quantiles, counts by category or interval) and says
//! what is known of a column beforehand; nothing is guessed from the data. A second person
//! approves. Then the rows are read, and in one transaction the price is taken from the
//! asset's ledger and the noisy figures become public: what was not told costs nothing,
//! and what was told stays paid, also if it is withdrawn.
//!
//! The columns of a version and their types count as known.
//!
//! Basis: 山西省大数据发展应用促进条例 第八条; 个人信息保护法 第七十三条; GB/T 37964-2019.
//!
//! Invariants (each is also the name of a test):
//! - `what_is_told_never_costs_more_than_the_budget`
//! - `a_summary_is_approved_by_a_second_person`
//! - `what_was_told_stays_paid_after_it_was_withdrawn`
//!
//! Start at [`propose`]. The mathematics is [`deident::dp`].

mod answer;
mod model;
mod rules;
mod table;

use deident::dp::{Cost, Epsilon, Ledger, Unit};
use serde_json::json;
use trust::{Action, Caller, audit};
use vocabulary::{AssetId, EntryId, JobId, SummaryId};

pub(crate) use answer::{ANSWER, Answer, give_up, run};
pub use model::{Budget, Measure, Proposal, Question, Summary, SummaryState};

use crate::registry::{self, Asset, AssetState, version};
use crate::{Error, Platform, jobs};

/// What a step did: the summary as it is now and the receipt's number.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The summary after the step.
    pub summary: Summary,
    /// Entry in the transparency log that commits to the step.
    pub entry_id: EntryId,
    /// The job that goes on from here.
    pub job_id: Option<JobId>,
}

/// What is wanted of a budget.
#[derive(Clone, Debug)]
pub struct NewBudget {
    /// The whole ε of all summaries of the asset.
    pub epsilon: Epsilon,
    /// Whom an answer protects.
    pub unit: Unit,
    /// Why it is as large as it is.
    pub reason: String,
}

/// Sets the privacy budget of an asset, or another one.
///
/// - `revision`: that of the budget which is replaced; none for the first.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller is the data administrator or the head of the body;
/// [`Error::Invalid`] for an ε of nothing or above the limit, without a reason, below what
/// was spent, or with other persons to protect after something was told;
/// [`Error::Refused`] (R-OP-06); [`Error::Stale`].
pub async fn set_budget(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
    revision: Option<i64>,
    new: NewBudget,
) -> Result<Budget, Error> {
    let mut tx = platform.store.begin().await?;
    let asset = visible(caller, &mut tx, asset_id).await?;
    caller.require(Action::SetPrivacyBudget, &asset.resource())?;
    rules::check_asset(&asset)?;
    rules::check_budget(new.epsilon, &new.reason)?;
    let before = table::budget(&mut tx, asset_id).await?;
    let under_way = table::of_asset(&mut tx, asset_id).await?;
    let under_way = under_way
        .iter()
        .any(|one| matches!(one.state, SummaryState::Submitted | SummaryState::Computing));
    rules::check_unit(before.as_ref(), under_way, &new.unit)?;
    if before.as_ref().map(|budget| budget.revision) != revision {
        return Err(Error::Stale);
    }
    let whole = Cost::Pure { epsilon: new.epsilon };
    let ledger = match &before {
        None => Ledger::new(asset_id.to_string(), whole),
        Some(before) => {
            let mut ledger = before.ledger.clone();
            ledger.set_budget(whole).map_err(|_| {
                let spent = before.spent();
                Error::invalid(
                    "epsilon",
                    format!("已经花掉 {spent}，预算不能更小。"),
                    format!("{spent} was spent already: the budget cannot be smaller."),
                )
            })?;
            ledger
        }
    };
    let set_by = crate::account(caller)?;
    let event = audit::Event {
        kind: "privacy_budget.set",
        subject: format!("asset:{asset_id}"),
        body: json!({
            "asset": asset_id,
            "epsilon": new.epsilon,
            "unit": new.unit,
            "spent": ledger.spent(),
        }),
        ground: Some(new.reason.trim().to_owned()),
    };
    let entry_id = audit::append(&mut tx, caller, event).await.map_err(Error::evidence)?;
    let budget = Budget {
        asset_id,
        revision: revision.unwrap_or(0) + 1,
        unit: new.unit,
        ledger,
        reason: new.reason.trim().to_owned(),
        set_by,
        set_at: caller.now(),
        entry_id,
    };
    table::save_budget(&mut tx, &budget).await?;
    tx.commit().await?;
    Ok(budget)
}

/// The privacy budget of an asset that the caller may see, if one was set.
///
/// # Errors
///
/// [`Error::NotFound`] if the asset is not there for the caller.
pub async fn budget(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
) -> Result<Option<Budget>, Error> {
    let mut reader = platform.store.read().await?;
    visible(caller, &mut reader, asset_id).await?;
    table::budget(&mut reader, asset_id).await
}

/// Begins a summary of a stored version as a draft.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller is a clerk of the body; [`Error::WrongState`] if the
/// version is not stored; [`Error::Invalid`] with everything that is wrong in the
/// questions; [`Error::Refused`] (R-OP-06).
pub async fn propose(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
    number: i64,
    proposal: Proposal,
) -> Result<Changed, Error> {
    let (asset, version) = version::find(caller, platform, asset_id, number).await?;
    caller.require(Action::ProposeSummary, &asset.resource())?;
    rules::check_asset(&asset)?;
    check_proposal(platform, &version, &proposal).await?;
    let mut tx = platform.store.begin().await?;
    let mut summary = Summary {
        id: SummaryId::new_v7(caller.now()),
        asset_id,
        version_id: version.id,
        state: SummaryState::Draft,
        revision: 1,
        proposal,
        answers: None,
        filed_by: crate::account(caller)?,
        decided_by: None,
        decision_ground: None,
        problem: None,
        entry_id: EntryId::new_v7(caller.now()),
        created_at: caller.now(),
        updated_at: caller.now(),
        published_at: None,
    };
    let entry_id = record(&mut tx, caller, "summary.drafted", &summary, None).await?;
    summary.entry_id = entry_id;
    table::insert(&mut tx, &summary).await?;
    tx.commit().await?;
    Ok(Changed { summary, entry_id, job_id: None })
}

/// Replaces what a draft asks; a rejected or failed one becomes a draft again.
///
/// # Errors
///
/// [`Error::Stale`] if `revision` is not the current one; else as [`propose`].
pub async fn edit(
    caller: &Caller,
    platform: &Platform,
    id: SummaryId,
    revision: i64,
    proposal: Proposal,
) -> Result<Changed, Error> {
    let (_, found) = find(caller, platform, id).await?;
    let mut reader = platform.store.read().await?;
    let version = registry::load_version(&mut reader, found.version_id).await?;
    drop(reader);
    check_proposal(platform, &version, &proposal).await?;
    let step = Step { action: Action::ProposeSummary, event: "summary.edited", ground: None };
    take(caller, platform, id, Some(revision), step, async |_, _, summary| {
        let states = [SummaryState::Draft, SummaryState::Rejected, SummaryState::Failed];
        rules::require_state(&summary, &states, "draft, rejected or failed")?;
        Ok(Summary {
            state: SummaryState::Draft,
            proposal,
            filed_by: crate::account(caller)?,
            decided_by: None,
            decision_ground: None,
            problem: None,
            ..summary
        })
    })
    .await
}

/// Submits a draft for approval.
///
/// # Errors
///
/// [`Error::Invalid`] without questions, without a budget, or above what is left of it;
/// [`Error::WrongState`] unless it is a draft.
pub async fn submit(
    caller: &Caller,
    platform: &Platform,
    id: SummaryId,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    let step = Step { action: Action::ProposeSummary, event: "summary.submitted", ground: None };
    take(caller, platform, id, revision, step, async |tx, _, summary| {
        rules::require_state(&summary, &[SummaryState::Draft], "draft")?;
        if summary.proposal.questions.is_empty() || summary.proposal.purpose.trim().is_empty() {
            return Err(Error::invalid(
                "questions",
                "请写明公众用途，并至少提一个问题。",
                "Say what the public needs it for, and ask at least one question.",
            ));
        }
        crate::gate::require_own(summary.filed_by, caller)?;
        check_person_column(platform, tx, &summary).await?;
        check_affordable(tx, &summary).await?;
        Ok(Summary { state: SummaryState::Submitted, ..summary })
    })
    .await
}

/// A second person approves; the figures are computed and published.
///
/// # Errors
///
/// [`Error::Denied`] for the filer; [`Error::WrongState`] unless it is submitted and the
/// asset's entry is published; [`Error::Invalid`] if the budget no longer pays for it;
/// [`Error::Refused`] (R-OP-06).
pub async fn approve(
    caller: &Caller,
    platform: &Platform,
    id: SummaryId,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    let step = Step { action: Action::ApproveSummary, event: "summary.approved", ground: None };
    let changed = take(caller, platform, id, revision, step, async |tx, asset, summary| {
        rules::require_state(&summary, &[SummaryState::Submitted], "submitted")?;
        rules::check_public(asset)?;
        check_person_column(platform, tx, &summary).await?;
        check_affordable(tx, &summary).await?;
        let work = Answer { summary_id: id };
        let subject = format!("summary:{id}");
        jobs::enqueue(tx, ANSWER, &subject, &work, caller.now()).await?;
        Ok(Summary {
            state: SummaryState::Computing,
            decided_by: Some(crate::account(caller)?),
            ..summary
        })
    })
    .await?;
    platform.jobs.notify_one();
    let mut reader = platform.store.read().await?;
    let job_id = jobs::of_subject(&mut reader, &format!("summary:{id}")).await?;
    Ok(Changed { job_id, ..changed })
}

/// A second person rejects, citing a ground.
///
/// # Errors
///
/// [`Error::Invalid`] without a ground; [`Error::Denied`] for the filer.
pub async fn reject(
    caller: &Caller,
    platform: &Platform,
    id: SummaryId,
    revision: Option<i64>,
    reason: &str,
) -> Result<Changed, Error> {
    let ground = rules::require_reason(reason)?;
    let step = Step {
        action: Action::RejectSummary,
        event: "summary.rejected",
        ground: Some(ground.clone()),
    };
    take(caller, platform, id, revision, step, async |_, _, summary| {
        rules::require_state(&summary, &[SummaryState::Submitted], "submitted")?;
        Ok(Summary {
            state: SummaryState::Rejected,
            decided_by: Some(crate::account(caller)?),
            decision_ground: Some(ground),
            ..summary
        })
    })
    .await
}

/// Takes a published summary back. What was told stays paid.
///
/// # Errors
///
/// [`Error::Invalid`] without a reason; [`Error::WrongState`] unless it is published.
pub async fn withdraw(
    caller: &Caller,
    platform: &Platform,
    id: SummaryId,
    revision: Option<i64>,
    reason: &str,
) -> Result<Changed, Error> {
    let ground = rules::require_reason(reason)?;
    let step = Step {
        action: Action::WithdrawSummary,
        event: "summary.withdrawn",
        ground: Some(ground.clone()),
    };
    take(caller, platform, id, revision, step, async |_, _, summary| {
        rules::require_state(&summary, &[SummaryState::Published], "published")?;
        Ok(Summary { state: SummaryState::Withdrawn, decision_ground: Some(ground), ..summary })
    })
    .await
}

/// A summary that the caller may see, with its asset.
///
/// # Errors
///
/// [`Error::NotFound`] also where the caller may not know that it exists.
pub async fn find(
    caller: &Caller,
    platform: &Platform,
    id: SummaryId,
) -> Result<(Asset, Summary), Error> {
    let mut reader = platform.store.read().await?;
    find_for(caller, &mut reader, id).await
}

/// The summaries of an asset that the caller may see, newest first.
///
/// # Errors
///
/// [`Error::NotFound`] if the asset is not there for the caller.
pub async fn of_asset(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
) -> Result<Vec<Summary>, Error> {
    let mut reader = platform.store.read().await?;
    let asset = visible(caller, &mut reader, asset_id).await?;
    let mut summaries = table::of_asset(&mut reader, asset_id).await?;
    summaries.retain(|summary| may_see(caller, &asset, summary));
    Ok(summaries)
}

/// The summaries that wait for this caller's decision, the longest waiting first.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn inbox(caller: &Caller, platform: &Platform) -> Result<Vec<(Asset, Summary)>, Error> {
    let mut reader = platform.store.read().await?;
    let mut waiting = Vec::new();
    for summary in table::submitted(&mut reader).await? {
        let asset = registry::load(&mut reader, summary.asset_id).await?;
        if caller.can(Action::ApproveSummary, &resource(&asset, &summary)) {
            waiting.push((asset, summary));
        }
    }
    Ok(waiting)
}

/// One step: which action, which event, on what ground.
struct Step {
    action: Action,
    event: &'static str,
    ground: Option<String>,
}

/// One step of a summary: find → authorize → decide → save → audit → commit.
async fn take(
    caller: &Caller,
    platform: &Platform,
    id: SummaryId,
    revision: Option<i64>,
    step: Step,
    decide: impl AsyncFnOnce(&mut store::Tx, &Asset, Summary) -> Result<Summary, Error>,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let (asset, found) = find_for(caller, &mut tx, id).await?;
    caller.require(step.action, &resource(&asset, &found))?;
    let before = found.revision;
    if revision.is_some_and(|expected| expected != before) {
        return Err(Error::Stale);
    }
    let decided = decide(&mut tx, &asset, found).await?;
    let mut summary = Summary { revision: before + 1, updated_at: caller.now(), ..decided };
    let entry_id = record(&mut tx, caller, step.event, &summary, step.ground).await?;
    summary.entry_id = entry_id;
    table::save(&mut tx, &summary, before).await?;
    tx.commit().await?;
    Ok(Changed { summary, entry_id, job_id: None })
}

fn resource(asset: &Asset, summary: &Summary) -> trust::Resource {
    summary.resource(asset.body, asset.state == AssetState::Published)
}

fn may_see(caller: &Caller, asset: &Asset, summary: &Summary) -> bool {
    caller.can(Action::ViewSummary, &resource(asset, summary))
}

async fn find_for(
    caller: &Caller,
    query: &mut impl store::Query,
    id: SummaryId,
) -> Result<(Asset, Summary), Error> {
    let missing = || Error::NotFound { what: "summary", id: id.to_string() };
    let summary = table::find(query, id).await?.ok_or_else(missing)?;
    let asset = registry::load(query, summary.asset_id).await?;
    if !may_see(caller, &asset, &summary) {
        return Err(missing());
    }
    Ok((asset, summary))
}

/// An asset that the caller may see.
async fn visible(
    caller: &Caller,
    query: &mut impl store::Query,
    id: AssetId,
) -> Result<Asset, Error> {
    let missing = || Error::NotFound { what: "asset", id: id.to_string() };
    let asset = registry::load(query, id).await?;
    if caller.can(Action::ViewAsset, &asset.resource()) { Ok(asset) } else { Err(missing()) }
}

/// Whether the version has the column by which the budget tells persons apart.
async fn check_person_column(
    platform: &Platform,
    query: &mut impl store::Query,
    summary: &Summary,
) -> Result<(), Error> {
    let Some(budget) = table::budget(query, summary.asset_id).await? else { return Ok(()) };
    let Unit::Person { column, .. } = &budget.unit else { return Ok(()) };
    let version = registry::load_version(query, summary.version_id).await?;
    let Some(stored) = &version.stored else { return Err(Error::Interrupted) };
    let schema = platform.lake.schema(&stored.table()?, Some(stored.version)).await?;
    if schema.field_with_name(column).is_ok() {
        return Ok(());
    }
    Err(Error::invalid(
        "person_column",
        format!(
            "第 {} 版没有隐私预算所说的个人标识列“{column}”，请先改正隐私预算。",
            version.number
        ),
        format!(
            "Version {} has no column “{column}”, by which the budget tells persons apart: correct the budget first.",
            version.number
        ),
    ))
}

/// Whether the budget pays for a summary, beside those that are being computed.
async fn check_affordable(query: &mut impl store::Query, summary: &Summary) -> Result<(), Error> {
    let Some(budget) = table::budget(query, summary.asset_id).await? else {
        return Err(Error::invalid(
            "budget",
            "还没有隐私预算：请数据管理员或单位负责人先设定。",
            "There is no privacy budget yet: the data administrator or the head of the unit sets it.",
        ));
    };
    let computing = table::of_asset(query, summary.asset_id).await?;
    let computing = computing.iter().filter(|one| one.state == SummaryState::Computing);
    let reserved = computing.map(|one| one.epsilon().billionths()).fold(0, u64::saturating_add);
    let reserved = Epsilon::from_billionths(reserved);
    rules::check_affordable(&budget.ledger, reserved, summary.epsilon())
}

async fn check_proposal(
    platform: &Platform,
    version: &version::Version,
    proposal: &Proposal,
) -> Result<(), Error> {
    let Some(stored) = &version.stored else {
        return Err(Error::WrongState {
            subject: format!("version {}", version.number),
            found: version.state.clone(),
            needed: "stored",
        });
    };
    let schema = platform.lake.schema(&stored.table()?, Some(stored.version)).await?;
    rules::check_proposal(proposal, &schema)
}

/// Writes the audit entry of a step in the same transaction.
async fn record(
    tx: &mut store::Tx,
    caller: &Caller,
    event: &'static str,
    summary: &Summary,
    ground: Option<String>,
) -> Result<EntryId, Error> {
    let event = audit::Event {
        kind: event,
        subject: format!("asset:{}", summary.asset_id),
        body: json!({
            "summary": summary.id,
            "version": summary.version_id,
            "state": summary.state.code(),
            "revision": summary.revision,
            "proposal": summary.proposal,
            "epsilon": summary.epsilon(),
            "answers": summary.answers,
        }),
        ground,
    };
    audit::append(tx, caller, event).await.map_err(Error::evidence)
}

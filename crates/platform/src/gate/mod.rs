//! The gate: may this data leave, and if not, what would make it so? (开放、共享、交易的闸口)
//!
//! Other platforms ask an official to tick a box. The gate reads every row,
//! proposes what to do with each column, lets a person correct it, measures the
//! risk of what would leave, refuses with the ground, or passes on approval by a
//! second person. What passes is a release with a signed, logged certificate.
//!
//! ```text
//! start ─▶ inspecting ─▶ confirming ─confirm─▶ measuring ─▶ passed ─submit─▶ submitted ─approve─▶ approved
//!                            ▲                    │  └────▶ refused              └──reject──▶ rejected
//!                            └──────────────change┴────────────┘
//! ```
//!
//! Basis: 山西省大数据发展应用促进条例 第八条 (only what is de-sensitised,
//! standardised and machine-readable is opened), 第十一条; GB/T 42460-2023.
//!
//! Invariants (each is also the name of a test):
//! - `nobody_approves_what_they_filed`
//! - `a_refusal_always_cites_a_ground`
//! - `what_is_released_is_measured_again_on_the_released_rows`
//! - `a_direct_identifier_never_leaves`
//! - `a_class_with_one_sensitive_value_is_refused`
//! - `a_version_that_differs_by_one_person_is_refused`
//! - `few_changed_persons_are_left_out_where_that_is_asked_for`
//! - `a_digest_without_a_key_is_refused`
//!
//! The tests on the candidate, one file each: `exposure.rs` (attacks), `restore.rs`
//! (digests), `composition/` (earlier releases, open data of others), `neighbours.rs` (open datasets of
//! others); `report.rs` makes them a list of [`Check`]s.
//!
//! Start at [`start`]. Decisions are in `rules.rs`, the search in `planner.rs`, the
//! measurement in `measure.rs`, releases and certificates in [`release`], SQL in `table.rs`.

mod candidate;
mod checks;
mod composition;
mod exposure;
mod inspect;
mod left_out;
mod measure;
mod model;
mod neighbours;
pub(crate) mod pass;
mod planner;
pub mod release;
pub mod remeasure;
mod report;
mod restore;
mod rules;
mod table;

use law::Audience;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trust::{Action, Caller, audit};
use vocabulary::{AssetId, Bilingual, EntryId, GateRunId, JobId};

pub use checks::{Check, CheckKind, CheckVerdict, Figure};
pub use composition::CompositionFact;
pub use exposure::{AttackFact, AttackKind};
pub(crate) use inspect::run_inspect;
pub use left_out::LeftOutFact;
pub(crate) use measure::run_measure;
pub use model::{
    ColumnOutcome, Decision, DiversityFact, GateRun, GateState, Outcome, SearchFacts, Settings,
    Treatment,
};
pub use neighbours::NeighbourFact;
pub use restore::RestorationFact;

use crate::registry::{self, Asset, AssetState};
use crate::{Error, Platform};

/// The kind of the job that inspects a version.
pub(crate) const INSPECT: &str = "gate.inspect";
/// The kind of the job that measures a plan.
pub(crate) const MEASURE: &str = "gate.measure";

/// The kind of the job that measures a release again.
pub(crate) const REMEASURE: &str = "gate.remeasure";

/// The payload of the gate's jobs.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GateWork {
    gate_run_id: GateRunId,
    /// The revision that the job was made for; a later one has its own job.
    revision: i64,
}

/// What a step did.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The run after the step.
    pub run: GateRun,
    /// The job that goes on from here, if any.
    pub job_id: Option<JobId>,
    /// Entry in the transparency log that commits to the step.
    pub entry_id: EntryId,
}

/// Starts a run for a stored version.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller is a clerk of the asset's body;
/// [`Error::WrongState`] if the version is not stored; [`Error::Invalid`] if the
/// suppression limit is not a share, `k` is 0, the sharing model is not that of
/// the audience, or the asset does not open to it.
pub async fn start(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
    number: i64,
    audience: Audience,
    settings: Settings,
) -> Result<Changed, Error> {
    rules::check_settings(&settings, audience)?;
    may_leave_out(platform, &settings)?;
    let (asset, version) = registry::version::find(caller, platform, asset_id, number).await?;
    rules::check_audience(&asset, audience)?;
    if version.state != "stored" {
        return Err(Error::WrongState {
            subject: format!("version {number}"),
            found: version.state,
            needed: "stored",
        });
    }
    let filed_by = crate::account(caller)?;
    let run = GateRun {
        id: GateRunId::new_v7(caller.now()),
        asset_id,
        version_id: version.id,
        audience,
        state: GateState::Inspecting,
        revision: 1,
        settings,
        findings: Vec::new(),
        decisions: Vec::new(),
        outcome: None,
        candidate: None,
        filed_by,
        decided_by: None,
        decision_ground: None,
        problem: None,
        created_at: caller.now(),
        updated_at: caller.now(),
        decided_at: None,
    };
    caller.require(Action::RunGate, &run.resource(asset.body))?;
    let mut tx = platform.store.begin().await?;
    table::insert(&mut tx, &run).await?;
    let job_id = Some(enqueue(&mut tx, INSPECT, &run).await?);
    let entry_id = record(&mut tx, caller, "gate.started", &run, None).await?;
    tx.commit().await?;
    platform.jobs.notify_one();
    Ok(Changed { run, job_id, entry_id })
}

/// Confirms or corrects what was found, and has the plan measured.
///
/// # Errors
///
/// [`Error::Invalid`] if a column is missing, unknown, or departs from what was
/// found without a reason; [`Error::Stale`] if `revision` is not the current one;
/// [`Error::WrongState`] once it is submitted.
pub async fn confirm(
    caller: &Caller,
    platform: &Platform,
    id: GateRunId,
    revision: Option<i64>,
    settings: Settings,
    decisions: Vec<Decision>,
) -> Result<Changed, Error> {
    may_leave_out(platform, &settings)?;
    step(
        caller,
        platform,
        id,
        revision,
        Action::ConfirmColumns,
        "gate.confirmed",
        None,
        |run, _| {
            let confirmed = rules::confirm(run, settings, decisions)?;
            // Who decided about the columns is who asks for the release.
            Ok(GateRun { filed_by: crate::account(caller)?, ..confirmed })
        },
    )
    .await
}

/// Refuses to leave out the few who changed where the operator does not allow it.
fn may_leave_out(platform: &Platform, settings: &Settings) -> Result<(), Error> {
    if !settings.leave_out_changed || platform.leave_out_changed {
        return Ok(());
    }
    Err(Error::invalid(
        "settings.leave_out_changed",
        "本平台没有启用“变动少的行不发布”：三次以上的发布合起来仍可能认出个人。",
        "Leaving out the few changed rows is not allowed here: three releases together can still tell one person apart.",
    ))
}

/// Checks that who submits is who worked it out: else one person could work it out, have it
/// submitted by another, and approve it.
///
/// # Errors
///
/// [`Error::Invalid`] for anyone else.
pub(crate) fn require_own(filed_by: vocabulary::AccountId, caller: &Caller) -> Result<(), Error> {
    if caller.account_id() == Some(filed_by) {
        return Ok(());
    }
    Err(Error::invalid(
        "filer",
        "只有最后确认内容的人可以提交审核；请先自己确认一遍。",
        "Only who worked it out last submits it; go through it and confirm it yourself first.",
    ))
}

/// Submits a passed run for approval by a second person.
///
/// # Errors
///
/// [`Error::WrongState`] unless it passed; [`Error::Invalid`] for anyone but who confirmed
/// its columns.
pub async fn submit(
    caller: &Caller,
    platform: &Platform,
    id: GateRunId,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    step(caller, platform, id, revision, Action::SubmitRelease, "gate.submitted", None, |run, _| {
        rules::require_state(&run, &[GateState::Passed], "passed")?;
        require_own(run.filed_by, caller)?;
        Ok(GateRun { state: GateState::Submitted, ..run })
    })
    .await
}

/// A second person rejects, citing a ground.
///
/// # Errors
///
/// [`Error::Invalid`] without a ground; [`Error::Denied`] for the filer.
pub async fn reject(
    caller: &Caller,
    platform: &Platform,
    id: GateRunId,
    revision: Option<i64>,
    ground: &str,
) -> Result<Changed, Error> {
    let now = caller.now();
    step(
        caller,
        platform,
        id,
        revision,
        Action::RejectRelease,
        "gate.rejected",
        Some(ground),
        |run, _| {
            rules::require_state(&run, &[GateState::Submitted], "submitted")?;
            Ok(GateRun {
                state: GateState::Rejected,
                decided_by: caller.account_id(),
                decided_at: Some(now),
                decision_ground: Some(rules::required_ground(ground)?),
                ..run
            })
        },
    )
    .await
}

/// A second person approves: the candidate becomes a release with a certificate.
///
/// # Errors
///
/// [`Error::Denied`] for the filer; [`Error::WrongState`] unless it is submitted, the
/// asset's entry is published, and nothing was released and no rule changed since it was
/// measured; [`Error::Refused`] if the asset's level or
/// opening attribute has changed so that the law now refuses; [`Error::Invalid`] if it
/// does not open to this audience any more.
pub async fn approve(
    caller: &Caller,
    platform: &Platform,
    id: GateRunId,
    revision: Option<i64>,
) -> Result<(Changed, release::Release), Error> {
    let mut tx = platform.store.begin().await?;
    let (asset, found) = find_for(caller, &mut tx, id).await?;
    caller.require(Action::ApproveRelease, &found.resource(asset.body))?;
    let before = found.revision;
    if revision.is_some_and(|expected| expected != before) {
        return Err(Error::Stale);
    }
    rules::require_state(&found, &[GateState::Submitted], "submitted")?;
    rules::check_settings(&found.settings, found.audience)?;
    if asset.state != AssetState::Published {
        return Err(Error::WrongState {
            subject: format!("asset {}", asset.id),
            found: asset.state.code().to_owned(),
            needed: "published",
        });
    }
    rules::check_audience(&asset, found.audience)?;
    let refusals = rules::refuse_asset(&asset, found.audience);
    if !refusals.is_empty() {
        return Err(Error::Refused { refusals });
    }
    if !is_up_to_date(&mut tx, &found).await? {
        return Err(Error::WrongState {
            subject: format!("gate run {id}"),
            found: "measured before the newest release or by other rules".to_owned(),
            needed: "measured again: reject it, and have the clerk confirm it once more",
        });
    }
    let run = GateRun {
        state: GateState::Approved,
        decided_by: caller.account_id(),
        decided_at: Some(caller.now()),
        revision: before + 1,
        updated_at: caller.now(),
        ..found
    };
    table::save(&mut tx, &run, before).await?;
    let release = release::create(&mut tx, caller, platform, &asset, &run).await?;
    let entry_id = release.entry_id;
    tx.commit().await?;
    crate::open::index_asset(platform, asset.id).await?;
    Ok((Changed { run, job_id: None, entry_id }, release))
}

/// Whether a run was measured by the rules of today and against the newest release of its
/// asset and those of others with the same columns: only then it can be approved.
///
/// # Errors
///
/// [`Error::Store`] if the releases cannot be read.
pub async fn can_be_approved(platform: &Platform, run: &GateRun) -> Result<bool, Error> {
    let mut reader = platform.store.read().await?;
    is_up_to_date(&mut reader, run).await
}

async fn is_up_to_date(query: &mut impl store::Query, run: &GateRun) -> Result<bool, Error> {
    let newest = release::newest_number(query, run.asset_id).await?;
    let (others, _) = composition::others(query, run).await?;
    let others: Vec<_> = others.iter().map(|other| other.release.id).collect();
    let outcome = run.outcome.as_deref();
    Ok(outcome.is_some_and(|one| {
        one.compared_to == newest && one.others == others && one.rules == remeasure::rules()
    }))
}

/// A run that the caller may see, with its asset.
///
/// # Errors
///
/// [`Error::NotFound`] also where the caller may not know that it exists.
pub async fn find(
    caller: &Caller,
    platform: &Platform,
    id: GateRunId,
) -> Result<(Asset, GateRun), Error> {
    let mut reader = platform.store.read().await?;
    find_for(caller, &mut reader, id).await
}

/// The runs of an asset, newest first, if the caller may see them.
///
/// # Errors
///
/// [`Error::NotFound`] if the asset is not there for the caller.
pub async fn of_asset(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
) -> Result<Vec<GateRun>, Error> {
    let asset = registry::find(caller, platform, asset_id).await?;
    let mut reader = platform.store.read().await?;
    let runs = table::of_asset(&mut reader, asset_id).await?;
    Ok(runs
        .into_iter()
        .filter(|run| caller.require(Action::ViewGateRun, &run.resource(asset.body)).is_ok())
        .collect())
}

/// The runs that wait for this caller's approval, the longest waiting first.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn inbox(caller: &Caller, platform: &Platform) -> Result<Vec<(Asset, GateRun)>, Error> {
    let mut reader = platform.store.read().await?;
    let mut waiting = Vec::new();
    for run in table::submitted(&mut reader).await? {
        let asset = registry::load(&mut reader, run.asset_id).await?;
        if caller.require(Action::ApproveRelease, &run.resource(asset.body)).is_ok() {
            waiting.push((asset, run));
        }
    }
    Ok(waiting)
}

/// The sharing models that a release for an audience may be measured by.
pub fn models(audience: Audience) -> &'static [law::SharingModel] {
    rules::models(audience)
}

/// Runs that the caller filed and that wait for the caller, newest change first;
/// only the newest run of each version.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn of_filer(
    caller: &Caller,
    platform: &Platform,
) -> Result<Vec<(Asset, GateRun)>, Error> {
    let Some(account) = caller.account_id() else { return Ok(Vec::new()) };
    let mut reader = platform.store.read().await?;
    let mut newest: Vec<GateRun> = Vec::new();
    for run in table::of_filer(&mut reader, account).await? {
        if !newest.iter().any(|seen| seen.version_id == run.version_id) {
            newest.push(run);
        }
    }
    let mut waiting = Vec::new();
    for run in newest.into_iter().filter(|run| {
        matches!(
            run.state,
            GateState::Confirming
                | GateState::Refused
                | GateState::Passed
                | GateState::Rejected
                | GateState::Failed
        )
    }) {
        let asset = registry::load(&mut reader, run.asset_id).await?;
        waiting.push((asset, run));
    }
    Ok(waiting)
}

/// One step of a run: find → authorize → decide → save → audit → commit.
#[expect(clippy::too_many_arguments, reason = "the steps differ in exactly these")]
async fn step(
    caller: &Caller,
    platform: &Platform,
    id: GateRunId,
    revision: Option<i64>,
    action: Action,
    event: &'static str,
    ground: Option<&str>,
    decide: impl FnOnce(GateRun, &Asset) -> Result<GateRun, Error>,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let (asset, found) = find_for(caller, &mut tx, id).await?;
    caller.require(action, &found.resource(asset.body))?;
    let before = found.revision;
    if revision.is_some_and(|expected| expected != before) {
        return Err(Error::Stale);
    }
    let decided = decide(found, &asset)?;
    let run = GateRun { revision: before + 1, updated_at: caller.now(), ..decided };
    table::save(&mut tx, &run, before).await?;
    let job_id = match run.state {
        GateState::Measuring => Some(enqueue(&mut tx, MEASURE, &run).await?),
        _ => None,
    };
    let entry_id = record(&mut tx, caller, event, &run, ground).await?;
    tx.commit().await?;
    platform.jobs.notify_one();
    Ok(Changed { run, job_id, entry_id })
}

/// The run and its asset, if the caller may know of them.
async fn find_for(
    caller: &Caller,
    query: &mut impl store::Query,
    id: GateRunId,
) -> Result<(Asset, GateRun), Error> {
    let missing = || Error::NotFound { what: "gate run", id: id.to_string() };
    let run = table::find(query, id).await?.ok_or_else(missing)?;
    let asset = registry::load(query, run.asset_id).await?;
    caller.require(Action::ViewGateRun, &run.resource(asset.body)).map_err(|_| missing())?;
    Ok((asset, run))
}

/// Writes the job that goes on with a run.
async fn enqueue(tx: &mut store::Tx, kind: &str, run: &GateRun) -> Result<JobId, Error> {
    let work = GateWork { gate_run_id: run.id, revision: run.revision };
    crate::jobs::enqueue(tx, kind, &format!("gate:{}", run.id), &work, run.updated_at).await
}

/// Saves what a job found, if the run is still as the job met it.
async fn save_found(
    platform: &Platform,
    work: &GateWork,
    run: GateRun,
    event: &'static str,
) -> Result<(), Error> {
    let now = platform.clock.now();
    let run = GateRun { revision: work.revision + 1, updated_at: now, ..run };
    let mut tx = platform.store.begin().await?;
    table::save(&mut tx, &run, work.revision).await?;
    record(&mut tx, &Caller::system(now), event, &run, None).await?;
    tx.commit().await?;
    Ok(())
}

/// The run that a job is about, if it is still as it was when the job was made.
async fn load_for_job(platform: &Platform, work: &GateWork) -> Result<Option<GateRun>, Error> {
    let mut reader = platform.store.read().await?;
    let run = table::find(&mut reader, work.gate_run_id).await?;
    Ok(run.filter(|run| run.revision == work.revision))
}

/// Marks a run as failed after its job was given up.
pub(crate) async fn give_up(platform: &Platform, work: &GateWork) -> Result<(), Error> {
    let Some(run) = load_for_job(platform, work).await? else { return Ok(()) };
    let problem = Bilingual::new(
        "系统多次未能完成，未作任何决定。请联系管理员，或重新发起。",
        "The work did not finish after several tries; nothing was decided. Ask the administrator, or start again.",
    );
    let failed = GateRun { state: GateState::Failed, problem: Some(problem), ..run };
    save_found(platform, work, failed, "gate.failed").await
}

/// Writes the audit entry of a step in the same transaction.
async fn record(
    tx: &mut store::Tx,
    caller: &Caller,
    event: &'static str,
    run: &GateRun,
    ground: Option<&str>,
) -> Result<EntryId, Error> {
    let outcome = run.outcome.as_deref();
    let event = audit::Event {
        kind: event,
        subject: format!("asset:{}", run.asset_id),
        body: json!({
            "gate_run": run.id,
            "version": run.version_id,
            "audience": run.audience.code(),
            "state": run.state,
            "revision": run.revision,
            "settings": run.settings,
            "decisions": run.decisions,
            "assessment": outcome.map(|outcome| &outcome.assessment),
            "refusals": outcome.map(|outcome| &outcome.refusals),
        }),
        ground: ground.map(str::to_owned),
    };
    audit::append(tx, caller, event).await.map_err(Error::evidence)
}

//! Releases are measured again (复测) when the rules change, or when someone asks.
//!
//! ```text
//! release ─job gate.remeasure─▶ measured by the rules of today ─▶ passes: noted
//!                                                              └▶ fails: suspended, with the grounds
//! ```
//!
//! The plan of the release is carried out once more on the rows that it was made of. The
//! digest must be that of the certificate: so what is measured is what was released.
//!
//! Basis: 个人信息保护法 第七十三条 (anonymized is what cannot be restored, at any time).
//!
//! Invariants (each is also the name of a test):
//! - `a_release_that_no_longer_passes_is_suspended`

use jiff::Timestamp;
use law::gate::Ratio;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trust::{Action, Caller, audit};
use vocabulary::{Bilingual, EntryId, JobId, ReleaseId};

use super::checks::{Check, RULES};
use super::left_out::LeftOut;
use super::measure::Case;
use super::planner::Searched;
use super::release::{self, Release};
use super::{REMEASURE, table};
use crate::error::RefusedBy;
use crate::jobs::{self, Task};
use crate::{Error, Platform, registry};

/// The payload of the job.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Again {
    release_id: ReleaseId,
}

/// A release, measured again.
#[derive(Clone, Debug)]
pub struct Remeasurement {
    /// The release.
    pub release_id: ReleaseId,
    /// When.
    pub measured_at: Timestamp,
    /// By which rules, see [`rules`].
    pub rules: String,
    /// `passed` or `failed`.
    pub verdict: String,
    /// Every check.
    pub checks: Vec<Check>,
    /// The grounds on which it failed; empty if it passed.
    pub refusals: Vec<RefusedBy>,
    /// The entry in the transparency log.
    pub entry_id: EntryId,
}

/// The rules of today with their numbers: a release that was measured by others is
/// measured again.
pub fn rules() -> String {
    let attack = law::gate::attack();
    let composition = law::gate::composition();
    let Ratio { numerator, denominator } = law::gate::risk().acceptable_risk;
    format!(
        "{RULES} R<{numerator}/{denominator} l≥{} s≤{} k≤{} i≤{} c≥{}/{}/{}",
        law::gate::attribute().distinct_l,
        attack.singling_out,
        attack.linking,
        attack.inference,
        composition.same_rows,
        composition.without_equals,
        composition.other_datasets,
    )
}

/// Has a release measured again.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller could suspend it; [`Error::WrongState`] if it is
/// suspended.
pub async fn request(caller: &Caller, platform: &Platform, id: ReleaseId) -> Result<JobId, Error> {
    let mut tx = platform.store.begin().await?;
    let found = release::load(&mut tx, id).await?;
    let asset = registry::load(&mut tx, found.asset_id).await?;
    caller.require(Action::SuspendRelease, &found.resource(asset.body))?;
    if found.state == "suspended" {
        return Err(Error::WrongState {
            subject: format!("release {id}"),
            found: found.state,
            needed: "current or superseded",
        });
    }
    let job = enqueue(&mut tx, id, caller.now()).await?;
    let event = audit::Event {
        kind: "release.remeasurement_requested",
        subject: format!("asset:{}", found.asset_id),
        body: json!({ "release": id }),
        ground: None,
    };
    audit::append(&mut tx, caller, event).await.map_err(Error::evidence)?;
    tx.commit().await?;
    platform.jobs.notify_one();
    Ok(job)
}

/// Has every release measured again that can be read and was measured by other rules than
/// those of today; says how many.
///
/// # Errors
///
/// [`Error::Store`] if the releases cannot be read or the jobs not written.
pub async fn request_outdated(platform: &Platform) -> Result<u64, Error> {
    let (rules, now) = (rules(), platform.clock.now());
    let mut tx = platform.store.begin().await?;
    let mut asked = 0;
    for id in release::measured_by_others(&mut tx, &rules).await? {
        if jobs::is_waiting(&mut tx, &subject(id)).await? {
            continue;
        }
        enqueue(&mut tx, id, now).await?;
        asked += 1;
    }
    tx.commit().await?;
    if asked > 0 {
        platform.jobs.notify_one();
    }
    Ok(asked)
}

/// The measurements of a release, newest first; the last is the gate's own.
///
/// # Errors
///
/// [`Error::NotFound`] if the release is not there for the caller.
pub async fn of_release(
    caller: &Caller,
    platform: &Platform,
    id: ReleaseId,
) -> Result<Vec<Remeasurement>, Error> {
    release::certified(caller, platform, id).await?;
    let mut reader = platform.store.read().await?;
    release::measurements(&mut reader, id).await
}

fn subject(id: ReleaseId) -> String {
    format!("release:{id}")
}

async fn enqueue(tx: &mut store::Tx, id: ReleaseId, now: Timestamp) -> Result<JobId, Error> {
    jobs::enqueue(tx, REMEASURE, &subject(id), &Again { release_id: id }, now).await
}

/// Measures a release again, and suspends it if it no longer passes.
///
/// # Errors
///
/// Errors of the platform, after which the job is tried again.
pub(crate) async fn run(platform: &Platform, task: &Task, work: &Again) -> Result<(), Error> {
    let mut reader = platform.store.read().await?;
    let found = release::load(&mut reader, work.release_id).await?;
    if found.state == "suspended" {
        return Ok(());
    }
    let Some(run) = table::find(&mut reader, found.gate_run_id).await? else {
        return Err(Error::Interrupted);
    };
    let version = registry::load_version(&mut reader, found.version_id).await?;
    let asset = registry::load(&mut reader, found.asset_id).await?;
    drop(reader);
    // The outcome of the run names the columns that were left out, too.
    let outcome = run.outcome.as_deref().unwrap_or(&found.outcome);
    let searched = Searched::again(platform, task, &version, outcome).await?;
    let mut case = Case::new(platform, task, &asset, &run, &version, &searched);
    case.left_out = LeftOut::load(platform, task, outcome.left_out.as_ref()).await?;
    let facts = Box::pin(case.measure_only()).await?;
    let same_rows = facts.digest == found.outcome.digest;
    let measured = Box::pin(case.judge(facts, &found.table, Some(&found))).await?;
    let why = reason(same_rows, &measured.refusals);
    let noted = Remeasurement {
        release_id: found.id,
        measured_at: task.now(),
        rules: rules(),
        verdict: if why.is_none() { "passed" } else { "failed" }.to_owned(),
        checks: measured.checks,
        refusals: measured.refusals,
        entry_id: found.entry_id,
    };
    save(platform, &found, noted, why.as_ref()).await
}

/// Why a release must stop; `None` if it passes.
fn reason(same_rows: bool, refusals: &[RefusedBy]) -> Option<Bilingual> {
    if !same_rows {
        return Some(Bilingual::new(
            "复测：按原方案得到的行与证书的摘要不符，无法确认所发布的正是所测量的。",
            "Measured again: the plan gives rows with another digest than the certificate, so that nothing vouches for what was released.",
        ));
    }
    let (zh, en): (Vec<&str>, Vec<&str>) = refusals
        .iter()
        .map(|refusal| (refusal.detail.zh.as_str(), refusal.detail.en.as_str()))
        .unzip();
    (!refusals.is_empty()).then(|| {
        Bilingual::new(
            format!("复测不再通过：{}", zh.join("")),
            format!("Measured again, it no longer passes: {}", en.join(" ")),
        )
    })
}

/// Notes the measurement, and suspends the release if there is a reason.
async fn save(
    platform: &Platform,
    found: &Release,
    noted: Remeasurement,
    why: Option<&Bilingual>,
) -> Result<(), Error> {
    let caller = Caller::system(noted.measured_at);
    let ground = why.map(|why| format!("{} {}", why.zh, why.en));
    let mut tx = platform.store.begin().await?;
    let event = audit::Event {
        kind: "release.measured_again",
        subject: format!("asset:{}", found.asset_id),
        body: json!({
            "release": found.id,
            "rules": noted.rules,
            "verdict": noted.verdict,
            "checks": noted.checks,
        }),
        ground: ground.clone(),
    };
    let entry_id = audit::append(&mut tx, &caller, event).await.map_err(Error::evidence)?;
    release::note_measurement(&mut tx, &Remeasurement { entry_id, ..noted }).await?;
    if let Some(ground) = ground {
        release::suspend_in(&mut tx, &caller, found, &ground).await?;
    }
    tx.commit().await?;
    crate::open::index_asset(platform, found.asset_id).await?;
    Ok(())
}

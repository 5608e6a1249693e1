//! Reading the file of a version once more, with repairs that a person agreed to (表格修整).
//!
//! ```text
//! version 1: what could be repaired ─repair─▶ version 2: the same file, repaired
//! ```

use trust::{Action, Caller};
use vocabulary::AssetId;

use super::upload::{Completed, FileHint};
use super::version::{self, Reading, Reread, Version};
use super::{AssetState, table};
use crate::{Error, Platform};

/// Reads the file of a version once more and repairs in it what a person agreed to.
///
/// The result is a version of its own, and the one that was read before stays as it is.
/// Agreed to twice, on two pages say, it is read once.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller is a clerk of the asset's body; [`Error::WrongState`]
/// if the version is not stored or the asset is withdrawn; [`Error::Invalid`] if nothing is
/// chosen, or something that was not proposed.
pub async fn repair(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
    number: i64,
    repairs: &[ingest::Repair],
) -> Result<Completed, Error> {
    // Versions get their numbers one after the other.
    let _number = platform.turns.wait(asset_id).await;
    let (asset, version) = version::find(caller, platform, asset_id, number).await?;
    caller.require(Action::Upload, &asset.resource())?;
    let wrong = |found: &str, needed: &'static str| Error::WrongState {
        subject: format!("version {number}"),
        found: found.to_owned(),
        needed,
    };
    if asset.state == AssetState::Withdrawn {
        return Err(wrong("of a withdrawn asset", "of an asset that is not withdrawn"));
    }
    let (Some(sha256), Some(reading)) = (&version.sha256, &version.reading) else {
        return Err(wrong(&version.state, "stored"));
    };
    let repairs = checked(repairs, reading)?;
    let mut tx = platform.store.begin().await?;
    let hint = version::hint_of(&mut tx, &version).await?;
    let reread = Reread { of: number, hint: FileHint { repairs, ..hint } };
    let known = table::versions(&mut tx, asset_id).await?;
    let is_same =
        |known: &&Version| known.reread.as_ref() == Some(&reread) && known.state != "failed";
    if let Some(same) = known.iter().find(is_same)
        && let Some(job_id) =
            crate::jobs::of_subject(&mut tx, &format!("version:{}", same.id)).await?
    {
        return Ok(Completed { version_id: same.id, number: same.number, job_id });
    }
    let again = Version {
        file_name: version.file_name.clone(),
        bytes: version.bytes,
        sha256: Some(sha256.clone()),
        reread: Some(reread),
        ..version::filed(&mut tx, caller, asset_id, crate::account(caller)?).await?
    };
    let completed = version::file(&mut tx, caller, again).await?;
    tx.commit().await?;
    platform.jobs.notify_one();
    Ok(completed)
}

/// What is to be made in all: what is chosen, and what the version has already.
fn checked(chosen: &[ingest::Repair], reading: &Reading) -> Result<Vec<ingest::Repair>, Error> {
    let of = |found: &[ingest::Proposal]| -> Vec<ingest::Repair> {
        found.iter().map(|found| found.repair).collect()
    };
    let (open, made) = (of(&reading.proposals), of(&reading.repaired));
    let invalid = |zh: String, en: String| Err(Error::invalid("repairs", zh, en));
    if let Some(unknown) = chosen.iter().find(|one| !open.contains(one) && !made.contains(one)) {
        let label = unknown.label();
        return invalid(
            format!("这一版没有可做的修整“{}”。", label.zh),
            format!("This version has nothing of the kind “{}”.", label.en),
        );
    }
    if !chosen.iter().any(|one| open.contains(one)) {
        return invalid(
            "请至少选择一项还没有做的修整。".to_owned(),
            "Choose at least one repair that was not made yet.".to_owned(),
        );
    }
    let mut repairs = [chosen, &made].concat();
    repairs.sort_unstable();
    repairs.dedup();
    Ok(repairs)
}

//! Evidence of single acts: receipts, and the trail of an asset.
//!
//! Everyone may know of an entry what its leaf says: an act of a kind was recorded
//! at a time. The record behind it, with its proof, is for who did it, for auditors,
//! and for everyone where the act itself was a publication.

mod public;

use trust::audit::{self, Filter, Record};
use trust::log::{LogError, Receipt};
use trust::{Action, Caller, Resource};
use vocabulary::{AssetId, EntryId};

pub use public::{
    Check, Checked, EntryFacts, LogState, Proof, SealedEntry, check, entry, index, latest, state,
};

use crate::{Error, Platform};

/// Acts whose records are public, because they publish something.
const PUBLIC: [&str; 1] = ["release.issued"];

/// The receipt of an act, for those who may have it.
///
/// # Errors
///
/// [`Error::NotFound`] if there is no such act, or not for this caller, or it is
/// not sealed yet, which takes a second.
pub async fn receipt(caller: &Caller, platform: &Platform, id: EntryId) -> Result<Receipt, Error> {
    let missing = || Error::NotFound { what: "receipt", id: id.to_string() };
    let mut reader = platform.store.read().await?;
    let record = audit::find(&mut reader, id).await?.ok_or_else(missing)?;
    drop(reader);
    let own = caller.account().is_some() && record.actor == caller.actor().to_string();
    let is_public = PUBLIC.contains(&record.kind.as_str());
    if !own && !is_public && !may_audit(caller) {
        return Err(missing());
    }
    platform.log.receipt(id).await.map_err(|error| match error {
        LogError::NotFound | LogError::NotSealed => missing(),
        other => Error::evidence(other),
    })
}

/// The newest acts about an asset, for who may see its uploads or the audit trail.
///
/// # Errors
///
/// [`Error::NotFound`] if the caller may not see the asset.
pub async fn history(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    limit: u32,
) -> Result<Vec<Record>, Error> {
    let asset = crate::registry::find(caller, platform, id).await?;
    let run = Resource { kind: "gate_run", ..asset.resource() };
    let concerned = caller.can(Action::ViewUpload, &asset.resource())
        || caller.can(Action::ViewGateRun, &run)
        || may_audit(caller);
    if !concerned {
        return Ok(Vec::new());
    }
    let filter = Filter { subject: Some(format!("asset:{id}")), ..Filter::default() };
    let mut reader = platform.store.read().await?;
    Ok(audit::search(&mut reader, &filter, limit).await?)
}

/// Searches the audit trail, newest first.
///
/// # Errors
///
/// [`Error::Denied`] for anyone but an auditor.
pub async fn search(
    caller: &Caller,
    platform: &Platform,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Record>, Error> {
    caller.require(Action::ViewAudit, &Resource::of_kind("audit"))?;
    let mut reader = platform.store.read().await?;
    Ok(audit::search(&mut reader, filter, limit).await?)
}

fn may_audit(caller: &Caller) -> bool {
    caller.can(Action::ViewAudit, &Resource::of_kind("audit"))
}

/// The caller's own newest acts.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn of_caller(
    caller: &Caller,
    platform: &Platform,
    limit: u32,
) -> Result<Vec<Record>, Error> {
    if caller.account().is_none() {
        return Ok(Vec::new());
    }
    let filter = Filter { actor: Some(caller.actor().to_string()), ..Filter::default() };
    let mut reader = platform.store.read().await?;
    Ok(audit::search(&mut reader, &filter, limit).await?)
}

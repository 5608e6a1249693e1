//! What an answer grants of conditional data (有条件开放的授权).
//!
//! The approved answer of a request for conditional data is a grant: its filer takes the
//! current conditional release with the code of the case, until the term that was asked
//! for ends or the body takes the grant back. Every taking is in the trail.
//!
//! ```text
//! approved answer ─▶ active ─term ends──▶ ended
//!                      └────revoke──────▶ revoked
//! ```

use std::sync::Arc;

use jiff::{Span, Timestamp};
use law::Audience;
use law::requests::RequestKind;
use serde_json::json;
use trust::{Action, Caller, audit};
use vocabulary::time::china_date;
use vocabulary::{AssetId, CaseNumber, EntryId};

use super::model::{Dossier, Outcome};
use super::{clock, filing, load, not_found, reads, rules, table};
use crate::open::Current;
use crate::registry::{self, AssetState};
use crate::words::words;
use crate::{Error, Platform};

words! {
    /// Where a grant stands.
    GrantState {
        /// Data can be taken.
        Active = "active", "有效", "Active";
        /// The term has ended.
        Ended = "ended", "已到期", "Ended";
        /// The body took it back, with a reason.
        Revoked = "revoked", "已收回", "Taken back";
    }
}

/// What was granted to the filer of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The case.
    pub case: CaseNumber,
    /// The asset whose data may be taken.
    pub asset_id: AssetId,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// When its term ends.
    pub ends_at: Timestamp,
    /// When the body took it back.
    pub revoked_at: Option<Timestamp>,
    /// Why the body took it back.
    pub revoke_reason: Option<String>,
    /// How often data were taken.
    pub taken: u64,
    /// When data were taken last.
    pub last_taken_at: Option<Timestamp>,
}

impl Grant {
    /// Where it stands at an instant.
    pub fn state(&self, now: Timestamp) -> GrantState {
        match self.revoked_at {
            Some(_) => GrantState::Revoked,
            None if now >= self.ends_at => GrantState::Ended,
            None => GrantState::Active,
        }
    }

    /// Checks that data can be taken at an instant.
    fn require_active(&self, now: Timestamp) -> Result<(), Error> {
        match self.state(now) {
            GrantState::Active => Ok(()),
            state => Err(Error::WrongState {
                subject: format!("grant of case {}", self.case),
                found: state.code().to_owned(),
                needed: "active",
            }),
        }
    }
}

/// A grant, with the data that may be taken.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The grant.
    pub grant: Grant,
    /// The asset and its current conditional release; `None` while none passed the gate,
    /// and where the grant is not active.
    pub current: Option<Arc<Current>>,
}

/// The grant that an approved answer makes, if it makes one.
///
/// Its term is the one that was asked for: it ends with the day, in China, so many months on.
pub(super) fn made_by(dossier: &Dossier, now: Timestamp) -> Result<Option<Grant>, Error> {
    let case = &dossier.case;
    let gives = case
        .answer
        .as_ref()
        .is_some_and(|answer| matches!(answer.outcome, Outcome::Granted | Outcome::PartlyGranted));
    let (Some(asset_id), Some(months), true) = (
        case.asset_id,
        dossier.papers.details.term_months,
        gives && case.kind == RequestKind::Conditional,
    ) else {
        return Ok(None);
    };
    let last_day = china_date(now).checked_add(Span::new().months(i64::from(months))).ok();
    let ends_at = last_day.and_then(clock::end_of).ok_or(Error::Interrupted)?;
    Ok(Some(Grant {
        case: case.number,
        asset_id,
        granted_at: now,
        ends_at,
        revoked_at: None,
        revoke_reason: None,
        taken: 0,
        last_taken_at: None,
    }))
}

/// Writes a grant inside the transaction of the answer.
pub(super) async fn issue(
    tx: &mut store::Tx,
    caller: &Caller,
    grant: &Grant,
) -> Result<EntryId, Error> {
    table::insert_grant(tx, grant).await?;
    let event = audit::Event {
        kind: "grant.issued",
        subject: format!("case:{}", grant.case),
        body: json!({ "case": grant.case, "asset": grant.asset_id, "ends_at": grant.ends_at }),
        ground: None,
    };
    audit::append(tx, caller, event).await.map_err(Error::evidence)
}

/// The grant of a case, for the desk that answers it.
///
/// # Errors
///
/// [`Error::NotFound`] if the caller may not read the case.
pub async fn grant_of(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
) -> Result<Option<Grant>, Error> {
    let mut reader = platform.store.read().await?;
    let dossier = load(&mut reader, number).await?;
    if !reads(caller, &dossier.case) {
        return Err(not_found(number));
    }
    table::grant(&mut reader, number).await
}

/// What was granted to whoever holds the code of a case; `None` if nothing was.
///
/// # Errors
///
/// [`Error::NotFound`] for a wrong number and a wrong code alike.
pub async fn granted(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    code: &str,
) -> Result<Option<Granted>, Error> {
    let mut reader = platform.store.read().await?;
    filing::load_own(caller, &mut reader, number, code).await?;
    let Some(grant) = table::grant(&mut reader, number).await? else { return Ok(None) };
    let current = match grant.state(caller.now()) {
        GrantState::Active => current(&mut reader, grant.asset_id).await?.map(Arc::new),
        GrantState::Ended | GrantState::Revoked => None,
    };
    Ok(Some(Granted { grant, current }))
}

/// The asset and its conditional release, while both stand.
async fn current(query: &mut impl store::Query, id: AssetId) -> Result<Option<Current>, Error> {
    let asset = registry::load(query, id).await?;
    if asset.state != AssetState::Published {
        return Ok(None);
    }
    let release = crate::gate::release::current(query, id, Audience::Conditional).await?;
    Ok(release.map(|release| Current::new(asset, release)))
}

/// The conditional release that whoever holds the code of a case may take.
///
/// # Errors
///
/// [`Error::NotFound`] for a wrong number and a wrong code alike, and where nothing was
/// granted; [`Error::WrongState`] if the grant has ended or was taken back, or no
/// conditional release is current.
pub async fn take(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    code: &str,
) -> Result<Arc<Current>, Error> {
    let granted = granted(caller, platform, number, code).await?;
    let Granted { grant, current } = granted.ok_or_else(|| not_found(number))?;
    grant.require_active(caller.now())?;
    current.ok_or_else(|| Error::WrongState {
        subject: format!("asset {}", grant.asset_id),
        found: "without a conditional release".to_owned(),
        needed: "released on condition: the body has yet to bring the data through the gate",
    })
}

/// Notes that data were taken under a grant.
///
/// - `format`: in which form, `csv`; `is_whole`: whether all rows and columns.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be noted: then nothing may be given.
pub async fn note_taken(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    current: &Current,
    format: &'static str,
    is_whole: bool,
) -> Result<EntryId, Error> {
    let caller = Caller::anonymous(caller.now());
    let mut tx = platform.store.begin().await?;
    table::count_taken(&mut tx, number, caller.now()).await?;
    let event = audit::Event {
        kind: "grant.used",
        subject: format!("grant:{number}"),
        body: json!({
            "case": number,
            "asset": current.asset.id,
            "release": current.release.id,
            "format": format,
            "whole": is_whole,
        }),
        ground: None,
    };
    let entry_id = audit::append(&mut tx, &caller, event).await.map_err(Error::evidence)?;
    tx.commit().await?;
    Ok(entry_id)
}

/// The body takes a grant back, with a reason: what it offers stops with the next request.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller heads the body or administers the data;
/// [`Error::Invalid`] without a reason; [`Error::WrongState`] unless the grant is active;
/// [`Error::NotFound`] if nothing was granted.
pub async fn revoke(
    caller: &Caller,
    platform: &Platform,
    number: CaseNumber,
    reason: &str,
) -> Result<EntryId, Error> {
    let mut tx = platform.store.begin().await?;
    let dossier = load(&mut tx, number).await?;
    if !reads(caller, &dossier.case) {
        return Err(not_found(number));
    }
    caller.require(Action::RevokeGrant, &dossier.case.resource())?;
    let reason = rules::required_reason(reason)?;
    let grant = table::grant(&mut tx, number).await?.ok_or_else(|| not_found(number))?;
    grant.require_active(caller.now())?;
    table::revoke_grant(&mut tx, number, caller, &reason).await?;
    let event = audit::Event {
        kind: "grant.revoked",
        subject: format!("case:{number}"),
        body: json!({ "case": number, "asset": grant.asset_id, "taken": grant.taken }),
        ground: Some(reason),
    };
    let entry_id = audit::append(&mut tx, caller, event).await.map_err(Error::evidence)?;
    tx.commit().await?;
    Ok(entry_id)
}

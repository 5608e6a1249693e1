//! The audit trail (审计): who did what to what, when, on what ground.
//!
//! [`append`] takes the transaction of the change: both are saved, or neither.
//! What it writes is a record, and an entry in the [transparency log](crate::log)
//! that commits to the record without showing it.
//!
//! Invariant: `no_state_changes_without_an_audit_entry`.

mod table;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sm3::Sm3;
use store::{Query, Tx};
use vocabulary::{AccountId, CreditCode, EntryId};

use crate::caller::Caller;
use crate::log::APPENDED;
use crate::secret;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// What happened, `asset.published`.
    pub kind: &'static str,
    /// To what, `asset:…`.
    pub subject: String,
    /// What is worth keeping of it. It is kept for good, so nothing that a
    /// person may ask to be erased.
    pub body: Value,
    /// The provision or the reason that was given.
    pub ground: Option<String>,
}

impl Event {
    /// An event without a ground.
    pub fn new(kind: &'static str, subject: impl Into<String>, body: Value) -> Self {
        Self { kind, subject: subject.into(), body, ground: None }
    }

    /// The same event, on a ground.
    #[must_use]
    pub fn on_ground(mut self, ground: impl Into<String>) -> Self {
        self.ground = Some(ground.into());
        self
    }
}

/// A record of the audit trail.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Its id, in the log too.
    pub id: EntryId,
    /// What happened.
    pub kind: String,
    /// To what.
    pub subject: String,
    /// Who did it: `account:…`, `system` or `anonymous`.
    pub actor: String,
    /// The account, if a person did it.
    pub account: Option<AccountId>,
    /// The body the person worked for then.
    pub body_code: Option<CreditCode>,
    /// The provision or the reason that was given.
    pub ground: Option<String>,
    /// The whole record, as it was committed to; the event's own part is its
    /// member `data`.
    pub data: Value,
    /// The request's id.
    pub request_id: Option<String>,
    /// The address it came from.
    pub address: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// The leaf of an entry in the log: commitments, and nothing about persons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Version of this form: 1.
    pub v: u8,
    /// The entry's id.
    pub id: EntryId,
    /// What happened.
    pub kind: String,
    /// When.
    pub at: String,
    /// SM3 of salt and record, hexadecimal.
    pub sm3: String,
    /// SHA-256 of salt and record, hexadecimal.
    pub sha256: String,
}

/// The commitments to a record: SM3 (GB/T 32905) and SHA-256 over the salt's
/// bytes followed by the record's, both in hexadecimal.
pub fn commitments(salt: &[u8], record: &[u8]) -> (String, String) {
    let sm3 = Sm3::new().chain_update(salt).chain_update(record).finalize();
    let sha256 = Sha256::new().chain_update(salt).chain_update(record).finalize();
    (hex::encode(sm3), hex::encode(sha256))
}

/// Writes an event down, in the transaction of the change it speaks of.
///
/// # Errors
///
/// [`store::Error`]: then the change must not be committed.
pub async fn append(tx: &mut Tx, caller: &Caller, event: Event) -> Result<EntryId, store::Error> {
    let id = EntryId::new_v7(caller.now());
    let actor = caller.actor().to_string();
    let body_code = caller.body();
    let at = store::utc_text(caller.now());
    let data = json!({
        "id": id,
        "at": at,
        "kind": event.kind,
        "subject": event.subject,
        "actor": actor,
        "body": body_code.map(|code| code.to_string()),
        "ground": event.ground,
        "data": event.body,
    })
    .to_string();
    let salt = secret::random::<32>()
        .map_err(|error| store::Error::Unavailable { reason: error.to_string(), source: None })?;
    let (sm3, sha256) = commitments(&salt, data.as_bytes());
    let leaf = Leaf {
        v: 1,
        id,
        kind: event.kind.to_owned(),
        at,
        sm3: sm3.clone(),
        sha256: sha256.clone(),
    };
    let leaf = serde_json::to_string(&leaf)
        .map_err(|error| store::Error::Corrupt { what: format!("a leaf: {error}") })?;
    let row = table::NewRecord {
        id,
        kind: event.kind,
        subject: &event.subject,
        account: caller.account_id(),
        actor: &actor,
        body_code,
        ground: event.ground.as_deref(),
        data: &data,
        salt: &hex::encode(salt),
        sm3: &sm3,
        sha256: &sha256,
        request_id: caller.request_id(),
        address: caller.address(),
        at: caller.now(),
    };
    table::insert(tx, &row, &leaf).await?;
    APPENDED.notify_one();
    Ok(id)
}

/// Which records to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only about this subject.
    pub subject: Option<String>,
    /// Only of this actor.
    pub actor: Option<String>,
    /// Only of this account.
    pub account: Option<AccountId>,
    /// Only from this time on.
    pub from: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only before this record (the last of the page before).
    pub before: Option<EntryId>,
}

/// Records that match, the newest first, at most `limit`.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn search(
    query: &mut impl Query,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Record>, store::Error> {
    table::search(query, filter, limit).await
}

impl Record {
    /// A member of the event's own part, `data`.
    pub fn fact(&self, name: &str) -> Option<&Value> {
        self.data.get("data")?.get(name)
    }
}

/// The record with this id.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn find(query: &mut impl Query, id: EntryId) -> Result<Option<Record>, store::Error> {
    table::find(query, id).await
}

/// Records that do not match their commitments, or have none: somebody changed
/// the tables. Reads everything; for `fenhe fsck`.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn damaged(query: &mut impl Query) -> Result<Vec<EntryId>, store::Error> {
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let page = table::page(query, &after).await?;
        let Some(last) = page.last() else { return Ok(found) };
        after = last.id.to_string();
        found.extend(page.iter().filter(|row| !row.is_sound()).map(|row| row.id));
    }
}

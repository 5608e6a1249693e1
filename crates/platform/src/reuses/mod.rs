//! What people made of open data (应用成果): applications, papers, maps.
//!
//! Anyone submits one without signing in; the data administrator shows it or declines it
//! with a reason, and may take down what is shown.
//!
//! ```text
//! submitted ─show─▶ shown
//!     │               │
//!     └───decline─────┴─▶ declined ─show─▶ shown
//! ```
//!
//! Basis: 山西省大数据发展应用促进条例 第八条.
//!
//! Invariants (each is also the name of a test):
//! - `no_reuse_is_shown_before_a_review`
//! - `a_reuse_is_declined_with_a_reason`
//!
//! Start at [`submit`]. Decisions are in `rules.rs`, SQL in `table.rs`; neither knows HTTP.

mod model;
mod rules;
mod table;

use serde_json::json;
use sha2::{Digest as _, Sha256};
use trust::{Action, Caller, Resource, audit};
use vocabulary::{AssetId, EntryId, ReuseId};

pub use model::{Reuse, ReuseState};

use crate::registry::{self, AssetState};
use crate::{Error, Platform};

/// A reuse as it is submitted.
#[derive(Clone, Debug)]
pub struct NewReuse {
    /// Its name.
    pub title: String,
    /// Where it is, a web address.
    pub link: String,
    /// What it is and what the data are used for.
    pub description: String,
    /// Who made it, as it is to be shown.
    pub maker: String,
    /// An e-mail address or telephone number; never public.
    pub contact: String,
    /// The published datasets that it was made of.
    pub datasets: Vec<AssetId>,
    /// The form that was sent, so that it is sent once; `None` from a program.
    pub form: Option<String>,
}

/// What a step did.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The reuse after the step.
    pub reuse: Reuse,
    /// Entry in the transparency log that commits to the step.
    pub entry_id: EntryId,
}

/// Submits a reuse for review.
///
/// # Errors
///
/// [`Error::Invalid`] with everything that is missing or wrong, and if the form was sent
/// before.
pub async fn submit(caller: &Caller, platform: &Platform, new: NewReuse) -> Result<Changed, Error> {
    caller.require(Action::SubmitReuse, &Resource::of_kind("reuse"))?;
    let caller = &Caller::anonymous(caller.now());
    let mut tx = platform.store.begin().await?;
    let published = registry::load_many(&mut tx, &new.datasets).await?;
    let published = published.iter().filter(|asset| asset.state == AssetState::Published).count();
    rules::check_new(&new, published)?;
    if let Some(form) = &new.form
        && table::is_form_known(&mut tx, form).await?
    {
        return Err(Error::invalid(
            "form",
            "这份表单已经提交过，正在等待审核。",
            "This form was sent already and waits for its review.",
        ));
    }
    let reuse = Reuse {
        id: ReuseId::new_v7(caller.now()),
        state: ReuseState::Submitted,
        revision: 1,
        title: new.title.trim().to_owned(),
        link: new.link.trim().to_owned(),
        description: new.description.trim().to_owned(),
        maker: new.maker.trim().to_owned(),
        reason: None,
        submitted_at: caller.now(),
        decided_by: None,
        decided_at: None,
        updated_at: caller.now(),
    };
    table::insert(&mut tx, &reuse, new.contact.trim(), new.form.as_deref()).await?;
    for dataset in &new.datasets {
        table::insert_dataset(&mut tx, reuse.id, *dataset).await?;
    }
    let entry_id = record(&mut tx, caller, "reuse.submitted", &reuse, None).await?;
    tx.commit().await?;
    Ok(Changed { reuse, entry_id })
}

/// The data administrator shows a reuse to everyone.
///
/// # Errors
///
/// [`Error::Denied`] for anyone else; [`Error::Invalid`] if its text holds what identifies
/// a person; [`Error::WrongState`] if it is shown already.
pub async fn show(
    caller: &Caller,
    platform: &Platform,
    id: ReuseId,
    revision: Option<i64>,
) -> Result<Changed, Error> {
    step(caller, platform, id, revision, "reuse.shown", None, |reuse| rules::show(reuse, caller))
        .await
}

/// The data administrator declines a reuse, or takes down one that is shown.
///
/// # Errors
///
/// [`Error::Denied`] for anyone else; [`Error::Invalid`] without a reason.
pub async fn decline(
    caller: &Caller,
    platform: &Platform,
    id: ReuseId,
    revision: Option<i64>,
    reason: &str,
) -> Result<Changed, Error> {
    step(caller, platform, id, revision, "reuse.declined", Some(reason), |reuse| {
        rules::decline(reuse, reason, caller)
    })
    .await
}

/// The reuses that are shown, newest first, and how many there are in all.
///
/// - `dataset`: only those that were made of this one.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn gallery(
    platform: &Platform,
    dataset: Option<AssetId>,
    offset: u64,
    limit: u64,
) -> Result<(Vec<Reuse>, u64), Error> {
    let mut reader = platform.store.read().await?;
    let total = table::count_shown(&mut reader, dataset).await?;
    Ok((table::shown(&mut reader, dataset, offset, limit).await?, total))
}

/// The reuses that wait for the caller's review, the longest waiting first.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn inbox(caller: &Caller, platform: &Platform) -> Result<Vec<Reuse>, Error> {
    if !caller.can(Action::ReviewReuse, &Resource::of_kind("reuse")) {
        return Ok(Vec::new());
    }
    let mut reader = platform.store.read().await?;
    table::submitted(&mut reader).await
}

/// A reuse with its contact and datasets, for whoever reviews it.
///
/// # Errors
///
/// [`Error::NotFound`] also where the caller may not review it.
pub async fn read(
    caller: &Caller,
    platform: &Platform,
    id: ReuseId,
) -> Result<(Reuse, Option<String>, Vec<AssetId>), Error> {
    let mut reader = platform.store.read().await?;
    let reuse = table::find(&mut reader, id).await?.ok_or_else(|| not_found(id))?;
    caller.require(Action::ReviewReuse, &reuse.resource()).map_err(|_| not_found(id))?;
    let contact = table::contact(&mut reader, id).await?;
    Ok((reuse, contact, table::datasets(&mut reader, id).await?))
}

/// Erases the contacts of reuses that were reviewed before an instant; returns how many.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be erased.
pub(crate) async fn erase_contacts(
    tx: &mut store::Tx,
    before: jiff::Timestamp,
) -> Result<u64, Error> {
    table::erase_contacts(tx, before).await
}

/// One step: find → authorize → decide → save → audit → commit.
async fn step(
    caller: &Caller,
    platform: &Platform,
    id: ReuseId,
    revision: Option<i64>,
    event: &'static str,
    ground: Option<&str>,
    decide: impl FnOnce(Reuse) -> Result<Reuse, Error>,
) -> Result<Changed, Error> {
    let mut tx = platform.store.begin().await?;
    let found = table::find(&mut tx, id).await?.ok_or_else(|| not_found(id))?;
    caller.require(Action::ReviewReuse, &found.resource())?;
    let before = found.revision;
    if revision.is_some_and(|expected| expected != before) {
        return Err(Error::Stale);
    }
    let decided = decide(found)?;
    let reuse = Reuse { revision: before + 1, updated_at: caller.now(), ..decided };
    table::save(&mut tx, &reuse, before).await?;
    let entry_id = record(&mut tx, caller, event, &reuse, ground).await?;
    tx.commit().await?;
    Ok(Changed { reuse, entry_id })
}

/// Writes the audit entry in the same transaction. Of the text it holds a digest: what is
/// taken down may be personal.
async fn record(
    tx: &mut store::Tx,
    caller: &Caller,
    event: &'static str,
    reuse: &Reuse,
    ground: Option<&str>,
) -> Result<EntryId, Error> {
    let text = [&reuse.title, &reuse.link, &reuse.description, &reuse.maker];
    let event = audit::Event {
        kind: event,
        subject: format!("reuse:{}", reuse.id),
        body: json!({
            "reuse": reuse.id,
            "state": reuse.state,
            "revision": reuse.revision,
            "text_sha256": hex::encode(Sha256::digest(text.map(String::as_str).join("\n"))),
        }),
        ground: ground.map(str::to_owned),
    };
    audit::append(tx, caller, event).await.map_err(Error::evidence)
}

fn not_found(id: ReuseId) -> Error {
    Error::NotFound { what: "reuse", id: id.to_string() }
}

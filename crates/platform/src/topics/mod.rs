//! Topics (专题): datasets that belong together, chosen and described by the data
//! administrator, for people who look for a subject and not for a word.
//!
//! ```text
//! save ─▶ shown ◀─save─▶ hidden
//! ```
//!
//! Basis: 山西省大数据发展应用促进条例 第八条.
//!
//! Invariants (each is also the name of a test):
//! - `a_topic_shows_published_datasets_only`
//!
//! Start at [`save`]. Decisions are in `rules.rs`, SQL in `table.rs`; neither knows HTTP.

mod model;
mod rules;
mod table;

use serde_json::json;
use trust::{Action, Caller, Resource, audit};
use vocabulary::{AssetId, EntryId};

pub use model::{Edit, Topic, TopicState};

use crate::registry::{self, AssetState};
use crate::{Error, Platform};

/// What saving did.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The topic afterwards.
    pub topic: Topic,
    /// Entry in the transparency log that commits to the step.
    pub entry_id: EntryId,
}

/// Makes a topic or changes it.
///
/// - `revision`: the one that was read; `None` for a new topic, and for whoever does not
///   mind.
///
/// # Errors
///
/// [`Error::Denied`] for anyone but the data administrator; [`Error::Invalid`] with
/// everything that is missing or wrong; [`Error::Stale`] if someone else changed it.
pub async fn save(
    caller: &Caller,
    platform: &Platform,
    slug: &str,
    revision: Option<i64>,
    edit: Edit,
) -> Result<Changed, Error> {
    caller.require(Action::EditTopic, &resource())?;
    let mut tx = platform.store.begin().await?;
    let published = registry::load_many(&mut tx, &edit.datasets).await?;
    let published = published.iter().filter(|asset| asset.state == AssetState::Published).count();
    rules::check(slug, &edit, published)?;
    let found = table::find(&mut tx, slug).await?;
    let before = found.as_ref().map(|topic| topic.revision);
    if revision.is_some() && revision != before {
        return Err(Error::Stale);
    }
    let topic = Topic {
        slug: slug.to_owned(),
        revision: before.unwrap_or(0) + 1,
        state: edit.state,
        title: edit.title,
        summary: edit.summary,
        edited_by: crate::account(caller)?,
        created_at: found.map_or_else(|| caller.now(), |topic| topic.created_at),
        updated_at: caller.now(),
    };
    match before {
        None => table::insert(&mut tx, &topic).await?,
        Some(before) => table::update(&mut tx, &topic, before).await?,
    }
    table::set_datasets(&mut tx, slug, &edit.datasets).await?;
    let event = audit::Event {
        kind: "topic.saved",
        subject: format!("topic:{slug}"),
        body: json!({
            "topic": slug, "revision": topic.revision, "state": topic.state,
            "title": topic.title, "summary": topic.summary, "datasets": edit.datasets,
        }),
        ground: None,
    };
    let entry_id = audit::append(&mut tx, caller, event).await.map_err(Error::evidence)?;
    tx.commit().await?;
    Ok(Changed { topic, entry_id })
}

/// The topics that are shown, by title, with the number of their published datasets.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn shown(platform: &Platform) -> Result<Vec<(Topic, u64)>, Error> {
    let mut reader = platform.store.read().await?;
    table::all(&mut reader, true).await
}

/// Every topic, for whoever edits them.
///
/// # Errors
///
/// [`Error::Denied`] for anyone but the data administrator.
pub async fn all(caller: &Caller, platform: &Platform) -> Result<Vec<(Topic, u64)>, Error> {
    caller.require(Action::EditTopic, &resource())?;
    let mut reader = platform.store.read().await?;
    table::all(&mut reader, false).await
}

/// A topic with its published datasets, in order.
///
/// # Errors
///
/// [`Error::NotFound`] also for a hidden one, unless the caller edits topics.
pub async fn find(
    caller: &Caller,
    platform: &Platform,
    slug: &str,
) -> Result<(Topic, Vec<AssetId>), Error> {
    let missing = || Error::NotFound { what: "topic", id: slug.to_owned() };
    let mut reader = platform.store.read().await?;
    let topic = table::find(&mut reader, slug).await?.ok_or_else(missing)?;
    if topic.state == TopicState::Hidden && !caller.can(Action::EditTopic, &resource()) {
        return Err(missing());
    }
    Ok((topic, table::datasets(&mut reader, slug).await?))
}

fn resource() -> Resource {
    Resource::of_kind("topic")
}

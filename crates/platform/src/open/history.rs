//! What became of an open dataset: its releases and their suspensions, for who took it.

use jiff::Timestamp;
use law::Audience;
use trust::audit::{self, Filter};
use vocabulary::{AssetId, EntryId, ReleaseId};

use crate::gate::release;
use crate::{Error, Platform};

/// The most suspensions that are read of a dataset.
const SUSPENSIONS: u32 = 200;

/// What happened to a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It was made.
    Released,
    /// It was suspended, with the reason.
    Suspended(String),
}

/// Something that happened to a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The release.
    pub release: ReleaseId,
    /// Its number.
    pub number: i64,
    /// Its rows.
    pub rows: u64,
    /// What happened.
    pub change: Change,
    /// When.
    pub at: Timestamp,
    /// Entry in the transparency log that commits to it.
    pub entry_id: EntryId,
}

/// What happened to the open releases of a published dataset, newest first.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be read.
pub async fn history(platform: &Platform, id: AssetId) -> Result<Vec<Event>, Error> {
    let mut reader = platform.store.read().await?;
    let releases = release::of_asset(&mut reader, id, Audience::Open).await?;
    let filter = Filter {
        subject: Some(format!("asset:{id}")),
        kind: Some("release.suspended".to_owned()),
        ..Filter::default()
    };
    let stopped = audit::search(&mut reader, &filter, SUSPENSIONS).await?;
    let mut events = Vec::with_capacity(releases.len() + stopped.len());
    for found in &releases {
        let event = |change, at, entry_id| Event {
            release: found.id,
            number: found.number,
            rows: found.rows,
            change,
            at,
            entry_id,
        };
        events.push(event(Change::Released, found.released_at, found.entry_id));
        let own = found.id.to_string();
        let suspension = stopped.iter().find(|record| {
            record.data.pointer("/data/release").and_then(|id| id.as_str()) == Some(&own)
        });
        if let Some(record) = suspension {
            let why = found.suspended_why.clone().or_else(|| record.ground.clone());
            let change = Change::Suspended(why.unwrap_or_default());
            events.push(event(change, record.at, record.id));
        }
    }
    events.sort_by_key(|event| std::cmp::Reverse(event.at));
    Ok(events)
}

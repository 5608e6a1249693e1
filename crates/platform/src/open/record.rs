//! What harvesters are told: which entries changed since when, and which are gone.
//!
//! A record is written in the transaction of the step that changed what harvesters see,
//! so that none is missed. An entry that was withdrawn, and a dataset whose data were
//! suspended, stay here as gone.
//!
//! Invariants (each is also the name of a test):
//! - `who_harvests_learns_of_every_change_and_of_what_is_gone`

use jiff::Timestamp;
use vocabulary::AssetId;

use super::table;
use crate::{Error, Platform};

/// What harvesters are told of an asset that is or was in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The asset.
    pub id: AssetId,
    /// When the platform last changed it.
    pub changed_at: Timestamp,
    /// Whether it was withdrawn, or its data suspended.
    pub gone: bool,
    /// Code of the theme.
    pub theme: Option<String>,
}

/// Which records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordFilter {
    /// Changed at this time or later.
    pub from: Option<Timestamp>,
    /// Changed before this time.
    pub until: Option<Timestamp>,
    /// Only those of this theme.
    pub theme: Option<String>,
    /// Only those after this one, in the order of changes.
    pub after: Option<(Timestamp, AssetId)>,
}

/// How far the records reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// How many there are, those that are gone included.
    pub records: u64,
    /// How many of them are gone.
    pub gone: u64,
    /// The oldest change; `None` in an empty catalogue.
    pub first: Option<Timestamp>,
    /// The newest change.
    pub last: Option<Timestamp>,
}

/// Notes a change, in the transaction that makes it.
pub(crate) async fn changed(tx: &mut store::Tx, id: AssetId, now: Timestamp) -> Result<(), Error> {
    table::note_change(tx, id, now).await
}

/// Records in the order of their changes, at most `limit`.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn records(
    platform: &Platform,
    filter: &RecordFilter,
    limit: u64,
) -> Result<Vec<Record>, Error> {
    let mut reader = platform.store.read().await?;
    table::records(&mut reader, filter, limit).await
}

/// How many records there are, without regard to `after`.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn count(platform: &Platform, filter: &RecordFilter) -> Result<u64, Error> {
    let mut reader = platform.store.read().await?;
    table::count_records(&mut reader, filter).await
}

/// The record of an asset; `None` if it never was in the catalogue.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be read.
pub async fn of(platform: &Platform, id: AssetId) -> Result<Option<Record>, Error> {
    let mut reader = platform.store.read().await?;
    table::record(&mut reader, id).await
}

/// A published entry in a list of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The asset.
    pub id: AssetId,
    /// The name that a program registered it under.
    pub name: Option<String>,
    /// When the platform last changed it.
    pub changed_at: Timestamp,
}

/// Published entries in the order of their ids.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn listed(platform: &Platform, skip: u64, limit: u64) -> Result<Vec<Listed>, Error> {
    let mut reader = platform.store.read().await?;
    table::listed(&mut reader, skip, limit).await
}

/// How far the records reach: it changes with everything that harvesters see.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn extent(platform: &Platform) -> Result<Extent, Error> {
    let mut reader = platform.store.read().await?;
    table::extent(&mut reader).await
}

//! The areas of the platform: what the regulation asks for, step by step.
//!
//! ```text
//! registry ──▶ gate ──▶ open ◀── requests, reuses
//! (assets,     (inspect, (portal: search,  (what the public asks,
//!  catalogue,   measure,  dataset, rows,    and the answers)
//!  versions)    release)  downloads)
//! ```
//!
//! A use case reads: find → authorize → decide → save → audit → commit, always in
//! that order, in one transaction. Decisions are pure and stand in `rules.rs`, SQL
//! stands in `table.rs`. Nothing here knows HTTP (that is the crate `web`) or a
//! query engine (that is behind `lake::Lake`).

mod clock;
mod error;
pub mod evidence;
mod files;
pub mod gate;
pub mod inbox;
pub mod jobs;
pub mod open;
pub mod ratings;
pub mod registry;
pub mod requests;
pub mod reuses;
pub mod summary;
pub mod sweep;
pub mod topics;
mod turns;
mod wording;
mod words;

use std::sync::Arc;

pub use clock::{Clock, Deadline, End};
pub use error::{Error, FieldProblem, RefusedBy};
pub use files::Files;
pub use turns::Turns;
pub use words::UnknownWord;

/// Everything that a use case works with. Cheap to clone.
#[derive(Clone)]
pub struct Platform {
    /// The metadata.
    pub store: store::Store,
    /// The tables.
    pub lake: Arc<dyn lake::Lake>,
    /// The transparency log.
    pub log: Arc<trust::log::Log>,
    /// The signing keys.
    pub keyring: Arc<trust::keys::Keyring>,
    /// The catalogue index.
    pub search: Arc<search::Catalogue>,
    /// Files that are not tables.
    pub files: Files,
    /// The time.
    pub clock: trust::Clock,
    /// What bounds a request.
    pub limits: Limits,
    /// Wakes the worker when a job was written.
    pub jobs: Arc<tokio::sync::Notify>,
    /// One after another where two must not work on the same thing.
    pub turns: Turns,
    /// Current open releases that were read a moment ago.
    pub known: open::Known,
    /// Places for statements of the public.
    pub places: open::sql::Places,
    /// Whether a filer may have the few who changed left out of a release. Off unless an
    /// operator allows it: three releases together can still tell one person apart.
    pub leave_out_changed: bool,
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Platform").field("files", &self.files).finish_non_exhaustive()
    }
}

/// What bounds a request, so that a hostile one cannot harm others.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Reading files.
    pub ingest: ingest::Limits,
    /// Queries of the public.
    pub query: lake::QueryLimits,
    /// Statements of the public.
    pub sql: open::sql::SqlLimits,
    /// Scans by the gate, which must see every row.
    pub scan: lake::QueryLimits,
}

/// The account of a caller who files something.
pub(crate) fn account(caller: &trust::Caller) -> Result<vocabulary::AccountId, Error> {
    let nobody = || Error::NotFound { what: "account", id: "anonymous".to_owned() };
    caller.account_id().ok_or_else(nobody)
}

/// Stored JSON as a value.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|source| Error::Damaged { what, source })
}

/// A value as JSON to be stored.
pub(crate) fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|source| Error::Damaged { what, source })
}

/// A column that holds a word of one of the law's lists.
pub(crate) fn word<T: std::str::FromStr<Err: std::fmt::Display>>(
    row: &store::Row,
    name: &str,
) -> Result<T, store::Error> {
    row.parse_nullable(store::At::Name(name))?.ok_or(store::Error::Missing)
}

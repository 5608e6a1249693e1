//! Read-only SQL over the open datasets (只读查询).
//!
//! ```text
//! statement ─▶ names of its tables ─▶ current release of each ─▶ lake::sql ─▶ rows
//!                                      (open, not suspended)        │
//!                          cost, where it was cut ◀─────────────────┘
//! ```
//!
//! A table is an open dataset under its id or the name that a program registered it under.
//! Nothing else has a name: drafts, suspended releases and releases for other audiences are
//! tables that do not exist. A release that is suspended while its rows are read is read no
//! further.
//!
//! So many statements run at once and the others wait a little, then they are told to come
//! again ([`Places`]); one client has at most half of the places.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::StreamExt as _;
use lake::{BatchStream, LakeError, LimitKind, Meter, QueryLimits};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use trust::{Action, Caller};
use vocabulary::{AssetId, ReleaseId};

use super::{Current, Dataset};
use crate::gate::release;
use crate::registry;
use crate::{Error, Platform};

/// What bounds the statements of the public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlLimits {
    /// What one of them may use; its rows are the most that can be asked for.
    pub query: QueryLimits,
    /// How many run at once.
    pub at_once: usize,
    /// How long the others wait for a place.
    pub wait: Duration,
}

impl Default for SqlLimits {
    /// 64 MiB, 10 seconds and 100,000 rows; four at once, two seconds of waiting.
    fn default() -> Self {
        Self {
            query: QueryLimits {
                memory_bytes: 64 << 20,
                timeout: Duration::from_secs(10),
                rows: 100_000,
            },
            at_once: 4,
            wait: Duration::from_secs(2),
        }
    }
}

/// Places for statements that run at once. Cheap to clone; clones share the places.
#[derive(Clone, Debug)]
pub struct Places {
    free: Arc<Semaphore>,
    each: usize,
    wait: Duration,
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    client: String,
    taken: Arc<Mutex<HashMap<String, usize>>>,
    _permit: OwnedSemaphorePermit,
}

impl Places {
    /// The places that the limits allow.
    pub fn new(limits: &SqlLimits) -> Self {
        let at_once = limits.at_once.max(1);
        Self {
            free: Arc::new(Semaphore::new(at_once)),
            each: at_once.div_ceil(2),
            wait: limits.wait,
            taken: Arc::default(),
        }
    }

    /// Waits for a place.
    ///
    /// # Errors
    ///
    /// [`LakeError::Limit`] of the queue if none is free in time, or the client has its share.
    pub(super) async fn enter(&self, client: &str) -> Result<Place, LakeError> {
        let full = || LakeError::Limit { kind: LimitKind::Queue };
        let until = tokio::time::Instant::now() + self.wait;
        let free = Arc::clone(&self.free);
        let permit = tokio::time::timeout_at(until, free.acquire_owned())
            .await
            .map_err(|_| full())?
            .map_err(|_| full())?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(client.to_owned()).or_default();
        if *own >= self.each {
            return Err(full());
        }
        *own += 1;
        Ok(Place { client: client.to_owned(), taken: Arc::clone(&self.taken), _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.client);
            }
        }
    }
}

/// What a statement has cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Rows that were looked at.
    pub rows_scanned: u64,
    /// Bytes that were read, as they are stored.
    pub bytes_scanned: u64,
    /// Time since it was asked.
    pub took: Duration,
}

/// The rows of a statement.
pub struct Answer {
    /// The columns.
    pub schema: SchemaRef,
    /// The releases that it reads.
    pub sources: Vec<Arc<Current>>,
    /// Set when there were more rows than were asked for.
    pub is_cut: bool,
    batches: BatchStream,
    meter: Meter,
    begun: Instant,
    caller: Caller,
    platform: Platform,
    /// The store's count when the releases were last looked at.
    seen: u64,
    _place: Place,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Answer").field("schema", &self.schema).finish_non_exhaustive()
    }
}

impl Answer {
    /// The next rows; none at the end, and where the answer is cut.
    ///
    /// # Errors
    ///
    /// [`Error::Lake`] for limits and mistakes that only show in a row; [`Error::NotFound`]
    /// if a release was suspended in the meantime.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, Error> {
        let changes = self.platform.store.changes();
        if changes != self.seen {
            for source in &self.sources {
                still_open(&self.caller, &self.platform, source).await?;
            }
            self.seen = changes;
        }
        match self.batches.next().await {
            None => Ok(None),
            Some(Ok(batch)) => Ok(Some(batch)),
            Some(Err(LakeError::Limit { kind: LimitKind::Rows })) => {
                self.is_cut = true;
                Ok(None)
            }
            Some(Err(error)) => Err(error.into()),
        }
    }

    /// What it has cost so far.
    pub fn cost(&self) -> Cost {
        let read = self.meter.read();
        Cost { rows_scanned: read.rows, bytes_scanned: read.bytes, took: self.begun.elapsed() }
    }
}

/// Runs one query.
///
/// - `client`: who asks, for the share of the places.
/// - `rows`: the most rows of the answer, at most as many as the limits allow.
///
/// # Errors
///
/// [`Error::Lake`] for a statement that is wrong, not offered, or names no open dataset, and
/// for limits; [`Error::Denied`] if the policies say so.
pub async fn query(
    caller: &Caller,
    platform: &Platform,
    client: &str,
    statement: &str,
    rows: u64,
) -> Result<Answer, Error> {
    let begun = Instant::now();
    // A place first: reading a statement takes its time, too.
    let place = platform.places.enter(client).await?;
    let limits = &platform.limits.sql.query;
    let limits = QueryLimits { rows: rows.min(limits.rows), ..*limits };
    let names = platform.lake.sql_tables(statement, &limits).await?;
    let seen = platform.store.changes();
    let mut tables = Vec::with_capacity(names.len());
    let mut sources = Vec::with_capacity(names.len());
    for name in names {
        let current = source(caller, platform, &name).await?;
        let table = &current.release.table;
        tables.push((name, table.table()?, Some(table.version)));
        sources.push(current);
    }
    // One time for reading and running it.
    let timeout = limits.timeout.saturating_sub(begun.elapsed());
    let limits = QueryLimits { timeout, ..limits };
    let answer = platform.lake.sql(&tables, statement, &limits).await?;
    Ok(Answer {
        schema: answer.schema,
        sources,
        is_cut: false,
        batches: answer.batches,
        meter: answer.meter,
        begun,
        caller: caller.clone(),
        platform: platform.clone(),
        seen,
        _place: place,
    })
}

/// The current release behind the name of a table.
async fn source(caller: &Caller, platform: &Platform, name: &str) -> Result<Arc<Current>, Error> {
    let id = match name.parse::<AssetId>() {
        Ok(id) => Ok(id),
        Err(_) => registry::find_named(caller, platform, name).await.map(|asset| asset.id),
    };
    let found = match id {
        Ok(id) => super::current_release(caller, platform, id).await,
        Err(error) => Err(error),
    };
    found.map_err(|error| match error {
        Error::NotFound { .. } => {
            let name: String = name.chars().take(100).collect();
            LakeError::sql(
                format!(
                    "没有名为 \"{name}\" 的开放数据集；表名是加双引号的数据集标识，见 /api/v1/sql/tables"
                ),
                format!(
                    "no open dataset is called \"{name}\"; a table is the id of a dataset in double \
                     quotes, see /api/v1/sql/tables"
                ),
            )
            .into()
        }
        other => other,
    })
}

/// Whether a release may still be read: it is the current one, or a newer one took its place.
async fn still_open(caller: &Caller, platform: &Platform, source: &Current) -> Result<(), Error> {
    let (id, release) = (source.asset.id, source.release.id);
    let current = super::current_release(caller, platform, id).await?;
    if current.release.id == release || is_superseded(platform, id, release).await? {
        return Ok(());
    }
    Err(Error::NotFound { what: "release", id: release.to_string() })
}

async fn is_superseded(
    platform: &Platform,
    asset: AssetId,
    release: ReleaseId,
) -> Result<bool, Error> {
    let mut reader = platform.store.read().await?;
    let all = release::of_asset(&mut reader, asset, law::Audience::Open).await?;
    Ok(all.iter().any(|one| one.id == release && one.state == "superseded"))
}

/// A table that statements can name.
#[derive(Clone, Debug)]
pub struct Table {
    /// The dataset behind it.
    pub dataset: Dataset,
    /// Its columns, as they are stored.
    pub schema: SchemaRef,
}

/// The tables after `after` in the order of their ids.
///
/// # Errors
///
/// [`Error::Store`] and [`Error::Lake`] if they cannot be read.
pub async fn tables(
    caller: &Caller,
    platform: &Platform,
    after: Option<AssetId>,
    limit: u64,
) -> Result<Vec<Table>, Error> {
    described(caller, platform, super::open_after(platform, after, limit).await?).await
}

/// The columns of datasets; those that the caller may not read are left out.
///
/// # Errors
///
/// As [`tables`].
pub async fn described(
    caller: &Caller,
    platform: &Platform,
    datasets: Vec<Dataset>,
) -> Result<Vec<Table>, Error> {
    let mut tables = Vec::with_capacity(datasets.len());
    for dataset in datasets {
        let Some(release) = &dataset.current else { continue };
        if !caller.can(Action::ReadRows, &release.resource(dataset.asset.body)) {
            continue;
        }
        let table = &release.table;
        let schema = platform.lake.schema(&table.table()?, Some(table.version)).await?;
        tables.push(Table { dataset, schema });
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_client_never_has_all_places_and_a_place_comes_back() {
        let limits = SqlLimits { wait: Duration::ZERO, ..SqlLimits::default() };
        let places = Places::new(&limits);
        let first = places.enter("a").await.unwrap();
        let _second = places.enter("a").await.unwrap();
        assert!(matches!(
            places.enter("a").await,
            Err(LakeError::Limit { kind: LimitKind::Queue })
        ));
        let _third = places.enter("b").await.unwrap();
        let _fourth = places.enter("c").await.unwrap();
        assert!(places.enter("d").await.is_err());
        drop(first);
        let _again = places.enter("a").await.unwrap();
    }
}

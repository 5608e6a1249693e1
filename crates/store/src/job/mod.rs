//! Work that runs later (任务): a queue in the database.
//!
//! A job is enqueued in the transaction of the change that needs it, so there
//! is no change without its job and no job without its change.
//!
//! ```text
//! queued ─claim─▶ running ─finish─▶ done
//!    ▲               ├───fail, no retry──▶ failed
//!    ├─fail, retry───┤
//!    └─lease ran out─┘          cancel: queued or running ─▶ cancelled
//! ```
//!
//! A worker holds a job by a lease and renews it. When it dies, the lease runs
//! out and another claims the job again: a job may run more than once, so its
//! effect must be the same when it does.
//!
//! Invariants:
//! - `a_job_is_never_lost`
//! - `two_workers_never_hold_one_job`
//! - `a_worker_that_lost_its_lease_changes_nothing`

mod table;

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, JobId};

use crate::{Error, Query, Store, Tx, expect_one};

/// A job to be enqueued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Which code runs it, `gate.assess`.
    pub kind: String,
    /// What it is about, `asset:…`; people look for jobs by it.
    pub subject: String,
    /// What the code needs to know.
    pub payload: serde_json::Value,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Not before this time.
    pub run_after: Timestamp,
}

impl NewJob {
    /// A job that may run at once.
    pub fn new(
        kind: impl Into<String>,
        subject: impl Into<String>,
        payload: serde_json::Value,
        now: Timestamp,
    ) -> Self {
        Self {
            kind: kind.into(),
            subject: subject.into(),
            payload,
            created_at: now,
            run_after: now,
        }
    }

    /// The same job, but not before `time`.
    #[must_use]
    pub fn not_before(mut self, time: Timestamp) -> Self {
        self.run_after = time;
        self
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// A worker holds it.
    Running,
    /// Ended well.
    Done,
    /// Ended badly and is not tried again.
    Failed,
    /// Called off.
    Cancelled,
}

impl JobState {
    /// The state as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that is no [`JobState`].
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no state of a job")]
pub struct JobStateError(String);

impl FromStr for JobState {
    type Err = JobStateError;

    fn from_str(text: &str) -> Result<Self, JobStateError> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| JobStateError(text.to_owned()))
    }
}

crate::text_column!(JobState);

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all, where that is known.
    pub total: Option<u64>,
    /// What is being done, for people.
    pub note: Bilingual,
}

/// A job as it stands in the queue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Job {
    /// Its identifier.
    pub id: JobId,
    /// Which code runs it.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// What the code needs to know.
    pub payload: serde_json::Value,
    /// Where it stands.
    pub state: JobState,
    /// How often it was claimed.
    pub attempts: u32,
    /// Not before this time.
    pub run_after: Timestamp,
    /// Until when the worker holds it.
    pub lease_until: Option<Timestamp>,
    /// Who holds or held it.
    pub worker: Option<String>,
    /// How far it is.
    pub progress: Option<Progress>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it came to an end.
    pub finished_at: Option<Timestamp>,
}

/// Enqueues a job in the transaction of the change that needs it.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn enqueue(tx: &mut Tx, job: NewJob) -> Result<JobId, Error> {
    let id = JobId::new_v7(job.created_at);
    table::insert(tx, id, &job).await?;
    Ok(id)
}

/// Claims the job that has waited longest, or one whose worker lost its lease.
///
/// # Errors
///
/// Any [`Error`] of the store. Losing a race is `None`, not an error.
pub async fn claim(
    store: &Store,
    worker: &str,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<Option<Job>, Error> {
    // On PostgreSQL several workers may choose the same row; all but one are
    // told that it is stale, and look again.
    for _ in 0..CLAIM_ATTEMPTS {
        let mut tx = store.begin().await?;
        let claimed = match table::claim(&mut tx, worker, now, until(now, lease)).await {
            Ok(claimed) => tx.commit().await.map(|()| claimed),
            Err(error) => Err(error),
        };
        match claimed {
            Err(Error::Stale) => {}
            result => return result,
        }
    }
    Ok(None)
}

const CLAIM_ATTEMPTS: u32 = 8;

/// Holds a claimed job for longer.
///
/// # Errors
///
/// [`Error::Stale`] if the worker no longer holds it, or it was cancelled: then
/// stop working on it.
pub async fn renew(
    store: &Store,
    id: JobId,
    worker: &str,
    now: Timestamp,
    lease: SignedDuration,
) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    expect_one(table::renew(&mut tx, id, worker, until(now, lease)).await?)?;
    tx.commit().await
}

/// Tells how far a claimed job is.
///
/// # Errors
///
/// [`Error::Stale`] as [`renew`].
pub async fn progress(
    store: &Store,
    id: JobId,
    worker: &str,
    progress: &Progress,
) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    expect_one(table::progress(&mut tx, id, worker, progress).await?)?;
    tx.commit().await
}

/// Gives back what workers held that no longer exist; returns how many jobs.
///
/// So nobody waits for their leases to run out. Only for a program that knows that no
/// other one works on this queue, when it starts.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn give_back(store: &Store, now: Timestamp) -> Result<u64, Error> {
    let mut tx = store.begin().await?;
    let changed = table::give_back(&mut tx, now).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Hands back what a worker holds that stops in good order: it is no attempt.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn hand_back(store: &Store, worker: &str, now: Timestamp) -> Result<u64, Error> {
    let mut tx = store.begin().await?;
    let changed = table::hand_back(&mut tx, worker, now).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Ends a claimed job well, in the transaction of what it did: both are saved,
/// or neither is.
///
/// # Errors
///
/// [`Error::Stale`] as [`renew`].
pub async fn finish(tx: &mut Tx, id: JobId, worker: &str, now: Timestamp) -> Result<(), Error> {
    expect_one(table::end(tx, id, worker, JobState::Done, None, now).await?)
}

/// Ends a claimed job badly: it runs again at `retry_at`, or never.
///
/// - `error`: for the operator, without personal data.
///
/// # Errors
///
/// [`Error::Stale`] as [`renew`].
pub async fn fail(
    store: &Store,
    id: JobId,
    worker: &str,
    error: &str,
    now: Timestamp,
    retry_at: Option<Timestamp>,
) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    let changed = match retry_at {
        Some(time) => table::retry(&mut tx, id, worker, error, time).await?,
        None => table::end(&mut tx, id, worker, JobState::Failed, Some(error), now).await?,
    };
    expect_one(changed)?;
    tx.commit().await
}

/// Calls a job off. A worker that holds it notices at its next [`renew`].
///
/// # Errors
///
/// [`Error::Stale`] if it has ended.
pub async fn cancel(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<(), Error> {
    expect_one(table::cancel(tx, id, now).await?)
}

/// The job, if there is one.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn find(query: &mut impl Query, id: JobId) -> Result<Option<Job>, Error> {
    table::find(query, id).await
}

/// Jobs about `subject`, the newest first.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn about(query: &mut impl Query, subject: &str) -> Result<Vec<Job>, Error> {
    table::about(query, subject).await
}

/// The newest `limit` jobs, of one state or of all.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn newest(
    query: &mut impl Query,
    state: Option<JobState>,
    limit: u32,
) -> Result<Vec<Job>, Error> {
    table::newest(query, state, limit).await
}

fn until(now: Timestamp, lease: SignedDuration) -> Timestamp {
    now.saturating_add(lease).unwrap_or(Timestamp::MAX)
}

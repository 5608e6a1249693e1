//! What runs later: reading files, inspecting and measuring at the gate.
//!
//! A job is written in the transaction of the business step that needs it, so a
//! step never happens without its job. One worker a process claims jobs under a
//! lease; a job whose worker died is claimed again and begins anew, and every job
//! is written so that beginning anew does no harm.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::job::{self, Job, NewJob};
use trust::{Action, Caller};
use vocabulary::{Bilingual, JobId, error_chain};

use crate::{Error, Platform, gate, registry, summary};

/// How long a claim holds without a sign of life.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often a running job shows its progress and a sign of life.
const TICK: Duration = Duration::from_millis(500);
/// How often a job is tried before it is given up.
const MOST_ATTEMPTS: u32 = 3;

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units in all; 0 while unknown.
    pub total: u64,
    /// What is being done now.
    pub note: Bilingual,
}

impl Progress {
    /// Progress in bytes or rows with a note.
    pub fn bytes(done: u64, total: u64, zh: &str, en: &str) -> Self {
        Self { done, total, note: Bilingual::new(zh, en) }
    }
}

/// Where a job's code says how far it is; cheap to call often, from any thread.
#[derive(Clone, Debug, Default)]
pub struct Reporter {
    latest: Arc<Mutex<Option<Progress>>>,
    cancelled: Arc<AtomicBool>,
}

impl Reporter {
    /// Remembers the newest progress; it is written at the next tick.
    pub fn report(&self, progress: Progress) {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
    }

    /// Whether someone asked the job to stop.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn take(&self) -> Option<Progress> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A job that is running.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Where it says how far it is.
    pub(crate) progress: Reporter,
    clock: trust::Clock,
}

impl Task {
    /// Outside a job: what ends one that was given up.
    pub(crate) fn at(clock: trust::Clock) -> Self {
        Self { progress: Reporter::default(), clock }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Writes a job into the transaction of the step that needs it.
pub(crate) async fn enqueue(
    tx: &mut store::Tx,
    kind: &str,
    subject: &str,
    payload: &impl Serialize,
    now: Timestamp,
) -> Result<JobId, Error> {
    let payload = serde_json::to_value(payload)
        .map_err(|source| Error::Damaged { what: "job payload", source })?;
    Ok(job::enqueue(tx, NewJob::new(kind, subject, payload, now)).await?)
}

/// The newest job about a subject.
pub(crate) async fn of_subject(
    query: &mut impl store::Query,
    subject: &str,
) -> Result<Option<JobId>, Error> {
    Ok(job::about(query, subject).await?.first().map(|job| job.id))
}

/// Whether a job about a subject waits or runs.
pub(crate) async fn is_waiting(
    query: &mut impl store::Query,
    subject: &str,
) -> Result<bool, Error> {
    Ok(job::about(query, subject).await?.first().is_some_and(|job| !job.state.is_final()))
}

/// The newest job about a subject, with its progress, for pages that show it.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be read.
pub async fn progress_of(platform: &Platform, subject: &str) -> Result<Option<Job>, Error> {
    let mut reader = platform.store.read().await?;
    Ok(job::about(&mut reader, subject).await?.into_iter().next())
}

/// A job by its id, for who may see what it works on.
///
/// # Errors
///
/// [`Error::NotFound`] if there is none, or not for this caller.
pub async fn find(caller: &Caller, platform: &Platform, id: JobId) -> Result<Job, Error> {
    let missing = || Error::NotFound { what: "job", id: id.to_string() };
    let mut reader = platform.store.read().await?;
    let job = job::find(&mut reader, id).await?.ok_or_else(missing)?;
    let may = match job.subject.split_once(':') {
        Some(("version", version)) => {
            let version = version.parse().map_err(|_| missing())?;
            let version = registry::load_version(&mut reader, version).await?;
            let asset = registry::load(&mut reader, version.asset_id).await?;
            caller.can(Action::ViewUpload, &asset.resource())
        }
        Some(("gate", run)) => {
            let run = run.parse().map_err(|_| missing())?;
            drop(reader);
            gate::find(caller, platform, run).await.is_ok()
        }
        Some(("release", release)) => {
            let release = release.parse().map_err(|_| missing())?;
            drop(reader);
            gate::release::find(caller, platform, release).await.is_ok()
        }
        Some(("summary", summary)) => {
            let summary = summary.parse().map_err(|_| missing())?;
            drop(reader);
            // Its progress counts the rows, which a published summary does not tell.
            let found = summary::find(caller, platform, summary).await;
            found.is_ok_and(|(asset, _)| {
                caller.can(Action::ViewJobs, &trust::Resource { public: false, ..asset.resource() })
            })
        }
        _ => false,
    };
    if may { Ok(job) } else { Err(missing()) }
}

/// Runs one waiting job, if there is one; says whether there was.
///
/// # Errors
///
/// [`Error::Store`] if the queue cannot be used; a failing job is not an error
/// here: it is tried again or given up, with the reason kept.
pub async fn run_one(platform: &Platform, worker: &str) -> Result<bool, Error> {
    let now = platform.clock.now();
    let Some(job) = job::claim(&platform.store, worker, now, LEASE).await? else {
        return Ok(false);
    };
    if job.attempts > MOST_ATTEMPTS {
        // Whoever held it died every time; it may be the job that kills.
        let why = "its worker died each time";
        tracing::error!(job = %job.id, kind = %job.kind, attempts = job.attempts, why, "job given up");
        give_up(platform, &job).await;
        job::fail(&platform.store, job.id, worker, why, now, None).await?;
        return Ok(true);
    }
    let task = Task { progress: Reporter::default(), clock: platform.clock };
    // Side by side, because the work may hold the one writing transaction while a
    // sign of life waits for it; and neither is dropped in the middle of one.
    let done = tokio::sync::Notify::new();
    let work = async {
        let result = dispatch(platform, &task, &job).await;
        done.notify_one();
        result
    };
    let (result, shown) =
        tokio::join!(work, keep_showing_life(platform, &task, &job, worker, &done));
    shown?;
    let now = platform.clock.now();
    match result {
        Ok(()) => {
            let mut tx = platform.store.begin().await?;
            job::finish(&mut tx, job.id, worker, now).await?;
            tx.commit().await?;
        }
        Err(error) => {
            tracing::error!(job = %job.id, kind = %job.kind, error = %error_chain(&error), "job failed");
            let again = job.attempts < MOST_ATTEMPTS;
            let wait = SignedDuration::from_secs(5 * i64::from(job.attempts.max(1)));
            let retry_at = again.then(|| now.saturating_add(wait).unwrap_or(Timestamp::MAX));
            // Before the job ends: whoever sees it ended sees what it left behind.
            if !again {
                give_up(platform, &job).await;
            }
            let why = error_chain(&error);
            job::fail(&platform.store, job.id, worker, &why, now, retry_at).await?;
        }
    }
    Ok(true)
}

/// Works until `stopped` resolves: runs jobs as they come.
pub async fn work(platform: Platform, worker: String, stopped: impl Future<Output = ()>) {
    tokio::pin!(stopped);
    loop {
        let ran = tokio::select! {
            () = &mut stopped => {
                let now = platform.clock.now();
                if let Err(error) = job::hand_back(&platform.store, &worker, now).await {
                    tracing::warn!(error = %error_chain(&error), "a job is not handed back");
                }
                return;
            }
            ran = run_one(&platform, &worker) => ran,
        };
        match ran {
            Ok(true) => {}
            Ok(false) => {
                tokio::select! {
                    () = &mut stopped => return,
                    () = platform.jobs.notified() => {}
                    () = tokio::time::sleep(TICK) => {}
                }
            }
            Err(error) => {
                tracing::error!(error = %error_chain(&error), "the job queue failed");
                tokio::time::sleep(TICK).await;
            }
        }
    }
}

/// Shows signs of life until the work is done.
async fn keep_showing_life(
    platform: &Platform,
    task: &Task,
    job: &Job,
    worker: &str,
    done: &tokio::sync::Notify,
) -> Result<(), Error> {
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            () = done.notified() => return Ok(()),
            _ = tick.tick() => {}
        }
        show_life(platform, task, job, worker).await?;
    }
}

/// Writes progress and renews the lease; notices a cancellation.
async fn show_life(platform: &Platform, task: &Task, job: &Job, worker: &str) -> Result<(), Error> {
    let held = match task.progress.take() {
        Some(progress) => {
            let shown = job::Progress {
                done: progress.done,
                total: (progress.total > 0).then_some(progress.total),
                note: progress.note,
            };
            job::progress(&platform.store, job.id, worker, &shown).await
        }
        None => Ok(()),
    };
    let renewed = match held {
        Ok(()) => job::renew(&platform.store, job.id, worker, platform.clock.now(), LEASE).await,
        error => error,
    };
    match renewed {
        Ok(()) => {}
        Err(store::Error::Stale) => task.progress.cancelled.store(true, Ordering::Relaxed),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Which code runs which kind of job.
async fn dispatch(platform: &Platform, task: &Task, job: &Job) -> Result<(), Error> {
    match job.kind.as_str() {
        registry::version::READ => {
            registry::version::run_read(platform, task, &payload(job)?).await
        }
        gate::INSPECT => gate::run_inspect(platform, task, &payload(job)?).await,
        gate::MEASURE => gate::run_measure(platform, task, &payload(job)?).await,
        gate::REMEASURE => gate::remeasure::run(platform, task, &payload(job)?).await,
        summary::ANSWER => Box::pin(summary::run(platform, task, &payload(job)?)).await,
        other => {
            tracing::error!(kind = other, "no code runs this kind of job");
            Err(Error::NotFound { what: "kind of job", id: other.to_owned() })
        }
    }
}

/// What a job given up for good leaves behind is told to who waits for it. Where that
/// cannot be told, the job ends all the same.
async fn give_up(platform: &Platform, job: &Job) {
    let told = async {
        match job.kind.as_str() {
            registry::version::READ => registry::version::give_up(platform, &payload(job)?).await,
            gate::INSPECT | gate::MEASURE => gate::give_up(platform, &payload(job)?).await,
            summary::ANSWER => summary::give_up(platform, &payload(job)?).await,
            _ => Ok(()),
        }
    };
    if let Err(error) = told.await {
        tracing::error!(job = %job.id, error = %error_chain(&error), "nobody was told that a job was given up");
    }
}

fn payload<T: DeserializeOwned>(job: &Job) -> Result<T, Error> {
    serde_json::from_value(job.payload.clone())
        .map_err(|source| Error::Damaged { what: "job payload", source })
}

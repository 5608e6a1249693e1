//! SQL of the table `job`.

use jiff::Timestamp;
use vocabulary::{Bilingual, JobId};

use super::{Job, JobState, NewJob, Progress};
use crate::{Error, FromRow, Query, Row, Tx, params};

impl FromRow for Job {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let done: Option<u64> = row.get("progress_done")?;
        let progress = match done {
            None => None,
            Some(done) => Some(Progress {
                done,
                total: row.get("progress_total")?,
                note: Bilingual {
                    zh: row.get("progress_note_zh")?,
                    en: row.get("progress_note_en")?,
                },
            }),
        };
        Ok(Self {
            id: row.get("job_id")?,
            kind: row.get("kind")?,
            subject: row.get("subject")?,
            payload: row.get("payload")?,
            state: row.get("state")?,
            attempts: row.get("attempts")?,
            run_after: row.get("run_after")?,
            lease_until: row.get("lease_until")?,
            worker: row.get("worker")?,
            progress,
            error: row.get("error")?,
            created_at: row.get("created_at")?,
            finished_at: row.get("finished_at")?,
        })
    }
}

pub(super) async fn insert(tx: &mut Tx, id: JobId, job: &NewJob) -> Result<u64, Error> {
    tx.execute(
        "INSERT INTO job (job_id, kind, subject, payload, state, attempts, run_after, created_at)
         VALUES ($1, $2, $3, $4, 'queued', 0, $5, $6)",
        params![id, job.kind, job.subject, job.payload, job.run_after, job.created_at],
    )
    .await
}

pub(super) async fn claim(
    tx: &mut Tx,
    worker: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Job>, Error> {
    tx.optional(
        "UPDATE job
            SET state = 'running', attempts = attempts + 1, worker = $1, lease_until = $3
          WHERE job_id = (
                SELECT job_id FROM job
                 WHERE (state = 'queued' AND run_after <= $2)
                    OR (state = 'running' AND lease_until <= $2)
                 ORDER BY run_after, job_id
                 LIMIT 1)
         RETURNING *",
        params![worker, now, until],
    )
    .await
}

pub(super) async fn renew(
    tx: &mut Tx,
    id: JobId,
    worker: &str,
    until: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "UPDATE job SET lease_until = $3
          WHERE job_id = $1 AND worker = $2 AND state = 'running'",
        params![id, worker, until],
    )
    .await
}

pub(super) async fn progress(
    tx: &mut Tx,
    id: JobId,
    worker: &str,
    progress: &Progress,
) -> Result<u64, Error> {
    tx.execute(
        "UPDATE job
            SET progress_done = $3, progress_total = $4,
                progress_note_zh = $5, progress_note_en = $6
          WHERE job_id = $1 AND worker = $2 AND state = 'running'",
        params![id, worker, progress.done, progress.total, progress.note.zh, progress.note.en],
    )
    .await
}

pub(super) async fn end(
    tx: &mut Tx,
    id: JobId,
    worker: &str,
    state: JobState,
    error: Option<&str>,
    now: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "UPDATE job SET state = $3, error = $4, finished_at = $5, lease_until = NULL
          WHERE job_id = $1 AND worker = $2 AND state = 'running'",
        params![id, worker, state, error, now],
    )
    .await
}

pub(super) async fn retry(
    tx: &mut Tx,
    id: JobId,
    worker: &str,
    error: &str,
    retry_at: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "UPDATE job
            SET state = 'queued', error = $3, run_after = $4, lease_until = NULL, worker = NULL
          WHERE job_id = $1 AND worker = $2 AND state = 'running'",
        params![id, worker, error, retry_at],
    )
    .await
}

pub(super) async fn give_back(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE job SET state = 'queued', run_after = $1, lease_until = NULL, worker = NULL
          WHERE state = 'running'",
        params![now],
    )
    .await
}

pub(super) async fn hand_back(tx: &mut Tx, worker: &str, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE job
            SET state = 'queued', attempts = attempts - 1, run_after = $2, lease_until = NULL,
                worker = NULL
          WHERE state = 'running' AND worker = $1",
        params![worker, now],
    )
    .await
}

pub(super) async fn cancel(tx: &mut Tx, id: JobId, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE job SET state = 'cancelled', finished_at = $2, lease_until = NULL
          WHERE job_id = $1 AND state IN ('queued', 'running')",
        params![id, now],
    )
    .await
}

pub(super) async fn find(query: &mut impl Query, id: JobId) -> Result<Option<Job>, Error> {
    query.optional("SELECT * FROM job WHERE job_id = $1", params![id]).await
}

pub(super) async fn about(query: &mut impl Query, subject: &str) -> Result<Vec<Job>, Error> {
    query
        .all(
            "SELECT * FROM job WHERE subject = $1 ORDER BY created_at DESC, job_id DESC",
            params![subject],
        )
        .await
}

pub(super) async fn newest(
    query: &mut impl Query,
    state: Option<JobState>,
    limit: u32,
) -> Result<Vec<Job>, Error> {
    query
        .all(
            "SELECT * FROM job WHERE $1 IS NULL OR state = $1
              ORDER BY created_at DESC, job_id DESC LIMIT $2",
            params![state, limit],
        )
        .await
}

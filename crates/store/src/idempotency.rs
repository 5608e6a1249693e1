//! Answers that are kept, so that a repeated request has one effect.
//!
//! A client sends the same `Idempotency-Key` again when it did not get the
//! answer. The key belongs to one account and one request:
//!
//! ```text
//! begin ─▶ Fresh       run it, then finish
//!        ├▶ Replay      the kept answer, word for word
//!        ├▶ InProgress  the first one still runs
//!        └▶ Mismatch    the key was used for another request
//! ```
//!
//! [`begin`] and [`finish`] in the transaction of the use case give exactly one
//! effect. In transactions of their own around it, a crash between effect and
//! [`finish`] leaves the key in progress until `stale_after` has passed.

use jiff::{SignedDuration, Timestamp};

use crate::{Error, FromRow, Query, Row, Tx, params};

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Header names and values that belong to the answer.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is known about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Not seen before: do it, then [`finish`].
    Fresh,
    /// Done before; this was the answer.
    Replay(Answer),
    /// The first request with this key is still running.
    InProgress,
    /// The key was used for another request.
    Mismatch,
}

struct Kept {
    digest: String,
    status: Option<u16>,
    headers: Option<String>,
    body: Option<Vec<u8>>,
    created_at: Timestamp,
}

impl FromRow for Kept {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            digest: row.get("digest")?,
            status: row.get("status")?,
            headers: row.get("headers")?,
            body: row.get("body")?,
            created_at: row.get("created_at")?,
        })
    }
}

/// Starts a request with a key.
///
/// - `account`: whose key it is; an empty text for a request without an account.
/// - `digest`: of method, path and body; another digest is [`Begun::Mismatch`].
/// - `stale_after`: a request that has run longer is taken to be dead.
///
/// # Errors
///
/// Any [`Error`] of the store; [`Error::Stale`] if the same key began at the
/// same moment.
pub async fn begin(
    tx: &mut Tx,
    key: &str,
    account: &str,
    digest: &str,
    now: Timestamp,
    stale_after: SignedDuration,
) -> Result<Begun, Error> {
    let fresh = tx
        .execute(
            "INSERT INTO idempotency (key, account, digest, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (key, account) DO NOTHING",
            params![key, account, digest, now],
        )
        .await?;
    if fresh == 1 {
        return Ok(Begun::Fresh);
    }
    let kept: Kept = tx
        .one(
            "SELECT digest, status, headers, body, created_at FROM idempotency
              WHERE key = $1 AND account = $2",
            params![key, account],
        )
        .await?;
    if kept.digest != digest {
        return Ok(Begun::Mismatch);
    }
    let Some(status) = kept.status else {
        if now.duration_since(kept.created_at) < stale_after {
            return Ok(Begun::InProgress);
        }
        tx.execute(
            "UPDATE idempotency SET created_at = $3 WHERE key = $1 AND account = $2",
            params![key, account, now],
        )
        .await?;
        return Ok(Begun::Fresh);
    };
    let headers = serde_json::from_str(kept.headers.as_deref().unwrap_or("[]"))
        .map_err(|error| Error::corrupt(format!("headers of a kept answer: {error}")))?;
    Ok(Begun::Replay(Answer { status, headers, body: kept.body.unwrap_or_default() }))
}

/// Keeps the answer of a request that [`begin`] found fresh.
///
/// # Errors
///
/// [`Error::Stale`] if the key is not in progress.
pub async fn finish(tx: &mut Tx, key: &str, account: &str, answer: &Answer) -> Result<(), Error> {
    let headers = serde_json::to_string(&answer.headers)
        .map_err(|error| Error::corrupt(format!("headers of an answer: {error}")))?;
    let changed = tx
        .execute(
            "UPDATE idempotency SET status = $3, headers = $4, body = $5
              WHERE key = $1 AND account = $2 AND status IS NULL",
            params![key, account, answer.status, headers, answer.body],
        )
        .await?;
    crate::expect_one(changed)
}

/// Gives up a request that [`begin`] found fresh and that had no effect, so
/// that the key can be tried again.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn abandon(tx: &mut Tx, key: &str, account: &str) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM idempotency WHERE key = $1 AND account = $2 AND status IS NULL",
        params![key, account],
    )
    .await?;
    Ok(())
}

/// Forgets keys that are older than `before`; returns how many.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM idempotency WHERE created_at < $1", params![before]).await
}

//! Leases: one holder of a name at a time, for as long as it renews.
//!
//! Several servers share one database; what only one of them may do at a time
//! (sealing the log) is done by the one that holds the lease.

use jiff::SignedDuration;
use jiff::Timestamp;

use crate::{Error, Store, Tx, params};

/// Takes or renews the lease `name` for `holder`; false if another holds it.
///
/// # Errors
///
/// Any [`Error`] of the store, except [`Error::Stale`]: losing a race is false.
pub async fn take(
    store: &Store,
    name: &str,
    holder: &str,
    now: Timestamp,
    duration: SignedDuration,
) -> Result<bool, Error> {
    let mut tx = store.begin().await?;
    let taken = match take_in(&mut tx, name, holder, now, duration).await {
        Ok(taken) => taken,
        Err(Error::Stale) => return Ok(false),
        Err(error) => return Err(error),
    };
    match tx.commit().await {
        Ok(()) => Ok(taken),
        Err(Error::Stale) => Ok(false),
        Err(error) => Err(error),
    }
}

/// As [`take`], inside a transaction: then what the transaction does is done
/// only if the lease was still the holder's when it committed.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn take_in(
    tx: &mut Tx,
    name: &str,
    holder: &str,
    now: Timestamp,
    duration: SignedDuration,
) -> Result<bool, Error> {
    let until = now.saturating_add(duration).unwrap_or(Timestamp::MAX);
    let changed = tx
        .execute(
            "INSERT INTO lease (name, holder, held_until) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET holder = $2, held_until = $3
              WHERE lease.holder = $2 OR lease.held_until <= $4",
            params![name, holder, until, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Gives the lease back, if `holder` has it.
///
/// # Errors
///
/// Any [`Error`] of the store.
pub async fn release(store: &Store, name: &str, holder: &str) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    tx.execute("DELETE FROM lease WHERE name = $1 AND holder = $2", params![name, holder]).await?;
    tx.commit().await
}

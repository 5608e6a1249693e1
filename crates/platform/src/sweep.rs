//! What is kept only for a while is removed once an hour.
//!
//! Sessions that ended, failed sign-ins and browsers after their time, answers to repeated
//! requests after a day, and the contacts of cases that ended long ago. None of it is
//! evidence; the audit trail is not touched.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use trust::identity::session;
use vocabulary::error_chain;

use crate::{Error, Platform};

const EVERY: Duration = Duration::from_secs(3600);
/// How long the answer to a repeated request is kept, as the API promises.
const ANSWERS: SignedDuration = SignedDuration::from_hours(24);

/// Removes what has had its time, once.
///
/// # Errors
///
/// [`Error::Store`] if it cannot; the next sweep tries again.
pub async fn sweep(platform: &Platform) -> Result<(), Error> {
    let now = platform.clock.now();
    let sessions = session::sweep(&platform.store, now, session::Limits::default()).await?;
    let mut tx = platform.store.begin().await?;
    let before = now.saturating_sub(ANSWERS).unwrap_or(Timestamp::MIN);
    let answers = store::idempotency::forget(&mut tx, before).await?;
    tx.commit().await?;
    let contacts = crate::requests::erase_contacts(platform).await?;
    tracing::info!(sessions, answers, contacts, "what had its time was removed");
    let dated = Box::pin(crate::requests::date_undated(platform)).await?;
    if dated > 0 {
        tracing::info!(dated, "cases whose last day is known now");
    }
    Ok(())
}

/// Sweeps at once and then every hour, until `stopped` resolves.
pub async fn keep_sweeping(platform: Platform, stopped: impl Future<Output = ()>) {
    tokio::pin!(stopped);
    loop {
        if let Err(error) = sweep(&platform).await {
            tracing::warn!(error = %error_chain(&error), "what had its time was not removed");
        }
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

//! Sessions (会话) of people who signed in with a password.
//!
//! A session is a random 256-bit secret in a cookie; the database holds its
//! SHA-256. Signing in always makes a new one (no fixation). It ends after a
//! time without a request, and in any case after an absolute time.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use store::{Query as _, Store};

use super::throttle::{self, Subjects};
use super::{Account, Browser, IdentityError, device, password, table};
use crate::audit::{self, Event};
use crate::authorization::{Action, Resource};
use crate::caller::Caller;
use crate::secret;

/// How long sessions last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Without a request.
    pub idle: SignedDuration,
    /// In any case.
    pub absolute: SignedDuration,
}

impl Default for Limits {
    /// 30 minutes without a request, 12 hours in any case.
    fn default() -> Self {
        Self { idle: SignedDuration::from_mins(30), absolute: SignedDuration::from_hours(12) }
    }
}

/// The last request is written down at most once in this time: a write for each
/// page would cost an fsync each.
const SEEN_STEP: SignedDuration = SignedDuration::from_secs(60);

/// A session's secret, for the cookie. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionSecret(String);

impl SessionSecret {
    /// The text for the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionSecret")
    }
}

/// Someone who has just signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// For the cookie.
    pub secret: SessionSecret,
    /// For the browser's own cookie, where it had none.
    pub device: Option<SessionSecret>,
    /// Who it is.
    pub account: Account,
}

/// Signs in with login and password.
///
/// - `caller`: anonymous, with the address the request came from.
/// - `browser`: what the browser showed; a session that it still had ends.
///
/// # Errors
///
/// [`IdentityError::WrongCredentials`] for a wrong login, a wrong password and a
/// disabled account alike; [`IdentityError::Throttled`];
/// [`IdentityError::Store`].
pub async fn sign_in(
    caller: &Caller,
    store: &Store,
    login: &str,
    password: &str,
    browser: Browser<'_>,
) -> Result<SignedIn, IdentityError> {
    let now = caller.now();
    caller.require(Action::SignIn, &Resource::of_kind("session"))?;
    // No stored login is longer; an endless one is not written down.
    let login: String = login.to_lowercase().chars().take(64).collect();
    let address = caller.address().unwrap_or_default();
    let (found, subjects) = count_attempt(store, &login, address, browser, now).await?;
    let stored = found.as_ref().map(|(_, hash)| hash.clone());
    let right = password::matches(password, stored.clone()).await?;
    let Some((account, _)) = found.filter(|(account, _)| right && account.is_active()) else {
        tracing::warn!(address, "a sign-in failed");
        return Err(IdentityError::WrongCredentials);
    };
    let rehashed = match stored {
        Some(stored) if password::is_outdated(&stored) => Some(password::hash(password).await?),
        _ => None,
    };
    let secret = secret::random_text()?;
    let mut tx = store.begin().await?;
    let (device, is_new) = device::secret_of(&mut tx, browser).await?;
    throttle::succeeded(&mut tx, &subjects).await?;
    if let Some(hash) = rehashed {
        table::set_password(&mut tx, account.id, &hash).await?;
    }
    device::remember(&mut tx, account.id, &device, now).await?;
    if let Some(previous) = browser.session {
        table::delete_session(&mut tx, &secret::stored_form(previous)).await?;
    }
    let hash = secret::stored_form(&secret);
    table::insert_session(&mut tx, &hash, account.id, address, now).await?;
    let event = Event::new("account.signed_in", account.subject(), serde_json::json!({}));
    let signed_in = Caller::of_account(account.clone(), Vec::new(), now)
        .with_request(caller.request_id().unwrap_or_default(), address);
    audit::append(&mut tx, &signed_in, event).await?;
    tx.commit().await?;
    let device = is_new.then_some(SessionSecret(device));
    Ok(SignedIn { secret: SessionSecret(secret), device, account })
}

/// Counts the attempt, unless it must wait; returns what is stored of the login, and whose
/// attempt it was.
async fn count_attempt(
    store: &Store,
    login: &str,
    address: &str,
    browser: Browser<'_>,
    now: Timestamp,
) -> Result<(Option<(Account, String)>, Subjects), IdentityError> {
    let once = async || {
        let mut tx = store.begin().await?;
        let found = table::find_password(&mut tx, login).await?;
        let known = match &found {
            Some((account, _)) => device::known(&mut tx, account.id, browser, now).await?,
            None => None,
        };
        let subjects = match known {
            Some(hash) => Subjects::known_device(&hash),
            None => Subjects::stranger(login, address),
        };
        throttle::attempt(&mut tx, &subjects, now).await?;
        tx.commit().await?;
        Ok((found, subjects))
    };
    // Attempts from one address at the same moment meet in one row.
    for _ in 0..8 {
        match once().await {
            Err(IdentityError::Store(store::Error::Stale)) => {}
            outcome => return outcome,
        }
    }
    Err(IdentityError::Store(store::Error::Busy))
}

/// The caller behind a session's cookie, with the roles that are valid now;
/// `None` if the session has ended or the account is disabled.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn caller_of(
    store: &Store,
    secret: &str,
    now: Timestamp,
    limits: Limits,
) -> Result<Option<Caller>, store::Error> {
    let hash = secret::stored_form(secret);
    let mut reader = store.read().await?;
    let Some(session) = table::find_session(&mut reader, &hash).await? else { return Ok(None) };
    let ended = now.duration_since(session.seen_at) >= limits.idle
        || now.duration_since(session.created_at) >= limits.absolute;
    if ended {
        return Ok(None);
    }
    let Some(account) = table::find_account(&mut reader, session.account).await? else {
        return Ok(None);
    };
    if !account.is_active() {
        return Ok(None);
    }
    let mut grants = table::grants_of(&mut reader, account.id).await?;
    grants.retain(|grant| grant.is_valid(now));
    drop(reader);
    if now.duration_since(session.seen_at) >= SEEN_STEP {
        let mut tx = store.begin().await?;
        match table::touch_session(&mut tx, &hash, now).await {
            Ok(_) => tx.commit().await.or_else(ignore_stale)?,
            Err(error) => ignore_stale(error)?,
        }
    }
    Ok(Some(Caller::of_account(account, grants, now)))
}

/// Two requests of one session at the same moment: one of them wrote it down.
fn ignore_stale(error: store::Error) -> Result<(), store::Error> {
    if matches!(error, store::Error::Stale) { Ok(()) } else { Err(error) }
}

/// Ends a session.
///
/// # Errors
///
/// [`IdentityError::Store`].
pub async fn sign_out(caller: &Caller, store: &Store, secret: &str) -> Result<(), IdentityError> {
    let mut tx = store.begin().await?;
    let ended = table::delete_session(&mut tx, &secret::stored_form(secret)).await?;
    if let Some(account) = caller.account().filter(|_| ended > 0) {
        let event = Event::new("account.signed_out", account.subject(), serde_json::json!({}));
        audit::append(&mut tx, caller, event).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Removes sessions that have ended, and forgets failed sign-ins and browsers after their
/// time; returns how many sessions. For an hourly sweep.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn sweep(store: &Store, now: Timestamp, limits: Limits) -> Result<u64, store::Error> {
    let before = |span: SignedDuration| now.saturating_sub(span).unwrap_or(Timestamp::MIN);
    let mut tx = store.begin().await?;
    let removed =
        table::delete_old_sessions(&mut tx, before(limits.idle), before(limits.absolute)).await?;
    table::delete_old_throttles(&mut tx, before(throttle::MEMORY)).await?;
    table::delete_old_devices(&mut tx, before(device::MEMORY)).await?;
    tx.commit().await?;
    Ok(removed)
}

/// How many sessions an account has open, for its page.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn count(store: &Store, account: &Account) -> Result<u64, store::Error> {
    let mut reader = store.read().await?;
    reader.one(table::COUNT_SESSIONS, store::params![account.id]).await
}

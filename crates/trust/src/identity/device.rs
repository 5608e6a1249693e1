//! Browsers in which someone has signed in before (已知设备).
//!
//! Who guesses at an account slows its owner down as well, because both look the same.
//! A browser in which the owner once signed in keeps a secret in a cookie of its own; an
//! attempt that shows it is counted by that browser, whatever others do with the login.
//! The secret does not sign anyone in, and guesses from a stolen browser are slowed down
//! as all others are.
//!
//! Source of the idea: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use store::{Query, Tx};
use vocabulary::AccountId;

use super::{IdentityError, table};
use crate::secret;

/// A browser is forgotten after so long without signing in.
pub(super) const MEMORY: SignedDuration = SignedDuration::from_hours(180 * 24);
/// Most browsers of an account that are remembered; the oldest make room.
const MOST: u64 = 20;

/// What a browser showed of itself: the values of its cookies.
#[derive(Clone, Copy, Default)]
pub struct Browser<'a> {
    /// The secret of a session that it still had.
    pub session: Option<&'a str>,
    /// The secret of the browser.
    pub device: Option<&'a str>,
}

impl fmt::Debug for Browser<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Browser")
    }
}

/// The stored form of the browser's secret, if the owner of the account signed in there.
pub(super) async fn known(
    query: &mut impl Query,
    account: AccountId,
    browser: Browser<'_>,
    now: Timestamp,
) -> Result<Option<String>, store::Error> {
    let Some(device) = browser.device else { return Ok(None) };
    let hash = secret::stored_form(device);
    let since = now.saturating_sub(MEMORY).unwrap_or(Timestamp::MIN);
    Ok(table::has_device(query, &hash, account, since).await?.then_some(hash))
}

/// The secret of the browser, and whether it is new. A browser that several persons use
/// has one secret; what a browser made up itself is none.
pub(super) async fn secret_of(
    query: &mut impl Query,
    browser: Browser<'_>,
) -> Result<(String, bool), IdentityError> {
    if let Some(device) = browser.device
        && table::is_device(query, &secret::stored_form(device)).await?
    {
        return Ok((device.to_owned(), false));
    }
    Ok((secret::random_text()?, true))
}

/// Writes down that the owner of the account signed in there.
pub(super) async fn remember(
    tx: &mut Tx,
    account: AccountId,
    device: &str,
    now: Timestamp,
) -> Result<(), store::Error> {
    table::save_device(tx, &secret::stored_form(device), account, now).await?;
    table::delete_devices_beyond(tx, account, MOST).await?;
    Ok(())
}

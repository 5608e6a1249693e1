//! Delay after failed sign-ins, for a login and for an address.
//!
//! The delay grows with each failure and never passes 15 minutes: a stranger
//! who knows a login can slow its owner down, not lock them out. After an hour
//! without a failure everything is forgotten.

use jiff::{SignedDuration, Timestamp};
use store::Tx;

use super::{IdentityError, table};

/// Failures of one login that cost nothing yet.
const FREE_FOR_LOGIN: u32 = 4;
/// Many people may share one address.
const FREE_FOR_ADDRESS: u32 = 20;
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
const MEMORY: SignedDuration = SignedDuration::from_hours(1);

/// How long the next attempt waits after `failures` of which `free` cost nothing:
/// 1, 2, 4, … seconds, at most 15 minutes.
fn delay(failures: u32, free: u32) -> SignedDuration {
    let Some(counted) = failures.checked_sub(free).filter(|counted| *counted > 0) else {
        return SignedDuration::ZERO;
    };
    let seconds = 1_i64 << (counted - 1).min(20);
    SignedDuration::from_secs(seconds).min(LONGEST)
}

fn subjects(login: &str, address: &str) -> [(String, u32); 2] {
    [(format!("login:{login}"), FREE_FOR_LOGIN), (format!("address:{address}"), FREE_FOR_ADDRESS)]
}

/// Refuses if the login or the address must wait. Counts the attempt as failed
/// in the same transaction, so that attempts at the same moment count too;
/// [`succeeded`] takes it back.
pub(super) async fn attempt(
    tx: &mut Tx,
    login: &str,
    address: &str,
    now: Timestamp,
) -> Result<(), IdentityError> {
    for (subject, free) in subjects(login, address) {
        let known = table::find_throttle(tx, &subject).await?;
        let mut failures = 0;
        if let Some(known) = known {
            if now < known.blocked_until {
                let retry_after = known.blocked_until.duration_since(now);
                return Err(IdentityError::Throttled { retry_after });
            }
            if now.duration_since(known.failed_at) < MEMORY {
                failures = known.failures;
            }
        }
        let failures = failures.saturating_add(1);
        let until = now.saturating_add(delay(failures, free)).unwrap_or(now);
        table::save_throttle(tx, &subject, failures, now, until).await?;
    }
    Ok(())
}

/// Forgets the failures of a login, and takes this attempt off its address.
pub(super) async fn succeeded(tx: &mut Tx, login: &str, address: &str) -> Result<(), store::Error> {
    let [(login, _), (address, _)] = subjects(login, address);
    table::delete_throttle(tx, &login).await?;
    table::lower_throttle(tx, &address).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_one_is_locked_out_for_long() {
        let seconds = |failures| delay(failures, 4).as_secs();
        assert_eq!([0, 4, 5, 6, 7, 14].map(seconds), [0, 0, 1, 2, 4, 512]);
        assert_eq!([15, 40, u32::MAX].map(seconds), [900, 900, 900]);
    }
}

//! Delay after failed sign-ins, for a login and for an address.
//!
//! The delay grows with each failure and never passes 15 minutes: a stranger
//! who knows a login can slow its owner down, not lock them out. At a browser where
//! the owner signed in before not even that: there the browser is counted instead
//! (see `device.rs`). After an hour without a failure everything is forgotten.

use std::net::{IpAddr, Ipv6Addr};

use jiff::{SignedDuration, Timestamp};
use store::Tx;

use super::{IdentityError, table};

/// Failures of one login that cost nothing yet.
const FREE_FOR_LOGIN: u32 = 4;
/// Many people may share one address.
const FREE_FOR_ADDRESS: u32 = 20;
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
pub(super) const MEMORY: SignedDuration = SignedDuration::from_hours(1);

/// How long the next attempt waits after `failures` of which `free` cost nothing:
/// 1, 2, 4, … seconds, at most 15 minutes.
fn delay(failures: u32, free: u32) -> SignedDuration {
    let Some(counted) = failures.checked_sub(free).filter(|counted| *counted > 0) else {
        return SignedDuration::ZERO;
    };
    let seconds = 1_i64 << (counted - 1).min(20);
    SignedDuration::from_secs(seconds).min(LONGEST)
}

/// Whose failures are counted, and how many of them cost nothing.
pub(super) struct Subjects(Vec<(String, u32)>);

impl Subjects {
    /// A login, and the address that tries it.
    pub(super) fn stranger(login: &str, address: &str) -> Self {
        let address = network(address);
        Self(vec![
            (format!("login:{login}"), FREE_FOR_LOGIN),
            (format!("address:{address}"), FREE_FOR_ADDRESS),
        ])
    }

    /// A browser where the owner signed in before.
    ///
    /// - `hash`: the stored form of its secret.
    pub(super) fn known_device(hash: &str) -> Self {
        Self(vec![(format!("device:{hash}"), FREE_FOR_LOGIN)])
    }
}

/// What one client can choose its addresses from: one IPv4 address, or a /64 of IPv6.
fn network(address: &str) -> String {
    match address.parse().map(|address: IpAddr| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

/// Refuses if one of the subjects must wait. Counts the attempt as failed in the same
/// transaction, so that attempts at the same moment count too; [`succeeded`] takes it back.
pub(super) async fn attempt(
    tx: &mut Tx,
    subjects: &Subjects,
    now: Timestamp,
) -> Result<(), IdentityError> {
    for (subject, free) in &subjects.0 {
        let known = table::find_throttle(tx, subject).await?;
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
        let until = now.saturating_add(delay(failures, *free)).unwrap_or(now);
        table::save_throttle(tx, subject, failures, now, until).await?;
    }
    Ok(())
}

/// Forgets the failures of a login or a browser, and takes this attempt off its address.
pub(super) async fn succeeded(tx: &mut Tx, subjects: &Subjects) -> Result<(), store::Error> {
    let mut subjects = subjects.0.iter().map(|(subject, _)| subject);
    if let Some(first) = subjects.next() {
        table::delete_throttle(tx, first).await?;
    }
    for address in subjects {
        table::lower_throttle(tx, address).await?;
    }
    Ok(())
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

    #[test]
    fn addresses_of_one_network_are_counted_together() {
        for (address, counted) in [
            ("198.51.100.7", "198.51.100.7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("2001:db8:0:1:a::b", "2001:db8:0:1::/64"),
            ("", ""),
            ("console", "console"),
        ] {
            assert_eq!(network(address), counted);
        }
    }
}

//! Passwords: the rules for new ones, hashing and checking.
//!
//! argon2id with 19 MiB, 2 passes, 1 lane (OWASP ASVS 5.0, appendix C). One hash
//! takes about 28 ms of one core, so it runs off the async threads.

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

use super::IdentityError;
use crate::secret;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Passwords that attackers try first. One a line; checked without regard to case.
const COMMON: &str = include_str!("common_passwords.txt");

const SHORTEST: usize = 8;
const LONGEST: usize = 128;

/// Why a new password is not acceptable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 8 characters.
    #[error("a password has at least 8 characters")]
    Short,
    /// More than 128 characters.
    #[error("a password has at most 128 characters")]
    Long,
    /// One of those that attackers try first.
    #[error("this password is one of those that attackers try first")]
    Common,
    /// It contains the login.
    #[error("a password must not contain the login")]
    Login,
}

/// Checks a new password. Nothing is cut off or trimmed, and no kind of
/// character is required: length is what counts.
///
/// # Errors
///
/// [`PasswordError`] with the first rule that it breaks.
///
/// # Source
///
/// OWASP ASVS 5.0, V6.2.
pub fn check_password_rules(password: &str, login: &str) -> Result<(), PasswordError> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(PasswordError::Short);
    }
    if length > LONGEST {
        return Err(PasswordError::Long);
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) {
        return Err(PasswordError::Common);
    }
    if !login.is_empty() && lower.contains(&login.to_lowercase()) {
        return Err(PasswordError::Login);
    }
    Ok(())
}

/// A password's hash, as a PHC string.
pub(super) async fn hash(password: &str) -> Result<String, IdentityError> {
    let salt = secret::random::<16>()?;
    let password = password.to_owned();
    tokio::task::spawn_blocking(move || {
        let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(|hash| hash.to_string()).map_err(|_| IdentityError::Hash)
    })
    .await
    .map_err(|_| IdentityError::Hash)?
}

/// Whether the password belongs to the hash. Without a hash it takes the same
/// time and says no, so that its time does not tell which logins exist.
pub(super) async fn matches(password: &str, stored: Option<String>) -> Result<bool, IdentityError> {
    let password = password.to_owned();
    tokio::task::spawn_blocking(move || {
        let hasher = hasher()?;
        Ok(match stored {
            Some(stored) => hasher.verify_password(password.as_bytes(), stored.as_str()).is_ok(),
            None => {
                let _ = hasher.hash_password_with_salt(password.as_bytes(), &[0; 16]);
                false
            }
        })
    })
    .await
    .map_err(|_| IdentityError::Hash)?
}

/// Whether a stored hash is weaker than what is made today.
pub(super) fn is_outdated(stored: &str) -> bool {
    let today = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
    !stored.starts_with(&today)
}

fn hasher() -> Result<Argon2<'static>, IdentityError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| IdentityError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_and_not_one_that_everyone_tries() {
        assert_eq!(check_password_rules("汾河水库三十六", ""), Err(PasswordError::Short));
        assert_eq!(check_password_rules("汾河水库 三十六", ""), Ok(()));
        assert_eq!(check_password_rules(&"长".repeat(128), ""), Ok(()));
        assert_eq!(check_password_rules(&"长".repeat(129), ""), Err(PasswordError::Long));
        assert_eq!(check_password_rules("Password123", ""), Err(PasswordError::Common));
        assert_eq!(check_password_rules("zhangSan-2026", "zhangsan"), Err(PasswordError::Login));
        assert_eq!(check_password_rules("        ", ""), Ok(()));
    }

    #[tokio::test]
    async fn a_password_matches_its_hash_and_only_it() {
        let stored = hash("correct horse ").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(!is_outdated(&stored));
        assert!(is_outdated("$argon2id$v=19$m=4096,t=2,p=1$AAAA$BBBB"));
        assert!(matches("correct horse ", Some(stored.clone())).await.unwrap());
        // Nothing is trimmed.
        assert!(!matches("correct horse", Some(stored)).await.unwrap());
        assert!(!matches("correct horse ", None).await.unwrap());
        assert!(!matches("x", Some("not a hash".to_owned())).await.unwrap());
    }
}

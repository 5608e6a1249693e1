//! Random values that nobody may guess, and their comparison.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

/// The operating system gives no random bytes; nothing secret can be made.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct EntropyError;

/// `N` bytes from the operating system.
///
/// # Errors
///
/// [`EntropyError`] if it gives none.
pub fn random<const N: usize>() -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| EntropyError)?;
    Ok(bytes)
}

/// 256 random bits as 43 characters that are safe in a URL and a cookie.
///
/// # Errors
///
/// [`EntropyError`] if the operating system gives none.
pub fn random_text() -> Result<String, EntropyError> {
    Ok(BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// What is stored of a secret with 256 random bits: its SHA-256, hexadecimal.
pub fn stored_form(secret: &str) -> String {
    hex::encode(Sha256::digest(secret.as_bytes()))
}

/// Compares without telling by its time where the difference is.
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

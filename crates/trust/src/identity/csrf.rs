//! Proof that a form was sent by our own page.
//!
//! The token is derived from the secret in the session's cookie, so nothing is
//! stored; another site can make the browser send the cookie, but cannot read it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::secret;

/// The token for a form; `secret` is what the cookie holds, of the session or,
/// before sign-in, of a random value of its own.
pub fn token(secret: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        // HMAC accepts a key of any length.
        return String::new();
    };
    mac.update(b"fenhe form");
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

/// Whether `presented` is the token that belongs to `secret`.
pub fn matches(secret: &str, presented: &str) -> bool {
    !secret.is_empty() && !presented.is_empty() && secret::same(&token(secret), presented)
}

/// A random value for the cookie of someone who has not signed in.
///
/// # Errors
///
/// [`secret::EntropyError`] if the operating system gives no random bytes.
pub fn anonymous_secret() -> Result<String, secret::EntropyError> {
    secret::random_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_token_belongs_to_one_session() {
        let token = token("session a");
        assert_eq!(token.len(), 43);
        assert!(matches("session a", &token));
        assert!(!matches("session b", &token));
        assert!(!matches("session a", ""));
        assert!(!matches("", &super::token("")));
    }
}

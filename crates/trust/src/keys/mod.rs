//! The platform's signing keys, kept in files.
//!
//! | file | key | signs |
//! |---|---|---|
//! | `log.key` | Ed25519, a signed-note signer key | checkpoints of the transparency log |
//! | `certificate.key` | Ed25519 seed, base64 | release certificates, as JWS |
//!
//! They are made at the first use, readable by the owner only, and on disk before
//! they sign anything: a key that is lost in a power cut would leave signatures
//! that nobody can check. Several servers of one platform share the folder's
//! contents. Keys in hardware are not supported.

mod file;
pub mod jws;

use std::path::Path;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use signed_note::{Note, Signer as _, StandardSigner};
use vocabulary::ErrorKind;

use crate::secret::{self, EntropyError};

/// Marks an Ed25519 key in a signed note.
const ED25519: u8 = 1;

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file cannot be read or written.
    #[error("key file `{file}`: {reason}")]
    File {
        /// Its name, without the folder.
        file: &'static str,
        /// What failed.
        reason: String,
    },
    /// A file can be read by others than its owner.
    #[error("key file `{file}` can be read by others; chmod it to 600")]
    Permissions {
        /// Its name, without the folder.
        file: &'static str,
    },
    /// A file does not hold a key.
    #[error("key file `{file}` does not hold a key of the expected form")]
    Format {
        /// Its name, without the folder.
        file: &'static str,
    },
    /// The log key belongs to a log of another name.
    #[error("the log key belongs to `{found}`, and the log is named `{wanted}`")]
    Origin {
        /// The name in the key file.
        found: String,
        /// The name in the settings.
        wanted: String,
    },
    /// The name of the log is not acceptable.
    #[error("a log's name has no spaces and no `+`, like fenhe.example/log")]
    Name,
    /// The operating system gives no random bytes.
    #[error("a key could not be made")]
    Entropy(#[from] EntropyError),
    /// Signing failed.
    #[error("signing failed")]
    Sign,
}

impl KeyError {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Name => ErrorKind::Invalid,
            Self::File { .. }
            | Self::Permissions { .. }
            | Self::Format { .. }
            | Self::Origin { .. }
            | Self::Entropy(_)
            | Self::Sign => ErrorKind::Internal,
        }
    }
}

/// The signing keys of this platform.
pub struct Keyring {
    origin: String,
    log: StandardSigner,
    vkey: String,
    certificate: SigningKey,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Keyring").field("vkey", &self.vkey).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Opens the keys in `folder`, and makes those that are missing.
    ///
    /// - `origin`: the name of the log, `fenhe.example/log`: the address that
    ///   it is served at, without the scheme. It stands in each checkpoint, for
    ///   good.
    ///
    /// # Errors
    ///
    /// Any [`KeyError`].
    pub fn open(folder: &Path, origin: &str) -> Result<Self, KeyError> {
        if !signed_note::is_key_name_valid(origin) || origin.chars().any(char::is_control) {
            return Err(KeyError::Name);
        }
        let log_text = file::open_or_make(folder, "log.key", || {
            Ok(signer_key(origin, &secret::random::<32>()?))
        })?;
        let found = log_text.split('+').nth(2).unwrap_or_default();
        if found != origin {
            return Err(KeyError::Origin { found: found.to_owned(), wanted: origin.to_owned() });
        }
        let log =
            StandardSigner::new(&log_text).map_err(|_| KeyError::Format { file: "log.key" })?;
        // The last part is base64 and may hold a `+` itself.
        let log_seed = log_text
            .splitn(5, '+')
            .nth(4)
            .and_then(|data| BASE64_STANDARD.decode(data).ok())
            .and_then(|data| <[u8; 33]>::try_from(data).ok())
            .map(|[_, seed @ ..]| seed)
            .ok_or(KeyError::Format { file: "log.key" })?;
        let public = SigningKey::from_bytes(&log_seed).verifying_key();
        let certificate_text = file::open_or_make(folder, "certificate.key", || {
            Ok(BASE64_STANDARD.encode(secret::random::<32>()?))
        })?;
        let seed = BASE64_STANDARD
            .decode(certificate_text.as_bytes())
            .ok()
            .and_then(|seed| <[u8; 32]>::try_from(seed).ok())
            .ok_or(KeyError::Format { file: "certificate.key" })?;
        Ok(Self {
            origin: origin.to_owned(),
            vkey: signed_note::new_ed25519_verifier_key(origin, &public),
            log,
            certificate: SigningKey::from_bytes(&seed),
        })
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The log's verifier key, `name+hash+key`, for whoever checks the log.
    pub fn vkey(&self) -> &str {
        &self.vkey
    }

    /// Signs the text of a checkpoint; returns the signed note.
    ///
    /// # Errors
    ///
    /// [`KeyError::Sign`] if the text cannot be a note.
    pub fn sign_note(&self, text: &str) -> Result<String, KeyError> {
        let mut note = Note::new(text.as_bytes(), &[]).map_err(|_| KeyError::Sign)?;
        note.add_sigs(&[&self.log]).map_err(|_| KeyError::Sign)?;
        String::from_utf8(note.to_bytes()).map_err(|_| KeyError::Sign)
    }

    /// Signs a JSON payload as compact JWS (`EdDSA`), for certificates.
    ///
    /// # Errors
    ///
    /// [`KeyError::Sign`] if the payload cannot be written as JSON.
    pub fn sign_jws(&self, payload: &serde_json::Value) -> Result<String, KeyError> {
        jws::sign(&self.certificate, payload).ok_or(KeyError::Sign)
    }

    /// A code (HMAC-SHA256, base64) by which this platform knows a message again as its
    /// own; servers that share the keys know each other's.
    ///
    /// - `purpose`: a code for one purpose is none for another.
    pub fn code(&self, purpose: &str, message: &str) -> String {
        let key = mac(self.certificate.as_bytes(), &["fenhe code", purpose]);
        BASE64_URL_SAFE_NO_PAD.encode(mac(&key, &[message]))
    }

    /// Whether `code` is the code of a message for a purpose.
    pub fn knows(&self, purpose: &str, message: &str, code: &str) -> bool {
        secret::same(&self.code(purpose, message), code)
    }

    /// The public certificate key as a JWK set, for whoever checks certificates.
    pub fn jwks(&self) -> serde_json::Value {
        jws::key_set(&self.certificate.verifying_key())
    }

    /// The short id of the log key, for the start-up message.
    pub fn log_key_id(&self) -> u32 {
        self.log.key_id()
    }
}

/// HMAC-SHA256 of some texts, each with its length before it.
fn mac(key: &[u8], texts: &[&str]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        // HMAC accepts a key of any length.
        return [0; 32];
    };
    for text in texts {
        mac.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(text.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

/// A signer key as signed notes write it: `PRIVATE+KEY+name+hash+data`.
fn signer_key(name: &str, seed: &[u8; 32]) -> String {
    let public = SigningKey::from_bytes(seed).verifying_key();
    let id = signed_note::key_id(name, &[&[ED25519][..], public.as_bytes()].concat());
    let data = BASE64_STANDARD.encode([&[ED25519][..], seed].concat());
    format!("PRIVATE+KEY+{name}+{id:08x}+{data}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_belongs_to_one_message_and_one_purpose() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keyring::open(folder.path(), "test/log").unwrap();
        let code = keys.code("form", "7");
        assert!(keys.knows("form", "7", &code));
        assert!(!keys.knows("form", "8", &code));
        assert!(!keys.knows("other", "7", &code));
        assert!(!keys.knows("form", "7", ""));
        let again = Keyring::open(folder.path(), "test/log").unwrap();
        assert!(again.knows("form", "7", &code), "the key is kept");
        let other = tempfile::tempdir().unwrap();
        let stranger = Keyring::open(other.path(), "test/log").unwrap();
        assert!(!stranger.knows("form", "7", &code));
    }
}

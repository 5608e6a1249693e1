//! Why an act on identities was refused.

use jiff::SignedDuration;
use vocabulary::ErrorKind;

use super::{PasswordError, RoleError};
use crate::authorization::Denied;
use crate::secret::EntropyError;

/// Why an act on accounts, roles, sessions or tokens was refused.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Login and password do not belong together, or the account is disabled.
    /// Which of these it is is not told.
    #[error("login or password is wrong")]
    WrongCredentials,

    /// Too many failed sign-ins; the next one may be tried later.
    #[error("too many failed sign-ins; try again in {} seconds", retry_after.as_secs())]
    Throttled {
        /// How long to wait, at most 15 minutes.
        retry_after: SignedDuration,
    },

    /// The login is not acceptable.
    #[error("a login has 2 to 64 characters: a-z, 0-9, `.`, `_`, `-`, `@`")]
    Login,

    /// The login belongs to someone else.
    #[error("the login is taken")]
    LoginTaken,

    /// A body with this code is registered already.
    #[error("the body is registered already")]
    BodyTaken,

    /// A name is empty.
    #[error("a name is needed")]
    NameMissing,

    /// The password is not acceptable.
    #[error(transparent)]
    Password(PasswordError),

    /// The role cannot be granted.
    #[error(transparent)]
    Role(RoleError),

    /// The token ends in the past or too far in the future.
    #[error("a token is valid for 1 day to 1 year")]
    TokenValidity,

    /// No such account, body, grant or token, as far as this caller may know.
    #[error("no such {what}")]
    NotFound {
        /// `account`, `body`, `grant` or `token`.
        what: &'static str,
    },

    /// The policies do not allow it.
    #[error("not permitted")]
    Denied(#[from] Denied),

    /// The operating system gives no random bytes.
    #[error("a secret could not be made")]
    Entropy(#[from] EntropyError),

    /// A password could not be hashed.
    #[error("a password could not be hashed")]
    Hash,

    /// The metadata store failed.
    #[error("could not read or save identities")]
    Store(#[from] store::Error),
}

impl IdentityError {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::WrongCredentials | Self::Denied(_) => ErrorKind::Denied,
            Self::Throttled { .. } | Self::Entropy(_) => ErrorKind::Unavailable,
            Self::Login | Self::NameMissing | Self::Password(_) | Self::TokenValidity => {
                ErrorKind::Invalid
            }
            Self::LoginTaken | Self::BodyTaken | Self::Role(_) => ErrorKind::Conflict,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Hash => ErrorKind::Internal,
            Self::Store(source) => source.kind(),
        }
    }
}

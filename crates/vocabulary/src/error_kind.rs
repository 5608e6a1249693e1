//! What went wrong, in the few words that the whole platform shares.

use serde::{Deserialize, Serialize};

/// The kind of an error: every error enum maps each of its variants to one.
///
/// The crate `web` turns a kind into an HTTP status; nothing else does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The input is wrong, and the same input is wrong tomorrow.
    Invalid,
    /// The caller may not do this.
    Denied,
    /// No such thing, as far as this caller may know.
    NotFound,
    /// The thing is in another state than the request assumes.
    Conflict,
    /// The law refuses: there is a [`RefusalCode`](crate::RefusalCode) with a ground.
    Refused,
    /// A resource is missing for now (busy, full, disconnected): try again later.
    Unavailable,
    /// A defect of the program or of its data. The details stay inside.
    Internal,
}

impl ErrorKind {
    /// The word in the API and the log, for example `not_found`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

impl std::fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

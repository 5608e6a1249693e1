//! What may be done: policies in Cedar, decided in process.
//!
//! The policies are the files `policies/*.cedar`, the words they may use are
//! `policies/fenhe.cedarschema`; both are embedded, and a policy that does not
//! fit the schema stops the program at its start ([`Authorizer::check`]). What
//! they mean for every action and role is in `policies/expected/matrix.txt`.
//!
//! Deny is the default, and a `forbid` beats every `permit`. That is why
//! separation of duties is written as `forbid`: no role can undo it.
//!
//! Invariants:
//! - `nobody_approves_what_they_filed`
//! - `an_auditor_never_writes`
//! - `no_decision_is_automatic`
//! - `every_decision_is_in_the_matrix`

mod action;
mod authorizer;
mod resource;

pub use action::{Action, ActionError};
pub use authorizer::{Authorizer, Decision, PolicyError};
pub use resource::Resource;

use vocabulary::ErrorKind;

/// The policies do not allow it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not permitted")]
pub struct Denied {
    /// What was asked for.
    pub action: Action,
    /// The policies that forbid it; empty if none allows it. For the log.
    pub policies: Vec<String>,
}

impl Denied {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Denied
    }
}

//! Who may do what, and evidence that it was done.
//!
//! ```text
//! identity ──▶ Caller ──require──▶ authorization (Cedar)
//!                │
//!                └──▶ audit::append(tx, caller, event)   in the business transaction
//!                          │ salted commitment
//!                          ▼
//!                        log ──seal──▶ tiles, signed checkpoint ──▶ verify (without us)
//!                                          ▲
//!                                        keys
//! ```
//!
//! Invariants:
//! - `no_state_changes_without_an_audit_entry`: [`audit::append`] takes the
//!   transaction of the change.
//! - `the_three_administrators_are_never_one_person` (三员分立)
//! - `nobody_approves_what_they_filed`
//! - `a_withdrawn_right_stops_with_the_next_request`
//! - `an_entry_once_sealed_never_changes`
//!
//! Start at [`Caller`] and at [`audit::append`]. This crate knows no business
//! area: it sees actions, resources and events, not assets or releases. It does
//! no HTTP; `web` gives it what a cookie or a header said.

pub mod audit;
pub mod authorization;
mod caller;
mod clock;
pub mod identity;
pub mod keys;
pub mod log;
pub mod secret;
pub mod verify;

pub use authorization::{Action, Authorizer, Denied, Resource};
pub use caller::{Actor, Caller};
pub use clock::Clock;
pub use identity::{Account, Role, RoleGrant};
pub use keys::Keyring;
pub use log::Log;

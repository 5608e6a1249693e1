//! Who someone is: bodies, accounts, roles, passwords, sessions, API tokens.
//!
//! ```text
//! sign_in ─▶ Session (cookie) ─┐
//! create_token ─▶ ApiToken ────┴─▶ Caller: the account and its roles, read anew
//!                                  for each request
//! ```
//!
//! Invariants:
//! - `the_three_administrators_are_never_one_person` (三员分立): the table
//!   `administrator` has one row an account, so no import or restored backup can
//!   write a second role.
//! - `a_withdrawn_right_stops_with_the_next_request`
//! - `nobody_grants_to_themselves`
//! - `a_secret_is_never_stored`: of passwords, sessions and tokens the database
//!   holds only hashes.
//! - `no_one_is_locked_out_for_long`: failed sign-ins delay the next one by at
//!   most 15 minutes.
//! - `a_stranger_does_not_slow_the_owner_down_at_a_browser_that_is_known`

mod account;
mod body;
pub mod csrf;
mod device;
mod error;
mod password;
mod role;
pub mod session;
mod table;
mod throttle;
pub mod token;

pub use account::{
    Account, AccountState, NewAccount, all_accounts, change_password, create_account,
    disable_account, enable_account, find_account, find_account_by_login,
};
pub use body::{Body, BodyKind, all_bodies, create_body, find_body};
pub use device::Browser;
pub use error::IdentityError;
pub use password::{PasswordError, check_password_rules};
pub use role::{GrantId, NewGrant, Role, RoleError, RoleGrant, grant_role, grants_of, revoke_role};

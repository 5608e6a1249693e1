//! Tests of identity, authorization, the audit trail, the log and the keys.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::string_slice,
    reason = "helpers of tests; clippy.toml exempts only the test functions themselves"
)]

mod audit;
mod authorization;
mod foreign;
mod house;
mod identity;
mod keys;
mod log;
mod path;
mod session;
mod tamper;
mod token;

//! Tests of the metadata database; each runs on SQLite and on PostgreSQL.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests; clippy.toml exempts only the test functions themselves"
)]

mod durability;
mod errors;
mod foreign;
mod idempotency;
mod job;
mod lease;
mod migrate;
mod transaction;
mod value;

//! The metadata database: SQLite embedded, PostgreSQL at scale.
//!
//! One SQL text serves both engines. Placeholders are `$1`, `$2`, …; a value
//! goes in through [`params!`] and comes out through [`Row::get`].
//!
//! ```text
//! Store ─begin─▶ Tx ─commit─▶ saved      (dropped: rolled back)
//!   │             └─ all, optional, one, execute
//!   └───read──▶ Reader                    all, optional, one on one snapshot
//! ```
//!
//! What every table keeps to, so that one text is enough:
//!
//! | kind | column type | in Rust |
//! |---|---|---|
//! | text, identifiers, states | `TEXT` | `String`, typed ids, [`text_column!`] |
//! | time | `TEXT`, RFC 3339 UTC with microseconds: sorts as text | [`jiff::Timestamp`] |
//! | whole numbers, sizes, fen | `BIGINT` | `i64`, `u64`, `u32` |
//! | yes or no | `BIGINT` with 0 and 1 | `bool` |
//! | measures | `DOUBLE PRECISION` | `f64` |
//! | JSON | `TEXT` | [`serde_json::Value`] |
//! | bytes | `BYTEA` | `Vec<u8>` |
//!
//! `COUNT(*)` is a `BIGINT` on both; a sum needs `CAST(SUM(x) AS BIGINT)`.
//! `RETURNING`, `ON CONFLICT … DO UPDATE`, partial indexes and common table
//! expressions work on both.
//!
//! Invariants:
//! - `what_is_committed_is_on_disk`: SQLite runs in WAL mode with
//!   `synchronous=FULL`; each connection is asked after it opens, and
//!   [`Store::open`] fails if the answer is another one.
//! - `a_dropped_transaction_changes_nothing`
//! - `a_migration_is_applied_once_and_never_edited`
//! - `a_job_is_never_lost`: it is enqueued in the business transaction, and a
//!   worker that dies loses its lease, not the job.
//!
//! Start at [`Store`]. This crate knows no table of a business area; it has
//! the four that serve all of them: `migration`, `job`, `idempotency`, `lease`. Tables of
//! other databases are only read, in [`foreign`].

mod backup;
mod constraint;
mod error;
pub mod foreign;
pub mod idempotency;
pub mod job;
pub mod lease;
mod migrate;
mod open;
mod row;
mod transaction;
mod value;

pub use error::{Cause, Error};
pub use open::{Engine, Store};
pub use row::{At, Column, FromRow, Row};
pub use transaction::{Query, Reader, Tx, expect_one};
pub use value::{ToValue, Value, placeholders};
pub use vocabulary::time::utc_text;

//! Delta Lake tables and DataFusion behind the port [`lake::Lake`].
//!
//! ```text
//!  writer ─batches─▶ encode (2 lanes) ─▶ Parquet ─┐
//!                                                 ├─▶ one commit of the Delta log
//!  rows, count, group, sql                        │   (put if absent: one winner)
//!    │ small table: decoded in memory             │
//!    └ large table: DataFusion under limits ◀─────┘
//!                     DurableStore: nothing is acknowledged that a power cut can take
//! ```
//!
//! The tables are plain Delta (reader 1, writer 2), so Spark, Trino, Flink and DuckDB
//! read them in place. This is the only crate that names `deltalake` and `datafusion`.
//!
//! Invariants (each is also the name of a test):
//! - `an_acknowledged_commit_survives_a_power_cut`
//! - `a_killed_writer_leaves_the_old_version_or_the_new`
//! - `of_four_racing_writers_one_wins`
//! - `a_hostile_query_ends_and_others_still_answer`
//!
//! Start at [`DeltaLake`]. Plans are made in `plan.rs` and run in `engine.rs`; what
//! a column is called in a file is in `layout.rs`.

mod apart;
mod assure;
mod check;
mod decoded;
mod durable;
mod durable_upload;
mod encode;
mod engine;
mod error;
mod layout;
mod location;
mod plan;
mod pool;
mod provider;
mod recent;
mod settings;
mod snapshot;
mod sql;
mod stats;
mod tables;
mod watch;
mod writer;

pub use crate::apart::serve_statement;
pub use crate::durable::{DurableStore, StoppedError};
pub use crate::location::Location;
pub use crate::settings::Settings;
pub use crate::tables::DeltaLake;

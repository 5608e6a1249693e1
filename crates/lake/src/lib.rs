//! The port to the tables of datasets (数据湖).
//!
//! ```text
//!  ingest ─batches─▶ TableWriter ─commit─▶ version 0, 1, 2 … of one table
//!                                              │
//!        schema · rows · page · count · group · sql · files ◀── areas, web
//! ```
//!
//! A table is a sequence of versions. Each version replaces the whole content;
//! nothing of it is visible before [`TableWriter::commit`] returns, and what was
//! committed never changes. The adapter is `lake-delta` (Delta Lake and
//! DataFusion); this crate knows neither. [`MemoryLake`] is a second, small
//! implementation that the tests of areas use.
//!
//! Every stored row has a number, the hidden column [`ROW_COLUMN`]. It makes any
//! order total, so that a key-set cursor never skips or repeats a row.
//!
//! Invariants (each is also the name of a test):
//! - `pages_together_are_the_sorted_table`
//! - `nothing_is_visible_before_the_commit`
//! - `a_cursor_of_another_query_is_refused`
//! - `of_two_writers_the_stale_one_gets_a_conflict`
//!
//! Start at [`Lake`]. The language of `where` is in [`filter`]; [`evaluate`]
//! answers a query from rows in memory and defines what the right answer is.

pub mod compare;
pub mod cursor;
pub mod error;
pub mod evaluate;
pub mod filter;
pub mod memory;
pub mod path;
pub mod port;
pub mod query;
pub mod schema;

pub use compare::{Compared, Comparison, Difference, DifferenceCounts, compare};
pub use cursor::Cursor;
pub use error::{LakeError, LimitKind};
pub use filter::{Filter, FilterError};
pub use memory::MemoryLake;
pub use path::{TablePath, TablePathError};
pub use port::{
    BatchStream, ByteStream, CheckProblem, CheckReport, CommitInfo, Committed, Lake, Meter, Orphan,
    Page, Scanned, SqlAnswer, TableFile, TableWriter,
};
pub use query::{GroupQuery, Measure, Order, QueryLimits, RowQuery};
pub use schema::ROW_COLUMN;

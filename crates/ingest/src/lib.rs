//! Reading of files of any encoding into Arrow batches, with a quarantine for
//! what does not fit, and writing of batches for download.
//!
//! ```text
//! file ─▶ detect ─▶ source ─▶ chunk ─▶ columns ─▶ Sink::batch
//!         format,   blocks    fields   typed       Sink::reject (line, column,
//!         encoding  of text   by row   values                    value, reason)
//! ```
//!
//! The types come from the whole file. A sample proposes them, the full pass
//! counts every value against them, and if the counts say otherwise the pass is
//! repeated with the right types: [`Sink::begin`] is then called again.
//!
//! Invariants (each is also the name of a test):
//! - `a_row_that_does_not_fit_is_kept_with_line_column_value_and_reason`
//! - `rows_and_rejects_add_up_to_the_records_of_the_file`
//! - `no_bytes_make_the_reader_panic`
//! - `a_value_that_is_classified_as_a_kind_parses_as_that_kind`
//! - `nothing_is_repaired_unless_it_is_agreed_to`
//!
//! Start at [`load`]; [`detect`] reads only the head of a file; the exports are
//! in [`write`](mod@write). This crate knows no table format, no database and
//! no network.

mod archive;
mod chunk;
mod columns;
mod csv;
mod delimiter;
mod detect;
mod encoding;
mod error;
mod json;
mod load;
mod parquet_file;
mod pipeline;
mod repair;
mod sheet;
mod sink;
mod summary;
pub mod write;

pub use detect::{Detected, Hint, detect};
pub use error::IngestError;
pub use load::{Limits, load, load_observed};
pub use repair::{Example, Proposal, Repair};
pub use sink::{Observer, Progress, Reason, Reject, Sink, SinkError};
pub use summary::{ColumnPlan, Format, Kind, Summary};

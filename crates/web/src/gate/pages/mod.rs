//! The desk's pages about the gate.
//!
//! ```text
//! start.rs       sends a version to the gate
//! run.rs         the page of a run: may this go out, and if not, what would make it so?
//! columns.rs     a person confirms or corrects the columns
//! decisions.rs   submit, approve, reject
//! found.rs       what was found in the columns, and what is decided
//! verdict.rs     the sentence on top and the steps below it
//! measured.rs    what was measured: figures, frontier, rows before and after
//! report.rs      the same on paper
//! reviews.rs     what waits for the reader's decision
//! ```

pub(crate) mod columns;
pub(crate) mod decisions;
mod found;
mod measured;
pub(crate) mod report;
pub(crate) mod reviews;
pub(crate) mod run;
pub(crate) mod start;
mod verdict;

//! Integration tests of `ingest`: one module for each kind of input.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop anywhere, and says what it leaves out"
)]

mod bad_input;
mod column_types;
mod encodings;
mod exports;
mod json;
mod load;
mod parquet;
mod real_files;
mod repairs;
mod robust;
mod sheets;
mod spool;

//! Integration tests of `detect`: columns, text, edges, the shared truth.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "helpers of tests; clippy.toml exempts only the test functions themselves"
)]

mod adversary;
mod any_type;
mod columns;
mod disguise;
mod edges;
mod rules;
mod shared;
mod text;
mod truth;

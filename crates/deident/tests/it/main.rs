//! Integration tests of `deident`: references, properties, edges.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests; clippy.toml exempts only the test functions themselves"
)]

mod dp;
mod edges;
mod hierarchies;
mod local;
mod properties;
mod reference;
mod releases;
mod risks;
mod shared;

//! Integration tests of `deident`: references, properties, edges.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests; clippy.toml exempts only the test functions themselves"
)]

mod aggregates;
mod anonymeter;
mod attacks;
mod dp;
mod edges;
mod forms;
mod fuzzed;
mod handbook;
mod hierarchies;
mod keyed;
mod local;
mod measures;
mod models;
mod mutations;
mod plans;
mod properties;
mod records;
mod reference;
mod releases;
mod risks;
mod shared;
mod small_tables;
mod spilling;
mod synthesis;
mod transforms;

//! The areas, on a real database and a lake in memory.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "helpers of tests; clippy.toml exempts only the test functions themselves"
)]

mod gate;
mod gate_attacks;
mod gate_left_out;
mod gate_others;
mod grants;
mod inbox;
mod ratings;
mod records;
mod registry;
mod requests;
mod reuses;
mod stage;
mod summary;
mod topics;

//! Tests of the shared words, by type.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops by a panic and says what it leaves out"
)]

mod codes;
mod ids;
mod money;
mod persons;

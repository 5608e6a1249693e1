//! Tests of the rules as data: every file, every lookup, and the calendar against others.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops by a panic and says what it leaves out"
)]

mod calendar;
mod citations;
mod codes;
mod deadlines;
mod refusals;
mod requests;

use std::path::PathBuf;

/// A file of the shared data folder, or `None` and one line that says so.
fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FENHE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    println!("left out: {} is not here (set FENHE_SHARED_DATA)", file.display());
    None
}

//! `cargo run -p xtask -- tidy`: the rules of the house.

use std::path::Path;
use std::process::ExitCode;

#[expect(clippy::print_stderr, reason = "this is the command line's voice")]
fn main() -> ExitCode {
    let asked = std::env::args().nth(1);
    if asked.as_deref() != Some("tidy") {
        eprintln!("usage: cargo run -p xtask -- tidy");
        return ExitCode::from(2);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let problems = xtask::tidy(&root);
    for problem in &problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

//! What the command line shows: lines, complaints and progress.

#![expect(clippy::print_stderr, reason = "this is the command line's voice")]

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressStyle};
use vocabulary::error_chain;

/// Whether a line could not be written.
static LOST: AtomicBool = AtomicBool::new(false);

/// A line on standard output. Whoever reads and has read enough may close it.
pub(crate) fn say(line: &str) {
    let Err(error) = writeln!(std::io::stdout().lock(), "{line}") else { return };
    if error.kind() != ErrorKind::BrokenPipe && !LOST.swap(true, Ordering::Relaxed) {
        eprintln!(
            "fenhe: the answer cannot be written ({error}); check where standard output goes"
        );
    }
}

/// Whether a part of the answer was lost.
pub(crate) fn is_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// An error with its causes, in one line on standard error; Chinese first where there is
/// Chinese.
pub(crate) fn complain(error: &(dyn std::error::Error + 'static), code: ExitCode) -> ExitCode {
    let chinese = ::deident::explain(error);
    let text = error_chain(error);
    match chinese {
        Some(said) => eprintln!("fenhe: {}。{text}", said.zh),
        None => eprintln!("fenhe: {text}"),
    }
    code
}

/// Where a TOML text is wrong: line and column, from 1.
pub(crate) fn place_in(text: &str, error: &toml::de::Error) -> (usize, usize) {
    let before = text.get(..error.span().map_or(0, |span| span.start)).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().unwrap_or_default().chars().count();
    (line, column)
}

/// A progress bar, or lines where there is no terminal.
#[derive(Debug)]
pub(crate) struct Bar {
    bar: ProgressBar,
    last: std::sync::Mutex<String>,
}

impl Bar {
    /// A bar without a length yet.
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new(0);
        let style = "{spinner} {msg:50} {wide_bar} {percent:>3}%  {eta}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self { bar, last: std::sync::Mutex::new(String::new()) }
    }

    /// What is being done, and how far it is.
    pub(crate) fn step(&self, zh: &str, en: &str, done: u64, total: u64) {
        let message = format!("{zh} {en}");
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if *last != message {
            if self.bar.is_hidden() {
                eprintln!("  {message}");
            }
            last.clone_from(&message);
            self.bar.set_message(message);
        }
        self.bar.set_length(total);
        self.bar.set_position(done);
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

//! The command line as people and scripts use it: the program itself, on files.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; clippy.toml exempts only the test functions themselves"
)]

mod dp;
mod plans;
mod risks;
mod tables;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with files of a test.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Writes a file; gives its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

pub(crate) fn fenhe(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenhe"));
    command.args(arguments).env_remove("FENHE_CLOCK").current_dir(Path::new("/"));
    command.output().unwrap()
}

/// What the program says in JSON; it must succeed.
pub(crate) fn answer(arguments: &[&str]) -> Value {
    let done = fenhe(&[arguments, &["--format", "json"]].concat());
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&done.stdout).unwrap()
}

/// What the program says to people; it must succeed.
pub(crate) fn told(arguments: &[&str]) -> String {
    let done = fenhe(arguments);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {said}");
    String::from_utf8(done.stdout).unwrap()
}

/// The one sentence with which the program refuses.
pub(crate) fn refused(status: i32, arguments: &[&str]) -> String {
    let done = fenhe(arguments);
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(status), "{arguments:?}: {said}");
    assert_eq!(said.trim().lines().count(), 1, "not one sentence: {said}");
    said
}

/// A report that stands alone.
pub(crate) fn is_report(html: &str) {
    assert!(html.contains("没有说明的"), "it says what it does not say");
    assert!(!html.contains("<script") && !html.contains("http"), "it runs and loads nothing");
}

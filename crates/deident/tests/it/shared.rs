//! The shared reference data, where it is at hand, and small tables.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};

/// A file of the shared data; `None` (said in one line) where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("FENHE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        Some(file)
    } else {
        println!("left out: no shared data at {path}");
        None
    }
}

/// A table of text columns.
pub(crate) fn table(columns: &[(&str, Vec<&str>)]) -> RecordBatch {
    RecordBatch::try_from_iter(
        columns
            .iter()
            .map(|(name, values)| (*name, Arc::new(StringArray::from(values.clone())) as ArrayRef)),
    )
    .unwrap()
}

/// A table from a CSV file with plain fields.
pub(crate) fn csv(text: &str, separator: char) -> RecordBatch {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(separator).collect();
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(separator).collect()).collect();
    let columns: Vec<(&str, Vec<&str>)> = header
        .iter()
        .enumerate()
        .map(|(place, name)| (*name, rows.iter().map(|row| row[place]).collect()))
        .collect();
    table(&columns)
}

//! Why a table cannot be used: file, line, column and the remedy in one sentence.

use std::path::PathBuf;

use ::deident::delimited::OpenQuote;
use ::deident::hierarchy::HierarchyError;
use store::foreign::ForeignError;

/// Why a table cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("{}: cannot be read ({source}); check the path and the permissions", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}", path.display())]
    Ingest { path: PathBuf, source: ingest::IngestError },
    #[error("{}: no rows; give a file with a header and at least one row", path.display())]
    NoRows { path: PathBuf },
    #[error("{}: no CSV, XLSX, JSON or Parquet file is in this folder; name another", path.display())]
    NoFiles { path: PathBuf },
    #[error("{}, line 1: no column `{name}` in the header, which has {header}; correct the name", path.display())]
    NoColumn { path: PathBuf, name: String, header: String },
    #[error("{}: other columns than {} ({difference}); the files of a folder are read as one table, so keep only those with the same columns there", path.display(), first.display())]
    OtherColumns { path: PathBuf, first: PathBuf, difference: String },
    #[error("{}, {source}", path.display())]
    Quote { path: PathBuf, source: OpenQuote },
    #[error("{}, line {line}: {found} fields where the header has {expected}; correct that line", path.display())]
    Fields { path: PathBuf, line: usize, found: usize, expected: usize },
    #[error("{}, line {line}: the line does not end within 64 MiB; is this a table?", path.display())]
    LongRow { path: PathBuf, line: usize },
    #[error("{}, line {line}: bytes that are not {encoding}; save the file as UTF-8", path.display())]
    Encoding { path: PathBuf, line: usize, encoding: String },
    #[error("{}: no hierarchy for column `{column}`; add a file `{column}.csv` or `<name>_hierarchy_{column}.csv`", folder.display())]
    NoHierarchy { folder: PathBuf, column: String },
    #[error("{}: {source}; correct the hierarchy of column `{column}`", path.display())]
    Hierarchy { path: PathBuf, column: String, source: HierarchyError },
    #[error("{}, line {line}: the value `{value}` of column `{column}` has no line in {}; add one there", path.display(), hierarchy.display())]
    MissingLeaf { path: PathBuf, line: usize, column: String, value: String, hierarchy: PathBuf },
    #[error("{}: cannot be written ({source}); check the folder and the space left", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}", path.display())]
    Tuples { path: PathBuf, source: ::deident::TupleError },
    #[error("{}: {source}", path.display())]
    Spill { path: PathBuf, source: ::deident::SpillError },
    #[error("{}: {source}", path.display())]
    Database { path: PathBuf, source: ForeignError },
    #[error("{}, row {row}: column `{column}` is declared {kind} and holds `{value}`; correct the value in the database", path.display())]
    Cell { path: PathBuf, row: u64, column: String, kind: String, value: String },
    #[error("{}: the rows cannot be put into columns ({source})", path.display())]
    Arrow { path: PathBuf, source: arrow::error::ArrowError },
    /// Whoever saw the rows stopped, and knows why.
    #[error("the reading ended before the table did")]
    Ended,
}

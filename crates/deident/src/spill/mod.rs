//! Counting where the distinct tuples are too many for memory (溢出到磁盘).
//!
//! ```text
//! rows ─▶ tuples in memory ─full─▶ sorted, to a file without a name ─▶ merged, one pass
//!         (numbers, not values)     one run each time                   each tuple once
//! ```
//!
//! The values of each column stay in memory and never go to disk: a file holds numbers
//! that mean nothing without them. It is personal data all the same. On Linux it never
//! has a name, and elsewhere loses it before the first byte is written, readable by its
//! owner alone (0600): the system frees it when the program ends, whichever way.
//!
//! The numbers are not enciphered, and freed blocks of a disk keep them until they are
//! written over: name a folder on an enciphered disk, or on one that is memory.
//!
//! Invariants (each is also the name of a test):
//! - `a_spilled_table_has_the_figures_of_one_in_memory`
//! - `a_search_over_a_spilled_table_finds_what_one_in_memory_finds`
//! - `no_file_is_left_where_a_table_was_spilled`

mod bounded;
mod counted;
mod merge;
mod run;
mod table;

use std::path::{Path, PathBuf};

use vocabulary::Bilingual;

pub use bounded::Bounded;
pub use counted::Counted;
pub use table::SpilledTable;

/// How much memory counting may use, and where the rest goes.
///
/// The bound is on what grows with the table. The program itself, the reading of files
/// and the answer come on top: some tens of megabytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    bytes: usize,
    folder: PathBuf,
}

impl Memory {
    /// At most about so many bytes; temporary files in this folder, which must exist.
    pub fn new(bytes: usize, folder: impl Into<PathBuf>) -> Self {
        Self { bytes, folder: folder.into() }
    }

    /// No bound: nothing goes to disk.
    pub fn unbounded() -> Self {
        Self::new(usize::MAX, PathBuf::new())
    }

    /// Bytes that may be used.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where temporary files go.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn failed(&self, source: &std::io::Error) -> SpillError {
        SpillError::Io { folder: self.folder.clone(), why: source.to_string() }
    }
}

/// Why a table cannot be counted within its bound of memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpillError {
    /// A temporary file cannot be made, written or read.
    #[error(
        "a temporary file in {} cannot be used ({why}); free space there or name another folder",
        folder.display()
    )]
    Io {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The values of the columns, which stay in memory, are too many.
    #[error(
        "the different values of the columns need more than half of the {bytes} bytes of memory \
         that are allowed, column `{column}` most of them ({values} values); allow more memory, \
         or leave that column out or make it coarser first"
    )]
    Values {
        /// The column with the largest values.
        column: String,
        /// How many it has.
        values: usize,
        /// Bytes allowed.
        bytes: usize,
    },
    /// The classes of a generalization must be together in memory and are too many.
    #[error(
        "{what} need more than the {bytes} bytes of memory that are allowed; allow more memory, \
         or lower the share of rows that may be suppressed"
    )]
    Classes {
        /// What is too large.
        what: &'static str,
        /// Bytes allowed.
        bytes: usize,
    },
    /// Only tables in memory can be used for this.
    #[error(
        "{what} needs all tuples in memory, and they are on disk; allow more memory, or do \
         without it"
    )]
    InMemoryOnly {
        /// What was asked for.
        what: &'static str,
    },
}

impl SpillError {
    /// The same for people, in both languages.
    pub fn text(&self) -> Bilingual {
        let zh = match self {
            Self::Io { folder, why } => format!(
                "临时文件夹 {} 中的文件无法使用（{why}）；请腾出空间或另指定文件夹",
                folder.display()
            ),
            Self::Values { column, values, bytes } => format!(
                "各列的不同取值已超过所允许内存（{bytes} 字节）的一半，其中列“{column}”最多（{values} 个）；\
                 请允许更多内存，或去掉该列，或先将其变粗"
            ),
            Self::Classes { bytes, .. } => format!(
                "某一泛化层级的等价类超过所允许的内存（{bytes} 字节）；请允许更多内存，或降低抑制上限"
            ),
            Self::InMemoryOnly { what } => format!(
                "{what} 需要全部元组在内存中，而它们已溢出到磁盘；请允许更多内存，或不用该功能"
            ),
        };
        Bilingual::new(zh, self.to_string())
    }
}

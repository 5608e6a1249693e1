//! Why the index cannot be used.

use std::path::PathBuf;

use tantivy::TantivyError;
use vocabulary::ErrorKind;

/// Why the catalogue index cannot be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The folder cannot be made or emptied.
    #[error("could not use the index folder `{dir}`")]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },

    /// Another process, or another value of this type, writes to the folder.
    #[error("the index folder `{dir}` is in use by another process")]
    Locked {
        /// The folder.
        dir: PathBuf,
    },

    /// The index failed.
    #[error("the catalogue index failed")]
    Index(#[from] TantivyError),

    /// A thread that wrote to the index ended in the middle.
    #[error("the catalogue index is closed after a failed write; restart the server")]
    Closed,
}

impl SearchError {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Folder { .. } | Self::Locked { .. } | Self::Closed => ErrorKind::Unavailable,
            Self::Index(_) => ErrorKind::Internal,
        }
    }
}

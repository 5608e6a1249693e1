//! Checking the log, receipts and certificates from outside, without trust in us.
//!
//! Nothing here reads a database: what is checked comes through [`Fetch`], over
//! HTTP or from files. It reads what a liar may serve: all of it is bounded, and
//! nothing panics.
//!
//! Start at [`walk`]; with a checkpoint that was kept earlier, [`check_growth`]
//! shows that nothing logged since was changed.

mod receipt;
mod walk;

use crate::log::CheckpointError;

pub use receipt::{VerifiedReceipt, verify_certificate, verify_receipt};
pub use walk::{Walked, check_growth, walk, walk_with};

/// Why a file could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// It could not be read.
    #[error("{0}")]
    Failed(String),
}

/// Where the files of the log come from.
pub trait Fetch: Sync {
    /// The file at `path` below the log's address: `checkpoint`, `tile/0/000`.
    ///
    /// # Errors
    ///
    /// [`FetchError`] as it says.
    fn get(&self, path: &str) -> impl Future<Output = Result<Vec<u8>, FetchError>> + Send;
}

/// What is wrong with the log, a receipt or a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// A file could not be fetched.
    #[error("`{path}`: {reason}")]
    Fetch {
        /// Its path.
        path: String,
        /// Why.
        reason: FetchError,
    },
    /// A checkpoint is not accepted.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A file has another length or form than the checkpoint says.
    #[error("`{path}` has not the form of a tile of this width")]
    Form {
        /// Its path.
        path: String,
    },
    /// The hashes of a tile are not those of what is below it.
    #[error("`{path}` does not hold the hashes of the entries below it")]
    Tile {
        /// Its path.
        path: String,
    },
    /// The entries do not lead to the root of the checkpoint.
    #[error("the entries do not lead to the root hash of the checkpoint")]
    Root,
    /// The log has fewer entries than it had.
    #[error("the log has shrunk from {old} to {new} entries")]
    Shrunk {
        /// What it had.
        old: u64,
        /// What it has.
        new: u64,
    },
    /// Two checkpoints of one size differ: the log shows different people
    /// different things.
    #[error("two checkpoints of size {size} have different roots: a split view")]
    SplitView {
        /// The size.
        size: u64,
    },
    /// The old log is not the beginning of the new one.
    #[error("the log of size {old} is not the beginning of the log of size {new}: history changed")]
    Rewritten {
        /// The old size.
        old: u64,
        /// The new size.
        new: u64,
    },
    /// A receipt does not hold together.
    #[error("receipt: {0}")]
    Receipt(&'static str),
    /// A certificate is not accepted.
    #[error("certificate: {0}")]
    Certificate(#[from] crate::keys::jws::JwsError),
}

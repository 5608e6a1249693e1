//! Receipts (回执): everything needed to check one entry without asking us.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::merkle::TreeHash;

/// Evidence that an act was logged. It holds the act's record itself, so only
/// those who may see the record get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The leaf in the log: exactly these bytes were hashed.
    pub entry: String,
    /// Random bytes in hexadecimal that stand before the record in the
    /// commitments; without them nobody can guess a record from the log.
    pub salt: String,
    /// The record that the leaf commits to: exactly these bytes.
    pub body: String,
    /// The leaf's place in the log, from 0.
    pub index: u64,
    /// The proof, as C2SP tlog-proof writes it, with the checkpoint.
    pub proof: String,
    /// The signed checkpoint that the proof leads to.
    pub checkpoint: String,
}

/// A proof of inclusion in the form `c2sp.org/tlog-proof@v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The leaf's place in the log.
    pub index: u64,
    /// The hashes, from the leaf upwards.
    pub hashes: Vec<TreeHash>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

const HEADER: &str = "c2sp.org/tlog-proof@v1\n";

/// No tree of 2^63 leaves needs more.
const MOST_HASHES: usize = 63;

/// A text that is no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no tlog-proof")]
pub struct InclusionProofError;

impl std::fmt::Display for InclusionProof {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(formatter, "{HEADER}index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(formatter, "{hash}")?;
        }
        write!(formatter, "\n{}", self.checkpoint)
    }
}

impl FromStr for InclusionProof {
    type Err = InclusionProofError;

    fn from_str(text: &str) -> Result<Self, InclusionProofError> {
        let rest = text.strip_prefix(HEADER).ok_or(InclusionProofError)?;
        let (head, checkpoint) = rest.split_once("\n\n").ok_or(InclusionProofError)?;
        let mut lines = head.split('\n').peekable();
        // Extra data has no meaning for us; the form allows it.
        lines.next_if(|line| line.starts_with("extra "));
        let index = lines
            .next()
            .and_then(|line| line.strip_prefix("index "))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .ok_or(InclusionProofError)?;
        let hashes: Vec<TreeHash> =
            lines.map(str::parse).collect::<Result<_, _>>().map_err(|_| InclusionProofError)?;
        if hashes.len() > MOST_HASHES {
            return Err(InclusionProofError);
        }
        Ok(Self { index, hashes, checkpoint: checkpoint.to_owned() })
    }
}

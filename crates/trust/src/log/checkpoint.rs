//! Checkpoints: a signed note with the log's name, its size and its root hash.

use std::fmt;
use std::str::FromStr;

use signed_note::{Note, StandardVerifier, VerifierList};

use super::merkle::TreeHash;

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many entries the log has.
    pub size: u64,
    /// The hash over all of them.
    pub root: TreeHash,
}

/// Why a checkpoint is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It is not a signed note, or its text is not a checkpoint.
    #[error("it is not a checkpoint")]
    Format,
    /// The verifier key is malformed.
    #[error("the verifier key is malformed")]
    Key,
    /// It is not signed by the key, or the signature is wrong.
    #[error("it is not signed by this key")]
    Signature,
    /// It is of another log.
    #[error("it is of the log `{found}`")]
    Origin {
        /// The log that it is of.
        found: String,
    },
}

impl fmt::Display for Checkpoint {
    /// The text that is signed.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}\n{}\n{}", self.origin, self.size, self.root)
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text that is signed. Extension lines are accepted and not
    /// kept; any other difference from the one spelling is refused.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Format);
        };
        let checkpoint = Self {
            origin: origin.to_owned(),
            size: size.parse().map_err(|_| CheckpointError::Format)?,
            root: root.parse().map_err(|_| CheckpointError::Format)?,
        };
        if origin.is_empty() || !text.starts_with(&checkpoint.to_string()) {
            return Err(CheckpointError::Format);
        }
        let mut extensions: Vec<&str> = lines.collect();
        if extensions.pop() != Some("") || extensions.iter().any(|line| line.is_empty()) {
            return Err(CheckpointError::Format);
        }
        Ok(checkpoint)
    }
}

/// Checks a signed checkpoint with the log's verifier key.
///
/// # Errors
///
/// Any [`CheckpointError`].
pub fn open(note: &[u8], vkey: &str) -> Result<Checkpoint, CheckpointError> {
    let verifier = StandardVerifier::new(vkey).map_err(|_| CheckpointError::Key)?;
    let origin = vkey.split_once('+').map_or("", |(name, _)| name);
    let signed = std::str::from_utf8(note).map_err(|_| CheckpointError::Format)?;
    let note = Note::from_bytes(note).map_err(|_| CheckpointError::Format)?;
    let text = std::str::from_utf8(note.text()).map_err(|_| CheckpointError::Format)?;
    let checkpoint: Checkpoint = text.parse()?;
    if checkpoint.origin != origin {
        return Err(CheckpointError::Origin { found: checkpoint.origin });
    }
    let (ours, others) = note
        .verify(&VerifierList::new(vec![Box::new(verifier)]))
        .map_err(|_| CheckpointError::Signature)?;
    // The crate drops repeated lines; a note has one spelling only.
    let lines = signed.rsplit("\n\n").next().unwrap_or_default().lines().count();
    if lines == ours.len() + others.len() { Ok(checkpoint) } else { Err(CheckpointError::Format) }
}

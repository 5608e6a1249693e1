//! Checking one receipt or one certificate, offline.

use serde_json::Value;

use super::VerifyError;
use crate::audit::{Leaf, commitments};
use crate::keys::jws;
use crate::log::{Checkpoint, InclusionProof, Receipt, TreeHash, checkpoint, proves_inclusion};

/// What a receipt has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedReceipt {
    /// The leaf in the log.
    pub leaf: Leaf,
    /// The record that it commits to.
    pub record: Value,
    /// The checkpoint of the log that holds it.
    pub checkpoint: Checkpoint,
}

/// Checks a receipt with the log's verifier key: the record is the one that the
/// leaf commits to, and the leaf is in the log of the signed checkpoint.
///
/// # Errors
///
/// [`VerifyError::Receipt`] with what does not hold together,
/// [`VerifyError::Checkpoint`].
pub fn verify_receipt(receipt: &Receipt, vkey: &str) -> Result<VerifiedReceipt, VerifyError> {
    let proof: InclusionProof = receipt
        .proof
        .parse()
        .map_err(|_| VerifyError::Receipt("the proof has not the form of a tlog-proof"))?;
    if proof.checkpoint != receipt.checkpoint || proof.index != receipt.index {
        return Err(VerifyError::Receipt("the proof is of another checkpoint or place"));
    }
    let checkpoint = checkpoint::open(proof.checkpoint.as_bytes(), vkey)?;
    let leaf_hash = TreeHash::of_leaf(receipt.entry.as_bytes());
    if !proves_inclusion(leaf_hash, proof.index, checkpoint.size, &proof.hashes, checkpoint.root) {
        return Err(VerifyError::Receipt("the entry is not in the log at this place"));
    }
    let leaf: Leaf = serde_json::from_str(&receipt.entry)
        .map_err(|_| VerifyError::Receipt("the entry has not the form of a leaf"))?;
    let salt = hex::decode(&receipt.salt)
        .map_err(|_| VerifyError::Receipt("the salt is not hexadecimal"))?;
    let (sm3, sha256) = commitments(&salt, receipt.body.as_bytes());
    if leaf.v != 1 || (&sm3, &sha256) != (&leaf.sm3, &leaf.sha256) {
        return Err(VerifyError::Receipt("the record is not the one that was logged"));
    }
    let record: Value = serde_json::from_str(&receipt.body)
        .map_err(|_| VerifyError::Receipt("the record is not JSON"))?;
    Ok(VerifiedReceipt { leaf, record, checkpoint })
}

/// Checks a release certificate (compact JWS) with the platform's key set;
/// returns what it says.
///
/// # Errors
///
/// [`VerifyError::Certificate`].
pub fn verify_certificate(jws: &str, jwks: &Value) -> Result<Value, VerifyError> {
    Ok(jws::verify(jws, jwks)?)
}

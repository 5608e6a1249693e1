//! The desk's pages about persons and evidence: the audit trail and the reader's
//! own account.

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod words;

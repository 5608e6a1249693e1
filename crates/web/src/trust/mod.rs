//! Who someone is, and evidence of what was done, over HTTP.
//!
//! ```text
//! api.rs    the transparency log, receipts and keys, for programs
//! pages/    signing in; the evidence in plain words, for anyone
//! desk/     the audit trail and the reader's own account
//! ```

pub(crate) mod api;
pub(crate) mod desk;
pub(crate) mod pages;

pub(crate) use pages::sign_in_page;

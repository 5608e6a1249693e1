//! The desk's pages about assets and their data.
//!
//! ```text
//! assets.rs       what I answer for
//! asset.rs        one asset: where it stands, and the steps that a reader may take
//! register.rs     a name and a file make a draft
//! edit/           the whole catalogue entry
//! upload.rs       sending a file, also without script
//! incoming.rs     the multipart forms of the two
//! version.rs      what is in an uploaded file
//! ```

pub(crate) mod asset;
pub(crate) mod assets;
pub(crate) mod edit;
mod incoming;
pub(crate) mod register;
pub(crate) mod upload;
pub(crate) mod version;

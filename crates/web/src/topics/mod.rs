//! Topics over HTTP (专题).
//!
//! ```text
//! pages.rs  what there is about a subject, for anyone
//! desk.rs   the data administrator makes and changes them
//! api.rs    the same for programs
//! ```

pub(crate) mod api;
pub(crate) mod desk;
pub(crate) mod pages;

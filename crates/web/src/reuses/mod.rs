//! What people made of open data, over HTTP (应用成果).
//!
//! ```text
//! pages.rs  gallery and form, for anyone, without signing in
//! desk.rs   what waits for a review
//! api.rs    the same for programs
//! ```

pub(crate) mod api;
pub(crate) mod desk;
pub(crate) mod pages;

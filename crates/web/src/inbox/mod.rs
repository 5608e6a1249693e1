//! What waits for the reader, as a page and for programs.

pub(crate) mod api;
pub(crate) mod page;

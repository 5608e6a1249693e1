//! The pages of requests for anyone.
//!
//! ```text
//! list.rs   what was asked and how it was answered, with statistics
//! new.rs    the form
//! case.rs   one case
//! own.rs    one's own case, by its secret code
//! ```

pub(crate) mod case;
pub(crate) mod list;
pub(crate) mod new;
pub(crate) mod own;

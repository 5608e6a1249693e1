//! Integration tests of `quality`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop anywhere")]

mod indicators;
mod profiles;

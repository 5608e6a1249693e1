//! Summaries with differential privacy (差分隐私摘要) for programs and for people.
//!
//! ```text
//! body.rs    a question as fields, from JSON or a form
//! api.rs     for programs
//! told.rs    answers as rows with their intervals
//! desk/      the budget of an asset, one summary and its steps
//! public.rs  a published summary, and its rows as CSV
//! ```

pub(crate) mod api;
mod body;
pub(crate) mod desk;
pub(crate) mod public;
mod told;

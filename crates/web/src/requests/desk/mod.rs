//! The desk's pages of cases.
//!
//! ```text
//! list.rs   the cases that this desk answers, the most urgent first
//! case.rs   one case in full, and what may be done with it
//! steps.rs  the steps
//! ```

pub(crate) mod case;
pub(crate) mod list;
pub(crate) mod steps;

//! Pages for anyone about identity and evidence.
//!
//! ```text
//! sign_in.rs    signing in, without losing what was typed; signing out
//! evidence.rs   the log in plain words; checking a receipt or certificate
//! entry.rs      one entry of the log
//! ```

mod entry;
mod evidence;
mod sign_in;

pub(crate) use entry::entry as evidence_entry;
pub(crate) use evidence::{check, evidence};
pub(crate) use sign_in::{form as sign_in_form, sign_in, sign_in_page, sign_out};

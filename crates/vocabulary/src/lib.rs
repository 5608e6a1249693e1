//! The words that every part of Fenhe shares: identifiers, codes, levels, money.
//!
//! A value of one of these types has passed its check. Whoever receives one
//! does not check again, and whoever reads text from outside checks it once, at
//! the border:
//!
//! ```text
//! text from a file, a form, a URL ──FromStr──▶ CreditCode, DivisionCode, AssetId …
//!                                     └──────▶ an error that names position and remedy
//! ```
//!
//! Invariants (each is also the name of a test):
//! - `a_code_with_one_wrong_character_is_refused`
//! - `a_citizen_id_is_never_printed_in_full`
//! - `ids_made_later_sort_later`
//! - `allocated_money_adds_up_to_the_whole`
//!
//! This crate does no input or output, reads no clock and knows no table of the
//! database. The rules that use these words are in the crate `law`.

mod bilingual;
mod case_number;
mod citizen_id;
mod credit_code;
mod division;
mod error_chain;
mod error_kind;
mod fen;
mod id;
mod level;
mod normalize;
mod refusal_code;
pub mod time;

pub use bilingual::Bilingual;
pub use case_number::{CaseNumber, CaseNumberError};
pub use citizen_id::{CitizenId, CitizenIdError, Sex};
pub use credit_code::{CreditCode, CreditCodeError};
pub use division::{DivisionCode, DivisionCodeError, DivisionLevel};
pub use error_chain::error_chain;
pub use error_kind::ErrorKind;
pub use fen::{Fen, FenError};
pub use id::{
    AccountId, AssetId, EntryId, GateRunId, IdError, ItemId, JobId, ReleaseId, ReuseId, SummaryId,
    UploadId, VersionId,
};
pub use level::{DataLevel, DataLevelError};
pub use refusal_code::{RefusalCode, RefusalCodeError};

/// What the macro [`typed_id!`] needs from other crates; not for direct use.
#[doc(hidden)]
pub mod macro_support {
    pub use jiff;
    pub use serde;
    pub use uuid;

    pub use crate::id::{fresh_uuid, uuid_at};
}

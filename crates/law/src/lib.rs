//! The rules as data: articles, deadlines, refusals, thresholds, code lists, calendar.
//!
//! ```text
//! data/*.toml ──embedded, parsed once──▶ typed rows with basis, source and mark
//!                                         │
//!   deadline("SH-04", 140500, day) ───────┤   refusal("R-OP-02") ── remedy
//!   cite("数据安全法 第三十八条") ─────────┤   gate::model(Public) ─ thresholds
//!   Calendar::china() ────────────────────┘   list("theme") ─────── code lists
//! ```
//!
//! No number, period or list of a rule stands in code elsewhere: it stands here with
//! its jurisdiction, its validity and its source. Facts that were not read in the full
//! text say so ([`Confidence`]) and are defaults that operators may replace.
//!
//! Basis: 政务数据共享条例 第十七条, and whatever each row names.
//!
//! Invariants (each is also the name of a test):
//! - `every_refusal_cites_a_basis_and_a_remedy`
//! - `a_fact_that_is_not_firm_is_a_configurable_default`
//! - `a_local_limit_is_never_longer_than_the_national_one`
//! - `a_year_without_a_notice_has_no_calendar`
//!
//! Start at [`deadline()`], [`refusal()`] and [`cite`]. This crate does no input or
//! output and reads no clock: days and instants are given.

mod basis;
mod calendar;
mod catalogue;
mod deadline;
mod due;
pub mod gate;
mod instrument;
mod mark;
mod numeral;
mod refusal;
pub mod requests;
mod retention;

pub use basis::{Basis, CiteError, article, cite, resolve};
pub use calendar::{Calendar, CalendarError, CalendarYear, DayKind};
pub use catalogue::{
    Audience, CodeError, CodeList, Entry, OpeningAttribute, OpeningRule, SharingAttribute,
    SharingModel, SharingRule, TradingRule, UpdateCycle, entry, list, lists,
};
pub use deadline::{
    DeadlineError, DeadlineKind, DeadlineRow, Extension, MonthDay, RuleId, Unit, deadline,
    deadlines,
};
pub use due::{Due, Remaining, remaining};
pub use instrument::{Article, InForce, Instrument, instrument, instruments};
pub use mark::{Confidence, Source, source};
pub use refusal::{Refusal, refusal, refusals};
pub use retention::{Retention, retention, retentions};

/// Parses a data file of this crate.
///
/// A file that does not parse is a defect of the build, so there is nothing to go on
/// with; the tests parse every file.
#[expect(clippy::panic, reason = "embedded data; every test run parses all of it")]
fn embedded<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> T {
    toml::from_str(text).unwrap_or_else(|error| panic!("crates/law/data/{file}: {error}"))
}

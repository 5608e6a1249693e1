//! De-identification (去标识化) of tables: transforms, privacy models, the search
//! for the best generalization, and what risk and utility are left.
//!
//! ```text
//! RecordBatches ─▶ TupleTable ─▶ search ─▶ Outcome ─▶ Plan ─▶ Applier ─▶ RecordBatches
//!   (pass 1)       distinct        │                  ▲      (pass 2)
//!                  tuples          └─▶ risk, utility  └ Survey, Keys
//!
//! rows of text ─▶ TupleTable ─▶ recode ─▶ Recoding ─▶ Recoder ─▶ rows of text
//!   delimited                   local: levels by class
//!
//! RecordBatches ─▶ dp::Collector ─▶ figures with noise, paid from a dp::Ledger
//! ```
//!
//! Memory grows with the number of distinct quasi-identifier tuples, not with the
//! rows; within a [`Memory`], tuples beyond it go to temporary files. Both passes
//! stream. No other file is read or written here, and no legal threshold stands here:
//! the caller brings them.
//!
//! Start at [`TupleTable`], [`search()`] and [`Applier`]. Sources of the formulas
//! stand with each of them.
//!
//! Basis: 大数据发展应用促进条例 第八条, 第十一条; GB/T 37964-2019; GB/T 42460-2023.
//!
//! It does not know which columns are identifiers (that is the crate `detect`),
//! who may decide what (the platform's gate), nor what the law asks for (`law`).

pub mod aggregate;
mod apply;
pub mod attack;
mod bilingual;
mod cell_text;
mod criterion;
pub mod delimited;
mod dictionary;
pub mod dp;
pub mod hierarchy;
mod keys;
mod metric;
mod plan;
mod population;
mod recoder;
mod release;
pub mod risk;
mod search;
mod spill;
mod survey;
pub mod synthetic;
pub mod transform;
mod tuple_counts;
mod tuples;
pub mod utility;

pub use apply::{Applied, Applier, ApplyError, ColumnCount, Mapping, UnseenValues};
pub use bilingual::explain;
pub use criterion::{Criterion, Model, ModelError};
pub use hierarchy::{Hierarchy, HierarchyError, Spec};
pub use keys::{KeyError, Keys};
pub use metric::Metric;
pub use plan::{OnUnseen, Plan, PlanFile};
pub use recoder::Recoder;
pub use search::{
    FrontierPoint, Outcome, Problem, QuasiColumn, Recoding, SearchError, SearchProgress,
    full_domain, full_domain_counted, recode, search, search_counted,
};
pub use spill::{Bounded, Counted, Memory, SpillError, SpilledTable};
pub use survey::{Survey, SurveyBuilder};
pub use transform::{Reversibility, Transform, mask};
pub use tuples::{TupleError, TupleTable, TupleTableBuilder};

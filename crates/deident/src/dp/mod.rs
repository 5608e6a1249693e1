//! Differential privacy (差分隐私): counts, sums, means, quantiles and histograms with
//! noise that is stated, paid from a budget.
//!
//! ```text
//! Query ─cost─▶ Ledger::reserve ─▶ Permit ───┐
//!   └─▶ Collector ◀─ RecordBatches (1 pass)  ├─ Collector::release ─▶ Release
//!                                   rng ─────┘
//! ```
//!
//! Neighbouring tables differ by all rows of one person, added or removed. The caller
//! states how rows belong to persons ([`Unit`]), what is known of a column beforehand
//! ([`Bounds`], [`Categories`]) and the price ([`Noise`]); nothing is guessed from the
//! data, because a guess would tell of it without being paid for. Whether a query
//! succeeds does not depend on the cells of the table either.
//!
//! Values are clamped and become whole numbers on the caller's grid before anything is
//! added, and noise is drawn in whole numbers (`sampling.rs`, `choose.rs`), so that no
//! rounding of floating-point numbers can give a value away.
//!
//! Invariants (each is also the name of a test):
//! - `neighbouring_tables_are_told_apart_by_no_more_than_epsilon`
//! - `a_sum_without_bounds_is_refused_with_what_to_give`
//! - `one_person_changes_no_answer_by_more_than_the_stated_sensitivity`
//!
//! It does not know who asks, keep a ledger between runs, or hide how long a query
//! takes: run time depends on data and noise, and whoever can measure it from outside
//! learns something that is not accounted for.
//!
//! Start at [`Query`], [`Ledger`] and [`Collector`].

mod amount;
mod choose;
mod collector;
mod cost;
mod error;
mod grid;
mod ledger;
mod noise;
mod persons;
mod query;
mod release;
mod sampling;

pub use amount::{Decimal, Delta, Epsilon, Rho};
pub use collector::Collector;
pub use cost::Cost;
pub use error::DpError;
pub use grid::Bounds;
pub use ledger::{Entry, Ledger, LedgerError, Part, Permit, State};
pub use noise::{DiscreteGaussian, DiscreteLaplace, Distribution, Noise};
pub use query::{Categories, Query, Statistic, Unit};
pub use release::{Answer, CategoryCount, Mechanism, MechanismName, Noisy, Release};

//! Attacks on a release (攻击检验): what someone with bad intent finds out with it, tried
//! out instead of argued about.
//!
//! ```text
//! release ──▶ guesses ──▶ against the persons of the table  ─▶ success a ┐
//!    │                └─▶ against a control, not in it      ─▶ success c ┴▶ risk
//!    └─ columns shuffled apart: no person left ─▶ the same ─▶ the floor
//! ```
//!
//! Each attack runs for several seeds. A guess that is as right for persons who are not
//! in the table says nothing of a person, so the risk is the success beyond the control.
//! The attack from independent marginals, in which nobody is left, shows what the
//! figure is worth: a risk that is not above that floor is none that was shown.
//! A release passes on the upper end of the interval only.
//!
//! Invariants (each is also the name of a test):
//! - `a_naive_release_is_singled_out`
//! - `a_release_at_k_is_not_above_the_floor`
//! - `the_same_seed_gives_the_same_report`
//!
//! Source: Giomi et al., "A unified framework for quantifying privacy risk in synthetic
//! data", PETS 2023(2), and its program `anonymeter`; Cohen, "Attacks on
//! deidentification's defenses", USENIX Security 2022.
//!
//! It does not know what threshold is acceptable: the caller brings it.

mod downcoding;
mod guessing;
mod marginals;
mod neighbor;
mod random;
mod rate;
mod singling;
mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use downcoding::{Downcoding, downcoding};
pub use guessing::{inference, linking};
pub use rate::{Rate, Risk, Z_95};
pub use singling::{Predicates, singling_out};

use crate::hierarchy::{HierarchyError, Spec};
use crate::tuples::{TupleError, TupleTable};
use view::View;

/// Why an attack could not be run.
#[derive(Debug, thiserror::Error)]
pub enum AttackError {
    /// A table has no rows.
    #[error("the {table} has no rows to attack")]
    NoRows {
        /// Which table.
        table: &'static str,
    },
    /// No seed is named.
    #[error("no seed is named; name at least one")]
    NoSeeds,
    /// An attack needs columns that it was not given.
    #[error("the attack needs {need}")]
    Columns {
        /// What it needs.
        need: &'static str,
    },
    /// A hierarchy does not fit its column.
    #[error("the hierarchy of column `{column}` cannot be used")]
    Hierarchy {
        /// The column.
        column: String,
        /// Why.
        #[source]
        source: HierarchyError,
    },
    /// A column was not counted.
    #[error("a table lacks a column of the attack")]
    Tuples(#[from] TupleError),
    /// The problem does not fit the table.
    #[error("the recoding cannot be attacked")]
    Search(#[from] crate::SearchError),
}

/// A release and those whom it is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The released table; its columns are those that are attacked.
    pub release: &'a TupleTable,
    /// The table that the release was made of.
    pub table: &'a TupleTable,
    /// Records of the same kind of persons who are not in the table.
    pub control: Option<&'a TupleTable>,
    /// Hierarchies of the generalized columns by name: a form stands for each value
    /// below it. Columns without one are compared as they stand, and as numbers where
    /// all values are numbers.
    pub hierarchies: &'a BTreeMap<String, Spec>,
}

/// How hard to try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Guesses of one run; no more than the table has rows.
    pub attacks: u64,
    /// Seeds, one a run.
    pub seeds: Vec<u64>,
    /// Predicates that are tried at most in one run to find so many that single out.
    pub attempts: u64,
    /// Whether equal rows count as one, as `anonymeter` counts. A predicate that two equal
    /// rows satisfy singles nobody out, so the default is no.
    pub equal_rows_count_once: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { attacks: 500, seeds: vec![1, 2, 3], attempts: 100_000, equal_rows_count_once: false }
    }
}

/// Success of one attack from one table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Success {
    /// Against the persons of the table.
    pub table: Rate,
    /// Against the control, where there is one.
    pub control: Option<Rate>,
    /// What is found out beyond the control.
    pub risk: Risk,
}

impl Success {
    fn of(table: Rate, control: Option<Rate>) -> Self {
        Self { table, control, risk: Risk::of(&table, control.as_ref()) }
    }

    fn sum(runs: impl Iterator<Item = Self> + Clone) -> Self {
        let add = |rates: &mut dyn Iterator<Item = Rate>| {
            let (s, n) = rates.fold((0, 0), |(s, n), rate| (s + rate.successes, n + rate.trials));
            Rate::new(s, n)
        };
        let with_control = runs.clone().any(|run| run.control.is_some());
        let control = with_control.then(|| add(&mut runs.clone().filter_map(|run| run.control)));
        Self::of(add(&mut runs.map(|run| run.table)), control)
    }
}

/// One run of an attack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its seed.
    pub seed: u64,
    /// Guesses that could be made; those that could not count as failures.
    pub guesses: u64,
    /// Success with the release.
    pub release: Success,
    /// Success with a table of independent marginals, in which no person is left.
    pub no_person: Success,
    /// Success of guesses at random against the persons of the table.
    pub random: Rate,
}

/// What an attack found, run by run and together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttackReport {
    /// Name of the attack.
    pub attack: String,
    /// Each run.
    pub runs: Vec<Run>,
    /// All runs together.
    pub release: Success,
    /// All runs together, with no person left.
    pub no_person: Success,
    /// All runs together, guesses at random.
    pub random: Rate,
}

impl AttackReport {
    fn of(attack: impl Into<String>, runs: Vec<Run>) -> Self {
        let (successes, trials) = runs
            .iter()
            .fold((0, 0), |(s, n), run| (s + run.random.successes, n + run.random.trials));
        Self {
            attack: attack.into(),
            release: Success::sum(runs.iter().map(|run| run.release)),
            no_person: Success::sum(runs.iter().map(|run| run.no_person)),
            random: Rate::new(successes, trials),
            runs,
        }
    }

    /// The greatest upper end of the risk among the runs: what a release is judged by.
    pub fn upper(&self) -> f64 {
        self.runs.iter().map(|run| run.release.risk.high).fold(0.0, f64::max)
    }

    /// Whether the risk is at most `threshold` in every run, by the upper end of its
    /// interval.
    pub fn passes(&self, threshold: f64) -> bool {
        !self.runs.is_empty() && self.upper() <= threshold
    }

    /// Whether more is found out than with no person left: the interval of the success
    /// beyond the control lies above that of the floor.
    pub fn is_above_floor(&self) -> bool {
        self.release.risk.low > self.no_person.risk.high
    }
}

fn check(subject: &Subject<'_>, settings: &Settings) -> Result<(), AttackError> {
    if subject.release.rows() == 0 {
        return Err(AttackError::NoRows { table: "release" });
    }
    if subject.table.rows() == 0 {
        return Err(AttackError::NoRows { table: "table" });
    }
    if subject.release.columns().is_empty() {
        return Err(AttackError::Columns { need: "at least one released column" });
    }
    if settings.seeds.is_empty() {
        return Err(AttackError::NoSeeds);
    }
    Ok(())
}

/// The release as an attacker sees it, and the tables that guesses are tried on.
fn views(subject: &Subject<'_>) -> Result<View, AttackError> {
    View::new(subject)
}

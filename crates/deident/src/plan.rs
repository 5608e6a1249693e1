//! A plan: what happens to each column of a table, and which rows must go.
//!
//! A plan is plain data. It is stored, shown to a reviewer, exported, and
//! applied by an [`crate::Applier`]. People write it as TOML:
//!
//! ```toml
//! k = 5
//! sample = { fraction = 0.1, key = "project-2026" }
//!
//! [[column]]
//! name = "age"
//! transform = "generalize"
//! spec = { interval = { widths = [5, 10] } }
//! level = 1
//!
//! [[column]]
//! name = "id"
//! transform = "pseudonym"
//! key = "project-2026"
//! ```
//!
//! A file may also say what is made of the rows afterwards ([`PlanFile`]): one row a group
//! instead of one a person, or a synthetic table.
//!
//! ```toml
//! [aggregate]
//! by = ["age"]
//! min_rows = 5
//! ```
//!
//! It names keys and never holds them. A word that it does not know is an error, so
//! that a slip of the pen never leaves a column as it is.
//!
//! Invariants (each is also the name of a test):
//! - `a_plan_written_by_hand_reads_back_the_same`
//! - `a_slip_of_the_pen_in_a_plan_is_named`

use serde::{Deserialize, Serialize};

use crate::aggregate::Aggregation;
use crate::criterion::Criterion;
use crate::search::{Outcome, Problem};
use crate::synthetic::Synthesis;
use crate::transform::{Condition, Sampling, Transform};

/// What becomes of a value that a hierarchy does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUnseen {
    /// The plan is not applied; the error shows the values masked, and where they are.
    #[default]
    Refuse,
    /// Rows with such a value are dropped and counted.
    Suppress,
}

/// What happens to a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Plan {
    /// Each column of the table with its transform. A column that the plan does
    /// not name is an error when it is applied, never silently kept.
    pub columns: Vec<(String, Transform)>,
    /// Rows of classes with fewer rows than this are dropped (记录抑制); 1 keeps
    /// all. The classes are those over the generalized columns; without any, the whole
    /// table is one.
    pub k: u32,
    /// Rows of classes that fail one of these are dropped as well.
    pub criteria: Vec<Criterion>,
    /// Rows that meet one of these go, before anything is counted.
    pub suppress_rows: Vec<Condition>,
    /// Only a sample of the rows takes part.
    pub sample: Option<Sampling>,
    /// What becomes of a value that a hierarchy does not know.
    pub on_unseen: OnUnseen,
}

impl Default for Plan {
    /// No column, and no row goes.
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            k: 1,
            criteria: Vec::new(),
            suppress_rows: Vec::new(),
            sample: None,
            on_unseen: OnUnseen::Refuse,
        }
    }
}

/// A plan as it is written. Single values come first: TOML wants it so.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default = "every_class")]
    k: u32,
    #[serde(default)]
    on_unseen: OnUnseen,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sample: Option<Sampling>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    suppress_rows: Vec<Condition>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    criteria: Vec<Criterion>,
    #[serde(default)]
    column: Vec<WrittenColumn>,
    /// Pairs of name and transform, as plans were stored at first.
    #[serde(default, skip_serializing)]
    columns: Vec<(String, Transform)>,
    #[serde(default, skip_serializing)]
    aggregate: Option<Aggregation>,
    #[serde(default, skip_serializing)]
    synthetic: Option<Synthesis>,
}

/// A plan as a file, with what is made of the rows that it releases.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Written")]
pub struct PlanFile {
    /// What happens to each row.
    pub plan: Plan,
    /// One row a group instead of the rows.
    pub aggregate: Option<Aggregation>,
    /// Rows drawn from a model of the rows instead of them.
    pub synthetic: Option<Synthesis>,
}

#[derive(Serialize, Deserialize)]
struct WrittenColumn {
    name: String,
    #[serde(flatten)]
    transform: Transform,
}

fn every_class() -> u32 {
    1
}

impl From<Written> for PlanFile {
    fn from(written: Written) -> Self {
        let named = written.column.into_iter().map(|column| (column.name, column.transform));
        let plan = Plan {
            columns: written.columns.into_iter().chain(named).collect(),
            k: written.k,
            criteria: written.criteria,
            suppress_rows: written.suppress_rows,
            sample: written.sample,
            on_unseen: written.on_unseen,
        };
        Self { plan, aggregate: written.aggregate, synthetic: written.synthetic }
    }
}

impl TryFrom<Written> for Plan {
    type Error = &'static str;

    /// Where rows alone are asked for, a table of groups or of drawn rows is refused: it
    /// would be left out silently.
    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match PlanFile::from(written) {
            PlanFile { plan, aggregate: None, synthetic: None } => Ok(plan),
            _ => Err("`aggregate` and `synthetic` cannot be used here"),
        }
    }
}

impl From<Plan> for Written {
    fn from(plan: Plan) -> Self {
        let written = |(name, transform)| WrittenColumn { name, transform };
        Self {
            k: plan.k,
            on_unseen: plan.on_unseen,
            sample: plan.sample,
            suppress_rows: plan.suppress_rows,
            criteria: plan.criteria,
            column: plan.columns.into_iter().map(written).collect(),
            columns: Vec::new(),
            aggregate: None,
            synthetic: None,
        }
    }
}

impl Plan {
    /// A plan that does what a search found for the quasi-identifiers. Columns
    /// that are no quasi-identifiers are added with [`Plan::with`].
    pub fn of(problem: &Problem, outcome: &Outcome) -> Self {
        let columns = problem
            .columns
            .iter()
            .zip(&outcome.levels)
            .map(|(column, level)| {
                let transform = Transform::Generalize { spec: column.spec.clone(), level: *level };
                (column.name.clone(), transform)
            })
            .collect();
        Self { columns, k: problem.k, criteria: problem.criteria.clone(), ..Self::default() }
    }

    /// Sets the transform of a column, in place of the one it had.
    #[must_use]
    pub fn with(mut self, column: impl Into<String>, transform: Transform) -> Self {
        let name = column.into();
        match self.columns.iter_mut().find(|(have, _)| *have == name) {
            Some((_, slot)) => *slot = transform,
            None => self.columns.push((name, transform)),
        }
        self
    }

    /// The transform of a column.
    pub fn transform(&self, column: &str) -> Option<&Transform> {
        self.columns.iter().find(|(name, _)| name == column).map(|(_, transform)| transform)
    }

    /// The columns whose tuples must be counted before the plan can be applied: the
    /// generalized ones and the sensitive ones of the criteria.
    pub fn counted_columns(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .columns
            .iter()
            .filter(|(_, transform)| matches!(transform, Transform::Generalize { .. }))
            .map(|(name, _)| name.clone())
            .collect();
        for criterion in &self.criteria {
            if !criterion.column.is_empty() && !names.contains(&criterion.column) {
                names.push(criterion.column.clone());
            }
        }
        names
    }

    /// The names of the keys that must be handed in, each once.
    pub fn keys(&self) -> Vec<&str> {
        let sample = self.sample.as_ref().map(|sample| sample.key.as_str());
        let transforms = self.columns.iter().filter_map(|(_, transform)| transform.needs().key);
        let mut names: Vec<&str> = sample.into_iter().chain(transforms).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

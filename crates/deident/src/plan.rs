//! A plan: what happens to each column of a table, and which rows must go.
//!
//! A plan is plain data. It is stored, shown to a reviewer, exported, and
//! applied by an [`crate::Applier`].

use serde::{Deserialize, Serialize};

use crate::criterion::Criterion;
use crate::search::{Outcome, Problem};
use crate::transform::Transform;

/// What happens to a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Each column of the table with its transform. A column that the plan does
    /// not name is an error when it is applied, never silently kept.
    pub columns: Vec<(String, Transform)>,
    /// Rows of classes with fewer rows than this are dropped (记录抑制); 1 keeps
    /// all. The classes are those over the generalized columns.
    pub k: u32,
    /// Rows of classes that fail one of these are dropped as well.
    #[serde(default)]
    pub criteria: Vec<Criterion>,
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
        Self { columns, k: problem.k, criteria: problem.criteria.clone() }
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

    /// The columns that must be counted before the plan can be applied: the
    /// generalized ones and the sensitive ones of the criteria.
    pub fn counted_columns(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .columns
            .iter()
            .filter(|(_, transform)| matches!(transform, Transform::Generalize { .. }))
            .map(|(name, _)| name.clone())
            .collect();
        for criterion in &self.criteria {
            if !names.contains(&criterion.column) {
                names.push(criterion.column.clone());
            }
        }
        names
    }
}

//! What a generalization leaves of the data: every cost measure at once, and
//! column by column. Formulas and sources: [`Metric`].

use serde::{Deserialize, Serialize};

use crate::metric::Metric;
use crate::search::{Problem, SearchError, hierarchies, score_of};
use crate::tuples::TupleTable;

/// What is left of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnUtility {
    /// The column.
    pub name: String,
    /// Its level.
    pub level: usize,
    /// The highest level of its hierarchy.
    pub top: usize,
    /// Loss of the column, suppressed rows left aside, in `[0, 1]`.
    pub loss: f64,
    /// Different values before.
    pub values_before: u64,
    /// Different values after.
    pub values_after: u64,
}

/// What a generalization costs, in every measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Utility {
    /// Loss, arithmetic mean, in `[0, 1]`.
    pub loss: f64,
    /// Loss, geometric mean, in `[0, 1]`.
    pub loss_geometric: f64,
    /// `1 − loss`: what is left, in `[0, 1]`.
    pub granularity: f64,
    /// Average class size.
    pub aecs: f64,
    /// Discernibility.
    pub dm: f64,
    /// Non-uniform entropy in bits.
    pub entropy: f64,
    /// Normalized non-uniform entropy.
    pub normalized_entropy: f64,
    /// Entropy-based loss, in `[0, rows]`.
    pub entropy_loss: f64,
    /// Ambiguity.
    pub ambiguity: f64,
    /// Precision loss, in `[0, 1]`.
    pub precision: f64,
    /// Rows suppressed.
    pub suppressed: u64,
    /// Classes that stay.
    pub classes: u64,
    /// Rows of the smallest class that stays.
    pub min_class: u64,
    /// Column by column.
    pub columns: Vec<ColumnUtility>,
}

/// Measures a node of the lattice of a problem, whether it satisfies its limit of
/// suppression or not.
///
/// - `levels`: level by column, in the order of [`Problem::columns`].
///
/// # Errors
///
/// The [`SearchError`]s of a problem that does not fit the table;
/// [`SearchError::Pinned`] if a level is not in its hierarchy.
///
/// # Source
///
/// See each [`Metric`].
pub fn measure(
    tuples: &TupleTable,
    problem: &Problem,
    levels: &[usize],
) -> Result<Utility, SearchError> {
    let hierarchies = hierarchies(tuples, problem)?;
    let score = |metric| score_of(tuples, problem, &hierarchies, metric, levels);
    let loss = score(Metric::Loss)?;
    let columns = problem
        .columns
        .iter()
        .zip(&hierarchies)
        .zip(levels)
        .zip(&loss.columns)
        .map(|(((column, hierarchy), level), (loss, before, after))| ColumnUtility {
            name: column.name.clone(),
            level: *level,
            top: hierarchy.top(),
            loss: *loss,
            values_before: *before,
            values_after: *after,
        })
        .collect();
    Ok(Utility {
        loss: loss.score,
        loss_geometric: score(Metric::LossGeometric)?.score,
        granularity: 1.0 - loss.score,
        aecs: score(Metric::Aecs)?.score,
        dm: score(Metric::Dm)?.score,
        entropy: score(Metric::Entropy)?.score,
        normalized_entropy: score(Metric::NormalizedEntropy)?.score,
        entropy_loss: score(Metric::EntropyLoss)?.score,
        ambiguity: score(Metric::Ambiguity)?.score,
        precision: score(Metric::Precision)?.score,
        suppressed: loss.suppressed,
        classes: loss.classes,
        min_class: loss.min_class,
        columns,
    })
}

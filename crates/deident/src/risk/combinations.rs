//! Which few columns single records out: every combination up to a size, not only
//! the declared quasi-identifiers, for any column is one for someone.

use serde::{Deserialize, Serialize};

use super::{RiskError, sample_uniqueness};
use crate::tuples::TupleTable;

/// How far a combination of columns singles records out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Combination {
    /// The columns, in the order of the table.
    pub columns: Vec<String>,
    /// Share of the records that are alone in these columns, in `[0, 1]`.
    pub uniqueness: f64,
    /// Whether every record is alone, and in no part of the combination: a key.
    pub minimal_key: bool,
}

/// Measures every combination of up to `most` of the counted columns; the ones that
/// single out most come first. What contains a key is left out: it is a key as well.
///
/// The work grows as the number of columns to the power of `most`.
///
/// # Errors
///
/// [`RiskError::NoRecords`] if there are no rows.
///
/// # Source
///
/// Minimal unique column combinations: Heise et al., "Scalable discovery of unique
/// column combinations", VLDB 2013; the share of uniques as in
/// [`sample_uniqueness`].
pub fn combinations(tuples: &TupleTable, most: usize) -> Result<Vec<Combination>, RiskError> {
    if tuples.rows() == 0 {
        return Err(RiskError::NoRecords);
    }
    let names = tuples.columns();
    let mut found: Vec<Combination> = Vec::new();
    let mut keys: Vec<Vec<usize>> = Vec::new();
    let mut sets: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..most.min(names.len()) {
        let mut longer = Vec::new();
        for set in &sets {
            let next = set.last().map_or(0, |last| last + 1);
            longer.extend((next..names.len()).map(|column| {
                let mut set = set.clone();
                set.push(column);
                set
            }));
        }
        longer.retain(|set| !keys.iter().any(|key| key.iter().all(|part| set.contains(part))));
        for set in &longer {
            let columns: Vec<String> =
                set.iter().filter_map(|column| names.get(*column).cloned()).collect();
            let Ok(classes) = tuples.class_sizes_of(&columns) else { continue };
            let minimal_key = classes.max() == Some(1);
            if minimal_key {
                keys.push(set.clone());
            }
            let uniqueness = sample_uniqueness(&classes)?;
            found.push(Combination { columns, uniqueness, minimal_key });
        }
        longer.retain(|set| !keys.contains(set));
        sets = longer;
    }
    found.sort_by(|left, right| {
        let fewer = left.columns.len().cmp(&right.columns.len());
        right.uniqueness.total_cmp(&left.uniqueness).then(fewer)
    });
    Ok(found)
}

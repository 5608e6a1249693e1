//! What a class gives away of a sensitive column (敏感属性), even if nobody in it
//! can be told apart.
//!
//! A class of 50 rows that all have the same disease names the disease of each of
//! the 50. Measured on the table as it is released: its quasi-identifiers and
//! the sensitive column are counted in one [`TupleTable`].

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::RiskError;
use crate::criterion::{Histogram, Model, Prepared, entropy};
use crate::tuples::{TupleError, TupleTable};

/// Why the diversity of a column cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DiversityError {
    /// There are no rows.
    #[error("there is no diversity without records")]
    Risk(#[from] RiskError),
    /// A column was not counted.
    #[error("the tuple table lacks a column")]
    Tuples(#[from] TupleError),
}

/// The least diverse classes and how far they are from the whole table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diversity {
    /// The sensitive column.
    pub column: String,
    /// Number of classes.
    pub classes: u64,
    /// Values of the column in the whole table.
    pub values: u64,
    /// Least number of different values in a class: distinct l.
    pub distinct_l: u64,
    /// Least `exp(entropy)` of a class: entropy l.
    pub entropy_l: f64,
    /// Greatest `½ Σ |p − q|` of a class, in `[0, 1]`: t with equal distance.
    pub equal_t: f64,
    /// Greatest ordered distance of a class, in `[0, 1]`: t with ordered distance.
    pub ordered_t: f64,
    /// Rows in classes that have only one value: their value is known.
    pub homogeneous_rows: u64,
    /// Greatest share that one value has in a class of more than one row.
    pub modal_share: f64,
    /// The class with the fewest different values (the largest of them), by the
    /// values of its quasi-identifiers.
    pub weakest: Vec<String>,
}

/// Measures the diversity of one sensitive column.
///
/// - `tuples`: counts of the released table over at least `quasi` and `sensitive`.
/// - `quasi`: the columns whose equal values make a class.
///
/// # Errors
///
/// [`DiversityError::Risk`] if there are no rows, [`DiversityError::Tuples`] if a
/// column was not counted.
///
/// # Source
///
/// Machanavajjhala et al., "l-Diversity", ICDE 2006; Li et al., "t-Closeness",
/// ICDE 2007.
pub fn diversity<S: AsRef<str>>(
    tuples: &TupleTable,
    quasi: &[S],
    sensitive: &str,
) -> Result<Diversity, DiversityError> {
    let mut columns = Vec::with_capacity(quasi.len());
    for name in quasi {
        let position = tuples.require(name.as_ref())?;
        columns.push((name.as_ref(), tuples.codes.get(position).map_or(&[][..], Vec::as_slice)));
    }
    let position = tuples.require(sensitive)?;
    let codes = tuples.codes.get(position).map_or(&[][..], Vec::as_slice);
    let values = tuples.values(sensitive).unwrap_or_default();
    let value_rows = tuples.value_rows(sensitive).unwrap_or_default();
    if tuples.rows() == 0 {
        return Err(RiskError::NoRecords.into());
    }
    let mut classes: HashMap<Vec<u32>, (u64, Histogram)> = HashMap::new();
    for (tuple, rows) in tuples.counts.iter().enumerate() {
        let key = columns.iter().filter_map(|(_, codes)| codes.get(tuple).copied()).collect();
        let class = classes.entry(key).or_default();
        class.0 += rows;
        if let Some(code) = codes.get(tuple) {
            class.1.add(*code, *rows);
        }
    }
    let distance = Prepared::new(&Model::OrderedT { t: 1.0 }, values, &value_rows, &[]);
    let mut found = Diversity {
        column: sensitive.to_owned(),
        classes: classes.len() as u64,
        values: values.len() as u64,
        distinct_l: u64::MAX,
        entropy_l: f64::INFINITY,
        equal_t: 0.0,
        ordered_t: 0.0,
        homogeneous_rows: 0,
        modal_share: 0.0,
        weakest: Vec::new(),
    };
    let mut weakest: Option<(u64, std::cmp::Reverse<u64>, &Vec<u32>)> = None;
    for (key, (rows, histogram)) in &classes {
        let distinct = histogram.values() as u64;
        found.distinct_l = found.distinct_l.min(distinct);
        found.entropy_l = found.entropy_l.min(entropy(histogram, *rows).exp());
        found.equal_t = found.equal_t.max(distance.equal_distance(histogram, *rows));
        found.ordered_t = found.ordered_t.max(distance.ordered_distance(histogram, *rows));
        if distinct == 1 {
            found.homogeneous_rows += rows;
        }
        if *rows > 1 {
            let most = histogram.most();
            found.modal_share = found.modal_share.max(most as f64 / *rows as f64);
        }
        let rank = (distinct, std::cmp::Reverse(*rows), key);
        if weakest.is_none_or(|have| rank < have) {
            weakest = Some(rank);
        }
    }
    if let Some((_, _, key)) = weakest {
        found.weakest = key
            .iter()
            .zip(&columns)
            .map(|(code, (name, _))| {
                let values = tuples.values(name).unwrap_or_default();
                values.get(*code as usize).cloned().flatten().unwrap_or_default()
            })
            .collect();
    }
    Ok(found)
}

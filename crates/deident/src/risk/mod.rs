//! Risk of re-identification, from the sizes of classes.
//!
//! A class is the set of rows that agree on every quasi-identifier. All figures
//! here need only how many classes of each size there are.
//!
//! What they do not say: nothing here sees what the rows of a class have in
//! common beside the quasi-identifiers (see [`diversity`]), nor what else is
//! known of the persons.

mod assessment;
mod candidates;
mod combinations;
mod composition;
pub mod diversity;
mod forms;
mod inference;
mod intersection;
mod population;
mod restore;
mod sample_map;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use assessment::{
    Assessment, ContextRisk, Model, Step, Thresholds, gbt42460, grade_by_identifiers,
};
pub use candidates::Candidates;
pub use combinations::{Combination, combinations};
pub use composition::{Composition, ReleaseColumns, SingleRelease, composition, join_releases};
pub use forms::{Forms, FormsError, in_released_forms, join_by_forms, released_forms};
pub use inference::{LearnedGuess, ModalGuess, learned_guess, modal_guess};
pub use intersection::{Intersection, intersection};
pub use population::{PopulationUniques, population_uniques};
pub use restore::{
    DigestColumn, DigestFunction, OrderFinding, Restoration, digest_columns, order_finding,
    restore_digests,
};
pub(crate) use sample_map::least_rows;
pub use sample_map::{Estimator, SampleMap, at_least_in_population, below_in_population};

/// Why a risk cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum RiskError {
    /// No data is not "no risk".
    #[error("there are no records to compute a risk for")]
    NoRecords,
    /// A share is not between 0 and 1.
    #[error("`{name}` is {value}, and it must lie between 0 and 1")]
    NoShare {
        /// What the share is of.
        name: &'static str,
        /// The value given.
        value: f64,
    },
}

/// How many classes of each size there are: size → number of classes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClassSizes(BTreeMap<u64, u64>);

impl ClassSizes {
    /// Counts classes given by their sizes; sizes of 0 are no classes.
    pub fn from_sizes(sizes: impl IntoIterator<Item = u64>) -> Self {
        let mut counted = Self::default();
        for size in sizes {
            counted.add(size);
        }
        counted
    }

    /// Counts one class more; a size of 0 is no class.
    pub(crate) fn add(&mut self, size: u64) {
        if size > 0 {
            *self.0.entry(size).or_default() += 1;
        }
    }

    /// Size and number of classes of that size, sizes rising.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().map(|(size, number)| (*size, *number))
    }

    /// Number of classes.
    pub fn classes(&self) -> u64 {
        self.0.values().sum()
    }

    /// Number of rows.
    pub fn rows(&self) -> u64 {
        self.iter().map(|(size, number)| size * number).sum()
    }

    /// Rows of the smallest class.
    pub fn min(&self) -> Option<u64> {
        self.0.keys().next().copied()
    }

    /// Rows of the largest class.
    pub fn max(&self) -> Option<u64> {
        self.0.keys().next_back().copied()
    }

    /// Number of classes of one size.
    pub fn of_size(&self, size: u64) -> u64 {
        self.0.get(&size).copied().unwrap_or(0)
    }

    fn require(&self) -> Result<u64, RiskError> {
        self.min().ok_or(RiskError::NoRecords)
    }
}

/// Highest risk that any one record is re-identified by an attacker who knows
/// that the target is in the table (the "prosecutor").
///
/// `1 / min(size)`, in `(0, 1]`; 1 means that someone stands alone.
///
/// # Errors
///
/// [`RiskError::NoRecords`] if there are no classes.
///
/// # Source
///
/// El Emam & Dankar, "Protecting Privacy Using k-Anonymity", JAMIA 15(5), 2008.
///
/// ```
/// # use deident::risk::{ClassSizes, prosecutor_max};
/// assert_eq!(prosecutor_max(&ClassSizes::from_sizes([4, 2]))?, 0.5);
/// # Ok::<(), deident::risk::RiskError>(())
/// ```
pub fn prosecutor_max(classes: &ClassSizes) -> Result<f64, RiskError> {
    Ok(1.0 / classes.require()? as f64)
}

/// Expected share of records that an attacker re-identifies who tries all of
/// them (the "marketer"): `classes / rows`, in `(0, 1]`.
///
/// # Errors
///
/// [`RiskError::NoRecords`] if there are no classes.
///
/// # Source
///
/// Dankar & El Emam, "A method for evaluating marketer re-identification risk",
/// PAIS 2010.
pub fn marketer(classes: &ClassSizes) -> Result<f64, RiskError> {
    classes.require()?;
    Ok(classes.classes() as f64 / classes.rows() as f64)
}

/// Share of records whose own risk `1 / size` is above a threshold, in `[0, 1]`.
///
/// # Errors
///
/// [`RiskError::NoRecords`] if there are no classes; [`RiskError::NoShare`] if
/// the threshold is not between 0 and 1.
///
/// # Source
///
/// El Emam & Dankar, "Protecting Privacy Using k-Anonymity", JAMIA 15(5), 2008.
pub fn records_at_risk(classes: &ClassSizes, threshold: f64) -> Result<f64, RiskError> {
    classes.require()?;
    if !(0.0..=1.0).contains(&threshold) {
        return Err(RiskError::NoShare { name: "threshold", value: threshold });
    }
    let at_risk: u64 = classes
        .iter()
        .filter(|(size, _)| is_above(1.0 / *size as f64, threshold))
        .map(|(size, number)| size * number)
        .sum();
    Ok(at_risk as f64 / classes.rows() as f64)
}

/// Share of records that are alone in their class, in `[0, 1]`.
///
/// # Errors
///
/// [`RiskError::NoRecords`] if there are no classes.
///
/// # Source
///
/// Skinner & Elliot, "A measure of disclosure risk for microdata", JRSS B 64,
/// 2002.
pub fn sample_uniqueness(classes: &ClassSizes) -> Result<f64, RiskError> {
    classes.require()?;
    Ok(classes.of_size(1) as f64 / classes.rows() as f64)
}

/// Probability that a match with a record that is unique in the sample is right
/// in the population, `θ = f·n1 / (f·n1 + 2(1 − f)·n2)`, `n1` and `n2` the numbers
/// of classes of one and of two rows.
///
/// - `fraction`: the share `f` of the population that is in the table, in `(0, 1]`.
/// - Returns a probability in `[0, 1]`; 0 if no record is unique.
///
/// # Errors
///
/// [`RiskError::NoRecords`], [`RiskError::NoShare`].
///
/// # Source
///
/// Skinner & Elliot, "A measure of disclosure risk for microdata", JRSS B 64,
/// 2002.
pub fn theta(classes: &ClassSizes, fraction: f64) -> Result<f64, RiskError> {
    classes.require()?;
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(RiskError::NoShare { name: "fraction", value: fraction });
    }
    let single = classes.of_size(1) as f64 * fraction;
    let pairs = classes.of_size(2) as f64 * 2.0 * (1.0 - fraction);
    Ok(if single > 0.0 { single / (single + pairs) } else { 0.0 })
}

/// Strictly above, where rounding of `1 / size` does not count.
fn is_above(value: f64, threshold: f64) -> bool {
    value > threshold + threshold.abs() * 1e-12
}

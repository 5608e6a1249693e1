//! Models about the population and about a whole release, all of a problem together.
//!
//! A class is seen here as its rows, its size and its rows in the population. Size
//! is the number of rows, or of persons where a model counts these; the risk of each
//! of its records is `1 / size`.

use crate::criterion::{Criterion, Model, ModelError};
use crate::risk::least_rows;

/// Strictness of comparisons of computed shares with their bounds.
const TOLERANCE: f64 = 1e-9;

/// What each class must be in the population.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PopulationModels {
    k: u64,
    min: f64,
    max: f64,
}

impl PopulationModels {
    /// The models of the population among some criteria; `None` if there is none.
    pub(crate) fn of(criteria: &[Criterion]) -> Option<Self> {
        let mut all = Self { k: 0, min: 0.0, max: f64::INFINITY };
        let mut any = false;
        for criterion in criteria {
            match &criterion.model {
                Model::KMap { k } => all.k = all.k.max(u64::from(*k)),
                Model::Presence { min, max } => {
                    all.min = all.min.max(*min);
                    all.max = all.max.min(*max);
                }
                _ => continue,
            }
            any = true;
        }
        any.then_some(all)
    }

    /// Whether so many rows of the population are enough: what no finer class can
    /// make good.
    pub(crate) fn has_k(&self, population: u64) -> bool {
        population >= self.k
    }

    /// Whether a class of `rows` rows may stay.
    pub(crate) fn accepts(&self, rows: u64, population: u64) -> bool {
        let share = share(rows, population);
        self.has_k(population) && share >= self.min - TOLERANCE && self.admits(share)
    }

    /// Whether this is not too great a probability to be in the table.
    pub(crate) fn admits(&self, share: f64) -> bool {
        share <= self.max + TOLERANCE
    }

    /// Whether every class of the population must have released rows.
    pub(crate) fn needs_all(&self) -> bool {
        self.min > 0.0
    }

    /// Whether the probability to be in the table has an upper bound.
    pub(crate) fn has_max(&self) -> bool {
        self.max.is_finite()
    }
}

/// Share of a class of the population that is in the table.
pub(crate) fn share(rows: u64, population: u64) -> f64 {
    if population == 0 { f64::INFINITY } else { rows as f64 / population as f64 }
}

/// Least size of a class such that no record has a risk above any bound for all.
pub(crate) fn least_class(k: u32, criteria: &[Criterion]) -> u64 {
    let needed = criteria.iter().filter_map(|criterion| match criterion.model {
        Model::MaximumRisk { most } => Some(size_for(most)),
        // A model outside its range is refused by `Bounds::of`.
        Model::SampleKMap { k, fraction, confidence, estimator }
            if criterion.model.check().is_ok() =>
        {
            Some(least_rows(k, fraction, confidence, estimator))
        }
        _ => None,
    });
    needed.fold(u64::from(k), u64::max)
}

/// The least size whose risk `1 / size` is not above a bound.
fn size_for(most: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive and whole; a bound near 0 saturates, and no class is so large"
    )]
    let size = (1.0 / most - TOLERANCE).ceil().max(1.0) as u64;
    size
}

/// Bounds on the risks of a whole release.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bounds {
    /// Greatest mean risk.
    average: Option<f64>,
    /// Least size that is not at risk, and the share of records that may be below it.
    at_risk: Vec<(u64, f64)>,
}

impl Bounds {
    /// The bounds among some criteria.
    ///
    /// # Errors
    ///
    /// [`ModelError`] if one is outside its range.
    pub(crate) fn of(criteria: &[Criterion]) -> Result<Self, ModelError> {
        let mut bounds = Self::default();
        for criterion in criteria {
            criterion.model.check()?;
            match criterion.model {
                Model::AverageRisk { most } => {
                    bounds.average = Some(bounds.average.map_or(most, |have| have.min(most)));
                }
                Model::RecordsAtRisk { above, most } => {
                    bounds.at_risk.push((size_for(above), most));
                }
                _ => {}
            }
        }
        Ok(bounds)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.average.is_none() && self.at_risk.is_empty()
    }

    /// A size at which a release satisfies every bound, whatever its classes.
    pub(crate) fn safe_size(&self) -> u64 {
        let average = self.average.map(size_for);
        self.at_risk.iter().map(|(size, _)| *size).chain(average).max().unwrap_or(1)
    }

    /// The least size such that the classes of at least this size satisfy the bounds:
    /// the smaller ones go.
    ///
    /// - `classes`: size and rows of each class that may stay.
    pub(crate) fn cut(&self, mut classes: Vec<(u64, u64)>) -> u64 {
        if self.is_empty() {
            return 0;
        }
        classes.sort_unstable();
        let mut release = Tally::default();
        for (size, rows) in &classes {
            release.add(self, *size, *rows);
        }
        let mut rest = classes.as_slice();
        while let Some((size, _)) = rest.first().copied() {
            if release.satisfies(self) {
                return size;
            }
            let end = rest.partition_point(|(other, _)| *other == size);
            let (gone, stay) = rest.split_at(end);
            for (size, rows) in gone {
                release.remove(self, *size, *rows);
            }
            rest = stay;
        }
        u64::MAX
    }

    /// Rows that any release loses to the bound on the mean, whichever of these
    /// classes it keeps. It holds for every coarser generalization that a finer one
    /// loses no fewer, for joining classes makes fewer of them and keeps their rows.
    ///
    /// - `sizes`: rows of each class that is not lost anyway; not for persons.
    pub(crate) fn lost_at_least(&self, mut sizes: Vec<u64>) -> u64 {
        let Some(most) = self.average else { return 0 };
        sizes.sort_unstable_by(|left, right| right.cmp(left));
        let all: u64 = sizes.iter().sum();
        let (mut rows, mut best) = (0_u64, 0_u64);
        for (number, size) in sizes.iter().enumerate() {
            rows += size;
            if (number + 1) as f64 <= (most + TOLERANCE) * rows as f64 {
                best = rows;
            }
        }
        all - best
    }
}

/// The released records and their risks.
#[derive(Default)]
struct Tally {
    rows: u64,
    /// `Σ_records 1 / size`.
    risk: f64,
    at_risk: Vec<u64>,
}

impl Tally {
    fn add(&mut self, bounds: &Bounds, size: u64, rows: u64) {
        self.rows += rows;
        self.risk += rows as f64 / size.max(1) as f64;
        self.at_risk.resize(bounds.at_risk.len(), 0);
        for ((least, _), at_risk) in bounds.at_risk.iter().zip(&mut self.at_risk) {
            if size < *least {
                *at_risk += rows;
            }
        }
    }

    fn remove(&mut self, bounds: &Bounds, size: u64, rows: u64) {
        self.rows -= rows;
        self.risk -= rows as f64 / size.max(1) as f64;
        for ((least, _), at_risk) in bounds.at_risk.iter().zip(&mut self.at_risk) {
            if size < *least {
                *at_risk -= rows;
            }
        }
    }

    fn satisfies(&self, bounds: &Bounds) -> bool {
        let rows = self.rows as f64;
        bounds.average.is_none_or(|most| self.risk <= (most + TOLERANCE) * rows)
            && bounds
                .at_risk
                .iter()
                .zip(&self.at_risk)
                .all(|((_, most), at_risk)| *at_risk as f64 <= (most + TOLERANCE) * rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_classes_go_until_the_mean_risk_is_kept() {
        let bounds = Bounds::of(&[Criterion::whole(Model::AverageRisk { most: 0.25 })]).unwrap();
        let classes = |sizes: &[u64]| sizes.iter().map(|size| (*size, *size)).collect();
        // 5 classes of 14 rows: 0.357; without the two of one row 3 / 12 = 0.25.
        assert_eq!(bounds.cut(classes(&[1, 1, 2, 3, 7])), 2);
        assert_eq!(bounds.lost_at_least(vec![1, 1, 2, 3, 7]), 2);
        assert_eq!(bounds.cut(classes(&[4, 4])), 4);
        assert_eq!(bounds.cut(classes(&[3])), u64::MAX);
        assert_eq!(bounds.lost_at_least(vec![3]), 3);
    }

    #[test]
    fn a_maximum_risk_is_a_least_class() {
        let most = |most| vec![Criterion::whole(Model::MaximumRisk { most })];
        assert_eq!(least_class(2, &most(0.2)), 5);
        assert_eq!(least_class(2, &most(0.19)), 6);
        assert_eq!(least_class(9, &most(0.2)), 9);
        assert_eq!(least_class(2, &most(1.0 / 3.0)), 3);
    }
}

//! k-map from a sample: how many of the population share a form, where only a sample of
//! the population is at hand.
//!
//! `f` rows of the sample share a form, `F` persons of the population do; `π` is the
//! share of the population that is in the sample.
//!
//! ```text
//! F − f | f  ~  negative binomial (f, π)       mean f·(1 − π)/π, wide
//!            ~  Poisson (f·(1 − π)/π)          the same mean, narrow
//! ```
//!
//! Assumed by both: each person is in the sample with the same probability `π`,
//! independently of the others and of the form (a household or a district that is drawn
//! as a whole breaks this); the form of a person is the same in both.
//!
//! - Negative binomial: nothing is known beforehand of the size of a form but that small
//!   ones are more frequent (a prior `P(F) ∝ 1/F`).
//! - Poisson: the sizes vary about a rate that is taken to be known, `f/π`. It is not
//!   known, so that the estimate is too sure of itself.
//!
//! Error: each form is estimated by itself, as if none were known to be rare. Where many
//! forms of the population are rare, a form that is alone in the sample most often is one of
//! these, and both estimates are too low, the Poisson one by far. Measured figures stand in
//! docs/deident.md; `examples/sample_map.rs` computes them.
//!
//! Invariants (each is also the name of a test):
//! - `a_larger_class_is_never_less_likely_to_be_large_in_the_population`
//! - `the_negative_binomial_is_the_posterior_of_binomial_sampling`

use serde::{Deserialize, Serialize};

use super::{ClassSizes, RiskError};

/// How the size of a class in the population is estimated from the sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// `F − f ~ NB(f, π)`; the more cautious one.
    ///
    /// Source: Bethlehem, Keller & Pannekoek, "Disclosure control of microdata", JASA
    /// 85(409), 1990; Benedetti & Franconi, "Statistical and technological solutions for
    /// controlled data dissemination", NTTS 1998.
    #[default]
    NegativeBinomial,
    /// `F − f ~ Poisson(f·(1 − π)/π)`: of no use for samples of less than a fifth, where it
    /// passes nearly everything; to compare with other tools.
    ///
    /// Source: Skinner & Holmes, "Estimating the re-identification risk per record in
    /// microdata", JOS 14(4), 1998; as k-map: El Emam & Dankar, JAMIA 15(5), 2008.
    Poisson,
}

/// Probability that at least `k` persons of the population share the form of a class of
/// `rows` rows of the sample, in `[0, 1]`.
///
/// - `fraction`: the share of the population that is in the sample, in `(0, 1]`.
///
/// # Errors
///
/// [`RiskError::NoRecords`] for a class of no rows; [`RiskError::NoShare`].
///
/// # Source
///
/// As [`Estimator`].
///
/// ```
/// # use deident::risk::{Estimator, at_least_in_population};
/// // One row of a sample of a half: alone in the population with probability 1/2.
/// let two = at_least_in_population(1, 2, 0.5, Estimator::NegativeBinomial)?;
/// assert!((two - 0.5).abs() < 1e-12);
/// # Ok::<(), deident::risk::RiskError>(())
/// ```
pub fn at_least_in_population(
    rows: u64,
    k: u64,
    fraction: f64,
    estimator: Estimator,
) -> Result<f64, RiskError> {
    if rows == 0 {
        return Err(RiskError::NoRecords);
    }
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(RiskError::NoShare { name: "fraction", value: fraction });
    }
    Ok(1.0 - below(rows, k, fraction, estimator))
}

/// `P(F < k | f)`: the terms are added as logarithms, so that none is lost in `π^f`.
fn below(rows: u64, k: u64, fraction: f64, estimator: Estimator) -> f64 {
    let (f, others) = (rows as f64, 1.0 - fraction);
    let mean = f * others / fraction;
    let mut term = match estimator {
        Estimator::NegativeBinomial => f * fraction.ln(),
        Estimator::Poisson => -mean,
    };
    let mut sum = 0.0;
    for unseen in 0..k.saturating_sub(rows) {
        sum += term.exp();
        let (now, next) = (unseen as f64, unseen as f64 + 1.0);
        term += match estimator {
            Estimator::NegativeBinomial => ((f + now) / next * others).ln(),
            Estimator::Poisson => (mean / next).ln(),
        };
    }
    sum.clamp(0.0, 1.0)
}

/// The least rows of a class of the sample such that at least `k` of the population share
/// its form with a probability of at least `confidence`; at most `k`.
///
/// Source: as [`Estimator`].
pub(crate) fn least_rows(k: u32, fraction: f64, confidence: f64, estimator: Estimator) -> u64 {
    let k = u64::from(k);
    let enough = |rows: u64| 1.0 - below(rows, k, fraction, estimator) >= confidence - 1e-12;
    let (mut low, mut high) = (1, k.max(1));
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// How many records of a sample are likely to be in small classes of the population.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SampleMap {
    /// The class size that was asked about.
    pub k: u64,
    /// Expected share of the records whose form fewer than `k` of the population have, by
    /// [`Estimator::NegativeBinomial`].
    pub negative_binomial: f64,
    /// The same by [`Estimator::Poisson`].
    pub poisson: f64,
}

/// Expected share of the records of a sample whose form fewer than `k` persons of the
/// population have: `Σ f · P(F < k | f) / Σ f`, in `[0, 1]`, by both estimators.
///
/// - `classes`: classes of the sample.
/// - `fraction`: the share of the population that is in the sample, in `(0, 1]`.
///
/// # Errors
///
/// [`RiskError::NoRecords`], [`RiskError::NoShare`].
///
/// # Source
///
/// As [`Estimator`].
pub fn below_in_population(
    classes: &ClassSizes,
    k: u64,
    fraction: f64,
) -> Result<SampleMap, RiskError> {
    classes.require()?;
    let share = |estimator| -> Result<f64, RiskError> {
        let mut expected = 0.0;
        for (size, number) in classes.iter().take_while(|(size, _)| *size < k) {
            let enough = at_least_in_population(size, k, fraction, estimator)?;
            expected += (size * number) as f64 * (1.0 - enough);
        }
        Ok(expected / classes.rows() as f64)
    };
    at_least_in_population(1, 1, fraction, Estimator::Poisson)?;
    Ok(SampleMap {
        k,
        negative_binomial: share(Estimator::NegativeBinomial)?,
        poisson: share(Estimator::Poisson)?,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOTH: [Estimator; 2] = [Estimator::NegativeBinomial, Estimator::Poisson];

    /// `C(n, k)` as a float.
    fn choose(n: u64, k: u64) -> f64 {
        (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
    }

    #[test]
    fn the_negative_binomial_is_the_posterior_of_binomial_sampling() {
        // Prior 1/F up to a bound that is far off, likelihood Bin(F, π) of f.
        for (rows, k, fraction) in [(1, 5, 0.1), (2, 5, 0.3), (4, 9, 0.5), (3, 4, 0.05)] {
            let weight = |size: u64| {
                choose(size, rows)
                    * fraction_power(fraction, rows)
                    * fraction_power(1.0 - fraction, size - rows)
                    / size as f64
            };
            let all: f64 = (rows..2_000).map(weight).sum();
            let enough: f64 = (k..2_000).map(weight).sum();
            let found =
                at_least_in_population(rows, k, fraction, Estimator::NegativeBinomial).unwrap();
            assert!((found - enough / all).abs() < 1e-9, "{rows} {k} {fraction}");
        }
    }

    fn fraction_power(base: f64, times: u64) -> f64 {
        base.powf(times as f64)
    }

    proptest! {
        #[test]
        fn a_larger_class_is_never_less_likely_to_be_large_in_the_population(
            rows in 1_u64..60, k in 1_u64..60, fraction in 0.001_f64..=1.0,
        ) {
            for estimator in BOTH {
                let now = at_least_in_population(rows, k, fraction, estimator).unwrap();
                let next = at_least_in_population(rows + 1, k, fraction, estimator).unwrap();
                let harder = at_least_in_population(rows, k + 1, fraction, estimator).unwrap();
                prop_assert!((0.0..=1.0).contains(&now));
                prop_assert!(next >= now - 1e-9, "{} {}", now, next);
                prop_assert!(harder <= now + 1e-9);
                if rows >= k {
                    prop_assert_eq!(now, 1.0);
                }
            }
        }

        #[test]
        fn the_least_rows_are_the_first_that_suffice(
            k in 1_u32..80, fraction in 0.01_f64..=1.0, confidence in 0.5_f64..0.999,
        ) {
            for estimator in BOTH {
                let least = least_rows(k, fraction, confidence, estimator);
                let enough = |rows| {
                    at_least_in_population(rows, k.into(), fraction, estimator).unwrap()
                };
                prop_assert!(least <= u64::from(k).max(1));
                prop_assert!(enough(least) >= confidence - 1e-9);
                prop_assert!(least == 1 || enough(least - 1) < confidence + 1e-9);
            }
        }
    }

    #[test]
    fn a_whole_population_is_its_own_sample() {
        for estimator in BOTH {
            assert_eq!(at_least_in_population(4, 5, 1.0, estimator).unwrap(), 0.0);
            assert_eq!(at_least_in_population(5, 5, 1.0, estimator).unwrap(), 1.0);
        }
        let classes = ClassSizes::from_sizes([4, 6]);
        let below = below_in_population(&classes, 5, 1.0).unwrap();
        assert_eq!((below.negative_binomial, below.poisson), (0.4, 0.4));
        assert!(below_in_population(&classes, 5, 0.0).is_err());
        assert!(below_in_population(&ClassSizes::default(), 5, 0.5).is_err());
    }

    #[test]
    fn tiny_fractions_and_large_classes_lose_no_digits() {
        // The mean is 199,800 and the spread small: 100,000 is far below.
        for estimator in BOTH {
            let enough = at_least_in_population(200, 100_000, 0.001, estimator).unwrap();
            assert!(enough > 0.999_999, "{enough}");
            let enough = at_least_in_population(200, 400_000, 0.001, estimator).unwrap();
            assert!(enough < 1e-6, "{enough}");
        }
    }
}

//! How many records are alone in the whole population, estimated from a sample.
//!
//! No estimator is right for every table, so all are shown, and the answer is the
//! interval from the least to the greatest. Where a register of the whole
//! population is at hand, count there instead.
//!
//! Notation: `N` and `n` rows of the population and the sample, `f = n / N`, `u`
//! classes of the sample, `c_i` those of `i` rows.

use serde::{Deserialize, Serialize};

use super::{ClassSizes, RiskError};

/// Estimated numbers of records that are unique in the population; `None` where an
/// estimator has no answer for this table.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PopulationUniques {
    /// Pitman's sampling formula: `Γ(θ + 1) / Γ(θ + α) · N^α`, with `θ` and `α` of the
    /// greatest likelihood. Tends to be too low in small samples.
    pub pitman: Option<f64>,
    /// Zayatz: `c_1 / f` times the chance that a class of one row is one in the
    /// population, the sizes of the sample taken for those of the population.
    pub zayatz: Option<f64>,
    /// Shifted negative binomial: `K · β^α`, `K` being Shlosser's number of classes of
    /// the population, `α` and `β` fitted to `c_1` and `c_2`.
    pub snb: Option<f64>,
}

impl PopulationUniques {
    /// Least and greatest estimate; `None` if there is none.
    pub fn interval(&self) -> Option<(f64, f64)> {
        let values = [self.pitman, self.zayatz, self.snb].into_iter().flatten();
        values.fold(None, |range, value| {
            let (low, high) = range.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        })
    }
}

/// Estimates how many records are unique in the population, in `[0, N]`.
///
/// - `fraction`: the share `f` of the population that is in the table, in `(0, 1]`.
///
/// # Errors
///
/// [`RiskError::NoRecords`], [`RiskError::NoShare`].
///
/// # Source
///
/// Hoshino, "Applying Pitman's sampling formula to microdata disclosure risk
/// assessment", JOS 17, 2001; Zayatz, "Estimation of the percent of unique
/// population elements on a microdata file using the sample", US Census 1991;
/// Chen & Keller-McNulty, "Estimation of identification disclosure risk in
/// microdata", JOS 14, 1998; Haas & Stokes, JASA 93, 1998 (Shlosser).
pub fn population_uniques(
    classes: &ClassSizes,
    fraction: f64,
) -> Result<PopulationUniques, RiskError> {
    classes.require()?;
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(RiskError::NoShare { name: "fraction", value: fraction });
    }
    let singles = classes.of_size(1) as f64;
    if singles == 0.0 {
        let none = Some(0.0);
        return Ok(PopulationUniques { pitman: none, zayatz: none, snb: none });
    }
    if fraction >= 1.0 {
        let all = Some(singles);
        return Ok(PopulationUniques { pitman: all, zayatz: all, snb: all });
    }
    let population = classes.rows() as f64 / fraction;
    let sensible = |value: &f64| value.is_finite() && (0.0..=population).contains(value);
    Ok(PopulationUniques {
        pitman: pitman(classes, population).filter(sensible),
        zayatz: Some(zayatz(classes, population)).filter(sensible),
        snb: snb(classes, fraction).filter(sensible),
    })
}

fn pitman(classes: &ClassSizes, population: f64) -> Option<f64> {
    let (rows, number) = (classes.rows() as f64, classes.classes() as f64);
    if number < 2.0 || number >= rows {
        return None;
    }
    // ∂L/∂θ, falling in θ.
    let by_theta = |theta: f64, alpha: f64| {
        let classes = (digamma(theta / alpha + number) - digamma(theta / alpha + 1.0)) / alpha;
        classes - (digamma(theta + rows) - digamma(theta + 1.0))
    };
    let theta_of = |alpha: f64| {
        // θ may be anything above −α.
        let theta = |log: f64| log.exp() - alpha;
        zero(-40.0, rows.ln() + 12.0, |log| by_theta(theta(log), alpha)).map(theta)
    };
    // ∂L/∂α at the best θ.
    let by_alpha = |alpha: f64| {
        let theta = theta_of(alpha)?;
        let sum = (digamma(theta / alpha + number) - digamma(theta / alpha + 1.0)) / alpha;
        let upper = (number - 1.0 - theta * sum) / alpha;
        let lower: f64 = classes
            .iter()
            .filter(|(size, _)| *size > 1)
            .map(|(size, count)| {
                count as f64 * (digamma(size as f64 - alpha) - digamma(1.0 - alpha))
            })
            .sum();
        Some(upper - lower)
    };
    let alpha = zero(1e-3, 1.0 - 1e-6, |alpha| by_alpha(alpha).unwrap_or(f64::NAN))?;
    let theta = theta_of(alpha)?;
    Some((ln_gamma(theta + 1.0) - ln_gamma(theta + alpha) + alpha * population.ln()).exp())
}

fn zayatz(classes: &ClassSizes, population: f64) -> f64 {
    let rows = classes.rows() as f64;
    // Probability that exactly one of `size` rows is in the sample.
    let one = |size: f64| {
        let choose = |from: f64, some: f64| {
            ln_gamma(from + 1.0) - ln_gamma(some + 1.0) - ln_gamma(from - some + 1.0)
        };
        if population - size < rows - 1.0 {
            return 0.0;
        }
        size * (choose(population - size, rows - 1.0) - choose(population, rows)).exp()
    };
    let all: f64 = classes.iter().map(|(size, count)| count as f64 * one(size as f64)).sum();
    let singles = classes.of_size(1) as f64;
    singles * (singles * one(1.0) / all) * population / rows
}

fn snb(classes: &ClassSizes, f: f64) -> Option<f64> {
    let (singles, pairs) = (classes.of_size(1) as f64, classes.of_size(2) as f64);
    if pairs == 0.0 {
        return None;
    }
    let q = 1.0 - f;
    let sum = |part: &dyn Fn(f64) -> f64| -> f64 {
        classes.iter().map(|(size, count)| count as f64 * part(size as f64)).sum()
    };
    let seen = sum(&|i| i * f * f * (1.0 - f * f).powf(i - 1.0))
        / sum(&|i| q.powf(i) * ((1.0 + f).powf(i) - 1.0));
    let unseen = sum(&|i| q.powf(i)) / sum(&|i| i * f * q.powf(i - 1.0));
    let total = classes.classes() as f64 + singles * seen * unseen * unseen;
    // For each β the α that gives c_2 / c_1; then the β that gives c_1.
    let alpha_of = |beta: f64| {
        let (b, d) = (1.0 - beta, q * (1.0 - beta));
        let odds = d / (1.0 - d);
        let ratio = |alpha: f64| {
            f / 2.0 * alpha * b / (1.0 - d) * (2.0 + (alpha + 1.0) * odds) / (1.0 + alpha * odds)
        };
        zero(-40.0, 40.0, |log| ratio(log.exp()) - pairs / singles).map(f64::exp)
    };
    let excess = |beta: f64| {
        let Some(alpha) = alpha_of(beta) else { return f64::NAN };
        let d = q * (1.0 - beta);
        let share = (beta / (1.0 - d)).powf(alpha) * (1.0 + alpha * d / (1.0 - d));
        total * f * share - singles
    };
    let beta = zero(-30.0, -1e-9, |log| excess(log.exp())).map(f64::exp)?;
    Some(total * beta.powf(alpha_of(beta)?))
}

/// A zero of a function between two places, by halving; `None` if its signs there
/// do not differ.
fn zero(mut low: f64, mut high: f64, function: impl Fn(f64) -> f64) -> Option<f64> {
    let (first, last) = (function(low), function(high));
    if first.is_nan() || last.is_nan() || first * last > 0.0 {
        return None;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if (function(middle) > 0.0) == (first > 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(f64::midpoint(low, high))
}

/// Logarithm of the gamma function for positive numbers: recurrence up to 10, then
/// Stirling's series.
///
/// Source: Abramowitz & Stegun, 6.1.41.
fn ln_gamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 10.0 {
        shift -= x.ln();
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series =
        (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x;
    shift + (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series
}

/// Derivative of [`ln_gamma`].
///
/// Source: Abramowitz & Stegun, 6.3.18.
fn digamma(mut x: f64) -> f64 {
    let mut shift = 0.0;
    while x < 10.0 {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series =
        square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square / 240.0)));
    shift + x.ln() - 0.5 / x - series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_functions_equal_their_tables() {
        // Abramowitz & Stegun, tables 6.1 and 6.3.
        assert!((ln_gamma(1.5) - -0.120_782_237_635_245_2).abs() < 1e-12);
        assert!((ln_gamma(101.0) - 363.739_375_555_563_5).abs() < 1e-9);
        assert!((digamma(1.0) - -0.577_215_664_901_532_9).abs() < 1e-12);
        assert!((digamma(1.5) - 0.036_489_973_978_576_52).abs() < 1e-12);
    }
}

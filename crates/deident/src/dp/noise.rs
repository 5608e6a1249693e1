//! Noise of a stated distribution, from a sensitivity and a price.

use num_bigint::{BigInt, BigUint};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};

use super::sampling::{discrete_gaussian, discrete_laplace};
use super::{Cost, Delta, Epsilon, Rho};

/// Which noise, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Noise {
    /// Discrete Laplace noise (also called two-sided geometric), for pure ε.
    Laplace {
        /// ε, above 0.
        epsilon: Epsilon,
    },
    /// Discrete Gaussian noise, for zCDP.
    Gaussian {
        /// ρ, above 0.
        rho: Rho,
    },
}

impl Noise {
    /// What it costs.
    pub fn cost(self) -> Cost {
        match self {
            Self::Laplace { epsilon } => Cost::Pure { epsilon },
            Self::Gaussian { rho } => Cost::Concentrated { rho, delta: Delta::ZERO },
        }
    }

    /// The distribution that hides a change by `sensitivity` steps; `None` if the price
    /// or the sensitivity is 0.
    pub fn distribution(self, sensitivity: u128) -> Option<Distribution> {
        match self {
            Self::Laplace { epsilon } => {
                DiscreteLaplace::new(sensitivity, epsilon).map(Distribution::Laplace)
            }
            Self::Gaussian { rho } => {
                DiscreteGaussian::new(sensitivity, rho).map(Distribution::Gaussian)
            }
        }
    }
}

/// The discrete Laplace distribution on the integers, `P(x) ∝ exp(−|x|·ε/Δ)`.
///
/// # Source
///
/// Ghosh, Roughgarden & Sundararajan, "Universally utility-maximizing privacy
/// mechanisms", STOC 2009; sampled as in Canonne, Kamath & Steinke, `NeurIPS` 2020.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscreteLaplace {
    sensitivity: u128,
    epsilon: Epsilon,
}

impl DiscreteLaplace {
    /// The distribution of scale `sensitivity / epsilon`; `None` if one of them is 0.
    pub fn new(sensitivity: u128, epsilon: Epsilon) -> Option<Self> {
        (sensitivity > 0 && epsilon > Epsilon::ZERO).then_some(Self { sensitivity, epsilon })
    }

    /// The scale `Δ/ε`, in steps.
    pub fn scale(&self) -> f64 {
        self.sensitivity as f64 / self.epsilon.as_f64()
    }

    /// The logarithm of the probability of `x`:
    /// `ln((1 − e^−λ)/(1 + e^−λ)) − λ·|x|` with `λ = ε/Δ`.
    pub fn ln_probability(&self, x: i64) -> f64 {
        let rate = 1.0 / self.scale();
        (rate / 2.0).tanh().ln() - rate * x.unsigned_abs() as f64
    }

    /// `P(X ≥ x)` for `x ≥ 1`: `e^−λx / (1 + e^−λ)`.
    pub fn tail(&self, x: u64) -> f64 {
        let rate = 1.0 / self.scale();
        (-rate * x as f64).exp() / (1.0 + (-rate).exp())
    }

    /// The least whole `a` with `P(|X| > a) ≤ alpha`, in steps.
    pub fn half_width(&self, alpha: f64) -> f64 {
        self.least_tail(alpha / 2.0) - 1.0
    }

    /// The least whole `x ≥ 1` with `P(X ≥ x) ≤ chance`, in steps; a relative 10⁻¹² more
    /// is asked for, so that rounding never makes it too small.
    pub(super) fn least_tail(&self, chance: f64) -> f64 {
        let rate = 1.0 / self.scale();
        let exact = -(chance.ln() + (-rate).exp().ln_1p()) / rate;
        (exact * (1.0 + 1e-12)).ceil().max(1.0)
    }

    /// An exact draw.
    pub fn sample<R: CryptoRng + ?Sized>(&self, rng: &mut R) -> i128 {
        let t = BigUint::from(self.sensitivity) * 1_000_000_000_u64;
        clamped(&discrete_laplace(&t, &BigUint::from(self.epsilon.billionths()), rng))
    }
}

/// The discrete Gaussian distribution on the integers, `P(x) ∝ exp(−x²/2σ²)`, with
/// `σ² = Δ²/2ρ`.
///
/// # Source
///
/// Canonne, Kamath & Steinke, "The discrete Gaussian for differential privacy",
/// `NeurIPS` 2020, theorem 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscreteGaussian {
    sensitivity: u128,
    rho: Rho,
}

impl DiscreteGaussian {
    /// The distribution for a change by `sensitivity` (in Euclidean length) at ρ; `None`
    /// if one of them is 0.
    pub fn new(sensitivity: u128, rho: Rho) -> Option<Self> {
        (sensitivity > 0 && rho > Rho::ZERO).then_some(Self { sensitivity, rho })
    }

    /// The parameter `σ = Δ/√(2ρ)`, in steps. The standard deviation is never above it.
    pub fn scale(&self) -> f64 {
        self.sensitivity as f64 / (2.0 * self.rho.as_f64()).sqrt()
    }

    /// The logarithm of the probability of `x`, its sum taken over the integers within
    /// 40 σ. For `σ` up to about 10⁵; beyond, the sum takes long.
    pub fn ln_probability(&self, x: i64) -> f64 {
        let variance = self.scale() * self.scale();
        let log = |x: f64| -x * x / (2.0 * variance);
        let mut sum = 1.0;
        let mut next = 1.0;
        while next <= 40.0 * self.scale() + 1.0 {
            sum += 2.0 * log(next).exp();
            next += 1.0;
        }
        log(x as f64) - sum.ln()
    }

    /// A whole `a` with `P(|X| > a) ≤ alpha`, in steps: the least whole number that is at
    /// least the quantile of the continuous distribution.
    ///
    /// # Source
    ///
    /// Canonne, Kamath & Steinke, `NeurIPS` 2020, proposition 25: `P(X ≥ m)` is at most
    /// that a continuous Gaussian is `≥ m − 1`.
    pub fn half_width(&self, alpha: f64) -> f64 {
        (self.scale() * normal_quantile(1.0 - alpha / 2.0) * (1.0 + 1e-9)).ceil()
    }

    /// An exact draw.
    pub fn sample<R: CryptoRng + ?Sized>(&self, rng: &mut R) -> i128 {
        let sensitivity = BigUint::from(self.sensitivity);
        let a = &sensitivity * &sensitivity * 1_000_000_000_u64;
        let b = BigUint::from(self.rho.billionths()) * 2_u8;
        clamped(&discrete_gaussian(&a, &b, rng))
    }
}

/// The noise that is added to one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distribution {
    /// Discrete Laplace.
    Laplace(DiscreteLaplace),
    /// Discrete Gaussian.
    Gaussian(DiscreteGaussian),
}

impl Distribution {
    /// `Δ/ε` or `σ`, in steps.
    pub fn scale(&self) -> f64 {
        match self {
            Self::Laplace(laplace) => laplace.scale(),
            Self::Gaussian(gaussian) => gaussian.scale(),
        }
    }

    /// A whole `a` with `P(|X| > a) ≤ alpha`, in steps.
    pub fn half_width(&self, alpha: f64) -> f64 {
        match self {
            Self::Laplace(laplace) => laplace.half_width(alpha),
            Self::Gaussian(gaussian) => gaussian.half_width(alpha),
        }
    }

    /// An exact draw.
    pub fn sample<R: CryptoRng + ?Sized>(&self, rng: &mut R) -> i128 {
        match self {
            Self::Laplace(laplace) => laplace.sample(rng),
            Self::Gaussian(gaussian) => gaussian.sample(rng),
        }
    }
}

/// A draw as a machine number; one beyond 2¹²⁷ (which no one will ever see) stays at
/// the end, which is further processing of the draw and costs nothing.
fn clamped(drawn: &BigInt) -> i128 {
    let end = if drawn.magnitude() == &BigUint::ZERO || drawn > &BigInt::ZERO {
        i128::MAX
    } else {
        i128::MIN
    };
    i128::try_from(drawn).unwrap_or(end)
}

/// The quantile of the standard normal distribution for `p` in `[0.5, 1)`, by halving
/// on the complementary error function.
///
/// Source: Abramowitz & Stegun, 26.2.1 (definition) and 7.1.6 (series of erf).
fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 6.0_f64);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if normal_below(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// `P(Z ≤ x)` for `x` in `[0, 6]`: `½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …)`.
///
/// Source: Abramowitz & Stegun, 26.2.11.
fn normal_below(x: f64) -> f64 {
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term > sum * 1e-17 {
        odd += 2.0;
        term *= x * x / odd;
        sum += term;
    }
    0.5 + sum * (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles_equal_their_table() {
        // Abramowitz & Stegun, table 26.5.
        assert!((normal_quantile(0.975) - 1.959_963_984_5).abs() < 1e-9);
        assert!((normal_quantile(0.9875) - 2.241_402_727_6).abs() < 1e-9);
        assert!((normal_quantile(0.5)).abs() < 1e-9);
    }
}

//! Rates of success and their intervals, the same arithmetic for every attack.

use serde::{Deserialize, Serialize};

/// Successes among trials with Wilson's score interval.
///
/// The interval is `centre ± error` with
/// `centre = (s + z²/2) / (n + z²)`, `error = z / (n + z²) · √(s(n − s)/n + z²/4)`, cut to
/// `[0, 1]`; it is sensible also for 0 of n and n of n. With no trials it is `[0, 1]`:
/// nothing is known.
///
/// # Source
///
/// Wilson, "Probable inference, the law of succession, and statistical inference",
/// JASA 22, 1927.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Trials that succeeded.
    pub successes: u64,
    /// Trials.
    pub trials: u64,
    /// `successes / trials`; 0 if there were none.
    pub share: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// Quantile of the normal distribution for intervals of 95 %.
pub const Z_95: f64 = 1.959_963_984_540_054;

impl Rate {
    /// A rate with its interval of 95 %.
    ///
    /// ```
    /// # use deident::attack::Rate;
    /// // 10 of 100: Wilson's interval is 0.055 to 0.174.
    /// let rate = Rate::new(10, 100);
    /// assert!((rate.low - 0.0552).abs() < 1e-4 && (rate.high - 0.1744).abs() < 1e-4);
    /// ```
    pub fn new(successes: u64, trials: u64) -> Self {
        Self::at(successes, trials, Z_95)
    }

    /// A rate with the interval of another quantile `z` of the normal distribution.
    pub fn at(successes: u64, trials: u64, z: f64) -> Self {
        let share = if trials == 0 { 0.0 } else { successes as f64 / trials as f64 };
        let (centre, error) = wilson(successes, trials, z);
        let (low, high) = if trials == 0 {
            (0.0, 1.0)
        } else {
            ((centre - error).max(0.0), (centre + error).min(1.0))
        };
        Self { successes, trials, share, low, high }
    }

    fn wilson(&self) -> (f64, f64) {
        wilson(self.successes, self.trials, Z_95)
    }
}

/// Centre and half width of Wilson's interval.
///
/// Source: as [`Rate`].
fn wilson(successes: u64, trials: u64, z: f64) -> (f64, f64) {
    if trials == 0 {
        return (0.5, 0.5);
    }
    let (s, n, z2) = (successes as f64, trials as f64, z * z);
    let centre = (s + z2 / 2.0) / (n + z2);
    let error = z / (n + z2) * (s * (n - s) / n + z2 / 4.0).max(0.0).sqrt();
    (centre, error)
}

/// What an attack finds out beyond what is true of everyone: the success against the
/// persons of the table less that against persons who are not in it.
///
/// `value = (a − c) / (1 − c)`, `a` and `c` the centres of the two intervals; its error
/// is theirs, carried on: `√((e_a / (1 − c))² + ((a − 1) e_c / (1 − c)²)²)`. All are cut to
/// `[0, 1]`.
///
/// # Source
///
/// Giomi et al., "A unified framework for quantifying privacy risk in synthetic data",
/// PETS 2023(2).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// Best estimate.
    pub value: f64,
    /// Lower end of the interval of 95 %.
    pub low: f64,
    /// Upper end of the interval of 95 %: what a release is judged by.
    pub high: f64,
}

impl Risk {
    /// The risk from the success against the table and, where there is one, against the
    /// control. Where the control was attacked with full success nothing can be said:
    /// the risk is then between 0 and 1.
    pub fn of(attack: &Rate, control: Option<&Rate>) -> Self {
        if attack.trials == 0 {
            return Self { value: 0.0, low: 0.0, high: 1.0 };
        }
        let (a, error_a) = attack.wilson();
        let Some(control) = control.filter(|control| control.trials > 0) else {
            return Self::within(a, error_a);
        };
        if control.successes == control.trials {
            return Self { value: 0.0, low: 0.0, high: 1.0 };
        }
        let (c, error_c) = control.wilson();
        let rest = 1.0 - c;
        let from_attack = error_a / rest;
        let from_control = (a - 1.0) * error_c / (rest * rest);
        Self::within((a - c) / rest, from_attack.hypot(from_control))
    }

    fn within(value: f64, error: f64) -> Self {
        let cut = |number: f64| number.clamp(0.0, 1.0);
        Self { value: cut(value), low: cut(value - error), high: cut(value + error) }
    }
}

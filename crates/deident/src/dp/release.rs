//! Puts noise on what was gathered, and says what was done.

use num_bigint::BigUint;
use rand::CryptoRng;
use serde::{Deserialize, Serialize};

use super::choose::{Group, choose};
use super::collector::{Collector, Tally, middle, sensitivity};
use super::grid::Grid;
use super::noise::Distribution;
use super::query::{Fraction, threshold};
use super::{Categories, Cost, DpError, Noise, Permit, Query, Statistic};

/// One minus the probability of each interval.
const ALPHA: f64 = 0.05;

/// A figure with noise, and where the figure without it lies with probability 0.95 — the
/// figure *of the clamped values and kept rows*. How much clamping changed is not told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noisy {
    /// The figure with noise; counts may be negative.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of the 95 % interval.
    pub high: f64,
}

/// A category with its count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryCount {
    /// The category, as listed or as found; for edges `<18`, `[18, 65)`, `≥65`.
    pub category: String,
    /// Its count; the interval holds for each category by itself.
    pub count: Noisy,
}

/// What is released.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// A count or a sum.
    Figure {
        /// The figure.
        figure: Noisy,
    },
    /// A mean, within the bounds.
    Mean {
        /// The mean; its interval follows from those of sum and count at 97.5 % each.
        mean: Noisy,
        /// The noisy sum of the distances from the middle of the bounds.
        sum: Noisy,
        /// The noisy count.
        count: Noisy,
    },
    /// A quantile.
    Quantile {
        /// A grid point within the bounds.
        value: f64,
        /// With probability 0.95 the rows below the value miss the quantile by at most so
        /// many rows more than the best grid point does.
        rank_error: f64,
    },
    /// A histogram.
    Histogram {
        /// Listed categories in their order, others by name.
        counts: Vec<CategoryCount>,
        /// The noisy count from which an unlisted category is shown. The interval of a
        /// category that is shown because its noise was high does not hold 0.95.
        #[serde(default)]
        threshold: Option<f64>,
    },
}

/// The name of a distribution or choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MechanismName {
    /// Discrete Laplace noise.
    DiscreteLaplace,
    /// Discrete Gaussian noise.
    DiscreteGaussian,
    /// The exponential mechanism.
    Exponential,
}

/// How one figure was made private.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mechanism {
    /// Which mechanism.
    pub name: MechanismName,
    /// `Δ/ε` of Laplace noise, `σ` of Gaussian noise, `2Δ/ε` of the exponential mechanism, in
    /// units of the figure (of the rank, for quantiles).
    pub scale: f64,
    /// `Δ`: most change of the figure by one person, in the same units.
    pub sensitivity: f64,
    /// How the sensitivity follows from what the caller stated.
    pub derivation: String,
    /// What this figure cost.
    pub cost: Cost,
}

/// An answer with all that is needed to judge it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Release {
    /// The dataset of the ledger.
    pub dataset: String,
    /// The entry that paid for it.
    pub entry: u64,
    /// What was asked: unit, bounds, categories.
    pub query: Query,
    /// What was spent in all.
    pub cost: Cost,
    /// The mechanism of each figure: one, or two for a mean (sum, count).
    pub mechanisms: Vec<Mechanism>,
    /// The answer.
    pub answer: Answer,
}

impl Collector {
    /// Draws the noise and releases the answer. This uses up the permit; from here on the
    /// cost stays, whatever happens.
    ///
    /// - `rng`: cryptographically secure; in production the system's
    ///   (`rand::rngs::SysRng` through `UnwrapErr`), in tests one with a fixed seed.
    ///
    /// # Errors
    ///
    /// [`DpError::Permit`] if another cost was reserved than [`Collector::cost`]; no noise
    /// was drawn then, and the reserved cost stays.
    pub fn release<R: CryptoRng + ?Sized>(
        self,
        permit: Permit,
        rng: &mut R,
    ) -> Result<Release, DpError> {
        let cost = self.cost();
        let (dataset, entry, permitted) = permit.used();
        if permitted != cost {
            return Err(DpError::Permit { permitted, asked: cost });
        }
        let (query, tally, names) = self.into_parts();
        let (change, derivation) = sensitivity(&query)?;
        let rows = query.unit.most_rows();
        let no_price = || DpError::NoCost { statistic: query.statistic.name() };
        let priced = |noise: Noise, change| noise.distribution(change).ok_or_else(no_price);
        let (answer, mechanisms) = match (&query.statistic, tally) {
            (Statistic::Count { noise }, Tally::Sum { rows, .. }) => {
                let noise = Drawn { noise: *noise, with: priced(*noise, change)?, unit: 1.0 };
                let figure = noise.put_on(i128::from(rows), ALPHA, rng);
                (Answer::Figure { figure }, vec![noise.mechanism(change, derivation)])
            }
            (Statistic::Sum { noise, .. }, Tally::Sum { sum, .. }) => {
                let unit = query.statistic.grid()?.map_or(1.0, |grid| grid.value(1.0));
                let noise = Drawn { noise: *noise, with: priced(*noise, change)?, unit };
                let figure = noise.put_on(sum, ALPHA, rng);
                (Answer::Figure { figure }, vec![noise.mechanism(change, derivation)])
            }
            (
                Statistic::Mean { sum: sum_noise, count: count_noise, .. },
                Tally::Sum { rows: counted, sum },
            ) => {
                let Some(grid) = query.statistic.grid()? else { return Err(no_price()) };
                let with = priced(*sum_noise, change)?;
                let of_sum = Drawn { noise: *sum_noise, with, unit: grid.value(1.0) };
                let with = priced(*count_noise, u128::from(rows))?;
                let of_count = Drawn { noise: *count_noise, with, unit: 1.0 };
                let why = format!("至多 {rows} 行 at most {rows} rows a person");
                let mechanisms = vec![
                    of_sum.mechanism(change, derivation),
                    of_count.mechanism(rows.into(), why),
                ];
                let sum = of_sum.put_on(sum, ALPHA / 2.0, rng);
                let count = of_count.put_on(i128::from(counted), ALPHA / 2.0, rng);
                (Answer::Mean { mean: mean(&grid, sum, count), sum, count }, mechanisms)
            }
            (Statistic::Quantile { quantile, epsilon, .. }, Tally::Values(values)) => {
                let Some(grid) = query.statistic.grid()? else { return Err(no_price()) };
                let fraction = Fraction::of(*quantile)?;
                let groups = groups(&grid, &values, fraction);
                let numerator = BigUint::from(epsilon.billionths());
                let denominator = BigUint::from(change) * 2_000_000_000_u64;
                let chosen = choose(&groups, &numerator, &denominator, rng).unwrap_or(grid.lower);
                let parts = f64::from(fraction.denominator);
                let scale = 2.0 * change as f64 / epsilon.as_f64() / parts;
                let candidates = (grid.upper.abs_diff(grid.lower) + 1) as f64;
                let mechanism = Mechanism {
                    name: MechanismName::Exponential,
                    scale,
                    sensitivity: change as f64 / parts,
                    derivation,
                    cost,
                };
                let rank_error = scale * (candidates / ALPHA).ln();
                let value = grid.value(chosen as f64);
                (Answer::Quantile { value, rank_error }, vec![mechanism])
            }
            (Statistic::Histogram { categories, noise, .. }, Tally::Categories(counts)) => {
                let drawn = Drawn { noise: *noise, with: priced(*noise, change)?, unit: 1.0 };
                let answer = histogram(categories, &names, &counts, &drawn, rows, rng);
                let mut mechanism = drawn.mechanism(change, derivation);
                mechanism.cost = cost;
                (answer, vec![mechanism])
            }
            _ => return Err(no_price()),
        };
        Ok(Release { dataset, entry, query, cost, mechanisms, answer })
    }
}

/// Noise for a figure whose steps have a size.
struct Drawn {
    noise: Noise,
    with: Distribution,
    unit: f64,
}

impl Drawn {
    fn put_on<R: CryptoRng + ?Sized>(&self, exact: i128, alpha: f64, rng: &mut R) -> Noisy {
        self.around(exact.saturating_add(self.with.sample(rng)), alpha)
    }

    fn around(&self, steps: i128, alpha: f64) -> Noisy {
        let (steps, away) = (steps as f64, self.with.half_width(alpha));
        Noisy {
            value: steps * self.unit,
            low: (steps - away) * self.unit,
            high: (steps + away) * self.unit,
        }
    }

    fn mechanism(&self, change: u128, derivation: String) -> Mechanism {
        Mechanism {
            name: match self.with {
                Distribution::Laplace(_) => MechanismName::DiscreteLaplace,
                Distribution::Gaussian(_) => MechanismName::DiscreteGaussian,
            },
            scale: self.with.scale() * self.unit,
            sensitivity: change as f64 * self.unit,
            derivation,
            cost: self.noise.cost(),
        }
    }
}

/// The middle plus sum / count, within the bounds; further processing of both.
fn mean(grid: &Grid, sum: Noisy, count: Noisy) -> Noisy {
    let (lower, upper) = (grid.value(grid.lower as f64), grid.value(grid.upper as f64));
    let middle = grid.value(middle(grid) as f64);
    let value = (middle + sum.value / count.value.max(1.0)).clamp(lower, upper);
    if count.low < 1.0 {
        return Noisy { value, low: lower, high: upper };
    }
    let least = (sum.low / count.low).min(sum.low / count.high);
    let most = (sum.high / count.low).max(sum.high / count.high);
    Noisy {
        value,
        low: (middle + least).clamp(lower, upper),
        high: (middle + most).clamp(lower, upper),
    }
}

/// Every grid point with its loss `|below · (d − n) − above · n|` for the quantile `n/d`,
/// `below` and `above` being the rows on either side of it.
fn groups(
    grid: &Grid,
    values: &std::collections::BTreeMap<i64, u64>,
    fraction: Fraction,
) -> Vec<Group> {
    let (under, over) =
        (u128::from(fraction.denominator - fraction.numerator), u128::from(fraction.numerator));
    let loss = |below: u128, above: u128| (below * under).abs_diff(above * over);
    let rows: u128 = values.values().map(|count| u128::from(*count)).sum();
    let mut groups = Vec::with_capacity(2 * values.len() + 1);
    let (mut next, mut below) = (grid.lower, 0_u128);
    for (value, count) in values {
        if *value > next {
            let width = value.abs_diff(next);
            groups.push(Group { first: next, width, loss: loss(below, rows - below) });
        }
        let count = u128::from(*count);
        groups.push(Group { first: *value, width: 1, loss: loss(below, rows - below - count) });
        below += count;
        next = value + 1;
    }
    if next <= grid.upper {
        let width = grid.upper.abs_diff(next) + 1;
        groups.push(Group { first: next, width, loss: loss(below, rows - below) });
    }
    groups
}

fn histogram<R: CryptoRng + ?Sized>(
    categories: &Categories,
    found: &[String],
    counts: &[u64],
    drawn: &Drawn,
    most_rows: u32,
    rng: &mut R,
) -> Answer {
    let mut noisy = |count: u64| drawn.put_on(i128::from(count), ALPHA, rng);
    let mut all = |names: Vec<String>| -> Vec<CategoryCount> {
        let named = names.into_iter().zip(counts);
        named.map(|(category, count)| CategoryCount { category, count: noisy(*count) }).collect()
    };
    match (categories, &drawn.with) {
        (Categories::Unlisted { delta }, Distribution::Laplace(laplace)) => {
            let least = threshold(laplace, most_rows, *delta);
            let mut present: Vec<(&String, u64)> =
                found.iter().zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect();
            present.sort_unstable();
            let counts = present
                .into_iter()
                .map(|(name, count)| CategoryCount { category: name.clone(), count: noisy(count) })
                .filter(|category| category.count.value >= least)
                .collect();
            Answer::Histogram { counts, threshold: Some(least) }
        }
        (Categories::Listed { names }, _) => {
            Answer::Histogram { counts: all(names.clone()), threshold: None }
        }
        (Categories::Between { edges }, _) => {
            let mut names: Vec<String> =
                edges.iter().take(1).map(|edge| format!("<{edge}")).collect();
            names
                .extend(edges.iter().zip(edges.iter().skip(1)).map(|(a, b)| format!("[{a}, {b})")));
            names.extend(edges.last().map(|edge| format!("≥{edge}")));
            Answer::Histogram { counts: all(names), threshold: None }
        }
        // Refused by `Query::cost`: a threshold is for Laplace noise only.
        (Categories::Unlisted { .. }, _) => {
            Answer::Histogram { counts: Vec::new(), threshold: None }
        }
    }
}

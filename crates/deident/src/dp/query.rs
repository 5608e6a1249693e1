//! What is asked: a statistic, whom it protects, and at what price.

use serde::{Deserialize, Serialize};

use super::grid::Grid;
use super::noise::DiscreteLaplace;
use super::{Bounds, Cost, Decimal, Delta, DpError, Epsilon, Noise};

/// Whom an answer protects. There is no default: the caller knows how persons and rows
/// belong together, and the table does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Unit {
    /// The caller vouches that each person has one row at most.
    OneRowOnePerson,
    /// A column names the person of each row. Rows without a person are not counted.
    Person {
        /// The column.
        column: String,
        /// Most rows of one person that count, at least 1; others are dropped.
        most_rows: u32,
    },
}

impl Unit {
    /// Most rows by which two neighbouring tables differ.
    pub(super) fn most_rows(&self) -> u32 {
        match self {
            Self::OneRowOnePerson => 1,
            Self::Person { most_rows, .. } => *most_rows,
        }
    }
}

/// The categories of a histogram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Categories {
    /// A list that is known from outside the table. Each is released, with none as with
    /// many rows; other values are not counted.
    Listed {
        /// The categories, each once.
        names: Vec<String>,
    },
    /// Half-open intervals between edges that are known from outside the table, with one
    /// below the first and one from the last on.
    Between {
        /// The edges, strictly increasing.
        edges: Vec<Decimal>,
    },
    /// Whatever the table holds. A category is shown only if its noisy count reaches a
    /// threshold; that one person's category is shown all the same has at most the
    /// probability δ.
    Unlisted {
        /// δ, between 0 and 0.5.
        delta: Delta,
    },
}

/// What is computed. Nulls, and what is no number where a number is needed, are not
/// counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "statistic", rename_all = "snake_case")]
pub enum Statistic {
    /// How many rows. With a person column and one row a person: how many persons.
    Count {
        /// The noise.
        noise: Noise,
    },
    /// The sum of the clamped values.
    Sum {
        /// The column.
        column: String,
        /// Its bounds; required, and an option only so that their absence is explained.
        bounds: Option<Bounds>,
        /// The noise.
        noise: Noise,
    },
    /// The mean of the clamped values: the middle of the bounds, plus a noisy sum of the
    /// distances from it divided by a noisy count.
    Mean {
        /// The column.
        column: String,
        /// Its bounds; required.
        bounds: Option<Bounds>,
        /// The noise of the sum: the first part of the price.
        sum: Noise,
        /// The noise of the count: the second part of the price.
        count: Noise,
    },
    /// A quantile of the clamped values, by the exponential mechanism over the grid.
    Quantile {
        /// The column.
        column: String,
        /// Its bounds; required.
        bounds: Option<Bounds>,
        /// Which quantile, in (0, 1), at most 4 places; 0.5 is the median.
        quantile: Decimal,
        /// ε, above 0.
        epsilon: Epsilon,
    },
    /// How many rows in each category.
    Histogram {
        /// The column.
        column: String,
        /// Its categories.
        categories: Categories,
        /// The noise of each count. A person is in few categories, so that all counts
        /// together cost as much as one.
        noise: Noise,
    },
}

/// One query with its price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Whom it protects.
    pub unit: Unit,
    /// What is computed.
    #[serde(flatten)]
    pub statistic: Statistic,
}

impl Query {
    /// What the answer costs, whatever the table holds.
    ///
    /// # Errors
    ///
    /// The [`DpError`]s of a query that cannot be answered: no bounds, bounds off the
    /// grid, no price, no categories, no rows.
    pub fn cost(&self) -> Result<Cost, DpError> {
        self.check()?;
        Ok(match &self.statistic {
            Statistic::Count { noise } | Statistic::Sum { noise, .. } => noise.cost(),
            Statistic::Mean { sum, count, .. } => sum.cost().and(count.cost()),
            Statistic::Quantile { epsilon, .. } => Cost::Pure { epsilon: *epsilon },
            Statistic::Histogram {
                categories: Categories::Unlisted { delta },
                noise: Noise::Laplace { epsilon },
                ..
            } => Cost::Approximate { epsilon: *epsilon, delta: *delta },
            Statistic::Histogram { noise, .. } => noise.cost(),
        })
    }

    fn check(&self) -> Result<(), DpError> {
        if self.unit.most_rows() == 0 {
            return Err(DpError::NoRows);
        }
        let name = self.statistic.name();
        let priced = |noise: &Noise| {
            let price = noise.distribution(1);
            price.map(|_| ()).ok_or(DpError::NoCost { statistic: name })
        };
        match &self.statistic {
            Statistic::Count { noise } => priced(noise),
            Statistic::Sum { noise, .. } => {
                self.statistic.grid()?;
                priced(noise)
            }
            Statistic::Mean { sum, count, .. } => {
                self.statistic.grid()?;
                priced(sum)?;
                priced(count)
            }
            Statistic::Quantile { quantile, epsilon, .. } => {
                self.statistic.grid()?;
                Fraction::of(*quantile)?;
                priced(&Noise::Laplace { epsilon: *epsilon })
            }
            Statistic::Histogram { column, categories, noise } => {
                priced(noise)?;
                categories.check(column, noise)
            }
        }
    }
}

impl Statistic {
    /// Its word in messages.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Count { .. } => "count",
            Self::Sum { .. } => "sum",
            Self::Mean { .. } => "mean",
            Self::Quantile { .. } => "quantile",
            Self::Histogram { .. } => "histogram",
        }
    }

    /// The column that is read, if any.
    pub(super) fn column(&self) -> Option<&str> {
        match self {
            Self::Count { .. } => None,
            Self::Sum { column, .. }
            | Self::Mean { column, .. }
            | Self::Quantile { column, .. }
            | Self::Histogram { column, .. } => Some(column),
        }
    }

    /// The grid of the bounds; `None` for counts and histograms.
    pub(super) fn grid(&self) -> Result<Option<Grid>, DpError> {
        match self {
            Self::Count { .. } | Self::Histogram { .. } => Ok(None),
            Self::Sum { column, bounds, .. }
            | Self::Mean { column, bounds, .. }
            | Self::Quantile { column, bounds, .. } => {
                let missing =
                    || DpError::NoBounds { statistic: self.name(), column: column.clone() };
                bounds.as_ref().ok_or_else(missing)?.grid(column).map(Some)
            }
        }
    }
}

impl Categories {
    fn check(&self, column: &str, noise: &Noise) -> Result<(), DpError> {
        let refused = || Err(DpError::Categories { column: column.to_owned() });
        match self {
            Self::Listed { names } => {
                let mut sorted: Vec<&String> = names.iter().collect();
                sorted.sort_unstable();
                sorted.dedup();
                if names.is_empty() || sorted.len() < names.len() { refused() } else { Ok(()) }
            }
            Self::Between { edges } => {
                let rising = edges.is_sorted_by(|left, right| left.is_below(*right));
                if edges.is_empty() || !rising { refused() } else { Ok(()) }
            }
            Self::Unlisted { delta } => {
                let laplace = matches!(noise, Noise::Laplace { .. });
                let half = Delta::from_quintillionths(500_000_000_000_000_000);
                let sensible = *delta > Delta::ZERO && *delta < half;
                if laplace && sensible { Ok(()) } else { Err(DpError::NoDelta) }
            }
        }
    }
}

/// A quantile as a fraction of whole numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fraction {
    pub(super) numerator: u32,
    pub(super) denominator: u32,
}

impl Fraction {
    pub(super) fn of(quantile: Decimal) -> Result<Self, DpError> {
        let refused = || DpError::Quantile { quantile: quantile.to_string() };
        let places = Some(quantile.places()).filter(|places| *places <= 4).ok_or_else(refused)?;
        let denominator = 10_u32.pow(places);
        let numerator = u32::try_from(quantile.digits()).map_err(|_| refused())?;
        let inside = numerator > 0 && numerator < denominator;
        inside.then_some(Self { numerator, denominator }).ok_or_else(refused)
    }

    /// Most change of a loss by one row.
    pub(super) fn weight(self) -> u32 {
        self.numerator.max(self.denominator - self.numerator)
    }
}

/// The least count at which an unlisted category is shown: the least `T` with
/// `P(m + X ≥ T) ≤ δ` and `m · P(1 + X ≥ T) ≤ δ`, `X` being the noise and `m` the rows of
/// a person.
///
/// A person alone in `j` categories with `c_1 + … + c_j ≤ m` rows is seen with
/// probability at most `Σ P(c_i + X ≥ T)`. Above its middle the tail of `X` is
/// exponential, hence convex in `c_i` and in `j`, so that one of the two ends is the worst:
/// all rows in one category, or `m` categories of one row.
///
/// Source: Korolova, Kenthapadi, Mishra & Ntoulas, "Releasing search queries and clicks
/// privately", WWW 2009; Wilson et al., "Differentially private SQL with bounded user
/// contribution", `PoPETs` 2020(2).
pub(super) fn threshold(noise: &DiscreteLaplace, most_rows: u32, delta: Delta) -> f64 {
    let (rows, delta) = (f64::from(most_rows), delta.as_f64());
    let together = rows + noise.least_tail(delta);
    let apart = 1.0 + noise.least_tail(delta / rows);
    together.max(apart)
}

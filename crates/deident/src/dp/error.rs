//! Why a differentially private answer is not given. No error depends on the cells
//! of the data: what a query refuses, it refuses from its own text and the types of
//! the columns.

use vocabulary::ErrorKind;

use super::Cost;

/// Why a query is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DpError {
    /// A sum, mean or quantile without bounds.
    #[error(
        "a {statistic} of `{column}` needs a lower bound, an upper bound and a step; give what is \
         known of the column from outside this table (a law, a tariff, a form); they are not taken \
         from the data, because its least and greatest value are the values of single persons"
    )]
    NoBounds {
        /// The statistic asked for.
        statistic: &'static str,
        /// The column.
        column: String,
    },
    /// The lower bound is not below the upper one, or the step is not above zero.
    #[error(
        "the bounds {lower} to {upper} of `{column}` with step {step} hold no two grid points; give \
         lower < upper and a step above 0"
    )]
    BoundsOrder {
        /// The column.
        column: String,
        /// The lower bound.
        lower: String,
        /// The upper bound.
        upper: String,
        /// The step.
        step: String,
    },
    /// A bound is no multiple of the step, or is too many steps from zero.
    #[error(
        "the bound {bound} of `{column}` is no whole multiple of the step {step}, or more than 2^53 \
         steps from 0; choose another step or bound"
    )]
    OffGrid {
        /// The column.
        column: String,
        /// The bound.
        bound: String,
        /// The step.
        step: String,
    },
    /// A text is no decimal number.
    #[error("`{text}` is no plain decimal number below 10^18 with at most 18 places, like 12.50")]
    NotDecimal {
        /// The text.
        text: String,
    },
    /// A text is no amount of ε, ρ or δ.
    #[error("`{text}` is no {what}: a decimal number from 0, with at most {places} places")]
    NotAmount {
        /// Which amount.
        what: &'static str,
        /// The text.
        text: String,
        /// Most places behind the point.
        places: u32,
    },
    /// A query that would cost nothing.
    #[error("a {statistic} with ε or ρ of 0 would be noise without end; give more than 0")]
    NoCost {
        /// The statistic asked for.
        statistic: &'static str,
    },
    /// Unknown categories need a δ strictly between 0 and 1, and Laplace noise.
    #[error(
        "a histogram of categories that are not listed needs Laplace noise and a δ between 0 and \
         0.5; list the categories to go without δ"
    )]
    NoDelta,
    /// A list of categories or edges that is empty, or not in order.
    #[error(
        "the histogram of `{column}` needs at least one category, each named once, or edges that \
         strictly increase"
    )]
    Categories {
        /// The column.
        column: String,
    },
    /// A quantile outside (0, 1), or of more than four places.
    #[error("the quantile {quantile} is not between 0 and 1 with at most 4 places")]
    Quantile {
        /// The quantile asked for.
        quantile: String,
    },
    /// No rows a person are allowed.
    #[error("a person needs at least one row; give the most rows a person may contribute")]
    NoRows,
    /// The data lacks a column.
    #[error("no column `{name}` in the data; it has {available}")]
    NoColumn {
        /// The column asked for.
        name: String,
        /// The columns there are.
        available: String,
    },
    /// A column has no numbers.
    #[error("column `{name}` is {data_type}, and a number is needed; cast it first")]
    NotNumeric {
        /// The column.
        name: String,
        /// Its type.
        data_type: String,
    },
    /// The permit pays for another query.
    #[error("the permit covers {permitted}, and this query costs {asked}; reserve its own cost")]
    Permit {
        /// What was reserved.
        permitted: Cost,
        /// What the query costs.
        asked: Cost,
    },
}

impl DpError {
    /// What went wrong, in the words that the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Permit { .. } => ErrorKind::Conflict,
            Self::NoBounds { .. }
            | Self::BoundsOrder { .. }
            | Self::OffGrid { .. }
            | Self::NotDecimal { .. }
            | Self::NotAmount { .. }
            | Self::NoCost { .. }
            | Self::NoDelta
            | Self::Categories { .. }
            | Self::Quantile { .. }
            | Self::NoRows
            | Self::NoColumn { .. }
            | Self::NotNumeric { .. } => ErrorKind::Invalid,
        }
    }
}

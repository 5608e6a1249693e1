//! What a generalization costs: the measures that a search minimizes.
//!
//! Notation: `n` rows, `m` columns, `D_d` leaves of the hierarchy of column `d`,
//! `share` the leaves under a value divided by `D_d`, `p` a suppressed row.
//!
//! Source of the definitions: the ARX data anonymization tool 3.9.2, re-derived
//! and confirmed against its results; per measure see [`Metric`].

use serde::{Deserialize, Serialize};

/// A measure of information loss; lower is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Loss, arithmetic mean over the columns, in `[0, 1]`:
    /// `L_d = (Σ_rows (p ? 1 : share) − n/D_d) / (n − n/D_d)`.
    ///
    /// Source: Iyengar, "Transforming data to satisfy privacy constraints", KDD 2002.
    Loss,
    /// Loss, geometric mean: `Π(L_d + 1)^(1/m) − 1`.
    LossGeometric,
    /// Average equivalence class size: `n / (classes kept + [any suppressed])`.
    ///
    /// Source: `LeFevre` et al., "Mondrian multidimensional k-anonymity", ICDE 2006.
    Aecs,
    /// Discernibility: `Σ_kept size² + n · suppressed`.
    ///
    /// Source: Bayardo & Agrawal, "Data privacy through optimal k-anonymization", ICDE 2005.
    Dm,
    /// Non-uniform entropy, in bits: `−Σ_d Σ_leaf a · log2(a / b)` over all rows, `a`
    /// the rows of a leaf and `b` the rows of its generalized value; and for the
    /// suppressed rows `−Σ_d Σ_value a · log2(a / suppressed)`, `a` the suppressed rows
    /// of a generalized value.
    ///
    /// Source: Gionis & Tassa, "k-anonymization with minimal loss of
    /// information", TKDE 2009.
    Entropy,
    /// Non-uniform entropy of each column divided by the entropy that the column has,
    /// `−Σ_leaf a · log2(a / n)`, and the mean of that over the columns. In `[0, 1]`
    /// without suppression; suppressed rows add their own entropy, as in
    /// [`Metric::Entropy`]. A column with one value has nothing to lose: 0.
    ///
    /// Source: de Waal & Willenborg, "Information loss through global recoding and
    /// local suppression", Netherlands Official Statistics 14, 1999.
    NormalizedEntropy,
    /// Entropy-based loss, in `[0, n]`: `Σ_rows (p ? 1 : Σ_d ln(share·D_d) / Σ_d ln D_d)`.
    ///
    /// Source: Wan et al., "A game theoretic framework for analyzing re-identification
    /// risk", PLOS ONE 10(3), 2015.
    EntropyLoss,
    /// Ambiguity: how many records of the whole domain each row could be,
    /// `Σ_rows Π_d (p ? 1 : share)·D_d`.
    ///
    /// Source: Goldberger & Tassa, "Efficient anonymizations with enhanced utility",
    /// Transactions on Data Privacy 3, 2010.
    Ambiguity,
    /// Precision loss, in `[0, 1]`: mean over the columns of level / highest level
    /// for kept rows and 1 for suppressed ones.
    ///
    /// Source: Sweeney, "Achieving k-anonymity privacy protection using
    /// generalization and suppression", 2002.
    Precision,
}

impl Metric {
    /// Whether the cost without suppression is a sum or product of costs of the
    /// single columns, and so a lower bound that is known without any check.
    pub(crate) fn is_separable(self) -> bool {
        match self {
            Self::Loss
            | Self::LossGeometric
            | Self::Entropy
            | Self::NormalizedEntropy
            | Self::EntropyLoss
            | Self::Ambiguity
            | Self::Precision => true,
            Self::Aecs | Self::Dm => false,
        }
    }

    /// Puts the costs of the columns together.
    pub(crate) fn combine(self, columns: impl ExactSizeIterator<Item = f64>) -> f64 {
        let width = columns.len() as f64;
        if width == 0.0 {
            return 0.0;
        }
        match self {
            Self::Loss | Self::Precision | Self::NormalizedEntropy | Self::Aecs | Self::Dm => {
                columns.sum::<f64>() / width
            }
            Self::LossGeometric => {
                let product: f64 = columns.map(|loss| loss.max(1e-10) + 1.0).product();
                product.powf(1.0 / width) - 1.0
            }
            Self::Entropy | Self::EntropyLoss => columns.sum(),
            // The costs are mean logarithms; by Jensen's inequality the exponential of
            // their sum is never above the mean over the rows.
            Self::Ambiguity => columns.sum::<f64>().exp() * (1.0 - 1e-12),
        }
    }
}

/// `Σ ln D` over the columns: the entropy-based loss of a row that says nothing.
///
/// Source: as [`Metric::EntropyLoss`].
pub(crate) fn domain_entropy(leaves: impl Iterator<Item = f64>) -> f64 {
    leaves.map(f64::ln).sum()
}

/// `Σ_rows` of shares to Loss of a column: `(sum − n/D) / (n − n/D)`.
///
/// A column with one leaf has nothing to lose: 0.
///
/// Source: as [`Metric::Loss`].
pub(crate) fn loss_of_shares(sum: f64, rows: f64, leaves: f64) -> f64 {
    let least = rows / leaves;
    let span = rows - least;
    if span <= 0.0 { 0.0 } else { ((sum - least) / span).max(0.0) }
}

//! Money in fen (分), a hundredth of a yuan.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount of money in fen (分); 100 fen are one yuan (元). Negative = owed back.
///
/// Arithmetic is checked: an amount that does not fit in 64 bits is an error, and
/// never a wrong amount. There is no division, because it loses fen; share money
/// out with [`Fen::allocate`].
///
/// ```
/// # use vocabulary::Fen;
/// let price: Fen = "1,234.5".parse()?;
/// assert_eq!(price.fen(), 123_450);
/// assert_eq!(price.to_string(), "1234.50");
/// # Ok::<(), vocabulary::FenError>(())
/// ```
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fen(i64);

/// Why an amount cannot be read or calculated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FenError {
    /// The text is no amount in yuan.
    #[error("`{0}` is no amount in yuan; write 1234.50, with at most two decimals")]
    Text(String),

    /// The result does not fit.
    #[error("the amount is too large")]
    TooLarge,

    /// An amount cannot be allocated by these weights.
    #[error("weights must not all be zero, and there must be at least one")]
    NoWeights,
}

impl Fen {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of so many fen.
    pub const fn new(fen: i64) -> Self {
        Self(fen)
    }

    /// The amount in fen.
    pub const fn fen(self) -> i64 {
        self.0
    }

    /// An amount of so many whole yuan.
    ///
    /// # Errors
    ///
    /// [`FenError::TooLarge`] beyond ±92 quadrillion yuan.
    pub fn from_yuan(yuan: i64) -> Result<Self, FenError> {
        yuan.checked_mul(100).map(Self).ok_or(FenError::TooLarge)
    }

    /// The sum.
    ///
    /// # Errors
    ///
    /// [`FenError::TooLarge`] if it does not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, FenError> {
        self.0.checked_add(other.0).map(Self).ok_or(FenError::TooLarge)
    }

    /// The difference.
    ///
    /// # Errors
    ///
    /// [`FenError::TooLarge`] if it does not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, FenError> {
        self.0.checked_sub(other.0).map(Self).ok_or(FenError::TooLarge)
    }

    /// The amount so many times, for example a unit price by a quantity.
    ///
    /// # Errors
    ///
    /// [`FenError::TooLarge`] if it does not fit.
    pub fn checked_mul(self, times: i64) -> Result<Self, FenError> {
        self.0.checked_mul(times).map(Self).ok_or(FenError::TooLarge)
    }

    /// The sum of many amounts; nothing for none.
    ///
    /// # Errors
    ///
    /// [`FenError::TooLarge`] if a partial sum does not fit.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, FenError> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }

    /// Shares the amount out by weights; the parts add up to the whole, to the fen.
    ///
    /// Each part is the exact share rounded toward zero; the fen that are left go one
    /// each to the largest remainders, the earlier part first when they are equal.
    ///
    /// # Errors
    ///
    /// [`FenError::NoWeights`] if there are no weights or all are zero.
    ///
    /// # Source
    ///
    /// The largest-remainder method (Hare quota).
    ///
    /// ```
    /// # use vocabulary::Fen;
    /// let parts = Fen::new(100).allocate(&[1, 1, 1])?;
    /// assert_eq!(parts, [Fen::new(34), Fen::new(33), Fen::new(33)]);
    /// # Ok::<(), vocabulary::FenError>(())
    /// ```
    pub fn allocate(self, weights: &[u32]) -> Result<Vec<Self>, FenError> {
        let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        if total == 0 {
            return Err(FenError::NoWeights);
        }
        let whole = i128::from(self.0);
        let mut parts: Vec<i128> =
            weights.iter().map(|weight| whole * i128::from(*weight) / total).collect();
        let mut by_remainder: Vec<(i128, &mut i128)> = weights
            .iter()
            .zip(parts.iter_mut())
            .map(|(weight, part)| ((whole * i128::from(*weight) % total).abs(), part))
            .collect();
        by_remainder.sort_by(|(left, _), (right, _)| right.cmp(left));
        let given: i128 = by_remainder.iter().map(|(_, part)| **part).sum();
        let left = usize::try_from((whole - given).abs()).unwrap_or(0);
        for (_, part) in by_remainder.iter_mut().take(left) {
            **part += whole.signum();
        }
        // Every part lies between zero and the whole, so it fits.
        parts
            .into_iter()
            .map(|part| i64::try_from(part).map(Self).map_err(|_| FenError::TooLarge))
            .collect()
    }
}

/// Yuan with two decimals and no grouping: `-12.05`.
impl fmt::Display for Fen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let magnitude = self.0.unsigned_abs();
        let digits = format!("{}.{:02}", magnitude / 100, magnitude % 100);
        f.pad_integral(self.0 >= 0, "", &digits)
    }
}

impl FromStr for Fen {
    type Err = FenError;

    /// Reads yuan: an optional sign, digits (commas between groups of three are
    /// allowed), and at most two decimals.
    fn from_str(text: &str) -> Result<Self, FenError> {
        let error = || FenError::Text(text.chars().take(40).collect());
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = match unsigned.split_once('.') {
            Some((whole, decimals)) if (1..=2).contains(&decimals.len()) => (whole, decimals),
            Some(_) => return Err(error()),
            None => (unsigned, ""),
        };
        let grouped = whole.split(',').enumerate().all(|(index, group)| {
            let digits = !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
            let first_is_short = !whole.contains(',') || group.len() <= 3;
            digits && if index == 0 { first_is_short } else { group.len() == 3 }
        });
        if !grouped || !decimals.bytes().all(|b| b.is_ascii_digit()) {
            return Err(error());
        }
        // The decimals, filled up to two digits, follow the yuan: that is the amount in fen.
        let mut amount: i128 = 0;
        let digits = whole.bytes().filter(|b| *b != b',').chain(decimals.bytes());
        for digit in digits.chain(std::iter::repeat_n(b'0', 2_usize.saturating_sub(decimals.len())))
        {
            amount = amount
                .checked_mul(10)
                .and_then(|amount| amount.checked_add(i128::from(digit.saturating_sub(b'0'))))
                .ok_or(FenError::TooLarge)?;
        }
        let signed = if negative { -amount } else { amount };
        i64::try_from(signed).map(Self).map_err(|_| FenError::TooLarge)
    }
}

//! Exact amounts: decimal numbers as people write them, and the parameters of
//! privacy as integers.
//!
//! Budgets are added and compared as integers, so that a thousand queries of 0.001
//! are exactly one of 1. `ε` and `ρ` count in billionths, `δ` in 10⁻¹⁸. A text with
//! more places is refused rather than rounded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::DpError;

/// Most places behind the point.
const MOST_PLACES: u32 = 18;

/// A decimal number, exactly as written: `digits / 10^places`. At most 18 places, and
/// absolute values below 10¹⁸.
///
/// ```
/// # use deident::dp::Decimal;
/// let rate: Decimal = "-12.50".parse()?;
/// assert_eq!(rate.to_string(), "-12.5");
/// # Ok::<(), deident::dp::DpError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal {
    digits: i128,
    places: u32,
}

impl Decimal {
    /// The digits without the point.
    pub(super) fn digits(self) -> i128 {
        self.digits
    }

    /// Places behind the point, at most 18 and no more than needed.
    pub(super) fn places(self) -> u32 {
        self.places
    }

    /// The nearest floating-point number.
    pub(super) fn as_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// Whether it is less than another number.
    pub(super) fn is_below(self, other: Self) -> bool {
        // Below 10¹⁸ · 10¹⁸, so that neither product overflows.
        let scaled = |number: Self, places: u32| {
            number.digits.saturating_mul(10_i128.saturating_pow(places.min(MOST_PLACES)))
        };
        let places = self.places.max(other.places);
        scaled(self, places - self.places) < scaled(other, places - other.places)
    }

    /// The number of steps of `10^-places`; `None` if it is not whole.
    fn units(self, places: u32) -> Option<i128> {
        let more = places.checked_sub(self.places)?;
        self.digits.checked_mul(10_i128.checked_pow(more)?)
    }
}

impl FromStr for Decimal {
    type Err = DpError;

    fn from_str(text: &str) -> Result<Self, DpError> {
        read(text).ok_or_else(|| DpError::NotDecimal { text: text.to_owned() })
    }
}

/// `None` if the text is no plain decimal number within the range of [`Decimal`].
fn read(text: &str) -> Option<Decimal> {
    let (negative, plain) = match text.strip_prefix('-') {
        Some(plain) => (true, plain),
        None => (false, text),
    };
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let fraction = fraction.trim_end_matches('0');
    let places = u32::try_from(fraction.len()).ok().filter(|places| *places <= MOST_PLACES)?;
    let figures = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 18 || !figures(whole) || !figures(fraction) {
        return None;
    }
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some(Decimal { digits: if negative { -digits } else { digits }, places })
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let scale = 10_u128.pow(self.places.min(MOST_PLACES));
        let (whole, fraction) =
            (self.digits.unsigned_abs() / scale, self.digits.unsigned_abs() % scale);
        if self.places == 0 {
            return write!(f, "{sign}{whole}");
        }
        let width = self.places as usize;
        let fraction = format!("{fraction:0width$}");
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

impl TryFrom<String> for Decimal {
    type Error = DpError;

    fn try_from(text: String) -> Result<Self, DpError> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> Self {
        decimal.to_string()
    }
}

/// A parameter of privacy, counted in whole units of `10^-places`.
macro_rules! amount {
    ($(#[$doc:meta])* $name:ident, $places:literal, $units:ident, $from:ident, $unit:literal) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize,
            Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);

            #[doc = concat!("From a whole number of ", $unit, ".")]
            pub const fn $from(units: u64) -> Self {
                Self(units)
            }

            #[doc = concat!("The whole number of ", $unit, ".")]
            pub const fn $units(self) -> u64 {
                self.0
            }

            /// The nearest floating-point number, for figures and messages.
            pub fn as_f64(self) -> f64 {
                self.0 as f64 / 10_f64.powi($places)
            }

            /// The sum; a sum beyond the range stays at its end, which no budget covers.
            #[must_use]
            pub(super) fn plus(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }

            /// What is left, at least zero.
            #[must_use]
            pub(super) fn minus(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl FromStr for $name {
            type Err = DpError;

            fn from_str(text: &str) -> Result<Self, DpError> {
                let refused = || DpError::NotAmount {
                    what: stringify!($name),
                    text: text.to_owned(),
                    places: $places,
                };
                let units = read(text).and_then(|decimal| decimal.units($places));
                let units = units.and_then(|units| u64::try_from(units).ok());
                units.map(Self).ok_or_else(refused)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Decimal { digits: i128::from(self.0), places: $places }.fmt(f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = DpError;

            fn try_from(text: String) -> Result<Self, DpError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(amount: $name) -> Self {
                amount.to_string()
            }
        }
    };
}

amount! {
    /// `ε` of pure or approximate differential privacy, in `[0, 1.8·10¹⁰]`, exact to
    /// 10⁻⁹. Written as a decimal text: `"0.5"`.
    ///
    /// Source: Dwork, `McSherry`, Nissim & Smith, "Calibrating noise to sensitivity in
    /// private data analysis", TCC 2006.
    Epsilon, 9, billionths, from_billionths, "billionths"
}

amount! {
    /// `ρ` of zero-concentrated differential privacy (zCDP), in `[0, 1.8·10¹⁰]`, exact to
    /// 10⁻⁹. Written as a decimal text: `"0.005"`.
    ///
    /// Source: Bun & Steinke, "Concentrated differential privacy: simplifications,
    /// extensions, and lower bounds", TCC 2016-B.
    Rho, 9, billionths, from_billionths, "billionths"
}

amount! {
    /// `δ` of approximate differential privacy, a probability exact to 10⁻¹⁸. Written as a
    /// decimal text: `"0.000001"`. It should be well below one over the number of persons.
    ///
    /// Source: Dwork, Kenthapadi, `McSherry`, Mironov & Naor, "Our data, ourselves",
    /// EUROCRYPT 2006.
    Delta, 18, quintillionths, from_quintillionths, "quintillionths (10⁻¹⁸)"
}

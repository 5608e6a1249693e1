//! Administrative divisions (行政区划代码), GB/T 2260 and GB/T 10114.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Bilingual;

/// Code of an administrative division (行政区划代码): 6, 9 or 12 digits.
///
/// ```text
/// 14 01 05 001 003
/// │  │  │  │   └ village or community (GB/T 10114 and the statistical codes)
/// │  │  │  └ township or street
/// │  │  └ county or district        GB/T 2260
/// │  └ prefecture-level city
/// └ province
/// ```
///
/// A value has the right form. It does not say that the division exists or existed:
/// that is a table, and it changes each year. `100000` stands for the whole country,
/// as in unified social credit codes.
///
/// Two codes of different length are different values, even if the longer one only
/// adds zeros; [`DivisionCode::contains`] treats them alike.
///
/// ```
/// # use vocabulary::{DivisionCode, DivisionLevel};
/// let district: DivisionCode = "140105".parse()?;
/// assert_eq!(district.level(), DivisionLevel::County);
/// assert_eq!(district.province(), DivisionCode::SHANXI);
/// assert!(DivisionCode::SHANXI.contains(&district));
/// # Ok::<(), vocabulary::DivisionCodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DivisionCode {
    /// ASCII digits; the places behind the code's length hold NUL, so the derived
    /// order is the order of the texts.
    digits: [u8; 12],
}

/// How high a division stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DivisionLevel {
    /// The whole country (国家级).
    Country,
    /// Province, autonomous region or municipality (省级).
    Province,
    /// Prefecture-level city, prefecture or league (地级).
    City,
    /// County, district or county-level city (县级).
    County,
    /// Township, town or street (乡级).
    Township,
    /// Village or community (村级).
    Village,
}

impl DivisionLevel {
    /// The name that people read.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Country => ("国家级", "country"),
            Self::Province => ("省级", "province"),
            Self::City => ("市级", "city"),
            Self::County => ("县级", "county"),
            Self::Township => ("乡级", "township"),
            Self::Village => ("村级", "village"),
        };
        Bilingual::new(zh, en)
    }
}

/// Why a text is no division code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DivisionCodeError {
    /// Not 6, 9 or 12 characters.
    #[error("a division code has 6, 9 or 12 digits, this text has {found} characters")]
    Length {
        /// Characters found.
        found: usize,
    },

    /// A character is no digit.
    #[error("character {position} is no digit; a division code holds digits only")]
    Character {
        /// Position from 1.
        position: usize,
    },

    /// The first digit is no region.
    #[error("a division code starts with 1 to 8, the region of the country")]
    Region,

    /// A part is zero and a part behind it is not, for example `140000003`.
    #[error("the code leaves out the province, but not what is below it")]
    Gap,
}

impl DivisionCode {
    /// The whole country, `100000`.
    pub const COUNTRY: Self = Self { digits: *b"100000\0\0\0\0\0\0" };

    /// Shanxi Province (山西省), `140000`.
    pub const SHANXI: Self = Self { digits: *b"140000\0\0\0\0\0\0" };

    /// The code as it was given: 6, 9 or 12 digits.
    pub fn as_str(&self) -> &str {
        // Always ASCII by construction.
        std::str::from_utf8(&self.digits).unwrap_or_default().trim_end_matches('\0')
    }

    /// The level, from which parts are zero.
    ///
    /// Counties directly under a province (`469006`) are counties here, and streets
    /// directly under a city (`441900003`) are townships.
    pub fn level(&self) -> DivisionLevel {
        let [province, city, county, township, village] = self.parts();
        match (province, city, county, township, village) {
            (.., village) if village > 0 => DivisionLevel::Village,
            (.., township, _) if township > 0 => DivisionLevel::Township,
            (_, _, county, ..) if county > 0 => DivisionLevel::County,
            (_, city, ..) if city > 0 => DivisionLevel::City,
            (10, ..) => DivisionLevel::Country,
            _ => DivisionLevel::Province,
        }
    }

    /// The province, as six digits; the country for the country.
    #[must_use]
    pub fn province(&self) -> Self {
        self.prefix(2)
    }

    /// The city, as six digits, or `None` for a province. For a county directly under a
    /// province it is a code that names no real city (`469000`).
    pub fn city(&self) -> Option<Self> {
        (self.level() >= DivisionLevel::City).then(|| self.prefix(4))
    }

    /// The county, as six digits, or `None` above counties and for streets directly
    /// under a city.
    pub fn county(&self) -> Option<Self> {
        let county = self.prefix(6);
        (county.level() == DivisionLevel::County).then_some(county)
    }

    /// The division itself, then each one that holds it, up to the country.
    ///
    /// ```
    /// # use vocabulary::DivisionCode;
    /// let code: DivisionCode = "140105001".parse()?;
    /// let chain: Vec<String> = code.chain().map(|d| d.to_string()).collect();
    /// assert_eq!(chain, ["140105001", "140105", "140100", "140000", "100000"]);
    /// # Ok::<(), vocabulary::DivisionCodeError>(())
    /// ```
    pub fn chain(&self) -> impl Iterator<Item = Self> + use<> {
        std::iter::successors(Some(*self), |division| division.parent())
    }

    /// The next division that holds this one; `None` for the country.
    pub fn parent(&self) -> Option<Self> {
        let wider = match self.level() {
            DivisionLevel::Country => return None,
            DivisionLevel::Province => return Some(Self::COUNTRY),
            DivisionLevel::City => self.prefix(2),
            DivisionLevel::County => self.prefix(4),
            DivisionLevel::Township => self.prefix(6),
            DivisionLevel::Village => {
                let mut digits = self.digits;
                for digit in digits.iter_mut().skip(9) {
                    *digit = 0;
                }
                let township = Self { digits };
                if township.level() == DivisionLevel::Village { self.prefix(6) } else { township }
            }
        };
        Some(wider)
    }

    /// Whether `other` is this division or lies inside it.
    pub fn contains(&self, other: &Self) -> bool {
        if self.level() == DivisionLevel::Country {
            return true;
        }
        let significant = self.as_str().trim_end_matches('0');
        // A part is two or three digits; zeros that belong to it count.
        let end = match significant.len() {
            0..=2 => 2,
            3..=4 => 4,
            5..=6 => 6,
            7..=9 => 9,
            _ => 12,
        };
        match self.as_str().get(..end) {
            Some(prefix) => other.as_str().starts_with(prefix),
            None => false,
        }
    }

    /// Keeps so many digits (at most six) and fills up to six with zeros.
    fn prefix(&self, keep: usize) -> Self {
        let mut digits = [0; 12];
        for (index, (slot, digit)) in digits.iter_mut().zip(self.digits).take(6).enumerate() {
            *slot = if index < keep { digit } else { b'0' };
        }
        Self { digits }
    }

    /// The five parts as numbers; parts behind the code's length are zero.
    fn parts(&self) -> [u16; 5] {
        let [a, b, c, d, e, f, g, h, i, j, k, l] =
            self.digits.map(|digit| u16::from(digit.saturating_sub(b'0')));
        [a * 10 + b, c * 10 + d, e * 10 + f, g * 100 + h * 10 + i, j * 100 + k * 10 + l]
    }
}

impl FromStr for DivisionCode {
    type Err = DivisionCodeError;

    fn from_str(text: &str) -> Result<Self, DivisionCodeError> {
        let found = text.chars().count();
        if !matches!(found, 6 | 9 | 12) {
            return Err(DivisionCodeError::Length { found });
        }
        if let Some(index) = text.chars().position(|c| !c.is_ascii_digit()) {
            return Err(DivisionCodeError::Character { position: index + 1 });
        }
        if !text.starts_with(|c| ('1'..='8').contains(&c)) {
            return Err(DivisionCodeError::Region);
        }
        let mut digits = [0; 12];
        for (slot, byte) in digits.iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
        let code = Self { digits };
        let [_, city, county, township, village] = code.parts();
        if city == 0 && (county, township, village) != (0, 0, 0) {
            return Err(DivisionCodeError::Gap);
        }
        Ok(code)
    }
}

impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DivisionCode({})", self.as_str())
    }
}

impl Serialize for DivisionCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for DivisionCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

//! The citizen identification number (公民身份号码), GB 11643-1999.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer};

use crate::normalize::half_width_upper;
use crate::{Bilingual, DivisionCode};

/// Weights of the first 17 digits, ISO 7064 MOD 11-2.
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/// Check characters by the weighted sum modulo 11.
const CHECKS: &[u8; 11] = b"10X98765432";

/// First two digits: the provinces of GB/T 2260, with 81, 82 and 83 as used in the
/// residence permits of residents of Hong Kong, Macao and Taiwan.
const PROVINCES: [u8; 35] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52,
    53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83,
];

/// Citizen identification number (公民身份号码): 17 digits and a check character, GB 11643-1999.
///
/// A value has passed the check character, names a province and holds a real date
/// of birth. It does not say that such a person exists.
///
/// **Never stored where it is not needed.** The type cannot be serialized, and it
/// prints masked; [`CitizenId::expose`] is the only way to the number, so a search
/// for that word finds every place that sees one. Basis: 个人信息保护法 第六条
/// (the least data that serves the purpose).
///
/// ```
/// # use vocabulary::CitizenId;
/// let id: CitizenId = "11010519491231002X".parse()?;
/// assert_eq!(id.to_string(), "11**************2X");
/// assert_eq!(id.birth_date().to_string(), "1949-12-31");
/// # Ok::<(), vocabulary::CitizenIdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CitizenId {
    digits: [u8; 18],
    born: Date,
}

/// Sex as the number carries it, GB/T 2261.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sex {
    /// 男, code 1: the 17th digit is odd.
    Male,
    /// 女, code 2: the 17th digit is even.
    Female,
}

impl Sex {
    /// The name that people read.
    pub fn label(self) -> Bilingual {
        match self {
            Self::Male => Bilingual::new("男", "male"),
            Self::Female => Bilingual::new("女", "female"),
        }
    }
}

/// Why a text is no citizen identification number. Positions count from 1.
///
/// No message holds the number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CitizenIdError {
    /// The text does not have 18 characters (15 for [`CitizenId::upgrade15`]).
    #[error("the number has {expected} characters, this text has {found}")]
    Length {
        /// Characters needed.
        expected: usize,
        /// Characters found.
        found: usize,
    },

    /// A character is no digit (the last may be X).
    #[error(
        "character {position} is no digit; only the last of 18 may be X, for a check value of ten"
    )]
    Character {
        /// Position from 1.
        position: usize,
    },

    /// The first two digits name no province.
    #[error("the first two digits name no province; compare positions 1 and 2 with the card")]
    Province,

    /// Positions 7 to 14 are no date of birth.
    #[error("positions 7 to 14 are no calendar date; compare the date of birth with the card")]
    BirthDate,

    /// The last character does not follow from the 17 digits.
    #[error(
        "the check character at position 18 does not fit the digits before it; compare the number with the card, digit by digit"
    )]
    CheckDigit,
}

impl CitizenId {
    /// Parses a number as people type it: surrounding space, full-width digits and a
    /// small x are corrected first.
    ///
    /// # Errors
    ///
    /// As for `FromStr`, after the correction.
    pub fn normalize(text: &str) -> Result<Self, CitizenIdError> {
        half_width_upper(text).parse()
    }

    /// Turns a number of the first generation (15 digits, year of two digits, no check
    /// character) into one of 18.
    ///
    /// The century is always 19: the form ended in 1999. Persons born before 1900
    /// held sequence numbers 996 to 999 and cannot be told apart here.
    ///
    /// # Errors
    ///
    /// Any [`CitizenIdError`] but `CheckDigit`.
    ///
    /// # Source
    ///
    /// GB 11643-1989 and its replacement GB 11643-1999.
    pub fn upgrade15(text: &str) -> Result<Self, CitizenIdError> {
        let found = text.chars().count();
        if found != 15 {
            return Err(CitizenIdError::Length { expected: 15, found });
        }
        if let Some(index) = text.chars().position(|c| !c.is_ascii_digit()) {
            return Err(CitizenIdError::Character { position: index + 1 });
        }
        let (division, rest) = text.split_at_checked(6).unwrap_or_default();
        let body = format!("{division}19{rest}");
        let check = check_character(body.as_bytes());
        format!("{body}{check}").parse()
    }

    /// The full number. Only for the few places that must compare or transform it.
    pub fn expose(&self) -> &str {
        // Always ASCII by construction.
        std::str::from_utf8(&self.digits).unwrap_or_default()
    }

    /// The number with all but the first two and the last two characters starred.
    pub fn masked(&self) -> String {
        let [a, b, .., y, z] = &self.digits;
        let stars = "*".repeat(14);
        format!("{}{}{stars}{}{}", char::from(*a), char::from(*b), char::from(*y), char::from(*z))
    }

    /// The date of birth that the number carries. It may lie in the future: there is no
    /// clock here.
    pub fn birth_date(&self) -> Date {
        self.born
    }

    /// The sex that the number carries.
    pub fn sex(&self) -> Sex {
        let [.., sequence, _] = &self.digits;
        if sequence % 2 == 1 { Sex::Male } else { Sex::Female }
    }

    /// The county where the number was first given, perhaps a county that no longer
    /// exists. It is not where the person lives.
    ///
    /// `None` if the six digits are no division code.
    pub fn division(&self) -> Option<DivisionCode> {
        self.expose().get(..6)?.parse().ok()
    }
}

/// The check character for the first 17 of these bytes, which must be digits.
fn check_character(digits: &[u8]) -> char {
    let sum: u32 = digits
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit.saturating_sub(b'0')) * weight)
        .sum();
    let index = usize::try_from(sum % 11).unwrap_or_default();
    CHECKS.get(index).map_or('?', |byte| char::from(*byte))
}

impl FromStr for CitizenId {
    type Err = CitizenIdError;

    /// Parses 18 characters; a small `x` at the end is refused, see
    /// [`CitizenId::normalize`].
    fn from_str(text: &str) -> Result<Self, CitizenIdError> {
        let found = text.chars().count();
        if found != 18 {
            return Err(CitizenIdError::Length { expected: 18, found });
        }
        let wrong = text
            .chars()
            .enumerate()
            .position(|(index, c)| !(c.is_ascii_digit() || (index == 17 && c == 'X')));
        if let Some(index) = wrong {
            return Err(CitizenIdError::Character { position: index + 1 });
        }
        let digits: [u8; 18] = text
            .as_bytes()
            .try_into()
            .map_err(|_| CitizenIdError::Length { expected: 18, found })?;
        let number = |range: std::ops::Range<usize>| -> Option<i16> {
            text.get(range).and_then(|part| part.parse().ok())
        };
        let province = number(0..2).and_then(|two| u8::try_from(two).ok());
        if !province.is_some_and(|two| PROVINCES.contains(&two)) {
            return Err(CitizenIdError::Province);
        }
        let born = birth_date(number(6..10), number(10..12), number(12..14))
            .ok_or(CitizenIdError::BirthDate)?;
        let [.., last] = digits;
        if check_character(&digits) != char::from(last) {
            return Err(CitizenIdError::CheckDigit);
        }
        Ok(Self { digits, born })
    }
}

/// A date in the centuries in which a bearer can have been born: 1800 to 2099.
fn birth_date(year: Option<i16>, month: Option<i16>, day: Option<i16>) -> Option<Date> {
    let year = year.filter(|year| (1800..2100).contains(year))?;
    let month = i8::try_from(month?).ok()?;
    let day = i8::try_from(day?).ok()?;
    Date::new(year, month, day).ok()
}

/// Prints the masked number.
impl fmt::Display for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.masked())
    }
}

/// Prints the masked number.
impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CitizenId({})", self.masked())
    }
}

/// A number can be read from outside. It cannot be written: there is no `Serialize`.
impl<'de> Deserialize<'de> for CitizenId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

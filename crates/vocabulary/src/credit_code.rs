//! The unified social credit code (统一社会信用代码), GB 32100-2015.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::DivisionCode;
use crate::normalize::half_width_upper;

/// The 31 characters of GB 32100: digits and capital letters without I, O, S, V, Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Weights of the first 17 characters: 3^(i-1) mod 31.
const WEIGHTS: [u32; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// Unified social credit code (统一社会信用代码): 18 characters, GB 32100-2015.
///
/// ```text
/// 1  1  140500  012420117  H
/// │  │  │       │          └ check character, over all before it (mod 31)
/// │  │  │       └ organization code (主体标识码), GB 11714
/// │  │  └ division of the registering authority, six digits
/// │  └ kind of organization
/// └ registering authority
/// ```
///
/// A value has passed the check-digit test, so no one who receives one tests
/// again. It does not say that the entity exists or is in good standing. The
/// check character of the organization code inside is not tested: real codes
/// exist in which it does not fit.
///
/// ```
/// # use vocabulary::CreditCode;
/// let code = CreditCode::normalize(" １１１４０５０００１２４２０１１７ｈ ")?;
/// assert_eq!(code.as_str(), "11140500012420117H");
/// assert_eq!(code.division().map(|d| d.to_string()).as_deref(), Some("140500"));
/// # Ok::<(), vocabulary::CreditCodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CreditCode([u8; 18]);

/// Why a text is no unified social credit code. Positions count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeError {
    /// The text does not have 18 characters.
    #[error("a unified social credit code has 18 characters, this text has {found}")]
    Length {
        /// Number of characters found.
        found: usize,
    },

    /// A character is outside the alphabet of the standard.
    #[error("character {position} is `{found}`; {remedy}")]
    Character {
        /// Position from 1 to 18.
        position: usize,
        /// The character found.
        found: char,
        /// What to write instead.
        remedy: &'static str,
    },

    /// The last character does not follow from the 17 before it.
    #[error(
        "the check character at position 18 is `{found}` and should be `{expected}` for these 17 characters; compare the code with the licence, character by character"
    )]
    CheckDigit {
        /// The character found at position 18.
        found: char,
        /// The character that would fit the first 17.
        expected: char,
    },
}

impl CreditCode {
    /// Parses a code as people type it: surrounding space, full-width characters and
    /// lower case are corrected first. It never guesses a character.
    ///
    /// # Errors
    ///
    /// As for `FromStr`, after the correction.
    pub fn normalize(text: &str) -> Result<Self, CreditCodeError> {
        half_width_upper(text).parse()
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        // Always ASCII by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The division of the authority that registered the entity, not of its seat.
    ///
    /// `None` if the six digits are no division code (some old codes).
    pub fn division(&self) -> Option<DivisionCode> {
        let [_, _, digits @ .., _, _, _, _, _, _, _, _, _, _] = &self.0;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// The organization code (主体标识码): nine characters, the last being its own
    /// check character by GB 11714, which this type does not test.
    pub fn organization_code(&self) -> &str {
        self.as_str().get(8..17).unwrap_or_default()
    }
}

impl FromStr for CreditCode {
    type Err = CreditCodeError;

    fn from_str(text: &str) -> Result<Self, CreditCodeError> {
        let found = text.chars().count();
        if found != 18 {
            return Err(CreditCodeError::Length { found });
        }
        let mut sum = 0;
        for ((index, found), weight) in text.chars().enumerate().zip(WEIGHTS) {
            let value = value_at(index, found)?;
            sum += value * weight;
        }
        let found = text.chars().last().unwrap_or_default();
        value_at(17, found)?;
        let expected = usize::try_from((31 - sum % 31) % 31)
            .ok()
            .and_then(|value| ALPHABET.get(value))
            .map_or('?', |byte| char::from(*byte));
        if found != expected {
            return Err(CreditCodeError::CheckDigit { found, expected });
        }
        let code = text.as_bytes().try_into().map_err(|_| CreditCodeError::Length { found: 18 })?;
        Ok(Self(code))
    }
}

/// The value 0 to 30 of a character at an index from 0; the division must be digits.
fn value_at(index: usize, found: char) -> Result<u32, CreditCodeError> {
    let error = |remedy| CreditCodeError::Character { position: index + 1, found, remedy };
    if (2..8).contains(&index) && !found.is_ascii_digit() {
        return Err(error("positions 3 to 8 are the six digits of the registering division"));
    }
    let value = ALPHABET.iter().position(|byte| char::from(*byte) == found);
    value.and_then(|value| u32::try_from(value).ok()).ok_or_else(|| {
        error(match found {
            'I' => "the letter I is not used, it may be the digit 1",
            'O' => "the letter O is not used, it may be the digit 0",
            'S' => "the letter S is not used, it may be the digit 5",
            'V' => "the letter V is not used, it may be U or Y",
            'Z' => "the letter Z is not used, it may be the digit 2",
            'a'..='z' => "use capital letters",
            _ => "use digits and capital letters without I, O, S, V and Z",
        })
    })
}

impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CreditCode({})", self.as_str())
    }
}

impl Serialize for CreditCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CreditCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

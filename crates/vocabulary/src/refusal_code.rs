//! The name of a refusal ground, such as `R-OP-02`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Code of a legal refusal ground: `R-`, an area of 2 to 4 capital letters, `-`, 2 digits.
///
/// A value has the right form. It does not say that the ground exists: the crate
/// `law` holds the table.
///
/// ```
/// # use vocabulary::RefusalCode;
/// let code: RefusalCode = "R-OP-02".parse()?;
/// assert_eq!((code.area(), code.number()), ("OP", 2));
/// assert!("R-op-2".parse::<RefusalCode>().is_err());
/// # Ok::<(), vocabulary::RefusalCodeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefusalCode {
    area: [u8; 4],
    number: u8,
}

impl RefusalCode {
    /// The area: two to four capital letters, for example `OP` for opening.
    pub fn area(&self) -> &str {
        std::str::from_utf8(&self.area).unwrap_or_default().trim_end_matches('\0')
    }

    /// The number inside the area, 0 to 99.
    pub fn number(&self) -> u8 {
        self.number
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("R-{}-{:02}", self.area(), self.number))
    }
}

impl fmt::Debug for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefusalCode({self})")
    }
}

/// The text does not have the form of a refusal code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no refusal code; the form is R-OP-02")]
pub struct RefusalCodeError(String);

impl FromStr for RefusalCode {
    type Err = RefusalCodeError;

    fn from_str(text: &str) -> Result<Self, RefusalCodeError> {
        let error = || RefusalCodeError(text.chars().take(40).collect());
        let (letters, digits) =
            text.strip_prefix("R-").and_then(|rest| rest.split_once('-')).ok_or_else(error)?;
        let well_formed = (2..=4).contains(&letters.len())
            && letters.bytes().all(|b| b.is_ascii_uppercase())
            && digits.len() == 2
            && digits.bytes().all(|b| b.is_ascii_digit());
        if !well_formed {
            return Err(error());
        }
        let mut area = [0; 4];
        for (slot, letter) in area.iter_mut().zip(letters.bytes()) {
            *slot = letter;
        }
        Ok(Self { area, number: digits.parse().map_err(|_| error())? })
    }
}

impl Serialize for RefusalCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RefusalCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

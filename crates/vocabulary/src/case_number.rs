//! The number of a case that someone of the public filed (办件编号).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The digits: no I, L, O and U, which are misread or make words (Crockford's base 32).
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Number of a case, for example `7K3M-9WQ2`: eight digits of base 32.
///
/// It is drawn at random, so that nobody learns from one number what others there are or
/// how many; it is no secret. People type it: small letters, O for 0, I and L for 1 and a
/// missing hyphen are understood.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber([u8; 8]);

/// The text is no number of a case.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no case number; write eight letters and digits, such as 7K3M-9WQ2")]
pub struct CaseNumberError(String);

impl CaseNumber {
    /// The number of 40 random bits.
    pub fn of_random(bytes: [u8; 5]) -> Self {
        let bits = bytes.into_iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(byte));
        let mut digits = [0; 8];
        for (place, digit) in (0_u32..).zip(digits.iter_mut().rev()) {
            let value = usize::try_from(bits >> (5 * place) & 31).unwrap_or(0);
            *digit = DIGITS.get(value).copied().unwrap_or(b'0');
        }
        Self(digits)
    }
}

impl FromStr for CaseNumber {
    type Err = CaseNumberError;

    fn from_str(text: &str) -> Result<Self, CaseNumberError> {
        let wrong = || CaseNumberError(text.chars().take(40).collect());
        let mut digits = [0; 8];
        let mut places = digits.iter_mut();
        let (head, tail) = text.split_once('-').unwrap_or((text, ""));
        if !tail.is_empty() && head.len() != 4 {
            return Err(wrong());
        }
        for letter in head.bytes().chain(tail.bytes()) {
            let digit = match letter.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            if !DIGITS.contains(&digit) {
                return Err(wrong());
            }
            *places.next().ok_or_else(wrong)? = digit;
        }
        if places.next().is_some() { Err(wrong()) } else { Ok(Self(digits)) }
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, digit) in self.0.iter().enumerate() {
            let hyphen = if place == 4 { "-" } else { "" };
            write!(f, "{hyphen}{}", char::from(*digit))?;
        }
        Ok(())
    }
}

impl fmt::Debug for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaseNumber({self})")
    }
}

impl Serialize for CaseNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CaseNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_is_understood_as_people_type_it() {
        let number: CaseNumber = "7K3M-9WQ0".parse().unwrap();
        for text in ["7k3m-9wq0", "7K3M9WQ0", "7K3M-9WQO", "7K3M-9WQo"] {
            assert_eq!(text.parse::<CaseNumber>().unwrap(), number, "{text}");
        }
        assert_eq!("ILil-0000".parse::<CaseNumber>().unwrap().to_string(), "1111-0000");
        for text in [
            "",
            "-",
            "7K3M-9WQ",
            "7K3M-9WQ22",
            "7K3-M9WQ2",
            "7K3M--9WQ2",
            "7K3M-9WQU",
            "７K3M-9WQ2",
        ] {
            assert!(text.parse::<CaseNumber>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_random_number_reads_back(bytes: [u8; 5]) {
            let number = CaseNumber::of_random(bytes);
            prop_assert_eq!(number.to_string().parse::<CaseNumber>().unwrap(), number);
            let other = CaseNumber::of_random(bytes.map(|byte| byte.wrapping_add(1)));
            prop_assert!(number != other);
        }
    }
}

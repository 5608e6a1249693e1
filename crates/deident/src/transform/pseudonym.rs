//! Keyed pseudonyms (带密钥的假名): the same value always becomes the same name, and
//! only who has the key can tell which.
//!
//! No digest without a key is offered. The values of an identifier can be counted
//! through: all 5.3·10⁹ mobile numbers of China are hashed in an hour on one core
//! (SM3), so that an unkeyed digest hides nothing. A salt that is published with the
//! data changes nothing of that.
//!
//! A pseudonymized table is de-identified, not anonymous: it stays personal data while
//! the key exists, and rows of one person can still be joined.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use serde::{Deserialize, Serialize};

use super::error::TransformError;
use super::operation::Treated;
use crate::cell_text::texts;
use crate::keys::{Keys, Prf, Usage};

/// How a pseudonym is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Hexadecimal digits, 4 bits each: 32 to 64, that is 128 to 256 bits.
    #[default]
    Hex,
    /// Crockford's base 32 in groups of four (`7KQ2-M9XD-0F3T`), 5 bits each: 10 to
    /// 48 characters. No letter looks like a digit.
    Readable,
}

/// Values become `HMAC-SM3(key, value)`, cut to a length.
///
/// The key is bound to a domain, the column's name unless stated otherwise: equal
/// values of two columns get different names, so that the columns cannot be joined.
/// Two columns that shall be joined name one `domain`.
///
/// Source: RFC 2104; GB/T 32905-2016 (SM3); ISO/IEC 20889:2018 (pseudonymization).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pseudonym {
    /// Name of the key.
    pub key: String,
    /// How it is written.
    #[serde(default)]
    pub encoding: Encoding,
    /// Characters, hyphens not counted; 32 for hexadecimal, 16 for readable ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// Columns of one domain and one key give equal values equal names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
}

impl Pseudonym {
    /// Hexadecimal names of 128 bits, in the domain of their column.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), encoding: Encoding::Hex, length: None, domain: None }
    }

    fn characters(&self) -> u32 {
        self.length.unwrap_or(match self.encoding {
            Encoding::Hex => 32,
            Encoding::Readable => 16,
        })
    }

    /// Bits of a pseudonym.
    pub fn bits(&self) -> u32 {
        self.characters().saturating_mul(match self.encoding {
            Encoding::Hex => 4,
            Encoding::Readable => 5,
        })
    }

    /// Bound of the probability that two of `distinct` values get one name:
    /// `n·(n − 1) / 2^(bits + 1)`, at most 1.
    ///
    /// ```
    /// # use deident::transform::{Encoding, Pseudonym};
    /// let short = Pseudonym { encoding: Encoding::Readable, ..Pseudonym::new("k") };
    /// assert!(short.collision_bound(1_000_000) < 5e-13);
    /// ```
    pub fn collision_bound(&self, distinct: u64) -> f64 {
        let pairs = distinct as f64 * distinct.saturating_sub(1) as f64 / 2.0;
        (pairs * (-f64::from(self.bits())).exp2()).min(1.0)
    }

    pub(crate) fn check(&self) -> Result<(), TransformError> {
        let (range, rule) = match self.encoding {
            Encoding::Hex => (32..=64, "hexadecimal names have 32 to 64 characters"),
            Encoding::Readable => (10..=48, "readable names have 10 to 48 characters"),
        };
        let length = self.characters();
        if range.contains(&length) {
            Ok(())
        } else {
            Err(TransformError::parameter("length", &length, rule))
        }
    }
}

/// [`Pseudonym`] made ready.
#[derive(Debug, Clone)]
pub(crate) struct Naming {
    settings: Pseudonym,
    prf: Prf,
}

impl Naming {
    pub(crate) fn new(
        settings: &Pseudonym,
        column: &str,
        keys: &Keys,
    ) -> Result<Self, TransformError> {
        settings.check()?;
        let domain = settings.domain.as_deref().unwrap_or(column);
        let prf = keys.derive(&settings.key, Usage::Pseudonym, domain)?;
        Ok(Self { settings: settings.clone(), prf })
    }

    pub(crate) fn apply(&self, array: &ArrayRef) -> Treated {
        let mut builder = StringBuilder::new();
        for text in &texts(array) {
            builder.append_option(text.map(|text| self.name(text)));
        }
        Treated { array: Arc::new(builder.finish()), emptied: 0, limited: 0 }
    }

    pub(crate) fn name(&self, text: &str) -> String {
        let digest = self.prf.digest(&[text.as_bytes()]);
        let length = self.settings.characters() as usize;
        match self.settings.encoding {
            Encoding::Hex => symbols(&digest, 4)
                .take(length)
                .filter_map(|digit| char::from_digit(u32::from(digit), 16))
                .collect(),
            Encoding::Readable => {
                let mut name = String::with_capacity(length + length / 4);
                for (place, symbol) in symbols(&digest, 5).take(length).enumerate() {
                    if place > 0 && place % 4 == 0 {
                        name.push('-');
                    }
                    name.extend(CROCKFORD.chars().nth(symbol.into()));
                }
                name
            }
        }
    }
}

/// Crockford's base 32: no I, L, O, U.
const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The bits of a digest in pieces of a few bits.
fn symbols(digest: &[u8; 32], bits: usize) -> impl Iterator<Item = u8> {
    (0..256 / bits).map(move |place| {
        (place * bits..(place + 1) * bits).fold(0, |symbol, bit| {
            let byte = digest.get(bit / 8).copied().unwrap_or_default();
            symbol << 1 | (byte >> (7 - bit % 8) & 1)
        })
    })
}

//! Keys (密钥) that the caller hands in, each under a name.
//!
//! A plan names a key (`key = "project-2026"`) and never holds it: a plan is stored,
//! shown and exported, and whoever has the key can undo what it protects. No key
//! stands in a plan, in an error or in what `Debug` prints; the bytes are wiped when
//! they are dropped.
//!
//! Each use has a key of its own, derived from the one given:
//!
//! ```text
//! HMAC-SM3(key, "fenhe/deident/1" ‖ use ‖ domain)   each part behind its length
//! ```
//!
//! so that one key may serve a pseudonym, a date shift and a sample, and neither
//! tells anything of the other.
//!
//! Invariants (each is also the name of a test):
//! - `a_key_is_never_shown`
//! - `a_short_key_is_refused`

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sm3::Sm3;
use zeroize::Zeroizing;

/// Fewest bytes of a key: 128 bits, the strength of SM3 against collisions and of SM4.
pub(crate) const SHORTEST_KEY_BYTES: usize = 16;

const VERSION: &[u8] = b"fenhe/deident/1";

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The plan names a key that was not handed in.
    #[error("the plan needs the key `{name}`, and no such key was given")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// The key could be found by trying all keys.
    #[error("the key `{name}` has {bytes} bytes; use at least 16 random bytes")]
    Short {
        /// Its name.
        name: String,
        /// Its length.
        bytes: usize,
    },
    /// Two keys have one name.
    #[error("the key `{name}` was given twice")]
    Twice {
        /// Its name.
        name: String,
    },
}

/// The keys of one run, by name.
///
/// ```
/// # use deident::Keys;
/// let mut keys = Keys::new();
/// keys.insert("project-2026", vec![7; 32])?;
/// assert_eq!(format!("{keys:?}"), r#"Keys ["project-2026"]"#);
/// # Ok::<(), deident::KeyError>(())
/// ```
#[derive(Clone, Default)]
pub struct Keys {
    named: BTreeMap<String, Zeroizing<Vec<u8>>>,
}

impl Keys {
    /// No key at all, which is enough for plans that name none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key. The bytes should come from a generator of secrets: a word that
    /// people can remember can be guessed.
    ///
    /// # Errors
    ///
    /// [`KeyError::Short`], [`KeyError::Twice`].
    pub fn insert(&mut self, name: impl Into<String>, bytes: Vec<u8>) -> Result<(), KeyError> {
        let name = name.into();
        let bytes = Zeroizing::new(bytes);
        if bytes.len() < SHORTEST_KEY_BYTES {
            return Err(KeyError::Short { name, bytes: bytes.len() });
        }
        if self.named.contains_key(&name) {
            return Err(KeyError::Twice { name });
        }
        self.named.insert(name, bytes);
        Ok(())
    }

    /// The names of the keys, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    /// The key for one use in one domain.
    pub(crate) fn derive(&self, name: &str, usage: Usage, domain: &str) -> Result<Prf, KeyError> {
        let unknown = || KeyError::Unknown { name: name.to_owned() };
        let root = Prf::new(self.named.get(name).ok_or_else(unknown)?).ok_or_else(unknown)?;
        let derived =
            Zeroizing::new(root.digest(&[VERSION, usage.name().as_bytes(), domain.as_bytes()]));
        Prf::new(derived.as_slice()).ok_or_else(unknown)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys ")?;
        f.debug_list().entries(self.named.keys()).finish()
    }
}

/// What a derived key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    Pseudonym,
    Encryption,
    DateShift,
    Noise,
    Swap,
    RecordSwap,
    Sample,
    Synthesis,
}

impl Usage {
    fn name(self) -> &'static str {
        match self {
            Self::Pseudonym => "pseudonym",
            Self::Encryption => "ff1-sm4",
            Self::DateShift => "date-shift",
            Self::Noise => "noise",
            Self::Swap => "swap",
            Self::RecordSwap => "record-swap",
            Self::Sample => "sample",
            Self::Synthesis => "synthesis",
        }
    }
}

/// A keyed function that no one without the key can tell from chance: HMAC-SM3.
///
/// Source: RFC 2104; GB/T 32905-2016 (SM3); GB/T 15852.2 (HMAC).
#[derive(Clone)]
pub(crate) struct Prf {
    mac: Hmac<Sm3>,
}

impl Prf {
    fn new(key: &[u8]) -> Option<Self> {
        Hmac::<Sm3>::new_from_slice(key).ok().map(|mac| Self { mac })
    }

    /// 256 bits for a list of texts; two lists never share their input.
    pub(crate) fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.mac.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Four uniform numbers of 64 bits.
    pub(crate) fn words(&self, parts: &[&[u8]]) -> [u64; 4] {
        let digest = self.digest(parts);
        let mut words = [0_u64; 4];
        for (word, bytes) in words.iter_mut().zip(digest.chunks_exact(8)) {
            *word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        words
    }

    /// The first 128 bits, as a key for SM4.
    pub(crate) fn block_key(&self) -> Zeroizing<[u8; 16]> {
        let digest = Zeroizing::new(self.digest(&[b"sm4"]));
        let mut key = Zeroizing::new([0_u8; 16]);
        for (to, from) in key.iter_mut().zip(digest.iter()) {
            *to = *from;
        }
        key
    }
}

impl fmt::Debug for Prf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prf")
    }
}

/// A number in (0, 1) of 52 bits, never 0 and never 1.
pub(crate) fn unit(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
}

/// A whole number in `0..n`; the bias is below `n / 2⁶⁴`.
pub(crate) fn below(word: u64, n: u64) -> u64 {
    let product = u128::from(word) * u128::from(n);
    u64::try_from(product >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let mut keys = Keys::new();
        keys.insert("a", vec![1; 32]).unwrap();
        keys.insert("b", vec![2; 16]).unwrap();
        keys
    }

    #[test]
    fn a_key_is_never_shown() {
        let keys = keys();
        let prf = keys.derive("a", Usage::Noise, "x").unwrap();
        let shown = format!("{keys:?} {prf:?} {:?}", keys.derive("c", Usage::Noise, "x"));
        assert!(!shown.contains("[1, 1") && !shown.contains("0101"), "{shown}");
    }

    #[test]
    fn a_short_key_is_refused() {
        let mut keys = keys();
        assert_eq!(
            keys.insert("c", vec![0; 15]).unwrap_err().to_string(),
            "the key `c` has 15 bytes; use at least 16 random bytes"
        );
        assert_eq!(keys.insert("a", vec![0; 16]), Err(KeyError::Twice { name: "a".to_owned() }));
        assert!(matches!(keys.derive("c", Usage::Noise, ""), Err(KeyError::Unknown { .. })));
    }

    #[test]
    fn each_key_use_and_domain_has_a_key_of_its_own() {
        let keys = keys();
        let digest =
            |name, usage, domain| keys.derive(name, usage, domain).unwrap().digest(&[b"1", b"2"]);
        let all = [
            digest("a", Usage::Noise, "x"),
            digest("b", Usage::Noise, "x"),
            digest("a", Usage::Swap, "x"),
            digest("a", Usage::Noise, "y"),
            keys.derive("a", Usage::Noise, "x").unwrap().digest(&[b"12"]),
        ];
        for (place, one) in all.iter().enumerate() {
            assert!(!all[place + 1..].contains(one));
        }
        assert_eq!(all[0], digest("a", Usage::Noise, "x"));
    }

    #[test]
    fn hmac_sm3_agrees_with_a_published_answer() {
        // `openssl dgst -sm3 -mac HMAC -macopt hexkey:0b…0b` (20 bytes) over "Hi There".
        let mut mac = Hmac::<Sm3>::new_from_slice(&[0x0b; 20]).unwrap();
        mac.update(b"Hi There");
        let hex: String =
            mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "51b00d1fb49832bfb01c3ce27848e59f871d9ba938dc563b338ca964755cce70");
    }

    #[test]
    fn drawn_numbers_stay_in_their_range() {
        assert!(unit(0) > 0.0 && unit(u64::MAX) < 1.0);
        assert_eq!((below(0, 7), below(u64::MAX, 7), below(5, 0)), (0, 6, 0));
    }
}

//! Format-preserving encryption (保留格式加密): FF1 over the block cipher SM4.
//!
//! A number of eleven digits becomes another of eleven digits, and the key brings it
//! back. It is de-identified, not anonymous.
//!
//! FF1 needs `radix ^ length ≥ 10⁶`: six digits, or five letters of 36. What is
//! shorter could be found by trying all values, and is refused or suppressed as the
//! plan says. FF3 is not offered: it was broken (Durak & Vaudenay, CRYPTO 2017).
//!
//! Source: NIST SP 800-38G (2016) and its revision 1 (draft, 2019); GB/T 32907-2016
//! (SM4).

use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use fpe::ff1::{FF1, FlexibleNumeralString, NumeralStringError};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use sm4::Sm4;
use sm4::cipher::{BlockCipherEncrypt, KeyInit};

use super::error::TransformError;
use super::operation::{Rows, Treated};
use crate::cell_text::texts;
use crate::keys::{Keys, Usage};

/// What becomes of a value that FF1 cannot treat: too short, or with a character
/// outside the alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// The run ends with an error that names the row.
    #[default]
    Refuse,
    /// The cell becomes null and is counted.
    Suppress,
}

/// Values become other values of the same length over the same alphabet, one to one.
/// The result is text. Nulls stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encrypt {
    /// Name of the key.
    pub key: String,
    /// The characters that values are made of, each once, 2 to 65,536 of them; the
    /// ten digits unless stated otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alphabet: Option<String>,
    /// Columns of one domain and one key give equal values equal results; the
    /// column's name unless stated otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// What becomes of other values.
    #[serde(default)]
    pub unfit: Unfit,
}

impl Encrypt {
    /// Digits only, in the domain of their column; other values are refused.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), alphabet: None, domain: None, unfit: Unfit::Refuse }
    }

    /// Fewest characters of a value: the least `n` with `radix ^ n ≥ 10⁶`.
    pub fn shortest(&self) -> u32 {
        let radix = self.characters().chars().count() as u64;
        let enough = |length: &u32| {
            *length >= 2 && radix.checked_pow(*length).is_none_or(|values| values >= 1_000_000)
        };
        (2..=20).find(enough).unwrap_or(20)
    }

    fn characters(&self) -> &str {
        self.alphabet.as_deref().unwrap_or("0123456789")
    }

    fn cipher(&self, column: &str, keys: &Keys) -> Result<Ff1<Sm4>, TransformError> {
        let domain = self.domain.as_deref().unwrap_or(column);
        let key = keys.derive(&self.key, Usage::Encryption, domain)?.block_key();
        Ff1::new(key.as_slice(), self.characters())
    }

    /// The original of an encrypted value of a column.
    ///
    /// ```
    /// # use deident::Keys;
    /// # use deident::transform::Encrypt;
    /// let mut keys = Keys::new();
    /// keys.insert("project-2026", vec![7; 32])?;
    /// let encrypt = Encrypt::new("project-2026");
    /// let hidden = encrypt.encrypt("电话", "13812345678", &keys)?;
    /// assert_eq!(encrypt.decrypt("电话", &hidden, &keys)?, "13812345678");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Self::encrypt`].
    pub fn decrypt(&self, column: &str, text: &str, keys: &Keys) -> Result<String, TransformError> {
        self.cipher(column, keys)?.decrypt(&[], text).map_err(|reason| cell(1, &reason))
    }

    /// The encrypted form of one value of a column.
    ///
    /// # Errors
    ///
    /// [`TransformError`]: the key is missing, the alphabet is unfit, or the value is
    /// too short or not of the alphabet.
    pub fn encrypt(&self, column: &str, text: &str, keys: &Keys) -> Result<String, TransformError> {
        self.cipher(column, keys)?.encrypt(&[], text).map_err(|reason| cell(1, &reason))
    }
}

fn cell(row: u64, reason: &str) -> TransformError {
    TransformError::Cell { row, reason: reason.to_owned() }
}

/// [`Encrypt`] made ready.
pub(crate) struct Encryption {
    settings: Encrypt,
    cipher: Ff1<Sm4>,
}

impl std::fmt::Debug for Encryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encryption").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Encryption {
    pub(crate) fn new(
        settings: &Encrypt,
        column: &str,
        keys: &Keys,
    ) -> Result<Self, TransformError> {
        Ok(Self { settings: settings.clone(), cipher: settings.cipher(column, keys)? })
    }

    pub(crate) fn apply(
        &self,
        rows: &Rows<'_>,
        array: &ArrayRef,
    ) -> Result<Treated, TransformError> {
        let mut builder = StringBuilder::new();
        let mut emptied = 0;
        for (text, row) in texts(array).iter().zip(rows.numbers) {
            match text.map(|text| self.cipher.encrypt(&[], text)).transpose() {
                Ok(hidden) => builder.append_option(hidden),
                Err(_) if self.settings.unfit == Unfit::Suppress => {
                    emptied += 1;
                    builder.append_null();
                }
                Err(reason) => return Err(cell(row + 1, &reason)),
            }
        }
        Ok(Treated { array: Arc::new(builder.finish()), emptied, limited: 0 })
    }
}

/// FF1 over any block cipher and alphabet.
pub(crate) struct Ff1<C> {
    cipher: FF1<C>,
    alphabet: Vec<char>,
    numerals: HashMap<char, u16>,
}

impl<C: BlockCipherEncrypt + KeyInit + Clone> Ff1<C> {
    pub(crate) fn new(key: &[u8], characters: &str) -> Result<Self, TransformError> {
        let wrong = |rule| TransformError::parameter("alphabet", characters, rule);
        let mut numerals = HashMap::new();
        let alphabet: Vec<char> = characters.chars().collect();
        for (numeral, char) in alphabet.iter().enumerate() {
            let numeral = u16::try_from(numeral)
                .map_err(|_| wrong("an alphabet has 2 to 65,536 characters"))?;
            if numerals.insert(*char, numeral).is_some() {
                return Err(wrong("each character of an alphabet stands in it once"));
            }
        }
        let radix = u32::try_from(alphabet.len()).unwrap_or(u32::MAX);
        if key.len() != C::key_size() {
            return Err(wrong("the key does not fit the cipher"));
        }
        let cipher =
            FF1::new(key, radix).map_err(|_| wrong("an alphabet has 2 to 65,536 characters"))?;
        Ok(Self { cipher, alphabet, numerals })
    }

    pub(crate) fn encrypt(&self, tweak: &[u8], text: &str) -> Result<String, String> {
        let hidden = self.cipher.encrypt(tweak, &self.numerals(text)?);
        hidden.map(|hidden| self.text(hidden)).map_err(|error| reason(&error))
    }

    pub(crate) fn decrypt(&self, tweak: &[u8], text: &str) -> Result<String, String> {
        let shown = self.cipher.decrypt(tweak, &self.numerals(text)?);
        shown.map(|shown| self.text(shown)).map_err(|error| reason(&error))
    }

    fn numerals(&self, text: &str) -> Result<FlexibleNumeralString, String> {
        let numerals: Option<Vec<u16>> =
            text.chars().map(|char| self.numerals.get(&char).copied()).collect();
        numerals.map(FlexibleNumeralString::from).ok_or_else(|| {
            "the value has a character that is not in the alphabet; add it to `alphabet`, \
             or write `unfit = \"suppress\"`"
                .to_owned()
        })
    }

    fn text(&self, numerals: FlexibleNumeralString) -> String {
        let numerals: Vec<u16> = numerals.into();
        numerals.iter().filter_map(|numeral| self.alphabet.get(usize::from(*numeral))).collect()
    }
}

fn reason(error: &NumeralStringError) -> String {
    match error {
        NumeralStringError::TooShort { ns_len, min_len } => format!(
            "the value has {ns_len} characters and this alphabet needs {min_len}, so that there \
             are a million possible values; write `unfit = \"suppress\"` or another transform"
        ),
        NumeralStringError::TooLong { .. } | NumeralStringError::InvalidForRadix(_) => {
            "the value is too long for FF1".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use aes::{Aes128, Aes192, Aes256};

    use super::*;

    const DIGITS: &str = "0123456789";
    const LETTERS: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
    const KEY: &str = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> =
            hex.chars().map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap()).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }

    fn check<C: BlockCipherEncrypt + KeyInit + Clone>(
        key_bytes: usize,
        alphabet: &str,
        tweak: &str,
        shown: &str,
        hidden: &str,
    ) {
        let ff1 = Ff1::<C>::new(&bytes(KEY)[..key_bytes], alphabet).unwrap();
        let tweak = bytes(tweak);
        assert_eq!(ff1.encrypt(&tweak, shown).unwrap(), hidden);
        assert_eq!(ff1.decrypt(&tweak, hidden).unwrap(), shown);
    }

    #[test]
    fn ff1_agrees_with_the_samples_of_nist() {
        // NIST, "Block Cipher Modes of Operation: FF1 Method for Format-Preserving
        // Encryption", samples 1 to 9.
        let (plain, long) = ("0123456789", "0123456789abcdefghi");
        let (ten, eleven) = ("39383736353433323130", "3737373770717273373737");
        check::<Aes128>(16, DIGITS, "", plain, "2433477484");
        check::<Aes128>(16, DIGITS, ten, plain, "6124200773");
        check::<Aes128>(16, LETTERS, eleven, long, "a9tv40mll9kdu509eum");
        check::<Aes192>(24, DIGITS, "", plain, "2830668132");
        check::<Aes192>(24, DIGITS, ten, plain, "2496655549");
        check::<Aes192>(24, LETTERS, eleven, long, "xbj3kv35jrawxv32ysr");
        check::<Aes256>(32, DIGITS, "", plain, "6657667009");
        check::<Aes256>(32, DIGITS, ten, plain, "1001623463");
        check::<Aes256>(32, LETTERS, eleven, long, "xs8a0azh2avyalyzuwd");
    }

    #[test]
    fn what_could_be_found_by_trying_is_refused() {
        let ff1 = Ff1::<Sm4>::new(&[1; 16], DIGITS).unwrap();
        assert!(ff1.encrypt(&[], "99999").unwrap_err().contains("needs 6"));
        assert!(ff1.encrypt(&[], "").is_err());
        assert!(ff1.encrypt(&[], "1234567x").unwrap_err().contains("alphabet"));
        assert_eq!(Encrypt::new("k").shortest(), 6);
        assert!(Ff1::<Sm4>::new(&[1; 16], "0").is_err());
        assert!(Ff1::<Sm4>::new(&[1; 16], "00").is_err());
        assert!(Ff1::<Sm4>::new(&[1; 15], DIGITS).is_err());
    }
}

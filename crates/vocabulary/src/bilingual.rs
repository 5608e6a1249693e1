//! Text for people, in Chinese and in English.

use serde::{Deserialize, Serialize};

/// A text that people read: Chinese first, English beside it.
///
/// Both are plain text, never HTML. Neither is empty in text of the platform's
/// own; text that users wrote may lack one of the two.
///
/// ```
/// # use vocabulary::Bilingual;
/// let name = Bilingual::new("目录", "catalogue entry");
/// assert_eq!(name.to_string(), "目录");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Bilingual {
    /// Chinese text.
    pub zh: String,
    /// English text.
    pub en: String,
}

impl Bilingual {
    /// Joins the two languages of one text.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

/// Prints the Chinese text. Use the field `en` for English.
impl std::fmt::Display for Bilingual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.zh)
    }
}

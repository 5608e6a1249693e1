//! Citations: an instrument, and the article or section that is meant.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vocabulary::Bilingual;

use crate::instrument::{Article, Instrument, strip_title};
use crate::numeral;

/// A legal basis: an instrument and the place in it.
///
/// A value names an instrument of this crate and, if it names an article, one of the
/// instrument's index. So whoever holds one can show what it says. It does not say
/// that the provision fits the case.
///
/// Text form, also in JSON and in the database: 数据安全法 第三十八条第二款.
///
/// ```
/// let basis: law::Basis = "个人信息保护法 第七十三条第（四）项".parse()?;
/// assert_eq!(basis.to_string(), "个人信息保护法 第七十三条第（四）项");
/// assert_eq!(basis.text().zh, "《个人信息保护法》第七十三条第（四）项");
/// assert_eq!(basis.text().en, "Personal Information Protection Law, art. 73 (4)");
/// # Ok::<(), law::CiteError>(())
/// ```
#[derive(Clone)]
pub struct Basis {
    instrument: &'static Instrument,
    article: Option<&'static Article>,
    paragraph: Option<u16>,
    item: Option<u16>,
    section: Option<String>,
}

/// Why a text is no citation that this crate can resolve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CiteError {
    /// The text does not start with a known title.
    #[error("`{0}` does not start with the title of a known instrument")]
    Instrument(String),

    /// The instrument is known, and the article is not in its index.
    #[error("article {number} of {instrument} is not in the index of this crate")]
    Article {
        /// Title of the instrument.
        instrument: String,
        /// The article that was cited.
        number: u16,
    },

    /// Something follows the title that is no article and no section.
    #[error("`{0}` after the title is no article; write 第三十八条第二款第（一）项")]
    Form(String),
}

impl Basis {
    /// The instrument.
    pub fn instrument(&self) -> &'static Instrument {
        self.instrument
    }

    /// The article, unless the whole instrument or a section is meant.
    pub fn article(&self) -> Option<&'static Article> {
        self.article
    }

    /// The citation as people read it, in both languages.
    pub fn text(&self) -> Bilingual {
        let place = self.place();
        let zh = if self.instrument.is_standard() {
            if place.is_empty() {
                self.instrument.title.zh.clone()
            } else {
                format!("{} {place}", self.instrument.title.zh)
            }
        } else {
            format!("《{}》{place}", self.instrument.title.zh)
        };
        let mut en = self.instrument.title.en.clone();
        if let Some(article) = self.article {
            en.push_str(&format!(", art. {}", article.number));
        }
        if let Some(paragraph) = self.paragraph {
            en.push_str(&format!(", para. {paragraph}"));
        }
        if let Some(item) = self.item {
            en.push_str(&format!(" ({item})"));
        }
        if let Some(section) = &self.section {
            en.push_str(&format!(", {section}"));
        }
        Bilingual { zh, en }
    }

    /// What the article says, in one line; `None` for a whole instrument.
    pub fn summary(&self) -> Option<Bilingual> {
        self.article.map(Article::summary)
    }

    /// Whether the instrument was in force on a day, as far as its dates were read.
    pub fn in_force(&self, day: Date) -> bool {
        self.instrument.in_force.covers(day)
    }

    /// Article, paragraph and item, or section, in Chinese.
    fn place(&self) -> String {
        let mut place = String::new();
        if let Some(article) = self.article {
            place.push_str(&format!("第{}条", numeral::write(article.number)));
        }
        if let Some(paragraph) = self.paragraph {
            place.push_str(&format!("第{}款", numeral::write(paragraph)));
        }
        if let Some(item) = self.item {
            place.push_str(&format!("第（{}）项", numeral::write(item)));
        }
        if let Some(section) = &self.section {
            place.push_str(section);
        }
        place
    }

    fn key(&self) -> (&str, Option<u16>, Option<u16>, Option<u16>, Option<&str>) {
        let article = self.article.map(|article| article.number);
        (&self.instrument.id, article, self.paragraph, self.item, self.section.as_deref())
    }
}

impl PartialEq for Basis {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Basis {}

/// The text form, which [`cite`] reads back.
impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.instrument.title.zh)?;
        let place = self.place();
        if place.is_empty() { Ok(()) } else { write!(f, " {place}") }
    }
}

impl fmt::Debug for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Basis({self})")
    }
}

impl FromStr for Basis {
    type Err = CiteError;

    fn from_str(text: &str) -> Result<Self, CiteError> {
        cite(text)
    }
}

impl Serialize for Basis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Basis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Reads one whole citation.
///
/// The title may stand in 《》 and be led by 中华人民共和国; numbers may be Chinese or
/// Arabic; items may stand in full-width or half-width brackets or in none. For a
/// standard a section may follow, such as `GB/T 42460-2023 D.1.5`.
///
/// # Errors
///
/// A [`CiteError`] that says what is not known.
///
/// ```
/// assert_eq!(law::cite("《中华人民共和国数据安全法》第38条")?, law::cite("数据安全法 第三十八条")?);
/// # Ok::<(), law::CiteError>(())
/// ```
pub fn cite(text: &str) -> Result<Basis, CiteError> {
    let (basis, rest) = read(text)?;
    let rest = rest.trim_matches(|c: char| c.is_whitespace() || c == '。');
    if rest.is_empty() { Ok(basis) } else { Err(CiteError::Form(shorten(rest))) }
}

/// Reads the citation that a text starts with; what follows it is a remark.
///
/// Meant for lines such as `Basis: 数据安全法 第三十八条 — a body uses data only within
/// its duties`, without the word before. `None` if instrument or article is unknown.
pub fn resolve(text: &str) -> Option<Basis> {
    read(text).ok().map(|(basis, _)| basis)
}

/// The article of an instrument by key and number, for example `("data_security", 33)`.
pub fn article(instrument: &str, number: u16) -> Option<&'static Article> {
    crate::instrument(instrument)?.article(number)
}

fn read(text: &str) -> Result<(Basis, &str), CiteError> {
    let text = text.trim();
    let bare = text.strip_prefix('《').unwrap_or(text);
    let bare = bare.strip_prefix("中华人民共和国").unwrap_or(bare);
    let (instrument, rest) =
        strip_title(bare).ok_or_else(|| CiteError::Instrument(shorten(text)))?;
    let rest = rest.strip_prefix('》').unwrap_or(rest).trim_start();

    if instrument.is_standard() {
        let rest = rest.strip_prefix("附录").map_or(rest, str::trim_start);
        let end = rest
            .find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '.'))
            .unwrap_or(rest.len());
        let (section, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let section = section.trim_end_matches('.');
        let section = (!section.is_empty()).then(|| section.to_owned());
        return Ok((
            Basis { instrument, article: None, paragraph: None, item: None, section },
            rest,
        ));
    }

    let (number, rest) = ordinal(rest, '条').map_or((None, rest), |(n, rest)| (Some(n), rest));
    let article = match number {
        Some(number) => Some(instrument.article(number).ok_or_else(|| CiteError::Article {
            instrument: instrument.title.zh.clone(),
            number,
        })?),
        None => None,
    };
    let (paragraph, rest) = ordinal(rest, '款').map_or((None, rest), |(n, rest)| (Some(n), rest));
    let (item, rest) = ordinal(rest, '项').map_or((None, rest), |(n, rest)| (Some(n), rest));
    Ok((Basis { instrument, article, paragraph, item, section: None }, rest))
}

/// Reads 第…条 (or 款, 项) at the start of a text: the number, and what follows.
fn ordinal(text: &str, unit: char) -> Option<(u16, &str)> {
    let (number, rest) = text.trim_start().strip_prefix('第')?.split_once(unit)?;
    let number = number.trim().trim_start_matches(['（', '(']).trim_end_matches(['）', ')']);
    Some((numeral::read(number)?, rest))
}

fn shorten(text: &str) -> String {
    text.chars().take(40).collect()
}

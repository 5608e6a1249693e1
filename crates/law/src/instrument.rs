//! Laws, regulations, documents and standards, with an index of their articles.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, DivisionCode};

use crate::{Confidence, embedded};

/// A period of validity; an absent end is open, or was not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InForce {
    /// First day.
    #[serde(default)]
    pub from: Option<Date>,
    /// Last day.
    #[serde(default)]
    pub to: Option<Date>,
}

impl InForce {
    /// Whether a day lies inside. An absent end does not limit.
    pub fn covers(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// A law, regulation, document or standard.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instrument {
    /// Short key inside this crate, for example `personal_information`.
    pub id: String,
    /// Title as citations write it; for a standard, its number.
    pub title: Bilingual,
    /// The title of a standard, whose `title` is its number.
    #[serde(default)]
    pub name: Option<Bilingual>,
    /// Other ways in which a citation may write the title.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Document number, for example 国务院令第809号.
    #[serde(default)]
    pub number: Option<String>,
    /// Where it binds; 100000 is the whole country.
    pub jurisdiction: DivisionCode,
    /// From when to when.
    #[serde(default)]
    pub in_force: InForce,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far the facts were checked.
    pub confidence: Confidence,
    /// What a reader of this instrument must know.
    #[serde(default)]
    pub note: Option<Bilingual>,
    /// The articles that this crate knows, by number.
    #[serde(default, rename = "article")]
    pub articles: Vec<Article>,
}

impl Instrument {
    /// One article, if it is in the index.
    pub fn article(&self, number: u16) -> Option<&Article> {
        self.articles.iter().find(|article| article.number == number)
    }

    /// Whether this is a standard, which is cited by section and not by article.
    pub fn is_standard(&self) -> bool {
        self.title.zh.starts_with("GB")
    }
}

/// An article with a summary of one line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    /// Its number.
    #[serde(rename = "n")]
    pub number: u16,
    /// Summary in Chinese. It is ours, not the text of the law.
    pub zh: String,
    /// Summary in English.
    pub en: String,
}

impl Article {
    /// The summary in both languages.
    pub fn summary(&self) -> Bilingual {
        Bilingual::new(self.zh.as_str(), self.en.as_str())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    instrument: Vec<Instrument>,
}

static INSTRUMENTS: LazyLock<Vec<Instrument>> = LazyLock::new(|| {
    embedded::<File>("articles.toml", include_str!("../data/articles.toml")).instrument
});

/// Titles and aliases, by text: what a citation can start with.
static TITLES: LazyLock<BTreeMap<&'static str, &'static Instrument>> = LazyLock::new(|| {
    let mut titles = BTreeMap::new();
    for instrument in instruments() {
        titles.insert(instrument.title.zh.as_str(), instrument);
        titles.extend(instrument.aliases.iter().map(|alias| (alias.as_str(), instrument)));
    }
    titles
});

/// Every instrument that the platform rests on.
pub fn instruments() -> &'static [Instrument] {
    &INSTRUMENTS
}

/// An instrument by its key, for example `data_security`.
pub fn instrument(id: &str) -> Option<&'static Instrument> {
    instruments().iter().find(|instrument| instrument.id == id)
}

/// The instrument whose title or alias starts the text, and the rest of the text.
/// The longest title wins.
pub(crate) fn strip_title(text: &str) -> Option<(&'static Instrument, &str)> {
    TITLES
        .iter()
        .filter_map(|(title, instrument)| Some((title, *instrument, text.strip_prefix(title)?)))
        .max_by_key(|(title, ..)| title.len())
        .map(|(_, instrument, rest)| (instrument, rest))
}

//! How sure a fact is, and where it was read.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use crate::embedded;

/// How far a fact of this crate was checked at its source.
///
/// A fact that is not [`Confidence::Verified`] or [`Confidence::Tested`] is never
/// binding by itself: its row says `configurable_default = true`, and pages show the
/// mark beside the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Read in the full text of the instrument.
    Verified,
    /// Recomputed and tested.
    Tested,
    /// Read in an excerpt; the rest of the text was not readable.
    Excerpt,
    /// A conclusion of this project; no source says it.
    Inferred,
    /// Not found in a source.
    Unverified,
}

impl Confidence {
    /// Whether the fact stands on its source alone.
    pub fn is_firm(self) -> bool {
        matches!(self, Self::Verified | Self::Tested)
    }

    /// The name that people read.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Verified => ("已核对全文", "read in the full text"),
            Self::Tested => ("已复算验证", "recomputed"),
            Self::Excerpt => ("仅见摘录", "read in an excerpt"),
            Self::Inferred => ("推断", "inferred"),
            Self::Unverified => ("未核实", "not verified"),
        };
        Bilingual::new(zh, en)
    }
}

/// A text that facts of this crate were read in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Title, in Chinese.
    pub title: String,
    /// Where it was found, if a public address is known.
    #[serde(default)]
    pub location: Option<String>,
}

static SOURCES: LazyLock<BTreeMap<String, Source>> =
    LazyLock::new(|| embedded("sources.toml", include_str!("../data/sources.toml")));

/// The source behind a key such as `K1`, as it stands beside each row.
pub fn source(key: &str) -> Option<&'static Source> {
    SOURCES.get(key)
}

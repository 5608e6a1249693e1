//! Levels of data by the harm that a leak would do (数据分级), GB/T 43697-2024.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Bilingual;

/// Level of a data item, from harmless to core.
///
/// The order is the order of harm: a set takes the highest level of its items
/// (就高从严), so `items.max()` is the level of the set.
///
/// A level is a decision that people made and recorded. The type does not say
/// that the decision is right.
///
/// Source: GB/T 43697-2024, 6.1 (core, important, general) and annex H (the four
/// steps of general data). Basis: 数据安全法 第二十一条.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataLevel {
    /// General data, level 1: a leak harms nobody.
    #[serde(rename = "general_1")]
    General1,
    /// General data, level 2: harm to persons or organizations.
    #[serde(rename = "general_2")]
    General2,
    /// General data, level 3: serious harm to persons or organizations.
    #[serde(rename = "general_3")]
    General3,
    /// General data, level 4: very serious harm to persons or organizations.
    #[serde(rename = "general_4")]
    General4,
    /// Important data (重要数据): harm to national security, the economy, order or the public.
    Important,
    /// Core data (核心数据): very serious harm to these. Never on this platform.
    Core,
}

impl DataLevel {
    /// Every level, from the least to the most harmful.
    pub const ALL: [Self; 6] = [
        Self::General1,
        Self::General2,
        Self::General3,
        Self::General4,
        Self::Important,
        Self::Core,
    ];

    /// The code in files, the API and the database, for example `general_1`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::General1 => "general_1",
            Self::General2 => "general_2",
            Self::General3 => "general_3",
            Self::General4 => "general_4",
            Self::Important => "important",
            Self::Core => "core",
        }
    }

    /// The name that people read.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::General1 => ("一般数据1级", "general data, level 1"),
            Self::General2 => ("一般数据2级", "general data, level 2"),
            Self::General3 => ("一般数据3级", "general data, level 3"),
            Self::General4 => ("一般数据4级", "general data, level 4"),
            Self::Important => ("重要数据", "important data"),
            Self::Core => ("核心数据", "core data"),
        };
        Bilingual::new(zh, en)
    }
}

impl std::fmt::Display for DataLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no code of a [`DataLevel`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no data level `{0}`; use general_1 to general_4, important or core")]
pub struct DataLevelError(String);

impl FromStr for DataLevel {
    type Err = DataLevelError;

    fn from_str(text: &str) -> Result<Self, DataLevelError> {
        Self::ALL
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or_else(|| DataLevelError(text.chars().take(40).collect()))
    }
}

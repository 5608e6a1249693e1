//! What is said of a column in the end.

use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, DataLevel};

use crate::disguise::Disguise;
use crate::kind::{Attribute, Kind, Role};

/// What could be done with a column before it is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proposal {
    /// Leave it.
    Keep,
    /// Leave it out.
    Remove,
    /// Cover the middle of each value.
    Mask,
    /// Make it coarser.
    Generalize,
    /// Take out the cells in which something was found.
    Suppress,
}

impl Proposal {
    /// The name that people read.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Keep => ("保留", "keep"),
            Self::Remove => ("删除字段", "remove"),
            Self::Mask => ("掩码", "mask"),
            Self::Generalize => ("泛化", "generalize"),
            Self::Suppress => ("抑制单元格", "suppress cells"),
        };
        Bilingual::new(zh, en)
    }
}

/// How often one kind was found in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindCount {
    /// The kind.
    pub kind: Kind,
    /// Finds that passed their check.
    pub hits: u64,
    /// The first rows with one, counted from 0.
    pub rows: Vec<u64>,
}

/// What was found out of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnFinding {
    /// The header.
    pub name: String,
    /// The kind that the column as a whole is of.
    pub kind: Option<Kind>,
    /// The rule of the user that the column as a whole is of, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What it says of a person, if it is of no kind.
    pub attribute: Option<Attribute>,
    /// Its role.
    pub role: Role,
    /// Its level, GB/T 43697-2024.
    pub level: DataLevel,
    /// Share of the cells with a value in which the kind was found; without a kind,
    /// in which anything was found.
    pub hit_rate: f64,
    /// Share of the values of the kind's form that pass its check; 1 for kinds
    /// without a check digit.
    pub valid_rate: f64,
    /// How sure this is, in `[0, 1]`.
    pub confidence: f64,
    /// Distinct values divided by cells with a value, in `[0, 1]`, estimated.
    pub distinct_share: f64,
    /// Cells with a value.
    pub cells: u64,
    /// Finds in a column that is of no kind as a whole: identifiers hidden in free
    /// text or among other values, beyond what chance would give.
    pub hidden_hits: u64,
    /// Everything found beyond chance, most frequent first.
    pub kinds: Vec<KindCount>,
    /// How the identifiers in it were disguised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disguises: Vec<Disguise>,
    /// A few values, masked.
    pub examples: Vec<String>,
    /// Why.
    pub reason: Bilingual,
    /// What could be done with it.
    pub transform: Proposal,
}

/// An example that shows the form and not the value: the ends stay, at most a
/// quarter of the characters in all.
pub(crate) fn masked(text: &str) -> String {
    const LONGEST: usize = 24;
    let length = text.chars().count();
    let (left, right) = match length {
        0..=1 => (0, 0),
        2..=7 => (1, 0),
        8..=15 => (2, 1),
        _ => (3, 1),
    };
    let mut masked = String::new();
    for (place, char) in text.chars().enumerate() {
        if place < left || place + right >= length {
            masked.push(char);
        } else if place < LONGEST {
            masked.push('*');
        }
    }
    masked
}

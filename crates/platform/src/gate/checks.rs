//! The checks of a run: what was looked at, what was found, and what follows.
//!
//! The report of a run is the list of its checks. Each says what it rests on, so that
//! whoever decides, and whoever verifies later, can follow it: figures with the rows
//! that were counted, and the version of the rule.

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

/// Version of the rules by which checks are made; it grows with each change of them.
pub(super) const RULES: &str = "fenhe.gate/3";

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// Level, opening attribute and negative list (分级与负面清单).
    Grading,
    /// What identifies persons (标识符检测).
    Detection,
    /// What was done to the columns and rows (去标识化处理).
    Treatment,
    /// Risk of re-identification by GB/T 42460 (重标识风险).
    Risk,
    /// What a class tells of a sensitive value (敏感属性推断).
    Attributes,
    /// Whether digests can be restored (可恢复性).
    Restorability,
    /// Attacks that were tried (攻击检验).
    Attacks,
    /// What this and earlier releases tell together (组合攻击).
    Composition,
    /// Open datasets that share quasi-identifiers (相邻数据集).
    Neighbours,
    /// Completeness of the rows (数据质量).
    Quality,
    /// Whether a machine can read it (机器可读).
    Readability,
    /// On what ground it is opened (法律依据).
    LegalBasis,
}

impl CheckKind {
    /// Every check, in the order in which they are made.
    pub const ALL: [Self; 12] = [
        Self::Grading,
        Self::Detection,
        Self::Treatment,
        Self::Risk,
        Self::Attributes,
        Self::Restorability,
        Self::Attacks,
        Self::Composition,
        Self::Neighbours,
        Self::Quality,
        Self::Readability,
        Self::LegalBasis,
    ];

    /// The name for people.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Grading => ("分级与负面清单", "Level and negative list"),
            Self::Detection => ("标识符检测", "Detection of identifiers"),
            Self::Treatment => ("去标识化处理", "De-identification"),
            Self::Risk => ("重标识风险", "Risk of re-identification"),
            Self::Attributes => ("敏感属性推断", "What a class tells of sensitive values"),
            Self::Restorability => ("可恢复性", "Whether values can be restored"),
            Self::Attacks => ("攻击检验", "Attacks that were tried"),
            Self::Composition => ("与先前发布的组合", "Together with earlier releases"),
            Self::Neighbours => ("与其他开放数据集的关联", "Together with other open datasets"),
            Self::Quality => ("数据质量", "Quality of the data"),
            Self::Readability => ("机器可读", "Machine-readability"),
            Self::LegalBasis => ("法律依据", "Legal basis"),
        };
        Bilingual::new(zh, en)
    }
}

/// What follows from a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// Nothing stands in the way.
    Pass,
    /// It may not go out like this.
    Refuse,
    /// No rule is broken, and whoever decides must see it.
    Attention,
    /// It does not apply to this data.
    NotNeeded,
}

impl CheckVerdict {
    /// The name for people.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Pass => ("通过", "pass"),
            Self::Refuse => ("不通过", "refused"),
            Self::Attention => ("请留意", "attention"),
            Self::NotNeeded => ("不适用", "does not apply"),
        };
        Bilingual::new(zh, en)
    }
}

/// A number or a word that a check rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What it is.
    pub name: Bilingual,
    /// The value, with its unit where it has one.
    pub value: String,
}

/// One check with what it found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at.
    pub kind: CheckKind,
    /// What follows.
    pub verdict: CheckVerdict,
    /// What was found, in a sentence or two.
    pub words: Bilingual,
    /// What it rests on.
    pub figures: Vec<Figure>,
    /// Version of the rules.
    pub rule: String,
}

/// A value as it is shown.
pub(super) struct Value(String);

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self(number.to_string())
    }
}

impl Check {
    /// A check without figures.
    pub(super) fn new(kind: CheckKind, verdict: CheckVerdict, words: Bilingual) -> Self {
        Self { kind, verdict, words, figures: Vec::new(), rule: RULES.to_owned() }
    }

    /// The same with one more figure.
    #[must_use]
    pub(super) fn with(
        mut self,
        zh: impl Into<String>,
        en: impl Into<String>,
        value: impl Into<Value>,
    ) -> Self {
        let Value(value) = value.into();
        self.figures.push(Figure { name: Bilingual::new(zh, en), value });
        self
    }
}

/// A share as a percentage with two decimals.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2}%", share * 100.0)
}

//! What is asked of a portal by the public (互动交流): kinds, clocks, the undertaking.
//!
//! Basis: 政府信息公开条例 第三十条, 第三十三条; 政务数据共享条例 第二十六条.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use crate::{Basis, CodeError, Confidence, RuleId, embedded};

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// For data that is not open (未开放数据请求).
    OpenData,
    /// For data that is open on condition (有条件开放申请).
    Conditional,
    /// Something in a dataset is wrong (数据纠错).
    Correction,
    /// A suggestion (意见建议).
    Suggestion,
    /// Open data expose personal information or a trade secret (权益申诉).
    Complaint,
}

impl RequestKind {
    /// Every kind, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::OpenData, Self::Conditional, Self::Correction, Self::Suggestion, Self::Complaint];

    /// The word in the API and in the database.
    pub fn code(self) -> &'static str {
        match self {
            Self::OpenData => "open_data",
            Self::Conditional => "conditional",
            Self::Correction => "correction",
            Self::Suggestion => "suggestion",
            Self::Complaint => "complaint",
        }
    }

    /// What the law says of it; a kind without a row is a defect of the build, which
    /// the tests find.
    pub fn rule(self) -> Option<&'static RequestRule> {
        FILE.kind.iter().find(|rule| rule.id == self)
    }

    /// The name for people.
    pub fn label(self) -> Bilingual {
        self.rule().map(|rule| rule.name.clone()).unwrap_or_default()
    }
}

impl fmt::Display for RequestKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for RequestKind {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        Self::ALL.into_iter().find(|kind| kind.code() == text).ok_or_else(|| CodeError {
            list: "request kind",
            text: text.chars().take(40).collect(),
            codes: Self::ALL.map(Self::code).join(", "),
        })
    }
}

/// The clocks of one kind of request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRule {
    /// The kind.
    pub id: RequestKind,
    /// Its name.
    pub name: Bilingual,
    /// When it is the right kind.
    pub hint: Bilingual,
    /// The deadline of the one notice of what is missing (一次性告知补正), or of the
    /// review of the material.
    pub notice: RuleId,
    /// The deadline of the answer.
    pub answer: RuleId,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far it was checked that these deadlines apply.
    pub confidence: Confidence,
    /// True if operators confirm or replace it.
    #[serde(default)]
    pub configurable_default: bool,
}

/// What who asks for conditional data promises (承诺书).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Its title.
    pub title: Bilingual,
    /// Its wording.
    pub text: Bilingual,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far it was checked.
    pub confidence: Confidence,
    /// True if operators confirm or replace it.
    #[serde(default)]
    pub configurable_default: bool,
}

/// How long the name and contact of who filed a request are kept after its end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactRetention {
    /// Days after the answer or the withdrawal.
    pub keep_days: u32,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far it was checked.
    pub confidence: Confidence,
    /// True if operators confirm or replace it.
    #[serde(default)]
    pub configurable_default: bool,
}

/// How long the filer has to add what was asked for (合理的补正期限).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SupplementTerm {
    /// Calendar days after the notice; the case may count as given up after the last one.
    pub days: u32,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far it was checked.
    pub confidence: Confidence,
    /// True if operators confirm or replace it.
    #[serde(default)]
    pub configurable_default: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: Vec<RequestRule>,
    commitment: Commitment,
    contact: ContactRetention,
    supplement: SupplementTerm,
}

static FILE: LazyLock<File> =
    LazyLock::new(|| embedded("requests.toml", include_str!("../data/requests.toml")));

/// The undertaking of who asks for conditional data.
pub fn commitment() -> &'static Commitment {
    &FILE.commitment
}

/// How long a contact is kept.
pub fn contact() -> &'static ContactRetention {
    &FILE.contact
}

/// How long the filer has to add what was asked for.
pub fn supplement() -> &'static SupplementTerm {
    &FILE.supplement
}

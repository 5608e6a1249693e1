//! Code lists of the catalogue, and the few that code branches on as enums.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use crate::{Basis, Confidence, embedded};

/// A list of codes with its source.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// Key of the list, for example `theme`.
    pub id: String,
    /// Name of the list.
    pub name: Bilingual,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far the list was checked.
    pub confidence: Confidence,
    /// True if operators are expected to confirm or replace the list.
    #[serde(default)]
    pub configurable_default: bool,
    /// The provisions, if there are any.
    #[serde(default)]
    pub basis: Vec<Basis>,
    /// The entries, in their usual order.
    #[serde(rename = "entry")]
    pub entries: Vec<Entry>,
}

/// One code of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What the database and the API hold.
    pub code: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Its own mark, if it differs from the list's.
    #[serde(default)]
    pub confidence: Option<Confidence>,
    /// True if this entry alone is a default that operators confirm.
    #[serde(default)]
    pub configurable_default: bool,
}

impl Entry {
    /// The name in both languages.
    pub fn label(&self) -> Bilingual {
        Bilingual::new(self.zh.as_str(), self.en.as_str())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    list: Vec<CodeList>,
}

static LISTS: LazyLock<Vec<CodeList>> = LazyLock::new(|| {
    embedded::<File>("catalogue.toml", include_str!("../data/catalogue.toml")).list
});

/// Every code list.
pub fn lists() -> &'static [CodeList] {
    &LISTS
}

/// The entries of a list; none for a list that does not exist.
///
/// ```
/// assert_eq!(law::list("theme").len(), 12);
/// assert_eq!(law::list("mandatory_field").len(), 9);
/// ```
pub fn list(id: &str) -> &'static [Entry] {
    lists().iter().find(|list| list.id == id).map_or(&[], |list| list.entries.as_slice())
}

/// One entry of a list.
pub fn entry(list_id: &str, code: &str) -> Option<&'static Entry> {
    list(list_id).iter().find(|entry| entry.code == code)
}

/// The text is no code of the list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {list}; use one of {codes}")]
pub struct CodeError {
    /// Key of the list.
    pub list: &'static str,
    /// The first 40 characters of the text.
    pub text: String,
    /// The codes that exist.
    pub codes: String,
}

macro_rules! coded {
    (
        $(#[$meta:meta])*
        $name:ident in $list:literal {
            $($(#[$variant_meta:meta])* $variant:ident = $code:literal,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $code)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What the database and the API hold.
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// The name that people read.
            pub fn label(self) -> Bilingual {
                entry($list, self.code())
                    .map_or_else(|| Bilingual::new(self.code(), self.code()), Entry::label)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = CodeError;

            fn from_str(text: &str) -> Result<Self, CodeError> {
                Self::ALL.iter().find(|value| value.code() == text).copied().ok_or_else(|| {
                    CodeError {
                        list: $list,
                        text: text.chars().take(40).collect(),
                        codes: [$($code),*].join(", "),
                    }
                })
            }
        }
    };
}

coded! {
    /// How data is shared between bodies (共享属性).
    ///
    /// The order is the order of strictness: a request for several items takes the
    /// strictest of them. Basis: 政务数据共享条例 第十四条.
    SharingAttribute in "sharing_attribute" {
        /// 无条件共享: every government department may use it.
        Unconditional = "unconditional",
        /// 有条件共享: by request, under the listed conditions.
        Conditional = "conditional",
        /// 不予共享: a law, administrative regulation or State Council decision forbids it.
        Withheld = "withheld",
    }
}

coded! {
    /// How data is opened to the public (开放属性), in the order of strictness.
    ///
    /// Basis: 山西省大数据发展应用促进条例 第八条第三款 (opening by negative list).
    OpeningAttribute in "opening_attribute" {
        /// 无条件开放: anyone, without asking.
        Unconditional = "unconditional",
        /// 有条件开放: by request and agreement.
        Conditional = "conditional",
        /// 不予开放: on the negative list, with a reason.
        Withheld = "withheld",
    }
}

coded! {
    /// Who receives de-identified data, GB/T 37964-2019 (共享模型).
    SharingModel in "sharing_model" {
        /// 完全公开共享: anyone, for ever ("release and forget").
        Public = "public",
        /// 受控公开共享: under a data use agreement.
        Controlled = "controlled",
        /// 领地公开共享: inside an enclave that data does not leave.
        Enclave = "enclave",
    }
}

coded! {
    /// How often data is updated (更新周期).
    UpdateCycle in "update_cycle" {
        /// 实时.
        RealTime = "real_time",
        /// 每日.
        Daily = "daily",
        /// 每周.
        Weekly = "weekly",
        /// 每旬.
        EveryTenDays = "every_ten_days",
        /// 每月.
        Monthly = "monthly",
        /// 每季度.
        Quarterly = "quarterly",
        /// 每年.
        Yearly = "yearly",
        /// 不定期. Not in the source of the list; portals use it.
        Irregular = "irregular",
    }
}

coded! {
    /// For whom a release is made.
    ///
    /// Basis: 山西省大数据发展应用促进条例 第八条, 山西省大数据发展应用促进条例 第十一条.
    Audience in "audience" {
        /// The public, through the open portal.
        Open = "open",
        /// Those whose request was granted, under an undertaking (有条件开放).
        Conditional = "conditional",
        /// Other public bodies, through the exchange.
        Share = "share",
        /// Buyers, through the market.
        Trade = "trade",
    }
}

coded! {
    /// What a data level allows for opening.
    OpeningRule in "opening_rule" {
        /// Never.
        Never = "never",
        /// Under conditions only.
        ConditionalOnly = "conditional_only",
        /// Under conditions, or openly after masking.
        OpenAfterMasking = "open_after_masking",
        /// Openly.
        Open = "open",
    }
}

coded! {
    /// What a data level allows for sharing.
    SharingRule in "sharing_rule" {
        /// Never.
        Never = "never",
        /// By a grant to a named body only.
        NamedGrant = "named_grant",
        /// As its sharing attribute says.
        ByAttribute = "by_attribute",
    }
}

coded! {
    /// What a data level allows for trading.
    TradingRule in "trading_rule" {
        /// Never.
        Never = "never",
        /// Used without being seen only (可用不可见).
        UnseenUse = "unseen_use",
        /// After passing the gate.
        ThroughGate = "through_gate",
    }
}

//! Statutory deadlines as data: what is due, where, from when to when, and why.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use vocabulary::{Bilingual, DivisionCode, ErrorKind};

use crate::instrument::InForce;
use crate::{Basis, Confidence, embedded};

/// Id of a deadline rule, for example `SH-04`.
///
/// A value names a rule of the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId(&'static str);

macro_rules! rule_ids {
    ($($name:ident = $text:literal, $doc:literal;)*) => {
        impl RuleId {
            $(#[doc = $doc] pub const $name: Self = Self($text);)*

            /// Every rule, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

rule_ids! {
    SH_01 = "SH-01", "Update of the catalogue after a change.";
    SH_02 = "SH-02", "Review and publication of an updated catalogue.";
    SH_03 = "SH-03", "Answer to a request for unconditional data.";
    SH_04 = "SH-04", "Answer to a request for conditional data.";
    SH_05 = "SH-05", "Extension of an answer.";
    SH_06 = "SH-06", "Delivery after the answer that agrees.";
    SH_07 = "SH-07", "Correction (校核) of shared data.";
    SH_08 = "SH-08", "Retention of use records.";
    JC_01 = "JC-01", "Conformity check by the authority, Jincheng.";
    JC_02 = "JC-02", "Provider's answer, data on the platform, Jincheng.";
    JC_03 = "JC-03", "Provider publishes and answers, data not on the platform, Jincheng.";
    SHH_01 = "SHH-01", "Data outside the catalogue is confirmed and catalogued.";
    RG_01 = "RG-01", "First registration is filed.";
    RG_02 = "RG-02", "A registration is accepted or rejected.";
    RG_03 = "RG-03", "Form review of a registration.";
    RG_04 = "RG-04", "Public notice of a registration.";
    RG_05 = "RG-05", "Cancellation of a registration.";
    RG_06 = "RG-06", "Validity of a registration.";
    RG_07 = "RG-07", "Window for the renewal of a registration.";
    RG_08 = "RG-08", "Cancellation of a registration that was not renewed.";
    GI_01 = "GI-01", "Proactive publication.";
    GI_02 = "GI-02", "One notice of what a request lacks.";
    GI_03 = "GI-03", "Answer of a third party.";
    GI_04 = "GI-04", "Answer to a request for information.";
    GI_05 = "GI-05", "Answer of a co-author organ.";
    GI_06 = "GI-06", "Yearly report.";
    OP_01 = "OP-01", "Review of the material of a conditional-open request.";
    CR_01 = "CR-01", "Feedback from Credit China on a repair.";
    CR_02 = "CR-02", "Acceptance of a repair by the recognizing unit.";
    CR_03 = "CR-03", "Result of a repair.";
    CR_04 = "CR-04", "A credit objection is pushed on.";
    CR_05 = "CR-05", "A credit objection is checked.";
    CR_06 = "CR-06", "Shield for a reorganized firm.";
    PF_01 = "PF-01", "Payment of a fast-track policy.";
    PF_02 = "PF-02", "Guide for a new policy.";
    EB_01 = "EB-01", "Enterprise request, simple.";
    EB_02 = "EB-02", "Enterprise request, hard.";
    SE_01 = "SE-01", "Report of a flaw that threatens security.";
    AU_01 = "AU-01", "Report after the rectification of an audit.";
}

impl RuleId {
    /// The text, for example `SH-04`.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuleId({})", self.0)
    }
}

impl FromStr for RuleId {
    type Err = DeadlineError;

    fn from_str(text: &str) -> Result<Self, DeadlineError> {
        let unknown = || DeadlineError::UnknownRule(text.chars().take(40).collect());
        Self::ALL.iter().find(|rule| rule.0 == text).copied().ok_or_else(unknown)
    }
}

impl Serialize for RuleId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why there is no deadline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// The text names no rule of the table.
    #[error("no deadline rule `{0}`")]
    UnknownRule(String),

    /// The rule has no row for this place and day.
    #[error("deadline rule {rule} has no row in force in {jurisdiction} on {day}")]
    NotInForce {
        /// The rule.
        rule: RuleId,
        /// Where it was asked for.
        jurisdiction: DivisionCode,
        /// The day.
        day: Date,
    },
}

impl DeadlineError {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownRule(_) => ErrorKind::Invalid,
            Self::NotInForce { .. } => ErrorKind::NotFound,
        }
    }
}

/// What a deadline demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// Do it at the latest n units after the start.
    Limit,
    /// Keep or show it for at least n units.
    Minimum,
    /// It is valid for n units.
    Validity,
    /// It may be done in the last n units before the start, which is an end date.
    Window,
    /// Each year at the latest on a month and day.
    Yearly,
    /// No number is stated: it happens on the day itself.
    AtOnce,
}

/// What a deadline counts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Working days (工作日): neither weekends nor holidays.
    WorkingDays,
    /// Calendar days (日).
    #[default]
    Days,
    /// Hours (小时), from the moment of the start.
    Hours,
    /// Months (月).
    Months,
    /// Years (年).
    Years,
}

impl Unit {
    /// So many calendar units as a span; `None` for working days and hours, and for
    /// spans of more than 19,998 years.
    pub(crate) fn span(self, n: u32) -> Option<Span> {
        let n = i64::from(n);
        match self {
            Self::Days => Span::new().try_days(n).ok(),
            Self::Months => Span::new().try_months(n).ok(),
            Self::Years => Span::new().try_years(n).ok(),
            Self::WorkingDays | Self::Hours => None,
        }
    }

    /// A number of these, as people read it: 10个工作日.
    pub fn amount(self, n: u32) -> Bilingual {
        let (zh, en) = match self {
            Self::WorkingDays => ("个工作日", "working day"),
            Self::Days => ("日", "day"),
            Self::Hours => ("小时", "hour"),
            Self::Months => ("个月", "month"),
            Self::Years => ("年", "year"),
        };
        let plural = if n == 1 { "" } else { "s" };
        Bilingual::new(format!("{n}{zh}"), format!("{n} {en}{plural}"))
    }
}

/// A day of each year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonthDay {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

/// By how much a deadline may be extended, and what that takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// At most so many units more.
    pub n: u32,
    /// What is counted.
    pub unit: Unit,
    /// Who must consent or be told.
    pub needs: Bilingual,
}

/// One deadline in one jurisdiction and period.
#[derive(Clone, Debug, Serialize)]
pub struct DeadlineRow {
    /// The rule.
    pub rule: RuleId,
    /// What is due.
    pub name: Bilingual,
    /// What the period starts with; for a window, the end that it precedes.
    pub starts: Bilingual,
    /// Where it applies; 100000 is the whole country.
    pub jurisdiction: DivisionCode,
    /// What it demands.
    pub kind: DeadlineKind,
    /// How many units; 0 for yearly and at-once rules.
    pub n: u32,
    /// What is counted.
    pub unit: Unit,
    /// The date of a yearly rule.
    pub by: Option<MonthDay>,
    /// From when to when it applies. An absent start was not read, or is a default.
    pub effective: InForce,
    /// The extension, if the rule has one.
    pub extension: Option<Extension>,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far the number was checked.
    pub confidence: Confidence,
    /// True if no instrument in force here fixes the number, or it was not fully read:
    /// operators confirm or replace it.
    pub configurable_default: bool,
}

impl DeadlineRow {
    /// The length as people read it, for example 10个工作日.
    pub fn length(&self) -> Bilingual {
        match (self.kind, self.by) {
            (DeadlineKind::Yearly, Some(by)) => Bilingual::new(
                format!("每年{}月{}日前", by.month, by.day),
                format!("each year by {}-{:02}", by.month, by.day),
            ),
            (DeadlineKind::Yearly | DeadlineKind::AtOnce, _) => Bilingual::new("当日", "same day"),
            _ => self.unit.amount(self.n),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<RuleTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    id: RuleId,
    name: Bilingual,
    starts: Bilingual,
    row: Vec<RowTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowTable {
    jurisdiction: DivisionCode,
    kind: DeadlineKind,
    #[serde(default)]
    n: u32,
    #[serde(default)]
    unit: Unit,
    #[serde(default)]
    by: Option<MonthDay>,
    #[serde(default)]
    effective: InForce,
    #[serde(default)]
    extension: Option<Extension>,
    basis: Vec<Basis>,
    source: String,
    confidence: Confidence,
    #[serde(default)]
    configurable_default: bool,
}

static ROWS: LazyLock<Vec<DeadlineRow>> = LazyLock::new(|| {
    let file: File = embedded("deadlines.toml", include_str!("../data/deadlines.toml"));
    let mut rows = Vec::new();
    for rule in file.rule {
        for row in rule.row {
            rows.push(DeadlineRow {
                rule: rule.id,
                name: rule.name.clone(),
                starts: rule.starts.clone(),
                jurisdiction: row.jurisdiction,
                kind: row.kind,
                n: row.n,
                unit: row.unit,
                by: row.by,
                effective: row.effective,
                extension: row.extension,
                basis: row.basis,
                source: row.source,
                confidence: row.confidence,
                configurable_default: row.configurable_default,
            });
        }
    }
    rows
});

/// Every row of every rule, in the order of the table.
pub fn deadlines() -> &'static [DeadlineRow] {
    &ROWS
}

/// The deadline that applies in a place on a day: the row of the most specific
/// jurisdiction that holds the place, and else the row of the whole country.
///
/// # Errors
///
/// [`DeadlineError::NotInForce`] if no row applies.
///
/// ```
/// # use law::{RuleId, deadline};
/// # use jiff::civil::date;
/// let day = date(2026, 3, 2);
/// assert_eq!(deadline(RuleId::SH_04, "140100".parse()?, day)?.n, 10);
/// assert_eq!(deadline(RuleId::SH_04, "140581".parse()?, day)?.n, 5); // 晋城's own limit
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn deadline(
    rule: RuleId,
    jurisdiction: DivisionCode,
    day: Date,
) -> Result<&'static DeadlineRow, DeadlineError> {
    deadlines()
        .iter()
        .filter(|row| {
            row.rule == rule
                && row.jurisdiction.contains(&jurisdiction)
                && row.effective.covers(day)
        })
        .max_by_key(|row| (row.jurisdiction.level(), row.effective.from))
        .ok_or(DeadlineError::NotInForce { rule, jurisdiction, day })
}

//! Thresholds and defaults of the gate.
//!
//! The arithmetic is in the crate `deident`; here are only the numbers it is held
//! against, each with its source.
//!
//! Basis: GB/T 42460-2023 (risk of re-identification), GB/T 43697-2024 (levels),
//! 政府信息公开条例 第十四条 and the two after it (reasons for not opening).

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use vocabulary::{Bilingual, DataLevel};

use crate::{Basis, Confidence, OpeningRule, SharingModel, SharingRule, TradingRule, embedded};

/// A fraction, kept exact: 1/20 and not 0.05.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u32; 2]", into = "[u32; 2]")]
pub struct Ratio {
    /// The upper number.
    pub numerator: u32,
    /// The lower number, not 0.
    pub denominator: u32,
}

impl Ratio {
    /// Whether a part of a whole is at least this share of it.
    ///
    /// ```
    /// let ratio = law::gate::Ratio::from([9, 10]);
    /// assert!(ratio.is_reached(9, 10) && !ratio.is_reached(89, 100));
    /// ```
    pub fn is_reached(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(self.denominator)
            >= u128::from(whole) * u128::from(self.numerator)
    }

    /// The nearest floating-point number.
    pub fn as_f64(self) -> f64 {
        f64::from(self.numerator) / f64::from(self.denominator)
    }
}

impl From<[u32; 2]> for Ratio {
    fn from([numerator, denominator]: [u32; 2]) -> Self {
        Self { numerator, denominator }
    }
}

impl From<Ratio> for [u32; 2] {
    fn from(ratio: Ratio) -> Self {
        [ratio.numerator, ratio.denominator]
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

/// How the risk of a whole data set follows from the risks of its classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetRisk {
    /// `DR_b`: the greatest.
    Maximum,
    /// `DR_c`: the mean over the classes.
    Mean,
}

/// How likely it is that someone tries, and has the means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextRisk {
    /// 1: with public release someone will try.
    One,
    /// The greatest of deliberate attempt, inadvertent recognition and breach.
    GreatestAttempt,
}

/// What GB/T 42460-2023 asks of one sharing model.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelRule {
    /// Greatest allowed risk of a single class, τ: 1/20, 1/5 or 1/3.
    pub tau: Ratio,
    /// Which measure stands for the whole data set.
    pub dataset_risk: DatasetRisk,
    /// How the context counts.
    pub context_risk: ContextRisk,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source, see [`crate::source`].
    pub source: String,
    /// How far the numbers were checked.
    pub confidence: Confidence,
}

impl ModelRule {
    /// The smallest class with a risk of at most τ, so that `DR_a` is 0: 20, 5 or 3 rows.
    ///
    /// In public release classes of exactly 20 rows give R = 0.05, which is not below
    /// the acceptable risk: use 21 rows there for level 3.
    pub fn smallest_class(&self) -> u32 {
        self.tau.denominator.div_ceil(self.tau.numerator.max(1))
    }
}

/// The overall acceptable risk.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskRule {
    /// R below this is level 3, R at or above it is level 2.
    pub acceptable_risk: Ratio,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source.
    pub source: String,
    /// How far the number was checked.
    pub confidence: Confidence,
}

/// What is asked of the sensitive values in each class (attribute inference).
///
/// The standard covers identity attacks only; this is our conclusion, and a filer who
/// departs from it is named to whoever decides.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeRule {
    /// Fewest different values of a sensitive column in a class (distinct l-diversity).
    pub distinct_l: u32,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source.
    pub source: String,
    /// How far the number was checked.
    pub confidence: Confidence,
    /// Always true: see above.
    pub configurable_default: bool,
}

/// What attacks that are tried on a release may find out at most, by the upper end of
/// their interval of 95 %, beyond what they find out of persons who are not in it.
///
/// Our conclusion from the acceptable risk of GB/T 42460-2023.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttackRule {
    /// Success of singling out (单独识别).
    pub singling_out: Ratio,
    /// Success of linking (关联).
    pub linking: Ratio,
    /// Success of inference (推断).
    pub inference: Ratio,
    /// Guesses of one run.
    pub guesses: u64,
    /// Seeds, one a run.
    pub seeds: Vec<u64>,
    /// Share of the rows that is held back as a control.
    pub control: Ratio,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source.
    pub source: String,
    /// How far the numbers were checked.
    pub confidence: Confidence,
    /// Always true: see above.
    pub configurable_default: bool,
}

/// With what a candidate is held against, so that several releases together expose nobody.
///
/// The standard does not speak of several releases: this is our conclusion.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompositionRule {
    /// Share of the smaller table's rows that another dataset has, too, if both are of the
    /// same persons. Other persons agree by chance here and there, the same ones nearly all.
    pub same_rows: Ratio,
    /// Share of these rows beside which the larger table has no further row of that kind,
    /// if both are of the same persons. Where the columns in common are few, strangers agree
    /// as well.
    pub without_equals: Ratio,
    /// Columns that two datasets share, which point at persons in one of them, before their
    /// rows are compared.
    pub shared_columns: usize,
    /// Datasets of others that are compared: those that share most columns.
    pub other_datasets: usize,
    /// Earlier releases of the asset that are compared, the newest.
    pub earlier_releases: usize,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source.
    pub source: String,
    /// How far the numbers were checked.
    pub confidence: Confidence,
    /// Always true: see above.
    pub configurable_default: bool,
}

/// What may be told with differential privacy of data that are not opened.
///
/// GB/T 37964-2019 names the model and gives no number: this is our conclusion.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SummaryRule {
    /// Greatest ε that all summaries of one asset may spend together.
    pub greatest_epsilon: Ratio,
    /// The reasons of the negative list, see [`negative_reasons`], to which a summary is
    /// an answer.
    pub answers_reasons: Vec<String>,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source.
    pub source: String,
    /// How far the rule was checked.
    pub confidence: Confidence,
    /// Always true: see above.
    pub configurable_default: bool,
}

/// What a data level allows by default.
///
/// Our conclusion, not a published table: operators may make it stricter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelRule {
    /// Whether data of this level may be on the platform at all.
    pub admitted: bool,
    /// Opening to the public.
    pub opening: OpeningRule,
    /// Sharing between bodies.
    pub sharing: SharingRule,
    /// Trading.
    pub trading: TradingRule,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source.
    pub source: String,
    /// How far the rule was checked.
    pub confidence: Confidence,
    /// Always true: see above.
    pub configurable_default: bool,
}

/// A reason for which data is not opened (负面清单).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NegativeReason {
    /// Key of the reason, for example `state_secret`.
    pub id: String,
    /// Name of the reason.
    pub name: Bilingual,
    /// The body may open it all the same.
    #[serde(default)]
    pub optional: bool,
    /// Consent of the third party, or an overriding public interest, opens it.
    #[serde(default)]
    pub overridable: bool,
    /// The provisions.
    pub basis: Vec<Basis>,
    /// Key of the source.
    pub source: String,
    /// How far the reason was checked.
    pub confidence: Confidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    risk: RiskRule,
    attribute: AttributeRule,
    attack: AttackRule,
    composition: CompositionRule,
    summary: SummaryRule,
    model: Models,
    level: Levels,
    negative_reason: Vec<NegativeReason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Models {
    public: ModelRule,
    controlled: ModelRule,
    enclave: ModelRule,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Levels {
    general_1: LevelRule,
    general_2: LevelRule,
    general_3: LevelRule,
    general_4: LevelRule,
    important: LevelRule,
    core: LevelRule,
}

static GATE: LazyLock<File> =
    LazyLock::new(|| embedded("gate.toml", include_str!("../data/gate.toml")));

/// What a sharing model demands.
///
/// ```
/// use law::{SharingModel, gate};
/// assert_eq!(gate::model(SharingModel::Public).smallest_class(), 20);
/// assert_eq!(gate::model(SharingModel::Enclave).tau.to_string(), "1/3");
/// ```
pub fn model(model: SharingModel) -> &'static ModelRule {
    match model {
        SharingModel::Public => &GATE.model.public,
        SharingModel::Controlled => &GATE.model.controlled,
        SharingModel::Enclave => &GATE.model.enclave,
    }
}

/// The overall acceptable risk, 0.05.
pub fn risk() -> &'static RiskRule {
    &GATE.risk
}

/// What is asked of the sensitive values in each class.
///
/// ```
/// assert_eq!(law::gate::attribute().distinct_l, 2);
/// ```
pub fn attribute() -> &'static AttributeRule {
    &GATE.attribute
}

/// What attacks on a release may find out at most.
pub fn attack() -> &'static AttackRule {
    &GATE.attack
}

/// With what a candidate is held against.
pub fn composition() -> &'static CompositionRule {
    &GATE.composition
}

/// What may be told with differential privacy of data that are not opened.
///
/// ```
/// assert_eq!(law::gate::summary().greatest_epsilon.to_string(), "3/1");
/// ```
pub fn summary() -> &'static SummaryRule {
    &GATE.summary
}

/// The two numbers that a measured risk is held against.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Greatest allowed risk of a single class, τ.
    pub tau: f64,
    /// Acceptable overall risk: R below it is level 3.
    pub accept: f64,
}

/// The numbers of [`model`] and [`risk`] as floating-point numbers.
pub fn thresholds(sharing_model: SharingModel) -> Thresholds {
    Thresholds { tau: model(sharing_model).tau.as_f64(), accept: risk().acceptable_risk.as_f64() }
}

/// What a data level allows by default.
pub fn level_rule(level: DataLevel) -> &'static LevelRule {
    match level {
        DataLevel::General1 => &GATE.level.general_1,
        DataLevel::General2 => &GATE.level.general_2,
        DataLevel::General3 => &GATE.level.general_3,
        DataLevel::General4 => &GATE.level.general_4,
        DataLevel::Important => &GATE.level.important,
        DataLevel::Core => &GATE.level.core,
    }
}

/// The reasons for which data may stand on the negative list.
pub fn negative_reasons() -> &'static [NegativeReason] {
    &GATE.negative_reason
}

/// A reason by its key.
pub fn negative_reason(id: &str) -> Option<&'static NegativeReason> {
    negative_reasons().iter().find(|reason| reason.id == id)
}

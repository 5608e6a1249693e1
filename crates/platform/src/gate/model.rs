//! A run of the gate: settings, findings, decisions and outcome.

use deident::Transform;
use detect::{ColumnFinding, Role};
use jiff::Timestamp;
use law::{Audience, SharingModel};
use serde::{Deserialize, Serialize};
use vocabulary::{AccountId, AssetId, Bilingual, DataLevel, GateRunId, ReleaseId, VersionId};

use super::checks::Check;
use super::composition::CompositionFact;
use super::exposure::AttackFact;
use super::left_out::LeftOutFact;
use super::neighbours::NeighbourFact;
use super::restore::RestorationFact;
use crate::RefusedBy;
use crate::registry::version::StoredTable;
use crate::words::words;

words! {
    /// Where a run stands.
    ///
    /// ```text
    /// inspecting ─▶ confirming ─▶ measuring ─▶ passed ─submit─▶ submitted ─approve─▶ approved
    ///                   ▲             │  └───▶ refused              └──reject──▶ rejected
    ///                   └──change─────┴───────────┘
    /// ```
    GateState {
        /// Detection reads every row (检测中).
        Inspecting = "inspecting", "检测中", "Inspecting";
        /// A person confirms or corrects the columns (待确认).
        Confirming = "confirming", "待确认字段", "Waiting for you to confirm the columns";
        /// Transforms are searched and the risk is measured (测量中).
        Measuring = "measuring", "测量中", "Measuring";
        /// The law refuses this plan (不予通过).
        Refused = "refused", "不予通过", "Refused";
        /// The measurement passes; not yet submitted (测量通过).
        Passed = "passed", "测量通过，待提交", "Passes; not yet submitted";
        /// Waiting for the second person (待审核).
        Submitted = "submitted", "待审核", "Waiting for approval";
        /// Released (已发布).
        Approved = "approved", "已批准发布", "Approved and released";
        /// The second person refused, with a ground (已驳回).
        Rejected = "rejected", "已驳回", "Rejected";
        /// A fault; nothing was decided (故障).
        Failed = "failed", "故障", "Failed";
    }
}

/// What the filer asks the gate to measure by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The sharing model of GB/T 42460-2023 (完全公开、受控公开、领地公开).
    pub model: SharingModel,
    /// Smallest class that is asked for; `None` takes the smallest that the
    /// thresholds of the model accept.
    pub k: Option<u32>,
    /// Share of rows that may be suppressed, from 0 to 1.
    pub suppression_limit: f64,
    /// Fewest different values of each sensitive column in a class; `None` takes the
    /// default of `law`. A filer may ask for less, which is told to whoever decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub l: Option<u32>,
    /// Greatest distance of the sensitive values of a class from those of the whole
    /// table (t-closeness, equal distance), from 0 to 1; `None` asks for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub t: Option<f64>,
    /// Whether rows are left out by which the candidate and earlier releases would tell a
    /// small group apart; they count among the rows that may be suppressed. Otherwise such
    /// a candidate is refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub leave_out_changed: bool,
}

/// For fields that are not written unless they are set.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_false(set: &bool) -> bool {
    !set
}

impl Settings {
    /// The defaults of `law` for a sharing model, with a share of rows from 0 to 1 that
    /// may be suppressed.
    pub fn new(model: SharingModel, suppression_limit: f64) -> Self {
        Self { model, k: None, suppression_limit, l: None, t: None, leave_out_changed: false }
    }

    /// Fewest different values of a sensitive column in a class.
    pub fn distinct_l(&self) -> u32 {
        self.l.unwrap_or(law::gate::attribute().distinct_l)
    }
}

/// What a person decided about a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// The column.
    pub column: String,
    /// Its role.
    pub role: Role,
    /// Its level.
    pub level: DataLevel,
    /// What is done to it. For a generalized column the level is found by the
    /// search unless it is pinned.
    pub treatment: Treatment,
    /// The level of a generalized column that a person insists on; 0 are the values
    /// themselves. A level above the coarsest is the coarsest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<u32>,
    /// Why the person departs from what was found.
    #[serde(default)]
    pub reason: String,
}

/// What is done to a column, as a person chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// Left as it is (保留).
    Keep,
    /// Left out (删除).
    Remove,
    /// Masked: the ends stay, the middle becomes `*` (遮蔽).
    Mask,
    /// Generalized along its hierarchy (泛化).
    Generalize,
}

impl Treatment {
    /// Every treatment, in the order in which pages offer them.
    pub const ALL: [Self; 4] = [Self::Keep, Self::Remove, Self::Mask, Self::Generalize];

    /// The word in the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Remove => "remove",
            Self::Mask => "mask",
            Self::Generalize => "generalize",
        }
    }

    /// The name for people.
    pub fn label(self) -> Bilingual {
        match self {
            Self::Keep => Bilingual::new("保留", "Keep"),
            Self::Remove => Bilingual::new("删除", "Remove"),
            Self::Mask => Bilingual::new("遮蔽", "Mask"),
            Self::Generalize => Bilingual::new("泛化", "Generalize"),
        }
    }
}

/// What the gate found, measured and decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Rows of the version.
    pub rows: u64,
    /// Rows of the candidate.
    pub rows_released: u64,
    /// Rows left out because their class is too small, or with which earlier releases would
    /// tell a small group apart.
    pub rows_suppressed: u64,
    /// The latter of them, one by one; `None` for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOutFact>,
    /// What was done to each column, in order.
    pub columns: Vec<ColumnOutcome>,
    /// The plan that was carried out; `None` in outcomes of the first rules, whose plan
    /// is that of `columns` and `k`.
    #[serde(default)]
    pub plan: Option<deident::Plan>,
    /// The smallest class that was asked for.
    pub k: u32,
    /// What the search did; `None` without quasi-identifiers.
    pub search: Option<SearchFacts>,
    /// The risk by GB/T 42460-2023, with the arithmetic.
    pub assessment: deident::risk::Assessment,
    /// How well sensitive values are hidden within classes.
    pub diversity: Vec<DiversityFact>,
    /// Attacks that were tried on the candidate.
    #[serde(default)]
    pub attacks: Vec<AttackFact>,
    /// Columns of digests that were tried to be restored.
    #[serde(default)]
    pub restorations: Vec<RestorationFact>,
    /// What the candidate tells together with each earlier release.
    #[serde(default)]
    pub composition: Vec<CompositionFact>,
    /// Open datasets that share quasi-identifiers.
    #[serde(default)]
    pub neighbours: Vec<NeighbourFact>,
    /// Every check with its verdict.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// The rules by which it was measured, with their numbers.
    #[serde(default)]
    pub rules: String,
    /// Number of the newest release of the asset that it was held against; 0 for none.
    #[serde(default)]
    pub compared_to: i64,
    /// Releases of other assets that it was held against.
    #[serde(default)]
    pub others: Vec<ReleaseId>,
    /// Points of risk against utility, for a chart.
    pub frontier: Vec<deident::FrontierPoint>,
    /// Every ground for refusal that applies; empty if it passes.
    pub refusals: Vec<RefusedBy>,
    /// What was not tested: corrections of findings by a person, which no test bears
    /// out, then tests that this gate does not run.
    pub not_tested: Vec<Bilingual>,
    /// A few rows before, as text; only for those who may see the version.
    pub before: Vec<Vec<Option<String>>>,
    /// What became of the same rows, as text; `None` for a suppressed row.
    pub after: Vec<Option<Vec<Option<String>>>>,
    /// The digests of the candidate's rows.
    pub digest: super::release::RowsDigest,
    /// The profile of the candidate.
    pub profile: quality::TableProfile,
    /// Whether every transform used is irreversible.
    pub irreversible: bool,
}

/// What was done to a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnOutcome {
    /// The column.
    pub name: String,
    /// Its role as decided.
    pub role: Role,
    /// The transform that was applied.
    pub transform: Transform,
    /// The transform in words, e.g. "ages in bands of 10 years".
    pub words: Bilingual,
    /// Share of detail lost, from 0 to 1, where it is defined.
    pub loss: Option<f64>,
}

/// What the search for the least loss did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchFacts {
    /// Nodes of the lattice.
    pub lattice: u64,
    /// Nodes that were checked.
    pub checked: u64,
    /// Whether no other node can have less loss.
    pub optimal: bool,
    /// Loss of the chosen node, from 0 to 1.
    pub loss: f64,
    /// Classes in the candidate.
    pub classes: u64,
}

/// How well one sensitive column is hidden.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiversityFact {
    /// The sensitive column.
    pub column: String,
    /// Fewest different values in a class (distinct l-diversity).
    pub distinct_l: u64,
    /// Largest distance of a class from the whole (t-closeness, equal distance).
    pub t_closeness: f64,
    /// Different values of the column in the candidate.
    #[serde(default)]
    pub values: u64,
    /// Rows in classes that have one value: it is known of everyone in them.
    #[serde(default)]
    pub known_rows: u64,
    /// Rows whose value is right if the most frequent of their class is guessed.
    #[serde(default)]
    pub guessed_rows: u64,
    /// Rows whose value is right if the most frequent of the table is guessed.
    #[serde(default)]
    pub guessed_by_table: u64,
}

/// A run of the gate.
#[derive(Clone, Debug)]
pub struct GateRun {
    /// Identifier.
    pub id: GateRunId,
    /// The asset.
    pub asset_id: AssetId,
    /// The version that is inspected.
    pub version_id: VersionId,
    /// For whom the release would be.
    pub audience: Audience,
    /// Where it stands.
    pub state: GateState,
    /// Grows with every change.
    pub revision: i64,
    /// By what it is measured.
    pub settings: Settings,
    /// What detection found, column by column.
    pub findings: Vec<ColumnFinding>,
    /// What a person decided, column by column.
    pub decisions: Vec<Decision>,
    /// What was measured.
    pub outcome: Option<Box<Outcome>>,
    /// The table that would be released.
    pub candidate: Option<StoredTable>,
    /// Who filed it.
    pub filed_by: AccountId,
    /// Who approved or rejected it.
    pub decided_by: Option<AccountId>,
    /// The ground of a rejection.
    pub decision_ground: Option<String>,
    /// Why it failed.
    pub problem: Option<Bilingual>,
    /// When it was filed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was approved or rejected.
    pub decided_at: Option<Timestamp>,
}

impl GateRun {
    /// What the policies may know of it.
    pub fn resource(&self, body: Option<vocabulary::CreditCode>) -> trust::Resource {
        trust::Resource {
            kind: "gate_run",
            id: self.id.to_string(),
            body,
            filer: Some(self.filed_by),
            state: Some(self.state.code().to_owned()),
            audience: Some(self.audience.code().to_owned()),
            public: false,
        }
    }
}

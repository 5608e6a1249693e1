//! What a summary is: questions, their price, and the answers.

use deident::dp::{Bounds, Categories, Cost, Decimal, Epsilon, Ledger, Noise, Query, Statistic};
use deident::dp::{Release, Unit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vocabulary::{AccountId, AssetId, Bilingual, CreditCode, EntryId, SummaryId, VersionId};

use crate::words::words;

/// The privacy budget of an asset, with every answer that was paid from it.
#[derive(Clone, Debug)]
pub struct Budget {
    /// The asset.
    pub asset_id: AssetId,
    /// Grows with every change.
    pub revision: i64,
    /// Whom an answer protects.
    pub unit: Unit,
    /// The budget, and what was spent of it.
    pub ledger: Ledger,
    /// Why it is as large as it is.
    pub reason: String,
    /// Who set it.
    pub set_by: AccountId,
    /// When.
    pub set_at: Timestamp,
    /// The entry in the transparency log.
    pub entry_id: EntryId,
}

impl Budget {
    /// The whole ε.
    pub fn whole(&self) -> Epsilon {
        epsilon_of(self.ledger.budget())
    }

    /// What was spent of it.
    pub fn spent(&self) -> Epsilon {
        epsilon_of(self.ledger.spent())
    }

    /// What is left of it.
    pub fn remaining(&self) -> Epsilon {
        epsilon_of(self.ledger.remaining())
    }
}

/// The ε of a pure cost; budgets here know no other.
pub(super) fn epsilon_of(cost: Cost) -> Epsilon {
    match cost {
        Cost::Pure { epsilon } | Cost::Approximate { epsilon, .. } => epsilon,
        Cost::Concentrated { .. } => Epsilon::ZERO,
    }
}

/// What is asked of a column, with what is known of it from outside the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "statistic", rename_all = "snake_case")]
pub enum Measure {
    /// How many rows or persons.
    Count,
    /// The sum of the values within bounds.
    Sum {
        /// The column.
        column: String,
        /// What is known of its values.
        #[serde(flatten)]
        bounds: Bounds,
    },
    /// The mean of the values within bounds.
    Mean {
        /// The column.
        column: String,
        /// What is known of its values.
        #[serde(flatten)]
        bounds: Bounds,
    },
    /// A quantile of the values within bounds.
    Quantile {
        /// The column.
        column: String,
        /// What is known of its values.
        #[serde(flatten)]
        bounds: Bounds,
        /// Which one, in (0, 1); 0.5 is the median.
        quantile: Decimal,
    },
    /// How many rows in each category of a list.
    Categories {
        /// The column.
        column: String,
        /// The list; other values are not counted.
        categories: Vec<String>,
    },
    /// How many rows in each interval between edges, and below and above them.
    Intervals {
        /// The column.
        column: String,
        /// The edges, rising.
        edges: Vec<Decimal>,
    },
}

impl Measure {
    /// The column that it looks at; `None` for a count.
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Count => None,
            Self::Sum { column, .. }
            | Self::Mean { column, .. }
            | Self::Quantile { column, .. }
            | Self::Categories { column, .. }
            | Self::Intervals { column, .. } => Some(column),
        }
    }

    /// Whether the column must hold numbers.
    pub fn needs_numbers(&self) -> bool {
        !matches!(self, Self::Count | Self::Categories { .. })
    }

    /// The name of what is computed.
    pub fn label(&self) -> Bilingual {
        match self {
            Self::Count => Bilingual::new("计数", "count"),
            Self::Sum { .. } => Bilingual::new("总和", "sum"),
            Self::Mean { .. } => Bilingual::new("均值", "mean"),
            Self::Quantile { quantile, .. } => {
                Bilingual::new(format!("{quantile} 分位数"), format!("{quantile} quantile"))
            }
            Self::Categories { .. } => Bilingual::new("各类计数", "counts by category"),
            Self::Intervals { .. } => Bilingual::new("各段计数", "counts by interval"),
        }
    }
}

/// One question of a summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The heading of its answer.
    pub title: Bilingual,
    /// What is asked.
    #[serde(flatten)]
    pub measure: Measure,
    /// What it costs.
    pub epsilon: Epsilon,
}

impl Question {
    /// The query that answers it, with Laplace noise. A mean is paid in halves: one for
    /// the sum, one for the count.
    pub fn query(&self, unit: &Unit) -> Query {
        let noise = |epsilon| Noise::Laplace { epsilon };
        let whole = noise(self.epsilon);
        let statistic = match self.measure.clone() {
            Measure::Count => Statistic::Count { noise: whole },
            Measure::Sum { column, bounds } => {
                Statistic::Sum { column, bounds: Some(bounds), noise: whole }
            }
            Measure::Mean { column, bounds } => {
                let half = Epsilon::from_billionths(self.epsilon.billionths() / 2);
                let rest = self.epsilon.billionths() - half.billionths();
                let count = noise(Epsilon::from_billionths(rest));
                Statistic::Mean { column, bounds: Some(bounds), sum: noise(half), count }
            }
            Measure::Quantile { column, bounds, quantile } => Statistic::Quantile {
                column,
                bounds: Some(bounds),
                quantile,
                epsilon: self.epsilon,
            },
            Measure::Categories { column, categories } => Statistic::Histogram {
                column,
                categories: Categories::Listed { names: categories },
                noise: whole,
            },
            Measure::Intervals { column, edges } => Statistic::Histogram {
                column,
                categories: Categories::Between { edges },
                noise: whole,
            },
        };
        Query { unit: unit.clone(), statistic }
    }
}

/// What a clerk proposes to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The heading.
    pub title: Bilingual,
    /// What the public needs it for.
    pub purpose: String,
    /// The questions.
    pub questions: Vec<Question>,
}

words! {
    /// How far a summary has come.
    SummaryState {
        /// Being written (草稿).
        Draft = "draft", "草稿", "Draft";
        /// Waiting for a reviewer (待审批).
        Submitted = "submitted", "待审批", "Waiting for approval";
        /// Approved; the noise is being drawn (正在计算).
        Computing = "computing", "正在计算", "Being computed";
        /// For everyone (已公布).
        Published = "published", "已公布", "Published";
        /// Refused by a reviewer (已驳回).
        Rejected = "rejected", "已驳回", "Rejected";
        /// Taken back; what was told stays paid (已撤回).
        Withdrawn = "withdrawn", "已撤回", "Withdrawn";
        /// Could not be computed; nothing was told and nothing spent (未完成).
        Failed = "failed", "未完成", "Not completed";
    }
}

/// A summary with differential privacy.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Identifier.
    pub id: SummaryId,
    /// The asset that it tells of.
    pub asset_id: AssetId,
    /// The version of its data.
    pub version_id: VersionId,
    /// How far it has come.
    pub state: SummaryState,
    /// Grows with every step.
    pub revision: i64,
    /// What is asked.
    pub proposal: Proposal,
    /// What was told, one answer a question; `None` before.
    pub answers: Option<Vec<Release>>,
    /// Who proposed it.
    pub filed_by: AccountId,
    /// Who approved or rejected it.
    pub decided_by: Option<AccountId>,
    /// Why it was rejected or withdrawn.
    pub decision_ground: Option<String>,
    /// Why it failed.
    pub problem: Option<Bilingual>,
    /// The last step's entry in the transparency log.
    pub entry_id: EntryId,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was published.
    pub published_at: Option<Timestamp>,
}

impl Summary {
    /// What all its questions cost together.
    pub fn epsilon(&self) -> Epsilon {
        total(&self.proposal.questions)
    }

    /// What the policies may know of it.
    ///
    /// - `body`: the body of its asset.
    /// - `is_listed`: whether the asset is in the catalogue.
    pub fn resource(&self, body: Option<CreditCode>, is_listed: bool) -> trust::Resource {
        trust::Resource {
            kind: "summary",
            id: self.id.to_string(),
            body,
            filer: Some(self.filed_by),
            state: Some(self.state.code().to_owned()),
            audience: None,
            public: is_listed && self.state == SummaryState::Published,
        }
    }
}

/// What questions cost together; a sum beyond the range stays at its end.
pub(super) fn total(questions: &[Question]) -> Epsilon {
    let sum = questions
        .iter()
        .fold(0_u64, |sum, question| sum.saturating_add(question.epsilon.billionths()));
    Epsilon::from_billionths(sum)
}

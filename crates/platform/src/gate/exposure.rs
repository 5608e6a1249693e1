//! Attacks that are tried on the candidate (攻击检验): singling out, linking, inference.
//!
//! ```text
//! rows of the version ─┬─ nine in ten ─▶ the plan ─▶ release that is attacked
//!                      │              └▶ persons who are in it
//!                      └─ one in ten, held back ─▶ persons who are not in it: the control
//! ```
//!
//! What is as true of those who were held back is knowledge of the world and of nobody.
//! An attacker is taken to know the values of a person as the version has them; what
//! the plan masks is masked for the attacker too.
//!
//! Source: Giomi et al., PETS 2023(2), the attacks of `anonymeter`.

use std::collections::BTreeMap;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use deident::attack::{self, AttackReport, Predicates, Subject};
use deident::{Applier, Plan, Spec, Transform, TupleTable, TupleTableBuilder};
use detect::Role;
use law::gate::Ratio;
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use super::measure::deident;
use super::model::{Decision, GateRun, Treatment};
use crate::Error;

/// Predicates that are tried at most to single records out, for each seed.
const ATTEMPTS: u64 = 20_000;

/// Comparisons of one run at most, beyond which fewer guesses are made.
const STEPS: u64 = 100_000_000;
/// Guesses of one run at least.
const FEWEST: u64 = 100;

/// Which attack was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttackKind {
    /// One value that only one person has (单独识别，单字段).
    SinglingOutOne,
    /// All quasi-identifiers at once (单独识别，全部准标识符).
    SinglingOutAll,
    /// Two files that know different columns of the same persons (关联).
    Linking,
    /// A guess of a sensitive value (推断).
    Inference,
}

/// One attack and what it is held against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackFact {
    /// Which attack.
    pub kind: AttackKind,
    /// The sensitive column that is guessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Greatest risk that is allowed, from 0 to 1.
    pub limit: f64,
    /// What was found, run by run.
    pub report: AttackReport,
}

impl AttackFact {
    /// The name for people.
    pub fn label(&self) -> Bilingual {
        let column = self.column.as_deref().unwrap_or_default();
        match self.kind {
            AttackKind::SinglingOutOne => {
                Bilingual::new("单独识别（单个字段）", "Singling out by one column")
            }
            AttackKind::SinglingOutAll => {
                Bilingual::new("单独识别（全部准标识符）", "Singling out by all quasi-identifiers")
            }
            AttackKind::Linking => Bilingual::new("关联两份资料", "Linking two files"),
            AttackKind::Inference => {
                Bilingual::new(format!("推断“{column}”"), format!("Inference of “{column}”"))
            }
        }
    }

    /// Whether the risk stays below the limit, by the upper end of its interval over
    /// all runs.
    pub fn passes(&self) -> bool {
        self.report.release.risk.high <= self.limit
    }

    /// Whether more than the limit was found out, and more than with no person left.
    pub fn fails(&self) -> bool {
        self.report.release.risk.low > self.limit && self.report.is_above_floor()
    }
}

/// Columns that leave, by what an attacker does with them: their combinations are
/// counted anew on the candidate.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// What may be known of a person from outside.
    pub(super) quasi: Vec<String>,
    /// What an attacker wants to know.
    pub(super) sensitive: Vec<String>,
}

impl Counted {
    /// Everything that may still point at a person, and the sensitive columns.
    pub(super) fn of(run: &GateRun) -> Self {
        let left = |decision: &&Decision| decision.treatment != Treatment::Remove;
        let names = |roles: &[Role]| -> Vec<String> {
            let chosen = run.decisions.iter().filter(left).filter(|d| roles.contains(&d.role));
            chosen.map(|decision| decision.column.clone()).collect()
        };
        Self { quasi: names(&[Role::Quasi, Role::Direct]), sensitive: names(&[Role::Sensitive]) }
    }

    /// Both, the quasi-identifiers first.
    pub(super) fn all(&self) -> Vec<&String> {
        self.quasi.iter().chain(&self.sensitive).collect()
    }
}

/// Gathers what the attacks need while the candidate is made.
pub(super) struct Exposure {
    columns: Counted,
    plan: Applier,
    known: Applier,
    hierarchies: BTreeMap<String, Spec>,
    control_share: Ratio,
    row: u64,
    released: TupleTableBuilder,
    table: TupleTableBuilder,
    control: TupleTableBuilder,
}

impl Exposure {
    /// Begins; `applier` is one of `plan` that nothing else uses.
    pub(super) fn new(
        plan: &Plan,
        applier: Applier,
        tuples: &TupleTable,
        columns: Counted,
    ) -> Result<Self, Error> {
        let mut known = Plan::default();
        let mut hierarchies = BTreeMap::new();
        for (name, transform) in &plan.columns {
            let is_counted = columns.all().contains(&name);
            let seen = match transform {
                _ if !is_counted => Transform::Remove,
                Transform::Generalize { spec, level } => {
                    if *level > 0 {
                        hierarchies.insert(name.clone(), spec.clone());
                    }
                    Transform::Keep
                }
                other => other.clone(),
            };
            known = known.with(name.clone(), seen);
        }
        let names = columns.all();
        let builder = || TupleTable::builder(&names);
        Ok(Self {
            known: Applier::new(&known, tuples).map_err(deident)?,
            plan: applier,
            hierarchies,
            control_share: law::gate::attack().control,
            row: 0,
            released: builder(),
            table: builder(),
            control: builder(),
            columns,
        })
    }

    /// Takes a batch of the version.
    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let held: Vec<bool> = (0..batch.num_rows()).map(|_| self.is_next_held_back()).collect();
        let pick = |wanted: bool| -> Result<RecordBatch, Error> {
            let mask: BooleanArray = held.iter().map(|held| Some(*held == wanted)).collect();
            filter_record_batch(batch, &mask).map_err(deident)
        };
        let (persons, others) = (pick(false)?, pick(true)?);
        self.released.update(&self.plan.apply(&persons).map_err(deident)?).map_err(deident)?;
        self.table.update(&self.known.apply(&persons).map_err(deident)?).map_err(deident)?;
        self.control.update(&self.known.apply(&others).map_err(deident)?).map_err(deident)
    }

    /// Whether the next row is held back: the same rows each time, spread over the table.
    fn is_next_held_back(&mut self) -> bool {
        let Ratio { numerator, denominator } = self.control_share;
        let place = scattered(self.row) % u64::from(denominator.max(1));
        self.row += 1;
        place < u64::from(numerator)
    }

    /// Runs the attacks. Columns that have one value for everybody are not guessed.
    pub(super) fn attack(self) -> Result<Vec<AttackFact>, Error> {
        let known = |all: &TupleTableBuilder| -> Result<TupleTable, Error> {
            let mut only = TupleTable::builder(&self.columns.quasi);
            only.merge(all).map_err(deident)?;
            Ok(only.finish())
        };
        let [known_released, known_table, known_control] =
            [known(&self.released)?, known(&self.table)?, known(&self.control)?];
        let (released, table, control) =
            (self.released.finish(), self.table.finish(), self.control.finish());
        if released.rows() == 0 || self.columns.quasi.is_empty() {
            return Ok(Vec::new());
        }
        let rule = law::gate::attack();
        let settings = attack::Settings {
            attacks: guesses(rule.guesses, known_released.tuples(), self.columns.quasi.len()),
            seeds: rule.seeds.clone(),
            attempts: ATTEMPTS,
            equal_rows_count_once: false,
        };
        let outside = Subject {
            release: &known_released,
            table: &known_table,
            control: some(&known_control),
            hierarchies: &self.hierarchies,
        };
        let mut facts = Vec::new();
        let mut add = |kind, column: Option<&String>, limit: Ratio, report: AttackReport| {
            let column = column.cloned();
            facts.push(AttackFact { kind, column, limit: limit.as_f64(), report });
        };
        let one = attack::singling_out(&outside, Predicates::Univariate, &settings);
        add(AttackKind::SinglingOutOne, None, rule.singling_out, one.map_err(deident)?);
        let columns = self.columns.quasi.len();
        let every = attack::singling_out(&outside, Predicates::Multivariate { columns }, &settings);
        add(AttackKind::SinglingOutAll, None, rule.singling_out, every.map_err(deident)?);
        let (first, second) = self.columns.quasi.split_at(columns.div_ceil(2));
        if !second.is_empty() {
            let linked = attack::linking(&outside, first, second, &settings);
            add(AttackKind::Linking, None, rule.linking, linked.map_err(deident)?);
        }
        let everything = Subject {
            release: &released,
            table: &table,
            control: some(&control),
            hierarchies: &self.hierarchies,
        };
        for column in &self.columns.sensitive {
            if released.values(column).is_none_or(|values| values.len() < 2) {
                continue;
            }
            let guessed = attack::inference(&everything, &self.columns.quasi, column, &settings);
            add(AttackKind::Inference, Some(column), rule.inference, guessed.map_err(deident)?);
        }
        Ok(facts)
    }
}

/// Guesses of one run: as many as asked for, and fewer where the release has so many
/// classes that each guess takes long. A release of that kind hides nobody, and a hundred
/// guesses show it.
fn guesses(wanted: u64, classes: usize, columns: usize) -> u64 {
    let steps = u64::try_from(classes.saturating_mul(columns)).unwrap_or(u64::MAX);
    (STEPS / steps.max(1)).clamp(FEWEST.min(wanted), wanted)
}

/// The table, if it has rows.
fn some(table: &TupleTable) -> Option<&TupleTable> {
    (table.rows() > 0).then_some(table)
}

/// Spreads consecutive numbers over the whole range.
///
/// Source: the finalizer of `SplitMix64`, Steele, Lea & Flood, OOPSLA 2014.
pub(super) fn scattered(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

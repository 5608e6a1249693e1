//! The planner (方案): the transforms that meet what is asked, at the least loss.
//!
//! Quasi-identifiers are generalized along the hierarchies that are proposed for them;
//! the search finds one level for each such that every class is large enough and tells
//! no sensitive value. A person may insist on a level, or on the values themselves.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use deident::{Criterion, Model, Plan, Problem, QuasiColumn, Spec, Transform, TupleTable};
use detect::{ColumnFinding, Kind, Role};

use super::exposure::Counted;
use super::measure::deident;
use super::model::{Decision, GateRun, Outcome, SearchFacts, Settings, Treatment};
use super::pass::{self, Pass};
use crate::jobs::{Progress, Task};
use crate::registry::version::Version;
use crate::{Error, Platform};

/// Class sizes for the chart of risk against utility.
const FRONTIER: [u32; 6] = [2, 5, 10, 21, 50, 100];

/// What the search found: the plan and facts about the search.
pub(super) struct Searched {
    /// What happens to each column and row.
    pub(super) plan: Plan,
    /// The counted tuples that the plan rests on.
    pub(super) tuples: TupleTable,
    /// What the search did; `None` without quasi-identifiers.
    pub(super) facts: Option<SearchFacts>,
    /// Points of risk against utility.
    pub(super) frontier: Vec<deident::FrontierPoint>,
    /// Share of detail lost, by column.
    pub(super) losses: Vec<(String, f64)>,
}

impl Searched {
    /// A plan that was found before, on the rows of its version.
    ///
    /// # Errors
    ///
    /// Errors of the lake.
    pub(super) async fn again(
        platform: &Platform,
        task: &Task,
        version: &Version,
        outcome: &Outcome,
    ) -> Result<Self, Error> {
        let columns =
            outcome.columns.iter().map(|column| (column.name.clone(), column.transform.clone()));
        let first = || Plan { columns: columns.collect(), k: outcome.k, ..Plan::default() };
        let plan = outcome.plan.clone().unwrap_or_else(first);
        let tuples = count(platform, task, version, plan.counted_columns()).await?;
        Ok(Self { plan, tuples, facts: None, frontier: Vec::new(), losses: Vec::new() })
    }
}

/// Counts the tuples of the quasi-identifiers and searches the plan of least loss.
pub(super) async fn search(
    platform: &Platform,
    task: &Task,
    run: &GateRun,
    version: &Version,
    k: u32,
) -> Result<Searched, Error> {
    let quasi: Vec<Decision> = run
        .decisions
        .iter()
        .filter(|decision| decision.role == Role::Quasi)
        .filter(|decision| matches!(decision.treatment, Treatment::Keep | Treatment::Generalize))
        .cloned()
        .collect();
    let sensitive = if quasi.is_empty() { Vec::new() } else { Counted::of(run).sensitive };
    let names = quasi.iter().map(|decision| decision.column.clone()).chain(sensitive.clone());
    let tuples = count(platform, task, version, names.collect()).await?;
    let (run, progress) = (run.clone(), task.progress.clone());
    let schema = schema_of(platform, version).await?;
    tokio::task::spawn_blocking(move || {
        let mut problem = Problem::k_anonymity(
            quasi.iter().map(|decision| quasi_column(decision, &run, &schema, &tuples)).collect(),
            k,
            run.settings.suppression_limit,
        );
        problem.pinned = pinned(&quasi, &problem.columns, &tuples)?;
        problem.criteria = criteria(&run.settings, &sensitive, &tuples);
        problem.frontier = FRONTIER.to_vec();
        let (mut plan, facts, frontier, losses) = if quasi.is_empty() || tuples.rows() == 0 {
            (Plan::default(), None, Vec::new(), Vec::new())
        } else {
            find_plan(&tuples, &problem, &progress)?
        };
        for decision in &run.decisions {
            if plan.transform(&decision.column).is_none() {
                plan = plan.with(decision.column.clone(), plain_transform(decision, &run.findings));
            }
        }
        Ok(Searched { plan, tuples, facts, frontier, losses })
    })
    .await
    .map_err(|_| Error::Interrupted)?
}

/// The plan of least loss; where no plan stays within the suppression limit, the
/// plan of least loss without that limit, which the verdict then refuses.
#[expect(clippy::type_complexity, reason = "the four parts of one answer, used once")]
fn find_plan(
    tuples: &TupleTable,
    problem: &Problem,
    progress: &crate::jobs::Reporter,
) -> Result<(Plan, Option<SearchFacts>, Vec<deident::FrontierPoint>, Vec<(String, f64)>), Error> {
    let mut report = |found: deident::SearchProgress| {
        progress.report(Progress::bytes(
            found.checked,
            found.lattice,
            "搜索损失最小的泛化方案",
            "Searching the generalization of least loss",
        ));
        if progress.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let asked = problem.k;
    let (problem, outcome) = match deident::search(tuples, problem, &mut report) {
        Ok(outcome) => (problem.clone(), outcome),
        Err(deident::SearchError::NoSolution) => {
            let wide = Problem { suppression_limit: 1.0, ..problem.clone() };
            let outcome = deident::search(tuples, &wide, &mut report).map_err(deident)?;
            (wide, outcome)
        }
        // Too few rows for any class: all are suppressed below, and the verdict says so.
        Err(deident::SearchError::KAboveRows { rows, .. }) => {
            let few = Problem {
                k: u32::try_from(rows).unwrap_or(u32::MAX),
                suppression_limit: 1.0,
                ..problem.clone()
            };
            let outcome = deident::search(tuples, &few, &mut report).map_err(deident)?;
            (few, outcome)
        }
        Err(error) => return Err(deident(error)),
    };
    let utility = deident::utility::measure(tuples, &problem, &outcome.levels).map_err(deident)?;
    let losses = utility.columns.iter().map(|column| (column.name.clone(), column.loss)).collect();
    let facts = SearchFacts {
        lattice: outcome.lattice,
        checked: outcome.checked,
        optimal: outcome.optimal,
        loss: outcome.score,
        classes: outcome.classes,
    };
    let plan = Plan { k: asked, ..Plan::of(&problem, &outcome) };
    Ok((plan, Some(facts), outcome.frontier, losses))
}

/// The levels that a person insists on, no coarser than there are.
fn pinned(
    quasi: &[Decision],
    columns: &[QuasiColumn],
    tuples: &TupleTable,
) -> Result<BTreeMap<String, usize>, Error> {
    let mut pinned = BTreeMap::new();
    for (decision, column) in quasi.iter().zip(columns) {
        let wanted = match decision.treatment {
            Treatment::Keep => 0,
            _ => match decision.pinned {
                Some(level) => usize::try_from(level).unwrap_or(usize::MAX),
                None => continue,
            },
        };
        let values = tuples.values(&decision.column).unwrap_or_default();
        if values.is_empty() {
            continue;
        }
        let hierarchy = column.spec.build(values.iter().map(Option::as_deref)).map_err(deident)?;
        pinned.insert(decision.column.clone(), wanted.min(hierarchy.levels().saturating_sub(1)));
    }
    Ok(pinned)
}

/// What is asked of the sensitive columns of each class. A value that everybody has is
/// no secret of anybody: such a column is left aside.
fn criteria(settings: &Settings, sensitive: &[String], tuples: &TupleTable) -> Vec<Criterion> {
    let l = settings.distinct_l();
    let mut criteria = Vec::new();
    for column in sensitive {
        if tuples.values(column).is_none_or(|values| values.len() < 2) {
            continue;
        }
        if l > 1 {
            criteria.push(Criterion::of(column.clone(), Model::DistinctL { l }));
        }
        if let Some(t) = settings.t {
            criteria.push(Criterion::of(column.clone(), Model::EqualT { t }));
        }
    }
    criteria
}

/// Counts the tuples of some columns over all rows of a version.
async fn count(
    platform: &Platform,
    task: &Task,
    version: &Version,
    names: Vec<String>,
) -> Result<TupleTable, Error> {
    let counted = TupleTable::builder(&names);
    if names.is_empty() {
        return Ok(counted.finish());
    }
    let pass = Pass {
        table: version.stored.as_ref().ok_or(Error::Interrupted)?,
        columns: Some(names),
        rows: version.rows.unwrap_or(0),
        words: ("统计准标识符组合", "Counting combinations of quasi-identifiers"),
    };
    let counted = pass::over(platform, task, pass, counted, |counted, batch| {
        counted.update(batch).map_err(deident)
    });
    Ok(counted.await?.finish())
}

/// The schema of a version's table.
pub(super) async fn schema_of(
    platform: &Platform,
    version: &Version,
) -> Result<arrow::datatypes::SchemaRef, Error> {
    let stored = version.stored.as_ref().ok_or(Error::Interrupted)?;
    Ok(platform.lake.schema(&stored.table()?, Some(stored.version)).await?)
}

/// A quasi-identifier with the hierarchy that is proposed for it.
fn quasi_column(
    decision: &Decision,
    run: &GateRun,
    schema: &arrow::datatypes::Schema,
    tuples: &TupleTable,
) -> QuasiColumn {
    let kind = run.findings.iter().find(|found| found.name == decision.column).and_then(|f| f.kind);
    let meaning = match kind {
        Some(Kind::BirthDate) => Some(deident::hierarchy::Meaning::Date),
        _ => None,
    };
    let values = tuples.values(&decision.column).unwrap_or_default();
    let profile = deident::hierarchy::Profile::of(values.iter().map(Option::as_deref));
    let data_type = schema
        .field_with_name(&decision.column)
        .map_or(arrow::datatypes::DataType::Utf8, |field| field.data_type().clone());
    let spec = Spec::propose(&decision.column, meaning, &data_type, &profile);
    QuasiColumn::new(decision.column.clone(), spec)
}

/// The transform of a column that is not searched.
fn plain_transform(decision: &Decision, findings: &[ColumnFinding]) -> Transform {
    let kind = findings.iter().find(|found| found.name == decision.column).and_then(|f| f.kind);
    match decision.treatment {
        Treatment::Remove => Transform::Remove,
        Treatment::Mask => mask_of(kind),
        Treatment::Keep | Treatment::Generalize => Transform::Keep,
    }
}

/// How identifiers of a kind are masked. Source: reference §11.2, the masks in
/// common use; what is not known keeps nothing.
fn mask_of(kind: Option<Kind>) -> Transform {
    let (keep_left, keep_right) = match kind {
        Some(Kind::CitizenId | Kind::BankCard | Kind::CreditCard) => (6, 4),
        Some(Kind::Mobile | Kind::Landline) => (3, 4),
        Some(Kind::PersonName | Kind::Email) => (1, 0),
        _ => (0, 0),
    };
    Transform::Mask { keep_left, keep_right }
}

//! The job that makes the candidate for release and measures it.
//!
//! ```text
//! pass 1: count quasi-identifier tuples ─▶ search the least loss ─▶ plan
//! pass 2: apply the plan ─▶ candidate table, its digest, its profile,
//!         classes counted anew, detection anew ─▶ assessment ─▶ verdict
//! ```
//!
//! The verdict rests on the rows of the candidate itself, not on what the plan
//! promises. A masked identifier still says something about a person, so it
//! counts among the quasi-identifiers of the candidate.

use std::ops::ControlFlow;

use arrow::array::RecordBatch;
use deident::risk::{self, Assessment, ContextRisk, Thresholds};
use deident::{Applier, Plan, Problem, QuasiColumn, Spec, Transform, TupleTable};
use detect::{ColumnFinding, Detector, Kind, Role};
use futures::StreamExt as _;
use lake::{CommitInfo, RowQuery};
use vocabulary::Bilingual;

use super::candidate::{Candidate, CandidateFacts};
use super::model::{
    ColumnOutcome, Decision, DiversityFact, GateRun, GateState, Outcome, SearchFacts, Treatment,
};
use super::{GateWork, load_for_job, rules, save_found};
use crate::jobs::{Progress, Task};
use crate::registry;
use crate::registry::version::{StoredTable, Version, table_path};
use crate::{Error, Platform};

/// Class sizes for the chart of risk against utility.
const FRONTIER: [u32; 6] = [2, 5, 10, 21, 50, 100];

/// Measures the plan of a run and decides whether it passes.
///
/// # Errors
///
/// Errors of the platform, after which the job is tried again.
pub(crate) async fn run_measure(
    platform: &Platform,
    task: &Task,
    work: &GateWork,
) -> Result<(), Error> {
    let Some(run) = load_for_job(platform, work).await? else { return Ok(()) };
    let mut reader = platform.store.read().await?;
    let version = registry::load_version(&mut reader, run.version_id).await?;
    let asset = registry::load(&mut reader, run.asset_id).await?;
    drop(reader);
    let thresholds = thresholds(&run);
    let k = run.settings.k.unwrap_or(required_class(&run, &thresholds)?);
    let searched = search(platform, task, &run, &version, k).await?;
    let (facts, stored) = make_candidate(platform, task, &run, &version, &searched).await?;
    let assessment = assess(&run, &facts, &thresholds)?;
    let diversity = diversity(&run, &facts)?;
    let allowed = allowed_suppression(run.settings.suppression_limit, facts.applied.rows_in);
    let mut refusals = rules::refuse_asset(&asset, run.audience);
    refusals.extend(rules::refuse_candidate(&rules::Evidence {
        decisions: &run.decisions,
        findings: &run.findings,
        candidate: &facts.findings,
        assessment: &assessment,
        rows_released: facts.applied.rows_out,
        suppressed: (facts.applied.suppressed, allowed),
    }));
    let state = if refusals.is_empty() { GateState::Passed } else { GateState::Refused };
    let outcome = Outcome {
        rows: facts.applied.rows_in,
        rows_released: facts.applied.rows_out,
        rows_suppressed: facts.applied.suppressed,
        columns: column_outcomes(&run, &searched),
        k,
        search: searched.facts,
        assessment,
        diversity,
        frontier: searched.frontier,
        refusals,
        not_tested: rules::overridden(&run).into_iter().chain(not_tested()).collect(),
        before: facts.before,
        after: facts.after,
        digest: facts.digest,
        profile: facts.profile,
        irreversible: is_irreversible(&run.decisions),
    };
    let measured = GateRun { state, outcome: Some(outcome), candidate: Some(stored), ..run };
    save_found(platform, work, measured, "gate.measured").await
}

/// The thresholds of the run's sharing model. Source: GB/T 42460-2023, in `law`.
fn thresholds(run: &GateRun) -> Thresholds {
    let law::gate::Thresholds { tau, accept } = law::gate::thresholds(run.settings.model);
    Thresholds { tau, accept, context: ContextRisk::CERTAIN }
}

/// The sharing model in the words of the measurement.
fn risk_model(run: &GateRun) -> risk::Model {
    match run.settings.model {
        law::SharingModel::Public => risk::Model::Public,
        law::SharingModel::Controlled => risk::Model::Controlled,
        law::SharingModel::Enclave => risk::Model::Enclave,
    }
}

/// The smallest class that passes for certain under the thresholds.
fn required_class(run: &GateRun, thresholds: &Thresholds) -> Result<u32, Error> {
    let alone = risk::ClassSizes::from_sizes([1]);
    let assessed = risk::gbt42460(&alone, risk_model(run), thresholds).map_err(deident)?;
    Ok(u32::try_from(assessed.required_class.max(2)).unwrap_or(u32::MAX))
}

/// What the search found: the plan and facts about the search.
struct Searched {
    plan: Plan,
    tuples: TupleTable,
    facts: Option<SearchFacts>,
    frontier: Vec<deident::FrontierPoint>,
    losses: Vec<(String, f64)>,
}

/// Counts the tuples of the quasi-identifiers and searches the plan of least loss.
async fn search(
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
    let tuples = count(platform, task, version, &quasi).await?;
    let (run, progress) = (run.clone(), task.progress.clone());
    let schema = schema_of(platform, version).await?;
    tokio::task::spawn_blocking(move || {
        let mut problem = Problem::k_anonymity(
            quasi.iter().map(|decision| quasi_column(decision, &run, &schema, &tuples)).collect(),
            k,
            run.settings.suppression_limit,
        );
        for decision in quasi.iter().filter(|decision| decision.treatment == Treatment::Keep) {
            problem.pinned.insert(decision.column.clone(), 0);
        }
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

/// Counts the tuples of some columns over all rows of a version.
async fn count(
    platform: &Platform,
    task: &Task,
    version: &Version,
    quasi: &[Decision],
) -> Result<TupleTable, Error> {
    let names: Vec<&str> = quasi.iter().map(|decision| decision.column.as_str()).collect();
    let mut counted = TupleTable::builder(&names);
    let stored = version.stored.as_ref().ok_or(Error::Interrupted)?;
    let columns = RowQuery {
        select: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..RowQuery::default()
    };
    if names.is_empty() {
        return Ok(counted.finish());
    }
    let limits = &platform.limits.scan;
    let mut batches =
        platform.lake.rows(&stored.table()?, Some(stored.version), &columns, limits).await?;
    let mut done = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        done += u64::try_from(batch.num_rows()).unwrap_or(0);
        counted = tokio::task::spawn_blocking(move || {
            counted.update(&batch).map_err(deident)?;
            Ok::<_, Error>(counted)
        })
        .await
        .map_err(|_| Error::Interrupted)??;
        let total = version.rows.unwrap_or(0);
        task.progress.report(Progress::bytes(
            done,
            total,
            "统计准标识符组合",
            "Counting combinations of quasi-identifiers",
        ));
    }
    Ok(counted.finish())
}

/// The schema of a version's table.
async fn schema_of(
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

/// Pass 2: applies the plan, writes the candidate, and measures what was written.
async fn make_candidate(
    platform: &Platform,
    task: &Task,
    run: &GateRun,
    version: &Version,
    searched: &Searched,
) -> Result<(CandidateFacts, StoredTable), Error> {
    let stored = version.stored.as_ref().ok_or(Error::Interrupted)?;
    let applier = || Applier::new(&searched.plan, &searched.tuples).map_err(deident);
    let schema = schema_of(platform, version).await?;
    let empty = RecordBatch::new_empty(schema);
    let mut candidate = Candidate::new(applier()?, applier()?, &empty, counted_columns(run))?;
    let table = table_path(&format!("{}/g{}", run.asset_id, run.id))?;
    let mut writer = platform.lake.writer(&table, candidate.schema()).await?;
    let all = RowQuery::default();
    let limits = &platform.limits.scan;
    let mut batches =
        platform.lake.rows(&stored.table()?, Some(stored.version), &all, limits).await?;
    let mut done = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        done += u64::try_from(batch.num_rows()).unwrap_or(0);
        let (next, released) = tokio::task::spawn_blocking(move || {
            let released = candidate.take(&batch)?;
            Ok::<_, Error>((candidate, released))
        })
        .await
        .map_err(|_| Error::Interrupted)??;
        candidate = next;
        writer.write(released).await?;
        let total = version.rows.unwrap_or(0);
        task.progress.report(Progress::bytes(
            done,
            total,
            "生成并复测拟发布的数据",
            "Making and measuring the candidate",
        ));
        if task.progress.is_cancelled() {
            writer.abort().await;
            return Err(Error::Interrupted);
        }
    }
    let info = CommitInfo {
        author: run.filed_by.to_string(),
        operation: "gate.measure".to_owned(),
        at: task.now(),
    };
    let committed = writer.commit(info).await?;
    let facts = tokio::task::spawn_blocking(move || candidate.finish())
        .await
        .map_err(|_| Error::Interrupted)??;
    let stored =
        StoredTable { path: table.to_string(), version: committed.version, bytes: committed.bytes };
    Ok((facts, stored))
}

/// Columns of the candidate whose combinations are counted anew: everything that
/// may still point at a person, then the sensitive ones.
fn counted_columns(run: &GateRun) -> (Vec<String>, Vec<String>) {
    let left = |decision: &&Decision| decision.treatment != Treatment::Remove;
    let names = |roles: &[Role]| -> Vec<String> {
        let chosen = run.decisions.iter().filter(left).filter(|d| roles.contains(&d.role));
        chosen.map(|decision| decision.column.clone()).collect()
    };
    (names(&[Role::Quasi, Role::Direct]), names(&[Role::Sensitive]))
}

/// The risk of the candidate's rows by GB/T 42460-2023.
fn assess(
    run: &GateRun,
    facts: &CandidateFacts,
    thresholds: &Thresholds,
) -> Result<Assessment, Error> {
    let direct = run
        .decisions
        .iter()
        .filter(|decision| decision.role == Role::Direct)
        .filter(|decision| matches!(decision.treatment, Treatment::Keep | Treatment::Generalize))
        .count();
    if let Some(graded) = risk::grade_by_identifiers(direct, facts.quasi.len()) {
        return Ok(graded);
    }
    if facts.applied.rows_out == 0 {
        let nobody = risk::ClassSizes::from_sizes([1]);
        return risk::gbt42460(&nobody, risk_model(run), thresholds).map_err(deident);
    }
    let classes = facts.tuples.class_sizes_of(&facts.quasi).map_err(deident)?;
    risk::gbt42460(&classes, risk_model(run), thresholds).map_err(deident)
}

/// How well the sensitive columns are hidden in the candidate's classes.
fn diversity(run: &GateRun, facts: &CandidateFacts) -> Result<Vec<DiversityFact>, Error> {
    let sensitive = counted_columns(run).1;
    if facts.quasi.is_empty() || facts.applied.rows_out == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::with_capacity(sensitive.len());
    for column in sensitive {
        let measured =
            risk::diversity::diversity(&facts.tuples, &facts.quasi, &column).map_err(deident)?;
        found.push(DiversityFact {
            column,
            distinct_l: measured.distinct_l,
            t_closeness: measured.equal_t,
        });
    }
    Ok(found)
}

/// How many rows may be suppressed at most.
fn allowed_suppression(limit: f64, rows: u64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of a row count is a row count"
    )]
    let allowed = (limit * rows as f64).floor() as u64;
    allowed
}

/// What was done to each column, in the order of the version.
fn column_outcomes(run: &GateRun, searched: &Searched) -> Vec<ColumnOutcome> {
    let outcome = |decision: &Decision| {
        let transform = searched.plan.transform(&decision.column)?.clone();
        let loss = searched.losses.iter().find(|(name, _)| *name == decision.column);
        Some(ColumnOutcome {
            name: decision.column.clone(),
            role: decision.role,
            words: transform.words(),
            transform,
            loss: loss.map(|(_, loss)| *loss),
        })
    };
    run.decisions.iter().filter_map(outcome).collect()
}

/// Whether nothing that identifies or describes a person can be restored.
fn is_irreversible(decisions: &[Decision]) -> bool {
    // Masking, removing and generalizing keep no key; a kept direct identifier is
    // the original itself.
    !decisions.iter().any(|decision| {
        decision.role == Role::Direct
            && matches!(decision.treatment, Treatment::Keep | Treatment::Generalize)
    })
}

/// What this gate does not test yet, said on every report.
fn not_tested() -> Vec<Bilingual> {
    vec![
        Bilingual::new(
            "与先前发布的版本及其他开放数据集的组合攻击",
            "Composition with earlier releases and with other open datasets",
        ),
        Bilingual::new(
            "实测攻击（单独识别、链接、推断）",
            "Empirical attacks (singling out, linking, inference)",
        ),
        Bilingual::new(
            "所声明准标识符以外的字段组合",
            "Combinations of columns beyond the declared quasi-identifiers",
        ),
    ]
}

/// Wraps an error of the de-identification crate.
pub(super) fn deident(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Deident(Box::new(error))
}

/// Detection needs the candidate's own schema.
pub(super) fn detector_for(batch: &RecordBatch) -> Detector {
    Detector::new(&batch.schema())
}

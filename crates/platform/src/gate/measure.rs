//! The job that makes the candidate for release and measures it.
//!
//! ```text
//! pass 1: count quasi-identifier tuples ─▶ search the least loss ─▶ plan
//! pass 2: apply the plan ─▶ candidate table, its digest, its profile,
//!         classes counted anew, detection anew, attacks ─▶ assessment
//! pass 3: compare with earlier releases ─▶ checks ─▶ verdict
//! ```
//!
//! Where rows by which earlier releases would tell a small group apart are left out, pass 2
//! is made once more without them.
//!
//! The verdict rests on the rows of the candidate itself, not on what the plan
//! promises. A masked identifier still says something about a person, so it
//! counts among the quasi-identifiers of the candidate.

use arrow::array::RecordBatch;
use deident::Applier;
use deident::risk::{self, Assessment, ContextRisk, Thresholds};
use detect::{Detector, Role};
use futures::StreamExt as _;
use lake::{CommitInfo, RowQuery, TableWriter};
use vocabulary::{Bilingual, ReleaseId};

use super::candidate::{Candidate, CandidateFacts, Tests};
use super::checks::{Check, CheckKind, CheckVerdict};
use super::composition::{self, CompositionFact};
use super::exposure::{Counted, Exposure};
use super::left_out::LeftOut;
use super::model::{
    ColumnOutcome, Decision, DiversityFact, GateRun, GateState, Outcome, Treatment,
};
use super::neighbours::{self, NeighbourFact};
use super::planner::{self, Searched, schema_of};
use super::release::Release;
use super::report::{self, Measured};
use super::restore::Digests;
use super::{GateWork, load_for_job, release, remeasure, rules, save_found};
use crate::error::RefusedBy;
use crate::jobs::{Progress, Task};
use crate::registry::version::{StoredTable, Version, table_path};
use crate::registry::{self, Asset};
use crate::{Error, Platform};

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
    let k = run.settings.k.unwrap_or(required_class(&run)?);
    let searched = planner::search(platform, task, &run, &version, k).await?;
    let mut case = Case::new(platform, task, &asset, &run, &version, &searched);
    let (mut facts, mut stored) = Box::pin(case.make_candidate()).await?;
    if run.settings.leave_out_changed && platform.leave_out_changed {
        let left_out = Box::pin(case.rows_to_leave_out(&facts, &stored)).await?;
        if !left_out.is_empty() {
            case.left_out = left_out;
            (facts, stored) = Box::pin(case.make_candidate()).await?;
        }
    }
    let left_out = case.left_out.save(platform, task, &run).await?;
    let measured = Box::pin(case.judge(facts, &stored, None)).await?;
    let Measurement { facts, checks, refusals, compared_to, .. } = measured;
    let state = if refusals.is_empty() { GateState::Passed } else { GateState::Refused };
    let outcome = Outcome {
        rows: facts.applied.rows_in,
        rows_released: facts.applied.rows_out,
        rows_suppressed: facts.applied.suppressed,
        left_out,
        columns: column_outcomes(&run, &searched),
        plan: Some(searched.plan),
        k,
        assessment: measured.assessment,
        diversity: measured.diversity,
        attacks: facts.attacks,
        restorations: facts.restorations,
        composition: measured.composition,
        neighbours: measured.neighbours,
        not_tested: rules::overridden(&run).into_iter().chain(not_tested(&checks)).collect(),
        checks,
        rules: remeasure::rules(),
        compared_to,
        others: measured.others,
        search: searched.facts,
        frontier: searched.frontier,
        refusals,
        before: facts.before,
        after: facts.after,
        digest: facts.digest,
        profile: facts.profile,
        irreversible: is_irreversible(&run.decisions),
    };
    let measured =
        GateRun { state, outcome: Some(Box::new(outcome)), candidate: Some(stored), ..run };
    save_found(platform, work, measured, "gate.measured").await
}

/// What is measured: a plan on the rows of a version, new or released before.
pub(super) struct Case<'a> {
    pub(super) platform: &'a Platform,
    pub(super) task: &'a Task,
    pub(super) asset: &'a Asset,
    pub(super) run: &'a GateRun,
    pub(super) version: &'a Version,
    pub(super) searched: &'a Searched,
    pub(super) columns: Counted,
    /// Rows of the version that the candidate leaves out whatever the plan says.
    pub(super) left_out: LeftOut,
}

/// What was measured of a case, and what follows.
pub(super) struct Measurement {
    pub(super) facts: CandidateFacts,
    pub(super) assessment: Assessment,
    pub(super) diversity: Vec<DiversityFact>,
    pub(super) composition: Vec<CompositionFact>,
    pub(super) neighbours: Vec<NeighbourFact>,
    pub(super) checks: Vec<Check>,
    pub(super) refusals: Vec<RefusedBy>,
    /// Number of the newest release when it was compared.
    pub(super) compared_to: i64,
    /// Releases of other assets that it was held against.
    pub(super) others: Vec<ReleaseId>,
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
fn required_class(run: &GateRun) -> Result<u32, Error> {
    let alone = risk::ClassSizes::from_sizes([1]);
    let assessed = risk::gbt42460(&alone, risk_model(run), &thresholds(run)).map_err(deident)?;
    Ok(u32::try_from(assessed.required_class.max(2)).unwrap_or(u32::MAX))
}

impl<'a> Case<'a> {
    /// The case of a run.
    pub(super) fn new(
        platform: &'a Platform,
        task: &'a Task,
        asset: &'a Asset,
        run: &'a GateRun,
        version: &'a Version,
        searched: &'a Searched,
    ) -> Self {
        let columns = Counted::of(run);
        let left_out = LeftOut::default();
        Self { platform, task, asset, run, version, searched, columns, left_out }
    }

    /// Pass 2: applies the plan, writes the candidate, and measures what was written.
    async fn make_candidate(&self) -> Result<(CandidateFacts, StoredTable), Error> {
        let candidate = self.candidate().await?;
        let table = table_path(&format!("{}/g{}", self.run.asset_id, self.run.id))?;
        let mut writer = self.platform.lake.writer(&table, candidate.schema()).await?;
        let candidate = match self.take_rows(candidate, Some(writer.as_mut())).await {
            Ok(candidate) => candidate,
            Err(error) => {
                writer.abort().await;
                return Err(error);
            }
        };
        let info = CommitInfo {
            author: self.run.filed_by.to_string(),
            operation: "gate.measure".to_owned(),
            at: self.task.now(),
        };
        let committed = writer.commit(info).await?;
        let stored = StoredTable {
            path: table.to_string(),
            version: committed.version,
            bytes: committed.bytes,
        };
        Ok((self.finish(candidate).await?, stored))
    }

    /// Measures what the plan makes of the version, and writes nothing.
    pub(super) async fn measure_only(&self) -> Result<CandidateFacts, Error> {
        let candidate = self.take_rows(self.candidate().await?, None).await?;
        self.finish(candidate).await
    }

    async fn candidate(&self) -> Result<Candidate, Error> {
        let Searched { plan, tuples, .. } = self.searched;
        let applier = || Applier::new(plan, tuples).map_err(deident);
        let empty = RecordBatch::new_empty(schema_of(self.platform, self.version).await?);
        let exposure = if self.columns.quasi.is_empty() {
            None
        } else {
            Some(Exposure::new(plan, applier()?, tuples, self.columns.clone())?)
        };
        let tests = Tests { digests: Digests::new(plan, self.version.rows.unwrap_or(0)), exposure };
        let left_out = self.left_out.clone();
        Candidate::new(applier()?, applier()?, &empty, &self.columns, tests, left_out)
    }

    /// Hands every row of the version to the candidate, and what becomes of it to the
    /// writer, if there is one.
    async fn take_rows(
        &self,
        mut candidate: Candidate,
        mut writer: Option<&mut (dyn TableWriter + '_)>,
    ) -> Result<Candidate, Error> {
        let stored = self.version.stored.as_ref().ok_or(Error::Interrupted)?;
        let (all, limits) = (RowQuery::default(), &self.platform.limits.scan);
        let lake = &self.platform.lake;
        let mut batches = lake.rows(&stored.table()?, Some(stored.version), &all, limits).await?;
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
            if let Some(writer) = writer.as_deref_mut() {
                writer.write(released).await?;
            }
            self.task.progress.report(Progress::bytes(
                done,
                self.version.rows.unwrap_or(0),
                "生成并复测拟发布的数据",
                "Making and measuring the candidate",
            ));
            if self.task.progress.is_cancelled() {
                return Err(Error::Interrupted);
            }
        }
        Ok(candidate)
    }

    /// Ends the measurements and tries the attacks.
    async fn finish(&self, candidate: Candidate) -> Result<CandidateFacts, Error> {
        let (zh, en) = ("对候选数据实施攻击检验", "Trying attacks on the candidate");
        self.task.progress.report(Progress::bytes(0, 0, zh, en));
        tokio::task::spawn_blocking(move || candidate.finish())
            .await
            .map_err(|_| Error::Interrupted)?
    }

    /// The case as earlier releases are held against it.
    fn now<'b>(
        &'b self,
        assessment: &Assessment,
        table: &'b StoredTable,
        own: Option<&'b Release>,
    ) -> Result<composition::Now<'b>, Error> {
        Ok(composition::Now {
            run: self.run,
            version: self.version,
            plan: &self.searched.plan,
            tuples: &self.searched.tuples,
            columns: &self.columns,
            table,
            left_out: &self.left_out,
            own,
            required: assessment.required_class.max(required_class(self.run)?.into()),
        })
    }

    /// Rows by which this candidate and earlier releases tell small groups apart.
    async fn rows_to_leave_out(
        &self,
        facts: &CandidateFacts,
        table: &StoredTable,
    ) -> Result<LeftOut, Error> {
        let now = self.now(&assess(self.run, facts)?, table, None)?;
        let limit = self.run.settings.suppression_limit;
        let allowed = allowed_suppression(limit, facts.applied.rows_in);
        let allowed = allowed.saturating_sub(facts.applied.suppressed);
        Box::pin(composition::leave_out(self.platform, self.task, &now, allowed)).await
    }

    /// Holds what was measured against the rules. `table` has the rows; releases from
    /// number `own` on are not earlier ones.
    pub(super) async fn judge(
        &self,
        facts: CandidateFacts,
        table: &StoredTable,
        own: Option<&Release>,
    ) -> Result<Measurement, Error> {
        let Case { platform, task, asset, run, version, columns, .. } = self;
        let assessment = assess(run, &facts)?;
        let diversity = diversity(columns, &facts)?;
        let now = self.now(&assessment, table, own)?;
        let mut reader = platform.store.read().await?;
        let compared_to = release::newest_number(&mut reader, run.asset_id).await?;
        drop(reader);
        let compared = Box::pin(composition::with_earlier(platform, task, &now)).await?;
        let composition = compared.facts;
        let neighbours =
            neighbours::of(platform, run.asset_id, &columns.quasi, &facts.tuples).await?;
        let allowed = allowed_suppression(run.settings.suppression_limit, facts.applied.rows_in);
        let (checks, refusals) = report::report(&Measured {
            asset,
            run,
            version,
            evidence: rules::Evidence {
                decisions: &run.decisions,
                findings: &run.findings,
                candidate: &facts.findings,
                assessment: &assessment,
                exposed: exposed(columns, &facts, assessment.required_class)?,
                rows_released: facts.applied.rows_out,
                suppressed: (facts.applied.suppressed, allowed),
            },
            profile: &facts.profile,
            diversity: &diversity,
            attacks: &facts.attacks,
            restorations: &facts.restorations,
            composition: &composition,
            left_out: self.left_out.len(),
            not_compared: compared.left_out,
            unsure: &compared.unsure,
            may_leave_out: platform.leave_out_changed,
            neighbours: &neighbours,
            quasi: &columns.quasi,
        });
        Ok(Measurement {
            facts,
            assessment,
            diversity,
            composition,
            neighbours,
            checks,
            refusals,
            compared_to,
            others: compared.others,
        })
    }
}

/// Rows of the candidate in classes that are smaller than they must be.
fn exposed(columns: &Counted, facts: &CandidateFacts, required: u64) -> Result<u64, Error> {
    if columns.quasi.is_empty() {
        return Ok(0);
    }
    let classes = facts.tuples.class_sizes_of(&columns.quasi).map_err(deident)?;
    Ok(classes.iter().filter(|(size, _)| *size < required).map(|(size, n)| size * n).sum())
}

/// The risk of the candidate's rows by GB/T 42460-2023.
fn assess(run: &GateRun, facts: &CandidateFacts) -> Result<Assessment, Error> {
    let thresholds = &thresholds(run);
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
fn diversity(columns: &Counted, facts: &CandidateFacts) -> Result<Vec<DiversityFact>, Error> {
    let Counted { quasi, sensitive } = columns;
    if quasi.is_empty() || facts.applied.rows_out == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::with_capacity(sensitive.len());
    for column in sensitive {
        let measured = risk::diversity::diversity(&facts.tuples, quasi, column).map_err(deident)?;
        let guess = risk::modal_guess(&facts.tuples, quasi, column).map_err(deident)?;
        found.push(DiversityFact {
            column: column.clone(),
            distinct_l: measured.distinct_l,
            t_closeness: measured.equal_t,
            values: measured.values,
            known_rows: if measured.values > 1 { measured.homogeneous_rows } else { 0 },
            guessed_rows: guess.right,
            guessed_by_table: guess.right_by_table,
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

/// What was not tested, and what a test could not show.
fn not_tested(checks: &[Check]) -> Vec<Bilingual> {
    let mut told: Vec<Bilingual> = checks
        .iter()
        .filter(|check| check.verdict == CheckVerdict::Attention)
        .filter(|check| UNPROVED.contains(&check.kind))
        .map(|check| check.words.clone())
        .collect();
    told.push(Bilingual::new(
        "所声明准标识符以外的字段组合：敏感字段被当作外人不知道的",
        "Combinations beyond the declared quasi-identifiers: sensitive columns are taken to be unknown to outsiders",
    ));
    told.push(Bilingual::new(
        "平台以外的资料；三次以上发布的共同对照（逐一比较）",
        "Tables outside this platform; more than two releases at once (they are compared one by one)",
    ));
    told
}

/// Checks whose "attention" means that something is not shown.
const UNPROVED: [CheckKind; 4] =
    [CheckKind::Attributes, CheckKind::Restorability, CheckKind::Attacks, CheckKind::Composition];

/// Wraps an error of the de-identification crate.
pub(super) fn deident(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Deident(Box::new(error))
}

/// Detection needs the candidate's own schema.
pub(super) fn detector_for(batch: &RecordBatch) -> Detector {
    Detector::new(&batch.schema())
}

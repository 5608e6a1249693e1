//! The job that reads the rows, draws the noise and publishes.

use arrow::array::RecordBatch;
use deident::dp::{Collector, DpError, Ledger, LedgerError, Release, Unit};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use trust::Caller;
use vocabulary::{Bilingual, SummaryId};

use super::model::{Budget, Question, Summary, SummaryState};
use super::{record, rules, table};
use crate::gate::pass::{self, Pass};
use crate::jobs::Task;
use crate::registry::version::StoredTable;
use crate::{Error, Platform, registry};

/// The kind of the job.
pub(crate) const ANSWER: &str = "summary.answer";

/// The payload of the job.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(super) summary_id: SummaryId,
}

/// Why nothing can be told, whatever the rows are.
enum Unanswered {
    Query(DpError),
    Ledger(LedgerError),
    Platform(Error),
}

impl From<DpError> for Unanswered {
    fn from(error: DpError) -> Self {
        Self::Query(error)
    }
}

impl From<LedgerError> for Unanswered {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<Error> for Unanswered {
    fn from(error: Error) -> Self {
        Self::Platform(error)
    }
}

/// Answers an approved summary. Begun anew after a crash it draws other noise, and nobody
/// has seen the first.
///
/// # Errors
///
/// Errors of the platform, after which the job is tried again.
pub(crate) async fn run(platform: &Platform, task: &Task, work: &Answer) -> Result<(), Error> {
    let Some(summary) = computing(platform, work).await? else { return Ok(()) };
    let mut reader = platform.store.read().await?;
    let version = registry::load_version(&mut reader, summary.version_id).await?;
    let Some(budget) = table::budget(&mut reader, summary.asset_id).await? else {
        return Err(Error::Interrupted);
    };
    drop(reader);
    let Some(stored) = &version.stored else { return Err(Error::Interrupted) };
    let rows = version.rows.unwrap_or(0);
    match answer(platform, task, &summary, &budget, stored, rows).await {
        Ok((ledger, answers)) => publish(platform, task, summary, budget, ledger, answers).await,
        Err(Unanswered::Platform(error)) => Err(error),
        Err(Unanswered::Query(error)) => fail(platform, task, summary, &said(&error)).await,
        Err(Unanswered::Ledger(error)) => fail(platform, task, summary, &said(&error)).await,
    }
}

/// The summary, if it still waits for its answers.
async fn computing(platform: &Platform, work: &Answer) -> Result<Option<Summary>, Error> {
    let mut reader = platform.store.read().await?;
    let summary = table::find(&mut reader, work.summary_id).await?;
    Ok(summary.filter(|summary| summary.state == SummaryState::Computing))
}

async fn answer(
    platform: &Platform,
    task: &Task,
    summary: &Summary,
    budget: &Budget,
    stored: &StoredTable,
    rows: u64,
) -> Result<(Ledger, Vec<Release>), Unanswered> {
    let questions = &summary.proposal.questions;
    let collectors = collectors(questions, &budget.unit)?;
    let pass = Pass {
        table: stored,
        columns: Some(columns(questions, &budget.unit, platform, stored).await?),
        rows,
        words: ("正在计算摘要", "Computing the summary"),
    };
    // A wrong column ends the pass without an answer; it depends on no cell.
    let begun = Gathered { collectors, problem: None };
    let gathered = pass::over(platform, task, pass, begun, Gathered::take).await?;
    if let Some(problem) = gathered.problem {
        return Err(problem.into());
    }
    let mut ledger = budget.ledger.clone();
    let mut rng = StdRng::from_seed(trust::secret::random().map_err(Error::evidence)?);
    let at = vocabulary::time::utc_text(task.now());
    let mut answers = Vec::new();
    for (question, collector) in questions.iter().zip(gathered.collectors) {
        let what = format!("{}：{}", summary.proposal.title.zh, question.title.zh);
        let permit = ledger.reserve(what, collector.cost(), at.clone(), None)?;
        let number = permit.number();
        answers.push(collector.release(permit, &mut rng)?);
        ledger.answered(number)?;
    }
    Ok((ledger, answers))
}

fn collectors(questions: &[Question], unit: &Unit) -> Result<Vec<Collector>, Unanswered> {
    let mut collectors = Vec::new();
    for question in questions {
        let key = trust::secret::random().map_err(Error::evidence)?;
        collectors.push(Collector::new(question.query(unit), key)?);
    }
    Ok(collectors)
}

/// The columns that the questions look at; the first of all where they look at none.
async fn columns(
    questions: &[Question],
    unit: &Unit,
    platform: &Platform,
    stored: &StoredTable,
) -> Result<Vec<String>, Error> {
    let person = match unit {
        Unit::Person { column, .. } => Some(column.as_str()),
        Unit::OneRowOnePerson => None,
    };
    let mut names: Vec<String> = Vec::new();
    for name in questions.iter().filter_map(|question| question.measure.column()).chain(person) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        let schema = platform.lake.schema(&stored.table()?, Some(stored.version)).await?;
        names.extend(schema.fields().first().map(|field| field.name().clone()));
    }
    Ok(names)
}

/// What was read so far.
struct Gathered {
    collectors: Vec<Collector>,
    problem: Option<DpError>,
}

impl Gathered {
    #[expect(clippy::unnecessary_wraps, reason = "the shape that a pass asks for")]
    fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        for collector in &mut self.collectors {
            if let Err(error) = collector.update(batch) {
                self.problem.get_or_insert(error);
            }
        }
        Ok(())
    }
}

/// Takes the price from the ledger and shows the answers, both or neither; neither if the
/// asset was closed for good since the approval.
async fn publish(
    platform: &Platform,
    task: &Task,
    summary: Summary,
    budget: Budget,
    ledger: Ledger,
    answers: Vec<Release>,
) -> Result<(), Error> {
    let mut tx = platform.store.begin().await?;
    let asset = registry::load(&mut tx, summary.asset_id).await?;
    if let Err(error) = rules::check_public(&asset) {
        drop(tx);
        return fail(platform, task, summary, &closed(error)).await;
    }
    let paid = Budget { revision: budget.revision + 1, ledger, ..budget };
    table::save_budget(&mut tx, &paid).await?;
    let published = Summary {
        state: SummaryState::Published,
        answers: Some(answers),
        published_at: Some(task.now()),
        ..summary
    };
    settle(tx, task, published, "summary.published").await
}

/// Nothing was told, and nothing is paid.
async fn fail(
    platform: &Platform,
    task: &Task,
    summary: Summary,
    problem: &Bilingual,
) -> Result<(), Error> {
    let failed = Summary { state: SummaryState::Failed, problem: Some(problem.clone()), ..summary };
    settle(platform.store.begin().await?, task, failed, "summary.failed").await
}

async fn settle(
    mut tx: store::Tx,
    task: &Task,
    settled: Summary,
    event: &'static str,
) -> Result<(), Error> {
    let before = settled.revision;
    let caller = Caller::system(task.now());
    let mut settled = Summary { revision: before + 1, updated_at: task.now(), ..settled };
    settled.entry_id = record(&mut tx, &caller, event, &settled, None).await?;
    table::save(&mut tx, &settled, before).await?;
    Ok(tx.commit().await?)
}

/// Why a summary may no longer be shown.
fn closed(error: Error) -> Bilingual {
    match error {
        Error::Refused { refusals } => {
            refusals.into_iter().next().map(|refusal| refusal.detail).unwrap_or_default()
        }
        Error::Invalid { problems } => {
            problems.into_iter().next().map(|problem| problem.message).unwrap_or_default()
        }
        _ => Bilingual::new(
            "目录条目已不在公开目录中，没有公布任何数字，也没有花费预算。",
            "The entry is no longer in the catalogue: no figure was told and nothing spent.",
        ),
    }
}

/// Tells who waits that the job was given up.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be told.
pub(crate) async fn give_up(platform: &Platform, work: &Answer) -> Result<(), Error> {
    let Some(summary) = computing(platform, work).await? else { return Ok(()) };
    let problem = Bilingual::new(
        "系统多次未能完成，没有公布任何数字，也没有花费预算。请联系管理员，或重新提交。",
        "The work did not finish after several tries; no figure was told and nothing spent. Ask the administrator, or submit again.",
    );
    fail(platform, &Task::at(platform.clock), summary, &problem).await
}

fn said(error: &(dyn std::error::Error + 'static)) -> Bilingual {
    let text = error.to_string();
    deident::explain(error).unwrap_or_else(|| Bilingual::new(text.clone(), text))
}

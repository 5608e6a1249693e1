//! From a source of rows to the sink: on all cores, in the order of the file,
//! with few parts in memory at a time.
//!
//! ```text
//! reader ──parts──▶ workers ──▶ built parts, in order ──▶ sink (calling thread)
//!    │               find fields, parse values, observe
//!    └── at most `in_flight` parts between reader and sink
//! ```
//!
//! If the counts of a pass contradict the types it began with, the pass is run
//! again with the types that the counts give. After the fourth pass a column
//! that still changes is text, so that this ends.

use std::any::Any;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use vocabulary::Bilingual;

use crate::chunk::Chunk;
use crate::columns::{
    Built, Class, Evidence, MISSING_IF_ELSEWHERE, MISSING_IN_TEXT, Name, Notation, Typing, build,
    classify, decide, mark_index, mark_text, name_columns, trim,
};
use crate::error::IngestError;
use crate::load::Limits;
use crate::sink::{Observer, Progress, Reject, Sink};
use crate::summary::{ColumnPlan, Kind};

/// Stack of the reading thread: the readers of workbooks and of Parquet call themselves.
pub(crate) const READER_STACK_BYTES: usize = 64 * 1024 * 1024;
/// After this many passes a column that still changes becomes text.
const LAST_PASS: u32 = 4;

/// Where the rows come from.
pub(crate) trait Source: Sync {
    /// What the reader hands to a worker.
    type Part: Send;

    /// Reads the whole file and emits its parts in order. Stops with the error
    /// that `emit` returns.
    ///
    /// # Errors
    ///
    /// What makes the rest of the file unreadable.
    fn read(
        &self,
        columns: &[Name],
        emit: &mut dyn FnMut(Self::Part) -> Result<(), IngestError>,
    ) -> Result<(), IngestError>;

    /// Finds the fields of a part; runs on any thread.
    ///
    /// # Errors
    ///
    /// What makes the file unreadable.
    fn chunk(&self, part: Self::Part, columns: usize) -> Result<Chunk, IngestError>;
}

/// A column while its type is being found.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// Its name.
    pub(crate) name: Name,
    /// What was seen of its values.
    pub(crate) evidence: Evidence,
    /// Whether that is the whole file.
    pub(crate) complete: bool,
}

/// The columns of one pass.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The columns.
    pub(crate) columns: Vec<Planned>,
    /// The same as an Arrow schema.
    pub(crate) schema: SchemaRef,
    /// How numbers are written.
    pub(crate) notation: Notation,
    /// The marks that mean "no value" in the text columns, one bit a mark.
    pub(crate) text_marks: u32,
}

/// A column of one pass.
#[derive(Debug)]
pub(crate) struct Planned {
    /// Its name.
    pub(crate) name: Name,
    /// How its values are read.
    pub(crate) typing: Typing,
    /// A text column whose values are counted, because it may be something else.
    pub(crate) watched: bool,
}

impl Plan {
    fn new(columns: Vec<Planned>, notation: Notation, text_marks: u32) -> Self {
        let fields: Vec<Field> = columns
            .iter()
            .map(|column| Field::new(&column.name.name, column.typing.kind.data_type(), true))
            .collect();
        Self { columns, schema: Arc::new(Schema::new(fields)), notation, text_marks }
    }

    fn decide(known: &[Known], notation: Notation, misfit_share: f64) -> Self {
        let columns: Vec<Planned> = known
            .iter()
            .map(|column| {
                let typing = decide(&column.evidence, &column.name, misfit_share);
                Planned {
                    name: column.name.clone(),
                    typing,
                    watched: typing.kind == Kind::Text
                        && !column.complete
                        && column.evidence.is_contested(&column.name),
                }
            })
            .collect();
        let elsewhere = known
            .iter()
            .zip(&columns)
            .filter(|(_, planned)| planned.typing.kind != Kind::Text)
            .fold(0, |marks, (column, _)| marks | column.evidence.marks);
        let text_marks = MISSING_IN_TEXT | (MISSING_IF_ELSEWHERE & elsewhere);
        Self::new(columns, notation, text_marks)
    }

    /// Whether a pass by `self` kept marks as text that are none by `settled`.
    fn kept_marks(&self, settled: &Self, evidence: &[Evidence]) -> bool {
        let late = settled.text_marks & !self.text_marks;
        self.columns.iter().zip(evidence).any(|(column, evidence)| {
            column.typing.kind == Kind::Text && evidence.marks & late != 0
        })
    }
}

/// What the pipeline needs besides the source.
#[derive(Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) limits: &'a Limits,
    pub(crate) notation: Notation,
    pub(crate) bytes_total: u64,
    pub(crate) observer: &'a dyn Observer,
}

/// What the passes came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) columns: Vec<ColumnPlan>,
    pub(crate) rows: u64,
    pub(crate) rejected: u64,
    pub(crate) passes: u32,
}

/// Counts the classes of all values of a chunk.
pub(crate) fn tally(chunk: &Chunk, evidence: &mut [Evidence], notation: Notation) {
    for marks in chunk.rows() {
        let sparse = chunk.is_sparse(marks);
        for (column, evidence) in evidence.iter_mut().enumerate() {
            let field = chunk.field(marks, column);
            let class = classify(&field, notation);
            if class == Class::Mark
                && let Some(mark) = mark_index(trim(&field))
            {
                evidence.mark(mark);
            }
            evidence.add(class, sparse, 1);
        }
    }
}

/// Runs passes until the types hold for the whole file.
///
/// # Errors
///
/// What the source or the sink cannot do, and [`IngestError::Cancelled`].
pub(crate) fn run<S: Source>(
    source: &S,
    mut known: Vec<Known>,
    settings: &Settings<'_>,
    sink: &mut dyn Sink,
) -> Result<Outcome, IngestError> {
    let mut plan = Plan::decide(&known, settings.notation, settings.limits.misfit_share);
    for number in 1.. {
        if number > 1 {
            settings.observer.start_over();
        }
        sink.begin(Arc::clone(&plan.schema)).map_err(IngestError::Sink)?;
        let pass = pass(source, &plan, settings, number, sink)?;
        for (column, evidence) in known.iter_mut().zip(&pass.evidence) {
            column.evidence = *evidence;
            column.complete = true;
        }
        let settled = Plan::decide(&known, settings.notation, settings.limits.misfit_share);
        let changes =
            |(before, after): (&Planned, &Planned)| before.typing.kind != after.typing.kind;
        let changed = plan.columns.iter().zip(&settled.columns).any(changes)
            || plan.kept_marks(&settled, &pass.evidence);
        if !changed && pass.new_columns.is_empty() && !pass.doomed {
            return Ok(outcome(&plan, &pass, number));
        }
        if number >= LAST_PASS {
            let columns = plan
                .columns
                .into_iter()
                .zip(settled.columns)
                .map(|(before, after)| {
                    let typing = if before.typing.kind == after.typing.kind {
                        before.typing
                    } else {
                        Typing::TEXT
                    };
                    Planned { name: before.name, typing, watched: false }
                })
                .collect();
            plan = Plan::new(columns, settings.notation, plan.text_marks | settled.text_marks);
            settings.observer.start_over();
            sink.begin(Arc::clone(&plan.schema)).map_err(IngestError::Sink)?;
            let last = self::pass(source, &plan, settings, number + 1, sink)?;
            return Ok(outcome(&plan, &last, number + 1));
        }
        tracing::debug!(pass = number, "the types of the sample do not hold; reading again");
        if pass.new_columns.is_empty() {
            plan = settled;
        } else {
            known = with_new_columns(known, &pass.new_columns);
            limit_columns(known.len(), settings.limits)?;
            plan = Plan::decide(&known, settings.notation, settings.limits.misfit_share);
        }
    }
    Err(IngestError::Internal { message: "the passes ended without a result".to_owned() })
}

/// Refuses a table with too many columns.
///
/// # Errors
///
/// [`IngestError::TooManyColumns`].
pub(crate) fn limit_columns(found: usize, limits: &Limits) -> Result<(), IngestError> {
    if found > limits.columns {
        return Err(IngestError::TooManyColumns {
            found: found as u64,
            limit: limits.columns as u64,
        });
    }
    Ok(())
}

fn with_new_columns(known: Vec<Known>, new: &[String]) -> Vec<Known> {
    let sources = known.iter().map(|column| column.name.source.clone()).chain(new.iter().cloned());
    let names = name_columns(sources);
    let mut old = known.into_iter();
    names
        .into_iter()
        .map(|name| match old.next() {
            Some(column) => Known { name, ..column },
            None => Known { name, evidence: Evidence::default(), complete: false },
        })
        .collect()
}

fn outcome(plan: &Plan, pass: &Pass, passes: u32) -> Outcome {
    let columns = plan
        .columns
        .iter()
        .zip(&pass.evidence)
        .enumerate()
        .map(|(at, (column, evidence))| {
            let kind = column.typing.kind;
            let mut notes = column.name.notes.clone();
            if pass.damaged.contains(&at) {
                notes.push(Bilingual::new(
                    "文件把超过 15 位的号码存成了数值，末尾几位在存入时已丢失；保留现有数字为文本，请用原始号码核对",
                    "the file stores numbers of more than 15 digits as numeric cells, which lost their last digits; the digits that are there are kept as text, compare them with the original numbers",
                ));
            }
            ColumnPlan {
                name: column.name.name.clone(),
                source_name: column.name.source.clone(),
                kind,
                missing_marks: marks(match kind {
                    Kind::Text => evidence.marks & plan.text_marks,
                    _ => evidence.marks,
                }),
                notes,
            }
        })
        .collect();
    Outcome { columns, rows: pass.rows, rejected: pass.rejected, passes }
}

fn marks(bits: u32) -> Vec<String> {
    (0..32)
        .filter(|index| bits >> index & 1 == 1)
        .filter_map(mark_text)
        .map(str::to_owned)
        .collect()
}

/// One part after the workers.
struct Done {
    built: Built,
    records: u64,
    bytes_done: u64,
    new_columns: Vec<String>,
    damaged: Vec<usize>,
}

/// What one pass came to.
#[derive(Default)]
struct Pass {
    evidence: Vec<Evidence>,
    rows: u64,
    rejected: u64,
    kept: u64,
    new_columns: Vec<String>,
    damaged: Vec<usize>,
    doomed: bool,
}

type Answer = Result<Done, IngestError>;

fn pass<S: Source>(
    source: &S,
    plan: &Plan,
    settings: &Settings<'_>,
    number: u32,
    sink: &mut dyn Sink,
) -> Result<Pass, IngestError> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(16);
    let in_flight = workers * 2 + 1;
    let doomed = AtomicBool::new(false);
    let (work_sender, work) = sync_channel::<(S::Part, SyncSender<Answer>)>(in_flight);
    let work = Mutex::new(work);
    let names: Vec<Name> = plan.columns.iter().map(|column| column.name.clone()).collect();
    thread::scope(|scope| {
        let (order_sender, order) = sync_channel::<Receiver<Answer>>(in_flight);
        thread::Builder::new()
            .name("ingest-read".to_owned())
            .stack_size(READER_STACK_BYTES)
            .spawn_scoped(scope, || {
                // Moved here, so that both queues end with the reader.
                let (order_sender, work_sender) = (order_sender, work_sender);
                let mut emit = |part| {
                    let (answer, receiver) = sync_channel(1);
                    order_sender.send(receiver).map_err(|_| IngestError::Cancelled)?;
                    work_sender.send((part, answer)).map_err(|_| IngestError::Cancelled)
                };
                let read = guarded(|| source.read(&names, &mut emit));
                if let Err(error) = read {
                    let (answer, receiver) = sync_channel(1);
                    // If nobody listens any more, nobody needs the error.
                    if order_sender.send(receiver).is_ok() && answer.send(Err(error)).is_err() {
                        tracing::debug!("the error of the reader came too late");
                    }
                }
            })
            .map_err(|error| IngestError::Internal { message: error.to_string() })?;
        for _ in 0..workers {
            let (work, doomed) = (&work, &doomed);
            thread::Builder::new()
                .name("ingest-parse".to_owned())
                .spawn_scoped(scope, move || {
                    loop {
                        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
                        let Ok((part, answer)) = next else { break };
                        let done = guarded(|| parse(source, part, plan, settings, doomed));
                        if answer.send(done).is_err() {
                            break;
                        }
                    }
                })
                .map_err(|error| IngestError::Internal { message: error.to_string() })?;
        }
        consume(order, plan, settings, number, &doomed, sink)
    })
}

/// Runs work that may call itself deeply, or panic on a damaged file.
///
/// # Errors
///
/// What the work says, and [`IngestError::Internal`] if it panics.
pub(crate) fn on_large_stack<T: Send>(
    work: impl FnOnce() -> Result<T, IngestError> + Send,
) -> Result<T, IngestError> {
    thread::scope(|scope| {
        thread::Builder::new()
            .name("ingest-read".to_owned())
            .stack_size(READER_STACK_BYTES)
            .spawn_scoped(scope, || guarded(work))
            .map_err(|error| IngestError::Internal { message: error.to_string() })?
            .join()
            .unwrap_or_else(|panic| {
                Err(IngestError::Internal { message: panic_message(panic.as_ref()) })
            })
    })
}

/// Turns a panic of a reader that we did not write into an error.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, IngestError>) -> Result<T, IngestError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => Err(IngestError::Internal { message: panic_message(panic.as_ref()) }),
    }
}

/// The message of a panic.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the reader stopped without a message".to_owned())
}

fn parse<S: Source>(
    source: &S,
    part: S::Part,
    plan: &Plan,
    settings: &Settings<'_>,
    doomed: &AtomicBool,
) -> Answer {
    let mut chunk = source.chunk(part, plan.columns.len())?;
    let built = build(&chunk, plan)
        .map_err(|error| IngestError::Internal { message: error.to_string() })?;
    if !doomed.load(Ordering::Relaxed) && built.batch.num_rows() > 0 {
        settings.observer.observe(&built.batch);
    }
    Ok(Done {
        built,
        records: chunk.records,
        bytes_done: chunk.bytes_done,
        new_columns: std::mem::take(&mut chunk.new_columns),
        damaged: std::mem::take(&mut chunk.damaged),
    })
}

#[expect(clippy::needless_pass_by_value, reason = "dropping the queue stops the reader")]
fn consume(
    order: Receiver<Receiver<Answer>>,
    plan: &Plan,
    settings: &Settings<'_>,
    number: u32,
    doomed: &AtomicBool,
    sink: &mut dyn Sink,
) -> Result<Pass, IngestError> {
    let mut pass =
        Pass { evidence: vec![Evidence::default(); plan.columns.len()], ..Pass::default() };
    for answer in &order {
        let done = answer.recv().map_err(|_| IngestError::Internal {
            message: "a worker ended without an answer".to_owned(),
        })??;
        for (total, part) in pass.evidence.iter_mut().zip(&done.built.evidence) {
            total.merge(part);
        }
        pass.add(&done);
        if !pass.doomed && is_doomed(plan, &pass, &done, settings) {
            pass.doomed = true;
            doomed.store(true, Ordering::Relaxed);
        }
        if !pass.doomed {
            deliver(done.built.batch, settings.limits.batch_rows, sink)?;
            pass.reject(done.built.rejects, settings.limits.rejects_kept, sink)?;
        }
        let progress = Progress {
            bytes_done: done.bytes_done.min(settings.bytes_total),
            bytes_total: settings.bytes_total,
            rows: pass.rows,
            rejected: pass.rejected,
            pass: number,
        };
        if let ControlFlow::Break(()) = sink.progress(progress) {
            return Err(IngestError::Cancelled);
        }
    }
    Ok(pass)
}

impl Pass {
    fn add(&mut self, done: &Done) {
        let rows = done.built.batch.num_rows() as u64;
        self.rows += rows;
        self.rejected += done.records.saturating_sub(rows);
        for name in &done.new_columns {
            if !self.new_columns.contains(name) {
                self.new_columns.push(name.clone());
            }
        }
        for column in &done.damaged {
            if !self.damaged.contains(column) {
                self.damaged.push(*column);
            }
        }
    }

    fn reject(
        &mut self,
        rejects: Vec<Reject>,
        limit: u64,
        sink: &mut dyn Sink,
    ) -> Result<(), IngestError> {
        for reject in rejects {
            if self.kept >= limit {
                break;
            }
            self.kept += 1;
            sink.reject(reject).map_err(IngestError::Sink)?;
        }
        Ok(())
    }
}

/// Whether it is already certain that this pass must be repeated: then nothing
/// more is delivered, and the rest of the file is only counted.
fn is_doomed(plan: &Plan, pass: &Pass, done: &Done, settings: &Settings<'_>) -> bool {
    if !pass.new_columns.is_empty() {
        return true;
    }
    let rows = pass.rows + pass.rejected;
    #[expect(clippy::cast_precision_loss, reason = "an estimate with a margin")]
    let allowed = {
        let share_read = done.bytes_done.max(1) as f64 / settings.bytes_total.max(1) as f64;
        let expected_rows = rows as f64 / share_read.clamp(1e-9, 1.0);
        expected_rows * 1.2 * settings.limits.misfit_share + 100.0
    };
    plan.columns.iter().zip(&pass.evidence).zip(&done.built.evidence).any(
        |((column, total), part)| {
            let typing = column.typing;
            #[expect(clippy::cast_precision_loss, reason = "compared with an estimate")]
            let misfits = || total.misfits(typing) as f64;
            typing.kind != Kind::Text && (part.disproves(typing) || misfits() > allowed)
        },
    )
}

/// Hands a batch to the sink, in pieces of at most `limit` rows.
pub(crate) fn deliver(
    batch: RecordBatch,
    limit: usize,
    sink: &mut dyn Sink,
) -> Result<(), IngestError> {
    let limit = limit.max(1);
    let rows = batch.num_rows();
    if rows == 0 {
        return Ok(());
    }
    if rows <= limit {
        return sink.batch(batch).map_err(IngestError::Sink);
    }
    let mut start = 0;
    while start < rows {
        let length = limit.min(rows - start);
        sink.batch(batch.slice(start, length)).map_err(IngestError::Sink)?;
        start += length;
    }
    Ok(())
}

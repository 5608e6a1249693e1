//! Statements of anyone, each in a process of its own.
//!
//! ```text
//! server ──statement, tables, limits──▶ process: reads, plans, runs (sql/, engine.rs)
//!        ◀──────columns, rows, cost──── and ends
//! at the deadline, and when nobody reads any more: killed
//! ```
//!
//! What a parser or a planner does with a hostile text is counted by no pool of memory and
//! stops at no deadline. A process does both: it has a bound of memory that the system
//! keeps, and it can be killed. The bounds inside it (`sql/measure.rs`, `sql/refuse.rs`, the
//! pool of the engine) stay: they say what is wrong, where a killed process says nothing.
//!
//! The server starts itself again with an argument ([`serve_statement`]). One process waits
//! for the next statement, so that starting it takes nobody's time.

mod frames;
mod worker;

use std::io;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt, stream};
use lake::{LakeError, LimitKind, Meter, QueryLimits, Scanned, SqlAnswer};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

use self::frames::{Frame, Named, Reader, Request};
pub use self::worker::serve_statement;
use crate::location::Location;

/// What a process may use beside the memory of the statement itself: the program's own
/// data, the stacks of its threads, the parser, the plan.
const OWN_BYTES: u64 = 512 << 20;

/// Starts a process for each statement.
#[derive(Debug)]
pub(crate) struct Apart {
    program: PathBuf,
    arguments: Vec<String>,
    location: Location,
    spill_bytes: u64,
    /// The process that waits for the next statement.
    waiting: Mutex<Option<Worker>>,
}

/// A process that waits for its statement, or works on it. Dropping it ends it.
#[derive(Debug)]
struct Worker {
    child: Arc<Mutex<Child>>,
    output: Option<ChildStdout>,
    /// Where it puts rows off; removed with it, however it ended.
    folder: TempDir,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // It may have ended by itself.
        drop(child.kill());
        drop(child.wait());
    }
}

impl Apart {
    pub(crate) fn new(
        program: PathBuf,
        arguments: Vec<String>,
        location: Location,
        spill_bytes: u64,
    ) -> Self {
        Self { program, arguments, location, spill_bytes, waiting: Mutex::default() }
    }

    /// The names of the tables that a statement reads.
    pub(crate) async fn tables(
        self: &Arc<Self>,
        text: &str,
        limits: &QueryLimits,
    ) -> Result<Vec<String>, LakeError> {
        let mut running = self.begin(text, None, limits)?;
        match running.next().await? {
            Frame::Tables(names) => Ok(names),
            _ => Err(unexpected()),
        }
    }

    /// Runs a statement over tables.
    pub(crate) async fn query(
        self: &Arc<Self>,
        text: &str,
        tables: &[Named],
        limits: &QueryLimits,
    ) -> Result<SqlAnswer, LakeError> {
        let mut running = self.begin(text, Some(tables), limits)?;
        let scanned = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let counted = Arc::clone(&scanned);
        let meter = Meter::new(move || {
            let [rows, bytes] = &*counted;
            Scanned { rows: rows.load(Ordering::Relaxed), bytes: bytes.load(Ordering::Relaxed) }
        });
        let note = move |rows: u64, bytes: u64| {
            let [all_rows, all_bytes] = &*scanned;
            all_rows.store(rows, Ordering::Relaxed);
            all_bytes.store(bytes, Ordering::Relaxed);
        };
        let Frame::Schema(schema) = running.next().await? else { return Err(unexpected()) };
        let batches = stream::unfold(Some(running), move |running| {
            let note = note.clone();
            async move {
                let mut running = running?;
                loop {
                    match running.next().await {
                        Ok(Frame::Batch(batch)) => return Some((Ok(batch), Some(running))),
                        Ok(Frame::Cost { rows, bytes }) => note(rows, bytes),
                        Ok(Frame::End) => return None,
                        Ok(_) => return Some((Err(unexpected()), None)),
                        Err(error) => return Some((Err(error), None)),
                    }
                }
            }
        });
        Ok(SqlAnswer { schema, batches: batches.boxed(), meter })
    }

    /// Gives a process its statement, and reads what it answers until the deadline.
    fn begin(
        self: &Arc<Self>,
        text: &str,
        tables: Option<&[Named]>,
        limits: &QueryLimits,
    ) -> Result<Running, LakeError> {
        let deadline = Instant::now() + limits.timeout;
        let failed = |error: io::Error| LakeError::failed("start a process for a statement", error);
        let mut worker = match self.take_waiting() {
            Some(worker) => worker,
            None => self.start().map_err(failed)?,
        };
        let request = Request::new(
            &self.location,
            worker.folder.path(),
            OWN_BYTES.saturating_add(limits.memory_bytes),
            self.spill_bytes,
            limits,
            text,
            tables,
        );
        let output = worker.output.take().ok_or_else(|| failed(io::Error::other("no output")))?;
        let (sender, receiver) = mpsc::channel(2);
        let child = Arc::clone(&worker.child);
        let watched = Arc::clone(&child);
        let watch = tokio::spawn(async move {
            sleep_until(deadline).await;
            end(&watched);
        });
        let (runtime, apart, talked_to) =
            (tokio::runtime::Handle::current(), Arc::clone(self), Arc::clone(&child));
        tokio::task::spawn_blocking(move || {
            if let Err(error) = send(&talked_to, &request) {
                tracing::debug!(%error, "a process took no statement");
            }
            apart.prepare();
            let mut reader = Reader::new(output);
            // Someone who does not read holds nothing longer than the statement may take.
            while let Ok(Some(frame)) = reader.next() {
                let sent = runtime.block_on(timeout_at(deadline, sender.send(frame)));
                if !matches!(sent, Ok(Ok(()))) {
                    break;
                }
            }
            drop(worker);
        });
        Ok(Running { receiver, deadline, child, watch })
    }

    /// The process that waits, if it still lives.
    fn take_waiting(&self) -> Option<Worker> {
        let worker = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let mut child = worker.child.lock().unwrap_or_else(PoisonError::into_inner);
        let lives = matches!(child.try_wait(), Ok(None));
        drop(child);
        lives.then_some(worker)
    }

    /// Starts the process for the next statement, unless one waits.
    fn prepare(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_some() {
            return;
        }
        match self.start() {
            Ok(worker) => *waiting = Some(worker),
            Err(error) => tracing::warn!(%error, "no process for the next statement"),
        }
    }

    fn start(&self) -> io::Result<Worker> {
        let folder = tempfile::tempdir()?;
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take();
        Ok(Worker { child: Arc::new(Mutex::new(child)), output, folder })
    }
}

/// An answer that does not belong to the question.
fn unexpected() -> LakeError {
    LakeError::failed("run a statement", io::Error::other("another answer than was expected"))
}

/// Writes a statement to a process, which begins when there is no more to read.
fn send(child: &Mutex<Child>, request: &Request) -> io::Result<()> {
    let input = child.lock().unwrap_or_else(PoisonError::into_inner).stdin.take();
    let mut input = input.ok_or_else(|| io::Error::other("no input"))?;
    serde_json::to_writer(&mut input, request).map_err(io::Error::other)
}

/// Ends a process that may have ended by itself.
fn end(child: &Mutex<Child>) {
    drop(child.lock().unwrap_or_else(PoisonError::into_inner).kill());
}

/// A statement that runs. Dropping it ends its process.
struct Running {
    receiver: mpsc::Receiver<Frame>,
    deadline: Instant,
    child: Arc<Mutex<Child>>,
    watch: JoinHandle<()>,
}

impl Running {
    /// What the process says next.
    ///
    /// # Errors
    ///
    /// What it could not do; [`LimitKind::Time`] at the deadline; [`LimitKind::Memory`] if it
    /// ended without a word, which it does where the system gives it no more memory.
    async fn next(&mut self) -> Result<Frame, LakeError> {
        let late = LakeError::Limit { kind: LimitKind::Time };
        match timeout_at(self.deadline, self.receiver.recv()).await {
            Err(_) => Err(late),
            Ok(Some(Frame::Error(wire))) => Err(wire.into()),
            Ok(Some(frame)) => Ok(frame),
            Ok(None) if Instant::now() >= self.deadline => Err(late),
            Ok(None) => {
                tracing::info!("a process ended in the middle of a statement");
                Err(LakeError::Limit { kind: LimitKind::Memory })
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watch.abort();
        end(&self.child);
    }
}

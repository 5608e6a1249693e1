//! Reads a file into a durable table with its profile, as an upload is read, and says
//! how long it took.
//!
//! ```text
//! load FILE FOLDER
//! ```
//!
//! Stands for ingestion: `scripts/bench-ingest.sh` runs it beside another engine.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

use std::error::Error;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use ingest::{Hint, Limits, Observer, Progress, Reject, Sink, SinkError, load_observed};
use lake::{CommitInfo, Lake, TablePath, TableWriter};
use lake_delta::{DeltaLake, Location};
use quality::SharedProfiler;
use tokio::runtime::Handle;

/// The profile of what is read, computed on the threads that read.
struct Profiles(SharedProfiler);

impl Observer for Profiles {
    fn observe(&self, batch: &RecordBatch) {
        if self.0.update(batch).is_err() {
            self.0.start_over();
        }
    }

    fn start_over(&self) {
        self.0.start_over();
    }
}

struct Target {
    runtime: Handle,
    lake: DeltaLake,
    table: TablePath,
    writer: Option<Box<dyn TableWriter>>,
    schema: Option<SchemaRef>,
}

impl Sink for Target {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), SinkError> {
        if let Some(writer) = self.writer.take() {
            self.runtime.block_on(writer.abort());
        }
        let opened = self.runtime.block_on(self.lake.writer(&self.table, schema.clone()));
        self.writer = Some(opened.map_err(SinkError::new)?);
        self.schema = Some(schema);
        Ok(())
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        match &mut self.writer {
            Some(writer) => self.runtime.block_on(writer.write(batch)).map_err(SinkError::new),
            None => Err(SinkError::new("no table is open".to_owned())),
        }
    }

    fn reject(&mut self, reject: Reject) -> Result<(), SinkError> {
        Err(SinkError::new(format!("line {} was rejected", reject.line)))
    }

    fn progress(&mut self, _progress: Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let mut next = || arguments.next().map(PathBuf::from).ok_or("load FILE FOLDER");
    let (path, folder) = (next()?, next()?);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let observer = Profiles(SharedProfiler::new());
    let mut target = Target {
        runtime: runtime.handle().clone(),
        lake: DeltaLake::open(Location::Folder(folder))?,
        table: "bench/load".parse()?,
        writer: None,
        schema: None,
    };
    let hint = Hint { file_name: path.to_string_lossy().into_owned(), ..Hint::default() };
    let started = Instant::now();
    let summary = load_observed(&path, &hint, &Limits::default(), &observer, &mut target)?;
    let writer = target.writer.take().ok_or("the load did not begin")?;
    let at = jiff::Timestamp::UNIX_EPOCH;
    let info = CommitInfo { author: "bench".into(), operation: "bench".into(), at };
    let committed = runtime.block_on(writer.commit(info))?;
    let schema = target.schema.ok_or("the load did not begin")?;
    let profile = observer.0.finish(&schema)?;
    println!(
        "{} rows, {} columns profiled, {} bytes in {} files, {:.2} s",
        summary.rows,
        profile.columns.len(),
        committed.bytes,
        committed.files,
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

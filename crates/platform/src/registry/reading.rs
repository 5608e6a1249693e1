//! Reading a received file into a table of the lake: batches go to the lake and to the
//! profile, rejected rows to quarantine.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use lake::{CommitInfo, TablePath, TableWriter};

use super::upload::FileHint;
use super::version::{KeptFile, Quarantined, READ, StoredTable, Version};
use crate::jobs::{Progress, Task};
use crate::{Error, Platform};

/// What reading a file gave.
pub(super) struct Loaded {
    pub(super) summary: ingest::Summary,
    pub(super) profile: quality::TableProfile,
    pub(super) stored: StoredTable,
}

/// Reads a file into a new version of a table, with quarantine and profile.
pub(super) async fn read_into_lake(
    platform: &Platform,
    task: &Task,
    version: &Version,
    kept: &KeptFile,
    hint: &FileHint,
    table: &TablePath,
) -> Result<Loaded, Error> {
    let (platform, progress) = (platform.clone(), task.progress.clone());
    let (path, hint) = (kept.path.clone(), hint.for_reader(&version.file_name));
    let quarantine = platform.files.quarantine(version.id);
    let table = table.clone();
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || {
        let watch = Watch(quality::SharedProfiler::new());
        let mut sink = LakeSink::new(runtime, &platform, table.clone(), quarantine, progress);
        let limits = &platform.limits.ingest;
        match ingest::load_observed(&path, &hint, limits, &watch, &mut sink) {
            Ok(summary) => sink.finish(summary, watch.0),
            Err(problem) => {
                sink.abort();
                Err(sink.broken.take().unwrap_or(Error::Ingest(problem)))
            }
        }
    })
    .await
    .map_err(|_| Error::Interrupted)?
}

/// Receives what the reader delivers: batches go to the lake and to the profile,
/// rejected rows to quarantine.
struct LakeSink {
    runtime: tokio::runtime::Handle,
    platform: Platform,
    table: TablePath,
    quarantine_path: std::path::PathBuf,
    quarantine: Option<BufWriter<File>>,
    writer: Option<Box<dyn TableWriter>>,
    schema: Option<SchemaRef>,
    progress: crate::jobs::Reporter,
    /// The platform's own error behind a stopped load.
    broken: Option<Error>,
}

impl LakeSink {
    fn new(
        runtime: tokio::runtime::Handle,
        platform: &Platform,
        table: TablePath,
        quarantine_path: std::path::PathBuf,
        progress: crate::jobs::Reporter,
    ) -> Self {
        Self {
            runtime,
            platform: platform.clone(),
            table,
            quarantine_path,
            quarantine: None,
            writer: None,
            schema: None,
            progress,
            broken: None,
        }
    }

    /// Remembers the platform's own error and stops the reader.
    fn stop(&mut self, error: Error) -> ingest::SinkError {
        let shown = ingest::SinkError::new(error.to_string());
        self.broken = Some(error);
        shown
    }

    /// Commits the table, syncs the quarantine and ends the profile.
    fn finish(
        mut self,
        summary: ingest::Summary,
        profiler: quality::SharedProfiler,
    ) -> Result<Loaded, Error> {
        if let Some(mut file) = self.quarantine.take() {
            let path = self.quarantine_path.clone();
            let failed = |source| self.platform.files.failed(&path, source);
            file.flush().map_err(failed)?;
            file.get_ref().sync_all().map_err(failed)?;
            if let Some(folder) = path.parent() {
                crate::files::sync_folder(folder).map_err(failed)?;
            }
        }
        let writer = self.writer.take().ok_or(Error::Interrupted)?;
        let info = CommitInfo {
            author: "system".to_owned(),
            operation: READ.to_owned(),
            at: self.platform.clock.now(),
        };
        let committed = self.runtime.block_on(writer.commit(info))?;
        let schema = self.schema.take().ok_or(Error::Interrupted)?;
        let profile = profiler.finish(&schema).map_err(|_| Error::Interrupted)?;
        Ok(Loaded {
            summary,
            profile,
            stored: StoredTable {
                path: self.table.to_string(),
                version: committed.version,
                bytes: committed.bytes,
            },
        })
    }

    /// Throws away what was written so far.
    fn abort(&mut self) {
        if let Some(writer) = self.writer.take() {
            self.runtime.block_on(writer.abort());
        }
        self.quarantine = None;
    }
}

impl ingest::Sink for LakeSink {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), ingest::SinkError> {
        self.abort();
        let opened = self.runtime.block_on(self.platform.lake.writer(&self.table, schema.clone()));
        match opened {
            Ok(writer) => self.writer = Some(writer),
            Err(error) => return Err(self.stop(error.into())),
        }
        self.schema = Some(schema);
        match File::create(&self.quarantine_path) {
            Ok(file) => self.quarantine = Some(BufWriter::new(file)),
            Err(source) => {
                let error = self.platform.files.failed(&self.quarantine_path, source);
                return Err(self.stop(error));
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), ingest::SinkError> {
        let Some(writer) = &mut self.writer else {
            return Err(ingest::SinkError::new("no table is open".to_owned()));
        };
        match self.runtime.block_on(writer.write(batch)) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.stop(error.into())),
        }
    }

    fn reject(&mut self, reject: ingest::Reject) -> Result<(), ingest::SinkError> {
        let row = Quarantined {
            line: reject.line,
            column: reject.column,
            value: reject.value,
            code: reject.reason.code().to_owned(),
            reason: reject.reason.message(),
            raw: reject.raw,
        };
        let Some(file) = &mut self.quarantine else { return Ok(()) };
        let written = serde_json::to_writer(&mut *file, &row)
            .map_err(std::io::Error::from)
            .and_then(|()| file.write_all(b"\n"));
        match written {
            Ok(()) => Ok(()),
            Err(source) => {
                let error = self.platform.files.failed(&self.quarantine_path, source);
                Err(self.stop(error))
            }
        }
    }

    fn progress(&mut self, progress: ingest::Progress) -> ControlFlow<()> {
        let note_zh = format!("已读取 {} 行", progress.rows);
        let note_en = format!("{} rows read", progress.rows);
        self.progress.report(Progress::bytes(
            progress.bytes_done,
            progress.bytes_total,
            &note_zh,
            &note_en,
        ));
        if self.progress.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// The profile of what is read, computed on the threads that read.
struct Watch(quality::SharedProfiler);

impl ingest::Observer for Watch {
    fn observe(&self, batch: &RecordBatch) {
        if let Err(error) = self.0.update(batch) {
            tracing::error!(error = %error, "a batch could not be profiled");
        }
    }

    fn start_over(&self) {
        self.0.start_over();
    }
}

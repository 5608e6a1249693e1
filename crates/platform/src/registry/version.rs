//! Dataset versions: what came of an uploaded file.
//!
//! ```text
//! reading ─job version.read─▶ stored
//!                └──────────▶ failed (the file is kept, the reason is shown)
//! ```
//!
//! The job keeps the file by its digest, reads it into a table of the lake, keeps
//! rows that do not fit in quarantine, and writes a profile of what was stored.
//! Nothing is visible before the whole file has been read: a crash leaves the
//! version `reading`, and the job begins anew.
//!
//! Invariants (each is also the name of a test):
//! - `good_rows_are_kept_and_bad_rows_are_explained`
//! - `nothing_is_half_visible_after_a_crash`

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use jiff::Timestamp;
use lake::{CommitInfo, TablePath, TableWriter};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Digest as _;
use trust::{Action, Caller, audit};
use vocabulary::{AccountId, AssetId, Bilingual, UploadId, VersionId};

use super::upload::{Completed, Upload};
use super::{Asset, AssetState, Item, table};
use crate::jobs::{Progress, Task};
use crate::{Error, Platform};

/// A dataset version.
#[derive(Clone, Debug)]
pub struct Version {
    /// Identifier.
    pub id: VersionId,
    /// The asset that it belongs to.
    pub asset_id: AssetId,
    /// 1, 2, 3 … within the asset.
    pub number: i64,
    /// `reading`, `stored` or `failed`.
    pub state: String,
    /// The upload that it came by.
    pub upload_id: Option<UploadId>,
    /// Name of the file.
    pub file_name: String,
    /// Length of the file in bytes.
    pub bytes: u64,
    /// SHA-256 of the file, hex; known once it has been read.
    pub sha256: Option<String>,
    /// SM3 of the file, hex.
    pub sm3: Option<String>,
    /// How the file was understood.
    pub reading: Option<Reading>,
    /// What is in the table.
    pub profile: Option<quality::TableProfile>,
    /// Rows in the table.
    pub rows: Option<u64>,
    /// Rows in quarantine.
    pub rejected: Option<u64>,
    /// The table in the lake and its version.
    pub stored: Option<StoredTable>,
    /// Why it failed.
    pub problem: Option<Bilingual>,
    /// Who filed it.
    pub filed_by: AccountId,
    /// When it was filed.
    pub created_at: Timestamp,
    /// When it was stored or failed.
    pub finished_at: Option<Timestamp>,
}

/// A version of a table in the lake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredTable {
    /// Path in the lake.
    pub path: String,
    /// Delta version.
    pub version: u64,
    /// Bytes of its data files.
    pub bytes: u64,
}

impl StoredTable {
    /// The path in the words of the lake.
    ///
    /// # Errors
    ///
    /// [`Error::Lake`] if the stored path is damaged.
    pub fn table(&self) -> Result<TablePath, Error> {
        table_path(&self.path)
    }
}

/// A path in the lake from its text.
pub(crate) fn table_path(text: &str) -> Result<TablePath, Error> {
    text.parse().map_err(|error| lake::LakeError::failed("read the path of a table", error).into())
}

/// How a file was understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// `csv`, `xlsx`, `json`, …
    pub format: String,
    /// Encoding of the text.
    pub encoding: String,
    /// Delimiter, for CSV.
    pub delimiter: Option<String>,
    /// The columns, in order.
    pub columns: Vec<ReadColumn>,
    /// What the reader noticed.
    pub notes: Vec<Bilingual>,
}

/// A column as it was understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReadColumn {
    /// Name in the table.
    pub name: String,
    /// Name in the file.
    pub source_name: String,
    /// `boolean`, `integer`, `number`, `date`, `datetime` or `text`.
    pub kind: String,
    /// Marks that stand for a missing value.
    pub missing_marks: Vec<String>,
    /// What the reader noticed.
    pub notes: Vec<Bilingual>,
}

/// A rejected row, as it is kept in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Line or row of the file, from 1.
    pub line: u64,
    /// Column, where one is to blame.
    pub column: Option<String>,
    /// The value that did not fit.
    pub value: String,
    /// Why, as a code.
    pub code: String,
    /// Why, in words.
    pub reason: Bilingual,
    /// The row as it was in the file.
    pub raw: String,
}

/// The payload of the job `version.read`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReadVersion {
    version_id: VersionId,
}

/// The kind of the job that reads a file.
pub(crate) const READ: &str = "version.read";

/// Makes the version and its job, inside the transaction that completes the upload.
pub(super) async fn create(
    tx: &mut store::Tx,
    caller: &Caller,
    upload: &Upload,
) -> Result<Completed, Error> {
    let version = Version {
        id: VersionId::new_v7(caller.now()),
        asset_id: upload.asset_id,
        number: table::next_version_number(tx, upload.asset_id).await?,
        state: "reading".to_owned(),
        upload_id: Some(upload.id),
        file_name: upload.file_name.clone(),
        bytes: upload.bytes_total,
        sha256: None,
        sm3: None,
        reading: None,
        profile: None,
        rows: None,
        rejected: None,
        stored: None,
        problem: None,
        filed_by: upload.account_id,
        created_at: caller.now(),
        finished_at: None,
    };
    table::insert_version(tx, &version).await?;
    let job_id = crate::jobs::enqueue(
        tx,
        READ,
        &format!("version:{}", version.id),
        &ReadVersion { version_id: version.id },
        caller.now(),
    )
    .await?;
    let event = audit::Event {
        kind: "version.filed",
        subject: format!("asset:{}", upload.asset_id),
        body: json!({
            "version": version.id, "number": version.number,
            "file_name": version.file_name, "bytes": version.bytes, "job": job_id,
        }),
        ground: None,
    };
    audit::append(tx, caller, event).await.map_err(Error::evidence)?;
    Ok(Completed { version_id: version.id, number: version.number, job_id })
}

/// The version that an upload became, if it is completed.
pub(super) async fn of_upload(
    tx: &mut store::Tx,
    id: UploadId,
) -> Result<Option<Completed>, Error> {
    let Some(version) = table::version_of_upload(tx, id).await? else { return Ok(None) };
    let job_id = crate::jobs::of_subject(tx, &format!("version:{}", version.id)).await?;
    Ok(job_id.map(|job_id| Completed { version_id: version.id, number: version.number, job_id }))
}

/// A version by its number.
///
/// # Errors
///
/// [`Error::NotFound`] also where the caller may not see it.
pub async fn find(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
    number: i64,
) -> Result<(Asset, Version), Error> {
    let asset = super::find(caller, platform, asset_id).await?;
    caller.require(Action::ViewUpload, &asset.resource()).map_err(|_| missing(number))?;
    let mut reader = platform.store.read().await?;
    let version = table::version_by_number(&mut reader, asset_id, number).await?;
    let version = shown_to(caller, &asset, version.ok_or_else(|| missing(number))?);
    Ok((asset, version))
}

/// A version as a caller may see it: values of its rows are only for those who may
/// see rows; whoever reviews the entry sees kinds, counts and shares.
fn shown_to(caller: &Caller, asset: &Asset, mut version: Version) -> Version {
    if caller.can(Action::DownloadQuarantine, &asset.resource()) {
        return version;
    }
    for column in version.profile.iter_mut().flat_map(|profile| &mut profile.columns) {
        (column.min, column.max) = (None, None);
        column.top.clear();
    }
    version
}

/// All versions of an asset, newest first.
///
/// # Errors
///
/// [`Error::NotFound`] also where the caller may not see them.
pub async fn list(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
) -> Result<Vec<Version>, Error> {
    let asset = super::find(caller, platform, asset_id).await?;
    if caller.require(Action::ViewUpload, &asset.resource()).is_err() {
        return Ok(Vec::new());
    }
    let mut reader = platform.store.read().await?;
    let versions = table::versions(&mut reader, asset_id).await?;
    Ok(versions.into_iter().map(|version| shown_to(caller, &asset, version)).collect())
}

/// The number of a version within its asset; it says nothing else of it.
///
/// # Errors
///
/// [`Error::NotFound`] if there is no such version.
pub async fn number(platform: &Platform, id: VersionId) -> Result<i64, Error> {
    let mut reader = platform.store.read().await?;
    Ok(super::load_version(&mut reader, id).await?.number)
}

/// The first `limit` rejected rows of a version, and how many there are in all.
///
/// # Errors
///
/// [`Error::File`] if the quarantine cannot be read.
pub async fn quarantine(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
    number: i64,
    limit: usize,
) -> Result<(Vec<Quarantined>, u64), Error> {
    let (asset, version) = find(caller, platform, asset_id, number).await?;
    caller.require(Action::DownloadQuarantine, &asset.resource())?;
    let total = version.rejected.unwrap_or(0);
    let path = platform.files.quarantine(version.id);
    let files = platform.files.clone();
    let rows = tokio::task::spawn_blocking(move || read_quarantine(&files, &path, limit))
        .await
        .map_err(|_| Error::Interrupted)??;
    Ok((rows, total))
}

/// Reads up to `limit` lines of a quarantine file.
fn read_quarantine(
    files: &crate::Files,
    path: &Path,
    limit: usize,
) -> Result<Vec<Quarantined>, Error> {
    use std::io::BufRead as _;
    let file = match File::open(path) {
        Ok(file) => file,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(files.failed(path, source)),
    };
    let mut rows = Vec::new();
    for line in std::io::BufReader::new(file).lines().take(limit) {
        let line = line.map_err(|source| files.failed(path, source))?;
        rows.push(crate::from_json("quarantine", &line)?);
    }
    Ok(rows)
}

/// The error for a version that is not there, or not for this caller.
fn missing(number: i64) -> Error {
    Error::NotFound { what: "version", id: number.to_string() }
}

/// The job: keeps the file, reads it into the lake, and finishes the version.
///
/// # Errors
///
/// Errors of the platform, after which the job is tried again; a file that cannot
/// be read as data is not one of them: the version then is `failed` with the reason.
pub(crate) async fn run_read(
    platform: &Platform,
    task: &Task,
    work: &ReadVersion,
) -> Result<(), Error> {
    let mut reader = platform.store.read().await?;
    let Some(version) = table::version_by_id(&mut reader, work.version_id).await? else {
        return Ok(());
    };
    drop(reader);
    if version.state != "reading" {
        return Ok(());
    }
    let kept = keep_file(platform, task, &version).await?;
    let hint = match version.upload_id {
        Some(id) => {
            let mut reader = platform.store.read().await?;
            table::find_upload(&mut reader, id).await?.map(|upload| upload.hint).unwrap_or_default()
        }
        None => super::upload::FileHint::default(),
    };
    let table = table_path(&format!("{}/v{}", version.asset_id, version.number))?;
    let read = read_into_lake(platform, task, &version, &kept, &hint, &table).await;
    let finished = match read {
        Ok(read) => finished(version, kept, Ok(read), task.now()),
        Err(Error::Ingest(problem)) => finished(version, kept, Err(problem.remedy()), task.now()),
        Err(other) => return Err(other),
    };
    save(platform, task, finished).await
}

/// A received file: where it is kept, and its digests.
struct KeptFile {
    path: std::path::PathBuf,
    sha256: String,
    sm3: String,
}

/// Computes the digests of an upload and moves it to its place by content.
async fn keep_file(platform: &Platform, task: &Task, version: &Version) -> Result<KeptFile, Error> {
    let files = platform.files.clone();
    let progress = task.progress.clone();
    let (bytes, upload_id, known) = (version.bytes, version.upload_id, version.sha256.clone());
    tokio::task::spawn_blocking(move || {
        let path = match (upload_id, known) {
            (Some(id), None) => files.upload(id),
            (_, Some(sha256)) => files.received(&sha256),
            (None, None) => return Err(Error::Interrupted),
        };
        let failed = |source| files.failed(&path, source);
        let mut file = File::open(&path).map_err(failed)?;
        let (mut sha256, mut sm3) = (sha2::Sha256::new(), sm3::Sm3::new());
        let mut buffer = vec![0; 1 << 20];
        let mut done = 0_u64;
        loop {
            let read = file.read(&mut buffer).map_err(failed)?;
            let Some(piece) = buffer.get(..read).filter(|piece| !piece.is_empty()) else { break };
            sha256.update(piece);
            sm3.update(piece);
            done += u64::try_from(read).unwrap_or(0);
            progress.report(Progress::bytes(done, bytes, "计算摘要", "Computing digests"));
        }
        let (sha256, sm3) = (hex::encode(sha256.finalize()), hex::encode(sm3.finalize()));
        // The file stays under its upload's name until the version is finished: a
        // job that begins anew finds it there.
        Ok(KeptFile { path: path.clone(), sha256, sm3 })
    })
    .await
    .map_err(|_| Error::Interrupted)?
}

/// What reading a file gave.
struct Loaded {
    summary: ingest::Summary,
    profile: quality::TableProfile,
    stored: StoredTable,
}

/// Reads a file into a new version of a table, with quarantine and profile.
async fn read_into_lake(
    platform: &Platform,
    task: &Task,
    version: &Version,
    kept: &KeptFile,
    hint: &super::upload::FileHint,
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

/// The version as it is after reading.
fn finished(
    version: Version,
    kept: KeptFile,
    read: Result<Loaded, Bilingual>,
    now: Timestamp,
) -> Version {
    let base = Version {
        sha256: Some(kept.sha256),
        sm3: Some(kept.sm3),
        finished_at: Some(now),
        ..version
    };
    match read {
        Ok(read) => Version {
            state: "stored".to_owned(),
            rows: Some(read.summary.rows),
            rejected: Some(read.summary.rejected),
            reading: Some(reading(&read.summary)),
            profile: Some(read.profile),
            stored: Some(read.stored),
            ..base
        },
        Err(problem) => Version { state: "failed".to_owned(), problem: Some(problem), ..base },
    }
}

/// The reader's summary in the words that are stored.
fn reading(summary: &ingest::Summary) -> Reading {
    let columns = summary.columns.iter().map(|column| ReadColumn {
        name: column.name.clone(),
        source_name: column.source_name.clone(),
        kind: kind_code(column.kind).to_owned(),
        missing_marks: column.missing_marks.clone(),
        notes: column.notes.clone(),
    });
    Reading {
        format: summary.format.name().to_lowercase(),
        encoding: summary.encoding.clone(),
        delimiter: summary.delimiter.map(|c| c.to_string()),
        columns: columns.collect(),
        notes: summary.notes.clone(),
    }
}

/// The word for the type of a column, as items and the API have it.
fn kind_code(kind: ingest::Kind) -> &'static str {
    match kind {
        ingest::Kind::Boolean => "boolean",
        ingest::Kind::Int64 => "integer",
        ingest::Kind::Float64 => "number",
        ingest::Kind::Date => "date",
        ingest::Kind::Timestamp => "datetime",
        ingest::Kind::Text => "text",
    }
}

/// Saves the finished version; a draft without items gets them from the columns.
async fn save(platform: &Platform, task: &Task, version: Version) -> Result<(), Error> {
    let caller = Caller::system(task.now());
    let mut tx = platform.store.begin().await?;
    table::save_version(&mut tx, &version).await?;
    let asset = super::load(&mut tx, version.asset_id).await?;
    if asset.state == AssetState::Draft && asset.entry.items.is_empty() {
        let before = asset.revision;
        let asset = with_items(asset, &version, task.now());
        table::save(&mut tx, &asset, before).await?;
    }
    let event = audit::Event {
        kind: if version.state == "stored" { "version.stored" } else { "version.failed" },
        subject: format!("asset:{}", version.asset_id),
        body: json!({
            "version": version.id, "number": version.number, "sha256": version.sha256,
            "sm3": version.sm3, "rows": version.rows, "rejected": version.rejected,
            "problem": version.problem,
        }),
        ground: None,
    };
    audit::append(&mut tx, &caller, event).await.map_err(Error::evidence)?;
    tx.commit().await?;
    if let (Some(id), Some(sha256)) = (version.upload_id, version.sha256) {
        platform.files.keep(id, &sha256)?;
    }
    Ok(())
}

/// The asset with its items read from the columns of a version.
fn with_items(asset: Asset, version: &Version, now: Timestamp) -> Asset {
    let columns = version.reading.iter().flat_map(|reading| &reading.columns);
    let items = columns
        .map(|column| Item {
            name: column.name.clone(),
            kind: column.kind.clone(),
            ..Item::default()
        })
        .collect();
    let mut entry = asset.entry;
    entry.items = items;
    if entry.format.is_empty() {
        version.reading.iter().for_each(|reading| entry.format.clone_from(&reading.format));
    }
    Asset { entry, revision: asset.revision + 1, updated_at: now, ..asset }
}

/// Marks a version as failed after its job was given up.
pub(crate) async fn give_up(platform: &Platform, work: &ReadVersion) -> Result<(), Error> {
    let mut reader = platform.store.read().await?;
    let found = table::version_by_id(&mut reader, work.version_id).await?;
    drop(reader);
    let Some(version) = found.filter(|version| version.state == "reading") else { return Ok(()) };
    let now = platform.clock.now();
    let problem = Bilingual::new(
        "系统多次未能完成读取，文件已保留。请联系管理员，或重新上传。",
        "Reading did not finish after several tries; the file is kept. Ask the administrator, or upload it again.",
    );
    let failed = Version {
        state: "failed".to_owned(),
        problem: Some(problem),
        finished_at: Some(now),
        ..version
    };
    let mut tx = platform.store.begin().await?;
    table::save_version(&mut tx, &failed).await?;
    let event = audit::Event {
        kind: "version.failed",
        subject: format!("asset:{}", failed.asset_id),
        body: json!({ "version": failed.id, "number": failed.number, "problem": failed.problem }),
        ground: None,
    };
    audit::append(&mut tx, &Caller::system(now), event).await.map_err(Error::evidence)?;
    tx.commit().await?;
    Ok(())
}

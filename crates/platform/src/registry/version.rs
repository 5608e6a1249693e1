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
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use lake::TablePath;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Digest as _;
use trust::{Action, Caller, audit};
use vocabulary::{AccountId, AssetId, Bilingual, UploadId, VersionId};

use super::reading::{Loaded, read_into_lake};
use super::upload::{Completed, FileHint, Upload};
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
    /// The version whose file it was read from, if it came by no upload of its own.
    pub reread: Option<Reread>,
}

/// The file of an earlier version, read once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reread {
    /// Number of that version.
    pub of: i64,
    /// How the file is read now.
    pub hint: FileHint,
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
    /// What was repaired, as a person agreed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<ingest::Proposal>,
    /// What could be repaired, see [`super::repair`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<ingest::Proposal>,
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
        upload_id: Some(upload.id),
        ..filed(tx, caller, upload.asset_id, upload.account_id).await?
    };
    let version =
        Version { file_name: upload.file_name.clone(), bytes: upload.bytes_total, ..version };
    file(tx, caller, version).await
}

/// A version with the next number, before it is known where its file is.
pub(super) async fn filed(
    tx: &mut store::Tx,
    caller: &Caller,
    asset_id: AssetId,
    filed_by: AccountId,
) -> Result<Version, Error> {
    Ok(Version {
        id: VersionId::new_v7(caller.now()),
        asset_id,
        number: table::next_version_number(tx, asset_id).await?,
        state: "reading".to_owned(),
        upload_id: None,
        file_name: String::new(),
        bytes: 0,
        sha256: None,
        sm3: None,
        reading: None,
        profile: None,
        rows: None,
        rejected: None,
        stored: None,
        problem: None,
        filed_by,
        created_at: caller.now(),
        finished_at: None,
        reread: None,
    })
}

/// Writes a new version and the job that reads it.
pub(super) async fn file(
    tx: &mut store::Tx,
    caller: &Caller,
    version: Version,
) -> Result<Completed, Error> {
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
        subject: format!("asset:{}", version.asset_id),
        body: json!({
            "version": version.id, "number": version.number,
            "file_name": version.file_name, "bytes": version.bytes, "job": job_id,
            "reread": version.reread,
        }),
        ground: None,
    };
    audit::append(tx, caller, event).await.map_err(Error::evidence)?;
    Ok(Completed { version_id: version.id, number: version.number, job_id })
}

/// What was said of the file of a version.
pub(super) async fn hint_of(
    query: &mut impl store::Query,
    version: &Version,
) -> Result<FileHint, Error> {
    if let Some(reread) = &version.reread {
        return Ok(reread.hint.clone());
    }
    let Some(id) = version.upload_id else { return Ok(FileHint::default()) };
    let upload = table::find_upload(query, id).await?;
    Ok(upload.map(|upload| upload.hint).unwrap_or_default())
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
    if let Some(reading) = &mut version.reading {
        let found = reading.proposals.iter_mut().chain(&mut reading.repaired);
        found.for_each(|found| found.examples.clear());
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
        // The program may have ended between the last commit and this.
        if let (Some(id), Some(sha256)) = (version.upload_id, &version.sha256) {
            platform.files.keep(id, sha256)?;
        }
        return Ok(());
    }
    let kept = keep_file(platform, task, &version).await?;
    let mut reader = platform.store.read().await?;
    let hint = hint_of(&mut reader, &version).await?;
    drop(reader);
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
pub(super) struct KeptFile {
    pub(super) path: std::path::PathBuf,
    sha256: String,
    sm3: String,
}

/// Computes the digests of an upload and moves it to its place by content.
async fn keep_file(platform: &Platform, task: &Task, version: &Version) -> Result<KeptFile, Error> {
    let files = platform.files.clone();
    let progress = task.progress.clone();
    let (bytes, upload_id, known) = (version.bytes, version.upload_id, version.sha256.clone());
    tokio::task::spawn_blocking(move || {
        let path = match (upload_id, &known) {
            (Some(id), None) => files.upload(id),
            (_, Some(sha256)) => files.received(sha256),
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
        if known.is_some_and(|known| known != sha256) {
            let damaged = std::io::Error::other("the file is no longer what its digest says");
            return Err(failed(damaged));
        }
        // The file stays under its upload's name until the version is finished: a
        // job that begins anew finds it there.
        Ok(KeptFile { path: path.clone(), sha256, sm3 })
    })
    .await
    .map_err(|_| Error::Interrupted)?
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
        repaired: summary.repaired.clone(),
        proposals: summary.proposals.clone(),
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
    let items = &asset.entry.items;
    let is_untouched = match &version.reread {
        // The items of the file as it was read before, to which nobody added anything.
        Some(reread) => {
            let before = table::version_by_number(&mut tx, version.asset_id, reread.of).await?;
            before.is_some_and(|before| *items == items_of(&before))
        }
        None => false,
    };
    let is_read = version.state == "stored";
    if is_read && asset.state == AssetState::Draft && (items.is_empty() || is_untouched) {
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

/// Items as the columns of a version give them.
fn items_of(version: &Version) -> Vec<Item> {
    let columns = version.reading.iter().flat_map(|reading| &reading.columns);
    columns
        .map(|column| Item {
            name: column.name.clone(),
            kind: column.kind.clone(),
            ..Item::default()
        })
        .collect()
}

/// The asset with its items read from the columns of a version.
fn with_items(asset: Asset, version: &Version, now: Timestamp) -> Asset {
    let mut entry = asset.entry;
    entry.items = items_of(version);
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

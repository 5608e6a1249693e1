//! Receiving a file in pieces, so that gigabytes survive a broken connection.
//!
//! ```text
//! begin ─▶ open ─append*─▶ open ─complete─▶ completed ─▶ dataset version, job `version.read`
//!                └─abort─▶ aborted
//! ```
//!
//! A piece is acknowledged after its bytes are synced to disk *and* the new length
//! is in the database. After a crash the database says where to go on; bytes that
//! lie beyond are overwritten.
//!
//! Invariants (each is also the name of a test):
//! - `an_acknowledged_piece_survives_a_crash`
//! - `completing_twice_makes_one_version`
//! - `two_files_at_once_become_two_versions`

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use trust::{Action, Caller, audit};
use vocabulary::{AccountId, AssetId, JobId, UploadId, VersionId};

use super::{AssetState, table, version};
use crate::{Error, Platform};

/// The largest file that is received, in bytes.
const MOST_BYTES: u64 = 1 << 40;

/// A file that is being received.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Identifier.
    pub id: UploadId,
    /// The asset that it belongs to.
    pub asset_id: AssetId,
    /// Who sends it.
    pub account_id: AccountId,
    /// Name of the file on the sender's machine.
    pub file_name: String,
    /// What the sender says of it.
    pub hint: FileHint,
    /// Length of the whole file in bytes.
    pub bytes_total: u64,
    /// Bytes that are safely stored.
    pub bytes_received: u64,
    /// `open`, `completed` or `aborted`.
    pub state: String,
    /// When it began.
    pub created_at: Timestamp,
}

/// What the sender says of a file; whatever is left out is found from the content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileHint {
    /// Declared encoding, e.g. `gb18030`.
    pub encoding: Option<String>,
    /// Declared delimiter: one ASCII character.
    pub delimiter: Option<char>,
    /// Whether the first row has the names.
    pub has_header: Option<bool>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// Repairs of a workbook that a person agreed to, see [`ingest::Repair`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<ingest::Repair>,
}

impl FileHint {
    /// The hint in the words of the reader.
    pub(crate) fn for_reader(&self, file_name: &str) -> ingest::Hint {
        ingest::Hint {
            file_name: file_name.to_owned(),
            encoding: self.encoding.clone(),
            delimiter: self.delimiter.and_then(|c| u8::try_from(c).ok()),
            header: self.has_header,
            sheet: self.sheet.clone(),
            repairs: self.repairs.clone(),
        }
    }
}

/// What came of a completed upload.
#[derive(Clone, Debug)]
pub struct Completed {
    /// The new dataset version.
    pub version_id: VersionId,
    /// Its number within the asset.
    pub number: i64,
    /// The job that reads it.
    pub job_id: JobId,
}

/// Begins to receive a file for an asset.
///
/// # Errors
///
/// [`Error::Denied`] unless the caller is a clerk of the asset's body;
/// [`Error::Refused`] with R-OP-05 for a scan or picture in place of a table;
/// [`Error::Invalid`] for an unusable name, an empty file, or one that is too long.
pub async fn begin(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
    file_name: &str,
    bytes: u64,
    hint: FileHint,
) -> Result<Upload, Error> {
    let mut tx = platform.store.begin().await?;
    let asset = super::load(&mut tx, asset_id).await?;
    caller.require(Action::Upload, &asset.resource())?;
    if asset.state == AssetState::Withdrawn {
        return Err(Error::WrongState {
            subject: format!("asset {asset_id}"),
            found: asset.state.code().to_owned(),
            needed: "draft, unit_review, data_review or published",
        });
    }
    let file_name = check_name(file_name)?;
    if bytes == 0 {
        return Err(Error::invalid(
            "bytes",
            "文件是空的：请检查导出是否完成，再重新上传。",
            "The file is empty: check that the export finished, then upload it again.",
        ));
    }
    if bytes > MOST_BYTES {
        return Err(Error::invalid("bytes", "文件超过 1 TiB。", "The file is longer than 1 TiB."));
    }
    let account_id = crate::account(caller)?;
    let upload = Upload {
        id: UploadId::new_v7(caller.now()),
        asset_id,
        account_id,
        file_name,
        hint,
        bytes_total: bytes,
        bytes_received: 0,
        state: "open".to_owned(),
        created_at: caller.now(),
    };
    table::insert_upload(&mut tx, &upload).await?;
    let event = audit::Event {
        kind: "upload.begun",
        subject: format!("asset:{asset_id}"),
        body: json!({ "upload": upload.id, "file_name": upload.file_name, "bytes": bytes }),
        ground: None,
    };
    audit::append(&mut tx, caller, event).await.map_err(Error::evidence)?;
    tx.commit().await?;
    Ok(upload)
}

/// An upload of the caller's own.
///
/// # Errors
///
/// [`Error::NotFound`] also for an upload of someone else.
pub async fn find(caller: &Caller, platform: &Platform, id: UploadId) -> Result<Upload, Error> {
    let mut reader = platform.store.read().await?;
    let upload = table::find_upload(&mut reader, id).await?;
    upload
        .filter(|upload| Some(upload.account_id) == caller.account_id())
        .ok_or_else(|| not_found(id))
}

/// Stores the next piece; returns how many bytes are now safely stored.
///
/// # Errors
///
/// [`Error::Stale`] if `offset` is not where the upload stands (ask with
/// [`find`] and go on from there); [`Error::Invalid`] if the piece would make the
/// file longer than announced; [`Error::File`] if the disk is full — what was
/// acknowledged before stays.
pub async fn append(
    caller: &Caller,
    platform: &Platform,
    id: UploadId,
    offset: u64,
    bytes: bytes::Bytes,
) -> Result<u64, Error> {
    let _turn = platform.turns.wait(id).await;
    let upload = find(caller, platform, id).await?;
    require_open(&upload)?;
    if offset != upload.bytes_received {
        return Err(Error::Stale);
    }
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let received = offset.saturating_add(length);
    if received > upload.bytes_total {
        return Err(Error::invalid(
            "body",
            format!("超出所声明的长度 {} 字节。", upload.bytes_total),
            format!("Longer than the announced {} bytes.", upload.bytes_total),
        ));
    }
    let files = platform.files.clone();
    tokio::task::spawn_blocking(move || files.append(id, offset, &bytes))
        .await
        .map_err(|_| Error::Interrupted)??;
    let mut tx = platform.store.begin().await?;
    table::save_upload_length(&mut tx, id, offset, received, caller.now()).await?;
    tx.commit().await?;
    Ok(received)
}

/// Ends an upload whose bytes are all here: makes the dataset version and the job
/// that reads it. Completing twice gives the same version.
///
/// # Errors
///
/// [`Error::Invalid`] while bytes are missing.
pub async fn complete(
    caller: &Caller,
    platform: &Platform,
    id: UploadId,
) -> Result<Completed, Error> {
    let _turn = platform.turns.wait(id).await;
    let upload = find(caller, platform, id).await?;
    // Two files for one asset at once become two versions with two numbers.
    let _number = platform.turns.wait(upload.asset_id).await;
    let mut tx = platform.store.begin().await?;
    if upload.state == "completed" {
        return version::of_upload(&mut tx, id).await?.ok_or_else(|| not_found(id));
    }
    require_open(&upload)?;
    if upload.bytes_received != upload.bytes_total {
        return Err(Error::invalid(
            "offset",
            format!("已收到 {} / {} 字节，请续传。", upload.bytes_received, upload.bytes_total),
            format!(
                "{} of {} bytes are here; send the rest.",
                upload.bytes_received, upload.bytes_total
            ),
        ));
    }
    let asset = super::load(&mut tx, upload.asset_id).await?;
    caller.require(Action::Upload, &asset.resource())?;
    table::end_upload(&mut tx, id, "completed", caller.now()).await?;
    let completed = version::create(&mut tx, caller, &upload).await?;
    tx.commit().await?;
    platform.jobs.notify_one();
    Ok(completed)
}

/// The caller's open uploads for an asset, newest first.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn open_of(
    caller: &Caller,
    platform: &Platform,
    asset_id: AssetId,
) -> Result<Vec<Upload>, Error> {
    let Some(account_id) = caller.account_id() else { return Ok(Vec::new()) };
    let mut reader = platform.store.read().await?;
    table::open_uploads(&mut reader, asset_id, account_id).await
}

/// Ends an upload whose length was only bounded when it began: a form without
/// script does not say how long its file is, and what it says of the file comes
/// after it. The bytes that are here are the file.
///
/// # Errors
///
/// [`Error::Invalid`] if no byte came.
pub async fn complete_bounded(
    caller: &Caller,
    platform: &Platform,
    id: UploadId,
    hint: FileHint,
) -> Result<Completed, Error> {
    let upload = find(caller, platform, id).await?;
    require_open(&upload)?;
    if upload.bytes_received == 0 {
        return Err(Error::invalid(
            "file",
            "文件是空的：请选择文件后再上传。",
            "The file is empty: choose a file, then upload it.",
        ));
    }
    let mut tx = platform.store.begin().await?;
    table::bound_upload(&mut tx, id, &hint, caller.now()).await?;
    tx.commit().await?;
    complete(caller, platform, id).await
}

/// Gives an upload up and removes its bytes.
///
/// # Errors
///
/// [`Error::WrongState`] if it was completed.
pub async fn abort(caller: &Caller, platform: &Platform, id: UploadId) -> Result<(), Error> {
    let _turn = platform.turns.wait(id).await;
    let upload = find(caller, platform, id).await?;
    require_open(&upload)?;
    let mut tx = platform.store.begin().await?;
    table::end_upload(&mut tx, id, "aborted", caller.now()).await?;
    let event = audit::Event {
        kind: "upload.aborted",
        subject: format!("asset:{}", upload.asset_id),
        body: json!({ "upload": id }),
        ground: None,
    };
    audit::append(&mut tx, caller, event).await.map_err(Error::evidence)?;
    tx.commit().await?;
    platform.files.discard(id)
}

/// A file name without folders and control characters.
///
/// A picture or a scan is refused: opening means machine-readable data.
fn check_name(name: &str) -> Result<String, Error> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if base.is_empty() || base.chars().count() > 255 || base.chars().any(char::is_control) {
        return Err(Error::invalid(
            "file_name",
            "文件名应为 1 至 255 个字符，且不含控制字符。",
            "A file name has 1 to 255 characters and no control characters.",
        ));
    }
    let extension = base.rsplit('.').next().unwrap_or_default().to_lowercase();
    if ["pdf", "png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff", "webp"]
        .contains(&extension.as_str())
    {
        return Err(Error::refused(
            "R-OP-05",
            format!(
                "`{base}` 是版式文件或图片，不是可机器读取的表格。请改用 CSV、XLSX、JSON 或 Parquet。"
            ),
            format!(
                "`{base}` is a page or a picture, not a machine-readable table. Use CSV, XLSX, JSON or Parquet."
            ),
        ));
    }
    Ok(base.to_owned())
}

/// Only an open upload takes bytes or can be given up.
fn require_open(upload: &Upload) -> Result<(), Error> {
    if upload.state == "open" {
        return Ok(());
    }
    Err(Error::WrongState {
        subject: format!("upload {}", upload.id),
        found: upload.state.clone(),
        needed: "open",
    })
}

/// The error for an upload that is not there, or not the caller's.
fn not_found(id: UploadId) -> Error {
    Error::NotFound { what: "upload", id: id.to_string() }
}

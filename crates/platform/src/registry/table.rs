//! The only SQL of the registry.

use jiff::Timestamp;
use store::{
    Error as StoreError, FromRow, Query, Row, ToValue, Tx, expect_one, params, placeholders,
};
use vocabulary::{AssetId, UploadId, VersionId};

use super::model::{Asset, AssetKind, AssetState};
use super::upload::Upload;
use super::version::{StoredTable, Version};
use super::{AssetFilter, OwnFilter};
use crate::{Error, to_json};

store::text_column!(AssetState, AssetKind);

const ASSET: &str = "SELECT asset_id, body_code, provider, kind, state, revision, entry, filer,
        consented_by, published_by, origin, origin_id, return_reason, returned_at, created_at,
        updated_at, submitted_at, consented_at, published_at, origin_issued_at, origin_updated_at
   FROM asset";

impl FromRow for Asset {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("asset_id")?,
            body: row.get("body_code")?,
            provider: row.get("provider")?,
            kind: row.get("kind")?,
            state: row.get("state")?,
            revision: row.get("revision")?,
            entry: row.json("entry")?,
            filer: row.get("filer")?,
            consented_by: row.get("consented_by")?,
            published_by: row.get("published_by")?,
            origin: row.get("origin")?,
            origin_id: row.get("origin_id")?,
            return_reason: row.get("return_reason")?,
            returned_at: row.get("returned_at")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            submitted_at: row.get("submitted_at")?,
            consented_at: row.get("consented_at")?,
            published_at: row.get("published_at")?,
            origin_issued_at: row.get("origin_issued_at")?,
            origin_updated_at: row.get("origin_updated_at")?,
        })
    }
}

/// Writes a new asset.
pub(super) async fn insert(tx: &mut Tx, asset: &Asset) -> Result<(), Error> {
    let changed = tx
        .execute(
            "INSERT INTO asset (asset_id, body_code, provider, kind, state, revision, entry, title,
                    division, theme, filer, consented_by, published_by, origin, origin_id,
                    return_reason, created_at, updated_at, submitted_at, consented_at, published_at,
                    returned_at, origin_issued_at, origin_updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                     $18, $19, $20, $21, $22, $23, $24)",
            params![
                asset.id,
                asset.body,
                asset.provider,
                asset.kind,
                asset.state,
                asset.revision,
                to_json("catalogue entry", &asset.entry)?,
                asset.entry.title.zh,
                asset.entry.division,
                asset.entry.theme,
                asset.filer,
                asset.consented_by,
                asset.published_by,
                asset.origin,
                asset.origin_id,
                asset.return_reason,
                asset.created_at,
                asset.updated_at,
                asset.submitted_at,
                asset.consented_at,
                asset.published_at,
                asset.returned_at,
                asset.origin_issued_at,
                asset.origin_updated_at,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// Saves an asset if nobody changed it since revision `before`.
///
/// # Errors
///
/// [`Error::Stale`] if someone did; nothing is changed then.
pub(super) async fn save(tx: &mut Tx, asset: &Asset, before: i64) -> Result<(), Error> {
    let changed = tx
        .execute(
            "UPDATE asset
                SET state = $3, revision = $4, entry = $5, title = $6, division = $7, theme = $8,
                    consented_by = $9, published_by = $10, return_reason = $11, updated_at = $12,
                    submitted_at = $13, consented_at = $14, published_at = $15, returned_at = $16
              WHERE asset_id = $1 AND revision = $2",
            params![
                asset.id,
                before,
                asset.state,
                asset.revision,
                to_json("catalogue entry", &asset.entry)?,
                asset.entry.title.zh,
                asset.entry.division,
                asset.entry.theme,
                asset.consented_by,
                asset.published_by,
                asset.return_reason,
                asset.updated_at,
                asset.submitted_at,
                asset.consented_at,
                asset.published_at,
                asset.returned_at,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// The asset, if there is one.
pub(super) async fn find(query: &mut impl Query, id: AssetId) -> Result<Option<Asset>, Error> {
    Ok(query.optional(&format!("{ASSET} WHERE asset_id = $1"), params![id]).await?)
}

/// Writes the name of an asset.
pub(super) async fn insert_name(tx: &mut Tx, id: AssetId, name: &str) -> Result<(), Error> {
    let sql = "INSERT INTO asset_name (name, asset_id) VALUES ($1, $2)";
    Ok(expect_one(tx.execute(sql, params![name, id]).await?)?)
}

/// The asset with a name.
pub(super) async fn named(query: &mut impl Query, name: &str) -> Result<Option<AssetId>, Error> {
    let sql = "SELECT asset_id FROM asset_name WHERE name = $1";
    Ok(query.optional(sql, params![name]).await?)
}

/// The names of these assets, where they have one.
pub(super) async fn names_of(
    query: &mut impl Query,
    ids: &[AssetId],
) -> Result<Vec<(AssetId, String)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT asset_id, name FROM asset_name WHERE asset_id IN ({})",
        placeholders(1, ids.len())
    );
    Ok(query.all(&sql, ids.iter().map(ToValue::to_value).collect()).await?)
}

/// The assets with these ids, in no order.
pub(super) async fn find_many(
    query: &mut impl Query,
    ids: &[AssetId],
) -> Result<Vec<Asset>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("{ASSET} WHERE asset_id IN ({})", placeholders(1, ids.len()));
    Ok(query.all(&sql, ids.iter().map(ToValue::to_value).collect()).await?)
}

/// Whether an entry of another catalogue is here already.
pub(super) async fn has_origin(
    query: &mut impl Query,
    origin: &str,
    origin_id: &str,
) -> Result<bool, Error> {
    let count: i64 = query
        .one(
            "SELECT COUNT(*) FROM asset WHERE origin = $1 AND origin_id = $2",
            params![origin, origin_id],
        )
        .await?;
    Ok(count > 0)
}

/// Assets by body and state, newest change first; a page of at most `limit`.
pub(super) async fn list(
    query: &mut impl Query,
    filter: &AssetFilter,
) -> Result<Vec<Asset>, Error> {
    let (after_at, after_id) = match &filter.after {
        Some((at, id)) => (Some(at.clone()), Some(*id)),
        None => (None, None),
    };
    let sql = format!(
        "{ASSET}
          WHERE ($1 IS NULL OR body_code = $1)
            AND ($2 IS NULL OR state = $2)
            AND ($3 IS NULL OR updated_at < $3 OR (updated_at = $3 AND asset_id < $4))
          ORDER BY updated_at DESC, asset_id DESC
          LIMIT $5"
    );
    let values = params![filter.body, filter.state, after_at, after_id, filter.limit];
    Ok(query.all(&sql, values).await?)
}

/// The condition of [`own`] and [`count_own`].
const OWN: &str = "origin IS NULL
        AND ($1 IS NULL OR body_code = $1)
        AND ($2 IS NULL OR state = $2)
        AND ($3 = '' OR LOWER(entry) LIKE $3 ESCAPE '!')";

/// The pattern that finds a text anywhere; empty for all.
fn pattern(text: &str) -> String {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return text;
    }
    let safe = text.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{safe}%")
}

/// Assets of a body, or of all bodies, newest change first.
pub(super) async fn own(
    query: &mut impl Query,
    body: Option<vocabulary::CreditCode>,
    filter: &OwnFilter,
) -> Result<Vec<Asset>, Error> {
    let sql =
        format!("{ASSET} WHERE {OWN} ORDER BY updated_at DESC, asset_id DESC LIMIT $4 OFFSET $5");
    let values = params![body, filter.state, pattern(&filter.text), filter.limit, filter.offset];
    Ok(query.all(&sql, values).await?)
}

/// How many assets [`own`] has in all.
pub(super) async fn count_own(
    query: &mut impl Query,
    body: Option<vocabulary::CreditCode>,
    filter: &OwnFilter,
) -> Result<u64, Error> {
    let sql = format!("SELECT COUNT(*) FROM asset WHERE {OWN}");
    Ok(query.one(&sql, params![body, filter.state, pattern(&filter.text)]).await?)
}

/// Assets that wait in a state, the longest waiting first.
pub(super) async fn waiting(
    query: &mut impl Query,
    state: AssetState,
) -> Result<Vec<Asset>, Error> {
    let sql = format!("{ASSET} WHERE state = $1 ORDER BY submitted_at, asset_id LIMIT 500");
    Ok(query.all(&sql, params![state]).await?)
}

/// A page of published assets after `after`, in order of their id.
pub(super) async fn published_after(
    query: &mut impl Query,
    after: Option<AssetId>,
    limit: u64,
) -> Result<Vec<Asset>, Error> {
    let sql = format!(
        "{ASSET} WHERE state = 'published' AND ($1 IS NULL OR asset_id > $1)
          ORDER BY asset_id LIMIT $2"
    );
    Ok(query.all(&sql, params![after, limit]).await?)
}

impl FromRow for Upload {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("upload_id")?,
            asset_id: row.get("asset_id")?,
            account_id: row.get("account_id")?,
            file_name: row.get("file_name")?,
            hint: row.json("hint")?,
            bytes_total: row.get("bytes_total")?,
            bytes_received: row.get("bytes_received")?,
            state: row.get("state")?,
            created_at: row.get("created_at")?,
        })
    }
}

/// Writes a new upload.
pub(super) async fn insert_upload(tx: &mut Tx, upload: &Upload) -> Result<(), Error> {
    let changed = tx
        .execute(
            "INSERT INTO upload (upload_id, asset_id, account_id, file_name, hint, bytes_total,
                    bytes_received, state, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
            params![
                upload.id,
                upload.asset_id,
                upload.account_id,
                upload.file_name,
                to_json("hint", &upload.hint)?,
                upload.bytes_total,
                upload.bytes_received,
                upload.state,
                upload.created_at,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// The upload, if there is one.
pub(super) async fn find_upload(
    query: &mut impl Query,
    id: UploadId,
) -> Result<Option<Upload>, Error> {
    let sql = "SELECT upload_id, asset_id, account_id, file_name, hint, bytes_total,
                      bytes_received, state, created_at
                 FROM upload WHERE upload_id = $1";
    Ok(query.optional(sql, params![id]).await?)
}

/// The open uploads of a person for an asset, newest first.
pub(super) async fn open_uploads(
    query: &mut impl Query,
    asset_id: AssetId,
    account_id: vocabulary::AccountId,
) -> Result<Vec<Upload>, Error> {
    let sql = "SELECT upload_id, asset_id, account_id, file_name, hint, bytes_total,
                      bytes_received, state, created_at
                 FROM upload
                WHERE asset_id = $1 AND account_id = $2 AND state = 'open'
                ORDER BY created_at DESC, upload_id DESC LIMIT 20";
    Ok(query.all(sql, params![asset_id, account_id]).await?)
}

/// Makes the bytes that are here the whole file, with what its sender says of it.
pub(super) async fn bound_upload(
    tx: &mut Tx,
    id: UploadId,
    hint: &super::upload::FileHint,
    now: Timestamp,
) -> Result<(), Error> {
    let changed = tx
        .execute(
            "UPDATE upload SET bytes_total = bytes_received, hint = $2, updated_at = $3
              WHERE upload_id = $1 AND state = 'open'",
            params![id, to_json("hint", hint)?, now],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// Saves how many bytes are stored, if nobody stored more in the meantime.
pub(super) async fn save_upload_length(
    tx: &mut Tx,
    id: UploadId,
    before: u64,
    received: u64,
    now: Timestamp,
) -> Result<(), Error> {
    let changed = tx
        .execute(
            "UPDATE upload SET bytes_received = $3, updated_at = $4
              WHERE upload_id = $1 AND bytes_received = $2 AND state = 'open'",
            params![id, before, received, now],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// Ends an open upload.
pub(super) async fn end_upload(
    tx: &mut Tx,
    id: UploadId,
    state: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let changed = tx
        .execute(
            "UPDATE upload SET state = $2, updated_at = $3 WHERE upload_id = $1 AND state = 'open'",
            params![id, state, now],
        )
        .await?;
    Ok(expect_one(changed)?)
}

const VERSION: &str = "SELECT version_id, asset_id, number, state, upload_id, file_name, bytes,
        sha256, sm3, reading, profile, rows, rejected, table_path, table_version, table_bytes,
        problem, filed_by, created_at, finished_at, reread
   FROM dataset_version";

impl FromRow for Version {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let path: Option<String> = row.get("table_path")?;
        let stored = match path {
            Some(path) => Some(StoredTable {
                path,
                version: row.get("table_version")?,
                bytes: row.get("table_bytes")?,
            }),
            None => None,
        };
        Ok(Self {
            id: row.get("version_id")?,
            asset_id: row.get("asset_id")?,
            number: row.get("number")?,
            state: row.get("state")?,
            upload_id: row.get("upload_id")?,
            file_name: row.get("file_name")?,
            bytes: row.get("bytes")?,
            sha256: row.get("sha256")?,
            sm3: row.get("sm3")?,
            reading: json_or_none(row, "reading")?,
            profile: json_or_none(row, "profile")?,
            rows: row.get("rows")?,
            rejected: row.get("rejected")?,
            stored,
            problem: json_or_none(row, "problem")?,
            filed_by: row.get("filed_by")?,
            created_at: row.get("created_at")?,
            finished_at: row.get("finished_at")?,
            reread: json_or_none(row, "reread")?,
        })
    }
}

/// A JSON column that may be empty.
pub(crate) fn json_or_none<T: serde::de::DeserializeOwned>(
    row: &Row,
    name: &str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = row.get(name)?;
    if text.is_none() { Ok(None) } else { row.json(name).map(Some) }
}

/// A JSON column of a value that may be absent.
pub(crate) fn to_json_or_none<T: serde::Serialize>(
    what: &'static str,
    value: Option<&T>,
) -> Result<Option<String>, Error> {
    value.map(|value| to_json(what, value)).transpose()
}

/// The number that the next version of an asset gets.
pub(super) async fn next_version_number(tx: &mut Tx, asset_id: AssetId) -> Result<i64, Error> {
    let newest: i64 = tx
        .one(
            "SELECT COALESCE(MAX(number), 0) FROM dataset_version WHERE asset_id = $1",
            params![asset_id],
        )
        .await?;
    Ok(newest + 1)
}

/// Writes a new version.
pub(super) async fn insert_version(tx: &mut Tx, version: &Version) -> Result<(), Error> {
    let changed = tx
        .execute(
            "INSERT INTO dataset_version (version_id, asset_id, number, state, upload_id,
                    file_name, bytes, filed_by, created_at, sha256, reread)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            params![
                version.id,
                version.asset_id,
                version.number,
                version.state,
                version.upload_id,
                version.file_name,
                version.bytes,
                version.filed_by,
                version.created_at,
                version.sha256,
                to_json_or_none("reread", version.reread.as_ref())?,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// Saves what came of reading a version, if it is still being read.
pub(super) async fn save_version(tx: &mut Tx, version: &Version) -> Result<(), Error> {
    let stored = version.stored.as_ref();
    let changed = tx
        .execute(
            "UPDATE dataset_version
                SET state = $2, sha256 = $3, sm3 = $4, reading = $5, profile = $6, rows = $7,
                    rejected = $8, table_path = $9, table_version = $10, table_bytes = $11,
                    problem = $12, finished_at = $13
              WHERE version_id = $1 AND state = 'reading'",
            params![
                version.id,
                version.state,
                version.sha256,
                version.sm3,
                to_json_or_none("reading", version.reading.as_ref())?,
                to_json_or_none("profile", version.profile.as_ref())?,
                version.rows,
                version.rejected,
                stored.map(|table| table.path.clone()),
                stored.map(|table| table.version),
                stored.map(|table| table.bytes),
                to_json_or_none("problem", version.problem.as_ref())?,
                version.finished_at,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// The version, if there is one.
pub(super) async fn version_by_id(
    query: &mut impl Query,
    id: VersionId,
) -> Result<Option<Version>, Error> {
    Ok(query.optional(&format!("{VERSION} WHERE version_id = $1"), params![id]).await?)
}

/// The version with this number, if there is one.
pub(super) async fn version_by_number(
    query: &mut impl Query,
    asset_id: AssetId,
    number: i64,
) -> Result<Option<Version>, Error> {
    let sql = format!("{VERSION} WHERE asset_id = $1 AND number = $2");
    Ok(query.optional(&sql, params![asset_id, number]).await?)
}

/// The version that an upload became, if any.
pub(super) async fn version_of_upload(
    query: &mut impl Query,
    id: UploadId,
) -> Result<Option<Version>, Error> {
    Ok(query.optional(&format!("{VERSION} WHERE upload_id = $1"), params![id]).await?)
}

/// All versions of an asset, newest first.
pub(super) async fn versions(
    query: &mut impl Query,
    asset_id: AssetId,
) -> Result<Vec<Version>, Error> {
    let sql = format!("{VERSION} WHERE asset_id = $1 ORDER BY number DESC");
    Ok(query.all(&sql, params![asset_id]).await?)
}

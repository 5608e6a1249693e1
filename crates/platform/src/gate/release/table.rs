//! The only SQL about releases.

use law::Audience;
use store::{
    Error as StoreError, FromRow, Query, Row, ToValue, Tx, expect_one, params, placeholders,
};
use vocabulary::{AssetId, ReleaseId};

use super::{Other, Release, Remeasurement};
use crate::registry::version::StoredTable;
use crate::{Error, to_json};

const RELEASE: &str = "SELECT release_id, asset_id, version_id, gate_run_id, audience, number,
        state, rows, columns, profile, assessment, table_path, table_version, table_bytes,
        certificate, entry_id, suspended_why, downloads, released_at
   FROM release";

impl FromRow for Release {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("release_id")?,
            asset_id: row.get("asset_id")?,
            version_id: row.get("version_id")?,
            gate_run_id: row.get("gate_run_id")?,
            audience: crate::word(row, "audience")?,
            number: row.get("number")?,
            state: row.get("state")?,
            rows: row.get("rows")?,
            columns: row.json("columns")?,
            profile: row.json("profile")?,
            outcome: row.json("assessment")?,
            table: StoredTable {
                path: row.get("table_path")?,
                version: row.get("table_version")?,
                bytes: row.get("table_bytes")?,
            },
            certificate: row.get("certificate")?,
            entry_id: row.get("entry_id")?,
            suspended_why: row.get("suspended_why")?,
            downloads: row.get("downloads")?,
            released_at: row.get("released_at")?,
        })
    }
}

impl FromRow for Remeasurement {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            release_id: row.get("release_id")?,
            measured_at: row.get("measured_at")?,
            rules: row.get("rules")?,
            verdict: row.get("verdict")?,
            checks: row.json("checks")?,
            refusals: row.json("refusals")?,
            entry_id: row.get("entry_id")?,
        })
    }
}

impl FromRow for Other {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            release: row.get("release_id")?,
            asset: row.get("asset_id")?,
            title: row.get("title")?,
            columns: row.json("columns")?,
        })
    }
}

/// Number of the newest release of an asset; 0 if there is none.
pub(super) async fn newest_number(query: &mut impl Query, asset_id: AssetId) -> Result<i64, Error> {
    let sql = "SELECT COALESCE(MAX(number), 0) FROM release WHERE asset_id = $1";
    Ok(query.one(sql, params![asset_id]).await?)
}

/// The releases of an asset for every audience, newest first.
pub(super) async fn all(query: &mut impl Query, asset_id: AssetId) -> Result<Vec<Release>, Error> {
    let sql = format!("{RELEASE} WHERE asset_id = $1 ORDER BY number DESC");
    Ok(query.all(&sql, params![asset_id]).await?)
}

/// The current release becomes an earlier one.
pub(super) async fn supersede(
    tx: &mut Tx,
    asset_id: AssetId,
    audience: Audience,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE release SET state = 'superseded'
          WHERE asset_id = $1 AND audience = $2 AND state = 'current'",
        params![asset_id, audience.code()],
    )
    .await?;
    Ok(())
}

/// Writes a new release.
pub(super) async fn insert(tx: &mut Tx, release: &Release) -> Result<(), Error> {
    let changed = tx
        .execute(
            "INSERT INTO release (release_id, asset_id, version_id, gate_run_id, audience, number,
                    state, rows, columns, profile, assessment, table_path, table_version,
                    table_bytes, certificate, entry_id, downloads, released_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                     $18)",
            params![
                release.id,
                release.asset_id,
                release.version_id,
                release.gate_run_id,
                release.audience.code(),
                release.number,
                release.state,
                release.rows,
                to_json("columns", &release.columns)?,
                to_json("profile", &release.profile)?,
                to_json("outcome", &release.outcome)?,
                release.table.path,
                release.table.version,
                release.table.bytes,
                release.certificate,
                release.entry_id,
                release.downloads,
                release.released_at,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// The release, if there is one.
pub(super) async fn find(query: &mut impl Query, id: ReleaseId) -> Result<Option<Release>, Error> {
    Ok(query.optional(&format!("{RELEASE} WHERE release_id = $1"), params![id]).await?)
}

/// The release of a run, if there is one.
pub(super) async fn of_run(
    query: &mut impl Query,
    run: vocabulary::GateRunId,
) -> Result<Option<Release>, Error> {
    Ok(query.optional(&format!("{RELEASE} WHERE gate_run_id = $1"), params![run]).await?)
}

/// The releases of an asset for an audience, newest first.
pub(super) async fn of_asset(
    query: &mut impl Query,
    asset_id: AssetId,
    audience: Audience,
) -> Result<Vec<Release>, Error> {
    let sql = format!("{RELEASE} WHERE asset_id = $1 AND audience = $2 ORDER BY number DESC");
    Ok(query.all(&sql, params![asset_id, audience.code()]).await?)
}

/// The current release of an asset for an audience, if there is one.
pub(super) async fn current(
    query: &mut impl Query,
    asset_id: AssetId,
    audience: Audience,
) -> Result<Option<Release>, Error> {
    let sql = format!("{RELEASE} WHERE asset_id = $1 AND audience = $2 AND state = 'current'");
    Ok(query.optional(&sql, params![asset_id, audience.code()]).await?)
}

/// The current releases of these assets for an audience, in no order.
pub(super) async fn current_of(
    query: &mut impl Query,
    assets: &[AssetId],
    audience: Audience,
) -> Result<Vec<Release>, Error> {
    if assets.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "{RELEASE} WHERE audience = $1 AND state = 'current' AND asset_id IN ({})",
        placeholders(2, assets.len())
    );
    let mut values = params![audience.code()];
    values.extend(assets.iter().map(ToValue::to_value));
    Ok(query.all(&sql, values).await?)
}

/// What the releases of other assets show that are not superseded, newest first.
pub(super) async fn others(
    query: &mut impl Query,
    own: AssetId,
    audience: Audience,
) -> Result<Vec<Other>, Error> {
    Ok(query
        .all(
            "SELECT release.release_id, release.asset_id, asset.title, release.columns
               FROM release JOIN asset ON asset.asset_id = release.asset_id
              WHERE release.audience = $2 AND release.state <> 'superseded'
                AND release.asset_id <> $1
              ORDER BY release.released_at DESC, release.release_id DESC
              LIMIT 10000",
            params![own, audience.code()],
        )
        .await?)
}

/// Releases whose rows can be read and whose newest measurement was made by other rules, or
/// that have none. A superseded one is among the versions that are compared in public.
pub(super) async fn measured_by_others(
    query: &mut impl Query,
    rules: &str,
) -> Result<Vec<ReleaseId>, Error> {
    Ok(query
        .all(
            "SELECT r.release_id FROM release r
              WHERE r.state <> 'suspended' AND NOT EXISTS (
                    SELECT 1 FROM release_measurement m
                     WHERE m.release_id = r.release_id AND m.rules = $1)
              ORDER BY r.release_id",
            params![rules],
        )
        .await?)
}

/// The measurements of a release, newest first.
pub(super) async fn measurements(
    query: &mut impl Query,
    id: ReleaseId,
) -> Result<Vec<Remeasurement>, Error> {
    Ok(query
        .all(
            "SELECT release_id, measured_at, rules, verdict, checks, refusals, entry_id
               FROM release_measurement WHERE release_id = $1 ORDER BY number DESC",
            params![id],
        )
        .await?)
}

/// Writes a measurement.
pub(super) async fn note_measurement(tx: &mut Tx, noted: &Remeasurement) -> Result<(), Error> {
    let changed = tx
        .execute(
            "INSERT INTO release_measurement (release_id, number, measured_at, rules, verdict,
                    checks, refusals, entry_id)
             SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5, $6, $7
               FROM release_measurement WHERE release_id = $1",
            params![
                noted.release_id,
                noted.measured_at,
                noted.rules,
                noted.verdict,
                to_json("checks", &noted.checks)?,
                to_json("refusals", &noted.refusals)?,
                noted.entry_id,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// Suspends a release, with the reason.
pub(super) async fn suspend(tx: &mut Tx, id: ReleaseId, reason: &str) -> Result<(), Error> {
    let changed = tx
        .execute(
            "UPDATE release SET state = 'suspended', suspended_why = $2
              WHERE release_id = $1 AND state <> 'suspended'",
            params![id, reason],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// Counts a download.
pub(super) async fn count_download(tx: &mut Tx, id: ReleaseId) -> Result<(), Error> {
    tx.execute("UPDATE release SET downloads = downloads + 1 WHERE release_id = $1", params![id])
        .await?;
    Ok(())
}

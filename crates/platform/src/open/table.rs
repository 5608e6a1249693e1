//! The only SQL of the open portal.

use jiff::Timestamp;
use store::{Error as StoreError, FromRow, Query, Row, ToValue, Tx, params, placeholders};
use vocabulary::{AssetId, CreditCode};

use super::record::{Extent, Listed, Record, RecordFilter};
use crate::Error;

/// What the portal counts of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Published entries.
    pub entries: u64,
    /// Entries with an open release.
    pub datasets: u64,
    /// Providers of published entries.
    pub providers: u64,
    /// Rows in open releases.
    pub rows: u64,
    /// When the newest release was made (RFC 3339), if there is one.
    pub newest_release: Option<String>,
}

/// A provider and what it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyCount {
    /// Credit code; `None` for a provider of entries taken over from elsewhere.
    pub code: Option<String>,
    /// Name.
    pub name: String,
    /// Published entries.
    pub entries: u64,
    /// Entries with an open release.
    pub datasets: u64,
}

impl FromRow for BodyCount {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            code: row.get("body_code")?,
            name: row.get("provider")?,
            entries: row.get("entries")?,
            datasets: row.get("datasets")?,
        })
    }
}

/// What an open dataset is, for the joins below.
const OPEN: &str = "asset a JOIN release r ON r.asset_id = a.asset_id
        AND r.audience = 'open' AND r.state = 'current'
      WHERE a.state = 'published'";

/// Counts of the portal.
pub(super) async fn counts(query: &mut impl Query) -> Result<Counts, Error> {
    let (entries, providers): (u64, u64) = query
        .one(
            "SELECT COUNT(*), COUNT(DISTINCT provider) FROM asset WHERE state = 'published'",
            params![],
        )
        .await?;
    let sql = format!(
        "SELECT COUNT(*), CAST(COALESCE(SUM(r.rows), 0) AS BIGINT), MAX(r.released_at) FROM {OPEN}"
    );
    let (datasets, rows, newest_release): (u64, u64, Option<String>) =
        query.one(&sql, params![]).await?;
    Ok(Counts { entries, datasets, providers, rows, newest_release })
}

/// Open datasets by division.
pub(super) async fn by_division(query: &mut impl Query) -> Result<Vec<(String, u64)>, Error> {
    let sql = format!(
        "SELECT a.division, COUNT(*) FROM {OPEN} AND a.division IS NOT NULL
          GROUP BY a.division ORDER BY a.division"
    );
    Ok(query.all(&sql, params![]).await?)
}

/// Providers with their counts, the largest first.
pub(super) async fn bodies(query: &mut impl Query, limit: u64) -> Result<Vec<BodyCount>, Error> {
    let sql = "SELECT a.body_code, a.provider, COUNT(*) AS entries, COUNT(r.release_id) AS datasets
                 FROM asset a LEFT JOIN release r ON r.asset_id = a.asset_id
                  AND r.audience = 'open' AND r.state = 'current'
                WHERE a.state = 'published'
                GROUP BY a.body_code, a.provider
                ORDER BY datasets DESC, entries DESC, a.provider
                LIMIT $1";
    Ok(query.all(sql, params![limit]).await?)
}

/// The open datasets with the newest releases, of one body or of all.
pub(super) async fn newest(
    query: &mut impl Query,
    limit: u64,
    body: Option<CreditCode>,
) -> Result<Vec<AssetId>, Error> {
    let sql = format!(
        "SELECT a.asset_id FROM {OPEN} AND ($1 IS NULL OR a.body_code = $1)
          ORDER BY r.released_at DESC, a.asset_id LIMIT $2"
    );
    Ok(query.all(&sql, params![body, limit]).await?)
}

/// Open datasets after `after` in the order of their ids.
pub(super) async fn open_after(
    query: &mut impl Query,
    after: Option<AssetId>,
    limit: u64,
) -> Result<Vec<AssetId>, Error> {
    let sql = format!(
        "SELECT a.asset_id FROM {OPEN} AND ($1 IS NULL OR a.asset_id > $1)
          ORDER BY a.asset_id LIMIT $2"
    );
    Ok(query.all(&sql, params![after, limit]).await?)
}

/// Notes that what harvesters see of an asset changed, if it ever was in the catalogue.
pub(super) async fn note_change(tx: &mut Tx, id: AssetId, now: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO catalogue_record (asset_id, changed_at, gone)
               SELECT asset_id, $2,
                      CASE WHEN state <> 'published'
                             OR (EXISTS (SELECT 1 FROM release r WHERE r.asset_id = asset.asset_id
                                            AND r.audience = 'open')
                                 AND NOT EXISTS (SELECT 1 FROM release r
                                                  WHERE r.asset_id = asset.asset_id
                                                    AND r.audience = 'open' AND r.state = 'current'))
                           THEN 1 ELSE 0 END
                 FROM asset WHERE asset_id = $1 AND published_at IS NOT NULL
               ON CONFLICT (asset_id)
               DO UPDATE SET changed_at = excluded.changed_at, gone = excluded.gone";
    tx.execute(sql, params![id, now]).await?;
    Ok(())
}

/// When harvesters were last told of a change of these assets.
pub(super) async fn changed_at(
    query: &mut impl Query,
    ids: &[AssetId],
) -> Result<Vec<(AssetId, Timestamp)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT asset_id, changed_at FROM catalogue_record WHERE asset_id IN ({})",
        placeholders(1, ids.len())
    );
    Ok(query.all(&sql, ids.iter().map(ToValue::to_value).collect()).await?)
}

impl FromRow for Record {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("asset_id")?,
            changed_at: row.get("changed_at")?,
            gone: row.get("gone")?,
            theme: row.get("theme")?,
        })
    }
}

/// The conditions of [`records`] and [`count_records`]; `$1` to `$3` are those of the filter.
const RECORDS: &str = "catalogue_record c JOIN asset a ON a.asset_id = c.asset_id
      WHERE ($1 IS NULL OR c.changed_at >= $1)
        AND ($2 IS NULL OR c.changed_at < $2)
        AND ($3 IS NULL OR a.theme = $3)";

/// Records of the catalogue in the order of their changes.
pub(super) async fn records(
    query: &mut impl Query,
    filter: &RecordFilter,
    limit: u64,
) -> Result<Vec<Record>, Error> {
    let (after_at, after_id) = match filter.after {
        Some((at, id)) => (Some(at), Some(id)),
        None => (None, None),
    };
    let sql = format!(
        "SELECT c.asset_id, c.changed_at, c.gone, a.theme FROM {RECORDS}
           AND ($4 IS NULL OR c.changed_at > $4 OR (c.changed_at = $4 AND c.asset_id > $5))
         ORDER BY c.changed_at, c.asset_id LIMIT $6"
    );
    let values =
        params![filter.from, filter.until, filter.theme.clone(), after_at, after_id, limit];
    Ok(query.all(&sql, values).await?)
}

/// How many records [`records`] has in all.
pub(super) async fn count_records(
    query: &mut impl Query,
    filter: &RecordFilter,
) -> Result<u64, Error> {
    let sql = format!("SELECT COUNT(*) FROM {RECORDS}");
    let values = params![filter.from, filter.until, filter.theme.clone()];
    Ok(query.one(&sql, values).await?)
}

/// The record of an asset.
pub(super) async fn record(query: &mut impl Query, id: AssetId) -> Result<Option<Record>, Error> {
    let sql = "SELECT c.asset_id, c.changed_at, c.gone, a.theme
                 FROM catalogue_record c JOIN asset a ON a.asset_id = c.asset_id
                WHERE c.asset_id = $1";
    Ok(query.optional(sql, params![id]).await?)
}

impl FromRow for Listed {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("asset_id")?,
            name: row.get("name")?,
            changed_at: row.get("changed_at")?,
        })
    }
}

/// Published entries in the order of their ids.
pub(super) async fn listed(
    query: &mut impl Query,
    skip: u64,
    limit: u64,
) -> Result<Vec<Listed>, Error> {
    let sql = "SELECT a.asset_id, n.name, c.changed_at
                 FROM asset a
                 JOIN catalogue_record c ON c.asset_id = a.asset_id
                 LEFT JOIN asset_name n ON n.asset_id = a.asset_id
                WHERE a.state = 'published' ORDER BY a.asset_id LIMIT $1 OFFSET $2";
    Ok(query.all(sql, params![limit, skip]).await?)
}

/// How many records there are, the first and the last change.
pub(super) async fn extent(query: &mut impl Query) -> Result<Extent, Error> {
    let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(gone), 0) AS BIGINT), MIN(changed_at),
                      MAX(changed_at)
                 FROM catalogue_record";
    let (records, gone, first, last): (u64, u64, Option<Timestamp>, Option<Timestamp>) =
        query.one(sql, params![]).await?;
    Ok(Extent { records, gone, first, last })
}

/// How many entries are published.
pub(super) async fn published(query: &mut impl Query) -> Result<u64, Error> {
    Ok(query.one("SELECT COUNT(*) FROM asset WHERE state = 'published'", params![]).await?)
}

/// A page of published entries: those with data first, then by id.
pub(super) async fn published_page(
    query: &mut impl Query,
    skip: u64,
    limit: u64,
) -> Result<Vec<AssetId>, Error> {
    let sql = "SELECT a.asset_id
                 FROM asset a LEFT JOIN release r ON r.asset_id = a.asset_id
                  AND r.audience = 'open' AND r.state = 'current'
                WHERE a.state = 'published'
                ORDER BY CASE WHEN r.release_id IS NULL THEN 1 ELSE 0 END, a.asset_id
                LIMIT $1 OFFSET $2";
    Ok(query.all(sql, params![limit, skip]).await?)
}

/// Total downloads of the open releases of these assets.
pub(super) async fn downloads(
    query: &mut impl Query,
    ids: &[AssetId],
) -> Result<Vec<(AssetId, u64)>, Error> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT asset_id, CAST(SUM(downloads) AS BIGINT) FROM release
          WHERE audience = 'open' AND asset_id IN ({}) GROUP BY asset_id",
        placeholders(1, ids.len())
    );
    Ok(query.all(&sql, ids.iter().map(ToValue::to_value).collect()).await?)
}

/// Assets with a release.
pub(super) async fn released(query: &mut impl Query) -> Result<Vec<AssetId>, Error> {
    Ok(query.all("SELECT DISTINCT asset_id FROM release ORDER BY asset_id", params![]).await?)
}

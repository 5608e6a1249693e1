//! The only SQL of the open portal.

use store::{Error as StoreError, FromRow, Query, Row, ToValue, params, placeholders};
use vocabulary::{AssetId, CreditCode};

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
pub(super) async fn bodies(query: &mut impl Query) -> Result<Vec<BodyCount>, Error> {
    let sql = "SELECT a.body_code, a.provider, COUNT(*) AS entries, COUNT(r.release_id) AS datasets
                 FROM asset a LEFT JOIN release r ON r.asset_id = a.asset_id
                  AND r.audience = 'open' AND r.state = 'current'
                WHERE a.state = 'published'
                GROUP BY a.body_code, a.provider
                ORDER BY datasets DESC, entries DESC, a.provider
                LIMIT 1000";
    Ok(query.all(sql, params![]).await?)
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

//! Rows of an open release: pages of rows, groups for charts, whole downloads.

use arrow::array::RecordBatch;
use lake::{BatchStream, GroupQuery, RowQuery};
use trust::{Action, Caller};
use vocabulary::AssetId;

use crate::gate::release::{self, Release};
use crate::{Error, Platform};

/// A page of rows, with the release that it is of and the cursor of the next page.
///
/// # Errors
///
/// [`Error::NotFound`] if nothing is open; [`Error::Lake`] for a column that is
/// not there, a filter that does not fit its type, or a limit that is reached.
pub async fn page(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    query: &RowQuery,
) -> Result<(Release, lake::Page), Error> {
    let (_, release) = super::current_release(caller, platform, id).await?;
    let table = release.table.table()?;
    let version = Some(release.table.version);
    let page = platform.lake.page(&table, version, query, &platform.limits.query).await?;
    Ok((release, page))
}

/// How many rows match.
///
/// # Errors
///
/// As [`page`].
pub async fn count(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    filter: Option<&lake::Filter>,
) -> Result<u64, Error> {
    let (_, release) = super::current_release(caller, platform, id).await?;
    if filter.is_none() {
        return Ok(release.rows);
    }
    let table = release.table.table()?;
    let version = Some(release.table.version);
    Ok(platform.lake.count(&table, version, filter, &platform.limits.query).await?)
}

/// Groups with measures, for charts.
///
/// # Errors
///
/// As [`page`].
pub async fn groups(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    query: &GroupQuery,
) -> Result<(Release, RecordBatch), Error> {
    let (_, release) = super::current_release(caller, platform, id).await?;
    let table = release.table.table()?;
    let version = Some(release.table.version);
    let groups = platform.lake.group(&table, version, query, &platform.limits.query).await?;
    Ok((release, groups))
}

/// Rows of a dataset's current open release as a stream, and counts the download.
/// The empty query gives all rows in their order.
///
/// # Errors
///
/// As [`page`].
pub async fn download(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    query: &RowQuery,
) -> Result<(crate::registry::Asset, Release, BatchStream), Error> {
    let (asset, release) = super::current_release(caller, platform, id).await?;
    caller.require(Action::DownloadRelease, &release.resource(asset.body))?;
    let table = release.table.table()?;
    let version = Some(release.table.version);
    let rows = platform.lake.rows(&table, version, query, &platform.limits.scan).await?;
    release::count_download(platform, release.id).await?;
    Ok((asset, release, rows))
}

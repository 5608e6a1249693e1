//! Rows of an open release: pages of rows, groups for charts, whole downloads.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use futures::TryStreamExt as _;
use lake::{BatchStream, GroupQuery, RowQuery};
use trust::{Action, Caller};
use vocabulary::AssetId;

use super::Current;
use crate::gate::release;
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
) -> Result<(Arc<Current>, lake::Page), Error> {
    let current = super::current_release(caller, platform, id).await?;
    let (table, version) = place(&current)?;
    let page = platform.lake.page(&table, version, query, &platform.limits.query).await?;
    Ok((current, page))
}

/// Rows behind the first `offset` ones, as interfaces count that know no cursor.
///
/// In the order of writing and without a condition, the rows before are not read; else
/// they are, so a far offset takes its time.
///
/// # Errors
///
/// As [`page`].
pub async fn slice(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
    query: &RowQuery,
    offset: u64,
) -> Result<(Arc<Current>, RecordBatch), Error> {
    let current = super::current_release(caller, platform, id).await?;
    let (table, version) = place(&current)?;
    let schema = platform.lake.schema(&table, version).await?;
    let output = query.output_schema(&schema)?;
    let limits = &platform.limits.query;
    let mut query = query.clone();
    let mut skip = offset;
    if query.order.is_empty() && query.filter.is_none() && offset > 0 {
        // Rows are numbered from 0 without gaps.
        let behind = format!("{} >= {offset}", lake::ROW_COLUMN);
        query.filter = Some(lake::Filter::parse(&behind).map_err(lake::LakeError::from)?);
        skip = 0;
    }
    query.limit = query.limit.map(|limit| limit.saturating_add(skip));
    let mut batches = Vec::new();
    if query.limit != Some(0) {
        let mut stream = platform.lake.rows(&table, version, &query, limits).await?;
        while let Some(batch) = stream.try_next().await? {
            let rows = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
            let before = usize::try_from(skip.min(rows)).unwrap_or(usize::MAX);
            skip -= skip.min(rows);
            if before < batch.num_rows() {
                batches.push(batch.slice(before, batch.num_rows() - before));
            }
        }
    }
    let joined = concat_batches(&output, &batches)
        .map_err(|error| lake::LakeError::failed("join the batches of a slice", error))?;
    Ok((current, joined))
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
    let current = super::current_release(caller, platform, id).await?;
    if filter.is_none() {
        return Ok(current.release.rows);
    }
    let (table, version) = place(&current)?;
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
) -> Result<(Arc<Current>, RecordBatch), Error> {
    let current = super::current_release(caller, platform, id).await?;
    let (table, version) = place(&current)?;
    let groups = platform.lake.group(&table, version, query, &platform.limits.query).await?;
    Ok((current, groups))
}

/// The columns of a release, as they are stored.
///
/// # Errors
///
/// [`Error::Lake`] if the table cannot be read.
pub async fn schema(platform: &Platform, current: &Current) -> Result<SchemaRef, Error> {
    let (table, version) = place(current)?;
    Ok(platform.lake.schema(&table, version).await?)
}

/// Where the rows of a release lie.
fn place(current: &Current) -> Result<(lake::TablePath, Option<u64>), Error> {
    let table = &current.release.table;
    Ok((table.table()?, Some(table.version)))
}

/// The release that the caller may download.
///
/// # Errors
///
/// As [`page`]; [`Error::Denied`].
pub async fn downloadable(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
) -> Result<Arc<Current>, Error> {
    let current = super::current_release(caller, platform, id).await?;
    caller.require(Action::DownloadRelease, &current.release.resource(current.asset.body))?;
    Ok(current)
}

/// Rows of a release as a stream. The empty query gives all rows in their order.
///
/// - `current`: as [`downloadable`] gave it a moment ago.
/// - `counts`: whether this is a download of its own, and not the rest of one that was
///   broken off.
///
/// # Errors
///
/// As [`page`].
pub async fn download(
    platform: &Platform,
    current: &Current,
    query: &RowQuery,
    counts: bool,
) -> Result<BatchStream, Error> {
    let (table, version) = place(current)?;
    let rows = platform.lake.rows(&table, version, query, &platform.limits.scan).await?;
    if counts {
        release::count_download(platform, current.release.id).await?;
    }
    Ok(rows)
}

//! The open portal: what anyone may find, read and take (开放平台).
//!
//! Everything here works without signing in, and nothing here is reached but
//! through a current release for the audience `open`: a suspended release stops
//! with the next request.
//!
//! Basis: 山西省大数据发展应用促进条例 第八条第三款.
//!
//! Invariants (each is also the name of a test):
//! - `nothing_leaves_except_through_a_release`
//! - `a_suspended_release_stops_with_the_next_request`
//!
//! Start at [`dataset`]. The catalogue index is rebuilt from the store by [`reindex`].

pub mod differences;
pub mod history;
mod index;
mod known;
mod negative;
pub mod place;
pub mod record;
pub mod rows;
pub mod sql;
mod table;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use law::Audience;
use sha2::{Digest as _, Sha256};
use trust::{Action, Actor, Caller};
use vocabulary::{AssetId, CreditCode};

pub use index::{index_asset, index_assets, reindex};
pub use known::{Current, Known};
pub use negative::{Withheld, negative_list};
pub(crate) use record::changed;
pub use table::{BodyCount, Counts};

use crate::gate::release::{self, Release};
use crate::registry::{self, Asset, AssetState};
use crate::{Error, Platform};

/// A dataset as the portal shows it: a published entry, with or without data.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The published asset.
    pub asset: Asset,
    /// Its current open release; `None` for an entry without data.
    pub current: Option<Release>,
    /// All open releases, newest first, suspended ones included (their data are not).
    pub releases: Vec<Release>,
    /// When harvesters were last told of a change of it.
    pub changed_at: jiff::Timestamp,
    /// The name that a program registered it under.
    pub name: Option<String>,
}

/// The key of a provider in interfaces whose keys are small letters and digits: the
/// credit code, or for a provider that is not registered here the beginning of the
/// SHA-256 of its name.
pub fn provider_key(body: Option<CreditCode>, name: &str) -> String {
    match body {
        Some(code) => code.to_string().to_lowercase(),
        None => {
            let digest = hex::encode(Sha256::digest(name.as_bytes()));
            format!("provider-{}", digest.get(..16).unwrap_or(&digest))
        }
    }
}

/// The key of a licence: the terms of this site where an entry names none.
pub fn licence_key(licence: &str) -> String {
    let licence = licence.trim();
    if licence.is_empty() { SITE_TERMS.to_owned() } else { licence.to_owned() }
}

/// Rows that a sheet holds below its header. Source: Excel specifications and limits.
pub const SHEET_ROWS: u64 = 1_048_575;

/// The formats in which a release can be taken, in small letters; the first is the one
/// that its certificate names the digest of.
pub fn formats(release: &Release) -> Vec<&'static str> {
    let has_place = place::degrees(&release.profile).is_some();
    let all = ["csv", "xlsx", "json", "ndjson", "parquet", "geojson", "rdf"];
    all.into_iter()
        .filter(|format| match *format {
            "xlsx" => release.rows <= SHEET_ROWS,
            "geojson" => has_place,
            _ => true,
        })
        .collect()
}

/// The key of the terms of this site (`/licence`).
pub const SITE_TERMS: &str = "open-data-terms";

/// A published dataset.
///
/// # Errors
///
/// [`Error::NotFound`] for anything that is not published.
pub async fn dataset(caller: &Caller, platform: &Platform, id: AssetId) -> Result<Dataset, Error> {
    let mut reader = platform.store.read().await?;
    let missing = || Error::NotFound { what: "dataset", id: id.to_string() };
    let asset = registry::load(&mut reader, id).await.map_err(|error| match error {
        Error::NotFound { .. } => missing(),
        other => other,
    })?;
    if asset.state != AssetState::Published {
        return Err(missing());
    }
    caller.require(Action::ViewAsset, &asset.resource()).map_err(|_| missing())?;
    let releases = release::of_asset(&mut reader, id, Audience::Open).await?;
    let current = releases.iter().find(|release| release.state == "current").cloned();
    let changed_at = table::changed_at(&mut reader, &[id]).await?.first().map(|(_, at)| *at);
    let name = registry::names_of(&mut reader, &[id]).await?.remove(&id);
    let changed_at = changed_at.unwrap_or(asset.updated_at);
    Ok(Dataset { asset, current, releases, changed_at, name })
}

/// The current open release of a dataset, for reading its rows.
///
/// # Errors
///
/// [`Error::NotFound`] if nothing is open; [`Error::Denied`] if the policies say so.
pub async fn current_release(
    caller: &Caller,
    platform: &Platform,
    id: AssetId,
) -> Result<Arc<Current>, Error> {
    let changes = platform.store.changes();
    let found = match platform.known.get(id, changes) {
        Some(found) => found,
        None => {
            let found = Arc::new(read_current(platform, id).await?);
            platform.known.put(id, changes, Arc::clone(&found));
            found
        }
    };
    let anonymous = *caller.actor() == Actor::Anonymous;
    if !(anonymous && found.for_anyone.load(Ordering::Relaxed)) {
        caller.require(Action::ReadRows, &found.release.resource(found.asset.body))?;
        found.for_anyone.fetch_or(anonymous, Ordering::Relaxed);
    }
    Ok(found)
}

/// The current conditional release of a published dataset: what everyone may know of it
/// before they ask for it. Its rows are for whom they were granted to.
///
/// # Errors
///
/// [`Error::Store`] if it cannot be read.
pub async fn conditional(platform: &Platform, dataset: &Dataset) -> Result<Option<Release>, Error> {
    let mut reader = platform.store.read().await?;
    release::current(&mut reader, dataset.asset.id, Audience::Conditional).await
}

/// The published asset and its current open release, from the database.
async fn read_current(platform: &Platform, id: AssetId) -> Result<Current, Error> {
    let mut reader = platform.store.read().await?;
    let missing = || Error::NotFound { what: "open dataset", id: id.to_string() };
    let release = release::current(&mut reader, id, Audience::Open).await?.ok_or_else(missing)?;
    let asset = registry::load(&mut reader, id).await?;
    if asset.state != AssetState::Published {
        return Err(missing());
    }
    Ok(Current::new(asset, release))
}

/// Counts that the portal shows of itself.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn counts(platform: &Platform) -> Result<Counts, Error> {
    let mut reader = platform.store.read().await?;
    table::counts(&mut reader).await
}

/// Published datasets with data by division, for the map: (division, count).
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn by_division(platform: &Platform) -> Result<Vec<(String, u64)>, Error> {
    let mut reader = platform.store.read().await?;
    table::by_division(&mut reader).await
}

/// The 1,000 largest providers with the number of entries and open datasets that they
/// provide.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn bodies(platform: &Platform) -> Result<Vec<BodyCount>, Error> {
    let mut reader = platform.store.read().await?;
    table::bodies(&mut reader, 1_000).await
}

/// Every provider with the number of entries and open datasets that it provides.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn providers(platform: &Platform) -> Result<Vec<BodyCount>, Error> {
    let mut reader = platform.store.read().await?;
    table::bodies(&mut reader, 1_000_000).await
}

/// The datasets with data, newest release first.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn newest(platform: &Platform, limit: u64) -> Result<Vec<Asset>, Error> {
    let mut reader = platform.store.read().await?;
    let ids = table::newest(&mut reader, limit, None).await?;
    Ok(in_order(registry::load_many(&mut reader, &ids).await?, &ids))
}

/// The datasets that a body opened, newest release first.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn of_body(platform: &Platform, body: CreditCode) -> Result<Vec<Asset>, Error> {
    let mut reader = platform.store.read().await?;
    let ids = table::newest(&mut reader, 500, Some(body)).await?;
    Ok(in_order(registry::load_many(&mut reader, &ids).await?, &ids))
}

/// A page of published datasets for harvesters, in order of their id.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn page(
    platform: &Platform,
    number: u64,
    size: u64,
) -> Result<(Vec<Dataset>, u64), Error> {
    let mut reader = platform.store.read().await?;
    let total = table::published(&mut reader).await?;
    let ids =
        table::published_page(&mut reader, number.saturating_sub(1).saturating_mul(size), size)
            .await?;
    Ok((load_datasets(&mut reader, &ids).await?, total))
}

/// Published datasets after `after` in the order of their ids: a walk through the whole
/// catalogue that new entries do not disturb.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn after(
    platform: &Platform,
    after: Option<AssetId>,
    limit: u64,
) -> Result<Vec<Dataset>, Error> {
    let mut reader = platform.store.read().await?;
    let assets = registry::published_after(&mut reader, after, limit).await?;
    let ids: Vec<AssetId> = assets.iter().map(|asset| asset.id).collect();
    load_datasets(&mut reader, &ids).await
}

/// As [`after`], without the entries that have no data.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn open_after(
    platform: &Platform,
    after: Option<AssetId>,
    limit: u64,
) -> Result<Vec<Dataset>, Error> {
    let mut reader = platform.store.read().await?;
    let ids = table::open_after(&mut reader, after, limit).await?;
    load_datasets(&mut reader, &ids).await
}

/// A page of search results with their assets.
#[derive(Clone, Debug)]
pub struct Found {
    /// The hits and facets.
    pub hits: search::Hits,
    /// The assets of the hits, in the same order.
    pub assets: Vec<Asset>,
    /// Which of them have data.
    pub has_data: Vec<AssetId>,
}

/// Searches the catalogue.
///
/// # Errors
///
/// [`Error::Search`] if the index fails.
pub async fn find(platform: &Platform, query: search::Query) -> Result<Found, Error> {
    let (hits, ids) = ask(platform, query).await?;
    let mut reader = platform.store.read().await?;
    let assets = in_order(registry::load_many(&mut reader, &ids).await?, &ids);
    let current = release::current_of(&mut reader, &ids, Audience::Open).await?;
    let has_data = ids.into_iter().filter(|id| current.contains_key(id)).collect();
    Ok(Found { hits, assets, has_data })
}

/// Searches the catalogue for datasets, in the order of the hits.
///
/// # Errors
///
/// As [`find`].
pub async fn find_datasets(
    platform: &Platform,
    query: search::Query,
) -> Result<(search::Hits, Vec<Dataset>), Error> {
    let (hits, ids) = ask(platform, query).await?;
    Ok((hits, datasets(platform, &ids).await?))
}

/// Asks the index.
async fn ask(
    platform: &Platform,
    query: search::Query,
) -> Result<(search::Hits, Vec<AssetId>), Error> {
    let index = Arc::clone(&platform.search);
    let hits = tokio::task::spawn_blocking(move || index.query(&query))
        .await
        .map_err(|_| Error::Interrupted)??;
    let ids = hits.hits.iter().filter_map(|hit| hit.id.parse().ok()).collect();
    Ok((hits, ids))
}

/// Assets in the order of their ids.
fn in_order(mut assets: Vec<Asset>, ids: &[AssetId]) -> Vec<Asset> {
    let places: HashMap<AssetId, usize> =
        ids.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    assets.sort_by_key(|asset| places.get(&asset.id).copied());
    assets
}

/// Published datasets by id, in this order; what is not published is left out.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn datasets(platform: &Platform, ids: &[AssetId]) -> Result<Vec<Dataset>, Error> {
    let mut reader = platform.store.read().await?;
    load_datasets(&mut reader, ids).await
}

/// Published datasets in the order of their ids, in two queries however many they are.
async fn load_datasets(
    query: &mut impl store::Query,
    ids: &[AssetId],
) -> Result<Vec<Dataset>, Error> {
    let assets = in_order(registry::load_many(query, ids).await?, ids);
    let mut releases = release::current_of(query, ids, Audience::Open).await?;
    let changed: HashMap<AssetId, jiff::Timestamp> =
        table::changed_at(query, ids).await?.into_iter().collect();
    let mut names = registry::names_of(query, ids).await?;
    Ok(assets
        .into_iter()
        .filter(|asset| asset.state == AssetState::Published)
        .map(|asset| {
            let current = releases.remove(&asset.id);
            Dataset {
                releases: current.iter().cloned().collect(),
                changed_at: changed.get(&asset.id).copied().unwrap_or(asset.updated_at),
                name: names.remove(&asset.id),
                current,
                asset,
            }
        })
        .collect())
}

/// When the next release is due; `None` without a cycle or without data.
pub fn next_update(dataset: &Dataset) -> Option<jiff::civil::Date> {
    let released_at = dataset.current.as_ref()?.released_at;
    registry::next_update(dataset.asset.entry.update_cycle?, released_at)
}

/// Quality indicators of the current release; empty without data.
///
/// # Errors
///
/// [`Error::Store`] if they cannot be read.
pub async fn indicators(
    platform: &Platform,
    dataset: &Dataset,
) -> Result<Vec<quality::Indicator>, Error> {
    let Some(release) = &dataset.current else { return Ok(Vec::new()) };
    let mut reader = platform.store.read().await?;
    let version = registry::load_version(&mut reader, release.version_id).await?;
    let context = quality::Context {
        quarantined: version.rejected.unwrap_or(0),
        ..quality::Context::default()
    };
    Ok(quality::indicators(&release.profile, &context))
}

/// Releases whose table is not there or has another number of rows, in a sentence
/// each; for checking a whole site.
///
/// # Errors
///
/// [`Error::Store`] if the releases cannot be read.
pub async fn check(platform: &Platform) -> Result<Vec<String>, Error> {
    let mut wrong = Vec::new();
    let mut reader = platform.store.read().await?;
    for id in table::released(&mut reader).await? {
        for release in release::of_asset(&mut reader, id, Audience::Open).await? {
            let table = release.table.table()?;
            let version = Some(release.table.version);
            let limits = &platform.limits.scan;
            match platform.lake.count(&table, version, None, limits).await {
                Ok(rows) if rows == release.rows => {}
                Ok(rows) => {
                    wrong.push(format!("{}: {rows} rows, not {}", release.id, release.rows))
                }
                Err(error) => wrong.push(format!("{}: {error}", release.id)),
            }
        }
    }
    Ok(wrong)
}

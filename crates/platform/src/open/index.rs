//! The catalogue index follows the store: after a step commits, the asset's
//! document is written anew; the whole index is rebuilt with [`reindex`].

use std::collections::HashMap;

use law::Audience;
use search::Document;
use vocabulary::AssetId;

use super::table;
use crate::gate::release::{self, Release};
use crate::registry::{self, Asset, AssetState, Dated};
use crate::{Error, Platform};

/// How many assets are indexed at once.
const BATCH: u64 = 1_000;

/// Writes the document of one asset anew, or removes it if it is not published.
///
/// # Errors
///
/// [`Error::Search`] if the index fails; the store already has the change, and
/// [`reindex`] catches up.
pub async fn index_asset(platform: &Platform, id: AssetId) -> Result<(), Error> {
    index_assets(platform, &[id]).await
}

/// Writes the documents of some assets anew, in one commit of the index.
///
/// # Errors
///
/// As [`index_asset`].
pub async fn index_assets(platform: &Platform, ids: &[AssetId]) -> Result<(), Error> {
    let mut reader = platform.store.read().await?;
    let assets = registry::load_many(&mut reader, ids).await?;
    let (published, gone): (Vec<Asset>, Vec<Asset>) =
        assets.into_iter().partition(|asset| asset.state == AssetState::Published);
    let documents = documents(&mut reader, &published).await?;
    drop(reader);
    let gone = gone.iter().map(|asset| asset.id.to_string()).collect();
    write(platform, documents, gone).await
}

/// Rebuilds the whole index from the store; returns how many documents it has.
///
/// # Errors
///
/// As [`index_asset`].
pub async fn reindex(platform: &Platform) -> Result<u64, Error> {
    let index = std::sync::Arc::clone(&platform.search);
    tokio::task::spawn_blocking(move || index.clear()).await.map_err(|_| Error::Interrupted)??;
    let mut after = None;
    let mut written = 0;
    loop {
        let mut reader = platform.store.read().await?;
        let assets = registry::published_after(&mut reader, after, BATCH).await?;
        let Some(last) = assets.last() else { return Ok(written) };
        after = Some(last.id);
        let documents = documents(&mut reader, &assets).await?;
        drop(reader);
        written += u64::try_from(documents.len()).unwrap_or(0);
        write(platform, documents, Vec::new()).await?;
    }
}

/// Puts documents into the index and takes others out.
async fn write(
    platform: &Platform,
    documents: Vec<Document>,
    gone: Vec<String>,
) -> Result<(), Error> {
    let index = std::sync::Arc::clone(&platform.search);
    tokio::task::spawn_blocking(move || {
        if !gone.is_empty() {
            index.remove(&gone)?;
        }
        if documents.is_empty() { Ok(()) } else { index.replace(&documents) }
    })
    .await
    .map_err(|_| Error::Interrupted)??;
    Ok(())
}

/// What is searched of some assets.
async fn documents(
    query: &mut impl store::Query,
    assets: &[Asset],
) -> Result<Vec<Document>, Error> {
    let ids: Vec<AssetId> = assets.iter().map(|asset| asset.id).collect();
    let current = release::current_of(query, &ids, Audience::Open).await?;
    let downloads: HashMap<AssetId, u64> =
        table::downloads(query, &ids).await?.into_iter().collect();
    let changed: HashMap<AssetId, jiff::Timestamp> =
        table::changed_at(query, &ids).await?.into_iter().collect();
    Ok(assets
        .iter()
        .map(|asset| {
            let release = current.get(&asset.id);
            let changed_at = changed.get(&asset.id).copied().unwrap_or(asset.updated_at);
            Document {
                changed_at: changed_at.as_microsecond(),
                ..document(asset, release, downloads.get(&asset.id).copied().unwrap_or(0))
            }
        })
        .collect())
}

/// What is searched of an asset.
fn document(asset: &Asset, release: Option<&Release>, downloads: u64) -> Document {
    let entry = &asset.entry;
    let formats = match release {
        Some(release) => super::formats(release).into_iter().map(str::to_owned).collect(),
        None if entry.format.is_empty() => Vec::new(),
        None => vec![entry.format.clone()],
    };
    let has_data = release.is_some();
    Document {
        id: asset.id.to_string(),
        title_zh: entry.title.zh.clone(),
        title_en: entry.title.en.clone(),
        description: format!("{} {}", entry.summary.zh, entry.summary.en),
        body_name: asset.provider.clone(),
        body_key: super::provider_key(asset.body, &asset.provider),
        licence: super::licence_key(&entry.licence),
        changed_at: asset.updated_at.as_microsecond(),
        theme: entry.theme.clone(),
        division: entry.division.map(|code| code.to_string()).unwrap_or_default(),
        keywords: entry.keywords.clone(),
        formats,
        items: entry.items.iter().map(|item| item.name.clone()).collect(),
        opening: entry.opening.map(|opening| opening.code().to_owned()).unwrap_or_default(),
        kind: if has_data { "dataset" } else { "entry" }.to_owned(),
        updated_at: changed_at(asset),
        has_data,
        popularity: downloads,
    }
}

/// The second of the last change, by which the newest come first. What has no date of
/// its own is as old as can be: taking it over makes nothing new.
fn changed_at(asset: &Asset) -> i64 {
    match asset.dated() {
        Dated::Changed(at) | Dated::AtSource(at) => at.as_second(),
        Dated::TakenOver(_) => 0,
    }
}

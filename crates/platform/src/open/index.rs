//! The catalogue index follows the store: after a step commits, the asset's
//! document is written anew; the whole index is rebuilt with [`reindex`].

use law::Audience;
use search::Document;
use vocabulary::AssetId;

use super::table;
use crate::gate::release;
use crate::registry::{self, Asset, AssetState};
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
    let mut documents = Vec::with_capacity(assets.len());
    let mut gone = Vec::new();
    for asset in assets {
        if asset.state == AssetState::Published {
            documents.push(document(&mut reader, &asset).await?);
        } else {
            gone.push(asset.id.to_string());
        }
    }
    drop(reader);
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
        let mut documents = Vec::with_capacity(assets.len());
        for asset in &assets {
            documents.push(document(&mut reader, asset).await?);
        }
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

/// What is searched of an asset.
async fn document(query: &mut impl store::Query, asset: &Asset) -> Result<Document, Error> {
    let current = release::current(query, asset.id, Audience::Open).await?;
    let downloads = if current.is_some() { table::downloads(query, asset.id).await? } else { 0 };
    let entry = &asset.entry;
    let formats = match &current {
        Some(_) => ["csv", "xlsx", "json", "parquet"].map(str::to_owned).to_vec(),
        None if entry.format.is_empty() => Vec::new(),
        None => vec![entry.format.clone()],
    };
    Ok(Document {
        id: asset.id.to_string(),
        title_zh: entry.title.zh.clone(),
        title_en: entry.title.en.clone(),
        description: format!("{} {}", entry.summary.zh, entry.summary.en),
        body_name: asset.provider.clone(),
        theme: entry.theme.clone(),
        division: entry.division.map(|code| code.to_string()).unwrap_or_default(),
        keywords: entry.keywords.clone(),
        formats,
        items: entry.items.iter().map(|item| item.name.clone()).collect(),
        opening: entry.opening.map(|opening| opening.code().to_owned()).unwrap_or_default(),
        kind: if current.is_some() { "dataset" } else { "entry" }.to_owned(),
        updated_at: asset.updated_at.as_second(),
        has_data: current.is_some(),
        popularity: downloads,
    })
}

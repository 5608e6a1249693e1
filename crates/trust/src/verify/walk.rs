//! Walking the whole log: every entry, every tile, up to the signed root.

use super::{Fetch, FetchError, VerifyError};
use crate::log::merkle::{
    Growth, TILE_WIDTH, TileId, Tiles, TreeHash, consistency_spans, tile_width,
};
use crate::log::{Checkpoint, TilePath, checkpoint, proves_consistency};

/// What a walk has shown to be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Walked {
    /// The checkpoint that everything led to.
    pub checkpoint: Checkpoint,
    /// The signed note, to be kept for [`check_growth`].
    pub note: Vec<u8>,
    /// How many tiles of hashes were compared.
    pub tiles: u64,
}

/// Checks the whole log: the checkpoint's signature, every entry, every tile of
/// hashes, and that they lead to the signed root.
///
/// # Errors
///
/// Any [`VerifyError`]: the first thing that is wrong.
pub async fn walk(fetch: &impl Fetch, vkey: &str) -> Result<Walked, VerifyError> {
    walk_with(fetch, vkey, |_, _| {}).await
}

/// As [`walk`]; `on_entry` sees each entry with its place. What it saw is
/// trustworthy only when this returns without an error.
///
/// # Errors
///
/// As [`walk`].
pub async fn walk_with(
    fetch: &impl Fetch,
    vkey: &str,
    mut on_entry: impl FnMut(u64, &[u8]) + Send,
) -> Result<Walked, VerifyError> {
    let note = get(fetch, "checkpoint").await?;
    let checkpoint = checkpoint::open(&note, vkey)?;
    let mut tree = Growth::new();
    let mut tiles = 0;
    while tree.size() < checkpoint.size {
        let number = tree.size() / 256;
        let width = tile_width((0, number), checkpoint.size);
        let path = TilePath { level: None, number, width }.to_string();
        let bundle = get(fetch, &path).await?;
        let mut finished: Vec<(TileId, Vec<TreeHash>)> = Vec::new();
        let mut rest = bundle.as_slice();
        for _ in 0..width {
            let (entry, after) =
                split_entry(rest).ok_or_else(|| VerifyError::Form { path: path.clone() })?;
            on_entry(tree.size(), entry);
            tree.push(TreeHash::of_leaf(entry), &mut |tile, hashes| {
                finished.push((tile, hashes.to_vec()));
            });
            rest = after;
        }
        if !rest.is_empty() {
            return Err(VerifyError::Form { path });
        }
        for (tile, hashes) in finished {
            compare(fetch, tile, &hashes).await?;
            tiles += 1;
        }
    }
    for (tile, hashes) in tree.unfinished() {
        compare(fetch, tile, hashes).await?;
        tiles += 1;
    }
    if tree.root() != checkpoint.root {
        return Err(VerifyError::Root);
    }
    Ok(Walked { checkpoint, note, tiles })
}

/// Checks that the log of today begins with the log of `old_note`, a checkpoint
/// that was kept: nothing logged before was changed, removed or reordered.
///
/// # Errors
///
/// [`VerifyError::Shrunk`], [`VerifyError::SplitView`],
/// [`VerifyError::Rewritten`], and those of fetching and of the checkpoints.
pub async fn check_growth(
    fetch: &impl Fetch,
    vkey: &str,
    old_note: &[u8],
) -> Result<Checkpoint, VerifyError> {
    let old = checkpoint::open(old_note, vkey)?;
    let new = checkpoint::open(&get(fetch, "checkpoint").await?, vkey)?;
    if old.size > new.size {
        return Err(VerifyError::Shrunk { old: old.size, new: new.size });
    }
    if old.size == new.size {
        let same = old.root == new.root;
        return if same { Ok(new) } else { Err(VerifyError::SplitView { size: new.size }) };
    }
    let spans = consistency_spans(old.size, new.size);
    let mut tiles = Tiles::default();
    for tile in Tiles::needed(&spans) {
        tiles.0.insert(tile, get_tile(fetch, tile, tile_width(tile, new.size)).await?);
    }
    let rewritten = VerifyError::Rewritten { old: old.size, new: new.size };
    let proof = tiles.hashes(&spans).ok_or_else(|| rewritten.clone())?;
    if proves_consistency(old.size, old.root, new.size, new.root, &proof) {
        Ok(new)
    } else {
        Err(rewritten)
    }
}

async fn get(fetch: &impl Fetch, path: &str) -> Result<Vec<u8>, VerifyError> {
    fetch
        .get(path)
        .await
        .map_err(|reason: FetchError| VerifyError::Fetch { path: path.to_owned(), reason })
}

async fn get_tile(
    fetch: &impl Fetch,
    (level, number): TileId,
    width: usize,
) -> Result<Vec<TreeHash>, VerifyError> {
    let path = TilePath { level: Some(level), number, width }.to_string();
    let bytes = get(fetch, &path).await?;
    if bytes.len() != width * TreeHash::BYTES || width > TILE_WIDTH {
        return Err(VerifyError::Form { path });
    }
    let hashes = bytes.chunks_exact(TreeHash::BYTES).filter_map(|hash| hash.try_into().ok());
    Ok(hashes.map(TreeHash).collect())
}

async fn compare(fetch: &impl Fetch, tile: TileId, hashes: &[TreeHash]) -> Result<(), VerifyError> {
    let served = get_tile(fetch, tile, hashes.len()).await?;
    if served == hashes {
        return Ok(());
    }
    let (level, number) = tile;
    let path = TilePath { level: Some(level), number, width: hashes.len() }.to_string();
    Err(VerifyError::Tile { path })
}

/// The first entry of a bundle, and what follows it.
fn split_entry(bundle: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bundle.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

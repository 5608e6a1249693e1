//! SQL of the log: entries, tiles, checkpoints.

use jiff::Timestamp;
use store::{Error, FromRow, Query, Row, Tx, params};
use vocabulary::EntryId;

use super::merkle::{TILE_WIDTH, TileId, Tiles, TreeHash};

/// The newest checkpoint: size and signed note.
pub(super) async fn newest_checkpoint(
    query: &mut impl Query,
) -> Result<Option<(u64, String)>, Error> {
    query
        .optional("SELECT size, note FROM log_checkpoint ORDER BY size DESC LIMIT 1", params![])
        .await
}

pub(super) async fn newest_checkpoint_time(
    query: &mut impl Query,
) -> Result<Option<(String, Timestamp)>, Error> {
    query
        .optional("SELECT note, at FROM log_checkpoint ORDER BY size DESC LIMIT 1", params![])
        .await
}

pub(super) async fn position(query: &mut impl Query, entry: EntryId) -> Result<Option<u64>, Error> {
    let found: Option<Option<u64>> = query
        .optional("SELECT position FROM log_entry WHERE entry_id = $1", params![entry])
        .await?;
    Ok(found.flatten())
}

/// Leaves with their places, the highest first, below `before`.
pub(super) async fn places(
    query: &mut impl Query,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<(u64, String)>, Error> {
    query
        .all(
            "SELECT position, leaf FROM log_entry
              WHERE position IS NOT NULL AND ($1 IS NULL OR position < $1)
              ORDER BY position DESC LIMIT $2",
            params![before, limit],
        )
        .await
}

pub(super) async fn checkpoint_of_size(
    query: &mut impl Query,
    size: u64,
) -> Result<Option<String>, Error> {
    query.optional("SELECT note FROM log_checkpoint WHERE size = $1", params![size]).await
}

pub(super) async fn checkpoint_sizes(query: &mut impl Query) -> Result<Vec<u64>, Error> {
    query.all("SELECT size FROM log_checkpoint ORDER BY size", params![]).await
}

pub(super) async fn insert_checkpoint(
    tx: &mut Tx,
    size: u64,
    note: &str,
    at: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "INSERT INTO log_checkpoint (size, note, at) VALUES ($1, $2, $3)
         ON CONFLICT (size) DO NOTHING",
        params![size, note, at],
    )
    .await
}

/// Entries that wait to be sealed, the oldest first.
pub(super) async fn pending(
    query: &mut impl Query,
    limit: u32,
) -> Result<Vec<(EntryId, String)>, Error> {
    query
        .all(
            "SELECT entry_id, leaf FROM log_entry WHERE position IS NULL
              ORDER BY entry_id LIMIT $1",
            params![limit],
        )
        .await
}

pub(super) async fn pending_count(query: &mut impl Query) -> Result<u64, Error> {
    query.one("SELECT COUNT(*) FROM log_entry WHERE position IS NULL", params![]).await
}

/// Gives the entries the positions from `first` on; returns how many it changed.
/// One statement each: joined to a list of values, SQLite is ten times slower.
pub(super) async fn assign_positions(
    tx: &mut Tx,
    entries: &[(EntryId, String)],
    first: u64,
) -> Result<u64, Error> {
    let mut changed = 0;
    for (position, (entry, _)) in (first..).zip(entries) {
        changed += tx
            .execute(
                "UPDATE log_entry SET position = $2 WHERE entry_id = $1 AND position IS NULL",
                params![entry, position],
            )
            .await?;
    }
    Ok(changed)
}

/// Leaves from position `first` to before `end`.
pub(super) async fn leaves(
    query: &mut impl Query,
    first: u64,
    end: u64,
) -> Result<Vec<String>, Error> {
    query
        .all(
            "SELECT leaf FROM log_entry WHERE position >= $1 AND position < $2 ORDER BY position",
            params![first, end],
        )
        .await
}

pub(super) async fn tile(
    query: &mut impl Query,
    (level, number): TileId,
) -> Result<Option<Vec<TreeHash>>, Error> {
    let bytes: Option<Vec<u8>> = query
        .optional(
            "SELECT hashes FROM log_tile WHERE level = $1 AND number = $2",
            params![level, number],
        )
        .await?;
    Ok(bytes.map(|bytes| {
        bytes
            .chunks_exact(TreeHash::BYTES)
            .filter_map(|hash| hash.try_into().ok())
            .map(TreeHash)
            .collect()
    }))
}

pub(super) async fn tiles(
    query: &mut impl Query,
    ids: impl IntoIterator<Item = TileId>,
) -> Result<Tiles, Error> {
    let mut found = Tiles::default();
    for id in ids {
        if let Some(hashes) = tile(query, id).await? {
            found.0.insert(id, hashes);
        }
    }
    Ok(found)
}

pub(super) async fn save_tile(
    tx: &mut Tx,
    (level, number): TileId,
    hashes: &[TreeHash],
) -> Result<u64, Error> {
    let bytes: Vec<u8> = hashes.iter().take(TILE_WIDTH).flat_map(|hash| hash.0).collect();
    tx.execute(
        "INSERT INTO log_tile (level, number, width, hashes) VALUES ($1, $2, $3, $4)
         ON CONFLICT (level, number) DO UPDATE SET width = $3, hashes = $4
          WHERE log_tile.width < $3",
        params![level, number, hashes.len(), bytes],
    )
    .await
}

/// What a receipt is made of.
pub(super) struct Evidence {
    pub(super) leaf: String,
    pub(super) position: Option<u64>,
    pub(super) data: String,
    pub(super) salt: String,
}

impl FromRow for Evidence {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            leaf: row.get("leaf")?,
            position: row.get("position")?,
            data: row.get("data")?,
            salt: row.get("salt")?,
        })
    }
}

pub(super) async fn evidence(
    query: &mut impl Query,
    entry: EntryId,
) -> Result<Option<Evidence>, Error> {
    query
        .optional(
            "SELECT log_entry.leaf, log_entry.position, audit.data, audit.salt
               FROM log_entry JOIN audit ON audit.entry_id = log_entry.entry_id
              WHERE log_entry.entry_id = $1",
            params![entry],
        )
        .await
}

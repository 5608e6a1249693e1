//! The transparency log (透明日志): nothing that was logged can be changed,
//! removed or reordered without everyone seeing it.
//!
//! It has the form of C2SP tlog-tiles, so that software we did not write checks
//! it. An entry is written in the transaction of the change it speaks of, and
//! gets its place when it is sealed:
//!
//! ```text
//! audit::append ─▶ log_entry, without a position
//!                     │ seal: one server at a time, every entry within a second
//!                     ▼
//! positions, tiles and a signed checkpoint, in one transaction
//! ```
//!
//! A leaf is a commitment, never the record: `SM3(salt ‖ record)` and
//! `SHA-256(salt ‖ record)` with 32 random bytes of salt.
//!
//! Invariants:
//! - `an_entry_once_sealed_never_changes`
//! - `every_checkpoint_is_kept_and_consistent_with_the_next`
//! - `a_crash_between_append_and_seal_loses_nothing`
//! - `there_is_one_sealer_at_a_time`
//!
//! Start at [`Log::open`] and [`Log::run`]. Checking the log from outside is
//! [`crate::verify`].

pub mod checkpoint;
pub(crate) mod merkle;
mod path;
mod receipt;
mod table;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::Store;
use tokio::sync::Notify;
use vocabulary::{EntryId, ErrorKind};

pub use checkpoint::{Checkpoint, CheckpointError};
pub use merkle::{TreeHash, proves_consistency, proves_inclusion};
pub use path::{TilePath, TilePathError};
pub use receipt::{InclusionProof, InclusionProofError, Receipt};

use crate::audit::Leaf;
use crate::clock::Clock;
use crate::keys::{KeyError, Keyring};
use crate::secret;
use merkle::{Growth, TILE_WIDTH, Tiles, consistency_spans, inclusion_spans};

/// Says that an entry was appended in this process; its transaction may not be
/// committed yet, so the sealer waits a moment and looks again later anyway.
pub(crate) static APPENDED: Notify = Notify::const_new();

const LEASE_NAME: &str = "log.seal";
/// Short, because it only keeps servers out of each other's way: it is taken in
/// the transaction that seals, and the positions are unique. After a crash
/// another server goes on in this time.
const LEASE: SignedDuration = SignedDuration::from_secs(2);
/// Entries sealed in one transaction.
const MOST_ENTRIES: u32 = 4096;
/// How often the sealer looks for entries of other processes.
const LOOK: Duration = Duration::from_millis(500);
/// How long it gathers entries that come together.
const GATHER: Duration = Duration::from_millis(50);

/// Why the log could not be read or sealed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// No such entry.
    #[error("no such entry")]
    NotFound,
    /// The entry is not sealed yet; it will be within a second.
    #[error("the entry is not sealed yet")]
    NotSealed,
    /// The tables contradict each other.
    #[error("the log is damaged: {0}")]
    Damaged(&'static str),
    /// The keys cannot be used.
    #[error("the log cannot be signed")]
    Key(#[from] KeyError),
    /// The newest checkpoint is not signed by our key.
    #[error("the newest checkpoint is not ours")]
    Checkpoint(#[from] CheckpointError),
    /// The metadata store failed.
    #[error("the log could not be read or saved")]
    Store(#[from] store::Error),
}

impl LogError {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::NotSealed => ErrorKind::Unavailable,
            Self::Damaged(_) | Self::Checkpoint(_) => ErrorKind::Internal,
            Self::Key(source) => source.kind(),
            Self::Store(source) => source.kind(),
        }
    }
}

/// What one round of sealing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// So many entries got their place.
    Entries(u64),
    /// There was nothing to seal.
    Nothing,
    /// Another server seals.
    NotOurs,
}

/// The log as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogState {
    /// What the newest checkpoint says.
    pub checkpoint: Checkpoint,
    /// The signed note itself.
    pub note: String,
    /// When it was signed.
    pub sealed_at: Timestamp,
}

/// A sealed entry: its place and what its leaf says, which is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEntry {
    /// Its place in the log, from 0.
    pub index: u64,
    /// Its leaf.
    pub leaf: Leaf,
}

/// The transparency log. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    store: Store,
    keyring: Arc<Keyring>,
    holder: Arc<str>,
}

impl Log {
    /// Opens the log; a new one gets the signed checkpoint of the empty tree.
    ///
    /// # Errors
    ///
    /// [`LogError::Checkpoint`] if the newest checkpoint was signed by another
    /// key: then keys and database do not belong together, and sealing would
    /// fork the log.
    pub async fn open(
        store: Store,
        keyring: Arc<Keyring>,
        now: Timestamp,
    ) -> Result<Self, LogError> {
        let holder = hex::encode(secret::random::<8>().map_err(KeyError::from)?);
        let log = Self { store, keyring, holder: holder.into() };
        let newest = table::newest_checkpoint(&mut log.store.read().await?).await?;
        match newest {
            Some((_, note)) => {
                checkpoint::open(note.as_bytes(), log.keyring.vkey())?;
            }
            None => {
                let note = log.sign(0, TreeHash::of_nothing())?;
                let mut tx = log.store.begin().await?;
                table::insert_checkpoint(&mut tx, 0, &note, now).await?;
                tx.commit().await?;
            }
        }
        Ok(log)
    }

    /// The key with which the log is checked.
    pub fn vkey(&self) -> &str {
        self.keyring.vkey()
    }

    /// Seals until `stop` is ready; each entry within a second of its commit.
    /// Errors are logged and tried again.
    pub async fn run(&self, clock: Clock, stop: impl Future<Output = ()> + Send) {
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                () = APPENDED.notified() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(LOOK) => {}
            }
            if let Err(error) = self.seal_all(clock.now()).await {
                tracing::error!(error = &error as &dyn std::error::Error, "the log was not sealed");
            }
        }
        // What was appended last is sealed before the program ends.
        if let Err(error) = self.seal_all(clock.now()).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the log was not sealed");
        }
        if let Err(error) = store::lease::release(&self.store, LEASE_NAME, &self.holder).await {
            tracing::warn!(%error, "the sealing lease was not given back");
        }
    }

    /// Seals until nothing waits; returns how many entries were sealed.
    ///
    /// # Errors
    ///
    /// As [`Log::seal`].
    pub async fn seal_all(&self, now: Timestamp) -> Result<u64, LogError> {
        let mut sealed = 0;
        while let Sealed::Entries(count) = self.seal(now).await? {
            sealed += count;
        }
        Ok(sealed)
    }

    /// Gives waiting entries their place, in one transaction with the tiles and
    /// the signed checkpoint.
    ///
    /// # Errors
    ///
    /// [`LogError::Damaged`] if the tables contradict each other,
    /// [`LogError::Key`], [`LogError::Store`].
    pub async fn seal(&self, now: Timestamp) -> Result<Sealed, LogError> {
        // Looking costs no write: an idle server does not touch the disk.
        if table::pending_count(&mut self.store.read().await?).await? == 0 {
            return Ok(Sealed::Nothing);
        }
        match self.seal_now(now).await {
            // Another server took the lease in the same moment.
            Err(LogError::Store(store::Error::Stale)) => Ok(Sealed::NotOurs),
            outcome => outcome,
        }
    }

    async fn seal_now(&self, now: Timestamp) -> Result<Sealed, LogError> {
        let mut tx = self.store.begin().await?;
        if !store::lease::take_in(&mut tx, LEASE_NAME, &self.holder, now, LEASE).await? {
            return Ok(Sealed::NotOurs);
        }
        let (size, note) = table::newest_checkpoint(&mut tx)
            .await?
            .ok_or(LogError::Damaged("there is no checkpoint"))?;
        let pending = table::pending(&mut tx, MOST_ENTRIES).await?;
        if pending.is_empty() {
            return Ok(Sealed::Nothing);
        }
        let tiles = table::tiles(&mut tx, Growth::edge_of(size)).await?;
        let mut tree = Growth::resume(size, &tiles)
            .ok_or(LogError::Damaged("an unfinished tile is missing or too narrow"))?;
        // A tile that was changed behind our back must not be signed into a fork.
        if checkpoint::open(note.as_bytes(), self.keyring.vkey())?.root != tree.root() {
            return Err(LogError::Damaged("the tiles do not lead to the newest checkpoint"));
        }
        let mut finished = Vec::new();
        for (_, leaf) in &pending {
            tree.push(TreeHash::of_leaf(leaf.as_bytes()), &mut |tile, hashes| {
                finished.push((tile, hashes.to_vec()));
            });
        }
        let count = table::assign_positions(&mut tx, &pending, size).await?;
        if size.checked_add(count) != Some(tree.size()) {
            return Err(LogError::Store(store::Error::Stale));
        }
        for (tile, hashes) in &finished {
            table::save_tile(&mut tx, *tile, hashes).await?;
        }
        for (tile, hashes) in tree.unfinished() {
            table::save_tile(&mut tx, tile, hashes).await?;
        }
        let note = self.sign(tree.size(), tree.root())?;
        store::expect_one(table::insert_checkpoint(&mut tx, tree.size(), &note, now).await?)?;
        tx.commit().await?;
        Ok(Sealed::Entries(count))
    }

    fn sign(&self, size: u64, root: TreeHash) -> Result<String, LogError> {
        let checkpoint = Checkpoint { origin: self.keyring.origin().to_owned(), size, root };
        Ok(self.keyring.sign_note(&checkpoint.to_string())?)
    }

    /// The newest signed checkpoint, as it is served.
    ///
    /// # Errors
    ///
    /// [`LogError::Store`]; [`LogError::Damaged`] if there is none.
    pub async fn checkpoint(&self) -> Result<Vec<u8>, LogError> {
        let newest = table::newest_checkpoint(&mut self.store.read().await?).await?;
        let (_, note) = newest.ok_or(LogError::Damaged("there is no checkpoint"))?;
        Ok(note.into_bytes())
    }

    /// The log as it stands: what the newest checkpoint says, and since when.
    ///
    /// # Errors
    ///
    /// [`LogError::Store`]; [`LogError::Damaged`] if there is no checkpoint.
    pub async fn state(&self) -> Result<LogState, LogError> {
        let newest = table::newest_checkpoint_time(&mut self.store.read().await?).await?;
        let (note, sealed_at) = newest.ok_or(LogError::Damaged("there is no checkpoint"))?;
        let checkpoint = checkpoint::open(note.as_bytes(), self.keyring.vkey())?;
        Ok(LogState { checkpoint, note, sealed_at })
    }

    /// The place of an entry; `None` if it is unknown or not sealed yet.
    ///
    /// # Errors
    ///
    /// [`LogError::Store`].
    pub async fn index_of(&self, entry: EntryId) -> Result<Option<u64>, LogError> {
        Ok(table::position(&mut self.store.read().await?, entry).await?)
    }

    /// Sealed entries below the place `before` (or from the end), the newest
    /// first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`LogError::Store`]; [`LogError::Damaged`] if a leaf has another form.
    pub async fn entries(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<SealedEntry>, LogError> {
        let places = table::places(&mut self.store.read().await?, before, limit).await?;
        places
            .into_iter()
            .map(|(index, leaf)| {
                let leaf = serde_json::from_str(&leaf)
                    .map_err(|_| LogError::Damaged("a leaf has another form"))?;
                Ok(SealedEntry { index, leaf })
            })
            .collect()
    }

    /// The checkpoint of a size, if one was ever published.
    ///
    /// # Errors
    ///
    /// [`LogError::Store`].
    pub async fn checkpoint_of(&self, size: u64) -> Result<Option<Vec<u8>>, LogError> {
        let note = table::checkpoint_of_size(&mut self.store.read().await?, size).await?;
        Ok(note.map(String::into_bytes))
    }

    /// The sizes of all checkpoints ever published, rising.
    ///
    /// # Errors
    ///
    /// [`LogError::Store`].
    pub async fn checkpoint_sizes(&self) -> Result<Vec<u64>, LogError> {
        Ok(table::checkpoint_sizes(&mut self.store.read().await?).await?)
    }

    /// A tile or an entry bundle by its path, `tile/0/000.p/5`; `None` if the
    /// path is not the one spelling of a tile, or there is no such tile (yet).
    ///
    /// # Errors
    ///
    /// [`LogError::Store`].
    pub async fn tile(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        let Ok(path) = path.parse::<TilePath>() else { return Ok(None) };
        let mut reader = self.store.read().await?;
        if let Some(level) = path.level {
            let hashes = table::tile(&mut reader, (level, path.number)).await?;
            return Ok(hashes
                .and_then(|hashes| hashes.get(..path.width).map(<[TreeHash]>::to_vec))
                .map(|hashes| hashes.iter().flat_map(|hash| hash.0).collect()));
        }
        let Some(first) = path.number.checked_mul(256) else { return Ok(None) };
        let width = u64::try_from(path.width).unwrap_or(0);
        let Some(end) = first.checked_add(width).filter(|end| i64::try_from(*end).is_ok()) else {
            return Ok(None);
        };
        let leaves = table::leaves(&mut reader, first, end).await?;
        Ok((leaves.len() == path.width).then(|| bundle(&leaves)))
    }

    /// The receipt of an entry, with a proof to the newest checkpoint.
    ///
    /// # Errors
    ///
    /// [`LogError::NotFound`], [`LogError::NotSealed`], [`LogError::Damaged`],
    /// [`LogError::Store`].
    pub async fn receipt(&self, entry: EntryId) -> Result<Receipt, LogError> {
        let mut reader = self.store.read().await?;
        let evidence = table::evidence(&mut reader, entry).await?.ok_or(LogError::NotFound)?;
        let index = evidence.position.ok_or(LogError::NotSealed)?;
        let (size, checkpoint) = table::newest_checkpoint(&mut reader)
            .await?
            .ok_or(LogError::Damaged("there is no checkpoint"))?;
        let spans = inclusion_spans(index, size);
        let tiles = table::tiles(&mut reader, Tiles::needed(&spans)).await?;
        let hashes =
            tiles.hashes(&spans).ok_or(LogError::Damaged("a tile is missing or too narrow"))?;
        let proof = InclusionProof { index, hashes, checkpoint: checkpoint.clone() };
        Ok(Receipt {
            entry: evidence.leaf,
            salt: evidence.salt,
            body: evidence.data,
            index,
            proof: proof.to_string(),
            checkpoint,
        })
    }

    /// Proof that the log of size `old` is the beginning of the log of size
    /// `new`; `None` if it never had these sizes.
    ///
    /// # Errors
    ///
    /// [`LogError::Store`].
    pub async fn consistency_proof(
        &self,
        old: u64,
        new: u64,
    ) -> Result<Option<Vec<TreeHash>>, LogError> {
        let mut reader = self.store.read().await?;
        let newest = table::newest_checkpoint(&mut reader).await?;
        if old > new || newest.is_none_or(|(size, _)| new > size) {
            return Ok(None);
        }
        let spans = consistency_spans(old, new);
        let tiles = table::tiles(&mut reader, Tiles::needed(&spans)).await?;
        Ok(tiles.hashes(&spans))
    }
}

/// Entries as a bundle: each with its length in two bytes before it.
fn bundle(leaves: &[String]) -> Vec<u8> {
    debug_assert!(leaves.len() <= TILE_WIDTH);
    let mut bytes = Vec::new();
    for leaf in leaves {
        // `audit::append` makes no leaf that is longer.
        let length = u16::try_from(leaf.len()).unwrap_or(u16::MAX);
        bytes.extend(length.to_be_bytes());
        bytes.extend(leaf.as_bytes());
    }
    bytes
}

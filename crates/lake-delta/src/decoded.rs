//! Small tables kept decoded, so that a page of rows costs no plan and no file.
//!
//! They are answered by [`lake::evaluate`], which defines the right answer. Only a
//! version that fits is decoded; a table that turned out larger than its share is
//! remembered as such and left to the engine.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use lake::{LakeError, TablePath};
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;

use crate::error::storage;
use crate::plan::promised;
use crate::recent::Recent;
use crate::snapshot::Snapshot;

/// Largest table, in rows, that is tried.
const MOST_ROWS: u64 = 300_000;

type Key = (TablePath, u64);
/// `None`: decoded, it would be too large.
type Slot = Arc<OnceCell<Option<Arc<RecordBatch>>>>;

/// Decoded tables.
#[derive(Debug)]
pub(crate) struct Decoded {
    slots: Recent<Key, Slot>,
    most_bytes: usize,
}

impl Decoded {
    pub(crate) fn new(most_bytes: usize) -> Self {
        Self { slots: Recent::new(most_bytes), most_bytes }
    }

    /// The rows of a small table, with the row number in front; `None` if it is not small.
    pub(crate) async fn get(
        &self,
        snapshot: &Arc<Snapshot>,
        store: &Arc<dyn ObjectStore>,
        threads: &Handle,
    ) -> Result<Option<Arc<RecordBatch>>, LakeError> {
        let share = self.most_bytes / 2;
        // Parquet is smaller than memory, so this much can be told without decoding.
        let bytes = usize::try_from(snapshot.bytes).unwrap_or(usize::MAX);
        if snapshot.rows > MOST_ROWS || bytes > share {
            return Ok(None);
        }
        let key = (snapshot.table.clone(), snapshot.version);
        let slot = match self.slots.get(&key) {
            Some(slot) => slot,
            None => {
                let slot = Slot::default();
                self.slots.insert(key.clone(), Arc::clone(&slot), 0);
                slot
            }
        };
        let mut fresh = false;
        let rows = slot
            .get_or_try_init(|| {
                fresh = true;
                decode(snapshot, store, threads, share)
            })
            .await?
            .clone();
        if fresh {
            let weight = rows.as_ref().map_or(0, |rows| rows.get_array_memory_size());
            self.slots.insert(key, slot, weight);
        }
        Ok(rows)
    }

    pub(crate) fn forget(&self, table: &TablePath) {
        self.slots.forget(|(known, _)| known == table);
    }
}

async fn decode(
    snapshot: &Arc<Snapshot>,
    store: &Arc<dyn ObjectStore>,
    threads: &Handle,
    share: usize,
) -> Result<Option<Arc<RecordBatch>>, LakeError> {
    let mut files = Vec::new();
    for file in &snapshot.files {
        let read = async { store.get(&file.location).await?.bytes().await };
        files.push(read.await.map_err(|error| storage("read a data file", error))?);
    }
    let schema = Arc::clone(&snapshot.layout.full);
    let work = move || -> Result<Option<Arc<RecordBatch>>, LakeError> {
        let failed = |error| LakeError::failed("decode a data file", error);
        let mut batches = Vec::new();
        let mut size = 0_usize;
        for bytes in files {
            let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
                .map_err(|error| LakeError::failed("decode a data file", error))?
                .with_batch_size(32_768)
                .build()
                .map_err(|error| LakeError::failed("decode a data file", error))?;
            for batch in reader {
                let batch = promised(&batch.map_err(failed)?, &schema)?;
                size = size.saturating_add(batch.get_array_memory_size());
                if size > share {
                    return Ok(None);
                }
                batches.push(batch);
            }
        }
        let whole = concat_batches(&schema, &batches).map_err(failed)?;
        let fits = whole.get_array_memory_size() <= share;
        Ok(fits.then(|| Arc::new(whole)))
    };
    threads
        .spawn_blocking(work)
        .await
        .map_err(|error| LakeError::failed("decode a data file", error))?
}

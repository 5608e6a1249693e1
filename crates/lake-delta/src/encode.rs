//! Writes one Parquet file, its columns encoded on several threads.
//!
//! ```text
//!            ┌▶ lane 1: columns 0 2 5 ─┐ at the end of each
//! batches ───┤                         ├─ row group: chunks in column order ▶ upload
//!            └▶ lane 2: columns 1 3 4 ─┘
//! ```
//!
//! Rows keep their order, because every lane sees every batch in order. Columns are
//! dealt to lanes by the bytes that they took in the row group before.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, SchemaRef};
use bytes::Bytes;
use lake::{LakeError, ROW_COLUMN};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{ParquetMetaData, SortingColumn};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::storage;

/// Threads that encode.
const LANES: usize = 2;
/// Batches that may wait in front of a lane.
const WAITING: usize = 4;
/// Bytes of one part of an upload.
const PART_BYTES: usize = 8 << 20;
/// Parts that may be under way.
const PARTS: usize = 4;
/// Unencoded bytes at which a row group is closed, so that wide tables fit in memory.
const GROUP_BYTES: usize = 512 << 20;

/// How files are compressed.
fn properties() -> WriterProperties {
    let numbers = ColumnPath::from(ROW_COLUMN);
    WriterProperties::builder()
        .set_created_by("fenhe".to_owned())
        .set_compression(ZstdLevel::try_new(1).map_or(Compression::SNAPPY, Compression::ZSTD))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_data_page_row_count_limit(20_000)
        .set_write_batch_size(8_192)
        .set_column_dictionary_enabled(numbers.clone(), false)
        .set_column_encoding(numbers, Encoding::DELTA_BINARY_PACKED)
        .set_sorting_columns(Some(vec![SortingColumn {
            column_idx: 0,
            descending: false,
            nulls_first: false,
        }]))
        .build()
}

/// A finished file.
#[derive(Debug)]
pub(crate) struct Encoded {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    pub(crate) metadata: ParquetMetaData,
}

/// Bytes that the Parquet writer has made and that are not uploaded yet.
#[derive(Clone, Debug, Default)]
struct Outbox(Arc<Mutex<Vec<u8>>>);

impl Outbox {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Outbox {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One file under way.
pub(crate) struct FileEncoder {
    name: String,
    schema: SchemaRef,
    outbox: Outbox,
    file: SerializedFileWriter<Outbox>,
    factory: ArrowRowGroupWriterFactory,
    upload: Option<WriteMultipart>,
    lanes: Vec<Lane>,
    /// Relative work of each column.
    weights: Vec<u64>,
    group_rows: usize,
    rows_in_group: usize,
    bytes_in_group: usize,
    groups: usize,
    rows: u64,
    sent: u64,
}

/// One thread with some of the columns of a row group.
struct Lane {
    sender: mpsc::Sender<RecordBatch>,
    task: JoinHandle<ParquetResult<Vec<(usize, ArrowColumnChunk)>>>,
}

impl FileEncoder {
    pub(crate) async fn start(
        store: &Arc<dyn ObjectStore>,
        folder: &Path,
        name: String,
        schema: &SchemaRef,
        group_rows: usize,
    ) -> Result<Self, LakeError> {
        let failed = |error: ParquetError| LakeError::failed("start a data file", error);
        let outbox = Outbox::default();
        let writer = ArrowWriter::try_new(outbox.clone(), Arc::clone(schema), Some(properties()))
            .map_err(failed)?;
        let (file, factory) = writer.into_serialized_writer().map_err(failed)?;
        let upload = store
            .put_multipart(&folder.clone().join(name.as_str()))
            .await
            .map_err(|error| storage("start a data file", error))?;
        Ok(Self {
            name,
            schema: Arc::clone(schema),
            outbox,
            file,
            factory,
            upload: Some(WriteMultipart::new_with_chunk_size(upload, PART_BYTES)),
            lanes: Vec::new(),
            weights: schema.fields().iter().map(|field| first_weight(field.data_type())).collect(),
            group_rows: group_rows.max(1),
            rows_in_group: 0,
            bytes_in_group: 0,
            groups: 0,
            rows: 0,
            sent: 0,
        })
    }

    /// Bytes encoded so far.
    pub(crate) fn bytes(&self) -> u64 {
        u64::try_from(self.file.bytes_written()).unwrap_or(u64::MAX)
    }

    /// Whether the file stands between two row groups.
    pub(crate) fn is_between_groups(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Adds rows up to the end of the row group and returns how many it took.
    pub(crate) async fn write(&mut self, batch: &RecordBatch) -> Result<usize, LakeError> {
        if self.lanes.is_empty() {
            self.open_group()?;
        }
        let room = self.group_rows - self.rows_in_group;
        let part = batch.slice(0, room.min(batch.num_rows()));
        self.rows_in_group += part.num_rows();
        self.bytes_in_group += part
            .columns()
            .iter()
            .map(|column| column.to_data().get_slice_memory_size().unwrap_or(0))
            .sum::<usize>();
        let mut broken = false;
        for lane in &self.lanes {
            broken |= lane.sender.send(part.clone()).await.is_err();
        }
        // A lane that is gone says why when its group is closed.
        if broken || self.rows_in_group >= self.group_rows || self.bytes_in_group >= GROUP_BYTES {
            self.close_group().await?;
        }
        Ok(part.num_rows())
    }

    fn open_group(&mut self) -> Result<(), LakeError> {
        let writers = self
            .factory
            .create_column_writers(self.groups)
            .map_err(|error| LakeError::failed("start a row group", error))?;
        let mut hands: Vec<Vec<(usize, ArrowColumnWriter)>> = Vec::new();
        hands.resize_with(LANES, Vec::new);
        let lanes = deal(&self.weights, LANES);
        for (column, (writer, lane)) in writers.into_iter().zip(lanes).enumerate() {
            if let Some(hand) = hands.get_mut(lane) {
                hand.push((column, writer));
            }
        }
        for hand in hands.into_iter().filter(|hand| !hand.is_empty()) {
            let (sender, receiver) = mpsc::channel(WAITING);
            let schema = Arc::clone(&self.schema);
            let task = tokio::task::spawn_blocking(move || encode(receiver, hand, &schema));
            self.lanes.push(Lane { sender, task });
        }
        self.rows_in_group = 0;
        self.bytes_in_group = 0;
        Ok(())
    }

    async fn close_group(&mut self) -> Result<(), LakeError> {
        let failed = |error: ParquetError| LakeError::failed("write a row group", error);
        let mut chunks = Vec::with_capacity(self.weights.len());
        for Lane { sender, task } in std::mem::take(&mut self.lanes) {
            drop(sender);
            let lane = task.await.map_err(|error| LakeError::failed("write a row group", error))?;
            chunks.extend(lane.map_err(failed)?);
        }
        chunks.sort_by_key(|(column, _)| *column);
        let mut group = self.file.next_row_group().map_err(failed)?;
        for (column, chunk) in chunks {
            if let Some(weight) = self.weights.get_mut(column) {
                *weight = chunk.close().bytes_written.max(1);
            }
            chunk.append_to_row_group(&mut group).map_err(failed)?;
        }
        group.close().map_err(failed)?;
        self.groups += 1;
        self.rows += u64::try_from(self.rows_in_group).unwrap_or(u64::MAX);
        self.send().await
    }

    async fn send(&mut self) -> Result<(), LakeError> {
        let bytes = self.outbox.take();
        self.sent += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if let Some(upload) = &mut self.upload {
            upload
                .wait_for_capacity(PARTS)
                .await
                .map_err(|error| storage("write a data file", error))?;
            upload.put(Bytes::from(bytes));
        }
        Ok(())
    }

    /// Completes the file durably.
    pub(crate) async fn finish(mut self) -> Result<Encoded, LakeError> {
        if !self.lanes.is_empty() {
            self.close_group().await?;
        }
        let metadata =
            self.file.finish().map_err(|error| LakeError::failed("finish a data file", error))?;
        self.send().await?;
        if let Some(upload) = self.upload.take() {
            upload.finish().await.map_err(|error| storage("finish a data file", error))?;
        }
        Ok(Encoded { name: self.name, bytes: self.sent, rows: self.rows, metadata })
    }

    /// Throws the file away.
    pub(crate) async fn abort(mut self) {
        self.lanes.clear();
        if let Some(upload) = self.upload.take()
            && let Err(error) = upload.abort().await
        {
            tracing::debug!(%error, "an aborted upload left a staged file");
        }
    }
}

/// Encodes some columns until the batches end.
fn encode(
    mut batches: mpsc::Receiver<RecordBatch>,
    mut columns: Vec<(usize, ArrowColumnWriter)>,
    schema: &SchemaRef,
) -> ParquetResult<Vec<(usize, ArrowColumnChunk)>> {
    while let Some(batch) = batches.blocking_recv() {
        for (number, writer) in &mut columns {
            let (Some(array), Some(field)) =
                (batch.columns().get(*number), schema.fields().get(*number))
            else {
                return Err(ParquetError::General("a batch lacks a column".into()));
            };
            for leaf in compute_leaves(field, array)? {
                writer.write(&leaf)?;
            }
        }
    }
    columns.into_iter().map(|(number, writer)| Ok((number, writer.close()?))).collect()
}

/// Gives each column, the heaviest first, to the lane with the least work.
fn deal(weights: &[u64], lanes: usize) -> Vec<usize> {
    let mut order: Vec<(usize, u64)> = weights.iter().copied().enumerate().collect();
    order.sort_by_key(|(column, weight)| (std::cmp::Reverse(*weight), *column));
    let mut loads = vec![0_u64; lanes.max(1)];
    let mut dealt = vec![0; weights.len()];
    for (column, weight) in order {
        let lightest = loads.iter().enumerate().min_by_key(|(_, load)| **load);
        let lane = lightest.map_or(0, |(lane, _)| lane);
        if let (Some(load), Some(slot)) = (loads.get_mut(lane), dealt.get_mut(column)) {
            *load += weight + 1;
            *slot = lane;
        }
    }
    dealt
}

fn first_weight(kind: &DataType) -> u64 {
    match kind {
        DataType::Utf8 | DataType::Binary => 4,
        DataType::Boolean => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_dealt_evenly() {
        assert_eq!(deal(&[10, 1, 9, 1], 2), [0, 1, 1, 0]);
        assert_eq!(deal(&[], 2), Vec::<usize>::new());
        assert_eq!(deal(&[5], 2), [0]);
    }
}

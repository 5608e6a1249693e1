//! A lake in memory, for the tests of areas.
//!
//! It answers as `lake-delta` does (one test suite runs on both), keeps nothing
//! over a restart, and offers neither SQL nor files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use futures::{StreamExt, stream};
use jiff::Timestamp;

use crate::error::{LakeError, LimitKind};
use crate::evaluate;
use crate::filter::Filter;
use crate::path::TablePath;
use crate::port::{
    BatchStream, ByteStream, CheckReport, CommitInfo, Committed, Lake, SqlAnswer, TableFile,
    TableWriter,
};
use crate::query::{GroupQuery, QueryLimits, RowQuery};
use crate::schema::{numbered, stored_schema, with_row_column};

/// Rows of a batch in an answer.
const BATCH_ROWS: usize = 8_192;

/// Tables in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryLake {
    tables: Arc<Mutex<BTreeMap<TablePath, Vec<Version>>>>,
}

#[derive(Clone, Debug)]
struct Version {
    schema: SchemaRef,
    rows: RecordBatch,
}

impl MemoryLake {
    /// A lake without tables.
    pub fn new() -> Self {
        Self::default()
    }

    fn tables(&self) -> MutexGuard<'_, BTreeMap<TablePath, Vec<Version>>> {
        // A panic elsewhere leaves the map whole: every change is one insertion.
        self.tables.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn version(&self, table: &TablePath, wanted: Option<u64>) -> Result<(u64, Version), LakeError> {
        let tables = self.tables();
        let versions =
            tables.get(table).ok_or_else(|| LakeError::NoTable { table: table.clone() })?;
        let number = wanted.unwrap_or(count(versions.len()).saturating_sub(1));
        usize::try_from(number)
            .ok()
            .and_then(|place| versions.get(place))
            .map(|version| (number, version.clone()))
            .ok_or_else(|| LakeError::NoVersion { table: table.clone(), version: number })
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[async_trait]
impl Lake for MemoryLake {
    async fn writer(
        &self,
        table: &TablePath,
        schema: SchemaRef,
    ) -> Result<Box<dyn TableWriter>, LakeError> {
        let stored = stored_schema(&schema)?;
        let base = self.tables().get(table).map_or(0, Vec::len);
        Ok(Box::new(MemoryWriter {
            lake: self.clone(),
            table: table.clone(),
            base,
            full: with_row_column(&stored),
            stored,
            batches: Vec::new(),
            rows: 0,
        }))
    }

    async fn latest(&self, table: &TablePath) -> Result<u64, LakeError> {
        Ok(self.version(table, None)?.0)
    }

    async fn schema(
        &self,
        table: &TablePath,
        version: Option<u64>,
    ) -> Result<SchemaRef, LakeError> {
        Ok(self.version(table, version)?.1.schema)
    }

    async fn rows(
        &self,
        table: &TablePath,
        version: Option<u64>,
        query: &RowQuery,
        limits: &QueryLimits,
    ) -> Result<BatchStream, LakeError> {
        let (number, version) = self.version(table, version)?;
        let resolved = query.resolve(table, number, &version.schema)?;
        let rows = evaluate::rows(&version.rows, &resolved)?;
        let allowed = usize::try_from(limits.rows).unwrap_or(usize::MAX);
        let kept = rows.slice(0, rows.num_rows().min(allowed));
        let mut answer: Vec<Result<RecordBatch, LakeError>> = (0..kept.num_rows())
            .step_by(BATCH_ROWS)
            .map(|at| Ok(kept.slice(at, BATCH_ROWS.min(kept.num_rows() - at))))
            .collect();
        if rows.num_rows() > allowed {
            answer.push(Err(LakeError::Limit { kind: LimitKind::Rows }));
        }
        Ok(stream::iter(answer).boxed())
    }

    async fn count(
        &self,
        table: &TablePath,
        version: Option<u64>,
        filter: Option<&Filter>,
        _limits: &QueryLimits,
    ) -> Result<u64, LakeError> {
        let (_, version) = self.version(table, version)?;
        let condition = match filter {
            Some(filter) => Some(filter.check(&with_row_column(&version.schema))?),
            None => None,
        };
        evaluate::count(&version.rows, condition.as_ref())
    }

    async fn group(
        &self,
        table: &TablePath,
        version: Option<u64>,
        query: &GroupQuery,
        limits: &QueryLimits,
    ) -> Result<RecordBatch, LakeError> {
        let (_, version) = self.version(table, version)?;
        let groups = evaluate::group::group(&version.rows, &query.resolve(&version.schema)?)?;
        if count(groups.num_rows()) > limits.rows {
            return Err(LakeError::Limit { kind: LimitKind::Rows });
        }
        Ok(groups)
    }

    async fn sql_tables(
        &self,
        _sql: &str,
        _limits: &QueryLimits,
    ) -> Result<Vec<String>, LakeError> {
        Err(LakeError::NotOffered { operation: "SQL" })
    }

    async fn sql(
        &self,
        _tables: &[(String, TablePath, Option<u64>)],
        _sql: &str,
        _limits: &QueryLimits,
    ) -> Result<SqlAnswer, LakeError> {
        Err(LakeError::NotOffered { operation: "SQL" })
    }

    async fn files(
        &self,
        table: &TablePath,
        version: Option<u64>,
    ) -> Result<Vec<TableFile>, LakeError> {
        self.version(table, version)?;
        Err(LakeError::NotOffered { operation: "files" })
    }

    async fn open_file(
        &self,
        _table: &TablePath,
        _path: &str,
        _range: Option<Range<u64>>,
    ) -> Result<ByteStream, LakeError> {
        Err(LakeError::NotOffered { operation: "files" })
    }

    async fn drop_table(&self, table: &TablePath) -> Result<(), LakeError> {
        self.tables().remove(table);
        Ok(())
    }

    async fn tables(&self) -> Result<Vec<TablePath>, LakeError> {
        Ok(Self::tables(self).keys().cloned().collect())
    }

    async fn check(&self, table: &TablePath) -> Result<CheckReport, LakeError> {
        let (number, version) = self.version(table, None)?;
        Ok(CheckReport {
            version: number,
            files: 0,
            rows: count(version.rows.num_rows()),
            bytes: 0,
            problems: Vec::new(),
            orphans: Vec::new(),
        })
    }

    async fn vacuum(&self, _table: &TablePath, _cutoff: Timestamp) -> Result<u64, LakeError> {
        Ok(0)
    }
}

struct MemoryWriter {
    lake: MemoryLake,
    table: TablePath,
    base: usize,
    stored: SchemaRef,
    full: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: usize,
}

#[async_trait]
impl TableWriter for MemoryWriter {
    async fn write(&mut self, batch: RecordBatch) -> Result<(), LakeError> {
        let first = i64::try_from(self.rows).unwrap_or(i64::MAX);
        let batch = numbered(&batch, &self.stored, &self.full, first)?;
        self.rows += batch.num_rows();
        self.batches.push(batch);
        Ok(())
    }

    async fn commit(self: Box<Self>, _info: CommitInfo) -> Result<Committed, LakeError> {
        let rows = concat_batches(&self.full, &self.batches)
            .map_err(|error| LakeError::failed("join the batches of a table", error))?;
        let mut tables = self.lake.tables();
        let versions = tables.entry(self.table.clone()).or_default();
        if versions.len() != self.base {
            return Err(LakeError::Conflict { table: self.table });
        }
        versions.push(Version { schema: self.stored, rows });
        Ok(Committed { version: count(self.base), rows: count(self.rows), bytes: 0, files: 0 })
    }

    async fn abort(self: Box<Self>) {}
}

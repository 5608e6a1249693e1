//! A version of a table as DataFusion sees it: Parquet files in the order of their rows.

use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result, ScalarValue, Statistics};
use datafusion::config::TableParquetOptions;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::Expr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use lake::ROW_COLUMN;

use crate::snapshot::{DataFile, Snapshot};

/// The files of one version, under stored names, the row number first.
#[derive(Debug)]
pub(crate) struct SnapshotTable {
    snapshot: Arc<Snapshot>,
    url: ObjectStoreUrl,
    reader: Arc<dyn ParquetFileReaderFactory>,
    schema: SchemaRef,
    reading: Reading,
}

/// How a table is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// In the order of the rows, in one stream, so that a limit stops early.
    pub(crate) natural: bool,
    /// Text and binary as views, which a join repeats without repeating the text.
    pub(crate) in_views: bool,
}

impl SnapshotTable {
    pub(crate) fn new(
        snapshot: Arc<Snapshot>,
        url: ObjectStoreUrl,
        reader: Arc<dyn ParquetFileReaderFactory>,
        reading: Reading,
    ) -> Self {
        let queried = &snapshot.layout.queried;
        let schema = if reading.in_views { with_views(queried) } else { Arc::clone(queried) };
        Self { snapshot, url, reader, schema, reading }
    }

    fn columns(&self) -> usize {
        self.snapshot.layout.queried.fields().len()
    }

    /// Row numbers are dense, so their statistics are known without reading.
    fn statistics_of(&self, rows: u64, bytes: u64, first: i64) -> Statistics {
        let last = first.saturating_add(i64::try_from(rows).unwrap_or(i64::MAX)) - 1;
        let mut columns = vec![ColumnStatistics::new_unknown(); self.columns()];
        if let Some(numbers) = columns.first_mut().filter(|_| rows > 0) {
            numbers.null_count = Precision::Exact(0);
            numbers.min_value = Precision::Exact(ScalarValue::Int64(Some(first)));
            numbers.max_value = Precision::Exact(ScalarValue::Int64(Some(last)));
        }
        let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Statistics {
            num_rows: Precision::Exact(number(rows)),
            total_byte_size: Precision::Inexact(number(bytes)),
            column_statistics: columns,
        }
    }

    fn part(&self, file: &DataFile) -> PartitionedFile {
        let statistics = self.statistics_of(file.rows, file.bytes, file.first);
        let mut part = PartitionedFile::new(String::new(), file.bytes);
        part.object_meta.location = file.location.clone();
        part.with_statistics(Arc::new(statistics))
    }

    fn groups(&self, partitions: usize) -> Vec<FileGroup> {
        let files = &self.snapshot.files;
        let wanted = if self.reading.natural { 1 } else { partitions.clamp(1, files.len().max(1)) };
        if files.is_empty() {
            // The engine wants at least one stream, even if nothing flows in it.
            return vec![FileGroup::new(Vec::new())];
        }
        let size = files.len().div_ceil(wanted).max(1);
        files
            .chunks(size)
            .map(|chunk| FileGroup::new(chunk.iter().map(|file| self.part(file)).collect()))
            .collect()
    }
}

/// The same columns, text and binary as views.
fn with_views(schema: &Schema) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let kind = match field.data_type() {
            DataType::Utf8 => DataType::Utf8View,
            DataType::Binary => DataType::BinaryView,
            other => other.clone(),
        };
        field.as_ref().clone().with_data_type(kind)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

#[async_trait]
impl TableProvider for SnapshotTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let options = TableParquetOptions {
            global: session.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        let source = ParquetSource::new(Arc::clone(&self.schema))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::clone(&self.reader));
        let by_row = PhysicalSortExpr::new(
            Arc::new(Column::new(ROW_COLUMN, 0)),
            SortOptions { descending: false, nulls_first: false },
        );
        let partitions = session.config_options().execution.target_partitions;
        let all = self.statistics_of(self.snapshot.rows, self.snapshot.bytes, 0);
        let config = FileScanConfigBuilder::new(self.url.clone(), Arc::new(source))
            .with_file_groups(self.groups(partitions))
            .with_statistics(all)
            .with_output_ordering(LexOrdering::new([by_row]).into_iter().collect())
            .with_preserve_order(self.reading.natural)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics_of(self.snapshot.rows, self.snapshot.bytes, 0))
    }
}

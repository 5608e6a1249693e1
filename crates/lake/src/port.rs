//! The traits that an adapter implements, and the plain values they pass.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use jiff::Timestamp;

use crate::cursor::Cursor;
use crate::error::LakeError;
use crate::filter::Filter;
use crate::path::TablePath;
use crate::query::{GroupQuery, QueryLimits, RowQuery};
use crate::schema::ROW_COLUMN;

/// Batches of rows, in the order that was asked for.
pub type BatchStream = Pin<Box<dyn Stream<Item = Result<RecordBatch, LakeError>> + Send>>;

/// The bytes of a file, in order.
pub type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, LakeError>> + Send>>;

/// Tables with versions.
///
/// In every method `version: None` means the newest version.
#[async_trait]
pub trait Lake: Send + Sync + 'static {
    /// Starts a new version of `table` that will replace its content.
    ///
    /// Creates the table with the first commit. The stored types are those of
    /// [`crate::schema::stored_schema`]. A writer that is dropped leaves nothing visible.
    ///
    /// # Errors
    ///
    /// [`LakeError::Schema`] if a column cannot be stored.
    async fn writer(
        &self,
        table: &TablePath,
        schema: SchemaRef,
    ) -> Result<Box<dyn TableWriter>, LakeError>;

    /// The number of the newest version.
    ///
    /// # Errors
    ///
    /// [`LakeError::NoTable`] if nothing was ever committed.
    async fn latest(&self, table: &TablePath) -> Result<u64, LakeError>;

    /// The columns of a version, without the row number.
    ///
    /// # Errors
    ///
    /// [`LakeError::NoTable`], [`LakeError::NoVersion`].
    async fn schema(&self, table: &TablePath, version: Option<u64>)
    -> Result<SchemaRef, LakeError>;

    /// Rows that fit `query`, in its order, ties in the order of writing.
    ///
    /// # Errors
    ///
    /// Errors of the query at once; limits also in the stream.
    async fn rows(
        &self,
        table: &TablePath,
        version: Option<u64>,
        query: &RowQuery,
        limits: &QueryLimits,
    ) -> Result<BatchStream, LakeError>;

    /// How many rows fit `filter`.
    ///
    /// # Errors
    ///
    /// Errors of the filter, and limits.
    async fn count(
        &self,
        table: &TablePath,
        version: Option<u64>,
        filter: Option<&Filter>,
        limits: &QueryLimits,
    ) -> Result<u64, LakeError>;

    /// Measures for each group, ordered by the group's values.
    ///
    /// # Errors
    ///
    /// Errors of the query, and limits.
    async fn group(
        &self,
        table: &TablePath,
        version: Option<u64>,
        query: &GroupQuery,
        limits: &QueryLimits,
    ) -> Result<RecordBatch, LakeError>;

    /// The names of the tables that a statement reads, found without running it; sorted,
    /// each once.
    ///
    /// # Errors
    ///
    /// [`LakeError::Sql`] for a wrong or forbidden statement; limits.
    async fn sql_tables(&self, sql: &str, limits: &QueryLimits) -> Result<Vec<String>, LakeError>;

    /// The answer of one `SELECT` over the given tables, each under its alias.
    ///
    /// Nothing else can be reached: no file, no setting, no change. What is let through is
    /// what is known to end within the limits; everything else is refused before it is
    /// planned. The statement is planned when this returns.
    ///
    /// # Errors
    ///
    /// [`LakeError::Sql`] for a wrong or forbidden statement, and limits. The limit of rows
    /// comes in the stream, behind the rows that it allows.
    async fn sql(
        &self,
        tables: &[(String, TablePath, Option<u64>)],
        sql: &str,
        limits: &QueryLimits,
    ) -> Result<SqlAnswer, LakeError>;

    /// The data files of a version, in the order of their rows.
    ///
    /// # Errors
    ///
    /// [`LakeError::NoTable`], [`LakeError::NoVersion`].
    async fn files(
        &self,
        table: &TablePath,
        version: Option<u64>,
    ) -> Result<Vec<TableFile>, LakeError>;

    /// The bytes of one of [`Lake::files`], or a part of them.
    ///
    /// # Errors
    ///
    /// [`LakeError::NoFile`] if the table has no such data file.
    async fn open_file(
        &self,
        table: &TablePath,
        path: &str,
        range: Option<Range<u64>>,
    ) -> Result<ByteStream, LakeError>;

    /// Removes a table with all its versions. Removing nothing is no error.
    ///
    /// # Errors
    ///
    /// Failures of the storage.
    async fn drop_table(&self, table: &TablePath) -> Result<(), LakeError>;

    /// Every table, sorted.
    ///
    /// # Errors
    ///
    /// Failures of the storage.
    async fn tables(&self) -> Result<Vec<TablePath>, LakeError>;

    /// Looks whether everything that the newest version needs is there and agrees.
    ///
    /// # Errors
    ///
    /// Only if the check itself could not run. What it finds is in the report.
    async fn check(&self, table: &TablePath) -> Result<CheckReport, LakeError>;

    /// Removes files that no version refers to and that are older than `cutoff`.
    /// Returns how many.
    ///
    /// The cutoff protects writers that have not committed yet: keep it longer
    /// ago than the longest upload.
    ///
    /// # Errors
    ///
    /// Failures of the storage.
    async fn vacuum(&self, table: &TablePath, cutoff: Timestamp) -> Result<u64, LakeError>;

    /// One page of rows and the cursor of the next.
    ///
    /// `query.limit` is the size of the page and must be given.
    ///
    /// # Errors
    ///
    /// Those of [`Lake::rows`].
    async fn page(
        &self,
        table: &TablePath,
        version: Option<u64>,
        query: &RowQuery,
        limits: &QueryLimits,
    ) -> Result<Page, LakeError> {
        page(self, table, version, query, limits).await
    }
}

/// Writes one new version of a table.
#[async_trait]
pub trait TableWriter: Send {
    /// Adds rows. Rows keep the order in which they are written.
    ///
    /// # Errors
    ///
    /// [`LakeError::Schema`] if the columns differ from those that were announced,
    /// [`LakeError::Value`] if a value does not fit, and failures of the storage.
    async fn write(&mut self, batch: RecordBatch) -> Result<(), LakeError>;

    /// Makes everything that was written visible, at once and durably.
    ///
    /// # Errors
    ///
    /// [`LakeError::Conflict`] if another writer committed since this one began;
    /// nothing is visible then.
    async fn commit(self: Box<Self>, info: CommitInfo) -> Result<Committed, LakeError>;

    /// Throws away everything that was written.
    async fn abort(self: Box<Self>);
}

/// Who made a version, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// The account or job that writes.
    pub author: String,
    /// The use case, for example `ingest`.
    pub operation: String,
    /// When.
    pub at: Timestamp,
}

/// What a commit made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The number of the new version.
    pub version: u64,
    /// Its rows.
    pub rows: u64,
    /// The size of its files.
    pub bytes: u64,
    /// The number of its files.
    pub files: u64,
}

/// The answer of a statement.
pub struct SqlAnswer {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows.
    pub batches: BatchStream,
    /// What it has read so far.
    pub meter: Meter,
}

impl fmt::Debug for SqlAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqlAnswer").field("schema", &self.schema).finish_non_exhaustive()
    }
}

/// What was read from the files of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Rows that were looked at; rows that statistics ruled out are not among them.
    pub rows: u64,
    /// Bytes, as they are stored.
    pub bytes: u64,
}

/// Counts while a statement runs, and tells it whenever it is asked.
#[derive(Clone)]
pub struct Meter(Arc<dyn Fn() -> Scanned + Send + Sync>);

impl Meter {
    /// A meter that reads with `read`.
    pub fn new(read: impl Fn() -> Scanned + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// What was read so far.
    pub fn read(&self) -> Scanned {
        (self.0)()
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Meter").field(&self.read()).finish()
    }
}

/// A data file of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFile {
    /// Its name inside the table.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
}

/// What [`Lake::check`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// The newest version.
    pub version: u64,
    /// Its files.
    pub files: u64,
    /// Its rows.
    pub rows: u64,
    /// The size of its files.
    pub bytes: u64,
    /// What is wrong. Empty: the table is sound.
    pub problems: Vec<CheckProblem>,
    /// Files that no version refers to: left by writers that were killed.
    pub orphans: Vec<Orphan>,
}

/// One thing that is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckProblem {
    /// The log cannot be read.
    Log(String),
    /// A file is missing.
    Missing(String),
    /// A file has another size than the log says: path, expected, found.
    Size(String, u64, u64),
    /// A file has another number of rows than the log says: path, expected, found.
    Rows(String, u64, u64),
    /// A file cannot be read: path, reason.
    Unreadable(String, String),
}

/// A file that belongs to no version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Its name inside the table.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// One page of rows.
#[derive(Clone, Debug)]
pub struct Page {
    /// The version that the rows are of.
    pub version: u64,
    /// The rows, with the columns that were selected.
    pub rows: RecordBatch,
    /// Where the next page begins; absent on the last page.
    pub next: Option<Cursor>,
}

/// [`Lake::page`], over [`Lake::rows`]: asks for one row more than the page, and
/// for the columns that the cursor needs.
async fn page<L: Lake + ?Sized>(
    lake: &L,
    table: &TablePath,
    version: Option<u64>,
    query: &RowQuery,
    limits: &QueryLimits,
) -> Result<Page, LakeError> {
    let Some(size) = query.limit else {
        return Err(LakeError::query("分页查询须给出每页行数", "a page needs a limit"));
    };
    let version = match (version, query.after.as_ref()) {
        (Some(version), _) => version,
        // The following pages stay in the version of the first.
        (None, Some(cursor)) => cursor.version(),
        (None, None) => lake.latest(table).await?,
    };
    let schema = lake.schema(table, Some(version)).await?;
    let shown = query.shown_columns(&schema)?;
    let mut wide = query.clone();
    let mut select = shown.clone();
    for order in &query.order {
        if order.column != ROW_COLUMN && !select.contains(&order.column) {
            select.push(order.column.clone());
        }
    }
    wide.select = Some(select);
    wide.row_key = true;
    wide.limit = Some(size.saturating_add(1));
    let mut room = *limits;
    room.rows = room.rows.saturating_add(1);
    let mut stream = lake.rows(table, Some(version), &wide, &room).await?;
    let mut batches = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        batches.push(batch);
    }
    let batch_schema = match batches.first() {
        Some(batch) => batch.schema(),
        None => wide.output_schema(&schema)?,
    };
    let all = concat_batches(&batch_schema, &batches)
        .map_err(|error| LakeError::failed("join the batches of a page", error))?;
    let page_rows = usize::try_from(size).unwrap_or(usize::MAX).min(all.num_rows());
    let next = if all.num_rows() > page_rows && page_rows > 0 {
        Some(Cursor::after(table, version, query, &all, page_rows - 1)?)
    } else {
        None
    };
    let mut kept: Vec<usize> = Vec::with_capacity(shown.len() + 1);
    if query.row_key {
        kept.push(0);
    }
    kept.extend((0..shown.len()).map(|place| place + 1));
    let rows = all
        .slice(0, page_rows)
        .project(&kept)
        .map_err(|error| LakeError::failed("cut the columns of a page", error))?;
    debug_assert!(rows.columns().iter().all(|column| column.len() == page_rows));
    Ok(Page { version, rows, next })
}

//! The lake over Delta tables.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use lake::query::{Resolved, ResolvedGroup};
use lake::schema::stored_schema;
use lake::{
    BatchStream, ByteStream, CheckReport, Filter, GroupQuery, Lake, LakeError, LimitKind,
    QueryLimits, RowQuery, SqlAnswer, TableFile, TablePath, TableWriter, evaluate,
};
use object_store::{GetOptions, ObjectStore, ObjectStoreExt};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::apart::Apart;
use crate::decoded::Decoded;
use crate::durable::DurableStore;
use crate::engine::{Engine, Whose};
use crate::error::{Asked, engine, storage};
use crate::layout::Layout;
use crate::location::{Location, Place};
use crate::recent::Recent;
use crate::settings::Settings;
use crate::snapshot::{Snapshot, has_version, log_folder, versions};
use crate::writer::DeltaWriter;
use crate::{check, plan};

/// Snapshots that are kept.
const SNAPSHOTS: usize = 1_024;
/// Rows of a batch in an answer.
const BATCH_ROWS: usize = 8_192;
/// Where dropped tables wait to be removed. No table can have this name.
const TRASH: &str = ".trash";

/// Tables in Delta Lake format, queried by DataFusion.
///
/// Cheap to clone; all clones share caches and limits.
#[derive(Clone, Debug)]
pub struct DeltaLake {
    pub(crate) shared: Arc<Shared>,
}

/// What all clones of a lake share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) place: Place,
    pub(crate) settings: Settings,
    engine: Engine,
    /// For statements that anyone may write, where they run in this process.
    sql: Engine,
    /// Runs them in processes of their own.
    apart: Option<Arc<Apart>>,
    snapshots: Recent<(TablePath, u64), Arc<Snapshot>>,
    /// Versions that are known to exist; newer ones may.
    newest: Mutex<HashMap<TablePath, u64>>,
    decoded: Decoded,
    /// Groups of versions, which never change: charts are asked for again and again.
    groups: Recent<(TablePath, u64, String), RecordBatch>,
}

impl DeltaLake {
    /// Opens a lake with the usual settings.
    ///
    /// # Errors
    ///
    /// [`LakeError::Failed`] if the location cannot be used.
    pub fn open(location: Location) -> Result<Self, LakeError> {
        Self::with_settings(location, Settings::default())
    }

    /// Opens a lake.
    ///
    /// # Errors
    ///
    /// [`LakeError::Failed`] if the location cannot be used.
    pub fn with_settings(location: Location, settings: Settings) -> Result<Self, LakeError> {
        let place = Place::open(location.clone())?;
        if let Some((_, folder)) = &place.folder {
            // Tables that were dropped when the process ended.
            drop(std::fs::remove_dir_all(folder.join(TRASH)));
        }
        Self::at(place, location, settings)
    }

    /// Opens a lake to read it beside the process that has it.
    pub(crate) fn beside(location: Location, settings: Settings) -> Result<Self, LakeError> {
        Self::at(Place::open(location.clone())?, location, settings)
    }

    fn at(place: Place, location: Location, settings: Settings) -> Result<Self, LakeError> {
        let engine = Engine::new(Arc::clone(&place.store), &settings, Whose::Ours)?;
        let sql = Engine::new(Arc::clone(&place.store), &settings, Whose::Anyones)?;
        let decoded = Decoded::new(settings.decoded_bytes);
        let newest = Mutex::new(HashMap::new());
        let snapshots = Recent::new(SNAPSHOTS);
        let apart = settings.statements.as_ref().map(|(program, arguments)| {
            let (program, arguments) = (program.clone(), arguments.clone());
            Arc::new(Apart::new(program, arguments, location, settings.sql_spill_bytes))
        });
        let groups = Recent::new(settings.group_bytes);
        let shared =
            Shared { place, settings, engine, sql, apart, snapshots, newest, decoded, groups };
        Ok(Self { shared: Arc::new(shared) })
    }
}

impl Shared {
    /// Remembers that a version exists.
    pub(crate) fn note_version(&self, table: &TablePath, version: u64) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = newest.entry(table.clone()).or_insert(version);
        *known = version.max(*known);
    }

    fn forget(&self, table: &TablePath) {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).remove(table);
        self.snapshots.forget(|(known, _)| known == table);
        self.groups.forget(|(known, _, _)| known == table);
        self.decoded.forget(table);
    }

    /// The newest version: one look behind the newest that is known.
    async fn latest(&self, table: &TablePath) -> Result<u64, LakeError> {
        let known = self.newest.lock().unwrap_or_else(PoisonError::into_inner).get(table).copied();
        let folder = log_folder(&self.place, table);
        let known = match known {
            Some(version) if has_version(&self.place.store, &folder, version).await? => {
                Some(version)
            }
            Some(_) => {
                // Another process dropped the table.
                self.forget(table);
                None
            }
            None => None,
        };
        let mut version = match known {
            Some(version) => version,
            None => {
                let all = versions(&self.place, table).await?;
                let newest = all.last().copied();
                newest.ok_or_else(|| LakeError::NoTable { table: table.clone() })?
            }
        };
        while has_version(&self.place.store, &folder, version + 1).await? {
            version += 1;
        }
        self.note_version(table, version);
        Ok(version)
    }

    async fn snapshot(
        self: &Arc<Self>,
        table: &TablePath,
        version: Option<u64>,
    ) -> Result<Arc<Snapshot>, LakeError> {
        let version = match version {
            Some(version) => version,
            None => self.latest(table).await?,
        };
        let key = (table.clone(), version);
        if let Some(snapshot) = self.snapshots.get(&key) {
            return Ok(snapshot);
        }
        if self.latest(table).await? < version {
            return Err(LakeError::NoVersion { table: table.clone(), version });
        }
        // On the engine's threads, whatever runtime the caller has.
        let shared = Arc::clone(self);
        let path = table.clone();
        let load = async move { Snapshot::load(&shared.place, &path, version).await };
        let snapshot = self
            .engine
            .handle()
            .spawn(load)
            .await
            .map_err(|error| LakeError::failed("read the log of a table", error))??;
        let snapshot = Arc::new(snapshot);
        self.snapshots.insert(key, Arc::clone(&snapshot), 1);
        Ok(snapshot)
    }

    /// The rows of a small table, decoded.
    async fn small(&self, snapshot: &Arc<Snapshot>) -> Result<Option<Arc<RecordBatch>>, LakeError> {
        self.decoded.get(snapshot, &self.place.store, self.engine.handle()).await
    }

    /// Evaluates in memory, off the caller's thread and within the time limit.
    async fn evaluate<T: Send + 'static>(
        &self,
        limits: &QueryLimits,
        work: impl FnOnce() -> Result<T, LakeError> + Send + 'static,
    ) -> Result<T, LakeError> {
        let deadline = Instant::now() + limits.timeout;
        let place = self.engine.place(deadline).await?;
        // The place is free when the work has ended, whether or not someone waits for it.
        let task = self.engine.handle().spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        timeout_at(deadline, task)
            .await
            .map_err(|_| LakeError::Limit { kind: LimitKind::Time })?
            .map_err(|error| LakeError::failed("evaluate a query", error))?
    }

    async fn collect(
        &self,
        limits: &QueryLimits,
        schema: &SchemaRef,
        plan: LogicalPlan,
    ) -> Result<RecordBatch, LakeError> {
        let stream = self.engine.run(limits, Arc::clone(schema), plan).await?;
        let batches: Vec<RecordBatch> = stream.try_collect().await?;
        concat_batches(schema, &batches)
            .map_err(|error| LakeError::failed("join the batches of an answer", error))
    }

    async fn planned_rows(
        &self,
        snapshot: &Arc<Snapshot>,
        mut query: Resolved,
        limits: &QueryLimits,
    ) -> Result<BatchStream, LakeError> {
        // One row more than allowed is enough to know that there are too many.
        let most = limits.rows.saturating_add(1);
        query.limit = Some(query.limit.map_or(most, |limit| limit.min(most)));
        let table = self.engine.table(snapshot, query.is_natural());
        let planned = plan::rows(table, &snapshot.layout, &query).map_err(plan_error)?;
        self.engine.run(limits, Arc::clone(&query.output), planned).await
    }

    async fn group(
        &self,
        snapshot: &Arc<Snapshot>,
        query: ResolvedGroup,
        limits: &QueryLimits,
    ) -> Result<RecordBatch, LakeError> {
        // Grouping is the one thing that the engine does faster than `evaluate` even on
        // a small table: it has vectorized hash tables.
        let table = self.engine.table(snapshot, false);
        let planned =
            plan::group(table, &snapshot.layout, &query, snapshot.rows).map_err(plan_error)?;
        self.collect(limits, &query.output, planned).await
    }
}

/// Groups that were counted before, under the limit of this query.
fn within(groups: RecordBatch, limits: &QueryLimits) -> Result<RecordBatch, LakeError> {
    if u64::try_from(groups.num_rows()).is_ok_and(|rows| rows > limits.rows) {
        return Err(LakeError::Limit { kind: LimitKind::Rows });
    }
    Ok(groups)
}

/// Removes a table of a local folder.
fn drop_folder(durable: &DurableStore, root: &Path, folder: &Path) -> io::Result<()> {
    // The log is moved first, so that at no moment there is half a table.
    let aside = root.join(TRASH).join(Uuid::new_v4().to_string());
    durable.move_folder(&folder.join("_delta_log"), &aside)?;
    std::fs::remove_dir_all(&aside)?;
    // Then the files beside it; deeper folders may be other tables.
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    // Then the folders that are empty now.
    let above = folder.ancestors().take_while(|above| *above != root);
    for empty in above.take_while(|above| std::fs::remove_dir(above).is_ok()) {
        durable.forget(empty);
    }
    Ok(())
}

fn plan_error(error: DataFusionError) -> LakeError {
    engine(error, Asked::Plan)
}

/// Cuts an answer into batches, and ends it with an error if it has too many rows.
fn in_batches(rows: &RecordBatch, limits: &QueryLimits) -> BatchStream {
    let allowed = usize::try_from(limits.rows).unwrap_or(usize::MAX);
    let kept = rows.slice(0, rows.num_rows().min(allowed));
    let mut answer: Vec<Result<RecordBatch, LakeError>> = (0..kept.num_rows())
        .step_by(BATCH_ROWS)
        .map(|at| Ok(kept.slice(at, BATCH_ROWS.min(kept.num_rows() - at))))
        .collect();
    if rows.num_rows() > allowed {
        answer.push(Err(LakeError::Limit { kind: LimitKind::Rows }));
    }
    stream::iter(answer).boxed()
}

#[async_trait]
impl Lake for DeltaLake {
    async fn writer(
        &self,
        table: &TablePath,
        schema: SchemaRef,
    ) -> Result<Box<dyn TableWriter>, LakeError> {
        let layout = Layout::of(&stored_schema(&schema)?);
        let base = match self.shared.snapshot(table, None).await {
            Ok(snapshot) => Some(snapshot),
            Err(LakeError::NoTable { .. }) => None,
            Err(error) => return Err(error),
        };
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(DeltaWriter::new(shared, table.clone(), base, layout)))
    }

    async fn latest(&self, table: &TablePath) -> Result<u64, LakeError> {
        self.shared.latest(table).await
    }

    async fn schema(
        &self,
        table: &TablePath,
        version: Option<u64>,
    ) -> Result<SchemaRef, LakeError> {
        Ok(Arc::clone(&self.shared.snapshot(table, version).await?.layout.shown))
    }

    async fn rows(
        &self,
        table: &TablePath,
        version: Option<u64>,
        query: &RowQuery,
        limits: &QueryLimits,
    ) -> Result<BatchStream, LakeError> {
        let snapshot = self.shared.snapshot(table, version).await?;
        let resolved = query.resolve(table, snapshot.version, &snapshot.layout.shown)?;
        if let Some(rows) = self.shared.small(&snapshot).await? {
            let work = move || evaluate::rows(&rows, &resolved);
            return Ok(in_batches(&self.shared.evaluate(limits, work).await?, limits));
        }
        self.shared.planned_rows(&snapshot, resolved, limits).await
    }

    async fn count(
        &self,
        table: &TablePath,
        version: Option<u64>,
        filter: Option<&Filter>,
        limits: &QueryLimits,
    ) -> Result<u64, LakeError> {
        let snapshot = self.shared.snapshot(table, version).await?;
        let Some(filter) = filter else {
            return Ok(snapshot.rows);
        };
        let condition = filter.check(&snapshot.layout.full)?;
        if let Some(rows) = self.shared.small(&snapshot).await? {
            let work = move || evaluate::count(&rows, Some(&condition));
            return self.shared.evaluate(limits, work).await;
        }
        let provider = self.shared.engine.table(&snapshot, false);
        let planned = plan::count(provider, &snapshot.layout, &condition).map_err(plan_error)?;
        let schema = Arc::new(Schema::new(vec![Field::new("count", DataType::Int64, true)]));
        let answer = self.shared.collect(limits, &schema, planned).await?;
        let counted = answer.column(0).as_primitive::<Int64Type>();
        let first = (!counted.is_empty()).then(|| counted.value(0));
        first
            .and_then(|count| u64::try_from(count).ok())
            .ok_or_else(|| LakeError::failed("count rows", "the engine gave no count"))
    }

    async fn group(
        &self,
        table: &TablePath,
        version: Option<u64>,
        query: &GroupQuery,
        limits: &QueryLimits,
    ) -> Result<RecordBatch, LakeError> {
        let snapshot = self.shared.snapshot(table, version).await?;
        let key = (table.clone(), snapshot.version, format!("{query:?}"));
        if let Some(known) = self.shared.groups.get(&key) {
            return within(known, limits);
        }
        let resolved = query.resolve(&snapshot.layout.shown)?;
        let groups = self.shared.group(&snapshot, resolved, limits).await?;
        let weight = groups.get_array_memory_size().saturating_add(key.2.len());
        if weight <= self.shared.settings.group_bytes / 16 {
            self.shared.groups.insert(key, groups.clone(), weight);
        }
        Ok(groups)
    }

    async fn sql_tables(&self, sql: &str, limits: &QueryLimits) -> Result<Vec<String>, LakeError> {
        match &self.shared.apart {
            Some(apart) => apart.tables(sql, limits).await,
            None => self.shared.sql.sql_tables(sql).await,
        }
    }

    async fn sql(
        &self,
        tables: &[(String, TablePath, Option<u64>)],
        sql: &str,
        limits: &QueryLimits,
    ) -> Result<SqlAnswer, LakeError> {
        if let Some(apart) = &self.shared.apart {
            return apart.query(sql, tables, limits).await;
        }
        let mut named = Vec::new();
        for (name, table, version) in tables {
            let snapshot = self.shared.snapshot(table, *version).await?;
            let provider = self.shared.sql.table(&snapshot, false);
            let shown = plan::shown(provider, &snapshot.layout).map_err(plan_error)?;
            named.push((name.clone(), shown));
        }
        self.shared.sql.sql(limits, named, sql).await
    }

    async fn files(
        &self,
        table: &TablePath,
        version: Option<u64>,
    ) -> Result<Vec<TableFile>, LakeError> {
        let snapshot = self.shared.snapshot(table, version).await?;
        let file = |file: &crate::snapshot::DataFile| TableFile {
            path: file.name.clone(),
            bytes: file.bytes,
            rows: file.rows,
        };
        Ok(snapshot.files.iter().map(file).collect())
    }

    async fn open_file(
        &self,
        table: &TablePath,
        path: &str,
        range: Option<Range<u64>>,
    ) -> Result<ByteStream, LakeError> {
        let no_file = || LakeError::NoFile { table: table.clone(), file: path.to_owned() };
        let data_file = path.ends_with(".parquet")
            && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
        if !data_file {
            return Err(no_file());
        }
        let location = self.shared.place.path(table).join(path);
        let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
        match self.shared.place.store.get_opts(&location, options).await {
            Ok(found) => {
                Ok(found.into_stream().map_err(|error| storage("read a data file", error)).boxed())
            }
            Err(object_store::Error::NotFound { .. }) => Err(no_file()),
            Err(error) => Err(storage("read a data file", error)),
        }
    }

    async fn drop_table(&self, table: &TablePath) -> Result<(), LakeError> {
        self.shared.forget(table);
        if let Some((durable, root)) = self.shared.place.folder.clone() {
            let folder = root.join(table.as_str());
            if !folder.join("_delta_log").is_dir() {
                return Ok(());
            }
            let work = move || drop_folder(&durable, &root, &folder);
            return match tokio::task::spawn_blocking(work).await {
                Ok(done) => done.map_err(|error| storage("drop a table", error)),
                Err(error) => Err(LakeError::failed("drop a table", error)),
            };
        }
        let store = &self.shared.place.store;
        let failed = |error| storage("drop a table", error);
        // Only the log and the files beside it: deeper folders may be other tables. The
        // log goes first, from its beginning, so that what is left is never read.
        let log = log_folder(&self.shared.place, table);
        let mut objects: Vec<object_store::ObjectMeta> =
            store.list(Some(&log)).try_collect().await.map_err(failed)?;
        objects.sort_by(|a, b| a.location.cmp(&b.location));
        let folder = self.shared.place.path(table);
        let beside = store.list_with_delimiter(Some(&folder)).await.map_err(failed)?;
        objects.extend(beside.objects);
        for object in objects {
            store.delete(&object.location).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn tables(&self) -> Result<Vec<TablePath>, LakeError> {
        let root = &self.shared.place.root;
        let mut found = Vec::new();
        let mut folders = vec![(root.clone(), Vec::<String>::new())];
        while let Some((folder, segments)) = folders.pop() {
            let listed = self.shared.place.store.list_with_delimiter(Some(&folder)).await;
            let listed = listed.map_err(|error| storage("list the tables", error))?;
            for deeper in listed.common_prefixes {
                let Some(name) = deeper.filename().map(str::to_owned) else { continue };
                if name == "_delta_log" {
                    let path = segments.join("/").parse::<TablePath>();
                    if let Ok(path) = path
                        && !versions(&self.shared.place, &path).await?.is_empty()
                    {
                        found.push(path);
                    }
                } else if segments.len() < 4 && name.parse::<TablePath>().is_ok() {
                    let mut segments = segments.clone();
                    segments.push(name);
                    folders.push((deeper, segments));
                }
            }
        }
        found.sort();
        Ok(found)
    }

    async fn check(&self, table: &TablePath) -> Result<CheckReport, LakeError> {
        let shared = Arc::clone(&self.shared);
        let table = table.clone();
        let work = async move { check::check(&shared, &table).await };
        self.shared
            .engine
            .handle()
            .spawn(work)
            .await
            .map_err(|error| LakeError::failed("check a table", error))?
    }

    async fn vacuum(&self, table: &TablePath, cutoff: Timestamp) -> Result<u64, LakeError> {
        check::vacuum(&self.shared, table, cutoff).await
    }
}

//! Runs plans under limits, on threads of their own.
//!
//! Queries have a runtime of their own, so that a hostile one takes processor time
//! from other queries at most, never the threads that answer requests. Each has its
//! own memory inside the memory of all, may put rows off to disk up to a limit, and
//! is dropped at its deadline or when its reader goes away.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{MemoryCatalogProviderList, TableProvider};
use datafusion::config::Dialect;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetFileReaderFactory,
};
use datafusion::error::DataFusionError;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use datafusion::prelude::SessionConfig;
use futures::{StreamExt, stream};
use lake::{BatchStream, LakeError, LimitKind, Meter, QueryLimits, Scanned, SqlAnswer};
use object_store::ObjectStore;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::error::{Asked, engine};
use crate::plan::promised;
use crate::pool::QueryPool;
use crate::provider::{Reading, SnapshotTable};
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::watch::{Gone, watched};

const STORE: &str = "fenhe-lake://tables";
/// What may take longer than this has places of its own.
const LONG: Duration = Duration::from_secs(600);
/// Places of those, as a multiple of the others.
const LONG_PLACES: usize = 8;
/// Stack of a thread: plans of statements can be deep. Only what is used is taken.
const STACK_BYTES: usize = 32 << 20;

/// The query engine of one lake.
#[derive(Debug)]
pub(crate) struct Engine {
    runtime: Option<Runtime>,
    handle: Handle,
    base: SessionState,
    environment: Arc<RuntimeEnv>,
    memory: Arc<GreedyMemoryPool>,
    url: ObjectStoreUrl,
    reader: Arc<dyn ParquetFileReaderFactory>,
    places: Arc<Semaphore>,
    /// For what takes as long as its reader does: whole tables, downloads. They keep none of
    /// the places of what is answered at once.
    long_places: Arc<Semaphore>,
    whose: Whose,
}

/// Whose queries an engine runs. Anyone's have threads, memory and disk of their own, so
/// that what a stranger thinks up takes nothing from the pages and the row API but time of
/// the processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Plans that we make.
    Ours,
    /// Statements that anyone writes.
    Anyones,
}

/// The part of a machine that an engine gets.
struct Share {
    name: &'static str,
    threads: usize,
    partitions: usize,
    batch_rows: usize,
    memory_bytes: usize,
    spill_bytes: u64,
}

impl Whose {
    fn share(self, settings: &Settings) -> Share {
        let threads = settings.threads.max(1);
        match self {
            Self::Ours => Share {
                name: "fenhe-query",
                threads,
                partitions: threads,
                batch_rows: 8_192,
                memory_bytes: settings.memory_bytes,
                spill_bytes: settings.spill_bytes,
            },
            Self::Anyones => Share {
                name: "fenhe-sql",
                threads,
                // One after another, so that several can run beside each other.
                partitions: 1,
                // What one expression makes of a batch is not counted: small batches.
                batch_rows: 1_024,
                memory_bytes: settings.sql_memory_bytes,
                spill_bytes: settings.sql_spill_bytes,
            },
        }
    }
}

/// A running query: dropping it stops the query.
struct Running {
    task: JoinHandle<()>,
    gone: Gone,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.gone.set();
        self.task.abort();
    }
}

impl Engine {
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        settings: &Settings,
        whose: Whose,
    ) -> Result<Self, LakeError> {
        let failed = |error: DataFusionError| LakeError::failed("start the query engine", error);
        let share = whose.share(settings);
        let runtime = Builder::new_multi_thread()
            .worker_threads(share.threads)
            .thread_name(share.name)
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|error| LakeError::failed("start the query engine", error))?;
        let memory = Arc::new(GreedyMemoryPool::new(share.memory_bytes));
        let mode = match &settings.spill_folder {
            Some(folder) => {
                std::fs::create_dir_all(folder)
                    .map_err(|error| LakeError::failed("make the spill folder", error))?;
                DiskManagerMode::Directories(vec![PathBuf::from(folder)])
            }
            None => DiskManagerMode::OsTmpDirectory,
        };
        let disk = DiskManagerBuilder::default()
            .with_mode(mode)
            .with_max_temp_directory_size(share.spill_bytes);
        let environment = RuntimeEnvBuilder::new()
            .with_disk_manager_builder(disk)
            .with_metadata_cache_limit(settings.footer_bytes)
            .build_arc()
            .map_err(failed)?;
        let url = ObjectStoreUrl::parse(STORE).map_err(failed)?;
        environment.register_object_store(url.as_ref(), Arc::clone(&store));
        let reader = Arc::new(CachedParquetFileReaderFactory::new(
            store,
            environment.cache_manager.get_file_metadata_cache(),
        ));
        let mut config = SessionConfig::new()
            .with_target_partitions(share.partitions)
            .with_batch_size(share.batch_rows)
            .with_information_schema(false);
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.execution.parquet.schema_force_view_types = false;
        options.sql_parser.map_string_types_to_utf8view = whose == Whose::Anyones;
        options.sql_parser.enable_ident_normalization = false;
        options.sql_parser.dialect = Dialect::PostgreSQL;
        let mut base = SessionStateBuilder::new()
            .with_default_features()
            .with_config(config)
            .with_runtime_env(Arc::clone(&environment))
            .build();
        if whose == Whose::Anyones {
            sql::offer(&mut base).map_err(failed)?;
        }
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
            base,
            environment,
            memory,
            url,
            reader,
            places: Arc::new(Semaphore::new(settings.queries.max(1))),
            long_places: Arc::new(Semaphore::new(LONG_PLACES * settings.queries.max(1))),
            whose,
        })
    }

    /// The threads of the engine.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// A table to read. What only passes through, in the order of the rows, is read as it is
    /// stored; what is compared, grouped or sorted is faster in views.
    pub(crate) fn table(&self, snapshot: &Arc<Snapshot>, natural: bool) -> Arc<dyn TableProvider> {
        Arc::new(SnapshotTable::new(
            Arc::clone(snapshot),
            self.url.clone(),
            Arc::clone(&self.reader),
            Reading { natural, in_views: !natural || self.whose == Whose::Anyones },
        ))
    }

    /// A session for one query, with its own memory and its own names.
    pub(crate) fn session(&self, limits: &QueryLimits) -> Result<SessionState, LakeError> {
        let failed = |error: DataFusionError| LakeError::failed("start a query", error);
        let limit = usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX);
        let environment = RuntimeEnvBuilder::from_runtime_env(&self.environment)
            .with_memory_pool(Arc::new(QueryPool::new(limit, Arc::clone(&self.memory))))
            .build_arc()
            .map_err(failed)?;
        let mut config = self.base.config().clone();
        // What a sort keeps aside for merging must leave room for sorting.
        config.options_mut().execution.sort_spill_reservation_bytes =
            (limit / 16).clamp(64 << 10, 10 << 20);
        Ok(SessionStateBuilder::new_from_existing(self.base.clone())
            .with_config(config)
            .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()))
            .with_runtime_env(environment)
            .build())
    }

    /// Runs a plan of ours. `schema` is what the answer must look like.
    pub(crate) async fn run(
        &self,
        limits: &QueryLimits,
        schema: SchemaRef,
        logical: LogicalPlan,
    ) -> Result<BatchStream, LakeError> {
        let deadline = Instant::now() + limits.timeout;
        let place = if limits.timeout > LONG {
            place(&self.long_places, deadline).await?
        } else {
            self.place(deadline).await?
        };
        let session = self.session(limits)?;
        let (sender, receiver) = mpsc::channel(2);
        let gone = Gone::default();
        let stop = gone.clone();
        let task = self.handle.spawn(async move {
            let started = async {
                let physical = session.create_physical_plan(&logical).await?;
                execute_stream(watched(physical, &stop)?, session.task_ctx())
            };
            match started.await {
                Ok(batches) => {
                    pass_on(batches, |batch| promised(batch, &schema), Asked::Plan, &sender).await;
                }
                Err(error) => drop(sender.send(Err(engine(error, Asked::Plan))).await),
            }
            drop(place);
        });
        Ok(limited(receiver, Running { task, gone }, deadline, limits.rows))
    }

    /// The names of the tables that a statement reads. It is read on the threads of the
    /// engine, whose stacks are large enough.
    pub(crate) async fn sql_tables(&self, text: &str) -> Result<Vec<String>, LakeError> {
        let (session, text) = (self.base.clone(), text.to_owned());
        let task = self.handle.spawn(async move { sql::tables(&session, &text) });
        task.await.map_err(|error| LakeError::failed("read a statement", error))?
    }

    /// Plans and runs a person's statement over the given tables.
    pub(crate) async fn sql(
        &self,
        limits: &QueryLimits,
        tables: Vec<(String, LogicalPlan)>,
        text: &str,
    ) -> Result<SqlAnswer, LakeError> {
        let deadline = Instant::now() + limits.timeout;
        let place = self.place(deadline).await?;
        let mut session = self.session(limits)?;
        // The moment that `now()` means.
        session.mark_start_execution();
        let gone = Gone::default();
        let (stop, text) = (gone.clone(), text.to_owned());
        // One row more than allowed is enough to know that there are too many.
        let most = usize::try_from(limits.rows).unwrap_or(usize::MAX).saturating_add(1);
        let planning = async move {
            let statement = sql::read(&session, &text)?;
            let planned = async {
                let logical = sql::plan(&session, tables, statement, most).await?;
                let physical = session.create_physical_plan(&logical).await?;
                watched(physical, &stop)
            };
            let physical = planned.await.map_err(|error| engine(error, Asked::Sql))?;
            Ok::<_, LakeError>((physical, session, place))
        };
        let planned = timeout_at(deadline, self.handle.spawn(planning)).await;
        let (physical, session, place) = planned
            .map_err(|_| LakeError::Limit { kind: LimitKind::Time })?
            .map_err(|error| LakeError::failed("plan a statement", error))??;
        let schema = plain_schema(&physical.schema());
        let read = Arc::clone(&physical);
        let meter = Meter::new(move || scanned(&read));
        let (sender, receiver) = mpsc::channel(2);
        let answered = Arc::clone(&schema);
        let task = self.handle.spawn(async move {
            match execute_stream(physical, session.task_ctx()) {
                Ok(batches) => {
                    pass_on(batches, |batch| promised(batch, &answered), Asked::Sql, &sender).await;
                }
                Err(error) => drop(sender.send(Err(engine(error, Asked::Sql))).await),
            }
            drop(place);
        });
        let batches = limited(receiver, Running { task, gone }, deadline, limits.rows);
        Ok(SqlAnswer { schema, batches, meter })
    }

    /// A place among the queries that run at once.
    pub(crate) async fn place(&self, deadline: Instant) -> Result<OwnedSemaphorePermit, LakeError> {
        place(&self.places, deadline).await
    }
}

async fn place(
    places: &Arc<Semaphore>,
    deadline: Instant,
) -> Result<OwnedSemaphorePermit, LakeError> {
    timeout_at(deadline, Arc::clone(places).acquire_owned())
        .await
        .map_err(|_| LakeError::Limit { kind: LimitKind::Queue })?
        .map_err(|error| LakeError::failed("queue a query", error))
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A runtime must not be dropped where waiting is forbidden.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Passes batches on, in the types that are promised, as long as someone takes them.
async fn pass_on(
    mut batches: SendableRecordBatchStream,
    convert: impl Fn(&RecordBatch) -> Result<RecordBatch, LakeError>,
    asked: Asked,
    sender: &mpsc::Sender<Result<RecordBatch, LakeError>>,
) {
    while let Some(next) = batches.next().await {
        let answer = match next {
            Ok(batch) => convert(&batch),
            Err(error) => Err(engine(error, asked)),
        };
        let last = answer.is_err();
        if sender.send(answer).await.is_err() || last {
            break;
        }
    }
}

/// An answer of SQL in types that every reader of the lake knows, each name once.
fn plain_schema(schema: &Schema) -> SchemaRef {
    let mut taken = HashSet::new();
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let kind = match field.data_type() {
                // Numbers of rows and of values, which fit.
                DataType::UInt64 => DataType::Int64,
                other => lake::schema::stored_type(other).unwrap_or(DataType::Utf8),
            };
            let mut name = field.name().clone();
            let mut number = 2_u32;
            while !taken.insert(name.clone()) {
                name = format!("{}_{number}", field.name());
                number += 1;
            }
            Field::new(name, kind, true)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// What the scans of a plan have read so far.
fn scanned(plan: &Arc<dyn ExecutionPlan>) -> Scanned {
    let mut read = Scanned::default();
    if plan.name() == "DataSourceExec"
        && let Some(metrics) = plan.metrics()
    {
        let count = |found: Option<usize>| u64::try_from(found.unwrap_or(0)).unwrap_or(u64::MAX);
        let value = |name: &str| count(metrics.sum_by_name(name).map(|value| value.as_usize()));
        let passed_on = count(metrics.output_rows());
        read.rows = passed_on.saturating_add(value("pushdown_rows_pruned"));
        read.bytes = value("bytes_scanned");
    }
    for child in plan.children() {
        let below = scanned(child);
        read.rows = read.rows.saturating_add(below.rows);
        read.bytes = read.bytes.saturating_add(below.bytes);
    }
    read
}

/// Enforces the deadline and the row limit on the reader's side, where a busy engine
/// cannot hold them up.
fn limited(
    receiver: mpsc::Receiver<Result<RecordBatch, LakeError>>,
    running: Running,
    deadline: Instant,
    rows: u64,
) -> BatchStream {
    let state = Some((receiver, running, Some(rows)));
    stream::unfold(state, move |state| async move {
        let (mut receiver, mut running, left) = state?;
        let Some(left) = left else {
            return Some((Err(LakeError::Limit { kind: LimitKind::Rows }), None));
        };
        match timeout_at(deadline, receiver.recv()).await {
            Err(_) => Some((Err(LakeError::Limit { kind: LimitKind::Time }), None)),
            // An end without a reason is the end only if nothing broke.
            Ok(None) => match (&mut running.task).await {
                Ok(()) => None,
                Err(error) => Some((Err(LakeError::failed("run a query", error)), None)),
            },
            Ok(Some(Err(error))) => Some((Err(error), None)),
            Ok(Some(Ok(batch))) => {
                let size = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
                match left.checked_sub(size) {
                    Some(left) => Some((Ok(batch), Some((receiver, running, Some(left))))),
                    // What is allowed comes first, then that it was not all.
                    None => {
                        let allowed = usize::try_from(left).unwrap_or(usize::MAX);
                        Some((Ok(batch.slice(0, allowed)), Some((receiver, running, None))))
                    }
                }
            }
        }
    })
    .boxed()
}

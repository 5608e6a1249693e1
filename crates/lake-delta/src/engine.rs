//! Runs plans under limits, on threads of their own.
//!
//! Queries have a runtime of their own, so that a hostile one takes processor time
//! from other queries at most, never the threads that answer requests. Each has its
//! own memory inside the memory of all, may put rows off to disk up to a limit, and
//! is dropped at its deadline or when its reader goes away.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{MemoryCatalogProviderList, TableProvider};
use datafusion::config::Dialect;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetFileReaderFactory,
};
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionConfig;
use futures::{StreamExt, stream};
use lake::{BatchStream, LakeError, LimitKind, QueryLimits};
use object_store::ObjectStore;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::error::{Asked, engine};
use crate::plan::promised;
use crate::pool::QueryPool;
use crate::provider::SnapshotTable;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use crate::sql;
use crate::watch::{Gone, watched};

const STORE: &str = "fenhe-lake://tables";
/// Functions that make text of any length out of nothing, in memory that is not counted.
const ENDLESS: [&str; 3] = ["repeat", "lpad", "rpad"];

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
}

/// What to run.
pub(crate) enum Work {
    /// A plan of ours.
    Plan(Box<LogicalPlan>),
    /// A person's `SELECT` over these tables.
    Sql {
        /// The plans behind the names.
        tables: Vec<(String, LogicalPlan)>,
        /// The statement.
        text: String,
    },
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
    pub(crate) fn new(store: Arc<dyn ObjectStore>, settings: &Settings) -> Result<Self, LakeError> {
        let failed = |error: DataFusionError| LakeError::failed("start the query engine", error);
        let runtime = Builder::new_multi_thread()
            .worker_threads(settings.threads.max(1))
            .thread_name("fenhe-query")
            .enable_all()
            .build()
            .map_err(|error| LakeError::failed("start the query engine", error))?;
        let memory = Arc::new(GreedyMemoryPool::new(settings.memory_bytes));
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
            .with_max_temp_directory_size(settings.spill_bytes);
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
            .with_target_partitions(settings.threads.max(1))
            .with_batch_size(8_192)
            .with_information_schema(false);
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.execution.parquet.schema_force_view_types = false;
        options.sql_parser.map_string_types_to_utf8view = false;
        options.sql_parser.enable_ident_normalization = false;
        options.sql_parser.dialect = Dialect::PostgreSQL;
        let mut base = SessionStateBuilder::new()
            .with_default_features()
            .with_config(config)
            .with_runtime_env(Arc::clone(&environment))
            .build();
        for name in ENDLESS {
            base.deregister_udf(name).map_err(failed)?;
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
        })
    }

    /// The threads of the engine.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn table(&self, snapshot: &Arc<Snapshot>, natural: bool) -> Arc<dyn TableProvider> {
        Arc::new(SnapshotTable::new(
            Arc::clone(snapshot),
            self.url.clone(),
            Arc::clone(&self.reader),
            natural,
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

    /// Runs a query. `schema` is what the answer must look like; without it the answer
    /// keeps the types of the engine.
    pub(crate) async fn run(
        &self,
        limits: &QueryLimits,
        schema: Option<SchemaRef>,
        work: Work,
    ) -> Result<BatchStream, LakeError> {
        let deadline = Instant::now() + limits.timeout;
        let places = Arc::clone(&self.places);
        let place = timeout_at(deadline, places.acquire_owned())
            .await
            .map_err(|_| LakeError::Limit { kind: LimitKind::Queue })?
            .map_err(|error| LakeError::failed("queue a query", error))?;
        let session = self.session(limits)?;
        let (sender, receiver) = mpsc::channel(2);
        let gone = Gone::default();
        let task = self.handle.spawn(drive(session, place, schema, work, gone.clone(), sender));
        Ok(limited(receiver, Running { task, gone }, deadline, limits.rows))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A runtime must not be dropped where waiting is forbidden.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Makes and runs the plan and passes its batches on.
async fn drive(
    session: SessionState,
    place: OwnedSemaphorePermit,
    schema: Option<SchemaRef>,
    work: Work,
    gone: Gone,
    sender: mpsc::Sender<Result<RecordBatch, LakeError>>,
) {
    let asked = match &work {
        Work::Plan(_) => Asked::Plan,
        Work::Sql { .. } => Asked::Sql,
    };
    let started = async {
        let logical = match work {
            Work::Plan(logical) => *logical,
            Work::Sql { tables, text } => sql::plan(&session, tables, &text).await?,
        };
        let physical = session.create_physical_plan(&logical).await?;
        let physical = watched(physical, &gone)?;
        execute_stream(physical, session.task_ctx())
    };
    let mut batches = match started.await {
        Ok(batches) => batches,
        Err(error) => {
            drop(sender.send(Err(engine(error, asked))).await);
            return;
        }
    };
    while let Some(next) = batches.next().await {
        let answer = match (next, &schema) {
            (Ok(batch), Some(schema)) => promised(&batch, schema),
            (Ok(batch), None) => plain(&batch),
            (Err(error), _) => Err(engine(error, asked)),
        };
        let last = answer.is_err();
        if sender.send(answer).await.is_err() || last {
            break;
        }
    }
    drop(place);
}

/// An answer of SQL in types that every reader of the lake knows.
fn plain(batch: &RecordBatch) -> Result<RecordBatch, LakeError> {
    let fields: Vec<Field> = batch
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let kind = lake::schema::stored_type(field.data_type());
            Field::new(field.name(), kind.unwrap_or_else(|| field.data_type().clone()), true)
        })
        .collect();
    promised(batch, &Arc::new(Schema::new(fields)))
}

/// Enforces the deadline and the row limit on the reader's side, where a busy engine
/// cannot hold them up.
fn limited(
    receiver: mpsc::Receiver<Result<RecordBatch, LakeError>>,
    running: Running,
    deadline: Instant,
    rows: u64,
) -> BatchStream {
    let state = Some((receiver, running, rows));
    stream::unfold(state, move |state| async move {
        let (mut receiver, mut running, left) = state?;
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
                    Some(left) => Some((Ok(batch), Some((receiver, running, left)))),
                    None => Some((Err(LakeError::Limit { kind: LimitKind::Rows }), None)),
                }
            }
        }
    })
    .boxed()
}

//! Opening the database, and the settings that durability rests on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::sqlx::{
    self, ConnectOptions, Connection, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{
        SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};
use sea_orm::{
    AccessMode, DatabaseConnection, IsolationLevel, SqliteTransactionMode, SqlxPostgresConnector,
    SqlxSqliteConnector, TransactionOptions, TransactionTrait,
};
use tempfile::TempDir;

use crate::{Error, Reader, Tx};

/// How long a call waits for the writer, a connection or a lock of another
/// process before it is [`Error::Busy`].
const PATIENCE: Duration = Duration::from_secs(10);
const SQLITE_READERS: u32 = 8;
const POSTGRES_CONNECTIONS: u32 = 16;

/// Which database engine is behind a [`Store`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded, one file.
    Sqlite,
    /// PostgreSQL, or a database that speaks its protocol.
    Postgres,
}

/// The metadata database. Cheap to clone; all clones are the same database.
#[derive(Clone, Debug)]
pub struct Store(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    engine: Engine,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    broken: Arc<AtomicBool>,
    changes: Arc<AtomicU64>,
    path: Option<PathBuf>,
    /// Removes the folder of `sqlite::memory:` with the last clone.
    _scratch: Option<TempDir>,
}

impl Store {
    /// Opens a database; it makes the SQLite file if there is none.
    ///
    /// - `sqlite:///path/fenhe.db` (absolute) or `sqlite://fenhe.db` (relative);
    /// - `sqlite::memory:`: a private database that goes with the last clone. It
    ///   is a file in the temporary folder, because SQLite's shared memory mode
    ///   locks whole tables and would not behave like the real one;
    /// - `postgres://user:password@host/name`, or `postgres:///name?host=/socket/folder`.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if it cannot be opened, is not of a known kind, or
    /// SQLite does not accept a setting that durability rests on.
    pub async fn open(url: &str) -> Result<Self, Error> {
        if url == "sqlite::memory:" {
            let folder = tempfile::Builder::new()
                .prefix("fenhe-memory-")
                .tempdir()
                .map_err(|error| Error::unavailable(error.to_string()))?;
            let path = folder.path().join("fenhe.db");
            return Self::open_sqlite(&path, SqliteSynchronous::Off, Some(folder)).await;
        }
        if let Some(path) = url.strip_prefix("sqlite://") {
            return Self::open_sqlite(Path::new(path), SqliteSynchronous::Full, None).await;
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::open_postgres(url).await;
        }
        // The address may hold a password, so only its scheme is repeated.
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        Err(Error::unavailable(format!("`{scheme}` is not a known kind of database")))
    }

    async fn open_sqlite(
        path: &Path,
        synchronous: SqliteSynchronous,
        scratch: Option<TempDir>,
    ) -> Result<Self, Error> {
        let expected = i64::from(matches!(synchronous, SqliteSynchronous::Full)) * 2;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(PATIENCE)
            .disable_statement_logging();
        let pool = |connections| {
            SqlitePoolOptions::new()
                .max_connections(connections)
                .min_connections(1)
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                .after_connect(move |connection, _| Box::pin(assert_settings(connection, expected)))
        };
        let writer =
            pool(1).connect_with(options.clone()).await.map_err(|error| unavailable(&error))?;
        if expected != 0 {
            sync_folder_of(path)?;
        }
        let readers = options.pragma("query_only", "ON");
        let reader = pool(SQLITE_READERS)
            .connect_with(readers)
            .await
            .map_err(|error| unavailable(&error))?;
        Ok(Self(Arc::new(Shared {
            engine: Engine::Sqlite,
            writer: SqlxSqliteConnector::from_sqlx_sqlite_pool(writer),
            reader: SqlxSqliteConnector::from_sqlx_sqlite_pool(reader),
            broken: Arc::new(AtomicBool::new(false)),
            changes: Arc::default(),
            path: Some(path.to_owned()),
            _scratch: scratch,
        })))
    }

    async fn open_postgres(url: &str) -> Result<Self, Error> {
        let options: PgConnectOptions = url.parse().map_err(|error| unavailable(&error))?;
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .connect_with(options.application_name("fenhe").disable_statement_logging())
            .await
            .map_err(|error| unavailable(&error))?;
        let connection = SqlxPostgresConnector::from_sqlx_postgres_pool(pool);
        Ok(Self(Arc::new(Shared {
            engine: Engine::Postgres,
            writer: connection.clone(),
            reader: connection,
            broken: Arc::new(AtomicBool::new(false)),
            changes: Arc::default(),
            path: None,
            _scratch: None,
        })))
    }

    /// Begins a writing transaction.
    ///
    /// SQLite: `BEGIN IMMEDIATE` on the only writer, so that writers queue here.
    /// PostgreSQL: `REPEATABLE READ`. A row that someone else changed since the
    /// transaction began cannot be changed in it ([`Error::Stale`], as with the
    /// conditional `UPDATE … WHERE state = …` that use cases write anyway). What
    /// two transactions could break together by changing different rows is a
    /// constraint of the table; `SERIALIZABLE` is not used, because it refuses
    /// unrelated transactions on small tables.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if the writer stays taken, [`Error::Unavailable`].
    pub async fn begin(&self) -> Result<Tx, Error> {
        if self.0.broken.load(Ordering::SeqCst) {
            return Err(Error::unavailable(
                "the disk failed during a commit; check the disk, then restart",
            ));
        }
        let options = match self.0.engine {
            Engine::Sqlite => TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            },
            Engine::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                ..TransactionOptions::default()
            },
        };
        let inner = self.0.writer.begin_with_options(options).await?;
        Ok(Tx { inner, broken: Arc::clone(&self.0.broken), changes: Arc::clone(&self.0.changes) })
    }

    /// A number that grows with each commit of this program. While it stays the same, what was
    /// read after asking for it is still so, unless another program writes.
    pub fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::SeqCst)
    }

    /// Begins to read one snapshot. It never waits for a writer.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if all readers stay taken, [`Error::Unavailable`].
    pub async fn read(&self) -> Result<Reader, Error> {
        let options = match self.0.engine {
            Engine::Sqlite => TransactionOptions::default(),
            Engine::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        };
        Ok(Reader { inner: self.0.reader.begin_with_options(options).await? })
    }

    /// Which engine this is.
    pub fn engine(&self) -> Engine {
        self.0.engine
    }

    /// Closes all connections. Dropping the last clone does it too, a little later.
    pub async fn close(&self) {
        for connection in [&self.0.writer, &self.0.reader] {
            if let Err(error) = connection.close_by_ref().await {
                tracing::warn!(%error, "a database connection did not close");
            }
        }
    }

    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.0.writer
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }
}

pub(crate) fn unavailable(error: &sqlx::Error) -> Error {
    // The message of the driver names the file or the host, never the password.
    Error::unavailable(error.to_string())
}

/// A new file is durable only when its folder's entry is.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), Error> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::unavailable(format!("cannot sync the folder: {error}")))
}

/// Asks the connection for the settings that durability rests on, because
/// SQLite ignores a setting that it cannot follow.
async fn assert_settings(
    connection: &mut SqliteConnection,
    synchronous: i64,
) -> Result<(), sqlx::Error> {
    connection.ping().await?;
    let text = |name: &str, found: &str, wanted: &str| {
        if found.eq_ignore_ascii_case(wanted) {
            Ok(())
        } else {
            Err(sqlx::Error::Configuration(
                format!("SQLite has {name} = {found}, and {wanted} is needed").into(),
            ))
        }
    };
    let mode: String =
        sqlx::query("PRAGMA journal_mode").fetch_one(&mut *connection).await?.try_get(0)?;
    text("journal_mode", &mode, "wal")?;
    for (name, wanted) in [("synchronous", synchronous), ("foreign_keys", 1)] {
        let sql = sqlx::AssertSqlSafe(format!("PRAGMA {name}"));
        let found: i64 = sqlx::query(sql).fetch_one(&mut *connection).await?.try_get(0)?;
        text(name, &found.to_string(), &wanted.to_string())?;
    }
    Ok(())
}

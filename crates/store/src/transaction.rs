//! Transactions that write, and snapshots that read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement};

use crate::error::is_disk_failure;
use crate::{Error, FromRow, Row, Value};

/// Reading, the same in a writing transaction and in a snapshot.
///
/// SQL has the placeholders `$1`, `$2`, … on both engines.
pub trait Query: Send {
    /// All rows.
    ///
    /// # Errors
    ///
    /// [`Error::Query`] for a statement the engine refuses, [`Error::Corrupt`]
    /// for a row that `T` does not accept, [`Error::Busy`] and
    /// [`Error::Unavailable`] as they say.
    fn all<T: FromRow + Send>(
        &mut self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<T>, Error>> + Send;

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// As [`Query::all`].
    fn optional<T: FromRow + Send>(
        &mut self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<Option<T>, Error>> + Send;

    /// The first row.
    ///
    /// # Errors
    ///
    /// As [`Query::all`], and [`Error::Missing`] if there is no row.
    fn one<T: FromRow + Send>(
        &mut self,
        sql: &str,
        values: Vec<Value>,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        async move { self.optional(sql, values).await?.ok_or(Error::Missing) }
    }
}

/// A writing transaction: saved by [`Tx::commit`], rolled back when dropped.
///
/// Never begin a second one while holding the first: on SQLite there is one
/// writer, and the second would wait until it is [`Error::Busy`].
#[derive(Debug)]
pub struct Tx {
    pub(crate) inner: DatabaseTransaction,
    /// Set when the disk failed under a commit.
    pub(crate) broken: Arc<AtomicBool>,
    /// Counts the commits of this program.
    pub(crate) changes: Arc<AtomicU64>,
}

/// One snapshot of the database to read from.
#[derive(Debug)]
pub struct Reader {
    pub(crate) inner: DatabaseTransaction,
}

impl Tx {
    /// Runs a statement that changes rows; returns how many it changed.
    ///
    /// # Errors
    ///
    /// As [`Query::all`], and [`Error::Unique`], [`Error::ForeignKey`],
    /// [`Error::Check`] and [`Error::Stale`]. After any of them PostgreSQL
    /// accepts nothing more in this transaction: drop it.
    pub async fn execute(&mut self, sql: &str, values: Vec<Value>) -> Result<u64, Error> {
        let statement = statement(&self.inner, sql, values)?;
        Ok(self.inner.execute_raw(statement).await?.rows_affected())
    }

    /// Saves everything. When this returns, it is on disk.
    ///
    /// # Errors
    ///
    /// [`Error::Stale`] if a concurrent change made the snapshot too old,
    /// [`Error::Unavailable`] if the disk failed: then this [`Store`] begins no
    /// further transaction, because after a failed `fsync` a later success
    /// proves nothing.
    ///
    /// [`Store`]: crate::Store
    pub async fn commit(self) -> Result<(), Error> {
        // Before it, so that nothing that is read meanwhile is kept; and after it, also if it
        // failed or was broken off: whether it was committed is unknown then.
        self.changes.fetch_add(1, Ordering::SeqCst);
        let _changed = Changed(Arc::clone(&self.changes));
        let committed = self.inner.commit().await;
        committed.map_err(|error: DbErr| {
            if is_disk_failure(&error) {
                self.broken.store(true, Ordering::SeqCst);
            }
            Error::from(error)
        })
    }
}

/// Counts a change when it is dropped.
struct Changed(Arc<AtomicU64>);

impl Drop for Changed {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Query for Tx {
    async fn all<T: FromRow + Send>(
        &mut self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, Error> {
        all(&self.inner, sql, values).await
    }

    async fn optional<T: FromRow + Send>(
        &mut self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<T>, Error> {
        optional(&self.inner, sql, values).await
    }
}

impl Query for Reader {
    async fn all<T: FromRow + Send>(
        &mut self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, Error> {
        all(&self.inner, sql, values).await
    }

    async fn optional<T: FromRow + Send>(
        &mut self,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<Option<T>, Error> {
        optional(&self.inner, sql, values).await
    }
}

/// Turns "no row matched" into an error: the row is no longer in the state that
/// the statement's `WHERE` asked for.
///
/// # Errors
///
/// [`Error::Stale`] if no row was changed, [`Error::Corrupt`] if several were.
pub fn expect_one(changed: u64) -> Result<(), Error> {
    match changed {
        0 => Err(Error::Stale),
        1 => Ok(()),
        more => Err(Error::corrupt(format!("one row was to be changed, and {more} were"))),
    }
}

async fn all<T: FromRow>(
    connection: &DatabaseTransaction,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<T>, Error> {
    let statement = statement(connection, sql, values)?;
    let rows = connection.query_all_raw(statement).await?;
    rows.into_iter().map(|row| T::from_row(&Row(row))).collect()
}

async fn optional<T: FromRow>(
    connection: &DatabaseTransaction,
    sql: &str,
    values: Vec<Value>,
) -> Result<Option<T>, Error> {
    let statement = statement(connection, sql, values)?;
    let row = connection.query_one_raw(statement).await?;
    row.map(|row| T::from_row(&Row(row))).transpose()
}

fn statement(
    connection: &DatabaseTransaction,
    sql: &str,
    values: Vec<Value>,
) -> Result<Statement, Error> {
    let values = values.into_iter().map(Value::into_engine).collect::<Result<Vec<_>, _>>()?;
    Ok(Statement::from_sql_and_values(connection.get_database_backend(), sql, values))
}

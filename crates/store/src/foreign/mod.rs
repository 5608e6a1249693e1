//! A table of a database that is not ours, read row by row as text.
//!
//! ```text
//! address ─▶ ForeignTable::open ─▶ one transaction that can only read ─▶ each row, as often as asked
//! ```
//!
//! PostgreSQL is read through a cursor in `REPEATABLE READ READ ONLY`, SQLite through a
//! connection that can only read: every pass sees the same rows in the same order, and
//! no more than a few thousand of them are in memory.
//!
//! Invariants (each is also the name of a test):
//! - `every_pass_over_a_foreign_table_sees_the_same_rows`
//! - `a_foreign_table_is_never_written_to`
//! - `a_password_in_an_address_is_never_shown`
//!
//! It knows no type of ours: a cell is text or nothing, and [`ForeignKind`] says how the
//! text may be read.

mod address;

use std::fmt;
use std::ops::ControlFlow;

use futures::TryStreamExt as _;
use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions as _, Row as _,
    postgres::{PgConnectOptions, PgConnection},
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

pub use address::ForeignAddress;
use address::{Engine, quoted};

/// Rows that are fetched at once.
const FETCHED_ROWS: u32 = 4096;

/// Why a foreign table cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForeignError {
    /// The text is no address of a table.
    #[error(
        "not the address of a table; write postgres://user@host/database?table=schema.name or \
         sqlite:FILE?table=NAME"
    )]
    Address,
    /// A setting in the address is none, and may be a secret that was misspelt.
    #[error(
        "the address has a setting that is not known, which is not shown since it may be a \
         secret; take it out: {} are known", address::SETTINGS.map(|(name, _)| name).join(", ")
    )]
    Setting,
    /// The database does not answer, or does not let us in.
    #[error(
        "the database cannot be opened ({message}); check the address, and give a password in \
         PGPASSWORD or ~/.pgpass rather than in it"
    )]
    Connect {
        /// What the driver said.
        message: String,
    },
    /// There is no such table, or it may not be seen.
    #[error("no table or view `{table}` that may be read; correct the name after `table=`")]
    NoTable {
        /// The name.
        table: String,
    },
    /// The database refused a statement, or a cell is no text.
    #[error("the database stopped ({message}); check that the table may be read, and try again")]
    Read {
        /// What the driver said.
        message: String,
    },
}

fn stopped(error: &sqlx::Error) -> ForeignError {
    ForeignError::Read { message: error.to_string() }
}

fn unopened(error: &sqlx::Error) -> ForeignError {
    ForeignError::Connect { message: error.to_string() }
}

/// How the text of a column may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignKind {
    /// Whole numbers of at most 64 bits.
    Whole,
    /// Numbers.
    Real,
    /// Days, `2026-12-01`.
    Date,
    /// Moments without offset, in UTC where the database knows one.
    Moment,
    /// `true` and `false`.
    YesNo,
    /// Anything else.
    Text,
}

/// A column of a foreign table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignColumn {
    /// Its name.
    pub name: String,
    /// How its text may be read.
    pub kind: ForeignKind,
    /// Whether its time has an offset, which is taken to UTC.
    has_offset: bool,
    /// Whether it holds bytes, which are shown in hexadecimal.
    is_bytes: bool,
    /// Whether it holds numbers with more digits than a floating-point number keeps.
    is_exact: bool,
}

enum Connection {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

/// A foreign table in a transaction of its own that can only read.
pub struct ForeignTable {
    connection: Connection,
    address: ForeignAddress,
    columns: Vec<ForeignColumn>,
    /// Cursors that were opened; each has a name of its own.
    cursors: u32,
}

impl fmt::Debug for ForeignTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("ForeignTable");
        shown.field("address", &self.address).field("columns", &self.columns).finish()
    }
}

/// Sees a row: one text a column asked for, `None` being null.
pub type SeeRow<'a> = dyn FnMut(&[Option<&str>]) -> ControlFlow<()> + 'a;

impl ForeignTable {
    /// Opens the database and finds the columns of the table.
    ///
    /// # Errors
    ///
    /// [`ForeignError`].
    pub async fn open(address: &ForeignAddress) -> Result<Self, ForeignError> {
        let (connection, columns) = match &address.engine {
            Engine::Postgres(url) => {
                let mut connection = begin_postgres(url).await?;
                let columns = postgres_columns(&mut connection, address).await?;
                (Connection::Postgres(connection), columns)
            }
            Engine::Sqlite(path) => {
                let mut connection = begin_sqlite(path).await?;
                let columns = sqlite_columns(&mut connection, address).await?;
                (Connection::Sqlite(connection), columns)
            }
        };
        if columns.is_empty() {
            return Err(address.no_table());
        }
        Ok(Self { connection, address: address.clone(), columns, cursors: 0 })
    }

    /// The columns, in the order of the table.
    pub fn columns(&self) -> &[ForeignColumn] {
        &self.columns
    }

    /// The columns with kinds that every cell keeps. SQLite declares types and does not
    /// keep to them, so its cells are looked at, and a `numeric` of PostgreSQL is a text
    /// where it has more digits than a number keeps: an identity number, for example.
    ///
    /// # Errors
    ///
    /// [`ForeignError::Read`].
    pub async fn checked_columns(&mut self) -> Result<Vec<ForeignColumn>, ForeignError> {
        let connection = match &mut self.connection {
            Connection::Sqlite(connection) => connection,
            Connection::Postgres(connection) => {
                let table = self.address.quoted_table();
                keep_digits(connection, &table, &mut self.columns).await?;
                return Ok(self.columns.clone());
            }
        };
        let counts: Vec<String> = self
            .columns
            .iter()
            .map(|column| {
                let name = quoted(&column.name);
                format!(
                    "COALESCE(SUM(typeof({name}) NOT IN ('integer', 'null')), 0), \
                     COALESCE(SUM(typeof({name}) NOT IN ('integer', 'real', 'null')), 0), \
                     COUNT({name})"
                )
            })
            .collect();
        let sql = format!("SELECT {} FROM {}", counts.join(", "), self.address.quoted_table());
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(connection).await;
        let row = row.map_err(|error| stopped(&error))?;
        for (place, column) in self.columns.iter_mut().enumerate() {
            let count = |offset: usize| {
                row.try_get::<i64, _>(3 * place + offset).map_err(|error| stopped(&error))
            };
            let (unwhole, no_numbers, cells) = (count(0)?, count(1)?, count(2)?);
            column.kind = match (cells, unwhole, no_numbers) {
                (0, ..) => ForeignKind::Text,
                (_, 0, _) => ForeignKind::Whole,
                (_, _, 0) => ForeignKind::Real,
                _ => ForeignKind::Text,
            };
        }
        Ok(self.columns.clone())
    }

    /// Shows each row, until `see` has enough.
    ///
    /// - `places`: which columns, from 0.
    ///
    /// # Errors
    ///
    /// [`ForeignError::Read`].
    pub async fn each(
        &mut self,
        places: &[usize],
        see: &mut SeeRow<'_>,
    ) -> Result<(), ForeignError> {
        let chosen: Vec<&ForeignColumn> =
            places.iter().filter_map(|place| self.columns.get(*place)).collect();
        let width = chosen.len();
        match &mut self.connection {
            Connection::Postgres(connection) => {
                let texts: Vec<String> = chosen.into_iter().map(postgres_text).collect();
                let texts = if texts.is_empty() { "1".to_owned() } else { texts.join(", ") };
                let select = format!("SELECT {texts} FROM {}", self.address.quoted_table());
                self.cursors += 1;
                each_postgres(connection, &select, self.cursors, width, see).await
            }
            Connection::Sqlite(connection) => {
                let texts: Vec<String> = chosen.into_iter().map(sqlite_text).collect();
                let texts = if texts.is_empty() { "1".to_owned() } else { texts.join(", ") };
                let select = format!("SELECT {texts} FROM {}", self.address.quoted_table());
                let mut rows = sqlx::query(AssertSqlSafe(select)).fetch(connection);
                while let Some(row) = rows.try_next().await.map_err(|error| stopped(&error))? {
                    let cells: Result<Vec<Option<&str>>, _> =
                        (0..width).map(|place| row.try_get(place)).collect();
                    if see(&cells.map_err(|error| stopped(&error))?).is_break() {
                        break;
                    }
                }
                Ok(())
            }
        }
    }
}

async fn begin_postgres(url: &str) -> Result<PgConnection, ForeignError> {
    let options: PgConnectOptions = url.parse().map_err(|error| unopened(&error))?;
    let options = options.application_name("fenhe").disable_statement_logging();
    let mut connection = options.connect().await.map_err(|error| unopened(&error))?;
    // Two passes over a large table may not begin at different places of it.
    for sql in [
        "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET LOCAL synchronize_seqscans = off",
        "SET LOCAL datestyle = 'ISO'",
        "SET LOCAL timezone = 'UTC'",
    ] {
        sqlx::query(sql).execute(&mut connection).await.map_err(|error| stopped(&error))?;
    }
    Ok(connection)
}

async fn begin_sqlite(path: &str) -> Result<SqliteConnection, ForeignError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .create_if_missing(false)
        .disable_statement_logging();
    let mut connection = options.connect().await.map_err(|error| unopened(&error))?;
    sqlx::query("BEGIN").execute(&mut connection).await.map_err(|error| stopped(&error))?;
    Ok(connection)
}

async fn postgres_columns(
    connection: &mut PgConnection,
    address: &ForeignAddress,
) -> Result<Vec<ForeignColumn>, ForeignError> {
    let rows = sqlx::query(
        "SELECT a.attname::text, t.typname::text
           FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
          WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
          ORDER BY a.attnum",
    )
    .bind(address.quoted_table())
    .fetch_all(connection)
    .await
    .map_err(|error| stopped(&error))?;
    let column = |row: &sqlx::postgres::PgRow| {
        let type_name: String = row.try_get(1)?;
        Ok(ForeignColumn {
            name: row.try_get(0)?,
            kind: match type_name.as_str() {
                "int2" | "int4" | "int8" => ForeignKind::Whole,
                "float4" | "float8" | "numeric" => ForeignKind::Real,
                "date" => ForeignKind::Date,
                "timestamp" | "timestamptz" => ForeignKind::Moment,
                "bool" => ForeignKind::YesNo,
                _ => ForeignKind::Text,
            },
            has_offset: type_name == "timestamptz",
            is_bytes: type_name == "bytea",
            is_exact: type_name == "numeric",
        })
    };
    let columns: Result<Vec<ForeignColumn>, sqlx::Error> = rows.iter().map(column).collect();
    columns.map_err(|error| stopped(&error))
}

/// Makes a text of each exact number that has a cell of more than 15 digits.
async fn keep_digits(
    connection: &mut PgConnection,
    table: &str,
    columns: &mut [ForeignColumn],
) -> Result<(), ForeignError> {
    let exact: Vec<&mut ForeignColumn> =
        columns.iter_mut().filter(|column| column.is_exact).collect();
    if exact.is_empty() {
        return Ok(());
    }
    let digits = |column: &&mut ForeignColumn| {
        let name = quoted(&column.name);
        format!("COALESCE(MAX(length(regexp_replace({name}::text, '[^0-9]', '', 'g'))), 0)")
    };
    let digits: Vec<String> = exact.iter().map(digits).collect();
    let sql = format!("SELECT {} FROM {table}", digits.join(", "));
    let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(connection).await;
    let row = row.map_err(|error| stopped(&error))?;
    for (place, column) in exact.into_iter().enumerate() {
        let most: i32 = row.try_get(place).map_err(|error| stopped(&error))?;
        column.kind = if most > 15 { ForeignKind::Text } else { ForeignKind::Real };
    }
    Ok(())
}

async fn sqlite_columns(
    connection: &mut SqliteConnection,
    address: &ForeignAddress,
) -> Result<Vec<ForeignColumn>, ForeignError> {
    let table = address.table.first().cloned().unwrap_or_default();
    let rows = sqlx::query("SELECT name, type FROM pragma_table_info($1) ORDER BY cid")
        .bind(table)
        .fetch_all(connection)
        .await
        .map_err(|error| stopped(&error))?;
    let column = |row: &sqlx::sqlite::SqliteRow| {
        let declared: String = row.try_get(1)?;
        Ok(ForeignColumn {
            name: row.try_get(0)?,
            kind: ForeignKind::Text,
            has_offset: false,
            is_bytes: declared.to_ascii_uppercase().contains("BLOB"),
            is_exact: false,
        })
    };
    let columns: Result<Vec<ForeignColumn>, sqlx::Error> = rows.iter().map(column).collect();
    columns.map_err(|error| stopped(&error))
}

fn postgres_text(column: &ForeignColumn) -> String {
    let name = quoted(&column.name);
    match column {
        ForeignColumn { is_bytes: true, .. } => format!("encode({name}, 'hex')"),
        ForeignColumn { has_offset: true, .. } => format!("({name} AT TIME ZONE 'UTC')::text"),
        _ => format!("{name}::text"),
    }
}

fn sqlite_text(column: &ForeignColumn) -> String {
    let name = quoted(&column.name);
    if column.is_bytes { format!("hex({name})") } else { format!("CAST({name} AS TEXT)") }
}

async fn each_postgres(
    connection: &mut PgConnection,
    select: &str,
    number: u32,
    width: usize,
    see: &mut SeeRow<'_>,
) -> Result<(), ForeignError> {
    let failed = |error: sqlx::Error| stopped(&error);
    let cursor = format!("fenhe_{number}");
    let declare = format!("DECLARE {cursor} NO SCROLL CURSOR FOR {select}");
    sqlx::query(AssertSqlSafe(declare)).execute(&mut *connection).await.map_err(failed)?;
    let fetch = format!("FETCH {FETCHED_ROWS} FROM {cursor}");
    'all: loop {
        let query = sqlx::query(AssertSqlSafe(fetch.clone()));
        let rows = query.fetch_all(&mut *connection).await.map_err(failed)?;
        for row in &rows {
            let cells: Result<Vec<Option<&str>>, _> =
                (0..width).map(|place| row.try_get(place)).collect();
            if see(&cells.map_err(failed)?).is_break() {
                break 'all;
            }
        }
        if rows.is_empty() {
            break;
        }
    }
    let close = format!("CLOSE {cursor}");
    sqlx::query(AssertSqlSafe(close)).execute(&mut *connection).await.map_err(failed)?;
    Ok(())
}

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

use std::fmt;
use std::ops::ControlFlow;

use futures::TryStreamExt as _;
use sea_orm::sqlx::{
    self, AssertSqlSafe, ConnectOptions as _, Row as _,
    postgres::{PgConnectOptions, PgConnection},
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use url::Url;

/// Rows that are fetched at once.
const FETCHED_ROWS: u32 = 4096;

/// Why a foreign table cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ForeignError {
    /// The text is no address of a table.
    #[error(
        "not the address of a table; write postgres://user@host/database?table=schema.name or \
         sqlite:FILE?table=NAME"
    )]
    Address,
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

/// Where a foreign table is.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignAddress {
    engine: Address,
    /// Schema, if one is named, and table.
    table: Vec<String>,
    shown: String,
}

#[derive(Clone, PartialEq, Eq)]
enum Address {
    Postgres(String),
    Sqlite(String),
}

impl fmt::Debug for ForeignAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("ForeignAddress").field(&self.shown).finish()
    }
}

impl fmt::Display for ForeignAddress {
    /// The address without its password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}

impl ForeignAddress {
    /// Whether a text is meant as an address: it begins as one.
    pub fn is_meant(text: &str) -> bool {
        ["postgres://", "postgresql://", "sqlite:"].iter().any(|scheme| text.starts_with(scheme))
    }

    /// Reads `postgres://user@host/database?table=schema.name` or
    /// `sqlite:FILE?table=NAME`. A point in a name stands between schema and table.
    ///
    /// # Errors
    ///
    /// [`ForeignError::Address`], which does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, ForeignError> {
        if let Some(rest) = text.strip_prefix("sqlite:") {
            let (path, table) = rest.rsplit_once("?table=").ok_or(ForeignError::Address)?;
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || table.is_empty() {
                return Err(ForeignError::Address);
            }
            return Ok(Self {
                engine: Address::Sqlite(path.to_owned()),
                table: vec![table.to_owned()],
                shown: text.to_owned(),
            });
        }
        let mut url: Url = text.parse().map_err(|_| ForeignError::Address)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(ForeignError::Address);
        }
        let pairs = url.query_pairs().into_owned();
        let (named, others): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| name == "table");
        let [(_, table)] = named.as_slice() else { return Err(ForeignError::Address) };
        let table: Vec<String> = match table.split_once('.') {
            Some((schema, table)) => vec![schema.to_owned(), table.to_owned()],
            None => vec![table.clone()],
        };
        if table.iter().any(String::is_empty) {
            return Err(ForeignError::Address);
        }
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(&others);
        }
        let connect = url.to_string();
        let _ = url.set_password(None);
        url.set_query(None);
        for (name, value) in others.iter().filter(|(name, _)| name != "password") {
            url.query_pairs_mut().append_pair(name, value);
        }
        url.query_pairs_mut().append_pair("table", &table.join("."));
        Ok(Self { engine: Address::Postgres(connect), table, shown: url.to_string() })
    }

    fn quoted_table(&self) -> String {
        let parts: Vec<String> = self.table.iter().map(|part| quoted(part)).collect();
        parts.join(".")
    }

    fn no_table(&self) -> ForeignError {
        ForeignError::NoTable { table: self.table.join(".") }
    }
}

/// A name as both engines read it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
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
            Address::Postgres(url) => {
                let mut connection = begin_postgres(url).await?;
                let columns = postgres_columns(&mut connection, address).await?;
                (Connection::Postgres(connection), columns)
            }
            Address::Sqlite(path) => {
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
            let count = |offset: usize| row.try_get::<i64, _>(3 * place + offset);
            let counts = [count(0), count(1), count(2)];
            let [Ok(unwhole), Ok(no_numbers), Ok(cells)] = counts else { continue };
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ForeignAddress;

    proptest! {
        #[test]
        fn no_password_whatever_it_is_is_shown_and_the_table_is_found(
            password in "[a-zA-Z0-9!$'()*,;%]{9,20}",
            table in "[a-z\\p{Han}]{1,9}",
        ) {
            let text = format!("postgres://li:{password}@db/stadt?table={table}");
            if let Ok(address) = ForeignAddress::parse(&text) {
                let shown = format!("{address} {address:?}");
                prop_assert!(!shown.contains(&password), "{}", shown);
                prop_assert_eq!(address.quoted_table(), format!("\"{table}\""));
            }
        }
    }

    #[test]
    fn a_password_in_an_address_is_never_shown() {
        let text = "postgres://li:geheim@db:5433/stadt?sslmode=require&password=nochmal&table=a.b";
        let address = ForeignAddress::parse(text).unwrap();
        for shown in [address.to_string(), format!("{address:?}")] {
            assert!(!shown.contains("geheim") && !shown.contains("nochmal"), "{shown}");
            assert!(shown.contains("table=a.b") && shown.contains("db:5433"), "{shown}");
        }
        let wrong = ForeignAddress::parse("postgres://li:geheim@db/stadt").unwrap_err();
        assert!(!wrong.to_string().contains("geheim"), "{wrong}");
        assert_eq!(address.quoted_table(), "\"a\".\"b\"");
    }

    #[test]
    fn a_name_is_quoted_and_a_path_is_taken_as_it_is() {
        let address = ForeignAddress::parse("sqlite:/data/人口.db?table=a\"b").unwrap();
        assert_eq!(address.quoted_table(), "\"a\"\"b\"");
        for wrong in ["sqlite:x.db", "sqlite:?table=a", "sqlite:x.db?table=", "mysql://a/b?table=c"]
        {
            assert!(ForeignAddress::parse(wrong).is_err(), "{wrong}");
        }
    }
}

//! Copies of the SQLite file, and its check.

use std::path::Path;

use sea_orm::sqlx::{
    self, ConnectOptions, Connection,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};

use crate::open::{sync_folder_of, unavailable};
use crate::{Error, Query, Store, params};

impl Store {
    /// Writes a consistent copy of the database to `path`, on disk when this
    /// returns. Writers go on meanwhile; the copy has what was committed when it
    /// began.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if `path` exists or cannot be written, or if the
    /// engine is PostgreSQL, whose own tools (`pg_dump`) make better copies.
    pub async fn backup_to(&self, path: &Path) -> Result<(), Error> {
        let Some(source) = self.path() else {
            return Err(Error::unavailable("PostgreSQL is backed up with pg_dump"));
        };
        let Some(target) = path.to_str() else {
            return Err(Error::unavailable("the name of the copy is not UTF-8"));
        };
        let mut connection: SqliteConnection = SqliteConnectOptions::new()
            .filename(source)
            .disable_statement_logging()
            .connect()
            .await
            .map_err(|error| unavailable(&error))?;
        sqlx::query("VACUUM INTO $1")
            .bind(target)
            .execute(&mut connection)
            .await
            .map_err(|error| unavailable(&error))?;
        connection.close().await.map_err(|error| unavailable(&error))?;
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || {
            std::fs::File::open(&path)
                .and_then(|file| file.sync_all())
                .map_err(|error| Error::unavailable(format!("cannot sync the copy: {error}")))?;
            sync_folder_of(&path)
        })
        .await
        .map_err(|error| Error::unavailable(error.to_string()))?
    }

    /// What is wrong with the database; empty if nothing is.
    ///
    /// SQLite reads the whole file (`integrity_check`, `foreign_key_check`).
    /// PostgreSQL checks itself as it reads, so only the connection is tried.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if it cannot be asked.
    pub async fn integrity(&self) -> Result<Vec<String>, Error> {
        let mut reader = self.read().await?;
        if self.path().is_none() {
            reader.one::<i64>("SELECT CAST(1 AS BIGINT)", params![]).await?;
            return Ok(Vec::new());
        }
        let mut found: Vec<String> = reader.all("PRAGMA integrity_check", params![]).await?;
        found.retain(|line| line != "ok");
        let orphans: Vec<(String, Option<i64>)> =
            reader.all("PRAGMA foreign_key_check", params![]).await?;
        found.extend(orphans.into_iter().map(|(table, row)| {
            let row = row.map_or_else(|| "?".to_owned(), |row| row.to_string());
            format!("row {row} of `{table}` refers to a row that does not exist")
        }));
        Ok(found)
    }
}

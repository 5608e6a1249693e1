//! Applying `migrations/*.sql`, each once, in the order of its file name.
//!
//! A migration that was applied is never edited: its SHA-256 is kept, and a
//! changed text is refused.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, TransactionTrait};
use sha2::{Digest, Sha256};

use crate::error::Cause;
use crate::{Engine, Error, Query, Store, Tx, params};

/// File name and text of each migration, sorted by name.
pub(crate) const MIGRATIONS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

impl Store {
    /// Applies the migrations that are not applied yet.
    ///
    /// Several servers may call it at once; one of them does the work.
    ///
    /// # Errors
    ///
    /// [`Error::Migration`] if an applied migration was edited, if the database
    /// was made by a newer version, or if a statement fails; the migrations
    /// before it stay applied.
    pub async fn migrate(&self) -> Result<(), Error> {
        self.apply(MIGRATIONS).await
    }

    async fn apply(&self, migrations: &[(&str, &str)]) -> Result<(), Error> {
        let mut tx = self.begin_migration().await?;
        tx.execute(
            "CREATE TABLE IF NOT EXISTS migration (
                 name       TEXT PRIMARY KEY,
                 sha256     TEXT NOT NULL
             )",
            params![],
        )
        .await?;
        let applied = applied(&mut tx).await?;
        tx.commit().await?;
        for name in applied.keys() {
            if !migrations.iter().any(|(known, _)| known == name) {
                return Err(Error::Migration {
                    name: name.clone(),
                    reason: "this program does not know it: the database is of a newer version"
                        .to_owned(),
                    source: None,
                });
            }
        }
        for (name, text) in migrations {
            self.apply_one(name, text, applied.get(*name)).await?;
        }
        Ok(())
    }

    async fn apply_one(
        &self,
        name: &str,
        text: &str,
        applied_as: Option<&String>,
    ) -> Result<(), Error> {
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        let edited = || Error::Migration {
            name: name.to_owned(),
            reason: "it was edited after it was applied".to_owned(),
            source: None,
        };
        match applied_as {
            Some(applied) if *applied == digest => return Ok(()),
            Some(_) => return Err(edited()),
            None => {}
        }
        let mut tx = self.begin_migration().await?;
        // Another server may have been faster.
        match applied(&mut tx).await?.get(name) {
            Some(applied) if *applied == digest => return Ok(()),
            Some(_) => return Err(edited()),
            None => {}
        }
        tx.inner.execute_unprepared(text).await.map_err(|error| Error::Migration {
            name: name.to_owned(),
            reason: "a statement failed".to_owned(),
            source: Some(Cause::new(error)),
        })?;
        tx.execute("INSERT INTO migration (name, sha256) VALUES ($1, $2)", params![name, digest])
            .await?;
        tx.commit().await?;
        tracing::info!(migration = name, "applied");
        Ok(())
    }

    /// A transaction that only one server holds at a time, and that sees what
    /// the one before it committed.
    async fn begin_migration(&self) -> Result<Tx, Error> {
        match self.engine() {
            Engine::Sqlite => self.begin().await,
            Engine::Postgres => {
                let inner = self.writer().begin().await?;
                // An arbitrary number that all versions share.
                inner.execute_unprepared("SELECT pg_advisory_xact_lock(7205759403)").await?;
                Ok(Tx {
                    inner,
                    broken: std::sync::Arc::default(),
                    changes: std::sync::Arc::default(),
                })
            }
        }
    }
}

async fn applied(tx: &mut Tx) -> Result<BTreeMap<String, String>, Error> {
    Ok(tx
        .all::<(String, String)>("SELECT name, sha256 FROM migration", params![])
        .await?
        .into_iter()
        .collect())
}

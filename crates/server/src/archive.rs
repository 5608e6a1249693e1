//! `fenhe backup` and `fenhe restore`.
//!
//! A backup is a folder: the database as of one moment (SQLite's own copy), then
//! tables, files and keys. Tables and received files never change once they are
//! there, so copying them after the database gives everything that it refers to.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::Failure;
use crate::config::Config;
use crate::show::say;
use crate::wiring::{FILES, KEYS, LAKE};

/// Why a folder cannot be backed up into, or restored from.
#[derive(Debug, thiserror::Error)]
enum ArchiveError {
    /// The target must be new.
    #[error("`{0}` exists already; give a folder that does not exist yet")]
    Exists(String),
    /// The data folder must be empty.
    #[error("the data folder `{0}` is not empty; restore into an empty one (FENHE_DATA)")]
    NotEmpty(String),
    /// Not a backup.
    #[error("`{0}` is not a backup: it has no fenhe.db")]
    NotBackup(String),
    /// PostgreSQL and S3 have their own tools.
    #[error(
        "with {0} use its own tools for the backup (pg_dump, versioned buckets); see docs/operations.md"
    )]
    Elsewhere(&'static str),
}

/// Backs up into a new folder; the server may be running.
pub(crate) async fn backup(config: &Config, target: &Path) -> Result<(), Failure> {
    if config.database.as_deref().is_some_and(|url| !url.starts_with("sqlite")) {
        return Err(Box::new(ArchiveError::Elsewhere("PostgreSQL")));
    }
    if config.lake.as_deref().is_some_and(|url| url.contains("://")) {
        return Err(Box::new(ArchiveError::Elsewhere("an object store")));
    }
    if target.exists() {
        return Err(Box::new(ArchiveError::Exists(target.display().to_string())));
    }
    fs::create_dir_all(target)?;
    let store = store::Store::open(&config.database()).await?;
    store.backup_to(&target.join("fenhe.db")).await?;
    let mut bytes = fs::metadata(target.join("fenhe.db"))?.len();
    for part in [LAKE, FILES, KEYS] {
        let from = config.data.join(part);
        if from.exists() {
            bytes += copy(&from, &target.join(part))?;
        }
    }
    sync(target)?;
    say(&format!("已备份 backed up: {} ({} MB)", target.display(), bytes / 1_000_000));
    say("其中含签名密钥，请妥善保管 It holds the signing keys: keep it safe.");
    Ok(())
}

/// Restores into an empty data folder.
pub(crate) fn restore(config: &Config, source: &Path) -> Result<(), Failure> {
    if !source.join("fenhe.db").exists() {
        return Err(Box::new(ArchiveError::NotBackup(source.display().to_string())));
    }
    let is_empty = match fs::read_dir(&config.data) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) => return Err(error.into()),
    };
    if !is_empty {
        return Err(Box::new(ArchiveError::NotEmpty(config.data.display().to_string())));
    }
    copy(source, &config.data)?;
    Ok(())
}

/// Copies a folder with everything in it, and syncs it; returns the bytes.
fn copy(from: &Path, to: &Path) -> io::Result<u64> {
    fs::create_dir_all(to)?;
    let mut bytes = 0;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            bytes += copy(&entry.path(), &target)?;
        } else {
            bytes += fs::copy(entry.path(), &target)?;
            File::open(&target)?.sync_all()?;
        }
    }
    sync(to)?;
    Ok(bytes)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

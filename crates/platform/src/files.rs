//! Files in the data folder that are not tables: uploads under way, received
//! files kept as evidence, and quarantined rows.
//!
//! What is acknowledged is durable: a write returns after the file and, for a new
//! one, its folder are synced.
//!
//! ```text
//! files/uploads/<upload id>        bytes received so far
//! files/received/<sha256>          files as they came, by content
//! files/quarantine/<version id>    rejected rows, one JSON object a line
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::Error;

/// The folder `files/` of the data folder.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

impl Files {
    /// Opens the folder, making it and its parts where they are missing.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if a folder cannot be made or synced.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let files = Self { root: root.into() };
        for part in ["uploads", "received", "quarantine"] {
            let folder = files.root.join(part);
            fs::create_dir_all(&folder).map_err(|source| files.failed(&folder, source))?;
            sync_folder(&folder).map_err(|source| files.failed(&folder, source))?;
        }
        sync_folder(&files.root).map_err(|source| files.failed(&files.root, source))?;
        Ok(files)
    }

    /// Where the shapes of the map lie, if there are any.
    pub fn map(&self) -> PathBuf {
        self.root.join("map.json")
    }

    /// Where the boundaries of divisions lie, if there are any: GeoJSON whose features
    /// have the property `code`, or `gb` with `156` in front.
    pub fn boundaries(&self) -> PathBuf {
        self.root.join("boundaries.geojson")
    }

    /// Where an upload's bytes lie.
    pub fn upload(&self, id: vocabulary::UploadId) -> PathBuf {
        self.root.join("uploads").join(id.to_string())
    }

    /// Where a received file lies, by the SHA-256 of its content in hex.
    pub fn received(&self, sha256: &str) -> PathBuf {
        self.root.join("received").join(sha256)
    }

    /// Where a version's rejected rows lie.
    pub fn quarantine(&self, id: vocabulary::VersionId) -> PathBuf {
        self.root.join("quarantine").join(format!("{id}.ndjson"))
    }

    /// Writes `bytes` at `offset` of an upload and syncs them.
    ///
    /// Bytes after `offset` that an interrupted write left behind are cut off first.
    ///
    /// # Errors
    ///
    /// [`Error::File`], also when the disk is full; nothing is acknowledged then.
    pub fn append(&self, id: vocabulary::UploadId, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let path = self.upload(id);
        let write = || -> io::Result<()> {
            let is_new = !path.exists();
            let mut file =
                OpenOptions::new().create(true).write(true).truncate(false).open(&path)?;
            file.set_len(offset)?;
            file.seek(SeekFrom::Start(offset))?;
            file.write_all(bytes)?;
            file.sync_data()?;
            if is_new { sync_folder(&self.root.join("uploads")) } else { Ok(()) }
        };
        write().map_err(|source| self.failed(&path, source))
    }

    /// Moves a complete upload to its place by content and syncs both folders.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the move cannot be made durable.
    pub fn keep(&self, id: vocabulary::UploadId, sha256: &str) -> Result<PathBuf, Error> {
        let (from, to) = (self.upload(id), self.received(sha256));
        let keep = || -> io::Result<()> {
            if to.exists() && !from.exists() {
                return Ok(());
            }
            File::open(&from)?.sync_all()?;
            fs::rename(&from, &to)?;
            sync_folder(&self.root.join("received"))?;
            sync_folder(&self.root.join("uploads"))
        };
        keep().map_err(|source| self.failed(&to, source))?;
        Ok(to)
    }

    /// Removes an upload that was given up; a missing file is no error.
    ///
    /// # Errors
    ///
    /// [`Error::File`] if the system refuses.
    pub fn discard(&self, id: vocabulary::UploadId) -> Result<(), Error> {
        let path = self.upload(id);
        match fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(self.failed(&path, source)),
        }
    }

    /// An error about a file, with the path relative to the data folder.
    pub(crate) fn failed(&self, path: &Path, source: io::Error) -> Error {
        let shown = path.strip_prefix(&self.root).unwrap_or(path);
        Error::File { path: shown.display().to_string(), source }
    }
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

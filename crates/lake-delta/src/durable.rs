//! A local folder as an object store whose acknowledgements survive a power cut.
//!
//! `object_store` 0.13 never calls `fsync` on a local disk, so what it acknowledged
//! can be gone, or there and empty, after a power cut. [`DurableStore`] reads
//! through it and writes by itself, always in this order:
//!
//! ```text
//! new folders ▶ sync their parents ▶ write `name#digits` ▶ sync it
//!             ▶ link or rename to `name` ▶ sync the folder ▶ acknowledge
//! ```
//!
//! A reader therefore never sees half a file, and a name that a reader saw after a
//! restart has its whole content. After a failed sync nobody knows what is on the
//! disk (the kernel drops the dirty pages and forgets the error), so from then on
//! every write is refused until the process is started again: [`StoppedError`].
//!
//! Names that end in `#digits` are staged files. Listings leave them out;
//! [`DurableStore::staged`] finds those that a killed process left behind.

use std::collections::HashSet;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyMode, CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    RenameTargetMode, Result,
};

use crate::durable_upload::DurableUpload;

const NAME: &str = "DurableStore";

/// Writing has stopped because an earlier write could not be made durable.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("stopped acknowledging writes after a failed sync")]
pub struct StoppedError;

/// An object store over the whole local file system, with durable writes.
#[derive(Clone, Debug)]
pub struct DurableStore {
    local: LocalFileSystem,
    pub(crate) disk: Disk,
}

/// What all handles of one store share.
#[derive(Clone, Debug, Default)]
pub(crate) struct Disk {
    stopped: Arc<AtomicBool>,
    /// Folders whose names are known to be on the disk.
    known: Arc<Mutex<HashSet<PathBuf>>>,
}

impl DurableStore {
    /// A store whose paths begin at the root of the file system.
    pub fn new() -> Self {
        Self { local: LocalFileSystem::new(), disk: Disk::default() }
    }

    /// Whether writing has stopped.
    pub fn has_stopped(&self) -> bool {
        self.disk.stopped.load(Ordering::SeqCst)
    }

    /// Staged files below a folder, left by processes that were killed.
    pub(crate) fn staged(folder: &FilePath) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries.flatten() {
                let path = entry.path();
                let name = entry.file_name();
                let staged = name.to_str().and_then(|name| name.rsplit_once('#')).is_some_and(
                    |(_, digits)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()),
                );
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                } else if staged {
                    found.push(path);
                }
            }
        }
        found.sort();
        found
    }

    /// Forgets a folder that was removed, so that it is made durably when it comes again.
    pub(crate) fn forget(&self, folder: &FilePath) {
        self.disk.forget(folder);
    }

    /// Moves a folder, durably.
    pub(crate) fn move_folder(&self, from: &FilePath, to: &FilePath) -> io::Result<()> {
        self.disk.check().map_err(io::Error::other)?;
        if let Some(parent) = to.parent() {
            self.disk.folder(parent)?;
        }
        fs::rename(from, to)?;
        self.disk.forget(from);
        for folder in [from.parent(), to.parent()].into_iter().flatten() {
            self.disk.sync_folder(folder)?;
        }
        Ok(())
    }
}

impl Default for DurableStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for DurableStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(NAME)
    }
}

impl Disk {
    /// Refuses when writing has stopped.
    pub(crate) fn check(&self) -> std::result::Result<(), StoppedError> {
        if self.stopped.load(Ordering::SeqCst) { Err(StoppedError) } else { Ok(()) }
    }

    fn stop_on<T>(&self, result: io::Result<T>) -> io::Result<T> {
        result.map_err(|error| {
            self.stopped.store(true, Ordering::SeqCst);
            tracing::error!(%error, "a sync failed: writes are refused from now on");
            io::Error::other(StoppedError)
        })
    }

    pub(crate) fn sync_file(&self, file: &File) -> io::Result<()> {
        self.stop_on(file.sync_all())
    }

    pub(crate) fn sync_folder(&self, folder: &FilePath) -> io::Result<()> {
        let opened = File::open(folder)?;
        self.stop_on(opened.sync_all())
    }

    /// Makes a folder and the ones above it, and makes their names durable.
    ///
    /// A folder that is already there may have been made by another process that has
    /// not synced it yet, so only what this process has synced counts as known.
    pub(crate) fn folder(&self, folder: &FilePath) -> io::Result<()> {
        let known = |path: &FilePath| {
            self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(path)
        };
        if known(folder) {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        for path in folder.ancestors() {
            if known(path) {
                break;
            }
            if let Some(parent) = path.parent() {
                match self.sync_folder(parent) {
                    // What we may not even open, we did not make anything in.
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                    done => done?,
                }
            }
            self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_path_buf());
        }
        Ok(())
    }

    /// Forgets a folder that was moved or removed.
    pub(crate) fn forget(&self, folder: &FilePath) {
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|path| !path.starts_with(folder));
    }

    /// Opens a staged file for `target`.
    pub(crate) fn stage(&self, target: &FilePath) -> io::Result<(File, PathBuf)> {
        let folder = target.parent().ok_or_else(|| io::Error::other("no parent folder"))?;
        self.folder(folder)?;
        let mut name = target.as_os_str().to_owned();
        name.push(format!("#{}", uuid::Uuid::new_v4().as_u128()));
        let staged = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        match options.open(&staged) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Another process removed the folder.
                self.forget(folder);
                self.folder(folder)?;
                options.open(&staged)
            }
            result => result,
        }
        .map(|file| (file, staged))
    }

    /// Gives a synced staged file its name. Removes it if that fails.
    pub(crate) fn publish(
        &self,
        staged: &FilePath,
        target: &FilePath,
        replace: bool,
    ) -> io::Result<()> {
        let named = if replace {
            fs::rename(staged, target)
        } else {
            // A hard link fails if the name is taken: of several writers one wins.
            fs::hard_link(staged, target)
        };
        if named.is_err() || !replace {
            // Gone already, or only clutter that `staged` finds again.
            drop(fs::remove_file(staged));
        }
        named?;
        let folder = target.parent().ok_or_else(|| io::Error::other("no parent folder"))?;
        self.sync_folder(folder)
    }

    fn put(&self, target: &FilePath, payload: &PutPayload, replace: bool) -> io::Result<()> {
        let (mut file, staged) = self.stage(target)?;
        let written = payload.iter().try_for_each(|part| file.write_all(part));
        let synced = match written {
            Ok(()) => self.sync_file(&file),
            Err(error) => Err(error),
        };
        if let Err(error) = synced {
            drop(fs::remove_file(&staged));
            return Err(error);
        }
        self.publish(&staged, target, replace)
    }

    fn copy(&self, from: &FilePath, to: &FilePath, replace: bool) -> io::Result<()> {
        // Whoever wrote `from` may not have synced it.
        self.sync_file(&File::open(from)?)?;
        let (file, staged) = self.stage(to)?;
        drop(file);
        fs::remove_file(&staged)?;
        fs::hard_link(from, &staged)?;
        self.publish(&staged, to, replace)
    }

    fn delete(&self, target: &FilePath) -> io::Result<()> {
        fs::remove_file(target)?;
        match target.parent() {
            Some(folder) => self.sync_folder(folder),
            None => Ok(()),
        }
    }
}

/// An error of the disk in the words of the object store.
pub(crate) fn store_error(error: io::Error, path: &FilePath) -> Error {
    let path = path.to_string_lossy().into_owned();
    match error.kind() {
        io::ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: Box::new(error) },
        io::ErrorKind::NotFound => Error::NotFound { path, source: Box::new(error) },
        io::ErrorKind::PermissionDenied => {
            Error::PermissionDenied { path, source: Box::new(error) }
        }
        _ => Error::Generic { store: NAME, source: Box::new(error) },
    }
}

pub(crate) fn stopped(error: StoppedError) -> Error {
    Error::Generic { store: NAME, source: Box::new(error) }
}

/// Does blocking work off the asynchronous threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::JoinError { source: error }),
    }
}

fn not_offered(operation: &str) -> Error {
    Error::NotImplemented { operation: operation.into(), implementer: NAME.into() }
}

#[async_trait]
impl ObjectStore for DurableStore {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let replace = match options.mode {
            PutMode::Overwrite => true,
            PutMode::Create => false,
            PutMode::Update(_) => return Err(not_offered("conditional update")),
        };
        if !options.attributes.is_empty() {
            return Err(not_offered("attributes"));
        }
        let target = self.local.path_to_filesystem(location)?;
        let disk = self.disk.clone();
        blocking(move || {
            disk.check().map_err(stopped)?;
            disk.put(&target, &payload, replace).map_err(|error| store_error(error, &target))?;
            Ok(PutResult { e_tag: None, version: None })
        })
        .await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        if !options.attributes.is_empty() {
            return Err(not_offered("attributes"));
        }
        let target = self.local.path_to_filesystem(location)?;
        let disk = self.disk.clone();
        blocking(move || {
            disk.check().map_err(stopped)?;
            let upload = DurableUpload::start(disk, target.clone());
            let upload = upload.map_err(|error| store_error(error, &target))?;
            Ok(Box::new(upload) as Box<dyn MultipartUpload>)
        })
        .await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.local.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.local.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        locations
            .then(move |location| {
                let store = store.clone();
                async move {
                    let location = location?;
                    let target = store.local.path_to_filesystem(&location)?;
                    blocking(move || {
                        store.disk.check().map_err(stopped)?;
                        store.disk.delete(&target).map_err(|error| store_error(error, &target))
                    })
                    .await?;
                    Ok(location)
                }
            })
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.local.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.local.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.local.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let replace = matches!(options.mode, CopyMode::Overwrite);
        let from = self.local.path_to_filesystem(from)?;
        let to = self.local.path_to_filesystem(to)?;
        let disk = self.disk.clone();
        blocking(move || {
            disk.check().map_err(stopped)?;
            disk.copy(&from, &to, replace).map_err(|error| {
                let blamed = if error.kind() == io::ErrorKind::NotFound { &from } else { &to };
                store_error(error, blamed)
            })
        })
        .await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let replace = matches!(options.target_mode, RenameTargetMode::Overwrite);
        let from = self.local.path_to_filesystem(from)?;
        let to = self.local.path_to_filesystem(to)?;
        let disk = self.disk.clone();
        blocking(move || {
            disk.check().map_err(stopped)?;
            disk.copy(&from, &to, replace).map_err(|error| {
                let blamed = if error.kind() == io::ErrorKind::NotFound { &from } else { &to };
                store_error(error, blamed)
            })?;
            disk.delete(&from).map_err(|error| store_error(error, &from))
        })
        .await
    }
}

//! A file that is written in parts and appears as a whole.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use object_store::{Error, MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use crate::durable::{Disk, blocking, stopped, store_error};

/// Parts go to a staged file; `complete` syncs it and gives it its name.
#[derive(Debug)]
pub(crate) struct DurableUpload {
    disk: Disk,
    file: Arc<File>,
    /// Absent once the upload is complete or aborted.
    staged: Option<PathBuf>,
    target: PathBuf,
    offset: u64,
}

impl DurableUpload {
    pub(crate) fn start(disk: Disk, target: PathBuf) -> io::Result<Self> {
        let (file, staged) = disk.stage(&target)?;
        Ok(Self { disk, file: Arc::new(file), staged: Some(staged), target, offset: 0 })
    }
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let mut at = self.offset;
        self.offset += u64::try_from(data.content_length()).unwrap_or(u64::MAX);
        let file = Arc::clone(&self.file);
        let target = self.target.clone();
        blocking(move || {
            for part in &data {
                file.write_all_at(part, at).map_err(|error| store_error(error, &target))?;
                at += u64::try_from(part.len()).unwrap_or(u64::MAX);
            }
            Ok(())
        })
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let staged = self.staged.take().ok_or_else(aborted)?;
        let (disk, file, target) = (self.disk.clone(), Arc::clone(&self.file), self.target.clone());
        blocking(move || {
            let done = disk
                .check()
                .map_err(io::Error::other)
                .and_then(|()| disk.sync_file(&file))
                .inspect_err(|_| drop(fs::remove_file(&staged)));
            disk.check().map_err(stopped)?;
            done.and_then(|()| disk.publish(&staged, &target, true))
                .map_err(|error| store_error(error, &target))?;
            Ok(PutResult { e_tag: None, version: None })
        })
        .await
    }

    async fn abort(&mut self) -> Result<()> {
        // After a failed `complete`, whose error is the one to tell, nothing is left.
        let Some(staged) = self.staged.take() else { return Ok(()) };
        blocking(move || fs::remove_file(&staged).map_err(|error| store_error(error, &staged)))
            .await
    }
}

impl Drop for DurableUpload {
    fn drop(&mut self) {
        if let Some(staged) = self.staged.take() {
            // Only clutter; `DurableStore::staged` finds it again.
            drop(fs::remove_file(staged));
        }
    }
}

fn aborted() -> Error {
    Error::Generic { store: "DurableStore", source: "the upload is over".into() }
}

//! Where the tables are: a local folder, or a bucket behind a URL.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use lake::{LakeError, TablePath};
use object_store::ObjectStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use url::Url;

use crate::durable::DurableStore;

/// Where the tables are.
#[derive(Clone, Debug)]
pub enum Location {
    /// A folder of this machine. It is made if it is not there.
    Folder(PathBuf),
    /// An object store, for example `s3://bucket/lake`.
    ///
    /// The store must offer conditional put ("put if absent"): Amazon S3, `MinIO`,
    /// `SeaweedFS`, Ceph from version 19. [`crate::DeltaLake::assure`] sees whether it does.
    Url {
        /// The bucket and the folder in it.
        url: Url,
        /// Options of `object_store`, such as `aws_region`.
        options: BTreeMap<String, String>,
    },
}

/// An opened location.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Paths in it begin at the root of the file system or bucket.
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The folder of the lake in it.
    pub(crate) root: Path,
    url: Url,
    pub(crate) folder: Option<(DurableStore, PathBuf)>,
}

impl Place {
    pub(crate) fn open(location: Location) -> Result<Self, LakeError> {
        match location {
            Location::Folder(folder) => Self::folder(&folder),
            Location::Url { url, options } => {
                if url.scheme() == "file" {
                    let folder = url.to_file_path().map_err(|()| unusable("no folder"))?;
                    return Self::folder(&folder);
                }
                let (store, root) = object_store::parse_url_opts(&url, options)
                    .map_err(|error| LakeError::failed("open the object store", error))?;
                Ok(Self { store: Arc::from(store), root, url, folder: None })
            }
        }
    }

    fn folder(folder: &FilePath) -> Result<Self, LakeError> {
        let failed = |error| LakeError::failed("open the folder of the lake", error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        let durable = DurableStore::new();
        durable.disk.folder(&folder).map_err(failed)?;
        let url = Url::from_directory_path(&folder).map_err(|()| unusable("no folder"))?;
        let root = Path::from_absolute_path(&folder)
            .map_err(|error| LakeError::failed("open the folder of the lake", error))?;
        let store: Arc<dyn ObjectStore> = Arc::new(durable.clone());
        Ok(Self { store, root, url, folder: Some((durable, folder)) })
    }

    /// The folder of a table.
    pub(crate) fn path(&self, table: &TablePath) -> Path {
        table.segments().fold(self.root.clone(), Path::join)
    }

    /// The folder of a table on this machine.
    pub(crate) fn file_path(&self, table: &TablePath) -> Option<(&DurableStore, PathBuf)> {
        let (durable, folder) = self.folder.as_ref()?;
        Some((durable, folder.join(table.as_str())))
    }

    /// The Delta log of a table.
    pub(crate) fn log_store(&self, table: &TablePath) -> Result<LogStoreRef, LakeError> {
        let base = self.url.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/{table}/"))
            .map_err(|error| LakeError::failed("address a table", error))?;
        let scoped: Arc<dyn ObjectStore> =
            Arc::new(PrefixStore::new(Arc::clone(&self.store), self.path(table)));
        let config = StorageConfig::default();
        Ok(default_logstore(scoped, Arc::clone(&self.store), &url, &config))
    }
}

fn unusable(reason: &'static str) -> LakeError {
    LakeError::failed("open the folder of the lake", reason)
}

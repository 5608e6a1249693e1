//! Whether an object store can hold a lake.
//!
//! A version of a table is decided by "put if absent": of two writers the second must be
//! refused. A store that does not know `If-None-Match` takes both without a word, and what
//! the first one was told is stored would be gone. So the store is tried before it is used.

use lake::LakeError;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use uuid::Uuid;

use crate::error::storage;
use crate::location::Place;
use crate::tables::DeltaLake;

/// Where the trial lies while it lasts. No table can have this name.
const TRIAL: &str = ".trial";

/// The store replaced an object that it was told not to replace.
#[derive(Debug, thiserror::Error)]
#[error(
    "the object store ignores conditional writes (If-None-Match): of two versions written at once \
     one would be lost; use a store that keeps them, such as Amazon S3, MinIO, SeaweedFS, or Ceph \
     from version 19"
)]
struct Replaces;

impl DeltaLake {
    /// Sees whether the store can be written to and keeps the first of two objects of a
    /// name. A folder of this machine needs no trial.
    ///
    /// # Errors
    ///
    /// [`LakeError::Failed`] if it cannot be written to or does not.
    pub async fn assure(&self) -> Result<(), LakeError> {
        let place = &self.shared.place;
        if place.folder.is_some() {
            return Ok(());
        }
        let trial = place.root.clone().join(TRIAL).join(Uuid::new_v4().to_string());
        let kept = keeps_the_first(place, &trial).await;
        let removed = place.store.delete(&trial).await;
        if !kept? {
            return Err(LakeError::failed("use the object store", Replaces));
        }
        removed.map_err(|error| storage("remove from the object store", error))
    }
}

async fn keeps_the_first(place: &Place, trial: &Path) -> Result<bool, LakeError> {
    let put = |bytes: &'static [u8]| {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        place.store.put_opts(trial, PutPayload::from_static(bytes), options)
    };
    put(b"first").await.map_err(|error| storage("write to the object store", error))?;
    match put(b"second").await {
        Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => Ok(true),
        Err(error) => Err(storage("write to the object store", error)),
        Ok(_) => Ok(false),
    }
}

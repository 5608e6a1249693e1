//! One version of one table: its columns and its files.

use std::sync::Arc;

use deltalake_core::kernel::Remove;
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::table::state::DeltaTableState;
use futures::TryStreamExt;
use lake::{LakeError, TablePath};
use object_store::ObjectStore;
use object_store::path::Path;
use serde_json::Value;

use crate::error::storage;
use crate::layout::Layout;
use crate::location::Place;

/// One version of one table, with everything that a query needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) table: TablePath,
    pub(crate) version: u64,
    pub(crate) layout: Layout,
    /// In the order of their rows.
    pub(crate) files: Vec<DataFile>,
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
    /// The metadata action as the log has it.
    pub(crate) metadata: Value,
}

/// One Parquet file.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    /// Its name in the folder of the table.
    pub(crate) name: String,
    /// Its place in the store.
    pub(crate) location: Path,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
    /// The number of its first row.
    pub(crate) first: i64,
}

impl Snapshot {
    /// Reads a version from the log.
    pub(crate) async fn load(
        place: &Place,
        table: &TablePath,
        version: u64,
    ) -> Result<Self, LakeError> {
        let damaged = |reason: String| LakeError::Damaged { table: table.clone(), reason };
        let log: LogStoreRef = place.log_store(table)?;
        let state = DeltaTableState::try_new(log.as_ref(), Some(version))
            .await
            .map_err(|error| storage("read the log of a table", error))?;
        let metadata = serde_json::to_value(state.metadata())
            .map_err(|error| LakeError::failed("read the log of a table", error))?;
        let foreign = || damaged("it uses features of Delta that this lake does not write".into());
        if state.protocol().min_reader_version() > 1 {
            return Err(foreign());
        }
        let partitioned = metadata
            .get("partitionColumns")
            .and_then(Value::as_array)
            .is_some_and(|columns| !columns.is_empty());
        if partitioned {
            return Err(foreign());
        }
        let schema: Value = metadata
            .get("schemaString")
            .and_then(Value::as_str)
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| damaged("the schema cannot be read".into()))?;
        let layout = Layout::from_delta(&schema).map_err(damaged)?;
        let folder = place.path(table);
        let mut files = Vec::new();
        for file in state.log_data().iter() {
            let name = file.path().into_owned();
            let stats: Value = file
                .stats()
                .and_then(|text| serde_json::from_str(&text).ok())
                .ok_or_else(|| damaged(format!("file `{name}` has no statistics")))?;
            let rows = stats.get("numRecords").and_then(Value::as_u64);
            let first = stats.get("minValues").and_then(|min| min.get(lake::ROW_COLUMN));
            let (Some(rows), Some(first)) = (rows, first.and_then(Value::as_i64)) else {
                return Err(damaged(format!("file `{name}` has no row numbers")));
            };
            files.push(DataFile {
                location: name.split('/').fold(folder.clone(), Path::join),
                name,
                bytes: u64::try_from(file.size()).unwrap_or(0),
                rows,
                first,
            });
        }
        files.sort_by_key(|file| file.first);
        Ok(Self {
            table: table.clone(),
            version,
            layout,
            rows: files.iter().map(|file| file.rows).sum(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            files,
            metadata,
        })
    }

    /// Remove actions for all files.
    pub(crate) fn removes(&self, at_ms: i64) -> Vec<Remove> {
        self.files
            .iter()
            .map(|file| Remove {
                path: file.name.clone(),
                data_change: true,
                deletion_timestamp: Some(at_ms),
                extended_file_metadata: Some(true),
                partition_values: Some(std::collections::HashMap::new()),
                size: i64::try_from(file.bytes).ok(),
                ..Remove::default()
            })
            .collect()
    }
}

/// The name of a commit in the log.
pub(crate) fn commit_name(version: u64) -> String {
    format!("{version:020}.json")
}

/// The folder of the log of a table.
pub(crate) fn log_folder(place: &Place, table: &TablePath) -> Path {
    place.path(table).join("_delta_log")
}

/// All versions that the log has, ascending; empty if there is no table.
pub(crate) async fn versions(place: &Place, table: &TablePath) -> Result<Vec<u64>, LakeError> {
    let folder = log_folder(place, table);
    let objects: Vec<_> = match place.store.list(Some(&folder)).try_collect().await {
        Ok(objects) => objects,
        Err(object_store::Error::NotFound { .. }) => Vec::new(),
        Err(error) => return Err(storage("list the versions of a table", error)),
    };
    let mut versions: Vec<u64> = objects
        .iter()
        .filter_map(|object: &object_store::ObjectMeta| object.location.filename())
        .filter_map(|name| name.strip_suffix(".json"))
        .filter(|digits| digits.len() == 20)
        .filter_map(|digits| digits.parse().ok())
        .collect();
    versions.sort_unstable();
    Ok(versions)
}

/// Whether the log has a version.
pub(crate) async fn has_version(
    store: &Arc<dyn ObjectStore>,
    folder: &Path,
    version: u64,
) -> Result<bool, LakeError> {
    use object_store::ObjectStoreExt;
    match store.head(&folder.clone().join(commit_name(version))).await {
        Ok(_) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(storage("look for a version of a table", error)),
    }
}

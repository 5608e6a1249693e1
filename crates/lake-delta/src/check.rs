//! Looks whether a table is sound, and removes what nobody refers to.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use datafusion::datasource::file_format::parquet::ObjectStoreFetch;
use futures::TryStreamExt;
use jiff::Timestamp;
use lake::{CheckProblem, CheckReport, LakeError, Orphan, TablePath};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use parquet::file::metadata::ParquetMetaDataReader;
use serde_json::Value;

use crate::durable::DurableStore;
use crate::error::storage;
use crate::snapshot::{DataFile, Snapshot, commit_name, log_folder, versions};
use crate::tables::Shared;

/// What lies in the folder of a table without belonging to it.
struct Clutter {
    objects: Vec<(String, ObjectMeta)>,
    staged: Vec<(String, PathBuf)>,
}

pub(crate) async fn check(shared: &Shared, table: &TablePath) -> Result<CheckReport, LakeError> {
    let versions = versions(&shared.place, table).await?;
    let newest = *versions.last().ok_or_else(|| LakeError::NoTable { table: table.clone() })?;
    let mut problems = Vec::new();
    let missing = (0..newest).filter(|version| versions.binary_search(version).is_err());
    for version in missing {
        problems.push(CheckProblem::Log(format!("version {version} is missing")));
    }
    let referred = referred(shared, table, &versions, &mut problems).await?;
    let snapshot = match Snapshot::load(&shared.place, table, newest).await {
        Ok(snapshot) => snapshot,
        Err(error) => {
            problems.push(CheckProblem::Log(vocabulary::error_chain(&error)));
            return Ok(CheckReport {
                version: newest,
                files: 0,
                rows: 0,
                bytes: 0,
                problems,
                orphans: Vec::new(),
            });
        }
    };
    for file in &snapshot.files {
        problems.extend(check_file(shared, file).await);
    }
    let clutter = clutter(shared, table, &referred).await?;
    let mut orphans: Vec<Orphan> = clutter
        .objects
        .into_iter()
        .map(|(path, object)| Orphan { path, bytes: object.size })
        .collect();
    orphans.extend(clutter.staged.into_iter().map(|(path, file)| Orphan {
        path,
        bytes: file.metadata().map_or(0, |metadata| metadata.len()),
    }));
    Ok(CheckReport {
        version: newest,
        files: u64::try_from(snapshot.files.len()).unwrap_or(u64::MAX),
        rows: snapshot.rows,
        bytes: snapshot.bytes,
        problems,
        orphans,
    })
}

pub(crate) async fn vacuum(
    shared: &Shared,
    table: &TablePath,
    cutoff: Timestamp,
) -> Result<u64, LakeError> {
    let versions = versions(&shared.place, table).await?;
    let mut problems = Vec::new();
    let referred = referred(shared, table, &versions, &mut problems).await?;
    if !problems.is_empty() {
        // With an unreadable log nobody knows what is referred to.
        return Err(LakeError::Damaged {
            table: table.clone(),
            reason: "its log cannot be read, so nothing is removed".into(),
        });
    }
    let mut removed = 0;
    let clutter = clutter(shared, table, &referred).await?;
    for (_, object) in clutter.objects {
        if object.last_modified.timestamp() < cutoff.as_second() {
            let done = shared.place.store.delete(&object.location).await;
            done.map_err(|error| storage("remove an orphan", error))?;
            removed += 1;
        }
    }
    for (_, file) in clutter.staged {
        let modified = file.metadata().and_then(|metadata| metadata.modified()).ok();
        let seconds = modified
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
            .and_then(|age| i64::try_from(age.as_secs()).ok());
        if seconds.is_some_and(|seconds| seconds < cutoff.as_second()) {
            std::fs::remove_file(&file).map_err(|error| storage("remove an orphan", error))?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Every data file that any version added.
async fn referred(
    shared: &Shared,
    table: &TablePath,
    versions: &[u64],
    problems: &mut Vec<CheckProblem>,
) -> Result<HashSet<String>, LakeError> {
    let folder = log_folder(&shared.place, table);
    let mut referred = HashSet::new();
    for version in versions {
        let location = folder.clone().join(commit_name(*version));
        let read = async { shared.place.store.get(&location).await?.bytes().await };
        let bytes = read.await.map_err(|error| storage("read the log of a table", error))?;
        let mut lines = 0;
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Ok(action) = serde_json::from_slice::<Value>(line) else {
                problems.push(CheckProblem::Log(format!("version {version} cannot be read")));
                break;
            };
            lines += 1;
            let path = action.get("add").and_then(|add| add.get("path")).and_then(Value::as_str);
            referred.extend(path.map(str::to_owned));
        }
        if lines == 0 {
            problems.push(CheckProblem::Log(format!("version {version} is empty")));
        }
    }
    Ok(referred)
}

async fn clutter(
    shared: &Shared,
    table: &TablePath,
    referred: &HashSet<String>,
) -> Result<Clutter, LakeError> {
    let folder = shared.place.path(table);
    let all: Vec<ObjectMeta> = shared
        .place
        .store
        .list(Some(&folder))
        .try_collect()
        .await
        .map_err(|error| storage("list the files of a table", error))?;
    let mut objects: Vec<(String, ObjectMeta)> = all
        .into_iter()
        .filter_map(|object| Some((inside(&folder, &object.location)?, object)))
        .filter(|(name, _)| name.ends_with(".parquet") && !name.starts_with("_delta_log/"))
        .filter(|(name, _)| !name.contains('/') && !referred.contains(name))
        .collect();
    objects.sort_by(|(a, _), (b, _)| a.cmp(b));
    let staged = match shared.place.file_path(table) {
        None => Vec::new(),
        Some((_, folder)) => {
            let data =
                own_folders(&folder).into_iter().flat_map(|folder| DurableStore::staged(&folder));
            data.map(|file| {
                let name = file.strip_prefix(&folder).unwrap_or(&file);
                (name.to_string_lossy().into_owned(), file.clone())
            })
            .collect()
        }
    };
    Ok(Clutter { objects, staged })
}

/// The folder of a table holds only files and the log; deeper folders are other tables.
fn own_folders(folder: &std::path::Path) -> Vec<PathBuf> {
    let deeper = std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != "_delta_log"
    });
    if deeper { vec![folder.join("_delta_log")] } else { vec![folder.to_path_buf()] }
}

fn inside(folder: &Path, location: &Path) -> Option<String> {
    let parts: Vec<String> =
        location.prefix_match(folder)?.map(|part| part.as_ref().to_owned()).collect();
    Some(parts.join("/"))
}

async fn check_file(shared: &Shared, file: &DataFile) -> Option<CheckProblem> {
    let name = file.name.clone();
    let meta = match shared.place.store.head(&file.location).await {
        Ok(meta) => meta,
        Err(object_store::Error::NotFound { .. }) => return Some(CheckProblem::Missing(name)),
        Err(error) => return Some(CheckProblem::Unreadable(name, error.to_string())),
    };
    if meta.size != file.bytes {
        return Some(CheckProblem::Size(name, file.bytes, meta.size));
    }
    let footer = ObjectStoreFetch::new(shared.place.store.as_ref(), &meta);
    match ParquetMetaDataReader::new().load_and_finish(footer, meta.size).await {
        Err(error) => Some(CheckProblem::Unreadable(name, error.to_string())),
        Ok(footer) => {
            let rows = u64::try_from(footer.file_metadata().num_rows()).unwrap_or(0);
            (rows != file.rows).then_some(CheckProblem::Rows(name, file.rows, rows))
        }
    }
}

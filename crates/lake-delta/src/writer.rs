//! Writes one new version: data files first, then one commit that replaces the old.
//!
//! The commit is one put-if-absent of `version + 1`, where `version` was the newest
//! when the writer began. Whoever comes second gets a conflict; nothing is retried
//! against a state that the caller has not seen.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use async_trait::async_trait;
use deltalake_core::kernel::transaction::TransactionError;
use deltalake_core::kernel::{Action, Add, CommitInfo as DeltaCommitInfo};
use deltalake_core::logstore::CommitOrBytes;
use lake::schema::numbered;
use lake::{CommitInfo, Committed, LakeError, TablePath, TableWriter};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::encode::{Encoded, FileEncoder};
use crate::error::storage;
use crate::layout::Layout;
use crate::location::Place;
use crate::snapshot::{Snapshot, has_version, log_folder};
use crate::stats;
use crate::tables::Shared;

/// Commits between two checkpoints of the log.
const CHECKPOINT_EVERY: u64 = 10;

/// One new version under way.
pub(crate) struct DeltaWriter {
    shared: Arc<Shared>,
    table: TablePath,
    folder: Path,
    /// The newest version when the writer began.
    base: Option<Arc<Snapshot>>,
    layout: Layout,
    file: Option<FileEncoder>,
    done: Vec<Encoded>,
    rows: i64,
    /// Whether every row that was given is in the files.
    intact: bool,
}

impl DeltaWriter {
    pub(crate) fn new(
        shared: Arc<Shared>,
        table: TablePath,
        base: Option<Arc<Snapshot>>,
        layout: Layout,
    ) -> Self {
        let folder = shared.place.path(&table);
        Self {
            shared,
            table,
            folder,
            base,
            layout,
            file: None,
            done: Vec::new(),
            rows: 0,
            intact: true,
        }
    }

    async fn close_file(&mut self) -> Result<(), LakeError> {
        if let Some(file) = self.file.take() {
            self.done.push(file.finish().await?);
        }
        Ok(())
    }

    /// Removes files that no commit refers to.
    async fn discard(&mut self) {
        if let Some(file) = self.file.take() {
            file.abort().await;
        }
        for file in self.done.drain(..) {
            let path = self.folder.clone().join(file.name.as_str());
            if let Err(error) = self.shared.place.store.delete(&path).await {
                tracing::debug!(%error, "an aborted writer left a file");
            }
        }
    }

    fn actions(&self, info: &CommitInfo) -> Result<Vec<Action>, LakeError> {
        let failed = |error: serde_json::Error| LakeError::failed("write a commit", error);
        let at_ms = info.at.as_millisecond();
        let mut actions = vec![Action::CommitInfo(DeltaCommitInfo {
            timestamp: Some(at_ms),
            user_name: Some(info.author.clone()),
            operation: Some("WRITE".into()),
            operation_parameters: Some(HashMap::from([
                ("mode".to_owned(), json!("Overwrite")),
                ("partitionBy".to_owned(), json!("[]")),
            ])),
            read_version: self.base.as_ref().map(|base| base.version),
            engine_info: Some(concat!("fenhe/", env!("CARGO_PKG_VERSION")).into()),
            info: HashMap::from([("fenheOperation".to_owned(), json!(info.operation))]),
            ..DeltaCommitInfo::default()
        })];
        if self.base.is_none() {
            let protocol = json!({ "minReaderVersion": 1, "minWriterVersion": 2 });
            actions.push(Action::Protocol(serde_json::from_value(protocol).map_err(failed)?));
        }
        let schema = self.layout.to_delta().to_string();
        let known = self.base.as_ref().map(|base| &base.metadata);
        let same = known.is_some_and(|metadata| {
            metadata.get("schemaString").and_then(Value::as_str) == Some(schema.as_str())
        });
        if !same {
            let fresh = || json!(Uuid::new_v4().to_string());
            let id = known.and_then(|metadata| metadata.get("id")).cloned().unwrap_or_else(fresh);
            let metadata = json!({
                "id": id,
                "name": null,
                "description": null,
                "format": { "provider": "parquet", "options": {} },
                "schemaString": schema,
                "partitionColumns": [],
                // What was committed stays readable: no engine that honors this removes
                // the log or the files of old versions.
                "configuration": {
                    "delta.enableExpiredLogCleanup": "false",
                    "delta.logRetentionDuration": "interval 36500 days",
                    "delta.deletedFileRetentionDuration": "interval 36500 days",
                },
                "createdTime": at_ms,
            });
            actions.push(Action::Metadata(serde_json::from_value(metadata).map_err(failed)?));
        }
        for remove in self.base.iter().flat_map(|base| base.removes(at_ms)) {
            actions.push(Action::Remove(remove));
        }
        for file in &self.done {
            actions.push(Action::Add(Add {
                path: file.name.clone(),
                size: i64::try_from(file.bytes).unwrap_or(i64::MAX),
                modification_time: at_ms,
                data_change: true,
                stats: Some(stats::to_json(&file.metadata, &self.layout.stored, file.rows)),
                ..Add::default()
            }));
        }
        Ok(actions)
    }

    /// The version that was the newest when the writer began must still be there: a
    /// table that was dropped since is not revived with a log that lacks its beginning.
    async fn base_is_there(&mut self) -> Result<bool, LakeError> {
        let Some(base) = &self.base else { return Ok(true) };
        let folder = log_folder(&self.shared.place, &self.table);
        has_version(&self.shared.place.store, &folder, base.version).await
    }

    async fn commit_once(&mut self, info: &CommitInfo) -> Result<Committed, LakeError> {
        if !self.intact {
            return Err(LakeError::failed("commit a version", "an earlier write failed"));
        }
        self.close_file().await?;
        if !self.base_is_there().await? {
            return Err(LakeError::Conflict { table: self.table.clone() });
        }
        let mut lines = Vec::new();
        for action in self.actions(info)? {
            let line = serde_json::to_string(&action);
            lines.push(line.map_err(|error| LakeError::failed("write a commit", error))?);
        }
        let version = self.base.as_ref().map_or(0, |base| base.version + 1);
        let log = self.shared.place.log_store(&self.table)?;
        let bytes = CommitOrBytes::LogBytes(lines.join("\n").into());
        match log.write_commit_entry(version, bytes, Uuid::new_v4()).await {
            Ok(()) => {}
            Err(TransactionError::VersionAlreadyExists(_)) => {
                return Err(LakeError::Conflict { table: self.table.clone() });
            }
            Err(error) => return Err(storage("commit a version", error)),
        }
        let committed = Committed {
            version,
            rows: u64::try_from(self.rows).unwrap_or(0),
            bytes: self.done.iter().map(|file| file.bytes).sum(),
            files: u64::try_from(self.done.len()).unwrap_or(u64::MAX),
        };
        // The files belong to the version now.
        self.done.clear();
        self.shared.note_version(&self.table, version);
        if version % CHECKPOINT_EVERY == CHECKPOINT_EVERY - 1 {
            checkpoint(&self.shared.place, &self.table, version).await;
        }
        Ok(committed)
    }
}

/// Only makes opening faster, so a failure is no failure of the commit.
async fn checkpoint(place: &Place, path: &TablePath, version: u64) {
    let made = async {
        let mut table = deltalake_core::DeltaTable::new(place.log_store(path)?);
        table.load_version(version).await.map_err(|error| storage("read a log", error))?;
        deltalake_core::checkpoints::create_checkpoint(&table, None)
            .await
            .map_err(|error| storage("write a checkpoint", error))
    };
    if let Err(error) = made.await {
        tracing::warn!(table = %path, version, %error, "no checkpoint was written");
    }
}

#[async_trait]
impl TableWriter for DeltaWriter {
    async fn write(&mut self, batch: RecordBatch) -> Result<(), LakeError> {
        let batch = numbered(&batch, &self.layout.shown, &self.layout.full, self.rows)?;
        let mut rest = crate::plan::promised(&batch, &self.layout.stored)?;
        // Unless everything goes well, some rows are missing: see `commit`.
        let intact = std::mem::replace(&mut self.intact, false);
        while rest.num_rows() > 0 {
            if self.file.as_ref().is_some_and(|file| {
                file.is_between_groups() && file.bytes() >= self.shared.settings.file_bytes
            }) {
                self.close_file().await?;
            }
            let file = match &mut self.file {
                Some(file) => file,
                None => {
                    let name = format!("part-{:05}-{}.parquet", self.done.len(), Uuid::new_v4());
                    let file = FileEncoder::start(
                        &self.shared.place.store,
                        &self.folder,
                        name,
                        &self.layout.stored,
                        self.shared.settings.group_rows,
                    )
                    .await?;
                    self.file.insert(file)
                }
            };
            let taken = file.write(&rest).await?;
            rest = rest.slice(taken, rest.num_rows() - taken);
            self.rows = self.rows.saturating_add(i64::try_from(taken).unwrap_or(i64::MAX));
        }
        self.intact = intact;
        Ok(())
    }

    async fn commit(mut self: Box<Self>, info: CommitInfo) -> Result<Committed, LakeError> {
        let result = self.commit_once(&info).await;
        match &result {
            Ok(_) => {}
            // Whether the commit is there is unknown, so its files must stay.
            Err(LakeError::Failed { .. } | LakeError::Stopped) => {}
            Err(_) => self.discard().await,
        }
        result
    }

    async fn abort(mut self: Box<Self>) {
        self.discard().await;
    }
}

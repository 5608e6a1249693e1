//! A sink that keeps everything, and files to load.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use ingest::{Hint, IngestError, Limits, Progress, Reject, Sink, SinkError, Summary, load};
use tempfile::TempDir;

/// Keeps batches and rejects in memory.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) schema: Option<SchemaRef>,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) begun: u32,
    pub(crate) progress: Vec<Progress>,
    pub(crate) cancel_at_rows: Option<u64>,
}

impl Sink for Kept {
    fn begin(&mut self, schema: SchemaRef) -> Result<(), SinkError> {
        self.schema = Some(schema);
        self.batches.clear();
        self.rejects.clear();
        self.begun += 1;
        Ok(())
    }

    fn batch(&mut self, batch: RecordBatch) -> Result<(), SinkError> {
        self.batches.push(batch);
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> Result<(), SinkError> {
        self.rejects.push(reject);
        Ok(())
    }

    fn progress(&mut self, progress: Progress) -> ControlFlow<()> {
        self.progress.push(progress);
        match self.cancel_at_rows {
            Some(rows) if progress.rows >= rows => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// A table that was loaded.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) summary: Summary,
    pub(crate) batch: RecordBatch,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) begun: u32,
}

impl Loaded {
    /// The types of the columns, as short words.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.summary.columns.iter().map(|column| format!("{:?}", column.kind)).collect()
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.summary.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// A column as texts; no value is `∅`.
    pub(crate) fn column(&self, index: usize) -> Vec<String> {
        texts(self.batch.column(index))
    }
}

/// The values of an array as texts; no value is `∅`.
pub(crate) fn texts(array: &ArrayRef) -> Vec<String> {
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options).unwrap();
    (0..array.len())
        .map(
            |row| {
                if array.is_null(row) { "∅".to_owned() } else { formatter.value(row).to_string() }
            },
        )
        .collect()
}

/// Loads a file.
pub(crate) fn load_path(path: &Path, hint: &Hint, limits: &Limits) -> Result<Loaded, IngestError> {
    let mut kept = Kept::default();
    let summary = load(path, hint, limits, &mut kept)?;
    let schema = kept.schema.clone().unwrap_or_else(|| Schema::empty().into());
    let batch = concat_batches(&schema, &kept.batches).unwrap();
    assert_eq!(summary.rows, batch.num_rows() as u64);
    Ok(Loaded { summary, batch, rejects: kept.rejects, begun: kept.begun })
}

/// A folder with one file.
pub(crate) struct OneFile {
    _folder: TempDir,
    pub(crate) path: PathBuf,
    pub(crate) hint: Hint,
}

impl OneFile {
    pub(crate) fn new(name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let hint = Hint { file_name: name.to_owned(), ..Hint::default() };
        Self { _folder: folder, path, hint }
    }

    pub(crate) fn load(&self) -> Result<Loaded, IngestError> {
        load_path(&self.path, &self.hint, &Limits::default())
    }
}

/// Loads bytes as a CSV file.
pub(crate) fn csv(bytes: impl AsRef<[u8]>) -> Result<Loaded, IngestError> {
    OneFile::new("table.csv", bytes).load()
}

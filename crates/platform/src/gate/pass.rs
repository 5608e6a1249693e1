//! One pass over the rows of a table: batches from the lake, work off the server's
//! tasks, progress, and an end when the job is cancelled.

use arrow::array::RecordBatch;
use futures::StreamExt as _;
use lake::RowQuery;

use crate::jobs::{Progress, Task};
use crate::registry::version::StoredTable;
use crate::{Error, Platform};

/// A table to be passed over, and what to say meanwhile.
pub(crate) struct Pass<'a> {
    /// The table.
    pub(crate) table: &'a StoredTable,
    /// The columns that are read; `None` for all.
    pub(crate) columns: Option<Vec<String>>,
    /// Rows of the table, for the progress.
    pub(crate) rows: u64,
    /// What is done, in Chinese and in English.
    pub(crate) words: (&'static str, &'static str),
}

/// Hands each batch of a table to `step`, in order, and gives the state back.
///
/// # Errors
///
/// Errors of the lake and of `step`; [`Error::Interrupted`] if the job is cancelled.
pub(crate) async fn over<S, F>(
    platform: &Platform,
    task: &Task,
    pass: Pass<'_>,
    mut state: S,
    step: F,
) -> Result<S, Error>
where
    S: Send + 'static,
    F: Fn(&mut S, &RecordBatch) -> Result<(), Error> + Clone + Send + 'static,
{
    let query = RowQuery { select: pass.columns, ..RowQuery::default() };
    let table = pass.table.table()?;
    let version = Some(pass.table.version);
    let mut batches = platform.lake.rows(&table, version, &query, &platform.limits.scan).await?;
    let mut done = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        done += u64::try_from(batch.num_rows()).unwrap_or(0);
        let step = step.clone();
        // Work for the processor does not hold up the server's tasks.
        state = tokio::task::spawn_blocking(move || {
            step(&mut state, &batch)?;
            Ok::<_, Error>(state)
        })
        .await
        .map_err(|_| Error::Interrupted)??;
        let (zh, en) = pass.words;
        task.progress.report(Progress::bytes(done, pass.rows, zh, en));
        if task.progress.is_cancelled() {
            return Err(Error::Interrupted);
        }
    }
    Ok(state)
}

//! The job that reads every row of a version and finds what identifies persons.

use detect::{ColumnFinding, Detector};
use futures::StreamExt as _;
use lake::RowQuery;

use super::model::{GateRun, GateState};
use super::{GateWork, load_for_job, rules, save_found};
use crate::jobs::{Progress, Task};
use crate::registry::{self, version::StoredTable};
use crate::{Error, Platform};

/// Inspects the version of a run and proposes what to do with its columns.
///
/// # Errors
///
/// Errors of the platform, after which the job is tried again.
pub(crate) async fn run_inspect(
    platform: &Platform,
    task: &Task,
    work: &GateWork,
) -> Result<(), Error> {
    let Some(run) = load_for_job(platform, work).await? else { return Ok(()) };
    let mut reader = platform.store.read().await?;
    let version = registry::load_version(&mut reader, run.version_id).await?;
    drop(reader);
    let (Some(stored), Some(rows)) = (version.stored, version.rows) else {
        return Err(Error::Interrupted);
    };
    let findings = findings(platform, task, &stored, rows).await?;
    let inspected = GateRun {
        state: GateState::Confirming,
        decisions: rules::propose(&findings),
        findings,
        ..run
    };
    save_found(platform, work, inspected, "gate.inspected").await
}

/// What detection finds in a table, column by column; reads every row.
pub(super) async fn findings(
    platform: &Platform,
    task: &Task,
    stored: &StoredTable,
    rows: u64,
) -> Result<Vec<ColumnFinding>, Error> {
    let table = stored.table()?;
    let version = Some(stored.version);
    let schema = platform.lake.schema(&table, version).await?;
    let mut detector = Detector::new(&schema);
    let all = RowQuery::default();
    let mut batches = platform.lake.rows(&table, version, &all, &platform.limits.scan).await?;
    let mut done = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        done += u64::try_from(batch.num_rows()).unwrap_or(0);
        // Detection is work for the processor: it does not hold up the server's tasks.
        detector = tokio::task::spawn_blocking(move || {
            detector.update(&batch);
            detector
        })
        .await
        .map_err(|_| Error::Interrupted)?;
        task.progress.report(Progress::bytes(done, rows, "检测字段", "Inspecting the columns"));
    }
    Ok(detector.finish())
}

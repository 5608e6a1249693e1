//! The job that reads every row of a version and finds what identifies persons.

use detect::{ColumnFinding, Detector};

use super::model::{GateRun, GateState};
use super::pass::{self, Pass};
use super::{GateWork, load_for_job, rules, save_found};
use crate::jobs::Task;
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
    let schema = platform.lake.schema(&stored.table()?, Some(stored.version)).await?;
    let words = ("检测字段", "Inspecting the columns");
    let pass = Pass { table: stored, columns: None, rows, words };
    let detector = pass::over(platform, task, pass, Detector::new(&schema), |detector, batch| {
        detector.update(batch);
        Ok(())
    })
    .await?;
    Ok(detector.finish())
}

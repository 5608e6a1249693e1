//! The only SQL of the gate.

use store::{Error as StoreError, FromRow, Query, Row, Tx, expect_one, params};
use vocabulary::{AssetId, GateRunId};

use super::model::{GateRun, GateState};
use crate::registry::version::StoredTable;
use crate::registry::{json_or_none, to_json_or_none};
use crate::{Error, to_json};

store::text_column!(GateState);

const RUN: &str = "SELECT gate_run_id, asset_id, version_id, audience, state, revision, settings,
        findings, decisions, outcome, table_path, table_version, table_bytes, filed_by,
        decided_by, decision_ground, problem, created_at, updated_at, decided_at
   FROM gate_run";

impl FromRow for GateRun {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        let path: Option<String> = row.get("table_path")?;
        let candidate = match path {
            Some(path) => Some(StoredTable {
                path,
                version: row.get("table_version")?,
                bytes: row.get("table_bytes")?,
            }),
            None => None,
        };
        Ok(Self {
            id: row.get("gate_run_id")?,
            asset_id: row.get("asset_id")?,
            version_id: row.get("version_id")?,
            audience: crate::word(row, "audience")?,
            state: row.get("state")?,
            revision: row.get("revision")?,
            settings: row.json("settings")?,
            findings: json_or_none(row, "findings")?.unwrap_or_default(),
            decisions: json_or_none(row, "decisions")?.unwrap_or_default(),
            outcome: json_or_none(row, "outcome")?,
            candidate,
            filed_by: row.get("filed_by")?,
            decided_by: row.get("decided_by")?,
            decision_ground: row.get("decision_ground")?,
            problem: json_or_none(row, "problem")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            decided_at: row.get("decided_at")?,
        })
    }
}

/// Writes a new run.
pub(super) async fn insert(tx: &mut Tx, run: &GateRun) -> Result<(), Error> {
    let changed = tx
        .execute(
            "INSERT INTO gate_run (gate_run_id, asset_id, version_id, audience, state, revision,
                    settings, filed_by, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            params![
                run.id,
                run.asset_id,
                run.version_id,
                run.audience.code(),
                run.state,
                run.revision,
                to_json("settings", &run.settings)?,
                run.filed_by,
                run.created_at,
                run.updated_at,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// Saves a run if nobody changed it since revision `before`.
///
/// # Errors
///
/// [`Error::Stale`] if someone did; nothing is changed then.
pub(super) async fn save(tx: &mut Tx, run: &GateRun, before: i64) -> Result<(), Error> {
    let candidate = run.candidate.as_ref();
    let changed = tx
        .execute(
            "UPDATE gate_run
                SET state = $3, revision = $4, settings = $5, findings = $6, decisions = $7,
                    outcome = $8, table_path = $9, table_version = $10, table_bytes = $11,
                    decided_by = $12, decision_ground = $13, problem = $14, updated_at = $15,
                    decided_at = $16, filed_by = $17
              WHERE gate_run_id = $1 AND revision = $2",
            params![
                run.id,
                before,
                run.state,
                run.revision,
                to_json("settings", &run.settings)?,
                to_json("findings", &run.findings)?,
                to_json("decisions", &run.decisions)?,
                to_json_or_none("outcome", run.outcome.as_ref())?,
                candidate.map(|table| table.path.clone()),
                candidate.map(|table| table.version),
                candidate.map(|table| table.bytes),
                run.decided_by,
                run.decision_ground,
                to_json_or_none("problem", run.problem.as_ref())?,
                run.updated_at,
                run.decided_at,
                run.filed_by,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// The run, if there is one.
pub(super) async fn find(query: &mut impl Query, id: GateRunId) -> Result<Option<GateRun>, Error> {
    Ok(query.optional(&format!("{RUN} WHERE gate_run_id = $1"), params![id]).await?)
}

/// The runs of an asset, newest first.
pub(super) async fn of_asset(
    query: &mut impl Query,
    asset_id: AssetId,
) -> Result<Vec<GateRun>, Error> {
    let sql = format!("{RUN} WHERE asset_id = $1 ORDER BY created_at DESC, gate_run_id DESC");
    Ok(query.all(&sql, params![asset_id]).await?)
}

/// The runs that a person filed, newest change first.
pub(super) async fn of_filer(
    query: &mut impl Query,
    account: vocabulary::AccountId,
) -> Result<Vec<GateRun>, Error> {
    let sql =
        format!("{RUN} WHERE filed_by = $1 ORDER BY updated_at DESC, gate_run_id DESC LIMIT 200");
    Ok(query.all(&sql, params![account]).await?)
}

/// The runs that wait for a second person, the longest waiting first.
pub(super) async fn submitted(query: &mut impl Query) -> Result<Vec<GateRun>, Error> {
    let sql = format!("{RUN} WHERE state = 'submitted' ORDER BY updated_at, gate_run_id LIMIT 500");
    Ok(query.all(&sql, params![]).await?)
}

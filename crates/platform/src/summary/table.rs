//! The only SQL about privacy budgets and summaries.

use store::{Error as StoreError, FromRow, Query, Row, Tx, expect_one, params};
use vocabulary::{AssetId, SummaryId};

use super::model::{Budget, Summary, SummaryState};
use crate::registry::{json_or_none, to_json_or_none};
use crate::{Error, to_json};

store::text_column!(SummaryState);

const SUMMARY: &str = "SELECT summary_id, asset_id, version_id, state, revision, proposal, answers,
        filed_by, decided_by, decision_ground, problem, entry_id, created_at, updated_at,
        published_at
   FROM private_summary";

impl FromRow for Budget {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            asset_id: row.get("asset_id")?,
            revision: row.get("revision")?,
            unit: row.json("unit")?,
            ledger: row.json("ledger")?,
            reason: row.get("reason")?,
            set_by: row.get("set_by")?,
            set_at: row.get("set_at")?,
            entry_id: row.get("entry_id")?,
        })
    }
}

impl FromRow for Summary {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("summary_id")?,
            asset_id: row.get("asset_id")?,
            version_id: row.get("version_id")?,
            state: row.get("state")?,
            revision: row.get("revision")?,
            proposal: row.json("proposal")?,
            answers: json_or_none(row, "answers")?,
            filed_by: row.get("filed_by")?,
            decided_by: row.get("decided_by")?,
            decision_ground: row.get("decision_ground")?,
            problem: json_or_none(row, "problem")?,
            entry_id: row.get("entry_id")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            published_at: row.get("published_at")?,
        })
    }
}

/// The budget of an asset, if one was set.
pub(super) async fn budget(
    query: &mut impl Query,
    asset_id: AssetId,
) -> Result<Option<Budget>, Error> {
    let sql = "SELECT asset_id, revision, unit, ledger, reason, set_by, set_at, entry_id
                 FROM privacy_budget WHERE asset_id = $1";
    Ok(query.optional(sql, params![asset_id]).await?)
}

/// Saves a budget: the first of its asset, or the one after the revision before it.
///
/// # Errors
///
/// [`Error::Stale`] if someone else was first; nothing is changed then.
pub(super) async fn save_budget(tx: &mut Tx, budget: &Budget) -> Result<(), Error> {
    let sql = "INSERT INTO privacy_budget
                   (asset_id, revision, unit, ledger, reason, set_by, set_at, entry_id)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (asset_id) DO UPDATE
                  SET revision = excluded.revision, unit = excluded.unit, ledger = excluded.ledger,
                      reason = excluded.reason, set_by = excluded.set_by, set_at = excluded.set_at,
                      entry_id = excluded.entry_id
                WHERE privacy_budget.revision = excluded.revision - 1";
    let changed = tx
        .execute(
            sql,
            params![
                budget.asset_id,
                budget.revision,
                to_json("unit", &budget.unit)?,
                to_json("ledger", &budget.ledger)?,
                budget.reason,
                budget.set_by,
                budget.set_at,
                budget.entry_id,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// Writes a new summary.
pub(super) async fn insert(tx: &mut Tx, summary: &Summary) -> Result<(), Error> {
    let sql = "INSERT INTO private_summary
                   (summary_id, asset_id, version_id, state, revision, proposal, filed_by, entry_id,
                    created_at, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let changed = tx
        .execute(
            sql,
            params![
                summary.id,
                summary.asset_id,
                summary.version_id,
                summary.state,
                summary.revision,
                to_json("proposal", &summary.proposal)?,
                summary.filed_by,
                summary.entry_id,
                summary.created_at,
                summary.updated_at,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// Saves a summary if nobody changed it since revision `before`.
///
/// # Errors
///
/// [`Error::Stale`] if someone did; nothing is changed then.
pub(super) async fn save(tx: &mut Tx, summary: &Summary, before: i64) -> Result<(), Error> {
    let sql = "UPDATE private_summary
                  SET state = $3, revision = $4, proposal = $5, answers = $6, decided_by = $7,
                      decision_ground = $8, problem = $9, entry_id = $10, updated_at = $11,
                      published_at = $12
                WHERE summary_id = $1 AND revision = $2";
    let changed = tx
        .execute(
            sql,
            params![
                summary.id,
                before,
                summary.state,
                summary.revision,
                to_json("proposal", &summary.proposal)?,
                to_json_or_none("answers", summary.answers.as_ref())?,
                summary.decided_by,
                summary.decision_ground,
                to_json_or_none("problem", summary.problem.as_ref())?,
                summary.entry_id,
                summary.updated_at,
                summary.published_at,
            ],
        )
        .await?;
    Ok(expect_one(changed)?)
}

/// The summary, if there is one.
pub(super) async fn find(query: &mut impl Query, id: SummaryId) -> Result<Option<Summary>, Error> {
    Ok(query.optional(&format!("{SUMMARY} WHERE summary_id = $1"), params![id]).await?)
}

/// The summaries of an asset, newest first.
pub(super) async fn of_asset(
    query: &mut impl Query,
    asset_id: AssetId,
) -> Result<Vec<Summary>, Error> {
    let sql = format!("{SUMMARY} WHERE asset_id = $1 ORDER BY created_at DESC, summary_id DESC");
    Ok(query.all(&sql, params![asset_id]).await?)
}

/// The summaries that wait for a reviewer, the longest waiting first.
pub(super) async fn submitted(query: &mut impl Query) -> Result<Vec<Summary>, Error> {
    let sql = format!("{SUMMARY} WHERE state = 'submitted' ORDER BY updated_at, summary_id");
    Ok(query.all(&sql, params![]).await?)
}

//! The SQL of reuses.

use store::{Error as StoreError, FromRow, Query, Row, Tx, expect_one, params};
use vocabulary::{AssetId, ReuseId};

use super::model::Reuse;
use crate::Error;

const REUSE: &str = "SELECT reuse_id, state, revision, title, link, description, maker, reason,
        submitted_at, decided_by, decided_at, updated_at
   FROM reuse";

impl FromRow for Reuse {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get("reuse_id")?,
            state: row.get("state")?,
            revision: row.get("revision")?,
            title: row.get("title")?,
            link: row.get("link")?,
            description: row.get("description")?,
            maker: row.get("maker")?,
            reason: row.get("reason")?,
            submitted_at: row.get("submitted_at")?,
            decided_by: row.get("decided_by")?,
            decided_at: row.get("decided_at")?,
            updated_at: row.get("updated_at")?,
        })
    }
}

/// Writes a new reuse.
pub(super) async fn insert(
    tx: &mut Tx,
    reuse: &Reuse,
    contact: &str,
    form: Option<&str>,
) -> Result<(), Error> {
    let sql = "INSERT INTO reuse (reuse_id, state, revision, title, link, description, maker,
                      contact, submitted_at, form, updated_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = params![
        reuse.id,
        reuse.state,
        reuse.revision,
        reuse.title,
        reuse.link,
        reuse.description,
        reuse.maker,
        contact,
        reuse.submitted_at,
        form,
        reuse.updated_at,
    ];
    Ok(expect_one(tx.execute(sql, values).await?)?)
}

/// Writes that a reuse was made of a dataset.
pub(super) async fn insert_dataset(tx: &mut Tx, id: ReuseId, asset: AssetId) -> Result<(), Error> {
    let sql = "INSERT INTO reuse_dataset (reuse_id, asset_id) VALUES ($1, $2)";
    Ok(expect_one(tx.execute(sql, params![id, asset]).await?)?)
}

/// Saves what was decided, if nobody decided in the meantime.
pub(super) async fn save(tx: &mut Tx, reuse: &Reuse, before: i64) -> Result<(), Error> {
    let sql = "UPDATE reuse
                  SET state = $3, revision = $4, reason = $5, decided_by = $6, decided_at = $7,
                      updated_at = $8
                WHERE reuse_id = $1 AND revision = $2";
    let values = params![
        reuse.id,
        before,
        reuse.state,
        reuse.revision,
        reuse.reason,
        reuse.decided_by,
        reuse.decided_at,
        reuse.updated_at,
    ];
    Ok(expect_one(tx.execute(sql, values).await?)?)
}

/// The reuse, if there is one.
pub(super) async fn find(query: &mut impl Query, id: ReuseId) -> Result<Option<Reuse>, Error> {
    Ok(query.optional(&format!("{REUSE} WHERE reuse_id = $1"), params![id]).await?)
}

/// How to reach who submitted it; `None` once it is erased.
pub(super) async fn contact(query: &mut impl Query, id: ReuseId) -> Result<Option<String>, Error> {
    Ok(query.one("SELECT contact FROM reuse WHERE reuse_id = $1", params![id]).await?)
}

/// The datasets that a reuse was made of.
pub(super) async fn datasets(query: &mut impl Query, id: ReuseId) -> Result<Vec<AssetId>, Error> {
    let sql = "SELECT asset_id FROM reuse_dataset WHERE reuse_id = $1 ORDER BY asset_id";
    Ok(query.all(sql, params![id]).await?)
}

/// Whether a form was sent before.
pub(super) async fn is_form_known(query: &mut impl Query, form: &str) -> Result<bool, Error> {
    let count: i64 = query.one("SELECT COUNT(*) FROM reuse WHERE form = $1", params![form]).await?;
    Ok(count > 0)
}

const SHOWN: &str = "state = 'shown' AND ($1 IS NULL OR reuse_id IN (
        SELECT d.reuse_id FROM reuse_dataset d WHERE d.asset_id = $1))";

/// A page of the reuses that are shown, newest first.
pub(super) async fn shown(
    query: &mut impl Query,
    dataset: Option<AssetId>,
    offset: u64,
    limit: u64,
) -> Result<Vec<Reuse>, Error> {
    let sql = format!(
        "{REUSE} WHERE {SHOWN} ORDER BY submitted_at DESC, reuse_id DESC LIMIT $2 OFFSET $3"
    );
    Ok(query.all(&sql, params![dataset, limit, offset]).await?)
}

/// How many reuses are shown.
pub(super) async fn count_shown(
    query: &mut impl Query,
    dataset: Option<AssetId>,
) -> Result<u64, Error> {
    Ok(query.one(&format!("SELECT COUNT(*) FROM reuse WHERE {SHOWN}"), params![dataset]).await?)
}

/// The reuses that wait for a review, the longest waiting first.
pub(super) async fn submitted(query: &mut impl Query) -> Result<Vec<Reuse>, Error> {
    let sql =
        format!("{REUSE} WHERE state = 'submitted' ORDER BY submitted_at, reuse_id LIMIT 200");
    Ok(query.all(&sql, params![]).await?)
}

/// Erases the contacts of reuses that were reviewed before an instant.
pub(super) async fn erase_contacts(tx: &mut Tx, before: jiff::Timestamp) -> Result<u64, Error> {
    let sql = "UPDATE reuse SET contact = NULL WHERE contact IS NOT NULL AND decided_at < $1";
    Ok(tx.execute(sql, params![before]).await?)
}

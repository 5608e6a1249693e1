//! SQL of the audit trail.

use jiff::Timestamp;
use store::{Error, FromRow, Query, Row, Tx, params};
use vocabulary::{AccountId, CreditCode, EntryId};

use super::{Filter, Leaf, Record, commitments};

pub(super) struct NewRecord<'a> {
    pub(super) id: EntryId,
    pub(super) kind: &'a str,
    pub(super) subject: &'a str,
    pub(super) account: Option<AccountId>,
    pub(super) actor: &'a str,
    pub(super) body_code: Option<CreditCode>,
    pub(super) ground: Option<&'a str>,
    pub(super) data: &'a str,
    pub(super) salt: &'a str,
    pub(super) sm3: &'a str,
    pub(super) sha256: &'a str,
    pub(super) request_id: Option<&'a str>,
    pub(super) address: Option<&'a str>,
    pub(super) at: Timestamp,
}

pub(super) async fn insert(tx: &mut Tx, row: &NewRecord<'_>, leaf: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO audit (entry_id, kind, subject, account_id, actor, body_code, ground, data,
                            salt, sm3, sha256, request_id, address, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            row.id,
            row.kind,
            row.subject,
            row.account,
            row.actor,
            row.body_code,
            row.ground,
            row.data,
            row.salt,
            row.sm3,
            row.sha256,
            row.request_id,
            row.address,
            row.at
        ],
    )
    .await?;
    tx.execute("INSERT INTO log_entry (entry_id, leaf) VALUES ($1, $2)", params![row.id, leaf])
        .await?;
    Ok(())
}

impl FromRow for Record {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("entry_id")?,
            kind: row.get("kind")?,
            subject: row.get("subject")?,
            actor: row.get("actor")?,
            account: row.get("account_id")?,
            body_code: row.get("body_code")?,
            ground: row.get("ground")?,
            data: row.get("data")?,
            request_id: row.get("request_id")?,
            address: row.get("address")?,
            at: row.get("at")?,
        })
    }
}

pub(super) async fn search(
    query: &mut impl Query,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Record>, Error> {
    query
        .all(
            "SELECT * FROM audit
              WHERE ($1 IS NULL OR subject = $1)
                AND ($2 IS NULL OR actor = $2)
                AND ($3 IS NULL OR kind = $3)
                AND ($4 IS NULL OR entry_id < $4)
                AND ($5 IS NULL OR account_id = $5)
                AND ($6 IS NULL OR at >= $6)
                AND ($7 IS NULL OR at < $7)
              ORDER BY entry_id DESC LIMIT $8",
            params![
                filter.subject,
                filter.actor,
                filter.kind,
                filter.before,
                filter.account,
                filter.from,
                filter.until,
                limit
            ],
        )
        .await
}

pub(super) async fn find(query: &mut impl Query, id: EntryId) -> Result<Option<Record>, Error> {
    query.optional("SELECT * FROM audit WHERE entry_id = $1", params![id]).await
}

/// A record beside what the log says of it.
pub(super) struct Beside {
    pub(super) id: EntryId,
    data: String,
    salt: String,
    leaf: Option<String>,
}

impl FromRow for Beside {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("entry_id")?,
            data: row.get("data")?,
            salt: row.get("salt")?,
            leaf: row.get("leaf")?,
        })
    }
}

impl Beside {
    pub(super) fn is_sound(&self) -> bool {
        let leaf = self.leaf.as_deref().and_then(|leaf| serde_json::from_str::<Leaf>(leaf).ok());
        let (Some(leaf), Ok(salt)) = (leaf, hex::decode(&self.salt)) else { return false };
        leaf.id == self.id && commitments(&salt, self.data.as_bytes()) == (leaf.sm3, leaf.sha256)
    }
}

pub(super) async fn page(query: &mut impl Query, after: &str) -> Result<Vec<Beside>, Error> {
    query
        .all(
            "SELECT audit.entry_id, audit.data, audit.salt, log_entry.leaf
               FROM audit LEFT JOIN log_entry ON log_entry.entry_id = audit.entry_id
              WHERE audit.entry_id > $1 ORDER BY audit.entry_id LIMIT 1000",
            params![after],
        )
        .await
}

//! SQL of bodies, accounts, roles, sessions, tokens and failed sign-ins.

use jiff::Timestamp;
use store::{Error, FromRow, Query, Row, Tx, params};
use vocabulary::{AccountId, Bilingual, CreditCode};

use super::token::{ApiToken, TokenId};
use super::{Account, AccountState, Body, GrantId, Role, RoleGrant};

impl FromRow for Body {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            code: row.get("body_code")?,
            name: Bilingual { zh: row.get("name_zh")?, en: row.get("name_en")? },
            kind: row.get("kind")?,
            division: row.get("division")?,
            created_at: row.get("created_at")?,
        })
    }
}

pub(super) async fn insert_body(tx: &mut Tx, body: &Body) -> Result<u64, Error> {
    tx.execute(
        "INSERT INTO body (body_code, name_zh, name_en, kind, division, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![body.code, body.name.zh, body.name.en, body.kind, body.division, body.created_at],
    )
    .await
}

pub(super) async fn find_body(
    query: &mut impl Query,
    code: CreditCode,
) -> Result<Option<Body>, Error> {
    query.optional("SELECT * FROM body WHERE body_code = $1", params![code]).await
}

pub(super) async fn all_bodies(query: &mut impl Query) -> Result<Vec<Body>, Error> {
    query.all("SELECT * FROM body ORDER BY name_zh, body_code", params![]).await
}

impl FromRow for Account {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("account_id")?,
            login: row.get("login")?,
            name: row.get("name")?,
            body: row.get("body_code")?,
            state: row.get("state")?,
            created_at: row.get("created_at")?,
        })
    }
}

struct WithPassword(Account, String);

impl FromRow for WithPassword {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self(Account::from_row(row)?, row.get("password")?))
    }
}

pub(super) async fn insert_account(
    tx: &mut Tx,
    account: &Account,
    password: &str,
) -> Result<u64, Error> {
    tx.execute(
        "INSERT INTO account (account_id, login, name, body_code, password, state, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            account.id,
            account.login,
            account.name,
            account.body,
            password,
            account.state,
            account.created_at
        ],
    )
    .await
}

pub(super) async fn find_account(
    query: &mut impl Query,
    id: AccountId,
) -> Result<Option<Account>, Error> {
    query.optional("SELECT * FROM account WHERE account_id = $1", params![id]).await
}

pub(super) async fn find_account_by_login(
    query: &mut impl Query,
    login: &str,
) -> Result<Option<Account>, Error> {
    query.optional("SELECT * FROM account WHERE login = $1", params![login]).await
}

pub(super) async fn find_password(
    query: &mut impl Query,
    login: &str,
) -> Result<Option<(Account, String)>, Error> {
    let found: Option<WithPassword> =
        query.optional("SELECT * FROM account WHERE login = $1", params![login]).await?;
    Ok(found.map(|WithPassword(account, password)| (account, password)))
}

pub(super) async fn all_accounts(query: &mut impl Query) -> Result<Vec<Account>, Error> {
    query.all("SELECT * FROM account ORDER BY login", params![]).await
}

pub(super) async fn set_account_state(
    tx: &mut Tx,
    id: AccountId,
    state: AccountState,
) -> Result<u64, Error> {
    tx.execute("UPDATE account SET state = $2 WHERE account_id = $1", params![id, state]).await
}

pub(super) async fn set_password(tx: &mut Tx, id: AccountId, password: &str) -> Result<u64, Error> {
    tx.execute("UPDATE account SET password = $2 WHERE account_id = $1", params![id, password])
        .await
}

impl FromRow for RoleGrant {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("grant_id")?,
            account: row.get("account_id")?,
            role: row.get("role")?,
            body: row.get("body_code")?,
            valid_from: row.get("valid_from")?,
            valid_until: row.get("valid_until")?,
            revoked_at: row.get("revoked_at")?,
        })
    }
}

/// Writes down which of the three administrators an account is, for good. The
/// same role again changes nothing; another one breaks the primary key.
pub(super) async fn register_administrator(
    tx: &mut Tx,
    account: AccountId,
    role: Role,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO administrator (account_id, role) VALUES ($1, $2)
         ON CONFLICT (account_id, role) DO NOTHING",
        params![account, role],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_grant(
    tx: &mut Tx,
    grant: &RoleGrant,
    granted_by: Option<AccountId>,
    now: Timestamp,
) -> Result<u64, Error> {
    let admin_role = grant.role.is_administrator().then_some(grant.role);
    tx.execute(
        "INSERT INTO role_grant (grant_id, account_id, role, admin_role, body_code, valid_from,
                                 valid_until, granted_by, granted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![
            grant.id,
            grant.account,
            grant.role,
            admin_role,
            grant.body,
            grant.valid_from,
            grant.valid_until,
            granted_by,
            now
        ],
    )
    .await
}

pub(super) async fn find_grant(
    query: &mut impl Query,
    id: GrantId,
) -> Result<Option<RoleGrant>, Error> {
    query.optional("SELECT * FROM role_grant WHERE grant_id = $1", params![id]).await
}

pub(super) async fn revoke_grant(tx: &mut Tx, id: GrantId, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE role_grant SET revoked_at = $2 WHERE grant_id = $1 AND revoked_at IS NULL",
        params![id, now],
    )
    .await
}

pub(super) async fn grants_of(
    query: &mut impl Query,
    account: AccountId,
) -> Result<Vec<RoleGrant>, Error> {
    query
        .all(
            "SELECT * FROM role_grant WHERE account_id = $1 ORDER BY granted_at DESC, grant_id DESC",
            params![account],
        )
        .await
}

pub(super) struct StoredSession {
    pub(super) account: AccountId,
    pub(super) created_at: Timestamp,
    pub(super) seen_at: Timestamp,
}

impl FromRow for StoredSession {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            account: row.get("account_id")?,
            created_at: row.get("created_at")?,
            seen_at: row.get("seen_at")?,
        })
    }
}

pub(super) const COUNT_SESSIONS: &str = "SELECT COUNT(*) FROM session WHERE account_id = $1";

pub(super) async fn insert_session(
    tx: &mut Tx,
    hash: &str,
    account: AccountId,
    address: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "INSERT INTO session (session_hash, account_id, created_at, seen_at, address)
         VALUES ($1, $2, $3, $3, $4)",
        params![hash, account, now, address],
    )
    .await
}

pub(super) async fn find_session(
    query: &mut impl Query,
    hash: &str,
) -> Result<Option<StoredSession>, Error> {
    query.optional("SELECT * FROM session WHERE session_hash = $1", params![hash]).await
}

pub(super) async fn touch_session(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE session SET seen_at = $2 WHERE session_hash = $1 AND seen_at < $2",
        params![hash, now],
    )
    .await
}

pub(super) async fn delete_session(tx: &mut Tx, hash: &str) -> Result<u64, Error> {
    tx.execute("DELETE FROM session WHERE session_hash = $1", params![hash]).await
}

pub(super) async fn delete_sessions_of(tx: &mut Tx, account: AccountId) -> Result<u64, Error> {
    tx.execute("DELETE FROM session WHERE account_id = $1", params![account]).await
}

pub(super) async fn delete_old_sessions(
    tx: &mut Tx,
    seen_before: Timestamp,
    created_before: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM session WHERE seen_at <= $1 OR created_at <= $2",
        params![seen_before, created_before],
    )
    .await
}

impl FromRow for ApiToken {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("token_id")?,
            account: row.get("account_id")?,
            name: row.get("name")?,
            scopes: row.json("scopes")?,
            created_at: row.get("created_at")?,
            expires_at: row.get("expires_at")?,
            revoked_at: row.get("revoked_at")?,
        })
    }
}

pub(super) async fn insert_token(tx: &mut Tx, token: &ApiToken, hash: &str) -> Result<u64, Error> {
    let scopes = serde_json::json!(token.scopes);
    tx.execute(
        "INSERT INTO api_token (token_id, token_hash, account_id, name, scopes, created_at,
                                expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        params![
            token.id,
            hash,
            token.account,
            token.name,
            scopes,
            token.created_at,
            token.expires_at
        ],
    )
    .await
}

pub(super) async fn find_token(
    query: &mut impl Query,
    id: TokenId,
) -> Result<Option<ApiToken>, Error> {
    query.optional("SELECT * FROM api_token WHERE token_id = $1", params![id]).await
}

pub(super) async fn find_token_by_hash(
    query: &mut impl Query,
    hash: &str,
) -> Result<Option<ApiToken>, Error> {
    query.optional("SELECT * FROM api_token WHERE token_hash = $1", params![hash]).await
}

pub(super) async fn tokens_of(
    query: &mut impl Query,
    account: AccountId,
) -> Result<Vec<ApiToken>, Error> {
    query
        .all(
            "SELECT * FROM api_token WHERE account_id = $1 ORDER BY created_at DESC, token_id DESC",
            params![account],
        )
        .await
}

pub(super) async fn revoke_token(tx: &mut Tx, id: TokenId, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE api_token SET revoked_at = $2 WHERE token_id = $1 AND revoked_at IS NULL",
        params![id, now],
    )
    .await
}

pub(super) struct Throttle {
    pub(super) failures: u32,
    pub(super) failed_at: Timestamp,
    pub(super) blocked_until: Timestamp,
}

impl FromRow for Throttle {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            failures: row.get("failures")?,
            failed_at: row.get("failed_at")?,
            blocked_until: row.get("blocked_until")?,
        })
    }
}

pub(super) async fn find_throttle(
    query: &mut impl Query,
    subject: &str,
) -> Result<Option<Throttle>, Error> {
    query.optional("SELECT * FROM sign_in_throttle WHERE subject = $1", params![subject]).await
}

pub(super) async fn save_throttle(
    tx: &mut Tx,
    subject: &str,
    failures: u32,
    failed_at: Timestamp,
    blocked_until: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "INSERT INTO sign_in_throttle (subject, failures, failed_at, blocked_until)
         VALUES ($1, $2, $3, $4)
         ON CONFLICT (subject) DO UPDATE SET failures = $2, failed_at = $3, blocked_until = $4",
        params![subject, failures, failed_at, blocked_until],
    )
    .await
}

pub(super) async fn delete_throttle(tx: &mut Tx, subject: &str) -> Result<u64, Error> {
    tx.execute("DELETE FROM sign_in_throttle WHERE subject = $1", params![subject]).await
}

pub(super) async fn lower_throttle(tx: &mut Tx, subject: &str) -> Result<(), Error> {
    tx.execute(
        "UPDATE sign_in_throttle SET failures = failures - 1, blocked_until = failed_at
          WHERE subject = $1 AND failures > 0",
        params![subject],
    )
    .await?;
    Ok(())
}

pub(super) async fn delete_old_throttles(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM sign_in_throttle WHERE failed_at < $1 AND blocked_until < $1",
        params![before],
    )
    .await
}

/// Whether the owner of an account signed in at a browser since an instant.
pub(super) async fn has_device(
    query: &mut impl Query,
    hash: &str,
    account: AccountId,
    since: Timestamp,
) -> Result<bool, Error> {
    let found: i64 = query
        .one(
            "SELECT COUNT(*) FROM known_device
              WHERE device_hash = $1 AND account_id = $2 AND seen_at >= $3",
            params![hash, account, since],
        )
        .await?;
    Ok(found > 0)
}

/// Whether a secret is that of a browser.
pub(super) async fn is_device(query: &mut impl Query, hash: &str) -> Result<bool, Error> {
    let found: i64 = query
        .one("SELECT COUNT(*) FROM known_device WHERE device_hash = $1", params![hash])
        .await?;
    Ok(found > 0)
}

pub(super) async fn save_device(
    tx: &mut Tx,
    hash: &str,
    account: AccountId,
    now: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "INSERT INTO known_device (device_hash, account_id, seen_at) VALUES ($1, $2, $3)
         ON CONFLICT (device_hash, account_id) DO UPDATE SET seen_at = $3",
        params![hash, account, now],
    )
    .await
}

/// Keeps the browsers of an account that were used last.
pub(super) async fn delete_devices_beyond(
    tx: &mut Tx,
    account: AccountId,
    most: u64,
) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM known_device WHERE account_id = $1 AND device_hash NOT IN
            (SELECT device_hash FROM known_device WHERE account_id = $1
              ORDER BY seen_at DESC, device_hash LIMIT $2)",
        params![account, most],
    )
    .await
}

pub(super) async fn delete_devices_of(tx: &mut Tx, account: AccountId) -> Result<u64, Error> {
    tx.execute("DELETE FROM known_device WHERE account_id = $1", params![account]).await
}

pub(super) async fn delete_old_devices(tx: &mut Tx, before: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM known_device WHERE seen_at < $1", params![before]).await
}

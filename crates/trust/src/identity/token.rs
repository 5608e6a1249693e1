//! API tokens (访问令牌): `fh_` and 256 random bits, limited to some actions.
//!
//! A token is shown once, when it is made; the database holds its SHA-256. It
//! has its owner's rights of the moment, never more, and only within its scopes.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::{Query, Store};
use vocabulary::AccountId;

use super::{IdentityError, table};
use crate::audit::{self, Event};
use crate::authorization::{Action, Resource};
use crate::caller::Caller;
use crate::secret;

vocabulary::typed_id! {
    /// Id of an API token; not a secret.
    pub struct TokenId;
}

store::text_column!(TokenId);

/// How a token begins, so that scanners find one that leaked.
pub const PREFIX: &str = "fh_";

/// An API token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApiToken {
    /// Its identifier.
    pub id: TokenId,
    /// Whose it is.
    pub account: AccountId,
    /// What its owner calls it.
    pub name: String,
    /// What it may do: names of actions.
    pub scopes: BTreeSet<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiToken {
    /// The token as the policies see it; it belongs to its owner.
    pub fn as_resource(&self) -> Resource {
        Resource::of_kind("token").with_id(self.id).filed_by(self.account)
    }
}

/// Makes a token for the caller; returns it and its secret, which is shown once.
///
/// # Errors
///
/// [`IdentityError::NameMissing`], [`IdentityError::TokenValidity`],
/// [`IdentityError::Denied`], [`IdentityError::Store`].
pub async fn create(
    caller: &Caller,
    store: &Store,
    name: &str,
    scopes: &BTreeSet<Action>,
    expires_at: Timestamp,
) -> Result<(ApiToken, String), IdentityError> {
    let account = caller.account().ok_or(IdentityError::NotFound { what: "account" })?;
    let token = ApiToken {
        id: TokenId::new_v7(caller.now()),
        account: account.id,
        name: name.trim().chars().take(100).collect(),
        scopes: scopes.iter().map(|action| action.name().to_owned()).collect(),
        created_at: caller.now(),
        expires_at,
        revoked_at: None,
    };
    caller.require(Action::CreateToken, &token.as_resource())?;
    if token.name.is_empty() {
        return Err(IdentityError::NameMissing);
    }
    let validity = expires_at.duration_since(caller.now());
    let day = SignedDuration::from_hours(24);
    if validity < day || validity > day * 366 {
        return Err(IdentityError::TokenValidity);
    }
    let text = format!("{PREFIX}{}", secret::random_text()?);
    let mut tx = store.begin().await?;
    table::insert_token(&mut tx, &token, &secret::stored_form(&text)).await?;
    let event =
        Event::new("token.created", format!("token:{}", token.id), serde_json::json!(token));
    audit::append(&mut tx, caller, event).await?;
    tx.commit().await?;
    Ok((token, text))
}

/// Revokes a token; it is refused with the next request.
///
/// # Errors
///
/// [`IdentityError::NotFound`] if there is no such open token,
/// [`IdentityError::Denied`], [`IdentityError::Store`].
pub async fn revoke(caller: &Caller, store: &Store, id: TokenId) -> Result<(), IdentityError> {
    let mut tx = store.begin().await?;
    let token = table::find_token(&mut tx, id)
        .await?
        .filter(|token| token.revoked_at.is_none())
        .ok_or(IdentityError::NotFound { what: "token" })?;
    caller.require(Action::RevokeToken, &token.as_resource())?;
    store::expect_one(table::revoke_token(&mut tx, id, caller.now()).await?)?;
    let event = Event::new("token.revoked", format!("token:{id}"), serde_json::json!({ "id": id }));
    audit::append(&mut tx, caller, event).await?;
    tx.commit().await?;
    Ok(())
}

/// The caller behind a token, with its owner's roles of the moment and the
/// token's scopes; `None` if it is unknown, revoked or expired, or its owner is
/// disabled.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn caller_of(
    store: &Store,
    text: &str,
    now: Timestamp,
) -> Result<Option<Caller>, store::Error> {
    if !text.starts_with(PREFIX) {
        return Ok(None);
    }
    let mut reader = store.read().await?;
    let found = table::find_token_by_hash(&mut reader, &secret::stored_form(text)).await?;
    let Some(token) = found.filter(|token| token.revoked_at.is_none() && now < token.expires_at)
    else {
        return Ok(None);
    };
    let Some(account) = table::find_account(&mut reader, token.account).await? else {
        return Ok(None);
    };
    if !account.is_active() {
        return Ok(None);
    }
    let mut grants = table::grants_of(&mut reader, account.id).await?;
    grants.retain(|grant| grant.is_valid(now));
    // A scope that this version does not know allows nothing.
    let scopes = token.scopes.iter().filter_map(|name| name.parse().ok()).collect();
    Ok(Some(Caller::of_account(account, grants, now).with_scopes(scopes)))
}

/// All tokens of an account, the newest first.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn all_of(
    query: &mut impl Query,
    account: AccountId,
) -> Result<Vec<ApiToken>, store::Error> {
    table::tokens_of(query, account).await
}

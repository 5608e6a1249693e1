//! Accounts of persons.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Query, Store};
use vocabulary::{AccountId, CreditCode};

use super::{IdentityError, check_password_rules, find_body, password, table};
use crate::audit::{self, Event};
use crate::authorization::{Action, Resource};
use crate::caller::Caller;

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// It may.
    Active,
    /// It may not; its past acts stay.
    Disabled,
}

impl fmt::Display for AccountState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        })
    }
}

/// A text that is no [`AccountState`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state of an account")]
pub struct AccountStateError(String);

impl FromStr for AccountState {
    type Err = AccountStateError;

    fn from_str(text: &str) -> Result<Self, AccountStateError> {
        match text {
            "active" => Ok(Self::Active),
            "disabled" => Ok(Self::Disabled),
            other => Err(AccountStateError(other.chars().take(40).collect())),
        }
    }
}

store::text_column!(AccountState);

/// An account of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its identifier.
    pub id: AccountId,
    /// What the person types to sign in; lower case.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// The body the person works for.
    pub body: CreditCode,
    /// Whether it may be used.
    pub state: AccountState,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Account {
    /// Whether it may be used.
    pub fn is_active(&self) -> bool {
        self.state == AccountState::Active
    }

    /// The account as the policies see it; it belongs to its person.
    pub fn as_resource(&self) -> Resource {
        Resource::of_kind("account").with_id(self.id).of_body(self.body).filed_by(self.id)
    }

    /// The account as the subject of an event.
    pub(super) fn subject(&self) -> String {
        format!("account:{}", self.id)
    }
}

/// An account to be made.
#[derive(Clone)]
pub struct NewAccount {
    /// What the person types to sign in; made lower case.
    pub login: String,
    /// The person's name.
    pub name: String,
    /// The body the person works for.
    pub body: CreditCode,
    /// The first password.
    pub password: String,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NewAccount").field("login", &self.login).finish_non_exhaustive()
    }
}

/// Makes an account, without any role.
///
/// # Errors
///
/// [`IdentityError::Login`], [`IdentityError::LoginTaken`],
/// [`IdentityError::NameMissing`], [`IdentityError::Password`],
/// [`IdentityError::NotFound`] for the body, [`IdentityError::Denied`],
/// [`IdentityError::Store`].
pub async fn create_account(
    caller: &Caller,
    store: &Store,
    new: &NewAccount,
) -> Result<Account, IdentityError> {
    let login = checked_login(&new.login)?;
    if new.name.trim().is_empty() {
        return Err(IdentityError::NameMissing);
    }
    let account = Account {
        id: AccountId::new_v7(caller.now()),
        login,
        name: new.name.trim().to_owned(),
        body: new.body,
        state: AccountState::Active,
        created_at: caller.now(),
    };
    // Before hashing, which costs time that a stranger must not be able to use up.
    caller.require(Action::CreateAccount, &Resource::of_kind("account").of_body(new.body))?;
    check_password_rules(&new.password, &account.login).map_err(IdentityError::Password)?;
    let hash = password::hash(&new.password).await?;
    let mut tx = store.begin().await?;
    if find_body(&mut tx, new.body).await?.is_none() {
        return Err(IdentityError::NotFound { what: "body" });
    }
    table::insert_account(&mut tx, &account, &hash).await.map_err(|error| {
        if error.breaks("login_once") { IdentityError::LoginTaken } else { error.into() }
    })?;
    let event = Event::new("account.created", account.subject(), serde_json::json!(account));
    audit::append(&mut tx, caller, event).await?;
    tx.commit().await?;
    Ok(account)
}

/// Disables an account; its sessions end with their next request.
///
/// # Errors
///
/// [`IdentityError::NotFound`], [`IdentityError::Denied`], [`IdentityError::Store`].
pub async fn disable_account(
    caller: &Caller,
    store: &Store,
    id: AccountId,
) -> Result<(), IdentityError> {
    set_state(caller, store, id, AccountState::Disabled, "account.disabled").await
}

/// Makes a disabled account usable again.
///
/// # Errors
///
/// As [`disable_account`].
pub async fn enable_account(
    caller: &Caller,
    store: &Store,
    id: AccountId,
) -> Result<(), IdentityError> {
    set_state(caller, store, id, AccountState::Active, "account.enabled").await
}

async fn set_state(
    caller: &Caller,
    store: &Store,
    id: AccountId,
    state: AccountState,
    event: &'static str,
) -> Result<(), IdentityError> {
    let mut tx = store.begin().await?;
    let account =
        find_account(&mut tx, id).await?.ok_or(IdentityError::NotFound { what: "account" })?;
    caller.require(Action::DisableAccount, &account.as_resource())?;
    store::expect_one(table::set_account_state(&mut tx, id, state).await?)?;
    table::delete_sessions_of(&mut tx, id).await?;
    table::delete_devices_of(&mut tx, id).await?;
    let event = Event::new(event, account.subject(), serde_json::json!({ "state": state }));
    audit::append(&mut tx, caller, event).await?;
    tx.commit().await?;
    Ok(())
}

/// Changes the caller's own password; all sessions end, and no browser is known any more.
///
/// # Errors
///
/// [`IdentityError::WrongCredentials`] if `old` is wrong,
/// [`IdentityError::Password`], [`IdentityError::Denied`], [`IdentityError::Store`].
pub async fn change_password(
    caller: &Caller,
    store: &Store,
    old: &str,
    new: &str,
) -> Result<(), IdentityError> {
    let account = caller.account().ok_or(IdentityError::NotFound { what: "account" })?;
    caller.require(Action::ChangePassword, &account.as_resource())?;
    let stored = {
        let mut reader = store.read().await?;
        table::find_password(&mut reader, &account.login).await?
    };
    if !password::matches(old, stored.map(|(_, hash)| hash)).await? {
        return Err(IdentityError::WrongCredentials);
    }
    check_password_rules(new, &account.login).map_err(IdentityError::Password)?;
    let hash = password::hash(new).await?;
    let mut tx = store.begin().await?;
    store::expect_one(table::set_password(&mut tx, account.id, &hash).await?)?;
    table::delete_sessions_of(&mut tx, account.id).await?;
    table::delete_devices_of(&mut tx, account.id).await?;
    let event = Event::new("account.password_changed", account.subject(), serde_json::json!({}));
    audit::append(&mut tx, caller, event).await?;
    tx.commit().await?;
    Ok(())
}

/// The account with this id.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn find_account(
    query: &mut impl Query,
    id: AccountId,
) -> Result<Option<Account>, store::Error> {
    table::find_account(query, id).await
}

/// The account with this login, in any case of letters.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn find_account_by_login(
    query: &mut impl Query,
    login: &str,
) -> Result<Option<Account>, store::Error> {
    table::find_account_by_login(query, &login.to_lowercase()).await
}

/// All accounts, by login.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn all_accounts(query: &mut impl Query) -> Result<Vec<Account>, store::Error> {
    table::all_accounts(query).await
}

/// ASCII only: two logins that look the same are the same.
fn checked_login(login: &str) -> Result<String, IdentityError> {
    let login = login.to_ascii_lowercase();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    if (2..=64).contains(&login.len()) && login.bytes().all(allowed) {
        Ok(login)
    } else {
        Err(IdentityError::Login)
    }
}

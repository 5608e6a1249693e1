//! Roles (角色), held in a body for a time.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Query, Store};
use vocabulary::{AccountId, Bilingual, CreditCode};

use super::{IdentityError, find_account, find_body, table};
use crate::audit::{self, Event};
use crate::authorization::Action;
use crate::caller::Caller;

vocabulary::typed_id! {
    /// Id of a grant of a role.
    pub struct GrantId;
}

store::text_column!(GrantId, Role);

/// What a person does on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Registers assets and uploads data (经办人).
    Clerk,
    /// Consents for the body (单位负责人).
    UnitHead,
    /// Reviews and publishes the catalogue (数据管理员).
    DataAdmin,
    /// Approves what passed the gate (发布审核员).
    GateReviewer,
    /// Keeps accounts and bodies (系统管理员); one of the three.
    SystemAdmin,
    /// Gives and withdraws rights (安全管理员); one of the three.
    SecurityAdmin,
    /// Watches over everything and changes nothing (审计管理员); one of the three.
    Auditor,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Clerk,
        Self::UnitHead,
        Self::DataAdmin,
        Self::GateReviewer,
        Self::SystemAdmin,
        Self::SecurityAdmin,
        Self::Auditor,
    ];

    /// The role as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::UnitHead => "unit_head",
            Self::DataAdmin => "data_admin",
            Self::GateReviewer => "gate_reviewer",
            Self::SystemAdmin => "system_admin",
            Self::SecurityAdmin => "security_admin",
            Self::Auditor => "auditor",
        }
    }

    /// The role for people.
    pub fn label(self) -> Bilingual {
        match self {
            Self::Clerk => Bilingual::new("经办人", "clerk"),
            Self::UnitHead => Bilingual::new("单位负责人", "unit head"),
            Self::DataAdmin => Bilingual::new("数据管理员", "data administrator"),
            Self::GateReviewer => Bilingual::new("发布审核员", "gate reviewer"),
            Self::SystemAdmin => Bilingual::new("系统管理员", "system administrator"),
            Self::SecurityAdmin => Bilingual::new("安全管理员", "security administrator"),
            Self::Auditor => Bilingual::new("审计管理员", "auditor"),
        }
    }

    /// Whether it is one of the three administrators (三员), of which one person
    /// holds at most one.
    pub fn is_administrator(self) -> bool {
        matches!(self, Self::SystemAdmin | Self::SecurityAdmin | Self::Auditor)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| RoleError::Unknown(text.chars().take(40).collect()))
    }
}

/// Why a role cannot be granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleError {
    /// No such role.
    #[error("`{0}` is no role")]
    Unknown(String),
    /// The person holds or held another of the three administrators' roles.
    #[error("system, security and audit administrator are three persons, for good")]
    ThreeAdministrators,
    /// The person has the role already.
    #[error("the account has this role already")]
    Held,
    /// The grant would end before it begins.
    #[error("a grant must end after it begins")]
    Validity,
    /// The account is disabled.
    #[error("the account is disabled")]
    AccountDisabled,
}

/// A role that someone holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleGrant {
    /// Its identifier.
    pub id: GrantId,
    /// Who holds it.
    pub account: AccountId,
    /// The role.
    pub role: Role,
    /// In which body.
    pub body: CreditCode,
    /// From when.
    pub valid_from: Timestamp,
    /// Until when; `None`: until it is revoked.
    pub valid_until: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl RoleGrant {
    /// A grant without an end, for tests and for jobs that act for someone.
    pub fn unlimited(account: AccountId, role: Role, body: CreditCode, now: Timestamp) -> Self {
        Self {
            id: GrantId::new_v7(now),
            account,
            role,
            body,
            valid_from: now,
            valid_until: None,
            revoked_at: None,
        }
    }

    /// Whether it holds at `now`: from `valid_from` to before `valid_until`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.valid_from <= now
            && self.valid_until.is_none_or(|until| now < until)
    }
}

/// A role to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    /// To whom.
    pub account: AccountId,
    /// The role.
    pub role: Role,
    /// In which body.
    pub body: CreditCode,
    /// From when.
    pub valid_from: Timestamp,
    /// Until when; `None`: until it is revoked.
    pub valid_until: Option<Timestamp>,
}

/// Grants a role. It holds from the grantee's next request.
///
/// # Errors
///
/// [`IdentityError::Role`] if the account is disabled, has the role already, or
/// holds or held another of the three administrators' roles;
/// [`IdentityError::NotFound`], [`IdentityError::Denied`], [`IdentityError::Store`].
pub async fn grant_role(
    caller: &Caller,
    store: &Store,
    new: &NewGrant,
) -> Result<RoleGrant, IdentityError> {
    let mut tx = store.begin().await?;
    let account = find_account(&mut tx, new.account)
        .await?
        .ok_or(IdentityError::NotFound { what: "account" })?;
    if find_body(&mut tx, new.body).await?.is_none() {
        return Err(IdentityError::NotFound { what: "body" });
    }
    caller.require(Action::GrantRole, &account.as_resource())?;
    if !account.is_active() {
        return Err(IdentityError::Role(RoleError::AccountDisabled));
    }
    if new.valid_until.is_some_and(|until| until <= new.valid_from) {
        return Err(IdentityError::Role(RoleError::Validity));
    }
    let grant = RoleGrant {
        id: GrantId::new_v7(caller.now()),
        account: new.account,
        role: new.role,
        body: new.body,
        valid_from: new.valid_from,
        valid_until: new.valid_until,
        revoked_at: None,
    };
    if grant.role.is_administrator() {
        table::register_administrator(&mut tx, grant.account, grant.role)
            .await
            .map_err(name_role_error)?;
    }
    table::insert_grant(&mut tx, &grant, caller.account_id(), caller.now())
        .await
        .map_err(name_role_error)?;
    let event = Event::new("role.granted", account.subject(), serde_json::json!(grant));
    audit::append(&mut tx, caller, event).await?;
    tx.commit().await?;
    Ok(grant)
}

/// Revokes a role; it is gone with the holder's next request.
///
/// # Errors
///
/// [`IdentityError::NotFound`] if there is no such open grant,
/// [`IdentityError::Denied`], [`IdentityError::Store`].
pub async fn revoke_role(caller: &Caller, store: &Store, id: GrantId) -> Result<(), IdentityError> {
    let mut tx = store.begin().await?;
    let grant = table::find_grant(&mut tx, id)
        .await?
        .filter(|grant| grant.revoked_at.is_none())
        .ok_or(IdentityError::NotFound { what: "grant" })?;
    let account = find_account(&mut tx, grant.account)
        .await?
        .ok_or(IdentityError::NotFound { what: "account" })?;
    caller.require(Action::RevokeRole, &account.as_resource())?;
    store::expect_one(table::revoke_grant(&mut tx, id, caller.now()).await?)?;
    let event = Event::new("role.revoked", account.subject(), serde_json::json!(grant));
    audit::append(&mut tx, caller, event).await?;
    tx.commit().await?;
    Ok(())
}

/// All grants of an account, also past ones, the newest first.
///
/// # Errors
///
/// Any [`store::Error`].
pub async fn grants_of(
    query: &mut impl Query,
    account: AccountId,
) -> Result<Vec<RoleGrant>, store::Error> {
    table::grants_of(query, account).await
}

/// What a broken constraint means to the one who grants.
fn name_role_error(error: store::Error) -> IdentityError {
    if error.breaks("administrator_pkey") || error.breaks("admin_role_is_registered") {
        IdentityError::Role(RoleError::ThreeAdministrators)
    } else if error.breaks("role_grant_once") {
        IdentityError::Role(RoleError::Held)
    } else {
        IdentityError::Store(error)
    }
}

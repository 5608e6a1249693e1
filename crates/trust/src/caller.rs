//! Who asks, when, and with which rights.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use vocabulary::{AccountId, CreditCode};

use crate::authorization::{Action, Authorizer, Decision, Denied, Resource};
use crate::identity::{Account, Role, RoleGrant};

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody has signed in.
    Anonymous,
    /// The platform itself: a job, or the operator at the console.
    System,
    /// A person.
    Account(Account),
}

impl fmt::Display for Actor {
    /// As it stands in the audit trail.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => formatter.write_str("anonymous"),
            Self::System => formatter.write_str("system"),
            Self::Account(account) => write!(formatter, "account:{}", account.id),
        }
    }
}

/// One request or job: who asks, when, with which rights.
///
/// Made anew for each request, so that a right that was withdrawn is gone with
/// the next one. It is the first argument of every use case.
#[derive(Clone, Debug)]
pub struct Caller {
    actor: Actor,
    grants: Vec<RoleGrant>,
    /// Only these actions, if the caller came with an API token.
    scopes: Option<BTreeSet<Action>>,
    now: Timestamp,
    request_id: Option<String>,
    address: Option<String>,
    authorizer: Arc<Authorizer>,
}

impl Caller {
    /// A caller who has not signed in.
    pub fn anonymous(now: Timestamp) -> Self {
        Self::new(Actor::Anonymous, Vec::new(), now)
    }

    /// The platform itself.
    pub fn system(now: Timestamp) -> Self {
        Self::new(Actor::System, Vec::new(), now)
    }

    /// A person with the roles that are valid now.
    ///
    /// Requests get theirs from [`identity::session`](crate::identity::session)
    /// or [`identity::token`](crate::identity::token); this is for jobs that
    /// act for someone and for tests.
    pub fn of_account(account: Account, grants: Vec<RoleGrant>, now: Timestamp) -> Self {
        Self::new(Actor::Account(account), grants, now)
    }

    fn new(actor: Actor, grants: Vec<RoleGrant>, now: Timestamp) -> Self {
        Self {
            actor,
            grants,
            scopes: None,
            now,
            request_id: None,
            address: None,
            authorizer: Authorizer::shared(),
        }
    }

    /// The same caller, limited to some actions.
    #[must_use]
    pub fn with_scopes(mut self, scopes: BTreeSet<Action>) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// The same caller, with the request's id and the address it came from.
    #[must_use]
    pub fn with_request(
        mut self,
        request_id: impl Into<String>,
        address: impl Into<String>,
    ) -> Self {
        self.request_id = Some(request_id.into());
        self.address = Some(address.into());
        self
    }

    /// The same caller, without the address: for acts of which no more is kept about a
    /// person than needed.
    #[must_use]
    pub fn without_address(mut self) -> Self {
        self.address = None;
        self
    }

    /// Who asks.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The account, if somebody has signed in.
    pub fn account(&self) -> Option<&Account> {
        match &self.actor {
            Actor::Account(account) => Some(account),
            Actor::Anonymous | Actor::System => None,
        }
    }

    /// The account's id, if somebody has signed in.
    pub fn account_id(&self) -> Option<AccountId> {
        self.account().map(|account| account.id)
    }

    /// The body the person works for.
    pub fn body(&self) -> Option<CreditCode> {
        self.account().map(|account| account.body)
    }

    /// The roles that are valid at [`Caller::now`].
    pub fn roles(&self) -> &[RoleGrant] {
        &self.grants
    }

    /// Whether the caller has a role, in any body. For showing and hiding parts
    /// of a page only: what is allowed is asked with [`Caller::require`].
    pub fn has_role(&self, role: Role) -> bool {
        self.grants.iter().any(|grant| grant.role == role)
    }

    /// The actions that the caller's token is limited to; `None` for no limit.
    pub fn scopes(&self) -> Option<&BTreeSet<Action>> {
        self.scopes.as_ref()
    }

    /// When the request came in.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The request's id, for the log.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The address the request came from.
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Fails unless the policies allow `action` on `resource`.
    ///
    /// # Errors
    ///
    /// [`Denied`] with the policies that forbid it; none if no policy allows it.
    pub fn require(&self, action: Action, resource: &Resource) -> Result<(), Denied> {
        let decision = self.decide(action, resource);
        if decision.allowed {
            return Ok(());
        }
        tracing::info!(
            actor = %self.actor, action = action.name(), resource = %resource,
            policies = ?decision.policies, "denied"
        );
        Err(Denied { action, policies: decision.policies })
    }

    /// Whether the policies allow `action` on `resource`, and which of them decided.
    pub fn decide(&self, action: Action, resource: &Resource) -> Decision {
        self.authorizer.decide(self, action, resource)
    }

    /// Whether the policies allow `action` on `resource`; for pages.
    pub fn can(&self, action: Action, resource: &Resource) -> bool {
        self.decide(action, resource).allowed
    }
}

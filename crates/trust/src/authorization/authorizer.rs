//! The embedded policies and the decision.

use std::collections::{HashMap, HashSet};
use std::str::FromStr as _;
use std::sync::{Arc, OnceLock};

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicyId, PolicySet, Request,
    RestrictedExpression, Schema, ValidationMode, Validator,
};

use super::{Action, Resource};
use crate::caller::{Actor, Caller};
use crate::identity::{Account, Role};

const SCHEMA: &str = include_str!("../../../../policies/fenhe.cedarschema");
const POLICIES: &[(&str, &str)] = &[
    ("base", include_str!("../../../../policies/base.cedar")),
    ("identity", include_str!("../../../../policies/identity.cedar")),
    ("registry", include_str!("../../../../policies/registry.cedar")),
    ("gate", include_str!("../../../../policies/gate.cedar")),
    ("open", include_str!("../../../../policies/open.cedar")),
    ("summary", include_str!("../../../../policies/summary.cedar")),
    ("requests", include_str!("../../../../policies/requests.cedar")),
    ("supervision", include_str!("../../../../policies/supervision.cedar")),
];

/// The policies are wrong; the program does not start with them.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the policies are wrong: {0}")]
pub struct PolicyError(String);

/// What was decided, and by which policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be done.
    pub allowed: bool,
    /// The policies that decided; empty if none applied, which means no.
    pub policies: Vec<String>,
}

/// The policies, ready to decide.
#[derive(Debug)]
pub struct Authorizer {
    /// `None` if the policies are wrong: then everything is denied.
    loaded: Option<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    policies: PolicySet,
    engine: cedar_policy::Authorizer,
    actions: HashMap<Action, EntityUid>,
    account: EntityTypeName,
    thing: EntityTypeName,
}

impl Authorizer {
    /// The authorizer of this program. If the policies are wrong, it denies
    /// everything; [`Authorizer::check`] tells why.
    pub fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<Authorizer>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| Arc::new(Self { loaded: Loaded::embedded().ok() })))
    }

    /// Loads the policies and validates them strictly against the schema. The
    /// program calls it at its start.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] with what is wrong.
    pub fn check() -> Result<(), PolicyError> {
        Loaded::embedded().map(|_| ())
    }

    pub(crate) fn decide(&self, caller: &Caller, action: Action, resource: &Resource) -> Decision {
        let denied = Decision { allowed: false, policies: Vec::new() };
        let Some(loaded) = &self.loaded else {
            tracing::error!("the policies are wrong: everything is denied");
            return denied;
        };
        match loaded.decide(caller, action, resource) {
            Ok(decision) => decision,
            Err(error) => {
                // A fault of the engine or of our input never allows anything.
                tracing::error!(%error, action = action.name(), "authorization failed");
                denied
            }
        }
    }
}

impl Loaded {
    fn embedded() -> Result<Self, PolicyError> {
        let wrong = |error: &dyn std::fmt::Display| PolicyError(error.to_string());
        let (schema, warnings) =
            Schema::from_cedarschema_str(SCHEMA).map_err(|error| wrong(&error))?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(wrong(&warning));
        }
        let mut policies = PolicySet::new();
        for (file, text) in POLICIES {
            let parsed =
                PolicySet::from_str(text).map_err(|error| wrong(&format!("{file}: {error}")))?;
            for policy in parsed.policies() {
                let id = policy
                    .annotation("id")
                    .ok_or_else(|| wrong(&format!("{file}: a policy has no @id")))?;
                policies.add(policy.new_id(PolicyId::new(id))).map_err(|error| wrong(&error))?;
            }
        }
        let listed: HashSet<String> =
            schema.actions().map(|action| action.id().unescaped().to_owned()).collect();
        let known: HashSet<String> =
            Action::ALL.iter().map(|action| action.name().to_owned()).collect();
        if let Some(name) = listed.symmetric_difference(&known).next() {
            return Err(wrong(&format!("action {name} is only in the schema or only in the code")));
        }
        let result = Validator::new(schema).validate(&policies, ValidationMode::Strict);
        if let Some(error) = result.validation_errors().next() {
            return Err(wrong(&error));
        }
        if let Some(warning) = result.validation_warnings().next() {
            return Err(wrong(&warning));
        }
        let name = |text| EntityTypeName::from_str(text).map_err(|error| wrong(&error));
        let action = name("Action")?;
        Ok(Self {
            policies,
            engine: cedar_policy::Authorizer::new(),
            actions: Action::ALL.iter().map(|known| (*known, uid(&action, known.name()))).collect(),
            account: name("Account")?,
            thing: name("Thing")?,
        })
    }

    fn decide(
        &self,
        caller: &Caller,
        action: Action,
        resource: &Resource,
    ) -> Result<Decision, PolicyError> {
        let wrong = |error: &dyn std::fmt::Display| PolicyError(error.to_string());
        let principal = self.principal(caller)?;
        let thing = self.thing(resource)?;
        let action_uid =
            self.actions.get(&action).ok_or_else(|| wrong(&"an action without a name"))?;
        let in_scope = caller.scopes().is_none_or(|scopes| scopes.contains(&action));
        let context = Context::from_pairs([(
            "in_scope".to_owned(),
            RestrictedExpression::new_bool(in_scope),
        )])
        .map_err(|error| wrong(&error))?;
        let request = Request::new(principal.uid(), action_uid.clone(), thing.uid(), context, None)
            .map_err(|error| wrong(&error))?;
        let entities =
            Entities::from_entities([principal, thing], None).map_err(|error| wrong(&error))?;
        let response = self.engine.is_authorized(&request, &self.policies, &entities);
        if let Some(error) = response.diagnostics().errors().next() {
            // A policy that cannot be evaluated would silently not apply; a
            // `forbid` that does not apply must not open a door.
            return Err(wrong(error));
        }
        let mut policies: Vec<String> =
            response.diagnostics().reason().map(ToString::to_string).collect();
        policies.sort();
        Ok(Decision { allowed: response.decision() == cedar_policy::Decision::Allow, policies })
    }

    fn principal(&self, caller: &Caller) -> Result<Entity, PolicyError> {
        let id = match caller.actor() {
            Actor::Anonymous => "anonymous".to_owned(),
            Actor::System => "system".to_owned(),
            Actor::Account(account) => account.id.to_string(),
        };
        let bodies = |role: Role| {
            RestrictedExpression::new_set(
                caller
                    .roles()
                    .iter()
                    .filter(move |grant| grant.role == role)
                    .map(|grant| RestrictedExpression::new_string(grant.body.to_string())),
            )
        };
        let flag = |value| RestrictedExpression::new_bool(value);
        let active = caller.account().is_none_or(Account::is_active);
        let attributes = HashMap::from([
            ("signed_in".to_owned(), flag(caller.account().is_some())),
            ("system".to_owned(), flag(matches!(caller.actor(), Actor::System))),
            ("active".to_owned(), flag(active)),
            ("clerk_of".to_owned(), bodies(Role::Clerk)),
            ("unit_head_of".to_owned(), bodies(Role::UnitHead)),
            ("data_admin".to_owned(), flag(caller.has_role(Role::DataAdmin))),
            ("gate_reviewer".to_owned(), flag(caller.has_role(Role::GateReviewer))),
            ("system_admin".to_owned(), flag(caller.has_role(Role::SystemAdmin))),
            ("security_admin".to_owned(), flag(caller.has_role(Role::SecurityAdmin))),
            ("auditor".to_owned(), flag(caller.has_role(Role::Auditor))),
        ]);
        Entity::new(uid(&self.account, &id), attributes, HashSet::new())
            .map_err(|error| PolicyError(error.to_string()))
    }

    fn thing(&self, resource: &Resource) -> Result<Entity, PolicyError> {
        let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
        let mut attributes = HashMap::from([
            ("kind".to_owned(), text(resource.kind)),
            ("public".to_owned(), RestrictedExpression::new_bool(resource.public)),
        ]);
        if let Some(body) = &resource.body {
            attributes.insert("body".to_owned(), text(&body.to_string()));
        }
        if let Some(filer) = &resource.filer {
            let filer = uid(&self.account, &filer.to_string());
            attributes.insert("filer".to_owned(), RestrictedExpression::new_entity_uid(filer));
        }
        if let Some(state) = &resource.state {
            attributes.insert("state".to_owned(), text(state));
        }
        if let Some(audience) = &resource.audience {
            attributes.insert("audience".to_owned(), text(audience));
        }
        let id = format!("{}:{}", resource.kind, resource.id);
        Entity::new(uid(&self.thing, &id), attributes, HashSet::new())
            .map_err(|error| PolicyError(error.to_string()))
    }
}

fn uid(kind: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id))
}

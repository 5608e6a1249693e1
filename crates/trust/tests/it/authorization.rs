//! The policies: their matrix, and an independent model beside them.

use std::fmt::Write as _;

use proptest::prelude::*;
use testkit::moment;
use trust::identity::{Account, AccountState};
use trust::{Action, Authorizer, Caller, Resource, Role, RoleGrant};
use vocabulary::AccountId;

use crate::house::{housing, taxes, with_role};

fn person(number: u8) -> Account {
    Account {
        id: AccountId::at(moment(), [number; 10]),
        login: format!("person{number}"),
        name: "某".to_owned(),
        body: taxes(),
        state: AccountState::Active,
        created_at: moment(),
    }
}

fn thing() -> Resource {
    Resource::of_kind("thing").with_id("1")
}

#[test]
fn the_policies_fit_the_schema_and_the_list_of_actions() {
    Authorizer::check().unwrap();
}

const HEADER: &str = "\
# What the policies decide: every action, every role. Made by the test
# `every_decision_is_in_the_matrix`; FENHE_BLESS=1 writes it anew.
#
# The five places of a cell are the thing that the action is done to:
#   b  of the caller's body, filed by someone else
#   o  of another body
#   f  of the caller's body, filed by the caller
#   p  public, for the audience `open`, of another body
#   n  of no body, filed by nobody
# A letter means yes, a dash means no.
";

fn things(own: Option<AccountId>) -> [(char, Resource); 5] {
    let other = person(99).id;
    [
        ('b', thing().of_body(taxes()).filed_by(other)),
        ('o', thing().of_body(housing()).filed_by(other)),
        ('f', thing().of_body(taxes()).filed_by(own.unwrap_or(other))),
        ('p', thing().of_body(housing()).filed_by(other).for_audience("open").public()),
        ('n', Resource::of_kind("thing")),
    ]
}

fn columns() -> Vec<(String, Caller)> {
    let li = person(1);
    let mut columns = vec![
        ("anonymous".to_owned(), Caller::anonymous(moment())),
        ("no_role".to_owned(), Caller::of_account(li.clone(), Vec::new(), moment())),
    ];
    columns.extend(Role::ALL.map(|role| (role.to_string(), with_role(&li, role))));
    columns.push(("system".to_owned(), Caller::system(moment())));
    columns
}

#[test]
fn every_decision_is_in_the_matrix() {
    let columns = columns();
    let mut matrix = HEADER.to_owned();
    write!(matrix, "\n{:<20}", "").unwrap();
    for (name, _) in &columns {
        write!(matrix, " {name:<14}").unwrap();
    }
    for action in Action::ALL {
        matrix.truncate(matrix.trim_end().len());
        write!(matrix, "\n{:<20}", action.name()).unwrap();
        for (_, caller) in &columns {
            let cell: String = things(caller.account_id())
                .iter()
                .map(|(letter, thing)| if caller.can(*action, thing) { *letter } else { '-' })
                .collect();
            write!(matrix, " {cell:<14}").unwrap();
        }
    }
    matrix.truncate(matrix.trim_end().len());
    matrix.push('\n');
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/expected/matrix.txt");
    if std::env::var_os("FENHE_BLESS").is_some() {
        std::fs::write(path, &matrix).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(matrix, expected, "the decisions changed; if they should, run with FENHE_BLESS=1");
}

#[test]
fn nobody_approves_what_they_filed() {
    let li = person(1);
    let own = thing().of_body(taxes()).filed_by(li.id);
    let all: Vec<RoleGrant> = [Role::Clerk, Role::UnitHead, Role::DataAdmin, Role::GateReviewer]
        .map(|role| RoleGrant::unlimited(li.id, role, taxes(), moment()))
        .into();
    let caller = Caller::of_account(li, all, moment());
    for action in
        [Action::ConsentAsset, Action::PublishAsset, Action::ApproveRelease, Action::ApproveAnswer]
    {
        let denied = caller.require(action, &own).unwrap_err();
        assert_eq!(denied.policies, ["filer_does_not_approve"], "{action}");
        let other = thing().of_body(taxes()).filed_by(person(2).id);
        assert!(caller.can(action, &other), "{action}");
    }
}

#[test]
fn an_auditor_never_writes() {
    let li = person(1);
    let grants: Vec<RoleGrant> = [Role::Auditor, Role::Clerk, Role::DataAdmin]
        .map(|role| RoleGrant::unlimited(li.id, role, taxes(), moment()))
        .into();
    let caller = Caller::of_account(li, grants, moment());
    let asset = thing().of_body(taxes());
    for action in [Action::RegisterAsset, Action::PublishAsset, Action::Upload, Action::CreateToken]
    {
        let denied = caller.require(action, &asset).unwrap_err();
        assert_eq!(denied.policies, ["auditor_never_writes"], "{action}");
    }
    assert!(caller.can(Action::ViewAudit, &thing()));
}

#[test]
fn no_decision_is_automatic() {
    let caller = Caller::system(moment());
    for action in [
        Action::ConsentAsset,
        Action::PublishAsset,
        Action::ApproveRelease,
        Action::RejectRelease,
        Action::SetPrivacyBudget,
        Action::ApproveSummary,
        Action::RejectSummary,
        Action::ApproveAnswer,
        Action::RevokeGrant,
    ] {
        let denied = caller.require(action, &thing().of_body(taxes())).unwrap_err();
        assert_eq!(denied.policies, ["no_automatic_decision"], "{action}");
    }
}

#[test]
fn a_disabled_account_may_nothing() {
    let mut li = person(1);
    li.state = AccountState::Disabled;
    let caller = with_role(&li, Role::DataAdmin);
    for action in Action::ALL {
        for (_, thing) in things(Some(li.id)) {
            assert!(!caller.can(*action, &thing), "{action}");
        }
    }
}

#[test]
fn an_unlucky_id_is_no_way_around_the_policies() {
    // Quotes, other entity names and nothing at all in what comes from outside.
    let caller = Caller::anonymous(moment());
    for id in ["", "\"", "system", "Account::\"system\"", "\\u{22}", "x\" || true || \""] {
        let thing = Resource::of_kind("thing").with_id(id).in_state(id).for_audience(id);
        assert!(!caller.can(Action::PublishAsset, &thing), "{id}");
        assert!(!caller.can(Action::ReadRows, &thing.public()), "{id}");
    }
}

/// The policies once more, as plain code: written from the matrix of duties, not
/// from the Cedar text.
fn model(action: Action, facts: &Facts) -> bool {
    use Action as A;
    if facts.system {
        let decisions = [
            A::ConsentAsset,
            A::PublishAsset,
            A::ApproveRelease,
            A::RejectRelease,
            A::SetPrivacyBudget,
            A::ApproveSummary,
            A::RejectSummary,
            A::ApproveAnswer,
            A::ReviewReuse,
            A::RevokeGrant,
        ];
        return facts.in_scope && !decisions.contains(&action);
    }
    if !facts.in_scope || (facts.signed_in && facts.disabled) {
        return false;
    }
    let reads = matches!(
        action,
        A::ViewAsset
            | A::ViewUpload
            | A::ViewGateRun
            | A::ViewRelease
            | A::ViewSummary
            | A::ReadRows
            | A::DownloadRelease
            | A::SearchCatalogue
            | A::ViewCertificate
            | A::ViewLog
            | A::ViewAudit
            | A::ListAccounts
            | A::ViewJobs
            | A::ViewOwnAccount
            | A::ChangePassword
            | A::SignIn
            | A::ViewCase
    );
    let has =
        |role: Role| facts.roles.contains(&(role, true)) || facts.roles.contains(&(role, false));
    let here = |role: Role| {
        facts.roles.iter().any(|(held, own)| *held == role && (*own == facts.own_body))
            && facts.has_body
    };
    if has(Role::Auditor) && !reads {
        return false;
    }
    let mine = facts.signed_in && facts.filed_by_me;
    match action {
        A::SignIn
        | A::SearchCatalogue
        | A::ViewCertificate
        | A::ViewLog
        | A::FileCase
        | A::ViewCase
        | A::SubmitReuse
        | A::RateDataset => true,
        // Nothing here comes with the code of a case.
        A::ActOnOwnCase => false,
        A::ReadCase => here(Role::Clerk) || here(Role::UnitHead) || has(Role::DataAdmin),
        A::HandleCase => here(Role::Clerk),
        A::PublishQuestion => here(Role::Clerk) || has(Role::DataAdmin),
        A::AssignCase | A::ReviewReuse | A::EditTopic => has(Role::DataAdmin),
        A::ExtendCase => here(Role::UnitHead),
        A::ApproveAnswer => here(Role::UnitHead) && !mine,
        A::RevokeGrant => here(Role::UnitHead) || has(Role::DataAdmin),
        A::ViewOwnAccount | A::ChangePassword | A::CreateToken => mine,
        A::RevokeToken => mine || has(Role::SecurityAdmin),
        A::CreateBody | A::CreateAccount => has(Role::SystemAdmin),
        A::DisableAccount => has(Role::SystemAdmin) || has(Role::SecurityAdmin),
        A::ListAccounts => has(Role::SystemAdmin) || has(Role::SecurityAdmin) || has(Role::Auditor),
        A::GrantRole | A::RevokeRole => has(Role::SecurityAdmin) && !mine,
        A::ViewAudit => has(Role::Auditor),
        A::RegisterAsset
        | A::EditAsset
        | A::SubmitAsset
        | A::Upload
        | A::RunGate
        | A::ConfirmColumns
        | A::SubmitRelease
        | A::ProposeSummary => here(Role::Clerk),
        A::SetPrivacyBudget => here(Role::UnitHead) || has(Role::DataAdmin),
        A::ApproveSummary | A::RejectSummary => has(Role::GateReviewer) && !mine,
        A::DownloadQuarantine => here(Role::Clerk) || here(Role::UnitHead),
        A::ConsentAsset => here(Role::UnitHead) && !mine,
        A::ReturnAsset | A::WithdrawAsset => here(Role::UnitHead) || has(Role::DataAdmin),
        A::PublishAsset => has(Role::DataAdmin) && !mine,
        A::TakeOverEntries => has(Role::DataAdmin),
        A::ApproveRelease => has(Role::GateReviewer) && !mine,
        A::RejectRelease => has(Role::GateReviewer),
        A::SuspendRelease | A::WithdrawSummary => {
            here(Role::UnitHead) || has(Role::GateReviewer) || has(Role::DataAdmin)
        }
        A::ViewUpload => here(Role::Clerk) || here(Role::UnitHead) || has(Role::DataAdmin),
        A::ViewGateRun => {
            here(Role::Clerk)
                || here(Role::UnitHead)
                || has(Role::GateReviewer)
                || has(Role::DataAdmin)
                || has(Role::Auditor)
        }
        A::ViewJobs => {
            here(Role::Clerk)
                || here(Role::UnitHead)
                || has(Role::GateReviewer)
                || has(Role::DataAdmin)
                || has(Role::Auditor)
                || has(Role::SystemAdmin)
        }
        A::ViewAsset | A::ViewSummary => {
            facts.public
                || here(Role::Clerk)
                || here(Role::UnitHead)
                || has(Role::GateReviewer)
                || has(Role::DataAdmin)
                || has(Role::Auditor)
        }
        A::ViewRelease => {
            (facts.public && facts.open)
                || here(Role::Clerk)
                || here(Role::UnitHead)
                || has(Role::GateReviewer)
                || has(Role::DataAdmin)
                || has(Role::Auditor)
        }
        A::ReadRows | A::DownloadRelease => facts.public && facts.open,
    }
}

#[derive(Clone, Debug)]
struct Facts {
    system: bool,
    signed_in: bool,
    disabled: bool,
    in_scope: bool,
    /// Roles, and whether they are held in the first body (else in the second).
    roles: Vec<(Role, bool)>,
    has_body: bool,
    /// Whether the thing belongs to the first body (else to the second).
    own_body: bool,
    filed_by_me: bool,
    public: bool,
    open: bool,
}

fn facts() -> impl Strategy<Value = Facts> {
    let flag = any::<bool>;
    let roles =
        proptest::collection::vec((proptest::sample::select(Role::ALL.to_vec()), flag()), 0..4);
    (
        (
            proptest::bool::weighted(0.05),
            flag(),
            proptest::bool::weighted(0.1),
            proptest::bool::weighted(0.9),
        ),
        roles,
        (flag(), flag(), flag(), flag(), flag()),
    )
        .prop_map(
            |(
                (system, signed_in, disabled, in_scope),
                roles,
                (has_body, own_body, filed_by_me, public, open),
            )| {
                let signed_in = signed_in && !system;
                let roles = if signed_in { roles } else { Vec::new() };
                Facts {
                    system,
                    signed_in,
                    disabled,
                    in_scope,
                    roles,
                    has_body,
                    own_body,
                    filed_by_me,
                    public,
                    open,
                }
            },
        )
}

fn asked(facts: &Facts, action: Action) -> bool {
    let mut li = person(1);
    if facts.disabled {
        li.state = AccountState::Disabled;
    }
    let body = |first: bool| if first { taxes() } else { housing() };
    let caller = if facts.system {
        Caller::system(moment())
    } else if facts.signed_in {
        let grants = facts
            .roles
            .iter()
            .map(|(role, first)| RoleGrant::unlimited(li.id, *role, body(*first), moment()))
            .collect();
        Caller::of_account(li.clone(), grants, moment())
    } else {
        Caller::anonymous(moment())
    };
    let caller =
        if facts.in_scope { caller } else { caller.with_scopes(std::collections::BTreeSet::new()) };
    let mut thing = thing();
    if facts.has_body {
        thing = thing.of_body(body(facts.own_body));
    }
    thing = thing.filed_by(if facts.filed_by_me { li.id } else { person(2).id });
    if facts.public {
        thing = thing.public();
    }
    thing = thing.for_audience(if facts.open { "open" } else { "share" });
    caller.can(action, &thing)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_policies_agree_with_an_independent_model(facts in facts()) {
        for action in Action::ALL {
            prop_assert_eq!(asked(&facts, *action), model(*action, &facts), "{} {:?}", action, facts);
        }
    }
}

#[test]
fn only_the_code_of_a_case_makes_its_filer() {
    let stranger = Caller::anonymous(moment());
    let case = Resource::of_kind("case").of_body(taxes());
    assert!(!stranger.can(Action::ActOnOwnCase, &case));
    assert!(stranger.can(Action::ActOnOwnCase, &case.clone().for_audience("filer")));
    assert!(!stranger.can(Action::ReadCase, &case.for_audience("filer")));
}

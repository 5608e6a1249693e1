//! Bodies, accounts, roles.

use store::{Query as _, params};
use testkit::{moment, stores};
use trust::audit::{self, Filter};
use trust::identity::{
    AccountState, Browser, IdentityError, NewAccount, NewGrant, RoleError, all_accounts,
    change_password, create_account, disable_account, enable_account, find_account, grant_role,
    grants_of, revoke_role, session,
};
use trust::{Caller, Role};
use vocabulary::ErrorKind;

use crate::house::{PASSWORD, account, after, body, grant, operator, taxes, with_role};

#[tokio::test]
async fn the_three_administrators_are_never_one_person() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        let first = grant(&store, &li, Role::SystemAdmin).await.unwrap();
        for second in [Role::SecurityAdmin, Role::Auditor] {
            let error = grant(&store, &li, second).await.unwrap_err();
            assert!(
                matches!(error, IdentityError::Role(RoleError::ThreeAdministrators)),
                "{engine}: {error:?}"
            );
        }
        // Also not after the first role was withdrawn, and not in another body.
        revoke_role(&operator(), &store, first.id).await.unwrap();
        assert!(grant(&store, &li, Role::Auditor).await.is_err(), "{engine}");
        grant(&store, &li, Role::SystemAdmin).await.unwrap();

        // Not by writing the tables either: an import, a restore, a slip.
        let sql = [
            "INSERT INTO administrator (account_id, role) VALUES ($1, 'auditor')",
            "INSERT INTO role_grant (grant_id, account_id, role, admin_role, body_code, valid_from,
                granted_at) VALUES ('x', $1, 'auditor', 'auditor', $2, 't', 't')",
            "INSERT INTO role_grant (grant_id, account_id, role, admin_role, body_code, valid_from,
                granted_at) VALUES ('x', $1, 'auditor', NULL, $2, 't', 't')",
            "INSERT INTO role_grant (grant_id, account_id, role, admin_role, body_code, valid_from,
                granted_at) VALUES ('x', $1, 'auditor', 'system_admin', $2, 't', 't')",
            "UPDATE administrator SET role = 'auditor' WHERE account_id = $1",
            "UPDATE role_grant SET role = 'auditor', admin_role = 'auditor' WHERE account_id = $1",
        ];
        for sql in sql {
            let mut tx = store.begin().await.unwrap();
            let mut values = params![li.id, taxes()];
            if !sql.contains("$2") {
                values.pop();
            }
            let written = tx.execute(sql, values).await;
            let outcome = match written {
                Ok(_) => tx.commit().await,
                Err(error) => Err(error),
            };
            assert!(outcome.is_err(), "{engine}: {sql}");
        }
    }
}

#[tokio::test]
async fn an_administrator_may_also_be_a_clerk_but_holds_a_role_once() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        grant(&store, &li, Role::Clerk).await.unwrap();
        grant(&store, &li, Role::UnitHead).await.unwrap();
        let twice = grant(&store, &li, Role::Clerk).await.unwrap_err();
        assert!(matches!(twice, IdentityError::Role(RoleError::Held)), "{engine}: {twice:?}");
        let mut reader = store.read().await.unwrap();
        assert_eq!(grants_of(&mut reader, li.id).await.unwrap().len(), 2, "{engine}");
    }
}

#[tokio::test]
async fn a_grant_holds_from_its_beginning_to_before_its_end() {
    let store = testkit::sqlite_store().await;
    body(&store, taxes()).await;
    let li = account(&store, "li").await;
    let new = NewGrant {
        account: li.id,
        role: Role::Clerk,
        body: taxes(),
        valid_from: after(10),
        valid_until: Some(after(20)),
    };
    let grant = grant_role(&operator(), &store, &new).await.unwrap();
    let valid = [9, 10, 19, 20].map(|second| grant.is_valid(after(second)));
    assert_eq!(valid, [false, true, true, false]);
    let backwards = NewGrant { valid_until: Some(after(10)), role: Role::UnitHead, ..new };
    let error = grant_role(&operator(), &store, &backwards).await.unwrap_err();
    assert!(matches!(error, IdentityError::Role(RoleError::Validity)));
}

#[tokio::test]
async fn nobody_grants_to_themselves() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        grant(&store, &li, Role::SecurityAdmin).await.unwrap();
        let caller = with_role(&li, Role::SecurityAdmin);
        let new = NewGrant {
            account: li.id,
            role: Role::Clerk,
            body: taxes(),
            valid_from: moment(),
            valid_until: None,
        };
        let error = grant_role(&caller, &store, &new).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{engine}");
        let wang = account(&store, "wang").await;
        let other = NewGrant { account: wang.id, ..new };
        grant_role(&caller, &store, &other).await.unwrap();
        let by_clerk = with_role(&li, Role::Clerk);
        let error = grant_role(&by_clerk, &store, &other).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Denied, "{engine}");
    }
}

#[tokio::test]
async fn every_act_on_identities_is_in_the_audit_trail() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        let granted = grant(&store, &li, Role::Clerk).await.unwrap();
        revoke_role(&operator(), &store, granted.id).await.unwrap();
        disable_account(&operator(), &store, li.id).await.unwrap();
        enable_account(&operator(), &store, li.id).await.unwrap();
        let mut reader = store.read().await.unwrap();
        let records = audit::search(&mut reader, &Filter::default(), 100).await.unwrap();
        let mut kinds: Vec<&str> = records.iter().map(|record| record.kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(
            kinds,
            [
                "account.created",
                "account.disabled",
                "account.enabled",
                "body.created",
                "role.granted",
                "role.revoked"
            ],
            "{engine}"
        );
        let text = serde_json::to_string(&records).unwrap();
        assert!(!text.contains("argon2") && !text.contains(PASSWORD), "{engine}");
    }
}

#[tokio::test]
async fn what_is_refused_changes_nothing() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        account(&store, "li").await;
        let new = |login: &str, name: &str, password: &str| NewAccount {
            login: login.to_owned(),
            name: name.to_owned(),
            body: taxes(),
            password: password.to_owned(),
        };
        let refused =
            async |new: NewAccount| create_account(&operator(), &store, &new).await.unwrap_err();
        assert!(matches!(refused(new("LI", "n", PASSWORD)).await, IdentityError::LoginTaken));
        assert!(matches!(refused(new("李", "n", PASSWORD)).await, IdentityError::Login));
        assert!(matches!(refused(new("l", "n", PASSWORD)).await, IdentityError::Login));
        assert!(matches!(refused(new("wang", " ", PASSWORD)).await, IdentityError::NameMissing));
        assert!(matches!(refused(new("wang", "n", "12345678")).await, IdentityError::Password(_)));
        let nowhere = NewAccount { body: crate::house::housing(), ..new("wang", "n", PASSWORD) };
        assert!(matches!(refused(nowhere).await, IdentityError::NotFound { what: "body" }));
        let stranger = Caller::anonymous(moment());
        let denied = create_account(&stranger, &store, &new("wang", "n", PASSWORD)).await;
        assert!(matches!(denied, Err(IdentityError::Denied(_))), "{engine}");
        let mut reader = store.read().await.unwrap();
        assert_eq!(all_accounts(&mut reader).await.unwrap().len(), 1, "{engine}");
        let entries: i64 = reader.one("SELECT COUNT(*) FROM audit", params![]).await.unwrap();
        assert_eq!(entries, 2, "{engine}");
    }
}

#[tokio::test]
async fn a_disabled_account_and_a_changed_password_end_all_sessions() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        let anonymous = Caller::anonymous(moment()).with_request("r", "10.0.0.1");
        let sign_in = async |password: &str| {
            session::sign_in(&anonymous, &store, "li", password, Browser::default()).await
        };
        let alive = async |secret: &str| {
            let limits = session::Limits::default();
            session::caller_of(&store, secret, moment(), limits).await.unwrap().is_some()
        };
        let first = sign_in(PASSWORD).await.unwrap();
        assert!(alive(first.secret.as_str()).await, "{engine}");
        let caller = Caller::of_account(li.clone(), Vec::new(), moment());
        let wrong = change_password(&caller, &store, "wrong one", "another password").await;
        assert!(matches!(wrong, Err(IdentityError::WrongCredentials)), "{engine}");
        change_password(&caller, &store, PASSWORD, "another password").await.unwrap();
        assert!(!alive(first.secret.as_str()).await, "{engine}");
        assert!(sign_in(PASSWORD).await.is_err(), "{engine}");
        let second = sign_in("another password").await.unwrap();
        disable_account(&operator(), &store, li.id).await.unwrap();
        assert!(!alive(second.secret.as_str()).await, "{engine}");
        let refused = sign_in("another password").await.unwrap_err();
        assert!(matches!(refused, IdentityError::WrongCredentials), "{engine}");
        let found = find_account(&mut store.read().await.unwrap(), li.id).await.unwrap().unwrap();
        assert_eq!(found.state, AccountState::Disabled, "{engine}");
    }
}

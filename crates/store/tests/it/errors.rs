//! The same error for the same fault on both engines.

use store::{Error, Query, Store, params};
use testkit::{moment, stores};
use vocabulary::ErrorKind;

async fn run(store: &Store, sql: &str) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    for statement in sql.split(';') {
        tx.execute(statement, params![]).await?;
    }
    tx.commit().await
}

const BODY: &str = "INSERT INTO body (body_code, name_zh, name_en, kind, division, created_at)
                    VALUES ('b', '单位', '', 'government', '140000', 't')";

fn account(id: &str, login: &str) -> String {
    format!(
        "INSERT INTO account (account_id, login, name, body_code, password, state, created_at)
         VALUES ('{id}', '{login}', 'n', 'b', 'p', 'active', 't')"
    )
}

#[tokio::test]
async fn a_broken_constraint_has_the_same_name_on_both_engines() {
    for (engine, store) in stores().await {
        run(&store, BODY).await.unwrap();
        run(&store, &account("1", "li")).await.unwrap();

        let named = run(&store, &account("2", "li")).await.unwrap_err();
        assert!(named.breaks("login_once"), "{engine}: {named:?}");
        assert_eq!(named.kind(), ErrorKind::Conflict);

        let primary = run(&store, &account("1", "wang")).await.unwrap_err();
        assert!(primary.breaks("account_pkey"), "{engine}: {primary:?}");

        let composite = "INSERT INTO idempotency (key, account, digest, created_at)
                         VALUES ('k', '', 'd', 't')";
        run(&store, composite).await.unwrap();
        let twice = run(&store, composite).await.unwrap_err();
        assert!(twice.breaks("idempotency_pkey"), "{engine}: {twice:?}");

        let check = run(&store, &account("3", "LI")).await.unwrap_err();
        assert!(check.breaks("login_is_lower_case"), "{engine}: {check:?}");
        assert_eq!(check.kind(), ErrorKind::Invalid);

        let grant = "INSERT INTO role_grant (grant_id, account_id, role, body_code, valid_from, \
                     granted_at) VALUES ('ID', '1', 'clerk', 'b', 't', 't')";
        run(&store, &grant.replace("ID", "g1")).await.unwrap();
        let index = run(&store, &grant.replace("ID", "g2")).await.unwrap_err();
        assert!(index.breaks("role_grant_once"), "{engine}: {index:?}");

        let null = run(&store, "UPDATE account SET name = NULL").await.unwrap_err();
        assert!(null.breaks("account_name_not_null"), "{engine}: {null:?}");
    }
}

#[tokio::test]
async fn a_missing_reference_is_told_apart() {
    for (engine, store) in stores().await {
        let missing = run(&store, &account("1", "li")).await.unwrap_err();
        assert!(matches!(missing, Error::ForeignKey { .. }), "{engine}: {missing:?}");
        run(&store, BODY).await.unwrap();
        run(&store, &account("1", "li")).await.unwrap();
        let used = run(&store, "DELETE FROM body").await.unwrap_err();
        assert!(matches!(used, Error::ForeignKey { .. }), "{engine}: {used:?}");
    }
}

#[tokio::test]
async fn a_wrong_statement_is_our_fault_and_a_missing_row_is_not_found() {
    for (engine, store) in stores().await {
        let wrong = run(&store, "SELEKT 1").await.unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::Internal, "{engine}");
        let mut reader = store.read().await.unwrap();
        let none = reader
            .one::<String>("SELECT name FROM lease WHERE held_until > $1", params![moment()])
            .await
            .unwrap_err();
        assert_eq!(none.kind(), ErrorKind::NotFound, "{engine}");
    }
}

#[tokio::test]
async fn an_unknown_or_unreachable_database_is_unavailable() {
    for url in [
        "mysql://fenhe:secret@localhost/x",
        "fenhe.db",
        "sqlite:///nowhere/at/all/fenhe.db",
        "postgres://fenhe:secret@localhost/x?host=/nowhere/at/all",
    ] {
        let error = Store::open(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{url}");
        assert!(!format!("{error:?}").contains("secret"), "{url}");
    }
}

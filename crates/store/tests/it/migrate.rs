//! Migrations.

use store::{Error, Query, Store, params};
use testkit::postgres::Postgres;

async fn empty() -> Vec<(&'static str, Store)> {
    let url = Postgres::shared().database().await;
    vec![
        ("sqlite", Store::open("sqlite::memory:").await.unwrap()),
        ("postgres", Store::open(&url).await.unwrap()),
    ]
}

async fn edit(store: &Store, sql: &str) {
    let mut tx = store.begin().await.unwrap();
    tx.execute(sql, params![]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_migration_is_applied_once_and_never_edited() {
    for (engine, store) in empty().await {
        store.migrate().await.unwrap();
        store.migrate().await.unwrap();
        edit(&store, "UPDATE migration SET sha256 = 'x' WHERE name = '0001_job.sql'").await;
        let error = store.migrate().await.unwrap_err();
        assert!(
            matches!(&error, Error::Migration { name, .. } if name == "0001_job.sql"),
            "{engine}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    for (engine, store) in empty().await {
        store.migrate().await.unwrap();
        edit(&store, "INSERT INTO migration VALUES ('9999_future.sql', 'x')").await;
        let error = store.migrate().await.unwrap_err();
        assert!(matches!(error, Error::Migration { .. }), "{engine}: {error:?}");
    }
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing_and_those_before_it_stay() {
    for (engine, store) in empty().await {
        edit(&store, "CREATE TABLE lease (in_the_way BIGINT)").await;
        let error = store.migrate().await.unwrap_err();
        assert!(
            matches!(&error, Error::Migration { name, .. } if name == "0003_lease.sql"),
            "{engine}: {error:?}"
        );
        let mut reader = store.read().await.unwrap();
        let applied: Vec<String> =
            reader.all("SELECT name FROM migration ORDER BY name", params![]).await.unwrap();
        assert_eq!(applied, ["0001_job.sql", "0002_idempotency.sql"], "{engine}");
        drop(reader);
        edit(&store, "DROP TABLE lease").await;
        store.migrate().await.unwrap();
    }
}

#[tokio::test]
async fn servers_that_start_together_migrate_once() {
    let url = Postgres::shared().database().await;
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(Store::open(&url).await.unwrap());
    }
    let outcomes = futures::future::join_all(stores.iter().map(Store::migrate)).await;
    for outcome in outcomes {
        outcome.unwrap();
    }
}

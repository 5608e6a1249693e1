//! Transactions, snapshots and conflicts.

use store::{Error, Query, Store, expect_one, params};
use testkit::{moment, stores};

async fn take(store: &Store, name: &str) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    tx.execute(
        "INSERT INTO lease (name, holder, held_until) VALUES ($1, 'a', $2)",
        params![name, moment()],
    )
    .await?;
    tx.commit().await
}

async fn names(store: &Store) -> Vec<String> {
    let mut reader = store.read().await.unwrap();
    reader.all("SELECT name FROM lease ORDER BY name", params![]).await.unwrap()
}

#[tokio::test]
async fn a_dropped_transaction_changes_nothing() {
    for (engine, store) in stores().await {
        {
            let mut tx = store.begin().await.unwrap();
            tx.execute(
                "INSERT INTO lease (name, holder, held_until) VALUES ('x', 'a', $1)",
                params![moment()],
            )
            .await
            .unwrap();
        }
        take(&store, "kept").await.unwrap();
        assert_eq!(names(&store).await, ["kept"], "{engine}");
    }
}

#[tokio::test]
async fn commits_are_counted_and_dropped_transactions_are_not() {
    for (engine, store) in stores().await {
        let before = store.changes();
        drop(store.begin().await.unwrap());
        names(&store).await;
        assert_eq!(store.changes(), before, "{engine}");
        take(&store, "a").await.unwrap();
        assert!(store.clone().changes() > before, "{engine}");
    }
}

#[tokio::test]
async fn a_reader_sees_one_snapshot_and_does_not_wait_for_the_writer() {
    for (engine, store) in stores().await {
        take(&store, "before").await.unwrap();
        let mut reader = store.read().await.unwrap();
        let count = "SELECT COUNT(*) FROM lease";
        assert_eq!(reader.one::<i64>(count, params![]).await.unwrap(), 1, "{engine}");
        let mut tx = store.begin().await.unwrap();
        tx.execute("DELETE FROM lease", params![]).await.unwrap();
        assert_eq!(reader.one::<i64>(count, params![]).await.unwrap(), 1, "{engine}");
        tx.commit().await.unwrap();
        assert_eq!(reader.one::<i64>(count, params![]).await.unwrap(), 1, "{engine}");
        drop(reader);
        assert!(names(&store).await.is_empty(), "{engine}");
    }
}

#[tokio::test]
async fn of_two_changes_to_one_row_the_second_is_stale() {
    for (engine, store) in stores().await {
        take(&store, "one").await.unwrap();
        let change = |holder: &'static str| {
            let store = store.clone();
            async move {
                let mut tx = store.begin().await?;
                let changed = tx
                    .execute(
                        "UPDATE lease SET holder = $1 WHERE name = 'one' AND holder = 'a'",
                        params![holder],
                    )
                    .await?;
                expect_one(changed)?;
                tx.commit().await
            }
        };
        let outcomes = futures::future::join_all([change("b"), change("c"), change("d")]).await;
        let saved = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        let stale = outcomes.iter().filter(|o| matches!(o, Err(Error::Stale))).count();
        assert_eq!((saved, stale), (1, 2), "{engine}: {outcomes:?}");
    }
}

#[tokio::test]
async fn many_writers_at_once_all_get_their_turn() {
    for (engine, store) in stores().await {
        let writes = (0..40).map(|number| {
            let store = store.clone();
            async move { take(&store, &format!("{number:02}")).await }
        });
        for outcome in futures::future::join_all(writes).await {
            outcome.unwrap();
        }
        assert_eq!(names(&store).await.len(), 40, "{engine}");
    }
}

#[test]
fn no_changed_row_is_stale_and_two_are_damage() {
    assert!(matches!(expect_one(0), Err(Error::Stale)));
    assert!(expect_one(1).is_ok());
    assert!(matches!(expect_one(2), Err(Error::Corrupt { .. })));
}

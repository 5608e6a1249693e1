//! Settings, copies and checks of the SQLite file.

use store::{Engine, Error, Query, Store, params};
use testkit::{moment, stores};

async fn file() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/fenhe.db", folder.path().display());
    let store = Store::open(&url).await.unwrap();
    store.migrate().await.unwrap();
    (folder, store)
}

async fn insert(store: &Store, name: &str) {
    let mut tx = store.begin().await.unwrap();
    tx.execute(
        "INSERT INTO lease (name, holder, held_until) VALUES ($1, 'a', $2)",
        params![name, moment()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_is_committed_is_on_disk() {
    let (folder, store) = file().await;
    let mut tx = store.begin().await.unwrap();
    // 2 is FULL.
    assert_eq!(tx.one::<i64>("PRAGMA synchronous", params![]).await.unwrap(), 2);
    assert_eq!(tx.one::<String>("PRAGMA journal_mode", params![]).await.unwrap(), "wal");
    assert_eq!(tx.one::<i64>("PRAGMA foreign_keys", params![]).await.unwrap(), 1);
    drop(tx);
    insert(&store, "kept").await;
    // The file as it is now, without closing: what a killed process leaves.
    let left = tempfile::tempdir().unwrap();
    for name in ["fenhe.db", "fenhe.db-wal"] {
        std::fs::copy(folder.path().join(name), left.path().join(name)).unwrap();
    }
    let url = format!("sqlite://{}/fenhe.db", left.path().display());
    let again = Store::open(&url).await.unwrap();
    let mut reader = again.read().await.unwrap();
    let names: Vec<String> = reader.all("SELECT name FROM lease", params![]).await.unwrap();
    assert_eq!(names, ["kept"]);
}

#[tokio::test]
async fn a_copy_has_what_was_committed_and_is_sound() {
    let (folder, store) = file().await;
    insert(&store, "one").await;
    let copy = folder.path().join("copy.db");
    // A writer in the middle of its work does not disturb the copy.
    let tx = store.begin().await.unwrap();
    store.backup_to(&copy).await.unwrap();
    drop(tx);
    insert(&store, "two").await;
    assert!(matches!(store.backup_to(&copy).await, Err(Error::Unavailable { .. })));
    let restored = Store::open(&format!("sqlite://{}", copy.display())).await.unwrap();
    restored.migrate().await.unwrap();
    let mut reader = restored.read().await.unwrap();
    let names: Vec<String> = reader.all("SELECT name FROM lease", params![]).await.unwrap();
    assert_eq!(names, ["one"]);
    drop(reader);
    assert_eq!(restored.integrity().await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn damage_is_found() {
    let (folder, store) = file().await;
    insert(&store, "one").await;
    let copy = folder.path().join("copy.db");
    store.backup_to(&copy).await.unwrap();
    let mut bytes = std::fs::read(&copy).unwrap();
    // Page 2 is the first page after the header's; it loses its contents.
    bytes[4096..8192].fill(0xff);
    std::fs::write(&copy, bytes).unwrap();
    let found = match Store::open(&format!("sqlite://{}", copy.display())).await {
        Ok(damaged) => damaged.integrity().await,
        Err(error) => Err(error),
    };
    assert!(found.as_ref().is_err() || found.as_ref().is_ok_and(|lines| !lines.is_empty()));
}

#[tokio::test]
async fn both_engines_answer_the_check() {
    for (engine, store) in stores().await {
        assert_eq!(store.integrity().await.unwrap(), Vec::<String>::new(), "{engine}");
        assert_eq!(store.engine() == Engine::Sqlite, engine == "sqlite");
    }
}

#[tokio::test]
async fn a_reader_cannot_write() {
    for (engine, store) in stores().await {
        let mut reader = store.read().await.unwrap();
        let error = reader
            .all::<String>(
                "INSERT INTO lease (name, holder, held_until) VALUES ('x', 'a', 't') RETURNING name",
                params![],
            )
            .await
            .unwrap_err();
        assert!(matches!(error, Error::Query(_)), "{engine}: {error:?}");
    }
}

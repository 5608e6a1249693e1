//! Fixtures for tests. Only `dev-dependencies` name this crate.
//!
//! - [`stores`]: a fresh, migrated database on each engine;
//! - [`postgres::Postgres`]: a private PostgreSQL, one a test binary;
//! - [`shared_data`]: the folder of large reference data, where there is one;
//! - [`moment`]: a fixed time to start from.
//!
//! Everything here fails a test with a sentence that says what to do.

#![expect(clippy::panic, clippy::expect_used, reason = "a fixture that fails ends its test")]

pub mod postgres;

use std::path::PathBuf;

use jiff::Timestamp;
use store::Store;

/// A fresh, migrated database on each engine, with the engine's name.
///
/// ```no_run
/// # async fn test() {
/// for (engine, store) in testkit::stores().await {
///     let reader = store.read().await.expect(engine);
/// }
/// # }
/// ```
///
/// # Panics
///
/// If PostgreSQL is not installed or a migration fails.
pub async fn stores() -> Vec<(&'static str, Store)> {
    vec![("sqlite", sqlite_store().await), ("postgres", postgres_store().await)]
}

/// A fresh, migrated SQLite database in a folder of its own, for tests that
/// need only one engine.
///
/// # Panics
///
/// If it cannot be made.
pub async fn sqlite_store() -> Store {
    let store = Store::open("sqlite::memory:").await.expect("an SQLite database");
    store.migrate().await.expect("the migrations on SQLite");
    store
}

/// A fresh, migrated PostgreSQL database.
///
/// # Panics
///
/// If PostgreSQL is not installed or a migration fails.
pub async fn postgres_store() -> Store {
    let url = postgres::Postgres::shared().migrated().await;
    Store::open(&url).await.expect("a PostgreSQL database")
}

/// The time at which tests start: 2026-03-02 09:00 in China, a Monday.
pub fn moment() -> Timestamp {
    Timestamp::constant(1_772_413_200, 0)
}

/// The folder of large reference data: `FENHE_SHARED_DATA`, or `shared/data`
/// beside the checkout. Where there is none, it prints one line saying that
/// `test` was left out.
#[expect(clippy::print_stderr, reason = "the line for whoever runs the tests")]
pub fn shared_data(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FENHE_SHARED_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("left out: {test} needs the shared data (set FENHE_SHARED_DATA)");
    None
}

//! What the tests stand on: a store, keys, people, a log and its files.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::{Timestamp, ToSpan as _};
use serde_json::json;
use store::Store;
use tempfile::TempDir;
use trust::audit::{self, Event};
use trust::identity::{
    Account, Body, BodyKind, NewAccount, NewGrant, RoleGrant, create_account, create_body,
    grant_role,
};
use trust::verify::{Fetch, FetchError};
use trust::{Caller, Keyring, Log, Role};
use vocabulary::{Bilingual, CreditCode, EntryId};

pub(crate) const PASSWORD: &str = "汾河 水库 三十六 号";
pub(crate) const ORIGIN: &str = "fenhe.example/log";

/// The first body of the tests.
pub(crate) fn taxes() -> CreditCode {
    "11140000012345678W".parse().or_else(|_| code("11140000012345678")).unwrap()
}

/// Another body.
pub(crate) fn housing() -> CreditCode {
    code("11140000087654321").unwrap()
}

/// A code with the check character that makes it valid.
fn code(first: &str) -> Result<CreditCode, ()> {
    "0123456789ABCDEFGHJKLMNPQRTUWXY"
        .chars()
        .find_map(|check| format!("{first}{check}").parse().ok())
        .ok_or(())
}

pub(crate) fn after(seconds: i64) -> Timestamp {
    testkit::moment().checked_add(seconds.seconds()).unwrap()
}

/// The operator at the console.
pub(crate) fn operator() -> Caller {
    Caller::system(testkit::moment())
}

pub(crate) async fn body(store: &Store, code: CreditCode) {
    let body = Body {
        code,
        name: Bilingual::new("山西省某单位", "A body"),
        kind: BodyKind::Government,
        division: "140000".parse().unwrap(),
        created_at: testkit::moment(),
    };
    create_body(&operator(), store, &body).await.unwrap();
}

pub(crate) async fn account(store: &Store, login: &str) -> Account {
    let new = NewAccount {
        login: login.to_owned(),
        name: format!("{login} 某"),
        body: taxes(),
        password: PASSWORD.to_owned(),
    };
    create_account(&operator(), store, &new).await.unwrap()
}

pub(crate) async fn grant(
    store: &Store,
    account: &Account,
    role: Role,
) -> Result<RoleGrant, trust::identity::IdentityError> {
    let new = NewGrant {
        account: account.id,
        role,
        body: taxes(),
        valid_from: testkit::moment(),
        valid_until: None,
    };
    grant_role(&operator(), store, &new).await
}

/// The caller of an account at the start, with one role.
pub(crate) fn with_role(account: &Account, role: Role) -> Caller {
    let now = testkit::moment();
    let grant = RoleGrant::unlimited(account.id, role, account.body, now);
    Caller::of_account(account.clone(), vec![grant], now)
}

pub(crate) fn keyring() -> (TempDir, Arc<Keyring>) {
    let folder = tempfile::tempdir().unwrap();
    let keyring = Keyring::open(folder.path(), ORIGIN).unwrap();
    (folder, Arc::new(keyring))
}

pub(crate) async fn log(store: &Store) -> (TempDir, Log) {
    let (folder, keyring) = keyring();
    let log = Log::open(store.clone(), keyring, testkit::moment()).await.unwrap();
    (folder, log)
}

/// Appends `count` entries in one transaction.
pub(crate) async fn append(store: &Store, count: usize) -> Vec<EntryId> {
    let mut tx = store.begin().await.unwrap();
    let mut ids = Vec::new();
    for number in 0..count {
        let event = Event::new("test.done", "test:1", json!({ "number": number, "名": "汾河" }));
        ids.push(audit::append(&mut tx, &operator(), event).await.unwrap());
    }
    tx.commit().await.unwrap();
    ids
}

/// The files of a log, as somebody downloaded them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(pub(crate) HashMap<String, Vec<u8>>);

impl Fetch for Files {
    async fn get(&self, path: &str) -> Result<Vec<u8>, FetchError> {
        self.0.get(path).cloned().ok_or(FetchError::Missing)
    }
}

/// A log as it is served, remembering every file that was asked for.
pub(crate) struct Served<'a> {
    pub(crate) log: &'a Log,
    pub(crate) seen: Mutex<HashMap<String, Vec<u8>>>,
}

impl<'a> Served<'a> {
    pub(crate) fn new(log: &'a Log) -> Self {
        Self { log, seen: Mutex::default() }
    }
}

impl Fetch for Served<'_> {
    async fn get(&self, path: &str) -> Result<Vec<u8>, FetchError> {
        let failed = |error: trust::log::LogError| FetchError::Failed(error.to_string());
        let file = if path == "checkpoint" {
            self.log.checkpoint().await.map_err(failed)?
        } else {
            self.log.tile(path).await.map_err(failed)?.ok_or(FetchError::Missing)?
        };
        self.seen.lock().unwrap().insert(path.to_owned(), file.clone());
        Ok(file)
    }
}

/// All files that a full walk needs.
pub(crate) async fn files(log: &Log) -> Files {
    let served = Served::new(log);
    trust::verify::walk(&served, log.vkey()).await.unwrap();
    Files(served.seen.into_inner().unwrap())
}

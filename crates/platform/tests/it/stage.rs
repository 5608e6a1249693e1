//! A platform with four persons of one body, on each engine.

use std::sync::Arc;

use platform::registry::upload::{self, FileHint};
use platform::registry::{CatalogueEntry, NewAsset, version};
use platform::{Files, Limits, Platform, registry};
use trust::identity::{
    Account, Body, BodyKind, NewAccount, NewGrant, create_account, create_body, grant_role,
    grants_of,
};
use trust::{Caller, Clock, Role};
use vocabulary::{AssetId, Bilingual, CreditCode};

/// A platform in a temporary folder.
pub(crate) struct Stage {
    pub(crate) platform: Platform,
    people: Vec<(Role, Account)>,
    _folder: tempfile::TempDir,
}

/// The demo code of reference §15.1 for a body.
pub(crate) fn body() -> CreditCode {
    "11140500012420117H".parse().unwrap()
}

impl Stage {
    /// A stage on each engine.
    pub(crate) async fn each() -> Vec<Self> {
        let mut stages = Vec::new();
        for (_, store) in testkit::stores().await {
            stages.push(Self::on(store).await);
        }
        stages
    }

    /// A stage on SQLite, for what does not depend on the engine.
    pub(crate) async fn new() -> Self {
        Self::on(testkit::sqlite_store().await).await
    }

    async fn on(store: store::Store) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = testkit::moment();
        let keyring =
            Arc::new(trust::Keyring::open(&folder.path().join("keys"), "test/log").unwrap());
        let log = trust::Log::open(store.clone(), Arc::clone(&keyring), now).await.unwrap();
        let platform = Platform {
            store,
            lake: Arc::new(lake::MemoryLake::new()),
            log: Arc::new(log),
            keyring,
            search: Arc::new(search::Catalogue::in_memory().unwrap()),
            files: Files::open(folder.path().join("files")).unwrap(),
            clock: Clock::Fixed(now),
            limits: Limits {
                ingest: ingest::Limits::default(),
                query: lake::QueryLimits::default(),
                sql: platform::open::sql::SqlLimits::default(),
                scan: lake::QueryLimits::default(),
            },
            jobs: Arc::new(tokio::sync::Notify::new()),
            turns: platform::Turns::default(),
            known: platform::open::Known::default(),
            leave_out_changed: true,
            places: platform::open::sql::Places::new(&platform::open::sql::SqlLimits::default()),
        };
        let mut stage = Self { platform, people: Vec::new(), _folder: folder };
        stage.fill().await;
        stage
    }

    async fn fill(&mut self) {
        let store = &self.platform.store;
        let system = Caller::system(testkit::moment());
        let home = Body {
            code: body(),
            name: Bilingual::new("晋城市数据局", "Jincheng data bureau"),
            kind: BodyKind::Government,
            division: "140500".parse().unwrap(),
            created_at: system.now(),
        };
        create_body(&system, store, &home).await.unwrap();
        for role in [Role::Clerk, Role::UnitHead, Role::DataAdmin, Role::GateReviewer] {
            let new = NewAccount {
                login: format!("user.{}", role.as_str()),
                name: role.label().zh,
                body: body(),
                password: "a long enough passphrase 7".to_owned(),
            };
            let account = create_account(&system, store, &new).await.unwrap();
            let grant = NewGrant {
                account: account.id,
                role,
                body: body(),
                valid_from: system.now(),
                valid_until: None,
            };
            grant_role(&system, store, &grant).await.unwrap();
            self.people.push((role, account));
        }
    }

    /// The person with a role.
    pub(crate) async fn person(&self, role: Role) -> Caller {
        let account = self.people.iter().find(|(held, _)| *held == role).unwrap().1.clone();
        let mut reader = self.platform.store.read().await.unwrap();
        let grants = grants_of(&mut reader, account.id).await.unwrap();
        Caller::of_account(account, grants, testkit::moment())
    }

    /// Registers an asset with a complete entry.
    pub(crate) async fn asset(&self) -> AssetId {
        let clerk = self.person(Role::Clerk).await;
        let new =
            NewAsset { body: body(), kind: registry::AssetKind::Dataset, entry: complete_entry() };
        registry::register(&clerk, &self.platform, new).await.unwrap().asset.id
    }

    /// Uploads a file and reads it; returns the version.
    pub(crate) async fn file(&self, asset: AssetId, name: &str, bytes: &[u8]) -> version::Version {
        let clerk = self.person(Role::Clerk).await;
        let length = bytes.len() as u64;
        let hint = FileHint::default();
        let begun = upload::begin(&clerk, &self.platform, asset, name, length, hint).await.unwrap();
        upload::append(&clerk, &self.platform, begun.id, 0, bytes.to_vec().into()).await.unwrap();
        let completed = upload::complete(&clerk, &self.platform, begun.id).await.unwrap();
        self.work().await;
        version::find(&clerk, &self.platform, asset, completed.number).await.unwrap().1
    }

    /// Runs every waiting job.
    pub(crate) async fn work(&self) {
        while platform::jobs::run_one(&self.platform, "test").await.unwrap() {}
    }

    /// Takes an asset all the way into the catalogue.
    pub(crate) async fn publish(&self, asset: AssetId) {
        let platform = &self.platform;
        registry::submit(&self.person(Role::Clerk).await, platform, asset, None).await.unwrap();
        registry::consent(&self.person(Role::UnitHead).await, platform, asset, None).await.unwrap();
        registry::publish(&self.person(Role::DataAdmin).await, platform, asset, None)
            .await
            .unwrap();
    }
}

/// An entry with everything that is mandatory but the items, which come from a file.
pub(crate) fn complete_entry() -> CatalogueEntry {
    let code = |list: &str| law::list(list)[0].code.to_string();
    CatalogueEntry {
        title: Bilingual::new("居民抽样调查", "Residents' survey"),
        summary: Bilingual::new("合成数据，用于测试", "Synthetic, for tests"),
        format: code("format"),
        update_cycle: Some(law::UpdateCycle::Yearly),
        sharing: Some(law::SharingAttribute::Unconditional),
        sharing_mode: code("sharing_mode"),
        conditions: "无条件".to_owned(),
        theme: code("theme"),
        level: Some(vocabulary::DataLevel::General2),
        opening: Some(law::OpeningAttribute::Unconditional),
        division: Some("140500".parse().unwrap()),
        secrecy_assessment: "晋保评〔2026〕1号".to_owned(),
        privacy_assessment: "晋个评〔2026〕1号".to_owned(),
        ..CatalogueEntry::default()
    }
}

/// A table of residents with names, valid identity numbers, ages and incomes.
pub(crate) fn residents(rows: u32) -> String {
    let mut csv = String::from("姓名,身份证号,性别,年龄,年收入\n");
    for row in 0..rows {
        let age = 20 + row % 50;
        let year = 2026 - age;
        let body = format!("140502{year}0{}1{}{:03}", 1 + row % 9, row % 9, row % 1000);
        let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        let sum: u32 = body.bytes().zip(weights).map(|(d, w)| u32::from(d - b'0') * w).sum();
        let check = ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][(sum % 11) as usize];
        let sex = if row % 2 == 0 { "女" } else { "男" };
        let name = ["王丽", "李伟", "张敏", "刘洋", "陈静"][(row % 5) as usize];
        csv.push_str(&format!(
            "{name},{body}{check},{sex},{age},{}\n",
            20_000 + (row * 37) % 80_000
        ));
    }
    csv
}

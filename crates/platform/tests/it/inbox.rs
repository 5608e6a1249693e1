//! What waits for a person, and for how long.

use jiff::Timestamp;
use platform::inbox::{TaskKind, inbox};
use platform::registry::{self, Dated, ForeignEntry};
use trust::{Caller, Role};

use crate::stage::{Stage, complete_entry};

/// The same person at another time.
async fn person_at(stage: &Stage, role: Role, at: &str) -> Caller {
    let person = stage.person(role).await;
    let account = person.account().unwrap().clone();
    Caller::of_account(account, person.roles().to_vec(), at.parse().unwrap())
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn each_task_shows_since_when_it_waits_and_the_deadline_of_the_law() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = stage.asset().await;
        stage.file(asset, "survey.csv", b"a,b\n1,2\n").await;
        // Monday, 2 March 2026.
        let clerk = stage.person(Role::Clerk).await;
        let drafts = inbox(&clerk, platform).await.unwrap();
        assert_eq!(
            drafts.iter().map(|task| task.kind).collect::<Vec<_>>(),
            [TaskKind::FinishDraft]
        );
        assert_eq!(drafts[0].clock.since, testkit::moment());
        assert!(drafts[0].clock.deadline.is_none(), "no law says when a draft is finished");

        let tuesday = "2026-03-03T10:00:00+08:00";
        let clerk = person_at(&stage, Role::Clerk, tuesday).await;
        registry::submit(&clerk, platform, asset, None).await.unwrap();
        assert!(inbox(&clerk, platform).await.unwrap().is_empty());
        let head = person_at(&stage, Role::UnitHead, "2026-03-06T10:00:00+08:00").await;
        let consents = inbox(&head, platform).await.unwrap();
        assert_eq!(consents[0].kind, TaskKind::Consent);
        assert_eq!((consents[0].clock.since, consents[0].clock.waited), (at(tuesday), Some(3)));
        assert!(consents[0].clock.deadline.is_none());

        // The unit consents on Friday: two working days end on Tuesday.
        registry::consent(&head, platform, asset, None).await.unwrap();
        for (now, days, overdue) in [
            ("2026-03-06T11:00:00+08:00", 2, false),
            ("2026-03-10T23:00:00+08:00", 0, false),
            ("2026-03-12T09:00:00+08:00", 2, true),
        ] {
            let admin = person_at(&stage, Role::DataAdmin, now).await;
            let reviews = inbox(&admin, platform).await.unwrap();
            assert_eq!(reviews[0].kind, TaskKind::Publish);
            let deadline = reviews[0].clock.deadline.as_ref().unwrap();
            assert_eq!(deadline.row.rule, law::RuleId::SH_02);
            let end = deadline.end.clone().unwrap();
            assert_eq!(end.due.date, jiff::civil::date(2026, 3, 10));
            assert_eq!(
                (end.remaining.working_days, end.remaining.overdue),
                (days, overdue),
                "{now}"
            );
        }
    }
}

#[tokio::test]
async fn typing_at_a_returned_draft_does_not_start_its_clock_again() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = stage.asset().await;
        stage.file(asset, "survey.csv", b"a,b\n1,2\n").await;
        let clerk = stage.person(Role::Clerk).await;
        registry::submit(&clerk, platform, asset, None).await.unwrap();
        let returned = "2026-03-03T10:00:00+08:00";
        let head = person_at(&stage, Role::UnitHead, returned).await;
        registry::send_back(&head, platform, asset, None, "缺少联系方式").await.unwrap();
        let clerk = person_at(&stage, Role::Clerk, "2026-03-05T10:00:00+08:00").await;
        let draft = registry::find(&clerk, platform, asset).await.unwrap();
        let items = draft.entry.items.clone();
        let entry = registry::CatalogueEntry { items, ..complete_entry() };
        registry::edit(&clerk, platform, asset, draft.revision, entry).await.unwrap();
        let tasks = inbox(&clerk, platform).await.unwrap();
        assert_eq!(tasks[0].kind, TaskKind::CorrectDraft);
        assert_eq!((tasks[0].clock.since, tasks[0].clock.waited), (at(returned), Some(2)));
        registry::submit(&clerk, platform, asset, None).await.unwrap();
        let again = registry::find(&clerk, platform, asset).await.unwrap();
        assert_eq!((again.returned_at, again.return_reason), (None, None));
    }
}

#[tokio::test]
async fn the_most_urgent_comes_first() {
    let stage = Stage::new().await;
    let platform = &stage.platform;
    let mut assets = Vec::new();
    for consented in ["2026-03-05T10:00:00+08:00", "2026-03-03T10:00:00+08:00"] {
        let asset = stage.asset().await;
        stage.file(asset, "survey.csv", b"a,b\n1,2\n").await;
        registry::submit(&stage.person(Role::Clerk).await, platform, asset, None).await.unwrap();
        let head = person_at(&stage, Role::UnitHead, consented).await;
        registry::consent(&head, platform, asset, None).await.unwrap();
        assets.push(asset);
    }
    let admin = person_at(&stage, Role::DataAdmin, "2026-03-06T10:00:00+08:00").await;
    let tasks = inbox(&admin, platform).await.unwrap();
    let order: Vec<_> = tasks.iter().map(|task| task.asset().unwrap().id).collect();
    assets.reverse();
    assert_eq!(order, assets);
}

#[tokio::test]
async fn an_entry_taken_over_has_the_dates_of_its_source_or_none() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let entry = |number: &str, updated_at| ForeignEntry {
            origin: "https://data.example.gov.cn/".to_owned(),
            origin_id: number.to_owned(),
            provider: "外省单位".to_owned(),
            entry: registry::CatalogueEntry {
                title: vocabulary::Bilingual::new(format!("外省目录{number}"), ""),
                ..registry::CatalogueEntry::default()
            },
            issued_at: Some(at("2021-04-30T00:00:00+08:00")),
            updated_at,
        };
        let told = at("2023-06-02T00:00:00+08:00");
        let admin = stage.person(Role::DataAdmin).await;
        let entries = vec![entry("1", Some(told)), entry("2", None)];
        assert_eq!(registry::take_over(&admin, platform, entries).await.unwrap(), 2);
        let query = search::Query {
            text: Some("外省目录".to_owned()),
            sort: search::Sort::Newest,
            limit: 10,
            ..search::Query::default()
        };
        let found = platform::open::find(platform, query).await.unwrap().assets;
        let dates: Vec<Dated> = found.iter().map(registry::Asset::dated).collect();
        let now = testkit::moment();
        assert_eq!(dates, [Dated::AtSource(told), Dated::TakenOver(now)], "undated is not new");
        for asset in &found {
            assert_eq!((asset.published_at, asset.created_at), (Some(now), now));
            assert_eq!(asset.origin_issued_at, Some(at("2021-04-30T00:00:00+08:00")));
        }
    }
}

//! What people made of open data, on both engines.

use platform::Error;
use platform::inbox::{TaskKind, inbox};
use platform::reuses::{self, NewReuse, ReuseState};
use trust::{Caller, Role};
use vocabulary::AssetId;

use crate::stage::Stage;

fn anyone() -> Caller {
    Caller::anonymous(testkit::moment())
}

fn map(datasets: Vec<AssetId>) -> NewReuse {
    NewReuse {
        title: "公交客流地图".to_owned(),
        link: "https://example.org/map".to_owned(),
        description: "按站点显示客流，用于规划接驳线路。".to_owned(),
        maker: "晋阳公益研究中心".to_owned(),
        contact: "data@example.org".to_owned(),
        datasets,
        form: Some("nonce".to_owned()),
    }
}

async fn published(stage: &Stage) -> AssetId {
    let asset = stage.asset().await;
    stage.file(asset, "survey.csv", b"a,b\n1,2\n").await;
    stage.publish(asset).await;
    asset
}

fn fields(result: Result<impl std::fmt::Debug, Error>) -> Vec<String> {
    let Err(Error::Invalid { problems }) = result else { panic!("{result:?}") };
    problems.into_iter().map(|problem| problem.field).collect()
}

#[tokio::test]
async fn no_reuse_is_shown_before_a_review() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = published(&stage).await;
        let sent = reuses::submit(&anyone(), platform, map(vec![asset])).await.unwrap().reuse;
        assert_eq!(reuses::gallery(platform, None, 0, 10).await.unwrap(), (Vec::new(), 0));
        let twice = reuses::submit(&anyone(), platform, map(vec![asset])).await;
        assert_eq!(fields(twice), ["form"]);
        let clerk = stage.person(Role::Clerk).await;
        for denied in [
            reuses::show(&clerk, platform, sent.id, None).await,
            reuses::show(&anyone(), platform, sent.id, None).await,
        ] {
            assert!(matches!(denied, Err(Error::Denied(_))), "{denied:?}");
        }
        assert!(matches!(
            reuses::read(&clerk, platform, sent.id).await,
            Err(Error::NotFound { .. })
        ));
        let admin = stage.person(Role::DataAdmin).await;
        let tasks = inbox(&admin, platform).await.unwrap();
        assert_eq!(tasks.iter().map(|task| task.kind).collect::<Vec<_>>(), [TaskKind::ReviewReuse]);
        let (_, contact, datasets) = reuses::read(&admin, platform, sent.id).await.unwrap();
        assert_eq!((contact.as_deref(), datasets), (Some("data@example.org"), vec![asset]));
        reuses::show(&admin, platform, sent.id, Some(1)).await.unwrap();
        let stale = reuses::show(&admin, platform, sent.id, Some(1)).await;
        assert!(matches!(stale, Err(Error::Stale)));
        for (dataset, expected) in [(None, 1), (Some(asset), 1), (Some(stage.asset().await), 0)] {
            let (shown, total) = reuses::gallery(platform, dataset, 0, 10).await.unwrap();
            assert_eq!((shown.len(), total), (expected, expected as u64));
        }
        assert!(inbox(&admin, platform).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_reuse_is_declined_with_a_reason() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = published(&stage).await;
        let sent = reuses::submit(&anyone(), platform, map(vec![asset])).await.unwrap().reuse;
        let admin = stage.person(Role::DataAdmin).await;
        let empty = reuses::decline(&admin, platform, sent.id, None, " ").await;
        assert_eq!(fields(empty), ["reason"]);
        reuses::show(&admin, platform, sent.id, None).await.unwrap();
        let down = reuses::decline(&admin, platform, sent.id, None, "链接已失效").await.unwrap();
        assert_eq!(down.reuse.state, ReuseState::Declined);
        assert_eq!(reuses::gallery(platform, None, 0, 10).await.unwrap().1, 0);
        let again = reuses::decline(&admin, platform, sent.id, None, "链接已失效").await;
        assert!(matches!(again, Err(Error::WrongState { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn what_is_submitted_names_published_datasets_and_an_address() {
    let stage = Stage::new().await;
    let platform = &stage.platform;
    let asset = published(&stage).await;
    let draft = stage.asset().await;
    let submit = async |new| fields(reuses::submit(&anyone(), platform, new).await);
    let empty = NewReuse {
        title: String::new(),
        link: "javascript:alert(1)".to_owned(),
        description: "短".to_owned(),
        maker: " ".to_owned(),
        contact: String::new(),
        datasets: Vec::new(),
        form: None,
    };
    assert_eq!(
        submit(empty).await,
        ["title", "description", "maker", "contact", "link", "datasets"]
    );
    assert_eq!(submit(map(vec![asset, draft])).await, ["datasets"]);
    let personal = NewReuse {
        description: "有问题请打 13812345678，谢谢。".to_owned(),
        ..map(vec![asset])
    };
    let sent = reuses::submit(&anyone(), platform, personal).await.unwrap().reuse;
    let admin = stage.person(Role::DataAdmin).await;
    let refused = reuses::show(&admin, platform, sent.id, None).await;
    assert_eq!(fields(refused), ["description"], "a number of a person is never shown");
}

//! Topics: datasets that belong together, chosen by the data administrator.

use platform::Error;
use platform::topics::{self, Edit, TopicState};
use trust::{Caller, Role};
use vocabulary::{AssetId, Bilingual};

use crate::stage::Stage;

fn edit(datasets: &[AssetId]) -> Edit {
    Edit {
        state: TopicState::Shown,
        title: Bilingual::new("人口", "People"),
        summary: Bilingual::new("与人口有关的全部数据集。", ""),
        datasets: datasets.to_vec(),
    }
}

fn fields(refused: Result<topics::Changed, Error>) -> Vec<String> {
    match refused {
        Err(Error::Invalid { problems }) => {
            problems.into_iter().map(|problem| problem.field).collect()
        }
        other => vec![format!("{other:?}")],
    }
}

#[tokio::test]
async fn a_topic_shows_published_datasets_only() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let admin = stage.person(Role::DataAdmin).await;
        let (first, second) = (stage.asset().await, stage.asset().await);
        stage.file(first, "a.csv", b"a,b\n1,2\n").await;
        stage.publish(first).await;
        // One that is not published is not put into a topic.
        let refused = topics::save(&admin, platform, "people", None, edit(&[first, second])).await;
        assert_eq!(fields(refused), ["datasets"]);
        topics::save(&admin, platform, "people", None, edit(&[first])).await.unwrap();
        let anyone = Caller::anonymous(testkit::moment());
        let (topic, datasets) = topics::find(&anyone, platform, "people").await.unwrap();
        assert_eq!((topic.revision, datasets), (1, vec![first]));
        let shown = topics::shown(platform).await.unwrap();
        assert_eq!((shown.len(), shown[0].1), (1, 1));
        // One that is withdrawn later is not shown any more.
        platform::registry::withdraw(&admin, platform, first, None, "不再提供").await.unwrap();
        let (_, datasets) = topics::find(&anyone, platform, "people").await.unwrap();
        assert_eq!(datasets, []);
    }
}

#[tokio::test]
async fn only_the_data_administrator_edits_topics_and_nobody_overwrites_unseen() {
    let stage = Stage::new().await;
    let platform = &stage.platform;
    for role in [Role::Clerk, Role::UnitHead, Role::GateReviewer] {
        let person = stage.person(role).await;
        let denied = topics::save(&person, platform, "people", None, edit(&[])).await;
        assert!(matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
        assert!(topics::all(&person, platform).await.is_err());
    }
    let admin = stage.person(Role::DataAdmin).await;
    topics::save(&admin, platform, "people", None, edit(&[])).await.unwrap();
    let hidden = Edit { state: TopicState::Hidden, ..edit(&[]) };
    topics::save(&admin, platform, "people", Some(1), hidden).await.unwrap();
    let stale = topics::save(&admin, platform, "people", Some(1), edit(&[])).await;
    assert!(matches!(stale, Err(Error::Stale)), "{stale:?}");
    // A hidden one is there for its editor alone.
    let anyone = Caller::anonymous(testkit::moment());
    assert!(topics::find(&anyone, platform, "people").await.is_err());
    assert!(topics::find(&admin, platform, "people").await.is_ok());
    assert_eq!(topics::shown(platform).await.unwrap().len(), 0);
    assert_eq!(topics::all(&admin, platform).await.unwrap().len(), 1);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_topic_is_told_at_once() {
    let stage = Stage::new().await;
    let admin = stage.person(Role::DataAdmin).await;
    let wrong = Edit {
        title: Bilingual::new("人", ""),
        summary: Bilingual::new("请致电 13812345678 咨询全部数据。", ""),
        ..edit(&[])
    };
    let refused = topics::save(&admin, &stage.platform, "人口", None, wrong).await;
    assert_eq!(fields(refused), ["slug", "title.zh", "summary.zh"]);
}

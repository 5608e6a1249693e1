//! What those who used a dataset think of it.

use jiff::{SignedDuration, Timestamp};
use platform::{Error, ratings};
use trust::{Caller, Role};

use crate::gate_attacks::{allowances, published, released_as_it_is};
use crate::stage::Stage;

fn anyone(at: Timestamp) -> Caller {
    Caller::anonymous(at)
}

/// The fields that a mistake was found in.
fn fields<T: std::fmt::Debug>(result: Result<T, Error>) -> Vec<String> {
    match result {
        Err(Error::Invalid { problems }) => problems.into_iter().map(|p| p.field).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_voice_counts_once_a_day_and_only_sums_stay() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = published(&stage, &allowances(|_| 0)).await;
        released_as_it_is(&stage, asset, 1).await;
        assert_eq!(ratings::of(platform, asset).await.unwrap().mean(), None);
        let now = platform.clock.now();
        let rate = async |at, stars, voice| {
            ratings::rate(&anyone(at), platform, asset, stars, voice).await
        };
        rate(now, 5, Some("network 192.0.2.1")).await.unwrap();
        assert_eq!(fields(rate(now, 1, Some("network 192.0.2.1")).await), ["stars"]);
        rate(now, 2, Some("network 192.0.2.2")).await.unwrap();
        rate(now, 2, None).await.unwrap();
        for wrong in [0, 6, -1] {
            assert_eq!(fields(rate(now, wrong, None).await), ["stars"]);
        }
        let next_day = now + SignedDuration::from_hours(24);
        let (found, _) = rate(next_day, 4, Some("network 192.0.2.1")).await.unwrap();
        assert_eq!((found.counts, found.total(), found.mean()), ([0, 2, 0, 1, 1], 4, Some(3.25)));
        assert_eq!(found, ratings::of(platform, asset).await.unwrap());
        // Of the day before nothing stays, and nothing says where a voice came from.
        let mut reader = platform.store.read().await.unwrap();
        let codes: Vec<Code> =
            store::Query::all(&mut reader, "SELECT code, day FROM rating_voice", Vec::new())
                .await
                .unwrap();
        assert_eq!(codes.len(), 1);
        assert!(
            codes.iter().all(
                |code| !code.0.contains("192") && code.1 == next_day.strftime("%F").to_string()
            )
        );
    }
}

struct Code(String, String);

impl store::FromRow for Code {
    fn from_row(row: &store::Row) -> Result<Self, store::Error> {
        Ok(Self(row.get("code")?, row.get("day")?))
    }
}

#[tokio::test]
async fn what_is_not_open_is_not_rated() {
    let stage = Stage::new().await;
    let platform = &stage.platform;
    let draft = stage.asset().await;
    let published = published(&stage, &allowances(|_| 0)).await;
    let clerk = stage.person(Role::Clerk).await;
    for asset in [draft, published] {
        for caller in [&anyone(platform.clock.now()), &clerk] {
            let refused = ratings::rate(caller, platform, asset, 5, None).await;
            assert!(matches!(refused, Err(Error::NotFound { .. })), "{refused:?}");
        }
    }
}

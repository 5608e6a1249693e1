//! Leases.

use jiff::{SignedDuration, ToSpan as _};
use store::lease;
use testkit::{moment, stores};

const DURATION: SignedDuration = SignedDuration::from_secs(5);

#[tokio::test]
async fn a_lease_has_one_holder_until_it_runs_out_or_is_given_back() {
    for (engine, store) in stores().await {
        let at = |seconds: i64| moment().checked_add(seconds.seconds()).unwrap();
        let take = async |holder, seconds| {
            lease::take(&store, "log.seal", holder, at(seconds), DURATION).await.unwrap()
        };
        assert!(take("a", 0).await, "{engine}");
        assert!(!take("b", 4).await, "{engine}");
        assert!(take("a", 4).await, "the holder renews");
        assert!(!take("b", 8).await, "{engine}");
        assert!(take("b", 9).await, "it ran out");
        assert!(!take("a", 10).await, "{engine}");
        lease::release(&store, "log.seal", "a").await.unwrap();
        assert!(!take("a", 11).await, "only the holder gives it back");
        lease::release(&store, "log.seal", "b").await.unwrap();
        assert!(take("a", 11).await, "{engine}");
    }
}

#[tokio::test]
async fn of_many_takers_at_once_one_gets_the_lease() {
    for (engine, store) in stores().await {
        let takers = (0..8).map(|number| {
            let store = store.clone();
            async move {
                lease::take(&store, "x", &format!("h{number}"), moment(), DURATION).await.unwrap()
            }
        });
        let taken = futures::future::join_all(takers).await;
        assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{engine}: {taken:?}");
    }
}

//! Kept answers.

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use store::Store;
use store::idempotency::{self, Answer, Begun};
use testkit::{moment, stores};

const STALE: SignedDuration = SignedDuration::from_secs(60);

fn answer() -> Answer {
    Answer {
        status: 201,
        headers: vec![("location".to_owned(), "/api/v1/assets/1".to_owned())],
        body: "{\"名\":1}".into(),
    }
}

async fn begin(store: &Store, account: &str, digest: &str, now: Timestamp) -> Begun {
    let mut tx = store.begin().await.unwrap();
    let begun = idempotency::begin(&mut tx, "key", account, digest, now, STALE).await.unwrap();
    tx.commit().await.unwrap();
    begun
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_word_for_word() {
    for (engine, store) in stores().await {
        let now = moment();
        assert_eq!(begin(&store, "li", "d", now).await, Begun::Fresh, "{engine}");
        assert_eq!(begin(&store, "li", "d", now).await, Begun::InProgress, "{engine}");
        let mut tx = store.begin().await.unwrap();
        idempotency::finish(&mut tx, "key", "li", &answer()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(begin(&store, "li", "d", now).await, Begun::Replay(answer()), "{engine}");
        assert_eq!(begin(&store, "li", "other", now).await, Begun::Mismatch, "{engine}");
        assert_eq!(begin(&store, "wang", "other", now).await, Begun::Fresh, "{engine}");
        let mut tx = store.begin().await.unwrap();
        let twice = idempotency::finish(&mut tx, "key", "li", &answer()).await;
        assert!(matches!(twice, Err(store::Error::Stale)), "{engine}");
    }
}

#[tokio::test]
async fn a_request_that_died_or_was_given_up_can_be_tried_again() {
    for (engine, store) in stores().await {
        let later = moment().checked_add(61.seconds()).unwrap();
        begin(&store, "", "d", moment()).await;
        assert_eq!(begin(&store, "", "d", later).await, Begun::Fresh, "{engine}");
        assert_eq!(begin(&store, "", "d", later).await, Begun::InProgress, "{engine}");
        let mut tx = store.begin().await.unwrap();
        idempotency::abandon(&mut tx, "key", "").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(begin(&store, "", "d", later).await, Begun::Fresh, "{engine}");
        let mut tx = store.begin().await.unwrap();
        let forgotten = idempotency::forget(&mut tx, later.checked_add(1.second()).unwrap()).await;
        assert_eq!(forgotten.unwrap(), 1, "{engine}");
    }
}

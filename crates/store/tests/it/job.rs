//! The job queue.

use jiff::{SignedDuration, Timestamp, ToSpan as _};
use store::job::{self, Job, JobState, NewJob, Progress};
use store::{Error, Store};
use testkit::{moment, stores};
use vocabulary::{Bilingual, JobId};

const LEASE: SignedDuration = SignedDuration::from_secs(30);

fn after(seconds: i64) -> Timestamp {
    moment().checked_add(seconds.seconds()).unwrap()
}

async fn enqueue(store: &Store, subject: &str, run_after: Timestamp) -> JobId {
    let mut tx = store.begin().await.unwrap();
    let job = NewJob::new("test.run", subject, serde_json::json!({"n": 1}), moment())
        .not_before(run_after);
    let id = job::enqueue(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn find(store: &Store, id: JobId) -> Job {
    job::find(&mut store.read().await.unwrap(), id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_job_is_never_lost() {
    for (engine, store) in stores().await {
        let id = enqueue(&store, "asset:1", moment()).await;
        let first = job::claim(&store, "w1", after(0), LEASE).await.unwrap().unwrap();
        assert_eq!((first.id, first.attempts), (id, 1), "{engine}");
        assert_eq!(first.payload, serde_json::json!({"n": 1}));
        // Its worker dies here. As long as the lease runs, no one takes it.
        assert_eq!(job::claim(&store, "w2", after(29), LEASE).await.unwrap(), None, "{engine}");
        let second = job::claim(&store, "w2", after(30), LEASE).await.unwrap().unwrap();
        assert_eq!((second.id, second.attempts), (id, 2), "{engine}");
    }
}

#[tokio::test]
async fn a_job_of_a_dropped_transaction_does_not_exist() {
    for (engine, store) in stores().await {
        {
            let mut tx = store.begin().await.unwrap();
            let job = NewJob::new("test.run", "x", serde_json::Value::Null, moment());
            job::enqueue(&mut tx, job).await.unwrap();
        }
        assert_eq!(job::claim(&store, "w", after(9), LEASE).await.unwrap(), None, "{engine}");
    }
}

#[tokio::test]
async fn two_workers_never_hold_one_job() {
    for (engine, store) in stores().await {
        for number in 0..20 {
            enqueue(&store, &format!("asset:{number}"), moment()).await;
        }
        let workers = (0..6).map(|worker| {
            let store = store.clone();
            async move {
                let mut mine = Vec::new();
                let name = format!("w{worker}");
                // A lost race is "nothing now"; only several of them mean empty.
                let mut nothing = 0;
                while nothing < 5 {
                    match job::claim(&store, &name, after(1), LEASE).await.unwrap() {
                        Some(job) => mine.push(job.id),
                        None => nothing += 1,
                    }
                }
                mine
            }
        });
        let mut claimed: Vec<_> =
            futures::future::join_all(workers).await.into_iter().flatten().collect();
        assert_eq!(claimed.len(), 20, "{engine}");
        claimed.sort();
        claimed.dedup();
        assert_eq!(claimed.len(), 20, "{engine}");
    }
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_changes_nothing() {
    for (engine, store) in stores().await {
        let id = enqueue(&store, "asset:1", moment()).await;
        job::claim(&store, "w1", after(0), LEASE).await.unwrap().unwrap();
        job::claim(&store, "w2", after(60), LEASE).await.unwrap().unwrap();
        let stale = |outcome: Result<(), Error>| {
            assert!(matches!(outcome, Err(Error::Stale)), "{engine}: {outcome:?}");
        };
        stale(job::renew(&store, id, "w1", after(61), LEASE).await);
        stale(job::fail(&store, id, "w1", "late", after(61), None).await);
        let mut tx = store.begin().await.unwrap();
        stale(job::finish(&mut tx, id, "w1", after(61)).await);
        drop(tx);
        let job = find(&store, id).await;
        assert_eq!((job.state, job.worker.as_deref()), (JobState::Running, Some("w2")));
    }
}

#[tokio::test]
async fn what_a_dead_worker_held_runs_again_without_waiting_for_its_lease() {
    for (engine, store) in stores().await {
        let id = enqueue(&store, "asset:1", moment()).await;
        let ended = enqueue(&store, "asset:2", after(1)).await;
        job::claim(&store, "dead", after(0), LEASE).await.unwrap().unwrap();
        let mut tx = store.begin().await.unwrap();
        job::cancel(&mut tx, ended, after(1)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(job::give_back(&store, after(2)).await.unwrap(), 1, "{engine}");
        let again = job::claim(&store, "new", after(2), LEASE).await.unwrap().unwrap();
        assert_eq!((again.id, again.attempts), (id, 2), "{engine}");
        assert_eq!(job::hand_back(&store, "another", after(3)).await.unwrap(), 0, "{engine}");
        let held = again.worker.clone().unwrap();
        assert_eq!(job::hand_back(&store, &held, after(3)).await.unwrap(), 1, "{engine}");
        let third = job::claim(&store, "third", after(4), LEASE).await.unwrap().unwrap();
        assert_eq!((third.id, third.attempts), (id, 2), "stopping in good order is no attempt");
        assert!(matches!(job::renew(&store, id, "dead", after(3), LEASE).await, Err(Error::Stale)));
        assert_eq!(find(&store, ended).await.state, JobState::Cancelled, "{engine}");
    }
}

#[tokio::test]
async fn a_job_goes_its_whole_way() {
    for (engine, store) in stores().await {
        let id = enqueue(&store, "asset:1", after(10)).await;
        assert_eq!(job::claim(&store, "w", after(9), LEASE).await.unwrap(), None, "{engine}");
        job::claim(&store, "w", after(10), LEASE).await.unwrap().unwrap();
        job::fail(&store, id, "w", "disk full", after(11), Some(after(20))).await.unwrap();
        let failed = find(&store, id).await;
        assert_eq!(failed.state, JobState::Queued);
        assert_eq!(failed.error.as_deref(), Some("disk full"));
        assert_eq!(job::claim(&store, "w", after(19), LEASE).await.unwrap(), None);
        job::claim(&store, "w", after(20), LEASE).await.unwrap().unwrap();
        let progress =
            Progress { done: 5, total: Some(10), note: Bilingual::new("读取", "reading") };
        job::progress(&store, id, "w", &progress).await.unwrap();
        job::renew(&store, id, "w", after(40), LEASE).await.unwrap();
        let running = find(&store, id).await;
        assert_eq!(running.progress, Some(progress), "{engine}");
        assert_eq!(running.lease_until, Some(after(70)));
        let mut tx = store.begin().await.unwrap();
        job::finish(&mut tx, id, "w", after(41)).await.unwrap();
        tx.commit().await.unwrap();
        let done = find(&store, id).await;
        assert_eq!((done.state, done.finished_at), (JobState::Done, Some(after(41))));
        assert_eq!(job::claim(&store, "w", after(999), LEASE).await.unwrap(), None);
        let mut reader = store.read().await.unwrap();
        assert_eq!(job::about(&mut reader, "asset:1").await.unwrap().len(), 1, "{engine}");
        assert_eq!(job::newest(&mut reader, Some(JobState::Done), 5).await.unwrap().len(), 1);
        assert_eq!(job::newest(&mut reader, Some(JobState::Queued), 5).await.unwrap().len(), 0);
        assert_eq!(job::newest(&mut reader, None, 5).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_cancelled_job_stops_its_worker() {
    for (engine, store) in stores().await {
        let id = enqueue(&store, "asset:1", moment()).await;
        job::claim(&store, "w", after(0), LEASE).await.unwrap().unwrap();
        let mut tx = store.begin().await.unwrap();
        job::cancel(&mut tx, id, after(1)).await.unwrap();
        tx.commit().await.unwrap();
        assert!(matches!(job::renew(&store, id, "w", after(2), LEASE).await, Err(Error::Stale)));
        assert_eq!(find(&store, id).await.state, JobState::Cancelled, "{engine}");
        let mut tx = store.begin().await.unwrap();
        assert!(matches!(job::cancel(&mut tx, id, after(3)).await, Err(Error::Stale)));
    }
}

//! Several writers on one folder, as several servers would be.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use lake::{Lake, LakeError};
use lake_delta::{DeltaLake, Location};
use tempfile::TempDir;
use tokio::sync::Barrier;

use crate::bucket::Bucket;
use crate::conformance::{LIMITS, info, path};

fn rows(number: i64) -> RecordBatch {
    let values = Int64Array::from_iter_values(0..=number);
    RecordBatch::try_from_iter([("n", Arc::new(values) as ArrayRef)]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_four_racing_writers_one_wins() {
    let folder = TempDir::new().unwrap();
    one_of_four_wins(&Location::Folder(folder.path().to_path_buf())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_four_writers_racing_in_a_bucket_one_wins() {
    let Some(bucket) = Bucket::start() else { return };
    let location = bucket.location();
    // The first object makes the bucket, as at the start of a server.
    DeltaLake::open(location.clone()).unwrap().assure().await.unwrap();
    one_of_four_wins(&location).await;
}

async fn one_of_four_wins(location: &Location) {
    let table = path("race/table");
    let open = || DeltaLake::open(location.clone()).unwrap();
    let lakes: Vec<DeltaLake> = (0..4).map(|_| open()).collect();
    // More than ten rounds, so that checkpoints are written in between.
    for round in 0..12_u64 {
        let start = Arc::new(Barrier::new(lakes.len()));
        let mut racers = Vec::new();
        for (number, lake) in (0_i64..).zip(&lakes) {
            let (lake, table, start) = (lake.clone(), table.clone(), Arc::clone(&start));
            racers.push(tokio::spawn(async move {
                let batch = rows(number);
                let mut writer = lake.writer(&table, batch.schema()).await.unwrap();
                writer.write(batch).await.unwrap();
                start.wait().await;
                writer.commit(info()).await
            }));
        }
        let mut won = Vec::new();
        for (number, racer) in (0_u64..).zip(racers) {
            match racer.await.unwrap() {
                Ok(committed) => {
                    assert_eq!((committed.version, committed.rows), (round, number + 1));
                    won.push(number);
                }
                Err(error) => assert!(matches!(error, LakeError::Conflict { .. }), "{error}"),
            }
        }
        assert_eq!(won.len(), 1, "round {round} was won by {won:?}");
        for lake in &lakes {
            assert_eq!(lake.latest(&table).await.unwrap(), round);
            let count = lake.count(&table, None, None, &LIMITS).await.unwrap();
            assert_eq!(count, won[0] + 1);
        }
    }
    let report = lakes[0].check(&table).await.unwrap();
    assert_eq!((report.problems, report.orphans), (vec![], vec![]), "losers clean up");
    let fresh = open();
    assert_eq!(fresh.latest(&table).await.unwrap(), 11);
    assert_eq!(fresh.schema(&table, Some(3)).await.unwrap().field(0).name(), "n");
}

#[tokio::test]
async fn a_dropped_table_is_not_revived_by_a_writer() {
    let folder = TempDir::new().unwrap();
    let table = path("race/dropped");
    let open = || DeltaLake::open(Location::Folder(folder.path().to_path_buf())).unwrap();
    let (lake, other) = (open(), open());
    let commit = async |lake: &DeltaLake, batch: RecordBatch| {
        let mut writer = lake.writer(&table, batch.schema()).await?;
        writer.write(batch).await?;
        writer.commit(info()).await
    };
    commit(&lake, rows(1)).await.unwrap();
    commit(&lake, rows(2)).await.unwrap();
    let mut late = lake.writer(&table, rows(3).schema()).await.unwrap();
    late.write(rows(3)).await.unwrap();
    other.drop_table(&table).await.unwrap();
    let error = late.commit(info()).await.err().unwrap();
    assert!(matches!(error, LakeError::Conflict { .. } | LakeError::Failed { .. }), "{error}");
    assert!(matches!(lake.latest(&table).await, Err(LakeError::NoTable { .. })));
    assert_eq!(lake.tables().await.unwrap(), []);
    assert_eq!(commit(&lake, rows(4)).await.unwrap().version, 0, "a new table of the same name");
    assert_eq!(other.count(&table, None, None, &LIMITS).await.unwrap(), 5);
}

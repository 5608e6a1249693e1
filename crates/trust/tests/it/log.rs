//! Sealing, receipts, what a crash leaves.

use std::sync::Arc;

use futures::future::join_all;
use store::{Query as _, Store, params};
use testkit::{moment, stores};
use tokio::sync::oneshot;
use trust::log::{LogError, Receipt, Sealed};
use trust::verify::{check_growth, verify_receipt, walk};
use trust::{Clock, Keyring, Log};

use crate::house::{ORIGIN, Served, after, append, files, keyring, log};

async fn count(store: &Store, sql: &str) -> i64 {
    store.read().await.unwrap().one(sql, params![]).await.unwrap()
}

const WAITING: &str = "SELECT COUNT(*) FROM log_entry WHERE position IS NULL";

#[tokio::test]
async fn every_checkpoint_is_kept_and_consistent_with_the_next() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        for count in [1, 3, 60, 200, 1, 250] {
            append(&store, count).await;
            log.seal_all(moment()).await.unwrap();
        }
        let sizes = log.checkpoint_sizes().await.unwrap();
        assert_eq!(sizes, [0, 1, 4, 64, 264, 265, 515], "{engine}");
        let served = Served::new(&log);
        for size in &sizes {
            let note = log.checkpoint_of(*size).await.unwrap().unwrap();
            let grown = check_growth(&served, log.vkey(), &note).await.unwrap();
            assert_eq!(grown.size, 515, "{engine}");
        }
        assert_eq!(log.checkpoint_of(2).await.unwrap(), None, "{engine}");
        // Every partial tile that was ever published is still served.
        for path in [
            "tile/0/000.p/1",
            "tile/0/000.p/4",
            "tile/0/000.p/64",
            "tile/0/001.p/8",
            "tile/0/001.p/9",
            "tile/entries/000.p/4",
            "tile/entries/001.p/8",
            "tile/1/000.p/1",
        ] {
            assert!(log.tile(path).await.unwrap().is_some(), "{engine}: {path}");
        }
        for path in [
            "tile/0/002.p/4",
            "tile/0/003",
            "tile/1/000",
            "tile/2/000.p/1",
            "tile/entries/002.p/4",
            "tile/entries/003",
            "checkpoint",
            "tile/0/000.p/256",
            "",
        ] {
            assert!(log.tile(path).await.unwrap().is_none(), "{engine}: {path}");
        }
        let walked = walk(&served, log.vkey()).await.unwrap();
        assert_eq!((walked.checkpoint.size, walked.tiles), (515, 4), "{engine}");
        let proof = log.consistency_proof(64, 515).await.unwrap();
        assert!(proof.is_some_and(|proof| !proof.is_empty()), "{engine}");
        assert_eq!(log.consistency_proof(64, 516).await.unwrap(), None, "{engine}");
    }
}

#[tokio::test]
async fn an_entry_once_sealed_never_changes() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        append(&store, 300).await;
        log.seal_all(moment()).await.unwrap();
        let tiles = ["tile/entries/000", "tile/entries/001.p/44", "tile/0/000", "tile/0/001.p/44"];
        let mut before = Vec::new();
        for path in tiles {
            before.push(log.tile(path).await.unwrap().unwrap());
        }
        let note = log.checkpoint_of(300).await.unwrap();
        append(&store, 500).await;
        log.seal_all(moment()).await.unwrap();
        for (path, before) in tiles.iter().zip(&before) {
            assert_eq!(&log.tile(path).await.unwrap().unwrap(), before, "{engine}: {path}");
        }
        assert_eq!(log.checkpoint_of(300).await.unwrap(), note, "{engine}");
        // The longer tile begins with the bytes of the shorter one.
        let whole = log.tile("tile/0/001").await.unwrap().unwrap();
        assert!(whole.starts_with(&before[3]), "{engine}");
    }
}

#[tokio::test]
async fn a_receipt_is_proved_offline_and_breaks_with_any_change() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        let ids = append(&store, 300).await;
        assert!(matches!(log.receipt(ids[7]).await, Err(LogError::NotSealed)), "{engine}");
        assert_eq!(log.index_of(ids[7]).await.unwrap(), None);
        log.seal_all(moment()).await.unwrap();
        for id in [ids[0], ids[7], ids[255], ids[256], ids[299]] {
            let receipt = log.receipt(id).await.unwrap();
            let verified = verify_receipt(&receipt, log.vkey()).unwrap();
            assert_eq!(verified.leaf.id, id, "{engine}");
            assert_eq!(verified.record["data"]["名"], "汾河", "{engine}");
            assert_eq!(verified.record["actor"], "system", "{engine}");
            assert_eq!(log.index_of(id).await.unwrap(), Some(receipt.index), "{engine}");
        }
        let sound = log.receipt(ids[7]).await.unwrap();
        let other = log.receipt(ids[8]).await.unwrap();
        let changed: [&dyn Fn(&mut Receipt); 9] = [
            &|receipt| receipt.body = receipt.body.replace("汾河", "黄河"),
            &|receipt| receipt.body.push(' '),
            &|receipt| receipt.salt = other.salt.clone(),
            &|receipt| receipt.entry = other.entry.clone(),
            &|receipt| receipt.index += 1,
            &|receipt| receipt.proof = other.proof.clone(),
            &|receipt| receipt.proof = receipt.proof.replacen("index ", "index 1", 1),
            &|receipt| receipt.checkpoint = receipt.checkpoint.replace("\n300\n", "\n301\n"),
            &|receipt| receipt.proof.push('\n'),
        ];
        for (number, change) in changed.iter().enumerate() {
            let mut receipt = sound.clone();
            change(&mut receipt);
            assert_ne!(receipt, sound, "{number}");
            assert!(verify_receipt(&receipt, log.vkey()).is_err(), "{engine}: change {number}");
        }
        let (_other_folder, stranger) = keyring();
        assert!(verify_receipt(&sound, stranger.vkey()).is_err(), "{engine}");
        // Nothing of the record is in what everyone may read.
        let public: Vec<u8> = files(&log).await.0.into_values().flatten().collect();
        let public = String::from_utf8_lossy(&public);
        assert!(!public.contains("汾河") && !public.contains("test:1"), "{engine}");
    }
}

#[tokio::test]
async fn a_crash_between_append_and_seal_loses_nothing() {
    for (engine, store) in stores().await {
        let (folder, log) = log(&store).await;
        append(&store, 10).await;
        log.seal_all(moment()).await.unwrap();
        append(&store, 5).await;
        // The process dies here: nothing but the database and the keys is left.
        drop(log);
        let keyring = Arc::new(Keyring::open(folder.path(), ORIGIN).unwrap());
        let again = Log::open(store.clone(), keyring, after(60)).await.unwrap();
        assert_eq!(count(&store, WAITING).await, 5, "{engine}");
        assert_eq!(again.seal_all(after(60)).await.unwrap(), 5, "{engine}");
        let walked = walk(&Served::new(&again), again.vkey()).await.unwrap();
        assert_eq!(walked.checkpoint.size, 15, "{engine}");
    }
}

#[tokio::test]
async fn an_entry_of_a_dropped_transaction_does_not_exist() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        {
            let mut tx = store.begin().await.unwrap();
            let event = trust::audit::Event::new("test.done", "x", serde_json::Value::Null);
            trust::audit::append(&mut tx, &crate::house::operator(), event).await.unwrap();
        }
        assert_eq!(log.seal(moment()).await.unwrap(), Sealed::Nothing, "{engine}");
        assert_eq!(count(&store, "SELECT COUNT(*) FROM audit").await, 0, "{engine}");
    }
}

#[tokio::test]
async fn there_is_one_sealer_at_a_time() {
    for (engine, store) in stores().await {
        let (_folder, keyring) = keyring();
        let mut logs = Vec::new();
        for _ in 0..4 {
            let log = Log::open(store.clone(), Arc::clone(&keyring), moment()).await.unwrap();
            logs.push(log);
        }
        // Appending and sealing at once, from all sides.
        let appends = (0..20).map(|_| append(&store, 7));
        let seals = logs.iter().cycle().take(40).map(|log| log.seal(moment()));
        let (ids, sealed) = tokio::join!(join_all(appends), join_all(seals));
        for outcome in sealed {
            outcome.unwrap();
        }
        assert_eq!(ids.into_iter().flatten().count(), 140, "{engine}");
        // Whoever has the lease goes on; when its time is over, anyone may.
        let mut left = 0;
        for log in &logs {
            left += log.seal_all(after(11)).await.unwrap();
        }
        assert!(left <= 140, "{engine}");
        assert_eq!(count(&store, WAITING).await, 0, "{engine}");
        let walked = walk(&Served::new(&logs[0]), logs[0].vkey()).await.unwrap();
        assert_eq!(walked.checkpoint.size, 140, "{engine}");
    }
}

#[tokio::test]
async fn an_entry_is_sealed_within_a_second() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        let (stop, stopped) = oneshot::channel::<()>();
        let clock = Clock::Fixed(moment());
        let running = {
            let log = log.clone();
            tokio::task::spawn(async move {
                log.run(clock, async move {
                    let _ = stopped.await;
                })
                .await;
            })
        };
        for _ in 0..3 {
            let ids = append(&store, 2).await;
            let started = std::time::Instant::now();
            while log.index_of(ids[1]).await.unwrap().is_none() {
                assert!(started.elapsed().as_secs() < 5, "{engine}: not sealed");
                tokio::task::yield_now().await;
            }
            println!("{engine}: sealed after {:?}", started.elapsed());
        }
        // What is appended last is sealed before the end.
        append(&store, 3).await;
        stop.send(()).unwrap();
        running.await.unwrap();
        assert_eq!(count(&store, WAITING).await, 0, "{engine}");
        assert_eq!(count(&store, "SELECT COUNT(*) FROM lease").await, 0, "{engine}");
    }
}

#[tokio::test]
async fn a_changed_table_stops_the_sealer_instead_of_being_signed() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        append(&store, 5).await;
        log.seal_all(moment()).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let forged = vec![7_u8; 5 * 32];
        tx.execute("UPDATE log_tile SET hashes = $1", params![forged]).await.unwrap();
        tx.commit().await.unwrap();
        append(&store, 1).await;
        let error = log.seal(moment()).await.unwrap_err();
        assert!(matches!(error, LogError::Damaged(_)), "{engine}: {error:?}");
        assert_eq!(count(&store, "SELECT COUNT(*) FROM log_checkpoint").await, 2, "{engine}");
    }
}

#[tokio::test]
async fn keys_of_another_log_do_not_open_this_one() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        drop(log);
        let (_other, stranger) = keyring();
        let error = Log::open(store.clone(), stranger, moment()).await.unwrap_err();
        assert!(matches!(error, LogError::Checkpoint(_)), "{engine}: {error:?}");
    }
}

#[tokio::test]
async fn the_log_tells_its_state_and_its_newest_entries() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        assert_eq!(log.state().await.unwrap().checkpoint.size, 0, "{engine}");
        assert!(log.entries(None, 5).await.unwrap().is_empty(), "{engine}");
        append(&store, 12).await;
        log.seal_all(after(5)).await.unwrap();
        let state = log.state().await.unwrap();
        assert_eq!((state.checkpoint.size, state.sealed_at), (12, after(5)), "{engine}");
        assert_eq!(state.checkpoint.origin, ORIGIN);
        let newest = log.entries(None, 5).await.unwrap();
        let places: Vec<u64> = newest.iter().map(|entry| entry.index).collect();
        assert_eq!(places, [11, 10, 9, 8, 7], "{engine}");
        assert_eq!(newest[0].leaf.kind, "test.done", "{engine}");
        assert_eq!(log.entries(Some(2), 5).await.unwrap().len(), 2, "{engine}");
    }
}

/// The figure for docs/performance.md: entries sealed a second.
#[tokio::test]
async fn thousands_of_entries_are_sealed_at_once() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        append(&store, 5000).await;
        let started = std::time::Instant::now();
        assert_eq!(log.seal_all(moment()).await.unwrap(), 5000, "{engine}");
        println!("{engine}: 5000 entries sealed in {:?}", started.elapsed());
        let walked = walk(&Served::new(&log), log.vkey()).await.unwrap();
        assert_eq!(walked.checkpoint.size, 5000, "{engine}");
    }
}

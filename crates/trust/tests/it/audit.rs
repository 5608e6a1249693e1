//! The audit trail.

use serde_json::json;
use store::params;
use testkit::{moment, stores};
use trust::audit::{self, Event, Filter, commitments};
use trust::{Caller, Role};

use crate::house::{account, after, append, body, taxes, with_role};

#[test]
fn the_commitments_are_those_of_the_standards() {
    // GB/T 32905-2016, example 1, and FIPS 180-4: the hash of "abc".
    let (sm3, sha256) = commitments(b"a", b"bc");
    assert_eq!(sm3, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    assert_eq!(sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[tokio::test]
async fn no_state_changes_without_an_audit_entry() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        let caller = with_role(&li, Role::Clerk).with_request("req-1", "10.0.0.1");
        let mut tx = store.begin().await.unwrap();
        let event = Event::new("asset.returned", "asset:1", json!({ "revision": 3 }))
            .on_ground("政务数据共享条例 第十三条");
        let id = audit::append(&mut tx, &caller, event).await.unwrap();
        tx.commit().await.unwrap();
        let mut reader = store.read().await.unwrap();
        let record = audit::find(&mut reader, id).await.unwrap().unwrap();
        assert_eq!(record.actor, format!("account:{}", li.id), "{engine}");
        assert_eq!((record.account, record.body_code), (Some(li.id), Some(taxes())));
        assert_eq!(record.ground.as_deref(), Some("政务数据共享条例 第十三条"));
        assert_eq!(record.request_id.as_deref(), Some("req-1"));
        assert_eq!(record.address.as_deref(), Some("10.0.0.1"));
        assert_eq!(record.at, moment());
        assert_eq!(record.fact("revision"), Some(&json!(3)));
        assert_eq!(record.data["ground"], "政务数据共享条例 第十三条");
        // If the entry cannot be written, neither can the change.
        drop(reader);
        let mut tx = store.begin().await.unwrap();
        tx.execute("DROP TABLE log_entry", params![]).await.unwrap();
        let event = Event::new("asset.returned", "asset:1", json!({}));
        assert!(audit::append(&mut tx, &caller, event).await.is_err(), "{engine}");
    }
}

#[tokio::test]
async fn the_trail_is_searched_by_subject_person_kind_and_time() {
    for (engine, store) in stores().await {
        body(&store, taxes()).await;
        let li = account(&store, "li").await;
        let mut ids = Vec::new();
        for second in 1..=6 {
            let caller = Caller::of_account(li.clone(), Vec::new(), after(second));
            let subject = format!("asset:{}", second % 2);
            let kind = if second < 4 { "test.first" } else { "test.second" };
            let mut tx = store.begin().await.unwrap();
            ids.push(
                audit::append(&mut tx, &caller, Event::new(kind, subject, json!(null)))
                    .await
                    .unwrap(),
            );
            tx.commit().await.unwrap();
        }
        let mut reader = store.read().await.unwrap();
        let mut found = async |filter: Filter, limit| {
            let records = audit::search(&mut reader, &filter, limit).await.unwrap();
            records
                .iter()
                .filter_map(|record| ids.iter().position(|id| *id == record.id))
                .map(|place| place + 1)
                .collect::<Vec<_>>()
        };
        let none = Filter::default;
        assert_eq!(found(Filter { account: Some(li.id), ..none() }, 9).await, [6, 5, 4, 3, 2, 1]);
        assert_eq!(
            found(Filter { subject: Some("asset:0".to_owned()), ..none() }, 2).await,
            [6, 4]
        );
        assert_eq!(
            found(Filter { kind: Some("test.first".to_owned()), ..none() }, 9).await,
            [3, 2, 1]
        );
        let window = Filter { from: Some(after(2)), until: Some(after(5)), ..none() };
        assert_eq!(found(window, 9).await, [4, 3, 2], "{engine}");
        assert_eq!(found(Filter { before: Some(ids[2]), ..none() }, 9).await, [2, 1], "{engine}");
        let actor = Some(format!("account:{}", li.id));
        assert_eq!(found(Filter { actor, ..none() }, 1).await, [6], "{engine}");
    }
}

#[tokio::test]
async fn whoever_changes_a_record_is_found_out() {
    for (engine, store) in stores().await {
        let ids = append(&store, 1200).await;
        let damaged = async || audit::damaged(&mut store.read().await.unwrap()).await.unwrap();
        assert_eq!(damaged().await, [], "{engine}");
        let mut tx = store.begin().await.unwrap();
        for (sql, id) in [
            ("UPDATE audit SET data = replace(data, '汾河', '黄河') WHERE entry_id = $1", ids[3]),
            ("UPDATE audit SET salt = '00' WHERE entry_id = $1", ids[1100]),
            ("DELETE FROM log_entry WHERE entry_id = $1", ids[1199]),
        ] {
            assert_eq!(tx.execute(sql, params![id]).await.unwrap(), 1, "{engine}");
        }
        tx.commit().await.unwrap();
        let mut expected = vec![ids[3], ids[1100], ids[1199]];
        expected.sort();
        assert_eq!(damaged().await, expected, "{engine}");
    }
}

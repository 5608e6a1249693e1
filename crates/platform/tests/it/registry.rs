//! Registration and the data of an asset.

use platform::registry::{self, AssetState, CatalogueEntry, NewAsset, version};
use platform::{Error, registry::upload};
use trust::Role;

use crate::stage::{Stage, body, complete_entry};

#[tokio::test]
async fn three_persons_bring_an_entry_into_the_catalogue() {
    for stage in Stage::each().await {
        let asset = stage.asset().await;
        stage.file(asset, "survey.csv", "姓名,年龄\n王丽,30\n".as_bytes()).await;
        stage.publish(asset).await;
        let anyone = trust::Caller::anonymous(testkit::moment());
        let found = registry::find(&anyone, &stage.platform, asset).await.unwrap();
        assert_eq!(found.state, AssetState::Published);
        assert_eq!(found.entry.items.len(), 2);
        let hits = platform::open::find(&stage.platform, search_for("抽样")).await.unwrap();
        assert_eq!(hits.assets.len(), 1);
    }
}

#[tokio::test]
async fn a_list_neither_shows_nor_names_what_the_caller_may_not_see() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let published = stage.asset().await;
        stage.file(published, "survey.csv", b"a,b\n1,2\n").await;
        stage.publish(published).await;
        for _ in 0..5 {
            stage.asset().await;
        }
        let filter = registry::AssetFilter { limit: 2, ..registry::AssetFilter::default() };
        let anyone = trust::Caller::anonymous(testkit::moment());
        let (seen, next) = registry::list(&anyone, platform, &filter).await.unwrap();
        assert_eq!(seen.iter().map(|asset| asset.id).collect::<Vec<_>>(), [published]);
        assert_eq!(next, None);
        let clerk = stage.person(Role::Clerk).await;
        let mut all = Vec::new();
        let mut filter = filter;
        loop {
            let (seen, next) = registry::list(&clerk, platform, &filter).await.unwrap();
            all.extend(seen.into_iter().map(|asset| asset.id));
            filter.after = next;
            if filter.after.is_none() {
                break;
            }
        }
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 6);
    }
}

#[tokio::test]
async fn nobody_approves_what_they_filed() {
    for stage in Stage::each().await {
        let asset = stage.asset().await;
        stage.file(asset, "survey.csv", b"a,b\n1,2\n").await;
        let clerk = stage.person(Role::Clerk).await;
        registry::submit(&clerk, &stage.platform, asset, None).await.unwrap();
        let refused = registry::consent(&clerk, &stage.platform, asset, None).await;
        assert!(matches!(refused, Err(Error::Denied(_))));
        let waiting = registry::find(&clerk, &stage.platform, asset).await.unwrap();
        assert_eq!(waiting.state, AssetState::UnitReview);
    }
}

#[tokio::test]
async fn an_incomplete_entry_gets_one_notice_that_lists_everything_missing() {
    let stage = Stage::new().await;
    let clerk = stage.person(Role::Clerk).await;
    let new = NewAsset {
        body: body(),
        kind: registry::AssetKind::Dataset,
        entry: CatalogueEntry::default(),
    };
    let asset = registry::register(&clerk, &stage.platform, new).await.unwrap().asset;
    assert_eq!(registry::missing(&asset).len(), 12);
    let refused = registry::submit(&clerk, &stage.platform, asset.id, None).await;
    let Err(Error::Refused { refusals }) = refused else { panic!("{refused:?}") };
    assert_eq!(refusals[0].code.to_string(), "R-SH-01");
    for word in ["数据目录名称", "数据项", "共享属性", "保密风险评估"] {
        assert!(refusals[0].detail.zh.contains(word), "{word}");
    }
}

#[tokio::test]
async fn what_the_law_refuses_is_refused_with_its_code() {
    let stage = Stage::new().await;
    let clerk = stage.person(Role::Clerk).await;
    type Change = fn(&mut CatalogueEntry);
    let cases: [(&str, Change); 4] = [
        ("R-SH-02", |entry| entry.sharing = Some(law::SharingAttribute::Withheld)),
        ("R-SH-03", |entry| entry.sharing = Some(law::SharingAttribute::Conditional)),
        ("R-OP-03", |entry| entry.opening = Some(law::OpeningAttribute::Withheld)),
        ("R-OP-06", |entry| entry.level = Some(vocabulary::DataLevel::Important)),
    ];
    for (code, change) in cases {
        let mut entry = complete_entry();
        entry.items = vec![registry::Item { name: "a".to_owned(), ..Default::default() }];
        change(&mut entry);
        let new = NewAsset { body: body(), kind: registry::AssetKind::Dataset, entry };
        let asset = registry::register(&clerk, &stage.platform, new).await.unwrap().asset;
        let refused = registry::submit(&clerk, &stage.platform, asset.id, None).await;
        let Err(Error::Refused { refusals }) = refused else { panic!("{code}: {refused:?}") };
        assert_eq!(refusals.iter().map(|r| r.code.to_string()).collect::<Vec<_>>(), [code]);
        assert!(law::refusal(&refusals[0].code).is_some(), "{code} is in the refusal table");
    }
}

#[tokio::test]
async fn a_change_of_someone_else_is_not_overwritten() {
    for stage in Stage::each().await {
        let asset = stage.asset().await;
        let clerk = stage.person(Role::Clerk).await;
        let platform = &stage.platform;
        registry::edit(&clerk, platform, asset, 1, complete_entry()).await.unwrap();
        let stale = registry::edit(&clerk, platform, asset, 1, complete_entry()).await;
        assert!(matches!(stale, Err(Error::Stale)));
    }
}

#[tokio::test]
async fn good_rows_are_kept_and_bad_rows_are_explained() {
    for stage in Stage::each().await {
        let asset = stage.asset().await;
        let mut csv = String::from("编号,数量\n");
        for row in 0..1_000 {
            csv.push_str(&format!("A{row},{row}\n"));
        }
        csv.push_str("A9,9,多余\n");
        let version = stage.file(asset, "counts.csv", csv.as_bytes()).await;
        assert_eq!((version.rows, version.rejected), (Some(1_000), Some(1)));
        let clerk = stage.person(Role::Clerk).await;
        let (rows, total) =
            version::quarantine(&clerk, &stage.platform, asset, 1, 10).await.unwrap();
        assert_eq!((rows[0].line, rows[0].code.as_str(), total), (1_002, "field_count", 1));
    }
}

/// A sheet with a merged region and a unit in every cell of numbers.
fn sheet_for_people() -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(["地区", "县区", "人口"]) {
        sheet.write_string(0, column, name).unwrap();
    }
    for (row, county) in (1..).zip(["小店区", "迎泽区", "杏花岭区", "尖草坪区"]) {
        sheet.write_string(row, 1, county).unwrap();
        sheet.write_string(row, 2, format!("{row}.5万人")).unwrap();
    }
    let plain = rust_xlsxwriter::Format::new();
    sheet.merge_range(1, 0, 4, 0, "太原市", &plain).unwrap();
    book.save_to_buffer().unwrap()
}

#[tokio::test]
async fn a_workbook_is_repaired_as_a_version_of_its_own_once_a_clerk_agrees() {
    for stage in Stage::each().await {
        let platform = &stage.platform;
        let asset = stage.asset().await;
        let before = stage.file(asset, "people.xlsx", &sheet_for_people()).await;
        let reading = before.reading.unwrap();
        let proposed: Vec<_> = reading.proposals.iter().map(|found| found.repair).collect();
        assert_eq!(proposed, [ingest::Repair::MergedCells, ingest::Repair::Units]);
        assert_eq!(reading.columns[2].kind, "text");
        // Who may not see rows sees no examples of them, and nobody else agrees.
        let admin = stage.person(Role::DataAdmin).await;
        let (_, seen) = version::find(&admin, platform, asset, 1).await.unwrap();
        assert!(seen.reading.unwrap().proposals[0].examples.is_empty());
        let head = stage.person(Role::UnitHead).await;
        let denied = registry::repair::repair(&head, platform, asset, 1, &proposed).await;
        assert!(matches!(denied, Err(Error::Denied { .. })), "{denied:?}");
        let clerk = stage.person(Role::Clerk).await;
        for none in [&[][..], &[ingest::Repair::Marks]] {
            let invalid = registry::repair::repair(&clerk, platform, asset, 1, none).await;
            assert!(matches!(invalid, Err(Error::Invalid { .. })), "{invalid:?}");
        }
        let units = [ingest::Repair::Units];
        let completed = registry::repair::repair(&clerk, platform, asset, 1, &units).await.unwrap();
        stage.work().await;
        let (draft, after) =
            version::find(&clerk, platform, asset, completed.number).await.unwrap();
        assert_eq!((after.number, after.state.as_str()), (2, "stored"));
        assert_eq!((after.rows, after.sha256), (Some(4), before.sha256));
        let reading = after.reading.unwrap();
        assert_eq!(reading.columns[2].name, "人口（万人）");
        assert_eq!(reading.columns[2].kind, "number");
        let names: Vec<_> = draft.entry.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["地区", "县区", "人口（万人）"]);
        // What is still open can be agreed to later, and what was made stays made.
        let cells = [ingest::Repair::MergedCells];
        let completed = registry::repair::repair(&clerk, platform, asset, 2, &cells).await.unwrap();
        stage.work().await;
        let (_, last) = version::find(&clerk, platform, asset, completed.number).await.unwrap();
        let reading = last.reading.unwrap();
        assert_eq!((reading.repaired.len(), reading.proposals.len()), (2, 0));
        assert_eq!(last.profile.unwrap().complete_rows, 4);
    }
}

#[tokio::test]
async fn a_return_always_gives_a_reason() {
    let stage = Stage::new().await;
    let asset = stage.asset().await;
    stage.file(asset, "survey.csv", b"a,b\n1,2\n").await;
    let (clerk, head) = (stage.person(Role::Clerk).await, stage.person(Role::UnitHead).await);
    let platform = &stage.platform;
    registry::submit(&clerk, platform, asset, None).await.unwrap();
    for blank in ["", "   ", "\n\t"] {
        let returned = registry::send_back(&head, platform, asset, None, blank).await;
        assert!(matches!(returned, Err(Error::Invalid { .. })), "{blank:?}");
    }
    let waiting = registry::find(&clerk, platform, asset).await.unwrap();
    assert_eq!(waiting.state, AssetState::UnitReview);
    registry::send_back(&head, platform, asset, None, "数据项说明不全").await.unwrap();
    let returned = registry::find(&clerk, platform, asset).await.unwrap();
    assert_eq!(returned.state, AssetState::Draft);
    assert_eq!(returned.return_reason.as_deref(), Some("数据项说明不全"));
}

#[tokio::test]
async fn who_may_not_see_rows_sees_a_profile_without_values() {
    let stage = Stage::new().await;
    let asset = stage.asset().await;
    stage.file(asset, "survey.csv", "姓名,年龄\n王丽,30\n王丽,41\n".as_bytes()).await;
    stage.publish(asset).await;
    let platform = &stage.platform;
    let clerk = stage.person(Role::Clerk).await;
    let (_, own) = version::find(&clerk, platform, asset, 1).await.unwrap();
    assert_eq!(own.profile.unwrap().columns[0].top[0].value, "王丽");
    let admin = stage.person(Role::DataAdmin).await;
    for seen in version::list(&admin, platform, asset).await.unwrap() {
        let columns = seen.profile.unwrap().columns;
        assert_eq!((columns[0].distinct, columns[1].missing), (1, 0));
        for column in columns {
            assert!(column.top.is_empty() && column.min.is_none() && column.max.is_none());
        }
    }
}

/// The bytes that a crash leaves behind the last acknowledged one do no harm. That the
/// acknowledged ones are on the disk is shown by `tests/system` with kill -9.
#[tokio::test]
async fn an_acknowledged_piece_survives_a_crash() {
    let stage = Stage::new().await;
    let asset = stage.asset().await;
    let clerk = stage.person(Role::Clerk).await;
    let platform = &stage.platform;
    let bytes = bytes::Bytes::from_static("姓名,年龄\n王丽,30\n李伟,41\n".as_bytes());
    let hint = upload::FileHint::default();
    let length = u64::try_from(bytes.len()).unwrap();
    let begun = upload::begin(&clerk, platform, asset, "a.csv", length, hint).await.unwrap();
    let stood = upload::append(&clerk, platform, begun.id, 0, bytes.slice(..20)).await.unwrap();
    // A crash in the middle of the next piece: some of its bytes, and others.
    let path = platform.files.upload(begun.id);
    let mut left = std::fs::read(&path).unwrap();
    left.extend_from_slice(b"half a piece that was never acknowledged");
    std::fs::write(&path, left).unwrap();
    let found = upload::find(&clerk, platform, begun.id).await.unwrap();
    assert_eq!(found.bytes_received, stood);
    upload::append(&clerk, platform, begun.id, stood, bytes.slice(20..)).await.unwrap();
    upload::complete(&clerk, platform, begun.id).await.unwrap();
    stage.work().await;
    let (_, version) = version::find(&clerk, platform, asset, 1).await.unwrap();
    assert_eq!((version.rows, version.rejected), (Some(2), Some(0)));
}

/// A server that died while it read a file: with kill -9 in `tests/system`, here with
/// what it may leave behind, on both engines.
#[tokio::test]
async fn nothing_is_half_visible_after_a_crash() {
    for stage in Stage::each().await {
        let asset = stage.asset().await;
        let clerk = stage.person(Role::Clerk).await;
        let platform = &stage.platform;
        let bytes = bytes::Bytes::from_static(b"a,b\n1,2\n3,4\n");
        let hint = upload::FileHint::default();
        let begun = upload::begin(&clerk, platform, asset, "a.csv", 12, hint).await.unwrap();
        upload::append(&clerk, platform, begun.id, 0, bytes).await.unwrap();
        let completed = upload::complete(&clerk, platform, begun.id).await.unwrap();
        let now = testkit::moment();
        let lease = jiff::SignedDuration::from_secs(60);
        store::job::claim(&platform.store, "dead", now, lease).await.unwrap().unwrap();
        std::fs::write(platform.files.quarantine(completed.version_id), b"{\"line\":").unwrap();
        let (_, seen) = version::find(&clerk, platform, asset, 1).await.unwrap();
        assert_eq!((seen.state.as_str(), seen.rows, seen.stored), ("reading", None, None));
        store::job::give_back(&platform.store, now).await.unwrap();
        stage.work().await;
        let (_, seen) = version::find(&clerk, platform, asset, 1).await.unwrap();
        assert_eq!((seen.state.as_str(), seen.rows, seen.rejected), ("stored", Some(2), Some(0)));
        let left = std::fs::read(platform.files.quarantine(completed.version_id)).unwrap();
        assert!(left.is_empty());
    }
}

#[tokio::test]
async fn a_file_that_kills_its_reader_is_given_up_and_says_so() {
    let stage = Stage::new().await;
    let asset = stage.asset().await;
    let clerk = stage.person(Role::Clerk).await;
    let platform = &stage.platform;
    let hint = upload::FileHint::default();
    let begun = upload::begin(&clerk, platform, asset, "a.csv", 8, hint).await.unwrap();
    let bytes = bytes::Bytes::from_static(b"a,b\n1,2\n");
    upload::append(&clerk, platform, begun.id, 0, bytes).await.unwrap();
    upload::complete(&clerk, platform, begun.id).await.unwrap();
    let (now, lease) = (testkit::moment(), jiff::SignedDuration::from_secs(60));
    for _ in 0..3 {
        store::job::claim(&platform.store, "dead", now, lease).await.unwrap().unwrap();
        store::job::give_back(&platform.store, now).await.unwrap();
    }
    stage.work().await;
    let (_, seen) = version::find(&clerk, platform, asset, 1).await.unwrap();
    assert_eq!((seen.state.as_str(), seen.rows), ("failed", None));
    assert!(seen.problem.is_some());
}

#[tokio::test]
async fn completing_twice_makes_one_version() {
    let stage = Stage::new().await;
    let asset = stage.asset().await;
    let clerk = stage.person(Role::Clerk).await;
    let platform = &stage.platform;
    let hint = upload::FileHint::default();
    let begun = upload::begin(&clerk, platform, asset, "a.csv", 8, hint).await.unwrap();
    let early = upload::complete(&clerk, platform, begun.id).await;
    assert!(matches!(early, Err(Error::Invalid { .. })));
    let bytes = bytes::Bytes::from_static(b"a,b\n1,2\n");
    upload::append(&clerk, platform, begun.id, 0, bytes.slice(..3)).await.unwrap();
    let repeated = upload::append(&clerk, platform, begun.id, 0, bytes.slice(..3)).await;
    assert!(matches!(repeated, Err(Error::Stale)));
    assert_eq!(upload::append(&clerk, platform, begun.id, 3, bytes.slice(3..)).await.unwrap(), 8);
    let first = upload::complete(&clerk, platform, begun.id).await.unwrap();
    let second = upload::complete(&clerk, platform, begun.id).await.unwrap();
    assert_eq!(first.version_id, second.version_id);
}

#[tokio::test]
async fn two_files_at_once_become_two_versions() {
    for stage in Stage::each().await {
        let asset = stage.asset().await;
        let clerk = stage.person(Role::Clerk).await;
        let platform = &stage.platform;
        let send = |name: &'static str, bytes: &'static [u8]| {
            let clerk = &clerk;
            async move {
                let length = u64::try_from(bytes.len()).unwrap();
                let hint = upload::FileHint::default();
                let begun =
                    upload::begin(clerk, platform, asset, name, length, hint).await.unwrap();
                let piece = bytes::Bytes::from_static(bytes);
                upload::append(clerk, platform, begun.id, 0, piece).await.unwrap();
                begun.id
            }
        };
        // The same bytes twice: a person who sends a file again from another window.
        let (first, second) =
            (send("a.csv", b"a,b\n1,2\n").await, send("a.csv", b"a,b\n1,2\n").await);
        let (one, again, other) = tokio::join!(
            upload::complete(&clerk, platform, first),
            upload::complete(&clerk, platform, first),
            upload::complete(&clerk, platform, second),
        );
        let (one, again, other) = (one.unwrap(), again.unwrap(), other.unwrap());
        assert_eq!(one.version_id, again.version_id);
        let mut numbers = [one.number, other.number];
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2]);
        stage.work().await;
        for version in version::list(&clerk, platform, asset).await.unwrap() {
            assert_eq!((version.state.as_str(), version.rows), ("stored", Some(1)));
        }
    }
}

#[tokio::test]
async fn a_picture_or_an_empty_file_is_refused_before_it_is_sent() {
    let stage = Stage::new().await;
    let asset = stage.asset().await;
    let clerk = stage.person(Role::Clerk).await;
    let hint = upload::FileHint::default;
    let scan = upload::begin(&clerk, &stage.platform, asset, "scan.pdf", 10, hint()).await;
    assert!(
        matches!(scan, Err(Error::Refused { refusals }) if refusals[0].code.to_string() == "R-OP-05")
    );
    let empty = upload::begin(&clerk, &stage.platform, asset, "a.csv", 0, hint()).await;
    assert!(matches!(empty, Err(Error::Invalid { .. })));
}

fn search_for(text: &str) -> search::Query {
    search::Query { text: Some(text.to_owned()), limit: 10, ..search::Query::default() }
}

//! The index as a folder: kept, locked, thrown away when it cannot be read.

use search::{Catalogue, SearchError};

use crate::{catalogue, find, ids, titled};

#[test]
fn documents_are_replaced_removed_and_cleared() {
    let catalogue = catalogue(&[titled("1", "桥梁"), titled("2", "隧道")]);
    assert_eq!(catalogue.len(), 2);
    catalogue.replace(&[titled("1", "公园"), titled("3", "广场")]).unwrap();
    assert_eq!(catalogue.len(), 3);
    assert_eq!(find(&catalogue, "桥梁").total, 0);
    assert_eq!(ids(&find(&catalogue, "公园")), ["1"]);
    catalogue.remove(&["2".into(), "not there".into()]).unwrap();
    assert_eq!(catalogue.len(), 2);
    // The same id twice in one call: the last one stays.
    catalogue.replace(&[titled("9", "医院"), titled("9", "学校")]).unwrap();
    assert_eq!(find(&catalogue, "医院").total, 0);
    assert_eq!(ids(&find(&catalogue, "学校")), ["9"]);
    catalogue.clear().unwrap();
    assert!(catalogue.is_empty());
}

#[test]
fn an_index_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deep/search");
    let catalogue = Catalogue::open(&folder).unwrap();
    assert!(catalogue.is_empty());
    catalogue.replace(&[titled("1", "桥梁")]).unwrap();
    assert!(matches!(Catalogue::open(&folder), Err(SearchError::Locked { .. })));
    drop(catalogue);
    let again = Catalogue::open(&folder).unwrap();
    assert_eq!(ids(&find(&again, "桥")), ["1"]);
}

#[test]
fn a_damaged_index_is_thrown_away_and_nothing_else_is() {
    let dir = tempfile::tempdir().unwrap();
    drop(Catalogue::open(dir.path()).unwrap());
    let kept = dir.path().join("notes.txt");
    std::fs::write(&kept, "not ours").unwrap();
    std::fs::write(dir.path().join("meta.json"), "{ damaged").unwrap();
    let catalogue = Catalogue::open(dir.path()).unwrap();
    assert!(catalogue.is_empty());
    catalogue.replace(&[titled("1", "桥梁")]).unwrap();
    assert_eq!(find(&catalogue, "桥梁").total, 1);
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "not ours");
}

#[test]
fn readers_and_writers_do_not_wait_for_each_other() {
    let catalogue = catalogue(&[titled("0", "数据")]);
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let catalogue = &catalogue;
            scope.spawn(move || {
                for number in 0..10 {
                    let id = format!("{writer}-{number}");
                    catalogue.replace(&[titled(&id, "数据")]).unwrap();
                }
            });
        }
        scope.spawn(|| {
            let mut last = 0;
            while last < 21 {
                let total = find(&catalogue, "数据").total;
                assert!(total >= last, "{total} after {last}");
                last = total;
            }
        });
    });
    assert_eq!(catalogue.len(), 21);
}

//! Whatever is changed in what the log serves, the walk finds it: ours, the
//! crate's and Go's.

use std::sync::Arc;

use testkit::{moment, sqlite_store};
use trust::log::Checkpoint;
use trust::verify::{VerifyError, check_growth, walk};
use trust::{Keyring, Log};

use crate::foreign::{crate_walk, go_walk};
use crate::house::{Files, ORIGIN, append, files, log};

struct Case {
    name: &'static str,
    files: Files,
    /// Go and its port drop a repeated signature line before they look.
    foreign_accept: bool,
}

fn file<'a>(files: &'a mut Files, path: &str) -> &'a mut Vec<u8> {
    files.0.get_mut(path).unwrap_or_else(|| panic!("no file {path}"))
}

/// A bundle's entries.
fn entries(bundle: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut all) = (bundle, Vec::new());
    while let [high, low, after @ ..] = rest {
        let (entry, next) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        all.push(entry.to_vec());
        rest = next;
    }
    all
}

fn bundle(entries: &[Vec<u8>]) -> Vec<u8> {
    let length = |entry: &Vec<u8>| u16::try_from(entry.len()).unwrap().to_be_bytes();
    entries.iter().flat_map(|entry| [length(entry).to_vec(), entry.clone()].concat()).collect()
}

#[tokio::test]
async fn whatever_is_changed_in_the_log_every_verifier_finds_it() {
    let store = sqlite_store().await;
    let (folder, log) = log(&store).await;
    append(&store, 300).await;
    log.seal_all(moment()).await.unwrap();
    let old = log.state().await.unwrap().checkpoint;
    append(&store, 400).await;
    log.seal_all(moment()).await.unwrap();
    let sound = files(&log).await;
    let now = log.state().await.unwrap().checkpoint;
    let keyring = Keyring::open(folder.path(), ORIGIN).unwrap();
    let sign = |checkpoint: &Checkpoint| keyring.sign_note(&checkpoint.to_string()).unwrap();
    let note = String::from_utf8(sound.0["checkpoint"].clone()).unwrap();
    let (_text, signature) = note.split_once("\n\n").unwrap();

    let mut cases = Vec::new();
    let mut case = |name, change: &dyn Fn(&mut Files)| {
        let mut files = sound.clone();
        change(&mut files);
        assert_ne!(files.0, sound.0, "{name} changes nothing");
        cases.push(Case { name, files, foreign_accept: name == "a repeated signature line" });
    };
    case("an entry's byte", &|files| file(files, "tile/entries/001")[700] ^= 1);
    case("two entries swapped", &|files| {
        let bytes = file(files, "tile/entries/000");
        let mut all = entries(bytes);
        all.swap(3, 4);
        *bytes = bundle(&all);
    });
    case("an entry removed", &|files| {
        let bytes = file(files, "tile/entries/000");
        let mut all = entries(bytes);
        all.remove(5);
        *bytes = bundle(&all);
    });
    case("a byte of a tile at level 0", &|files| file(files, "tile/0/001")[40] ^= 1);
    case("a byte of a partial tile", &|files| file(files, "tile/0/002.p/188")[0] ^= 0x80);
    case("a byte of a tile at level 1", &|files| file(files, "tile/1/000.p/2")[33] ^= 1);
    case("a truncated tile", &|files| file(files, "tile/0/000").truncate(32 * 255));
    case("an older root", &|files| {
        let checkpoint = Checkpoint { root: old.root, ..now.clone() };
        *file(files, "checkpoint") = sign(&checkpoint).into_bytes();
    });
    case("a newer size with an old root", &|files| {
        let checkpoint = Checkpoint { size: now.size + 1, ..now.clone() };
        *file(files, "checkpoint") = sign(&checkpoint).into_bytes();
    });
    case("another origin", &|files| {
        let checkpoint = Checkpoint { origin: "other.example/log".to_owned(), ..now.clone() };
        *file(files, "checkpoint") = sign(&checkpoint).into_bytes();
    });
    case("another key", &|files| {
        let other = tempfile::tempdir().unwrap();
        let other = Keyring::open(other.path(), ORIGIN).unwrap();
        *file(files, "checkpoint") = other.sign_note(&now.to_string()).unwrap().into_bytes();
    });
    case("a repeated signature line", &|files| {
        file(files, "checkpoint").extend(signature.as_bytes());
    });
    case("line ends of Windows", &|files| {
        *file(files, "checkpoint") = note.replace('\n', "\r\n").into_bytes();
    });
    case("a checkpoint of another log", &|files| {
        let other = tempfile::tempdir().unwrap();
        let other = Keyring::open(other.path(), "other.example/log").unwrap();
        let checkpoint = Checkpoint { origin: "other.example/log".to_owned(), ..now.clone() };
        *file(files, "checkpoint") = other.sign_note(&checkpoint.to_string()).unwrap().into_bytes();
    });

    walk(&sound, log.vkey()).await.unwrap();
    assert_eq!(crate_walk(&sound, log.vkey(), None), Ok(700));
    for Case { name, files, foreign_accept } in cases {
        assert!(walk(&files, log.vkey()).await.is_err(), "we accept {name}");
        let by_crate = crate_walk(&files, log.vkey(), None);
        assert_eq!(by_crate.is_ok(), foreign_accept, "tlog_tiles on {name}: {by_crate:?}");
        if let Some(by_go) = go_walk(&files, log.vkey(), None) {
            assert_eq!(by_go.is_ok(), foreign_accept, "Go on {name}: {by_go:?}");
        }
    }
}

/// A second log with the same key that tells another story.
async fn other_history(count: usize) -> (tempfile::TempDir, Arc<Keyring>, Log, Log) {
    let (folder, keyring) = crate::house::keyring();
    let (here, there) = (sqlite_store().await, sqlite_store().await);
    let open = async |store: &store::Store| {
        Log::open(store.clone(), Arc::clone(&keyring), moment()).await.unwrap()
    };
    let (first, second) = (open(&here).await, open(&there).await);
    append(&here, count).await;
    append(&there, count + 100).await;
    first.seal_all(moment()).await.unwrap();
    second.seal_all(moment()).await.unwrap();
    (folder, keyring, first, second)
}

#[tokio::test]
async fn a_rewritten_history_and_a_split_view_are_found_with_one_old_checkpoint() {
    let (_folder, keyring, first, second) = other_history(300).await;
    let kept = first.checkpoint().await.unwrap();
    let rewritten = files(&second).await;
    walk(&rewritten, keyring.vkey()).await.unwrap();
    let found = check_growth(&rewritten, keyring.vkey(), &kept).await.unwrap_err();
    assert_eq!(found, VerifyError::Rewritten { old: 300, new: 400 });
    assert!(crate_walk(&rewritten, keyring.vkey(), Some(&kept)).is_err());
    if let Some(by_go) = go_walk(&rewritten, keyring.vkey(), Some(&kept)) {
        assert!(by_go.is_err());
    }

    let state = first.state().await.unwrap().checkpoint;
    let other = Checkpoint { root: second.state().await.unwrap().checkpoint.root, ..state };
    let note = keyring.sign_note(&other.to_string()).unwrap().into_bytes();
    let found = check_growth(&files(&first).await, keyring.vkey(), &note).await.unwrap_err();
    assert_eq!(found, VerifyError::SplitView { size: 300 });

    let longer = second.checkpoint().await.unwrap();
    let found = check_growth(&files(&first).await, keyring.vkey(), &longer).await.unwrap_err();
    assert_eq!(found, VerifyError::Shrunk { old: 400, new: 300 });
}

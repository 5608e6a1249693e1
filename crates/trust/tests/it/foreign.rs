//! Verifiers that we did not write: the crates `tlog_tiles` and `signed_note`
//! (Cloudflare), and Go's `golang.org/x/mod/sumdb` (Debian).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use signed_note::{Note, StandardVerifier, VerifierList};
use testkit::{moment, stores};
use tlog_tiles::{Hash, HashReader as _, Tile, TileHashReader, TileReader, tlog};

use crate::house::{Files, append, files, log};

impl TileReader for Files {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, tlog::Error> {
        tiles
            .iter()
            .map(|tile| {
                let path = tile.path().replacen("tile/8/", "tile/", 1);
                let data =
                    self.0.get(&path).filter(|data| data.len() == tile.width() as usize * 32);
                data.cloned().ok_or(tlog::Error::InvalidInput(path))
            })
            .collect()
    }

    fn save_tiles(&self, _tiles: &[Tile], _data: &[Vec<u8>]) {}
}

fn open(note: &[u8], vkey: &str) -> Result<tlog_tiles::Checkpoint, String> {
    let verifier = StandardVerifier::new(vkey).map_err(|error| error.to_string())?;
    let note = Note::from_bytes(note).map_err(|error| error.to_string())?;
    let list = VerifierList::new(vec![Box::new(verifier)]);
    note.verify(&list).map_err(|error| error.to_string())?;
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|e| e.to_string())?;
    if checkpoint.origin() == vkey.split('+').next().unwrap() {
        Ok(checkpoint)
    } else {
        Err("checkpoint of another log".to_owned())
    }
}

/// Walks the log with `tlog_tiles`; it panics on some broken tiles, which is a no.
pub(crate) fn crate_walk(files: &Files, vkey: &str, older: Option<&[u8]>) -> Result<u64, String> {
    catch_unwind(AssertUnwindSafe(|| walk(files, vkey, older))).map_err(|_| "panic".to_owned())?
}

fn walk(files: &Files, vkey: &str, older: Option<&[u8]>) -> Result<u64, String> {
    let note = files.0.get("checkpoint").ok_or("no checkpoint")?;
    let checkpoint = open(note, vkey)?;
    let size = checkpoint.size();
    let reader = TileHashReader::new(size, *checkpoint.hash(), files);
    let root = tlog::tree_hash(size, &reader).map_err(|error| error.to_string())?;
    if root != *checkpoint.hash() {
        return Err("the tiles do not lead to the root".to_owned());
    }
    for start in (0..size).step_by(256) {
        let width = (size - start).min(256);
        let tile = Tile::new(8, 0, start / 256, u32::try_from(width).unwrap(), true);
        let path = tile.path().replacen("tile/8/data/", "tile/entries/", 1);
        let mut bundle = files.0.get(&path).ok_or(path)?.as_slice();
        let indexes: Vec<u64> =
            (start..start + width).map(|leaf| tlog::stored_hash_index(0, leaf)).collect();
        let hashes: Vec<Hash> = reader.read_hashes(&indexes).map_err(|error| error.to_string())?;
        for hash in hashes {
            let length = usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
            if tlog::record_hash(&bundle[2..2 + length]) != hash {
                return Err("an entry is not the one in the tree".to_owned());
            }
            bundle = &bundle[2 + length..];
        }
        if !bundle.is_empty() {
            return Err("a bundle is too long".to_owned());
        }
    }
    if let Some(older) = older {
        let before = open(older, vkey)?;
        if before.size() > 0 {
            let proof = tlog::prove_tree(size, before.size(), &reader)
                .map_err(|error| error.to_string())?;
            tlog::check_tree(&proof, size, *checkpoint.hash(), before.size(), *before.hash())
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(size)
}

/// The Go walker, built once; `None` with one line if Go or its module is missing.
fn go_walker() -> Option<&'static Path> {
    static BUILT: OnceLock<Option<PathBuf>> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            if !Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb").is_dir() {
                eprintln!(
                    "left out: the walk with Go (apt-get install golang-go golang-golang-x-mod-dev)"
                );
                return None;
            }
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-walk");
            let program = folder.join("walk");
            let built = Command::new("go")
                .args(["build", "-o"])
                .arg(&program)
                .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/go/walk.go"))
                .env("GO111MODULE", "off")
                .env("GOPATH", "/usr/share/gocode")
                .env("GOCACHE", folder.join("cache"))
                .output();
            match built {
                Ok(output) if output.status.success() => Some(program),
                Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
                Err(_) => {
                    eprintln!("left out: the walk with Go (apt-get install golang-go)");
                    None
                }
            }
        })
        .as_deref()
}

/// Walks the log with Go; `None` if there is no Go.
pub(crate) fn go_walk(
    files: &Files,
    vkey: &str,
    older: Option<&[u8]>,
) -> Option<Result<u64, String>> {
    let program = go_walker()?;
    let folder = tempfile::tempdir().unwrap();
    for (path, data) in &files.0 {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, data).unwrap();
    }
    let mut command = Command::new(program);
    command.arg(folder.path()).arg(vkey);
    if let Some(older) = older {
        let path = folder.path().join("older");
        std::fs::write(&path, older).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Some(match text.strip_prefix("OK ").and_then(|rest| rest.split(' ').next()) {
        Some(size) if output.status.success() => Ok(size.parse().unwrap()),
        _ => Err(text),
    })
}

#[tokio::test]
async fn verifiers_that_we_did_not_write_accept_the_log_and_its_growth() {
    for (engine, store) in stores().await {
        let (_folder, log) = log(&store).await;
        let mut older: Option<Vec<u8>> = None;
        let mut total = 0;
        for count in [1, 2, 253, 1, 443] {
            append(&store, count).await;
            total += u64::try_from(count).unwrap();
            assert_eq!(log.seal_all(moment()).await.unwrap(), u64::try_from(count).unwrap());
            let files = files(&log).await;
            let older_note = older.as_deref();
            assert_eq!(crate_walk(&files, log.vkey(), older_note), Ok(total), "{engine}");
            if let Some(walked) = go_walk(&files, log.vkey(), older_note) {
                assert_eq!(walked, Ok(total), "{engine}");
            }
            if let Some(older) = older_note {
                let grown = trust::verify::check_growth(&files, log.vkey(), older).await;
                // The walk has not asked for the older partial tiles, and need not.
                assert_eq!(grown.unwrap().size, total, "{engine}");
            }
            older = files.0.get("checkpoint").cloned();
        }
    }
}

//! What an acknowledgement is worth: syncs, kills, failed syncs, power cuts.
//!
//! A small program (`examples/write_versions.rs`) writes; the tests look at its system
//! calls, end it at each of them, or take its disk away, and then open what is left.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jiff::Timestamp;
use lake::{Lake, LakeError, TablePath};
use lake_delta::{DeltaLake, Location};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::conformance::LIMITS;

const ROWS: u64 = 1_500;

fn table() -> TablePath {
    "durable/table".parse().unwrap()
}

/// The program, which `cargo test` builds beside the tests.
fn program() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(Path::parent).unwrap();
    let program = target.join("examples/write_versions");
    assert!(program.exists(), "build the examples first: cargo test builds them");
    program
}

fn has(tool: &str, argument: &str) -> bool {
    let run = Command::new(tool).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    run.is_ok()
}

/// The versions that the program acknowledged.
fn acknowledged(output: &Output) -> Vec<u64> {
    versions(&String::from_utf8_lossy(&output.stdout))
}

fn versions(text: &str) -> Vec<u64> {
    text.lines()
        .filter_map(|line| line.strip_prefix("committed "))
        .map(|version| version.parse().unwrap())
        .collect()
}

fn strace(arguments: &[&str], log: &Path, folder: &Path, versions: u64) -> Output {
    Command::new("strace")
        .args(["-f", "-qq", "-y", "-s", "200", "-o"])
        .arg(log)
        .args(arguments)
        .arg(program())
        .arg(folder)
        .args([versions.to_string(), ROWS.to_string()])
        .output()
        .unwrap()
}

/// Opens what a killed process left: the last acknowledged version is there, or the
/// one after it; every row is there; and what belongs to nobody can be removed.
fn assert_old_or_new(folder: &Path, acknowledged: &[u64], context: &str) {
    Runtime::new().unwrap().block_on(async {
        let lake = DeltaLake::open(Location::Folder(folder.to_path_buf())).unwrap();
        let table = table();
        let version = match lake.latest(&table).await {
            Ok(version) => version,
            Err(LakeError::NoTable { .. }) => {
                assert!(acknowledged.is_empty(), "{context}: an acknowledged table is gone");
                return;
            }
            Err(error) => panic!("{context}: {error}"),
        };
        let next = acknowledged.last().map_or(0, |last| last + 1);
        assert!(
            version == next || Some(&version) == acknowledged.last(),
            "{context}: version {version} after {acknowledged:?}"
        );
        for version in 0..=version {
            let count = lake.count(&table, Some(version), None, &LIMITS).await.unwrap();
            assert_eq!(count, ROWS + version, "{context}: rows of version {version}");
            let filter = lake::Filter::parse("姓名 like '姓名%'").unwrap();
            let read = lake.count(&table, Some(version), Some(&filter), &LIMITS).await.unwrap();
            assert_eq!(read, ROWS + version, "{context}: readable rows of version {version}");
        }
        let report = lake.check(&table).await.unwrap();
        assert_eq!(report.problems, [], "{context}");
        let future: Timestamp = "2200-01-01T00:00:00Z".parse().unwrap();
        let removed = lake.vacuum(&table, future).await.unwrap();
        assert_eq!(removed, report.orphans.len() as u64, "{context}: {:?}", report.orphans);
        let report = lake.check(&table).await.unwrap();
        assert_eq!((report.problems, report.orphans), (vec![], vec![]), "{context}");
    });
}

/// Index of the first line after `from` with all the parts.
fn find(lines: &[&str], from: usize, parts: &[&str]) -> usize {
    let found =
        lines.iter().skip(from).position(|line| parts.iter().all(|part| line.contains(part)));
    from + found.unwrap_or_else(|| panic!("no line with {parts:?} after line {from}"))
}

#[test]
fn every_file_is_synced_before_it_has_its_name() {
    if !has("strace", "-V") {
        eprintln!("left out: strace is not installed");
        return;
    }
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("strace.log");
    let lake = folder.path().join("lake");
    let calls = "trace=fsync,fdatasync,write,link,linkat,rename,renameat,renameat2,mkdir";
    let output = strace(&["-e", calls], &log, &lake, 2);
    assert_eq!(acknowledged(&output), [0, 1], "{output:?}");
    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("= -1")).collect();
    let mut at = 0;
    for version in 0..2 {
        // Data: the content, its name, the folder of the name.
        at = find(&lines, at, &["fsync(", ".parquet#"]);
        at = find(&lines, at, &["rename", ".parquet#"]);
        at = find(&lines, at, &["fsync(", "durable/table>"]);
        // Log: the content, its name, the folder of the name, and then the word.
        let commit = format!("_delta_log/{version:020}.json#");
        at = find(&lines, at, &["fsync(", &commit]);
        at = find(&lines, at, &["link", &commit]);
        at = find(&lines, at, &["fsync(", "_delta_log>"]);
        at = find(&lines, at, &["write(", &format!("committed {version}")]);
    }
    // New folders: their names are synced in the folders above them.
    for (made, above) in
        [("durable/table/_delta_log", "durable/table>"), ("durable/table", "durable>")]
    {
        let line = lines
            .iter()
            .position(|line| line.contains("mkdir") && line.contains(&format!("{made}\"")));
        find(&lines, line.unwrap(), &["fsync(", above]);
    }
}

#[test]
fn a_killed_writer_leaves_the_old_version_or_the_new() {
    if !has("strace", "-V") {
        eprintln!("left out: strace is not installed");
        return;
    }
    let mut killed = 0;
    for call in ["fsync", "linkat", "rename", "unlink", "write", "pwrite64"] {
        // The counter is one of each thread, so a small number of points reaches all.
        for at in 1..=12 {
            let folder = TempDir::new().unwrap();
            let log = folder.path().join("strace.log");
            let lake = folder.path().join("lake");
            let trace = format!("trace={call}");
            let inject = format!("inject={call}:signal=KILL:when={at}");
            let output = strace(&["-e", &trace, "-e", &inject], &log, &lake, 3);
            if output.status.success() {
                break;
            }
            killed += 1;
            assert_old_or_new(&lake, &acknowledged(&output), &format!("{call} {at}"));
        }
    }
    assert!(killed >= 15, "only {killed} points were reached");
}

#[test]
fn after_a_failed_sync_nothing_is_acknowledged() {
    if !has("strace", "-V") {
        eprintln!("left out: strace is not installed");
        return;
    }
    let mut refused = 0;
    for at in 3..=14 {
        let folder = TempDir::new().unwrap();
        let log = folder.path().join("strace.log");
        let lake = folder.path().join("lake");
        let inject = format!("inject=fsync:error=EIO:when={at}");
        let output = strace(&["-e", "trace=fsync", "-e", &inject], &log, &lake, 6);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let Some((_, after)) = text.split_once("refused") else { continue };
        refused += 1;
        assert!(!after.contains("committed"), "acknowledged after a failed sync: {text}");
        assert!(after.contains("stopped acknowledging"), "{text}");
        assert_old_or_new(&lake, &acknowledged(&output), &format!("EIO {at}"));
    }
    assert!(refused >= 3, "only {refused} failed syncs were met");
}

/// Cuts the power of a file system in a file, as often as it takes.
struct CutDisk {
    folder: TempDir,
}

const SHUTDOWN: &str = "import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";

impl CutDisk {
    fn mounted() -> Option<Self> {
        let disk = Self { folder: TempDir::new().unwrap() };
        let image = disk.folder.path().join("image");
        std::fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
        std::fs::create_dir(disk.place()).unwrap();
        let made = Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image).output().ok()?;
        (made.status.success() && has("python3", "-V") && disk.mount()).then_some(disk)
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("disk")
    }

    fn mount(&self) -> bool {
        let image = self.folder.path().join("image");
        let run = Command::new("mount").args(["-o", "loop"]).arg(image).arg(self.place()).output();
        run.is_ok_and(|output| output.status.success())
    }

    fn unmount(&self) {
        drop(Command::new("umount").arg(self.place()).output());
    }

    /// Everything that was not synced is lost.
    fn cut(&self) {
        self.shut_down();
        self.mount_again();
    }

    fn shut_down(&self) {
        let run =
            Command::new("python3").args(["-c", SHUTDOWN]).arg(self.place()).output().unwrap();
        assert!(run.status.success(), "{run:?}");
    }

    fn mount_again(&self) {
        self.unmount();
        assert!(self.mount(), "the file system cannot be mounted any more");
    }
}

impl Drop for CutDisk {
    fn drop(&mut self) {
        self.unmount();
    }
}

#[test]
fn an_acknowledged_commit_survives_a_power_cut() {
    let Some(disk) = CutDisk::mounted() else {
        eprintln!("left out: a file system in a file cannot be mounted here");
        return;
    };
    let lake = disk.place().join("lake");
    let run = || {
        let arguments = ["3".to_owned(), ROWS.to_string()];
        Command::new(program()).arg(&lake).args(arguments).output().unwrap()
    };
    let output = run();
    assert_eq!(acknowledged(&output), [0, 1, 2], "{output:?}");
    disk.cut();
    assert_old_or_new(&lake, &[0, 1, 2], "power cut");

    // Again, in the middle of writing: whatever was said before the cut is there.
    for (number, said) in [(0, 1), (1, 2), (2, 4)] {
        let lake = disk.place().join(format!("middle-{number}"));
        let mut writer = Command::new(program())
            .arg(&lake)
            .args(["1000".to_owned(), ROWS.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        let mut text = String::new();
        for line in lines.by_ref().take(said + 1) {
            text.push_str(&line.unwrap());
            text.push('\n');
        }
        disk.shut_down();
        // What it still says, up to its refusals.
        for line in lines {
            text.push_str(&line.unwrap());
            text.push('\n');
        }
        writer.wait().unwrap();
        disk.mount_again();
        let said = versions(&text);
        assert!(!said.is_empty() && said.len() < 1000, "{text}");
        assert_old_or_new(&lake, &said, &format!("power cut after {said:?}"));
    }

    // Control: with syncs that lie, the same test must lose the table. If it does not,
    // it proves nothing.
    if has("strace", "-V") {
        let lake = disk.place().join("control");
        let log = disk.folder.path().join("strace.log");
        let inject = ["-e", "trace=fsync", "-e", "inject=fsync:retval=0"];
        let output = strace(&inject, &log, &lake, 3);
        assert_eq!(acknowledged(&output), [0, 1, 2], "{output:?}");
        disk.cut();
        let left = Runtime::new().unwrap().block_on(async {
            let lake = DeltaLake::open(Location::Folder(lake.clone())).unwrap();
            lake.latest(&table()).await
        });
        assert!(left.is_err(), "the control lost nothing: {left:?}");
    }
}

//! The ledger of a dataset as a file: locked while it changes, on the disk before a cost
//! is used.
//!
//! The lock is on the ledger itself. A change puts a new file in its place, so whoever
//! waited for the lock of the old one looks again which file is there.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ::deident::dp::{Ledger, LedgerError};

use crate::whole_file::WholeFile;

/// Why a ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum LedgerFileError {
    #[error("{}: cannot be read ({source}); make a ledger with fenhe dp budget, or check the path", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{}, line {line}, column {column}: no ledger of fenhe dp ({message}); restore it from a backup", path.display())]
    Form { path: PathBuf, line: usize, column: usize, message: String },
    #[error("{}: is there already, and a budget is set once; go on with it, or name another file for other persons", path.display())]
    Exists { path: PathBuf },
    #[error("{}: cannot be written ({source}), so nothing was asked; check the folder and the space left", path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{}: {source}", path.display())]
    Refused { path: PathBuf, source: LedgerError },
}

/// The ledger as it stands now.
pub(super) fn read(path: &Path) -> Result<Ledger, LedgerFileError> {
    let unread = |source| LedgerFileError::Read { path: path.to_owned(), source };
    parsed(path, &mut File::open(path).map_err(unread)?)
}

fn parsed(path: &Path, file: &mut File) -> Result<Ledger, LedgerFileError> {
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|source| LedgerFileError::Read { path: path.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|error| LedgerFileError::Form {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })
}

/// Makes the file of a new ledger; one that is there stays as it is.
pub(super) fn create(path: &Path, ledger: &Ledger) -> Result<(), LedgerFileError> {
    let unwritten = |source: std::io::Error| match source.kind() {
        std::io::ErrorKind::AlreadyExists => LedgerFileError::Exists { path: path.to_owned() },
        _ => LedgerFileError::Write { path: path.to_owned(), source },
    };
    if path.exists() {
        return Err(LedgerFileError::Exists { path: path.to_owned() });
    }
    written(path, ledger).and_then(WholeFile::finish_new).map_err(unwritten)
}

/// Changes the ledger. What was changed is on the disk when this returns; if the change
/// is refused, the file stays as it was.
pub(super) fn change<T>(
    path: &Path,
    change: impl FnOnce(&mut Ledger) -> Result<T, LedgerError>,
) -> Result<(T, Ledger), LedgerFileError> {
    let mut locked =
        locked(path).map_err(|source| LedgerFileError::Read { path: path.to_owned(), source })?;
    let mut ledger = parsed(path, &mut locked)?;
    let refused = |source| LedgerFileError::Refused { path: path.to_owned(), source };
    let made = change(&mut ledger).map_err(refused)?;
    written(path, &ledger)
        .and_then(WholeFile::finish)
        .map_err(|source| LedgerFileError::Write { path: path.to_owned(), source })?;
    Ok((made, ledger))
}

/// The file that is there, locked against everyone else until it is dropped.
fn locked(path: &Path) -> std::io::Result<File> {
    loop {
        let file = File::open(path)?;
        file.lock()?;
        let (have, there) = (file.metadata()?, std::fs::metadata(path)?);
        if (have.dev(), have.ino()) == (there.dev(), there.ino()) {
            return Ok(file);
        }
    }
}

fn written(path: &Path, ledger: &Ledger) -> std::io::Result<WholeFile> {
    let mut file = WholeFile::create(path)?;
    let text = serde_json::to_string_pretty(ledger).map_err(std::io::Error::other)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use ::deident::dp::{Cost, Epsilon, Ledger};

    use super::{LedgerFileError, change, create, read};

    fn pure(billionths: u64) -> Cost {
        Cost::Pure { epsilon: Epsilon::from_billionths(billionths) }
    }

    #[test]
    fn a_budget_is_never_overspent_however_many_ask_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.json");
        create(&path, &Ledger::new("residents", pure(50))).unwrap();
        let paid: usize = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let ask = || {
                            change(&path, |ledger| ledger.reserve("count", pure(1), "now", None))
                        };
                        (0..10).filter(|_| ask().is_ok()).count()
                    })
                })
                .collect();
            asking.into_iter().map(|asking| asking.join().unwrap()).sum()
        });
        let ledger = read(&path).unwrap();
        assert_eq!((paid, ledger.entries().len()), (50, 50));
        assert_eq!(ledger.remaining(), pure(0));
        let numbers: Vec<u64> = ledger.entries().iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
    }

    #[test]
    fn a_ledger_is_made_once_and_a_damaged_one_is_named_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.json");
        create(&path, &Ledger::new("a", pure(1))).unwrap();
        let again = create(&path, &Ledger::new("b", pure(9))).unwrap_err();
        assert!(matches!(again, LedgerFileError::Exists { .. }), "{again}");
        assert_eq!(read(&path).unwrap().dataset(), "a");
        std::fs::write(&path, "{\n  \"dataset\": 7\n}").unwrap();
        let damaged = read(&path).unwrap_err().to_string();
        assert!(damaged.contains("line 2"), "{damaged}");
        let absent = read(&folder.path().join("none")).unwrap_err().to_string();
        assert!(absent.contains("fenhe dp budget"), "{absent}");
    }
}

//! What a command reads: a file, a folder of files with the same columns, or a table of a
//! database.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use store::foreign::{ForeignAddress, ForeignError};

/// What a folder is searched for.
const EXTENSIONS: [&str; 8] = ["csv", "tsv", "xlsx", "xls", "json", "ndjson", "jsonl", "parquet"];

/// Where rows come from, as it was written on the command line.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    shown: PathBuf,
    pub(crate) source: Source,
}

/// Which kind of place it is.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A file or a folder.
    Path(PathBuf),
    /// A table of a database, or why its address cannot be read.
    Database(Result<ForeignAddress, ForeignError>),
}

impl From<OsString> for Input {
    fn from(text: OsString) -> Self {
        match text.to_str().filter(|text| ForeignAddress::is_meant(text)) {
            None => Self::from(PathBuf::from(text)),
            Some(text) => {
                let address = ForeignAddress::parse(text);
                // What cannot be read may hold a password, so only its scheme is shown.
                let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
                let shown = address.as_ref().map_or(format!("{scheme}:…"), ToString::to_string);
                Self { shown: shown.into(), source: Source::Database(address) }
            }
        }
    }
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        Self { shown: path.clone(), source: Source::Path(path) }
    }
}

impl Input {
    /// The place as it may be shown: without a password.
    pub(crate) fn shown(&self) -> &Path {
        &self.shown
    }
}

/// The file itself, or the files of a folder and its folders that could be tables, in
/// order.
pub(crate) fn files_of(path: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error| (folder.clone(), error);
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() && is_table(&entry.file_name().to_string_lossy()) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

fn is_table(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let extension = Path::new(name).extension();
    extension.is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::Input;

    #[test]
    fn an_address_is_shown_without_its_password_even_where_it_is_wrong() {
        for text in [
            "postgres://li:geheim@db/stadt?table=a",
            "postgres://li:geheim@db/stadt",
            "postgres://li@db/stadt?passwd=geheim&table=a",
        ] {
            let input = Input::from(OsString::from(text));
            let shown = format!("{} {input:?}", input.shown().display());
            assert!(shown.contains("postgres") && !shown.contains("geheim"), "{shown}");
        }
    }
}

//! Key files: made once, readable by the owner only, on disk before they are used.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use super::KeyError;
use crate::secret;

/// The contents of `file` in `folder`; if there is none, what `make` makes.
///
/// Two processes that start together end with the same key: the file appears
/// under its name whole or not at all, and the slower one reads it.
pub(super) fn open_or_make(
    folder: &Path,
    file: &'static str,
    make: impl FnOnce() -> Result<String, KeyError>,
) -> Result<String, KeyError> {
    let failed = |error: io::Error| KeyError::File { file, reason: error.to_string() };
    let path = folder.join(file);
    if !path.exists() {
        fs::create_dir_all(folder).map_err(failed)?;
        let text = make()?;
        let draft = folder.join(format!(".{file}.{}", hex::encode(secret::random::<8>()?)));
        let made = write_draft(&draft, &text).and_then(|()| match fs::hard_link(&draft, &path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other,
        });
        fs::remove_file(&draft).map_err(failed)?;
        made.map_err(failed)?;
        sync_up(folder).map_err(failed)?;
    }
    let mode = fs::metadata(&path).map_err(failed)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyError::Permissions { file });
    }
    Ok(fs::read_to_string(&path).map_err(failed)?.trim_end().to_owned())
}

fn write_draft(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Makes the folder's entry durable, and its own in its parent.
fn sync_up(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()?;
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

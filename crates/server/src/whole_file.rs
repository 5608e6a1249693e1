//! Files that appear when they are whole: what was there before stays until then. What is
//! no file (a pipe, a device) is written to as it comes, and a link is followed.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Seek as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that is being written.
#[derive(Debug)]
pub(crate) enum WholeFile {
    /// Beside its place.
    Beside {
        /// What is written.
        file: NamedTempFile,
        /// Where it will be.
        path: PathBuf,
    },
    /// To what is no file.
    Through(File),
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

impl WholeFile {
    /// Begins a file, with the rights that the user's mask leaves.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let path = match std::fs::metadata(path) {
            Ok(found) if !found.is_file() => {
                return OpenOptions::new().write(true).open(path).map(Self::Through);
            }
            Ok(_) => path.canonicalize()?,
            Err(_) => path.to_owned(),
        };
        let file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder_of(&path))?;
        Ok(Self::Beside { file, path })
    }

    /// Begins anew; what went through already cannot be taken back.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        match self {
            Self::Beside { file, .. } => {
                file.as_file().set_len(0)?;
                file.rewind()
            }
            Self::Through(_) => Ok(()),
        }
    }

    /// Puts the file in its place; it is on the disk then.
    pub(crate) fn finish(self) -> io::Result<()> {
        match self {
            Self::Beside { file, path } => {
                file.as_file().sync_all()?;
                file.persist(&path).map_err(|error| error.error)?;
                File::open(folder_of(&path))?.sync_all()
            }
            Self::Through(mut file) => file.flush(),
        }
    }

    /// As [`Self::finish`], but what is there already stays.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, and what the system says.
    pub(crate) fn finish_new(self) -> io::Result<()> {
        match self {
            Self::Beside { file, path } => {
                file.as_file().sync_all()?;
                file.persist_noclobber(&path).map_err(|error| error.error)?;
                File::open(folder_of(&path))?.sync_all()
            }
            Self::Through(_) => Err(io::ErrorKind::AlreadyExists.into()),
        }
    }

    /// Lets its owner alone read the file.
    pub(crate) fn keep_private(&self) -> io::Result<()> {
        match self {
            Self::Beside { file, .. } => {
                file.as_file().set_permissions(Permissions::from_mode(0o600))
            }
            Self::Through(_) => Ok(()),
        }
    }

    fn output(&mut self) -> &mut dyn Write {
        match self {
            Self::Beside { file, .. } => file,
            Self::Through(file) => file,
        }
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.output().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output().flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::WholeFile;

    #[test]
    fn what_was_there_stays_until_the_new_file_is_whole_and_links_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        std::fs::write(&real, "old").unwrap();
        symlink(&real, &link).unwrap();
        let mut file = WholeFile::create(&link).unwrap();
        file.write_all(b"not this").unwrap();
        file.clear().unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "old");
        file.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "new");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        let mode = std::fs::metadata(&real).unwrap().permissions().mode();
        assert_ne!(mode & 0o200, 0, "{mode:o}");
    }

    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        let mut file = WholeFile::create("/dev/null".as_ref()).unwrap();
        file.write_all(b"gone").unwrap();
        file.finish().unwrap();
        let mut text = String::new();
        std::fs::File::open("/dev/null").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "");
    }
}

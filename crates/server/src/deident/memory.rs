//! `--memory` and `--temporary`: how much memory counting may use, and where the rest
//! goes.

use std::path::PathBuf;

use ::deident::Memory;
use clap::Args;

/// The bound of memory of a command.
#[derive(Debug, Args)]
pub(crate) struct Bound {
    /// 内存上限 Count within about so much memory, e.g. 512MB or 4GB; tuples beyond it go to
    /// temporary files.
    #[arg(long, value_name = "SIZE", requires = "temporary", value_parser = bytes)]
    memory: Option<usize>,
    /// 临时文件夹 Folder for temporary files, which hold personal data: on a disk that is
    /// enciphered and has room.
    #[arg(long, value_name = "FOLDER", requires = "memory")]
    temporary: Option<PathBuf>,
}

impl Bound {
    /// The bound; none if none was given.
    pub(crate) fn memory(&self) -> Memory {
        match (self.memory, &self.temporary) {
            (Some(bytes), Some(folder)) => Memory::new(bytes, folder),
            _ => Memory::unbounded(),
        }
    }
}

/// Less than this does not hold the values of an ordinary table.
const LEAST_BYTES: usize = 1 << 20;

/// A size: a whole number with kB, MB, GB (powers of 1,000) or KiB, MiB, GiB (of 1,024).
fn bytes(text: &str) -> Result<usize, String> {
    let wrong = || {
        "应为如 512MB、4GB 的大小，至少 1MiB it is a size such as 512MB or 4GB, at least 1MiB"
            .to_owned()
    };
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "kb" => 1_000,
        "mb" | "m" => 1_000_000,
        "gb" | "g" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    let bytes = number.parse::<usize>().ok().and_then(|number| number.checked_mul(factor));
    bytes.filter(|bytes| *bytes >= LEAST_BYTES).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_and_is_not_too_small() {
        assert_eq!(bytes("512MB"), Ok(512_000_000));
        assert_eq!(bytes("4 GiB"), Ok(4 << 30));
        assert_eq!(bytes("1024kib"), Ok(1 << 20));
        for wrong in ["", "512", "MB", "-1MB", "1.5GB", "1kB", "99999999999999999999GB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }
}

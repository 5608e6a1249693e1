//! A file of tuples in rising order: each code and the number of rows in as few bytes
//! as they need, seven bits a byte (LEB128).

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek as _, Write as _};
use std::sync::{Mutex, PoisonError};

/// Bytes that are written or read at once, at least.
pub(super) const PIECE_BYTES: usize = 64 << 10;
/// A number of 64 bits needs so many bytes at most.
const LONGEST: usize = 10;

/// Tuples that lie on disk. The file has no name, and is gone with this.
#[derive(Debug)]
pub(super) struct Run {
    file: Mutex<File>,
    width: usize,
    /// How many tuples there are.
    pub(super) tuples: u64,
}

impl Run {
    /// Shows each tuple with its rows, in rising order, until `see` has had enough.
    pub(super) fn read(
        &self,
        mut see: impl FnMut(&[u32], u64) -> std::ops::ControlFlow<()>,
    ) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.rewind()?;
        let mut reader = Reader::new(&mut *file, self.width, self.tuples, 4 * PIECE_BYTES);
        let mut tuple = vec![0; self.width];
        while let Some(rows) = reader.next(&mut tuple)? {
            if see(&tuple, rows).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Reads it once, for a merge.
    pub(super) fn into_reader(self) -> io::Result<Reader<File>> {
        let mut file = self.file.into_inner().unwrap_or_else(PoisonError::into_inner);
        file.rewind()?;
        Ok(Reader::new(file, self.width, self.tuples, PIECE_BYTES))
    }
}

/// Writes tuples that come in rising order.
#[derive(Debug)]
pub(super) struct Writer {
    out: BufWriter<File>,
    width: usize,
    tuples: u64,
}

impl Writer {
    pub(super) fn create(folder: &std::path::Path, width: usize) -> io::Result<Self> {
        let file = tempfile::tempfile_in(folder)?;
        // It has no name to be opened by; whoever may look at our open files sees this.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
        Ok(Self { out: BufWriter::with_capacity(4 * PIECE_BYTES, file), width, tuples: 0 })
    }

    pub(super) fn write(&mut self, tuple: &[u32], rows: u64) -> io::Result<()> {
        for code in tuple {
            self.number(u64::from(*code))?;
        }
        self.tuples += 1;
        self.number(rows)
    }

    fn number(&mut self, number: u64) -> io::Result<()> {
        let mut bytes = [0_u8; LONGEST];
        let mut rest = number;
        let mut used = 0;
        for byte in &mut bytes {
            used += 1;
            *byte = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest >>= 7;
            if rest == 0 {
                break;
            }
            *byte |= 0x80;
        }
        self.out.write_all(bytes.get(..used).unwrap_or_default())
    }

    pub(super) fn finish(self) -> io::Result<Run> {
        let file = self.out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Run { file: Mutex::new(file), width: self.width, tuples: self.tuples })
    }
}

/// Reads the tuples of a run, one after the other.
#[derive(Debug)]
pub(super) struct Reader<R> {
    source: R,
    bytes: Vec<u8>,
    at: usize,
    piece: usize,
    /// Bytes that the longest tuple needs.
    longest: usize,
    left: u64,
}

impl<R: Read> Reader<R> {
    fn new(source: R, width: usize, left: u64, piece: usize) -> Self {
        let longest = (width + 1) * LONGEST;
        let all = usize::try_from(left).unwrap_or(usize::MAX).saturating_mul(longest);
        let piece = piece.min(all).max(2 * longest);
        Self { source, bytes: Vec::new(), at: 0, piece, longest, left }
    }

    /// The next tuple, put into `tuple`, and its rows; `None` after the last.
    pub(super) fn next(&mut self, tuple: &mut [u32]) -> io::Result<Option<u64>> {
        if self.left == 0 {
            return Ok(None);
        }
        if self.bytes.len() - self.at < self.longest {
            self.fill()?;
        }
        self.left -= 1;
        for code in tuple {
            *code = u32::try_from(self.number()?).map_err(|_| damaged())?;
        }
        self.number().map(Some)
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut number = 0_u64;
        let bytes = self.bytes.get(self.at..).unwrap_or_default();
        for (place, byte) in bytes.iter().take(LONGEST).enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * place).min(63);
            if byte & 0x80 == 0 {
                self.at += place + 1;
                return Ok(number);
            }
        }
        Err(damaged())
    }

    /// Drops what was read and adds a piece.
    fn fill(&mut self) -> io::Result<()> {
        self.bytes.drain(..self.at);
        self.at = 0;
        let mut filled = self.bytes.len();
        self.bytes.resize(self.piece, 0);
        while let Some(free) = self.bytes.get_mut(filled..)
            && !free.is_empty()
        {
            match self.source.read(free) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.bytes.truncate(filled);
        Ok(())
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it ends too early or was changed")
}

//! A file as UTF-8, whatever its encoding.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8};

use super::Dialect;
use crate::chunk::WIDE_COMMA;
use crate::encoding::{Converter, Malformed};
use crate::error::IngestError;

/// Name of a file for messages.
fn shown_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// An input error with the name of the file.
pub(crate) fn read_error(path: &Path, source: io::Error) -> IngestError {
    IngestError::Read { file: shown_name(path), source }
}

/// The first bytes of a file, and whether they are all of it.
///
/// # Errors
///
/// [`IngestError::Read`].
pub(crate) fn read_head(path: &Path, limit: u64) -> Result<(Vec<u8>, bool), IngestError> {
    let mut file = File::open(path).map_err(|source| read_error(path, source))?;
    let mut head = Vec::new();
    file.by_ref()
        .take(limit + 1)
        .read_to_end(&mut head)
        .map_err(|source| read_error(path, source))?;
    let whole = head.len() as u64 <= limit;
    head.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok((head, whole))
}

/// Reads a file as UTF-8.
///
/// UTF-8 files pass through unchecked: their bytes are checked block by block,
/// on all cores. Others are converted here.
#[derive(Debug)]
pub(crate) struct TextReader {
    file: File,
    converter: Option<Converter>,
    wide_comma: bool,
    /// Bytes of a character that was cut, where full-width commas are looked for.
    held: Vec<u8>,
    input: Vec<u8>,
    /// Bytes of the file that are read.
    pub(crate) bytes_done: u64,
    /// The end of the file is reached.
    pub(crate) ended: bool,
}

impl TextReader {
    /// Opens a file whose first `bom` bytes are a byte order mark.
    ///
    /// # Errors
    ///
    /// [`IngestError::Read`].
    pub(crate) fn open(
        path: &Path,
        encoding: &'static Encoding,
        bom: usize,
        dialect: Option<Dialect>,
    ) -> Result<Self, IngestError> {
        let mut file = File::open(path).map_err(|source| read_error(path, source))?;
        file.seek(SeekFrom::Start(bom as u64)).map_err(|source| read_error(path, source))?;
        let converter =
            if encoding == UTF_8 { None } else { Some(Converter::new(encoding, bom as u64)) };
        Ok(Self {
            file,
            converter,
            wide_comma: dialect.is_some_and(Dialect::wide_comma),
            held: Vec::new(),
            input: Vec::new(),
            bytes_done: bom as u64,
            ended: false,
        })
    }

    /// Appends about `want` bytes and returns what was malformed among them.
    ///
    /// # Errors
    ///
    /// The error of the file system.
    pub(crate) fn fill(&mut self, output: &mut Vec<u8>, want: usize) -> io::Result<Vec<Malformed>> {
        if self.ended {
            return Ok(Vec::new());
        }
        let Some(converter) = &mut self.converter else {
            if self.wide_comma {
                self.input.clear();
                let read = self.file.by_ref().take(want as u64).read_to_end(&mut self.input)?;
                self.bytes_done += read as u64;
                self.ended = read == 0;
                let input = std::mem::take(&mut self.input);
                self.narrow(&input, output, &mut []);
                self.input = input;
            } else {
                output.reserve(want);
                let read = self.file.by_ref().take(want as u64).read_to_end(output)?;
                self.bytes_done += read as u64;
                self.ended = read == 0;
            }
            return Ok(Vec::new());
        };
        self.input.clear();
        let read = self.file.by_ref().take(want as u64).read_to_end(&mut self.input)?;
        self.bytes_done += read as u64;
        self.ended = read == 0;
        if self.wide_comma {
            let mut text = Vec::with_capacity(want);
            let mut malformed = converter.convert(&self.input, &mut text, self.ended);
            self.narrow(&text, output, &mut malformed);
            return Ok(malformed);
        }
        Ok(converter.convert(&self.input, output, self.ended))
    }

    /// Replaces the full-width comma by its one-byte stand-in.
    fn narrow(&mut self, text: &[u8], output: &mut Vec<u8>, malformed: &mut [Malformed]) {
        let comma = "，".as_bytes();
        let held = self.held.len();
        let mut joined = std::mem::take(&mut self.held);
        joined.extend_from_slice(text);
        let mut at = 0;
        let mut moved = malformed.iter_mut().peekable();
        while let Some(rest) = joined.get(at..).filter(|rest| !rest.is_empty()) {
            while let Some(next) = moved.next_if(|next| next.at + held <= at) {
                next.at = output.len();
            }
            if rest.starts_with(comma) {
                output.push(WIDE_COMMA);
                at += comma.len();
            } else if rest.len() < comma.len() && comma.starts_with(rest) && !self.ended {
                self.held = rest.to_vec();
                return;
            } else {
                output.extend(rest.first());
                at += 1;
            }
        }
    }
}

/// A file as a stream of UTF-8, for parsers that read a stream.
#[derive(Debug)]
pub(crate) struct Utf8Stream {
    reader: TextReader,
    buffer: Vec<u8>,
    at: usize,
}

impl Utf8Stream {
    /// A stream over the reader.
    pub(crate) fn new(reader: TextReader) -> Self {
        Self { reader, buffer: Vec::new(), at: 0 }
    }

    /// Bytes of the file that are read.
    pub(crate) fn bytes_done(&self) -> u64 {
        self.reader.bytes_done
    }
}

impl Read for Utf8Stream {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.at >= self.buffer.len() {
            if self.reader.ended {
                return Ok(0);
            }
            self.buffer.clear();
            self.at = 0;
            self.reader.fill(&mut self.buffer, 256 * 1024)?;
        }
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        let count = rest.len().min(target.len());
        if let (Some(to), Some(from)) = (target.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.at += count;
        Ok(count)
    }
}

//! UTF-8 text → blocks that end where a record ends.
//!
//! A block is found by looking at quotation marks and line breaks only, several
//! gigabytes a second, so that one thread can feed all others.

use std::path::PathBuf;

use memchr::{memchr, memchr_iter, memrchr};

use super::Dialect;
use super::text::{TextReader, read_error};
use crate::encoding::Malformed;
use crate::error::IngestError;
use crate::sink::RAW_BYTES;

/// Size of a block. Block and index together stay in the cache of a core.
pub(super) const BLOCK_BYTES: usize = 1024 * 1024;

/// A piece of text that holds whole records.
#[derive(Debug)]
pub(crate) struct Block {
    /// The text; of a record that is too long only the start.
    pub(crate) bytes: Vec<u8>,
    /// Number of its first line.
    pub(crate) first_line: u64,
    /// Where it starts in the text, in bytes of UTF-8.
    pub(crate) offset: u64,
    /// Positions of U+FFFD that stand for bytes that are not text.
    pub(crate) malformed: Vec<usize>,
    /// Bytes of the file that are read.
    pub(crate) bytes_done: u64,
    /// The block is one record that is too long to be held.
    pub(crate) too_long: bool,
}

/// Cuts a text into blocks.
#[derive(Debug)]
pub(crate) struct BlockReader {
    path: PathBuf,
    reader: TextReader,
    dialect: Dialect,
    record_bytes: usize,
    /// The encoding that the user declared: malformed bytes are then an error.
    declared: Option<Declared>,
    /// Text from the start of a record on.
    buffer: Vec<u8>,
    malformed: Vec<Malformed>,
    line: u64,
    offset: u64,
    /// How far the buffer is looked through, and what was found.
    scanned: usize,
    in_quote: bool,
    opened: usize,
    boundary: Option<usize>,
}

/// A declared encoding, and what the head of the file looks like.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) looks_like: String,
}

impl BlockReader {
    /// A reader whose text starts at line 1.
    pub(crate) fn new(
        path: PathBuf,
        reader: TextReader,
        dialect: Dialect,
        record_bytes: usize,
        declared: Option<Declared>,
    ) -> Self {
        Self {
            path,
            reader,
            dialect,
            record_bytes,
            declared,
            buffer: Vec::new(),
            malformed: Vec::new(),
            line: 1,
            offset: 0,
            scanned: 0,
            in_quote: false,
            opened: 0,
            boundary: None,
        }
    }

    /// Leaves out the first bytes of the text: title rows and the header.
    ///
    /// # Errors
    ///
    /// [`IngestError::Read`].
    pub(crate) fn skip(&mut self, bytes: usize) -> Result<(), IngestError> {
        while self.buffer.len() < bytes && !self.reader.ended {
            self.fill()?;
        }
        self.advance(bytes.min(self.buffer.len()));
        Ok(())
    }

    /// The next block.
    ///
    /// # Errors
    ///
    /// [`IngestError::Read`], [`IngestError::WrongEncoding`] and
    /// [`IngestError::UnclosedQuote`].
    pub(crate) fn next_block(&mut self) -> Result<Option<Block>, IngestError> {
        loop {
            if self.buffer.len() >= BLOCK_BYTES || self.reader.ended {
                self.scan(false);
                if self.reader.ended {
                    return self.last_block();
                }
                if let Some(boundary) = self.boundary {
                    return Ok(Some(self.cut(boundary)));
                }
                if self.buffer.len() > self.record_bytes {
                    return self.skip_record().map(Some);
                }
            }
            self.fill()?;
        }
    }

    fn last_block(&mut self) -> Result<Option<Block>, IngestError> {
        if self.buffer.is_empty() {
            return Ok(None);
        }
        if self.in_quote {
            return Err(IngestError::UnclosedQuote { line: self.line_at(self.opened) });
        }
        Ok(Some(self.cut(self.buffer.len())))
    }

    fn line_at(&self, position: usize) -> u64 {
        let before = self.buffer.get(..position).unwrap_or_default();
        self.line + memchr_iter(self.dialect.newline, before).count() as u64
    }

    fn fill(&mut self) -> Result<(), IngestError> {
        let want = BLOCK_BYTES.saturating_sub(self.buffer.len()).max(BLOCK_BYTES / 4);
        let malformed = self
            .reader
            .fill(&mut self.buffer, want)
            .map_err(|source| read_error(&self.path, source))?;
        if let (Some(first), Some(declared)) = (malformed.first(), &self.declared) {
            return Err(IngestError::WrongEncoding {
                declared: declared.name.clone(),
                line: self.line_at(first.at),
                offset: first.offset,
                looks_like: declared.looks_like.clone(),
            });
        }
        self.malformed.extend(malformed);
        Ok(())
    }

    /// Looks for the last record end in the buffer, or for the first.
    fn scan(&mut self, first: bool) {
        let bytes = self.buffer.as_slice();
        let newline = self.dialect.newline;
        while let Some(rest) = bytes.get(self.scanned..).filter(|rest| !rest.is_empty()) {
            let quote = memchr(b'"', rest).map(|at| at + self.scanned);
            if self.in_quote {
                let Some(quote) = quote else {
                    self.scanned = bytes.len();
                    return;
                };
                match bytes.get(quote + 1) {
                    None if !self.reader.ended => {
                        // Whether it closes shows with the next byte.
                        self.scanned = quote;
                        return;
                    }
                    Some(b'"') => self.scanned = quote + 2,
                    _ => {
                        self.in_quote = false;
                        self.scanned = quote + 1;
                    }
                }
                continue;
            }
            let stop = quote.unwrap_or(bytes.len());
            let plain = bytes.get(self.scanned..stop).unwrap_or_default();
            let found = if first { memchr(newline, plain) } else { memrchr(newline, plain) };
            if let Some(at) = found {
                self.boundary = Some(self.scanned + at + 1);
                if first {
                    return;
                }
            }
            match quote {
                None => self.scanned = bytes.len(),
                Some(quote) => {
                    let before = quote.checked_sub(1).and_then(|at| bytes.get(at));
                    let opens = before
                        .is_none_or(|byte| *byte == self.dialect.delimiter || *byte == newline);
                    if opens {
                        self.in_quote = true;
                        self.opened = quote;
                    }
                    self.scanned = quote + 1;
                }
            }
        }
    }

    /// Takes the first `end` bytes as a block.
    fn cut(&mut self, end: usize) -> Block {
        let mut rest = Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 4);
        rest.extend_from_slice(self.buffer.get(end..).unwrap_or_default());
        let mut bytes = std::mem::replace(&mut self.buffer, rest);
        bytes.truncate(end);
        let (inside, after): (Vec<Malformed>, Vec<Malformed>) =
            self.malformed.iter().partition(|malformed| malformed.at < end);
        self.malformed = after;
        for malformed in &mut self.malformed {
            malformed.at -= end;
        }
        let block = Block {
            first_line: self.line,
            offset: self.offset,
            malformed: inside.iter().map(|malformed| malformed.at).collect(),
            bytes_done: self.reader.bytes_done,
            too_long: false,
            bytes,
        };
        self.line += memchr_iter(self.dialect.newline, &block.bytes).count() as u64;
        self.offset += end as u64;
        self.forget_scan();
        block
    }

    /// Drops the first bytes of the buffer.
    fn advance(&mut self, bytes: usize) {
        let dropped = self.buffer.drain(..bytes);
        self.line += memchr_iter(self.dialect.newline, dropped.as_slice()).count() as u64;
        drop(dropped);
        self.offset += bytes as u64;
        self.malformed.retain(|malformed| malformed.at >= bytes);
        for malformed in &mut self.malformed {
            malformed.at -= bytes;
        }
    }

    fn forget_scan(&mut self) {
        self.scanned = 0;
        self.in_quote = false;
        self.opened = 0;
        self.boundary = None;
    }

    /// Reads over a record that is too long and keeps its start only.
    fn skip_record(&mut self) -> Result<Block, IngestError> {
        let first_line = self.line;
        let offset = self.offset;
        let opened_line = self.line_at(self.opened);
        let mut bytes = self.buffer.clone();
        bytes.truncate(RAW_BYTES + 4);
        loop {
            self.scan(true);
            if let Some(boundary) = self.boundary {
                self.advance(boundary);
                break;
            }
            if self.reader.ended {
                if self.in_quote {
                    return Err(IngestError::UnclosedQuote { line: opened_line });
                }
                self.advance(self.buffer.len());
                break;
            }
            // The byte before tells whether a quotation mark opens a field.
            let done = self.scanned.saturating_sub(1);
            self.advance(done);
            self.scanned -= done;
            self.fill()?;
        }
        self.forget_scan();
        Ok(Block {
            bytes,
            first_line,
            offset,
            malformed: Vec::new(),
            bytes_done: self.reader.bytes_done,
            too_long: true,
        })
    }
}

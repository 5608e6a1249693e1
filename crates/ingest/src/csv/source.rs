//! A CSV file as a source of rows.

use std::path::PathBuf;

use encoding_rs::{Encoding, UTF_8};

use super::Dialect;
use super::blocks::{Block, BlockReader, Declared};
use super::index::{Rules, index};
use super::text::TextReader;
use crate::chunk::{Chunk, Lines, POSITION, RowReject};
use crate::columns::Name;
use crate::encoding::looks_like;
use crate::error::IngestError;
use crate::load::Limits;
use crate::pipeline::Source;
use crate::sink::Reason;

/// A CSV file, with all that the head of it told.
#[derive(Debug, Clone)]
pub(crate) struct CsvSource {
    pub(crate) path: PathBuf,
    pub(crate) encoding: &'static Encoding,
    /// Bytes of the byte order mark.
    pub(crate) bom: usize,
    /// The user declared the encoding.
    pub(crate) declared: Option<Declared>,
    /// Nothing but ASCII in the head: later bytes may show another encoding.
    pub(crate) only_ascii: bool,
    pub(crate) dialect: Dialect,
    /// Bytes of UTF-8 before the first record.
    pub(crate) skip: usize,
    pub(crate) limits: Limits,
}

impl CsvSource {
    /// A reader that stands at the first record after the header.
    ///
    /// # Errors
    ///
    /// [`IngestError::Read`].
    pub(crate) fn blocks(&self) -> Result<BlockReader, IngestError> {
        let reader = TextReader::open(&self.path, self.encoding, self.bom, Some(self.dialect))?;
        let record_bytes = self.limits.field_bytes.saturating_mul(4).clamp(1 << 20, 1 << 28);
        let mut blocks = BlockReader::new(
            self.path.clone(),
            reader,
            self.dialect,
            record_bytes,
            self.declared.clone(),
        );
        blocks.skip(self.skip)?;
        Ok(blocks)
    }

    /// The fields of text that stands anywhere in the file.
    pub(crate) fn indexed(&self, bytes: Vec<u8>, columns: usize) -> Chunk {
        index(bytes, 1, self.rules(columns))
    }

    fn rules(&self, columns: usize) -> Rules {
        Rules { dialect: self.dialect, columns, field_bytes: self.limits.field_bytes }
    }

    /// The fields of a block.
    ///
    /// # Errors
    ///
    /// [`IngestError::WrongEncoding`] if the encoding was declared, or if the
    /// bytes show that the guess from the head was wrong.
    pub(crate) fn fields(&self, block: Block, columns: usize) -> Result<Chunk, IngestError> {
        let Block { bytes, first_line, offset, mut malformed, bytes_done, too_long } = block;
        if too_long {
            let end = bytes.len();
            let reject = RowReject {
                start: 0,
                end,
                line: Some(first_line),
                reason: Reason::TooLong { limit_bytes: self.limits.field_bytes as u64 },
                value: None,
                column: None,
            };
            return Ok(Chunk {
                bytes,
                columns,
                rejects: vec![reject],
                lines: Lines::Counted { first: first_line, newline: self.dialect.newline },
                records: 1,
                bytes_done,
                ..Chunk::default()
            });
        }
        if self.encoding == UTF_8
            && let Err(error) = std::str::from_utf8(&bytes)
        {
            self.refuse_other_encoding(&bytes, error.valid_up_to(), first_line, offset)?;
            malformed = invalid_positions(&bytes);
        }
        let mut chunk = index(bytes, first_line, self.rules(columns));
        chunk.bytes_done = bytes_done;
        if !malformed.is_empty() {
            reject_malformed(&mut chunk, &malformed, self.encoding.name());
        }
        Ok(chunk)
    }

    fn refuse_other_encoding(
        &self,
        bytes: &[u8],
        at: usize,
        first_line: u64,
        offset: u64,
    ) -> Result<(), IngestError> {
        let looks = match &self.declared {
            Some(declared) => declared.looks_like.clone(),
            None if self.only_ascii => looks_like(bytes, false),
            None => return Ok(()),
        };
        if self.declared.is_none() && looks == self.encoding.name() {
            return Ok(());
        }
        let before = bytes.get(..at).unwrap_or_default();
        let lines = memchr::memchr_iter(self.dialect.newline, before).count() as u64;
        Err(IngestError::WrongEncoding {
            declared: self.encoding.name().to_owned(),
            line: first_line + lines,
            offset: self.bom as u64 + offset + at as u64,
            looks_like: looks,
        })
    }
}

/// Positions of byte runs that are not UTF-8.
fn invalid_positions(bytes: &[u8]) -> Vec<usize> {
    let mut positions = Vec::new();
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        at += chunk.valid().len();
        if !chunk.invalid().is_empty() {
            positions.push(at);
            at += chunk.invalid().len();
        }
    }
    positions
}

/// Moves the rows that hold malformed bytes to the rejects.
fn reject_malformed(chunk: &mut Chunk, malformed: &[usize], encoding: &str) {
    let width = chunk.columns + 1;
    let mut kept = Vec::with_capacity(chunk.marks.len());
    let mut positions = malformed.iter().copied().peekable();
    for marks in chunk.marks.chunks_exact(width) {
        let start = marks.first().map_or(0, |mark| mark & POSITION) as usize;
        let end = marks.last().map_or(0, |mark| mark & POSITION).saturating_sub(1) as usize;
        while positions.next_if(|at| *at < start).is_some() {}
        if positions.peek().is_some_and(|at| *at < end) {
            chunk.rejects.push(RowReject {
                start,
                end,
                line: None,
                reason: Reason::InvalidBytes { encoding: encoding.to_owned() },
                value: None,
                column: None,
            });
        } else {
            kept.extend_from_slice(marks);
        }
    }
    chunk.marks = kept;
}

impl Source for CsvSource {
    type Part = Block;

    fn read(
        &self,
        _columns: &[Name],
        emit: &mut dyn FnMut(Block) -> Result<(), IngestError>,
    ) -> Result<(), IngestError> {
        let mut blocks = self.blocks()?;
        while let Some(block) = blocks.next_block()? {
            emit(block)?;
        }
        Ok(())
    }

    fn chunk(&self, block: Block, columns: usize) -> Result<Chunk, IngestError> {
        self.fields(block, columns)
    }
}

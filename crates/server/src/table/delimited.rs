//! The text of a file with a delimiter, row by row.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::Path;

use ::deident::delimited::Rows;
use encoding_rs::{Decoder, DecoderResult, Encoding};

use super::ReadError;

/// Sees a row of text with its line, and says whether it wants more.
pub(super) type See<'a> =
    dyn FnMut(usize, &[Cow<'_, str>]) -> Result<ControlFlow<()>, ReadError> + 'a;

/// Shows each row of a file, the header included, until `see` has enough.
pub(super) fn each_row(
    path: &Path,
    encoding: &'static Encoding,
    delimiter: char,
    see: &mut See<'_>,
) -> Result<(), ReadError> {
    let mut pieces = Pieces::open(path, encoding)?;
    let mut line = 1;
    loop {
        let last = !pieces.more()?;
        let text = pieces.waiting.as_str();
        let mut rows = Rows::at(text, delimiter, line);
        let mut fields = Vec::new();
        let rest = loop {
            let before = rows.rest();
            match rows.read(&mut fields) {
                Ok(false) => {
                    line = rows.next_line();
                    break "";
                }
                // The row may go on in the next piece.
                Err(_) if !last && before.len() < LONGEST_ROW => break before,
                Ok(true) if !last && rows.rest().is_empty() && !before.ends_with('\n') => {
                    if before.len() >= LONGEST_ROW {
                        return Err(ReadError::LongRow { path: path.to_owned(), line });
                    }
                    break before;
                }
                Err(source) => return Err(ReadError::Quote { path: path.to_owned(), source }),
                Ok(true) => {
                    line = rows.next_line();
                    if see(rows.line(), &fields)?.is_break() {
                        return Ok(());
                    }
                }
            }
        };
        if last {
            return Ok(());
        }
        let kept = rest.len();
        pieces.keep(kept);
    }
}

/// The text of a file, piece by piece.
struct Pieces<'a> {
    path: &'a Path,
    file: File,
    encoding: &'static Encoding,
    decoder: Decoder,
    bytes: Vec<u8>,
    /// Text that is not read yet.
    waiting: String,
    /// Line breaks in what was read.
    lines: usize,
}

/// Bytes that are read at once.
const PIECE_BYTES: usize = 1 << 20;
/// A row that is longer is none, or has a quote that is never closed.
const LONGEST_ROW: usize = 64 << 20;

impl<'a> Pieces<'a> {
    fn open(path: &'a Path, encoding: &'static Encoding) -> Result<Self, ReadError> {
        let file =
            File::open(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        let decoder = encoding.new_decoder_with_bom_removal();
        let (bytes, waiting) = (vec![0; PIECE_BYTES], String::new());
        Ok(Self { path, file, encoding, decoder, bytes, waiting, lines: 0 })
    }

    /// Adds the next piece of text; `false` if that was the last one.
    fn more(&mut self) -> Result<bool, ReadError> {
        let failed = |source| ReadError::Io { path: self.path.to_owned(), source };
        let count = self.file.read(&mut self.bytes).map_err(failed)?;
        let last = count == 0;
        let mut input = self.bytes.get(..count).unwrap_or_default();
        loop {
            let room = self.decoder.max_utf8_buffer_length_without_replacement(input.len());
            self.waiting.reserve(room.unwrap_or(PIECE_BYTES));
            let (result, read) =
                self.decoder.decode_to_string_without_replacement(input, &mut self.waiting, last);
            input = input.get(read..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => return Ok(!last),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    return Err(ReadError::Encoding {
                        path: self.path.to_owned(),
                        line: self.lines + line_breaks(&self.waiting) + 1,
                        encoding: self.encoding.name().to_owned(),
                    });
                }
            }
        }
    }

    /// Forgets what was read but for its last `kept` bytes.
    fn keep(&mut self, kept: usize) {
        let read = self.waiting.len().saturating_sub(kept);
        self.lines += line_breaks(self.waiting.get(..read).unwrap_or_default());
        self.waiting.drain(..read);
    }
}

fn line_breaks(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

//! A chunk of a table: text, and where each field of each row lies in it.
//!
//! ```text
//! bytes   1,"a, b",x⏎2,c,y⏎
//! marks   0 2 9 11 │ 11 13 15 17        columns + 1 a row
//!         ▲ start of field 0   ▲ end of the last field, plus one
//! ```
//!
//! Field `c` of a row lies between `marks[c]` and `marks[c + 1] - 1`. The two
//! highest bits of a mark say that the field is quoted, and that its text is
//! not simply what stands between the quotation marks.

use std::borrow::Cow;

use crate::sink::Reason;

/// The field stands in quotation marks.
pub(crate) const QUOTED: u32 = 1 << 31;
/// The quoted text has doubled quotation marks, or white space around it.
pub(crate) const COMPLEX: u32 = 1 << 30;
/// The position itself.
pub(crate) const POSITION: u32 = COMPLEX - 1;

/// Stands for the full-width comma where that is the delimiter.
pub(crate) const WIDE_COMMA: u8 = 0x1F;

/// Rows of a table as text.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// The text, with whatever stands between the fields.
    pub(crate) bytes: Vec<u8>,
    /// `columns + 1` marks a row.
    pub(crate) marks: Vec<u32>,
    /// Columns of the table.
    pub(crate) columns: usize,
    /// Rows that cannot be fields of the table, in the order of the file.
    pub(crate) rejects: Vec<RowReject>,
    /// How rows are numbered.
    pub(crate) lines: Lines,
    /// Records that were seen, fitting or not.
    pub(crate) records: u64,
    /// Whether [`WIDE_COMMA`] stands for the full-width comma.
    pub(crate) wide_comma: bool,
    /// Bytes of the file that are read.
    pub(crate) bytes_done: u64,
    /// Names of fields that no column has yet.
    pub(crate) new_columns: Vec<String>,
    /// Columns with numbers that the program that wrote the file has damaged.
    pub(crate) damaged: Vec<usize>,
}

/// A row that was refused while its fields were being found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowReject {
    /// Where the row starts in the bytes of the chunk.
    pub(crate) start: usize,
    /// Where it ends.
    pub(crate) end: usize,
    /// Its number, if it is not counted from the bytes.
    pub(crate) line: Option<u64>,
    /// Why it was refused.
    pub(crate) reason: Reason,
    /// The value to blame, if it is not the row itself.
    pub(crate) value: Option<String>,
    /// Its column, as a number from zero.
    pub(crate) column: Option<usize>,
}

/// How the rows of a chunk are numbered.
#[derive(Debug)]
pub(crate) enum Lines {
    /// By line breaks in the bytes, of which `first` is the number of the first line.
    Counted {
        /// Number of the line that starts the chunk, from 1.
        first: u64,
        /// The byte that ends a line.
        newline: u8,
    },
    /// One number for each row.
    Listed(Vec<u64>),
}

impl Default for Lines {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Chunk {
    /// An empty chunk whose rows carry their own numbers.
    pub(crate) fn listed(columns: usize) -> Self {
        Self { columns, ..Self::default() }
    }

    /// Marks of each row.
    pub(crate) fn rows(&self) -> std::slice::ChunksExact<'_, u32> {
        self.marks.chunks_exact(self.columns + 1)
    }

    /// Number of rows.
    pub(crate) fn row_count(&self) -> usize {
        self.marks.len() / (self.columns + 1)
    }

    /// The text of a field as it stands between its quotation marks.
    #[inline]
    pub(crate) fn field<'a>(&'a self, marks: &[u32], column: usize) -> Cow<'a, [u8]> {
        let (Some(start), Some(end)) = (marks.get(column), marks.get(column + 1)) else {
            return Cow::Borrowed(&[]);
        };
        let from = (start & POSITION) as usize;
        let to = ((end & POSITION) as usize).saturating_sub(1);
        if start & QUOTED == 0 {
            return Cow::Borrowed(self.bytes.get(from..to).unwrap_or_default());
        }
        if start & COMPLEX == 0 {
            return Cow::Borrowed(
                self.bytes.get(from + 1..to.saturating_sub(1)).unwrap_or_default(),
            );
        }
        let text = unquote(self.bytes.get(from..to).unwrap_or_default());
        Cow::Owned(if self.wide_comma { widen_commas(&text) } else { text })
    }

    /// The same where the text stands as it is in the bytes, which nearly all do.
    #[inline(always)]
    pub(crate) fn plain_field(&self, marks: &[u32], column: usize) -> Option<&[u8]> {
        let (start, end) = (*marks.get(column)?, *marks.get(column + 1)?);
        let (from, to) = ((start & POSITION) as usize, (end & POSITION) as usize);
        if start & (QUOTED | COMPLEX) == 0 {
            self.bytes.get(from..to.wrapping_sub(1))
        } else if start & COMPLEX == 0 {
            self.bytes.get(from + 1..to.wrapping_sub(2))
        } else {
            None
        }
    }

    /// Appends a row of texts, with its number.
    pub(crate) fn push_row<'a>(&mut self, line: u64, fields: impl IntoIterator<Item = &'a [u8]>) {
        self.records += 1;
        self.marks.push(position(self.bytes.len()));
        let mut count = 0;
        for field in fields.into_iter().take(self.columns) {
            self.bytes.extend_from_slice(field);
            self.bytes.push(0);
            self.marks.push(position(self.bytes.len()));
            count += 1;
        }
        for _ in count..self.columns {
            self.bytes.push(0);
            self.marks.push(position(self.bytes.len()));
        }
        if let Lines::Listed(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    /// Fields of a row that have text.
    pub(crate) fn filled(&self, marks: &[u32]) -> usize {
        (0..self.columns).filter(|column| !self.field(marks, *column).is_empty()).count()
    }

    /// Whether most of a row is empty, so that it may be a remark.
    pub(crate) fn is_sparse(&self, marks: &[u32]) -> bool {
        self.columns >= 3 && is_sparse(self.columns, self.filled(marks))
    }

    /// The row as it stands in the file, or as CSV where it never was text.
    pub(crate) fn raw(&self, marks: &[u32]) -> Cow<'_, [u8]> {
        match self.lines {
            Lines::Counted { .. } => {
                let from = marks.first().map_or(0, |mark| mark & POSITION) as usize;
                let to = marks.last().map_or(0, |mark| mark & POSITION) as usize;
                Cow::Borrowed(self.bytes.get(from..to.saturating_sub(1)).unwrap_or_default())
            }
            Lines::Listed(_) => {
                let mut raw = Vec::new();
                for column in 0..self.columns {
                    if column > 0 {
                        raw.push(b',');
                    }
                    let field = self.field(marks, column);
                    if field.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
                        raw.push(b'"');
                        for byte in field.iter() {
                            raw.push(*byte);
                            if *byte == b'"' {
                                raw.push(b'"');
                            }
                        }
                        raw.push(b'"');
                    } else {
                        raw.extend_from_slice(&field);
                    }
                }
                Cow::Owned(raw)
            }
        }
    }
}

/// Whether so few fields are filled that the row may be a remark.
fn is_sparse(columns: usize, filled: usize) -> bool {
    filled > 0 && (filled == 1 || filled * 5 <= columns)
}

/// A position as a mark. Chunks are far smaller than 1 GiB; a larger one would
/// be cut here and its rows refused.
pub(crate) fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(POSITION).min(POSITION)
}

/// The text of a quoted field: quotation marks off, doubled ones single.
fn unquote(field: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(field.len());
    let mut rest = field.strip_prefix(b"\"").unwrap_or(field);
    while let Some(at) = memchr::memchr(b'"', rest) {
        let (before, after) = rest.split_at(at);
        text.extend_from_slice(before);
        match after {
            [b'"', b'"', tail @ ..] => {
                text.push(b'"');
                rest = tail;
            }
            _ => {
                rest = &[];
                break;
            }
        }
    }
    text.extend_from_slice(rest);
    text
}

/// Turns the stand-in back into the full-width comma.
pub(crate) fn widen_commas(text: &[u8]) -> Vec<u8> {
    let mut widened = Vec::with_capacity(text.len() + 8);
    for byte in text {
        if *byte == WIDE_COMMA {
            widened.extend_from_slice("，".as_bytes());
        } else {
            widened.push(*byte);
        }
    }
    widened
}

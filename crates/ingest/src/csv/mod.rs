//! Text with delimiters (RFC 4180 and what people make of it).
//!
//! ```text
//! text.rs    file → UTF-8, whatever the encoding
//! blocks.rs  UTF-8 → blocks that end where a record ends
//! index.rs   block → chunk: where each field lies
//! source.rs  ties them together for the pipeline
//! ```
//!
//! A quotation mark opens a quoted field only at the start of a field; anywhere
//! else it is a character like others. Blocks and index follow the same rule,
//! so that they agree on where a record ends.

mod blocks;
mod index;
mod source;
mod text;

pub(crate) use blocks::Declared;
pub(crate) use index::{reads_like_a_remark, split_record};
pub(crate) use source::CsvSource;
pub(crate) use text::{TextReader, Utf8Stream, read_error, read_head};

/// How the fields of a file are set apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The delimiter; [`WIDE_COMMA`](crate::chunk::WIDE_COMMA) for the full-width comma.
    pub(crate) delimiter: u8,
    /// The byte that ends a record: line feed, or carriage return alone.
    pub(crate) newline: u8,
}

impl Dialect {
    /// Whether the delimiter is the full-width comma.
    pub(crate) fn wide_comma(self) -> bool {
        self.delimiter == crate::chunk::WIDE_COMMA
    }
}

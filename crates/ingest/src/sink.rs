//! Who receives the batches, the rejected rows and the progress of a load.

use std::ops::ControlFlow;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use crate::summary::Kind;

/// Receives what a load produces, from one thread, in the order of the file.
pub trait Sink {
    /// The columns are known.
    ///
    /// Called again when a later row proves a type wrong: everything that was
    /// delivered so far, batches and rejects, must then be thrown away.
    ///
    /// # Errors
    ///
    /// Whatever the receiver cannot do; the load stops with it.
    fn begin(&mut self, schema: SchemaRef) -> Result<(), SinkError>;

    /// The next rows.
    ///
    /// # Errors
    ///
    /// As [`Sink::begin`].
    fn batch(&mut self, batch: RecordBatch) -> Result<(), SinkError>;

    /// A row that does not fit. At most `Limits::rejects_kept` are delivered.
    ///
    /// # Errors
    ///
    /// As [`Sink::begin`].
    fn reject(&mut self, reject: Reject) -> Result<(), SinkError>;

    /// How far the load is. `Break` cancels it.
    fn progress(&mut self, progress: Progress) -> ControlFlow<()>;
}

/// Sees every batch on the thread that made it, before the sink does.
///
/// For work that does not depend on the order of rows, such as a profile: it
/// then runs on all cores. A batch may be observed and not be delivered when
/// the load fails.
pub trait Observer: Sync {
    /// One batch, from any thread.
    fn observe(&self, batch: &RecordBatch);

    /// The load begins again: forget everything that was observed.
    fn start_over(&self);
}

/// An observer that does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct NoObserver;

impl Observer for NoObserver {
    fn observe(&self, _batch: &RecordBatch) {}

    fn start_over(&self) {}
}

/// What a sink could not do.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct SinkError(Box<dyn std::error::Error + Send + Sync>);

impl SinkError {
    /// Wraps the error of the receiver.
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }

    /// Gives the wrapped error back.
    pub fn into_inner(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }
}

/// How far a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file that are read in this pass.
    pub bytes_done: u64,
    /// Size of the file.
    pub bytes_total: u64,
    /// Rows accepted in this pass.
    pub rows: u64,
    /// Rows rejected in this pass.
    pub rejected: u64,
    /// 1, and one more each time the load began again.
    pub pass: u32,
}

/// A row that was not taken in, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    /// Line of a text file, row of a sheet, or element of a JSON array; from 1.
    pub line: u64,
    /// The column of the value, where one value is to blame.
    pub column: Option<String>,
    /// The value, at most 1,000 characters; `…(+n)` says how many were cut.
    pub value: String,
    /// Why the row does not fit.
    pub reason: Reason,
    /// The row as it stands in the file, at most 64 KiB.
    pub raw: String,
}

/// Why a row does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// The row has more or fewer fields than the table has columns.
    FieldCount {
        /// Columns of the table.
        expected: u64,
        /// Fields of the row.
        found: u64,
    },
    /// The value does not have the type of its column.
    Misfit {
        /// The type of the column.
        kind: Kind,
    },
    /// A remark that stands between the data rows: the first field alone is
    /// filled and reads like a sentence, or most of the row is empty and a value
    /// does not fit.
    Footnote,
    /// A field or a row is longer than allowed.
    TooLong {
        /// The limit for one field, in bytes.
        limit_bytes: u64,
    },
    /// The row has bytes that are not text in the encoding of the file.
    InvalidBytes {
        /// The encoding of the file.
        encoding: String,
    },
    /// Text follows a closing quotation mark.
    Quote,
    /// The line is not valid JSON.
    JsonSyntax {
        /// What the parser says.
        message: String,
    },
    /// The element is not a JSON object.
    NotAnObject,
}

impl Reason {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FieldCount { .. } => "field_count",
            Self::Misfit { .. } => "misfit",
            Self::Footnote => "footnote",
            Self::TooLong { .. } => "too_long",
            Self::InvalidBytes { .. } => "invalid_bytes",
            Self::Quote => "quote",
            Self::JsonSyntax { .. } => "json_syntax",
            Self::NotAnObject => "not_an_object",
        }
    }

    /// A sentence for people.
    pub fn message(&self) -> Bilingual {
        match self {
            Self::FieldCount { expected, found } => Bilingual::new(
                format!("本行有 {found} 个字段，表有 {expected} 列"),
                format!("the row has {found} fields and the table has {expected} columns"),
            ),
            Self::Misfit { kind } => {
                let label = kind.label();
                Bilingual::new(
                    format!("该值不是{}，而本列其余的值是", label.zh),
                    format!("the value is not of type {}, as the rest of the column is", label.en),
                )
            }
            Self::Footnote => Bilingual::new(
                "本行是夹在数据中的说明",
                "the row is a remark between the data rows",
            ),
            Self::TooLong { limit_bytes } => Bilingual::new(
                format!("字段超过 {limit_bytes} 字节的上限"),
                format!("a field is longer than the limit of {limit_bytes} bytes"),
            ),
            Self::InvalidBytes { encoding } => Bilingual::new(
                format!("本行含有不属于 {encoding} 编码的字节"),
                format!("the row has bytes that are not {encoding} text"),
            ),
            Self::Quote => {
                Bilingual::new("引号结束后还有文字", "text follows a closing quotation mark")
            }
            Self::JsonSyntax { message } => Bilingual::new(
                format!("本行不是有效的 JSON：{message}"),
                format!("the line is not valid JSON: {message}"),
            ),
            Self::NotAnObject => {
                Bilingual::new("该元素不是 JSON 对象", "the element is not a JSON object")
            }
        }
    }
}

/// Longest value shown with a reject, in characters.
const VALUE_CHARS: usize = 1_000;
/// Longest raw row kept with a reject, in bytes.
pub(crate) const RAW_BYTES: usize = 64 * 1024;

/// Shortens a value to what a reject shows, on a character boundary.
pub(crate) fn shown(value: &str) -> String {
    match value.char_indices().nth(VALUE_CHARS) {
        None => value.to_owned(),
        Some((cut, _)) => {
            let (head, tail) = value.split_at(cut);
            format!("{head}…(+{})", tail.chars().count())
        }
    }
}

/// Shortens a raw row to what a reject keeps; bytes that are not text become U+FFFD.
pub(crate) fn raw(bytes: &[u8]) -> String {
    let mut end = bytes.len().min(RAW_BYTES);
    while end > 0 && end < bytes.len() && bytes.get(end).is_some_and(|byte| byte & 0xC0 == 0x80) {
        end -= 1;
    }
    let mut text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
    // U+FFFD is longer than the byte it replaces.
    if text.len() > RAW_BYTES {
        let mut cut = RAW_BYTES;
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        text.truncate(cut);
    }
    text
}

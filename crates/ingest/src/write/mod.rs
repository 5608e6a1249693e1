//! Batches → CSV, XLSX, JSON, NDJSON, GeoJSON and RDF for download, streamed.
//!
//! Each writer takes any [`std::io::Write`], writes batch by batch and ends with
//! `finish`. Dates are ISO 8601, numbers have a decimal point, and no cell can
//! act as a formula in a spreadsheet program.

mod cells;
mod csv;
mod geojson;
mod json;
mod triples;
mod xlsx;

pub use csv::{CsvOptions, CsvWriter};
pub use geojson::{GeoJsonWriter, Place};
pub use json::{JsonWriter, NdjsonWriter, json_lists};
pub use triples::TriplesWriter;
pub use xlsx::XlsxWriter;

use vocabulary::{Bilingual, ErrorKind};

/// A text for a cell of a CSV file that spreadsheet programs open: one that would
/// act as a formula gets an apostrophe before it.
pub fn neutralized(text: &str) -> std::borrow::Cow<'_, str> {
    if cells::acts_as_formula(text) { format!("'{text}").into() } else { text.into() }
}

/// Why an export cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The receiver of the bytes failed.
    #[error("could not write the export")]
    Io(#[from] std::io::Error),

    /// The values cannot be formatted.
    #[error("could not format the values")]
    Arrow(#[from] arrow::error::ArrowError),

    /// The workbook cannot be made.
    #[error("could not make the workbook")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),

    /// More rows than a sheet has.
    #[error("a sheet holds {limit} data rows and there are more")]
    TooManyRows {
        /// Rows of a sheet below its header.
        limit: u64,
    },

    /// More columns than a sheet has.
    #[error("a sheet holds {limit} columns and the table has {found}")]
    TooManyColumns {
        /// Columns of a sheet.
        limit: u64,
        /// Columns of the table.
        found: u64,
    },

    /// A text is longer than a cell.
    #[error("row {row}, column `{column}`: a cell holds {limit} characters and the text has more")]
    TextTooLong {
        /// Data row, from 1.
        row: u64,
        /// The column.
        column: String,
        /// Characters of a cell.
        limit: u64,
    },
}

impl WriteError {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(_) => ErrorKind::Unavailable,
            Self::Arrow(_) | Self::Xlsx(_) => ErrorKind::Internal,
            Self::TooManyRows { .. } | Self::TooManyColumns { .. } | Self::TextTooLong { .. } => {
                ErrorKind::Invalid
            }
        }
    }

    /// What the person who asked for the export can do.
    pub fn remedy(&self) -> Bilingual {
        match self {
            Self::Io(_) => Bilingual::new("请稍后重试", "try again later"),
            Self::Arrow(_) | Self::Xlsx(_) => Bilingual::new(
                "这是程序的缺陷，请把此消息交给系统管理员",
                "this is a defect; give this message to the system administrator",
            ),
            Self::TooManyRows { .. } | Self::TooManyColumns { .. } | Self::TextTooLong { .. } => {
                Bilingual::new(
                    "数据超出 XLSX 工作表的容量，请改为下载 CSV",
                    "the data exceeds what an XLSX sheet holds; download CSV instead",
                )
            }
        }
    }
}

/// The calendar of the writers, for a test against the calendar of the reader.
#[cfg(test)]
pub(crate) fn civil_for_tests(days: i64) -> (i64, i64, i64) {
    cells::civil(days)
}

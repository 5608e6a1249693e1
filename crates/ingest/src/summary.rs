//! What a load found: format, encoding, columns and notes.

use arrow::datatypes::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};
use vocabulary::Bilingual;

use crate::repair::Proposal;

/// The format of a file, known from its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with delimiters.
    Csv,
    /// Office Open XML workbook.
    Xlsx,
    /// Excel 97–2003 workbook.
    Xls,
    /// One JSON array of objects.
    Json,
    /// One JSON object a line.
    Ndjson,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// A short name for people and for the metadata of a data set.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Xlsx => "XLSX",
            Self::Xls => "XLS",
            Self::Json => "JSON",
            Self::Ndjson => "NDJSON",
            Self::Parquet => "Parquet",
        }
    }
}

/// The type of a column. There are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `true` or `false`, any case.
    Boolean,
    /// Integer of at most 15 digits.
    Int64,
    /// Number with a decimal point or an exponent.
    Float64,
    /// Calendar date.
    Date,
    /// Date and time of day in microseconds, no time zone.
    Timestamp,
    /// Anything else.
    Text,
}

impl Kind {
    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int64 => DataType::Int64,
            Self::Float64 => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Text => DataType::Utf8,
        }
    }

    /// The kind of an Arrow type, if it is one of ours.
    pub fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Boolean => Some(Self::Boolean),
            DataType::Int64 => Some(Self::Int64),
            DataType::Float64 => Some(Self::Float64),
            DataType::Date32 => Some(Self::Date),
            DataType::Timestamp(TimeUnit::Microsecond, None) => Some(Self::Timestamp),
            DataType::Utf8 => Some(Self::Text),
            _ => None,
        }
    }

    /// The word for people.
    pub fn label(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Boolean => ("布尔值", "boolean"),
            Self::Int64 => ("整数", "integer"),
            Self::Float64 => ("小数", "decimal number"),
            Self::Date => ("日期", "date"),
            Self::Timestamp => ("日期时间", "date and time"),
            Self::Text => ("文本", "text"),
        };
        Bilingual::new(zh, en)
    }
}

/// One column as it was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnPlan {
    /// Name in the table: trimmed, NFC, unique.
    pub name: String,
    /// Name in the file; empty if the file gives none.
    pub source_name: String,
    /// Type of the column.
    pub kind: Kind,
    /// Marks that were read as "no value", such as `NA` or `—`.
    pub missing_marks: Vec<String>,
    /// What a person should know about the column.
    pub notes: Vec<Bilingual>,
}

/// What a load found and did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Format of the file.
    pub format: Format,
    /// Encoding of its text; `binary` where the format has its own.
    pub encoding: String,
    /// The delimiter of a CSV file.
    pub delimiter: Option<char>,
    /// Rows delivered to the sink.
    pub rows: u64,
    /// Rows rejected, also those beyond `Limits::rejects_kept`.
    pub rejected: u64,
    /// Size of the file.
    pub bytes: u64,
    /// Times the file was read.
    pub passes: u32,
    /// The columns in the order of the file.
    pub columns: Vec<ColumnPlan>,
    /// What a person should know about the file.
    pub notes: Vec<Bilingual>,
    /// What was repaired in a workbook, as it was agreed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<Proposal>,
    /// What could be repaired, if somebody agrees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<Proposal>,
}

//! Why a file cannot be read at all.

use std::io;

use vocabulary::{Bilingual, ErrorKind};

use crate::sink::SinkError;

/// Why a file cannot be read. A row that does not fit is no error: it is a
/// [`Reject`](crate::Reject).
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file cannot be opened or read.
    #[error("could not read `{file}`")]
    Read {
        /// Name of the file.
        file: String,
        /// What the system says.
        #[source]
        source: io::Error,
    },

    /// The file has no bytes, or nothing but blank lines.
    #[error("the file is empty")]
    Empty,

    /// The content is of no format that can be read.
    #[error(
        "the content is none of CSV, XLSX, XLS, JSON, NDJSON and Parquet; it looks like {looks_like}"
    )]
    UnknownFormat {
        /// What the first bytes look like.
        looks_like: String,
    },

    /// The declared encoding has no meaning here.
    #[error("no text encoding is called `{label}`")]
    UnknownEncoding {
        /// The label that was given.
        label: String,
    },

    /// The text is not in the declared encoding.
    #[error("line {line}, byte {offset}: not {declared} text; it looks like {looks_like}")]
    WrongEncoding {
        /// The encoding that was declared.
        declared: String,
        /// Line of the first wrong byte, from 1.
        line: u64,
        /// Offset of the first wrong byte in the file, from 0.
        offset: u64,
        /// The encoding that the bytes look like.
        looks_like: String,
    },

    /// A quotation mark opens a field and none closes it.
    #[error(
        "line {line}: a quotation mark opens here and none closes it before the end of the file"
    )]
    UnclosedQuote {
        /// Line of the record with the opening mark, from 1.
        line: u64,
    },

    /// The first row is longer than the head that is searched for it.
    #[error("the first row is longer than {limit_bytes} bytes")]
    HeaderTooLong {
        /// Bytes that were searched.
        limit_bytes: u64,
    },

    /// More columns than allowed.
    #[error("the table has {found} columns and the limit is {limit}")]
    TooManyColumns {
        /// Columns found.
        found: u64,
        /// The limit.
        limit: u64,
    },

    /// A packed file grows too large when unpacked.
    #[error("`{part}` unpacks to more than {limit_bytes} bytes")]
    UnpackedTooLarge {
        /// The part of the file.
        part: String,
        /// The limit.
        limit_bytes: u64,
    },

    /// A packed file grows by a suspicious factor.
    #[error("`{part}` unpacks to more than {limit} times its packed size")]
    UnpackRatio {
        /// The part of the file.
        part: String,
        /// The limit.
        limit: u64,
    },

    /// A packed file has too many parts.
    #[error("the file has {found} parts and the limit is {limit}")]
    TooManyParts {
        /// Parts found.
        found: u64,
        /// The limit.
        limit: u64,
    },

    /// An XML part declares entities or a document type.
    #[error("`{part}` declares a document type or entities, which are not read")]
    XmlEntities {
        /// The part of the file.
        part: String,
    },

    /// The workbook is encrypted.
    #[error("the workbook is protected with a password")]
    Encrypted,

    /// The workbook is damaged.
    #[error("the workbook cannot be read: {message}")]
    Workbook {
        /// What the reader says.
        message: String,
    },

    /// The workbook has no such sheet.
    #[error("no sheet `{wanted}`; the workbook has {present}")]
    NoSheet {
        /// The sheet that was asked for.
        wanted: String,
        /// The sheets that are there.
        present: String,
    },

    /// The JSON text is wrong, so that the rest of it has no meaning.
    #[error("line {line}, column {column}: {message}")]
    Json {
        /// Line, from 1.
        line: u64,
        /// Column, from 1.
        column: u64,
        /// What the parser says.
        message: String,
    },

    /// The Parquet file contradicts itself or is cut.
    #[error("the Parquet file cannot be read: {message}")]
    Parquet {
        /// What is wrong.
        message: String,
    },

    /// The sink asked to stop.
    #[error("cancelled")]
    Cancelled,

    /// The sink failed.
    #[error("could not store the rows")]
    Sink(#[source] SinkError),

    /// A defect of the reader itself.
    #[error("internal error while reading: {message}")]
    Internal {
        /// What happened.
        message: String,
    },
}

impl IngestError {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { .. } | Self::Sink(_) => ErrorKind::Unavailable,
            Self::Cancelled => ErrorKind::Conflict,
            Self::Internal { .. } => ErrorKind::Internal,
            Self::NoSheet { .. } => ErrorKind::NotFound,
            Self::Empty
            | Self::UnknownFormat { .. }
            | Self::UnknownEncoding { .. }
            | Self::WrongEncoding { .. }
            | Self::UnclosedQuote { .. }
            | Self::HeaderTooLong { .. }
            | Self::TooManyColumns { .. }
            | Self::UnpackedTooLarge { .. }
            | Self::UnpackRatio { .. }
            | Self::TooManyParts { .. }
            | Self::XmlEntities { .. }
            | Self::Encrypted
            | Self::Workbook { .. }
            | Self::Json { .. }
            | Self::Parquet { .. } => ErrorKind::Invalid,
        }
    }

    /// What the person who uploaded the file can do.
    pub fn remedy(&self) -> Bilingual {
        match self {
            Self::Read { .. } => Bilingual::new(
                "请重新上传文件；若再次出现，请联系系统管理员检查磁盘",
                "upload the file again; if it happens again, ask the system administrator to check the disk",
            ),
            Self::Empty => {
                Bilingual::new("请上传含有表头和数据的文件", "upload a file with a header and data")
            }
            Self::UnknownFormat { .. } => Bilingual::new(
                "请另存为 CSV 或 XLSX 后重新上传",
                "save the table as CSV or XLSX and upload it again",
            ),
            Self::UnknownEncoding { .. } => Bilingual::new(
                "请选用 UTF-8、GB18030、GBK 或 UTF-16，或不填以自动识别",
                "choose UTF-8, GB18030, GBK or UTF-16, or leave it empty to have it detected",
            ),
            Self::WrongEncoding { looks_like, .. } => Bilingual::new(
                format!("请把编码改为 {looks_like}，或不填以自动识别"),
                format!("declare {looks_like}, or leave the encoding empty to have it detected"),
            ),
            Self::UnclosedQuote { line } => Bilingual::new(
                format!("请在第 {line} 行起的记录中补上缺少的引号"),
                format!("add the missing quotation mark in the record that starts at line {line}"),
            ),
            Self::HeaderTooLong { .. } => Bilingual::new(
                "请检查首行是否为表头，以及分隔符和换行是否正确",
                "check that the first row is a header, and the delimiter and line breaks",
            ),
            Self::TooManyColumns { limit, .. } => Bilingual::new(
                format!("请把表拆成每个不超过 {limit} 列的文件，或检查分隔符"),
                format!(
                    "split the table into files of at most {limit} columns, or check the delimiter"
                ),
            ),
            Self::UnpackedTooLarge { .. }
            | Self::UnpackRatio { .. }
            | Self::TooManyParts { .. } => Bilingual::new(
                "请把数据另存为 CSV 后上传；若文件来源不明，请不要打开",
                "save the data as CSV and upload that; do not open the file if its origin is unknown",
            ),
            Self::XmlEntities { .. } => Bilingual::new(
                "请用办公软件打开后重新另存为 XLSX",
                "open the file in an office program and save it again as XLSX",
            ),
            Self::Encrypted => Bilingual::new(
                "请去掉工作簿的密码后重新上传",
                "remove the password of the workbook and upload it again",
            ),
            Self::Workbook { .. } => Bilingual::new(
                "请用办公软件打开并另存为 XLSX 或 CSV 后重新上传",
                "open the file in an office program, save it as XLSX or CSV, and upload it again",
            ),
            Self::NoSheet { present, .. } => Bilingual::new(
                format!("请从现有工作表中选择：{present}"),
                format!("choose one of the sheets that are there: {present}"),
            ),
            Self::Json { .. } => Bilingual::new(
                "请上传由对象组成的数组，或每行一个对象的文件",
                "upload one array of objects, or one object a line",
            ),
            Self::Parquet { .. } => Bilingual::new(
                "文件可能未传完或已损坏，请重新导出后上传",
                "the file may be cut or damaged; export it again and upload it",
            ),
            Self::Cancelled => {
                Bilingual::new("如需导入，请重新开始", "start again if you want the data")
            }
            Self::Sink(_) => {
                Bilingual::new("未写入任何数据，请稍后重试", "nothing was stored; try again later")
            }
            Self::Internal { .. } => Bilingual::new(
                "这是程序的缺陷，请把文件和此消息交给系统管理员",
                "this is a defect; give the file and this message to the system administrator",
            ),
        }
    }
}

//! What can go wrong between a caller and a table.

use vocabulary::{Bilingual, ErrorKind};

use crate::filter::FilterError;
use crate::path::TablePath;

/// Any error of a foreign layer, kept as the source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Which limit a query reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// The memory that one query, or all queries together, may use.
    Memory,
    /// The disk space that queries may use to put off rows.
    Disk,
    /// The time that one query may take.
    Time,
    /// The rows that one query may return.
    Rows,
    /// The number of queries that run at once.
    Queue,
}

impl LimitKind {
    /// A short name for people.
    pub fn label(self) -> Bilingual {
        match self {
            Self::Memory => Bilingual::new("内存上限", "memory limit"),
            Self::Disk => Bilingual::new("磁盘上限", "disk limit"),
            Self::Time => Bilingual::new("时间上限", "time limit"),
            Self::Rows => Bilingual::new("行数上限", "row limit"),
            Self::Queue => Bilingual::new("并发查询上限", "limit of concurrent queries"),
        }
    }
}

/// Why the lake could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LakeError {
    /// No table has this path.
    #[error("no table `{table}`")]
    NoTable {
        /// The path that was asked for.
        table: TablePath,
    },

    /// The table has no such version.
    #[error("table `{table}` has no version {version}")]
    NoVersion {
        /// The table.
        table: TablePath,
        /// The version that was asked for.
        version: u64,
    },

    /// The table has no such file.
    #[error("table `{table}` has no file `{file}`")]
    NoFile {
        /// The table.
        table: TablePath,
        /// The file that was asked for.
        file: String,
    },

    /// A query names a column that the table does not have.
    #[error("no column `{column}`")]
    NoColumn {
        /// The name that was used.
        column: String,
        /// The names that exist.
        known: Vec<String>,
    },

    /// The `where` text is wrong.
    #[error("wrong filter")]
    Filter(#[from] FilterError),

    /// The `order`, `select` or grouping is wrong.
    #[error("wrong query: {}", message.en)]
    Query {
        /// What is wrong with it.
        message: Bilingual,
    },

    /// The cursor does not belong to this query, or is no cursor.
    #[error("wrong cursor: {}", message.en)]
    Cursor {
        /// What is wrong with it.
        message: Bilingual,
    },

    /// The SQL text is wrong or does more than select.
    #[error("wrong SQL: {}", message.en)]
    Sql {
        /// What is wrong with it; the same in both languages where the engine says it.
        message: Bilingual,
    },

    /// A schema cannot be stored.
    #[error("cannot store this schema: {}", message.en)]
    Schema {
        /// Which column, and why.
        message: Bilingual,
    },

    /// A value does not fit into the column type.
    #[error("column `{column}` has a value that does not fit: {reason}")]
    Value {
        /// The column.
        column: String,
        /// What the cast says.
        reason: String,
    },

    /// Someone else committed first.
    #[error("table `{table}` was changed by another writer")]
    Conflict {
        /// The table.
        table: TablePath,
    },

    /// The query reached a limit and was stopped.
    #[error("the query reached the {}", kind.label().en)]
    Limit {
        /// Which limit.
        kind: LimitKind,
    },

    /// The implementation does not offer this operation.
    #[error("this lake does not offer {operation}")]
    NotOffered {
        /// The operation.
        operation: &'static str,
    },

    /// A write could not be made durable, so no more writes are acknowledged.
    #[error("stopped acknowledging writes after a failed sync")]
    Stopped,

    /// Stored data are not what they should be.
    #[error("table `{table}` is damaged: {reason}")]
    Damaged {
        /// The table.
        table: TablePath,
        /// What was found.
        reason: String,
    },

    /// The storage or the engine failed.
    #[error("could not {action}")]
    Failed {
        /// What was being done.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: BoxError,
    },
}

impl LakeError {
    /// What went wrong, in the words that the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoTable { .. } | Self::NoVersion { .. } | Self::NoFile { .. } => {
                ErrorKind::NotFound
            }
            Self::NoColumn { .. }
            | Self::Filter(_)
            | Self::Query { .. }
            | Self::Cursor { .. }
            | Self::Sql { .. }
            | Self::Schema { .. }
            | Self::Value { .. }
            | Self::NotOffered { .. } => ErrorKind::Invalid,
            Self::Conflict { .. } => ErrorKind::Conflict,
            Self::Limit { .. } | Self::Stopped => ErrorKind::Unavailable,
            Self::Damaged { .. } | Self::Failed { .. } => ErrorKind::Internal,
        }
    }

    /// What went wrong, for people. It names nothing internal.
    pub fn text(&self) -> Bilingual {
        match self {
            Self::NoTable { .. } => Bilingual::new("数据表不存在", "there is no such table"),
            Self::NoVersion { version, .. } => Bilingual::new(
                format!("数据表没有版本 {version}"),
                format!("the table has no version {version}"),
            ),
            Self::NoFile { .. } => Bilingual::new("文件不存在", "there is no such file"),
            Self::NoColumn { column, known } => {
                let list = known.iter().take(50).cloned().collect::<Vec<_>>();
                Bilingual::new(
                    format!("没有字段“{column}”。可用字段：{}", list.join("、")),
                    format!("there is no column `{column}`; the columns are {}", list.join(", ")),
                )
            }
            Self::Filter(error) => Bilingual::new(
                format!("筛选条件第 {} 个字符处：{}", error.position, error.message.zh),
                format!("filter, character {}: {}", error.position, error.message.en),
            ),
            Self::Query { message } | Self::Cursor { message } | Self::Schema { message } => {
                message.clone()
            }
            Self::Sql { message } => Bilingual::new(
                format!("SQL 有误：{}", message.zh),
                format!("wrong SQL: {}", message.en),
            ),
            Self::Value { column, reason } => Bilingual::new(
                format!("字段“{column}”有值不符合类型：{reason}"),
                format!("column `{column}` has a value that does not fit its type: {reason}"),
            ),
            Self::Conflict { .. } => Bilingual::new(
                "数据表已被他人更新，请重新读取后再提交",
                "the table was changed by another writer; read it again and repeat",
            ),
            Self::Limit { kind } => {
                let label = kind.label();
                Bilingual::new(
                    format!("查询达到{}，已停止", label.zh),
                    format!("the query reached the {} and was stopped", label.en),
                )
            }
            Self::NotOffered { operation } => Bilingual::new(
                format!("此存储不支持：{operation}"),
                format!("this lake does not offer {operation}"),
            ),
            Self::Stopped => Bilingual::new(
                "存储写入故障，已停止确认写入，请联系管理员",
                "storage failed to keep a write; writing has stopped, tell the administrator",
            ),
            Self::Damaged { .. } => Bilingual::new("数据表已损坏", "the table is damaged"),
            Self::Failed { .. } => Bilingual::new("存储暂时不可用", "the storage failed"),
        }
    }

    /// An error about the query itself.
    pub fn query(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Query { message: Bilingual::new(zh, en) }
    }

    /// An error about a statement.
    pub fn sql(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Sql { message: Bilingual::new(zh, en) }
    }

    /// A failure of a foreign layer while doing `action`.
    pub fn failed(action: &'static str, source: impl Into<BoxError>) -> Self {
        Self::Failed { action, source: source.into() }
    }
}

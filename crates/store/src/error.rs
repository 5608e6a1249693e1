//! What can go wrong in the metadata database, the same on both engines.

use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, sqlx};
use vocabulary::ErrorKind;

use crate::constraint;

/// The engine's own message, kept for the log and never shown to a caller.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Cause(Box<DbErr>);

impl Cause {
    pub(crate) fn new(error: DbErr) -> Self {
        Self(Box::new(error))
    }
}

/// Why the metadata database did not do what was asked.
///
/// A constraint is named as in the migration. Where a migration gives no name,
/// it is PostgreSQL's: `account_pkey`, `account_login_key`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Someone changed the row first; nothing was changed now.
    #[error("someone else changed this first")]
    Stale,

    /// A row that must exist does not.
    #[error("no such row")]
    Missing,

    /// Another row has the same key.
    #[error("constraint `{constraint}`: such a row exists already")]
    Unique {
        /// Name of the unique constraint or index.
        constraint: String,
    },

    /// The row refers to one that does not exist, or is still referred to.
    #[error("a referenced row is missing, or this row is still referenced")]
    ForeignKey {
        /// Name of the constraint; SQLite does not tell it.
        constraint: Option<String>,
    },

    /// The row breaks a rule of its table.
    #[error("constraint `{constraint}` is broken")]
    Check {
        /// Name of the check, or `table_column_not_null`.
        constraint: String,
    },

    /// The database is busy; the same call may succeed a little later.
    #[error("the database is busy")]
    Busy,

    /// The database cannot be reached, or its disk failed.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// What failed, for the operator.
        reason: String,
        /// The engine's own message.
        #[source]
        source: Option<Cause>,
    },

    /// A migration cannot be applied.
    #[error("migration `{name}`: {reason}")]
    Migration {
        /// File name of the migration.
        name: String,
        /// Why it cannot be applied.
        reason: String,
        /// The engine's own message.
        #[source]
        source: Option<Cause>,
    },

    /// The database holds what it must not hold.
    #[error("the database is damaged: {what}")]
    Corrupt {
        /// What was found, for the operator.
        what: String,
    },

    /// A number does not fit into a BIGINT.
    #[error("the number `{0}` is too large to be stored")]
    TooLarge(u64),

    /// The engine refused the statement: a fault of this program.
    #[error("the database refused a statement")]
    Query(#[source] Cause),
}

impl Error {
    /// What went wrong, in the words the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Stale | Self::Unique { .. } => ErrorKind::Conflict,
            Self::Missing => ErrorKind::NotFound,
            Self::ForeignKey { .. } | Self::Check { .. } | Self::TooLarge(_) => ErrorKind::Invalid,
            Self::Busy | Self::Unavailable { .. } => ErrorKind::Unavailable,
            Self::Migration { .. } | Self::Corrupt { .. } | Self::Query(_) => ErrorKind::Internal,
        }
    }

    /// Whether the unique constraint or check `name` was broken.
    pub fn breaks(&self, name: &str) -> bool {
        match self {
            Self::Unique { constraint } | Self::Check { constraint } => constraint == name,
            Self::ForeignKey { constraint } => constraint.as_deref() == Some(name),
            _ => false,
        }
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable { reason: reason.into(), source: None }
    }

    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if matches!(&error, DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)) {
            return Self::Busy;
        }
        let found = match &error {
            DbErr::Conn(RuntimeErr::SqlxError(cause))
            | DbErr::Exec(RuntimeErr::SqlxError(cause))
            | DbErr::Query(RuntimeErr::SqlxError(cause)) => classify(cause),
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => Class::Unavailable,
            _ => Class::Other,
        };
        match found {
            Class::Known(known) => known,
            Class::Unavailable => Self::Unavailable {
                reason: "the connection failed".to_owned(),
                source: Some(Cause::new(error)),
            },
            Class::Disk => Self::Unavailable {
                reason: "the disk failed or is full".to_owned(),
                source: Some(Cause::new(error)),
            },
            Class::Damaged => Self::Corrupt { what: error.to_string() },
            Class::Other => Self::Query(Cause::new(error)),
        }
    }
}

/// Whether a commit that ended in this error may have lost an acknowledged
/// write: after a failed `fsync`, no later success can be believed.
pub(crate) fn is_disk_failure(error: &DbErr) -> bool {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            sqlite_code(cause).is_some_and(|code| code & 0xff == 10)
        }
        _ => false,
    }
}

enum Class {
    Known(Error),
    Unavailable,
    Disk,
    Damaged,
    Other,
}

fn classify(cause: &sqlx::Error) -> Class {
    match cause {
        sqlx::Error::Database(database) => {
            if database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                postgres(database.as_ref())
            } else {
                sqlite(cause)
            }
        }
        sqlx::Error::PoolTimedOut => Class::Known(Error::Busy),
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => Class::Unavailable,
        _ => Class::Other,
    }
}

fn postgres(database: &dyn sqlx::error::DatabaseError) -> Class {
    let code = database.code().unwrap_or_default();
    let name = || database.constraint().unwrap_or_default().to_owned();
    match code.as_ref() {
        "23505" => Class::Known(Error::Unique { constraint: name() }),
        "23503" => Class::Known(Error::ForeignKey {
            constraint: database.constraint().map(ToOwned::to_owned),
        }),
        "23514" => Class::Known(Error::Check { constraint: name() }),
        "23502" => {
            let column = database
                .try_downcast_ref::<sqlx::postgres::PgDatabaseError>()
                .and_then(sqlx::postgres::PgDatabaseError::column)
                .unwrap_or_default();
            let table = database.table().unwrap_or_default();
            Class::Known(Error::Check { constraint: format!("{table}_{column}_not_null") })
        }
        // The snapshot is older than a change by someone else.
        "40001" => Class::Known(Error::Stale),
        // Deadlock; lock not available; too many connections.
        "40P01" | "55P03" | "53300" => Class::Known(Error::Busy),
        "53100" | "58030" => Class::Disk,
        "XX001" | "XX002" => Class::Damaged,
        // Shutting down, starting up, lost connection.
        code if code.starts_with("57P") || code.starts_with("08") => Class::Unavailable,
        _ => Class::Other,
    }
}

fn sqlite_code(cause: &sqlx::Error) -> Option<u32> {
    let sqlx::Error::Database(database) = cause else { return None };
    database.try_downcast_ref::<sqlx::sqlite::SqliteError>()?;
    database.code()?.parse().ok()
}

fn sqlite(cause: &sqlx::Error) -> Class {
    let (Some(code), sqlx::Error::Database(database)) = (sqlite_code(cause), cause) else {
        return Class::Other;
    };
    let after = |prefix: &str| {
        database.message().split_once(prefix).map_or("", |(_, rest)| rest).trim().to_owned()
    };
    match code {
        1555 | 2067 => Class::Known(Error::Unique {
            constraint: constraint::unique_name(&after("UNIQUE constraint failed:"), code == 1555),
        }),
        // The plain code 19 comes from a deferred check at commit.
        787 | 19 => Class::Known(Error::ForeignKey { constraint: None }),
        275 => Class::Known(Error::Check { constraint: after("CHECK constraint failed:") }),
        1299 => Class::Known(Error::Check {
            constraint: format!(
                "{}_not_null",
                after("NOT NULL constraint failed:").replace('.', "_")
            ),
        }),
        code => match code & 0xff {
            5 | 6 => Class::Known(Error::Busy),
            10 | 13 => Class::Disk,
            11 | 26 => Class::Damaged,
            14 => Class::Unavailable,
            _ => Class::Other,
        },
    }
}

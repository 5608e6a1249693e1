//! Why a use case could not do what was asked.
//!
//! One enum for all areas: what a caller can do about an error depends on its
//! kind, not on the area that met it, and areas call one another. Text for
//! people is bilingual; sources are chained and never shown to a client.

use vocabulary::{Bilingual, ErrorKind, RefusalCode};

/// One field that is missing or wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldProblem {
    /// Path of the field in the request, e.g. `entry.title.zh`.
    pub field: String,
    /// What is wrong and what to do.
    pub message: Bilingual,
}

impl FieldProblem {
    /// A problem of one field.
    pub fn new(field: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { field: field.into(), message: Bilingual::new(zh, en) }
    }
}

/// A refusal that the law demands, with what led to it here.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RefusedBy {
    /// The code in the refusal table of the crate `law`.
    pub code: RefusalCode,
    /// What in this case met the condition, with the numbers.
    pub detail: Bilingual,
}

/// Why a use case could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields are missing or wrong; all of them are listed at once.
    #[error("the request has {} problem(s)", problems.len())]
    Invalid {
        /// Every problem that was found.
        problems: Vec<FieldProblem>,
    },

    /// The law refuses; the grounds are in the refusal table.
    #[error("refused: {}", refusals.iter().map(|r| r.code.to_string()).collect::<Vec<_>>().join(", "))]
    Refused {
        /// Every ground that applies.
        refusals: Vec<RefusedBy>,
    },

    /// The thing is in another state than this step starts from.
    #[error("`{subject}` is {found}, and this step starts from {needed}")]
    WrongState {
        /// What it is about, e.g. `asset 0190…`.
        subject: String,
        /// The state that it is in.
        found: String,
        /// The state or states that the step starts from.
        needed: &'static str,
    },

    /// Someone changed it in the meantime; read it again and repeat.
    #[error("changed by someone else since it was read")]
    Stale,

    /// No such thing, as far as this caller may know.
    #[error("no {what} `{id}`")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
        /// The identifier that was asked for.
        id: String,
    },

    /// The policies do not allow it. Which ones is in the log.
    #[error("not permitted")]
    Denied(#[from] trust::Denied),

    /// The file could not be read as data.
    #[error("could not read the file")]
    Ingest(#[from] ingest::IngestError),

    /// The metadata store failed.
    #[error("the metadata store failed")]
    Store(#[source] store::Error),

    /// The table store failed.
    #[error("the table store failed")]
    Lake(#[from] lake::LakeError),

    /// The catalogue index failed.
    #[error("the catalogue index failed")]
    Search(#[from] search::SearchError),

    /// Evidence could not be written, so nothing was done.
    #[error("the evidence could not be written")]
    Evidence(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// De-identification could not be computed.
    #[error("de-identification failed")]
    Deident(#[source] Box<dyn std::error::Error + Send + Sync>),

    /// A file in the data folder could not be written or read.
    #[error("could not use `{path}`")]
    File {
        /// The path, relative to the data folder.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },

    /// Stored JSON does not have the shape that this version expects.
    #[error("stored {what} is damaged")]
    Damaged {
        /// What was read.
        what: &'static str,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },

    /// A computation that runs on another thread ended without an answer.
    #[error("the work was interrupted")]
    Interrupted,
}

impl Error {
    /// What went wrong, in the words that the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Invalid { .. } => ErrorKind::Invalid,
            Self::Refused { .. } => ErrorKind::Refused,
            Self::WrongState { .. } | Self::Stale => ErrorKind::Conflict,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Denied(_) => ErrorKind::Denied,
            Self::Ingest(source) => source.kind(),
            Self::Store(source) => source.kind(),
            Self::Lake(source) => source.kind(),
            Self::Search(_) | Self::Damaged { .. } | Self::Deident(_) => ErrorKind::Internal,
            Self::Evidence(_) | Self::File { .. } | Self::Interrupted => ErrorKind::Unavailable,
        }
    }

    /// One problem of one field.
    pub fn invalid(field: impl Into<String>, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Invalid { problems: vec![FieldProblem::new(field, zh, en)] }
    }

    /// The evidence could not be written.
    pub(crate) fn evidence(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Evidence(Box::new(source))
    }

    /// One ground for refusal; the tests check that every code used here exists.
    pub(crate) fn refused(code: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        match refused_by(code, zh, en) {
            Some(refusal) => Self::Refused { refusals: vec![refusal] },
            None => Self::Interrupted,
        }
    }
}

/// A refusal by its code; `None` if the code is not of the form `R-XX-00`.
pub(crate) fn refused_by(
    code: &str,
    zh: impl Into<String>,
    en: impl Into<String>,
) -> Option<RefusedBy> {
    let code = code.parse::<RefusalCode>().ok()?;
    Some(RefusedBy { code, detail: Bilingual::new(zh, en) })
}

impl From<store::Error> for Error {
    fn from(source: store::Error) -> Self {
        match source {
            store::Error::Stale => Self::Stale,
            other => Self::Store(other),
        }
    }
}

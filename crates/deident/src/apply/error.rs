//! Why a plan cannot be applied.

use arrow::error::ArrowError;
use vocabulary::ErrorKind;

use crate::criterion::ModelError;
use crate::hierarchy::HierarchyError;
use crate::transform::TransformError;
use crate::tuples::TupleError;

/// Why a plan cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Plan and data do not name the same columns.
    #[error("the plan is for other columns: {}", other_columns(missing, unknown))]
    OtherColumns {
        /// Columns of the plan that the data lacks.
        missing: Vec<String>,
        /// Columns of the data that the plan does not name.
        unknown: Vec<String>,
    },
    /// The plan names a column twice.
    #[error("the plan names column `{name}` twice")]
    NamedTwice {
        /// The column.
        name: String,
    },
    /// A level is not in the hierarchy.
    #[error("the hierarchy of column `{column}` has no level {level}; its highest is {top}")]
    Level {
        /// The column.
        column: String,
        /// The level asked for.
        level: usize,
        /// The highest there is.
        top: usize,
    },
    /// A hierarchy does not fit its column.
    #[error("the hierarchy of column `{column}` cannot be used")]
    Hierarchy {
        /// The column.
        column: String,
        /// Why.
        #[source]
        source: HierarchyError,
    },
    /// New rows have values that the hierarchy does not know.
    #[error(
        "column `{column}` has values that were not seen when the mapping was found, in {rows} \
         row(s), first in row {first_row} (masked: {}); add them to its hierarchy, or write \
         `on_unseen = \"suppress\"` to drop these rows", masked.join(", ")
    )]
    Unseen {
        /// The column.
        column: String,
        /// Rows of the batch with such a value.
        rows: u64,
        /// The first of these rows, counted from 1 over all batches.
        first_row: u64,
        /// The first 20 of the values, masked but for their first character: values may be
        /// personal data, and errors are logged and passed on.
        masked: Vec<String>,
    },
    /// A transform cannot be used on its column.
    #[error("column `{column}` cannot be transformed")]
    Column {
        /// The column.
        column: String,
        /// Why.
        #[source]
        source: TransformError,
    },
    /// The rows that take part cannot be told.
    #[error("the rows that take part cannot be chosen")]
    Rows(#[source] TransformError),
    /// The plan chooses rows, and the tuples were counted over all.
    #[error("the plan chooses rows; count them with `Survey::builder` of this plan")]
    NotSurveyed,
    /// A batch has other columns than the ones before.
    #[error("a batch has other columns or types than the table began with")]
    OtherSchema,
    /// A column was not counted.
    #[error("the tuple table does not serve this plan")]
    Tuples(#[from] TupleError),
    /// A model of the plan cannot be asked for.
    #[error("a model of the plan cannot be used")]
    Model(#[from] ModelError),
    /// Arrow refused to build the batch.
    #[error("could not build the released batch")]
    Arrow(#[from] ArrowError),
}

impl ApplyError {
    /// What went wrong, in the words that the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::OtherColumns { .. }
            | Self::NamedTwice { .. }
            | Self::Level { .. }
            | Self::Hierarchy { .. }
            | Self::Unseen { .. }
            | Self::Column { .. }
            | Self::Rows(_)
            | Self::NotSurveyed
            | Self::OtherSchema
            | Self::Tuples(_)
            | Self::Model(_) => ErrorKind::Invalid,
            Self::Arrow(_) => ErrorKind::Internal,
        }
    }
}

fn other_columns(missing: &[String], unknown: &[String]) -> String {
    let quoted = |names: &[String]| {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    };
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("the data has no {}", quoted(missing)));
    }
    if !unknown.is_empty() {
        parts.push(format!("it says nothing of {}; keep or remove them there", quoted(unknown)));
    }
    parts.join(", and ")
}

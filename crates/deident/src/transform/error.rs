//! Why a transform cannot be used on a column.

use arrow::datatypes::DataType;
use arrow::error::ArrowError;

use crate::keys::KeyError;

/// Why a transform cannot be used on a column. The column is named by the error
/// around this one.
#[derive(Debug, thiserror::Error)]
pub enum TransformError {
    /// A parameter that cannot be meant.
    #[error("`{name} = {found}` cannot be used: {rule}")]
    Parameter {
        /// The parameter, as the plan writes it.
        name: &'static str,
        /// What the plan says.
        found: String,
        /// What it may say.
        rule: &'static str,
    },
    /// The transform does not treat columns of this type.
    #[error("`{transform}` treats {treats}, and this column is {found}")]
    Type {
        /// The transform, as the plan writes it.
        transform: &'static str,
        /// What it treats.
        treats: &'static str,
        /// The type of the column.
        found: DataType,
    },
    /// The key is missing or unfit.
    #[error("its key cannot be used")]
    Key(#[from] KeyError),
    /// A cell that the transform cannot treat. Its value is not shown.
    #[error("row {row}: {reason}")]
    Cell {
        /// Counted from 1 over all batches.
        row: u64,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The first pass did not count the column.
    #[error(
        "the values of the column were not counted; count them with `Survey::builder` of this plan"
    )]
    NotCounted,
    /// Another column that the transform reads is not there.
    #[error("it reads column `{name}`, and the data has no such column")]
    NoColumn {
        /// The other column.
        name: String,
    },
    /// The transform needs the whole column at once.
    #[error("`{transform}` moves values between rows, and cannot be applied to new rows alone")]
    NewRows {
        /// The transform, as the plan writes it.
        transform: &'static str,
    },
    /// The work would not end in time.
    #[error(
        "it takes at most {most} different records; round or generalize the columns first, or \
         take a sample"
    )]
    TooMany {
        /// The most that are taken.
        most: u32,
    },
    /// Arrow refused.
    #[error("the column could not be built")]
    Arrow(#[from] ArrowError),
}

impl TransformError {
    pub(crate) fn parameter(
        name: &'static str,
        found: &(impl ToString + ?Sized),
        rule: &'static str,
    ) -> Self {
        Self::Parameter { name, found: found.to_string(), rule }
    }
}

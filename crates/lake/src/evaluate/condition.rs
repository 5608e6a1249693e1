//! A condition over a batch, with three-valued logic.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, Scalar, StringArray};
use arrow::buffer::BooleanBuffer;
use arrow::compute::kernels::cmp;
use arrow::compute::{and_kleene, is_null, like, not, or_kleene};

use super::{engine, unfit};
use crate::error::LakeError;
use crate::filter::check::{Comparison, Condition};

impl Condition {
    /// True, false or unknown (null) for every row of a batch with the full schema.
    ///
    /// # Errors
    ///
    /// [`LakeError::Failed`] if the batch has another schema.
    pub fn evaluate(&self, batch: &RecordBatch) -> Result<BooleanArray, LakeError> {
        let column = |number: &usize| -> Result<&ArrayRef, LakeError> {
            batch.columns().get(*number).ok_or_else(unfit)
        };
        match self {
            Self::All(inner) => {
                let mut whole = constant(batch.num_rows(), true);
                for (place, one) in inner.iter().enumerate() {
                    let next = one.evaluate(batch)?;
                    whole = if place == 0 {
                        next
                    } else {
                        and_kleene(&whole, &next).map_err(engine)?
                    };
                    if whole.true_count() == 0 && whole.null_count() == 0 {
                        break;
                    }
                }
                Ok(whole)
            }
            Self::Any(inner) => {
                let mut whole = constant(batch.num_rows(), false);
                for (place, one) in inner.iter().enumerate() {
                    let next = one.evaluate(batch)?;
                    whole =
                        if place == 0 { next } else { or_kleene(&whole, &next).map_err(engine)? };
                }
                Ok(whole)
            }
            Self::Not(inner) => not(&inner.evaluate(batch)?).map_err(engine),
            Self::Null { column: number } => is_null(column(number)?).map_err(engine),
            Self::Fixed { column: number, truth } => {
                let column = column(number)?;
                let values = constant(column.len(), *truth).values().clone();
                Ok(BooleanArray::new(values, column.logical_nulls()))
            }
            Self::Compare { column: number, op, value } => {
                compare(column(number)?, *op, value.array())
            }
            Self::In { column: number, values } => {
                let column = column(number)?;
                let mut whole = constant(column.len(), false);
                for value in values {
                    let next = compare(column, Comparison::Equal, value.array())?;
                    whole = or_kleene(&whole, &next).map_err(engine)?;
                }
                Ok(whole)
            }
            Self::Like { column: number, pattern } => {
                let text = column(number)?.as_string_opt::<i32>().ok_or_else(unfit)?;
                let pattern = Scalar::new(StringArray::from(vec![pattern.as_str()]));
                like(text, &pattern).map_err(engine)
            }
        }
    }
}

fn compare(column: &ArrayRef, op: Comparison, value: &ArrayRef) -> Result<BooleanArray, LakeError> {
    let value = Scalar::new(value);
    match op {
        Comparison::Equal => cmp::eq(column, &value),
        Comparison::NotEqual => cmp::neq(column, &value),
        Comparison::Less => cmp::lt(column, &value),
        Comparison::LessOrEqual => cmp::lt_eq(column, &value),
        Comparison::Greater => cmp::gt(column, &value),
        Comparison::GreaterOrEqual => cmp::gt_eq(column, &value),
    }
    .map_err(engine)
}

fn constant(length: usize, truth: bool) -> BooleanArray {
    let values =
        if truth { BooleanBuffer::new_set(length) } else { BooleanBuffer::new_unset(length) };
    BooleanArray::new(values, None)
}

//! Answers a query from rows in memory.
//!
//! This is the definition of what the right answer is: [`crate::MemoryLake`] uses
//! it for everything, `lake-delta` for small tables that it keeps decoded, and the
//! tests compare DataFusion's answers with it.
//!
//! A table is one batch with the full schema, the row number first and ascending.

use std::sync::Arc;

use arrow::array::{
    Array, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, Scalar, UInt32Array,
};
use arrow::compute::kernels::cmp;
use arrow::compute::{
    SortColumn, SortOptions, concat_batches, filter_record_batch, lexsort_to_indices,
    sort_to_indices, take, take_arrays,
};
use arrow::datatypes::{Int64Type, SchemaRef, UInt32Type};

use crate::error::LakeError;
use crate::filter::check::Condition;
use crate::query::Resolved;

pub mod condition;
pub mod group;

/// Rows that are looked at together when only the first few are wanted.
const STEP_ROWS: usize = 8_192;

/// The rows that fit, in order, at most the limit of the query.
///
/// # Errors
///
/// [`LakeError::Failed`] if `table` is not of the schema that the query was
/// resolved against.
pub fn rows(table: &RecordBatch, query: &Resolved) -> Result<RecordBatch, LakeError> {
    let most = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if query.is_natural() {
        first_rows(table, query, most)
    } else {
        sorted_rows(table, query, most)
    }
}

/// How many rows fit.
///
/// # Errors
///
/// As for [`rows`].
pub fn count(table: &RecordBatch, condition: Option<&Condition>) -> Result<u64, LakeError> {
    let rows = match condition {
        None => table.num_rows(),
        Some(condition) => condition.evaluate(table)?.true_count(),
    };
    Ok(u64::try_from(rows).unwrap_or(u64::MAX))
}

/// In the order of writing: looks from the cursor onward until there are enough.
fn first_rows(
    table: &RecordBatch,
    query: &Resolved,
    most: usize,
) -> Result<RecordBatch, LakeError> {
    let mut at = match &query.after {
        None => 0,
        Some(after) => {
            let numbers = table.column(0).as_primitive_opt::<Int64Type>().ok_or_else(unfit)?;
            numbers.values().partition_point(|number| *number <= after.row)
        }
    };
    let Some(condition) = &query.condition else {
        let length = most.min(table.num_rows() - at);
        return projected(&table.slice(at, length), query);
    };
    let mut found = Vec::new();
    let mut missing = most;
    while at < table.num_rows() && missing > 0 {
        let step = table.slice(at, STEP_ROWS.min(table.num_rows() - at));
        at += step.num_rows();
        let mask = condition.evaluate(&step)?;
        if mask.true_count() == 0 {
            continue;
        }
        let fit = filter_record_batch(&projected(&step, query)?, &mask).map_err(engine)?;
        let fit = fit.slice(0, fit.num_rows().min(missing));
        missing -= fit.num_rows();
        found.push(fit);
    }
    concat_batches(&query.output, &found).map_err(engine)
}

fn sorted_rows(
    table: &RecordBatch,
    query: &Resolved,
    most: usize,
) -> Result<RecordBatch, LakeError> {
    let mut conditions: Vec<Condition> = query.condition.iter().cloned().collect();
    conditions.extend(query.after.iter().map(|after| after.condition.clone()));
    let candidates: Option<UInt32Array> = if conditions.is_empty() {
        None
    } else {
        Some(places(&Condition::All(conditions).evaluate(table)?))
    };
    let mut keys = Vec::with_capacity(query.keys.len());
    for key in &query.keys {
        let column = table.columns().get(key.column).ok_or_else(unfit)?;
        let values = match &candidates {
            Some(places) => take(column, places, None).map_err(engine)?,
            None => Arc::clone(column),
        };
        let options = SortOptions { descending: key.descending, nulls_first: false };
        keys.push(SortColumn { values, options: Some(options) });
    }
    let limit = (most < usize::MAX).then_some(most);
    let mut order = match contenders(&keys, limit)? {
        Some(places) => {
            for key in &mut keys {
                key.values = take(&key.values, &places, None).map_err(engine)?;
            }
            let order = lexsort_to_indices(&keys, limit).map_err(engine)?;
            taken(&places, &order)?
        }
        None => lexsort_to_indices(&keys, limit).map_err(engine)?,
    };
    if let Some(places) = &candidates {
        order = taken(places, &order)?;
    }
    let wanted = projected(table, query)?;
    let columns = take_arrays(wanted.columns(), &order, None).map_err(engine)?;
    batch(&query.output, columns, order.len())
}

/// Where the first `limit` rows must be, judged by the first key alone, if that leaves
/// few enough rows to be worth it: comparing one key is much cheaper than all.
fn contenders(keys: &[SortColumn], limit: Option<usize>) -> Result<Option<UInt32Array>, LakeError> {
    let (Some(limit), Some(key)) = (limit, keys.first()) else { return Ok(None) };
    let values = &key.values;
    if keys.len() < 2 || limit == 0 || limit >= values.len() / 4 {
        return Ok(None);
    }
    let first = sort_to_indices(values, key.options, Some(limit)).map_err(engine)?;
    let last = first.values().last().and_then(|place| usize::try_from(*place).ok());
    let Some(last) = last.filter(|last| values.is_valid(*last)) else { return Ok(None) };
    let edge = Scalar::new(values.slice(last, 1));
    let descending = key.options.is_some_and(|options| options.descending);
    let mask = if descending { cmp::gt_eq(values, &edge) } else { cmp::lt_eq(values, &edge) };
    // Nulls come last, behind the edge, and the mask leaves them out.
    Ok(Some(places(&mask.map_err(engine)?)))
}

/// The places at the given places.
fn taken(places: &UInt32Array, order: &UInt32Array) -> Result<UInt32Array, LakeError> {
    let taken = take(places, order, None).map_err(engine)?;
    taken.as_primitive_opt::<UInt32Type>().cloned().ok_or_else(unfit)
}

/// The places at which the mask is true.
fn places(mask: &BooleanArray) -> UInt32Array {
    let trues = match mask.nulls() {
        Some(nulls) => mask.values() & nulls.inner(),
        None => mask.values().clone(),
    };
    trues
        .set_indices()
        .map(|place| u32::try_from(place).unwrap_or(u32::MAX))
        .collect::<Vec<u32>>()
        .into()
}

/// The columns that the query shows.
fn projected(table: &RecordBatch, query: &Resolved) -> Result<RecordBatch, LakeError> {
    let columns = query
        .columns
        .iter()
        .map(|column| table.columns().get(*column).cloned().ok_or_else(unfit))
        .collect::<Result<Vec<_>, _>>()?;
    batch(&query.output, columns, table.num_rows())
}

fn batch(
    schema: &SchemaRef,
    columns: Vec<arrow::array::ArrayRef>,
    rows: usize,
) -> Result<RecordBatch, LakeError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options).map_err(engine)
}

fn engine(error: arrow::error::ArrowError) -> LakeError {
    LakeError::failed("evaluate a query in memory", error)
}

fn unfit() -> LakeError {
    LakeError::failed("evaluate a query in memory", "the table has another schema than the query")
}

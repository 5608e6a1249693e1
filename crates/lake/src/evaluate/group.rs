//! Measures over groups, in memory.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, RecordBatch, UInt32Array,
    make_comparator,
};
use arrow::compute::{
    SortColumn, SortOptions, cast, filter_record_batch, lexsort_to_indices, take,
};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};
use arrow::row::{RowConverter, SortField};

use super::{batch, engine, unfit};
use crate::error::LakeError;
use crate::query::{Measure, ResolvedGroup};

/// The groups with their measures, ordered by the group's values, nulls last.
///
/// # Errors
///
/// [`LakeError::Query`] if a sum leaves the range of 38 digits, and as for
/// [`super::rows`].
pub fn group(table: &RecordBatch, query: &ResolvedGroup) -> Result<RecordBatch, LakeError> {
    let fit = match &query.condition {
        None => table.clone(),
        Some(condition) => {
            filter_record_batch(table, &condition.evaluate(table)?).map_err(engine)?
        }
    };
    let groups = Groups::of(&fit, &query.by)?;
    let first: UInt32Array = groups.first.clone().into();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for column in &query.by {
        let values = fit.columns().get(*column).ok_or_else(unfit)?;
        columns.push(take(values, &first, None).map_err(engine)?);
    }
    let keys: Vec<SortColumn> = columns
        .iter()
        .map(|values| SortColumn {
            values: Arc::clone(values),
            options: Some(SortOptions { descending: false, nulls_first: false }),
        })
        .collect();
    for ((measure, column), field) in
        query.measures.iter().zip(query.output.fields().iter().skip(query.by.len()))
    {
        let values = match column {
            Some(column) => Some(fit.columns().get(*column).ok_or_else(unfit)?),
            None => None,
        };
        columns.push(groups.measure(measure, values, field.data_type())?);
    }
    let all = batch(&query.output, columns, groups.count)?;
    let most = query.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if keys.is_empty() {
        return Ok(all.slice(0, all.num_rows().min(most)));
    }
    let order = lexsort_to_indices(&keys, (most < usize::MAX).then_some(most)).map_err(engine)?;
    let columns = all
        .columns()
        .iter()
        .map(|column| take(column, &order, None))
        .collect::<Result<Vec<_>, _>>()
        .map_err(engine)?;
    batch(&query.output, columns, order.len())
}

/// Which group each row belongs to.
struct Groups {
    count: usize,
    of_row: Vec<usize>,
    first: Vec<u32>,
}

impl Groups {
    fn of(table: &RecordBatch, by: &[usize]) -> Result<Self, LakeError> {
        if by.is_empty() {
            return Ok(Self { count: 1, of_row: vec![0; table.num_rows()], first: vec![0] });
        }
        let columns = by
            .iter()
            .map(|column| table.columns().get(*column).cloned().ok_or_else(unfit))
            .collect::<Result<Vec<_>, _>>()?;
        let fields = columns.iter().map(|c| SortField::new(c.data_type().clone())).collect();
        let converter = RowConverter::new(fields).map_err(engine)?;
        let rows = converter.convert_columns(&columns).map_err(engine)?;
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        let mut groups =
            Self { count: 0, of_row: Vec::with_capacity(rows.num_rows()), first: vec![] };
        for (place, row) in rows.iter().enumerate() {
            let group = *known.entry(row.data()).or_insert_with(|| {
                groups.first.push(u32::try_from(place).unwrap_or(u32::MAX));
                groups.count += 1;
                groups.count - 1
            });
            groups.of_row.push(group);
        }
        Ok(groups)
    }

    fn measure(
        &self,
        measure: &Measure,
        values: Option<&ArrayRef>,
        output: &DataType,
    ) -> Result<ArrayRef, LakeError> {
        let Some(values) = values else {
            let mut counts = vec![0_i64; self.count];
            for group in &self.of_row {
                if let Some(count) = counts.get_mut(*group) {
                    *count += 1;
                }
            }
            return Ok(Arc::new(Int64Array::from(counts)));
        };
        match (measure, output) {
            (Measure::Sum(_), DataType::Decimal128(..)) => self.exact_sum(values, output),
            (Measure::Sum(_), _) => Ok(Arc::new(Float64Array::from_iter(
                self.float_sums(values)?.into_iter().map(|(sum, n)| (n > 0).then_some(sum)),
            ))),
            (Measure::Avg(_), _) => {
                Ok(Arc::new(Float64Array::from_iter(self.float_sums(values)?.into_iter().map(
                    |(sum, n)| u32::try_from(n).ok().filter(|n| *n > 0).map(|n| sum / f64::from(n)),
                ))))
            }
            (Measure::Max(_), _) => self.extreme(values, Ordering::Greater),
            (Measure::Min(_) | Measure::Count, _) => self.extreme(values, Ordering::Less),
        }
    }

    fn exact_sum(&self, values: &ArrayRef, output: &DataType) -> Result<ArrayRef, LakeError> {
        let wide = cast(values, output).map_err(engine)?;
        let wide = wide.as_primitive_opt::<Decimal128Type>().ok_or_else(unfit)?;
        let mut sums: Vec<Option<i128>> = vec![None; self.count];
        for (value, group) in wide.iter().zip(&self.of_row) {
            if let (Some(value), Some(sum)) = (value, sums.get_mut(*group)) {
                let next = sum.unwrap_or(0).checked_add(value).ok_or_else(|| {
                    LakeError::query("合计超出 38 位数字", "a sum has more than 38 digits")
                })?;
                *sum = Some(next);
            }
        }
        let (precision, scale) = (wide.precision(), wide.scale());
        let sums = Decimal128Array::from(sums).with_precision_and_scale(precision, scale);
        Ok(Arc::new(sums.map_err(engine)?))
    }

    fn float_sums(&self, values: &ArrayRef) -> Result<Vec<(f64, u64)>, LakeError> {
        let floats = cast(values, &DataType::Float64).map_err(engine)?;
        let floats = floats.as_primitive_opt::<Float64Type>().ok_or_else(unfit)?;
        let mut sums = vec![(0.0_f64, 0_u64); self.count];
        for (value, group) in floats.iter().zip(&self.of_row) {
            if let (Some(value), Some((sum, n))) = (value, sums.get_mut(*group)) {
                *sum += value;
                *n += 1;
            }
        }
        Ok(sums)
    }

    fn extreme(&self, values: &ArrayRef, wanted: Ordering) -> Result<ArrayRef, LakeError> {
        let compare = make_comparator(values, values, SortOptions::default()).map_err(engine)?;
        let mut best: Vec<Option<usize>> = vec![None; self.count];
        for (place, group) in self.of_row.iter().enumerate() {
            if values.is_null(place) {
                continue;
            }
            if let Some(slot) = best.get_mut(*group) {
                let better = slot.is_none_or(|old| compare(place, old) == wanted);
                if better {
                    *slot = Some(place);
                }
            }
        }
        let places: UInt32Array =
            best.into_iter().map(|place| place.and_then(|p| u32::try_from(p).ok())).collect();
        take(values, &places, None).map_err(engine)
    }
}

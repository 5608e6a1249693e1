//! Micro-aggregation of one column (微聚集): each value becomes the mean of a group
//! of at least `k` rows with values near it.
//!
//! Rows with one value stay in one group, so that the release is a function of the
//! value and can be exported. Among the partitions that keep equal values together
//! the one of least squared error is found.
//!
//! Invariants (each is also the name of a test):
//! - `micro_aggregated_groups_have_k_rows_and_least_error`

use arrow::array::ArrayRef;
use serde::{Deserialize, Serialize};

use super::cell::{Cell, CellType, Real};
use super::distribution::Distribution;
use super::error::TransformError;
use super::operation::Treated;

/// Numbers and dates become the mean of their group, in the resolution of the column.
/// Nulls stay; what is no finite number becomes null. With fewer than `k` values
/// nothing is released.
///
/// Source: Hansen & Mukherjee, "A polynomial algorithm for optimal univariate
/// microaggregation", IEEE TKDE 15(4), 2003; Domingo-Ferrer & Mateo-Sanz, TKDE 14(1),
/// 2002.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Microaggregate {
    /// Fewest rows of a group, at least 2.
    pub k: u32,
}

/// A group of neighboring values, each written as the column writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its least value.
    pub low: String,
    /// Its greatest value.
    pub high: String,
    /// What is released for all of it.
    pub centre: String,
    /// Rows that were counted in it.
    pub rows: u64,
}

/// [`Microaggregate`] made ready: groups in rising order.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    cells: CellType,
    groups: Vec<CellGroup>,
}

#[derive(Debug, Clone, PartialEq)]
struct CellGroup {
    low: Cell,
    high: Cell,
    centre: Cell,
    rows: u64,
}

impl Grouping {
    pub(crate) fn new(
        settings: &Microaggregate,
        distribution: &Distribution,
    ) -> Result<Self, TransformError> {
        if settings.k < 2 {
            return Err(TransformError::parameter("k", &settings.k, "a group has at least 2 rows"));
        }
        let cells = distribution.cells.clone();
        check_type(&cells)?;
        let groups = groups(distribution, u64::from(settings.k));
        Ok(Self { cells, groups })
    }

    pub(crate) fn of_groups(
        groups: &[Group],
        data_type: &arrow::datatypes::DataType,
    ) -> Result<Self, TransformError> {
        let cells = CellType::of(data_type).ok_or_else(|| unfit(data_type))?;
        check_type(&cells)?;
        let read = |text: &String| {
            let rule = "the column cannot hold it; the mapping is of another table";
            cells.parse(text).ok_or_else(|| TransformError::parameter("groups", text, rule))
        };
        let groups: Result<_, TransformError> = groups
            .iter()
            .map(|group| {
                Ok(CellGroup {
                    low: read(&group.low)?,
                    high: read(&group.high)?,
                    centre: read(&group.centre)?,
                    rows: group.rows,
                })
            })
            .collect();
        Ok(Self { groups: groups?, cells })
    }

    /// The groups as plain data.
    pub(crate) fn export(&self) -> Vec<Group> {
        let text = |cell| self.cells.text(cell).unwrap_or_default();
        self.groups
            .iter()
            .map(|group| Group {
                low: text(&group.low),
                high: text(&group.high),
                centre: text(&group.centre),
                rows: group.rows,
            })
            .collect()
    }

    pub(crate) fn apply(&self, array: &ArrayRef) -> Result<Treated, TransformError> {
        let mut emptied = 0;
        let mut centre = |cell: Cell| {
            let place = self.groups.partition_point(|group| group.high < cell);
            let group = self.groups.get(place).filter(|group| group.low <= cell);
            emptied += u64::from(group.is_none());
            group.map(|group| group.centre.clone())
        };
        let cells = self.cells.read(array)?.into_iter();
        let cells = cells.map(|cell| cell.and_then(&mut centre)).collect();
        Ok(Treated { array: self.cells.write(cells)?, emptied, limited: 0 })
    }
}

fn unfit(data_type: &arrow::datatypes::DataType) -> TransformError {
    TransformError::Type {
        transform: "microaggregate",
        treats: "numbers, dates and times",
        found: data_type.clone(),
    }
}

fn check_type(cells: &CellType) -> Result<(), TransformError> {
    if cells.form == super::cell::Form::Text { Err(unfit(&cells.data_type)) } else { Ok(()) }
}

/// Sums over the first values, from which the error of any group follows.
struct Sums {
    /// The number that all values are measured from.
    origin: f64,
    rows: Vec<u64>,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Sums {
    fn of(values: &[(f64, u64)]) -> Self {
        let origin = values.get(values.len() / 2).map_or(0.0, |(value, _)| *value);
        let mut sums = Self { origin, rows: vec![0], first: vec![0.0], second: vec![0.0] };
        let (mut rows, mut first, mut second) = (0, 0.0, 0.0);
        for (value, count) in values {
            let (distance, weight) = (value - origin, *count as f64);
            rows += count;
            first += weight * distance;
            second += weight * distance * distance;
            sums.rows.push(rows);
            sums.first.push(first);
            sums.second.push(second);
        }
        sums
    }

    fn rows(&self, from: usize, to: usize) -> u64 {
        let at = |place: usize| self.rows.get(place).copied().unwrap_or(0);
        at(to) - at(from)
    }

    fn between(sums: &[f64], from: usize, to: usize) -> f64 {
        let at = |place: usize| sums.get(place).copied().unwrap_or(0.0);
        at(to) - at(from)
    }

    fn mean(&self, from: usize, to: usize) -> f64 {
        self.origin + Self::between(&self.first, from, to) / self.rows(from, to) as f64
    }

    /// `Σ (x − mean)²` over the values from `from` up to, not including, `to`.
    fn error(&self, from: usize, to: usize) -> f64 {
        let first = Self::between(&self.first, from, to);
        let second = Self::between(&self.second, from, to);
        (second - first * first / self.rows(from, to) as f64).max(0.0)
    }
}

/// The partition of least error with at least `k` rows in each group; empty if there
/// are fewer rows than that.
///
/// A shortest path over the values in order. A group that could be cut into two of
/// `k` rows each is never better than its parts, so that few places need be tried
/// for the start of a group.
///
/// Source: Hansen & Mukherjee, TKDE 2003, with weights for equal values.
fn groups(distribution: &Distribution, k: u64) -> Vec<CellGroup> {
    let values: Vec<(f64, u64)> = distribution
        .values
        .iter()
        .filter_map(|(cell, rows)| Some((cell.number()?, *rows)))
        .collect();
    let sums = Sums::of(&values);
    let mut groups = Vec::new();
    let mut end = values.len();
    let starts = best_starts(&sums, values.len(), k);
    while end > 0 {
        let Some(start) = starts.get(end).copied().flatten() else { return Vec::new() };
        let low = distribution.values.get(start);
        let high = distribution.values.get(end - 1);
        if let (Some((low, _)), Some((high, _))) = (low, high) {
            let centre = centre(sums.mean(start, end), low, high);
            let rows = sums.rows(start, end);
            groups.push(CellGroup { low: low.clone(), high: high.clone(), centre, rows });
        }
        end = start;
    }
    groups.reverse();
    groups
}

/// For each end the start of the last group of the best partition up to there.
fn best_starts(sums: &Sums, values: usize, k: u64) -> Vec<Option<usize>> {
    let mut cost = vec![f64::INFINITY; values + 1];
    let mut starts: Vec<Option<usize>> = vec![None; values + 1];
    // The latest start that leaves k rows up to each end.
    let mut latest: Vec<Option<usize>> = vec![None; values + 1];
    if let Some(first) = cost.first_mut() {
        *first = 0.0;
    }
    let mut start = 0;
    for end in 1..=values {
        if sums.rows(0, end) < k {
            continue;
        }
        while sums.rows(start + 1, end) >= k {
            start += 1;
        }
        let earliest = latest.get(start).copied().flatten().map_or(0, |before| before + 1);
        let mut best = (f64::INFINITY, None);
        for from in earliest..=start {
            let total = cost.get(from).copied().unwrap_or(f64::INFINITY) + sums.error(from, end);
            if total < best.0 {
                best = (total, Some(from));
            }
        }
        if let Some(slot) = cost.get_mut(end) {
            *slot = best.0;
        }
        if let Some(slot) = starts.get_mut(end) {
            *slot = best.1;
        }
        if let Some(slot) = latest.get_mut(end) {
            *slot = Some(start);
        }
    }
    starts
}

/// The mean in the resolution of the column, between the ends of its group.
#[expect(clippy::cast_possible_truncation, reason = "a cast from f64 stops at the ends")]
pub(super) fn centre(mean: f64, low: &Cell, high: &Cell) -> Cell {
    let cell = match low {
        Cell::Whole(_) => Cell::Whole(mean.round() as i128),
        _ => Cell::Real(Real(mean)),
    };
    cell.clamp(low.clone(), high.clone())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::Int64Array;
    use arrow::datatypes::DataType;
    use proptest::prelude::*;

    use super::*;
    use crate::transform::distribution::DistributionBuilder;

    fn distance(cell: &Cell) -> i64 {
        let Cell::Whole(number) = cell else { panic!("a whole number") };
        i64::try_from(*number).unwrap()
    }

    fn counted(values: &[i64]) -> Distribution {
        let mut builder = DistributionBuilder::new("microaggregate", &DataType::Int64).unwrap();
        let array: ArrayRef = Arc::new(Int64Array::from(values.to_vec()));
        builder.update(&array).unwrap();
        builder.finish()
    }

    fn error_of(groups: &[CellGroup], values: &[i64]) -> f64 {
        let within = |group: &CellGroup| {
            let members: Vec<f64> = values
                .iter()
                .filter(|value| {
                    let cell = Cell::Whole(i128::from(**value));
                    cell >= group.low && cell <= group.high
                })
                .map(|value| *value as f64)
                .collect();
            let mean = members.iter().sum::<f64>() / members.len() as f64;
            members.iter().map(|value| (value - mean).powi(2)).sum::<f64>()
        };
        groups.iter().map(within).sum()
    }

    /// The least error over every partition, by trying all of them.
    fn least_error(distinct: &[(i64, u64)], k: u64) -> f64 {
        if distinct.is_empty() {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        for cut in 1..=distinct.len() {
            let (head, tail) = distinct.split_at(cut);
            let rows: u64 = head.iter().map(|(_, rows)| rows).sum();
            if rows < k {
                continue;
            }
            let mean = head.iter().map(|(v, r)| (*v * *r as i64) as f64).sum::<f64>() / rows as f64;
            let own: f64 = head.iter().map(|(v, r)| *r as f64 * (*v as f64 - mean).powi(2)).sum();
            best = best.min(own + least_error(tail, k));
        }
        best
    }

    proptest! {
        #[test]
        fn micro_aggregated_groups_have_k_rows_and_least_error(
            values in proptest::collection::vec(-20_i64..20, 2..16), k in 2_u64..5,
        ) {
            let distribution = counted(&values);
            let groups = groups(&distribution, k);
            if (values.len() as u64) < k {
                prop_assert!(groups.is_empty());
                return Ok(());
            }
            prop_assert!(groups.iter().all(|group| group.rows >= k));
            prop_assert_eq!(groups.iter().map(|group| group.rows).sum::<u64>(), values.len() as u64);
            let distinct: Vec<(i64, u64)> = distribution
                .values
                .iter()
                .map(|(cell, rows)| (distance(cell), *rows))
                .collect();
            let found = error_of(&groups, &values);
            let least = least_error(&distinct, k);
            prop_assert!((found - least).abs() < 1e-6 * least.max(1.0), "{} {}", found, least);
        }
    }
}

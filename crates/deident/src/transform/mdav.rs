//! Micro-aggregation of several columns together (多元微聚集): the numbers of each record
//! become the means of a group of at least `k` records that are near each other.
//!
//! ```text
//! mean of all ─▶ the record farthest from it ─▶ a group of its k nearest ─┐
//!                └▶ the record farthest from that ─▶ a group of its k nearest
//!                └────────────── again, without these records ◀───────────┘
//! ```
//!
//! A column alone is no protection: two columns that are each micro-aggregated single a
//! person out together. Here the records of a group agree in all columns of the group,
//! so that the columns together are k-anonymous.
//!
//! Equal records stay together, so that the release is a function of the record.
//!
//! Invariants (each is also the name of a test):
//! - `records_that_are_aggregated_together_are_k_anonymous`
//! - `aggregating_together_keeps_the_mean_of_each_column`

use std::sync::Arc;

use arrow::array::ArrayRef;
use serde::{Deserialize, Serialize};

use super::cell::{Cell, CellType, Form};
use super::error::TransformError;
use super::joint::Joint;
use super::microaggregate::centre;
use super::operation::{Rows, Treated};

/// The columns of one `group` become the means of groups of records. Distances are
/// Euclidean over the columns, each divided by its standard deviation.
///
/// A record with a null in one of the columns takes no part: its cells become null. With
/// fewer than `k` records nothing is released.
///
/// Source: MDAV, Domingo-Ferrer & Mateo-Sanz, "Practical data-oriented microaggregation
/// for statistical disclosure control", IEEE TKDE 14(1), 2002; as k-anonymity:
/// Domingo-Ferrer & Torra, "Ordinal, continuous and heterogeneous k-anonymity through
/// microaggregation", DMKD 11(2), 2005.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MicroaggregateTogether {
    /// Name of the group of columns, the same for all of them.
    pub group: String,
    /// Fewest records of a group, at least 2; the same for all columns.
    pub k: u32,
}

/// Distinct records of which groups are made, at most: the work grows with their square.
const MOST: u32 = 100_000;

/// Records in groups.
#[derive(Debug)]
pub(crate) struct Partition {
    /// Group of each distinct record; `None` for one that takes no part.
    group_of: Vec<Option<u32>>,
    /// Mean of each group, by column.
    centres: Vec<Vec<Cell>>,
    cells: Vec<CellType>,
}

/// [`MicroaggregateTogether`] made ready for one column.
#[derive(Debug)]
pub(crate) struct Together {
    joint: Arc<Joint>,
    partition: Arc<Partition>,
    /// Place of the column in the group.
    place: usize,
}

impl Together {
    pub(crate) fn new(
        settings: &MicroaggregateTogether,
        column: &str,
        joint: &Arc<Joint>,
    ) -> Result<Self, TransformError> {
        if settings.k < 2 {
            return Err(TransformError::parameter("k", &settings.k, "a group has at least 2 rows"));
        }
        let place = joint.parts.iter().position(|part| part.column == column);
        let place = place.ok_or(TransformError::NotCounted)?;
        let partition = match joint.partition.get() {
            Some(known) => Arc::clone(known),
            None => {
                let made = Arc::new(Partition::new(joint, settings.k.into())?);
                Arc::clone(joint.partition.get_or_init(|| made))
            }
        };
        Ok(Self { joint: Arc::clone(joint), partition, place })
    }

    pub(crate) fn apply(
        &self,
        rows: &Rows<'_>,
        array: &ArrayRef,
    ) -> Result<Treated, TransformError> {
        let Partition { group_of, centres, cells } = self.partition.as_ref();
        let Some(cells) = cells.get(self.place) else { return Err(TransformError::NotCounted) };
        let mut emptied = 0;
        let mut means = Vec::with_capacity(array.len());
        for (row, record) in self.joint.numbers(rows.batch)?.into_iter().enumerate() {
            let group = record.and_then(|record| *group_of.get(record as usize)?);
            let mean = group.and_then(|group| centres.get(group as usize)?.get(self.place));
            emptied += u64::from(mean.is_none() && array.is_valid(row));
            means.push(mean.cloned());
        }
        Ok(Treated { array: cells.write(means)?, emptied, limited: 0 })
    }
}

impl Partition {
    fn new(joint: &Joint, k: u64) -> Result<Self, TransformError> {
        let mut cells = Vec::with_capacity(joint.parts.len());
        let mut columns: Vec<Vec<Option<Cell>>> = Vec::with_capacity(joint.parts.len());
        for part in &joint.parts {
            let array = joint.column(&part.column)?;
            let unfit = || TransformError::Type {
                transform: "microaggregate_together",
                treats: "numbers, dates and times",
                found: array.data_type().clone(),
            };
            let cell_type = CellType::of(array.data_type()).ok_or_else(unfit)?;
            if cell_type.form == Form::Text {
                return Err(unfit());
            }
            columns.push(cell_type.read(array)?);
            cells.push(cell_type);
        }
        if joint.counts.len() > MOST as usize {
            return Err(TransformError::TooMany { most: MOST });
        }
        let records = Records::new(&columns, &joint.counts.counts);
        let mut group_of = vec![None; joint.counts.len()];
        let mut centres = Vec::new();
        for (number, group) in (0_u32..).zip(records.groups(k)) {
            for record in &group {
                if let Some(slot) = group_of.get_mut(records.origin(*record)) {
                    *slot = Some(number);
                }
            }
            centres.push(records.centre(&group, &columns));
        }
        Ok(Self { group_of, centres, cells })
    }
}

/// Records as points, each column in units of its standard deviation.
struct Records {
    width: usize,
    /// Points one after the other, in the order of their coordinates.
    flat: Vec<f64>,
    rows: Vec<u64>,
    /// Which tuple each point is.
    origin: Vec<usize>,
}

impl Records {
    fn new(columns: &[Vec<Option<Cell>>], counts: &[u64]) -> Self {
        let width = columns.len();
        let mut points: Vec<(Vec<f64>, u64, usize)> = Vec::new();
        for (tuple, rows) in counts.iter().enumerate() {
            let number = |column: &Vec<Option<Cell>>| column.get(tuple)?.as_ref()?.number();
            let point: Option<Vec<f64>> = columns.iter().map(number).collect();
            if let Some(point) = point {
                points.push((point, *rows, tuple));
            }
        }
        // The order in which the rows came says nothing.
        let order = |left: &[f64], right: &[f64]| {
            let pairs = left.iter().zip(right).map(|(left, right)| left.total_cmp(right));
            pairs.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        };
        points.sort_by(|left, right| order(&left.0, &right.0));
        let total = points.iter().map(|(_, rows, _)| *rows as f64).sum::<f64>();
        for column in 0..width {
            let at =
                |point: &(Vec<f64>, u64, usize)| point.0.get(column).map_or(0.0, |number| *number);
            let mean = points.iter().map(|point| at(point) * point.1 as f64).sum::<f64>() / total;
            let squares = |point| (at(point) - mean).powi(2) * point.1 as f64;
            let deviation = (points.iter().map(squares).sum::<f64>() / total).sqrt();
            let unit = if deviation > 0.0 && deviation.is_finite() { deviation } else { 1.0 };
            for (point, _, _) in &mut points {
                if let Some(number) = point.get_mut(column) {
                    *number = (*number - mean) / unit;
                }
            }
        }
        let mut records = Self { width, flat: Vec::new(), rows: Vec::new(), origin: Vec::new() };
        for (point, rows, tuple) in points {
            records.flat.extend(point);
            records.rows.push(rows);
            records.origin.push(tuple);
        }
        records
    }

    fn origin(&self, record: u32) -> usize {
        self.origin.get(record as usize).copied().unwrap_or(usize::MAX)
    }

    fn point(&self, record: u32) -> &[f64] {
        let start = record as usize * self.width;
        self.flat.get(start..start + self.width).unwrap_or_default()
    }

    fn rows(&self, record: u32) -> u64 {
        self.rows.get(record as usize).copied().unwrap_or_default()
    }

    fn rows_of(&self, records: &[u32]) -> u64 {
        records.iter().map(|record| self.rows(*record)).sum()
    }

    fn mean(&self, records: &[u32]) -> Vec<f64> {
        let mut mean = vec![0.0; self.width];
        for record in records {
            for (sum, number) in mean.iter_mut().zip(self.point(*record)) {
                *sum += number * self.rows(*record) as f64;
            }
        }
        let total = self.rows_of(records) as f64;
        mean.iter_mut().for_each(|sum| *sum /= total);
        mean
    }

    /// The first of the records that are farthest from a point.
    fn farthest(&self, from: &[f64], records: &[u32]) -> Option<u32> {
        let mut best: Option<(f64, u32)> = None;
        for record in records {
            let distance = distance(from, self.point(*record));
            if best.is_none_or(|(most, _)| distance > most) {
                best = Some((distance, *record));
            }
        }
        best.map(|(_, record)| record)
    }

    /// Takes the records nearest to a point out of `left`, until they have `k` rows.
    fn nearest(&self, to: &[f64], k: u64, left: &mut Vec<u32>) -> Vec<u32> {
        let mut near: Vec<(f64, u32)> =
            left.iter().map(|record| (distance(to, self.point(*record)), *record)).collect();
        let order = |a: &(f64, u32), b: &(f64, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        // Each record has a row at least, so that k records are enough.
        let enough = usize::try_from(k).unwrap_or(usize::MAX);
        if enough < near.len() {
            near.select_nth_unstable_by(enough, order);
            near.truncate(enough);
        }
        near.sort_unstable_by(order);
        let mut group = Vec::new();
        let mut rows = 0;
        for (_, record) in near {
            if rows >= k {
                break;
            }
            rows += self.rows(record);
            group.push(record);
        }
        group.sort_unstable();
        left.retain(|record| group.binary_search(record).is_err());
        group
    }

    /// The groups of MDAV, each of at least `k` rows; none if there are fewer rows.
    fn groups(&self, k: u64) -> Vec<Vec<u32>> {
        let mut left: Vec<u32> = (0_u32..).take(self.rows.len()).collect();
        let mut groups: Vec<Vec<u32>> = Vec::new();
        while self.rows_of(&left) >= 2 * k {
            let pair = self.rows_of(&left) >= 3 * k;
            let Some(first) = self.farthest(&self.mean(&left), &left) else { break };
            let second = self.farthest(self.point(first), &left);
            groups.push(self.nearest(self.point(first), k, &mut left));
            let Some(second) = second.filter(|_| pair && self.rows_of(&left) >= k) else {
                continue;
            };
            groups.push(self.nearest(self.point(second), k, &mut left));
        }
        if self.rows_of(&left) >= k {
            groups.push(left);
            return groups;
        }
        // Records with many rows may leave fewer than k.
        for record in left {
            let own = self.point(record);
            let near = groups.iter_mut().min_by(|left, right| {
                let to = |group: &[u32]| distance(own, &self.mean(group));
                to(left).total_cmp(&to(right))
            });
            if let Some(near) = near {
                near.push(record);
            }
        }
        groups
    }

    /// The mean of a group in the units of each column.
    fn centre(&self, group: &[u32], columns: &[Vec<Option<Cell>>]) -> Vec<Cell> {
        let centre_of = |column: &Vec<Option<Cell>>| {
            let cell = |record: &u32| {
                let cell = column.get(self.origin(*record))?.as_ref()?;
                Some((cell, cell.number()?, self.rows(*record)))
            };
            let cells: Vec<(&Cell, f64, u64)> = group.iter().filter_map(cell).collect();
            let low = cells.iter().map(|(cell, _, _)| *cell).min()?;
            let high = cells.iter().map(|(cell, _, _)| *cell).max()?;
            // Measured from the least, so that large numbers lose no digits.
            let origin = low.number()?;
            let rows = cells.iter().map(|(_, _, rows)| *rows as f64).sum::<f64>();
            let parts = cells.iter().map(|(_, number, rows)| (number - origin) * *rows as f64);
            Some(centre(origin + parts.sum::<f64>() / rows, low, high))
        };
        columns.iter().filter_map(centre_of).collect()
    }
}

/// The square of the distance of two points.
fn distance(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| (left - right).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(points: &[(i64, i64)]) -> (Records, Vec<Vec<Option<Cell>>>) {
        let mut distinct: Vec<((i64, i64), u64)> = Vec::new();
        for point in points {
            match distinct.iter_mut().find(|(known, _)| known == point) {
                Some((_, rows)) => *rows += 1,
                None => distinct.push((*point, 1)),
            }
        }
        let cell = |number: i64| Some(Cell::Whole(number.into()));
        let columns = vec![
            distinct.iter().map(|((x, _), _)| cell(*x)).collect(),
            distinct.iter().map(|((_, y), _)| cell(*y)).collect(),
        ];
        let rows: Vec<u64> = distinct.iter().map(|(_, rows)| *rows).collect();
        (Records::new(&columns, &rows), columns)
    }

    /// MDAV as the article has it, on points that are all different.
    fn by_the_article(points: &[[f64; 2]], k: usize) -> Vec<Vec<[f64; 2]>> {
        let far = |from: [f64; 2], of: &[[f64; 2]]| -> [f64; 2] {
            of.iter().copied().fold(of[0], |best, next| {
                if distance(&from, &next) > distance(&from, &best) { next } else { best }
            })
        };
        let mean = |of: &[[f64; 2]]| {
            let n = of.len() as f64;
            [of.iter().map(|p| p[0]).sum::<f64>() / n, of.iter().map(|p| p[1]).sum::<f64>() / n]
        };
        let take = |to: [f64; 2], left: &mut Vec<[f64; 2]>| {
            left.sort_by(|a, b| {
                let near = distance(&to, a).total_cmp(&distance(&to, b));
                near.then(a[0].total_cmp(&b[0])).then(a[1].total_cmp(&b[1]))
            });
            let rest = left.split_off(k);
            let mut group = std::mem::replace(left, rest);
            let sorted = |list: &mut Vec<[f64; 2]>| {
                list.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
            };
            sorted(left);
            sorted(&mut group);
            group
        };
        let mut left = points.to_vec();
        left.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
        let mut groups = Vec::new();
        while left.len() >= 3 * k {
            let r = far(mean(&left), &left);
            let s = far(r, &left);
            groups.push(take(r, &mut left));
            groups.push(take(s, &mut left));
        }
        if left.len() >= 2 * k {
            let r = far(mean(&left), &left);
            groups.push(take(r, &mut left));
        }
        groups.push(left);
        groups
    }

    proptest! {
        #[test]
        fn groups_are_those_of_the_article(
            points in proptest::collection::hash_set((-50_i64..50, -50_i64..50), 6..40),
            k in 2_usize..4,
        ) {
            let points: Vec<(i64, i64)> = points.into_iter().collect();
            let (records, _) = records(&points);
            let flat: Vec<[f64; 2]> =
                (0_u32..).take(points.len()).map(|r| records.point(r).try_into().unwrap()).collect();
            let found: Vec<Vec<[f64; 2]>> = records
                .groups(k as u64)
                .iter()
                .map(|group| group.iter().map(|r| records.point(*r).try_into().unwrap()).collect())
                .collect();
            prop_assert_eq!(found, by_the_article(&flat, k));
        }

        #[test]
        fn every_record_is_in_one_group_of_at_least_k_rows(
            points in proptest::collection::vec((-4_i64..4, -4_i64..4), 1..60), k in 2_u64..7,
        ) {
            let (records, columns) = records(&points);
            let groups = records.groups(k);
            if (points.len() as u64) < k {
                prop_assert!(groups.is_empty());
                return Ok(());
            }
            let mut all: Vec<u32> = groups.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0_u32..).take(records.rows.len()).collect::<Vec<_>>());
            for group in &groups {
                prop_assert!(records.rows_of(group) >= k);
                prop_assert_eq!(records.centre(group, &columns).len(), 2);
            }
        }
    }
}

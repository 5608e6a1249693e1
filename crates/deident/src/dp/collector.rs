//! One pass over the table: clamps, limits the rows of each person, and tallies.
//!
//! What is tallied is exact and stays in here: it has no getter, and its debug form
//! does not show it. It leaves with noise on it, for a permit
//! ([`Collector::release`]).
//!
//! Memory grows with the groups (categories; grid values of a quantile), and with the
//! persons where a column names them.

use std::collections::BTreeMap;
use std::fmt;

use arrow::array::{Array, ArrayRef, RecordBatch};
use hashbrown::HashMap;

use super::grid::{Grid, numbers};
use super::persons::{Offer, Persons};
use super::query::Fraction;
use super::{Categories, Cost, DpError, Query, Statistic, Unit};
use crate::cell_text::texts;

/// How a row becomes one whole number.
enum Reader {
    /// Every row is 0.
    Rows,
    /// The distance of the value from a middle, in steps.
    Grid { grid: Grid, middle: i64 },
    /// The place of the value in the list.
    Listed(HashMap<String, i64>),
    /// The number of edges that are not above the value.
    Between(Vec<f64>),
    /// The place of the value in the order of coming.
    Unlisted(HashMap<String, i64>),
}

/// Exact figures; they do not leave this module without noise.
pub(super) enum Tally {
    /// Rows, and the sum of their numbers.
    Sum {
        /// Rows.
        rows: u64,
        /// Sum of the numbers.
        sum: i128,
    },
    /// Rows by number.
    Values(BTreeMap<i64, u64>),
    /// Rows by category.
    Categories(Vec<u64>),
}

impl Tally {
    fn add(&mut self, item: i64) {
        match self {
            Self::Sum { rows, sum } => {
                *rows += 1;
                *sum += i128::from(item);
            }
            Self::Values(values) => *values.entry(item).or_default() += 1,
            Self::Categories(counts) => {
                let place = usize::try_from(item).unwrap_or(usize::MAX);
                if place >= counts.len() && place < usize::MAX {
                    counts.resize(place + 1, 0);
                }
                if let Some(count) = counts.get_mut(place) {
                    *count += 1;
                }
            }
        }
    }

    fn remove(&mut self, item: i64) {
        match self {
            Self::Sum { rows, sum } => {
                *rows -= 1;
                *sum -= i128::from(item);
            }
            Self::Values(values) => {
                if let Some(count) = values.get_mut(&item) {
                    *count -= 1;
                    if *count == 0 {
                        values.remove(&item);
                    }
                }
            }
            Self::Categories(counts) => {
                let place = usize::try_from(item).ok();
                if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                    *count -= 1;
                }
            }
        }
    }
}

/// Gathers what one query needs of a table.
pub struct Collector {
    query: Query,
    cost: Cost,
    reader: Reader,
    persons: Option<(String, Persons)>,
    tally: Tally,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("query", &self.query).finish_non_exhaustive()
    }
}

impl Collector {
    /// Makes ready to answer a query.
    ///
    /// - `key`: secret of the choice of rows of a person; used with a person column only.
    ///   The same key and order of rows keep the same rows.
    ///
    /// # Errors
    ///
    /// As [`Query::cost`].
    pub fn new(query: Query, key: [u8; 16]) -> Result<Self, DpError> {
        let cost = query.cost()?;
        let reader = reader(&query.statistic)?;
        let tally = match (&query.statistic, &reader) {
            (Statistic::Histogram { .. }, Reader::Listed(names)) => {
                Tally::Categories(vec![0; names.len()])
            }
            (Statistic::Histogram { .. }, Reader::Between(edges)) => {
                Tally::Categories(vec![0; edges.len() + 1])
            }
            (Statistic::Histogram { .. }, _) => Tally::Categories(Vec::new()),
            (Statistic::Quantile { .. }, _) => Tally::Values(BTreeMap::new()),
            _ => Tally::Sum { rows: 0, sum: 0 },
        };
        let persons = match &query.unit {
            Unit::OneRowOnePerson => None,
            Unit::Person { column, most_rows } => {
                Some((column.clone(), Persons::new(*most_rows, key)))
            }
        };
        Ok(Self { query, cost, reader, persons, tally })
    }

    /// What the answer costs: what to reserve in the ledger.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// Takes in the next batch.
    ///
    /// A filter before this must look at each row by itself, and be the same whatever
    /// the table holds.
    ///
    /// # Errors
    ///
    /// [`DpError::NoColumn`], [`DpError::NotNumeric`]. Both depend on names and types
    /// only, and nothing was taken in then.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), DpError> {
        let persons = match &self.persons {
            Some((name, _)) => Some(texts(column(batch, name)?)),
            None => None,
        };
        let items = match self.query.statistic.column() {
            Some(name) => self.reader.read(name, column(batch, name)?)?,
            None => vec![Some(0); batch.num_rows()],
        };
        for (row, item) in items.into_iter().enumerate() {
            let Some(item) = item else { continue };
            let offer = match (&mut self.persons, &persons) {
                (Some((_, state)), Some(names)) if names.is_valid(row) => {
                    state.offer(names.value(row), item)
                }
                (None, _) => Offer::Kept,
                _ => Offer::Dropped,
            };
            match offer {
                Offer::Kept => self.tally.add(item),
                Offer::Instead(earlier) => {
                    self.tally.remove(earlier);
                    self.tally.add(item);
                }
                Offer::Dropped => {}
            }
        }
        Ok(())
    }

    /// The query, its price and the exact figures, for the release alone.
    pub(super) fn into_parts(self) -> (Query, Tally, Vec<String>) {
        let mut names = match self.reader {
            Reader::Unlisted(names) => names.into_iter().collect(),
            _ => Vec::new(),
        };
        names.sort_unstable_by_key(|(_, place)| *place);
        (self.query, self.tally, names.into_iter().map(|(name, _)| name).collect())
    }
}

impl Reader {
    fn read(&mut self, name: &str, array: &ArrayRef) -> Result<Vec<Option<i64>>, DpError> {
        Ok(match self {
            Self::Rows => vec![Some(0); array.len()],
            Self::Grid { grid, middle } => {
                let steps = grid.read(name, array)?.into_iter();
                steps.map(|steps| Some(steps? - *middle)).collect()
            }
            Self::Between(edges) => {
                let place = |value: Option<f64>| {
                    let value = value.filter(|value| !value.is_nan())?;
                    i64::try_from(edges.partition_point(|edge| *edge <= value)).ok()
                };
                numbers(name, array)?.into_iter().map(place).collect()
            }
            Self::Listed(names) => {
                texts(array).iter().map(|text| names.get(text?).copied()).collect()
            }
            Self::Unlisted(names) => {
                let mut place = |text: &str| match names.get(text) {
                    Some(place) => Some(*place),
                    None => {
                        let place = i64::try_from(names.len()).ok()?;
                        names.insert(text.to_owned(), place);
                        Some(place)
                    }
                };
                texts(array).iter().map(|text| place(text?)).collect()
            }
        })
    }
}

fn reader(statistic: &Statistic) -> Result<Reader, DpError> {
    Ok(match (statistic, statistic.grid()?) {
        (Statistic::Mean { .. }, Some(grid)) => Reader::Grid { grid, middle: middle(&grid) },
        (_, Some(grid)) => Reader::Grid { grid, middle: 0 },
        (Statistic::Histogram { categories, .. }, None) => match categories {
            Categories::Listed { names } => {
                Reader::Listed(names.iter().cloned().zip(0_i64..).collect())
            }
            Categories::Between { edges } => {
                Reader::Between(edges.iter().map(|edge| edge.as_f64()).collect())
            }
            Categories::Unlisted { .. } => Reader::Unlisted(HashMap::new()),
        },
        (_, None) => Reader::Rows,
    })
}

/// The middle of the bounds, in steps: sums of distances from it change least by one
/// person.
pub(super) fn middle(grid: &Grid) -> i64 {
    i64::midpoint(grid.lower, grid.upper)
}

/// Most change of an answer's whole number by one person, and how that follows.
pub(super) fn sensitivity(query: &Query) -> Result<(u128, String), DpError> {
    let rows = query.unit.most_rows();
    let each = match &query.unit {
        Unit::OneRowOnePerson => "一行一人 one row a person".to_owned(),
        Unit::Person { column, most_rows } => {
            format!("按 `{column}` 每人至多 {most_rows} 行 at most {most_rows} rows a person")
        }
    };
    let grid = query.statistic.grid()?;
    let times = |factor: u64| u128::from(rows) * u128::from(factor);
    Ok(match (&query.statistic, grid) {
        (Statistic::Sum { .. }, Some(grid)) => {
            let reach = grid.reach(0);
            let value = grid.value(reach as f64);
            (times(reach), format!("{each} × 界限绝对值的较大者 greater absolute bound {value}"))
        }
        (Statistic::Mean { .. }, Some(grid)) => {
            let reach = grid.reach(middle(&grid));
            let value = grid.value(reach as f64);
            (times(reach), format!("{each} × 界限到中点的距离 bound from the middle {value}"))
        }
        (Statistic::Quantile { quantile, .. }, _) => {
            let fraction = Fraction::of(*quantile)?;
            let weight = fraction.weight();
            let denominator = fraction.denominator;
            let why = format!("{each} × max(q, 1 − q) = {weight}/{denominator}");
            (times(u64::from(weight)), why)
        }
        (Statistic::Histogram { .. }, _) => {
            (times(1), format!("{each}，全部类别合计 over all categories together"))
        }
        _ => (times(1), each),
    })
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, DpError> {
    batch.column_by_name(name).ok_or_else(|| DpError::NoColumn {
        name: name.to_owned(),
        available: batch
            .schema()
            .fields()
            .iter()
            .map(|field| format!("`{}`", field.name()))
            .collect::<Vec<_>>()
            .join(", "),
    })
}

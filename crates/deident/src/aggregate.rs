//! Aggregation (聚合): one row a group instead of one a person, with small cells
//! suppressed.
//!
//! ```text
//! RecordBatches ─▶ Aggregator ─▶ one RecordBatch: groups, count, sums, means, `suppressed`
//! ```
//!
//! Memory grows with the groups, not with the rows. Group by columns that are coarse
//! already (the output of an [`crate::Applier`]).
//!
//! Invariants (each is also the name of a test):
//! - `no_small_cell_of_an_aggregate_is_shown`
//! - `no_line_of_an_aggregate_has_exactly_one_suppressed_cell`

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Schema;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::cell_text::texts;
use crate::transform::{CellType, TransformError};

/// How to aggregate a table.
///
/// A cell is suppressed if it has fewer than `min_rows` rows, or if its largest
/// contribution to a sum could be estimated too well by the second largest (the p %
/// rule). What is suppressed can be worked out where the table's totals are known and
/// a line has only one such cell; `complementary` suppresses a second one there.
///
/// Source: Hundepool et al., "Statistical Disclosure Control", Wiley 2012, chapter 4;
/// Duncan et al., "Statistical Confidentiality", Springer 2011.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aggregation {
    /// The columns that make the groups.
    pub by: Vec<String>,
    /// Number columns of which each group's sum and mean are given.
    #[serde(default)]
    pub measures: Vec<String>,
    /// Fewest rows of a cell that is shown, at least 2.
    pub min_rows: u64,
    /// p of the p % rule, above 0 and at most 100: a cell is suppressed if
    /// `total − x1 − x2 < p/100 · x1` for its two largest contributions (by size).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dominance_percent: Option<f64>,
    /// Suppress more cells, until no line along any of the columns has exactly one
    /// suppressed cell.
    #[serde(default)]
    pub complementary: bool,
}

/// Why a table cannot be aggregated.
#[derive(Debug, thiserror::Error)]
pub enum AggregateError {
    /// A column or a setting does not fit.
    #[error("column `{column}` cannot be aggregated")]
    Column {
        /// The column, or the setting.
        column: String,
        /// Why.
        #[source]
        source: TransformError,
    },
    /// Arrow refused.
    #[error("the aggregate could not be built")]
    Arrow(#[from] arrow::error::ArrowError),
}

impl AggregateError {
    /// What went wrong, in the words that the whole platform shares.
    pub fn kind(&self) -> vocabulary::ErrorKind {
        match self {
            Self::Column { .. } => vocabulary::ErrorKind::Invalid,
            Self::Arrow(_) => vocabulary::ErrorKind::Internal,
        }
    }
}

/// What is known of one measure in one group.
#[derive(Debug, Clone, Copy, Default)]
struct Measured {
    values: u64,
    sum: f64,
    /// What rounding left out of `sum`.
    rest: f64,
    /// Sum of the sizes of the contributions and the two largest.
    sizes: f64,
    largest: f64,
    second: f64,
}

impl Measured {
    /// Adds with compensation, so that the order of a million rows does not show.
    ///
    /// Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren", ZAMM 54, 1974.
    fn add(&mut self, number: f64) {
        let sum = self.sum + number;
        self.rest += if self.sum.abs() >= number.abs() {
            (self.sum - sum) + number
        } else {
            (number - sum) + self.sum
        };
        self.sum = sum;
        self.values += 1;
        let size = number.abs();
        self.sizes += size;
        if size > self.largest {
            self.second = self.largest;
            self.largest = size;
        } else if size > self.second {
            self.second = size;
        }
    }

    fn total(&self) -> f64 {
        self.sum + self.rest
    }

    fn is_dominated(&self, percent: f64) -> bool {
        self.sizes - self.largest - self.second < percent / 100.0 * self.largest
    }
}

#[derive(Debug, Clone, Default)]
struct Cell {
    rows: u64,
    measures: Vec<Measured>,
}

/// Why a cell is not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hidden {
    Primary,
    Complementary,
}

/// How many cells are not shown for themselves, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Suppressed {
    /// Cells, or measures in them, of too few rows.
    pub small: u64,
    /// Cells that are large enough and in which one contribution dominates.
    pub dominated: u64,
}

/// The key of a group: one text a column, `None` being null.
type Key = Vec<Option<String>>;

/// Aggregates batch by batch.
#[derive(Debug, Clone)]
pub struct Aggregator {
    settings: Aggregation,
    /// Units of a measure's cells in one unit of the column.
    measures: Vec<(CellType, f64)>,
    cells: HashMap<Key, Cell>,
}

impl Aggregator {
    /// Makes ready to aggregate a table of this schema.
    ///
    /// # Errors
    ///
    /// [`AggregateError::Column`] if a column is not there, a measure is no number, or a
    /// setting cannot be meant.
    pub fn new(settings: &Aggregation, schema: &Schema) -> Result<Self, AggregateError> {
        check(settings)?;
        for name in &settings.by {
            field(schema, name)?;
        }
        let measures: Result<_, AggregateError> = settings
            .measures
            .iter()
            .map(|name| {
                let data_type = field(schema, name)?;
                let cells = CellType::of(data_type).filter(CellType::is_number);
                let cells = cells.ok_or_else(|| AggregateError::Column {
                    column: name.clone(),
                    source: TransformError::Type {
                        transform: "aggregate",
                        treats: "numbers as measures",
                        found: data_type.clone(),
                    },
                })?;
                let units = cells.units();
                Ok((cells, units))
            })
            .collect();
        Ok(Self { settings: settings.clone(), measures: measures?, cells: HashMap::new() })
    }

    /// Adds the rows of one batch. Cells of a measure that are null or no finite
    /// number count as rows and not in sums.
    ///
    /// # Errors
    ///
    /// [`AggregateError`] if the batch lacks a column.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), AggregateError> {
        let column = |name: &String| batch.column_by_name(name).ok_or_else(|| missing(name));
        let mut keys: Vec<Key> = vec![Vec::with_capacity(self.settings.by.len()); batch.num_rows()];
        for name in &self.settings.by {
            for (key, text) in keys.iter_mut().zip(&texts(column(name)?)) {
                key.push(text.map(str::to_owned));
            }
        }
        let mut numbers = Vec::with_capacity(self.measures.len());
        for (name, (cells, units)) in self.settings.measures.iter().zip(&self.measures) {
            let cells =
                cells.read(column(name)?)?.into_iter().map(|cell| Some(cell?.number()? / units));
            numbers.push(cells.collect::<Vec<Option<f64>>>());
        }
        for (row, key) in keys.into_iter().enumerate() {
            let cell = self.cells.entry(key).or_default();
            cell.rows += 1;
            cell.measures.resize_with(numbers.len(), Measured::default);
            for (measured, column) in cell.measures.iter_mut().zip(&numbers) {
                if let Some(number) = column.get(row).copied().flatten() {
                    measured.add(number);
                }
            }
        }
        Ok(())
    }

    /// How many cells will not be shown for themselves. Those that `complementary` adds
    /// are marked in the aggregate.
    pub fn suppressed(&self) -> Suppressed {
        let mut found = Suppressed::default();
        for cell in self.cells.values() {
            if is_small(cell, &self.settings) {
                found.small += 1;
            } else if is_primary(cell, &self.settings) {
                found.dominated += 1;
            }
        }
        found
    }

    /// The aggregate, one row a group, in the order of the keys:
    ///
    /// - the columns of `by`, as text;
    /// - `count`, then `sum(x)` and `mean(x)` of each measure; null where suppressed;
    /// - `suppressed`: null, `primary` or `complementary`.
    ///
    /// # Errors
    ///
    /// [`AggregateError::Arrow`].
    pub fn finish(self) -> Result<RecordBatch, AggregateError> {
        let cells: BTreeMap<Key, Cell> = self.cells.into_iter().collect();
        let mut hidden: Vec<Option<Hidden>> = cells
            .values()
            .map(|cell| is_primary(cell, &self.settings).then_some(Hidden::Primary))
            .collect();
        if self.settings.complementary {
            complement(&cells, &mut hidden, self.settings.by.len());
        }
        let mut columns: Vec<(String, ArrayRef)> = Vec::new();
        for (place, name) in self.settings.by.iter().enumerate() {
            let texts: StringArray =
                cells.keys().map(|key| key.get(place).and_then(Option::as_deref)).collect();
            columns.push((name.clone(), Arc::new(texts)));
        }
        let shown =
            || cells.values().zip(&hidden).map(|(cell, hidden)| hidden.is_none().then_some(cell));
        let counts: Int64Array = shown().map(|cell| i64::try_from(cell?.rows).ok()).collect();
        columns.push(("count".to_owned(), Arc::new(counts)));
        for (place, name) in self.settings.measures.iter().enumerate() {
            let measured = |cell: Option<&Cell>| cell?.measures.get(place).copied();
            let sums: Float64Array = shown().map(|cell| Some(measured(cell)?.total())).collect();
            let means: Float64Array = shown()
                .map(|cell| {
                    let measured = measured(cell).filter(|measured| measured.values > 0)?;
                    Some(measured.total() / measured.values as f64)
                })
                .collect();
            columns.push((format!("sum({name})"), Arc::new(sums)));
            columns.push((format!("mean({name})"), Arc::new(means)));
        }
        let marks: StringArray = hidden
            .iter()
            .map(|hidden| match (*hidden)? {
                Hidden::Primary => Some("primary"),
                Hidden::Complementary => Some("complementary"),
            })
            .collect();
        columns.push(("suppressed".to_owned(), Arc::new(marks)));
        Ok(RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )?)
    }
}

fn is_small(cell: &Cell, settings: &Aggregation) -> bool {
    // A measure that few rows have a value of tells of those few.
    let few = |measured: &Measured| measured.values > 0 && measured.values < settings.min_rows;
    cell.rows < settings.min_rows || cell.measures.iter().any(few)
}

fn is_primary(cell: &Cell, settings: &Aggregation) -> bool {
    is_small(cell, settings)
        || settings.dominance_percent.is_some_and(|percent| {
            cell.measures
                .iter()
                .any(|measured| measured.values > 0 && measured.is_dominated(percent))
        })
}

/// Suppresses the smallest other cell of each line with one suppressed cell, until
/// there is no such line. A line is the cells that agree on all columns but one; one
/// with no other cell is left as it is.
///
/// This guards against subtraction from the totals of lines. It does not make sure
/// that what can be inferred from several lines together is wide.
fn complement(cells: &BTreeMap<Key, Cell>, hidden: &mut [Option<Hidden>], width: usize) {
    let rows: Vec<u64> = cells.values().map(|cell| cell.rows).collect();
    let mut lines: Vec<Vec<usize>> = Vec::new();
    for free in 0..width {
        let mut along: HashMap<Key, Vec<usize>> = HashMap::new();
        for (number, key) in cells.keys().enumerate() {
            let mut line = key.clone();
            line.remove(free);
            along.entry(line).or_default().push(number);
        }
        lines.extend(along.into_values().filter(|line| line.len() > 1));
    }
    lines.sort_unstable();
    let is_hidden =
        |hidden: &[Option<Hidden>], cell: usize| hidden.get(cell).copied().flatten().is_some();
    loop {
        let mut changed = false;
        for line in &lines {
            if line.iter().filter(|cell| is_hidden(hidden, **cell)).count() != 1 {
                continue;
            }
            let next = line
                .iter()
                .filter(|cell| !is_hidden(hidden, **cell))
                .min_by_key(|cell| (rows.get(**cell).copied(), **cell));
            if let Some(slot) = next.and_then(|cell| hidden.get_mut(*cell)) {
                *slot = Some(Hidden::Complementary);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

fn missing(name: &str) -> AggregateError {
    AggregateError::Column {
        column: name.to_owned(),
        source: TransformError::NoColumn { name: name.to_owned() },
    }
}

fn field<'a>(
    schema: &'a Schema,
    name: &str,
) -> Result<&'a arrow::datatypes::DataType, AggregateError> {
    schema.field_with_name(name).map(|field| field.data_type()).map_err(|_| missing(name))
}

fn check(settings: &Aggregation) -> Result<(), AggregateError> {
    let wrong = |name: &'static str, found: String, rule| AggregateError::Column {
        column: name.to_owned(),
        source: TransformError::parameter(name, &found, rule),
    };
    if settings.min_rows < 2 {
        let rule = "a cell of one row is a person; write at least 2";
        return Err(wrong("min_rows", settings.min_rows.to_string(), rule));
    }
    if let Some(percent) = settings.dominance_percent
        && !(percent > 0.0 && percent <= 100.0)
    {
        let rule = "the p of the p % rule is above 0 and at most 100";
        return Err(wrong("dominance_percent", percent.to_string(), rule));
    }
    Ok(())
}

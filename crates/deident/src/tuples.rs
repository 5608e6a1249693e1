//! The distinct tuples of some columns with the number of rows of each.
//!
//! Search, risk and the second pass of a plan need nothing else of a table. The
//! memory grows with the number of distinct tuples, not with the rows: a table
//! of 100 million rows with 200,000 distinct tuples costs as much as one of
//! 200,000 rows.
//!
//! ```text
//! RecordBatch ─▶ text of each cell ─▶ code per column ─▶ tuple of codes ─▶ count
//! ```
//!
//! A null is a value of its own, apart from the empty text.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use hashbrown::HashMap;

use crate::cell_text::texts;
use crate::dictionary::Dictionary;
use crate::population::Population;
use crate::risk::ClassSizes;
use crate::spill::{Bounded, Memory, SpillError};
use crate::tuple_counts::TupleCounts;

/// Why a batch could not be counted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TupleError {
    /// The batch lacks a column that the table was asked to count.
    #[error("no column `{name}` in the data; it has {available}")]
    NoColumn {
        /// The column asked for.
        name: String,
        /// The columns there are, for the message.
        available: String,
    },
    /// A column has more than four billion distinct values.
    #[error("column `{name}` has too many distinct values to be counted")]
    TooManyValues {
        /// The column.
        name: String,
    },
    /// A model asks for the population, which was not counted.
    #[error(
        "a model asks for the population, and no population is given; count it and join it \
         to the table"
    )]
    NoPopulation,
    /// Tuples could not be put aside on disk, or do not fit into what was allowed.
    #[error(transparent)]
    Spill(#[from] SpillError),
}

/// Distinct tuples of some columns and how many rows have each.
#[derive(Debug, Clone)]
pub struct TupleTable {
    pub(crate) names: Vec<String>,
    pub(crate) dictionaries: Vec<Dictionary>,
    /// Codes by column, one entry a tuple.
    pub(crate) codes: Vec<Vec<u32>>,
    pub(crate) counts: Vec<u64>,
    pub(crate) population: Option<Arc<Population>>,
    pub(crate) rows: u64,
    /// Rows of each value by column, where the tuples themselves lie on disk.
    pub(crate) spilled_rows: Option<Arc<Vec<Vec<u64>>>>,
}

impl TupleTable {
    /// Starts counting the named columns.
    pub fn builder<S: AsRef<str>>(columns: &[S]) -> TupleTableBuilder {
        TupleTableBuilder {
            names: columns.iter().map(|name| name.as_ref().to_owned()).collect(),
            dictionaries: vec![Dictionary::default(); columns.len()],
            counts: TupleCounts::new(columns.len()),
            rows: 0,
            tuple: Vec::new(),
        }
    }

    /// Counts the named columns of batches that are at hand.
    ///
    /// # Errors
    ///
    /// As [`TupleTableBuilder::update`].
    pub fn from_batches<S: AsRef<str>>(
        columns: &[S],
        batches: &[RecordBatch],
    ) -> Result<Self, TupleError> {
        let mut builder = Self::builder(columns);
        for batch in batches {
            builder.update(batch)?;
        }
        Ok(builder.finish())
    }

    /// The counted columns, in the order asked for.
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// Number of rows counted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of distinct tuples.
    pub fn tuples(&self) -> usize {
        self.counts.len()
    }

    /// The distinct values of a column, in the order in which they came; `None`
    /// stands for null.
    pub fn values(&self, column: &str) -> Option<&[Option<String>]> {
        let position = self.position(column)?;
        self.dictionaries.get(position).map(|dictionary| dictionary.values.as_slice())
    }

    /// Whether two tables have the same columns and rows, in whatever order the rows came.
    pub fn has_same_rows(&self, other: &Self) -> bool {
        fn tuples(table: &TupleTable) -> HashMap<Vec<Option<&str>>, u64> {
            let columns = table.names.len();
            let cells = |tuple| (0..columns).map(|column| table.cell(column, tuple)).collect();
            table.counts.iter().enumerate().map(|(tuple, rows)| (cells(tuple), *rows)).collect()
        }
        if self.names != other.names || self.tuples() != other.tuples() {
            return false;
        }
        tuples(self) == tuples(other)
    }

    /// How many rows have each value of a column, in the order of [`Self::values`].
    pub fn value_rows(&self, column: &str) -> Option<Vec<u64>> {
        let position = self.position(column)?;
        if let Some(known) = &self.spilled_rows {
            return known.get(position).cloned();
        }
        let mut rows = vec![0_u64; self.dictionaries.get(position)?.values.len()];
        for (code, count) in self.codes.get(position)?.iter().zip(&self.counts) {
            if let Some(slot) = rows.get_mut(*code as usize) {
                *slot += count;
            }
        }
        Some(rows)
    }

    /// The sizes of the classes of rows that agree on all counted columns, with
    /// no generalization.
    pub fn class_sizes(&self) -> ClassSizes {
        ClassSizes::from_sizes(self.counts.iter().copied())
    }

    /// Sizes of the classes over some of the counted columns, ungeneralized.
    ///
    /// # Errors
    ///
    /// [`TupleError::NoColumn`] if a column was not counted.
    pub fn class_sizes_of<S: AsRef<str>>(&self, columns: &[S]) -> Result<ClassSizes, TupleError> {
        let mut picked = Vec::with_capacity(columns.len());
        for name in columns {
            let position = self.require(name.as_ref())?;
            picked.push(self.codes.get(position).map_or(&[][..], Vec::as_slice));
        }
        let mut classes: HashMap<Vec<u32>, u64> = HashMap::new();
        for (tuple, count) in self.counts.iter().enumerate() {
            let key = picked.iter().filter_map(|codes| codes.get(tuple).copied()).collect();
            *classes.entry(key).or_default() += count;
        }
        Ok(ClassSizes::from_sizes(classes.into_values()))
    }

    /// A cell of a tuple; `None` is null.
    pub(crate) fn cell(&self, column: usize, tuple: usize) -> Option<&str> {
        let code = *self.codes.get(column)?.get(tuple)?;
        self.dictionaries.get(column)?.values.get(code as usize)?.as_deref()
    }

    pub(crate) fn position(&self, column: &str) -> Option<usize> {
        self.names.iter().position(|name| name == column)
    }

    pub(crate) fn require(&self, column: &str) -> Result<usize, TupleError> {
        self.position(column).ok_or_else(|| TupleError::NoColumn {
            name: column.to_owned(),
            available: self.names.join(", "),
        })
    }
}

/// Counts distinct tuples batch by batch.
#[derive(Debug, Clone)]
pub struct TupleTableBuilder {
    pub(crate) names: Vec<String>,
    pub(crate) dictionaries: Vec<Dictionary>,
    pub(crate) counts: TupleCounts,
    pub(crate) rows: u64,
    /// The codes of the row in hand.
    tuple: Vec<u32>,
}

impl TupleTableBuilder {
    /// Counts on within a bound of memory; tuples that do not fit go to disk. What was
    /// counted before stays.
    pub fn within(self, memory: &Memory) -> Bounded {
        Bounded::new(self, memory)
    }

    /// Counts the rows of one batch. Columns are found by name; the others are
    /// left alone.
    ///
    /// # Errors
    ///
    /// [`TupleError::NoColumn`] if the batch lacks a column; nothing of it is
    /// counted then.
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), TupleError> {
        let schema = batch.schema();
        let mut columns = Vec::with_capacity(self.names.len());
        for name in &self.names {
            let Ok(position) = schema.index_of(name) else {
                let available: Vec<_> =
                    schema.fields().iter().map(|field| field.name().as_str()).collect();
                return Err(TupleError::NoColumn {
                    name: name.clone(),
                    available: available.join(", "),
                });
            };
            columns.push(texts(batch.column(position)));
        }
        let rows = batch.num_rows();
        let mut coded: Vec<Vec<u32>> = Vec::with_capacity(columns.len());
        for ((texts, dictionary), name) in
            columns.iter().zip(&mut self.dictionaries).zip(&self.names)
        {
            let mut codes = Vec::with_capacity(rows);
            // Neighbours are often equal: sorted and grouped files are common.
            let mut last: Option<(Option<&str>, u32)> = None;
            for row in 0..rows {
                let value = texts.is_valid(row).then(|| texts.value(row));
                let code = match last {
                    Some((text, code)) if text == value => code,
                    _ => dictionary
                        .code(value)
                        .ok_or_else(|| TupleError::TooManyValues { name: name.clone() })?,
                };
                last = Some((value, code));
                codes.push(code);
            }
            coded.push(codes);
        }
        let mut tuple = vec![0_u32; columns.len()];
        for row in 0..rows {
            for (slot, codes) in tuple.iter_mut().zip(&coded) {
                *slot = codes.get(row).copied().unwrap_or_default();
            }
            self.count(&tuple, 1)?;
        }
        Ok(())
    }

    /// Counts one row whose cells are texts, one a column in the order asked for;
    /// `None` is null. The texts are taken as they are.
    ///
    /// # Errors
    ///
    /// [`TupleError::NoColumn`] if the row has another number of cells than there
    /// are columns; nothing is counted then.
    pub fn push(&mut self, row: &[Option<&str>]) -> Result<(), TupleError> {
        self.push_rows(row, 1)
    }

    /// Counts several rows that have the same cells, as [`Self::push`] does one.
    ///
    /// # Errors
    ///
    /// As [`Self::push`].
    pub fn push_rows(&mut self, row: &[Option<&str>], rows: u64) -> Result<(), TupleError> {
        if let Some(name) = self.names.get(row.len()) {
            let available = format!("{} cells", row.len());
            return Err(TupleError::NoColumn { name: name.clone(), available });
        }
        let mut tuple = std::mem::take(&mut self.tuple);
        tuple.clear();
        for ((value, dictionary), name) in row.iter().zip(&mut self.dictionaries).zip(&self.names) {
            let code = dictionary.code(*value);
            tuple.push(code.ok_or_else(|| TupleError::TooManyValues { name: name.clone() })?);
        }
        let counted = self.count(&tuple, rows);
        self.tuple = tuple;
        counted
    }

    /// Adds what another builder counted, of the same columns.
    ///
    /// # Errors
    ///
    /// [`TupleError::NoColumn`] if the other builder did not count one of the
    /// columns.
    pub fn merge(&mut self, other: &Self) -> Result<(), TupleError> {
        let mut maps: Vec<(usize, Vec<u32>)> = Vec::with_capacity(self.names.len());
        for (name, dictionary) in self.names.iter().zip(&mut self.dictionaries) {
            let position = other.names.iter().position(|have| have == name).ok_or_else(|| {
                TupleError::NoColumn { name: name.clone(), available: other.names.join(", ") }
            })?;
            let values = other.dictionaries.get(position).map_or(&[][..], |have| &have.values);
            let map: Option<Vec<u32>> =
                values.iter().map(|value| dictionary.code(value.as_deref())).collect();
            let map = map.ok_or_else(|| TupleError::TooManyValues { name: name.clone() })?;
            maps.push((position, map));
        }
        let mut tuple = vec![0_u32; self.names.len()];
        for (number, count) in (0_u32..).zip(&other.counts.counts) {
            let from = other.counts.tuple(number);
            for (slot, (position, map)) in tuple.iter_mut().zip(&maps) {
                let code = from.get(*position).copied().unwrap_or_default();
                *slot = map.get(code as usize).copied().unwrap_or_default();
            }
            self.count(&tuple, *count)?;
        }
        Ok(())
    }

    fn count(&mut self, tuple: &[u32], rows: u64) -> Result<(), TupleError> {
        self.rows += rows;
        let counted = self.counts.add(tuple, rows);
        counted.ok_or_else(|| TupleError::TooManyValues { name: self.names.join(", ") })
    }

    /// The counted tuples.
    pub fn finish(self) -> TupleTable {
        let width = self.names.len();
        let TupleCounts { flat, counts, .. } = self.counts;
        let mut codes = vec![Vec::with_capacity(counts.len()); width];
        for (column, codes) in codes.iter_mut().enumerate() {
            codes.extend(flat.iter().skip(column).step_by(width.max(1)).copied());
        }
        TupleTable {
            names: self.names,
            dictionaries: self.dictionaries,
            codes,
            counts,
            population: None,
            rows: self.rows,
            spilled_rows: None,
        }
    }
}

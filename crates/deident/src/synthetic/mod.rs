//! Synthetic data (合成数据): rows drawn from a model of the table, not from the table.
//!
//! The model is a tree over the columns (Chow & Liu): each column depends on one other,
//! and the pairs are chosen so that together they tell the most. What three columns
//! tell only together is lost.
//!
//! ```text
//! RecordBatches ─▶ SynthesizerBuilder ─▶ Synthesizer ─▶ RecordBatches, labelled
//!                  counts of values        tree,          fenhe.synthetic = true
//!                  and of pairs            shares
//! ```
//!
//! Memory grows with the distinct pairs of values of any two columns, and a column may
//! have at most [`Synthesis::max_values`] values: generalize or round others first.
//!
//! Synthetic is not anonymous of itself: a drawn row can be that of a person, and a
//! rare value shows that someone has it. That is why values of fewer than `min_rows`
//! rows are never drawn. The noise on the counts gives no differential privacy, for
//! the tree was chosen from the counts themselves.
//!
//! Invariants (each is also the name of a test):
//! - `synthetic_rows_have_only_values_that_are_common_enough`
//! - `the_tree_of_a_synthesis_finds_the_pairs_that_depend`

mod tree;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema, SchemaRef};
use serde::{Deserialize, Serialize};

use crate::keys::{KeyError, Keys, Prf, Usage, unit};
use crate::transform::{Cell, CellType, TransformError};

/// The metadata key that marks the schema of synthetic batches.
pub const SYNTHETIC: &str = "fenhe.synthetic";

/// How to make a synthetic table.
///
/// Source: Chow & Liu, "Approximating discrete probability distributions with
/// dependence trees", IEEE Transactions on Information Theory 14(3), 1968;
/// ISO/IEC 20889:2018 (synthetic data).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Synthesis {
    /// Name of the key that rows and noise are drawn with.
    pub key: String,
    /// The columns to draw; the others are left out.
    pub columns: Vec<String>,
    /// Fewest rows of a value that is drawn, at least 1; rarer ones never are. The
    /// same for the pairs of values that lie along the tree: a rarer pair is not
    /// drawn from its counts.
    pub min_rows: u64,
    /// Whether columns depend on each other; if not, each is drawn for itself.
    #[serde(default = "yes")]
    pub dependent: bool,
    /// Scale of Laplace noise on each count, in rows; none if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// Most distinct values of a column.
    #[serde(default = "thousand")]
    pub max_values: u32,
    /// Rows to draw; as many as the table has if absent. Whoever draws reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

fn yes() -> bool {
    true
}

fn thousand() -> u32 {
    1_000
}

/// Why no synthetic table can be made.
#[derive(Debug, thiserror::Error)]
pub enum SynthesisError {
    /// A column does not fit.
    #[error("column `{column}` cannot be drawn")]
    Column {
        /// The column.
        column: String,
        /// Why.
        #[source]
        source: TransformError,
    },
    /// A setting cannot be meant.
    #[error("the synthesis cannot be made as it is written")]
    Setting(#[source] TransformError),
    /// A column has too many values for a table of pairs.
    #[error(
        "column `{column}` has more than {most} values; generalize or round it first, or raise \
         `max_values`"
    )]
    TooManyValues {
        /// The column.
        column: String,
        /// The most there may be.
        most: u32,
    },
    /// No value of a column is common enough, so that nothing can be drawn.
    #[error("no value of column `{column}` has {rows} rows; lower `min_rows` or generalize it")]
    NothingCommon {
        /// The column.
        column: String,
        /// The fewest rows asked for.
        rows: u64,
    },
    /// The key is missing or unfit.
    #[error("the key of the synthesis cannot be used")]
    Key(#[from] KeyError),
    /// Arrow refused.
    #[error("the synthetic batch could not be built")]
    Arrow(#[from] arrow::error::ArrowError),
}

impl SynthesisError {
    /// What went wrong, in the words that the whole platform shares.
    pub fn kind(&self) -> vocabulary::ErrorKind {
        match self {
            Self::Column { .. }
            | Self::Setting(_)
            | Self::TooManyValues { .. }
            | Self::NothingCommon { .. }
            | Self::Key(_) => vocabulary::ErrorKind::Invalid,
            Self::Arrow(_) => vocabulary::ErrorKind::Internal,
        }
    }
}

/// A column that is counted.
#[derive(Debug, Clone)]
struct Counting {
    cells: CellType,
    codes: HashMap<Option<Cell>, u32>,
    values: Vec<Option<Cell>>,
}

/// Counts a table batch by batch.
#[derive(Debug, Clone)]
pub struct SynthesizerBuilder {
    settings: Synthesis,
    prf: Prf,
    columns: Vec<Counting>,
    counts: tree::PairCounts,
}

impl SynthesizerBuilder {
    /// Starts the model of a table of this schema.
    ///
    /// # Errors
    ///
    /// [`SynthesisError::Column`], [`SynthesisError::Setting`], [`SynthesisError::Key`].
    pub fn new(settings: &Synthesis, keys: &Keys, schema: &Schema) -> Result<Self, SynthesisError> {
        check(settings)?;
        let prf = keys.derive(&settings.key, Usage::Synthesis, "")?;
        let columns: Result<Vec<Counting>, SynthesisError> = settings
            .columns
            .iter()
            .map(|name| {
                let wrong = |source| SynthesisError::Column { column: name.clone(), source };
                let field = schema
                    .field_with_name(name)
                    .map_err(|_| wrong(TransformError::NoColumn { name: name.clone() }))?;
                let cells = CellType::of(field.data_type()).ok_or_else(|| {
                    wrong(TransformError::Type {
                        transform: "synthesize",
                        treats: "numbers, dates, times and texts",
                        found: field.data_type().clone(),
                    })
                })?;
                Ok(Counting { cells, codes: HashMap::new(), values: Vec::new() })
            })
            .collect();
        let columns = columns?;
        let counts = tree::PairCounts::new(columns.len());
        Ok(Self { settings: settings.clone(), prf, columns, counts })
    }

    /// Counts the rows of one batch.
    ///
    /// # Errors
    ///
    /// [`SynthesisError::TooManyValues`], [`SynthesisError::Column`],
    /// [`SynthesisError::Arrow`].
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), SynthesisError> {
        let mut rows = vec![Vec::with_capacity(self.columns.len()); batch.num_rows()];
        let most = self.settings.max_values;
        for (name, column) in self.settings.columns.iter().zip(&mut self.columns) {
            let array = batch.column_by_name(name).ok_or_else(|| SynthesisError::Column {
                column: name.clone(),
                source: TransformError::NoColumn { name: name.clone() },
            })?;
            for (row, cell) in rows.iter_mut().zip(column.cells.read(array)?) {
                let fresh = u32::try_from(column.values.len()).unwrap_or(u32::MAX);
                let code = match column.codes.get(&cell) {
                    Some(code) => *code,
                    None if fresh < most => {
                        column.values.push(cell.clone());
                        column.codes.insert(cell, fresh);
                        fresh
                    }
                    None => {
                        let column = name.clone();
                        return Err(SynthesisError::TooManyValues { column, most });
                    }
                };
                row.push(code);
            }
        }
        rows.iter().for_each(|row| self.counts.add(row));
        Ok(())
    }

    /// The model.
    ///
    /// # Errors
    ///
    /// [`SynthesisError::NothingCommon`] if a column has no value that may be drawn.
    pub fn finish(self) -> Result<Synthesizer, SynthesisError> {
        let Self { settings, prf, columns, counts } = self;
        let noise = |pair: usize, count: &tree::PairCount| match settings.noise {
            None => count.rows as f64,
            Some(scale) => {
                let [word, ..] = prf.words(&[
                    b"count",
                    &pair.to_le_bytes(),
                    &count.first.to_le_bytes(),
                    &count.second.to_le_bytes(),
                ]);
                let centred = unit(word) - 0.5;
                let noise = -scale * centred.signum() * (1.0 - 2.0 * centred.abs()).ln();
                count.rows as f64 + noise
            }
        };
        let model = tree::Model::of(&counts, settings.dependent, settings.min_rows, noise);
        for (place, name) in settings.columns.iter().enumerate() {
            if counts.rows() > 0 && !model.draws(place) {
                let (column, rows) = (name.clone(), settings.min_rows);
                return Err(SynthesisError::NothingCommon { column, rows });
            }
        }
        let fields: Vec<Field> = settings
            .columns
            .iter()
            .zip(&columns)
            .map(|(name, column)| Field::new(name, column.cells.data_type.clone(), true))
            .collect();
        let metadata = HashMap::from([(SYNTHETIC.to_owned(), "true".to_owned())]);
        let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
        Ok(Synthesizer { names: settings.columns, columns, prf, model, schema, drawn: 0 })
    }
}

/// Draws rows from a model. The same key, table and settings give the same rows.
#[derive(Debug)]
pub struct Synthesizer {
    names: Vec<String>,
    columns: Vec<Counting>,
    prf: Prf,
    model: tree::Model,
    schema: SchemaRef,
    drawn: u64,
}

impl Synthesizer {
    /// The schema of the batches, marked with [`SYNTHETIC`].
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The column that each column depends on, in the order in which they are drawn.
    pub fn dependencies(&self) -> Vec<(&str, Option<&str>)> {
        let name = |place: usize| self.names.get(place).map(String::as_str);
        self.model
            .order()
            .filter_map(|(column, parent)| Some((name(column)?, parent.and_then(name))))
            .collect()
    }

    /// The next rows; none if the table had none.
    ///
    /// # Errors
    ///
    /// [`SynthesisError::Arrow`].
    pub fn draw(&mut self, rows: usize) -> Result<RecordBatch, SynthesisError> {
        let rows = if self.model.is_empty() { 0 } else { rows };
        let mut cells: Vec<Vec<Option<Cell>>> = vec![Vec::with_capacity(rows); self.columns.len()];
        for _ in 0..rows {
            let number = self.drawn.to_le_bytes();
            let words = |column: usize| {
                let [word, ..] = self.prf.words(&[b"row", &number, &column.to_le_bytes()]);
                unit(word)
            };
            let codes = self.model.draw(words);
            for ((cells, column), code) in cells.iter_mut().zip(&self.columns).zip(codes) {
                let value = code.and_then(|code| column.values.get(code as usize));
                cells.push(value.cloned().flatten());
            }
            self.drawn += 1;
        }
        let arrays: Result<Vec<ArrayRef>, _> = cells
            .into_iter()
            .zip(&self.columns)
            .map(|(cells, column)| column.cells.write(cells))
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(self.schema(), arrays?, &options)?)
    }
}

fn check(settings: &Synthesis) -> Result<(), SynthesisError> {
    let wrong = |name, found: String, rule| {
        SynthesisError::Setting(TransformError::parameter(name, &found, rule))
    };
    let mut names = settings.columns.clone();
    names.sort_unstable();
    names.dedup();
    if settings.columns.is_empty() || names.len() != settings.columns.len() {
        let found = settings.columns.join(", ");
        return Err(wrong("columns", found, "name at least one column, and each once"));
    }
    if settings.min_rows == 0 {
        return Err(wrong("min_rows", "0".to_owned(), "write at least 1"));
    }
    if settings.max_values == 0 {
        return Err(wrong("max_values", "0".to_owned(), "write at least 1"));
    }
    match settings.noise {
        Some(scale) if !scale.is_finite() || scale <= 0.0 => {
            Err(wrong("noise", scale.to_string(), "a scale is a positive number of rows"))
        }
        _ => Ok(()),
    }
}

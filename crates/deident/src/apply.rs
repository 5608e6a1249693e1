//! Applies a plan to a table, batch by batch: the second pass.
//!
//! The first pass counts tuples ([`crate::TupleTable`]); here each class is
//! known to stay or to go before the first row is written. A row whose values
//! were not counted goes: what was not measured is not released.
//!
//! Invariants (each is also the name of a test):
//! - `a_release_satisfies_k_when_recounted`
//! - `rows_out_and_rows_suppressed_add_up`
//! - `a_column_that_the_plan_does_not_name_stops_the_release`

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringBuilder};
use arrow::compute::filter;
use arrow::datatypes::{Field, Schema};
use arrow::error::ArrowError;
use vocabulary::ErrorKind;

use crate::cell_text::texts;
use crate::criterion::{Criterion, Histogram, Model, Prepared};
use crate::hierarchy::{Hierarchy, HierarchyError};
use crate::plan::Plan;
use crate::transform::{Transform, mask};
use crate::tuples::{TupleError, TupleTable};

/// Why a plan cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The data has a column that the plan does not name.
    #[error("the plan says nothing of column `{name}`; keep it or remove it there")]
    Unplanned {
        /// The column.
        name: String,
    },
    /// The plan names a column that the data lacks.
    #[error("the plan names column `{name}`, and the data has no such column")]
    NoColumn {
        /// The column.
        name: String,
    },
    /// The plan names a column twice.
    #[error("the plan names column `{name}` twice")]
    NamedTwice {
        /// The column.
        name: String,
    },
    /// A level is not in the hierarchy.
    #[error("the hierarchy of column `{column}` has no level {level}; its highest is {top}")]
    Level {
        /// The column.
        column: String,
        /// The level asked for.
        level: usize,
        /// The highest there is.
        top: usize,
    },
    /// A hierarchy does not fit its column.
    #[error("the hierarchy of column `{column}` cannot be used")]
    Hierarchy {
        /// The column.
        column: String,
        /// Why.
        #[source]
        source: HierarchyError,
    },
    /// A column was not counted.
    #[error("the tuple table does not serve this plan")]
    Tuples(#[from] TupleError),
    /// Arrow refused to build the batch.
    #[error("could not build the released batch")]
    Arrow(#[from] ArrowError),
}

impl ApplyError {
    /// What went wrong, in the words that the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unplanned { .. }
            | Self::NoColumn { .. }
            | Self::NamedTwice { .. }
            | Self::Level { .. }
            | Self::Hierarchy { .. }
            | Self::Tuples(_) => ErrorKind::Invalid,
            Self::Arrow(_) => ErrorKind::Internal,
        }
    }
}

/// What an applier has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Rows read.
    pub rows_in: u64,
    /// Rows released.
    pub rows_out: u64,
    /// Rows dropped because their class was too small or failed a model.
    pub suppressed: u64,
}

#[derive(Debug)]
struct Generalized {
    hierarchy: Hierarchy,
    level: usize,
}

/// Applies one plan to the batches of one table.
#[derive(Debug)]
pub struct Applier {
    transforms: HashMap<String, Transform>,
    /// Quasi-identifiers in the order of the class keys.
    quasi: Vec<(String, Generalized)>,
    kept: HashSet<Vec<u32>>,
    applied: Applied,
}

impl Applier {
    /// Makes ready to apply a plan to the table whose tuples were counted. The
    /// tuples must hold [`Plan::counted_columns`].
    ///
    /// # Errors
    ///
    /// Any [`ApplyError`] but `Unplanned`, `NoColumn` and `Arrow`.
    pub fn new(plan: &Plan, tuples: &TupleTable) -> Result<Self, ApplyError> {
        let mut transforms = HashMap::new();
        let mut quasi = Vec::new();
        for (name, transform) in &plan.columns {
            if transforms.insert(name.clone(), transform.clone()).is_some() {
                return Err(ApplyError::NamedTwice { name: name.clone() });
            }
            if let Transform::Generalize { spec, level } = transform {
                tuples.require(name)?;
                let values = tuples.values(name).unwrap_or_default();
                let hierarchy = if values.is_empty() {
                    Hierarchy::nothing()
                } else {
                    spec.build(values.iter().map(Option::as_deref))
                        .map_err(|source| ApplyError::Hierarchy { column: name.clone(), source })?
                };
                if *level > hierarchy.top() && !values.is_empty() {
                    return Err(ApplyError::Level {
                        column: name.clone(),
                        level: *level,
                        top: hierarchy.top(),
                    });
                }
                quasi.push((name.clone(), Generalized { hierarchy, level: *level }));
            }
        }
        let kept = kept_classes(plan, tuples, &quasi)?;
        Ok(Self { transforms, quasi, kept, applied: Applied::default() })
    }

    /// Rows read, released and dropped so far.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// The released form of a batch. Its rows keep their order.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Unplanned`] or [`ApplyError::NoColumn`] if plan and data do
    /// not name the same columns; [`ApplyError::Arrow`].
    pub fn apply(&mut self, batch: &RecordBatch) -> Result<RecordBatch, ApplyError> {
        let schema = batch.schema();
        for field in schema.fields() {
            if !self.transforms.contains_key(field.name()) {
                return Err(ApplyError::Unplanned { name: field.name().clone() });
            }
        }
        for name in self.transforms.keys() {
            if schema.index_of(name).is_err() {
                return Err(ApplyError::NoColumn { name: name.clone() });
            }
        }
        let rows = batch.num_rows();
        let mut keys = vec![Vec::with_capacity(self.quasi.len()); rows];
        let mut generalized: HashMap<&str, ArrayRef> = HashMap::new();
        for (name, column) in &self.quasi {
            let Some(array) = batch.column_by_name(name) else { continue };
            let coarse = column.read(array, &mut keys);
            if column.level > 0 {
                generalized.insert(name, coarse);
            }
        }
        // With no quasi-identifier there is no class that could be too small.
        let stay: BooleanArray =
            keys.iter().map(|key| Some(self.quasi.is_empty() || self.kept.contains(key))).collect();
        let mut fields = Vec::new();
        let mut columns = Vec::new();
        for (field, array) in schema.fields().iter().zip(batch.columns()) {
            let released = match self.transforms.get(field.name()) {
                None | Some(Transform::Remove) => continue,
                Some(Transform::Keep) => Arc::clone(array),
                Some(Transform::Mask { keep_left, keep_right }) => {
                    masked(array, *keep_left, *keep_right)
                }
                Some(Transform::Generalize { .. }) => {
                    generalized.remove(field.name().as_str()).unwrap_or_else(|| Arc::clone(array))
                }
            };
            let data_type = released.data_type().clone();
            fields.push(if data_type == *field.data_type() {
                field.as_ref().clone()
            } else {
                Field::new(field.name(), data_type, true)
            });
            columns.push(filter(&released, &stay)?);
        }
        let out = stay.true_count();
        self.applied.rows_in += rows as u64;
        self.applied.rows_out += out as u64;
        self.applied.suppressed += (rows - out) as u64;
        let options = RecordBatchOptions::new().with_row_count(Some(out));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)
    }
}

impl Generalized {
    /// The column at its level; adds the group of each row to the row's key. An
    /// uncounted value gets no group, so that its row's key is too short to be
    /// that of a class.
    fn read(&self, array: &ArrayRef, keys: &mut [Vec<u32>]) -> ArrayRef {
        let texts = texts(array);
        let mut builder = StringBuilder::new();
        for (row, key) in keys.iter_mut().enumerate() {
            let value = texts.is_valid(row).then(|| texts.value(row));
            if let Some(leaf) = self.hierarchy.find(value)
                && let Some(group) = self.hierarchy.group(self.level, leaf)
            {
                key.push(group);
            }
            if self.level > 0 {
                builder.append_option(self.hierarchy.generalize(value, self.level));
            }
        }
        Arc::new(builder.finish())
    }
}

fn masked(array: &ArrayRef, keep_left: usize, keep_right: usize) -> ArrayRef {
    let texts = texts(array);
    let mut builder = StringBuilder::new();
    for row in 0..texts.len() {
        if texts.is_valid(row) {
            builder.append_value(mask(texts.value(row), keep_left, keep_right));
        } else {
            builder.append_null();
        }
    }
    Arc::new(builder.finish())
}

/// One class of the release: its rows and the counts of each criterion's column.
#[derive(Default)]
struct Class {
    rows: u64,
    sensitive: Vec<Histogram>,
}

fn kept_classes(
    plan: &Plan,
    tuples: &TupleTable,
    quasi: &[(String, Generalized)],
) -> Result<HashSet<Vec<u32>>, ApplyError> {
    let mut groups = Vec::with_capacity(quasi.len());
    for (name, column) in quasi {
        let position = tuples.require(name)?;
        let values = tuples.values(name).unwrap_or_default();
        let group: Vec<u32> = values
            .iter()
            .filter_map(|value| column.hierarchy.find(value.as_deref()))
            .filter_map(|leaf| column.hierarchy.group(column.level, leaf))
            .collect();
        groups.push((tuples.codes.get(position).map_or(&[][..], Vec::as_slice), group));
    }
    let mut models = Vec::with_capacity(plan.criteria.len());
    for criterion in &plan.criteria {
        let position = tuples.require(&criterion.column)?;
        let codes = tuples.codes.get(position).map_or(&[][..], Vec::as_slice);
        models.push((codes, prepare(criterion, tuples)?));
    }
    let mut classes: HashMap<Vec<u32>, Class> = HashMap::new();
    for (tuple, rows) in tuples.counts.iter().enumerate() {
        let key = groups
            .iter()
            .filter_map(|(codes, group)| group.get(*codes.get(tuple)? as usize).copied())
            .collect();
        let class = classes.entry(key).or_default();
        class.rows += rows;
        class.sensitive.resize_with(models.len(), Histogram::default);
        for ((codes, _), histogram) in models.iter().zip(&mut class.sensitive) {
            if let Some(code) = codes.get(tuple) {
                histogram.add(*code, *rows);
            }
        }
    }
    let stays = |class: &Class| {
        class.rows >= u64::from(plan.k)
            && models
                .iter()
                .zip(&class.sensitive)
                .all(|((_, model), histogram)| model.accepts(histogram, class.rows))
    };
    Ok(classes.into_iter().filter(|(_, class)| stays(class)).map(|(key, _)| key).collect())
}

fn prepare(criterion: &Criterion, tuples: &TupleTable) -> Result<Prepared, ApplyError> {
    let values = tuples.values(&criterion.column).unwrap_or_default();
    let rows = tuples.value_rows(&criterion.column).unwrap_or_default();
    let tree = match &criterion.model {
        Model::HierarchicalT { hierarchy, .. } => hierarchy
            .build(values.iter().map(Option::as_deref))
            .map_err(|source| ApplyError::Hierarchy { column: criterion.column.clone(), source })?
            .tree(values),
        _ => Vec::new(),
    };
    Ok(Prepared::new(&criterion.model, values, &rows, &tree))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use super::*;

    #[test]
    fn a_generalized_column_becomes_text() {
        let ages: ArrayRef = Arc::new(arrow::array::Int64Array::from(vec![Some(31), None]));
        let batch = RecordBatch::try_from_iter([("age", ages)]).unwrap();
        let tuples = TupleTable::from_batches(&["age"], std::slice::from_ref(&batch)).unwrap();
        let spec = crate::hierarchy::Spec::intervals(&[10.0]);
        let transform = Transform::Generalize { spec, level: 1 };
        let plan =
            Plan { columns: vec![("age".to_owned(), transform)], k: 1, criteria: Vec::new() };
        let released = Applier::new(&plan, &tuples).unwrap().apply(&batch).unwrap();
        assert_eq!(released.schema().field(0).data_type(), &DataType::Utf8);
        let column = texts(released.column(0));
        assert_eq!([column.value(0), column.value(1)], ["30-39", "*"]);
    }
}

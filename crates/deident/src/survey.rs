//! The first pass of a plan: counts what its transforms need to know of the whole
//! table, over the rows that take part.
//!
//! ```text
//! RecordBatches ─▶ SurveyBuilder ─▶ Survey ─▶ Applier ─▶ RecordBatches
//!    (pass 1)       rows chosen,              (pass 2)
//!                   tuples and values counted
//! ```
//!
//! Memory grows with the distinct tuples of the quasi-identifiers and the distinct
//! values of the columns that are micro-aggregated, swapped or cleared of rare
//! values, or the distinct tuples of columns that are treated together. Nothing grows with
//! the rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Schema, SchemaRef};
use hashbrown::HashSet;

use crate::apply::{ApplyError, check_columns};
use crate::keys::Keys;
use crate::plan::Plan;
use crate::transform::{
    Counted, DistributionBuilder, JointBuilder, JointName, Operation, Selection, Transform, groups,
};
use crate::tuples::{TupleTable, TupleTableBuilder};

/// What a first pass over a table found out for one plan.
#[derive(Debug, Clone)]
pub struct Survey {
    pub(crate) tuples: TupleTable,
    pub(crate) counted: Counted,
    pub(crate) schema: SchemaRef,
}

impl Survey {
    /// Starts the first pass of a plan over a table of this schema.
    ///
    /// # Errors
    ///
    /// [`ApplyError::OtherColumns`], or [`ApplyError::Column`] if a transform does not
    /// fit the type of its column, a parameter cannot be meant, or a key is missing:
    /// all that can be known before the first row is read.
    pub fn builder(plan: &Plan, keys: &Keys, schema: &Schema) -> Result<SurveyBuilder, ApplyError> {
        check_columns(plan, schema)?;
        let selection = Selection::new(&plan.suppress_rows, plan.sample.as_ref(), keys, schema)
            .map_err(ApplyError::Rows)?;
        let mut ordered = BTreeMap::new();
        let mut texts = BTreeMap::new();
        for (name, transform) in &plan.columns {
            let wrong = |source| ApplyError::Column { column: name.clone(), source };
            match transform {
                Transform::Microaggregate(_) | Transform::Swap(_) => {
                    let word = match transform {
                        Transform::Swap(_) => "swap",
                        _ => "microaggregate",
                    };
                    let data_type = schema.field_with_name(name)?.data_type();
                    let builder = DistributionBuilder::new(word, data_type).map_err(wrong)?;
                    ordered.insert(name.clone(), builder);
                }
                Transform::SuppressCells(cells) if cells.rarer_than.is_some() => {
                    let rows = cells.rarer_than.unwrap_or_default();
                    texts.insert(name.clone(), (rows, TupleTable::builder(&[name])));
                }
                _ => {}
            }
        }
        let mut joint = BTreeMap::new();
        let wrong = |(column, source)| ApplyError::Column { column, source };
        for (name, parts) in groups(&plan.columns).map_err(wrong)? {
            let column = parts.last().map(|part| part.column.clone()).unwrap_or_default();
            let counter =
                JointBuilder::new(parts, schema).map_err(|source| wrong((column, source)))?;
            joint.insert(name, counter);
        }
        let builder = SurveyBuilder {
            selection,
            joint,
            tuples: TupleTable::builder(&plan.counted_columns()),
            ordered,
            texts,
            schema: SchemaRef::new(schema.clone()),
        };
        builder.rehearse(plan, keys)?;
        Ok(builder)
    }
}

/// Counts batch by batch.
#[derive(Debug, Clone)]
pub struct SurveyBuilder {
    selection: Selection,
    tuples: TupleTableBuilder,
    ordered: BTreeMap<String, DistributionBuilder>,
    texts: BTreeMap<String, (u64, TupleTableBuilder)>,
    joint: BTreeMap<JointName, JointBuilder>,
    schema: SchemaRef,
}

impl SurveyBuilder {
    /// Makes each transform ready for an empty table: what is wrong with its
    /// parameters, its key or the type of its column shows before a row is read.
    fn rehearse(&self, plan: &Plan, keys: &Keys) -> Result<(), ApplyError> {
        let nothing = self.clone().finish()?.counted;
        for (name, transform) in &plan.columns {
            Operation::new(transform, name, &self.schema, &nothing, keys)
                .map_err(|source| ApplyError::Column { column: name.clone(), source })?;
        }
        Ok(())
    }

    /// Counts the rows of one batch.
    ///
    /// # Errors
    ///
    /// [`ApplyError::OtherSchema`] if the batch has other columns than the survey was
    /// begun for; [`ApplyError::Rows`], [`ApplyError::Column`], [`ApplyError::Tuples`].
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), ApplyError> {
        if batch.schema() != self.schema {
            return Err(ApplyError::OtherSchema);
        }
        let selected = self.selection.rows(batch).map_err(ApplyError::Rows)?;
        let rows = filter_record_batch(batch, &selected.mask)?;
        self.tuples.update(&rows)?;
        for (name, builder) in &mut self.ordered {
            if let Some(array) = rows.column_by_name(name) {
                builder
                    .update(array)
                    .map_err(|source| ApplyError::Column { column: name.clone(), source })?;
            }
        }
        for (_, builder) in self.texts.values_mut() {
            builder.update(&rows)?;
        }
        for ((_, group), builder) in &mut self.joint {
            let wrong = |source| ApplyError::Column { column: group.clone(), source };
            builder.update(&rows).map_err(wrong)?;
        }
        Ok(())
    }

    /// What was found out.
    ///
    /// # Errors
    ///
    /// [`ApplyError::Column`] with the name of a group whose records cannot be put together.
    pub fn finish(self) -> Result<Survey, ApplyError> {
        let ordered =
            self.ordered.into_iter().map(|(name, builder)| (name, builder.finish())).collect();
        let common = self
            .texts
            .into_iter()
            .map(|(name, (rows, builder))| {
                let table = builder.finish();
                let values = table.values(&name).unwrap_or_default();
                let counts = table.value_rows(&name).unwrap_or_default();
                let common: HashSet<String> = values
                    .iter()
                    .zip(counts)
                    .filter(|(_, count)| *count >= rows)
                    .filter_map(|(value, _)| value.clone())
                    .collect();
                (name, common)
            })
            .collect();
        let mut joint = BTreeMap::new();
        for (name, builder) in self.joint {
            let wrong = |source| ApplyError::Column { column: name.1.clone(), source };
            let found = builder.finish().map_err(wrong)?;
            joint.insert(name, Arc::new(found));
        }
        let counted = Counted { ordered, common, joint, ..Counted::default() };
        Ok(Survey { tuples: self.tuples.finish(), counted, schema: self.schema })
    }
}

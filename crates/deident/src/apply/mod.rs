//! Applies a plan to a table, batch by batch: the second pass.
//!
//! ```text
//! batch ─▶ rows chosen ─▶ classes ─▶ columns transformed ─▶ released batch
//!          condition,     too small   one operation each
//!          sample         or failing
//!                         go
//! ```
//!
//! The first pass counts tuples ([`crate::TupleTable`]), or all that a plan needs
//! ([`crate::Survey`]); here each class is known to stay or to go before the first
//! row is written. A row whose values were not counted goes: what was not measured
//! is not released. What was found can be taken along as a [`Mapping`] and applied to
//! new rows.
//!
//! Invariants (each is also the name of a test):
//! - `a_release_satisfies_k_when_recounted`
//! - `rows_out_and_rows_suppressed_add_up`
//! - `a_column_that_the_plan_does_not_name_stops_the_release`
//! - `batches_of_any_size_give_the_same_release`

mod classes;
mod error;
mod levels;
mod mapping;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Schema, SchemaRef};

pub use error::ApplyError;
pub use mapping::Mapping;

use crate::keys::Keys;
use crate::plan::{OnUnseen, Plan};
use crate::survey::Survey;
use crate::transform::{Counted, Operation, Rows, Selection, Transform, mask};
use crate::tuples::TupleTable;
use levels::Levels;
use mapping::NamedLevels;

/// Values that are named, of each column.
const NAMED: usize = 20;

/// What an applier has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Rows read.
    pub rows_in: u64,
    /// Rows released.
    pub rows_out: u64,
    /// Rows dropped: by a condition of the plan, because their class was too small or
    /// failed a model, or because a value was not known.
    pub suppressed: u64,
    /// Rows that are not in the sample.
    pub not_sampled: u64,
}

/// What happened to the cells of one column, beside its transform.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnCount {
    /// The column.
    pub column: String,
    /// Cells that became null.
    pub emptied: u64,
    /// Numbers that were cut to the range of their type.
    pub limited: u64,
}

/// Values of one column that the hierarchy does not know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnseenValues {
    /// The column.
    pub column: String,
    /// Rows that were dropped for it.
    pub rows: u64,
    /// The first 20 of the values; `None` stands for null. They may be personal data: show
    /// [`Self::masked`].
    pub values: Vec<Option<String>>,
}

impl UnseenValues {
    /// The values as an error or a report may show them: the first character and the
    /// length, nothing of a value of one character; `None` stands for null. It is enough
    /// to find a slip in a hierarchy, and both go where the table may not.
    pub fn masked(&self) -> Vec<Option<String>> {
        let masked = |value: &Option<String>| value.as_deref().map(|text| mask(text, 1, 0));
        self.values.iter().map(masked).collect()
    }
}

/// Applies one plan to the batches of one table.
#[derive(Debug)]
pub struct Applier {
    plan: Plan,
    /// Quasi-identifiers in the order of the class keys.
    quasi: Vec<(String, Levels)>,
    kept: HashSet<Vec<u32>>,
    counted: Counted,
    keys: Keys,
    ready: Option<Ready>,
    applied: Applied,
    cells: BTreeMap<String, ColumnCount>,
    unseen: Vec<UnseenValues>,
}

/// What is known once the types of the columns are.
#[derive(Debug)]
struct Ready {
    schema: SchemaRef,
    selection: Selection,
    /// One a column, in the order of the schema.
    operations: Vec<Operation>,
}

impl Applier {
    /// Makes ready to apply a plan to the table whose tuples were counted. The
    /// tuples must hold [`Plan::counted_columns`]. Plans that name keys, choose rows
    /// or count values need a [`Survey`], see [`Self::surveyed`].
    ///
    /// # Errors
    ///
    /// Any [`ApplyError`] but those about the columns of the data, which
    /// [`Self::apply`] finds.
    pub fn new(plan: &Plan, tuples: &TupleTable) -> Result<Self, ApplyError> {
        if plan.sample.is_some() || !plan.suppress_rows.is_empty() {
            return Err(ApplyError::NotSurveyed);
        }
        Self::counted(plan, tuples, Counted::default(), Keys::new())
    }

    /// Makes ready to apply a plan to the table that was surveyed for it.
    ///
    /// # Errors
    ///
    /// Any [`ApplyError`].
    pub fn surveyed(plan: &Plan, survey: &Survey, keys: &Keys) -> Result<Self, ApplyError> {
        let mut applier =
            Self::counted(plan, &survey.tuples, survey.counted.clone(), keys.clone())?;
        applier.prepare(&survey.schema)?;
        Ok(applier)
    }

    fn counted(
        plan: &Plan,
        tuples: &TupleTable,
        counted: Counted,
        keys: Keys,
    ) -> Result<Self, ApplyError> {
        check_names(plan)?;
        let quasi = classes::generalized(plan, tuples)?;
        let kept = classes::kept(plan, tuples, &quasi)?;
        Ok(Self::with(plan.clone(), quasi, kept, counted, keys))
    }

    fn with(
        plan: Plan,
        quasi: Vec<(String, Levels)>,
        kept: HashSet<Vec<u32>>,
        counted: Counted,
        keys: Keys,
    ) -> Self {
        let unseen = quasi
            .iter()
            .map(|(name, _)| UnseenValues { column: name.clone(), ..UnseenValues::default() })
            .collect();
        Self {
            plan,
            quasi,
            kept,
            counted,
            keys,
            ready: None,
            applied: Applied::default(),
            cells: BTreeMap::new(),
            unseen,
        }
    }

    /// Makes ready to apply a found mapping to new rows.
    ///
    /// A value that was not counted is generalized where its hierarchy is a rule
    /// (intervals, dates, …); a value that a table lacks is refused or dropped, as the
    /// plan says. A row is released if its class was.
    ///
    /// # Errors
    ///
    /// [`ApplyError::NamedTwice`]; what concerns the columns is found by
    /// [`Self::apply`].
    pub fn of_mapping(mapping: &Mapping, keys: &Keys) -> Result<Self, ApplyError> {
        let plan = mapping.plan.clone();
        check_names(&plan)?;
        let mut quasi = Vec::with_capacity(mapping.levels.len());
        for named in &mapping.levels {
            if let Some(Transform::Generalize { spec, level }) = plan.transform(&named.name) {
                quasi.push((named.name.clone(), Levels::of_mapping(spec, *level, &named.forms)));
            }
        }
        let common = mapping.common.iter();
        let counted = Counted {
            common: common.map(|(name, v)| (name.clone(), v.iter().cloned().collect())).collect(),
            groups: mapping.groups.clone(),
            new_rows: true,
            ..Counted::default()
        };
        let kept = mapping.classes.iter().cloned().collect();
        Ok(Self::with(plan, quasi, kept, counted, keys.clone()))
    }

    /// The mapping that was found, for [`Self::of_mapping`]. It is complete once the
    /// types of the columns are known: after [`Self::surveyed`] or the first batch.
    pub fn mapping(&self) -> Mapping {
        let mut classes: Vec<Vec<u32>> = self.kept.iter().cloned().collect();
        classes.sort_unstable();
        let levels = self
            .quasi
            .iter()
            .map(|(name, levels)| NamedLevels { name: name.clone(), forms: levels.export() })
            .collect();
        let mut groups = self.counted.groups.clone();
        for (name, operation) in self.operations() {
            if let Operation::Microaggregate(grouping) = operation {
                groups.insert(name.clone(), grouping.export());
            }
        }
        let sorted = |values: &hashbrown::HashSet<String>| {
            let mut values: Vec<String> = values.iter().cloned().collect();
            values.sort_unstable();
            values
        };
        let common = self.counted.common.iter();
        let common = common.map(|(name, values)| (name.clone(), sorted(values))).collect();
        Mapping { plan: self.plan.clone(), levels, classes, groups, common }
    }

    fn operations(&self) -> impl Iterator<Item = (&String, &Operation)> {
        self.ready.iter().flat_map(|ready| {
            let names = ready.schema.fields().iter().map(|field| field.name());
            names.zip(&ready.operations)
        })
    }

    /// The plan that is applied.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Rows read, released and dropped so far.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// Columns of which cells became null or were cut so far.
    pub fn cells(&self) -> Vec<ColumnCount> {
        self.cells.values().filter(|count| count.emptied + count.limited > 0).cloned().collect()
    }

    /// Values that the hierarchies did not know, by column, so far.
    pub fn unseen(&self) -> Vec<UnseenValues> {
        self.unseen.iter().filter(|unseen| unseen.rows > 0).cloned().collect()
    }

    fn prepare(&mut self, schema: &SchemaRef) -> Result<(), ApplyError> {
        if let Some(ready) = &self.ready {
            let same = ready.schema.fields() == schema.fields();
            return if same { Ok(()) } else { Err(ApplyError::OtherSchema) };
        }
        check_columns(&self.plan, schema)?;
        let Plan { suppress_rows, sample, .. } = &self.plan;
        let selection = Selection::new(suppress_rows, sample.as_ref(), &self.keys, schema)
            .map_err(ApplyError::Rows)?;
        let mut operations = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let name = field.name();
            let transform = self.plan.transform(name).unwrap_or(&Transform::Remove);
            let operation = Operation::new(transform, name, schema, &self.counted, &self.keys)
                .map_err(|source| ApplyError::Column { column: name.clone(), source })?;
            operations.push(operation);
        }
        self.ready = Some(Ready { schema: Arc::clone(schema), selection, operations });
        Ok(())
    }

    /// The released form of a batch. Its rows keep their order.
    ///
    /// # Errors
    ///
    /// [`ApplyError::OtherColumns`] if plan and data do not name the same columns and
    /// [`ApplyError::Column`] if a transform does not fit its column, both with the
    /// first batch, also an empty one; [`ApplyError::Column`] for a cell that a
    /// transform refuses; [`ApplyError::Unseen`], [`ApplyError::OtherSchema`],
    /// [`ApplyError::Arrow`].
    pub fn apply(&mut self, batch: &RecordBatch) -> Result<RecordBatch, ApplyError> {
        self.prepare(&batch.schema())?;
        let Some(ready) = &mut self.ready else { return Err(ApplyError::OtherSchema) };
        let selected = ready.selection.rows(batch).map_err(ApplyError::Rows)?;
        let chosen = filter_record_batch(batch, &selected.mask)?;
        let stay = self.stay(&chosen, &selected.numbers)?;
        let rest = filter_record_batch(&chosen, &stay)?;
        let numbers: Vec<u64> = selected
            .numbers
            .iter()
            .zip(&stay)
            .filter(|(_, stays)| *stays == Some(true))
            .map(|(number, _)| *number)
            .collect();
        let released = self.release(&Rows { batch: &rest, numbers: &numbers })?;
        let out = numbers.len() as u64;
        self.applied.rows_in += batch.num_rows() as u64;
        self.applied.rows_out += out;
        self.applied.not_sampled += selected.not_sampled;
        self.applied.suppressed += selected.suppressed + chosen.num_rows() as u64 - out;
        Ok(released)
    }

    /// Which of the chosen rows are in a class that is released.
    ///
    /// - `numbers`: the number of each chosen row in the table, from 0.
    fn stay(&mut self, chosen: &RecordBatch, numbers: &[u64]) -> Result<BooleanArray, ApplyError> {
        let rows = chosen.num_rows();
        let mut keys = vec![Some(Vec::with_capacity(self.quasi.len())); rows];
        for ((name, levels), unseen) in self.quasi.iter_mut().zip(&mut self.unseen) {
            let Some(array) = chosen.column_by_name(name) else { continue };
            let mut forms = levels.numbers(array);
            if forms.contains(&None) {
                let before = unseen.rows;
                note_unseen(levels, array, &mut forms, self.counted.new_rows, unseen);
                let fresh = unseen.rows - before;
                if self.counted.new_rows && self.plan.on_unseen == OnUnseen::Refuse && fresh > 0 {
                    let first = forms.iter().position(Option::is_none);
                    let first = first.and_then(|place| numbers.get(place));
                    return Err(ApplyError::Unseen {
                        column: name.clone(),
                        rows: fresh,
                        first_row: first.map_or(1, |number| number + 1),
                        masked: unseen
                            .masked()
                            .into_iter()
                            .map(|value| value.unwrap_or_else(|| "null".to_owned()))
                            .collect(),
                    });
                }
            }
            for (key, number) in keys.iter_mut().zip(forms) {
                *key = key.take().zip(number).map(|(mut key, number)| {
                    key.push(number);
                    key
                });
            }
        }
        // Without quasi-identifiers all rows are one class; where nothing is asked of a
        // class, it need not have been counted.
        let all = self.quasi.is_empty() && self.plan.k <= 1 && self.plan.criteria.is_empty();
        let stays =
            |key: &Option<Vec<u32>>| all || key.as_ref().is_some_and(|key| self.kept.contains(key));
        Ok(keys.iter().map(|key| Some(stays(key))).collect())
    }

    fn release(&mut self, rows: &Rows<'_>) -> Result<RecordBatch, ApplyError> {
        let Some(ready) = &mut self.ready else { return Err(ApplyError::OtherSchema) };
        let generalized: HashMap<&str, &Levels> =
            self.quasi.iter().map(|(name, levels)| (name.as_str(), levels)).collect();
        let mut fields = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        let places = ready.schema.fields().iter().zip(rows.batch.columns());
        for ((field, array), operation) in places.zip(&mut ready.operations) {
            let name = field.name();
            let treated = operation
                .apply(rows, array)
                .map_err(|source| ApplyError::Column { column: name.clone(), source })?;
            let Some(treated) = treated else { continue };
            let released = match generalized.get(name.as_str()) {
                Some(levels) if levels.level > 0 => levels.forms(array),
                _ => treated.array,
            };
            if treated.emptied + treated.limited > 0 {
                let count = self.cells.entry(name.clone()).or_default();
                count.column.clone_from(name);
                count.emptied += treated.emptied;
                count.limited += treated.limited;
            }
            fields.push(released_field(field, &released, operation.may_empty()));
            columns.push(released);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?)
    }
}

/// Counts and names the values of a batch that are not known, having asked the rule
/// of the hierarchy where the rows are new.
fn note_unseen(
    levels: &mut Levels,
    array: &ArrayRef,
    numbers: &mut [Option<u32>],
    new_rows: bool,
    unseen: &mut UnseenValues,
) {
    for (number, value) in numbers.iter_mut().zip(&crate::cell_text::texts(array)) {
        if number.is_none() && new_rows {
            *number = levels.extend(value);
        }
        if number.is_some() {
            continue;
        }
        unseen.rows += 1;
        let value = value.map(str::to_owned);
        if unseen.values.len() < NAMED && !unseen.values.contains(&value) {
            unseen.values.push(value);
        }
    }
}

/// The field of a released column: the one it had, where its type stays.
fn released_field(field: &Field, released: &ArrayRef, may_empty: bool) -> Field {
    if released.data_type() != field.data_type() {
        return Field::new(field.name(), released.data_type().clone(), true);
    }
    let nullable = field.is_nullable() || may_empty;
    field.clone().with_nullable(nullable)
}

fn check_names(plan: &Plan) -> Result<(), ApplyError> {
    let mut seen = HashSet::new();
    match plan.columns.iter().find(|(name, _)| !seen.insert(name)) {
        Some((name, _)) => Err(ApplyError::NamedTwice { name: name.clone() }),
        None => Ok(()),
    }
}

/// Whether plan and data name the same columns.
pub(crate) fn check_columns(plan: &Plan, schema: &Schema) -> Result<(), ApplyError> {
    check_names(plan)?;
    let names = plan.columns.iter().map(|(name, _)| name);
    let missing: Vec<String> =
        names.filter(|name| schema.index_of(name).is_err()).cloned().collect();
    let fields = schema.fields().iter().map(|field| field.name());
    let unknown: Vec<String> =
        fields.filter(|name| plan.transform(name).is_none()).cloned().collect();
    if missing.is_empty() && unknown.is_empty() {
        Ok(())
    } else {
        Err(ApplyError::OtherColumns { missing, unknown })
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use super::*;
    use crate::cell_text::texts;

    #[test]
    fn a_generalized_column_becomes_text() {
        let ages: ArrayRef = Arc::new(arrow::array::Int64Array::from(vec![Some(31), None]));
        let batch = RecordBatch::try_from_iter([("age", ages)]).unwrap();
        let tuples = TupleTable::from_batches(&["age"], std::slice::from_ref(&batch)).unwrap();
        let spec = crate::hierarchy::Spec::intervals(&[10.0]);
        let transform = Transform::Generalize { spec, level: 1 };
        let plan = Plan::default().with("age", transform);
        let released = Applier::new(&plan, &tuples).unwrap().apply(&batch).unwrap();
        assert_eq!(released.schema().field(0).data_type(), &DataType::Utf8);
        let column = texts(released.column(0));
        assert_eq!([column.value(0), column.value(1)], ["30-39", "*"]);
    }
}

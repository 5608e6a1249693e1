//! Some columns counted together, for transforms that treat a record, not a cell.
//!
//! The values are kept as Arrow has them, one example of each distinct tuple, so that
//! every type comes out as it went in. Memory grows with the distinct tuples.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{
    Array, ArrayRef, LargeStringArray, LargeStringBuilder, RecordBatch, UInt32Array,
};
use arrow::compute::{concat, take};
use arrow::datatypes::Schema;

use super::Transform;
use super::error::TransformError;
use super::mdav::Partition;
use super::record_swap::Similar;
use crate::cell_text::texts;
use crate::dictionary::Dictionary;
use crate::tuple_counts::TupleCounts;

/// A column of a joint count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) column: String,
    /// Numbers are told apart by bands of this width only.
    pub(crate) band: Option<f64>,
}

impl Part {
    pub(crate) fn of(column: &str) -> Self {
        Self { column: column.to_owned(), band: None }
    }

    /// What tells the cells of the column apart.
    fn texts(&self, batch: &RecordBatch) -> Result<LargeStringArray, TransformError> {
        let column = batch.column_by_name(&self.column);
        let name = || TransformError::NoColumn { name: self.column.clone() };
        let texts = texts(column.ok_or_else(name)?);
        let Some(band) = self.band else { return Ok(texts) };
        let mut banded = LargeStringBuilder::new();
        for text in &texts {
            let number = text.and_then(|text| text.trim().parse::<f64>().ok());
            match (number.filter(|number| number.is_finite()), text) {
                (Some(number), _) => banded.append_value((number / band).floor().to_string()),
                (None, text) => banded.append_option(text),
            }
        }
        Ok(banded.finish())
    }
}

/// Counts tuples of some columns, batch by batch.
#[derive(Debug, Clone)]
pub(crate) struct JointBuilder {
    parts: Vec<Part>,
    dictionaries: Vec<Dictionary>,
    counts: TupleCounts,
    /// The rows of each batch that brought a new tuple, by column.
    examples: Vec<Vec<ArrayRef>>,
}

impl JointBuilder {
    /// - `schema`: has each column, so that a table without rows has types too.
    pub(crate) fn new(parts: Vec<Part>, schema: &Schema) -> Result<Self, TransformError> {
        let mut examples = Vec::with_capacity(parts.len());
        for part in &parts {
            let field = schema.field_with_name(&part.column);
            let name = || TransformError::NoColumn { name: part.column.clone() };
            let field = field.map_err(|_| name())?;
            examples.push(vec![arrow::array::new_empty_array(field.data_type())]);
        }
        let dictionaries = vec![Dictionary::default(); parts.len()];
        let counts = TupleCounts::new(parts.len());
        Ok(Self { parts, dictionaries, counts, examples })
    }

    pub(crate) fn update(&mut self, batch: &RecordBatch) -> Result<(), TransformError> {
        let texts: Result<Vec<LargeStringArray>, _> =
            self.parts.iter().map(|part| part.texts(batch)).collect();
        let texts = texts?;
        let mut fresh: Vec<u32> = Vec::new();
        let mut tuple = vec![0; texts.len()];
        for (row, number) in (0..batch.num_rows()).zip(0_u32..) {
            for ((slot, texts), dictionary) in
                tuple.iter_mut().zip(&texts).zip(&mut self.dictionaries)
            {
                let value = texts.is_valid(row).then(|| texts.value(row));
                *slot = dictionary.code(value).ok_or(TransformError::TooMany { most: u32::MAX })?;
            }
            let before = self.counts.len();
            let added = self.counts.add(&tuple, 1);
            added.ok_or(TransformError::TooMany { most: u32::MAX })?;
            if self.counts.len() > before {
                fresh.push(number);
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        let fresh = UInt32Array::from(fresh);
        for (part, examples) in self.parts.iter().zip(&mut self.examples) {
            if let Some(array) = batch.column_by_name(&part.column) {
                examples.push(take(array, &fresh, None)?);
            }
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Result<Joint, TransformError> {
        let mut examples = Vec::with_capacity(self.examples.len());
        for pieces in &self.examples {
            let pieces: Vec<&dyn Array> = pieces.iter().map(AsRef::as_ref).collect();
            examples.push(concat(&pieces)?);
        }
        let Self { parts, dictionaries, counts, .. } = self;
        Ok(Joint { parts, dictionaries, counts, examples, partition: OnceLock::new() })
    }
}

/// Distinct tuples of some columns.
#[derive(Debug)]
pub(crate) struct Joint {
    pub(crate) parts: Vec<Part>,
    dictionaries: Vec<Dictionary>,
    pub(crate) counts: TupleCounts,
    /// One row a tuple, by column.
    examples: Vec<ArrayRef>,
    /// The groups of records, once they were found.
    pub(super) partition: OnceLock<Arc<Partition>>,
}

impl Joint {
    /// The number of the tuple of each row; `None` if it was not counted.
    pub(super) fn numbers(&self, batch: &RecordBatch) -> Result<Vec<Option<u32>>, TransformError> {
        let texts: Result<Vec<LargeStringArray>, _> =
            self.parts.iter().map(|part| part.texts(batch)).collect();
        let texts = texts?;
        let mut tuple = Vec::with_capacity(texts.len());
        let number = |row: usize| {
            tuple.clear();
            for (texts, dictionary) in texts.iter().zip(&self.dictionaries) {
                let value = texts.is_valid(row).then(|| texts.value(row));
                tuple.push(dictionary.find(value)?);
            }
            self.counts.find(&tuple)
        };
        Ok((0..batch.num_rows()).map(number).collect())
    }

    /// The column of the distinct tuples.
    pub(super) fn column(&self, name: &str) -> Result<&ArrayRef, TransformError> {
        let place = self.parts.iter().position(|part| part.column == name);
        let array = place.and_then(|place| self.examples.get(place));
        array.ok_or_else(|| TransformError::NoColumn { name: name.to_owned() })
    }

    /// The text of a column of a tuple that tells it apart.
    pub(super) fn text(&self, number: u32, part: usize) -> Option<&str> {
        let code = self.counts.tuple(number).get(part)?;
        self.dictionaries.get(part)?.values.get(*code as usize)?.as_deref()
    }
}

/// What counts are asked for: the kind of transform and the name of the group.
pub(crate) type JointName = (&'static str, String);

/// The columns that each group of a plan is counted by.
///
/// # Errors
///
/// The column with [`TransformError::Parameter`] where the columns of a group do not have
/// the same settings.
pub(crate) fn groups(
    columns: &[(String, Transform)],
) -> Result<BTreeMap<JointName, Vec<Part>>, (String, TransformError)> {
    let mut first: BTreeMap<JointName, &Transform> = BTreeMap::new();
    let mut groups: BTreeMap<JointName, Vec<Part>> = BTreeMap::new();
    for (column, transform) in columns {
        let Some(name) = transform.joint() else { continue };
        let wrong = |rule| {
            let error = TransformError::parameter("group", &name.1, rule);
            (column.clone(), error)
        };
        match first.get(&name) {
            Some(known) if *known != transform => {
                return Err(wrong("the columns of one group have the same settings"));
            }
            Some(_) => {}
            None => drop(first.insert(name.clone(), transform)),
        }
        let parts = groups.entry(name.clone()).or_insert_with(|| match transform {
            Transform::RecordSwap(swap) => swap.similar.iter().map(Similar::part).collect(),
            _ => Vec::new(),
        });
        if parts.iter().any(|part| part.column == *column) {
            return Err(wrong("a column is either exchanged or the same in both partners"));
        }
        parts.push(Part::of(column));
    }
    Ok(groups)
}

impl Transform {
    /// The group of a transform that treats columns together.
    pub(crate) fn joint(&self) -> Option<JointName> {
        match self {
            Self::MicroaggregateTogether(settings) => {
                Some(("microaggregate_together", settings.group.clone()))
            }
            Self::RecordSwap(swap) => Some(("record_swap", swap.group.clone())),
            _ => None,
        }
    }
}

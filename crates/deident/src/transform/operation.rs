//! A transform made ready for one column of one table: parameters checked, the type
//! of the column known, keys derived, counts at hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use arrow::datatypes::Schema;
use hashbrown::HashSet;

use super::date_shift::Shifting;
use super::distribution::Distribution;
use super::encrypt::Encryption;
use super::error::TransformError;
use super::joint::{Joint, JointName};
use super::mdav::Together;
use super::microaggregate::{Group, Grouping};
use super::noise::Noising;
use super::pseudonym::Naming;
use super::record_swap::Swapped;
use super::round::Rounding;
use super::suppress::CellSuppression;
use super::swap::Swapping;
use super::top_bottom::Coding;
use super::{Transform, mask};
use crate::cell_text::texts;
use crate::keys::Keys;

/// The rows of a batch that are released, and their numbers in the table, from 0.
pub(crate) struct Rows<'a> {
    pub(crate) batch: &'a RecordBatch,
    pub(crate) numbers: &'a [u64],
}

/// What became of a column.
pub(crate) struct Treated {
    pub(crate) array: ArrayRef,
    /// Cells that became null.
    pub(crate) emptied: u64,
    /// Numbers that were cut to the range of their type.
    pub(crate) limited: u64,
}

/// What a first pass counted, by column.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted {
    pub(crate) ordered: BTreeMap<String, Distribution>,
    /// Columns that are treated together, by group.
    pub(crate) joint: BTreeMap<JointName, Arc<Joint>>,
    /// Values that are common enough.
    pub(crate) common: BTreeMap<String, HashSet<String>>,
    /// Groups that an earlier run found.
    pub(crate) groups: BTreeMap<String, Vec<Group>>,
    /// Whether the rows are others than those that were counted.
    pub(crate) new_rows: bool,
}

/// A transform made ready.
#[derive(Debug)]
pub(crate) enum Operation {
    Keep,
    Remove,
    Mask {
        keep_left: usize,
        keep_right: usize,
    },
    /// Done before, with the classes.
    Generalize,
    SuppressCells(CellSuppression),
    TopBottom(Coding),
    Round(Rounding),
    Microaggregate(Grouping),
    Noise(Box<Noising>),
    MicroaggregateTogether(Together),
    Swap(Box<Swapping>),
    RecordSwap(Box<Swapped>),
    Pseudonym(Box<Naming>),
    Encrypt(Box<Encryption>),
    DateShift(Box<Shifting>),
}

impl Operation {
    pub(crate) fn new(
        transform: &Transform,
        column: &str,
        schema: &Schema,
        counted: &Counted,
        keys: &Keys,
    ) -> Result<Self, TransformError> {
        let field = schema
            .field_with_name(column)
            .map_err(|_| TransformError::NoColumn { name: column.to_owned() })?;
        let data_type = field.data_type();
        let joint = || {
            let name = transform.joint().ok_or(TransformError::NotCounted)?;
            counted.joint.get(&name).ok_or(TransformError::NotCounted)
        };
        let ordered = || counted.ordered.get(column).ok_or(TransformError::NotCounted);
        Ok(match transform {
            Transform::Keep => Self::Keep,
            Transform::Remove => Self::Remove,
            Transform::Generalize { .. } => Self::Generalize,
            Transform::Mask { keep_left, keep_right } => {
                Self::Mask { keep_left: *keep_left, keep_right: *keep_right }
            }
            Transform::SuppressCells(settings) => {
                let common = counted.common.get(column).cloned();
                Self::SuppressCells(CellSuppression::new(settings, common, schema)?)
            }
            Transform::TopBottom(settings) => Self::TopBottom(Coding::new(settings, data_type)?),
            Transform::Round(settings) => Self::Round(Rounding::new(settings, data_type)?),
            Transform::Microaggregate(settings) => {
                Self::Microaggregate(match counted.groups.get(column) {
                    Some(groups) => Grouping::of_groups(groups, data_type)?,
                    None => Grouping::new(settings, ordered()?)?,
                })
            }
            Transform::Noise(settings) => {
                Self::Noise(Box::new(Noising::new(settings, column, data_type, keys)?))
            }
            Transform::Swap(_) if counted.new_rows => {
                return Err(TransformError::NewRows { transform: "swap" });
            }
            Transform::RecordSwap(_) if counted.new_rows => {
                return Err(TransformError::NewRows { transform: "record_swap" });
            }
            Transform::MicroaggregateTogether(_) if counted.new_rows => {
                return Err(TransformError::NewRows { transform: "microaggregate_together" });
            }
            Transform::MicroaggregateTogether(settings) => {
                Self::MicroaggregateTogether(Together::new(settings, column, joint()?)?)
            }
            Transform::RecordSwap(settings) => {
                Self::RecordSwap(Box::new(Swapped::new(settings, column, joint()?, keys)?))
            }
            Transform::Swap(settings) => {
                Self::Swap(Box::new(Swapping::new(settings, column, ordered()?, keys)?))
            }
            Transform::Pseudonym(settings) => {
                Self::Pseudonym(Box::new(Naming::new(settings, column, keys)?))
            }
            Transform::Encrypt(settings) => {
                Self::Encrypt(Box::new(Encryption::new(settings, column, keys)?))
            }
            Transform::DateShift(settings) => {
                schema
                    .field_with_name(&settings.person)
                    .map_err(|_| TransformError::NoColumn { name: settings.person.clone() })?;
                Self::DateShift(Box::new(Shifting::new(settings, data_type, keys)?))
            }
        })
    }

    /// Whether it can make a cell null that was not.
    pub(crate) fn may_empty(&self) -> bool {
        matches!(
            self,
            Self::SuppressCells(_)
                | Self::Microaggregate(_)
                | Self::MicroaggregateTogether(_)
                | Self::Swap(_)
                | Self::RecordSwap(_)
                | Self::Encrypt(_)
                | Self::DateShift(_)
        )
    }

    /// The released form of a column, which is one of `rows.batch`; `None` if it is
    /// left out.
    pub(crate) fn apply(
        &mut self,
        rows: &Rows<'_>,
        array: &ArrayRef,
    ) -> Result<Option<Treated>, TransformError> {
        let as_it_is =
            |array: &ArrayRef| Treated { array: Arc::clone(array), emptied: 0, limited: 0 };
        Ok(Some(match self {
            Self::Remove => return Ok(None),
            Self::Keep | Self::Generalize => as_it_is(array),
            Self::Mask { keep_left, keep_right } => masked(array, *keep_left, *keep_right),
            Self::SuppressCells(suppression) => suppression.apply(rows, array)?,
            Self::TopBottom(coding) => coding.apply(array)?,
            Self::Round(rounding) => rounding.apply(array)?,
            Self::Microaggregate(grouping) => grouping.apply(array)?,
            Self::Noise(noising) => noising.apply(rows, array)?,
            Self::MicroaggregateTogether(together) => together.apply(rows, array)?,
            Self::Swap(swapping) => swapping.apply(array)?,
            Self::RecordSwap(swapped) => swapped.apply(rows, array)?,
            Self::Pseudonym(naming) => naming.apply(array),
            Self::Encrypt(encryption) => encryption.apply(rows, array)?,
            Self::DateShift(shifting) => shifting.apply(rows, array)?,
        }))
    }
}

fn masked(array: &ArrayRef, keep_left: usize, keep_right: usize) -> Treated {
    let mut builder = StringBuilder::new();
    for text in &texts(array) {
        builder.append_option(text.map(|text| mask(text, keep_left, keep_right)));
    }
    Treated { array: Arc::new(builder.finish()), emptied: 0, limited: 0 }
}

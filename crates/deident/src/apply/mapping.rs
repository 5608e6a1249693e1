//! A mapping that was found on one table, as plain data: to be stored as JSON or TOML
//! and applied to new rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::levels::LevelMapping;
use crate::plan::Plan;
use crate::transform::Group;

/// What a plan became on one table.
///
/// It holds original values (the leaves of the hierarchies) and must be kept as the
/// table is kept. New rows are released only in a class that was released before;
/// their number is not added to it, so that `k` holds for the first table and the new
/// one together only if both are published. Models about sensitive columns are not
/// decided anew: measure what was released.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The plan.
    pub plan: Plan,
    /// Forms of the generalized columns, in the order of the classes.
    pub(crate) levels: Vec<NamedLevels>,
    /// Classes that are released: the number of the form in each generalized column.
    pub(crate) classes: Vec<Vec<u32>>,
    /// Groups of micro-aggregated columns.
    #[serde(default)]
    pub(crate) groups: BTreeMap<String, Vec<Group>>,
    /// Values that are common enough to stay.
    #[serde(default)]
    pub(crate) common: BTreeMap<String, Vec<String>>,
}

/// The forms of one generalized column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NamedLevels {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) forms: LevelMapping,
}

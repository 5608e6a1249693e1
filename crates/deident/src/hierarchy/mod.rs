//! Generalization hierarchies (泛化层次): each value with its coarser and
//! coarser forms.
//!
//! ```text
//! level 0   34      37      52       the values themselves
//! level 1   30-34   35-39   50-54
//! level 2   30-39   30-39   50-59
//! level 3   *       *       *        always the last
//! ```
//!
//! A [`Spec`] is the short, storable form; [`Spec::build`] makes the checked
//! [`Hierarchy`] for the values a column really has; [`read_table`] reads a file
//! of the form `leaf;level 1;…;*`.
//!
//! Invariants (each is also the name of a test):
//! - `a_value_has_one_parent`
//! - `the_last_level_says_nothing_and_levels_only_get_coarser`

mod calendar;
mod file;
mod propose;
mod spec;

use std::collections::HashMap;

pub use file::read_table;
pub use propose::{Meaning, Profile};
pub use spec::Spec;

/// The form of a value that says nothing.
pub const ANY: &str = "*";

/// Why a hierarchy cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HierarchyError {
    /// A file or table without lines.
    #[error("the hierarchy has no values")]
    Empty,
    /// A line has another number of levels than the first.
    #[error("line {line} of the hierarchy has {found} levels, and the first line has {expected}")]
    Depth {
        /// Counted from 1.
        line: usize,
        /// Levels of this line.
        found: usize,
        /// Levels of the first line.
        expected: usize,
    },
    /// One form has two different coarser forms.
    #[error(
        "`{value}` at level {level} has two parents, `{first}` and `{second}`; \
         a value may have only one"
    )]
    TwoParents {
        /// The form.
        value: String,
        /// Its level.
        level: usize,
        /// One parent.
        first: String,
        /// The other parent.
        second: String,
    },
    /// The data has a value that the hierarchy lacks.
    #[error("the hierarchy has no line for the value `{value}`; add one to it")]
    MissingLeaf {
        /// The value.
        value: String,
    },
    /// The data and the hierarchy write a value in two Unicode forms.
    #[error(
        "the value `{value}` looks like the leaf `{leaf}` of the hierarchy and is written with \
         other characters; bring both to one Unicode form (NFC)"
    )]
    OtherForm {
        /// The value of the data.
        value: String,
        /// The leaf of the hierarchy.
        leaf: String,
    },
    /// A form comes back after another one: the hierarchy runs in a circle.
    #[error(
        "line {line} of the hierarchy comes back to `{form}` after another form; \
         a form may not be above itself"
    )]
    Circle {
        /// Counted from 1.
        line: usize,
        /// The form.
        form: String,
    },
    /// The widths of intervals do not nest.
    #[error("an interval width of {width} does not fit: {reason}")]
    Width {
        /// The width.
        width: f64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The prefix lengths do not fall.
    #[error("prefix lengths must fall from level to level, and {length} does not")]
    Prefix {
        /// The length.
        length: usize,
    },
    /// The text of a file is not a table.
    #[error("line {line} of the hierarchy: {reason}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// One level: which group each leaf is in, and what each group is called.
#[derive(Debug, Clone)]
struct Level {
    group: Vec<u32>,
    labels: Vec<String>,
    /// Leaves under each group, duplicates included.
    leaves: Vec<f64>,
}

/// A checked hierarchy over a set of values.
#[derive(Debug, Clone)]
pub struct Hierarchy {
    values: Vec<Option<String>>,
    index: HashMap<String, u32>,
    null: Option<u32>,
    levels: Vec<Level>,
    total: f64,
}

/// A leaf and its coarser forms, before the check.
pub(crate) struct Line {
    pub(crate) leaf: Option<String>,
    pub(crate) parents: Vec<String>,
}

impl Hierarchy {
    /// Checks lines and makes the hierarchy. A last level `*` is added where
    /// the lines do not end in one.
    ///
    /// A leaf that stands twice keeps its last line; both lines count in the
    /// number of leaves.
    pub(crate) fn from_lines(lines: &[Line]) -> Result<Self, HierarchyError> {
        let expected = lines.first().ok_or(HierarchyError::Empty)?.parents.len();
        for (number, line) in lines.iter().enumerate() {
            if line.parents.len() != expected {
                return Err(HierarchyError::Depth {
                    line: number + 1,
                    found: line.parents.len() + 1,
                    expected: expected + 1,
                });
            }
        }
        let ends_in_any = expected > 0
            && lines.iter().all(|line| line.parents.last().is_some_and(|last| last == ANY));
        let mut hierarchy = Self {
            values: Vec::new(),
            index: HashMap::new(),
            null: None,
            levels: Vec::new(),
            total: lines.len() as f64,
        };
        let mut own = Vec::with_capacity(lines.len());
        for (number, line) in lines.iter().enumerate() {
            let fresh = hierarchy.values.len();
            let code = match &line.leaf {
                None => *hierarchy.null.get_or_insert(small(fresh)),
                Some(text) => *hierarchy.index.entry(text.clone()).or_insert(small(fresh)),
            };
            if code as usize == fresh {
                hierarchy.values.push(line.leaf.clone());
                own.push(number);
            } else if let Some(slot) = own.get_mut(code as usize) {
                *slot = number;
            }
        }
        hierarchy.add_identity(lines);
        for level in 0..expected {
            hierarchy
                .add_level(lines, &own, |line| line.parents.get(level).map_or(ANY, String::as_str));
        }
        if !ends_in_any {
            hierarchy.add_level(lines, &own, |_| ANY);
        }
        hierarchy.check_parents()?;
        Ok(hierarchy)
    }

    fn add_identity(&mut self, lines: &[Line]) {
        let group = (0..self.values.len()).map(small).collect();
        let labels = self.values.iter().map(|value| value.clone().unwrap_or_default()).collect();
        let mut leaves = vec![0.0; self.values.len()];
        for line in lines {
            if let Some(code) = self.find(line.leaf.as_deref())
                && let Some(slot) = leaves.get_mut(code as usize)
            {
                *slot += 1.0;
            }
        }
        self.levels.push(Level { group, labels, leaves });
    }

    fn add_level<'a>(
        &mut self,
        lines: &'a [Line],
        own: &[usize],
        label_of: impl Fn(&'a Line) -> &'a str,
    ) {
        let mut known: HashMap<&str, u32> = HashMap::new();
        let mut labels: Vec<String> = Vec::new();
        let mut leaves: Vec<f64> = Vec::new();
        for line in lines {
            let label = label_of(line);
            let group = *known.entry(label).or_insert_with(|| {
                labels.push(label.to_owned());
                leaves.push(0.0);
                small(labels.len() - 1)
            });
            if let Some(slot) = leaves.get_mut(group as usize) {
                *slot += 1.0;
            }
        }
        let group = own
            .iter()
            .filter_map(|number| lines.get(*number))
            .filter_map(|line| known.get(label_of(line)).copied())
            .collect();
        self.levels.push(Level { group, labels, leaves });
    }

    fn check_parents(&self) -> Result<(), HierarchyError> {
        for (number, pair) in self.levels.windows(2).enumerate() {
            let [fine, coarse] = pair else { continue };
            let mut parent: Vec<Option<u32>> = vec![None; fine.labels.len()];
            for (child, above) in fine.group.iter().zip(&coarse.group) {
                let Some(slot) = parent.get_mut(*child as usize) else { continue };
                match slot {
                    None => *slot = Some(*above),
                    Some(known) if known == above => {}
                    Some(known) => {
                        let name = |level: &Level, group: u32| {
                            level.labels.get(group as usize).cloned().unwrap_or_default()
                        };
                        return Err(HierarchyError::TwoParents {
                            value: name(fine, *child),
                            level: number,
                            first: name(coarse, *known),
                            second: name(coarse, *above),
                        });
                    }
                }
            }
        }
        Ok(())
    }

    /// Number of levels, the values themselves and `*` included.
    pub fn levels(&self) -> usize {
        self.levels.len()
    }

    /// The level at which every value is `*`.
    pub fn top(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }

    /// The values it knows; `None` is null.
    pub fn values(&self) -> &[Option<String>] {
        &self.values
    }

    /// Number of leaves, duplicates of a file included.
    pub fn leaves(&self) -> f64 {
        self.total
    }

    /// The form of a value at a level. `None` if the value or the level is not
    /// known. A null has the form `""` at level 0.
    pub fn generalize(&self, value: Option<&str>, level: usize) -> Option<&str> {
        let leaf = self.find(value)?;
        let level = self.levels.get(level)?;
        let group = level.group.get(leaf as usize)?;
        level.labels.get(*group as usize).map(String::as_str)
    }

    /// The forms of a level, each once.
    pub fn forms(&self, level: usize) -> Option<&[String]> {
        self.levels.get(level).map(|level| level.labels.as_slice())
    }

    /// The hierarchy as a table, leaf first: what [`Spec::Table`] holds and what
    /// a hierarchy file contains. Nulls are left out; they are always known.
    pub fn to_table(&self) -> Vec<Vec<String>> {
        self.values
            .iter()
            .flatten()
            .map(|value| {
                (0..self.levels.len())
                    .filter_map(|level| self.generalize(Some(value), level))
                    .map(str::to_owned)
                    .collect()
            })
            .collect()
    }

    pub(crate) fn find(&self, value: Option<&str>) -> Option<u32> {
        match value {
            None => self.null,
            Some(text) => self.index.get(text).copied(),
        }
    }

    /// The hierarchy of a column without values.
    pub(crate) fn nothing() -> Self {
        Self {
            values: Vec::new(),
            index: HashMap::new(),
            null: None,
            levels: Vec::new(),
            total: 0.0,
        }
    }

    /// Groups of each of these values at each level.
    pub(crate) fn tree(&self, values: &[Option<String>]) -> Vec<Vec<usize>> {
        let group = |level: usize, value: &Option<String>| {
            let leaf = self.find(value.as_deref()).unwrap_or_default();
            self.group(level, leaf).unwrap_or_default() as usize
        };
        (0..self.levels.len())
            .map(|level| values.iter().map(|value| group(level, value)).collect())
            .collect()
    }

    pub(crate) fn group(&self, level: usize, leaf: u32) -> Option<u32> {
        self.levels.get(level)?.group.get(leaf as usize).copied()
    }

    /// Leaves under the form of this leaf at this level, as a share of all.
    pub(crate) fn share(&self, level: usize, leaf: u32) -> f64 {
        let share = self.levels.get(level).and_then(|level| {
            let group = *level.group.get(leaf as usize)?;
            level.leaves.get(group as usize)
        });
        share.copied().unwrap_or(self.total) / self.total
    }
}

/// Leaf numbers are far below 2³²: a dictionary gives no more.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

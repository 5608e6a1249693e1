//! The released forms of the rows of a table, found by whoever has the table and the
//! hierarchies but not the way in which the release was made.
//!
//! ```text
//! row 男, 21 ─▶ 男 21 │ 男 20-21 │ * 20-21 │ …   those that the release has ─▶ one: its form
//! ```
//!
//! A row that several released forms stand for has none here: a local recoding makes
//! forms that overlap, and which of them is the row's cannot be told.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::composition::ReleaseColumns;
use crate::hierarchy::{Hierarchy, HierarchyError, Spec};
use crate::tuples::{TupleError, TupleTable};

/// Why forms cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum FormsError {
    /// A column was not counted.
    #[error(transparent)]
    Tuples(#[from] TupleError),
    /// A hierarchy does not fit the table.
    #[error("the hierarchy of column `{column}` cannot be used")]
    Hierarchy {
        /// The column.
        column: String,
        /// Why.
        #[source]
        source: HierarchyError,
    },
}

/// The form of each row of a table in one release.
#[derive(Debug, Clone)]
pub struct Forms {
    /// Cells of the form of each tuple of the table.
    of: Vec<Option<Vec<Option<String>>>>,
    /// Rows of the table that no released form stands for: they were suppressed.
    pub absent_rows: u64,
    /// Rows that several forms stand for.
    pub ambiguous_rows: u64,
}

/// Finds the form of each row.
///
/// - `table`, `release`: count at least the quasi-identifiers.
/// - `hierarchies`: by column; a column without one is compared as it stands.
///
/// # Errors
///
/// [`FormsError`].
pub fn released_forms<S: AsRef<str>>(
    table: &TupleTable,
    release: &TupleTable,
    quasi: &[S],
    hierarchies: &BTreeMap<String, Spec>,
) -> Result<Forms, FormsError> {
    let finder = Finder::new(table, release, quasi, hierarchies)?;
    let mut forms = Forms { of: Vec::new(), absent_rows: 0, ambiguous_rows: 0 };
    for (tuple, rows) in table.counts.iter().enumerate() {
        let form = match finder.forms_of(table, tuple, 2).as_slice() {
            [] => {
                forms.absent_rows += rows;
                None
            }
            [form] => Some(cells(release, &finder.given, *form)),
            _ => {
                forms.ambiguous_rows += rows;
                None
            }
        };
        forms.of.push(form);
    }
    Ok(forms)
}

/// Finds the released forms that may stand for the rows of a table.
pub(super) struct Finder {
    own: Vec<usize>,
    given: Vec<usize>,
    covers: Vec<Vec<Vec<u32>>>,
    tree: Tree,
}

impl Finder {
    pub(super) fn new<S: AsRef<str>>(
        table: &TupleTable,
        release: &TupleTable,
        quasi: &[S],
        hierarchies: &BTreeMap<String, Spec>,
    ) -> Result<Self, FormsError> {
        let mut own = Vec::with_capacity(quasi.len());
        let mut given = Vec::with_capacity(quasi.len());
        let mut covers = Vec::with_capacity(quasi.len());
        for name in quasi {
            let name = name.as_ref();
            own.push(table.require(name)?);
            given.push(release.require(name)?);
            covers.push(cover(table, release, name, hierarchies.get(name))?);
        }
        let tree = Tree::of(release, &given);
        Ok(Self { own, given, covers, tree })
    }

    /// Of each form that stands for a tuple of the table the first tuple of the release
    /// that has it; at most so many.
    pub(super) fn forms_of(&self, table: &TupleTable, tuple: usize, most: usize) -> Vec<usize> {
        let code = |place: &usize| table.codes.get(*place)?.get(tuple).copied();
        let codes: Option<Vec<u32>> = self.own.iter().map(code).collect();
        let mut found = Vec::new();
        self.tree.walk(0, 0, &codes.unwrap_or_default(), &self.covers, most, &mut found);
        found
    }

    /// The first tuple of the release that has the form of another.
    pub(super) fn first_of_form(&self, release: &TupleTable, tuple: usize) -> Option<usize> {
        self.given.iter().try_fold(0, |node, place| {
            let code = release.codes.get(*place)?.get(tuple)?;
            self.tree.nodes.get(node)?.get(code).copied()
        })
    }
}

/// The released forms that stand for each value of a column, as codes.
fn cover(
    table: &TupleTable,
    release: &TupleTable,
    name: &str,
    spec: Option<&Spec>,
) -> Result<Vec<Vec<u32>>, FormsError> {
    let values = table.values(name).unwrap_or_default();
    let wrong = |source| FormsError::Hierarchy { column: name.to_owned(), source };
    let hierarchy: Option<Hierarchy> = match spec {
        Some(spec) => Some(spec.build(values.iter().map(Option::as_deref)).map_err(wrong)?),
        None => None,
    };
    let place = release.require(name)?;
    let Some(dictionary) = release.dictionaries.get(place) else { return Ok(Vec::new()) };
    let forms = |value: &Option<String>| {
        let mut codes: Vec<u32> = dictionary.find(value.as_deref()).into_iter().collect();
        if let Some(hierarchy) = &hierarchy {
            let level =
                |level| dictionary.find(Some(hierarchy.generalize(value.as_deref(), level)?));
            codes.extend((0..hierarchy.levels()).filter_map(level));
        }
        codes.sort_unstable();
        codes.dedup();
        codes
    };
    Ok(values.iter().map(forms).collect())
}

fn cells(table: &TupleTable, places: &[usize], tuple: usize) -> Vec<Option<String>> {
    places.iter().map(|place| table.cell(*place, tuple).map(str::to_owned)).collect()
}

/// The released forms by their codes, column by column.
struct Tree {
    /// By node: the code of the next column, and the node below it; in the last column a
    /// tuple that has the form.
    nodes: Vec<HashMap<u32, usize>>,
    depth: usize,
}

impl Tree {
    fn of(release: &TupleTable, places: &[usize]) -> Self {
        let mut tree = Self { nodes: vec![HashMap::new()], depth: places.len() };
        for tuple in 0..release.tuples() {
            let mut node = 0;
            for (number, place) in places.iter().enumerate() {
                let code = release.codes.get(*place).and_then(|codes| codes.get(tuple));
                let is_last = number + 1 == places.len();
                let fresh = if is_last { tuple } else { tree.nodes.len() };
                let below = tree.nodes.get_mut(node);
                let Some((below, code)) = below.zip(code) else { break };
                let next = *below.entry(*code).or_insert(fresh);
                if !is_last && next == tree.nodes.len() {
                    tree.nodes.push(HashMap::new());
                }
                node = next;
            }
        }
        tree
    }

    /// The forms that stand for a row, at most so many.
    fn walk(
        &self,
        node: usize,
        column: usize,
        codes: &[u32],
        covers: &[Vec<Vec<u32>>],
        most: usize,
        found: &mut Vec<usize>,
    ) {
        let forms = codes.get(column).and_then(|code| covers.get(column)?.get(*code as usize));
        for form in forms.into_iter().flatten() {
            let Some(next) = self.nodes.get(node).and_then(|below| below.get(form)) else {
                continue;
            };
            if column + 1 == self.depth {
                found.push(*next);
            } else {
                self.walk(*next, column + 1, codes, covers, most, found);
            }
            if found.len() >= most {
                return;
            }
        }
    }
}

/// The rows of a table in their released forms, with one column beside them; rows without
/// a form are left out.
///
/// # Errors
///
/// [`TupleError`] if a column was not counted.
pub fn in_released_forms<S: AsRef<str>>(
    table: &TupleTable,
    forms: &Forms,
    quasi: &[S],
    beside: &str,
) -> Result<TupleTable, TupleError> {
    let place = table.require(beside)?;
    let mut names: Vec<&str> = quasi.iter().map(AsRef::as_ref).collect();
    names.push(beside);
    let mut builder = TupleTable::builder(&names);
    for (tuple, rows) in table.counts.iter().enumerate() {
        let Some(form) = forms.of.get(tuple).and_then(Option::as_ref) else { continue };
        let own = table.cell(place, tuple);
        let row: Vec<Option<&str>> = form.iter().map(Option::as_deref).chain([own]).collect();
        builder.push_rows(&row, *rows)?;
    }
    Ok(builder.finish())
}

/// Joins releases of one table by the rows of that table, for [`super::composition`]:
/// what someone finds who knows the quasi-identifiers of a person.
///
/// - `table`: counts the quasi-identifiers and the sensitive column, if one is asked for.
/// - `releases`: name and forms of each. A row without a form in a release counts as not
///   in it.
///
/// # Errors
///
/// [`TupleError`] if a column was not counted.
pub fn join_by_forms<S: AsRef<str>>(
    table: &TupleTable,
    releases: &[(&str, &Forms)],
    quasi: &[S],
    sensitive: Option<&str>,
) -> Result<(TupleTable, Vec<ReleaseColumns>), TupleError> {
    let place = sensitive.map(|name| table.require(name)).transpose()?;
    let named =
        |name: &str| quasi.iter().map(|column| format!("{name}/{}", column.as_ref())).collect();
    let columns: Vec<ReleaseColumns> = releases
        .iter()
        .map(|(name, _)| ReleaseColumns { name: (*name).to_owned(), columns: named(name) })
        .collect();
    let mut names: Vec<&str> =
        columns.iter().flat_map(|release| &release.columns).map(String::as_str).collect();
    names.extend(sensitive);
    let mut builder = TupleTable::builder(&names);
    for (tuple, rows) in table.counts.iter().enumerate() {
        let nothing = vec![None; quasi.len()];
        let forms = releases.iter().map(|(_, forms)| {
            forms.of.get(tuple).and_then(Option::as_ref).unwrap_or(&nothing).iter()
        });
        let own = place.map(|place| table.cell(place, tuple));
        let row: Vec<Option<&str>> = forms.flatten().map(Option::as_deref).chain(own).collect();
        builder.push_rows(&row, *rows)?;
    }
    Ok((builder.finish(), columns))
}

//! What several releases of one table give away together.
//!
//! ```text
//! row of the table ─▶ form in release 1 │ form in release 2 │ … │ sensitive value
//!
//! linked       the receiver joins the releases by a pseudonym they share: a row's
//!              class is that of all forms at once
//! intersected  no pseudonym: whoever knows the quasi-identifiers of a person finds
//!              its class in each release, and the value is in every one of them
//! ```

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};

use super::diversity::DiversityError;
use super::{ClassSizes, RiskError};
use crate::tuples::{TupleError, TupleTable};

/// The columns of one release in a joined table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseColumns {
    /// What people call the release.
    pub name: String,
    /// Its quasi-identifiers in the joined table. A row that the release lacks has null
    /// in all of them.
    pub columns: Vec<String>,
}

/// One release on its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SingleRelease {
    /// What people call it.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// Rows of its smallest class.
    pub min_class: u64,
    /// Rows alone in their class.
    pub unique_rows: u64,
    /// Rows whose class has one sensitive value; 0 if none was asked for.
    pub known_rows: u64,
}

/// What several releases give away together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Composition {
    /// Rows of the joined table.
    pub rows: u64,
    /// Each release on its own.
    pub single: Vec<SingleRelease>,
    /// Class sizes of the rows by all forms at once: what linking by a pseudonym gives.
    pub linked: ClassSizes,
    /// Rows of the smallest class when linked.
    pub linked_min_class: u64,
    /// Rows alone when linked.
    pub linked_unique_rows: u64,
    /// How many rows have how many sensitive values left when the values of their
    /// classes are intersected; empty if no sensitive column was asked for.
    pub candidates: BTreeMap<u64, u64>,
    /// Rows with one sensitive value left.
    pub known_rows: u64,
}

/// Measures releases of one table together.
///
/// - `joined`: counts, row by row of the table, the forms of all releases and the
///   sensitive column; see [`join_releases`] and [`crate::Recoder`].
///
/// # Errors
///
/// [`DiversityError::Risk`] if there are no rows, [`DiversityError::Tuples`] if a
/// column was not counted.
///
/// # Source
///
/// Ganta et al., "Composition attacks and auxiliary information in data privacy", KDD
/// 2008 (intersection); Wang & Fung, "Anonymizing sequential releases", KDD 2006.
pub fn composition(
    joined: &TupleTable,
    releases: &[ReleaseColumns],
    sensitive: Option<&str>,
) -> Result<Composition, DiversityError> {
    if joined.rows() == 0 {
        return Err(RiskError::NoRecords.into());
    }
    let values = match sensitive {
        Some(name) => Some(codes(joined, name)?),
        None => None,
    };
    let mut single = Vec::with_capacity(releases.len());
    let mut classes_by_release = Vec::with_capacity(releases.len());
    let mut everything: Vec<&String> = Vec::new();
    for release in releases {
        let classes = Classes::of(joined, &release.columns, values)?;
        single.push(classes.single(&release.name));
        classes_by_release.push(classes);
        everything.extend(&release.columns);
    }
    let linked = joined.class_sizes_of(&everything)?;
    let mut candidates: BTreeMap<u64, u64> = BTreeMap::new();
    if values.is_some() {
        for (tuple, rows) in joined.counts.iter().enumerate() {
            let mut sets = classes_by_release.iter().filter_map(|classes| classes.values_of(tuple));
            let Some(first) = sets.next() else { continue };
            let left =
                sets.fold(first.clone(), |left, other| left.intersection(other).copied().collect());
            *candidates.entry(left.len() as u64).or_default() += rows;
        }
    }
    Ok(Composition {
        rows: joined.rows(),
        single,
        linked_min_class: linked.min().unwrap_or_default(),
        linked_unique_rows: linked.of_size(1),
        linked,
        known_rows: candidates.get(&1).copied().unwrap_or_default(),
        candidates,
    })
}

fn codes<'a>(joined: &'a TupleTable, name: &str) -> Result<&'a [u32], TupleError> {
    let position = joined.require(name)?;
    Ok(joined.codes.get(position).map_or(&[][..], Vec::as_slice))
}

/// The classes of one release.
struct Classes {
    /// Class of each tuple; `None` where the release lacks it.
    of: Vec<Option<usize>>,
    rows: Vec<u64>,
    values: Vec<BTreeSet<u32>>,
}

impl Classes {
    fn of(
        joined: &TupleTable,
        columns: &[String],
        values: Option<&[u32]>,
    ) -> Result<Self, TupleError> {
        let mut picked = Vec::with_capacity(columns.len());
        for name in columns {
            let position = joined.require(name)?;
            let null = joined.dictionaries.get(position).and_then(|have| have.find(None));
            picked.push((codes(joined, name)?, null));
        }
        let mut classes = Self { of: Vec::new(), rows: Vec::new(), values: Vec::new() };
        let mut numbers: HashMap<Vec<u32>, usize> = HashMap::new();
        for (tuple, rows) in joined.counts.iter().enumerate() {
            let own =
                || picked.iter().filter_map(|(codes, null)| Some((*codes.get(tuple)?, *null)));
            if own().all(|(code, null)| null == Some(code)) {
                classes.of.push(None);
                continue;
            }
            let fresh = classes.rows.len();
            let number = *numbers.entry(own().map(|(code, _)| code).collect()).or_insert(fresh);
            if number == fresh {
                classes.rows.push(0);
                classes.values.push(BTreeSet::new());
            }
            if let Some(slot) = classes.rows.get_mut(number) {
                *slot += rows;
            }
            if let (Some(set), Some(value)) =
                (classes.values.get_mut(number), values.and_then(|values| values.get(tuple)))
            {
                set.insert(*value);
            }
            classes.of.push(Some(number));
        }
        Ok(classes)
    }

    fn values_of(&self, tuple: usize) -> Option<&BTreeSet<u32>> {
        self.values.get((*self.of.get(tuple)?)?)
    }

    fn single(&self, name: &str) -> SingleRelease {
        let known = self.rows.iter().zip(&self.values).filter(|(_, values)| values.len() == 1);
        SingleRelease {
            name: name.to_owned(),
            rows: self.rows.iter().sum(),
            min_class: self.rows.iter().copied().min().unwrap_or_default(),
            unique_rows: self.rows.iter().filter(|rows| **rows == 1).count() as u64,
            known_rows: known.map(|(rows, _)| rows).sum(),
        }
    }
}

/// Joins released tables by a pseudonym that they share, as a receiver of all would.
///
/// - `releases`: name and counts of each, over the pseudonym and its other columns.
/// - Returns the joined table and the columns of each release in it, which are called
///   `release/column`. A pseudonym that stands in several rows of one release is
///   joined by its first row.
///
/// # Errors
///
/// [`TupleError::NoColumn`] if a release lacks the pseudonym.
pub fn join_releases(
    pseudonym: &str,
    releases: &[(&str, &TupleTable)],
) -> Result<(TupleTable, Vec<ReleaseColumns>), TupleError> {
    let mut parts = Vec::with_capacity(releases.len());
    let mut columns = Vec::with_capacity(releases.len());
    let mut order: Vec<&str> = Vec::new();
    let mut known: HashSet<&str> = HashSet::new();
    for (name, table) in releases {
        let key = table.require(pseudonym)?;
        let places: Vec<usize> = (0..table.columns().len()).filter(|place| *place != key).collect();
        let mut rows: HashMap<&str, usize> = HashMap::new();
        for tuple in 0..table.tuples() {
            if let Some(person) = table.cell(key, tuple) {
                rows.entry(person).or_insert(tuple);
                if known.insert(person) {
                    order.push(person);
                }
            }
        }
        let named = places.iter().filter_map(|place| table.columns().get(*place));
        let named = named.map(|column| format!("{name}/{column}")).collect();
        columns.push(ReleaseColumns { name: (*name).to_owned(), columns: named });
        parts.push((*table, places, rows));
    }
    let names: Vec<&String> = columns.iter().flat_map(|release| &release.columns).collect();
    let mut joined = TupleTable::builder(&names);
    for person in order {
        let mut row = Vec::with_capacity(names.len());
        for (table, places, rows) in &parts {
            let tuple = rows.get(person).copied();
            row.extend(places.iter().map(|place| table.cell(*place, tuple?)));
        }
        joined.push(&row)?;
    }
    Ok((joined.finish(), columns))
}

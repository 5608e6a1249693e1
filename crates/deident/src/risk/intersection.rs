//! What whoever knows the quasi-identifiers of a person learns of a sensitive value from
//! several releases, without a pseudonym.
//!
//! ```text
//! person ─▶ release 1: every class that may be hers ─▶ their values, united ─┐
//!        └▶ release 2: …                                                    ─┴▶ what all have
//! ```
//!
//! Where forms overlap, as after a local recoding, several classes may be a person's, and
//! any of their values may be hers.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::forms::{Finder, FormsError};
use crate::hierarchy::Spec;
use crate::tuples::TupleTable;

/// What is left of a sensitive value when releases are intersected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intersection {
    /// The sensitive column.
    pub column: String,
    /// Rows of the table.
    pub rows: u64,
    /// How many rows have how many values left; rows that no release has are not there.
    pub candidates: BTreeMap<u64, u64>,
    /// Rows with one value left.
    pub known_rows: u64,
    /// Rows with one value left in the release that says most by itself: what the others
    /// add is `known_rows` beyond it.
    pub known_by_one: u64,
}

/// Intersects the values that each release leaves for the persons of a table.
///
/// - `table`: counts the quasi-identifiers.
/// - `releases`: count the quasi-identifiers in their released forms, and the sensitive
///   column. A release in which no class may be the person's is taken not to have her.
/// - `hierarchies`: by column; a column without one is compared as it stands.
///
/// # Errors
///
/// [`FormsError`].
///
/// # Source
///
/// Ganta et al., "Composition attacks and auxiliary information in data privacy", KDD
/// 2008 (intersection attack).
pub fn intersection<S: AsRef<str>>(
    table: &TupleTable,
    releases: &[&TupleTable],
    quasi: &[S],
    sensitive: &str,
    hierarchies: &BTreeMap<String, Spec>,
) -> Result<Intersection, FormsError> {
    let mut known = Vec::with_capacity(releases.len());
    for release in releases {
        let finder = Finder::new(table, release, quasi, hierarchies)?;
        let values = values_of_forms(&finder, release, sensitive)?;
        known.push((finder, values));
    }
    let mut found = Intersection {
        column: sensitive.to_owned(),
        rows: table.rows(),
        candidates: BTreeMap::new(),
        known_rows: 0,
        known_by_one: 0,
    };
    let mut by_one = vec![0_u64; known.len()];
    for (tuple, rows) in table.counts.iter().enumerate() {
        let mut left: Option<BTreeSet<&str>> = None;
        for ((finder, values), alone) in known.iter().zip(&mut by_one) {
            let forms = finder.forms_of(table, tuple, usize::MAX);
            let here: BTreeSet<&str> =
                forms.iter().filter_map(|form| values.get(form)).flatten().copied().collect();
            if here.is_empty() {
                continue;
            }
            *alone += if here.len() == 1 { *rows } else { 0 };
            left = Some(match left {
                None => here,
                Some(left) => left.intersection(&here).copied().collect(),
            });
        }
        if let Some(left) = left {
            *found.candidates.entry(left.len() as u64).or_default() += rows;
        }
    }
    found.known_rows = found.candidates.get(&1).copied().unwrap_or_default();
    found.known_by_one = by_one.into_iter().max().unwrap_or_default();
    Ok(found)
}

/// The sensitive values of each form of a release, by the first tuple that has it.
fn values_of_forms<'a>(
    finder: &Finder,
    release: &'a TupleTable,
    sensitive: &str,
) -> Result<BTreeMap<usize, BTreeSet<&'a str>>, FormsError> {
    let place = release.require(sensitive)?;
    let mut values: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for tuple in 0..release.tuples() {
        if let Some(form) = finder.first_of_form(release, tuple) {
            // Null is a value as any other: nobody has another one.
            let value = release.cell(place, tuple).unwrap_or_default();
            values.entry(form).or_default().insert(value);
        }
    }
    Ok(values)
}

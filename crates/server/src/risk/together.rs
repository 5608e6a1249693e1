//! What the table and earlier releases of the same people give away together.

use std::collections::BTreeMap;

use ::deident::risk::{
    self, Forms, ReleaseColumns, composition, join_by_forms, join_releases, released_forms,
};
use ::deident::{Counted, TupleTable};

use super::{MeasureError, Risk, Together, united};
use crate::table::{Input, TextTable};

/// Measures the releases together, if there are earlier ones.
pub(super) fn run(arguments: &Risk) -> Result<Option<Together>, MeasureError> {
    if arguments.earlier.is_empty() {
        return Ok(None);
    }
    let releases: Vec<&Input> =
        std::iter::once(&arguments.file).chain(&arguments.earlier).collect();
    let names: Vec<String> = (1..)
        .zip(&releases)
        .map(|(number, release)| format!("{number}:{}", release.shown().display()))
        .collect();
    match (&arguments.pseudonym, &arguments.original) {
        (Some(pseudonym), _) => by_pseudonym(arguments, &releases, &names, pseudonym).map(Some),
        (None, Some(original)) => by_original(arguments, &releases, &names, original).map(Some),
        (None, None) => Err(MeasureError::Missing {
            what: "releases are measured together by a pseudonym that they share (--pseudonym \
                   COLUMN), or by the people of the original (--original TABLE --hierarchies \
                   FOLDER)",
        }),
    }
}

fn measured(
    arguments: &Risk,
    joined: &TupleTable,
    columns: &[ReleaseColumns],
    sensitive: Option<&str>,
) -> Result<risk::Composition, MeasureError> {
    let path = || arguments.file.shown().to_owned();
    composition(joined, columns, sensitive)
        .map_err(|source| MeasureError::Sensitive { path: path(), source })
}

/// Whoever has all releases joins them by a column.
fn by_pseudonym(
    arguments: &Risk,
    releases: &[&Input],
    names: &[String],
    pseudonym: &String,
) -> Result<Together, MeasureError> {
    let own = std::slice::from_ref(pseudonym);
    let quasi: Vec<String> =
        arguments.quasi.iter().filter(|name| *name != pseudonym).cloned().collect();
    let memory = arguments.bound.memory();
    let mut tables = Vec::with_capacity(releases.len());
    for (number, release) in releases.iter().enumerate() {
        // The sensitive column of the first is that of the rows.
        let sensitive = if number == 0 { sensitive(arguments) } else { &[] };
        let columns = united(&[own, &quasi, sensitive]);
        tables.push(TextTable::open(release, &columns)?.whole(&columns, &memory, "--earlier")?);
    }
    let named: Vec<(&str, &TupleTable)> = names.iter().map(String::as_str).zip(&tables).collect();
    let path = || arguments.file.shown().to_owned();
    let (joined, mut columns) = join_releases(pseudonym, &named)
        .map_err(|source| MeasureError::Tuples { path: path(), source })?;
    let secret = sensitive(arguments).first().zip(names.first());
    let secret = secret.map(|(column, name)| format!("{name}/{column}"));
    if let (Some(secret), Some(first)) = (&secret, columns.first_mut()) {
        first.columns.retain(|column| column != secret);
    }
    let composition = measured(arguments, &joined, &columns, secret.as_deref())?;
    Ok(Together { composition, by_pseudonym: true, ambiguous_rows: 0, intersection: None })
}

/// The sensitive column that releases are intersected by: the first one that is no
/// quasi-identifier.
fn sensitive(arguments: &Risk) -> &[String] {
    let place = arguments.sensitive.iter().position(|name| !arguments.quasi.contains(name));
    place.and_then(|place| arguments.sensitive.get(place..=place)).unwrap_or_default()
}

/// Whoever knows the quasi-identifiers of a person finds its class in each release.
fn by_original(
    arguments: &Risk,
    releases: &[&Input],
    names: &[String],
    original: &Input,
) -> Result<Together, MeasureError> {
    let quasi = &arguments.quasi;
    let secret = sensitive(arguments);
    let columns = united(&[quasi, secret]);
    let text = TextTable::open(original, &columns)?;
    let memory = arguments.bound.memory();
    let table = text.whole(&columns, &memory, "--earlier")?;
    let values = Counted::Whole(table.clone());
    let mut hierarchies = BTreeMap::new();
    if let Some(folder) = &arguments.hierarchies {
        for column in quasi {
            hierarchies.insert(column.clone(), text.hierarchy(folder, column, &values)?);
        }
    }
    let mut forms: Vec<Forms> = Vec::with_capacity(releases.len());
    let mut released = Vec::with_capacity(releases.len());
    for release in releases {
        // One that left the sensitive column out says nothing of it.
        let tells = !secret.is_empty() && TextTable::open(release, &columns).is_ok();
        let names = if tells { &columns } else { quasi };
        let counted = TextTable::open(release, names)?.whole(names, &memory, "--earlier")?;
        let found = released_forms(&table, &counted, quasi, &hierarchies);
        let path = release.shown().to_owned();
        forms.push(found.map_err(|source| MeasureError::Forms { path, source })?);
        if tells {
            released.push(counted);
        }
    }
    let intersected = secret.first().map(|secret| {
        let released: Vec<&TupleTable> = released.iter().collect();
        risk::intersection(&table, &released, quasi, secret, &hierarchies)
    });
    let intersection = intersected
        .transpose()
        .map_err(|source| MeasureError::Forms { path: original.shown().to_owned(), source })?;
    let named: Vec<(&str, &Forms)> = names.iter().map(String::as_str).zip(&forms).collect();
    let secret = secret.first().map(String::as_str);
    let (joined, columns) = join_by_forms(&table, &named, quasi, secret)
        .map_err(|source| MeasureError::Tuples { path: original.shown().to_owned(), source })?;
    let composition = measured(arguments, &joined, &columns, secret)?;
    let ambiguous_rows = forms.iter().map(|forms| forms.ambiguous_rows).sum();
    Ok(Together { composition, by_pseudonym: false, ambiguous_rows, intersection })
}

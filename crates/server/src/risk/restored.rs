//! Whether digests can be had back by trying what they may be digests of.

use ::deident::TupleTable;
use ::deident::risk::{Candidates, Restoration, digest_columns, restore_digests};

use super::{MeasureError, Risk};
use crate::table::TextTable;

/// Tries every candidate on every column asked for.
pub(super) fn run(arguments: &Risk) -> Result<Vec<Restoration>, MeasureError> {
    let Some(asked) = &arguments.digests else { return Ok(Vec::new()) };
    let asked: Vec<String> = asked.iter().filter(|name| !name.is_empty()).cloned().collect();
    let candidates = candidates(arguments)?;
    let table = TextTable::open(&arguments.file, &asked)?;
    let looked_at = if asked.is_empty() { &table.header } else { &asked };
    let memory = arguments.bound.memory();
    let mut found = Vec::new();
    for column in looked_at {
        // One column at a time: together they would be as many tuples as rows.
        let tuples = table.whole(std::slice::from_ref(column), &memory, "--digests")?;
        if asked.is_empty() && digest_columns(&tuples).is_empty() {
            continue;
        }
        found.push(best(arguments, &tuples, column, &candidates)?);
    }
    Ok(found)
}

/// The candidates that restored most; if none did, all that was tried.
fn best(
    arguments: &Risk,
    tuples: &TupleTable,
    column: &str,
    candidates: &[Candidates],
) -> Result<Restoration, MeasureError> {
    let path = || arguments.file.shown().to_owned();
    let mut best: Option<Restoration> = None;
    for candidate in candidates {
        let found = restore_digests(tuples, column, candidate, arguments.tries)
            .map_err(|source| MeasureError::Tuples { path: path(), source })?;
        best = Some(match best {
            None => found,
            Some(known) => joined(known, found),
        });
    }
    best.ok_or(MeasureError::Missing {
        what: "there is nothing to try on the digests; give --candidates or --domain",
    })
}

/// What restored more, with what was tried in all.
fn joined(known: Restoration, found: Restoration) -> Restoration {
    let tried = known.tried + found.tried;
    let complete = known.complete && found.complete;
    let (known, found) =
        if found.restored > known.restored { (found, known) } else { (known, found) };
    let candidates = if known.restored == 0 {
        format!("{}; {}", known.candidates, found.candidates)
    } else {
        known.candidates.clone()
    };
    Restoration { tried, complete, candidates, ..known }
}

/// Every value of the tables named, and the domains asked for, or small ones.
fn candidates(arguments: &Risk) -> Result<Vec<Candidates>, MeasureError> {
    let memory = arguments.bound.memory();
    let mut found = Vec::new();
    for input in &arguments.candidates {
        let table = TextTable::open(input, &[])?;
        for column in &table.header {
            let tuples = table.whole(std::slice::from_ref(column), &memory, "--digests")?;
            if let Some(Candidates::Texts { texts, .. }) = Candidates::of_column(&tuples, column) {
                let source = format!("{}, column `{column}`", input.shown().display());
                found.push(Candidates::Texts { source, texts });
            }
        }
    }
    for text in &arguments.domain {
        found.push(domain(text).ok_or_else(|| MeasureError::Domain { text: text.clone() })?);
    }
    if found.is_empty() {
        let numbers = |digits| Candidates::Numbers { prefix: String::new(), digits };
        found.extend((1..=6).map(numbers));
        found.push(Candidates::Dates { from_year: 1900, to_year: 2030 });
    }
    Ok(found)
}

fn domain(text: &str) -> Option<Candidates> {
    let parts: Vec<&str> = text.split(':').collect();
    let figures = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let year = |text: &str| text.parse::<u32>().ok().filter(|year| (1..=9999).contains(year));
    Some(match parts.as_slice() {
        ["mobile", prefix] if figures(prefix) && (1..=11).contains(&prefix.len()) => {
            let digits = u32::try_from(11 - prefix.len()).ok()?;
            Candidates::Numbers { prefix: (*prefix).to_owned(), digits }
        }
        ["numbers", prefix, digits] => {
            let digits = digits.parse().ok().filter(|digits| (0..=12).contains(digits))?;
            Candidates::Numbers { prefix: (*prefix).to_owned(), digits }
        }
        ["dates", from, to] => Candidates::Dates { from_year: year(from)?, to_year: year(to)? },
        ["citizen-ids", divisions, from, to] => {
            let divisions: Vec<String> = divisions.split('+').map(str::to_owned).collect();
            if divisions.iter().any(|code| code.len() != 6 || !figures(code)) {
                return None;
            }
            Candidates::CitizenIds { divisions, from_year: year(from)?, to_year: year(to)? }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::domain;

    #[test]
    fn a_domain_is_written_as_its_kind_and_its_bounds() {
        for text in [
            "mobile:138",
            "numbers::6",
            "numbers:A-:4",
            "dates:1930:2026",
            "citizen-ids:140105+140106:1960:2000",
        ] {
            assert!(domain(text).is_some(), "{text}");
        }
        for text in ["mobile", "mobile:x", "numbers:1", "dates:1930", "citizen-ids:14:1:2", "magic"]
        {
            assert!(domain(text).is_none(), "{text}");
        }
    }
}

//! Another spelling, for a text that finds nothing with all its words.

use std::collections::HashMap;

use tantivy::query::FuzzyTermQuery;
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use crate::Facet;
use crate::analysis::{Unit, WORD_MARK, fold, singular};
use crate::schema::Fields;
use crate::text_query::{TextQuery, weighted};

/// Most terms of the index that are looked at for one word.
const MOST_CANDIDATES: usize = 2_000;
/// Longest text that has neighbors: the search for them grows with the length.
const LONGEST_CHARS: usize = 24;
/// Most words of a text that are replaced; with more, it is not a matter of spelling.
const MOST_REPLACED: usize = 3;

/// A text near this one that the index knows: a whole title or keyword, else the same
/// text with each unknown word replaced by the nearest known one.
pub(crate) fn suggest(
    searcher: &Searcher,
    fields: &Fields,
    query: &TextQuery,
) -> tantivy::Result<Option<String>> {
    let whole = fold(&query.text);
    let keyword = fields.facet(Facet::Keyword);
    for field in [Some(fields.title_exact), keyword].into_iter().flatten() {
        if let Some(found) = nearest(searcher, &[field], &whole)? {
            return Ok(Some(found));
        }
    }
    let text_fields: Vec<Field> = weighted(fields).iter().map(|(field, _)| *field).collect();
    let mut text = query.text.clone();
    let mut replaced = 0;
    // From the end, so that the places of the words before stay right.
    for unit in query.units.iter().rev() {
        if is_known(searcher, &text_fields, unit)? {
            continue;
        }
        if replaced == MOST_REPLACED {
            return Ok(None);
        }
        let wanted = if unit.ideographs {
            format!("{WORD_MARK}{}", unit.text)
        } else {
            singular(&unit.text)
        };
        let Some(found) = nearest(searcher, &text_fields, &wanted)? else { return Ok(None) };
        let found = found.trim_start_matches(WORD_MARK);
        if text.get(unit.bytes.clone()).is_some() {
            text.replace_range(unit.bytes.clone(), found);
            replaced += 1;
        }
    }
    Ok((replaced > 0).then_some(text))
}

/// Whether a word stands anywhere in the index.
fn is_known(searcher: &Searcher, fields: &[Field], unit: &Unit) -> tantivy::Result<bool> {
    let chars = unit.text.chars().count();
    let text = match (unit.ideographs, chars) {
        (true, 0..=2) => unit.text.clone(),
        (true, _) => format!("{WORD_MARK}{}", unit.text),
        (false, _) => singular(&unit.text),
    };
    for field in fields {
        if searcher.doc_freq(&Term::from_field_text(*field, &text))? > 0 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The term nearest to a text, the most frequent one among equals: one edit away for 3
/// to 5 characters, two for more. Shorter texts have too many neighbors.
fn nearest(searcher: &Searcher, fields: &[Field], text: &str) -> tantivy::Result<Option<String>> {
    let distance = match text.trim_start_matches(WORD_MARK).chars().count() {
        0..=2 => return Ok(None),
        3..=5 => 1,
        6..=LONGEST_CHARS => 2,
        _ => return Ok(None),
    };
    let Some(field) = fields.first() else { return Ok(None) };
    let term = Term::from_field_text(*field, text);
    for edits in 1..=distance {
        let automaton = FuzzyTermQuery::new(term.clone(), edits, true).automaton()?;
        let mut counts: HashMap<String, u64> = HashMap::new();
        for field in fields {
            for segment in searcher.segment_readers() {
                let index = segment.inverted_index(*field)?;
                let mut stream = index.terms().search(&automaton).into_stream()?;
                while stream.advance() && counts.len() < MOST_CANDIDATES {
                    let Ok(found) = std::str::from_utf8(stream.key()) else { continue };
                    // Pairs of characters are no words, and the text itself is no news.
                    let same_kind = found.starts_with(WORD_MARK) == text.starts_with(WORD_MARK);
                    if same_kind && found != text && found.chars().count() > 2 {
                        *counts.entry(found.to_owned()).or_default() +=
                            u64::from(stream.value().doc_freq);
                    }
                }
            }
        }
        let best = counts.into_iter().max_by(|(a, x), (b, y)| x.cmp(y).then_with(|| b.cmp(a)));
        if let Some((found, _)) = best {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

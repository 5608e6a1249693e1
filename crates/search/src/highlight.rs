//! Where the words of a query stand in a text.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::analysis::{Analyzer, Unit, WORD_MARK, fold_char, singular};

/// Longest excerpt of a description.
const EXCERPT_CHARS: usize = 140;
/// How much stands before the first match in an excerpt.
const BEFORE_CHARS: usize = 40;

/// A text, or a piece of one, with the places that match. Plain text, never HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The text.
    pub text: String,
    /// Places that match, in characters of `text`, in order and apart.
    pub ranges: Vec<Range<usize>>,
    /// Whether the whole text has more before this piece.
    pub cut_before: bool,
    /// Whether the whole text has more behind this piece.
    pub cut_after: bool,
}

/// A piece of an excerpt that matches, or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The text of the piece.
    pub text: String,
    /// Whether it matches.
    pub hit: bool,
}

impl Excerpt {
    /// The text in pieces, for templates: they mark the pieces with `hit`.
    ///
    /// ```
    /// # use search::Excerpt;
    /// let title = Excerpt { text: "企业信用信息".into(), ranges: vec![2..4], ..Excerpt::default() };
    /// let pieces: Vec<(String, bool)> =
    ///     title.pieces().into_iter().map(|piece| (piece.text, piece.hit)).collect();
    /// assert_eq!(pieces, [("企业".into(), false), ("信用".into(), true), ("信息".into(), false)]);
    /// ```
    pub fn pieces(&self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for (index, c) in self.text.chars().enumerate() {
            let hit = self.ranges.iter().any(|range| range.contains(&index));
            match pieces.last_mut() {
                Some(piece) if piece.hit == hit => piece.text.push(c),
                _ => pieces.push(Piece { text: c.to_string(), hit }),
            }
        }
        pieces
    }

    /// A whole text with its matches.
    pub(crate) fn whole(text: &str, units: &[Unit]) -> Self {
        Self { ranges: places(text, units), text: text.to_owned(), ..Self::default() }
    }

    /// A piece of a text around its first match.
    pub(crate) fn around_first(text: &str, units: &[Unit]) -> Self {
        let total = text.chars().count();
        let all = places(text, units);
        let first = all.first().map_or(0, |range| range.start);
        // Near the end the piece reaches back, so that it is as long as it may be.
        let from = first.saturating_sub(BEFORE_CHARS).min(total.saturating_sub(EXCERPT_CHARS));
        let to = (from + EXCERPT_CHARS).min(total);
        Self {
            text: text.chars().skip(from).take(to.saturating_sub(from)).collect(),
            ranges: all
                .into_iter()
                .filter(|range| range.start >= from && range.start < to)
                .map(|range| range.start - from..range.end.min(to) - from)
                .collect(),
            cut_before: from > 0,
            cut_after: to < total,
        }
    }
}

/// Whether any unit stands in the text.
pub(crate) fn stands_in(text: &str, units: &[Unit]) -> bool {
    !places(text, units).is_empty()
}

/// Places of the units in a text, in characters, merged where they touch.
fn places(text: &str, units: &[Unit]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let folded: Vec<char> = text.chars().map(fold_char).collect();
    for unit in units.iter().filter(|unit| unit.ideographs) {
        let wanted: Vec<char> = unit.text.chars().collect();
        for (start, window) in folded.windows(wanted.len().max(1)).enumerate() {
            if window == wanted.as_slice() {
                found.push(start..start + window.len());
            }
        }
    }
    if units.iter().any(|unit| !unit.ideographs) {
        for term in Analyzer::terms(text).iter().filter(|term| !term.text.starts_with(WORD_MARK)) {
            let matches = units.iter().filter(|unit| !unit.ideographs).any(|unit| {
                let prefix = unit.last && unit.text.len() > 1 && term.text.starts_with(&unit.text);
                prefix || term.text == singular(&unit.text)
            });
            let before = text.get(..term.offset_from).unwrap_or_default();
            let inside = text.get(term.offset_from..term.offset_to).unwrap_or_default();
            if matches {
                let start = before.chars().count();
                found.push(start..start + inside.chars().count());
            }
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = Vec::new();
    for range in found {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

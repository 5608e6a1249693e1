//! Finds in one text: what stands where.

use crate::han;
use crate::kind::Kind;
use crate::scan::{Hit, RunLengths, scan};
use crate::secret;

/// A find in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One behind the last byte.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
}

impl Span {
    /// The same span counted in code points of its text, as interfaces give it.
    pub fn code_points(&self, text: &str) -> (usize, usize) {
        let count = |to: usize| text.get(..to).map_or(0, |head| head.chars().count());
        (count(self.start), count(self.end))
    }
}

/// Finds identifiers, names, addresses and secrets in a text.
///
/// The text is a sentence, a JSON document, the printed form of a list.
/// Full-width digits and letters count as plain ones. Only finds that pass their
/// check are given.
///
/// ```
/// # use detect::{Kind, spans};
/// let text = "联系电话：13812345678，备注";
/// let found = spans(text);
/// assert_eq!(found.len(), 1);
/// assert_eq!((found[0].kind, found[0].code_points(text)), (Kind::Mobile, (5, 16)));
/// ```
pub fn spans(text: &str) -> Vec<Span> {
    let mut hits = Vec::new();
    find(text, &mut hits, &mut RunLengths::default());
    hits.iter()
        .filter(|hit| hit.valid)
        .map(|hit| Span { start: hit.start, end: hit.end, kind: hit.kind })
        .collect()
}

/// All hits of a text, valid or not, in order, by bytes of the text as given.
pub(crate) fn find(text: &str, hits: &mut Vec<Hit>, lengths: &mut RunLengths) {
    hits.clear();
    if has_full_width(text) {
        let (plain, places) = plain(text);
        find_plain(&plain, hits, lengths);
        let original = |place: usize| places.get(place).copied().unwrap_or(text.len());
        for hit in hits {
            hit.start = original(hit.start);
            hit.end = original(hit.end);
        }
    } else {
        find_plain(text, hits, lengths);
    }
}

fn find_plain(text: &str, hits: &mut Vec<Hit>, lengths: &mut RunLengths) {
    scan(text.as_bytes(), hits, lengths);
    if text.is_ascii() {
        return;
    }
    let announced = han::scan(text, hits);
    if announced && let Some((start, end)) = secret::find_chinese(text) {
        hits.retain(|hit| hit.end <= start || hit.start >= end);
        let place = hits.partition_point(|hit| hit.start < start);
        hits.insert(place, Hit { start, end, kind: Kind::Secret, valid: true, named: true });
    }
}

/// Full-width digits, letters and marks: U+FF01 to U+FF5E, `ef bc 81` to `ef bd 9e`.
fn has_full_width(text: &str) -> bool {
    text.as_bytes().contains(&0xef)
        && text.as_bytes().windows(3).any(|window| {
            matches!(
                window,
                [0xef, 0xbc, 0x90..=0x99 | 0xa1..=0xba] | [0xef, 0xbd, 0x81..=0x9a]
            )
        })
}

/// The text with plain digits, letters, `@`, `.` and `-`, and where each of its
/// bytes comes from.
fn plain(text: &str) -> (String, Vec<usize>) {
    let mut plain = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len() + 1);
    for (place, char) in text.char_indices() {
        let narrow = match char {
            '\u{ff10}'..='\u{ff19}'
            | '\u{ff21}'..='\u{ff3a}'
            | '\u{ff41}'..='\u{ff5a}'
            | '\u{ff20}'
            | '\u{ff0e}'
            | '\u{ff0d}' => u32::from(char).checked_sub(0xfee0).and_then(char::from_u32),
            _ => None,
        };
        let char = narrow.unwrap_or(char);
        plain.push(char);
        places.extend(std::iter::repeat_n(place, char.len_utf8()));
    }
    places.push(text.len());
    (plain, places)
}

//! Finds in one text: what stands where.

use crate::kind::Kind;
use crate::scan::{Hit, Notes, Shape, scan};

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
    let mut finder = Finder::default();
    finder.find(text);
    finder
        .hits
        .iter()
        .filter(|hit| hit.valid)
        .map(|hit| Span { start: hit.start, end: hit.end, kind: hit.kind })
        .collect()
}

/// Buffers for reading texts one after the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Finder {
    /// What was found in the last text, by bytes of the text as given.
    pub(crate) hits: Vec<Hit>,
    notes: Notes,
    plain: String,
    places: Vec<usize>,
}

impl Finder {
    /// Finds all hits of a text, valid or not, in order.
    pub(crate) fn find(&mut self, text: &str) -> Shape {
        self.hits.clear();
        let shape = scan(text, &mut self.hits, &mut self.notes);
        if !shape.full_width {
            return shape;
        }
        self.hits.clear();
        self.make_plain(text);
        let shape = scan(&self.plain, &mut self.hits, &mut self.notes);
        let original = |place: usize| self.places.get(place).copied().unwrap_or(text.len());
        for hit in &mut self.hits {
            hit.start = original(hit.start);
            hit.end = original(hit.end);
        }
        shape
    }

    /// The text with plain digits, letters, `@`, `.` and `-`, and where each of its
    /// bytes comes from.
    fn make_plain(&mut self, text: &str) {
        self.plain.clear();
        self.places.clear();
        for (place, char) in text.char_indices() {
            let narrow = match char {
                '\u{ff10}'..='\u{ff19}'
                | '\u{ff21}'..='\u{ff3a}'
                | '\u{ff41}'..='\u{ff5a}'
                | '\u{ff20}'
                | '\u{ff0e}'
                | '\u{ff0b}'
                | '\u{ff0d}' => u32::from(char).checked_sub(0xfee0).and_then(char::from_u32),
                _ => None,
            };
            let char = narrow.unwrap_or(char);
            self.plain.push(char);
            self.places.extend(std::iter::repeat_n(place, char.len_utf8()));
        }
        self.places.push(text.len());
    }
}

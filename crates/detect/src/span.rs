//! Finds in one text: what stands where.

use crate::check::{self, Check};
use crate::disguise::Disguise;
use crate::kind::Kind;
use crate::scan::{Hit, Notes, Shape, scan};
use crate::veil::{Plain, bare};

/// Longest text that is tried as one identifier with marks in it, in bytes.
const LONGEST: usize = 96;

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
/// Full-width digits and letters count as plain ones, and so do digits of other
/// scripts and what is broken up by characters that take no room. Only finds that
/// pass their check are given.
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
    plain: Plain,
}

impl Finder {
    /// Finds all hits of a text, valid or not, in order.
    pub(crate) fn find(&mut self, text: &str) -> Shape {
        self.hits.clear();
        let mut shape = scan(text, false, &mut self.hits, &mut self.notes);
        if !shape.veiled {
            let marked = matches!(shape.digits, 17 | 18) && text.len() > 18;
            if marked && self.hits.is_empty() {
                shape.pieced = self.piece_together(text);
            }
            return shape;
        }
        self.hits.clear();
        self.plain.read(text);
        let mut shape = scan(&self.plain.text, true, &mut self.hits, &mut self.notes);
        for hit in &mut self.hits {
            let (start, end, veil) = self.plain.original(text, hit.start, hit.end);
            (hit.start, hit.end) = (start, end);
            hit.veil |= veil;
        }
        shape.veiled = true;
        shape
    }

    /// Finds a citizen id that is broken up by marks at any place, and is the whole
    /// text. Whether 18 digits with marks between them were tried.
    #[cold]
    fn piece_together(&mut self, text: &str) -> bool {
        if text.len() > LONGEST {
            return false;
        }
        let Some((bare, bits)) = bare(text).filter(|(bare, _)| bare.len() == 18) else {
            return false;
        };
        if bits & Disguise::Separators.bit() == 0 {
            return false;
        }
        // One that fails its check says how many pass by chance in a column of them.
        let (kind, end, check) = (Kind::CitizenId, text.len(), check::citizen_id(&bare));
        if check != Check::No {
            let valid = check == Check::Pass;
            self.hits.push(Hit { start: 0, end, kind, valid, named: false, veil: bits });
        }
        true
    }

    /// The last text as it was read.
    pub(crate) fn as_read<'a>(&'a self, text: &'a str, shape: &Shape) -> &'a str {
        if shape.veiled { &self.plain.text } else { text }
    }
}

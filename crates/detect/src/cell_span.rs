//! Finds in the cells of a table, for those who want each one and not only what
//! their columns are.

use crate::finding::ColumnFinding;
use crate::kind::Kind;
use crate::names::NameLook;
use crate::scan::Hit;

/// What a find in a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A kind that this crate knows.
    Kind(Kind),
    /// A rule of the user, by its place in [`crate::Rules`].
    Rule(u16),
}

/// A find in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellSpan {
    /// Row of the table, from 0.
    pub row: u64,
    /// Place of the column, from 0.
    pub column: u32,
    /// First code point of the find in its cell.
    pub start: u32,
    /// One behind its last code point.
    pub end: u32,
    /// What it is.
    pub what: What,
}

/// It passed its check.
const VALID: u64 = 1;
/// It is of a form that has no check digit, though its kind has one.
const UNCHECKED: u64 = 1 << 1;
/// It is the whole cell.
const WHOLE: u64 = 1 << 2;
/// A word before it says what it is.
const NAMED: u64 = 1 << 3;
/// It is one of a rule of the user.
const RULE: u64 = 1 << 4;
/// Where the number of its kind or rule begins, of 16 bits.
const NUMBER: u32 = 5;
/// Where its row begins; 43 bits are left for it.
const ROW: u32 = NUMBER + 16;

/// Collects finds while [`crate::Detector::update_with`] reads, until the columns
/// are decided on.
///
/// A number of 18 digits passes the check of a card by chance once in ten times,
/// so that a cell alone cannot tell; [`SpanLog::settle`] keeps what the column
/// bears out.
#[derive(Debug, Clone, Default)]
pub struct SpanLog {
    /// For each column its finds, in the order of rows.
    columns: Vec<Finds>,
}

/// A find, and what must hold of its column for it to stand. They are many, and what
/// they cost is the memory that is touched.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    /// The bits above, its kind or rule, its row.
    packed: u64,
    start: u32,
    end: u32,
}

impl Candidate {
    #[inline]
    fn row(&self) -> u64 {
        self.packed >> ROW
    }

    #[inline]
    fn is(&self, bit: u64) -> bool {
        self.packed & bit != 0
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the 16 bits of the number")]
    fn number(&self) -> u16 {
        (self.packed >> NUMBER) as u16
    }
}

/// A cell, for those who note finds in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) row: u64,
    /// The text as it stands in the table.
    pub(crate) raw: &'a str,
    /// Blanks before the text that was read, in bytes.
    pub(crate) lead: usize,
    /// Length of the text that was read, in bytes.
    pub(crate) length: usize,
    /// It is known to be of ASCII alone.
    pub(crate) ascii: bool,
}

impl SpanLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.columns.clear();
    }

    /// The finds of a column.
    pub(crate) fn column(&mut self, place: usize) -> &mut Finds {
        if self.columns.len() <= place {
            self.columns.resize_with(place + 1, Finds::default);
        }
        #[expect(clippy::indexing_slicing, reason = "it was made long enough")]
        &mut self.columns[place]
    }

    /// The finds that their columns bear out, by row and column.
    pub fn settle(self, findings: &[ColumnFinding]) -> Vec<CellSpan> {
        let mut spans = Vec::with_capacity(self.columns.iter().map(|finds| finds.0.len()).sum());
        let mut rest: Vec<Rest<'_>> = (0..)
            .zip(self.columns.iter().zip(findings))
            .filter(|(_, (finds, _))| !finds.0.is_empty())
            .map(|(column, (finds, finding))| Rest::of(column, &finds.0, finding))
            .collect();
        // Row by row, from the columns that have a find in it.
        while let Some(row) = rest.iter().filter_map(Rest::row).min() {
            for column in &mut rest {
                column.take(row, &mut spans);
            }
        }
        spans
    }
}

/// The finds of one column, in the order of rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Finds(Vec<Candidate>);

impl Finds {
    #[inline]
    pub(crate) fn note(&mut self, cell: Cell<'_>, hits: &[Hit], name: NameLook) {
        if let [hit] = hits
            && hit.end - hit.start == cell.length
            && (hit.valid || name == NameLook::No)
            && cell.lead == 0
        {
            // Most finds are a whole cell, and the only one in it.
            let end = if cell.ascii {
                cell.length
            } else {
                code_points(cell.raw.as_bytes(), cell.length)
            };
            self.add(cell.row, hit, true, [0, end]);
            return;
        }
        self.note_each(cell, hits, name);
    }

    fn note_each(&mut self, cell: Cell<'_>, hits: &[Hit], name: NameLook) {
        let mut counted = Counted::of(cell);
        let mut place = |hit: &Hit| {
            [hit.start, hit.end].map(|place| counted.points(cell.raw, cell.lead + place))
        };
        let mut passes = false;
        for hit in hits {
            passes |= hit.valid;
            let whole = hit.end - hit.start == cell.length;
            if hit.valid || whole {
                self.add(cell.row, hit, whole, place(hit));
            }
        }
        // A rare name is one where its column is of names.
        if name != NameLook::No && !passes {
            let kind = Kind::PersonName;
            let hit = Hit { start: 0, end: cell.length, kind, valid: false, named: false, veil: 0 };
            self.add(cell.row, &hit, true, place(&hit));
        }
    }

    #[inline]
    fn add(&mut self, row: u64, hit: &Hit, whole: bool, [start, end]: [usize; 2]) {
        // Citizen ids of 15 digits have no check digit, and count in a column of them.
        let unchecked = hit.kind == Kind::CitizenId && hit.end - hit.start == 15;
        let bit = |bit: u64, is: bool| if is { bit } else { 0 };
        let packed = row << ROW
            | (hit.kind.index() as u64) << NUMBER
            | bit(VALID, hit.valid)
            | bit(UNCHECKED, unchecked)
            | bit(WHOLE, whole)
            | bit(NAMED, hit.named);
        self.push(packed, start, end);
    }

    #[inline]
    fn push(&mut self, packed: u64, start: usize, end: usize) {
        let place = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        self.0.push(Candidate { packed, start: place(start), end: place(end) });
    }

    /// Notes a find of a rule, by bytes of the cell as it stands in the table.
    pub(crate) fn note_rule(&mut self, cell: Cell<'_>, rule: usize, start: usize, end: usize) {
        let mut counted = Counted::of(cell);
        let [start, end] = [start, end].map(|place| counted.points(cell.raw, place));
        let number = u64::from(u16::try_from(rule).unwrap_or(u16::MAX));
        self.push(cell.row << ROW | number << NUMBER | RULE | VALID | NAMED, start, end);
    }
}

/// The candidates of a column that are not yet decided on.
struct Rest<'a> {
    column: u32,
    candidates: &'a [Candidate],
    kind: Option<Kind>,
    /// The kinds that were found beyond chance, as bits.
    counted: u32,
}

impl<'a> Rest<'a> {
    fn of(column: u32, candidates: &'a [Candidate], finding: &ColumnFinding) -> Self {
        let counted = finding.kinds.iter().fold(0, |bits, count| bits | 1 << count.kind.index());
        Self { column, candidates, kind: finding.kind, counted }
    }

    #[inline]
    fn row(&self) -> Option<u64> {
        self.candidates.first().map(Candidate::row)
    }

    /// Takes the candidates of a row; those that stand go to `spans`.
    #[inline]
    fn take(&mut self, row: u64, spans: &mut Vec<CellSpan>) {
        while let Some((candidate, rest)) = self.candidates.split_first()
            && candidate.row() == row
        {
            self.candidates = rest;
            if let Some(what) = self.stands(candidate) {
                let Candidate { start, end, .. } = *candidate;
                spans.push(CellSpan { row, column: self.column, start, end, what });
            }
        }
    }

    /// What a candidate is, if its column bears it out.
    #[inline]
    fn stands(&self, candidate: &Candidate) -> Option<What> {
        let number = candidate.number();
        if candidate.is(RULE) {
            return Some(What::Rule(number));
        }
        let kind = *Kind::ALL.get(usize::from(number))?;
        let counted = self.counted >> number & 1 == 1;
        let valid = candidate.is(VALID);
        let stands = if candidate.is(WHOLE) {
            let form = candidate.is(UNCHECKED) || kind.chance().is_none();
            valid && counted || self.kind == Some(kind) && (valid || form)
        } else {
            valid && (candidate.is(NAMED) || counted)
        };
        stands.then_some(What::Kind(kind))
    }
}

/// Code points in the first `to` bytes of a text.
#[inline]
fn code_points(text: &[u8], to: usize) -> usize {
    let text = text.get(..to).unwrap_or_default();
    // A byte that continues a character has the highest bit and not the next.
    let (chunks, rest) = text.as_chunks::<8>();
    let inner: u32 = chunks
        .iter()
        .map(|chunk| {
            let word = u64::from_le_bytes(*chunk);
            let continues = word >> 7 & !word >> 6 & 0x0101_0101_0101_0101;
            u32::from(continues.wrapping_mul(0x0101_0101_0101_0101).to_be_bytes()[0])
        })
        .sum();
    let last = rest.iter().filter(|byte| **byte & 0xc0 == 0x80).count();
    text.len() - inner as usize - last
}

/// Code points of a text up to places that only grow.
#[derive(Debug)]
struct Counted {
    ascii: bool,
    bytes: usize,
    points: usize,
}

impl Counted {
    #[inline]
    fn of(cell: Cell<'_>) -> Self {
        Self { ascii: cell.ascii && cell.lead == 0, bytes: 0, points: 0 }
    }

    #[inline]
    fn points(&mut self, text: &str, to: usize) -> usize {
        if self.ascii {
            return to;
        }
        if to < self.bytes {
            (self.bytes, self.points) = (0, 0);
        }
        let piece = text.as_bytes().get(self.bytes..to).unwrap_or_default();
        self.points = self.points.wrapping_add(code_points(piece, piece.len()));
        self.bytes = to;
        self.points
    }
}

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

/// What must hold of the column of a find for it to stand, as bits.
///
/// It passed its check.
const VALID: u8 = 1;
/// It is of a form that has no check digit, though its kind has one.
const UNCHECKED: u8 = 2;
/// It is the whole cell.
const WHOLE: u8 = 4;
/// A word before it says what it is.
const NAMED: u8 = 8;

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

/// A find, and what must hold of its column for it to stand.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    row: u64,
    start: u32,
    end: u32,
    what: What,
    /// The bits above.
    bits: u8,
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
        let mut counted = Counted::of(cell);
        for hit in hits {
            let whole = hit.end - hit.start == cell.length;
            if hit.valid || whole {
                self.add(cell, &mut counted, hit, whole);
            }
        }
        // A rare name is one where its column is of names.
        if name != NameLook::No && !hits.iter().any(|hit| hit.valid) {
            let kind = Kind::PersonName;
            let hit = Hit { start: 0, end: cell.length, kind, valid: false, named: false, veil: 0 };
            self.add(cell, &mut counted, &hit, true);
        }
    }

    #[inline]
    fn add(&mut self, cell: Cell<'_>, counted: &mut Counted, hit: &Hit, whole: bool) {
        // Citizen ids of 15 digits have no check digit, and count in a column of them.
        let unchecked = hit.kind == Kind::CitizenId && hit.end - hit.start == 15;
        let bit = |bit: u8, is: bool| if is { bit } else { 0 };
        self.0.push(Candidate {
            row: cell.row,
            start: counted.points(cell.raw, cell.lead + hit.start),
            end: counted.points(cell.raw, cell.lead + hit.end),
            what: What::Kind(hit.kind),
            bits: bit(VALID, hit.valid)
                | bit(UNCHECKED, unchecked)
                | bit(WHOLE, whole)
                | bit(NAMED, hit.named),
        });
    }

    /// Notes a find of a rule, by bytes of the cell as it stands in the table.
    pub(crate) fn note_rule(&mut self, cell: Cell<'_>, rule: usize, start: usize, end: usize) {
        let mut counted = Counted::of(cell);
        let candidate = Candidate {
            row: cell.row,
            start: counted.points(cell.raw, start),
            end: counted.points(cell.raw, end),
            what: What::Rule(u16::try_from(rule).unwrap_or(u16::MAX)),
            bits: VALID | NAMED,
        };
        self.0.push(candidate);
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
        self.candidates.first().map(|candidate| candidate.row)
    }

    /// Takes the candidates of a row; those that stand go to `spans`.
    #[inline]
    fn take(&mut self, row: u64, spans: &mut Vec<CellSpan>) {
        while let Some((candidate, rest)) = self.candidates.split_first()
            && candidate.row == row
        {
            self.candidates = rest;
            if self.stands(candidate) {
                let Candidate { row, start, end, what, .. } = *candidate;
                spans.push(CellSpan { row, column: self.column, start, end, what });
            }
        }
    }

    #[inline]
    fn stands(&self, candidate: &Candidate) -> bool {
        let is = |bit: u8| candidate.bits & bit != 0;
        let What::Kind(kind) = candidate.what else { return true };
        let counted = self.counted >> kind.index() & 1 == 1;
        if is(WHOLE) {
            let own = self.kind == Some(kind);
            let form = is(UNCHECKED) || kind.chance().is_none();
            is(VALID) && counted || own && (is(VALID) || form)
        } else {
            is(VALID) && (is(NAMED) || counted)
        }
    }
}

/// Code points of a text up to places that only grow.
#[derive(Debug)]
struct Counted {
    ascii: bool,
    bytes: usize,
    points: u32,
}

impl Counted {
    #[inline]
    fn of(cell: Cell<'_>) -> Self {
        Self { ascii: cell.ascii && cell.lead == 0, bytes: 0, points: 0 }
    }

    #[inline]
    fn points(&mut self, text: &str, to: usize) -> u32 {
        if self.ascii {
            return u32::try_from(to).unwrap_or(u32::MAX);
        }
        if to < self.bytes {
            (self.bytes, self.points) = (0, 0);
        }
        for byte in text.as_bytes().get(self.bytes..to).unwrap_or_default() {
            // Every byte but those that continue a character.
            self.points = self.points.wrapping_add(u32::from(byte & 0xc0 != 0x80));
        }
        self.bytes = to;
        self.points
    }
}

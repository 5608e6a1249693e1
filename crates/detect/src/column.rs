//! What is counted of one column while its batches go by. The memory is bounded
//! whatever the column holds.

use crate::carrier::Plan;
use crate::chars::{DASH, DIGIT, DOT, LOWER, MARK, STAR, WIDE};
use crate::finding::masked;
use crate::header::{Hint, hint};
use crate::kind::{KINDS, Kind};
use crate::names::NameLook;
use crate::rules::RuleTally;
use crate::sample::Sample;
use crate::scan::{Hit, Shape};
use crate::sketch::{Distinct, hash};
use crate::small::Small;
use crate::span::Finder;
use crate::unveil;
use crate::words;

/// First rows and examples kept of each kind.
const KEPT: usize = 5;

/// Finds of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Cells that are a value of the form.
    pub(crate) form: u64,
    /// Cells that are a value that passes.
    pub(crate) valid: u64,
    /// Values that pass inside longer cells.
    pub(crate) inner: u64,
    /// Cells that are little more than such values.
    pub(crate) near: u64,
    /// Those of them that a word before them names.
    pub(crate) named: u64,
    /// Values that pass and are disguised, and how, as bits of [`crate::Disguise`].
    pub(crate) veiled: u64,
    pub(crate) veils: u16,
    /// First rows with a value that passes.
    pub(crate) rows: Vec<u64>,
    pub(crate) examples: Vec<String>,
}

/// What a cell looks like beside identifiers, as the number of a bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// A whole number from 0 to 130.
    Age,
    /// A day.
    Day,
    /// A degree, with a fraction of at least three digits.
    Degree,
    /// A pair of degrees.
    DegreePair,
    /// 6, 9 or 12 digits that start like a division code.
    Division,
    /// Six digits.
    SixDigits,
    /// Words of Latin letters with a capital: a name, perhaps.
    LatinWords,
    /// Three `*` and more: already masked.
    Starred,
    /// Letters and digits, with digits.
    Code,
    /// Eleven digits.
    Eleven,
    /// Eighteen digits, the last of which may be an X.
    Eighteen,
    /// Fifteen digits that may be a citizen id as issued until 1999.
    OldCitizenId,
    /// Twelve hexadecimal digits.
    TwelveHex,
    /// Digits that may be a part of an identifier: at most 17, an X behind perhaps.
    Part,
    /// Eighteen digits, the last of which may be an X, with marks between them, in which
    /// nothing else was found.
    Pieced,
}

const LOOKS: usize = 15;

/// What is said of one cell at once.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Read {
    /// How much it looks like a name.
    pub(crate) name: NameLook,
    /// It is known to be of ASCII alone.
    pub(crate) ascii: bool,
    /// The hash of its text; 0 for none.
    pub(crate) hash: u64,
    /// It may be a part of an identifier.
    pub(crate) part: bool,
}

/// Whether looks are those of a part of an identifier.
#[inline]
fn is_part(looks: u16) -> bool {
    looks >> (Look::Part as u16) & 1 == 1
}

/// Everything counted of one column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) hint: Hint,
    /// Rows seen, empty ones included.
    pub(crate) rows: u64,
    /// Cells with a value.
    pub(crate) cells: u64,
    /// Cells with at least one find that passes.
    pub(crate) cells_hit: u64,
    pub(crate) tallies: Vec<Tally>,
    looks: [u64; LOOKS],
    pub(crate) distinct: Distinct,
    /// Values and counts while they are few.
    pub(crate) small: Small,
    /// Some of its different values.
    pub(crate) sample: Sample,
    /// What the mobile numbers in it show of where they come from.
    pub(crate) plan: Option<Plan>,
    /// Finds of the user's rules.
    pub(crate) rules: Vec<RuleTally>,
    pub(crate) examples: Vec<(u64, String)>,
}

impl Column {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            hint: hint(name),
            rows: 0,
            cells: 0,
            cells_hit: 0,
            tallies: vec![Tally::default(); KINDS],
            looks: [0; LOOKS],
            distinct: Distinct::new(),
            small: Small::default(),
            sample: Sample::default(),
            plan: None,
            rules: Vec::new(),
            examples: Vec::new(),
        }
    }

    pub(crate) fn tally(&self, kind: Kind) -> Option<&Tally> {
        self.tallies.get(kind.index())
    }

    /// Cells that look like this.
    pub(crate) fn looked(&self, look: Look) -> u64 {
        self.looks.get(look as usize).copied().unwrap_or(0)
    }

    #[inline]
    fn add_looks(&mut self, mut looks: u16) {
        while looks != 0 {
            if let Some(count) = self.looks.get_mut(looks.trailing_zeros() as usize) {
                *count += 1;
            }
            looks &= looks - 1;
        }
    }

    /// Reads one cell, without blanks around it. What was found in it is left in
    /// the finder.
    #[inline]
    pub(crate) fn read(&mut self, text: &str, finder: &mut Finder) -> Read {
        let row = self.rows;
        self.rows += 1;
        if text.is_empty() {
            finder.hits.clear();
            return Read::default();
        }
        self.cells += 1;
        let hash = hash(text.as_bytes());
        self.distinct.add(hash);
        let known = self.small.count(hash, text);
        let is_known = known.is_some();
        if let Some(looks) = known.and_then(|value| value.looks) {
            finder.hits.clear();
            self.add_looks(looks);
            return Read { hash, part: is_part(looks), ..Read::default() };
        }
        if self.examples.len() < 3 {
            self.add_example(hash, || masked(text));
        }
        if self.sample.wants(hash) {
            self.sample.offer(hash, row, text);
        }
        let shape = finder.find(text);
        let looks = looks(finder.as_read(text, &shape), &shape)
            | u16::from(shape.pieced) << (Look::Pieced as u16);
        self.add_looks(looks);
        let name = shape.name;
        if !is_known && !self.small.is_full() {
            let plain = finder.hits.is_empty() && name == NameLook::No;
            self.small.remember(hash, text, plain.then_some(looks));
        }
        if !finder.hits.is_empty() {
            self.count_hits(row, text, &finder.hits);
        }
        if name != NameLook::No
            && let Some(tally) = self.tallies.get_mut(Kind::PersonName.index())
        {
            tally.form += 1;
            tally.valid += u64::from(name == NameLook::Likely);
            tally.note(row, Some(text));
        }
        Read { name, ascii: shape.seen & WIDE == 0 && !shape.veiled, hash, part: is_part(looks) }
    }

    /// Keeps the first three that differ.
    fn add_example(&mut self, hash: u64, example: impl FnOnce() -> String) {
        if self.examples.len() < 3 && self.examples.iter().all(|(own, _)| *own != hash) {
            self.examples.push((hash, example()));
        }
    }

    /// Cells that may be a part of an identifier.
    pub(crate) fn parts(&self) -> u64 {
        self.looked(Look::Part)
    }

    fn count_hits(&mut self, row: u64, text: &str, hits: &[Hit]) {
        let first = hits.first().map(|first| first.kind);
        // Several numbers of one kind with marks between them, or one with a word
        // beside it, are a value of that kind, too.
        let mut covered = 0_usize;
        for found in hits {
            let same = Some(found.kind) == first && found.valid;
            covered = if same { covered.saturating_add(found.end - found.start) } else { 0 };
        }
        let mut most = first != Some(Kind::PersonName) && covered * 10 >= text.len() * 6;
        let mut hit = false;
        for found in hits {
            hit |= found.valid;
            self.count_hit(row, text, found, most);
            most = false;
        }
        self.cells_hit += u64::from(hit);
    }

    /// Counts one find; `most` says that it is the first of those that most of the
    /// cell is made of.
    #[inline]
    fn count_hit(&mut self, row: u64, text: &str, found: &Hit, most: bool) {
        let Some(tally) = self.tallies.get_mut(found.kind.index()) else { return };
        if found.veil != 0 && found.valid {
            tally.veiled += 1;
            tally.veils |= found.veil;
        }
        let length = found.end - found.start;
        let whole = length == text.len();
        // A name that is the whole cell is judged by its look; an old citizen
        // id was counted as a look.
        let old = length == 15 && found.kind == Kind::CitizenId && !found.valid;
        if whole && (found.kind == Kind::PersonName || old) {
            return;
        }
        if whole {
            tally.form += 1;
            tally.valid += u64::from(found.valid);
        } else if found.valid {
            tally.inner += 1;
            tally.near += u64::from(most);
            tally.named += u64::from(found.named);
        }
        if found.valid && !tally.is_full() {
            tally.note(row, text.get(found.start..found.end));
        }
    }

    /// Counts what only the column as a whole shows: citizen ids of 15 digits have
    /// no check digit, and one alone is no evidence.
    pub(crate) fn settle(&mut self) {
        use crate::kind::Kind::{CitizenId, Mac};
        let old = self.looked(Look::OldCitizenId);
        let cells = self.cells;
        let named = self.hint.kind == Some(CitizenId);
        if let Some(tally) = self.tallies.get_mut(CitizenId.index())
            && old > 0
            && (named || old * 2 >= cells || tally.valid * 5 >= cells)
        {
            tally.form += old;
            tally.valid += old;
        }
        let bare = self.looked(Look::TwelveHex);
        let named = self.hint.kind == Some(Mac);
        if let Some(tally) = self.tallies.get_mut(Mac.index())
            && (named || tally.valid * 5 >= cells)
        {
            tally.form += bare;
            tally.valid += bare;
        }
        if self.tally(Kind::Mobile).is_some_and(|tally| tally.form_cells() > 0) {
            let drawn = self.sample.values();
            let numbers: Vec<(u64, u64)> = drawn
                .iter()
                .filter_map(|drawn| Some((drawn.row, unveil::mobile_number(&drawn.text)?)))
                .collect();
            self.plan = Some(Plan::of(&numbers, drawn.len(), self.distinct_values()));
        }
    }

    /// Different values, estimated where they are many.
    pub(crate) fn distinct_values(&self) -> f64 {
        match self.small.len() {
            Some(few) => few as f64,
            None => self.distinct.estimate(),
        }
    }

    /// Adds what was counted of rows that come after these.
    pub(crate) fn merge(&mut self, later: Self) {
        for (own, later) in self.tallies.iter_mut().zip(later.tallies) {
            own.form += later.form;
            own.valid += later.valid;
            own.inner += later.inner;
            own.near += later.near;
            own.named += later.named;
            own.veiled += later.veiled;
            own.veils |= later.veils;
            own.rows.extend(later.rows.iter().map(|row| row + self.rows));
            own.rows.truncate(KEPT);
            own.examples.extend(later.examples);
            own.examples.truncate(KEPT);
        }
        if self.rules.len() < later.rules.len() {
            self.rules.resize_with(later.rules.len(), RuleTally::default);
        }
        for (own, later) in self.rules.iter_mut().zip(&later.rules) {
            own.merge(later, self.rows);
        }
        self.sample.merge(&later.sample, self.rows);
        self.rows += later.rows;
        self.cells += later.cells;
        self.cells_hit += later.cells_hit;
        self.distinct.merge(&later.distinct);
        self.small.merge(later.small);
        for (own, later) in self.looks.iter_mut().zip(later.looks) {
            *own += later;
        }
        for (hash, example) in later.examples {
            self.add_example(hash, || example);
        }
    }
}

impl Tally {
    /// Cells that are a value of the form, or little more.
    pub(crate) fn form_cells(&self) -> u64 {
        self.form + self.near
    }

    /// Cells that are a value that passes, or little more.
    pub(crate) fn valid_cells(&self) -> u64 {
        self.valid + self.near
    }

    /// Whether rows and examples are many enough.
    #[inline]
    fn is_full(&self) -> bool {
        self.rows.len() >= KEPT && self.examples.len() >= 3
    }

    fn note(&mut self, row: u64, text: Option<&str>) {
        if self.rows.len() < KEPT && self.rows.last() != Some(&row) {
            self.rows.push(row);
        }
        if self.examples.len() < 3
            && let Some(text) = text
        {
            self.examples.push(masked(text));
        }
    }
}

/// What a cell looks like beside identifiers, as bits of [`Look`].
#[inline]
fn looks(text: &str, shape: &Shape) -> u16 {
    let length = text.len();
    if length > 40 {
        return 0;
    }
    let bytes = text.as_bytes();
    let bit = |look: Look, is: bool| u16::from(is) << (look as u16);
    let Shape { seen, digits, .. } = *shape;
    if seen == DIGIT {
        return match length {
            1..=3 => bit(Look::Age, words::is_age(bytes)),
            6 => bit(Look::SixDigits, true) | bit(Look::Division, words::is_division(bytes)),
            8 => bit(Look::Day, words::is_day(text)),
            9 => bit(Look::Division, words::is_division(bytes)),
            11 => bit(Look::Eleven, true),
            12 => bit(Look::Division, words::is_division(bytes)) | bit(Look::TwelveHex, true),
            15 => bit(Look::OldCitizenId, crate::check::is_old_citizen_id(bytes)),
            18 => bit(Look::Eighteen, true),
            _ => 0,
        } | bit(Look::Code, true)
            | bit(Look::Part, length <= 17);
    }
    let mut looks = bit(Look::Starred, seen & STAR != 0 && text.contains("***"));
    if seen & (DOT | STAR | MARK | WIDE) == 0 {
        looks |= bit(Look::Code, digits > 0)
            | bit(Look::Eighteen, digits == 17 && length == 18)
            | bit(Look::Part, digits + 1 == length && length <= 17)
            | bit(Look::TwelveHex, length == 12 && bytes.iter().all(u8::is_ascii_hexdigit));
    }
    if digits >= 6 && seen & (DASH | DOT | MARK | WIDE) != 0 {
        looks |= bit(Look::Day, words::is_day(text));
    }
    if digits >= 4 && seen & DOT != 0 && seen & LOWER == 0 {
        match words::degrees(text) {
            1 => looks |= bit(Look::Degree, true),
            2 => looks |= bit(Look::DegreePair, true),
            _ => {}
        }
    }
    if digits == 0 && seen & MARK != 0 && seen & LOWER != 0 {
        looks |= bit(Look::LatinWords, words::is_latin_name(text));
    }
    looks
}

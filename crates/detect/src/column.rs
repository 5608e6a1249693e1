//! What is counted of one column while its batches go by. The memory is bounded
//! whatever the column holds.

use std::collections::BTreeMap;

use crate::finding::masked;
use crate::han::{NameLook, name_look};
use crate::header::{Hint, hint};
use crate::kind::{KINDS, Kind};
use crate::scan::{Hit, RunLengths};
use crate::sketch::Distinct;
use crate::span::find;
use crate::words;

/// First rows and examples kept of each kind.
const KEPT: usize = 5;
/// Different values up to which a column is a small list.
const SMALL: usize = 256;

/// Finds of one kind.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Cells that are a value of the form.
    pub(crate) form: u64,
    /// Cells that are a value that passes.
    pub(crate) valid: u64,
    /// Values that pass inside longer cells.
    pub(crate) inner: u64,
    /// Those of them that a word before them names.
    pub(crate) named: u64,
    /// First rows with a value that passes.
    pub(crate) rows: Vec<u64>,
    pub(crate) examples: Vec<String>,
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
    /// Lengths of runs that are the whole cell.
    pub(crate) whole: RunLengths,
    pub(crate) distinct: Distinct,
    /// Values and counts while they are few.
    pub(crate) small: Option<BTreeMap<String, u64>>,
    /// Cells that are whole numbers from 0 to 130.
    pub(crate) ages: u64,
    /// Cells that are days.
    pub(crate) days: u64,
    /// Cells that are degrees, with a fraction of at least three digits.
    pub(crate) degrees: u64,
    /// Cells that are pairs of degrees.
    pub(crate) degree_pairs: u64,
    /// Cells of 6, 9 or 12 digits that start like a division code.
    pub(crate) divisions: u64,
    /// Cells of six digits.
    pub(crate) six_digits: u64,
    /// Cells that are words of Latin letters with a capital: names, perhaps.
    pub(crate) latin_words: u64,
    /// Cells with three `*` and more: already masked.
    pub(crate) starred: u64,
    /// Cells of letters and digits, with digits.
    pub(crate) codes: u64,
    pub(crate) examples: Vec<String>,
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
            whole: RunLengths::default(),
            distinct: Distinct::new(),
            small: Some(BTreeMap::new()),
            ages: 0,
            days: 0,
            degrees: 0,
            degree_pairs: 0,
            divisions: 0,
            six_digits: 0,
            latin_words: 0,
            starred: 0,
            codes: 0,
            examples: Vec::new(),
        }
    }

    pub(crate) fn tally(&self, kind: Kind) -> Option<&Tally> {
        self.tallies.get(kind.index())
    }

    /// Reads one cell. `hits` is a buffer.
    pub(crate) fn read(&mut self, cell: Option<&str>, hits: &mut Vec<Hit>) {
        let row = self.rows;
        self.rows += 1;
        let Some(text) = cell.map(str::trim).filter(|text| !text.is_empty()) else { return };
        self.cells += 1;
        self.distinct.add(text.as_bytes());
        self.remember(text);
        self.look(text);
        let mut lengths = RunLengths::default();
        find(text, hits, &mut lengths);
        // Only one run can be the whole cell.
        if text.len() == 11 {
            self.whole.eleven += lengths.eleven;
        }
        if text.len() == 18 {
            self.whole.eighteen += lengths.eighteen;
        }
        let mut hit = false;
        for found in hits.iter() {
            hit |= found.valid;
            let whole = found.end - found.start == text.len();
            let Some(tally) = self.tallies.get_mut(found.kind.index()) else { continue };
            // A name that is the whole cell is judged below, by its look.
            if whole && found.kind != Kind::PersonName {
                tally.form += 1;
                tally.valid += u64::from(found.valid);
            } else if found.valid && !whole {
                tally.inner += 1;
                tally.named += u64::from(found.named);
            }
            if found.valid && found.kind != Kind::PersonName || !whole {
                tally.note(row, text.get(found.start..found.end), found.valid);
            }
        }
        let look = name_look(text);
        if look != NameLook::No
            && let Some(tally) = self.tallies.get_mut(Kind::PersonName.index())
        {
            tally.form += 1;
            tally.valid += u64::from(look == NameLook::Likely);
            tally.note(row, Some(text), true);
        }
        self.cells_hit += u64::from(hit);
    }

    fn remember(&mut self, text: &str) {
        if self.examples.len() < 3 {
            self.examples.push(masked(text));
        }
        let Some(small) = &mut self.small else { return };
        if let Some(count) = small.get_mut(text) {
            *count += 1;
        } else if small.len() < SMALL && text.len() <= 64 {
            small.insert(text.to_owned(), 1);
        } else {
            self.small = None;
        }
    }

    /// What the cell looks like beside identifiers.
    fn look(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if bytes.len() > 40 {
            return;
        }
        let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
        let all_digits = digits == bytes.len();
        if all_digits && bytes.len() <= 3 {
            self.ages += u64::from(text.parse::<u32>().is_ok_and(|age| age <= 130));
        }
        if digits >= 6 && words::is_day(text) {
            self.days += 1;
        }
        if all_digits && bytes.len() == 6 {
            self.six_digits += 1;
        }
        if all_digits && matches!(bytes.len(), 6 | 9 | 12) {
            self.divisions += u64::from(words::is_division(bytes));
        }
        if digits >= 4 && bytes.contains(&b'.') {
            match words::degrees(text) {
                1 => self.degrees += 1,
                2 => self.degree_pairs += 1,
                _ => {}
            }
        }
        if digits > 0 && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        {
            self.codes += 1;
        }
        if bytes.first().is_some_and(u8::is_ascii_uppercase) && words::is_latin_name(text) {
            self.latin_words += 1;
        }
        if bytes.windows(3).any(|window| window == b"***") {
            self.starred += 1;
        }
    }

    /// Adds what was counted of rows that come after these.
    pub(crate) fn merge(&mut self, later: Self) {
        for (own, later) in self.tallies.iter_mut().zip(later.tallies) {
            own.form += later.form;
            own.valid += later.valid;
            own.inner += later.inner;
            own.named += later.named;
            own.rows.extend(later.rows.iter().map(|row| row + self.rows));
            own.rows.truncate(KEPT);
            own.examples.extend(later.examples);
            own.examples.truncate(KEPT);
        }
        self.rows += later.rows;
        self.cells += later.cells;
        self.cells_hit += later.cells_hit;
        self.whole.eleven += later.whole.eleven;
        self.whole.eighteen += later.whole.eighteen;
        self.distinct.merge(&later.distinct);
        self.small = match (self.small.take(), later.small) {
            (Some(mut own), Some(later)) => {
                for (value, count) in later {
                    *own.entry(value).or_default() += count;
                }
                (own.len() <= SMALL).then_some(own)
            }
            _ => None,
        };
        self.ages += later.ages;
        self.days += later.days;
        self.degrees += later.degrees;
        self.degree_pairs += later.degree_pairs;
        self.divisions += later.divisions;
        self.six_digits += later.six_digits;
        self.latin_words += later.latin_words;
        self.starred += later.starred;
        self.codes += later.codes;
        self.examples.extend(later.examples);
        self.examples.truncate(3);
    }
}

impl Tally {
    fn note(&mut self, row: u64, text: Option<&str>, valid: bool) {
        if !valid {
            return;
        }
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

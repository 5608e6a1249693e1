//! Which few columns single records out: every combination up to a size, not only
//! the declared quasi-identifiers, for any column is one for someone.
//!
//! A combination is its prefix made finer by one column: only rows that still agree
//! are looked at again, and these grow few.

use serde::{Deserialize, Serialize};

use super::RiskError;
use crate::tuples::TupleTable;

/// How far a combination of columns singles records out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Combination {
    /// The columns, in the order of the table.
    pub columns: Vec<String>,
    /// Share of the records that are alone in these columns, in `[0, 1]`:
    /// `unique_rows / rows`.
    pub uniqueness: f64,
    /// Records that are alone in these columns.
    pub unique_rows: u64,
    /// Records of the table.
    pub rows: u64,
    /// Whether every record is alone, and in no part of the combination: a key.
    pub minimal_key: bool,
}

/// Measures every combination of up to `most` of the counted columns; the ones that
/// single out most come first. What contains a key is left out: it is a key as well.
///
/// The work grows as the number of columns to the power of `most`; each combination
/// costs as many steps as rows agree in all its columns but the last.
///
/// # Errors
///
/// [`RiskError::NoRecords`] if there are no rows.
///
/// # Source
///
/// Minimal unique column combinations: Heise et al., "Scalable discovery of unique
/// column combinations", VLDB 2013; groups of rows that agree, made finer column by
/// column: Huhtala et al., "TANE", The Computer Journal 42, 1999; the share of uniques
/// as in [`super::sample_uniqueness`].
pub fn combinations(tuples: &TupleTable, most: usize) -> Result<Vec<Combination>, RiskError> {
    if tuples.rows() == 0 {
        return Err(RiskError::NoRecords);
    }
    let mut finder = Finder {
        tuples,
        slots: Vec::new(),
        size: 0,
        set: Vec::new(),
        keys: Vec::new(),
        found: Vec::new(),
    };
    let everything = Agreeing::all(tuples);
    for size in 1..=most.min(tuples.columns().len()) {
        finder.size = size;
        finder.extend(&everything);
    }
    let mut found = finder.found;
    found.sort_by(|left, right| {
        let fewer = left.columns.len().cmp(&right.columns.len());
        right.uniqueness.total_cmp(&left.uniqueness).then(fewer)
    });
    Ok(found)
}

/// Groups of at least two tuples that agree in some columns, one after the other.
struct Agreeing {
    tuples: Vec<u32>,
    ends: Vec<usize>,
    /// Rows that are alone.
    unique: u64,
}

impl Agreeing {
    /// All tuples agree in no columns.
    fn all(table: &TupleTable) -> Self {
        if let [rows] = table.counts.as_slice() {
            return Self { tuples: Vec::new(), ends: Vec::new(), unique: u64::from(*rows == 1) };
        }
        let tuples: Vec<u32> = (0_u32..).take(table.tuples()).collect();
        Self { ends: vec![tuples.len()], tuples, unique: 0 }
    }
}

struct Finder<'a> {
    tuples: &'a TupleTable,
    /// By code: how many tuples of the group in hand have it, then where the next goes.
    slots: Vec<usize>,
    /// Number of columns that is looked for.
    size: usize,
    set: Vec<usize>,
    keys: Vec<Vec<usize>>,
    found: Vec<Combination>,
}

impl Finder<'_> {
    /// Adds each later column to the set in hand.
    fn extend(&mut self, agreeing: &Agreeing) {
        let next = self.set.last().map_or(0, |last| last + 1);
        let missing = self.size - self.set.len() - 1;
        for column in next..self.tuples.columns().len().saturating_sub(missing) {
            self.set.push(column);
            let contains = |key: &Vec<usize>| key.iter().all(|part| self.set.contains(part));
            if !self.keys.iter().any(contains) {
                let finer = self.refine(agreeing, column, missing == 0);
                if missing == 0 {
                    self.keep(finer.unique);
                } else {
                    self.extend(&finer);
                }
            }
            self.set.pop();
        }
    }

    fn keep(&mut self, unique_rows: u64) {
        let rows = self.tuples.rows();
        let minimal_key = unique_rows == rows;
        if minimal_key {
            self.keys.push(self.set.clone());
        }
        let names = self.tuples.columns();
        self.found.push(Combination {
            columns: self.set.iter().filter_map(|column| names.get(*column).cloned()).collect(),
            uniqueness: unique_rows as f64 / rows as f64,
            unique_rows,
            rows,
            minimal_key,
        });
    }

    /// Parts each group by the codes of a column.
    ///
    /// - `only_count`: whether the groups themselves are of no use to anyone.
    #[expect(
        clippy::indexing_slicing,
        reason = "hot loop; codes are below the number of values, which the slots have"
    )]
    fn refine(&mut self, agreeing: &Agreeing, column: usize, only_count: bool) -> Agreeing {
        let mut finer = Agreeing { tuples: Vec::new(), ends: Vec::new(), unique: agreeing.unique };
        let (Some(codes), Some(dictionary)) =
            (self.tuples.codes.get(column), self.tuples.dictionaries.get(column))
        else {
            return finer;
        };
        if self.slots.len() < dictionary.values.len() {
            self.slots.resize(dictionary.values.len(), 0);
        }
        let slots = &mut self.slots;
        let mut start = 0;
        for end in &agreeing.ends {
            let group = &agreeing.tuples[start..*end];
            start = *end;
            for tuple in group {
                slots[codes[*tuple as usize] as usize] += 1;
            }
            for tuple in group {
                let code = codes[*tuple as usize] as usize;
                if slots[code] == 1 {
                    finer.unique += u64::from(self.tuples.counts[*tuple as usize] == 1);
                }
            }
            if only_count {
                for tuple in group {
                    slots[codes[*tuple as usize] as usize] = 0;
                }
                continue;
            }
            part(group, codes, slots, &mut finer);
        }
        finer
    }
}

/// Puts the tuples of a group that agree in a column side by side; `slots` holds how
/// many have each code, and zeros afterwards.
#[expect(clippy::indexing_slicing, reason = "as in `refine`, which alone calls it")]
fn part(group: &[u32], codes: &[u32], slots: &mut [usize], finer: &mut Agreeing) {
    /// Marks a slot that says where the next tuple goes.
    const PLACED: usize = 1 << (usize::BITS - 1);
    for tuple in group {
        let code = codes[*tuple as usize] as usize;
        let slot = slots[code];
        if slot == 1 {
            continue;
        }
        let place = if slot & PLACED == 0 {
            let begin = finer.tuples.len();
            finer.tuples.resize(begin + slot, 0);
            finer.ends.push(begin + slot);
            begin
        } else {
            slot & !PLACED
        };
        finer.tuples[place] = *tuple;
        slots[code] = (place + 1) | PLACED;
    }
    for tuple in group {
        slots[codes[*tuple as usize] as usize] = 0;
    }
}

//! Identifiers in parts, over columns that are apart or in another order than they are
//! read in: 19491231002X | 合格 | 110105.
//!
//! Rows are drawn by the hashes of all their cells, so that the sample is the same
//! however the rows are cut into batches; of those drawn the cells of digits are kept.
//! In the end columns are joined in every order. Since so many orders are tried, the
//! chance that one of them looks like an identifier must be as many times smaller.
//!
//! ```text
//! hashes of the cells of a row ─▶ rows of the least sums ─▶ their cells of digits
//!                                                           │
//!            columns in every order, check against its chance and their number
//! ```

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use arrow::array::ArrayRef;
use vocabulary::Bilingual;

use crate::cell_text;
use crate::disguise::Disguise;
use crate::forms::is_mobile;
use crate::small::Same;
use crate::split::{MOST, Over, Part, checked, inner, length_of, mobile, part, write};
use crate::unveil::{Proof, RULED_OUT, checked_kind};

/// Rows that are kept in the end.
const KEPT: usize = 256;
/// Fewest rows by which anything is decided.
const LEAST: usize = 6;
/// Rows that are looked at first.
const FIRST: usize = 12;
/// Most columns of which pairs, orders of three and orders of four are tried.
const COLUMNS: [usize; MOST - 1] = [32, 14, 6];
/// Share of the cells of a column that have its full length where zeros may have been
/// lost: of made-up digits nine in ten have.
const FULL: f64 = 0.8;

/// The key of a row with one more cell.
#[inline]
pub(crate) fn with(key: u64, hash: u64) -> u64 {
    key.rotate_left(5).wrapping_add(hash)
}

/// A row that was drawn: where it was, and its cells of digits by column.
#[derive(Debug, Clone)]
struct Row {
    row: u64,
    parts: Vec<(usize, Part)>,
}

impl Row {
    fn part(&self, column: usize) -> Option<Part> {
        let at = self.parts.binary_search_by_key(&column, |(own, _)| *own).ok()?;
        self.parts.get(at).map(|(_, part)| *part)
    }
}

/// The rows drawn of a table.
#[derive(Debug, Clone)]
pub(crate) struct Scatter {
    /// By the keys of the rows.
    rows: HashMap<u64, Row, BuildHasherDefault<Same>>,
    /// No row of a greater key is among those kept.
    limit: u64,
    /// The keys of the rows of the batch that is read.
    keys: Vec<u64>,
    /// How many of their cells may be parts.
    counts: Vec<u8>,
}

impl Default for Scatter {
    fn default() -> Self {
        Self { rows: HashMap::default(), limit: u64::MAX, keys: Vec::new(), counts: Vec::new() }
    }
}

impl Scatter {
    /// The keys of the rows of a batch, to be made of their cells, and their counts of
    /// cells that may be parts.
    pub(crate) fn begin(&mut self, rows: usize) -> (&mut [u64], &mut [u8]) {
        self.keys.clear();
        self.keys.resize(rows, 0);
        self.counts.clear();
        self.counts.resize(rows, 0);
        (&mut self.keys, &mut self.counts)
    }

    /// Draws from the rows of a batch, the first of which is `from`; `in_parts` says
    /// which columns have cells of digits in it.
    pub(crate) fn draw(&mut self, columns: &[ArrayRef], in_parts: &[bool], from: u64) {
        let of_digits: Vec<(usize, &ArrayRef)> = (0..)
            .zip(columns)
            .zip(in_parts)
            .filter(|(_, has_parts)| **has_parts)
            .map(|(column, _)| column)
            .collect();
        if of_digits.len() < 2 {
            return;
        }
        let keys = std::mem::take(&mut self.keys);
        let counts = std::mem::take(&mut self.counts);
        for (at, (key, count)) in keys.iter().zip(&counts).enumerate() {
            if *count < 2 || *key > self.limit || self.rows.contains_key(key) {
                continue;
            }
            let mut parts = Vec::new();
            for (column, array) in &of_digits {
                cell_text::one(array, at, |cell| match part(inner(cell.unwrap_or_default())) {
                    0 => {}
                    part => parts.push((*column, part)),
                });
            }
            if parts.len() >= 2 {
                self.rows.insert(*key, Row { row: from + at as u64, parts });
                self.prune(2 * KEPT);
            }
        }
        (self.keys, self.counts) = (keys, counts);
    }

    /// Keeps the rows of the least keys if there are more than `most`.
    fn prune(&mut self, most: usize) {
        if self.rows.len() < most.max(KEPT + 1) {
            return;
        }
        let mut keys: Vec<u64> = self.rows.keys().copied().collect();
        self.limit = *keys.select_nth_unstable(KEPT - 1).1;
        self.rows.retain(|key, _| *key <= self.limit);
    }

    /// Adds what was drawn of later rows; `rows` came before them.
    pub(crate) fn merge(&mut self, later: Self, rows: u64) {
        for (key, row) in later.rows {
            self.rows.entry(key).or_insert(Row { row: row.row + rows, ..row });
        }
        self.limit = self.limit.min(later.limit);
        let limit = self.limit;
        self.rows.retain(|key, _| *key <= limit);
        self.prune(0);
    }

    /// The columns over which identifiers are split, in the order in which they are
    /// read, with the proof. Only the columns `free` are tried; `name` gives their names.
    pub(crate) fn find<'a>(
        mut self,
        free: &[usize],
        name: impl Fn(usize) -> &'a str,
    ) -> Vec<(Vec<usize>, Proof)> {
        self.prune(0);
        let mut rows: Vec<&Row> = self.rows.values().collect();
        rows.sort_unstable_by_key(|row| row.row);
        let columns: Vec<Digits> =
            free.iter().filter_map(|column| Digits::of(*column, &rows)).collect();
        let orders = orders(&columns);
        let mut found: Vec<(Vec<usize>, Proof)> = Vec::new();
        for order in &orders {
            let taken = |column: usize| found.iter().any(|(columns, _)| columns.contains(&column));
            if order.iter().any(|own| taken(own.column)) {
                continue;
            }
            if let Some(proof) = proof(order, &rows, orders.len(), &name) {
                found.push((order.iter().map(|own| own.column).collect(), proof));
            }
        }
        found
    }
}

/// A column of which most rows drawn have digits.
#[derive(Debug, Clone, Copy)]
struct Digits {
    column: usize,
    /// Most of them in a cell.
    longest: usize,
    /// Whether shorter ones may have lost zeros.
    padded: bool,
}

impl Digits {
    fn of(column: usize, rows: &[&Row]) -> Option<Self> {
        let lengths: Vec<usize> =
            rows.iter().filter_map(|row| row.part(column)).map(length_of).collect();
        let longest = lengths.iter().max().copied()?;
        let full = lengths.iter().filter(|length| **length == longest).count();
        let padded = full as f64 >= FULL * lengths.len() as f64;
        (lengths.len() >= LEAST && lengths.len() * 2 >= rows.len()).then_some(Self {
            column,
            longest,
            padded,
        })
    }
}

/// The orders of columns to try: those whose digits together are as many as those of an
/// identifier, without columns side by side from left to right, which `split.rs` tries.
fn orders(columns: &[Digits]) -> Vec<Vec<&Digits>> {
    let mut orders = Vec::new();
    let mut shorter: Vec<Vec<&Digits>> = columns.iter().map(|own| vec![own]).collect();
    for most in COLUMNS {
        if columns.len() > most {
            break;
        }
        let longer: Vec<Vec<&Digits>> = shorter
            .iter()
            .flat_map(|order| {
                let others = columns
                    .iter()
                    .filter(move |own| !order.iter().any(|other| other.column == own.column));
                others.map(move |own| order.iter().copied().chain([own]).collect())
            })
            .filter(|order: &Vec<&Digits>| digits(order) <= 19)
            .collect();
        let right = longer.iter().filter(|order| matches!(digits(order), 11 | 15..=19));
        orders.extend(right.filter(|order| !in_line(order)).cloned());
        shorter = longer;
    }
    orders
}

fn digits(order: &[&Digits]) -> usize {
    order.iter().map(|own| own.longest).sum()
}

/// Whether columns are side by side from left to right.
fn in_line(order: &[&Digits]) -> bool {
    order.iter().zip(order.iter().skip(1)).all(|(left, right)| left.column + 1 == right.column)
}

/// Joins the columns in an order and tries what they are; `tried` orders are.
fn proof<'a>(
    order: &[&Digits],
    rows: &[&Row],
    tried: usize,
    name: impl Fn(usize) -> &'a str,
) -> Option<Proof> {
    let mut values = rows.iter().filter_map(|row| Some((row.row, joined(order, row)?)));
    let first: Vec<(u64, Vec<u8>)> = values.by_ref().take(FIRST).collect();
    let fits = |value: &[u8]| checked_kind(value).is_some() || is_mobile(value);
    let form = first.iter().filter(|(_, value)| fits(value)).count();
    if form < LEAST || form * 4 < first.len() * 3 {
        return None;
    }
    let values: Vec<(u64, Vec<u8>)> = first.into_iter().chain(values).collect();
    if values.len() * 2 < rows.len() {
        return None;
    }
    let list = |mark: &str| order.iter().map(|own| name(own.column)).collect::<Vec<_>>().join(mark);
    let label = Disguise::Scattered.label();
    let ruled_out = RULED_OUT - (tried.max(1) as f64).log10();
    let over = Over {
        place: Bilingual::new(
            format!("{}（依次为{}）", label.zh, list("、")),
            format!("{} ({})", label.en, list(", ")),
        ),
        disguise: Disguise::Scattered,
        ruled_out,
        ruled_out_by_plan: ruled_out,
    };
    checked(&values, &over).or_else(|| mobile(&values, values.len() as u64, &over))
}

/// The digits of a row in an order of columns; `None` if a column has none.
fn joined(order: &[&Digits], row: &Row) -> Option<Vec<u8>> {
    let mut value = Vec::with_capacity(20);
    for (place, own) in order.iter().enumerate() {
        let least = if own.padded && place > 0 { own.longest } else { 0 };
        write(row.part(own.column)?, least, &mut value);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_have_as_many_digits_as_an_identifier_and_are_not_in_line() {
        let columns: Vec<Digits> = [(0, 6), (1, 12), (3, 4), (4, 8)]
            .into_iter()
            .map(|(column, longest)| Digits { column, longest, padded: true })
            .collect();
        let tried: Vec<Vec<usize>> = orders(&columns)
            .iter()
            .map(|order| order.iter().map(|own| own.column).collect())
            .collect();
        // 12 + 6, 12 + 4, and 6, 4 and 8 in all orders; not 6 + 12, which are in line.
        assert!(tried.contains(&vec![1, 0]) && !tried.contains(&vec![0, 1]), "{tried:?}");
        assert!(tried.contains(&vec![4, 3, 0]) && tried.contains(&vec![0, 4, 3]), "{tried:?}");
        assert_eq!(tried.len(), 9, "{tried:?}");
    }

    #[test]
    fn a_row_has_one_key_whatever_its_batch() {
        assert_ne!(with(with(0, 1), 2), with(with(0, 2), 1));
        assert_ne!(with(with(0, 0), 1), with(with(0, 1), 0));
    }
}

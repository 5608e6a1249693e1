//! Record swapping (记录交换): similar records exchange what would tell where or what
//! they are, in pairs that a key chooses.
//!
//! Records that agree in the columns `similar` lie in one cell. In each cell a share of
//! the records is put into pairs, and the two of a pair exchange the columns of the
//! `group`, all of them together:
//!
//! ```text
//! cell (sex, age band)   ranks 0 1 2 3 4 5 6 7
//! keyed order            3 6 0 5│2 7 1 4          the first m take part
//!                        └┬┘ └┬┘                  neighbours exchange
//! ```
//!
//! Counts over `similar` and the group, alone or crossed, stay what they were; counts that
//! cross the group with any other column change. Nothing is held but the counted tuples.
//!
//! Invariants (each is also the name of a test):
//! - `swapped_records_keep_every_count_over_similar_columns_and_group`
//! - `a_swapped_record_gets_the_values_of_one_record_of_its_cell`

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::error::TransformError;
use super::joint::{Joint, Part};
use super::operation::{Rows, Treated};
use super::shuffle::Shuffle;
use crate::keys::{Keys, Usage, unit};

/// Records that agree in some columns exchange the columns of a group, in pairs.
///
/// The other columns stay where they are. A record whose partner has the same values
/// looks as it did: with few different values in a cell fewer records change than take
/// part.
///
/// Source: Dalenius & Reiss, "Data-swapping: a technique for disclosure control", JSPI
/// 6(1), 1982; between similar records: Shlomo, Tudor & Groom, "Data swapping for
/// protecting census tables", PSD 2010.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSwap {
    /// Name of the group of columns that are exchanged together, the same for all.
    pub group: String,
    /// Columns in which partners agree; the same for all columns of the group.
    pub similar: Vec<Similar>,
    /// Share of the records that take part, in percent, above 0 and at most 100. A cell
    /// that is too small for this share has a pair with the probability that makes the
    /// share right on the whole.
    pub percent: f64,
    /// Name of the key that the pairs are drawn with.
    pub key: String,
}

/// A column in which partners agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Similar {
    /// In its values.
    Column(String),
    /// In bands of its numbers.
    Band(Band),
}

/// A column of numbers, in bands that begin at multiples of a width.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// The column.
    pub column: String,
    /// Width of a band, above 0, in the unit of the column.
    pub band: f64,
}

impl Similar {
    pub(crate) fn part(&self) -> Part {
        match self {
            Self::Column(column) => Part::of(column),
            Self::Band(Band { column, band }) => Part { column: column.clone(), band: Some(*band) },
        }
    }
}

/// Records that agree in the similar columns.
#[derive(Debug, Default)]
struct Cell {
    rows: u64,
    /// Tuples of the cell with the first rank of each.
    tuples: Vec<(u64, u32)>,
    /// How many records take part: an even number.
    taking_part: u64,
    /// What tells its order from that of other cells.
    block: u64,
}

/// [`RecordSwap`] made ready for one column.
pub(crate) struct Swapped {
    joint: Arc<Joint>,
    column: String,
    cells: Vec<Cell>,
    /// Cell, first rank and rows that have passed of each tuple.
    places: Vec<(usize, u64, u64)>,
    shuffle: Shuffle,
}

impl std::fmt::Debug for Swapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Swapped in {} cells", self.cells.len())
    }
}

impl Swapped {
    pub(crate) fn new(
        settings: &RecordSwap,
        column: &str,
        joint: &Arc<Joint>,
        keys: &Keys,
    ) -> Result<Self, TransformError> {
        settings.check()?;
        let prf = keys.derive(&settings.key, Usage::RecordSwap, &settings.group)?;
        let width = settings.similar.len();
        let mut number_of: HashMap<Vec<u32>, usize> = HashMap::new();
        let mut cells: Vec<Cell> = Vec::new();
        let mut places = Vec::with_capacity(joint.counts.len());
        for (tuple, rows) in (0_u32..).zip(&joint.counts.counts) {
            let similar = joint.counts.tuple(tuple).get(..width).unwrap_or_default();
            let number = *number_of.entry_ref(similar).or_insert(cells.len());
            if number == cells.len() {
                let mut named: Vec<&[u8]> = Vec::with_capacity(2 * width);
                for part in 0..width {
                    let text = joint.text(tuple, part);
                    named.push(if text.is_some() { b"1" } else { b"0" });
                    named.push(text.unwrap_or_default().as_bytes());
                }
                let [block, chance, ..] = prf.words(&named);
                // Settled below, when the rows of the cell are known.
                cells.push(Cell { taking_part: chance, block, ..Cell::default() });
            }
            let Some(cell) = cells.get_mut(number) else { continue };
            places.push((number, cell.rows, 0));
            cell.tuples.push((cell.rows, tuple));
            cell.rows += rows;
        }
        for cell in &mut cells {
            let share = settings.percent / 100.0;
            cell.taking_part = taking_part(cell.rows, share, unit(cell.taking_part));
        }
        let shuffle = Shuffle::new(&prf.block_key());
        Ok(Self { joint: Arc::clone(joint), column: column.to_owned(), cells, places, shuffle })
    }

    pub(crate) fn apply(
        &mut self,
        rows: &Rows<'_>,
        array: &ArrayRef,
    ) -> Result<Treated, TransformError> {
        let tuples = self.joint.numbers(rows.batch)?;
        let mut emptied = 0;
        let mut from = Vec::with_capacity(tuples.len());
        for (row, tuple) in tuples.into_iter().enumerate() {
            let partner = tuple.and_then(|tuple| self.next(tuple));
            emptied += u64::from(partner.is_none() && array.is_valid(row));
            from.push(partner);
        }
        let column = self.joint.column(&self.column)?;
        let array = take(column, &UInt32Array::from(from), None)?;
        Ok(Treated { array, emptied, limited: 0 })
    }

    /// The tuple whose values the next row of a tuple gets; `None` if it came more often
    /// than it was counted.
    fn next(&mut self, tuple: u32) -> Option<u32> {
        let rows = *self.joint.counts.counts.get(tuple as usize)?;
        let (cell, first, passed) = self.places.get_mut(tuple as usize)?;
        if *passed >= rows {
            return None;
        }
        let rank = *first + *passed;
        *passed += 1;
        let cell = self.cells.get(*cell)?;
        let place = self.shuffle.forth(0, cell.block, rank, cell.rows);
        if place >= cell.taking_part {
            return Some(tuple);
        }
        let other = self.shuffle.back(0, cell.block, place ^ 1, cell.rows);
        let found = cell.tuples.partition_point(|(first, _)| *first <= other).checked_sub(1)?;
        cell.tuples.get(found).map(|(_, tuple)| *tuple)
    }
}

impl RecordSwap {
    fn check(&self) -> Result<(), TransformError> {
        if !(self.percent > 0.0 && self.percent <= 100.0) {
            let rule = "the share is above 0 and at most 100 %";
            return Err(TransformError::parameter("percent", &self.percent, rule));
        }
        for similar in &self.similar {
            if let Similar::Band(Band { band, .. }) = similar
                && !(*band > 0.0 && band.is_finite())
            {
                let rule = "a band is wider than 0";
                return Err(TransformError::parameter("band", band, rule));
            }
        }
        Ok(())
    }
}

/// How many of the rows of a cell take part: even, at most all, and on the mean the share.
///
/// - `chance`: uniform in (0, 1).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn taking_part(rows: u64, share: f64, chance: f64) -> u64 {
    let pairs = (rows as f64 * share / 2.0 + chance).floor() as u64;
    2 * pairs.min(rows / 2)
}

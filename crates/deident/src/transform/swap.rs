//! Rank swapping (秩交换): values change places with values near them in rank.
//!
//! Nothing is held but the counted distribution. A row's rank is the place of its
//! value plus the number of equal values before it in the stream; a keyed
//! permutation moves ranks by at most the window, and the row gets the value that
//! stands at the new rank:
//!
//! ```text
//! ranks   0 1 2 3 4 5 6 7 8 9 …      two rounds; in each the ranks of a block are
//! round 1 [── ──][── ──][── ──]      put into another order, and the blocks of the
//! round 2 [ ][── ──][── ──][── ]     second lie across the borders of the first
//! ```
//!
//! The values of the column stay the same as a whole: only who has which changes.
//!
//! Invariants (each is also the name of a test):
//! - `swapping_keeps_the_values_of_a_column_and_moves_no_rank_beyond_the_window`

use arrow::array::ArrayRef;
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::distribution::Distribution;
use super::error::TransformError;
use super::operation::Treated;
use super::shuffle::Shuffle;
use crate::keys::{Keys, Usage};

/// Values are swapped with values whose rank is at most `percent` of the rows away.
///
/// The other columns stay where they are, so that their correlation with this one
/// weakens. Nulls stay; what is no finite number becomes null.
///
/// Source: Moore, "Controlled data-swapping techniques for masking public use
/// microdata sets", US Census Bureau 1996; Nin et al., "Rethinking rank swapping to
/// decrease disclosure risk", DKE 64(1), 2008 (a narrow window can be undone: each value
/// is linked with all within the window).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// Name of the key that the permutation is drawn with.
    pub key: String,
    /// The window in percent of the rows, above 0 and at most 100.
    pub percent: f64,
}

/// [`Swap`] made ready.
#[derive(Debug)]
pub(crate) struct Swapping {
    distribution: Distribution,
    /// First rank of each distinct value.
    first: Vec<u64>,
    /// How many rows with each value have passed.
    passed: Vec<u64>,
    permutation: Permutation,
}

impl Swapping {
    pub(crate) fn new(
        settings: &Swap,
        column: &str,
        distribution: &Distribution,
        keys: &Keys,
    ) -> Result<Self, TransformError> {
        let percent = settings.percent;
        if !(percent > 0.0 && percent <= 100.0) {
            let rule = "a window is above 0 and at most 100 % of the rows";
            return Err(TransformError::parameter("percent", &percent, rule));
        }
        let ranks = distribution.rows();
        let window = whole(ranks as f64 * percent / 100.0);
        if ranks > 1 && window == 0 {
            let rule = "the window is narrower than one row; write a greater share";
            return Err(TransformError::parameter("percent", &percent, rule));
        }
        let mut first = Vec::with_capacity(distribution.values.len());
        let mut before = 0;
        for (_, rows) in &distribution.values {
            first.push(before);
            before += rows;
        }
        let prf = keys.derive(&settings.key, Usage::Swap, column)?;
        let permutation = Permutation::new(ranks, window, &prf.block_key());
        let passed = vec![0; first.len()];
        Ok(Self { distribution: distribution.clone(), first, passed, permutation })
    }

    pub(crate) fn apply(&mut self, array: &ArrayRef) -> Result<Treated, TransformError> {
        let read = self.distribution.cells.read(array)?;
        let mut emptied = 0;
        let mut swapped = Vec::with_capacity(read.len());
        for cell in read {
            let Some(cell) = cell else {
                swapped.push(None);
                continue;
            };
            let other = self.next(&cell);
            emptied += u64::from(other.is_none());
            swapped.push(other);
        }
        Ok(Treated { array: self.distribution.cells.write(swapped)?, emptied, limited: 0 })
    }

    /// The value for the next row that has this one; `None` if it was not counted, or
    /// came more often than it was counted. A table of one value has nothing to swap.
    fn next(&mut self, cell: &Cell) -> Option<Cell> {
        let place = self.distribution.find(cell)?;
        let passed = self.passed.get_mut(place)?;
        let (_, rows) = self.distribution.values.get(place)?;
        if *passed >= *rows || self.permutation.ranks < 2 {
            return None;
        }
        let rank = self.first.get(place)? + *passed;
        *passed += 1;
        let moved = self.permutation.rank(rank);
        let other = self.first.partition_point(|first| *first <= moved).checked_sub(1)?;
        self.distribution.values.get(other).map(|(cell, _)| cell.clone())
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn whole(number: f64) -> u64 {
    number.floor() as u64
}

/// A keyed permutation of `0..ranks` that moves no rank by more than its window.
struct Permutation {
    ranks: u64,
    /// Length of the blocks of each round, and how far the second lie shifted.
    blocks: [u64; 2],
    shift: u64,
    shuffle: Shuffle,
}

impl std::fmt::Debug for Permutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Permutation of {} ranks", self.ranks)
    }
}

impl Permutation {
    fn new(ranks: u64, window: u64, key: &[u8; 16]) -> Self {
        let half = window / 2;
        // A block of n ranks moves none by more than n − 1.
        let blocks = [window - half + 1, half + 1];
        let shift = blocks.iter().max().map_or(0, |longest| longest.div_ceil(2));
        Self { ranks, blocks, shift, shuffle: Shuffle::new(key) }
    }

    fn rank(&self, rank: u64) -> u64 {
        let [first, second] = self.blocks;
        let moved = self.in_block(0, rank, 0, first);
        self.in_block(1, moved, self.shift % second.max(1), second)
    }

    /// Moves a rank within its block; the first block ends at `shift` if that is not 0.
    fn in_block(&self, round: u8, rank: u64, shift: u64, length: u64) -> u64 {
        let (start, end) = if rank < shift {
            (0, shift)
        } else {
            let start = shift + (rank - shift) / length * length;
            (start, start + length)
        };
        let size = end.min(self.ranks) - start;
        start + self.shuffle.forth(round, start, rank - start, size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permutation_hits_every_rank_once_and_stays_in_its_window() {
        for ranks in [2_u64, 3, 10, 97, 1_000] {
            for window in [1, 2, 3, 10, 500].into_iter().filter(|window| *window < ranks) {
                let permutation = Permutation::new(ranks, window, &[9; 16]);
                let moved: Vec<u64> = (0..ranks).map(|rank| permutation.rank(rank)).collect();
                let mut sorted = moved.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..ranks).collect::<Vec<_>>(), "{ranks} {window}");
                assert!((0..).zip(&moved).all(|(rank, to)| to.abs_diff(rank) <= window));
                if ranks >= 97 && window >= 3 {
                    let same = (0..).zip(&moved).filter(|(rank, to)| *to == rank).count();
                    assert!(same < moved.len() / 2, "{ranks} {window}: {same} stay");
                }
            }
        }
    }
}

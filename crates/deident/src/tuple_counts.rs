//! Tuples of codes, each once, with the number of rows that have it: the part of
//! counting that knows nothing of values.

use hashbrown::HashTable;

/// Distinct tuples of one width, numbered in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct TupleCounts {
    width: usize,
    /// Tuples one after the other.
    pub(crate) flat: Vec<u32>,
    pub(crate) counts: Vec<u64>,
    table: HashTable<u32>,
}

impl TupleCounts {
    /// No tuples yet; each will have so many codes.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Bytes that a tuple of so many codes takes while it is counted, its slot and the
    /// copy by column at the end included.
    pub(crate) fn bytes_a_tuple(width: usize) -> usize {
        2 * width * size_of::<u32>() + size_of::<u64>() + 16
    }

    /// Number of distinct tuples.
    pub(crate) fn len(&self) -> usize {
        self.counts.len()
    }

    /// The codes of a tuple.
    pub(crate) fn tuple(&self, number: u32) -> &[u32] {
        tuple_of(&self.flat, self.width, number)
    }

    /// The number of a tuple that was counted.
    pub(crate) fn find(&self, tuple: &[u32]) -> Option<u32> {
        let is = |number: &u32| self.tuple(*number) == tuple;
        self.table.find(hash_tuple(tuple), is).copied()
    }

    /// Counts rows of a tuple; `None` if there are no numbers left for a new one.
    pub(crate) fn add(&mut self, tuple: &[u32], rows: u64) -> Option<()> {
        if let Some(number) = self.find(tuple) {
            if let Some(count) = self.counts.get_mut(number as usize) {
                *count += rows;
            }
            return Some(());
        }
        let fresh = u32::try_from(self.counts.len()).ok()?;
        let Self { flat, table, width, .. } = self;
        table.insert_unique(hash_tuple(tuple), fresh, |number| {
            hash_tuple(tuple_of(flat, *width, *number))
        });
        flat.extend_from_slice(tuple);
        self.counts.push(rows);
        Some(())
    }

    /// The numbers of the tuples, lesser tuples first.
    pub(crate) fn sorted(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..).take(self.len()).collect();
        order.sort_unstable_by(|left, right| self.tuple(*left).cmp(self.tuple(*right)));
        order
    }

    /// Forgets the tuples and keeps their room.
    pub(crate) fn clear(&mut self) {
        self.flat.clear();
        self.counts.clear();
        self.table.clear();
    }
}

fn tuple_of(flat: &[u32], width: usize, number: u32) -> &[u32] {
    let start = number as usize * width;
    flat.get(start..start + width).unwrap_or_default()
}

fn hash_tuple(tuple: &[u32]) -> u64 {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64;
    for code in tuple {
        hash = (hash.rotate_left(23) ^ u64::from(*code)).wrapping_mul(0x9fb2_1c65_1e98_df25);
    }
    hash ^ (hash >> 32)
}

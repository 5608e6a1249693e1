//! Counts within a bound of memory.

use arrow::array::RecordBatch;

use super::counted::Counted;
use super::merge::Runs;
use super::run::Run;
use super::table::SpilledTable;
use super::{Memory, SpillError};
use crate::risk::ClassSizes;
use crate::tuple_counts::TupleCounts;
use crate::tuples::{TupleError, TupleTableBuilder};

/// Rows that are counted before the memory is looked at again.
const STEP: usize = 1_024;

/// Puts tuples aside when they are too many.
#[derive(Debug)]
pub(super) struct Overflow {
    memory: Memory,
    /// Tuples that have room in memory.
    room: usize,
    runs: Runs,
}

impl Overflow {
    /// Half of the memory is for tuples, the other half for the values.
    pub(super) fn new(memory: &Memory, width: usize) -> Self {
        let room = memory.bytes / 2 / TupleCounts::bytes_a_tuple(width);
        let runs = Runs::new(memory.folder.clone(), width);
        Self { memory: memory.clone(), room: room.max(2), runs }
    }

    /// Puts the tuples aside if there is no room for more.
    pub(super) fn relieve(&mut self, counts: &mut TupleCounts) -> Result<(), SpillError> {
        if counts.len() < self.room {
            return Ok(());
        }
        self.runs.put_aside(counts).map_err(|source| self.memory.failed(&source))
    }

    /// Whether nothing was put aside.
    pub(super) fn is_whole(&self) -> bool {
        self.runs.is_empty()
    }

    /// Everything in one file; each tuple is shown once, in rising order.
    pub(super) fn finish(
        mut self,
        mut counts: TupleCounts,
        see: impl FnMut(&[u32], u64),
    ) -> Result<Run, SpillError> {
        let merged = self.runs.put_aside(&mut counts).and_then(|()| {
            drop(counts);
            self.runs.merge(see)
        });
        merged.map_err(|source| self.memory.failed(&source))
    }
}

/// Counts distinct tuples as [`TupleTableBuilder`] does, within a bound of memory.
///
/// ```
/// # use deident::{Memory, TupleTable};
/// let mut builder = TupleTable::builder(&["age"]).within(&Memory::new(4096, "/tmp"));
/// for age in ["20", "21", "20"] {
///     builder.push(&[Some(age)])?;
/// }
/// let counted = builder.finish()?;
/// assert_eq!((counted.rows(), counted.tuples()), (3, 2));
/// # Ok::<(), deident::TupleError>(())
/// ```
#[derive(Debug)]
pub struct Bounded {
    builder: TupleTableBuilder,
    overflow: Overflow,
}

impl Bounded {
    pub(crate) fn new(builder: TupleTableBuilder, memory: &Memory) -> Self {
        let overflow = Overflow::new(memory, builder.names.len());
        Self { builder, overflow }
    }

    /// Counts the rows of one batch.
    ///
    /// # Errors
    ///
    /// As [`TupleTableBuilder::update`], and [`TupleError::Spill`].
    pub fn update(&mut self, batch: &RecordBatch) -> Result<(), TupleError> {
        let step = STEP.min(self.overflow.room);
        for start in (0..batch.num_rows().max(1)).step_by(step) {
            let rows = step.min(batch.num_rows() - start);
            self.builder.update(&batch.slice(start, rows))?;
            self.relieve()?;
        }
        Ok(())
    }

    /// Counts one row, as [`TupleTableBuilder::push`].
    ///
    /// # Errors
    ///
    /// As [`TupleTableBuilder::push`], and [`TupleError::Spill`].
    pub fn push(&mut self, row: &[Option<&str>]) -> Result<(), TupleError> {
        self.builder.push(row)?;
        if self.builder.counts.len() >= self.overflow.room
            || self.builder.rows.is_multiple_of(STEP as u64)
        {
            self.relieve()?;
        }
        Ok(())
    }

    fn relieve(&mut self) -> Result<(), TupleError> {
        let allowed = self.overflow.memory.bytes;
        let bytes =
            |(_, dictionary): &(&String, &crate::dictionary::Dictionary)| dictionary.bytes();
        let columns = || self.builder.names.iter().zip(&self.builder.dictionaries);
        if columns().map(|column| bytes(&column)).sum::<usize>() > allowed / 2
            && let Some((name, dictionary)) = columns().max_by_key(bytes)
        {
            let (column, values) = (name.clone(), dictionary.values.len());
            return Err(SpillError::Values { column, values, bytes: allowed }.into());
        }
        Ok(self.overflow.relieve(&mut self.builder.counts)?)
    }

    /// What was counted: in memory where it fits, on disk otherwise.
    ///
    /// # Errors
    ///
    /// [`TupleError::Spill`].
    pub fn finish(self) -> Result<Counted, TupleError> {
        let Self { mut builder, overflow } = self;
        if overflow.is_whole() {
            return Ok(Counted::Whole(builder.finish()));
        }
        let memory = overflow.memory.clone();
        let counts = std::mem::take(&mut builder.counts);
        let mut sizes = ClassSizes::default();
        let values = builder.dictionaries.iter().map(|column| vec![0_u64; column.values.len()]);
        let mut value_rows: Vec<Vec<u64>> = values.collect();
        let run = overflow.finish(counts, |tuple, rows| {
            sizes.add(rows);
            for (code, column) in tuple.iter().zip(&mut value_rows) {
                if let Some(slot) = column.get_mut(*code as usize) {
                    *slot += rows;
                }
            }
        })?;
        let mut head = builder.finish();
        head.spilled_rows = Some(value_rows.into());
        Ok(Counted::Spilled(SpilledTable::new(head, run, sizes, memory)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tuples::TupleTable;

    #[test]
    fn no_more_tuples_are_held_than_have_room() {
        let folder = tempfile::tempdir().unwrap();
        let mut counting =
            TupleTable::builder(&["a", "b"]).within(&Memory::new(6_000, folder.path()));
        for number in 0..3_000_u32 {
            let (a, b) = ((number % 31).to_string(), (number % 29).to_string());
            counting.push(&[Some(&a), Some(&b)]).unwrap();
            assert!(counting.builder.counts.len() < counting.overflow.room);
        }
        let room = counting.overflow.room;
        assert_eq!(room, 3_000 / TupleCounts::bytes_a_tuple(2));
        let counted = counting.finish().unwrap();
        assert_eq!((counted.tuples(), counted.rows()), (31 * 29, 3_000));
    }
}

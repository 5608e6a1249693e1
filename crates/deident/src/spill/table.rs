//! A table whose tuples lie on disk: what can be said of it by reading them in order.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::bounded::Overflow;
use super::run::Run;
use super::{Memory, SpillError};
use crate::criterion::Histogram;
use crate::risk::diversity::DiversityError;
use crate::risk::{ClassSizes, ModalGuess};
use crate::tuple_counts::TupleCounts;
use crate::tuples::{TupleError, TupleTable};

/// Distinct tuples of some columns that did not fit into memory.
///
/// The values of each column are in memory; the tuples are read from disk in each pass.
#[derive(Debug, Clone)]
pub struct SpilledTable {
    /// Names and values, with no tuples.
    pub(crate) head: TupleTable,
    run: Arc<Run>,
    sizes: ClassSizes,
    pub(crate) memory: Memory,
}

impl SpilledTable {
    pub(super) fn new(head: TupleTable, run: Run, sizes: ClassSizes, memory: Memory) -> Self {
        Self { head, run: run.into(), sizes, memory }
    }

    /// Number of distinct tuples.
    pub fn tuples(&self) -> u64 {
        self.run.tuples
    }

    /// The sizes of the classes of rows that agree on all counted columns.
    pub fn class_sizes(&self) -> &ClassSizes {
        &self.sizes
    }

    /// Shows each tuple of codes with its rows, until `see` has had enough.
    pub(crate) fn read(
        &self,
        see: impl FnMut(&[u32], u64) -> ControlFlow<()>,
    ) -> Result<(), SpillError> {
        self.run.read(see).map_err(|source| self.memory.failed(&source))
    }

    /// Sizes of the classes over some of the counted columns.
    ///
    /// # Errors
    ///
    /// [`TupleError::NoColumn`], [`TupleError::Spill`].
    pub fn class_sizes_of<S: AsRef<str>>(&self, columns: &[S]) -> Result<ClassSizes, TupleError> {
        let places = self.places(columns)?;
        let mut sizes = ClassSizes::default();
        self.regrouped(&places, |_, rows| sizes.add(rows))?;
        Ok(sizes)
    }

    fn places<S: AsRef<str>>(&self, columns: &[S]) -> Result<Vec<usize>, TupleError> {
        columns.iter().map(|name| self.head.require(name.as_ref())).collect()
    }

    /// Counts anew by some columns; each tuple of these is shown once, in rising order.
    fn regrouped(
        &self,
        places: &[usize],
        mut see: impl FnMut(&[u32], u64),
    ) -> Result<(), TupleError> {
        let mut counts = TupleCounts::new(places.len());
        let mut overflow = Overflow::new(&self.memory, places.len());
        let mut own = vec![0; places.len()];
        let mut failed: Option<TupleError> = None;
        self.read(|tuple, rows| {
            for (slot, place) in own.iter_mut().zip(places) {
                *slot = tuple.get(*place).copied().unwrap_or_default();
            }
            if counts.add(&own, rows).is_none() {
                let name = self.head.names.join(", ");
                failed = Some(TupleError::TooManyValues { name });
                return ControlFlow::Break(());
            }
            if let Err(error) = overflow.relieve(&mut counts) {
                failed = Some(error.into());
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        if let Some(failed) = failed {
            return Err(failed);
        }
        if overflow.is_whole() {
            for number in counts.sorted() {
                let rows = counts.counts.get(number as usize).copied().unwrap_or_default();
                see(counts.tuple(number), rows);
            }
            return Ok(());
        }
        overflow.finish(counts, see)?;
        Ok(())
    }

    /// What the class tells of a sensitive column, as [`crate::risk::modal_guess`].
    ///
    /// # Errors
    ///
    /// As there, and [`TupleError::Spill`].
    pub fn modal_guess<S: AsRef<str>>(
        &self,
        quasi: &[S],
        sensitive: &str,
    ) -> Result<ModalGuess, DiversityError> {
        let mut places = self.places(quasi)?;
        let width = places.len();
        places.push(self.head.require(sensitive)?);
        let mut tally = ModalTally::default();
        self.regrouped(&places, |tuple, rows| {
            let (class, value) = tuple.split_at(width);
            tally.add(class, value.first().copied().unwrap_or_default(), rows);
        })?;
        tally.close();
        let by_value = self.head.value_rows(sensitive).unwrap_or_default();
        let by_table = by_value.into_iter().max().unwrap_or_default();
        Ok(ModalGuess::of(
            sensitive,
            self.head.rows(),
            tally.classes,
            (tally.right, by_table),
            tally.nearly_certain_rows,
        ))
    }
}

/// Counts right guesses over tuples whose classes come one after the other.
#[derive(Default)]
struct ModalTally {
    class: Vec<u32>,
    values: Histogram,
    rows: u64,
    classes: u64,
    right: u64,
    nearly_certain_rows: u64,
}

impl ModalTally {
    fn add(&mut self, class: &[u32], value: u32, rows: u64) {
        if self.rows > 0 && self.class != class {
            self.close();
        }
        self.class.clear();
        self.class.extend_from_slice(class);
        self.values.add(value, rows);
        self.rows += rows;
    }

    /// Ends the class in hand.
    fn close(&mut self) {
        let most = self.values.most();
        self.right += most;
        self.classes += u64::from(self.rows > 0);
        if most * 10 >= self.rows * 9 {
            self.nearly_certain_rows += self.rows;
        }
        self.rows = 0;
        self.values.clear();
    }
}

//! Sorted runs become one: equal tuples come together, and their rows are added.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::run::{Reader, Run, Writer};
use crate::tuple_counts::TupleCounts;

/// Runs that are open at once.
const RUNS: usize = 64;

/// The runs of one count.
#[derive(Debug)]
pub(super) struct Runs {
    folder: PathBuf,
    width: usize,
    runs: Vec<Run>,
}

impl Runs {
    pub(super) fn new(folder: PathBuf, width: usize) -> Self {
        Self { folder, width, runs: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Writes what was counted in memory, and forgets it there.
    pub(super) fn put_aside(&mut self, counts: &mut TupleCounts) -> io::Result<()> {
        let mut writer = Writer::create(&self.folder, self.width)?;
        for number in counts.sorted() {
            let rows = counts.counts.get(number as usize).copied().unwrap_or_default();
            writer.write(counts.tuple(number), rows)?;
        }
        counts.clear();
        self.runs.push(writer.finish()?);
        if self.runs.len() >= RUNS {
            let merged = self.merge(|_, _| {})?;
            self.runs.push(merged);
        }
        Ok(())
    }

    /// All runs in one; each tuple is shown once, in rising order.
    pub(super) fn merge(&mut self, mut see: impl FnMut(&[u32], u64)) -> io::Result<Run> {
        let mut writer = Writer::create(&self.folder, self.width)?;
        let mut merge = Merge::new(std::mem::take(&mut self.runs), self.width)?;
        let mut tuple = vec![0; self.width];
        while let Some(rows) = merge.next(&mut tuple)? {
            see(&tuple, rows);
            writer.write(&tuple, rows)?;
        }
        writer.finish()
    }
}

/// The least tuples of all runs, one after the other.
struct Merge {
    runs: Vec<Reader<File>>,
    /// The next tuple of each run: codes, rows, run.
    heads: BinaryHeap<Reverse<(Vec<u32>, u64, usize)>>,
}

impl Merge {
    fn new(runs: Vec<Run>, width: usize) -> io::Result<Self> {
        let runs: io::Result<Vec<Reader<File>>> = runs.into_iter().map(Run::into_reader).collect();
        let mut merge = Self { runs: runs?, heads: BinaryHeap::new() };
        for number in 0..merge.runs.len() {
            merge.advance(number, vec![0; width])?;
        }
        Ok(merge)
    }

    /// Puts the next tuple of a run among the heads; `spare` is room for it.
    fn advance(&mut self, number: usize, mut spare: Vec<u32>) -> io::Result<()> {
        let Some(run) = self.runs.get_mut(number) else { return Ok(()) };
        if let Some(rows) = run.next(&mut spare)? {
            self.heads.push(Reverse((spare, rows, number)));
        }
        Ok(())
    }

    fn next(&mut self, tuple: &mut Vec<u32>) -> io::Result<Option<u64>> {
        let Some(Reverse((mut first, mut rows, run))) = self.heads.pop() else { return Ok(None) };
        std::mem::swap(tuple, &mut first);
        self.advance(run, first)?;
        while self.heads.peek().is_some_and(|Reverse((next, _, _))| next == tuple) {
            let Some(Reverse((same, more, run))) = self.heads.pop() else { break };
            rows += more;
            self.advance(run, same)?;
        }
        Ok(Some(rows))
    }
}

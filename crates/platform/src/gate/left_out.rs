//! Rows that a release leaves out (不予发布的行) so that no small group can be told apart
//! by it and earlier releases: which rows of the version they are, and where that is kept.
//!
//! A row is known by its place in the version. The places are kept in a table beside that
//! of the candidate: what was released can be measured again, and a later release is held
//! against what this one really shows.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use lake::CommitInfo;
use serde::{Deserialize, Serialize};

use super::measure::deident;
use super::model::GateRun;
use super::pass::{self, Pass};
use crate::jobs::Task;
use crate::registry::version::{StoredTable, table_path};
use crate::{Error, Platform};

/// Places in one batch of the table.
const BATCH: usize = 100_000;
/// The only column of the table.
const PLACE: &str = "place";

/// What a release leaves out so that earlier ones tell nothing more with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOutFact {
    /// Rows.
    pub rows: u64,
    /// Where their places in the version are.
    pub table: StoredTable,
}

/// Places of rows in a version, from 0, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct LeftOut(Arc<[u64]>);

impl LeftOut {
    /// As many as there are.
    pub(super) fn len(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the row at a place is one of them.
    pub(super) fn contains(&self, place: u64) -> bool {
        self.0.binary_search(&place).is_ok()
    }

    /// These and others.
    #[must_use]
    pub(super) fn with(&self, others: Vec<u64>) -> Self {
        let mut places = others;
        places.extend_from_slice(&self.0);
        places.sort_unstable();
        places.dedup();
        Self(places.into())
    }

    /// For each of so many rows from `first` on whether it is left out.
    pub(super) fn marks(&self, first: u64, rows: usize) -> Vec<bool> {
        let mut marks = vec![false; rows];
        let from = self.0.partition_point(|place| *place < first);
        for place in self.0.get(from..).unwrap_or_default() {
            let at = usize::try_from(place - first).unwrap_or(usize::MAX);
            match marks.get_mut(at) {
                Some(mark) => *mark = true,
                None => break,
            }
        }
        marks
    }

    /// Keeps the places beside the candidate of a run; `None` for none.
    ///
    /// # Errors
    ///
    /// Errors of the lake.
    pub(super) async fn save(
        &self,
        platform: &Platform,
        task: &Task,
        run: &GateRun,
    ) -> Result<Option<LeftOutFact>, Error> {
        if self.is_empty() {
            return Ok(None);
        }
        let schema = Arc::new(Schema::new(vec![Field::new(PLACE, DataType::Int64, false)]));
        let table = table_path(&format!("{}/g{}-left", run.asset_id, run.id))?;
        let mut writer = platform.lake.writer(&table, Arc::clone(&schema)).await?;
        for places in self.0.chunks(BATCH) {
            let places = places.iter().map(|place| i64::try_from(*place).unwrap_or(i64::MAX));
            let column: ArrayRef = Arc::new(Int64Array::from_iter_values(places));
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).map_err(deident)?;
            writer.write(batch).await?;
        }
        let info = CommitInfo {
            author: run.filed_by.to_string(),
            operation: "gate.leave_out".to_owned(),
            at: task.now(),
        };
        let committed = writer.commit(info).await?;
        let (version, bytes) = (committed.version, committed.bytes);
        let table = StoredTable { path: table.to_string(), version, bytes };
        Ok(Some(LeftOutFact { rows: self.len(), table }))
    }

    /// The places that were kept with a release.
    ///
    /// # Errors
    ///
    /// Errors of the lake.
    pub(super) async fn load(
        platform: &Platform,
        task: &Task,
        fact: Option<&LeftOutFact>,
    ) -> Result<Self, Error> {
        let Some(LeftOutFact { rows, table }) = fact else { return Ok(Self::default()) };
        let words = ("读取不予发布的行", "Reading which rows are left out");
        let pass = Pass { table, columns: None, rows: *rows, words };
        let places = pass::over(platform, task, pass, Vec::new(), |places, batch| {
            let column = batch.column_by_name(PLACE).ok_or(Error::Interrupted)?;
            let column = column.as_any().downcast_ref::<Int64Array>().ok_or(Error::Interrupted)?;
            places.extend(column.values().iter().filter_map(|place| u64::try_from(*place).ok()));
            Ok(())
        });
        Ok(Self::default().with(places.await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_marked_batch_by_batch() {
        let left = LeftOut::default().with(vec![9, 2]).with(vec![2, 4]);
        assert_eq!(left.len(), 3);
        assert_eq!(left.marks(0, 4), [false, false, true, false]);
        assert_eq!(left.marks(4, 5), [true, false, false, false, false]);
        assert_eq!(left.marks(9, 2), [true, false]);
        assert_eq!(left.marks(11, 2), [false, false]);
        assert!(left.contains(4) && !left.contains(5));
        assert!(LeftOut::default().is_empty());
    }
}

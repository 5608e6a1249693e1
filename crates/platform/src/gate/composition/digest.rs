//! Rows of two tables are the same if the same columns have the same values. They are
//! compared by a keyed digest of 64 bits, part by part, so that not all of them have to be
//! held at once.

use std::hash::{BuildHasher as _, RandomState};

use arrow::array::RecordBatch;

use crate::Error;
use crate::gate::candidate::texts;
use crate::gate::measure::deident;

/// Makes the digests of rows.
pub(super) struct Digester {
    /// The columns by which rows are the same.
    key: Vec<String>,
    hasher: RandomState,
    /// Which part of the digests is looked at, of how many.
    part: (u64, u64),
}

impl Digester {
    pub(super) fn new(key: Vec<String>) -> Self {
        Self { key, hasher: RandomState::new(), part: (0, 1) }
    }

    /// Begins with one part of the digests, of so many.
    pub(super) fn begin_part(&mut self, part: u64, parts: u64) {
        self.part = (part, parts);
    }

    /// The digest of each row over the key; `None` for rows of other parts.
    pub(super) fn digests(&self, batch: &RecordBatch) -> Result<Vec<Option<u64>>, Error> {
        let schema = batch.schema();
        let mut places = Vec::with_capacity(self.key.len());
        for name in &self.key {
            places.push(schema.index_of(name).map_err(deident)?);
        }
        let mut rows = texts(&batch.project(&places).map_err(deident)?)?;
        rows.iter_mut().flatten().flatten().for_each(plain_number);
        let (part, parts) = self.part;
        let own = |digest: &u64| digest % parts == part;
        Ok(rows.iter().map(|row| Some(self.hasher.hash_one(row)).filter(own)).collect())
    }
}

/// Writes a number in one way: `100.0` and `100` are the same value in other types.
fn plain_number(text: &mut String) {
    let is_fraction = text.contains('.')
        && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    if is_fraction {
        let kept = text.trim_end_matches('0').trim_end_matches('.').len();
        text.truncate(kept);
    }
}

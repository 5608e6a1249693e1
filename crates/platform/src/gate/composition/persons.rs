//! Whether two tables are of the same persons, or agree as tables of strangers would.
//!
//! ```text
//! columns in common            rows of the smaller table       beside each equal row in the larger
//!   sex, age, county             nearly all find an equal one    some twenty more are equal: strangers
//!                                                                would find one, too
//!   birth date, village          nearly all find an equal one    none: a stranger would not
//! ```
//!
//! So a row that finds an equal one shows something only where the larger table has no
//! further row of that kind. Two tables of nearly the same size that agree are taken for
//! the same without more ado.

use std::collections::HashMap;

use arrow::array::RecordBatch;

use super::digest::Digester;
use super::{CompositionFact, Now, PART, Pair, WORDS};
use crate::gate::pass::{self, Pass};
use crate::jobs::Task;
use crate::registry::version::{StoredTable, Version};
use crate::{Error, Platform};

/// Of whom two tables are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Persons {
    Same,
    Others,
    /// Rows of strangers would agree as well, so that nothing shows that these are the same.
    Unsure,
}

/// Whether the dataset of another asset is of the same persons.
pub(super) async fn of(
    platform: &Platform,
    task: &Task,
    now: &Now<'_>,
    pair: &Pair,
    fact: &CompositionFact,
) -> Result<Persons, Error> {
    let rule = law::gate::composition();
    let rows = |version: &Version| version.rows.unwrap_or(0);
    let (now_rows, then_rows) = (rows(now.version), rows(&pair.before));
    if !rule.same_rows.is_reached(fact.in_both, now_rows.min(then_rows)) {
        return Ok(Persons::Others);
    }
    if now_rows.abs_diff(then_rows) < now.required {
        return Ok(Persons::Same);
    }
    let Some((key, _)) = pair.keys.first() else { return Ok(Persons::Others) };
    let own = (&pair.now_stored, now_rows);
    let other = (&pair.then_stored, then_rows);
    let (smaller, larger) = if now_rows < then_rows { (own, other) } else { (other, own) };
    let met = Met::of(platform, task, smaller, larger, key).await?;
    let is_same = rule.without_equals.is_reached(met.alone, met.rows);
    Ok(if is_same { Persons::Same } else { Persons::Unsure })
}

/// Rows of the smaller table that find one in the larger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Met {
    rows: u64,
    /// Those of them beside which the larger table has no further row of that kind.
    alone: u64,
}

impl Met {
    /// Counts them over some columns, part by part.
    async fn of(
        platform: &Platform,
        task: &Task,
        smaller: (&StoredTable, u64),
        larger: (&StoredTable, u64),
        key: &[String],
    ) -> Result<Self, Error> {
        let parts = larger.1 / PART + 1;
        let mut counting = Counting::new(key);
        for part in 0..parts {
            counting.digester.begin_part(part, parts);
            for (is_larger, (table, rows)) in [(false, smaller), (true, larger)] {
                let pass = Pass { table, columns: Some(key.to_vec()), rows, words: WORDS };
                let add = move |counting: &mut Counting, batch: &RecordBatch| {
                    counting.add(batch, is_larger)
                };
                counting = pass::over(platform, task, pass, counting, add).await?;
            }
            counting.end_part();
        }
        Ok(counting.met)
    }
}

/// Two tables while their rows are counted.
struct Counting {
    digester: Digester,
    /// How often a row of the smaller table is in it, and in the larger.
    counts: HashMap<u64, (u64, u64)>,
    met: Met,
}

impl Counting {
    fn new(key: &[String]) -> Self {
        let digester = Digester::new(key.to_vec());
        Self { digester, counts: HashMap::new(), met: Met::default() }
    }

    fn add(&mut self, batch: &RecordBatch, is_larger: bool) -> Result<(), Error> {
        for digest in self.digester.digests(batch)?.into_iter().flatten() {
            if is_larger {
                if let Some((_, larger)) = self.counts.get_mut(&digest) {
                    *larger += 1;
                }
            } else {
                self.counts.entry(digest).or_default().0 += 1;
            }
        }
        Ok(())
    }

    fn end_part(&mut self) {
        for (smaller, larger) in std::mem::take(&mut self.counts).into_values() {
            let met = smaller.min(larger);
            self.met.rows += met;
            self.met.alone += if larger <= smaller { met } else { 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};

    use super::*;

    fn met(smaller: &[&str], larger: &[&str]) -> Met {
        let mut counting = Counting::new(&["kind".to_owned()]);
        for (is_larger, kinds) in [(false, smaller), (true, larger)] {
            let column: ArrayRef = Arc::new(StringArray::from(kinds.to_vec()));
            let batch = RecordBatch::try_from_iter([("kind", column)]).unwrap();
            counting.add(&batch, is_larger).unwrap();
        }
        counting.end_part();
        counting.met
    }

    #[test]
    fn a_row_beside_which_others_are_equal_shows_nothing() {
        assert_eq!(met(&["a", "b"], &["a", "a", "b", "c"]), Met { rows: 2, alone: 1 });
        assert_eq!(met(&["a", "a", "d"], &["a", "a"]), Met { rows: 2, alone: 2 });
        assert_eq!(met(&["a", "a", "a"], &["a"]), Met { rows: 1, alone: 1 });
        assert_eq!(met(&["d"], &["a", "b"]), Met::default());
    }
}

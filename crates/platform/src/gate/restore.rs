//! Whether digests that would leave can be restored (可恢复性).
//!
//! A digest without a key hides nothing: whoever has the values, or can count them
//! through, computes the digests and looks them up. Some rows, spread over the
//! version, are enough to prove it, for the platform knows what stood beside each digest.
//!
//! Basis: 个人信息保护法 第七十三条 (anonymized is what cannot be restored).

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use deident::risk::{Candidates, Restoration, digest_columns, restore_digests};
use deident::{Plan, Transform, TupleTable, TupleTableBuilder};
use serde::{Deserialize, Serialize};

use super::exposure::scattered;
use super::measure::deident;
use crate::Error;

/// Rows that are tried, about; all of them in a smaller version.
const TRIED_ROWS: u64 = 2_000;
/// Digests that are computed at most for each column and each source of candidates.
const BUDGET: u64 = 4_000_000;

/// A column of digests and what trying to restore it gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestorationFact {
    /// The column.
    pub column: String,
    /// The column whose values it digests, if one was found.
    pub original: Option<String>,
    /// Whether that column is released as it is, so that nothing is restored by it.
    pub original_is_released: bool,
    /// What was tried, with most success.
    pub best: Restoration,
    /// Digests that were computed in all.
    pub tried: u64,
}

impl RestorationFact {
    /// Whether something is restored that the release does not show anyway.
    pub fn fails(&self) -> bool {
        self.best.restored > 0 && !self.original_is_released
    }
}

/// Gathers some rows of a version.
pub(super) struct Digests {
    kept: Vec<String>,
    all: Vec<String>,
    rows: TupleTableBuilder,
    /// One in so many rows is tried.
    one_in: u64,
    row: u64,
}

impl Digests {
    /// Begins; `plan` says which columns leave as they are, `rows` how many there are.
    pub(super) fn new(plan: &Plan, rows: u64) -> Self {
        let all: Vec<String> = plan.columns.iter().map(|(name, _)| name.clone()).collect();
        let kept = plan.columns.iter().filter(|(_, transform)| is_kept(transform));
        Self {
            kept: kept.map(|(name, _)| name.clone()).collect(),
            rows: TupleTable::builder(&all),
            all,
            one_in: rows.div_ceil(TRIED_ROWS).max(1),
            row: 0,
        }
    }

    /// Takes a batch of the version; only some of its rows count.
    pub(super) fn take(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let numbers = (self.row..).take(batch.num_rows());
        let mask: BooleanArray =
            numbers.map(|row| Some(scattered(row).is_multiple_of(self.one_in))).collect();
        self.row += batch.num_rows() as u64;
        let tried = filter_record_batch(batch, &mask).map_err(deident)?;
        self.rows.update(&tried).map_err(deident)
    }

    /// Tries to restore each column that looks like digests and would leave as it is.
    pub(super) fn try_out(self) -> Result<Vec<RestorationFact>, Error> {
        let table = self.rows.finish();
        let mut facts = Vec::new();
        for found in digest_columns(&table) {
            if self.kept.contains(&found.column) {
                facts.push(restore(&table, &found.column, &self.all, &self.kept)?);
            }
        }
        Ok(facts)
    }
}

/// Tries the values of the other columns, then domains that are small.
fn restore(
    table: &TupleTable,
    column: &str,
    all: &[String],
    kept: &[String],
) -> Result<RestorationFact, Error> {
    let others = all.iter().filter(|name| *name != column);
    let beside =
        others.filter_map(|name| Some((Some(name.clone()), Candidates::of_column(table, name)?)));
    let small = [
        Candidates::Numbers { prefix: String::new(), digits: 6 },
        Candidates::Dates { from_year: 1900, to_year: 2035 },
    ];
    let mut best: Option<(Option<String>, Restoration)> = None;
    let mut tried = 0;
    for (original, candidates) in beside.chain(small.map(|domain| (None, domain))) {
        let found = restore_digests(table, column, &candidates, BUDGET).map_err(deident)?;
        tried += found.tried;
        let original = original.filter(|_| found.restored > 0);
        // What the release does not show anyway weighs more than how much it is.
        let weight = |original: &Option<String>, found: &Restoration| {
            let shown = original.as_ref().is_some_and(|name| kept.contains(name));
            (found.restored > 0 && !shown, found.restored)
        };
        let better = |(held, had): &(Option<String>, Restoration)| {
            weight(&original, &found) > weight(held, had)
        };
        if best.as_ref().is_none_or(better) {
            best = Some((original, found));
        }
    }
    let Some((original, best)) = best else { return Err(Error::Interrupted) };
    let original_is_released = original.as_ref().is_some_and(|name| kept.contains(name));
    Ok(RestorationFact { column: column.to_owned(), original, original_is_released, best, tried })
}

/// Whether a column leaves with its values as they are.
fn is_kept(transform: &Transform) -> bool {
    matches!(transform, Transform::Keep | Transform::Generalize { level: 0, .. })
}

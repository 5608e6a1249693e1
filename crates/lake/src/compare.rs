//! How the rows of two versions differ (版本差异).
//!
//! ```text
//! before ─ sorted by key ─▶ ┐
//!                           ├─ merge ─▶ added, removed, changed
//! after  ─ sorted by key ─▶ ┘
//! ```
//!
//! With a key, a row that both versions have under the same key and that is not the same is
//! changed. Without one, the versions are compared as multisets of rows: what one has more
//! often than the other was removed or added so many times.
//!
//! Compared are the columns that both versions have under the same name and type. Sorting is
//! the lake's, which puts rows off to disk; of each version one batch is held here, and the
//! rows of one key.
//!
//! Invariants (each is also the name of a test):
//! - `differences_lead_from_one_version_to_the_other`
//! - `a_key_that_stands_twice_is_refused`

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::{SortOptions, take_record_batch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};
use futures::stream::Fuse;
use futures::{StreamExt as _, TryStreamExt as _};

use crate::error::LakeError;
use crate::path::TablePath;
use crate::port::{BatchStream, Lake};
use crate::query::{Order, QueryLimits, RowQuery};

/// Most columns that rows are sorted by; rows that agree in all of them are compared in memory.
const MOST_KEYS: usize = 16;
/// Most different rows that agree in the columns they are sorted by.
const MOST_ALIKE: usize = 5_000;

/// What can be compared of two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The columns that name a row; none: rows are compared as multisets.
    pub key: Vec<String>,
    /// The columns that both versions have, in the order of the later one.
    pub columns: Vec<String>,
    /// Columns of the later version alone.
    pub added: Vec<String>,
    /// Columns of the earlier version alone.
    pub removed: Vec<String>,
    /// Columns whose type is another: name, type before, type after.
    pub retyped: Vec<(String, DataType, DataType)>,
}

impl Comparison {
    /// What two schemas have in common, and how they differ.
    ///
    /// # Errors
    ///
    /// [`LakeError::NoColumn`] for a key that is not in both, [`LakeError::Query`] if nothing
    /// can be compared.
    pub fn of(before: &Schema, after: &Schema, key: &[String]) -> Result<Self, LakeError> {
        let mut found = Self {
            key: key.to_vec(),
            columns: Vec::new(),
            added: Vec::new(),
            removed: Vec::new(),
            retyped: Vec::new(),
        };
        for field in after.fields() {
            match before.field_with_name(field.name()) {
                Err(_) => found.added.push(field.name().clone()),
                Ok(old) if old.data_type() == field.data_type() => {
                    found.columns.push(field.name().clone());
                }
                Ok(old) => {
                    let (old, new) = (old.data_type().clone(), field.data_type().clone());
                    found.retyped.push((field.name().clone(), old, new));
                }
            }
        }
        let gone = before.fields().iter().filter(|field| after.index_of(field.name()).is_err());
        found.removed = gone.map(|field| field.name().clone()).collect();
        for name in key {
            if !found.columns.contains(name) {
                return Err(LakeError::NoColumn { column: name.clone(), known: found.columns });
            }
        }
        if found.columns.is_empty() || key.len() > MOST_KEYS {
            return Err(LakeError::query(
                format!("两个版本没有可比较的列，或主键超过 {MOST_KEYS} 列"),
                format!("the versions share no column, or the key has more than {MOST_KEYS}"),
            ));
        }
        Ok(found)
    }

    /// The columns that rows are sorted by.
    fn sorted_by(&self, schema: &Schema) -> Vec<String> {
        if !self.key.is_empty() {
            return self.key.clone();
        }
        let sortable = |name: &&String| {
            schema.field_with_name(name).is_ok_and(|field| *field.data_type() != DataType::Binary)
        };
        self.columns.iter().filter(sortable).take(MOST_KEYS).cloned().collect()
    }
}

/// One row that is not the same in both versions. The rows have [`Comparison::columns`].
#[derive(Clone, Debug)]
pub enum Difference {
    /// Only the later version has it, or has it so many times more.
    Added {
        /// The row.
        row: RecordBatch,
        /// How often.
        times: u64,
    },
    /// Only the earlier version has it, or has it so many times more.
    Removed {
        /// The row.
        row: RecordBatch,
        /// How often.
        times: u64,
    },
    /// Both versions have a row under this key, and it is not the same.
    Changed {
        /// The row of the earlier version.
        before: RecordBatch,
        /// The row of the later version.
        after: RecordBatch,
        /// Places of the columns that differ.
        columns: Vec<usize>,
    },
}

/// How many rows differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DifferenceCounts {
    /// Rows of the later version alone.
    pub added: u64,
    /// Rows of the earlier version alone.
    pub removed: u64,
    /// Rows that are in both under the same key and differ.
    pub changed: u64,
    /// Rows that are the same.
    pub same: u64,
    /// For each compared column, the changed rows in which it differs.
    pub columns: BTreeMap<String, u64>,
}

impl DifferenceCounts {
    /// Counts one difference.
    fn count(&mut self, difference: &Difference, names: &[String]) {
        match difference {
            Difference::Added { times, .. } => self.added += times,
            Difference::Removed { times, .. } => self.removed += times,
            Difference::Changed { columns, .. } => {
                self.changed += 1;
                for name in columns.iter().filter_map(|place| names.get(*place)) {
                    *self.columns.entry(name.clone()).or_default() += 1;
                }
            }
        }
    }
}

/// Two versions that are being compared.
pub struct Compared {
    comparison: Comparison,
    before: Side,
    after: Side,
    /// What was found and not taken yet; the next one is the last.
    waiting: Vec<Difference>,
    counts: DifferenceCounts,
}

impl std::fmt::Debug for Compared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Compared").field("counts", &self.counts).finish_non_exhaustive()
    }
}

/// A version of a table.
pub type Version<'a> = (&'a TablePath, Option<u64>);

/// Starts comparing two versions.
///
/// - `key`: the columns that name a row; none to compare multisets.
/// - `limits`: for each of the two sorts.
///
/// # Errors
///
/// Those of [`Comparison::of`] and of [`Lake::rows`].
pub async fn compare(
    lake: &dyn Lake,
    before: Version<'_>,
    after: Version<'_>,
    key: &[String],
    limits: &QueryLimits,
) -> Result<Compared, LakeError> {
    let old = lake.schema(before.0, before.1).await?;
    let new = lake.schema(after.0, after.1).await?;
    let comparison = Comparison::of(&old, &new, key)?;
    let sorted = comparison.sorted_by(&new);
    let query = RowQuery {
        select: Some(comparison.columns.clone()),
        order: sorted
            .iter()
            .map(|column| Order { column: column.clone(), descending: false })
            .collect(),
        ..RowQuery::default()
    };
    let shown = query.output_schema(&new)?;
    let places = sorted
        .iter()
        .map(|name| shown.index_of(name))
        .collect::<Result<Vec<usize>, _>>()
        .map_err(|error| LakeError::failed("compare two versions", error))?;
    let old_rows = lake.rows(before.0, before.1, &query, limits).await?;
    let new_rows = lake.rows(after.0, after.1, &query, limits).await?;
    let before = Side::new(old_rows, &shown, &places)?;
    let after = Side::new(new_rows, &shown, &places)?;
    let counts = DifferenceCounts::default();
    Ok(Compared { comparison, before, after, waiting: Vec::new(), counts })
}

impl Compared {
    /// What is compared.
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    /// What was counted so far; of the whole once [`Compared::next`] gave none.
    pub fn counts(&self) -> &DifferenceCounts {
        &self.counts
    }

    /// The next difference, in the order of the key.
    ///
    /// # Errors
    ///
    /// [`LakeError::Query`] for a key that stands twice in a version, and limits.
    pub async fn next(&mut self) -> Result<Option<Difference>, LakeError> {
        loop {
            if let Some(difference) = self.waiting.pop() {
                self.counts.count(&difference, &self.comparison.columns);
                return Ok(Some(difference));
            }
            if !self.step().await? {
                return Ok(None);
            }
        }
    }

    /// Compares the rows of the next key; false at the end.
    async fn step(&mut self) -> Result<bool, LakeError> {
        let (before, after) = (self.before.key().await?, self.after.key().await?);
        let (takes_before, takes_after) = match (&before, &after) {
            (None, None) => return Ok(false),
            (Some(_), None) => (true, false),
            (None, Some(_)) => (false, true),
            (Some(before), Some(after)) => (before <= after, after <= before),
        };
        let key = if takes_before { before } else { after };
        let Some(key) = key else { return Ok(false) };
        let names = &self.comparison.key;
        let old = if takes_before { self.before.group(&key, names).await? } else { Vec::new() };
        let new = if takes_after { self.after.group(&key, names).await? } else { Vec::new() };
        if self.comparison.key.is_empty() {
            self.of_multisets(&old, &new)?;
        } else {
            self.of_one_key(old, new)?;
        }
        // The first one that was found is given first.
        self.waiting.reverse();
        Ok(true)
    }

    fn of_one_key(&mut self, old: Vec<Row>, new: Vec<Row>) -> Result<(), LakeError> {
        match (old.into_iter().next(), new.into_iter().next()) {
            (Some(old), Some(new)) if old.values == new.values => self.counts.same += 1,
            (Some(old), Some(new)) => {
                let (before, after) = (old.copied()?, new.copied()?);
                let columns = (0..before.num_columns())
                    .filter(|place| before.column(*place) != after.column(*place))
                    .collect();
                self.waiting.push(Difference::Changed { before, after, columns });
            }
            (Some(old), None) => {
                self.waiting.push(Difference::Removed { row: old.copied()?, times: 1 });
            }
            (None, Some(new)) => {
                self.waiting.push(Difference::Added { row: new.copied()?, times: 1 });
            }
            (None, None) => {}
        }
        Ok(())
    }

    fn of_multisets(&mut self, old: &[Row], new: &[Row]) -> Result<(), LakeError> {
        for row in old {
            let other = new.iter().find(|other| other.values == row.values);
            let times = other.map_or(0, |other| other.times);
            self.counts.same += row.times.min(times);
            if row.times > times {
                let times = row.times - times;
                self.waiting.push(Difference::Removed { row: row.copied()?, times });
            }
        }
        for row in new {
            let other = old.iter().find(|other| other.values == row.values);
            let times = other.map_or(0, |other| other.times);
            if row.times > times {
                let times = row.times - times;
                self.waiting.push(Difference::Added { row: row.copied()?, times });
            }
        }
        Ok(())
    }
}

/// A key whose value stands in more than one row.
fn no_key(names: &[String]) -> LakeError {
    let key = names.join("、");
    LakeError::query(
        format!("“{key}”不是主键：有的值不止一行。请另选，或不选主键按整行比较"),
        format!(
            "`{key}` is no key: a value of it stands in more than one row; choose another, or none \
             to compare whole rows"
        ),
    )
}

/// A row of a version, so many times.
struct Row {
    batch: Arc<RecordBatch>,
    place: usize,
    values: OwnedRow,
    times: u64,
}

impl Row {
    /// The row alone, so that its batch can go.
    fn copied(&self) -> Result<RecordBatch, LakeError> {
        let place = UInt64Array::from(vec![u64::try_from(self.place).unwrap_or(u64::MAX)]);
        take_record_batch(&self.batch, &place)
            .map_err(|error| LakeError::failed("compare two versions", error))
    }
}

/// A version that is read in the order of the key.
struct Side {
    rows: Fuse<BatchStream>,
    sorted_by: Vec<usize>,
    keys: RowConverter,
    values: RowConverter,
    batch: Option<Batch>,
}

struct Batch {
    rows: Arc<RecordBatch>,
    keys: Rows,
    values: Rows,
    next: usize,
}

impl Side {
    fn new(rows: BatchStream, shown: &SchemaRef, sorted_by: &[usize]) -> Result<Self, LakeError> {
        // As the lake sorts: small to large, nulls last.
        let options = SortOptions { descending: false, nulls_first: false };
        let field = |place: usize| {
            SortField::new_with_options(shown.field(place).data_type().clone(), options)
        };
        let converter = |fields: Vec<SortField>| {
            RowConverter::new(fields)
                .map_err(|error| LakeError::failed("compare two versions", error))
        };
        Ok(Self {
            keys: converter(sorted_by.iter().map(|place| field(*place)).collect())?,
            values: converter((0..shown.fields().len()).map(field).collect())?,
            sorted_by: sorted_by.to_vec(),
            rows: rows.fuse(),
            batch: None,
        })
    }

    /// The batch that has the next row; none at the end.
    async fn current(&mut self) -> Result<Option<&mut Batch>, LakeError> {
        let is_over = |batch: &Batch| batch.next >= batch.rows.num_rows();
        while self.batch.as_ref().is_none_or(is_over) {
            let Some(rows) = self.rows.try_next().await? else { return Ok(None) };
            let failed = |error| LakeError::failed("compare two versions", error);
            let by: Vec<ArrayRef> =
                self.sorted_by.iter().map(|place| Arc::clone(rows.column(*place))).collect();
            self.batch = Some(Batch {
                keys: self.keys.convert_columns(&by).map_err(failed)?,
                values: self.values.convert_columns(rows.columns()).map_err(failed)?,
                rows: Arc::new(rows),
                next: 0,
            });
        }
        Ok(self.batch.as_mut())
    }

    /// The key of the next row; none at the end.
    async fn key(&mut self) -> Result<Option<OwnedRow>, LakeError> {
        Ok(self.current().await?.map(|batch| batch.keys.row(batch.next).owned()))
    }

    /// The rows of a key, each different one with how often it stands there.
    ///
    /// - `names`: the columns of a key that names one row; none where rows are compared whole.
    async fn group(&mut self, key: &OwnedRow, names: &[String]) -> Result<Vec<Row>, LakeError> {
        let mut group: Vec<Row> = Vec::new();
        while let Some(batch) = self.current().await? {
            if batch.keys.row(batch.next) != key.row() {
                break;
            }
            if !names.is_empty() && !group.is_empty() {
                return Err(no_key(names));
            }
            let values = batch.values.row(batch.next);
            // Sorting keeps rows that are the same beside each other, unless more columns
            // differ than are sorted by.
            let alike = group.len();
            match group.iter_mut().rev().find(|row| row.values.row() == values) {
                Some(row) => row.times += 1,
                None if alike >= MOST_ALIKE => {
                    return Err(LakeError::query(
                        format!("有超过 {MOST_ALIKE} 行只在后面的列上不同，请选择主键"),
                        format!(
                            "more than {MOST_ALIKE} rows differ in the last columns only; choose a key"
                        ),
                    ));
                }
                None => group.push(Row {
                    batch: Arc::clone(&batch.rows),
                    place: batch.next,
                    values: values.owned(),
                    times: 1,
                }),
            }
            batch.next += 1;
        }
        Ok(group)
    }
}

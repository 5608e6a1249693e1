//! The rows of two versions side by side, in groups that an observer of both releases
//! cannot tell apart.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use deident::{Applier, Plan, TupleTable};

use super::CompositionFact;
use crate::Error;
use crate::gate::candidate::texts;
use crate::gate::measure::deident;

/// The forms of a row.
pub(super) type Forms = Vec<Option<String>>;

/// A sensitive column and which of the two releases shows it.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    pub(super) column: String,
    pub(super) by_then: bool,
    pub(super) by_now: bool,
}

/// Looks at the rows of a version as one release shows them.
pub(super) struct Lens {
    columns: Vec<String>,
    applier: Applier,
    shown: Arc<HashSet<Forms>>,
}

impl Lens {
    pub(super) fn new(
        plan: &Plan,
        tuples: &TupleTable,
        shown: Arc<HashSet<Forms>>,
    ) -> Result<Self, Error> {
        let columns = plan.columns.iter().map(|(name, _)| name.clone()).collect();
        let applier = Applier::new(plan, tuples).map_err(deident)?;
        Ok(Self { columns, applier, shown })
    }

    /// The form of each row; `None` for a row that the release suppressed.
    fn forms(&mut self, batch: &RecordBatch) -> Result<Vec<Option<Forms>>, Error> {
        if self.columns.is_empty() {
            return Ok(vec![Some(Vec::new()); batch.num_rows()]);
        }
        let schema = batch.schema();
        let mut places = Vec::with_capacity(self.columns.len());
        for name in &self.columns {
            places.push(schema.index_of(name).map_err(deident)?);
        }
        let seen = batch.project(&places).map_err(deident)?;
        let forms = texts(&self.applier.apply(&seen).map_err(deident)?)?;
        Ok(forms.into_iter().map(|forms| self.shown.contains(&forms).then_some(forms)).collect())
    }
}

/// The earlier release on both versions, whose columns may have other types.
pub(super) struct Lenses {
    pub(super) on_then: Lens,
    pub(super) on_now: Lens,
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

/// Rows that an observer of both releases cannot tell apart.
#[derive(Clone, Debug, Default)]
struct Group {
    rows: u64,
    /// One a sensitive column.
    values: Vec<Told>,
}

impl Group {
    fn add(&mut self, rows: u64, values: impl Iterator<Item = Told>) {
        self.rows += rows;
        for (place, value) in values.enumerate() {
            match self.values.get_mut(place) {
                Some(told) => told.add(value),
                None => self.values.push(value),
            }
        }
    }
}

/// What the rows of a group tell of a sensitive column.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    /// Nobody shows it.
    Nothing,
    /// All have this value; `None` is a missing one.
    One(Option<String>),
    /// They have several.
    Several,
}

impl Told {
    fn add(&mut self, other: Self) {
        match (&*self, &other) {
            (Self::Nothing, _) => *self = other,
            (_, Self::Nothing) => {}
            (own, other) if own == other => {}
            _ => *self = Self::Several,
        }
    }
}

/// The rows of two versions while they are put side by side.
pub(super) struct Joined {
    then: Lenses,
    now: Lens,
    /// By the forms in the earlier release and in the candidate; `None` where a release
    /// does not show the row.
    groups: HashMap<(Option<Forms>, Option<Forms>), Group>,
    sensitive: Vec<Secret>,
    /// The columns by which rows are the same.
    key: Vec<String>,
    hasher: RandomState,
    /// Which part of the digests is looked at, of how many.
    part: (u64, u64),
    /// Rows of the earlier version by digest that were not met yet.
    left: HashMap<u64, u32>,
    /// Rows in both, new, gone.
    counts: [u64; 3],
}

impl Joined {
    /// Nothing is put down yet.
    ///
    /// - `key`: the columns by which rows are the same.
    pub(super) fn new(then: Lenses, now: Lens, key: Vec<String>, sensitive: Vec<Secret>) -> Self {
        Self {
            then,
            now,
            groups: HashMap::new(),
            sensitive,
            key,
            hasher: RandomState::new(),
            part: (0, 1),
            left: HashMap::new(),
            counts: [0; 3],
        }
    }

    /// Begins with one part of the digests, of so many.
    pub(super) fn begin_part(&mut self, part: u64, parts: u64) {
        self.part = (part, parts);
        self.left = HashMap::new();
    }

    /// Whether rows of the earlier version were not met in this part.
    pub(super) fn has_unmet(&self) -> bool {
        self.left.values().any(|rows| *rows > 0)
    }

    /// Both releases were made of these very rows.
    pub(super) fn all_in_both(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.put_both(batch)
    }

    /// Notes the rows of the earlier version.
    pub(super) fn note(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        for digest in self.digests(batch)?.into_iter().flatten() {
            *self.left.entry(digest).or_default() += 1;
        }
        Ok(())
    }

    /// Meets the rows of the later version with those that were noted.
    pub(super) fn meet(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let digests = self.digests(batch)?;
        let mut met = Vec::with_capacity(digests.len());
        for digest in &digests {
            met.push(digest.map(|digest| self.take(digest)));
        }
        let pick = |wanted: bool| -> Result<RecordBatch, Error> {
            let mask: BooleanArray = met.iter().map(|met| Some(*met == Some(wanted))).collect();
            filter_record_batch(batch, &mask).map_err(deident)
        };
        let (both, new) = (pick(true)?, pick(false)?);
        self.put_both(&both)?;
        let forms = self.now.forms(&new)?;
        self.put(&new, vec![None; forms.len()], forms, 1)
    }

    /// Rows of the earlier version that were not met.
    pub(super) fn gone(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let mut mask = Vec::with_capacity(batch.num_rows());
        for digest in self.digests(batch)? {
            mask.push(Some(digest.is_some_and(|digest| self.take(digest))));
        }
        let mask: BooleanArray = mask.into_iter().collect();
        let gone = filter_record_batch(batch, &mask).map_err(deident)?;
        let forms = self.then.on_then.forms(&gone)?;
        let nothing = vec![None; forms.len()];
        self.put(&gone, forms, nothing, 2)
    }

    fn put_both(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let then = self.then.on_now.forms(batch)?;
        let now = self.now.forms(batch)?;
        self.put(batch, then, now, 0)
    }

    /// Takes one of the noted rows, if one is left.
    fn take(&mut self, digest: u64) -> bool {
        match self.left.get_mut(&digest) {
            Some(rows) if *rows > 0 => {
                *rows -= 1;
                true
            }
            _ => false,
        }
    }

    /// The digest of each row over the key; `None` for rows of other parts.
    fn digests(&self, batch: &RecordBatch) -> Result<Vec<Option<u64>>, Error> {
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

    /// Puts rows down as an observer of both releases sees them; what neither shows is
    /// left out. `count` says which of the counts they belong to.
    fn put(
        &mut self,
        batch: &RecordBatch,
        then: Vec<Option<Forms>>,
        now: Vec<Option<Forms>>,
        count: usize,
    ) -> Result<(), Error> {
        let values = self.values(batch)?;
        for ((then, now), values) in then.into_iter().zip(now).zip(values) {
            if then.is_none() && now.is_none() {
                continue;
            }
            if let Some(slot) = self.counts.get_mut(count) {
                *slot += 1;
            }
            let told = self.sensitive.iter().zip(values).map(|(secret, value)| {
                let shown = secret.by_then && then.is_some() || secret.by_now && now.is_some();
                if shown { Told::One(value) } else { Told::Nothing }
            });
            let told: Vec<Told> = told.collect();
            self.groups.entry((then, now)).or_default().add(1, told.into_iter());
        }
        Ok(())
    }

    /// The sensitive values of rows; missing where the version lacks the column.
    fn values(&self, batch: &RecordBatch) -> Result<Vec<Forms>, Error> {
        let schema = batch.schema();
        let place = |secret: &Secret| schema.index_of(&secret.column).ok();
        let places: Vec<usize> = self.sensitive.iter().filter_map(place).collect();
        if places.is_empty() {
            return Ok(vec![vec![None; self.sensitive.len()]; batch.num_rows()]);
        }
        let known = texts(&batch.project(&places).map_err(deident)?)?;
        let fill = |row: Forms| {
            let mut row = row.into_iter();
            let cell = |secret: &Secret| place(secret).and_then(|_| row.next().flatten());
            self.sensitive.iter().map(cell).collect()
        };
        Ok(known.into_iter().map(fill).collect())
    }

    /// What the groups tell beyond what the earlier release told alone.
    pub(super) fn judge(self, release: i64, required: u64) -> CompositionFact {
        let mut alone: HashMap<&Forms, Group> = HashMap::new();
        let mut whole = Group::default();
        for ((then, _), group) in &self.groups {
            whole.add(group.rows, group.values.iter().cloned());
            let Some(then) = then else { continue };
            let shown =
                self.sensitive.iter().zip(&group.values).map(|(secret, told)| {
                    if secret.by_then { told.clone() } else { Told::Nothing }
                });
            alone.entry(then).or_default().add(group.rows, shown);
        }
        let mut smallest = u64::MAX;
        let mut exposed = 0;
        let mut known: Vec<(String, u64)> =
            self.sensitive.iter().map(|secret| (secret.column.clone(), 0)).collect();
        for ((then, _), group) in &self.groups {
            let before = then.as_ref().and_then(|then| alone.get(then));
            if before.is_none_or(|before| before.rows >= required) {
                smallest = smallest.min(group.rows);
                exposed += if group.rows < required { group.rows } else { 0 };
            }
            for (place, (_, rows)) in known.iter_mut().enumerate() {
                let told = |of: &Group| matches!(of.values.get(place), Some(Told::One(_)));
                let is_secret = whole.values.get(place) == Some(&Told::Several);
                if is_secret && told(group) && !before.is_some_and(told) {
                    *rows += group.rows;
                }
            }
        }
        let [in_both, new, gone] = self.counts;
        CompositionFact {
            release,
            asset: None,
            no_common_column: false,
            in_both,
            new,
            gone,
            smallest: if smallest == u64::MAX { 0 } else { smallest },
            required,
            exposed,
            left_aside: Vec::new(),
            known,
        }
    }
}

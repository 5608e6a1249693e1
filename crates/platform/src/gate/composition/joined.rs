//! The rows of two versions side by side, in groups that an observer of both releases
//! cannot tell apart.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use deident::{Applier, Plan, TupleTable};
use rand::rngs::StdRng;

use super::CompositionFact;
use super::choice::{Choice, tells_column};
use super::digest::Digester;
use crate::Error;
use crate::gate::candidate::texts;
use crate::gate::left_out::LeftOut;
use crate::gate::measure::deident;

/// The forms of a row.
pub(super) type Forms = Vec<Option<String>>;

/// The forms of a row in the earlier release and in the candidate; `None` where a release
/// does not show the row.
pub(super) type Sight = (Option<Forms>, Option<Forms>);

/// A sensitive column and which of the two releases shows it.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    pub(super) column: String,
    pub(super) by_then: bool,
    pub(super) by_now: bool,
}

/// Looks at the rows of a version as one release shows them, but for those that it left
/// out one by one.
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

/// The earlier release on both versions, whose columns may have other types, and the rows
/// of its version that it left out.
pub(super) struct Then {
    pub(super) on_then: Lens,
    pub(super) on_now: Lens,
    pub(super) left_out: LeftOut,
}

/// The candidate, and the rows of its version that it leaves out.
pub(super) struct Later {
    pub(super) lens: Lens,
    pub(super) left_out: LeftOut,
}

/// Rows of the earlier version with one digest that were not met yet.
#[derive(Clone, Copy, Debug, Default)]
struct Unmet {
    shown: u32,
    left_out: u32,
}

impl Unmet {
    /// Takes one row, one that was shown first; says whether it was.
    fn take(&mut self) -> Option<bool> {
        self.take_one(true).or_else(|| self.take_one(false))
    }

    /// Takes one row that was shown, or one that was left out.
    fn take_one(&mut self, shown: bool) -> Option<bool> {
        let rows = if shown { &mut self.shown } else { &mut self.left_out };
        *rows = rows.checked_sub(1)?;
        Some(shown)
    }
}

/// How a row of the later version was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Met {
    /// Its digest is of another part, or the candidate leaves it out.
    Elsewhere,
    /// The earlier version lacks it.
    New,
    /// Both have it; the earlier release showed it or left it out.
    Both { shown: bool },
}

/// Rows that an observer of both releases cannot tell apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) rows: u64,
    /// One a sensitive column.
    pub(super) values: Vec<Told>,
}

impl Group {
    pub(super) fn add(&mut self, rows: u64, values: impl Iterator<Item = Told>) {
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
pub(super) enum Told {
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
    then: Then,
    now: Later,
    groups: HashMap<Sight, Group>,
    sensitive: Vec<Secret>,
    digester: Digester,
    /// Place of the next row of the table that is passed over.
    place: u64,
    /// Rows of the earlier version by digest that were not met yet.
    left: HashMap<u64, Unmet>,
    /// Rows in both, new, gone.
    counts: [u64; 3],
    /// Rows of the later version are chosen, by what was found before.
    choice: Option<Choice>,
    /// Rows of the later version that a newer release left out.
    hidden: LeftOut,
    /// Rows of the later version that this release left out.
    pub(super) was_left_out: Vec<u64>,
    /// Rows that this release showed and a newer one left out.
    pub(super) stay_out: Vec<u64>,
}

impl Joined {
    /// Nothing is put down yet.
    ///
    /// - `key`: the columns by which rows are the same.
    pub(super) fn new(then: Then, now: Later, key: Vec<String>, sensitive: Vec<Secret>) -> Self {
        Self {
            then,
            now,
            groups: HashMap::new(),
            sensitive,
            digester: Digester::new(key),
            place: 0,
            left: HashMap::new(),
            counts: [0; 3],
            choice: None,
            hidden: LeftOut::default(),
            was_left_out: Vec::new(),
            stay_out: Vec::new(),
        }
    }

    /// The same, where newer releases left these rows of the later version out.
    pub(super) fn with_hidden(self, hidden: &LeftOut) -> Self {
        Self { hidden: hidden.clone(), ..self }
    }

    /// Which rows of the candidate must be left out so that every group is large enough;
    /// the passes are then made once more, to choose them. `None` if every group is.
    pub(super) fn choosing(mut self, required: u64, rng: StdRng) -> Option<Self> {
        let whole = self.whole();
        let choice = Choice::of(&self.groups, &self.sensitive, &whole, required, rng)?;
        self.groups = HashMap::new();
        self.choice = Some(choice);
        Some(self)
    }

    /// The places of the rows that were chosen.
    pub(super) fn chosen(self) -> Vec<u64> {
        self.choice.map(Choice::into_places).unwrap_or_default()
    }

    /// Whether rows are chosen, not counted.
    pub(super) fn is_choosing(&self) -> bool {
        self.choice.is_some()
    }

    /// Begins with one part of the digests, of so many.
    pub(super) fn begin_part(&mut self, part: u64, parts: u64) {
        self.digester.begin_part(part, parts);
        self.left = HashMap::new();
    }

    /// Begins a pass over a table.
    pub(super) fn begin_pass(&mut self) {
        self.place = 0;
    }

    /// Whether rows of the earlier version were not met in this part.
    pub(super) fn has_unmet(&self) -> bool {
        self.left.values().any(|rows| rows.shown > 0)
    }

    /// Place of the first row of a batch; the next batch goes on behind it.
    fn pass(&mut self, batch: &RecordBatch) -> u64 {
        let first = self.place;
        self.place += u64::try_from(batch.num_rows()).unwrap_or(0);
        first
    }

    /// Both releases were made of these very rows.
    pub(super) fn all_in_both(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let first = self.pass(batch);
        let left_out = self.then.left_out.marks(first, batch.num_rows());
        let met: Vec<Met> =
            left_out.into_iter().map(|left_out| Met::Both { shown: !left_out }).collect();
        self.put_later(batch, first, &met)
    }

    /// Notes the rows of the earlier version.
    pub(super) fn note(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let first = self.pass(batch);
        let left_out = self.then.left_out.marks(first, batch.num_rows());
        for (digest, left_out) in self.digester.digests(batch)?.into_iter().zip(left_out) {
            let Some(digest) = digest else { continue };
            let rows = self.left.entry(digest).or_default();
            if left_out { rows.left_out += 1 } else { rows.shown += 1 }
        }
        Ok(())
    }

    /// Meets the rows of the later version with those that were noted. What the candidate
    /// leaves out is gone for whoever has both releases, so that such a row meets none.
    pub(super) fn meet(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let first = self.pass(batch);
        let left_out = self.now.left_out.marks(first, batch.num_rows());
        let digests = self.digester.digests(batch)?;
        let mut met = Vec::with_capacity(digests.len());
        for (digest, left_out) in digests.into_iter().zip(left_out) {
            met.push(match digest.filter(|_| !left_out) {
                None => Met::Elsewhere,
                Some(digest) => match self.left.get_mut(&digest).and_then(Unmet::take) {
                    None => Met::New,
                    Some(shown) => Met::Both { shown },
                },
            });
        }
        self.put_later(batch, first, &met)
    }

    /// Rows of the earlier version that were not met.
    pub(super) fn gone(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let first = self.pass(batch);
        let left_out = self.then.left_out.marks(first, batch.num_rows());
        let mut mask = Vec::with_capacity(batch.num_rows());
        for (digest, left_out) in self.digester.digests(batch)?.into_iter().zip(left_out) {
            let rows = digest.and_then(|digest| self.left.get_mut(&digest));
            let shown = !left_out && rows.and_then(|rows| rows.take_one(true)).is_some();
            mask.push(Some(shown));
        }
        let gone = filter_record_batch(batch, &BooleanArray::from(mask)).map_err(deident)?;
        let forms = self.then.on_then.forms(&gone)?;
        let sights = forms.into_iter().map(|then| (then, None));
        self.put(&gone, sights.collect(), 2)
    }

    /// Puts rows of the later version down as they were met; `first` is the place of the
    /// first.
    fn put_later(&mut self, batch: &RecordBatch, first: u64, met: &[Met]) -> Result<(), Error> {
        let marks = self.now.left_out.marks(first, batch.num_rows());
        let mut pick = |wanted: fn(&Met) -> bool, count: usize| -> Result<(), Error> {
            let mask: BooleanArray = met.iter().map(|met| Some(wanted(met))).collect();
            let rows = filter_record_batch(batch, &mask).map_err(deident)?;
            let places = (first..).zip(met.iter().zip(&marks)).filter(|(_, (met, _))| wanted(met));
            let places: Vec<(u64, Met, bool)> =
                places.map(|(place, (met, left_out))| (place, *met, *left_out)).collect();
            let then = if count == 0 {
                self.then.on_now.forms(&rows)?
            } else {
                vec![None; rows.num_rows()]
            };
            let now = self.now.lens.forms(&rows)?;
            let sights =
                then.into_iter().zip(now).zip(&places).map(|((then, now), (_, met, left_out))| {
                    let was_shown = *met == Met::Both { shown: true };
                    (then.filter(|_| was_shown), now.filter(|_| !left_out))
                });
            let sights: Vec<Sight> = sights.collect();
            for (place, met, left_out) in &places {
                match met {
                    Met::Both { shown: false } => self.was_left_out.push(*place),
                    Met::Both { shown: true } if !left_out && self.hidden.contains(*place) => {
                        self.stay_out.push(*place);
                    }
                    _ => {}
                }
            }
            if let Some(choice) = &mut self.choice {
                for (sight, (place, ..)) in sights.iter().zip(&places) {
                    choice.offer(sight, *place);
                }
                return Ok(());
            }
            self.put(&rows, sights, count)
        };
        pick(|met| matches!(met, Met::Both { .. }), 0)?;
        pick(|met| matches!(met, Met::New), 1)
    }

    /// Puts rows down as an observer of both releases sees them; what neither shows is
    /// left out. `count` says which of the counts they belong to.
    fn put(&mut self, batch: &RecordBatch, sights: Vec<Sight>, count: usize) -> Result<(), Error> {
        let values = self.values(batch)?;
        for ((then, now), values) in sights.into_iter().zip(values) {
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

    /// All rows together.
    fn whole(&self) -> Group {
        let mut whole = Group::default();
        for group in self.groups.values() {
            whole.add(group.rows, group.values.iter().cloned());
        }
        whole
    }

    /// What the groups tell beyond what the earlier release told alone.
    pub(super) fn judge(&self, release: i64, required: u64) -> CompositionFact {
        let alone = alone(&self.groups, &self.sensitive);
        let whole = self.whole();
        let mut smallest = u64::MAX;
        let mut exposed = 0;
        let mut known: Vec<(String, u64)> =
            self.sensitive.iter().map(|secret| (secret.column.clone(), 0)).collect();
        for ((then, _), group) in &self.groups {
            let before = then.as_ref().and_then(|then| alone.get(then));
            // What was too small already is no news, unless it is split further.
            if before.is_none_or(|before| before.rows >= required || group.rows < before.rows) {
                smallest = smallest.min(group.rows);
                exposed += if group.rows < required { group.rows } else { 0 };
            }
            for (place, (_, rows)) in known.iter_mut().enumerate() {
                *rows += if tells_column(group, before, &whole, place) { group.rows } else { 0 };
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

/// The classes of the earlier release, as it told them alone.
pub(super) fn alone<'a>(
    groups: &'a HashMap<Sight, Group>,
    sensitive: &[Secret],
) -> HashMap<&'a Forms, Group> {
    let mut alone: HashMap<&Forms, Group> = HashMap::new();
    for ((then, _), group) in groups {
        let Some(then) = then else { continue };
        let shown = sensitive
            .iter()
            .zip(&group.values)
            .map(|(secret, told)| if secret.by_then { told.clone() } else { Told::Nothing });
        alone.entry(then).or_default().add(group.rows, shown);
    }
    alone
}

//! What a candidate tells together with what was released before (组合攻击).
//!
//! ```text
//! row of both versions   ─▶ its form in the earlier release │ its form in the candidate
//! row that is new        ─▶ —                               │ its form in the candidate
//! row that is gone       ─▶ its form in the earlier release │ —
//! ```
//!
//! Whoever has both releases can tell these groups apart: by subtracting one from the
//! other, or by the order of the rows, which releases keep. So each group must be as
//! large as a class of one release; a person who is alone in the difference of two
//! versions is named by it, however large the classes of each.
//!
//! Rows are the same if every column that may point at a person, or is sensitive, is the
//! same in both versions. They are
//! compared by a keyed digest of 64 bits, part by part, so that the memory does not
//! grow with the table.
//!
//! Source: Ganta et al., "Composition attacks and auxiliary information in data
//! privacy", KDD 2008; Byun et al., "Secure anonymization for incremental datasets",
//! SDM 2006 (difference of releases).

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use deident::{Applier, Plan, Transform, TupleTable, TupleTableBuilder, risk};
use serde::{Deserialize, Serialize};

use super::candidate::texts;
use super::exposure::Counted;
use super::measure::deident;
use super::model::GateRun;
use super::pass::{self, Pass};
use super::release::{self, Release};
use crate::jobs::Task;
use crate::registry;
use crate::registry::version::{StoredTable, Version};
use crate::{Error, Platform};

/// Rows whose digests are held at once.
const PART: u64 = 4_000_000;
/// Earlier releases that are compared, the newest first.
const EARLIER: usize = 10;
/// What is said while rows are compared.
const WORDS: (&str, &str) = ("与先前发布的版本比较", "Comparing with an earlier release");

/// What a candidate and one earlier release tell together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompositionFact {
    /// Number of the earlier release.
    pub release: i64,
    /// Rows that both versions have.
    pub in_both: u64,
    /// Rows of the candidate that the earlier version lacks.
    pub new: u64,
    /// Rows of the earlier release that the version lacks.
    pub gone: u64,
    /// Rows of the smallest group that can be told apart.
    pub smallest: u64,
    /// Rows a group must have.
    pub required: u64,
    /// Rows in groups that are smaller.
    pub exposed: u64,
    /// Columns of the earlier release that may point at a person and that the version
    /// lacks, so that they could not be compared.
    #[serde(default)]
    pub left_aside: Vec<String>,
    /// Rows in groups that all have one value of a sensitive column, by column, where
    /// the column has more than one.
    pub known: Vec<(String, u64)>,
}

impl CompositionFact {
    /// Whether the two together tell no more than each may.
    pub fn passes(&self) -> bool {
        self.exposed == 0 && self.known.iter().all(|(_, rows)| *rows == 0)
    }
}

/// The candidate as it was measured.
pub(super) struct Now<'a> {
    pub(super) run: &'a GateRun,
    pub(super) version: &'a Version,
    pub(super) plan: &'a Plan,
    pub(super) tuples: &'a TupleTable,
    pub(super) columns: &'a Counted,
    pub(super) table: &'a StoredTable,
    /// Number of the release itself, where it is measured again.
    pub(super) own: Option<i64>,
    /// Rows that a class must have.
    pub(super) required: u64,
    /// Fewest sensitive values of a group; below 2 nothing is asked.
    pub(super) distinct_l: u64,
}

/// Compares the candidate with each earlier release of the asset for its audience:
/// also suspended ones, for what was public stays known.
pub(super) async fn with_earlier(
    platform: &Platform,
    task: &Task,
    now: &Now<'_>,
) -> Result<Vec<CompositionFact>, Error> {
    if now.columns.all().is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = platform.store.read().await?;
    let earlier = release::of_asset(&mut reader, now.run.asset_id, now.run.audience).await?;
    drop(reader);
    let mut facts = Vec::new();
    let is_earlier = |release: &Release| now.own.is_none_or(|own| release.number < own);
    for release in earlier.into_iter().filter(is_earlier).take(EARLIER) {
        facts.push(compare(platform, task, now, &release).await?);
    }
    Ok(facts)
}

/// Compares the candidate with one earlier release.
async fn compare(
    platform: &Platform,
    task: &Task,
    now: &Now<'_>,
    earlier: &Release,
) -> Result<CompositionFact, Error> {
    let mut reader = platform.store.read().await?;
    let before = registry::load_version(&mut reader, earlier.version_id).await?;
    drop(reader);
    let (Some(then_stored), Some(now_stored)) = (&before.stored, &now.version.stored) else {
        return Err(Error::Interrupted);
    };
    let then_schema =
        platform.lake.schema(&then_stored.table()?, Some(then_stored.version)).await?;
    let now_schema = platform.lake.schema(&now_stored.table()?, Some(now_stored.version)).await?;
    let common = common_columns(&then_schema, &now_schema);
    let then_plan = earlier_plan(earlier, &common);
    let then_tuples = count(platform, task, &before, then_stored, &then_plan).await?;
    let then_shown = shown(platform, task, &earlier.table, names(&then_plan)).await?;
    let sensitive = sensitive_of_both(now, earlier, &common);
    let left_aside = left_aside(earlier, &common);
    let now_plan = only(now.plan, &now.columns.quasi);
    let now_shown = shown(platform, task, now.table, names(&now_plan)).await?;
    let then_lens = || Lens::new(&then_plan, &then_tuples, &then_shown);
    let mut joined = Joined {
        then: Lenses { on_then: then_lens()?, on_now: then_lens()? },
        now: Lens::new(&now_plan, now.tuples, &now_shown)?,
        together: TupleTable::builder(&together(&then_plan, &now_plan, &sensitive)),
        common: key(&common, &then_plan, &now_plan, &sensitive),
        sensitive,
        hasher: RandomState::new(),
        part: (0, 1),
        left: HashMap::new(),
        counts: [0; 3],
    };
    let (then_rows, now_rows) = (before.rows.unwrap_or(0), now.version.rows.unwrap_or(0));
    let pass = |table, rows| Pass { table, columns: None, rows, words: WORDS };
    if before.id == now.version.id {
        let pass = pass(now_stored, now_rows);
        joined = pass::over(platform, task, pass, joined, Joined::all_in_both).await?;
    } else {
        let parts = then_rows / PART + 1;
        for part in 0..parts {
            joined.part = (part, parts);
            joined = pass::over(platform, task, pass(then_stored, then_rows), joined, Joined::note)
                .await?;
            joined = pass::over(platform, task, pass(now_stored, now_rows), joined, Joined::meet)
                .await?;
            if joined.left.values().any(|rows| *rows > 0) {
                joined =
                    pass::over(platform, task, pass(then_stored, then_rows), joined, Joined::gone)
                        .await?;
            }
            joined.left = HashMap::new();
        }
    }
    let quasi = together(&then_plan, &now_plan, &[]);
    let (required, distinct_l, number) = (now.required, now.distinct_l, earlier.number);
    let judged =
        tokio::task::spawn_blocking(move || joined.judge(number, &quasi, required, distinct_l));
    let fact = judged.await.map_err(|_| Error::Interrupted)??;
    Ok(CompositionFact { left_aside, ..fact })
}

/// Sensitive columns of either release, as far as both versions have them.
fn sensitive_of_both(now: &Now<'_>, earlier: &Release, common: &[String]) -> Vec<String> {
    let mut sensitive = now.columns.sensitive.clone();
    for column in earlier.columns.iter().filter(|one| one.role == detect::Role::Sensitive) {
        if common.contains(&column.name) && !sensitive.contains(&column.name) {
            sensitive.push(column.name.clone());
        }
    }
    sensitive
}

/// Columns of the earlier release that may point at a person and that the later version
/// lacks.
fn left_aside(earlier: &Release, common: &[String]) -> Vec<String> {
    let points = |role| matches!(role, detect::Role::Quasi | detect::Role::Direct);
    let columns = earlier.columns.iter().filter(|column| points(column.role));
    let lacking = columns.filter(|column| !common.contains(&column.name));
    lacking.map(|column| column.name.clone()).collect()
}

/// The columns by which rows are told to be the same: those that say something of a
/// person. A time stamp in every row does not make other persons of them.
fn key(common: &[String], then: &Plan, now: &Plan, sensitive: &[String]) -> Vec<String> {
    let says = |name: &&String| {
        then.transform(name).is_some() || now.transform(name).is_some() || sensitive.contains(name)
    };
    common.iter().filter(says).cloned().collect()
}

/// Columns that both versions have, in the order of the later one.
fn common_columns(then: &SchemaRef, now: &SchemaRef) -> Vec<String> {
    let names = now.fields().iter().map(|field| field.name());
    names.filter(|name| then.index_of(name).is_ok()).cloned().collect()
}

/// What an earlier release did to the columns that may point at a person. A column
/// that the later version lacks is left aside: its forms cannot be joined.
fn earlier_plan(earlier: &Release, common: &[String]) -> Plan {
    let points = |role| matches!(role, detect::Role::Quasi | detect::Role::Direct);
    let mut plan = Plan::default();
    for column in earlier.columns.iter().filter(|column| points(column.role)) {
        if common.contains(&column.name) {
            plan = plan.with(column.name.clone(), column.transform.clone());
        }
    }
    plan
}

/// A plan for some of its columns alone, that drops no row.
fn only(plan: &Plan, columns: &[String]) -> Plan {
    let mut only = Plan::default();
    for name in columns {
        if let Some(transform) = plan.transform(name) {
            only = only.with(name.clone(), transform.clone());
        }
    }
    only
}

fn names(plan: &Plan) -> Vec<String> {
    plan.columns.iter().map(|(name, _)| name.clone()).collect()
}

/// Columns of the table in which the forms of both releases stand side by side.
fn together(then: &Plan, now: &Plan, sensitive: &[String]) -> Vec<String> {
    let mut columns = vec!["then".to_owned()];
    columns.extend(then.columns.iter().map(|(name, _)| format!("then/{name}")));
    columns.push("now".to_owned());
    columns.extend(now.columns.iter().map(|(name, _)| format!("now/{name}")));
    columns.extend(sensitive.iter().map(|name| format!("value/{name}")));
    columns
}

/// Counts the generalized columns of a version, so that its plan can be applied again.
async fn count(
    platform: &Platform,
    task: &Task,
    version: &Version,
    stored: &StoredTable,
    plan: &Plan,
) -> Result<TupleTable, Error> {
    let columns: Vec<String> = plan
        .columns
        .iter()
        .filter(|(_, transform)| matches!(transform, Transform::Generalize { .. }))
        .map(|(name, _)| name.clone())
        .collect();
    let counted = TupleTable::builder(&columns);
    if columns.is_empty() {
        return Ok(counted.finish());
    }
    let rows = version.rows.unwrap_or(0);
    let pass = Pass { table: stored, columns: Some(columns), rows, words: WORDS };
    let counted = pass::over(platform, task, pass, counted, |counted, batch| {
        counted.update(batch).map_err(deident)
    });
    Ok(counted.await?.finish())
}

/// The forms of a row.
type Forms = Vec<Option<String>>;

/// The classes that a released table shows. They grow with the classes, not the rows.
async fn shown(
    platform: &Platform,
    task: &Task,
    table: &StoredTable,
    columns: Vec<String>,
) -> Result<HashSet<Forms>, Error> {
    if columns.is_empty() {
        return Ok(HashSet::from([Vec::new()]));
    }
    let pass = Pass { table, columns: Some(columns), rows: 0, words: WORDS };
    pass::over(platform, task, pass, HashSet::new(), |shown: &mut HashSet<Forms>, batch| {
        shown.extend(texts(batch)?);
        Ok(())
    })
    .await
}

/// Looks at the rows of a version as one release shows them.
struct Lens {
    columns: Vec<String>,
    applier: Applier,
    shown: HashSet<Forms>,
}

impl Lens {
    fn new(plan: &Plan, tuples: &TupleTable, shown: &HashSet<Forms>) -> Result<Self, Error> {
        Ok(Self {
            columns: names(plan),
            applier: Applier::new(plan, tuples).map_err(deident)?,
            shown: shown.clone(),
        })
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
struct Lenses {
    on_then: Lens,
    on_now: Lens,
}

/// The rows of two versions while they are put side by side.
struct Joined {
    then: Lenses,
    now: Lens,
    together: TupleTableBuilder,
    sensitive: Vec<String>,
    common: Vec<String>,
    hasher: RandomState,
    /// Which part of the digests is looked at, of how many.
    part: (u64, u64),
    /// Rows of the earlier version by digest that were not met yet.
    left: HashMap<u64, u32>,
    /// Rows in both, new, gone.
    counts: [u64; 3],
}

impl Joined {
    /// Both releases were made of these very rows.
    fn all_in_both(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        self.put_both(batch)
    }

    /// Notes the rows of the earlier version.
    fn note(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        for digest in self.digests(batch)?.into_iter().flatten() {
            *self.left.entry(digest).or_default() += 1;
        }
        Ok(())
    }

    /// Meets the rows of the later version with those that were noted.
    fn meet(&mut self, batch: &RecordBatch) -> Result<(), Error> {
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
        self.put(&new, &vec![None; forms.len()], &forms, 1)
    }

    /// Rows of the earlier version that were not met.
    fn gone(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let mut mask = Vec::with_capacity(batch.num_rows());
        for digest in self.digests(batch)? {
            mask.push(Some(digest.is_some_and(|digest| self.take(digest))));
        }
        let mask: BooleanArray = mask.into_iter().collect();
        let gone = filter_record_batch(batch, &mask).map_err(deident)?;
        let forms = self.then.on_then.forms(&gone)?;
        let nothing = vec![None; forms.len()];
        self.put(&gone, &forms, &nothing, 2)
    }

    fn put_both(&mut self, batch: &RecordBatch) -> Result<(), Error> {
        let then = self.then.on_now.forms(batch)?;
        let now = self.now.forms(batch)?;
        self.put(batch, &then, &now, 0)
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

    /// The digest of each row over the common columns; `None` for rows of other parts.
    fn digests(&self, batch: &RecordBatch) -> Result<Vec<Option<u64>>, Error> {
        let schema = batch.schema();
        let mut places = Vec::with_capacity(self.common.len());
        for name in &self.common {
            places.push(schema.index_of(name).map_err(deident)?);
        }
        let rows = texts(&batch.project(&places).map_err(deident)?)?;
        let (part, parts) = self.part;
        let own = |digest: &u64| digest % parts == part;
        Ok(rows.iter().map(|row| Some(self.hasher.hash_one(row)).filter(own)).collect())
    }

    /// Puts rows down as an observer of both releases sees them; what neither shows is
    /// left out. `count` says which of the counts they belong to.
    fn put(
        &mut self,
        batch: &RecordBatch,
        then: &[Option<Forms>],
        now: &[Option<Forms>],
        count: usize,
    ) -> Result<(), Error> {
        let values = self.values(batch)?;
        for ((then, now), values) in then.iter().zip(now).zip(&values) {
            if then.is_none() && now.is_none() {
                continue;
            }
            let mut row: Vec<Option<&str>> = Vec::new();
            side(&mut row, then.as_ref(), self.then.on_then.columns.len());
            side(&mut row, now.as_ref(), self.now.columns.len());
            row.extend(values.iter().map(Option::as_deref));
            self.together.push(&row).map_err(deident)?;
            if let Some(slot) = self.counts.get_mut(count) {
                *slot += 1;
            }
        }
        Ok(())
    }

    /// The sensitive values of rows; null where the version lacks the column.
    fn values(&self, batch: &RecordBatch) -> Result<Vec<Forms>, Error> {
        let schema = batch.schema();
        let places: Vec<usize> =
            self.sensitive.iter().filter_map(|name| schema.index_of(name).ok()).collect();
        if places.is_empty() {
            return Ok(vec![vec![None; self.sensitive.len()]; batch.num_rows()]);
        }
        let known = texts(&batch.project(&places).map_err(deident)?)?;
        let fill = |row: Forms| {
            let mut row = row.into_iter();
            let cell = |name: &String| match schema.index_of(name) {
                Ok(_) => row.next().flatten(),
                Err(_) => None,
            };
            self.sensitive.iter().map(cell).collect()
        };
        Ok(known.into_iter().map(fill).collect())
    }

    /// What the groups tell.
    fn judge(
        self,
        release: i64,
        quasi: &[String],
        required: u64,
        distinct_l: u64,
    ) -> Result<CompositionFact, Error> {
        let table = self.together.finish();
        let groups = table.class_sizes_of(quasi).map_err(deident)?;
        let small = groups.iter().filter(|(size, _)| *size < required);
        let exposed = small.map(|(size, groups)| size * groups).sum();
        let mut known = Vec::new();
        for column in self.sensitive.iter().filter(|_| distinct_l >= 2 && table.rows() > 0) {
            let found = risk::diversity::diversity(&table, quasi, &format!("value/{column}"))
                .map_err(deident)?;
            let rows = if found.values > 1 { found.homogeneous_rows } else { 0 };
            known.push((column.clone(), rows));
        }
        let [in_both, new, gone] = self.counts;
        Ok(CompositionFact {
            release,
            in_both,
            new,
            gone,
            smallest: groups.min().unwrap_or_default(),
            required,
            exposed,
            left_aside: Vec::new(),
            known,
        })
    }
}

/// One release's part of a row: whether it is there, then its forms.
fn side<'a>(row: &mut Vec<Option<&'a str>>, forms: Option<&'a Forms>, columns: usize) {
    match forms {
        Some(forms) => {
            row.push(Some("1"));
            row.extend(forms.iter().map(Option::as_deref));
        }
        None => row.extend(std::iter::repeat_n(None, columns + 1)),
    }
}

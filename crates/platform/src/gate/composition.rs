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
//! same in both versions. They are compared by a keyed digest of 64 bits, part by part:
//! the memory grows with the groups, not with the rows.
//!
//! What the earlier release told by itself is not held against the candidate: it is known,
//! and a better release must remain possible.
//!
//! Source: Ganta et al., "Composition attacks and auxiliary information in data
//! privacy", KDD 2008; Byun et al., "Secure anonymization for incremental datasets",
//! SDM 2006 (difference of releases).

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;
use deident::{Applier, Plan, Transform, TupleTable};
use serde::{Deserialize, Serialize};
use vocabulary::{AssetId, ReleaseId};

use super::candidate::texts;
use super::exposure::Counted;
use super::measure::deident;
use super::model::{ColumnOutcome, GateRun, Treatment};
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
/// Open datasets of others that are compared.
const OTHERS: usize = 5;
/// Columns that must be shared with another dataset to be of the same persons.
const SHARED: usize = 2;
/// What is said while rows are compared.
const WORDS: (&str, &str) = ("与先前发布的版本比较", "Comparing with an earlier release");

/// What a candidate and one earlier release tell together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompositionFact {
    /// Number of the earlier release.
    pub release: i64,
    /// The asset of that release and its title in Chinese; `None` for the own asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<(AssetId, String)>,
    /// Whether both have columns that may point at a person and none of them is in both: a
    /// comparison row by row is not possible.
    #[serde(default)]
    pub no_common_column: bool,
    /// Rows that both versions have.
    pub in_both: u64,
    /// Rows of the candidate that the earlier version lacks.
    pub new: u64,
    /// Rows of the earlier release that the version lacks.
    pub gone: u64,
    /// Rows of the smallest group that can be told apart by both and not by the earlier
    /// release alone.
    pub smallest: u64,
    /// Rows a group must have.
    pub required: u64,
    /// Rows in such groups that are smaller.
    pub exposed: u64,
    /// Columns of the earlier release that may point at a person and that the version
    /// lacks, so that they could not be compared.
    #[serde(default)]
    pub left_aside: Vec<String>,
    /// Rows in groups that all have one value of a sensitive column, by column, where
    /// the column has more than one and the earlier release alone did not tell it.
    pub known: Vec<(String, u64)>,
}

impl CompositionFact {
    /// What was compared, in Chinese and in English.
    pub(super) fn named(&self) -> (String, String) {
        let number = self.release;
        match &self.asset {
            None => (format!("第 {number} 次发布"), format!("release {number}")),
            Some((_, title)) => {
                (format!("《{title}》第 {number} 次发布"), format!("release {number} of “{title}”"))
            }
        }
    }

    /// The same, with what a comparison over fewer columns found, too: an observer may use
    /// either.
    fn and(self, other: &Self) -> Self {
        Self {
            exposed: self.exposed.max(other.exposed),
            smallest: if other.smallest == 0 {
                self.smallest
            } else {
                self.smallest.min(other.smallest)
            },
            ..self
        }
    }

    /// Whether most rows of the smaller version were found in the other. If not, the
    /// versions are of other persons, or the same persons are written otherwise: a
    /// comparison row by row then shows little.
    pub fn is_joined(&self) -> bool {
        self.in_both >= self.new.min(self.gone)
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
    /// The release itself, where it is measured again: what came after it is left aside.
    pub(super) own: Option<&'a Release>,
    /// Rows that a class must have.
    pub(super) required: u64,
}

/// Compares the candidate with the earlier releases of the asset, for whomever they were:
/// who was granted conditional data has the open data too. Also with suspended ones, for
/// what was given stays known. Of releases with the same rows one is enough. Then with the
/// open datasets of others that hold the same rows.
pub(super) async fn with_earlier(
    platform: &Platform,
    task: &Task,
    now: &Now<'_>,
) -> Result<Compared, Error> {
    let mut reader = platform.store.read().await?;
    let mut earlier = release::all(&mut reader, now.run.asset_id).await?;
    let (mut others, others_left) = others(&mut reader, now.run).await?;
    drop(reader);
    let is_older = |release: &Release| now.own.is_none_or(|own| is_before(release, own));
    earlier.retain(is_older);
    others.retain(|other| is_older(&other.release));
    let points = |release: &Release| release.columns.iter().any(says_something);
    if now.columns.all().is_empty() && !earlier.iter().any(points) {
        earlier.clear();
    }
    let mut seen = HashSet::new();
    earlier
        .retain(|release| seen.insert((release.version_id, release.outcome.digest.sha256.clone())));
    let mut facts = Vec::new();
    for release in earlier.iter().take(EARLIER) {
        facts.push(compare(platform, task, now, release, Rows::OfOneAsset).await?);
    }
    for other in &others {
        let fact = compare(platform, task, now, &other.release, Rows::OfTwo).await?;
        let fewer = other.release.outcome.rows.min(now.version.rows.unwrap_or(0));
        // Other persons agree by chance here and there; the same ones agree nearly all.
        if fact.in_both.saturating_mul(10) >= fewer.saturating_mul(9) {
            let asset = Some((other.release.asset_id, other.title.clone()));
            facts.push(CompositionFact { asset, ..fact });
        }
    }
    Ok(Compared {
        facts,
        left_out: earlier.len().saturating_sub(EARLIER) + others_left,
        others: others.iter().map(|other| other.release.id).collect(),
    })
}

/// What the comparisons found.
pub(super) struct Compared {
    pub(super) facts: Vec<CompositionFact>,
    /// Releases that were not compared because there are too many.
    pub(super) left_out: usize,
    /// The releases of other assets that were looked at.
    pub(super) others: Vec<ReleaseId>,
}

/// Whether a release was made before another one.
fn is_before(release: &Release, own: &Release) -> bool {
    if release.asset_id == own.asset_id {
        release.number < own.number
    } else {
        release.released_at < own.released_at
    }
}

/// Whether a column of a release may point at a person, or is sensitive.
fn says_something(column: &ColumnOutcome) -> bool {
    column.role != detect::Role::None
}

/// The newest open releases of other assets that may be of the same persons: they share at
/// least two columns that point at persons in one of the two. Those that share the most come
/// first; says how many more there are.
pub(super) async fn others(
    query: &mut impl store::Query,
    run: &GateRun,
) -> Result<(Vec<OtherRelease>, usize), Error> {
    let kept = |name: &str| {
        let decided = run.decisions.iter().find(|decision| decision.column == name);
        decided.filter(|decision| decision.treatment != Treatment::Remove)
    };
    let points = |role| matches!(role, detect::Role::Quasi | detect::Role::Direct);
    let mut found = Vec::new();
    for other in release::others(query, run.asset_id).await? {
        let shared = other.columns.iter().filter(|column| {
            kept(&column.name).is_some_and(|own| points(own.role) || points(column.role))
        });
        let shared = shared.count();
        if shared >= SHARED {
            found.push((shared, other));
        }
    }
    found.sort_by_key(|(shared, other)| (Reverse(*shared), other.release));
    let left = found.len().saturating_sub(OTHERS);
    let mut others = Vec::new();
    for (_, other) in found.into_iter().take(OTHERS) {
        let release = release::load(query, other.release).await?;
        others.push(OtherRelease { release, title: other.title });
    }
    Ok((others, left))
}

/// A release of another asset.
pub(super) struct OtherRelease {
    pub(super) release: Release,
    pub(super) title: String,
}

/// Whose rows are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Two versions of one table.
    OfOneAsset,
    /// Two tables that may be of the same persons.
    OfTwo,
}

/// Compares the candidate with one earlier release.
async fn compare(
    platform: &Platform,
    task: &Task,
    now: &Now<'_>,
    earlier: &Release,
    whose: Rows,
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
    let now_plan = only(now.plan, &now.columns.quasi);
    let now_shown = shown(platform, task, now.table, names(&now_plan)).await?;
    let sensitive = sensitive_of_both(now, earlier, &common);
    let mut keys = vec![key(&common, &then_plan, &now_plan, &sensitive)];
    // Values that change from month to month, allowances say, make other rows of the same
    // persons. So the rows are compared without them, too.
    let by_quasi = key(&common, &then_plan, &now_plan, &[]);
    if whose == Rows::OfOneAsset && !by_quasi.is_empty() && !keys.contains(&by_quasi) {
        keys.push(by_quasi);
    }
    let pair = Pair { before: &before, then_stored, now_stored };
    let mut found: Option<CompositionFact> = None;
    for key in keys {
        let then_lens = || Lens::new(&then_plan, &then_tuples, Arc::clone(&then_shown));
        let joined = Joined {
            then: Lenses { on_then: then_lens()?, on_now: then_lens()? },
            now: Lens::new(&now_plan, now.tuples, Arc::clone(&now_shown))?,
            groups: HashMap::new(),
            key,
            sensitive: sensitive.clone(),
            hasher: RandomState::new(),
            part: (0, 1),
            left: HashMap::new(),
            counts: [0; 3],
        };
        let joined = join(platform, task, now.version, &pair, joined).await?;
        let (required, number) = (now.required, earlier.number);
        let judged = tokio::task::spawn_blocking(move || joined.judge(number, required));
        let fact = judged.await.map_err(|_| Error::Interrupted)?;
        found = Some(match found {
            Some(first) => first.and(&fact),
            None => fact,
        });
    }
    let fact = found.ok_or(Error::Interrupted)?;
    let is_other = before.id != now.version.id && whose == Rows::OfOneAsset;
    let nothing_common = then_plan.columns.is_empty()
        && now_plan.columns.iter().all(|(name, _)| !common.contains(name));
    let both_point = earlier.columns.iter().any(points_at_person) && !now.columns.quasi.is_empty();
    Ok(CompositionFact {
        left_aside: left_aside(earlier, &common),
        no_common_column: is_other && nothing_common && both_point,
        ..fact
    })
}

/// The versions that are compared.
struct Pair<'a> {
    before: &'a Version,
    then_stored: &'a StoredTable,
    now_stored: &'a StoredTable,
}

/// Puts the rows of two versions side by side.
async fn join(
    platform: &Platform,
    task: &Task,
    now: &Version,
    pair: &Pair<'_>,
    mut joined: Joined,
) -> Result<Joined, Error> {
    let (then_rows, now_rows) = (pair.before.rows.unwrap_or(0), now.rows.unwrap_or(0));
    let then = || Pass { table: pair.then_stored, columns: None, rows: then_rows, words: WORDS };
    let later = || Pass { table: pair.now_stored, columns: None, rows: now_rows, words: WORDS };
    if pair.before.id == now.id {
        return pass::over(platform, task, later(), joined, Joined::all_in_both).await;
    }
    let parts = then_rows / PART + 1;
    for part in 0..parts {
        joined.part = (part, parts);
        joined = pass::over(platform, task, then(), joined, Joined::note).await?;
        joined = pass::over(platform, task, later(), joined, Joined::meet).await?;
        if joined.left.values().any(|rows| *rows > 0) {
            joined = pass::over(platform, task, then(), joined, Joined::gone).await?;
        }
        joined.left = HashMap::new();
    }
    Ok(joined)
}

/// Whether a column of a release may point at a person.
fn points_at_person(column: &ColumnOutcome) -> bool {
    matches!(column.role, detect::Role::Quasi | detect::Role::Direct)
}

/// A sensitive column and which of the two releases shows it.
#[derive(Clone, Debug)]
struct Secret {
    column: String,
    by_then: bool,
    by_now: bool,
}

/// Sensitive columns of either release.
fn sensitive_of_both(now: &Now<'_>, earlier: &Release, common: &[String]) -> Vec<Secret> {
    let sensitive = earlier.columns.iter().filter(|one| one.role == detect::Role::Sensitive);
    let then: Vec<&String> =
        sensitive.map(|one| &one.name).filter(|n| common.contains(n)).collect();
    let own = now.columns.sensitive.iter();
    let others = then.iter().copied().filter(|name| !now.columns.sensitive.contains(name));
    own.chain(others)
        .map(|column| Secret {
            column: column.clone(),
            by_then: then.contains(&column),
            by_now: keeps(now.run, column),
        })
        .collect()
}

/// Whether a column leaves with a candidate, whatever role a person gave it.
fn keeps(run: &GateRun, column: &str) -> bool {
    let decided = run.decisions.iter().find(|decision| decision.column == column);
    decided.is_some_and(|decision| decision.treatment != Treatment::Remove)
}

/// Columns of the earlier release that may point at a person and that the later version
/// lacks.
fn left_aside(earlier: &Release, common: &[String]) -> Vec<String> {
    let columns = earlier.columns.iter().filter(|column| points_at_person(column));
    let lacking = columns.filter(|column| !common.contains(&column.name));
    lacking.map(|column| column.name.clone()).collect()
}

/// The columns by which rows are told to be the same: those that say something of a
/// person. A time stamp in every row does not make other persons of them.
fn key(common: &[String], then: &Plan, now: &Plan, sensitive: &[Secret]) -> Vec<String> {
    let says = |name: &&String| {
        then.transform(name).is_some()
            || now.transform(name).is_some()
            || sensitive.iter().any(|secret| secret.column == **name)
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
    let mut plan = Plan::default();
    for column in earlier.columns.iter().filter(|column| points_at_person(column)) {
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
) -> Result<Arc<HashSet<Forms>>, Error> {
    if columns.is_empty() {
        return Ok(Arc::new(HashSet::from([Vec::new()])));
    }
    let pass = Pass { table, columns: Some(columns), rows: 0, words: WORDS };
    let shown = pass::over(platform, task, pass, HashSet::new(), |shown, batch| {
        shown.extend(texts(batch)?);
        Ok(())
    });
    Ok(Arc::new(shown.await?))
}

/// Looks at the rows of a version as one release shows them.
struct Lens {
    columns: Vec<String>,
    applier: Applier,
    shown: Arc<HashSet<Forms>>,
}

impl Lens {
    fn new(plan: &Plan, tuples: &TupleTable, shown: Arc<HashSet<Forms>>) -> Result<Self, Error> {
        let applier = Applier::new(plan, tuples).map_err(deident)?;
        Ok(Self { columns: names(plan), applier, shown })
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
struct Joined {
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
        self.put(&new, vec![None; forms.len()], forms, 1)
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
    fn judge(self, release: i64, required: u64) -> CompositionFact {
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

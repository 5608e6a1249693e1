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

mod choice;
mod digest;
mod joined;
mod persons;

use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use deident::{Plan, Transform, TupleTable};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::{Deserialize, Serialize};
use vocabulary::{AssetId, ReleaseId};

use self::joined::{Forms, Joined, Later, Lens, Secret, Then};
use self::persons::Persons;
use super::candidate::texts;
use super::exposure::Counted;
use super::left_out::LeftOut;
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
    /// Rows of the version that the candidate leaves out.
    pub(super) left_out: &'a LeftOut,
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
    let (earlier, others, others_left) = comparable(platform, now).await?;
    let rule = law::gate::composition();
    let mut facts = Vec::new();
    for release in earlier.iter().take(rule.earlier_releases) {
        let pair = Pair::of(platform, task, now, release, Rows::OfOneAsset).await?;
        facts.push(compare(platform, task, now, release, &pair).await?);
    }
    let mut unsure = Vec::new();
    for other in &others {
        let pair = Pair::of(platform, task, now, &other.release, Rows::OfTwo).await?;
        let fact = compare(platform, task, now, &other.release, &pair).await?;
        let asset = Some((other.release.asset_id, other.title.clone()));
        match persons::of(platform, task, now, &pair, &fact).await? {
            Persons::Same => facts.push(CompositionFact { asset, ..fact }),
            Persons::Unsure => unsure.push(CompositionFact { asset, ..fact }.named()),
            Persons::Others => {}
        }
    }
    Ok(Compared {
        facts,
        unsure,
        left_out: earlier.len().saturating_sub(rule.earlier_releases) + others_left,
        others: others.iter().map(|other| other.release.id).collect(),
    })
}

/// The earlier releases that the candidate is held against, newest first, those of others
/// that may be of the same persons, and how many more there are of the latter.
async fn comparable(
    platform: &Platform,
    now: &Now<'_>,
) -> Result<(Vec<Release>, Vec<OtherRelease>, usize), Error> {
    let mut reader = platform.store.read().await?;
    let mut earlier = release::all(&mut reader, now.run.asset_id).await?;
    let (mut others, others_left) = others(&mut reader, now.run).await?;
    drop(reader);
    let is_older = |release: &Release| now.own.is_none_or(|own| is_before(release, own));
    earlier.retain(is_older);
    others.retain(|other| is_older(&other.release));
    let points = |release: &Release| release.outcome.columns.iter().any(says_something);
    if now.columns.all().is_empty() && !earlier.iter().any(points) {
        earlier.clear();
    }
    let mut seen = HashSet::new();
    earlier
        .retain(|release| seen.insert((release.version_id, release.outcome.digest.sha256.clone())));
    Ok((earlier, others, others_left))
}

/// Times that the earlier releases are gone through while rows are left out: what is left
/// out for one may be missed by another.
const ROUNDS: usize = 4;

/// Rows of the version that the candidate must leave out, so that it and the earlier
/// releases of the asset tell no small group apart; the newest release comes first. At
/// most `allowed` rows, or as many as were found when these were exceeded.
pub(super) async fn leave_out(
    platform: &Platform,
    task: &Task,
    now: &Now<'_>,
    allowed: u64,
) -> Result<LeftOut, Error> {
    let (earlier, ..) = comparable(platform, now).await?;
    let most = law::gate::composition().earlier_releases;
    let mut left_out = now.left_out.clone();
    for _ in 0..ROUNDS {
        let before = left_out.len();
        let mut hidden = LeftOut::default();
        for release in earlier.iter().take(most) {
            let pair = Pair::of(platform, task, now, release, Rows::OfOneAsset).await?;
            let mut was_left_out = None;
            for key in &pair.keys {
                let mut joined = pair.joined(now, &left_out, key.clone())?;
                // The first comparison tells the rows apart best.
                if was_left_out.is_none() {
                    joined = joined.with_hidden(&hidden);
                }
                joined = join(platform, task, now, &pair, joined).await?;
                was_left_out.get_or_insert(std::mem::take(&mut joined.was_left_out));
                // Who was shown once and left out later to hide others does not come back:
                // whoever is missing among those who come back is gone.
                if !joined.stay_out.is_empty() {
                    left_out = left_out.with(std::mem::take(&mut joined.stay_out));
                    joined = pair.joined(now, &left_out, key.clone())?;
                    joined = join(platform, task, now, &pair, joined).await?;
                }
                let required = now.required;
                let dice = StdRng::from_seed(trust::secret::random().map_err(Error::evidence)?);
                let chosen = tokio::task::spawn_blocking(move || joined.choosing(required, dice));
                if let Some(joined) = chosen.await.map_err(|_| Error::Interrupted)? {
                    let joined = join(platform, task, now, &pair, joined).await?;
                    left_out = left_out.with(joined.chosen());
                }
                if left_out.len() > allowed {
                    return Ok(left_out);
                }
            }
            hidden = hidden.with(was_left_out.unwrap_or_default());
        }
        if left_out.len() == before {
            break;
        }
    }
    Ok(left_out)
}

/// What the comparisons found.
pub(super) struct Compared {
    pub(super) facts: Vec<CompositionFact>,
    /// Datasets of others, in Chinese and in English, of which nothing shows whether they
    /// are of the same persons.
    pub(super) unsure: Vec<(String, String)>,
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

/// Whether a column was decided to point at a person, or to be sensitive.
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
    let rule = law::gate::composition();
    let mut found = Vec::new();
    for other in release::others(query, run.asset_id).await? {
        let shared = other.columns.iter().filter(|column| {
            kept(&column.name).is_some_and(|own| points(own.role) || points(column.role))
        });
        let shared = shared.count();
        if shared >= rule.shared_columns {
            found.push((shared, other));
        }
    }
    found.sort_by_key(|(shared, other)| (Reverse(*shared), other.release));
    let left = found.len().saturating_sub(rule.other_datasets);
    let mut others = Vec::new();
    for (_, other) in found.into_iter().take(rule.other_datasets) {
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
    pair: &Pair,
) -> Result<CompositionFact, Error> {
    let mut found: Option<CompositionFact> = None;
    for key in pair.keys.clone() {
        let joined = pair.joined(now, now.left_out, key)?;
        let joined = join(platform, task, now, pair, joined).await?;
        let (required, number) = (now.required, earlier.number);
        let judged = tokio::task::spawn_blocking(move || joined.judge(number, required));
        let fact = judged.await.map_err(|_| Error::Interrupted)?;
        found = Some(match found {
            Some(first) => first.and(&fact),
            None => fact,
        });
    }
    let fact = found.ok_or(Error::Interrupted)?;
    let Pair { whose, before, then_plan, now_plan, common, .. } = pair;
    let is_other = before.id != now.version.id && *whose == Rows::OfOneAsset;
    let nothing_common = then_plan.columns.is_empty()
        && now_plan.columns.iter().all(|(name, _)| !common.contains(name));
    let both_point = earlier.columns.iter().any(points_at_person) && !now_plan.columns.is_empty();
    Ok(CompositionFact {
        left_aside: left_aside(earlier, common),
        no_common_column: is_other && nothing_common && both_point,
        ..fact
    })
}

/// An earlier release and the candidate, and how both show their rows.
struct Pair {
    whose: Rows,
    before: Version,
    then_stored: StoredTable,
    now_stored: StoredTable,
    /// Columns that both versions have.
    common: Vec<String>,
    then_plan: Plan,
    then_tuples: TupleTable,
    then_shown: Arc<HashSet<Forms>>,
    then_left_out: LeftOut,
    now_plan: Plan,
    now_shown: Arc<HashSet<Forms>>,
    /// The columns by which rows are the same, in each way that they are compared, and the
    /// sensitive columns that are looked at: only rows that are the same in these, too, have
    /// one value in both.
    keys: Vec<(Vec<String>, Vec<Secret>)>,
}

impl Pair {
    async fn of(
        platform: &Platform,
        task: &Task,
        now: &Now<'_>,
        earlier: &Release,
        whose: Rows,
    ) -> Result<Self, Error> {
        let mut reader = platform.store.read().await?;
        let before = registry::load_version(&mut reader, earlier.version_id).await?;
        drop(reader);
        let (Some(then_stored), Some(now_stored)) =
            (before.stored.clone(), now.version.stored.clone())
        else {
            return Err(Error::Interrupted);
        };
        let then_schema =
            platform.lake.schema(&then_stored.table()?, Some(then_stored.version)).await?;
        let now_schema =
            platform.lake.schema(&now_stored.table()?, Some(now_stored.version)).await?;
        let common = common_columns(&then_schema, &now_schema);
        let pointing = pointing_in_either(now, earlier);
        let then_plan = earlier_plan(earlier, &common, &pointing);
        let then_tuples = count(platform, task, &before, &then_stored, &then_plan).await?;
        let then_shown = shown(platform, task, &earlier.table, names(&then_plan)).await?;
        let then_left_out =
            LeftOut::load(platform, task, earlier.outcome.left_out.as_ref()).await?;
        let now_plan = only(now, &pointing);
        let now_shown = shown(platform, task, now.table, names(&now_plan)).await?;
        let sensitive = sensitive_of_both(now, earlier, &common);
        let by_all = key(&common, &then_plan, &now_plan, &sensitive);
        let mut keys = vec![(by_all, sensitive)];
        // Values that change from month to month, allowances say, make other rows of the
        // same persons. So the rows are compared without them, too.
        let by_quasi = key(&common, &then_plan, &now_plan, &[]);
        let is_new = keys.iter().all(|(key, _)| *key != by_quasi);
        if whose == Rows::OfOneAsset && !by_quasi.is_empty() && is_new {
            keys.push((by_quasi, Vec::new()));
        }
        Ok(Self {
            whose,
            before,
            then_stored,
            now_stored,
            common,
            then_plan,
            then_tuples,
            then_shown,
            then_left_out,
            now_plan,
            now_shown,
            keys,
        })
    }

    /// Nothing is put down yet; the candidate leaves these rows out.
    fn joined(
        &self,
        now: &Now<'_>,
        left_out: &LeftOut,
        (key, sensitive): (Vec<String>, Vec<Secret>),
    ) -> Result<Joined, Error> {
        let then = || Lens::new(&self.then_plan, &self.then_tuples, Arc::clone(&self.then_shown));
        let left_out_then = self.then_left_out.clone();
        let then = Then { on_then: then()?, on_now: then()?, left_out: left_out_then };
        let lens = Lens::new(&self.now_plan, now.tuples, Arc::clone(&self.now_shown))?;
        let later = Later { lens, left_out: left_out.clone() };
        Ok(Joined::new(then, later, key, sensitive))
    }
}

/// Puts the rows of two versions side by side.
async fn join(
    platform: &Platform,
    task: &Task,
    now: &Now<'_>,
    pair: &Pair,
    mut joined: Joined,
) -> Result<Joined, Error> {
    let rows = |version: &Version| version.rows.unwrap_or(0);
    let (then_rows, now_rows) = (rows(&pair.before), rows(now.version));
    let then = || Pass { table: &pair.then_stored, columns: None, rows: then_rows, words: WORDS };
    let later = || Pass { table: &pair.now_stored, columns: None, rows: now_rows, words: WORDS };
    joined.begin_pass();
    if pair.before.id == now.version.id {
        return pass::over(platform, task, later(), joined, Joined::all_in_both).await;
    }
    let parts = then_rows / PART + 1;
    for part in 0..parts {
        joined.begin_part(part, parts);
        joined.begin_pass();
        joined = pass::over(platform, task, then(), joined, Joined::note).await?;
        joined.begin_pass();
        joined = pass::over(platform, task, later(), joined, Joined::meet).await?;
        if joined.has_unmet() && !joined.is_choosing() {
            joined.begin_pass();
            joined = pass::over(platform, task, then(), joined, Joined::gone).await?;
        }
    }
    Ok(joined)
}

/// Whether a column was decided to point at a person.
fn points_at_person(column: &ColumnOutcome) -> bool {
    matches!(column.role, detect::Role::Quasi | detect::Role::Direct)
}

/// Columns that may point at a person by what was decided of either release: what one calls
/// so, the other may show under another name for it.
fn pointing_in_either(now: &Now<'_>, earlier: &Release) -> Vec<String> {
    let mut pointing = now.columns.quasi.clone();
    for column in earlier.outcome.columns.iter().filter(|column| points_at_person(column)) {
        if !pointing.contains(&column.name) {
            pointing.push(column.name.clone());
        }
    }
    pointing
}

/// Sensitive columns of either release, by what was decided of either. What one left out as
/// sensitive is so in the other, too.
fn sensitive_of_both(now: &Now<'_>, earlier: &Release, common: &[String]) -> Vec<Secret> {
    let decided = earlier.outcome.columns.iter();
    let then = decided.filter(|one| one.role == detect::Role::Sensitive).map(|one| &one.name);
    let then = then.filter(|name| common.contains(name));
    let own = now.columns.sensitive.iter();
    own.chain(then.filter(|name| !now.columns.sensitive.contains(name)))
        .map(|column| Secret {
            column: column.clone(),
            by_then: earlier.columns.iter().any(|shown| shown.name == *column),
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
fn earlier_plan(earlier: &Release, common: &[String], pointing: &[String]) -> Plan {
    let mut plan = Plan::default();
    for column in earlier.columns.iter().filter(|column| pointing.contains(&column.name)) {
        if common.contains(&column.name) {
            plan = plan.with(column.name.clone(), column.transform.clone());
        }
    }
    plan
}

/// What the candidate does to the columns that may point at a person and that it keeps;
/// it drops no row.
fn only(now: &Now<'_>, pointing: &[String]) -> Plan {
    let mut only = Plan::default();
    for name in pointing.iter().filter(|name| keeps(now.run, name)) {
        if let Some(transform) = now.plan.transform(name) {
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

//! Search for the best full-domain generalization: one level for each
//! quasi-identifier such that every class satisfies the models, at least cost.
//!
//! ```text
//! climb   a few paths of low bound from fine to coarse, a binary search on each,
//!         then single steps down       ─▶ a good node, the incumbent
//! sweep   every node whose bound is not above the incumbent, coarse before fine;
//!         a node that fails takes everything finer with it
//!                                      ─▶ the optimum, proved: no node is left
//! ```
//!
//! The proof needs that the cost without suppression is a lower bound of the
//! cost (true for every [`Metric`]) and that failing is inherited by finer nodes
//! (true for k-anonymity, distinct-l, distinct persons, k-map and a maximum risk;
//! for the other models but δ-disclosure only without suppression, and the sweep
//! then checks every node below the bound that the monotone ones do not rule out).
//!
//! Beyond [`Problem::exhaustive_limit`] nodes the sweep is replaced by a search
//! from the incumbent, and the outcome states the gap that is left.
//!
//! Invariants (each is also the name of a test):
//! - `an_optimal_outcome_equals_the_exhaustive_minimum`
//! - `suppressed_rows_never_exceed_the_limit`

mod climb;
mod counted;
mod disk;
mod engine;
mod grouping;
mod lattice;
mod local;
mod overlap;
mod register;
mod sweep;
mod table;

use std::ops::ControlFlow;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use vocabulary::ErrorKind;

use crate::criterion::{Criterion, ModelError};
use crate::hierarchy::{Hierarchy, HierarchyError, Spec};
use crate::metric::Metric;
use crate::spill::{SpillError, SpilledTable};
use crate::tuples::{TupleError, TupleTable};
pub(crate) use counted::KeptClasses;
pub use counted::{full_domain_counted, search_counted};
use disk::Disk;
use engine::{Checked, Engine, Verdict};
use grouping::Layout;
use lattice::Lattice;
pub use local::{Recoding, full_domain, recode};
use table::Base;

/// A quasi-identifier and the way to make it coarser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuasiColumn {
    /// Name of the column.
    pub name: String,
    /// Its hierarchy.
    pub spec: Spec,
}

impl QuasiColumn {
    /// Joins a name and a hierarchy.
    pub fn new(name: impl Into<String>, spec: Spec) -> Self {
        Self { name: name.into(), spec }
    }
}

/// What to search for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    /// The quasi-identifiers.
    pub columns: Vec<QuasiColumn>,
    /// Least size of a class.
    pub k: u32,
    /// Share of the rows that may be suppressed, in `[0, 1]`; rounded down to rows.
    pub suppression_limit: f64,
    /// What to minimize.
    pub metric: Metric,
    /// Other models: of sensitive columns and columns of persons, which must be
    /// counted in the tuple table too; of the population; of the whole release.
    #[serde(default)]
    pub criteria: Vec<Criterion>,
    /// Fixed levels by column name.
    #[serde(default)]
    pub pinned: std::collections::BTreeMap<String, usize>,
    /// Class sizes for which the outcome carries a point of the frontier of risk
    /// against utility. Each is a search of its own.
    #[serde(default)]
    pub frontier: Vec<u32>,
    /// Lattices of at most this many nodes are searched to a proved optimum.
    #[serde(default = "default_exhaustive_limit")]
    pub exhaustive_limit: u64,
    /// In larger lattices: rounds in a row that may find nothing better before the
    /// search ends. The greatest number means: until the caller breaks it off.
    #[serde(default = "default_patience")]
    pub patience: u32,
}

/// Enough for a lattice whose good nodes lie together.
fn default_patience() -> u32 {
    60
}

/// Four million nodes: half a megabyte of tags.
fn default_exhaustive_limit() -> u64 {
    4_000_000
}

impl Problem {
    /// k-anonymity with Loss as the measure.
    pub fn k_anonymity(columns: Vec<QuasiColumn>, k: u32, suppression_limit: f64) -> Self {
        Self {
            columns,
            k,
            suppression_limit,
            metric: Metric::Loss,
            criteria: Vec::new(),
            pinned: std::collections::BTreeMap::new(),
            frontier: Vec::new(),
            exhaustive_limit: default_exhaustive_limit(),
            patience: default_patience(),
        }
    }
}

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchProgress {
    /// Nodes checked so far.
    pub checked: u64,
    /// Nodes of the lattice.
    pub lattice: u64,
    /// Score of the best node so far.
    pub best: Option<f64>,
}

/// A point of the frontier of risk against utility.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrontierPoint {
    /// Level by column, in the order of [`Problem::columns`].
    pub levels: Vec<usize>,
    /// The class size asked for.
    pub k: u32,
    /// The cost in the metric of the problem.
    pub loss: f64,
    /// Rows suppressed.
    pub suppressed: u64,
    /// `1 / smallest class`: the risk of the record at most risk.
    pub risk: f64,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Level by column, in the order of [`Problem::columns`].
    pub levels: Vec<usize>,
    /// Cost in the metric of the problem.
    pub score: f64,
    /// Rows in classes that fail the models; they are dropped.
    pub suppressed_rows: u64,
    /// Rows of the table.
    pub rows: u64,
    /// Classes that stay.
    pub classes: u64,
    /// Rows of the smallest class that stays; 0 if none does.
    pub min_class: u64,
    /// Whether no better node exists.
    pub optimal: bool,
    /// `(score − proved lower bound) / score`; 0 if optimal.
    pub gap: f64,
    /// Nodes checked.
    pub checked: u64,
    /// Nodes of the lattice; `u64::MAX` if there are more than that.
    pub lattice: u64,
    /// Points of risk against utility, one for each class size asked for that
    /// the table can satisfy.
    pub frontier: Vec<FrontierPoint>,
}

/// Why there is no outcome.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The table has no rows.
    #[error("the table has no rows")]
    NoRows,
    /// No quasi-identifier is named.
    #[error("no quasi-identifier is named; name at least one")]
    NoColumns,
    /// A column is named twice.
    #[error("the quasi-identifier `{name}` is named twice")]
    NamedTwice {
        /// The column.
        name: String,
    },
    /// `k` is 0.
    #[error("k must be at least 1")]
    ZeroK,
    /// No class can have so many rows.
    #[error("k = {k} is more than the {rows} rows of the table; nothing can be released")]
    KAboveRows {
        /// The class size asked for.
        k: u32,
        /// Rows of the table.
        rows: u64,
    },
    /// The limit is no share.
    #[error("the suppression limit {limit} is not between 0 and 1")]
    Limit {
        /// The limit.
        limit: f64,
    },
    /// A pinned level is not in the hierarchy, or its column is no quasi-identifier.
    #[error("column `{column}` has no level {level} to pin")]
    Pinned {
        /// The column.
        column: String,
        /// The level.
        level: usize,
    },
    /// A hierarchy does not fit its column.
    #[error("the hierarchy of column `{column}` cannot be used")]
    Hierarchy {
        /// The column.
        column: String,
        /// Why.
        #[source]
        source: HierarchyError,
    },
    /// A column was not counted.
    #[error("the tuple table does not serve this problem")]
    Tuples(#[from] TupleError),
    /// The tuples cannot be read from disk, or something does not fit into memory.
    #[error(transparent)]
    Spill(#[from] SpillError),
    /// A model cannot be asked for.
    #[error("a model of the problem cannot be used")]
    Model(#[from] ModelError),
    /// The quasi-identifiers and sensitive columns of a tuple need too many bits.
    #[error(
        "the columns of the problem need keys of {words} words of 64 bits, and a key has 32 at most; \
         name fewer quasi-identifiers"
    )]
    TooWide {
        /// Words that a key would need.
        words: usize,
    },
    /// Not even the coarsest node satisfies the models.
    #[error("no generalization satisfies the models, not even the coarsest")]
    NoSolution,
    /// The caller broke the search off before it had an answer.
    #[error("the search was broken off before it found an answer")]
    Cancelled,
}

impl SearchError {
    /// What went wrong, in the words that the whole platform shares.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoRows
            | Self::NoColumns
            | Self::NamedTwice { .. }
            | Self::ZeroK
            | Self::KAboveRows { .. }
            | Self::Limit { .. }
            | Self::Pinned { .. }
            | Self::Hierarchy { .. }
            | Self::Tuples(_)
            | Self::Spill(_)
            | Self::Model(_)
            | Self::TooWide { .. }
            | Self::NoSolution => ErrorKind::Invalid,
            Self::Cancelled => ErrorKind::Conflict,
        }
    }
}

/// The best node so far.
#[derive(Debug, Clone)]
struct Incumbent {
    levels: Vec<usize>,
    checked: Checked,
}

/// One search: the engine, the lattice and what is known so far.
struct Search<'a, 'p, const W: usize> {
    engine: Engine<'a, W>,
    lattice: Lattice,
    best: Option<Incumbent>,
    /// What the nodes checked so far turned out to be.
    seen: HashMap<Vec<usize>, Verdict>,
    /// Nodes that failed and with them everything finer.
    fails: Vec<Vec<usize>>,
    /// As [`Problem::patience`].
    patience: u32,
    /// Whether a node that fails says so for everything finer.
    monotone: bool,
    progress: &'p mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
}

impl<const W: usize> Search<'_, '_, W> {
    /// Checks a node and keeps it if it is the best; breaks if the caller asks.
    fn visit(&mut self, levels: &[usize]) -> ControlFlow<(), Verdict> {
        let finer = |failed: &Vec<usize>| levels.iter().zip(failed).all(|(own, high)| own <= high);
        let verdict = match self.seen.get(levels) {
            Some(verdict) => verdict.clone(),
            None if self.fails.iter().any(finer) => Verdict::Failed { finer_too: true },
            None => {
                let verdict = self.engine.check(levels);
                self.seen.insert(levels.to_vec(), verdict.clone());
                if verdict == (Verdict::Failed { finer_too: true }) {
                    self.fails.push(levels.to_vec());
                }
                verdict
            }
        };
        if let Verdict::Satisfied(checked) = &verdict
            && self.is_better(levels, checked)
        {
            self.best = Some(Incumbent { levels: levels.to_vec(), checked: checked.clone() });
        }
        (self.progress)(SearchProgress {
            checked: self.engine.checks,
            lattice: self.lattice.size(),
            best: self.best.as_ref().map(|best| best.checked.score),
        })?;
        if self.engine.failure.is_some() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(verdict)
    }

    /// Lower score wins; among equal scores the lower sum of levels, then the
    /// first in the order of levels.
    fn is_better(&self, levels: &[usize], checked: &Checked) -> bool {
        let Some(best) = &self.best else { return true };
        let tolerance = tie(best.checked.score);
        if checked.score < best.checked.score - tolerance {
            return true;
        }
        if checked.score > best.checked.score + tolerance {
            return false;
        }
        let sum = |levels: &[usize]| levels.iter().sum::<usize>();
        (sum(levels), levels) < (sum(&best.levels), best.levels.as_slice())
    }
}

/// Scores that differ by less are the same.
fn tie(score: f64) -> f64 {
    score.abs() * 1e-12
}

/// Searches the best generalization.
///
/// - `tuples`: must count every quasi-identifier and every sensitive column of
///   the criteria.
/// - `progress`: called after each check; `Break` ends the search with the best
///   node so far, which is then not called optimal.
///
/// # Errors
///
/// Any [`SearchError`].
///
/// ```
/// # use std::{ops::ControlFlow, sync::Arc};
/// # use arrow::array::{ArrayRef, Int64Array, RecordBatch};
/// # use deident::{Problem, QuasiColumn, TupleTable, hierarchy::Spec, search};
/// let ages: ArrayRef = Arc::new(Int64Array::from(vec![31, 33, 38, 39]));
/// let batch = RecordBatch::try_from_iter([("age", ages)]).unwrap();
/// let tuples = TupleTable::from_batches(&["age"], &[batch])?;
/// let age = QuasiColumn::new("age", Spec::intervals(&[5.0, 10.0]));
/// let outcome = search(
///     &tuples,
///     &Problem::k_anonymity(vec![age], 2, 0.0),
///     &mut |_| ControlFlow::Continue(()),
/// )?;
/// assert_eq!(outcome.levels, [1]);
/// assert!(outcome.optimal);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn search(
    tuples: &TupleTable,
    problem: &Problem,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Outcome, SearchError> {
    search_from(Tuples { head: tuples, disk: None }, problem, progress)
}

/// The tuples of a table: all of it, or its names and values, and the rest on disk.
#[derive(Clone, Copy)]
struct Tuples<'a> {
    head: &'a TupleTable,
    disk: Option<&'a SpilledTable>,
}

fn search_from(
    tuples: Tuples<'_>,
    problem: &Problem,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Outcome, SearchError> {
    let hierarchies = hierarchies(tuples.head, problem)?;
    let mut outcome = search_once(tuples, problem, &hierarchies, problem.k, progress)?;
    for k in &problem.frontier {
        if u64::from(*k) > tuples.head.rows() || *k == 0 {
            continue;
        }
        let found = if *k == problem.k {
            Ok(outcome.clone())
        } else {
            search_once(tuples, problem, &hierarchies, *k, progress)
        };
        match found {
            Ok(point) if point.min_class > 0 => outcome.frontier.push(FrontierPoint {
                levels: point.levels,
                k: *k,
                loss: point.score,
                suppressed: point.suppressed_rows,
                risk: 1.0 / point.min_class as f64,
            }),
            Ok(_) | Err(SearchError::NoSolution) => {}
            Err(SearchError::Cancelled) => break,
            Err(other) => return Err(other),
        }
    }
    Ok(outcome)
}

/// Builds and checks the hierarchies of a problem for the values of a table.
///
/// # Errors
///
/// The [`SearchError`]s of a problem that does not fit the table.
pub(crate) fn hierarchies(
    tuples: &TupleTable,
    problem: &Problem,
) -> Result<Vec<Hierarchy>, SearchError> {
    if tuples.rows() == 0 {
        return Err(SearchError::NoRows);
    }
    if problem.columns.is_empty() {
        return Err(SearchError::NoColumns);
    }
    let mut names = std::collections::BTreeSet::new();
    let mut hierarchies = Vec::with_capacity(problem.columns.len());
    for column in &problem.columns {
        if !names.insert(&column.name) {
            return Err(SearchError::NamedTwice { name: column.name.clone() });
        }
        tuples.require(&column.name)?;
        let hierarchy = column
            .spec
            .build(tuples.domain(&column.name))
            .map_err(|source| SearchError::Hierarchy { column: column.name.clone(), source })?;
        hierarchies.push(hierarchy);
    }
    Ok(hierarchies)
}

fn search_once(
    tuples: Tuples<'_>,
    problem: &Problem,
    hierarchies: &[Hierarchy],
    k: u32,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Outcome, SearchError> {
    let rows = tuples.head.rows();
    if k == 0 {
        return Err(SearchError::ZeroK);
    }
    if u64::from(k) > rows {
        return Err(SearchError::KAboveRows { k, rows });
    }
    let limit = suppressible(rows, problem.suppression_limit)?;
    let lattice = lattice(problem, hierarchies)?;
    let Problem { columns, criteria, metric, .. } = problem;
    let base = Base::new(tuples.head, columns, hierarchies, k, criteria, *metric)?;
    if base.demands.k > rows {
        return Err(SearchError::NoSolution);
    }
    let layout = Layout::new(&base, lattice.low());
    let parts = Parts { base, layout, lattice, problem, limit, disk: tuples.disk };
    match parts.layout.words() {
        1 => search_with::<1>(parts, progress),
        2 => search_with::<2>(parts, progress),
        3 | 4 => search_with::<4>(parts, progress),
        5..=8 => search_with::<8>(parts, progress),
        9..=32 => search_with::<32>(parts, progress),
        words => Err(SearchError::TooWide { words }),
    }
}

/// What a search is made of, before the width of its keys is chosen.
struct Parts<'a> {
    base: Base<'a>,
    layout: Layout,
    lattice: Lattice,
    problem: &'a Problem,
    limit: u64,
    disk: Option<&'a SpilledTable>,
}

fn search_with<const W: usize>(
    parts: Parts<'_>,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Outcome, SearchError> {
    let Parts { base, layout, lattice, problem, limit, disk } = parts;
    let rows = base.rows;
    let monotone = limit == 0 && base.demands.all_monotone
        || problem.criteria.iter().all(|c| c.model.is_monotone_with_suppression());
    let disk = disk.map(|table| Disk::new(table, problem)).transpose()?;
    let engine = Engine::<W>::new(base, layout, problem.metric, limit, lattice.low(), disk);
    let mut search = Search {
        engine,
        lattice,
        best: None,
        seen: HashMap::new(),
        fails: Vec::new(),
        patience: problem.patience,
        monotone,
        progress,
    };
    let exhaustive = search.lattice.size() <= problem.exhaustive_limit;
    let flow = search.climb();
    let complete = if flow.is_break() {
        false
    } else if exhaustive {
        search.sweep().is_continue()
    } else {
        // Whether it ran to its end or was broken off, nothing is proved.
        let _ = search.wander();
        false
    };
    if let Some(failure) = search.engine.failure.take() {
        return Err(failure);
    }
    let lattice_size = search.lattice.size();
    let Some(best) = search.best else {
        return Err(if complete { SearchError::NoSolution } else { SearchError::Cancelled });
    };
    let floor = search.engine.bound(search.lattice.low());
    let gap = if complete || best.checked.score <= 0.0 {
        0.0
    } else {
        ((best.checked.score - floor) / best.checked.score).clamp(0.0, 1.0)
    };
    Ok(Outcome {
        levels: best.levels,
        score: best.checked.score,
        suppressed_rows: best.checked.suppressed,
        rows,
        classes: best.checked.classes,
        min_class: best.checked.min_class,
        optimal: complete,
        gap,
        checked: search.engine.checks,
        lattice: lattice_size,
        frontier: Vec::new(),
    })
}

/// Figures of one node, for [`crate::utility`].
pub(crate) struct NodeScore {
    pub(crate) score: f64,
    pub(crate) suppressed: u64,
    pub(crate) classes: u64,
    pub(crate) min_class: u64,
    /// Loss without suppression, values before, values after, by column.
    pub(crate) columns: Vec<(f64, u64, u64)>,
}

/// Scores one node in one metric, with no limit of suppression.
pub(crate) fn score_of(
    tuples: &TupleTable,
    problem: &Problem,
    hierarchies: &[Hierarchy],
    metric: Metric,
    levels: &[usize],
) -> Result<NodeScore, SearchError> {
    let lattice = lattice(problem, hierarchies)?;
    for (number, column) in problem.columns.iter().enumerate() {
        let level = levels.get(number).copied().unwrap_or(usize::MAX);
        if lattice.high().get(number).is_none_or(|high| level > *high) {
            return Err(SearchError::Pinned { column: column.name.clone(), level });
        }
    }
    let Problem { columns, k, criteria, .. } = problem;
    let base = Base::new(tuples, columns, hierarchies, *k, criteria, metric)?;
    let columns = base
        .columns
        .iter()
        .zip(levels)
        .map(|(column, level)| {
            let level = column.levels.get(*level);
            let after = level.map_or(0, |level| u64::from(level.own_groups));
            (level.map_or(0.0, |level| level.loss), column.values as u64, after)
        })
        .collect();
    let low = vec![0; levels.len()];
    let layout = Layout::new(&base, &low);
    let verdict = match layout.words() {
        1 => check_once::<1>(base, layout, metric, &low, levels),
        2 => check_once::<2>(base, layout, metric, &low, levels),
        3 | 4 => check_once::<4>(base, layout, metric, &low, levels),
        5..=8 => check_once::<8>(base, layout, metric, &low, levels),
        9..=32 => check_once::<32>(base, layout, metric, &low, levels),
        words => return Err(SearchError::TooWide { words }),
    };
    match verdict {
        Verdict::Satisfied(checked) => Ok(NodeScore {
            score: checked.score,
            suppressed: checked.suppressed,
            classes: checked.classes,
            min_class: checked.min_class,
            columns,
        }),
        Verdict::Failed { .. } => Err(SearchError::NoSolution),
    }
}

/// Checks one node with no limit of suppression.
fn check_once<const W: usize>(
    base: Base<'_>,
    layout: Layout,
    metric: Metric,
    low: &[usize],
    levels: &[usize],
) -> Verdict {
    let limit = base.rows;
    Engine::<W>::new(base, layout, metric, limit, low, None).check(levels)
}

fn lattice(problem: &Problem, hierarchies: &[Hierarchy]) -> Result<Lattice, SearchError> {
    for (column, level) in &problem.pinned {
        if !problem.columns.iter().any(|quasi| quasi.name == *column) {
            return Err(SearchError::Pinned { column: column.clone(), level: *level });
        }
    }
    let mut low = Vec::with_capacity(hierarchies.len());
    let mut high = Vec::with_capacity(hierarchies.len());
    for (column, hierarchy) in problem.columns.iter().zip(hierarchies) {
        match problem.pinned.get(&column.name) {
            None => {
                low.push(0);
                high.push(hierarchy.top());
            }
            Some(level) if *level <= hierarchy.top() => {
                low.push(*level);
                high.push(*level);
            }
            Some(level) => {
                return Err(SearchError::Pinned { column: column.name.clone(), level: *level });
            }
        }
    }
    Ok(Lattice::new(low, high))
}

/// The limit in rows, rounded down.
fn suppressible(rows: u64, limit: f64) -> Result<u64, SearchError> {
    if !(0.0..=1.0).contains(&limit) {
        return Err(SearchError::Limit { limit });
    }
    let exact = limit * rows as f64;
    // A limit of 0.02 of 50 rows is one row, though 0.02 · 50 may be 0.999….
    let rounded = (exact + 1e-9).floor();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and rows, and whole"
    )]
    let whole = rounded as u64;
    Ok(whole.min(rows))
}

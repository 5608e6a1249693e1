//! Local recoding: each class of rows gets levels of its own, so that common rows
//! stay fine and only rare ones become coarse.
//!
//! ```text
//! gather   nodes of the lattice from cheap to dear; at each, the rows left over
//!          are grouped, and the groups that satisfy the models become classes
//! merge    what is left at the end joins the class that it makes least coarse
//! tighten  each column of a class goes down to the level at which its rows agree
//! ```
//!
//! Not an optimum (finding one is NP-hard), and not called one. The classes of the
//! result satisfy the models by construction; the smallest class and the number of
//! classes are counted anew from the forms that would be written.
//!
//! Invariants (each is also the name of a test):
//! - `a_local_recoding_satisfies_k_when_recounted`
//!
//! Source: the step from full-domain search to repeated search on the rows left
//! over is that of Prasser et al., "Flexible data anonymization using ARX",
//! Software: Practice and Experience 50, 2020.

use std::ops::ControlFlow;
use std::rc::Rc;

use hashbrown::{HashMap, HashSet};

use super::grouping::{Layout, keys_of};
use super::lattice::Lattice;
use super::register::Counter;
use super::table::Base;
use super::{
    KeptClasses, Outcome, Problem, SearchError, SearchProgress, hierarchies, lattice, suppressible,
};
use crate::criterion::Histogram;
use crate::hierarchy::Hierarchy;
use crate::metric::Metric;
use crate::release::Bounds;
use crate::tuples::TupleTable;

/// Nodes of a lattice that are all gone through.
const ALL_NODES: u64 = 20_000;

/// Paths through a lattice that is larger.
const PATHS: usize = 256;

/// Tuples looked at before the nodes to come are thinned out.
const WORK: u64 = 40_000_000;

/// What a local recoding is.
#[derive(Debug, Clone)]
pub struct Recoding {
    /// Levels of each class, in the order of [`Problem::columns`].
    levels: Vec<Vec<usize>>,
    /// Class of each tuple of the table; `None` for a suppressed one.
    class_of: Vec<Option<u32>>,
    /// The classes that stay, where the tuples lie on disk.
    kept: Option<KeptClasses>,
    /// Loss, arithmetic mean over the columns, in `[0, 1]`; see [`Metric::Loss`].
    pub loss: f64,
    /// Rows suppressed.
    pub suppressed_rows: u64,
    /// Rows of the table.
    pub rows: u64,
    /// Different rows of the release, as far as the quasi-identifiers go.
    pub classes: u64,
    /// Rows of the smallest class; 0 if all rows are suppressed.
    pub min_class: u64,
    /// Nodes gone through.
    pub checked: u64,
    /// Nodes of the lattice; `u64::MAX` if there are more than that.
    pub lattice: u64,
}

impl Recoding {
    /// `1 − loss`: what is left, in `[0, 1]`.
    pub fn granularity(&self) -> f64 {
        1.0 - self.loss
    }

    /// The highest level that a class has, by column.
    pub fn highest_levels(&self) -> Vec<usize> {
        let mut highest: Vec<usize> = Vec::new();
        for levels in &self.levels {
            highest.resize(levels.len(), 0);
            for (highest, level) in highest.iter_mut().zip(levels) {
                *highest = (*highest).max(*level);
            }
        }
        highest
    }

    /// One set of levels for a table on disk.
    pub(super) fn of_kept(outcome: &Outcome, kept: KeptClasses) -> Self {
        Self {
            levels: vec![outcome.levels.clone()],
            class_of: Vec::new(),
            kept: Some(kept),
            loss: outcome.score,
            suppressed_rows: outcome.suppressed_rows,
            rows: outcome.rows,
            classes: outcome.classes,
            min_class: outcome.min_class,
            checked: outcome.checked,
            lattice: outcome.lattice,
        }
    }

    /// The classes that stay, where the tuples lie on disk.
    pub(crate) fn kept(&self) -> Option<&KeptClasses> {
        self.kept.as_ref()
    }

    /// The class of a tuple of the table; `None` if it is suppressed.
    pub(crate) fn class_of(&self, tuple: usize) -> Option<u32> {
        self.class_of.get(tuple).copied().flatten()
    }

    /// Levels of a tuple of the table; `None` if it is suppressed.
    pub(crate) fn levels_of(&self, tuple: usize) -> Option<&[usize]> {
        let class = self.class_of.get(tuple).copied().flatten()?;
        self.levels.get(class as usize).map(Vec::as_slice)
    }
}

/// Recodes a table locally: Loss is minimized, the other settings of the problem
/// hold for each class. Its metric and frontier are not used.
///
/// Bounds on the whole release are met by larger classes. Where no local recoding is
/// found that satisfies the models, the full-domain optimum is given.
///
/// - `tuples`: must count every quasi-identifier and every sensitive column of
///   the criteria.
/// - `progress`: called after each node; `Break` ends the search, and the rows that
///   are left join the classes that there are.
///
/// # Errors
///
/// Any [`SearchError`]; [`SearchError::NoSolution`] if some rows fit no class that
/// satisfies the models and are more than may be suppressed.
pub fn recode(
    tuples: &TupleTable,
    problem: &Problem,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Recoding, SearchError> {
    with_parts(tuples, problem, None, progress)
}

/// The recoding that gives every row the same levels, as a full-domain search found
/// them; rows of classes that fail the models are suppressed.
///
/// - `levels`: level by column, in the order of [`Problem::columns`].
///
/// # Errors
///
/// As [`recode`]; [`SearchError::Pinned`] if a level is not in its hierarchy.
pub fn full_domain(
    tuples: &TupleTable,
    problem: &Problem,
    levels: &[usize],
) -> Result<Recoding, SearchError> {
    with_parts(tuples, problem, Some(levels), &mut |_| ControlFlow::Continue(()))
}

fn with_parts(
    tuples: &TupleTable,
    problem: &Problem,
    levels: Option<&[usize]>,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Recoding, SearchError> {
    let hierarchies = hierarchies(tuples, problem)?;
    let rows = tuples.rows();
    if problem.k == 0 {
        return Err(SearchError::ZeroK);
    }
    if u64::from(problem.k) > rows {
        return Err(SearchError::KAboveRows { k: problem.k, rows });
    }
    let limit = suppressible(rows, problem.suppression_limit)?;
    let lattice = lattice(problem, &hierarchies)?;
    for (number, column) in problem.columns.iter().enumerate() {
        let level = levels.map(|levels| levels.get(number).copied().unwrap_or(usize::MAX));
        if let Some(level) = level
            && lattice.high().get(number).is_none_or(|high| level > *high)
        {
            return Err(SearchError::Pinned { column: column.name.clone(), level });
        }
    }
    let Problem { columns, k, criteria, .. } = problem;
    let base = Base::new(tuples, columns, &hierarchies, *k, criteria, Metric::Loss)?;
    let layout = Rc::new(Layout::new(&base, lattice.low()));
    let k = base.demands.k;
    let mut parts = Parts { base, layout, lattice, limit, k };
    let mut attempt = |k: u64| {
        parts.k = k;
        match parts.layout.words() {
            1 => run::<1>(&parts, &hierarchies, levels, progress),
            2 => run::<2>(&parts, &hierarchies, levels, progress),
            3 | 4 => run::<4>(&parts, &hierarchies, levels, progress),
            5..=8 => run::<8>(&parts, &hierarchies, levels, progress),
            9..=32 => run::<32>(&parts, &hierarchies, levels, progress),
            words => Err(SearchError::TooWide { words }),
        }
    };
    let first = attempt(k);
    if levels.is_some() || !matches!(first, Err(SearchError::NoSolution)) {
        return first;
    }
    match at_larger_size(k, rows, &Bounds::of(criteria)?, &mut attempt) {
        Err(SearchError::NoSolution) => {}
        found => return found,
    }
    // One set of levels for all, where classes with levels of their own lose too much.
    let same = Problem { metric: Metric::Loss, frontier: Vec::new(), ..problem.clone() };
    let found = super::search(tuples, &same, progress)?;
    full_domain(tuples, problem, &found.levels)
}

/// Larger classes satisfy the bounds on the whole: the least size between one that
/// does not and one that must, by halving.
fn at_larger_size(
    fails: u64,
    rows: u64,
    bounds: &Bounds,
    attempt: &mut dyn FnMut(u64) -> Result<Recoding, SearchError>,
) -> Result<Recoding, SearchError> {
    let (mut fails, mut works) = (fails, bounds.safe_size().min(rows));
    if works <= fails {
        return Err(SearchError::NoSolution);
    }
    let mut found = attempt(works)?;
    while works - fails > 1 {
        let middle = fails + (works - fails) / 2;
        match attempt(middle) {
            Ok(better) => (works, found) = (middle, better),
            Err(SearchError::NoSolution) => fails = middle,
            Err(other) => return Err(other),
        }
    }
    Ok(found)
}

pub(super) struct Parts<'a> {
    pub(super) base: Base<'a>,
    layout: Rc<Layout>,
    pub(super) lattice: Lattice,
    limit: u64,
    k: u64,
}

/// Rows of one pattern: the levels, and the tuples with those levels.
#[derive(Debug, Clone, Default)]
pub(super) struct Cluster {
    pub(super) levels: Vec<usize>,
    pub(super) tuples: Vec<u32>,
    pub(super) rows: u64,
}

pub(super) struct Gatherer<'a, const W: usize> {
    pub(super) parts: &'a Parts<'a>,
    keys: Vec<[u64; W]>,
    /// Counts the population, where a model asks for it.
    counter: Option<Counter<W>>,
    /// Cost of one row by column, level and group: its part of the mean Loss.
    costs: Vec<Vec<Vec<f64>>>,
    histogram: Histogram,
    pub(super) clusters: Vec<Cluster>,
    checked: u64,
}

fn run<const W: usize>(
    parts: &Parts<'_>,
    hierarchies: &[Hierarchy],
    levels: Option<&[usize]>,
    progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>,
) -> Result<Recoding, SearchError> {
    let mut gatherer = Gatherer::<W> {
        parts,
        keys: keys_of(&parts.base, &parts.layout, parts.lattice.low()),
        counter: Counter::new(&parts.base, &parts.layout, parts.lattice.low()),
        costs: costs(&parts.base),
        histogram: Histogram::default(),
        clusters: Vec::new(),
        checked: 0,
    };
    if let Some(levels) = levels {
        let lost = gatherer.take(levels, (0_u32..).take(gatherer.keys.len()).collect());
        return gatherer.outcome(lost, hierarchies);
    }
    let left = gatherer.gather(progress);
    gatherer.tighten();
    let lost = gatherer.merge(left);
    gatherer.tighten();
    gatherer.outcome(lost, hierarchies)
}

/// Part of a row's mean Loss that each group costs, by column and level.
fn costs(base: &Base<'_>) -> Vec<Vec<Vec<f64>>> {
    let width = base.columns.len().max(1) as f64;
    base.columns
        .iter()
        .map(|column| {
            let least = 1.0 / column.leaves;
            let cost = |share: &f64| {
                if column.leaves > 1.0 { (share - least) / (1.0 - least) / width } else { 0.0 }
            };
            column.levels.iter().map(|level| level.share.iter().map(cost).collect()).collect()
        })
        .collect()
}

impl<const W: usize> Gatherer<'_, W> {
    fn code(&self, tuple: u32, column: usize) -> usize {
        let codes = self.parts.base.columns.get(column).map(|column| column.codes);
        codes.and_then(|codes| codes.get(tuple as usize)).map_or(0, |code| *code as usize)
    }

    pub(super) fn group(&self, tuple: u32, column: usize, level: usize) -> usize {
        let level = self.parts.base.level(column, level);
        level.and_then(|l| l.group.get(self.code(tuple, column))).map_or(0, |group| *group as usize)
    }

    pub(super) fn rows(&self, tuple: u32) -> u64 {
        self.parts.base.counts.get(tuple as usize).copied().unwrap_or_default()
    }

    /// Cost of one row of a pattern, given by levels and one of its tuples.
    fn cost(&self, tuple: u32, levels: &[usize]) -> f64 {
        let column = |(number, level): (usize, &usize)| {
            let groups = self.costs.get(number).and_then(|levels| levels.get(*level));
            groups.and_then(|costs| costs.get(self.group(tuple, number, *level))).unwrap_or(&0.0)
        };
        levels.iter().enumerate().map(column).sum()
    }

    /// The nodes from cheap to dear.
    fn nodes(&self) -> Vec<Vec<usize>> {
        let lattice = &self.parts.lattice;
        let mut nodes = Vec::new();
        if lattice.size() <= ALL_NODES {
            for node in 0..lattice.size() {
                let mut levels = Vec::new();
                lattice.levels(node, &mut levels);
                nodes.push(levels);
            }
        } else {
            let mut random = super::climb::Random::new();
            for _ in 0..PATHS {
                let mut levels = lattice.low().to_vec();
                nodes.push(levels.clone());
                loop {
                    let open: Vec<usize> = (0..levels.len())
                        .filter(|column| levels.get(*column) < lattice.high().get(*column))
                        .collect();
                    let Some(column) = open.get(random.below(open.len())) else { break };
                    if let Some(level) = levels.get_mut(*column) {
                        *level += 1;
                    }
                    nodes.push(levels.clone());
                }
            }
        }
        let loss = |levels: &Vec<usize>| -> f64 {
            let column = |(number, level): (usize, &usize)| {
                self.parts.base.level(number, *level).map_or(0.0, |level| level.loss)
            };
            levels.iter().enumerate().map(column).sum()
        };
        let mut priced: Vec<(f64, Vec<usize>)> =
            nodes.into_iter().map(|levels| (loss(&levels), levels)).collect();
        priced.sort_by(|left, right| left.0.total_cmp(&right.0).then(left.1.cmp(&right.1)));
        priced.dedup_by(|left, right| left.1 == right.1);
        priced.into_iter().map(|(_, levels)| levels).collect()
    }

    /// Goes through the nodes; the tuples that no class took are left.
    fn gather(&mut self, progress: &mut dyn FnMut(SearchProgress) -> ControlFlow<()>) -> Vec<u32> {
        let nodes = self.nodes();
        let mut left: Vec<u32> = (0_u32..).take(self.keys.len()).collect();
        let mut work = 0_u64;
        let mut step = 1;
        let mut number = 0;
        while let Some(levels) = nodes.get(number) {
            if left.is_empty() {
                break;
            }
            work += left.len() as u64;
            if work > WORK {
                // As many more tuples may be looked at, by fewer nodes.
                work = 0;
                step *= 2;
            }
            left = self.take(levels, left);
            self.checked += 1;
            let now = SearchProgress {
                checked: self.checked,
                lattice: self.parts.lattice.size(),
                best: None,
            };
            if progress(now).is_break() {
                break;
            }
            // The coarsest node is never passed over.
            number = if number + 1 < nodes.len() {
                (number + step).min(nodes.len() - 1)
            } else {
                nodes.len()
            };
        }
        left
    }

    /// Makes classes of the groups at a node that satisfy the models; returns the
    /// tuples of the others.
    fn take(&mut self, levels: &[usize], left: Vec<u32>) -> Vec<u32> {
        let keys = self.lifted(levels, &left);
        let mut table: HashMap<[u64; W], (u64, u32)> = HashMap::with_capacity(left.len());
        for (key, tuple) in keys.iter().zip(&left) {
            table.entry(*key).or_insert((0, u32::MAX)).0 += self.rows(*tuple);
        }
        let k = self.parts.k;
        if table.values().all(|(rows, _)| *rows < k) {
            return left;
        }
        let mut rest = Vec::with_capacity(left.len());
        let first = self.clusters.len();
        for (key, tuple) in keys.iter().zip(&left) {
            let Some((rows, place)) = table.get_mut(key) else { continue };
            if *rows < k {
                rest.push(*tuple);
                continue;
            }
            if *place == u32::MAX {
                *place = u32::try_from(self.clusters.len()).unwrap_or(u32::MAX);
                let cluster = Cluster { levels: levels.to_vec(), tuples: Vec::new(), rows: *rows };
                self.clusters.push(cluster);
            }
            if let Some(cluster) = self.clusters.get_mut(*place as usize) {
                cluster.tuples.push(*tuple);
            }
        }
        if self.parts.base.has_models() {
            let made = self.clusters.split_off(first);
            let population = self.in_population(levels, &made);
            for (cluster, population) in made.into_iter().zip(population) {
                if self.accepts(&cluster.tuples, cluster.rows, population) {
                    self.clusters.push(cluster);
                } else {
                    rest.extend(&cluster.tuples);
                }
            }
        }
        rest
    }

    /// Rows of the population in the classes of a node.
    fn in_population(&mut self, levels: &[usize], clusters: &[Cluster]) -> Vec<Option<u64>> {
        let firsts: Vec<u32> =
            clusters.iter().filter_map(|cluster| cluster.tuples.first().copied()).collect();
        let keys = self.lifted(levels, &firsts);
        let Some(counter) = self.counter.as_mut().filter(|_| !clusters.is_empty()) else {
            return vec![None; clusters.len()];
        };
        let counts = counter.at(&self.parts.base, levels);
        keys.iter().map(|key| Some(counts.get(key).copied().unwrap_or_default())).collect()
    }

    #[expect(clippy::indexing_slicing, reason = "hot loop; tuples and groups number the tables")]
    fn lifted(&self, levels: &[usize], tuples: &[u32]) -> Vec<[u64; W]> {
        let mut keys: Vec<[u64; W]> =
            tuples.iter().map(|tuple| self.keys[*tuple as usize]).collect();
        for (column, (level, low)) in levels.iter().zip(self.parts.lattice.low()).enumerate() {
            if level > low {
                self.parts.layout.lift(&self.parts.base, column, *low, *level, &mut keys);
            }
        }
        keys
    }

    /// Whether rows may be a class, so many rows of the population having its form.
    fn accepts(&mut self, tuples: &[u32], rows: u64, population: Option<u64>) -> bool {
        if rows < self.parts.k {
            return false;
        }
        if let (Some(register), Some(population)) = (&self.parts.base.register, population)
            && !register.models.accepts(rows, population)
        {
            return false;
        }
        for column in &self.parts.base.sensitive {
            self.histogram.clear();
            for tuple in tuples {
                if let Some(code) = column.codes.get(*tuple as usize) {
                    let own = self.parts.base.counts.get(*tuple as usize);
                    self.histogram.add(*code, own.copied().unwrap_or_default());
                }
            }
            if !column.models.iter().all(|(_, model)| model.accepts(&self.histogram, rows)) {
                return false;
            }
        }
        true
    }

    /// Brings each column of each class down to the level at which its rows agree.
    fn tighten(&mut self) {
        let mut clusters = std::mem::take(&mut self.clusters);
        if self.counter.is_some() {
            self.tighten_in_population(&mut clusters);
            self.clusters = clusters;
            return;
        }
        for cluster in &mut clusters {
            let levels = self.common(&cluster.tuples, &cluster.levels);
            cluster.levels = levels;
        }
        self.clusters = clusters;
    }

    /// The lowest levels at which some tuples agree, none above `high`.
    pub(super) fn common(&self, tuples: &[u32], high: &[usize]) -> Vec<usize> {
        let Some((first, rest)) = tuples.split_first() else { return high.to_vec() };
        let column = |(column, (low, high)): (usize, (&usize, &usize))| {
            (*low..*high)
                .find(|level| {
                    let own = self.group(*first, column, *level);
                    rest.iter().all(|tuple| self.group(*tuple, column, *level) == own)
                })
                .unwrap_or(*high)
        };
        self.parts.lattice.low().iter().zip(high).enumerate().map(column).collect()
    }

    /// The lowest levels at which a pattern and a tuple agree.
    fn joined(&self, member: u32, levels: &[usize], tuple: u32) -> Vec<usize> {
        let column = |(column, (low, high)): (usize, (&usize, &usize))| {
            (*low..=*high)
                .find(|level| {
                    self.group(member, column, *level) == self.group(tuple, column, *level)
                })
                .unwrap_or(*high)
        };
        levels.iter().zip(self.parts.lattice.high()).enumerate().map(column).collect()
    }

    /// Puts each tuple that is left into the class whose cost grows least by it;
    /// returns those that fit nowhere.
    fn merge(&mut self, left: Vec<u32>) -> Vec<u32> {
        let mut lost = Vec::new();
        for tuple in left {
            let rows = self.rows(tuple);
            let mut best: Option<(f64, usize, Vec<usize>)> = None;
            for (number, cluster) in self.clusters.iter().enumerate() {
                let Some(member) = cluster.tuples.first() else { continue };
                let levels = self.joined(*member, &cluster.levels, tuple);
                let after = self.cost(tuple, &levels) * (cluster.rows + rows) as f64;
                let growth = after - self.cost(*member, &cluster.levels) * cluster.rows as f64;
                if best.as_ref().is_none_or(|(least, _, _)| growth < *least) {
                    best = Some((growth, number, levels));
                }
            }
            let Some((_, number, levels)) = best else {
                lost.push(tuple);
                continue;
            };
            let mut tuples =
                self.clusters.get(number).map(|cluster| cluster.tuples.clone()).unwrap_or_default();
            tuples.push(tuple);
            let total = tuples.iter().map(|tuple| self.rows(*tuple)).sum();
            let population = self.population_of(tuple, &levels);
            if self.accepts(&tuples, total, population) {
                if let Some(cluster) = self.clusters.get_mut(number) {
                    *cluster = Cluster { levels, tuples, rows: total };
                }
            } else {
                lost.push(tuple);
            }
        }
        lost
    }

    fn outcome(
        mut self,
        mut lost: Vec<u32>,
        hierarchies: &[Hierarchy],
    ) -> Result<Recoding, SearchError> {
        self.drop_too_present(&mut lost);
        let counted = self.counted(hierarchies, &mut lost);
        let suppressed: u64 = lost.iter().map(|tuple| self.rows(*tuple)).sum();
        if suppressed > self.parts.limit || !self.covers_population() {
            return Err(SearchError::NoSolution);
        }
        let mut class_of = vec![None; self.keys.len()];
        let mut cost = suppressed as f64;
        for (number, cluster) in (0_u32..).zip(&self.clusters) {
            let Some(first) = cluster.tuples.first() else { continue };
            cost += self.cost(*first, &cluster.levels) * cluster.rows as f64;
            for tuple in &cluster.tuples {
                if let Some(slot) = class_of.get_mut(*tuple as usize) {
                    *slot = Some(number);
                }
            }
        }
        Ok(Recoding {
            levels: self.clusters.iter().map(|cluster| cluster.levels.clone()).collect(),
            class_of,
            kept: None,
            loss: cost / self.parts.base.rows as f64,
            suppressed_rows: suppressed,
            rows: self.parts.base.rows,
            classes: counted.len() as u64,
            min_class: counted.into_iter().min().unwrap_or_default(),
            checked: self.checked,
            lattice: self.parts.lattice.size(),
        })
    }

    /// Rows of each different form, after those went that the models do not admit.
    ///
    /// Two patterns may read alike, for a form may stand at two levels and two classes at
    /// the same; their rows are then one class, and are judged as one.
    fn counted(&mut self, hierarchies: &[Hierarchy], lost: &mut Vec<u32>) -> Vec<u64> {
        let mut forms = self.forms(hierarchies);
        forms.retain(|form| form.len() == 1 || self.accepts_joined(form));
        let demands = &self.parts.base.demands;
        let persons = demands.persons.and_then(|place| self.parts.base.sensitive.get(place));
        let clusters = &self.clusters;
        let measured: Vec<(u64, u64)> = forms
            .iter()
            .map(|form| {
                let own = || form.iter().filter_map(|number| clusters.get(*number));
                let rows = own().map(|cluster| cluster.rows).sum();
                let size = persons.map_or(rows, |persons| {
                    let tuples = own().flat_map(|cluster| &cluster.tuples);
                    let codes = tuples.filter_map(|tuple| persons.codes.get(*tuple as usize));
                    codes.collect::<HashSet<&u32>>().len() as u64
                });
                (size, rows)
            })
            .collect();
        let cut = demands.bounds.cut(measured.clone());
        let mut stays = vec![false; self.clusters.len()];
        for (form, (size, _)) in forms.iter().zip(&measured) {
            for number in form {
                if let Some(slot) = stays.get_mut(*number) {
                    *slot = *size >= cut;
                }
            }
        }
        self.keep(&stays, lost);
        measured.into_iter().filter(|(size, _)| *size >= cut).map(|(_, rows)| rows).collect()
    }

    /// The classes of each different form.
    fn forms(&self, hierarchies: &[Hierarchy]) -> Vec<Vec<usize>> {
        let mut numbers: HashMap<Vec<&str>, usize> = HashMap::new();
        let mut forms: Vec<Vec<usize>> = Vec::new();
        for (place, cluster) in self.clusters.iter().enumerate() {
            let Some(first) = cluster.tuples.first() else { continue };
            let form = hierarchies.iter().zip(&self.parts.base.columns).zip(&cluster.levels);
            let form = form.map(|((hierarchy, column), level)| {
                let code = column.codes.get(*first as usize).copied().unwrap_or_default();
                hierarchy.generalize(column.value(code), *level).unwrap_or_default()
            });
            let fresh = forms.len();
            let number = *numbers.entry(form.collect()).or_insert(fresh);
            if number == fresh {
                forms.push(Vec::new());
            }
            if let Some(own) = forms.get_mut(number) {
                own.push(place);
            }
        }
        forms
    }

    /// Whether classes that read alike satisfy the models together.
    fn accepts_joined(&mut self, form: &[usize]) -> bool {
        let own = || form.iter().filter_map(|number| self.clusters.get(*number));
        let tuples: Vec<u32> = own().flat_map(|cluster| &cluster.tuples).copied().collect();
        let rows = own().map(|cluster| cluster.rows).sum();
        let population = own()
            .filter_map(|cluster| self.population_of(*cluster.tuples.first()?, &cluster.levels));
        let population = population.max();
        self.accepts(&tuples, rows, population)
    }

    /// Keeps some of the classes; the tuples of the others are lost.
    pub(super) fn keep(&mut self, stays: &[bool], lost: &mut Vec<u32>) {
        let mut stays = stays.iter();
        self.clusters.retain(|cluster| {
            let stay = stays.next().copied().unwrap_or(false);
            if !stay {
                lost.extend(&cluster.tuples);
            }
            stay
        });
    }
}

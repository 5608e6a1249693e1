//! Checks single nodes: classes, models, cost. Keeps groupings for roll-up.

use std::ops::ControlFlow;
use std::rc::Rc;

use hashbrown::HashMap;

use super::SearchError;
use super::disk::Disk;
use super::grouping::{Class, Grouper, Grouping, Layout};
use super::register::Counter;
use super::table::{Base, entropy_part, ratio};
use crate::criterion::Histogram;
use crate::metric::{Metric, loss_of_shares};

/// What one node turned out to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// It satisfies the models within the limit of suppression.
    Satisfied(Checked),
    /// It does not. `finer_too`: nor does anything finer.
    Failed { finer_too: bool },
}

/// Figures of a node that satisfies the models.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Checked {
    pub(super) score: f64,
    pub(super) suppressed: u64,
    pub(super) classes: u64,
    pub(super) min_class: u64,
}

/// The classes of a node and what becomes of each by the models that are decided class by
/// class.
pub(super) struct Judged<const W: usize> {
    pub(super) classes: Vec<Class<W>>,
    fates: Vec<Fate>,
    /// Classes of the population, where a model asks for them.
    population: Option<usize>,
}

/// What becomes of a class by the models that are decided class by class.
#[derive(Debug, Clone, Copy)]
struct Fate {
    /// It satisfies the models that are monotone with suppression.
    monotone: bool,
    /// It satisfies all.
    all: bool,
    /// Its rows, or its persons where these are counted.
    size: u64,
}

/// Nodes whose classes are kept for roll-up beside the path.
const KEPT: usize = 32;

/// Checks nodes of one problem, with keys of `W` words.
#[derive(Debug)]
pub(super) struct Engine<'a, const W: usize> {
    pub(super) base: Rc<Base<'a>>,
    pub(super) layout: Rc<Layout>,
    pub(super) metric: Metric,
    pub(super) limit: u64,
    /// Counts the population, where a model asks for it.
    counter: Option<Counter<W>>,
    /// The finest grouping, from which all others are rolled up; the one in use, where the
    /// tuples lie on disk.
    pub(super) ground: Rc<Grouping<W>>,
    /// The finest node.
    pub(super) low: Vec<usize>,
    /// No node has more classes.
    most_classes: f64,
    /// The tuples, where they lie on disk.
    pub(super) disk: Option<Disk<'a, W>>,
    /// Why the search cannot go on.
    pub(super) failure: Option<SearchError>,
    /// Classes that may be kept beside the ground.
    pub(super) room: usize,
    /// Columns with many values first: the order in which a path fixes them.
    pub(super) order: Vec<usize>,
    /// The last node's groupings after each column of the order but the last, the
    /// columns to come still at their lowest level. Neighbours in that order share
    /// most.
    pub(super) path: Vec<(usize, Rc<Grouping<W>>)>,
    /// Length of the path when the last node was checked.
    pub(super) trodden: Option<usize>,
    /// Whether the last node ruled out nothing, so that its neighbours come next.
    dense: bool,
    /// Classes of some nodes, smallest first.
    pub(super) kept: Vec<Rc<Grouping<W>>>,
    pub(super) grouper: Grouper<W>,
    histogram: Histogram,
    pub(super) checks: u64,
}

impl<'a, const W: usize> Engine<'a, W> {
    pub(super) fn new(
        base: Base<'a>,
        layout: Layout,
        metric: Metric,
        limit: u64,
        low: &[usize],
        disk: Option<Disk<'a, W>>,
    ) -> Self {
        let mut order: Vec<usize> = (0..base.columns.len()).collect();
        order.sort_by_key(|column| {
            std::cmp::Reverse(base.columns.get(*column).map_or(0, |column| column.values))
        });
        let layout = Rc::new(layout);
        let mut grouper = Grouper::new(Rc::clone(&layout));
        let ground = match &disk {
            None => Rc::new(grouper.ground(&base, low)),
            Some(_) => Rc::new(Disk::<W>::nothing(low.len())),
        };
        let most_classes = disk.as_ref().map_or(ground.classes.len() as f64, Disk::tuples);
        let room = disk.as_ref().map_or(usize::MAX, Disk::capacity);
        let counter = Counter::new(&base, &layout, low);
        Self {
            base: Rc::new(base),
            layout,
            metric,
            limit,
            counter,
            ground,
            low: low.to_vec(),
            most_classes,
            disk,
            failure: None,
            room,
            order,
            path: Vec::new(),
            trodden: None,
            dense: false,
            kept: Vec::new(),
            grouper,
            histogram: Histogram::default(),
            checks: 0,
        }
    }

    /// Cost of a node without suppression: a lower bound of its score.
    pub(super) fn bound(&self, levels: &[usize]) -> f64 {
        let rows = self.base.rows as f64;
        if self.metric == Metric::Ambiguity {
            return rows * self.metric.combine(self.costs(levels));
        }
        if self.metric.is_separable() {
            return self.metric.combine(self.costs(levels));
        }
        let mut classes = self.most_classes;
        let mut product = 1.0;
        for (column, level) in levels.iter().enumerate() {
            product *= self.base.level(column, *level).map_or(1.0, |level| f64::from(level.groups));
        }
        classes = classes.min(product);
        match self.metric {
            Metric::Aecs => rows / (classes.min(rows / self.base.demands.k.max(1) as f64) + 1.0),
            _ => rows * rows / classes.max(1.0),
        }
    }

    /// Mean Loss without suppression, to order nodes under any metric.
    pub(super) fn loss_bound(&self, levels: &[usize]) -> f64 {
        let loss = |(column, level): (usize, &usize)| {
            self.base.level(column, *level).map_or(0.0, |level| level.loss)
        };
        levels.iter().enumerate().map(loss).sum::<f64>() / levels.len().max(1) as f64
    }

    fn costs<'b>(&'b self, levels: &'b [usize]) -> impl ExactSizeIterator<Item = f64> + 'b {
        levels
            .iter()
            .enumerate()
            .map(|(column, level)| self.base.level(column, *level).map_or(0.0, |level| level.cost))
    }

    /// Checks a node.
    pub(super) fn check(&mut self, levels: &[usize]) -> Verdict {
        self.checks += 1;
        let verdict = match self.streamed(levels) {
            Some(verdict) => verdict,
            None => self.verdict(levels),
        };
        self.dense = !matches!(verdict, Verdict::Failed { finer_too: true });
        verdict
    }

    fn verdict(&mut self, levels: &[usize]) -> Verdict {
        if self.base.has_models() {
            let nearest = self.nearest(levels);
            let joint = self.at(&nearest, levels);
            return self.check_models(levels, &joint.classes);
        }
        let nearest = self.nearest(levels);
        let few = nearest.classes.len() * 4 <= self.ground.classes.len() * 3;
        let few = few && self.has_room(nearest.classes.len());
        let whole = (nearest.levels == levels || self.kept.len() < KEPT && few)
            .then(|| self.at(&nearest, levels));
        let Self { base, layout, metric, grouper, limit, .. } = self;
        let k = base.demands.k;
        let node = Node { base, layout, metric: *metric, levels };
        let mut suppressed = 0;
        let mut see = |classes: &[Class<W>]| {
            let small = classes.iter().map(|class| class.rows).filter(|rows| *rows < k);
            suppressed += small.sum::<u64>();
            if suppressed > *limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let seen = match &whole {
            Some(grouping) => see(&grouping.classes),
            None => grouper.show(base, &nearest, levels, see),
        };
        if seen.is_break() {
            return Verdict::Failed { finer_too: true };
        }
        let mut tally = Tally::default();
        for class in whole.as_ref().map_or(grouper.shown(), |grouping| &grouping.classes) {
            node.add(&mut tally, class, class.rows >= k);
        }
        Verdict::Satisfied(node.score(&tally))
    }

    fn check_models(&mut self, levels: &[usize], joint: &[Class<W>]) -> Verdict {
        match self.judged(levels, joint) {
            Err(failed) => failed,
            Ok(judged) => self.settle(levels, &judged),
        }
    }

    /// The classes of a node with their fates; the verdict if so many are lost that it
    /// fails anyway.
    pub(super) fn judged(
        &mut self,
        levels: &[usize],
        joint: &[Class<W>],
    ) -> Result<Judged<W>, Verdict> {
        let classes = self.grouper.without_sensitive(&self.base, joint);
        // What is too small is known without a look at the values.
        let (k, limit) = (self.base.demands.k, self.limit);
        let small = classes.iter().map(|class| class.rows).filter(|rows| *rows < k);
        if small.sum::<u64>() > limit {
            return Err(Verdict::Failed { finer_too: true });
        }
        let members = members(self.grouper.ids(), classes.len(), joint);
        let base = Rc::clone(&self.base);
        let mut counter = self.counter.take();
        let population = counter.as_mut().map(|counter| counter.at(&base, levels));
        let mut histogram = std::mem::take(&mut self.histogram);
        let fates = self.judge(&classes, &members, population, &mut histogram);
        self.histogram = histogram;
        let population = population.map(HashMap::len);
        self.counter = counter;
        Ok(Judged { classes, fates: fates?, population })
    }

    /// What becomes of each class by the models that are decided class by class.
    fn judge(
        &self,
        classes: &[Class<W>],
        members: &[Class<W>],
        population: Option<&HashMap<[u64; W], u64>>,
        histogram: &mut Histogram,
    ) -> Result<Vec<Fate>, Verdict> {
        let demands = &self.base.demands;
        let limit = self.limit;
        let mut fates = Vec::with_capacity(classes.len());
        // Rows lost, and those of them that stay lost in everything finer.
        let (mut lost, mut lost_for_good) = (0_u64, 0_u64);
        let mut rest = members;
        for class in classes {
            // Members lie class by class; a class ends where its rows are used up.
            let mut rows = 0;
            let end = rest
                .iter()
                .position(|member| {
                    rows += member.rows;
                    rows >= class.rows
                })
                .map_or(rest.len(), |place| place + 1);
            let (own, next) = rest.split_at(end);
            rest = next;
            let fate = if class.rows < demands.k {
                Fate { monotone: false, all: false, size: class.rows }
            } else {
                let in_population = population
                    .map(|population| population.get(&class.key).copied().unwrap_or_default());
                self.accepts(class.rows, own, in_population, histogram)
            };
            if !fate.all {
                lost += class.rows;
            }
            if !fate.monotone {
                lost_for_good += class.rows;
            }
            if lost_for_good > limit || lost > limit && !demands.any_monotone {
                return Err(Verdict::Failed {
                    finer_too: lost_for_good > limit || self.is_inherited(),
                });
            }
            fates.push(fate);
        }
        Ok(fates)
    }

    /// Whether every failure says so for what is finer: nothing may be suppressed, and
    /// every model is monotone then.
    fn is_inherited(&self) -> bool {
        self.limit == 0 && self.base.demands.all_monotone
    }

    /// Each class of a node, and whether it stays when the smallest go until the bounds
    /// on the whole are kept.
    pub(super) fn staying<'b>(
        &self,
        judged: &'b Judged<W>,
    ) -> impl Iterator<Item = (&'b Class<W>, bool)> + use<'b, W> {
        let both = || judged.classes.iter().zip(&judged.fates);
        let may_stay = both().filter(|(_, fate)| fate.all);
        let sizes = may_stay.map(|(class, fate)| (fate.size, class.rows)).collect();
        let cut = self.base.demands.bounds.cut(sizes);
        both().map(move |(class, fate)| (class, fate.all && fate.size >= cut))
    }

    /// Lets the smallest classes go until the bounds on the whole are kept, and scores.
    fn settle(&self, levels: &[usize], judged: &Judged<W>) -> Verdict {
        let base = &self.base;
        let Judged { classes, fates, population } = judged;
        let node = Node { base, layout: &self.layout, metric: self.metric, levels };
        let mut tally = Tally::default();
        for (class, stays) in self.staying(judged) {
            node.add(&mut tally, class, stays);
        }
        let whole = base.register.as_ref().is_some_and(|register| register.models.needs_all());
        let missing = whole && population.is_some_and(|classes| (classes as u64) > tally.kept);
        if tally.suppressed <= self.limit && !missing {
            return Verdict::Satisfied(node.score(&tally));
        }
        let inherited = self.is_inherited() || self.lost_whatever_stays(classes, fates);
        Verdict::Failed { finer_too: inherited }
    }

    /// Whether no choice of classes keeps the bound on the mean risk within the limit;
    /// then none does in a finer generalization.
    fn lost_whatever_stays(&self, classes: &[Class<W>], fates: &[Fate]) -> bool {
        let demands = &self.base.demands;
        if demands.bounds.is_empty() || demands.persons.is_some() {
            return false;
        }
        let both = || classes.iter().zip(fates);
        let lost: u64 =
            both().filter(|(_, fate)| !fate.monotone).map(|(class, _)| class.rows).sum();
        let sizes = both().filter(|(_, fate)| fate.monotone).map(|(class, _)| class.rows).collect();
        lost + demands.bounds.lost_at_least(sizes) > self.limit
    }

    /// What becomes of a class by the models of columns and of the population.
    fn accepts(
        &self,
        rows: u64,
        members: &[Class<W>],
        population: Option<u64>,
        histogram: &mut Histogram,
    ) -> Fate {
        let mut fate = Fate { monotone: true, all: true, size: rows };
        if let (Some(register), Some(population)) = (&self.base.register, population) {
            fate.monotone = register.models.has_k(population);
            fate.all = register.models.accepts(rows, population);
        }
        let width = self.base.columns.len();
        for (number, column) in self.base.sensitive.iter().enumerate() {
            if !fate.monotone {
                break;
            }
            histogram.clear();
            for member in members {
                let code = self.layout.group(&member.key, width + number);
                histogram.add(u32::try_from(code).unwrap_or(u32::MAX), member.rows);
            }
            if self.base.demands.persons == Some(number) {
                fate.size = histogram.values() as u64;
            }
            for (monotone, model) in &column.models {
                if !model.accepts(histogram, rows) {
                    fate.monotone &= !*monotone;
                    fate.all = false;
                }
            }
        }
        fate
    }

    /// The smallest grouping at hand from which a node can be rolled up by few
    /// columns: a kept node, or the path to the last node as far as the two agree,
    /// continued up to the last column but one.
    pub(super) fn nearest(&mut self, levels: &[usize]) -> Rc<Grouping<W>> {
        let shared = self
            .order
            .iter()
            .zip(&self.path)
            .take_while(|(column, (level, _))| levels.get(**column) == Some(level))
            .count();
        let mut grouping = match shared.checked_sub(1).and_then(|last| self.path.get(last)) {
            Some((_, grouping)) => Rc::clone(grouping),
            None => Rc::clone(&self.ground),
        };
        let kept = self.kept.iter().find(|kept| covers(&kept.levels, levels));
        if let Some(kept) = kept
            && kept.classes.len() * 2 < grouping.classes.len()
        {
            return Rc::clone(kept);
        }
        let last = self.order.len().saturating_sub(1);
        // Where nodes fail and rule out what is finer, one pass shows it, and the path
        // is worth a pass only when a second node comes the same way, and then one
        // column further. Where nodes are satisfied, their neighbours come next.
        let again = self.trodden == Some(shared) && self.path.len() == shared;
        self.path.truncate(shared);
        let mut next = shared;
        let mut partial = grouping.levels.clone();
        for column in self.order.iter().take(last).skip(shared) {
            let Some(level) = levels.get(*column) else { continue };
            if let Some(slot) = partial.get_mut(*column)
                && *slot != *level
            {
                if !self.dense && (next > shared || !again)
                    || !self.has_room(grouping.classes.len())
                {
                    break;
                }
                *slot = *level;
                grouping = Rc::new(self.grouper.roll_up(&self.base, &grouping, &partial));
            }
            self.path.push((*level, Rc::clone(&grouping)));
            next += 1;
        }
        self.trodden = Some(self.path.len());
        grouping
    }

    /// The classes of a node, rolled up from a finer one; kept if they are few.
    pub(super) fn at(&mut self, finer: &Rc<Grouping<W>>, levels: &[usize]) -> Rc<Grouping<W>> {
        if finer.levels == levels {
            return Rc::clone(finer);
        }
        let grouping = Rc::new(self.grouper.roll_up(&self.base, finer, levels));
        // The first nodes checked, which the climb spreads over the lattice.
        let size = grouping.classes.len();
        let few = size * 4 <= self.ground.classes.len() * 3;
        if self.kept.len() < KEPT && few && self.has_room(size) {
            let place = self.kept.partition_point(|have| have.classes.len() < size);
            self.kept.insert(place, Rc::clone(&grouping));
        }
        grouping
    }
}

/// The classes of a node, those that stay and those that are suppressed.
#[derive(Debug)]
pub(super) struct Tally<const W: usize> {
    pub(super) suppressed: u64,
    kept: u64,
    min_class: u64,
    /// `Σ_kept rows²`.
    squares: f64,
    /// `Σ_kept rows · Π share·D`, where the metric needs it.
    ambiguity: f64,
    lost: Vec<Class<W>>,
    /// Rows of lost classes that were folded, by column and group.
    folded: Vec<Vec<u64>>,
    /// Their part of the cost, where the metric needs it.
    spared: f64,
}

impl<const W: usize> Default for Tally<W> {
    fn default() -> Self {
        Self {
            suppressed: 0,
            kept: 0,
            min_class: u64::MAX,
            squares: 0.0,
            ambiguity: 0.0,
            lost: Vec::new(),
            folded: Vec::new(),
            spared: 0.0,
        }
    }
}

/// A node and what is needed to score it.
pub(super) struct Node<'a, const W: usize> {
    pub(super) base: &'a Base<'a>,
    pub(super) layout: &'a Layout,
    pub(super) metric: Metric,
    pub(super) levels: &'a [usize],
}

impl<const W: usize> Node<'_, W> {
    /// Takes in a class that stays or is suppressed.
    #[inline]
    pub(super) fn add(&self, tally: &mut Tally<W>, class: &Class<W>, stays: bool) {
        if !stays {
            tally.suppressed += class.rows;
            tally.lost.push(*class);
            return;
        }
        tally.kept += 1;
        tally.min_class = tally.min_class.min(class.rows);
        tally.squares += class.rows as f64 * class.rows as f64;
        if self.metric == Metric::Ambiguity {
            tally.ambiguity += class.rows as f64 * self.domain_logarithm(class).exp();
        }
    }

    /// The figures of a node whose classes' fates are known.
    pub(super) fn score(&self, tally: &Tally<W>) -> Checked {
        let Tally { squares, lost, ambiguity, .. } = tally;
        let (suppressed, kept, min_class) = (tally.suppressed, tally.kept, tally.min_class);
        let rows = self.base.rows as f64;
        let costs = || {
            let cost = |(column, level): (usize, &usize)| {
                self.base.level(column, *level).map_or(0.0, |level| level.cost)
            };
            self.levels.iter().enumerate().map(cost)
        };
        let score = match self.metric {
            Metric::Loss | Metric::LossGeometric => self.metric.combine(self.losses(tally)),
            Metric::Aecs => rows / (kept + u64::from(suppressed > 0)).max(1) as f64,
            Metric::Dm => squares + rows * suppressed as f64,
            Metric::Precision => {
                let part = suppressed as f64 / rows;
                self.metric.combine(costs().map(|cost| cost * (1.0 - part) + part))
            }
            Metric::Entropy => costs().sum::<f64>() + self.lost_entropies(tally).sum::<f64>(),
            Metric::NormalizedEntropy => {
                let columns = self.base.columns.iter().zip(self.lost_entropies(tally));
                let lost = columns.map(|(column, lost)| ratio(lost, column.entropy)).sum::<f64>();
                (costs().sum::<f64>() + lost) / self.levels.len().max(1) as f64
            }
            Metric::EntropyLoss => {
                let spared = lost.iter().map(|class| self.spared(class));
                costs().sum::<f64>() + tally.spared + spared.sum::<f64>()
            }
            Metric::Ambiguity => {
                // The cost that is known beforehand is only a bound here: each class
                // was weighed when it was seen.
                let domain = self.base.domain_entropy.exp();
                ambiguity + domain * suppressed as f64
            }
        };
        Checked {
            score,
            suppressed,
            classes: kept,
            min_class: if kept == 0 { 0 } else { min_class },
        }
    }

    /// Takes the lost classes together by column, so that they need no memory each.
    pub(super) fn fold(&self, tally: &mut Tally<W>) {
        if self.metric == Metric::EntropyLoss {
            tally.spared += tally.lost.iter().map(|class| self.spared(class)).sum::<f64>();
        }
        let columns = self.base.columns.iter().zip(self.levels).enumerate();
        for (number, (column, level)) in columns {
            let groups = column.levels.get(*level).map_or(0, |level| level.groups as usize);
            if tally.folded.len() <= number {
                tally.folded.push(vec![0; groups]);
            }
            let Some(folded) = tally.folded.get_mut(number) else { continue };
            for class in &tally.lost {
                if let Some(slot) = folded.get_mut(self.layout.group(&class.key, number)) {
                    *slot += class.rows;
                }
            }
        }
        tally.lost.clear();
    }

    /// What suppressing a class adds to the cost, in [`Metric::EntropyLoss`].
    fn spared(&self, class: &Class<W>) -> f64 {
        let part = ratio(self.domain_logarithm(class), self.base.domain_entropy);
        class.rows as f64 * (1.0 - part)
    }

    /// Loss by column, the lost classes counting in full.
    fn losses(&self, tally: &Tally<W>) -> std::vec::IntoIter<f64> {
        let rows = self.base.rows as f64;
        let mut losses = Vec::with_capacity(self.levels.len());
        for (number, (column, level)) in self.base.columns.iter().zip(self.levels).enumerate() {
            let Some(level) = column.levels.get(*level) else { continue };
            let added = |group: usize, rows: u64| {
                let share = level.share.get(group).copied().unwrap_or(1.0);
                (1.0 - share) * rows as f64
            };
            let lost = tally.lost.iter();
            let lost = lost.map(|class| added(self.layout.group(&class.key, number), class.rows));
            let folded = tally.folded.get(number).into_iter().flatten().enumerate();
            let folded = folded.map(|(group, rows)| added(group, *rows));
            let extra = lost.sum::<f64>() + folded.sum::<f64>();
            losses.push(loss_of_shares(level.share_sum + extra, rows, column.leaves));
        }
        losses.into_iter()
    }

    /// `Σ ln(share · D)` over the columns of a class.
    ///
    /// Source: as [`Metric::EntropyLoss`].
    fn domain_logarithm(&self, class: &Class<W>) -> f64 {
        let columns = self.base.columns.iter().zip(self.levels).enumerate();
        columns
            .map(|(number, (column, level))| {
                let share = column.levels.get(*level).and_then(|level| {
                    level.share.get(self.layout.group(&class.key, number)).copied()
                });
                (share.unwrap_or(1.0) * column.leaves).ln()
            })
            .sum()
    }

    /// Entropy that suppressing adds, by column: `−Σ_value a · log2(a / suppressed)`,
    /// `a` the suppressed rows of a generalized value.
    ///
    /// Source: as [`Metric::Entropy`].
    fn lost_entropies<'b>(&'b self, tally: &'b Tally<W>) -> impl Iterator<Item = f64> + 'b {
        let total = tally.suppressed;
        let columns = self.base.columns.iter().zip(self.levels).enumerate();
        columns.map(move |(number, (column, level))| {
            let mut groups = tally.folded.get(number).cloned().unwrap_or_default();
            groups.resize(column.levels.get(*level).map_or(0, |level| level.groups as usize), 0);
            for class in &tally.lost {
                if let Some(slot) = groups.get_mut(self.layout.group(&class.key, number)) {
                    *slot += class.rows;
                }
            }
            groups.iter().map(|rows| entropy_part(*rows, total)).sum()
        })
    }
}

/// The members of each class, class by class, in the order of the classes.
fn members<const W: usize>(ids: &[u32], classes: usize, joint: &[Class<W>]) -> Vec<Class<W>> {
    let mut next = vec![0_usize; classes + 1];
    for id in ids {
        if let Some(slot) = next.get_mut(*id as usize + 1) {
            *slot += 1;
        }
    }
    let mut sum = 0;
    for slot in &mut next {
        sum += *slot;
        *slot = sum;
    }
    let mut members = joint.to_vec();
    for (id, member) in ids.iter().zip(joint) {
        if let Some(place) = next.get_mut(*id as usize)
            && let Some(slot) = members.get_mut(*place)
        {
            *slot = *member;
            *place += 1;
        }
    }
    members
}

/// Whether `coarse` can be rolled up from `fine`.
pub(super) fn covers(fine: &[usize], coarse: &[usize]) -> bool {
    fine.iter().zip(coarse).all(|(fine, coarse)| fine <= coarse)
}

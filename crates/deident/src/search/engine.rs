//! Checks single nodes: classes, models, cost. Keeps groupings for roll-up.

use std::rc::Rc;

use super::grouping::{Class, Grouper, Grouping};
use super::table::{Base, entropy_part};
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

/// Nodes whose classes are kept for roll-up beside the path.
const KEPT: usize = 32;

/// Checks nodes of one problem.
#[derive(Debug)]
pub(super) struct Engine<'a> {
    pub(super) base: Base<'a>,
    metric: Metric,
    k: u64,
    limit: u64,
    /// The finest grouping, from which all others are rolled up.
    ground: Rc<Grouping>,
    /// Columns with many values first: the order in which a path fixes them.
    pub(super) order: Vec<usize>,
    /// The last node's groupings after each column of the order, the columns to
    /// come still at their lowest level. Neighbours in that order share most.
    path: Vec<(usize, Rc<Grouping>)>,
    /// Classes of some nodes, smallest first.
    kept: Vec<Rc<Grouping>>,
    grouper: Grouper,
    histogram: Histogram,
    pub(super) checks: u64,
}

impl<'a> Engine<'a> {
    pub(super) fn new(base: Base<'a>, metric: Metric, k: u64, limit: u64, low: &[usize]) -> Self {
        let mut order: Vec<usize> = (0..base.columns.len()).collect();
        order.sort_by_key(|column| {
            std::cmp::Reverse(base.columns.get(*column).map_or(0, |column| column.values))
        });
        let mut grouper = Grouper::new(&base, low);
        let ground = Rc::new(grouper.ground(&base, low));
        Self {
            base,
            metric,
            k,
            limit,
            ground,
            order,
            path: Vec::new(),
            kept: Vec::new(),
            grouper,
            histogram: Histogram::default(),
            checks: 0,
        }
    }

    /// Cost of a node without suppression: a lower bound of its score.
    pub(super) fn bound(&self, levels: &[usize]) -> f64 {
        if self.metric.is_separable() {
            return self.metric.combine(self.costs(levels));
        }
        let rows = self.base.rows as f64;
        let mut classes = self.ground.classes.len() as f64;
        let mut product = 1.0;
        for (column, level) in levels.iter().enumerate() {
            product *= self.base.level(column, *level).map_or(1.0, |level| f64::from(level.groups));
        }
        classes = classes.min(product);
        match self.metric {
            Metric::Aecs => rows / (classes.min(rows / self.k.max(1) as f64) + 1.0),
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
        let grouping = self.grouping(levels);
        if self.base.sensitive.is_empty() {
            let classes = &grouping.classes;
            let suppressed =
                classes.iter().map(|class| class.rows).filter(|rows| *rows < self.k).sum::<u64>();
            if suppressed > self.limit {
                return Verdict::Failed { finer_too: true };
            }
            let k = self.k;
            return Verdict::Satisfied(self.score(levels, classes, |_, rows| rows >= k));
        }
        self.check_sensitive(levels, &grouping)
    }

    fn check_sensitive(&mut self, levels: &[usize], joint: &Grouping) -> Verdict {
        let classes = self.grouper.without_sensitive(&self.base, joint);
        let members = members(self.grouper.ids(), classes.len(), &joint.classes);
        let mut kept = vec![false; classes.len()];
        let mut histogram = std::mem::take(&mut self.histogram);
        // Rows lost to the models that stay lost in everything finer.
        let mut lost_for_good = 0_u64;
        let mut lost = 0_u64;
        let mut rest = members.as_slice();
        for (class, kept) in classes.iter().zip(&mut kept) {
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
            let (monotone, all) = if class.rows < self.k {
                (false, false)
            } else {
                self.accepts(class, own, &mut histogram)
            };
            *kept = all;
            if !all {
                lost += class.rows;
            }
            if !monotone {
                lost_for_good += class.rows;
                if lost_for_good > self.limit {
                    self.histogram = histogram;
                    return Verdict::Failed { finer_too: true };
                }
            }
        }
        self.histogram = histogram;
        if lost > self.limit {
            return Verdict::Failed { finer_too: self.limit == 0 };
        }
        Verdict::Satisfied(
            self.score(levels, &classes, |number, _| kept.get(number).copied().unwrap_or(false)),
        )
    }

    /// Whether a class satisfies the monotone models, and all of them.
    fn accepts(&self, class: &Class, members: &[Class], histogram: &mut Histogram) -> (bool, bool) {
        let mut all = true;
        for column in &self.base.sensitive {
            histogram.clear();
            for member in members {
                if let Some(code) = column.codes.get(member.tuple as usize) {
                    histogram.add(*code, member.rows);
                }
            }
            for (monotone, model) in &column.models {
                if !model.accepts(histogram, class.rows) {
                    if *monotone {
                        return (false, false);
                    }
                    all = false;
                }
            }
        }
        (true, all)
    }

    /// The figures of a node whose classes and fates are known.
    fn score(
        &self,
        levels: &[usize],
        classes: &[Class],
        keep: impl Fn(usize, u64) -> bool,
    ) -> Checked {
        let mut suppressed = 0_u64;
        let mut kept = 0_u64;
        let mut min_class = u64::MAX;
        let mut squares = 0.0;
        let mut lost: Vec<Class> = Vec::new();
        for (number, class) in classes.iter().enumerate() {
            if keep(number, class.rows) {
                kept += 1;
                min_class = min_class.min(class.rows);
                squares += class.rows as f64 * class.rows as f64;
            } else {
                suppressed += class.rows;
                lost.push(*class);
            }
        }
        let rows = self.base.rows as f64;
        let score = match self.metric {
            Metric::Loss | Metric::LossGeometric => {
                let columns: Vec<f64> = self
                    .base
                    .columns
                    .iter()
                    .zip(levels)
                    .map(|(column, level)| {
                        let Some(level) = column.levels.get(*level) else { return 0.0 };
                        let extra: f64 = lost
                            .iter()
                            .map(|class| {
                                let code = column.codes.get(class.tuple as usize);
                                let share = code.and_then(|code| level.share.get(*code as usize));
                                (1.0 - share.copied().unwrap_or(1.0)) * class.rows as f64
                            })
                            .sum();
                        loss_of_shares(level.share_sum + extra, rows, column.leaves)
                    })
                    .collect();
                self.metric.combine(columns.into_iter())
            }
            Metric::Aecs => rows / (kept + u64::from(suppressed > 0)).max(1) as f64,
            Metric::Dm => squares + rows * suppressed as f64,
            Metric::Precision => {
                let part = suppressed as f64 / rows;
                let columns = self.costs(levels).map(|cost| cost * (1.0 - part) + part);
                self.metric.combine(columns)
            }
            Metric::Entropy => self.costs(levels).sum::<f64>() + self.lost_entropy(levels, &lost),
        };
        Checked {
            score,
            suppressed,
            classes: kept,
            min_class: if kept == 0 { 0 } else { min_class },
        }
    }

    /// Entropy that suppressing adds: `−Σ_d Σ_value a · log2(a / suppressed)`, `a` the
    /// suppressed rows of a generalized value.
    ///
    /// Source: as [`Metric::Entropy`].
    fn lost_entropy(&self, levels: &[usize], lost: &[Class]) -> f64 {
        let total = lost.iter().map(|class| class.rows).sum();
        let mut sum = 0.0;
        for (column, level) in self.base.columns.iter().zip(levels) {
            let Some(level) = column.levels.get(*level) else { continue };
            let mut groups = vec![0_u64; level.groups as usize];
            for class in lost {
                let code = column.codes.get(class.tuple as usize).copied().unwrap_or_default();
                let group = level.group.get(code as usize).copied().unwrap_or_default();
                if let Some(slot) = groups.get_mut(group as usize) {
                    *slot += class.rows;
                }
            }
            sum += groups.iter().map(|rows| entropy_part(*rows, total)).sum::<f64>();
        }
        sum
    }

    /// The classes of a node, rolled up from the smallest grouping at hand: a kept
    /// node, or the path to the last node as far as the two agree.
    fn grouping(&mut self, levels: &[usize]) -> Rc<Grouping> {
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
            if kept.levels == levels {
                return Rc::clone(kept);
            }
            let grouping = Rc::new(self.grouper.roll_up(&self.base, kept, levels));
            self.keep(&grouping);
            return grouping;
        }
        self.path.truncate(shared);
        let mut partial = grouping.levels.clone();
        for column in self.order.iter().skip(shared) {
            let Some(level) = levels.get(*column) else { continue };
            if let Some(slot) = partial.get_mut(*column)
                && *slot != *level
            {
                *slot = *level;
                grouping = Rc::new(self.grouper.roll_up(&self.base, &grouping, &partial));
            }
            self.path.push((*level, Rc::clone(&grouping)));
        }
        self.keep(&grouping);
        grouping
    }

    /// Keeps the classes of some nodes: the first ones checked, which the climb
    /// spreads over the lattice.
    fn keep(&mut self, grouping: &Rc<Grouping>) {
        let size = grouping.classes.len();
        if self.kept.len() >= KEPT || size * 4 > self.ground.classes.len() * 3 {
            return;
        }
        let place = self.kept.partition_point(|have| have.classes.len() < size);
        self.kept.insert(place, Rc::clone(grouping));
    }
}

/// The members of each class, class by class, in the order of the classes.
fn members(ids: &[u32], classes: usize, joint: &[Class]) -> Vec<Class> {
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
    let mut members = vec![Class::default(); joint.len()];
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
fn covers(fine: &[usize], coarse: &[usize]) -> bool {
    fine.iter().zip(coarse).all(|(fine, coarse)| fine <= coarse)
}

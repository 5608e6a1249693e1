//! Finds a good node quickly: paths from fine to coarse, binary search, descent;
//! and, where the lattice is too large to sweep, a search around the best node.

use std::ops::ControlFlow;

use super::Search;
use super::engine::Verdict;

/// Numbers that look random and are the same every time (xorshift, Marsaglia 2003).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new() -> Self {
        Self(0x853c_49e6_748f_ea9b)
    }

    /// A number below another one; 0 if that is 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or_default()
    }
}

impl<const W: usize> Search<'_, '_, W> {
    /// Sets the incumbent if any node on the paths satisfies the models. The
    /// coarsest node is always among those tried.
    pub(super) fn climb(&mut self) -> ControlFlow<()> {
        for path in [self.path_of_least_loss(), self.path_of_even_levels()] {
            self.first_on_path(&path)?;
        }
        if let Some(best) = self.best.clone() {
            self.descend(best.levels, None)?;
        }
        ControlFlow::Continue(())
    }

    /// From the finest node, always the step that costs least.
    fn path_of_least_loss(&self) -> Vec<Vec<usize>> {
        self.path(|search, levels, column| {
            let mut next = levels.to_vec();
            if let Some(level) = next.get_mut(column) {
                *level += 1;
            }
            search.engine.loss_bound(&next)
        })
    }

    /// From the finest node, always the column that is lowest for its height.
    fn path_of_even_levels(&self) -> Vec<Vec<usize>> {
        self.path(|search, levels, column| {
            let level = levels.get(column).copied().unwrap_or_default();
            let top = search.engine.base.columns.get(column).map_or(1, |column| column.top.max(1));
            (level + 1) as f64 / top as f64
        })
    }

    fn path(&self, cost: impl Fn(&Self, &[usize], usize) -> f64) -> Vec<Vec<usize>> {
        let mut levels = self.lattice.low().to_vec();
        let mut path = vec![levels.clone()];
        loop {
            let mut cheapest: Option<(f64, usize)> = None;
            for (column, (level, high)) in levels.iter().zip(self.lattice.high()).enumerate() {
                if level < high {
                    let cost = cost(self, &levels, column);
                    if cheapest.is_none_or(|(least, _)| cost < least) {
                        cheapest = Some((cost, column));
                    }
                }
            }
            let Some((_, column)) = cheapest else { return path };
            if let Some(level) = levels.get_mut(column) {
                *level += 1;
            }
            path.push(levels.clone());
        }
    }

    /// Binary search for the finest node of a path that satisfies the models;
    /// from fine to coarse one by one where failing is not inherited.
    fn first_on_path(&mut self, path: &[Vec<usize>]) -> ControlFlow<()> {
        if !self.monotone {
            for levels in path {
                if let Verdict::Satisfied(_) = self.visit(levels)? {
                    break;
                }
            }
            return ControlFlow::Continue(());
        }
        let (mut low, mut high) = (0, path.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let Some(levels) = path.get(middle) else { break };
            match self.visit(levels)? {
                Verdict::Satisfied(_) => high = middle,
                Verdict::Failed { .. } => low = middle + 1,
            }
        }
        ControlFlow::Continue(())
    }

    /// Steps down as long as some step satisfies the models; the step that lowers
    /// the bound most is tried first, or any where chance is given.
    fn descend(&mut self, start: Vec<usize>, mut chance: Option<&mut Random>) -> ControlFlow<()> {
        let mut levels = start;
        loop {
            let mut steps: Vec<(f64, Vec<usize>)> = Vec::new();
            for (column, low) in self.lattice.low().iter().enumerate() {
                let mut next = levels.clone();
                if let Some(level) = next.get_mut(column)
                    && *level > *low
                {
                    *level -= 1;
                    steps.push((self.engine.loss_bound(&next), next));
                }
            }
            if let Some(random) = &mut chance {
                for (cost, _) in &mut steps {
                    *cost = random.below(1 << 20) as f64;
                }
            }
            steps.sort_by(|left, right| left.0.total_cmp(&right.0));
            let mut taken = None;
            for (_, next) in steps {
                if let Verdict::Satisfied(_) = self.visit(&next)? {
                    taken = Some(next);
                    break;
                }
            }
            match taken {
                Some(next) => levels = next,
                None => return ControlFlow::Continue(()),
            }
        }
    }

    /// Searches around the incumbent: some columns a step coarser, then down again,
    /// every other time by chance, until many rounds in a row found nothing better.
    /// The longer nothing is found, the farther it goes. Deterministic: the same
    /// table gives the same answer.
    pub(super) fn wander(&mut self) -> ControlFlow<()> {
        let mut random = Random::new();
        let width = self.lattice.low().len();
        let mut idle = 0_u32;
        while idle < self.patience {
            let Some(best) = self.best.clone() else { break };
            let score = best.checked.score;
            let mut levels = best.levels;
            let far = 3 + idle as usize / 16;
            for _ in 0..=random.below(far.min(2 * width)) {
                let column = random.below(width);
                let high = self.lattice.high().get(column).copied().unwrap_or_default();
                if let Some(level) = levels.get_mut(column)
                    && *level < high
                {
                    *level += 1;
                }
            }
            if let Verdict::Satisfied(_) = self.visit(&levels)? {
                let chance = (idle % 2 == 1).then_some(&mut random);
                self.descend(levels, chance)?;
            }
            let better = self.best.as_ref().is_some_and(|best| best.checked.score < score);
            idle = if better { 0 } else { idle.saturating_add(1) };
        }
        ControlFlow::Continue(())
    }
}

//! Proves the optimum: checks every node that could still be better.

use std::ops::ControlFlow;

use super::engine::Verdict;
use super::lattice::DownSet;
use super::{Search, tie};

impl<const W: usize> Search<'_, '_, W> {
    /// Checks each node whose bound is not above the incumbent's score and that no
    /// failed node has ruled out.
    ///
    /// The nodes form a tree: one column a step, in the order of the engine, high
    /// levels first. So a node comes after all that are coarser, only maximal failed
    /// nodes are checked, and neighbours share most of their grouping. A subtree
    /// whose finest node has too high a bound, or whose coarsest node is known to
    /// fail, is passed over as a whole.
    pub(super) fn sweep(&mut self) -> ControlFlow<()> {
        let mut failed = DownSet::new(&self.lattice);
        for levels in &self.fails {
            failed.tag(&self.lattice, self.lattice.node(levels));
        }
        let mut finest = self.lattice.low().to_vec();
        let mut coarsest = self.lattice.high().to_vec();
        self.subtree(0, &mut finest, &mut coarsest, &mut failed)
    }

    fn subtree(
        &mut self,
        depth: usize,
        finest: &mut Vec<usize>,
        coarsest: &mut Vec<usize>,
        failed: &mut DownSet,
    ) -> ControlFlow<()> {
        if self.engine.bound(finest) > self.ceiling()
            || failed.contains(self.lattice.node(coarsest))
        {
            return ControlFlow::Continue(());
        }
        let Some(column) = self.engine.order.get(depth).copied() else {
            return match self.visit(finest)? {
                Verdict::Failed { finer_too: true } => {
                    failed.tag(&self.lattice, self.lattice.node(finest));
                    ControlFlow::Continue(())
                }
                Verdict::Satisfied(_) | Verdict::Failed { finer_too: false } => {
                    ControlFlow::Continue(())
                }
            };
        };
        let range = (self.lattice.low().get(column), self.lattice.high().get(column));
        let (Some(low), Some(high)) = (range.0.copied(), range.1.copied()) else {
            return ControlFlow::Continue(());
        };
        let set = |levels: &mut Vec<usize>, level: usize| {
            if let Some(slot) = levels.get_mut(column) {
                *slot = level;
            }
        };
        for level in (low..=high).rev() {
            set(finest, level);
            set(coarsest, level);
            self.subtree(depth + 1, finest, coarsest, failed)?;
        }
        set(finest, low);
        set(coarsest, high);
        ControlFlow::Continue(())
    }

    /// No node with a bound above this can be better.
    fn ceiling(&self) -> f64 {
        self.best
            .as_ref()
            .map_or(f64::INFINITY, |best| best.checked.score + tie(best.checked.score))
    }
}

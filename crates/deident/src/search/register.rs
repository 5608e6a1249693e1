//! Rows of the population in the classes of a node, for k-map and δ-presence.

use std::rc::Rc;

use hashbrown::HashMap;

use super::grouping::{Grouper, Grouping, Layout};
use super::table::Base;

/// Groupings of the population that are kept for roll-up.
const KEPT: usize = 32;

/// Counts the population at single nodes, with keys as those of the table.
#[derive(Debug)]
pub(super) struct Counter<const W: usize> {
    grouper: Grouper<W>,
    ground: Grouping<W>,
    /// Groupings of some nodes, smallest first.
    kept: Vec<Grouping<W>>,
    counts: HashMap<[u64; W], u64>,
}

impl<const W: usize> Counter<W> {
    /// `None` if no model asks for the population.
    pub(super) fn new(base: &Base<'_>, layout: &Rc<Layout>, low: &[usize]) -> Option<Self> {
        base.register.as_ref()?;
        let mut grouper = Grouper::new(Rc::clone(layout));
        let ground = grouper.register(base, low);
        Some(Self { grouper, ground, kept: Vec::new(), counts: HashMap::new() })
    }

    /// Rows of the population by class of a node.
    pub(super) fn at(&mut self, base: &Base<'_>, levels: &[usize]) -> &HashMap<[u64; W], u64> {
        let covers = |fine: &Grouping<W>| fine.levels.iter().zip(levels).all(|(f, c)| f <= c);
        let finer = self.kept.iter().find(|kept| covers(kept)).unwrap_or(&self.ground);
        let grouping = self.grouper.roll_up(base, finer, levels);
        self.counts.clear();
        self.counts.extend(grouping.classes.iter().map(|class| (class.key, class.rows)));
        let size = grouping.classes.len();
        if self.kept.len() < KEPT && size * 4 <= self.ground.classes.len() * 3 {
            let place = self.kept.partition_point(|have| have.classes.len() < size);
            self.kept.insert(place, grouping);
        }
        &self.counts
    }
}

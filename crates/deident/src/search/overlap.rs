//! Local recoding and the population: forms of different levels overlap, so that a
//! person of the population may have several of them.
//!
//! A form is never made so fine that too few of the population have it, and the
//! probability to be in the table is bounded by the sum over the forms that fit.

use hashbrown::HashMap;

use super::local::{Cluster, Gatherer};
use crate::release::share;

/// Group by column.
type Form = Vec<Option<u32>>;

impl<const W: usize> Gatherer<'_, W> {
    /// Group of a tuple of the population.
    fn other_group(&self, other: usize, column: usize, level: usize) -> Option<u32> {
        let register = self.parts.base.register.as_ref()?;
        let code = *register.codes.get(column)?.get(other)?;
        self.parts.base.level(column, level)?.group.get(code as usize).copied()
    }

    fn other_rows(&self, other: usize) -> u64 {
        let register = self.parts.base.register.as_ref();
        register.and_then(|register| register.counts.get(other)).copied().unwrap_or_default()
    }

    /// The form of a tuple of the population at some levels.
    fn other_form(&self, other: usize, levels: &[usize]) -> Form {
        levels
            .iter()
            .enumerate()
            .map(|(column, level)| self.other_group(other, column, *level))
            .collect()
    }

    /// The form of a tuple of the table at some levels.
    fn form(&self, tuple: u32, levels: &[usize]) -> Form {
        levels
            .iter()
            .enumerate()
            .map(|(column, level)| u32::try_from(self.group(tuple, column, *level)).ok())
            .collect()
    }

    fn others(&self) -> usize {
        self.parts.base.register.as_ref().map_or(0, |register| register.counts.len())
    }

    /// Rows of the population that have the form of a tuple; `None` if no model asks.
    pub(super) fn population_of(&self, tuple: u32, levels: &[usize]) -> Option<u64> {
        self.parts.base.register.as_ref()?;
        let form = self.form(tuple, levels);
        let fits = |other: &usize| {
            let mut columns = form.iter().zip(levels).enumerate();
            columns.all(|(column, (own, level))| self.other_group(*other, column, *level) == *own)
        };
        Some((0..self.others()).filter(fits).map(|other| self.other_rows(other)).sum())
    }

    /// Brings each column of each class down, as far as the rows agree and the models
    /// of the population allow.
    pub(super) fn tighten_in_population(&self, clusters: &mut [Cluster]) {
        let mut by_levels: HashMap<Vec<usize>, Vec<&mut Cluster>> = HashMap::new();
        for cluster in clusters {
            by_levels.entry(cluster.levels.clone()).or_default().push(cluster);
        }
        for (levels, clusters) in by_levels {
            let mut others: HashMap<Form, Vec<usize>> = HashMap::new();
            for other in 0..self.others() {
                others.entry(self.other_form(other, &levels)).or_default().push(other);
            }
            for cluster in clusters {
                let Some(first) = cluster.tuples.first() else { continue };
                let fitting = others.get(&self.form(*first, &levels)).cloned();
                self.tighten_one(cluster, fitting.unwrap_or_default());
            }
        }
    }

    /// - `fitting`: tuples of the population that have the form of the class.
    fn tighten_one(&self, cluster: &mut Cluster, mut fitting: Vec<usize>) {
        let Some(register) = &self.parts.base.register else { return };
        let Some(first) = cluster.tuples.first().copied() else { return };
        let lowest = self.common(&cluster.tuples, &cluster.levels);
        for (column, low) in lowest.iter().enumerate() {
            let Some(high) = cluster.levels.get(column).copied() else { continue };
            for level in *low..high {
                let own = u32::try_from(self.group(first, column, level)).ok();
                let still = fitting.iter().copied();
                let still: Vec<usize> =
                    still.filter(|other| self.other_group(*other, column, level) == own).collect();
                let population = still.iter().map(|other| self.other_rows(*other)).sum();
                if register.models.accepts(cluster.rows, population) {
                    fitting = still;
                    if let Some(slot) = cluster.levels.get_mut(column) {
                        *slot = level;
                    }
                    break;
                }
            }
        }
    }

    /// Suppresses classes until nobody of the population is in the table with too
    /// great a probability, those with the greatest share first.
    pub(super) fn drop_too_present(&mut self, lost: &mut Vec<u32>) {
        let Some(register) = &self.parts.base.register else { return };
        if !register.models.has_max() {
            return;
        }
        let fitting = self.fitting();
        let mut population = vec![0_u64; self.clusters.len()];
        for (other, clusters) in fitting.iter().enumerate() {
            for cluster in clusters {
                if let Some(slot) = population.get_mut(*cluster) {
                    *slot += self.other_rows(other);
                }
            }
        }
        let shares: Vec<f64> = self
            .clusters
            .iter()
            .zip(&population)
            .map(|(cluster, population)| share(cluster.rows, *population))
            .collect();
        let mut stays = vec![true; self.clusters.len()];
        for clusters in &fitting {
            let mut own: Vec<usize> = clusters
                .iter()
                .copied()
                .filter(|cluster| stays.get(*cluster) == Some(&true))
                .collect();
            let of = |cluster: &usize| shares.get(*cluster).copied().unwrap_or_default();
            own.sort_by(|left, right| of(left).total_cmp(&of(right)).then(left.cmp(right)));
            while !register.models.admits(own.iter().map(of).sum()) {
                let Some(greatest) = own.pop() else { break };
                if let Some(slot) = stays.get_mut(greatest) {
                    *slot = false;
                }
            }
        }
        self.keep(&stays, lost);
    }

    /// Whether every tuple of the population has a form that is released, where a model
    /// asks for it.
    pub(super) fn covers_population(&self) -> bool {
        let register = self.parts.base.register.as_ref();
        !register.is_some_and(|register| register.models.needs_all())
            || self.fitting().iter().all(|clusters| !clusters.is_empty())
    }

    /// The classes whose form each tuple of the population could have.
    fn fitting(&self) -> Vec<Vec<usize>> {
        let mut by_levels: HashMap<&[usize], HashMap<Form, Vec<usize>>> = HashMap::new();
        for (number, cluster) in self.clusters.iter().enumerate() {
            let Some(first) = cluster.tuples.first() else { continue };
            let forms = by_levels.entry(cluster.levels.as_slice()).or_default();
            forms.entry(self.form(*first, &cluster.levels)).or_default().push(number);
        }
        (0..self.others())
            .map(|other| {
                let found = by_levels
                    .iter()
                    .filter_map(|(levels, forms)| forms.get(&self.other_form(other, levels)));
                let mut found: Vec<usize> = found.flatten().copied().collect();
                found.sort_unstable();
                found
            })
            .collect()
    }
}

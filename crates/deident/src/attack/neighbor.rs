//! The released record that is nearest to a person, by some columns.

use hashbrown::HashMap;

use super::random::Random;
use super::view::{On, View};

/// The released rows by their forms in some columns: rows that look alike are compared
/// once.
pub(super) struct Nearby {
    columns: Vec<usize>,
    groups: Vec<Alike>,
}

/// Released rows that look alike.
struct Alike {
    codes: Vec<u32>,
    rows: u64,
    tuples: Vec<usize>,
}

impl View {
    /// Makes ready to look for the released rows that are nearest by some columns.
    pub(super) fn nearby(&self, columns: &[usize]) -> Nearby {
        let mut places: HashMap<Vec<u32>, usize> = HashMap::new();
        let mut groups: Vec<Alike> = Vec::new();
        for (tuple, rows) in self.release.counts.iter().enumerate() {
            let codes: Vec<u32> =
                columns.iter().map(|column| self.release.code(*column, tuple)).collect();
            let place = *places.entry(codes).or_insert_with_key(|codes| {
                groups.push(Alike { codes: codes.clone(), rows: 0, tuples: Vec::new() });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(place) {
                group.rows += rows;
                group.tuples.push(tuple);
            }
        }
        Nearby { columns: columns.to_vec(), groups }
    }

    /// A released row at the least distance from a tuple; of several one by chance.
    ///
    /// The distance of two values is their difference over the range for numbers, and 0
    /// or 1 otherwise: a form is at 0 from each value that it stands for.
    ///
    /// Source: Gower, "A general coefficient of similarity and some of its properties",
    /// Biometrics 27, 1971.
    pub(super) fn nearest(
        &self,
        on: On,
        tuple: usize,
        nearby: &Nearby,
        random: &mut Random,
    ) -> Option<u64> {
        let sheet = self.sheet(on)?;
        let mut by_column: Vec<Vec<f64>> = Vec::with_capacity(nearby.columns.len());
        for column in &nearby.columns {
            by_column.push(self.distances(on, *column, sheet.code(*column, tuple)));
        }
        let mut best = f64::INFINITY;
        let mut ties: Vec<&Alike> = Vec::new();
        for group in &nearby.groups {
            let mut sum = 0.0;
            for (code, distances) in group.codes.iter().zip(&by_column) {
                sum += distances.get(*code as usize).copied().unwrap_or(1.0);
            }
            if sum < best - 1e-12 {
                best = sum;
                ties.clear();
            }
            if sum <= best + 1e-12 {
                ties.push(group);
            }
        }
        let mut row = random.below(ties.iter().map(|group| group.rows).sum());
        for group in ties {
            if row >= group.rows {
                row -= group.rows;
                continue;
            }
            for tuple in &group.tuples {
                let rows = self.release.counts.get(*tuple).copied().unwrap_or_default();
                if row < rows {
                    return Some(self.release.first_row(*tuple) + row);
                }
                row -= rows;
            }
        }
        None
    }

    /// Distance of each form of the release from one value.
    fn distances(&self, on: On, column: usize, value: u32) -> Vec<f64> {
        let Some(meaning) = self.meanings.get(column) else { return Vec::new() };
        let most = meaning.values.first().copied().unwrap_or_default();
        let number = meaning.number(on, value);
        let cover = meaning.covers.get(on.place());
        (0..most)
            .map(|form| {
                let own = meaning.number(On::Release, form);
                if meaning.numbers.is_some() && !number.is_nan() && !own.is_nan() {
                    (own - number).abs() / meaning.range
                } else if cover.is_some_and(|cover| cover.holds(form, value)) {
                    0.0
                } else {
                    1.0
                }
            })
            .collect()
    }
}

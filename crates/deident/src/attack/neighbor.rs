//! The released record that is nearest to a person, by some columns.

use super::random::Random;
use super::view::{On, View};

impl View {
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
        columns: &[usize],
        random: &mut Random,
    ) -> Option<u64> {
        let sheet = self.sheet(on)?;
        let mut by_column: Vec<(&[u32], Vec<f64>)> = Vec::with_capacity(columns.len());
        for column in columns {
            let own = self.release.codes.get(*column)?;
            by_column.push((own, self.distances(on, *column, sheet.code(*column, tuple))));
        }
        let mut best = f64::INFINITY;
        let mut ties: Vec<usize> = Vec::new();
        for released in 0..self.release.counts.len() {
            let mut sum = 0.0;
            for (codes, distances) in &by_column {
                let code = codes.get(released)?;
                sum += distances.get(*code as usize).copied().unwrap_or(1.0);
            }
            if sum < best - 1e-12 {
                best = sum;
                ties.clear();
            }
            if sum <= best + 1e-12 {
                ties.push(released);
            }
        }
        let count = |tuple: usize| self.release.counts.get(tuple).copied().unwrap_or_default();
        let mut row = random.below(ties.iter().map(|tuple| count(*tuple)).sum());
        for tuple in ties {
            if row < count(tuple) {
                return Some(self.release.first_row(tuple) + row);
            }
            row -= count(tuple);
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

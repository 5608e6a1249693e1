//! A sample of the different values of a column: those whose hashes are least, with
//! the row in which each was first. It is the same however the rows are cut into
//! parts, and no order of the rows keeps a value out of it.
//!
//! Source: Cohen & Kaplan, "Summarizing data using bottom-k sketches", PODC 2007.

/// Values that are kept.
const KEPT: usize = 128;
/// Longest value that is kept, in bytes; a longer one stands without its text.
const LONGEST: usize = 128;

/// One value of a sample, and the row in which it was first.
#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) row: u64,
    pub(crate) text: String,
}

/// Values by their hashes.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// The hashes from the least up, and where the value of each is.
    order: Vec<(u64, usize)>,
    values: Vec<Drawn>,
    /// No value of this hash or a greater one can be among those kept.
    limit: u64,
}

impl Default for Sample {
    fn default() -> Self {
        Self { order: Vec::new(), values: Vec::new(), limit: u64::MAX }
    }
}

impl Sample {
    /// Whether a value of this hash may belong to the sample.
    #[inline]
    pub(crate) fn wants(&self, hash: u64) -> bool {
        hash < self.limit
    }

    /// Takes a value that [`Sample::wants`], in place of that of the greatest hash.
    pub(crate) fn offer(&mut self, hash: u64, row: u64, text: &str) {
        let Err(at) = self.order.binary_search_by_key(&hash, |(hash, _)| *hash) else { return };
        let text = if text.len() <= LONGEST { text } else { "" };
        let last = if self.order.len() < KEPT { None } else { self.order.pop() };
        let place = match last.and_then(|(_, place)| Some((place, self.values.get_mut(place)?))) {
            Some((place, value)) => {
                value.row = row;
                value.text.clear();
                value.text.push_str(text);
                place
            }
            None => {
                self.values.push(Drawn { row, text: text.to_owned() });
                self.values.len() - 1
            }
        };
        self.order.insert(at.min(self.order.len()), (hash, place));
        if self.order.len() == KEPT {
            self.limit = self.order.last().map_or(u64::MAX, |(hash, _)| *hash);
        }
    }

    /// Adds the sample of later rows, of which `rows` came before.
    pub(crate) fn merge(&mut self, later: &Self, rows: u64) {
        for (hash, place) in &later.order {
            if self.wants(*hash)
                && let Some(value) = later.values.get(*place)
            {
                self.offer(*hash, value.row + rows, &value.text);
            }
        }
    }

    /// The values in the order of their rows.
    pub(crate) fn values(&self) -> Vec<&Drawn> {
        let mut values: Vec<&Drawn> = self.values.iter().collect();
        values.sort_unstable_by_key(|drawn| drawn.row);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::hash;

    fn of(numbers: impl Iterator<Item = u64>) -> Sample {
        let mut sample = Sample::default();
        for (row, number) in (0..).zip(numbers) {
            let text = number.to_string();
            let hash = hash(text.as_bytes());
            if sample.wants(hash) {
                sample.offer(hash, row, &text);
            }
        }
        sample
    }

    fn texts(sample: &Sample) -> Vec<&str> {
        let mut texts: Vec<&str> =
            sample.values().iter().map(|drawn| drawn.text.as_str()).collect();
        texts.sort_unstable();
        texts
    }

    #[test]
    fn the_sample_does_not_depend_on_the_order_of_the_rows() {
        let up = of(0..10_000);
        assert_eq!(texts(&up).len(), KEPT);
        assert_eq!(texts(&up), texts(&of((0..10_000).rev())));
        // Each value twice, and in two parts.
        let mut parts = of((0..7_000).chain(0..7_000));
        parts.merge(&of((5_000..10_000).chain(0..10_000)), 14_000);
        assert_eq!(texts(&up), texts(&parts));
    }

    #[test]
    fn a_value_is_drawn_with_its_first_row() {
        let few = of((0..700).map(|row| row % 7));
        let rows: Vec<u64> = few.values().iter().map(|drawn| drawn.row).collect();
        assert_eq!(rows, [0, 1, 2, 3, 4, 5, 6]);
    }
}

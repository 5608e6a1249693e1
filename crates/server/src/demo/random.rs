//! Numbers that look random and are the same in every run.

/// `SplitMix64`: small, quick and good enough to make demo data with.
///
/// Source: Steele, Lea & Flood, "Fast Splittable Pseudorandom Number Generators",
/// OOPSLA 2014.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Numbers that follow from `seed` alone.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to before `end`; 0 if `end` is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let scaled = (u128::from(self.bits()) * u128::from(end)) >> 64;
        u64::try_from(scaled).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// One of `items`.
    pub(super) fn one_of<T: Copy + Default>(&mut self, items: &[T]) -> T {
        let count = u64::try_from(items.len()).unwrap_or(0);
        let chosen = usize::try_from(self.below(count)).unwrap_or(0);
        items.get(chosen).copied().unwrap_or_default()
    }
}

/// A choice among values of different weight.
#[derive(Clone, Debug)]
pub(super) struct Choice<T> {
    values: Vec<T>,
    /// Where each value's share of `0..total` ends.
    ends: Vec<u64>,
    total: u64,
}

impl<T: Copy + Default> Choice<T> {
    /// A choice; `weighted` has each value with its weight.
    pub(super) fn of(weighted: impl IntoIterator<Item = (T, u64)>) -> Self {
        let mut choice = Self { values: Vec::new(), ends: Vec::new(), total: 0 };
        for (value, weight) in weighted {
            choice.total += weight;
            choice.values.push(value);
            choice.ends.push(choice.total);
        }
        choice
    }

    /// Chooses one.
    pub(super) fn pick(&self, random: &mut Random) -> T {
        let at = random.below(self.total);
        let index = self.ends.partition_point(|end| *end <= at);
        self.values.get(index).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Random};

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let numbers = |seed| {
            let mut random = Random::new(seed);
            (0..5).map(|_| random.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
        assert!(numbers(3).iter().all(|number| *number < 1_000));
    }

    #[test]
    fn a_choice_follows_its_weights() {
        let mut random = Random::new(7);
        let choice = Choice::of([('a', 1), ('b', 0), ('c', 3)]);
        let picked: Vec<char> = (0..4_000).map(|_| choice.pick(&mut random)).collect();
        let count = |wanted: char| picked.iter().filter(|found| **found == wanted).count();
        assert_eq!(count('b'), 0);
        assert!((900..1_100).contains(&count('a')), "{}", count('a'));
    }
}

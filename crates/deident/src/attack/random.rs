//! Numbers that look random and are the same for the same seed, on every machine.

/// A generator of pseudo-random numbers; not for secrets.
///
/// Source: Blackman & Vigna, "Scrambled linear pseudorandom number generators", ACM
/// TOMS 47, 2021 (xoshiro256++), its state filled by `SplitMix64` (Steele et al., OOPSLA
/// 2014).
#[derive(Debug, Clone)]
pub(crate) struct Random([u64; 4]);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        };
        Self([next(), next(), next(), next()])
    }

    pub(crate) fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.0;
        let found = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (mut c, mut d) = (c ^ a, d ^ b);
        let (first, second) = (b ^ c, a ^ d);
        c ^= b << 17;
        d = d.rotate_left(45);
        self.0 = [second, first, c, d];
        found
    }

    /// A number below `limit`, each as likely as any other; 0 if `limit` is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        // Lemire, "Fast random integer generation in an interval", ACM TOMACS 29, 2019.
        if limit == 0 {
            return 0;
        }
        let threshold = limit.wrapping_neg() % limit;
        loop {
            let wide = u128::from(self.next()) * u128::from(limit);
            let (high, low) = (wide >> 64, wide & u128::from(u64::MAX));
            if low >= u128::from(threshold) {
                return u64::try_from(high).unwrap_or_default();
            }
        }
    }

    /// A place in a list of this length.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// Puts some things into a random order, the first `count` of it being enough.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T], count: usize) {
        for place in 0..count.min(things.len()) {
            let other = place + self.place(things.len() - place);
            things.swap(place, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // SplitMix64 of 0 as in Vigna's reference code; xoshiro256++ by its rules.
        let Random(state) = Random::new(0);
        assert_eq!(state[0], 0xe220_a839_7b1d_cdaf);
        assert_eq!(state[1], 0x6e78_9e6a_a1b9_65f4);
        let mut random = Random([1, 2, 3, 4]);
        // The first numbers of the reference implementation from this state.
        let found: Vec<u64> = (0..4).map(|_| random.next()).collect();
        assert_eq!(found, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
    }

    #[test]
    fn numbers_below_a_limit_come_equally_often() {
        let mut random = Random::new(7);
        let mut seen = [0_u32; 6];
        for _ in 0..60_000 {
            seen[random.place(6)] += 1;
        }
        assert!(seen.iter().all(|count| (9_600..10_400).contains(count)), "{seen:?}");
    }
}

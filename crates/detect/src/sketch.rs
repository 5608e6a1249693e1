//! Counts distinct values in a fixed memory: `HyperLogLog` with 4,096 registers.
//!
//! Source: Flajolet et al., "`HyperLogLog`", Analysis of Algorithms 2007. Standard error 1.6 %.

/// log2 of the number of registers.
const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;

/// An estimate of the number of distinct values.
#[derive(Debug, Clone)]
pub(crate) struct Distinct {
    registers: Vec<u8>,
}

impl Distinct {
    pub(crate) fn new() -> Self {
        Self { registers: vec![0; REGISTERS] }
    }

    #[inline]
    pub(crate) fn add(&mut self, hash: u64) {
        let place = usize::try_from(hash >> (64 - BITS)).unwrap_or_default();
        let rank = (hash << BITS | 1 << (BITS - 1)).leading_zeros() + 1;
        let rank = u8::try_from(rank).unwrap_or(u8::MAX);
        if let Some(register) = self.registers.get_mut(place) {
            *register = (*register).max(rank);
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (own, other) in self.registers.iter_mut().zip(&other.registers) {
            *own = (*own).max(*other);
        }
    }

    /// `α · m² / Σ 2^(−register)`, by linear counting where few registers are used.
    ///
    /// Source: Flajolet et al., "`HyperLogLog`", Analysis of Algorithms 2007.
    pub(crate) fn estimate(&self) -> f64 {
        let m = REGISTERS as f64;
        let alpha = 0.7213 / (1.0 + 1.079 / m);
        let sum: f64 = self.registers.iter().map(|rank| inverse_power(*rank)).sum();
        let raw = alpha * m * m / sum;
        let empty = self.registers.iter().filter(|rank| **rank == 0).count();
        if raw <= 2.5 * m && empty > 0 { m * (m / empty as f64).ln() } else { raw }
    }
}

/// 2^(−rank), from the bits of a double.
fn inverse_power(rank: u8) -> f64 {
    f64::from_bits((1023 - u64::from(rank)) << 52)
}

/// A hash of a value of which all bits depend on all bytes.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "each half of 128 bits has 64")]
pub(crate) fn hash(value: &[u8]) -> u64 {
    let seed = 0xcbf2_9ce4_8422_2325_u64 ^ value.len() as u64;
    let mix =
        |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25).rotate_left(29);
    let mut hash = seed;
    if let Some(last) = value.last_chunk::<16>() {
        // Two sums side by side, so that neither waits for the other. The rest of
        // less than 16 bytes comes with bytes before it that were there already.
        let mut other = !seed;
        let (chunks, _) = value.as_chunks::<16>();
        for chunk in chunks.iter().chain([last]) {
            let word = u128::from_le_bytes(*chunk);
            hash = mix(hash, (word & u128::from(u64::MAX)) as u64);
            other = mix(other, (word >> 64) as u64);
        }
        hash = mix(hash, other);
    } else if let (Some(first), Some(last)) = (value.first_chunk::<8>(), value.last_chunk::<8>()) {
        hash = mix(mix(hash, u64::from_le_bytes(*first)), u64::from_le_bytes(*last));
    } else if let (Some(first), Some(last)) = (value.first_chunk::<4>(), value.last_chunk::<4>()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        hash = mix(hash, u64::from(first) << 32 | u64::from(last));
    } else {
        hash = mix(hash, value.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    }
    // The finalizer of splitmix64, so that all bits depend on all bits.
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_within_five_percent() {
        for count in [10_u32, 1_000, 100_000] {
            let mut distinct = Distinct::new();
            for number in 0..count {
                distinct.add(hash(number.to_string().as_bytes()));
                distinct.add(hash(number.to_string().as_bytes()));
            }
            let error = (distinct.estimate() / f64::from(count) - 1.0).abs();
            assert!(error < 0.05, "{count}: {}", distinct.estimate());
        }
    }
}

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

    pub(crate) fn add(&mut self, value: &[u8]) {
        let hash = hash(value);
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
        let sum: f64 = self.registers.iter().map(|rank| (-f64::from(*rank)).exp2()).sum();
        let raw = alpha * m * m / sum;
        let empty = self.registers.iter().filter(|rank| **rank == 0).count();
        if raw <= 2.5 * m && empty > 0 { m * (m / empty as f64).ln() } else { raw }
    }
}

fn hash(value: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ value.len() as u64;
    let mut chunks = value.chunks_exact(8);
    for chunk in &mut chunks {
        let word = chunk.try_into().map_or(0, u64::from_le_bytes);
        hash = (hash ^ word).wrapping_mul(0x9fb2_1c65_1e98_df25).rotate_left(29);
    }
    for byte in chunks.remainder() {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
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
                distinct.add(number.to_string().as_bytes());
                distinct.add(number.to_string().as_bytes());
            }
            let error = (distinct.estimate() / f64::from(count) - 1.0).abs();
            assert!(error < 0.05, "{count}: {}", distinct.estimate());
        }
    }
}

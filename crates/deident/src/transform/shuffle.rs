//! Keyed permutations of small ranges, forth and back.

use sm4::Sm4;
use sm4::cipher::{BlockCipherEncrypt as _, KeyInit as _};

/// Keyed permutations of `0..size`, one for each round and block: a Feistel network over
/// the next power of four, that is run again until it comes back into the range.
///
/// Source: Black & Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002.
pub(super) struct Shuffle {
    cipher: Sm4,
}

/// Rounds of the network.
const STEPS: u8 = 8;

impl Shuffle {
    pub(super) fn new(key: &[u8; 16]) -> Self {
        Self { cipher: Sm4::new(key.into()) }
    }

    /// Where a place goes.
    pub(super) fn forth(&self, round: u8, block: u64, place: u64, size: u64) -> u64 {
        self.walk(place, size, |(left, right), bits| {
            (0..STEPS).fold((left, right), |(left, right), step| {
                (right, left ^ self.word(round, step, block, right) & mask(bits))
            })
        })
    }

    /// Where a place came from.
    pub(super) fn back(&self, round: u8, block: u64, place: u64, size: u64) -> u64 {
        self.walk(place, size, |(left, right), bits| {
            (0..STEPS).rev().fold((left, right), |(left, right), step| {
                (right ^ self.word(round, step, block, left) & mask(bits), left)
            })
        })
    }

    fn walk(&self, place: u64, size: u64, once: impl Fn((u64, u64), u32) -> (u64, u64)) -> u64 {
        if size < 2 || place >= size {
            return place;
        }
        let bits = (u64::BITS - (size - 1).leading_zeros()).div_ceil(2).max(3);
        let mut value = place;
        loop {
            let (left, right) = once((value >> bits, value & mask(bits)), bits);
            value = left << bits | right;
            if value < size {
                return value;
            }
        }
    }

    fn word(&self, round: u8, step: u8, block: u64, half: u64) -> u64 {
        let [_, _, a, b, c, d, e, f] = half.to_be_bytes();
        let input = u128::from(block) << 64
            | u128::from(u64::from_be_bytes([round, step, a, b, c, d, e, f]));
        let mut output = input.to_be_bytes().into();
        self.cipher.encrypt_block(&mut output);
        output.iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte))
    }
}

fn mask(bits: u32) -> u64 {
    (1_u64 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_hits_every_place_once_and_comes_back() {
        let shuffle = Shuffle::new(&[9; 16]);
        for size in [0_u64, 1, 2, 3, 10, 64, 97, 1_000] {
            let moved: Vec<u64> = (0..size).map(|place| shuffle.forth(1, 7, place, size)).collect();
            let back: Vec<u64> = moved.iter().map(|p| shuffle.back(1, 7, *p, size)).collect();
            assert_eq!(back, (0..size).collect::<Vec<_>>());
            let mut sorted = moved.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, back);
            if size >= 64 {
                let other: Vec<u64> = (0..size).map(|p| shuffle.forth(1, 8, p, size)).collect();
                assert_ne!(moved, other, "each block has an order of its own");
            }
        }
    }
}

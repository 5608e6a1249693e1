//! Exact random draws with whole numbers only.
//!
//! Nothing here rounds: each draw has exactly the distribution that it says, given
//! uniform bits. There is no floating-point number on the way from the bits to the
//! noise, so the attack of Mironov (CCS 2012) on the low bits of noise has nothing to
//! look at. What is *not* hidden is time: how long a draw takes depends on the noise.
//!
//! Source: Canonne, Kamath & Steinke, "The discrete Gaussian for differential
//! privacy", `NeurIPS` 2020, algorithms 1 to 3.

use num_bigint::{BigInt, BigUint};
use rand::CryptoRng;

/// A whole number, uniform in `[0, end)`; 0 if `end` is 0.
pub(super) fn below<R: CryptoRng + ?Sized>(end: &BigUint, rng: &mut R) -> BigUint {
    let bits = end.bits();
    if bits == 0 {
        return BigUint::ZERO;
    }
    loop {
        let drawn = uniform_bits(bits, rng);
        if drawn < *end {
            return drawn;
        }
    }
}

/// A whole number, uniform in `[0, 2^bits)`.
pub(super) fn uniform_bits<R: CryptoRng + ?Sized>(bits: u64, rng: &mut R) -> BigUint {
    let words = bits.div_ceil(32);
    let spare = words * 32 - bits;
    let drawn = (0..words).map(|_| rng.next_u32()).collect();
    BigUint::new(drawn) >> spare
}

/// True with probability `numerator / denominator`, a number in `[0, 1]`.
fn bernoulli<R: CryptoRng + ?Sized>(
    numerator: &BigUint,
    denominator: &BigUint,
    rng: &mut R,
) -> bool {
    below(denominator, rng) < *numerator
}

/// True with probability `exp(−numerator / denominator)`, the quotient being at least 0
/// (algorithm 1).
fn bernoulli_exp<R: CryptoRng + ?Sized>(
    numerator: &BigUint,
    denominator: &BigUint,
    rng: &mut R,
) -> bool {
    let one = BigUint::from(1_u8);
    let mut rest = numerator.clone();
    while rest >= *denominator {
        if !bernoulli_exp_small(&one, &one, rng) {
            return false;
        }
        rest -= denominator;
    }
    bernoulli_exp_small(&rest, denominator, rng)
}

/// [`bernoulli_exp`] for quotients in `[0, 1]`: the parity of the number of successes
/// at chances `γ/1, γ/2, γ/3, …` before the first failure.
fn bernoulli_exp_small<R: CryptoRng + ?Sized>(
    numerator: &BigUint,
    denominator: &BigUint,
    rng: &mut R,
) -> bool {
    let mut step = denominator.clone();
    let mut even = true;
    while bernoulli(numerator, &step, rng) {
        step += denominator;
        even = !even;
    }
    even
}

/// A draw with `P(x) ∝ exp(−|x| · s / t)`, `s` and `t` at least 1 (algorithm 2).
pub(super) fn discrete_laplace<R: CryptoRng + ?Sized>(
    t: &BigUint,
    s: &BigUint,
    rng: &mut R,
) -> BigInt {
    let one = BigUint::from(1_u8);
    loop {
        let start = below(t, rng);
        if !bernoulli_exp(&start, t, rng) {
            continue;
        }
        let mut whole = 0_u64;
        while bernoulli_exp_small(&one, &one, rng) {
            whole += 1;
        }
        let size = (start + t * whole) / s;
        let negative = rng.next_u32() & 1 == 1;
        if negative && size == BigUint::ZERO {
            continue;
        }
        let size = BigInt::from(size);
        return if negative { -size } else { size };
    }
}

/// A draw with `P(x) ∝ exp(−x² / 2σ²)`, `σ² = a / b`, both at least 1 (algorithm 3).
pub(super) fn discrete_gaussian<R: CryptoRng + ?Sized>(
    a: &BigUint,
    b: &BigUint,
    rng: &mut R,
) -> BigInt {
    let one = BigUint::from(1_u8);
    let t = (a / b).sqrt() + &one;
    let scaled = b * &t;
    let denominator = a * &scaled * &t * 2_u8;
    loop {
        let drawn = discrete_laplace(&t, &one, rng);
        // exp(−(|y| − σ²/t)² / 2σ²), every term multiplied by (b·t)².
        let away = BigInt::from(drawn.magnitude() * &scaled) - BigInt::from(a.clone());
        let numerator = away.magnitude() * away.magnitude();
        if bernoulli_exp(&numerator, &denominator, rng) {
            return drawn;
        }
    }
}

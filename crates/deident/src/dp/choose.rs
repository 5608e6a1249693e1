//! The exponential mechanism, exactly: one of many candidates with probability
//! proportional to `exp(−rate · loss)`.
//!
//! Candidates of the same loss stand together, so that a range of a thousand million
//! grid points costs as much as one. A uniform number is drawn bit by bit and compared
//! with bounds on the running sums of the weights; if the bounds do not decide, they
//! are taken twice as sharp and more bits are drawn. So the choice has exactly the
//! distribution that is stated, though no weight is ever known exactly.
//!
//! Source: `McSherry` & Talwar, "Mechanism design via differential privacy", FOCS 2007.

use num_bigint::BigUint;
use rand::CryptoRng;

use super::sampling::{below, uniform_bits};

/// Neighbouring candidates of one loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Group {
    /// The first candidate.
    pub(super) first: i64,
    /// How many there are, at least 1.
    pub(super) width: u64,
    /// How bad each of them is.
    pub(super) loss: u128,
}

/// Bounds on a number, counted in `2^-bits`.
#[derive(Debug, Clone)]
struct Bounds {
    low: BigUint,
    high: BigUint,
}

impl Bounds {
    fn one(bits: u64) -> Self {
        let one = BigUint::from(1_u8) << bits;
        Self { low: one.clone(), high: one }
    }

    fn times(&self, other: &Self, bits: u64) -> Self {
        Self {
            low: (&self.low * &other.low) >> bits,
            high: ((&self.high * &other.high) >> bits) + 1_u8,
        }
    }
}

/// A candidate, drawn with probability proportional to
/// `exp(−loss · numerator / denominator)`; `None` if there is no candidate.
///
/// - `denominator`: above 0.
pub(super) fn choose<R: CryptoRng + ?Sized>(
    groups: &[Group],
    numerator: &BigUint,
    denominator: &BigUint,
    rng: &mut R,
) -> Option<i64> {
    let least = groups.iter().map(|group| group.loss).min()?;
    let mut bits = 192_u64;
    let mut drawn = uniform_bits(bits, rng);
    loop {
        let sums = running_sums(groups, least, numerator, denominator, bits);
        if let Some(place) = decide(&sums, &drawn, bits) {
            let group = groups.get(place)?;
            let offset = i64::try_from(below(&BigUint::from(group.width), rng)).ok()?;
            return group.first.checked_add(offset);
        }
        drawn = (drawn << bits) + uniform_bits(bits, rng);
        bits *= 2;
    }
}

/// The group into which a uniform number falls that is known to lie in
/// `[drawn, drawn + 1) / 2^bits`; `None` if the bounds do not decide.
fn decide(sums: &[Bounds], drawn: &BigUint, bits: u64) -> Option<usize> {
    let total = sums.last()?;
    let low = drawn * &total.low;
    let high = (drawn + 1_u8) * &total.high;
    let place = sums.partition_point(|sum| (&sum.low << bits) < high);
    let before = place.checked_sub(1).and_then(|before| sums.get(before));
    let clear = before.is_none_or(|before| (&before.high << bits) <= low);
    (place < sums.len() && clear).then_some(place)
}

fn running_sums(
    groups: &[Group],
    least: u128,
    numerator: &BigUint,
    denominator: &BigUint,
    bits: u64,
) -> Vec<Bounds> {
    let powers = Powers::new(numerator, denominator, bits);
    let mut sum = Bounds { low: BigUint::ZERO, high: BigUint::ZERO };
    let add = |group: &Group| {
        let weight = powers.exp(group.loss - least);
        sum.low += weight.low * group.width;
        sum.high += weight.high * group.width;
        sum.clone()
    };
    groups.iter().map(add).collect()
}

/// `exp(−rate)`, `exp(−2·rate)`, `exp(−4·rate)`, … until they are nothing.
struct Powers {
    bits: u64,
    doubled: Vec<Bounds>,
    /// An upper bound on the first power that is left out.
    left_out: BigUint,
}

impl Powers {
    fn new(numerator: &BigUint, denominator: &BigUint, bits: u64) -> Self {
        let mut doubled = Vec::new();
        let mut power = exp_negative(numerator, denominator, bits);
        while power.low > BigUint::ZERO && doubled.len() < 128 {
            let square = power.times(&power, bits);
            doubled.push(power);
            power = square;
        }
        Self { bits, doubled, left_out: power.high }
    }

    /// Bounds on `exp(−rate · loss)`.
    fn exp(&self, loss: u128) -> Bounds {
        let mut product = Bounds::one(self.bits);
        let mut rest = loss;
        let powers = u32::try_from(self.doubled.len()).unwrap_or(u32::MAX);
        if loss.checked_shr(powers).is_some_and(|beyond| beyond > 0) {
            return Bounds { low: BigUint::ZERO, high: self.left_out.clone() };
        }
        for power in &self.doubled {
            if rest & 1 == 1 {
                product = product.times(power, self.bits);
            }
            rest >>= 1;
        }
        product
    }
}

/// Bounds on `exp(−numerator / denominator)`.
fn exp_negative(numerator: &BigUint, denominator: &BigUint, bits: u64) -> Bounds {
    let one = BigUint::from(1_u8);
    let whole = numerator / denominator;
    let Some(whole) = u64::try_from(whole).ok().filter(|whole| *whole < bits) else {
        // e^-bits is below 2^-bits.
        return Bounds { low: BigUint::ZERO, high: one };
    };
    let mut product = exp_series(&(numerator % denominator), denominator, bits);
    let tenth = exp_series(&one, &one, bits);
    for _ in 0..whole {
        product = product.times(&tenth, bits);
    }
    product
}

/// Bounds on `exp(−x)` for `x` in `[0, 1]`, by its alternating series.
fn exp_series(numerator: &BigUint, denominator: &BigUint, bits: u64) -> Bounds {
    let one = BigUint::from(1_u8);
    let unit = &one << bits;
    let mut term = Bounds { low: unit.clone(), high: unit.clone() };
    let mut plus = Bounds { low: BigUint::ZERO, high: BigUint::ZERO };
    let mut minus = plus.clone();
    let mut count = 0_u32;
    while term.high > one {
        let side = if count.is_multiple_of(2) { &mut plus } else { &mut minus };
        side.low += &term.low;
        side.high += &term.high;
        count += 1;
        let divisor = denominator * count;
        term.low = term.low * numerator / &divisor;
        term.high = term.high * numerator / &divisor + 1_u8;
    }
    // What is left out is smaller than the first term that is left out.
    plus.high += &term.high;
    minus.high += &term.high;
    let low = if plus.low > minus.high { plus.low - minus.high } else { BigUint::ZERO };
    Bounds { low, high: (plus.high - minus.low).min(unit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn as_f64(number: &BigUint, bits: u64) -> f64 {
        let top = u64::try_from(number >> (bits - 53)).unwrap();
        top as f64 / 2_f64.powi(53)
    }

    #[test]
    fn bounds_on_the_exponential_are_sharp_and_right() {
        for (numerator, denominator) in [(0_u32, 1_u32), (1, 3), (1, 1), (7, 2), (40, 1), (1, 1000)]
        {
            let bounds = exp_negative(&numerator.into(), &denominator.into(), 192);
            let exact = (-f64::from(numerator) / f64::from(denominator)).exp();
            let (low, high) = (as_f64(&bounds.low, 192), as_f64(&bounds.high, 192));
            assert!((low - exact).abs() < 1e-15 && (high - exact).abs() < 1e-15);
            assert!(bounds.low <= bounds.high);
            assert!(bounds.high - bounds.low < BigUint::from(1_u32 << 12));
        }
    }

    #[test]
    fn powers_equal_the_exponential_of_the_product() {
        let powers = Powers::new(&1_u32.into(), &10_u32.into(), 192);
        for loss in [0_u32, 1, 2, 5, 77, 300] {
            let exact = (-f64::from(loss) / 10.0).exp();
            let bounds = powers.exp(u128::from(loss));
            assert!((as_f64(&bounds.low, 192) - exact).abs() < 1e-15, "{loss}");
            assert!((as_f64(&bounds.high, 192) - exact).abs() < 1e-15, "{loss}");
        }
        let far = powers.exp(u128::MAX);
        assert!(far.low == BigUint::ZERO && far.high < BigUint::from(1_u64 << 20));
    }

    #[test]
    fn a_number_on_a_border_is_not_decided() {
        // Two groups of weight 1 and bounds that leave the border open.
        let sum = |low: u32, high: u32| Bounds { low: low.into(), high: high.into() };
        let sums = [sum(15, 17), sum(31, 33)];
        assert_eq!(decide(&sums, &2_u32.into(), 4), Some(0));
        assert_eq!(decide(&sums, &8_u32.into(), 4), None);
        assert_eq!(decide(&sums, &12_u32.into(), 4), Some(1));
    }
}

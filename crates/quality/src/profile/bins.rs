//! A histogram whose range need not be known before.
//!
//! Bins are as wide as a power of two and start at multiples of their width.
//! When a value lies outside, neighbouring bins are joined until it lies inside.
//! Since bins of any two histograms are nested, they merge without loss.

use serde::{Deserialize, Serialize};

/// Values from `from` up to, but not with, `to`; the last bin has its end too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Lower end: a number, or a date or time as text.
    pub from: String,
    /// Upper end.
    pub to: String,
    /// Values in the bin.
    pub count: u64,
}

/// Bins that are kept while counting.
const FINE: usize = 1024;
/// Bins that are shown.
const SHOWN: usize = 20;
/// Widths from 2^-1000 to 2^1000.
const EXPONENTS: std::ops::RangeInclusive<i32> = -1000..=1000;

/// Counts in bins.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Bins {
    /// Width of a bin as a power of two.
    exponent: i32,
    /// Number of the first bin, counted from zero in units of the width.
    first: f64,
    counts: Vec<u64>,
}

impl Bins {
    /// Counts values; none may be infinite or not a number. `min` and `max` are
    /// their extremes, `whole` says that they are integers.
    pub(super) fn add(&mut self, values: &[f64], min: f64, max: f64, whole: bool) {
        if values.is_empty() {
            return;
        }
        self.cover(min, max, whole);
        let scale = 2_f64.powi(-self.exponent);
        #[expect(clippy::cast_possible_truncation, reason = "whole, and cast as the values are")]
        let offset = self.first as i64;
        for value in values {
            // A power of two scales without rounding.
            let place = floor(value * scale).wrapping_sub(offset);
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range was made to cover the value"
            )]
            if let Some(count) = self.counts.get_mut(place as usize) {
                *count = count.wrapping_add(1);
            }
        }
    }

    /// Widens bins until they cover a range.
    fn cover(&mut self, min: f64, max: f64, whole: bool) {
        if self.counts.is_empty() {
            let width = (max - min) / (FINE as f64 / 4.0);
            #[expect(clippy::cast_possible_truncation, reason = "a logarithm is small")]
            let wanted = if width.is_finite() && width > 0.0 {
                width.log2().ceil() as i32
            } else if min == 0.0 || whole {
                0
            } else {
                // Alone: fine enough to tell neighbours apart, coarse enough to be exact.
                min.abs().log2().floor() as i32 - 20
            };
            let lowest = if whole { 0 } else { *EXPONENTS.start() };
            self.exponent = wanted.clamp(lowest, *EXPONENTS.end());
            self.counts = vec![0; FINE];
            self.first = (min * 2_f64.powi(-self.exponent)).floor() - FINE as f64 / 4.0;
        }
        while self.exponent < *EXPONENTS.end() && !self.covers(min, max) {
            if !self.shift(min, max) {
                self.join();
            }
        }
    }

    fn covers(&self, min: f64, max: f64) -> bool {
        let scale = 2_f64.powi(-self.exponent);
        let low = (min * scale).floor() - self.first;
        let high = (max * scale).floor() - self.first;
        low >= 0.0 && high < FINE as f64
    }

    /// Moves the window without widening bins, if that is enough.
    fn shift(&mut self, min: f64, max: f64) -> bool {
        let scale = 2_f64.powi(-self.exponent);
        let used = self.counts.iter().position(|count| *count > 0);
        let used_to = self.counts.iter().rposition(|count| *count > 0);
        #[expect(clippy::cast_precision_loss, reason = "at most 1,024")]
        let (low, high) = match used.zip(used_to) {
            Some((from, to)) => (
                (min * scale).floor().min(self.first + from as f64),
                (max * scale).floor().max(self.first + to as f64),
            ),
            None => ((min * scale).floor(), (max * scale).floor()),
        };
        // Beyond 2^53 whole steps are not exact.
        if high - low >= FINE as f64 || low.abs().max(high.abs()) > 9e15 {
            return false;
        }
        let first = (low - ((FINE as f64 - (high - low)) / 2.0).floor()).max(low - FINE as f64);
        let mut counts = vec![0; FINE];
        for (at, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "inside the window"
            )]
            let place = (self.first + at as f64 - first) as usize;
            if let Some(slot) = counts.get_mut(place) {
                *slot += count;
            }
        }
        self.first = first;
        self.counts = counts;
        true
    }

    /// Joins neighbouring bins: all become twice as wide.
    fn join(&mut self) {
        let odd = self.first.rem_euclid(2.0) != 0.0;
        let mut counts = vec![0; FINE];
        for (at, count) in self.counts.iter().enumerate() {
            let place = (at + usize::from(odd)) / 2;
            if let Some(slot) = counts.get_mut(place) {
                *slot += count;
            }
        }
        self.first = (self.first / 2.0).floor();
        self.exponent += 1;
        self.counts = counts;
    }

    /// Adds the counts of another histogram.
    pub(super) fn merge(&mut self, mut other: Self) {
        if other.counts.is_empty() {
            return;
        }
        if self.counts.is_empty() {
            *self = other;
            return;
        }
        while other.exponent < self.exponent {
            other.join();
        }
        while self.exponent < other.exponent {
            self.join();
        }
        loop {
            let Some((low, high)) = other.used() else { return };
            let width = 2_f64.powi(self.exponent);
            if self.covers(low * width, high * width) || self.shift(low * width, high * width) {
                break;
            }
            if self.exponent >= *EXPONENTS.end() {
                break;
            }
            self.join();
            other.join();
        }
        for (at, count) in other.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            #[expect(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the range covers the other"
            )]
            let place = (other.first + at as f64 - self.first) as usize;
            let last = self.counts.len().saturating_sub(1);
            if let Some(slot) = self.counts.get_mut(place.min(last)) {
                *slot += count;
            }
        }
    }

    /// Numbers of the first and the last bin that have values.
    fn used(&self) -> Option<(f64, f64)> {
        let from = self.counts.iter().position(|count| *count > 0)?;
        let to = self.counts.iter().rposition(|count| *count > 0)?;
        #[expect(clippy::cast_precision_loss, reason = "at most 1,024")]
        let range = (self.first + from as f64, self.first + to as f64);
        Some(range)
    }

    /// At most 20 bins over the range that has values, all equally wide.
    pub(super) fn finish(mut self, show: impl Fn(f64) -> String) -> Vec<Bin> {
        let Some((mut low, mut high)) = self.used() else { return Vec::new() };
        // Two bins less than shown may be needed to end on multiples.
        while high - low >= (SHOWN * 4) as f64 && self.exponent < *EXPONENTS.end() {
            self.join();
            (low, high) = match self.used() {
                Some(range) => range,
                None => return Vec::new(),
            };
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "below 80 bins are left"
        )]
        let (start, bins) = ((low - self.first) as usize, (high - low) as usize + 1);
        let group = bins.div_ceil(SHOWN).max(1);
        let width = 2_f64.powi(self.exponent);
        let used = self.counts.get(start..start + bins).unwrap_or_default();
        used.chunks(group)
            .enumerate()
            .map(|(at, counts)| {
                #[expect(clippy::cast_precision_loss, reason = "below 80 bins")]
                let (from, to) = (low + (at * group) as f64, low + ((at + 1) * group) as f64);
                Bin { from: show(from * width), to: show(to * width), count: counts.iter().sum() }
            })
            .collect()
    }
}

/// The largest integer that is not above a number; quicker than the call into
/// the library of mathematics that `f64::floor` is on older processors.
#[inline]
fn floor(number: f64) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates where nothing is counted")]
    let cut = number as i64;
    #[expect(clippy::cast_precision_loss, reason = "exact for every cut number")]
    let above = (cut as f64) > number;
    cut.wrapping_sub(i64::from(above))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(values: &[f64]) -> Bins {
        let mut bins = Bins::default();
        for value in values {
            bins.add(&[*value], *value, *value, value.fract() == 0.0);
        }
        bins
    }

    #[test]
    fn every_value_is_in_one_bin_however_far_it_lies() {
        for values in [
            vec![0.0, 1.0, 2.0],
            vec![1e300, -1e300, 0.0],
            vec![5.0],
            vec![-0.001, 0.001, 1e-9],
            (0..10_000).map(f64::from).collect(),
            vec![1e15, 1e15 + 1.0, -3.0],
        ] {
            let shown = bins(&values).finish(|value| value.to_string());
            let total: u64 = shown.iter().map(|bin| bin.count).sum();
            assert_eq!(total, values.len() as u64, "{values:?}");
            assert!(shown.len() <= SHOWN, "{values:?}");
            let inside = |value: f64| {
                shown.iter().any(|bin| {
                    let (from, to): (f64, f64) =
                        (bin.from.parse().unwrap(), bin.to.parse().unwrap());
                    from <= value && value <= to
                })
            };
            assert!(values.iter().all(|value| inside(*value)), "{values:?} {shown:?}");
        }
    }
}
